"""Clip: the part of an outline that lies in an agreed area.

What comes out contains all of the outline that is in the area, and goes beyond the area
nowhere by more than CLIP_TOLERANCE_CM. Curves are circumscribed, so inside the area the
result is up to 1 % of the radius larger than the outline.

The area is a polygon without margin (`Mistake` otherwise): where an area ends must be a line
that both sides can draw.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import shapely

from clearline.basis.faults import Mistake
from clearline.space.cover import covers
from clearline.space.footprint import footprint
from clearline.space.outline import MAX_VERTICES, Outline, Polygon, Ring, check
from clearline.space.plane import MAX_REACH_M, Plane, geodesic_inv, stretch
from clearline.space.position import Position, from_degrees, same_place
from clearline.space.rounding import hull

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from clearline.space.footprint import Footprint

__all__ = ["CLIP_TOLERANCE_CM", "clip", "within"]

CLIP_TOLERANCE_CM = 200
"""How far a clipped outline may reach beyond the area, for areas up to 1,000 km across."""

_QUARTER_PARTS = 16
_CIRCUMSCRIBED = 1 / math.cos(math.pi / (4 * _QUARTER_PARTS))
"""A polygon with 16 corners to a quarter lies about its circle if drawn this much larger."""
_SNAP_CM = 2
"""A corner rounded to 1e-7 degree moves by less than 0.8 cm; this covers it."""
_DROP_M2 = 1e-4
"""Smaller parts are arithmetic, or the area touched in a point or along a line."""
_AREAS = 64
_ROOMS = 128
"""Squares along the longer side of an area, of each of which is kept how far its edge is."""


class _Area:
    """An area drawn once, in the plane about its middle, for the quick answer."""

    __slots__ = ("edges", "plane", "reach_m", "rooms", "shape", "square_m")

    def __init__(self, area: Polygon) -> None:
        ground = footprint(area)
        self.plane = Plane(ground.lat, ground.lon)
        self.shape = ground.core(self.plane)
        self.edges = ground.core(self.plane, shore=True)
        self.reach_m = ground.core_reach_m
        shapely.prepare(self.shape)
        shapely.prepare(self.edges)
        west, south, east, north = self.shape.bounds
        self.square_m = max(east - west, north - south) / _ROOMS
        self.rooms: dict[tuple[int, int], float] = {}
        """Of each square that was asked for: how much room all of it has to the edge, at least."""

    def holds(self, lat: float, lon: float, reach_m: float) -> bool:
        """Return True if the circle is surely inside; False if it would take a closer look."""
        needed_m = (reach_m + CLIP_TOLERANCE_CM / 100) * stretch(self.reach_m)
        x, y = self.plane.project_one(lat, lon)
        # Nothing is nearer in the plane than on the ground, so this is within reach.
        if math.hypot(x, y) <= self.reach_m and self._room_m(x, y) >= needed_m:
            return True
        metres, _ = geodesic_inv(self.plane.lat, self.plane.lon, lat, lon)
        if metres > self.reach_m:
            return False
        point = shapely.Point(x, y)
        if not shapely.contains(self.shape, point):
            return False
        # Nothing inside the area is stretched by more than its rim is, and the straight line
        # that leads to the edge lies within the area.
        return self.edges.distance(point) >= needed_m

    def _room_m(self, x: float, y: float) -> float:
        """Return how far the edge is, at least, from anywhere in the square about a point.

        Less than nothing if the square's middle is not inside. A square is seen to be inside as
        its middle is, and the edge further off than its corners.
        """
        column, row = math.floor(x / self.square_m), math.floor(y / self.square_m)
        room_m = self.rooms.get((column, row))
        if room_m is None:
            middle = shapely.Point((column + 0.5) * self.square_m, (row + 0.5) * self.square_m)
            room_m = -self.square_m
            if shapely.contains(self.shape, middle):
                room_m += self.edges.distance(middle)
            self.rooms[column, row] = room_m
        return room_m


@lru_cache(maxsize=_AREAS)
def _drawn(area: Polygon) -> _Area:
    if area.margin_cm:
        raise Mistake("area_has_margin", "an area is a polygon without a margin")
    return _Area(area)


def within(area: Polygon, outline: Outline) -> bool:
    """Return True only if the whole outline is in the area."""
    shape = footprint(outline)
    return _drawn(area).holds(shape.lat, shape.lon, shape.reach_m) or covers(area, outline)


def clip(outline: Outline, area: Polygon) -> tuple[Outline, ...]:
    """Return outlines that hold what the outline and the area share.

    The outline itself, the same object, if it is wholly inside; nothing if it is outside.
    Each is accepted by `check`.
    """
    if within(area, outline):
        return (outline,)
    shape, ground = footprint(outline), footprint(area)
    between_m, _ = geodesic_inv(shape.lat, shape.lon, ground.lat, ground.lon)
    if between_m > shape.reach_m + ground.reach_m:
        return ()
    if max(shape.reach_m, between_m + ground.core_reach_m) > MAX_REACH_M:
        raise Mistake("too_large", "the outline is too far across to be cut to the area")
    plane = Plane(shape.lat, shape.lon)
    shared = shapely.intersection(_circumscribed(plane, shape), ground.core(plane))
    parts = [part for part in shapely.get_parts(shared) if isinstance(part, shapely.Polygon)]
    parts = [part for part in parts if part.area > _DROP_M2]
    return tuple(_outline(plane, part) for part in parts)


def _circumscribed(plane: Plane, shape: Footprint) -> BaseGeometry:
    """Return a shape of the plane that holds the whole outline.

    A true radius is drawn longer by what the plane stretches at the outline's rim, and by
    what the chords of an arc cut off.
    """
    core = shape.core(plane)
    if shape.radius_m == 0:
        return core
    drawn_m = shape.radius_m * stretch(shape.reach_m) * _CIRCUMSCRIBED + 0.01
    return shapely.buffer(core, drawn_m, quad_segs=_QUARTER_PARTS)


def _outline(plane: Plane, part: shapely.Polygon) -> Outline:
    """Return a part of the plane as an outline that contains it."""
    rings = [_ring(plane, ring) for ring in _lines(part)]
    if sum(len(ring) for ring in rings) <= MAX_VERTICES:
        polygon = Polygon(
            exterior=rings[0],
            holes=tuple(ring for ring in rings[1:] if len(ring) > 2),
            margin_cm=_SNAP_CM,
        )
        for candidate in (polygon, Polygon(exterior=rings[0], margin_cm=_SNAP_CM)):
            try:
                check(candidate)
            except Mistake:
                continue
            return candidate
    # A sliver thinner than the grid of positions: its hull is as thin, and at least 1 m is
    # what a corridor or circle must have.
    return hull(rings[0], CLIP_TOLERANCE_CM // 2)


def _lines(part: shapely.Polygon) -> list[BaseGeometry]:
    return [part.exterior, *part.interiors]


def _ring(plane: Plane, line: BaseGeometry) -> Ring:
    """Return a closed line of the plane as a ring of positions without repeats."""
    ring: list[Position] = []
    for x, y in shapely.get_coordinates(line)[:-1].tolist():
        position = from_degrees(*plane.unproject(x, y))
        if not ring or not same_place(ring[-1], position):
            ring.append(position)
    while len(ring) > 1 and same_place(ring[0], ring[-1]):
        ring.pop()
    return tuple(ring)
