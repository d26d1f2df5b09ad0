"""Rounding: an outline made coarser, so that what is shared always contains what is real.

Positions go to a grid of whole multiples of `position_e7`, lengths, altitudes and times to
theirs, and always **outward**. Each result is a function of the snapped positions and the
rounded lengths alone: two outlines that snap alike come out alike, so the result tells
nothing that the grid was there to hide. For that reason the radius grows by the *greatest*
displacement that the grid can cause there, not by the one that this outline had; what is
on the grid already grows as well.

**Why the result contains the original.** Let d be a length that no vertex moves by more
than. Each snapped vertex is within d of its own, and so is each point of a snapped edge of
the point at the same part of the original edge: the distance between two geodesics run
at proportional speed is greatest at an end, up to a factor for the curvature of the
ellipsoid (less than 1.02 within MAX_EXTENT_KM where d is under 100 km) and a term far under
100 cm. So with D = 1.02 d + 100 cm the boundary moves, as one continuous family of closed
curves (a homotopy), and no point of it by more than D. Take a point p of the original.
If it is within D of the snapped boundary, it is in the result, as the radius grew by D. If
not, no curve of the family passes through p: such a curve's point at p would still have to
reach the snapped boundary within D. A winding number changes only when the curve passes
through the point, so p is wound as before: once by the exterior, by no hole. So p lies
inside the snapped exterior and in no snapped hole. Points within the old radius of such a
p are within the new radius of the same, or D further. Repeated snapped vertices are left
out, which changes no curve.

A ring that no longer bounds an area or crosses itself is replaced, first by its convex hull
(geodesically convex, so it holds every snapped edge, and every point that the ring winds
around), then, if its points lie on one line, by a corridor from the one end to the other,
then by a circle. A hole that degenerates is left out: more is covered, never less. Holes
shrink, since the radius reaches into them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import shapely
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.quantities import ceil_to, floor_to
from clearline.space.altitude import MAX_ALTITUDE_CM, Altitude, Band, Datum
from clearline.space.outline import (
    Circle,
    Corridor,
    Outline,
    Polygon,
    Ring,
    check,
    check_points,
    middle,
    positions,
    project_ring,
    radius_cm,
)
from clearline.space.plane import Plane, geodesic_inv
from clearline.space.position import E7, Position, same_place
from clearline.space.volume import Volume, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Grid",
    "hull",
    "round_band_out",
    "round_out",
    "round_volume_out",
    "round_window_out",
    "snap",
    "with_holes",
]

_QUARTER_TURN_E7 = 90 * E7
_HALF_TURN_E7 = 180 * E7
_LATEST_MS = 253_402_300_799_999


class Grid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How coarse what is shared must be; each step is at least 1."""

    position_e7: int
    """Must divide 90 degrees, so that the poles and the antimeridian are on the grid."""
    length_cm: int
    altitude_cm: int
    time_ms: int

    def __post_init__(self) -> None:
        if min(self.position_e7, self.length_cm, self.altitude_cm, self.time_ms) < 1:
            raise ValueError("each step of a grid is at least 1")
        if _QUARTER_TURN_E7 % self.position_e7:
            raise ValueError("position_e7 must divide 90 degrees (900,000,000)")


def round_volume_out(volume: Volume, grid: Grid) -> Volume:
    """Return a volume on the grid that contains the given one."""
    return Volume(
        outline=round_out(volume.outline, grid),
        band=round_band_out(volume.band, grid),
        window=round_window_out(volume.window, grid),
    )


def round_window_out(window: Window, grid: Grid) -> Window:
    """Return a window on the grid that contains the given one."""
    end_ms = min(ceil_to(window.end, grid.time_ms), _LATEST_MS)
    return Window(start=Instant(floor_to(window.start, grid.time_ms)), end=Instant(end_ms))


def round_band_out(band: Band, grid: Grid) -> Band:
    """Return a band on the grid that contains the given one."""
    return Band(
        lower=_round_altitude(band.lower, grid, upward=False),
        upper=_round_altitude(band.upper, grid, upward=True),
    )


def _round_altitude(altitude: Altitude, grid: Grid, *, upward: bool) -> Altitude:
    """Return the altitude on the grid that is not below (above) the given one.

    A depth grows downwards. Flight levels stay whole if the step is a multiple of one.
    """
    if altitude.datum is Datum.DEPTH:
        upward = not upward
    rounded = (ceil_to if upward else floor_to)(altitude.value_cm, grid.altitude_cm)
    # What no altitude can exceed need not be covered.
    kept = min(max(rounded, -MAX_ALTITUDE_CM), MAX_ALTITUDE_CM)
    return Altitude(datum=altitude.datum, value_cm=kept)


def round_out(outline: Outline, grid: Grid) -> Outline:
    """Return an outline on the grid that contains the given one and that `check` accepts.

    Raises Mistake if the grown outline would be larger than an outline may be.
    """
    rings = [_snap_ring(ring, grid) for ring in _rings(outline)]
    snapped = [point for ring in rings for point in ring]
    # The cell is as large wherever it is in longitude.
    moved_cm = max(
        _cell_reach_cm(lat_e7, grid.position_e7) for lat_e7 in {p.lat_e7 for p in snapped}
    )
    grown_cm = ceil_to(radius_cm(outline), grid.length_cm) + ceil_to(
        moved_cm * 102 // 100 + 101, grid.length_cm
    )
    match outline:
        case Circle():
            result: Outline = Circle(centre=snapped[0], radius_cm=grown_cm)
        case Corridor():
            result = _path(_without_repeats(rings[0], closed=False), grown_cm)
        case Polygon():
            result = _polygon([_without_repeats(ring, closed=True) for ring in rings], grown_cm)
    # Of a polygon's rings it is known already; what is left is how large it has become.
    check_points(result)
    return result


def _rings(outline: Outline) -> Sequence[Ring]:
    if isinstance(outline, Polygon):
        return (outline.exterior, *outline.holes)
    return (positions(outline),)


def _snap_ring(ring: Ring, grid: Grid) -> Ring:
    return tuple(snap(point, grid) for point in ring)


def snap(point: Position, grid: Grid) -> Position:
    """Return the grid position nearest to a point; a pole and the meridian 180 have one name."""
    step = grid.position_e7
    lat_e7 = (2 * point.lat_e7 + step) // (2 * step) * step
    lon_e7 = (2 * point.lon_e7 + step) // (2 * step) * step
    if lon_e7 == -_HALF_TURN_E7:
        lon_e7 = _HALF_TURN_E7
    return Position(lat_e7=lat_e7, lon_e7=0 if abs(lat_e7) == _QUARTER_TURN_E7 else lon_e7)


@lru_cache(maxsize=16_384)
def _cell_reach_cm(lat_e7: int, step: int) -> int:
    """Return a length, in cm, that nothing which snaps to a position of this grid is further than.

    The corner of the cell towards the equator is the furthest: meridians part that way. At a
    pole every point of the cell is within half a step of latitude.
    """
    half_deg = (step + 1) / 2 / E7
    lat_deg = lat_e7 / E7
    if abs(lat_e7) == _QUARTER_TURN_E7:
        corners = [(lat_deg - half_deg if lat_deg > 0 else lat_deg + half_deg, 0.0)]
    else:
        corners = [
            (max(-90.0, lat_deg - half_deg), half_deg),
            (min(90.0, lat_deg + half_deg), half_deg),
            (lat_deg, half_deg),
        ]
        if abs(lat_deg) < half_deg:
            corners.append((0.0, half_deg))
    return 1 + int(100 * max(geodesic_inv(lat_deg, 0.0, *corner)[0] for corner in corners))


def _without_repeats(ring: Ring, *, closed: bool) -> Ring:
    """Return the ring without positions that follow themselves."""
    kept: list[Position] = []
    for point in ring:
        if not kept or not same_place(kept[-1], point):
            kept.append(point)
    while closed and len(kept) > 1 and same_place(kept[0], kept[-1]):
        kept.pop()
    return tuple(kept)


def _polygon(rings: list[Ring], margin_cm: int) -> Outline:
    """Return the first of these that is sane: the polygon, with fewer holes, hull, path."""
    exterior = rings[0]
    if _is_sane(Polygon(exterior=exterior)):
        return with_holes(exterior, rings[1:], margin_cm)
    return hull(exterior, margin_cm)


def with_holes(exterior: Ring, holes: list[Ring], margin_cm: int) -> Polygon:
    """Return the polygon with each hole that, with those before it, is still sane.

    The exterior must be sane by itself. A hole that is left out is covered.
    """
    if not holes:
        return Polygon(exterior=exterior, margin_cm=margin_cm)
    kept: tuple[Ring, ...] = ()
    whole = Polygon(exterior=exterior, holes=tuple(holes), margin_cm=margin_cm)
    if _is_sane(whole):
        return whole
    for hole in holes:
        if _is_sane(Polygon(exterior=exterior, holes=(*kept, hole))):
            kept = (*kept, hole)
    return Polygon(exterior=exterior, holes=kept, margin_cm=margin_cm)


def _is_sane(outline: Outline) -> bool:
    try:
        check(outline)
    except Mistake:
        return False
    return True


def hull(points: Ring, radius: int) -> Outline:
    """Return the convex hull of the points, grown by `radius` cm: polygon, corridor or circle."""
    if len(points) == 1:
        return Circle(centre=points[0], radius_cm=radius)
    plane = Plane(*middle(points))
    xy = project_ring(plane, points)
    shape = shapely.convex_hull(shapely.MultiPoint(xy))
    corners = shapely.get_coordinates(shape).tolist()
    places = {(x, y): point for (x, y), point in zip(xy.tolist(), points, strict=True)}
    ring = tuple(places[x, y] for x, y in corners)
    if isinstance(shape, shapely.Polygon):
        polygon = Polygon(exterior=ring[:-1], margin_cm=radius)
        if _is_sane(polygon):
            return polygon
    return _path(_longest(points), radius)


def _longest(points: Ring) -> Ring:
    """Return the two points that are furthest apart, of points that lie on one line."""
    first = max(points, key=lambda p: _apart_m(points[0], p))
    return first, max(points, key=lambda p: _apart_m(first, p))


def _apart_m(a: Position, b: Position) -> float:
    return geodesic_inv(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)[0]


def _path(points: Ring, radius: int) -> Outline:
    """Return the corridor along the points, or a circle if they are one point."""
    if len(points) == 1:
        return Circle(centre=points[0], radius_cm=radius)
    return Corridor(points=points, width_cm=2 * radius)
