"""Reshaping: an outline moved whole, or cut back from what it is too near to.

For suggestions alone: what comes out is drawn anew, and is measured and rounded like
anything that a person draws. It promises no separation; whoever offers it measures it.

`Moved` keeps an outline's shape: each position keeps its distance from a centre and its
direction against the way that the centre goes. `cut_back` keeps the largest part that is
left, as one sane outline, and never covers ground that the outline did not.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import shapely

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.space.footprint import Footprint, footprint
from clearline.space.outline import (
    MAX_VERTICES,
    Circle,
    Corridor,
    Outline,
    Polygon,
    Ring,
    check,
    positions,
)
from clearline.space.plane import MAX_REACH_M, Plane, geodesic_fwd, geodesic_fwds, geodesic_inv
from clearline.space.position import Position, from_degrees, same_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["CutBack", "Disc", "Moved", "carried", "cut_back", "inner_disc"]

_QUARTER_PARTS = 4
"""So many chords to a quarter of what is cut out: few corners, for people read them aloud."""
_CIRCUMSCRIBED = 1 / math.cos(math.pi / (4 * _QUARTER_PARTS))
_ROUND_PARTS = 12
"""A circle that is cut becomes a ring of four times so many corners, inside it."""
_SLIVER = 0.03
"""What is thinner than this part of the outline's size is cut off with the rest."""
_INNER_M = 10.0
"""How near to the largest the disc inside a polygon is."""


# The stub of shapely leaves the keyword arguments untyped.
_inscribed = cast("Callable[..., BaseGeometry]", shapely.maximum_inscribed_circle)


class Moved:
    """An outline, ready to be moved about with a centre."""

    __slots__ = ("_azimuths", "_metres", "_outline")

    def __init__(self, outline: Outline, lat: float, lon: float) -> None:
        self._outline = outline
        lines = [geodesic_inv(lat, lon, p.lat_deg, p.lon_deg) for p in positions(outline)]
        self._metres = np.array([metres for metres, _ in lines])
        self._azimuths = np.array([azimuth for _, azimuth in lines])

    def to(self, lat: float, lon: float, turn_deg: float) -> Outline:
        """Return it about another centre, turned by so much; it may no longer be sane."""
        count = len(self._metres)
        lats, lons = geodesic_fwds(
            np.full(count, lat), np.full(count, lon), self._azimuths + turn_deg, self._metres
        )
        places = [from_degrees(a, b) for a, b in zip(lats.tolist(), lons.tolist(), strict=True)]
        match self._outline:
            case Circle(radius_cm=radius_cm):
                return Circle(centre=places[0], radius_cm=radius_cm)
            case Corridor(width_cm=width_cm):
                return Corridor(points=tuple(places), width_cm=width_cm)
            case Polygon(margin_cm=margin_cm) as polygon:
                rings: list[Ring] = []
                for ring in (polygon.exterior, *polygon.holes):
                    rings.append(tuple(places[: len(ring)]))
                    del places[: len(ring)]
                return Polygon(exterior=rings[0], holes=tuple(rings[1:]), margin_cm=margin_cm)


def carried(
    lat: float, lon: float, bearing_deg: float, metres: float
) -> tuple[float, float, float]:
    """Return where a centre comes that goes so far on a bearing, and how its direction turns."""
    to_lat, to_lon = geodesic_fwd(lat, lon, bearing_deg, metres)
    if metres < 1:
        return to_lat, to_lon, 0.0  # So near, the way back has no direction to speak of.
    _, back_deg = geodesic_inv(to_lat, to_lon, lat, lon)
    return to_lat, to_lon, back_deg + 180 - bearing_deg


class Disc(NamedTuple):
    """A circle that lies in an outline; degrees and metres."""

    lat: float
    lon: float
    radius_m: float


@lru_cache(maxsize=1_024)
def inner_disc(outline: Outline) -> Disc:
    """Return a large circle that lies wholly in an outline."""
    shape = footprint(outline)
    if not isinstance(outline, Polygon) or shape.core_reach_m > MAX_REACH_M / 4:
        first = positions(outline)[len(positions(outline)) // 2]
        return Disc(first.lat_deg, first.lon_deg, shape.radius_m)
    plane = Plane(shape.lat, shape.lon)
    core = shape.core(plane)
    tolerance_m = max(_INNER_M, shape.core_reach_m / 100)
    line = _inscribed(core, tolerance=tolerance_m)
    (x, y), (rim_x, rim_y) = shapely.get_coordinates(line).tolist()
    lat, lon = plane.unproject(x, y)
    drawn_m = math.hypot(rim_x - x, rim_y - y)
    # The plane shows lengths too long, never too short: so the disc is drawn a little smaller.
    return Disc(lat, lon, shape.radius_m + max(0.0, drawn_m * 0.98 - tolerance_m))


class CutBack(NamedTuple):
    """What is left of an outline."""

    outline: Outline
    lost_permille: int
    """Of its ground; of a corridor, of its length."""
    depth_cm: int
    """How far it draws back where it draws back most."""


def cut_back(outline: Outline, others: Sequence[Outline], clear_m: float) -> CutBack | None:
    """Return the largest part of an outline that is `clear_m` from the others, made sane.

    None if nothing worth the name is left, or if it reaches too far for one plane.
    """
    shape = footprint(outline)
    if shape.core_reach_m > MAX_REACH_M / 10:
        return None
    plane = Plane(shape.lat, shape.lon)
    keep_out = [
        _around(plane, footprint(other), clear_m + footprint(other).radius_m + _edge_m(shape))
        for other in others
    ]
    whole = _drawn(plane, shape)
    rest = shapely.difference(whole, shapely.union_all(keep_out))
    if isinstance(outline, Corridor):
        return _path_left(plane, outline, whole, rest)
    return _ground_left(plane, outline, whole, rest)


def _edge_m(shape: Footprint) -> float:
    """Return how far an outline reaches beyond what of it is drawn."""
    return 0.0 if shape.is_point else shape.radius_m


def _around(plane: Plane, shape: Footprint, radius_m: float) -> BaseGeometry:
    core = shape.core(plane)
    return shapely.buffer(core, radius_m * _CIRCUMSCRIBED, quad_segs=_QUARTER_PARTS)


def _drawn(plane: Plane, shape: Footprint) -> BaseGeometry:
    core = shape.core(plane)
    if not shape.is_point:
        return core
    # A corner rounded to 1e-7 degree moves by less than 0.8 cm.
    return shapely.buffer(core, shape.radius_m - 0.02, quad_segs=_ROUND_PARTS)


def _path_left(
    plane: Plane, outline: Corridor, whole: BaseGeometry, rest: BaseGeometry
) -> CutBack | None:
    paths = [part for part in shapely.get_parts(rest) if isinstance(part, shapely.LineString)]
    if not paths:
        return None
    longest = max(paths, key=lambda path: path.length)
    points = _places(plane, longest)
    if len(points) < 2:
        return None
    return CutBack(
        outline=Corridor(points=points, width_cm=outline.width_cm),
        lost_permille=1_000 - int(1_000 * longest.length / whole.length),
        depth_cm=math.ceil(whole.hausdorff_distance(longest) * METRE_CM),
    )


def _ground_left(
    plane: Plane, outline: Outline, whole: BaseGeometry, rest: BaseGeometry
) -> CutBack | None:
    thin_m = _SLIVER * math.sqrt(whole.area)
    opened = shapely.buffer(
        shapely.buffer(rest, -thin_m / 2, join_style="mitre"), thin_m / 2, join_style="mitre"
    )
    left = shapely.intersection(opened, rest)
    parts = [part for part in shapely.get_parts(left) if isinstance(part, shapely.Polygon)]
    if not parts:
        return None
    largest = max(parts, key=lambda part: part.area)
    rings = [_places(plane, ring)[:-1] for ring in (largest.exterior, *largest.interiors)]
    if sum(len(ring) for ring in rings) > MAX_VERTICES:
        return None
    polygon = Polygon(
        exterior=rings[0],
        holes=tuple(ring for ring in rings[1:] if len(ring) > 2),
        margin_cm=outline.margin_cm if isinstance(outline, Polygon) else 0,
    )
    try:
        check(polygon)
    except Mistake:
        return None
    return CutBack(
        outline=polygon,
        lost_permille=1_000 - int(1_000 * largest.area / whole.area),
        depth_cm=math.ceil(whole.hausdorff_distance(largest) * METRE_CM),
    )


def _places(plane: Plane, line: BaseGeometry) -> Ring:
    """Return a line of the plane as positions without repeats; a closed one ends as it began."""
    ring: list[Position] = []
    for x, y in shapely.get_coordinates(line).tolist():
        position = from_degrees(*plane.unproject(x, y))
        if not ring or not same_place(ring[-1], position):
            ring.append(position)
    return tuple(ring)
