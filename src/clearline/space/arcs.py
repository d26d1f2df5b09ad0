"""Arcs: round and grown boundaries as polygons of geodesics that contain them.

Two directions, and both only ever make an outline larger:

- what comes in has arcs; `arc` cuts one into chords and says how far the arc may lie outside
  of them, which becomes the margin of the polygon;
- what goes out may only have corners, on a coarse grid; `drawn` gives a polygon of few corners
  and no margin, on that grid, that contains an outline.

**Why the results contain.** A boundary that moves by no more than D, as one continuous family
of closed curves, stays around every point that was D or more inside of it; and a point nearer
than D is in a margin of D. It is the argument of `rounding`, used once for the chords of an
arc (D is their greatest height), once for the corners (D is `slack_cm`), and once for corners
left out (D is the tolerance of leaving out).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import shapely
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.space.cover import covers
from clearline.space.footprint import footprint
from clearline.space.outline import Circle, Corridor, Outline, Polygon, Ring, check, positions
from clearline.space.plane import MAX_REACH_M, Plane, geodesic_fwd, geodesic_inv, stretch
from clearline.space.position import Position, from_degrees, same_place

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ARC_STEP_DEG", "Chords", "arc", "bearing_deg", "drawn"]

ARC_STEP_DEG = 3.6
"""The most that one chord spans, seen from the centre: a hundred of them are a circle.

Its height over the chord is at most 0.05 % of the radius.
"""
_SPARE = 1.02
"""For the ellipsoid: a chord's height differs from that in a plane by under a hundredth."""
_SPARE_CM = 3
"""For positions, which are rounded to 1.2 cm, and for the arithmetic."""
_QUARTER_CHORDS = 8
"""A grown corner of a quarter turn gets about so many edges."""
_WIDEST = 1.5
"""By how much one of these may be wider than its share: GEOS rounds their number."""
_TRIES = 24
"""How often more is left out before it is given up; each time twice as much."""
_MIN_GAP_M = 1.0
"""Holes that are less wide than this are closed."""


class Chords(NamedTuple):
    """An arc cut into chords."""

    points: tuple[Position, ...]
    """On the arc, both ends included."""
    height_cm: int
    """No point of the arc is further than this from its chord."""


def bearing_deg(origin: Position, to: Position) -> float:
    """Return the true bearing of a place from another, 0 to 360 degrees."""
    _, azimuth = geodesic_inv(origin.lat_deg, origin.lon_deg, to.lat_deg, to.lon_deg)
    return azimuth % 360.0


def arc(centre: Position, radius_cm: int, start_deg: float, sweep_deg: float) -> Chords:
    """Return the chords of an arc: from a true bearing on, `sweep_deg` clockwise, or back if < 0.

    More than a full turn is a full turn.
    """
    sweep = min(360.0, max(-360.0, sweep_deg))
    count = max(1, math.ceil(abs(sweep) / ARC_STEP_DEG - 1e-9))
    points = tuple(
        from_degrees(
            *geodesic_fwd(
                centre.lat_deg,
                centre.lon_deg,
                start_deg + sweep * number / count,
                radius_cm / METRE_CM,
            )
        )
        for number in range(count + 1)
    )
    half = math.radians(abs(sweep) / count / 2)
    height = radius_cm * (1 - math.cos(half)) * _SPARE
    return Chords(points, math.ceil(height) + _SPARE_CM)


def drawn(
    outline: Outline,
    snap: Callable[[Position], Position],
    *,
    slack_cm: int,
    most: int,
    spare_cm: int = 0,
    edge_m: float | None = None,
) -> Polygon:
    """Return a polygon without margin that contains the outline, every corner on a grid.

    `snap` gives a corner's place on the grid and moves it by at most `slack_cm`. All within
    `spare_cm` of the outline is contained too, for edges that will not be drawn as geodesics.
    There are at most `most` corners, holes included: the fewer are asked for, the larger it is.
    No edge is much longer than `edge_m`, if that is given. A hole that would close is left out.

    What is returned has been checked to contain the outline. Raises Mistake `too_many_points`
    if it cannot be, `too_large` if it would be larger than an outline may be.
    """
    whole = _widened(outline, spare_cm)
    if isinstance(whole, Circle):
        return _round(whole, snap, slack_cm, most)
    shape = footprint(whole)
    plane = Plane(shape.lat, shape.lon)
    core = shape.core(plane)
    slack_m = (slack_cm * _SPARE + _SPARE_CM) / METRE_CM
    tolerance_m = 0.0
    for _ in range(_TRIES):
        grow_m = shape.radius_m + slack_m + tolerance_m
        grown = _grown(core, grow_m, slack_m, shape.core_reach_m)
        if tolerance_m > 0:
            # Where a ring begins GEOS leaves out twice, so that it may cut twice as deep.
            grown = shapely.simplify(grown, tolerance_m / 2 / _SPARE, preserve_topology=True)
        if edge_m is not None:
            grown = shapely.segmentize(grown, edge_m)
        polygon = _polygon(plane, grown, snap, slack_m)
        few = polygon is not None and len(positions(polygon)) <= most
        if polygon is not None and few and covers(polygon, whole):
            return polygon
        tolerance_m = max(2 * tolerance_m, slack_m, shape.radius_m / 32)
    raise Mistake("too_many_points", f"it cannot be drawn with {most} corners")


def _widened(outline: Outline, by_cm: int) -> Outline:
    """Return all points within a distance of an outline. Raises Mistake if that is too large."""
    if by_cm == 0:
        return outline
    match outline:
        case Polygon():
            wider: Outline = replace(outline, margin_cm=outline.margin_cm + by_cm)
        case Circle():
            wider = replace(outline, radius_cm=outline.radius_cm + by_cm)
        case Corridor():
            wider = replace(outline, width_cm=outline.width_cm + 2 * by_cm)
    check(wider)
    return wider


def _round(
    circle: Circle, snap: Callable[[Position], Position], slack_cm: int, most: int
) -> Polygon:
    """Return the polygon around a circle: corners so far out that its edges touch it."""
    radius_cm = circle.radius_cm + slack_cm * _SPARE + _SPARE_CM
    # Corners are further apart than a grid's step, or they would fold over each other.
    apart = max(1, math.floor(2 * math.pi * radius_cm / (4 * slack_cm + 1)))
    count = max(3, min(most, apart, math.ceil(360 / ARC_STEP_DEG)))
    over = (1 / math.cos(math.pi / count) - 1) * _SPARE
    reach_m = radius_cm * (1 + over) / METRE_CM
    centre = circle.centre
    ring = tuple(
        snap(
            from_degrees(
                *geodesic_fwd(centre.lat_deg, centre.lon_deg, 360 * number / count, reach_m)
            )
        )
        for number in range(count)
    )
    polygon = Polygon(exterior=ring)
    check(polygon)
    return polygon


def _grown(
    core: shapely.Geometry, grow_m: float, slack_m: float, core_reach_m: float
) -> shapely.Geometry:
    """Return a core grown in its plane by at least `grow_m` on the ground.

    Lengths in the plane are too long by at most `stretch`, so that much more is needed; and
    drawn arcs lie inside true ones, so the corners are set that much further out. Then what is
    so narrow that its two sides could cross once their corners have moved is closed.
    """
    reach_m = min(core_reach_m + 2 * grow_m, MAX_REACH_M)
    scale = stretch(reach_m)
    chords = math.cos(math.pi / 4 / _QUARTER_CHORDS * _WIDEST)
    closing_m = slack_m * scale
    # Shrinking straightens its line first, by up to a hundredth of how far it shrinks.
    wide_m = (grow_m * scale + closing_m * _SPARE) / chords
    wide = shapely.buffer(core, wide_m, quad_segs=_QUARTER_CHORDS)
    return shapely.buffer(wide, -closing_m, quad_segs=_QUARTER_CHORDS)


def _polygon(
    plane: Plane, grown: shapely.Geometry, snap: Callable[[Position], Position], slack_m: float
) -> Polygon | None:
    """Return what was grown on the grid; None if it is not one sane polygon there."""
    if not isinstance(grown, shapely.Polygon) or grown.is_empty:
        return None
    holes = tuple(
        _snapped(plane, ring, snap)
        for ring in grown.interiors
        if not shapely.buffer(shapely.Polygon(ring), -2 * slack_m - _MIN_GAP_M).is_empty
    )
    polygon = Polygon(exterior=_snapped(plane, grown.exterior, snap), holes=holes)
    try:
        check(polygon)
    except Mistake as mistake:
        if mistake.code == "too_large":
            raise
        return None
    return polygon


def _snapped(plane: Plane, ring: shapely.Geometry, snap: Callable[[Position], Position]) -> Ring:
    """Return a closed ring of the plane on the grid, without repeated corners."""
    found: list[Position] = []
    for x, y in shapely.get_coordinates(ring)[:-1].tolist():
        place = snap(from_degrees(*plane.unproject(float(x), float(y))))
        if not found or not same_place(found[-1], place):
            found.append(place)
    while len(found) > 1 and same_place(found[0], found[-1]):
        found.pop()
    return tuple(found)
