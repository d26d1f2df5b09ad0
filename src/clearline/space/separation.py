"""A separation: how far two volumes are apart, and whether that is too near.

**The rule, versions 1 and 2**, for an independent implementation. They differ in 3 alone; it
is version 2 if the minima state a worst case for heights, be it an empty one.

1. An outline is the set of points of WGS 84 whose geodesic distance from its core is at most
   its radius. The core of a circle is its centre; of a corridor, the path of geodesics
   through its points, with half the width (rounded up to a whole cm) as the radius; of a
   polygon, the points inside the exterior ring and inside no hole, ring included, edges
   being geodesics, with the margin as the radius.
2. Horizontal: D is the least geodesic distance between a point of one core and a point of the
   other; the separation is D minus both radii, in whole cm rounded down, and not below 0.
3. Vertical: version 1 by `altitude.vertical_gap_cm`, version 2 by `heights.vertical_range_cm`;
   0 where the bands may meet or where it cannot be known. In version 2 two volumes infringe
   for certain if even the most that lies between the bands is too little.
4. Time: the span between the end of the earlier window and the start of the later; 0 if they
   meet in even one instant.
5. Two volumes **infringe** the minima if in each of the three the separation is 0 or is less
   than the minimum. A separation equal to a minimum that is not 0 is enough.
6. Two programs agree on 2 outside TOLERANCE: 1 m or 0.1 % of D, whichever is larger, for
   outlines up to 1,000 km across. Inside it they may differ, and the wider claim holds.

Method: in an ellipsoidal gnomonic plane geodesics are straight, so the nearest points are
found there between straight edges; the distance is then the geodesic between those points,
never a length of the plane. The plane is true only at its centre, so it is laid about the
core if that is one point (radii about the centre keep their order), else about the nearest
points found, again until they stay. Cores too large for one plane are first cut into
pieces, in space, to find where that centre must be. Cores that are themselves far apart (so
that only large radii bring them near) are then measured by geodesics alone (`nearest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import shapely
from msgspec import UNSET, Meta, Struct, UnsetType

from clearline.basis.quantities import METRE_CM
from clearline.space import heights, plane
from clearline.space.footprint import Footprint, both_cores, footprint
from clearline.space.heights import Certainty, WorstCase, vertical_range_cm
from clearline.space.nearest import FAR_M, NEAR_M, nearest
from clearline.space.pieces import nearest_pieces
from clearline.space.plane import (
    MAX_REACH_M,
    Plane,
    geodesic_fwd,
    geodesic_inv,
)
from clearline.space.position import Position, from_degrees
from clearline.space.volume import time_gap_ms

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from clearline.space.outline import Outline
    from clearline.space.volume import Volume

    Shapes = tuple[BaseGeometry, BaseGeometry]

__all__ = [
    "OLD_RULE_VERSION",
    "ROUNDS",
    "RULE_VERSION",
    "STAYS_M",
    "TOLERANCE_CM",
    "TOLERANCE_PPM",
    "TRUE_M",
    "WHOLE_M",
    "Closest",
    "Minima",
    "Pair",
    "Separation",
    "boundary_m",
    "certainty",
    "closest",
    "core_pair",
    "horizontal_cm",
    "infringes",
    "meet",
    "otherwise",
    "pair_of",
    "self_test",
    "separation",
    "smaller",
    "under",
]

RULE_VERSION = 2
OLD_RULE_VERSION = 1
"""Of minima that state no worst case: a node that knows no other can hold such terms too."""
TOLERANCE_CM = 100
TOLERANCE_PPM = 1_000
"""Two programs that obey the rule differ by at most the larger of 1 m and 0.1 %."""

ROUNDS = 5
"""How often the plane is laid anew before the last answer is taken."""
STAYS_M = 0.01
"""A pair that another plane brings no nearer than this stays."""
TRUE_M = 50_000.0
"""Within this reach a plane errs by less than 0.007 %: no second one is needed."""
WHOLE_M = 140_000.0
"""Within this reach a plane errs by less than 0.05 %: no pieces are needed."""


class Closest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The horizontal separation of two outlines and where it is.

    If they meet, `cm` is 0 and both positions are one that is in both.
    """

    cm: int
    on_a: Position
    on_b: Position


class Separation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far two volumes are apart in each of the three; 0 where they meet."""

    horizontal_cm: Annotated[int, Meta(ge=0)]
    vertical_cm: Annotated[int, Meta(ge=0)] | None
    """At least so much. None if the bands cannot be compared; that counts as meeting."""
    time_ms: Annotated[int, Meta(ge=0)]


class Minima(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The separation two parties agreed to keep in at least one of the three."""

    horizontal_cm: Annotated[int, Meta(ge=0)]
    vertical_cm: Annotated[int, Meta(ge=0)]
    time_ms: Annotated[int, Meta(ge=0)]
    heights: WorstCase | UnsetType = UNSET
    """How altitudes of different data are compared. Absent, they are not, by rule version 1."""

    @property
    def worst(self) -> WorstCase | None:
        """Return the worst case for heights, None if there is none."""
        return None if isinstance(self.heights, UnsetType) else self.heights

    @property
    def rule(self) -> int:
        """Return the version of the rule that these minima are kept by."""
        return OLD_RULE_VERSION if self.worst is None else RULE_VERSION


class Pair(NamedTuple):
    """Two points of two cores and the geodesic distance between them; degrees and metres."""

    metres: float
    lat_a: float
    lon_a: float
    lat_b: float
    lon_b: float


def separation(a: Volume, b: Volume, worst: WorstCase | None = None) -> Separation:
    """Return how far two volumes are apart."""
    return Separation(
        horizontal_cm=horizontal_cm(a.outline, b.outline),
        vertical_cm=vertical_range_cm(a.band, b.band, worst)[0],
        time_ms=time_gap_ms(a.window, b.window),
    )


def infringes(sep: Separation, minima: Minima) -> bool:
    """Return whether the separation is under the minima in all three (rule 5)."""
    return (
        under(sep.horizontal_cm, minima.horizontal_cm)
        and under(sep.vertical_cm or 0, minima.vertical_cm)
        and under(sep.time_ms, minima.time_ms)
    )


def under(gap: int, minimum: int) -> bool:
    """Return whether a gap is less than a minimum allows (rule 5)."""
    return gap == 0 or gap < minimum


def certainty(a: Volume, b: Volume, minima: Minima) -> Certainty:
    """Return whether two volumes that infringe the minima do so whatever their heights are."""
    return heights.certain(a.band, b.band, minima.vertical_cm, minima.worst)


def meet(a: Volume, b: Volume, minima: Minima) -> Separation | None:
    """Return the separation of two volumes that infringe the minima; None if they do not.

    The same answer as `separation` and `infringes`, but the cheap questions come first, so
    most pairs cost a few microseconds.
    """
    rest = otherwise(a, b, minima)
    if rest is None:
        return None
    vertical_cm, time_ms = rest
    if _bound_m(footprint(a.outline), footprint(b.outline)) * METRE_CM > minima.horizontal_cm + 1:
        return None
    across_cm = horizontal_cm(a.outline, b.outline)
    if not under(across_cm, minima.horizontal_cm):
        return None
    return Separation(horizontal_cm=across_cm, vertical_cm=vertical_cm, time_ms=time_ms)


def otherwise(a: Volume, b: Volume, minima: Minima) -> tuple[int | None, int] | None:
    """Return how far two volumes are apart in height and in time; None if either is enough."""
    time_ms = time_gap_ms(a.window, b.window)
    if not under(time_ms, minima.time_ms):
        return None
    vertical_cm, _ = vertical_range_cm(a.band, b.band, minima.worst)
    if not under(vertical_cm or 0, minima.vertical_cm):
        return None
    return vertical_cm, time_ms


def horizontal_cm(a: Outline, b: Outline) -> int:
    """Return the horizontal separation of two outlines, rule 2, in cm."""
    one, other = footprint(a), footprint(b)
    gap_m = core_pair(one, other).metres - one.radius_m - other.radius_m
    return max(0, int(gap_m * METRE_CM))


def closest(a: Outline, b: Outline) -> Closest:
    """Return the horizontal separation of two outlines and the positions where it is."""
    one, other = footprint(a), footprint(b)
    pair = core_pair(one, other)
    gap_m = pair.metres - one.radius_m - other.radius_m
    _, azimuth = geodesic_inv(pair.lat_a, pair.lon_a, pair.lat_b, pair.lon_b)
    from_a_m = min(one.radius_m, pair.metres)
    on_a = from_degrees(*geodesic_fwd(pair.lat_a, pair.lon_a, azimuth, from_a_m))
    if gap_m <= 0:
        return Closest(cm=0, on_a=on_a, on_b=on_a)
    to_b_m = pair.metres - other.radius_m
    on_b = from_degrees(*geodesic_fwd(pair.lat_a, pair.lon_a, azimuth, to_b_m))
    return Closest(cm=int(gap_m * METRE_CM), on_a=on_a, on_b=on_b)


def _bound_m(a: Footprint, b: Footprint) -> float:
    """Return a length that the separation is never less than, from the bounding circles."""
    metres, _ = geodesic_inv(a.lat, a.lon, b.lat, b.lon)
    return metres - a.reach_m - b.reach_m


def boundary_m(polygon: Footprint, other: Footprint) -> float:
    """Return the distance in metres from a polygon's edges to another core."""
    return core_pair(polygon, other, shore=True).metres


def core_pair(a: Footprint, b: Footprint, *, shore: bool = False) -> Pair:
    """Return nearest points of two cores; with `shore`, a polygon is its edges alone."""
    if a.is_point and b.is_point:
        metres, _ = geodesic_inv(a.lat, a.lon, b.lat, b.lon)
        return Pair(metres, a.lat, a.lon, b.lat, b.lon)
    centre = smaller(a, b)
    if _apart_m(centre.lat, centre.lon, a, b) > MAX_REACH_M:
        return _exact(_from_afar(a, b, shore=shore), a, b)
    pair = _in_plane(centre.lat, centre.lon, a, b, shore=shore)
    return _exact(_all_round(pair, a, b, shore=shore), a, b)


def smaller(a: Footprint, b: Footprint) -> Footprint:
    """Return the one of two in the middle of which their first plane is laid."""
    return a if a.core_reach_m <= b.core_reach_m else b


def pair_of(plane: Plane, shapes: Shapes, a: Footprint, b: Footprint) -> Pair:
    """Return what `core_pair` does, given both cores as shapes of their first plane."""
    return _exact(_all_round(_ends(plane, shapes), a, b, shore=False), a, b)


def _exact(pair: Pair, a: Footprint, b: Footprint) -> Pair:
    """Return nearest points as geodesics alone have them, where a plane is too coarse."""
    return Pair(*nearest(a, b, pair.metres)) if NEAR_M < pair.metres < FAR_M else pair


def _all_round(pair: Pair, a: Footprint, b: Footprint, *, shore: bool) -> Pair:
    """Return nearest points as planes and pieces show them, from what the first plane shows."""
    if smaller(a, b).is_point:
        return pair
    pair = _settle(pair, a, b, shore=shore)
    lat, lon = _between(pair)
    if pair.metres > 0 and _apart_m(lat, lon, a, b) > WHOLE_M:
        # Far from the centre all looks longer than it is, so a nearer pair may be hidden there.
        return min(pair, _settle(_from_pieces(a, b), a, b, shore=shore))
    return pair


def _settle(pair: Pair, a: Footprint, b: Footprint, *, shore: bool) -> Pair:
    """Return the pair found by laying the plane about the pair, again until it stays."""
    for _ in range(ROUNDS):
        lat, lon = _between(pair)
        if pair.metres == 0 or _apart_m(lat, lon, a, b) < TRUE_M:
            return pair
        nearer = _in_plane(lat, lon, a, b, shore=shore)
        if nearer.metres >= pair.metres - STAYS_M:
            return min(nearer, pair)
        pair = nearer
    return pair


def _between(pair: Pair) -> tuple[float, float]:
    """Return the middle of the geodesic of a pair, in degrees."""
    metres, azimuth = geodesic_inv(pair.lat_a, pair.lon_a, pair.lat_b, pair.lon_b)
    return geodesic_fwd(pair.lat_a, pair.lon_a, azimuth, metres / 2)


def _apart_m(lat: float, lon: float, a: Footprint, b: Footprint) -> float:
    """Return a length that no point of either core is further from (lat, lon) than."""
    to_a, _ = geodesic_inv(lat, lon, a.lat, a.lon)
    to_b, _ = geodesic_inv(lat, lon, b.lat, b.lon)
    return max(to_a + a.core_reach_m, to_b + b.core_reach_m)


def _in_plane(lat: float, lon: float, a: Footprint, b: Footprint, *, shore: bool) -> Pair:
    """Return the nearest points of two cores, as a plane about (lat, lon) has them."""
    plane = Plane(lat, lon)
    return _ends(plane, both_cores(plane, a, b, shore=shore))


def _ends(plane: Plane, shapes: Shapes) -> Pair:
    """Return the nearest points of two shapes of a plane."""
    # The stub of shapely leaves the keyword arguments untyped.
    line = shapely.shortest_line(*shapes)  # pyright: ignore[reportUnknownMemberType]
    (ax, ay), (bx, by) = shapely.get_coordinates(line).tolist()
    lat_a, lon_a = plane.unproject(ax, ay)
    if ax == bx and ay == by:
        return Pair(0.0, lat_a, lon_a, lat_a, lon_a)
    lat_b, lon_b = plane.unproject(bx, by)
    metres, _ = geodesic_inv(lat_a, lon_a, lat_b, lon_b)
    return Pair(metres, lat_a, lon_a, lat_b, lon_b)


def _from_afar(a: Footprint, b: Footprint, *, shore: bool) -> Pair:
    """Return nearest points of two cores that no plane about the middle of either can show.

    One of them is then never wholly inside the other. But their edges may cross, which pieces
    do not show: where cores are near each other a plane about that place shows both, as a core
    is at most 4,000 km across.
    """
    pair = _from_pieces(a, b)
    if _apart_m(*_between(pair), a, b) > MAX_REACH_M:
        return pair
    return _settle(pair, a, b, shore=shore)


def _from_pieces(a: Footprint, b: Footprint) -> Pair:
    """Return a pair of points about as near as any, for cores too large for one plane."""
    lat_a, lon_a, lat_b, lon_b = nearest_pieces(a, b)
    metres, _ = geodesic_inv(lat_a, lon_a, lat_b, lon_b)
    return Pair(metres, lat_a, lon_a, lat_b, lon_b)


def self_test() -> None:
    """Raise Broken if geodesics, planes or heights come out wrong on this machine.

    Run once at start, before any separation is trusted. Takes about a millisecond.
    """
    plane.self_test()
    heights.self_test()
