"""Drawn: an outline as rings of longitudes and latitudes, for formats that have nothing else.

An outline is a core and a radius, with geodesics for edges. A map's file has rings, and draws
straight lines between their points, in longitude and latitude or along a great circle. So the
outline is grown by `grown_m`, and gets points until either line stays within that of the
geodesic: whichever way the rings are drawn, **all of the outline is in them**.

RFC 7946, section 3.1.9: what crosses the antimeridian is cut there into parts. An outline
about a pole reaches along the antimeridian to it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.gateways.writing import Losses
from clearline.space import MAX_VERTICES, Circle, Outline, Polygon
from clearline.space.footprint import Footprint, footprint
from clearline.space.plane import Plane, stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from clearline.space.plane import Floats

__all__ = ["Drawn", "Part", "Ring", "draw", "draw_saying"]

Ring = tuple[tuple[float, float], ...]
"""Longitude and latitude in degrees, to seven decimals; the first is not repeated at the end."""

_LEAST_SLACK_M = 1.0
_SLACK = 1e-4
"""How much of its reach an outline is grown by, so that few points are needed."""
_ROUNDING_M = 0.05
"""What positions move in being rounded to seven decimals, and more than that."""
_LEAST_CURVATURE_M = 6_335_400.0
"""The smallest radius of curvature there is: what is far away in the plane is so at most."""
_QUARTER = 8
"""Chords of a quarter circle."""
_PER_DEGREE_M = 111_700.0
_LEAST_SQUARE_M = 1.2
"""What is cut off at the antimeridian and is smaller than this holds nothing of an outline, which
is at least 1 m within what was drawn: half a circle of 1 m is larger."""
_MOST_ROUNDS = 16
_MOST_POINTS = MAX_VERTICES - 100
"""What is written can be read again: cutting and closing about a pole add a few."""


class Part(Struct, frozen=True):
    """One polygon on a map that ends at the antimeridian."""

    exterior: Ring
    """Anticlockwise."""
    holes: tuple[Ring, ...] = ()
    """Clockwise."""


class Drawn(Struct, frozen=True, kw_only=True):
    """An outline as rings."""

    parts: tuple[Part, ...]
    """Cut at the antimeridian; mostly one."""
    whole: Ring
    """The exterior in one piece, from -180 to 180 degrees without a cut; empty about a pole."""
    has_holes: bool
    grown_m: float
    """No point of the rings is much further than this from the outline; 2 % of its radius more."""


def draw(outline: Outline) -> Drawn:
    """Return rings that hold all of an outline that `check` accepts."""
    shape = footprint(outline)
    plane = Plane(shape.lat, shape.lon)
    core = shape.core(plane)
    slack_m = max(_LEAST_SLACK_M, _SLACK * shape.reach_m)
    while True:
        drawn = _drawn(outline, shape, plane, core, slack_m)
        points = sum(len(r) for part in drawn.parts for r in (part.exterior, *part.holes))
        if points <= _MOST_POINTS or slack_m > 0.1 * shape.reach_m:
            return drawn
        slack_m *= 4


def draw_saying(outline: Outline, losses: Losses) -> Drawn:
    """Return rings that hold an outline, and say what of it they are not."""
    drawn = draw(outline)
    if not isinstance(outline, Polygon) or outline.margin_cm:
        losses.add("circles, corridors and margins: they are drawn as polygons that hold them")
    if not drawn.parts:
        raise Mistake("too_large", "an outline cannot be drawn on a map")
    return drawn


def _drawn(
    outline: Outline, shape: Footprint, plane: Plane, core: BaseGeometry, slack_m: float
) -> Drawn:
    # Twice: once to be simplified by so much, once for the lines between the points.
    beyond_m = 2 * slack_m + _ROUNDING_M + 2 * (shape.reach_m / 1e6) ** 4
    grown = _grown(outline, shape, core, beyond_m).simplify(slack_m)
    polygon = shapely.geometry.polygon.orient(cast("shapely.Polygon", grown))
    exterior, turns = _unrolled(plane, polygon.exterior, slack_m)
    flat = _filled(_about_pole(exterior, turns))
    for ring in polygon.interiors:
        hole = _about_pole(*_unrolled(plane, ring.reverse(), slack_m))
        for sheet in (-360.0, 0.0, 360.0):
            flat = flat.difference(shapely.Polygon(_east(hole, sheet)).buffer(0))
    parts = tuple(_cut(flat))
    return Drawn(
        parts=parts,
        whole=() if turns else _rolled(exterior),
        has_holes=bool(polygon.interiors),
        grown_m=beyond_m,
    )


def _grown(outline: Outline, shape: Footprint, core: BaseGeometry, beyond_m: float) -> BaseGeometry:
    """Return the core in its plane with everything within its radius, and `beyond_m` more.

    A length of the plane is never too short, so what is drawn about the core is made longer by
    the most that one can be; chords are drawn instead of arcs, so they are moved out.
    """
    reach_m = shape.radius_m + beyond_m
    if isinstance(outline, Circle):
        return core.buffer(_plane_m(reach_m) / math.cos(math.pi / 64), quad_segs=16)
    wide_m = reach_m * stretch(shape.core_reach_m + reach_m)
    if shape.radius_m == 0:
        return core.buffer(wide_m, join_style="mitre", mitre_limit=5)
    # An arc is parted into as many chords as fit best, so that one may be half as long again.
    chord = 1.5 * math.pi / 2 / _QUARTER
    return core.buffer(wide_m / math.cos(chord / 2), quad_segs=_QUARTER)


def _plane_m(ground_m: float) -> float:
    """Return the longest that a length from the centre can be in the plane."""
    return math.tan(ground_m / _LEAST_CURVATURE_M) * _LEAST_CURVATURE_M


def _unrolled(plane: Plane, ring: Any, slack_m: float) -> tuple[Floats, int]:
    """Return a ring's longitudes and latitudes without a jump, and its turns about the axis.

    Points are put in until the straight line between two is within `slack_m` of the geodesic.
    """
    xy = np.asarray(ring.coords)[:-1]
    lonlat = plane.unproject_all(xy)
    for _ in range(_MOST_ROUNDS):
        following_xy, following = np.roll(xy, -1, axis=0), np.roll(lonlat, -1, axis=0)
        middle_xy = (xy + following_xy) / 2
        middle = plane.unproject_all(middle_xy)
        wide = _aside_m(lonlat, following, middle) > slack_m / 1.3
        if not wide.any() or len(xy) > 20 * MAX_VERTICES:
            break
        at = np.flatnonzero(wide) + 1
        xy = np.insert(xy, at, middle_xy[wide], axis=0)
        lonlat = np.insert(lonlat, at, middle[wide], axis=0)
    steps = _turn(np.diff(lonlat[:, 0], append=lonlat[0, 0]))
    lonlat[1:, 0] = lonlat[0, 0] + np.cumsum(steps[:-1])
    return np.round(lonlat, 7), round(float(steps.sum()) / 360)


def _turn(degrees: Floats) -> Floats:
    """Return differences of longitude the shorter way."""
    return (degrees + 180) % 360 - 180


def _aside_m(start: Floats, end: Floats, middle: Floats) -> Floats:
    """Return how far, about, each middle lies from the straight line in longitude and latitude."""
    narrow = np.cos(np.radians(middle[:, 1]))
    line = np.column_stack([_turn(end[:, 0] - start[:, 0]) * narrow, end[:, 1] - start[:, 1]])
    to = np.column_stack([_turn(middle[:, 0] - start[:, 0]) * narrow, middle[:, 1] - start[:, 1]])
    long = np.maximum(np.hypot(line[:, 0], line[:, 1]), 1e-12)
    return np.abs(line[:, 0] * to[:, 1] - line[:, 1] * to[:, 0]) / long * _PER_DEGREE_M


def _about_pole(ring: Floats, turns: int) -> Floats:
    """Return a ring that goes round the axis, closed over the pole that it holds.

    It runs anticlockwise, so the pole that it holds is on its left: north if it runs east.
    """
    if not turns:
        return ring
    pole = 90.0 if turns > 0 else -90.0
    first, last = float(ring[0, 0]), float(ring[0, 0]) + 360 * turns
    return np.vstack([ring, [(last, ring[0, 1]), (last, pole), (first, pole)]])


def _filled(ring: Floats) -> shapely.Polygon:
    """Return what a ring bounds on the map; where its straight lines cross, all around it."""
    flat = shapely.Polygon(ring)
    return flat if flat.is_valid else cast("shapely.Polygon", flat.convex_hull)


def _east(points: Floats, degrees: float) -> Floats:
    """Return points moved to the east."""
    return np.column_stack([points[:, 0] + degrees, points[:, 1]])


def _cut(flat: BaseGeometry) -> Iterator[Part]:
    """Yield the parts of a map that has one sheet, with longitudes of -180 to 180."""
    west, _, east, _ = flat.bounds
    first, last = math.floor((west + 180) / 360), math.ceil((east - 180) / 360)
    if (first, last) != (0, 0):
        flat = shapely.union_all([_sheet(flat, number) for number in range(first, last + 1)])
    for each in (half for whole in shapely.get_parts(flat) for half in _halves(whole)):
        if isinstance(each, shapely.Polygon) and _square_m(each) >= _LEAST_SQUARE_M:
            turned = shapely.geometry.polygon.orient(each)
            holes = (_ring(hole) for hole in turned.interiors)
            yield Part(_ring(turned.exterior), tuple(hole for hole in holes if len(hole) > 2))


def _halves(flat: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield a part of a map; in halves if it goes all round a hole in which a pole is.

    Whole, its two ends on the map would be one line on the ground, and no ring touches itself.
    """
    west, south, east, north = flat.bounds
    if west > -180 or east < 180 or south <= -90 or north >= 90:
        yield flat
        return
    for start in (-180, 0):
        yield from shapely.get_parts(
            shapely.intersection(flat, shapely.box(start, -90, start + 180, 90))
        )


def _square_m(flat: shapely.Polygon) -> float:
    """Return the area of a small polygon of a map, about, and never too small."""
    _, south, _, north = flat.bounds
    nearest = 0.0 if south * north < 0 else min(abs(south), abs(north))
    return flat.area * _PER_DEGREE_M**2 * math.cos(math.radians(nearest))


def _sheet(flat: BaseGeometry, number: int) -> BaseGeometry:
    """Return what of a map lies on one of its sheets, moved to the first one."""
    west = 360 * number - 180
    piece = shapely.intersection(flat, shapely.box(west, -90, west + 360, 90))
    return shapely.transform(piece, lambda points: _east(points, -360.0 * number))


def _ring(ring: Any) -> Ring:
    points = np.round(np.asarray(ring.coords), 7).tolist()
    return tuple((lon, lat) for (lon, lat), there in pairwise(points) if [lon, lat] != there)


def _rolled(ring: Floats) -> Ring:
    return tuple((round((lon + 180) % 360 - 180, 7), round(lat, 7)) for lon, lat in ring.tolist())
