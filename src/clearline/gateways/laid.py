"""Laid: an outline whose file draws other edges than geodesics, so that it holds what was drawn.

`space.edges` does it for any edge. Most edges in files are short, and for these a bound of how
far the line and the geodesic part is enough: no point is put in, and nothing is sampled.
"""

from __future__ import annotations

import math
from itertools import pairwise

from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.space import Circle, Corridor, Outline, Polygon, Position, check
from clearline.space.curves import LEAST_RADIUS_M
from clearline.space.edges import Contained, Edges, contain, contain_path

__all__ = ["laid"]

_SHORT_M = 2.0
"""Up to here, an outline is grown by what its lines may lie aside, and left as it is."""
_MOST_LAT_DEG = 85.0
_AXIS_M = 6_400_000.0
"""No radius of curvature across the meridian is longer, up to this latitude and beyond."""
_SNAP_CM = 2


def laid(outline: Outline, edges: Edges) -> Contained:
    """Return an outline that holds this one as its file draws it, and what that took.

    The outline is sane. Raises the Mistakes of `check` and of `contain`.
    """
    if isinstance(outline, Circle) or edges is Edges.GEODESIC:
        check(outline)
        return Contained(outline=outline, grown_cm=0)
    if edges is Edges.STRAIGHT:
        aside_m = _aside_m(outline)
        if aside_m <= _SHORT_M:
            grown_cm = math.ceil(aside_m * METRE_CM) + _SNAP_CM
            quick = _widened(outline, grown_cm)
            try:
                check(quick)
            except Mistake:
                pass
            else:
                return Contained(outline=quick, grown_cm=grown_cm)
    if isinstance(outline, Corridor):
        return contain_path(edges, outline.points, width_cm=outline.width_cm)
    return contain(edges, outline.exterior, holes=outline.holes, margin_cm=outline.margin_cm)


def _widened(outline: Polygon | Corridor, by_cm: int) -> Outline:
    if isinstance(outline, Corridor):
        return replace(outline, width_cm=outline.width_cm + 2 * by_cm)
    return replace(outline, margin_cm=outline.margin_cm + by_cm)


def _aside_m(outline: Polygon | Corridor) -> float:
    """Return the most that a straight edge lies aside of its geodesic; infinite if it is long."""
    if isinstance(outline, Corridor):
        return max((_bow_m(a, b) for a, b in pairwise(outline.points)), default=math.inf)
    rings = (outline.exterior, *outline.holes)
    pairs = (pair for ring in rings for pair in pairwise((*ring, *ring[:1])))
    return max((_bow_m(a, b) for a, b in pairs), default=math.inf)


def _bow_m(a: Position, b: Position) -> float:
    """Return the most that the straight line from a to b lies aside of the geodesic.

    Its curvature is at most tan(lat) sin(azimuth) (1 + cos(azimuth)^2 (1 + e^2)) / R, since its
    azimuth turns by sin(azimuth) cos(azimuth)^2 tan(lat) / M and a geodesic's by tan(lat)
    sin(azimuth) / N for each metre. A piece of length L with curvature k lies aside by k L^2 / 8,
    with a little more for the surface's own curvature; see `space.edges`.
    """
    steep = max(abs(a.lat_deg), abs(b.lat_deg))
    if steep > _MOST_LAT_DEG:
        return math.inf
    turn = math.radians(abs((b.lon_deg - a.lon_deg + 180) % 360 - 180))
    flat = min(abs(a.lat_deg), abs(b.lat_deg)) if a.lat_deg * b.lat_deg > 0 else 0.0
    east_m = _AXIS_M * turn * math.cos(math.radians(flat))
    north_m = _AXIS_M * math.radians(abs(b.lat_deg - a.lat_deg))
    long_m = math.hypot(east_m, north_m)
    if long_m > 100_000:
        return math.inf
    # sin(azimuth) is not the same all along it, but cos(lat) changes little in 100 km.
    share = min(1.0, 1.2 * east_m / max(long_m, 1e-9))
    bend = 2.02 * math.tan(math.radians(steep)) * share / LEAST_RADIUS_M
    return 1.01 * bend * long_m**2 / 8
