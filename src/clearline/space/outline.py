"""An outline: where on the map a party operates, as polygon, circle or corridor.

Every outline is a **core** and a **radius**: the set of points within that geodesic
distance of a polygon, of a point, or of a path. All edges are geodesics of WGS 84. A ring
is closed by itself (its first position is not repeated), may wind either way, and bounds
the smaller part of the globe; so it may run round a pole or over the antimeridian.

It decides which outlines are sane (`check`), for our own user and for the counterpart
alike. It does not measure; see `separation`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
import shapely
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM
from clearline.space.plane import Plane, geodesic_inv
from clearline.space.position import Position, same_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.space.plane import Floats

__all__ = [
    "MAX_EXTENT_KM",
    "MAX_HOLES",
    "MAX_RADIUS_CM",
    "MAX_VERTICES",
    "MIN_AREA_M2",
    "MIN_RADIUS_CM",
    "Circle",
    "Corridor",
    "Outline",
    "Polygon",
    "Ring",
    "check",
    "check_points",
    "middle",
    "positions",
    "project_ring",
    "radius_cm",
]

MAX_VERTICES = 1_000
"""The most positions in one outline, holes included."""
MAX_HOLES = 50
MAX_EXTENT_KM = 2_000
"""No position of an outline is further than this from its first one."""
MIN_RADIUS_CM = METRE_CM
"""The smallest radius of a circle and half-width of a corridor."""
MAX_RADIUS_CM = 1_000 * KILOMETRE_CM
"""The largest radius of a circle, half-width of a corridor and margin of a polygon."""
MIN_AREA_M2 = 1.0
"""A ring that bounds less than this has no inside worth the name."""

Ring = tuple[Position, ...]


class _Outline(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="shape", gc=False
):
    """What the three shapes have in common: how they are spelled and kept."""


class Polygon(_Outline, frozen=True, tag="polygon"):
    """All points in the exterior and in no hole, and all within `margin_cm` of these."""

    exterior: Ring
    holes: tuple[Ring, ...] = ()
    margin_cm: Annotated[int, Meta(ge=0, le=MAX_RADIUS_CM)] = 0
    """How far the outline reaches beyond the polygon; it is what makes outward rounding exact."""


class Circle(_Outline, frozen=True, tag="circle"):
    """All points within `radius_cm` of the centre."""

    centre: Position
    radius_cm: Annotated[int, Meta(ge=MIN_RADIUS_CM, le=MAX_RADIUS_CM)]


class Corridor(_Outline, frozen=True, tag="corridor"):
    """All points within half of `width_cm` of the path through the points, round at the ends."""

    points: Ring
    width_cm: Annotated[int, Meta(ge=2 * MIN_RADIUS_CM, le=2 * MAX_RADIUS_CM)]
    """The whole width, both sides together."""


Outline = Polygon | Circle | Corridor


def radius_cm(outline: Outline) -> int:
    """Return how far the outline reaches beyond its core; an odd width is rounded up."""
    match outline:
        case Polygon():
            return outline.margin_cm
        case Circle():
            return outline.radius_cm
        case Corridor():
            return (outline.width_cm + 1) // 2


def positions(outline: Outline) -> Ring:
    """Return every position of the outline's core, in order, holes last."""
    match outline:
        case Polygon():
            return tuple(p for ring in (outline.exterior, *outline.holes) for p in ring)
        case Circle():
            return (outline.centre,)
        case Corridor():
            return outline.points


def check(outline: Outline) -> None:
    """Raise a Mistake, with a code and a phrase, unless the outline is sane.

    Ranges of single fields are held by the types; this holds what takes more than one:
    numbers of points, extent, repeated points, self-crossing, holes outside.
    """
    check_points(outline)
    if isinstance(outline, Polygon):
        _check_rings(outline)


def check_points(outline: Outline) -> None:
    """Raise the same Mistakes as `check`, but for those that depend on what its edges are."""
    _check_count(outline)
    _check_radius(outline)
    _check_extent(positions(outline))
    match outline:
        case Polygon():
            for name, ring in _named_rings(outline):
                _check_repeats(ring, name, closed=True)
        case Corridor():
            _check_repeats(outline.points, "corridor", closed=False)
        case Circle():
            pass


def _named_rings(polygon: Polygon) -> list[tuple[str, Ring]]:
    """Return the rings with what to call them before a user."""
    holes = [(f"hole {number}", ring) for number, ring in enumerate(polygon.holes, 1)]
    return [("polygon", polygon.exterior), *holes]


def _check_count(outline: Outline) -> None:
    total = len(positions(outline))
    if total > MAX_VERTICES:
        raise Mistake(
            "too_many_points", f"{total:,} points; an outline has at most {MAX_VERTICES:,}"
        )
    match outline:
        case Polygon():
            if len(outline.holes) > MAX_HOLES:
                raise Mistake("too_many_holes", f"a polygon has at most {MAX_HOLES} holes")
            for name, ring in _named_rings(outline):
                if len(ring) < 3:
                    raise Mistake(
                        "too_few_points", f"the {name} has {len(ring)} points; it needs at least 3"
                    )
        case Corridor():
            if total < 2:
                raise Mistake(
                    "too_few_points",
                    f"the corridor has {total} points; it needs at least 2 (or draw a circle)",
                )
        case Circle():
            pass


def _check_radius(outline: Outline) -> None:
    """Raise unless the radius is in range, for outlines that no decoder has checked."""
    radius = radius_cm(outline)
    least = 0 if isinstance(outline, Polygon) else MIN_RADIUS_CM
    if radius < least:
        raise Mistake(
            "zero_size", f"the radius or half-width is at least {MIN_RADIUS_CM // METRE_CM} m"
        )
    if radius > MAX_RADIUS_CM:
        raise Mistake(
            "too_large",
            f"the radius or half-width is at most {MAX_RADIUS_CM // KILOMETRE_CM:,} km",
        )


def _check_extent(points: Ring) -> None:
    first = points[0]
    for point in points[1:]:
        metres, _ = geodesic_inv(first.lat_deg, first.lon_deg, point.lat_deg, point.lon_deg)
        if metres > MAX_EXTENT_KM * 1_000:
            raise Mistake(
                "too_large",
                f"two points are {metres / 1_000:,.0f} km apart; "
                f"an outline reaches at most {MAX_EXTENT_KM:,} km from its first point",
            )


def _check_repeats(ring: Ring, name: str, *, closed: bool) -> None:
    for number, point in enumerate(ring):
        following = ring[(number + 1) % len(ring)]
        last = number == len(ring) - 1
        if last and not closed:
            return
        if same_place(point, following):
            hint = "a ring closes by itself" if last else "leave one of them out"
            raise Mistake(
                "repeated_point",
                f"point {number + 1} of the {name} and the next one are the same; {hint}",
            )


_FEW_POINTS = 8
"""Below this, numbers one by one are quicker than arrays, and are summed in the same order."""


def middle(points: Sequence[Position]) -> tuple[float, float]:
    """Return latitude and longitude, in degrees, of the mean direction of the points.

    It is well defined within MAX_EXTENT_KM, anywhere on the globe.
    """
    if len(points) < _FEW_POINTS:
        x, y, z = _mean_direction(points)
    else:
        lats = np.radians(np.array([p.lat_deg for p in points]))
        lons = np.radians(np.array([p.lon_deg for p in points]))
        x = float(np.mean(np.cos(lats) * np.cos(lons)))
        y = float(np.mean(np.cos(lats) * np.sin(lons)))
        z = float(np.mean(np.sin(lats)))
    lat = np.degrees(np.arctan2(z, np.hypot(x, y)))
    return float(lat), float(np.degrees(np.arctan2(y, x)))


def _mean_direction(points: Sequence[Position]) -> tuple[float, float, float]:
    x = y = z = 0.0
    for point in points:
        phi, lam = math.radians(point.lat_deg), math.radians(point.lon_deg)
        ring = math.cos(phi)
        x += ring * math.cos(lam)
        y += ring * math.sin(lam)
        z += math.sin(phi)
    return x / len(points), y / len(points), z / len(points)


def project_ring(plane: Plane, ring: Ring) -> Floats:
    """Return the ring's x and y in a plane, as an array (n, 2)."""
    return plane.project(np.array([p.lat_deg for p in ring]), np.array([p.lon_deg for p in ring]))


def _check_rings(polygon: Polygon) -> None:
    """Raise unless rings are simple, bound something, and holes lie inside and apart."""
    plane = Plane(*middle(polygon.exterior))
    outer = _check_ring(project_ring(plane, polygon.exterior), "polygon")
    holes: list[shapely.Polygon] = []
    for number, ring in enumerate(polygon.holes, 1):
        hole = _check_ring(project_ring(plane, ring), f"hole {number}")
        if not outer.covers(hole):
            raise Mistake("hole_outside", f"hole {number} is not wholly inside the polygon")
        holes.append(hole)
    _check_apart(holes)


def _check_ring(xy: Floats, name: str) -> shapely.Polygon:
    shape = shapely.Polygon(xy)
    if not shape.is_valid:
        raise Mistake(
            "self_crossing", f"the edges of the {name} cross or touch; list its points in order"
        )
    if shape.area < MIN_AREA_M2:
        raise Mistake("zero_size", f"the {name} bounds no area")
    return shape


def _check_apart(holes: list[shapely.Polygon]) -> None:
    """Raise if two holes overlap; to touch in one point is allowed."""
    tree = shapely.STRtree(holes)
    for number, hole in enumerate(holes):
        for other in tree.query(hole, predicate="overlaps").tolist():
            raise Mistake("holes_overlap", f"holes {number + 1} and {int(other) + 1} overlap")
        for other in tree.query(hole, predicate="covers").tolist():
            if int(other) != number:
                raise Mistake(
                    "holes_overlap", f"hole {int(other) + 1} lies inside hole {number + 1}"
                )
