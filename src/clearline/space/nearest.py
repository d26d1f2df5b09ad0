"""Nearest: the nearest points of two cores that are far apart, by geodesics alone.

A plane shows edges straight and in their order about its centre; a hundred kilometres from
there its lengths and its straightness are off by enough to take one corner for another, and
to miss the least distance by centimetres, at a thousand kilometres by metres. So where cores are
that far apart the plane says about how far, and this how far exactly: each corner of either
that could be nearest is measured against each edge of the other that could be.

That is enough. WGS 84 is curved like a ball everywhere, and there two edges that do not cross
are nearest at an end of one of them: moved along both, the way between them only gets shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clearline.space.pieces import in_space
from clearline.space.plane import geodesic_inv, geodesic_walks, geodesics

if TYPE_CHECKING:
    from clearline.space.footprint import Footprint
    from clearline.space.plane import Floats

__all__ = ["FAR_M", "NEAR_M", "nearest"]

NEAR_M = 50_000.0
"""Cores less far apart than this are measured in a plane to a centimetre."""
FAR_M = 8_000_000.0
"""Further apart than this, a distance may have more than one least place along an edge."""

_BALL_M = 6_371_000.0
_WALKS = 12
"""Each leaves less than a hundredth of the way there was still to go."""
_THERE_M = 1e-4
"""So near the foot of an upright the distance is right to a thousandth of a micrometre."""
_SPARE = 1.00001
"""Within this, and a metre, is what a plane says of cores up to FAR_M apart."""


class _Found(NamedTuple):
    """A corner and the place on an edge nearest to it; degrees and metres."""

    metres: float
    lat_corner: float
    lon_corner: float
    lat_edge: float
    lon_edge: float


def nearest(a: Footprint, b: Footprint, about_m: float) -> tuple[float, float, float, float, float]:
    """Return the distance of two cores, lat and lon on a, and lat and lon on b.

    `about_m` is their distance as a plane has it, between NEAR_M and FAR_M. The cores must not
    meet.
    """
    chords = _chords(a, b)
    found = _within(a, b, chords, about_m * _SPARE + 1)
    if found is None:
        # The plane was off by more than it ever was; two corners at least are this far apart.
        i, j = np.unravel_index(np.argmin(chords), chords.shape)
        least, _ = geodesic_inv(a.lats[i], a.lons[i], b.lats[j], b.lons[j])
        found = _within(a, b, chords, least + 1)
    assert found is not None
    return found


def _within(
    a: Footprint, b: Footprint, chords: Floats, most_m: float
) -> tuple[float, float, float, float, float] | None:
    """Return the nearest points no further apart than `most_m`; None if there are none."""
    one, other = _corner_to_edge(a, b, chords, most_m), _corner_to_edge(b, a, chords.T, most_m)
    best = min((each for each in (one, other) if each), default=None, key=lambda each: each.metres)
    if best is None or best.metres > most_m:
        return None
    corner, edge = best[1:3], best[3:5]
    return (best.metres, *corner, *edge) if best is one else (best.metres, *edge, *corner)


def _chords(a: Footprint, b: Footprint) -> Floats:
    """Return how far each corner of a is from each of b, through the Earth: never too much."""
    one, other = in_space(a.lats, a.lons), in_space(b.lats, b.lons)
    squares = [(one[:, i, None] - other[None, :, i]) ** 2 for i in range(3)]
    return np.sqrt(squares[0] + squares[1] + squares[2])


def _corner_to_edge(
    corners: Footprint, edges: Footprint, chords: Floats, most_m: float
) -> _Found | None:
    """Return the corner and the place on the other's edges that are nearest, if any may be."""
    if edges.is_point:
        return None
    ends = np.array(edges.edges())
    start, end = ends[:, 0], ends[:, 1]
    at = edges.lats[start], edges.lons[start], edges.lats[end], edges.lons[end]
    long, ahead = geodesics(*at)
    # No point of an edge is nearer to a corner than this, by the triangle's inequality.
    least = (chords[:, start] + chords[:, end] - long) / 2
    rows, columns = np.nonzero(least <= most_m)
    if not len(rows):
        return None
    lats, lons = corners.lats[rows], corners.lons[rows]
    to_start, to_end = chords[rows, start[columns]], chords[rows, end[columns]]
    metres, edge_lats, edge_lons = _walk(
        (lats, lons),
        (at[0][columns], at[1][columns], ahead[columns], long[columns]),
        (to_start**2 - to_end**2) / (2 * long[columns]) + long[columns] / 2,
    )
    i = int(np.argmin(metres))
    where = (lats[i], lons[i], edge_lats[i], edge_lons[i])
    return _Found(float(metres[i]), *(float(each) for each in where))


def _walk(
    points: tuple[Floats, Floats], edges: tuple[Floats, Floats, Floats, Floats], along: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return how far each point is from its edge, and the latitude and longitude where it is.

    `edges` are latitude, longitude and azimuth at the start, and length. From a first guess one
    walks to where the upright from the point would stand on a ball, again until one stays.
    """
    lats, lons, ahead, long = edges
    along = np.clip(along, 0.0, long)
    for _ in range(_WALKS):
        at_lats, at_lons, going = geodesic_walks(lats, lons, ahead, along)
        metres, leads = geodesics(at_lats, at_lons, *points)
        turn = np.tan(np.minimum(metres / _BALL_M, 1.3)) * np.cos(np.radians(leads - going))
        to = np.clip(along + _BALL_M * np.arctan(turn), 0.0, long)
        stays = float(np.abs(to - along).max()) < _THERE_M
        along = to
        if stays:
            break
    at_lats, at_lons, _ = geodesic_walks(lats, lons, ahead, along)
    metres, _ = geodesics(at_lats, at_lons, *points)
    return metres, at_lats, at_lons
