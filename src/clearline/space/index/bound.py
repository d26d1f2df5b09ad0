"""A bound: a simple shape around a volume, by which most pairs are excluded unmeasured.

It is a cap of directions (or several, one for each piece of a corridor), a band and a
window. To each point of the ground belongs the direction of the ellipsoid's normal, which
latitude and longitude are. `select` keeps what the bounds do not exclude. It may keep more
than infringes, never less, anywhere on the globe; and it is the one rule of every index, so
that all of them answer alike.

Why nothing is missed:

- A path of length s on the ground turns the normal by at most s / 6,335,439 m, the least
  radius of curvature of WGS 84 (in the meridian at the equator). So caps whose directions
  are further apart than that cannot come within s of each other.
- A cap holds an edge if it holds both ends and a hundredth more: an arc of a great circle
  stays in any cap smaller than half the globe that holds its ends, and the directions along
  a geodesic of at most 4,000 km leave that arc by less than a thousandth of its half length
  (e^2 times its sagitta). A leg of a corridor is cut along that arc, and each piece's cap
  has that thousandth twice over.
- Heights are compared only where both are measured from the same, or from the surface, where
  no assumption can bring them nearer (`altitude.gap_cm`).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clearline.basis.quantities import METRE_CM
from clearline.space.altitude import Altitude, Datum
from clearline.space.outline import Corridor, positions, radius_cm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearline.space.plane import Floats
    from clearline.space.separation import Minima
    from clearline.space.volume import Volume

__all__ = [
    "COLUMNS",
    "EMPTY",
    "FAMILY_CM",
    "START",
    "TAG",
    "Bound",
    "Cap",
    "Probe",
    "bound",
    "probe",
    "row_of",
    "select",
]

_LEAST_CURVATURE_M = 6_335_439.0
_SLACK_M = 1.0
"""Covers the rounding of all arithmetic here many times over."""
_EDGES = 1.01
"""How much larger a cap is than its corners need, for the edges between them."""

_ASTRAY = 0.001
"""A geodesic leaves the great circle of its ends by less than this part of its length."""
_MOST_PIECES = 8
"""About how many pieces a straight corridor is cut into at most."""
_SHORTEST = 20_000.0 / _LEAST_CURVATURE_M

_FROM_SURFACE = frozenset({Datum.SURFACE, Datum.HEIGHT, Datum.DEPTH})
FAMILY_CM = float(1 << 28)
"""Between the levels of two data: many times further apart than any two levels of one."""
_FAR_CM = FAMILY_CM / 2
_GLANCE = 1e-12
"""Many times what the rounding of a glance can make, as the square of a chord."""
_OFFSET_CM = {
    datum: 0.0 if datum in _FROM_SURFACE else number * FAMILY_CM
    for number, datum in enumerate(Datum, 1)
}

_AT_ONCE = 8_192
"""At most so many rows times pieces are compared at once: many pieces take no more memory."""

COLUMNS = 10
"""A row: x, y, z, angle, its square, start, end, low, high, and a tag that is the caller's."""
_ANGLE, START, _LOW, TAG = 3, 5, 7, 9
"""Where they are."""
_OF_CAP = 5
"""So many of them, the first, are of the cap."""
EMPTY = math.inf
"""As the start of a row: it is of no volume, and never selected."""


class Cap(NamedTuple):
    """All directions within `angle` of one."""

    x: float
    y: float
    z: float
    angle: float
    """Radians; never less than is needed."""

    @property
    def lat(self) -> float:
        """Return the latitude of the middle, in degrees."""
        return math.degrees(math.asin(max(-1.0, min(1.0, self.z))))

    @property
    def lon(self) -> float:
        """Return the longitude of the middle, in degrees."""
        return math.degrees(math.atan2(self.y, self.x))


class Bound(NamedTuple):
    """The bound of one volume; `row_of` says what is kept of it."""

    whole: Cap
    """One cap around all."""
    pieces: tuple[Cap, ...]
    """Smaller ones, that together hold all; the whole itself if there is no use in cutting."""
    start: float
    end: float
    low: float
    """The lower limit in cm, moved by its datum, so that two of different data are far apart."""
    high: float


class Probe(NamedTuple):
    """A bound grown by the minima: what a search asks of every row."""

    whole: Cap
    pieces: tuple[Cap, ...]
    earliest: float
    latest: float
    low: float
    high: float
    clear: float
    """So far above or below is clear."""


def bound(volume: Volume) -> Bound:
    """Return the bound of a volume."""
    outline, band, window = volume.outline, volume.band, volume.window
    margin = (radius_cm(outline) / METRE_CM + _SLACK_M) / _LEAST_CURVATURE_M
    corners = [_direction(point.lat_deg, point.lon_deg) for point in positions(outline)]
    whole = _around(corners, margin)
    pieces = _pieces(corners, margin, whole) if isinstance(outline, Corridor) else (whole,)
    return Bound(
        whole,
        pieces,
        float(window.start),
        float(window.end),
        _level(band.lower),
        _level(band.upper),
    )


def probe(found: Bound, minima: Minima) -> Probe:
    """Return what a search for all that could infringe the minima asks."""
    grown = (minima.horizontal_cm / METRE_CM + _SLACK_M) / _LEAST_CURVATURE_M
    whole, pieces, start, end, low, high = found
    whole = Cap(whole.x, whole.y, whole.z, whole.angle + grown)
    if len(pieces) > 1:
        pieces = tuple(Cap(x, y, z, angle + grown) for x, y, z, angle in pieces)
    else:
        pieces = (whole,)
    # A gap that is not 0 and not under the minimum is enough.
    clear = float(max(1, minima.vertical_cm))
    return Probe(whole, pieces, start - minima.time_ms, end + minima.time_ms, low, high, clear)


def row_of(cap: Cap, rest: tuple[float, float, float, float], tag: float) -> tuple[float, ...]:
    """Return the row of a cap, of its start, end, low and high, and of a tag."""
    x, y, z, angle = cap
    return (x, y, z, angle, angle * angle, *rest, tag)


def select(rows: Floats, asked: Probe) -> NDArray[np.intp]:
    """Return which of the rows, an array (n, COLUMNS), the bounds do not exclude.

    Each is decided by itself and in the same arithmetic, however many there are.
    """
    found = _glance(rows, asked.whole)
    if not len(found):
        return found
    here = rows.take(found, axis=0)
    kept = here[:, START] <= asked.latest
    kept &= here[:, START + 1] >= asked.earliest
    # Clear by at least the least, and by less than two of different data seem to be.
    middle, half = (_FAR_CM + asked.clear) / 2, (_FAR_CM - asked.clear) / 2
    kept &= np.abs(here[:, _LOW] - (asked.high + middle)) > half
    kept &= np.abs((asked.low - middle) - here[:, _LOW + 1]) > half
    left = kept.nonzero()[0]
    if not len(left):
        return left
    found, here = found[left], here.take(left, axis=0)
    kept = _meets(here, asked.whole)
    if len(asked.pieces) > 1:
        kept &= _meets_any(here, np.array(asked.pieces).T[:, :, None])
    return found[kept]


def _glance(rows: Floats, cap: Cap) -> NDArray[np.intp]:
    """Return, in one multiplication, all rows whose cap may meet this one, and few that do not.

    The chord between two directions is never longer than their angle; so caps that meet have
    chord^2 <= (a + b)^2, which is one product of what the row holds and what is asked. The
    product may be summed in any order, so what it leaves is decided once more, by `_meets`.
    """
    x, y, z, angle = cap
    asked = np.array((-2.0 * x, -2.0 * y, -2.0 * z, -2.0 * angle, -1.0))
    return (rows[:, :_OF_CAP] @ asked <= angle * angle - 2.0 + _GLANCE).nonzero()[0]


def _meets_any(rows: Floats, caps: Floats) -> NDArray[np.bool_]:
    """Return of each row whether its cap meets one of k, an array (4, k, 1)."""
    met = np.zeros(len(rows), dtype=np.bool_)
    step = max(1, _AT_ONCE // len(rows))
    for first in range(0, caps.shape[1], step):
        met |= _meets(rows, caps[:, first : first + step]).any(axis=0)
    return met


def _meets(rows: Floats, cap: Cap | Floats) -> NDArray[np.bool_]:
    """Return of each row whether its cap meets this one and no more.

    Of k caps at once, given as an array (4, k, 1), the answer is an array (k, n).
    An index that does not look at a row, as its cap is too far away, and one that does must
    answer alike: how many were compared is part of what the core decides.
    """
    x, y, z, angle = cap
    chord = np.sin(np.minimum(rows[:, _ANGLE] + angle, math.pi) / 2)
    chord *= 2.0
    chord *= chord
    # The square of the chord between the middles.
    squares = rows[:, 0] * (-2.0 * x)
    squares += rows[:, 1] * (-2.0 * y)
    squares += rows[:, 2] * (-2.0 * z)
    squares += 2.0
    return squares <= chord


def _level(altitude: Altitude) -> float:
    value_cm = altitude.value_cm
    if altitude.datum is Datum.DEPTH:
        value_cm = -value_cm
    return value_cm + _OFFSET_CM[altitude.datum]


_Direction = tuple[float, float, float]


def _direction(lat: float, lon: float) -> _Direction:
    phi, lam = math.radians(lat), math.radians(lon)
    ring = math.cos(phi)
    return ring * math.cos(lam), ring * math.sin(lam), math.sin(phi)


def _around(corners: list[_Direction], margin: float) -> Cap:
    """Return a cap about the middle of the corners that holds them, their edges and a margin."""
    if len(corners) == 1:
        return Cap(*corners[0], margin)
    x, y, z = map(sum, zip(*corners, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / length, y / length, z / length
    square = max((x - i) * (x - i) + (y - j) * (y - j) + (z - k) * (z - k) for i, j, k in corners)
    angle = 2 * math.asin(min(1.0, math.sqrt(square) / 2))
    return Cap(x, y, z, angle * _EDGES + margin)


def _pieces(corners: list[_Direction], margin: float, whole: Cap) -> tuple[Cap, ...]:
    """Return caps that hold a corridor piece by piece, if they are much smaller than the whole."""
    # Shorter than it is wide, and at most so many of them.
    length = max(2 * margin, 2 * (whole.angle - margin) / _MOST_PIECES, _SHORTEST)
    if whole.angle < margin + length:
        return (whole,)
    found: list[Cap] = []
    for (ax, ay, az), (bx, by, bz) in pairwise(corners):
        dx, dy, dz = bx - ax, by - ay, bz - az
        chord = math.sqrt(dx * dx + dy * dy + dz * dz)
        many = math.ceil(chord / length)
        astray = _EDGES * margin + chord * _ASTRAY
        for part in range(many):
            one, two = part / many, (part + 1) / many
            found.append(
                _around(
                    [
                        _unit(ax + one * dx, ay + one * dy, az + one * dz),
                        _unit(ax + two * dx, ay + two * dy, az + two * dz),
                    ],
                    astray,
                )
            )
    return tuple(found)


def _unit(x: float, y: float, z: float) -> _Direction:
    length = math.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length
