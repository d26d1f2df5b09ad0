"""Pieces: the edges of a large core, cut short and laid out in space.

Where two cores reach over hundreds of kilometres no one plane shows every distance true, so
the search for their nearest points starts in space (Earth-centred WGS 84), where a cut edge
is nearly its chord and a chord nearly the ground. It decides where to look, never how far it
is: `separation` measures on the ellipsoid from there.

A piece is at most 25 km, so it sags at most 12 m below the ground, which moves a distance of
a kilometre by 7 cm.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clearline.space.plane import WGS84_A_M, WGS84_E2, geodesic_fwds, geodesics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearline.space.footprint import Footprint
    from clearline.space.plane import Floats

    Indices = NDArray[np.intp]

__all__ = ["in_space", "nearest_pieces"]

_PIECE_M = 25_000.0
_CACHED = 1_024
"""Cores kept in pieces; 5 kB for one of 1,000 km."""


class _Pieces(NamedTuple):
    """Starts and ends of pieces in space, arrays (n, 3) in metres."""

    starts: Floats
    ends: Floats


def nearest_pieces(a: Footprint, b: Footprint) -> tuple[float, float, float, float]:
    """Return lat and lon on a's core, then on b's, in degrees, of about the nearest points."""
    one, other = _cut(a), _cut(b)
    rows, columns = _candidates(one, other)
    starts_a, ends_a = one.starts[rows], one.ends[rows]
    starts_b, ends_b = other.starts[columns], other.ends[columns]
    # Two chords that do not cross are nearest at an end of one of them.
    pairs = [(tips, _onto(tips, starts_b, ends_b)) for tips in (starts_a, ends_a)]
    pairs += [(_onto(tips, starts_a, ends_a), tips) for tips in (starts_b, ends_b)]
    on_a = np.concatenate([pair[0] for pair in pairs])
    on_b = np.concatenate([pair[1] for pair in pairs])
    least = int(np.argmin(np.sum((on_a - on_b) ** 2, axis=1)))
    return (*_ground(on_a[least]), *_ground(on_b[least]))


@lru_cache(maxsize=_CACHED)
def _cut(footprint: Footprint) -> _Pieces:
    """Return the core's edges cut into pieces."""
    first, second = np.array(footprint.edges()).T
    lats, lons = footprint.lats, footprint.lons
    metres, azimuths = geodesics(lats[first], lons[first], lats[second], lons[second])
    counts = np.maximum(1, np.ceil(metres / _PIECE_M)).astype(np.intp)
    edge = np.repeat(np.arange(len(counts)), counts)
    part = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    along = metres[edge] * part / counts[edge]
    begun = geodesic_fwds(lats[first][edge], lons[first][edge], azimuths[edge], along)
    starts = in_space(*begun)
    ends = np.roll(starts, -1, axis=0)
    ends[part == counts[edge] - 1] = in_space(lats[second], lons[second])
    return _Pieces(starts, ends)


def in_space(lats: Floats, lons: Floats) -> Floats:
    """Return Earth-centred x, y, z in metres of points on the ellipsoid."""
    phi, lam = np.radians(lats), np.radians(lons)
    normal = WGS84_A_M / np.sqrt(1 - WGS84_E2 * np.sin(phi) ** 2)
    ring = normal * np.cos(phi)
    return np.stack(
        [ring * np.cos(lam), ring * np.sin(lam), normal * (1 - WGS84_E2) * np.sin(phi)], axis=1
    )


def _ground(xyz: Floats) -> tuple[float, float]:
    """Return latitude and longitude in degrees of a point a few metres below the ellipsoid."""
    x, y, z = (float(part) for part in xyz)
    return (
        math.degrees(math.atan2(z, (1 - WGS84_E2) * math.hypot(x, y))),
        math.degrees(math.atan2(y, x)),
    )


def _candidates(one: _Pieces, other: _Pieces) -> tuple[Indices, Indices]:
    """Return the index pairs of pieces that may hold the nearest points.

    The distance of two pieces lies between that of their middles minus and plus half of
    both lengths.
    """
    middles_a, middles_b = (one.starts + one.ends) / 2, (other.starts + other.ends) / 2
    halves_a = np.linalg.norm(one.ends - one.starts, axis=1) / 2
    halves_b = np.linalg.norm(other.ends - other.starts, axis=1) / 2
    squares = (
        np.sum(middles_a**2, axis=1)[:, None]
        + np.sum(middles_b**2, axis=1)[None, :]
        - 2 * middles_a @ middles_b.T
    )
    apart = np.sqrt(np.maximum(squares, 0))
    slack = halves_a[:, None] + halves_b[None, :] + 1.0
    most = float(np.min(apart + slack))
    rows, columns = np.nonzero(apart - slack <= most)
    return rows, columns


def _onto(points: Floats, starts: Floats, ends: Floats) -> Floats:
    """Return, row by row, the point of the chord from start to end nearest to the point."""
    along = ends - starts
    lengths = np.maximum(np.sum(along**2, axis=1), 1e-9)
    parts = np.clip(np.sum((points - starts) * along, axis=1) / lengths, 0.0, 1.0)
    return starts + parts[:, None] * along
