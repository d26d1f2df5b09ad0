"""Cover: whether an outline holds a position, or the whole of another outline.

`contains` is exact to the tolerance of `separation`. `covers` never says yes wrongly; close
to the limit (under a hundredth of the radii) it may say no where the answer is yes, which
is the safe way for what it is asked: whether what is shared contains what is real.
"""

from __future__ import annotations

import shapely

from clearline.space.footprint import Footprint, footprint
from clearline.space.outline import MIN_RADIUS_CM, Circle, Outline, Polygon
from clearline.space.plane import MAX_REACH_M, Plane, geodesic_inv
from clearline.space.position import Position
from clearline.space.separation import boundary_m, core_pair

__all__ = ["contains", "covers"]

_ARC_PARTS = 64
"""A quarter circle is drawn with this many chords, all inside it: 0.01 % short at most."""

_EDGE_M = 0.005
"""Half a centimetre, the resolution of everything here."""


def contains(outline: Outline, position: Position) -> bool:
    """Return whether the position is in the outline or on its edge."""
    dot = footprint(Circle(centre=position, radius_cm=MIN_RADIUS_CM))
    shape = footprint(outline)
    return core_pair(shape, dot).metres <= shape.radius_m + _EDGE_M


def covers(outer: Outline, inner: Outline) -> bool:
    """Return True only if every point of `inner` is in `outer`."""
    shell, kernel = footprint(outer), footprint(inner)
    between_m, _ = geodesic_inv(shell.lat, shell.lon, kernel.lat, kernel.lon)
    if between_m > shell.reach_m + kernel.reach_m:
        return False
    spare_m = shell.radius_m - kernel.radius_m
    if shell.is_point and kernel.is_point:
        return between_m <= spare_m + _EDGE_M
    if between_m + shell.core_reach_m > MAX_REACH_M:
        return False
    plane = Plane(kernel.lat, kernel.lon)
    if spare_m >= 0:
        return _within(plane, shell, kernel, spare_m)
    return _deep(plane, shell, kernel, -spare_m)


def _within(plane: Plane, shell: Footprint, kernel: Footprint, spare_m: float) -> bool:
    """Return whether the inner core is within `spare_m` of the outer core.

    That is enough: a point of the inner outline is within its radius of the inner core. A
    length of the plane is never too short, and the arcs drawn lie inside true ones, so what
    is drawn around the outer core holds no point further away than `spare_m`.
    """
    core = shell.core(plane)
    drawn = core if spare_m == 0 else shapely.buffer(core, spare_m, quad_segs=_ARC_PARTS)
    # A millimetre for the arithmetic of points that are on the edge itself.
    return bool(shapely.covers(shapely.buffer(drawn, 0.001), kernel.core(plane)))


def _deep(plane: Plane, shell: Footprint, kernel: Footprint, depth_m: float) -> bool:
    """Return whether the inner core lies in the outer polygon, `depth_m` or more from its edge.

    That is enough: to leave the polygon, a point must first go `depth_m` to its edge, and then
    has only the outer radius left to go.
    """
    if not isinstance(shell.outline, Polygon):
        return False
    if not shapely.covers(shell.core(plane), kernel.core(plane)):
        return False
    return boundary_m(shell, kernel) >= depth_m - _EDGE_M
