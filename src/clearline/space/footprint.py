"""A footprint: an outline made ready to be measured.

It holds what every measurement of an outline needs and what costs too much to work out each
time: a bounding circle, and the core's coordinates as arrays. Footprints are cached by the
outline's value, so the same outline is prepared once.

It decides nothing.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

from clearline.basis.quantities import METRE_CM
from clearline.space.outline import (
    MAX_EXTENT_KM,
    Circle,
    Outline,
    Polygon,
    middle,
    positions,
    radius_cm,
)
from clearline.space.plane import geodesic_inv, geodesic_invs

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from clearline.space.plane import Floats, Plane

__all__ = ["Footprint", "both_cores", "bounding", "footprint"]

# The stubs of shapely leave the keyword arguments untyped; its classes are slower than these.
_shapely = cast("Any", shapely)

_MIDDLE = shapely.Point(0.0, 0.0)
"""The centre of a plane, in that plane."""

_CACHED = 16_384
"""Footprints kept; about 1 kB each for a usual outline."""
_FEW_POINTS = 12
"""So few are measured one by one."""


class Footprint:
    """An outline's bounding circle and core. All lengths are in metres."""

    __slots__ = ("core_reach_m", "ends", "lat", "lats", "lon", "lons", "outline", "radius_m")

    def __init__(self, outline: Outline) -> None:
        points = positions(outline)
        self.outline = outline
        self.radius_m = radius_cm(outline) / METRE_CM
        self.lats: Floats = np.array([p.lat_deg for p in points])
        self.lons: Floats = np.array([p.lon_deg for p in points])
        if isinstance(outline, Circle):
            self.lat, self.lon = outline.centre.lat_deg, outline.centre.lon_deg
            self.core_reach_m = 0.0
        else:
            self.lat, self.lon = middle(points)
            # A geodesic disc this small is convex: it holds the edges if it holds their ends.
            self.core_reach_m = self._farthest_m()
            if self.core_reach_m > MAX_EXTENT_KM * 1_000:
                # With most of its corners at one end, an outline is wider about their middle
                # than about its first point.
                self.lat, self.lon = points[0].lat_deg, points[0].lon_deg
                self.core_reach_m = self._farthest_m()
        self.ends = self._ring_ends()

    def _farthest_m(self) -> float:
        """Return how far the farthest point of the core is from the middle."""
        size = len(self.lats)
        if size > _FEW_POINTS:
            metres = geodesic_invs(
                np.full(size, self.lat), np.full(size, self.lon), self.lats, self.lons
            )
            return float(np.max(metres))
        lat, lon = self.lat, self.lon
        return max(
            geodesic_inv(lat, lon, *at)[0]
            for at in zip(self.lats.tolist(), self.lons.tolist(), strict=True)
        )

    def _ring_ends(self) -> tuple[int, ...]:
        """Return where each ring ends in the arrays; empty for a point or a path."""
        if not isinstance(self.outline, Polygon):
            return ()
        rings = (self.outline.exterior, *self.outline.holes)
        return tuple(accumulate(len(ring) for ring in rings))

    @property
    def reach_m(self) -> float:
        """Return the radius of a circle about (`lat`, `lon`) that holds the whole outline."""
        return self.core_reach_m + self.radius_m

    @property
    def is_point(self) -> bool:
        """Return whether the core is one point."""
        return len(self.lats) == 1

    def core(self, plane: Plane, *, shore: bool = False) -> BaseGeometry:
        """Return the core as a shape of the plane: a point, a line or a polygon.

        With `shore`, a polygon is its rings alone, without what they bound.
        """
        if self.is_middle(plane):
            return _MIDDLE
        return self.shape(plane.project(self.lats, self.lons), shore=shore)

    def is_middle(self, plane: Plane) -> bool:
        """Return whether the core is the point about which a plane is laid."""
        return self.is_point and (plane.lat, plane.lon) == (self.lat, self.lon)

    def shape(self, xy: Floats, *, shore: bool) -> BaseGeometry:
        """Return the core as a shape, of its points as a plane has them."""
        if self.is_point:
            return _shapely.points(xy[0])
        if not self.ends:
            return _shapely.linestrings(xy)
        if len(self.ends) == 1:
            polygon = _shapely.polygons(xy)
        else:
            rings = [_shapely.linearrings(ring) for ring in np.split(xy, self.ends[:-1])]
            polygon = _shapely.polygons(rings[0], rings[1:])
        return shapely.boundary(polygon) if shore else polygon

    def edges(self) -> list[tuple[int, int]]:
        """Return the core's edges as pairs of indices into `lats` and `lons`."""
        if self.is_point:
            return [(0, 0)]
        if not self.ends:
            return [(i, i + 1) for i in range(len(self.lats) - 1)]
        pairs: list[tuple[int, int]] = []
        start = 0
        for end in self.ends:
            pairs += [(i, i + 1 if i + 1 < end else start) for i in range(start, end)]
            start = end
        return pairs


def both_cores(
    plane: Plane, a: Footprint, b: Footprint, *, shore: bool = False
) -> tuple[BaseGeometry, BaseGeometry]:
    """Return the cores of two as `core` does, projected together."""
    if a.is_middle(plane) or b.is_middle(plane):
        return a.core(plane, shore=shore), b.core(plane, shore=shore)
    size = len(a.lats)
    xy = plane.project(np.concatenate([a.lats, b.lats]), np.concatenate([a.lons, b.lons]))
    return a.shape(xy[:size], shore=shore), b.shape(xy[size:], shore=shore)


@lru_cache(maxsize=_CACHED)
def footprint(outline: Outline) -> Footprint:
    """Return the footprint of an outline that `check` accepts."""
    return Footprint(outline)


def bounding(outline: Outline) -> tuple[float, float, float, float]:
    """Return a circle that holds the outline: the direction of its middle, and its radius in m."""
    shape = footprint(outline)
    phi, lam = math.radians(shape.lat), math.radians(shape.lon)
    ring = math.cos(phi)
    return ring * math.cos(lam), ring * math.sin(lam), math.sin(phi), shape.reach_m
