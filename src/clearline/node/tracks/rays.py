"""Rays: how far many points are from many outlines, and where their courses lead into them.

Each point is the centre of its own ellipsoidal gnomonic plane, in which all geodesics are
straight and those through the centre keep their length's order. So the nearest point of an
outline's core, and whether the centre is inside of it, are found exactly among straight edges,
for thousands of pairs by one call of the geodesic library. A course is a straight ray from the
centre; where it runs far out the plane is wide, so an outline there is taken as wider by as
much: a ray that enters is never missed.

It decides nothing. The plane is that of `space.plane`, which says why it holds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from pyproj import Geod

from clearline.space import Outline
from clearline.space.footprint import footprint
from clearline.space.plane import WGS84_A_M, WGS84_E2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Truths = NDArray[np.bool_]

__all__ = ["Core", "Laid", "core_of", "lay"]

_inv = cast("Callable[..., Any]", Geod(ellps="WGS84").inv)
_B_M = WGS84_A_M * math.sqrt(1 - WGS84_E2)
_LEAST_CURVATURE_M = 6_335_400.0
_FURTHEST_M = 5_000_000.0


class Core(NamedTuple):
    """An outline made ready: its core's vertices and edges, and the radius around them."""

    lats: Floats
    lons: Floats
    begins: Integers
    """For each edge the index of its first vertex; a point has one edge, to itself."""
    ends: Integers
    is_polygon: bool
    radius_m: float


def core_of(outline: Outline) -> Core:
    """Return an outline as it is measured here."""
    shape = footprint(outline)
    edges = np.array(shape.edges(), dtype=np.int64)
    return Core(shape.lats, shape.lons, edges[:, 0], edges[:, 1], bool(shape.ends), shape.radius_m)


class Laid(NamedTuple):
    """Pairs of a point and a core, each core laid into the plane about its point."""

    root: Floats
    """Of each pair the root of the curvature at the point, per metre."""
    ax: Floats
    ay: Floats
    bx: Floats
    by: Floats
    """The ends of every edge, one pair after the other."""
    first: Integers
    """Of each pair its first edge."""
    of: Integers
    """Of each edge its pair."""
    polygon: Truths
    radius_m: Floats

    def gap_m(self) -> Floats:
        """Return how far each point is from its outline, along the ground; 0 inside."""
        metres = np.arctan(self.root * self._far(0.0, 0.0)) / self.root - self.radius_m
        metres[self._holds(0.0, 0.0)] = 0.0
        return np.maximum(metres, 0.0)

    def entry_m(self, course: Floats, near_m: Floats, far_m: Floats) -> Floats:
        """Return how far along its course each point is inside its outline first; inf for never.

        `course` is in radians from north; only the way from `near_m` to `far_m` counts.
        """
        root = self.root
        dx, dy = np.sin(course), np.cos(course)
        begin = np.tan(root * np.minimum(near_m, _FURTHEST_M)) / root
        end = np.tan(root * np.minimum(far_m, _FURTHEST_M)) / root
        # Across the ray a plane is wider by 1 / cos, along it by the square of that.
        radius = self.radius_m / np.cos(np.minimum(far_m, _FURTHEST_M) / _LEAST_CURVATURE_M) ** 2
        x, y = begin * dx, begin * dy
        inside = self._holds(x[self.of], y[self.of]) | (self._far(x[self.of], y[self.of]) <= radius)
        hit = begin + _first_hit(self, x, y, dx, dy, radius)
        plane_m = np.where(inside, begin, np.where(hit <= end, hit, np.inf))
        finite = (near_m <= far_m) & np.isfinite(plane_m)
        return np.where(finite, np.arctan(root * np.where(finite, plane_m, 0.0)) / root, np.inf)

    def _far(self, x: Any, y: Any) -> Floats:
        """Return how far (x, y), one a pair or one an edge, is from each core in the plane."""
        ex, ey = self.bx - self.ax, self.by - self.ay
        wx, wy = x - self.ax, y - self.ay
        square = ex * ex + ey * ey
        share = np.clip((wx * ex + wy * ey) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        away = np.hypot(wx - share * ex, wy - share * ey)
        return np.minimum.reduceat(away, self.first)

    def _holds(self, x: Any, y: Any) -> Truths:
        """Return whether (x, y) is in the polygon of each pair: an odd number of edges to pass."""
        above_a, above_b = self.ay > y, self.by > y
        height = np.where(above_a == above_b, 1.0, self.by - self.ay)
        across = self.ax + (y - self.ay) * (self.bx - self.ax) / height
        passed = (above_a != above_b) & (across > x)
        return self.polygon & (np.add.reduceat(passed.astype(np.int64), self.first) % 2 == 1)


def lay(lats: Floats, lons: Floats, cores: Sequence[Core]) -> Laid:
    """Return each core laid into the plane about its point; at least one pair."""
    sizes = np.fromiter((len(core.lats) for core in cores), dtype=np.int64, count=len(cores))
    edges = np.fromiter((len(core.begins) for core in cores), dtype=np.int64, count=len(cores))
    to_lat = np.concatenate([core.lats for core in cores])
    to_lon = np.concatenate([core.lons for core in cores])
    from_lat, from_lon = np.repeat(lats, sizes), np.repeat(lons, sizes)
    azimuths, _, metres = _inv(from_lon, from_lat, to_lon, to_lat)
    here = _root(lats)
    k = np.sqrt((3 * np.repeat(here, sizes) ** 2 + _root(to_lat) ** 2) / 4)
    radii = np.tan(k * np.minimum(metres, _FURTHEST_M)) / k
    turned = np.radians(azimuths)
    x, y = radii * np.sin(turned), radii * np.cos(turned)
    offset = np.repeat(np.cumsum(sizes) - sizes, edges)
    begins = np.concatenate([core.begins for core in cores]) + offset
    ends = np.concatenate([core.ends for core in cores]) + offset
    return Laid(
        root=here,
        ax=x[begins], ay=y[begins], bx=x[ends], by=y[ends],
        first=np.cumsum(edges) - edges,
        of=np.repeat(np.arange(len(cores)), edges),
        polygon=np.fromiter((core.is_polygon for core in cores), dtype=np.bool_, count=len(cores)),
        radius_m=np.fromiter((core.radius_m for core in cores), dtype=np.float64, count=len(cores)),
    )  # fmt: skip


def _first_hit(laid: Laid, x: Floats, y: Floats, dx: Floats, dy: Floats, radius: Floats) -> Floats:
    """Return where each ray first meets a circle about a vertex or a line beside an edge."""
    of = laid.of
    ux, uy, r = dx[of], dy[of], radius[of]
    wx, wy = laid.ax - x[of], laid.ay - y[of]
    vx, vy = laid.bx - x[of], laid.by - y[of]
    best = np.minimum(_circle(wx, wy, ux, uy, r), _circle(vx, vy, ux, uy, r))
    ex, ey = laid.bx - laid.ax, laid.by - laid.ay
    length = np.hypot(ex, ey)
    scale = np.where(length > 0, r / np.where(length > 0, length, 1.0), 0.0)
    nx, ny = -ey * scale, ex * scale
    for side in (1.0, -1.0):
        best = np.minimum(best, _line(wx + side * nx, wy + side * ny, ex, ey, ux, uy))
    return np.minimum.reduceat(best, laid.first)


def _circle(wx: Floats, wy: Floats, ux: Floats, uy: Floats, r: Floats) -> Floats:
    along = wx * ux + wy * uy
    inner = along * along - (wx * wx + wy * wy - r * r)
    at = along - np.sqrt(np.maximum(inner, 0.0))
    return np.where((inner >= 0) & (at >= 0), at, np.inf)


def _line(wx: Floats, wy: Floats, ex: Floats, ey: Floats, ux: Floats, uy: Floats) -> Floats:
    den = ux * ey - uy * ex
    safe = np.where(den == 0, 1.0, den)
    at = (wx * ey - wy * ex) / safe
    share = (wx * uy - wy * ux) / safe
    return np.where((den != 0) & (at >= 0) & (share >= 0) & (share <= 1), at, np.inf)


def _root(lats: Floats) -> Floats:
    sines = np.sin(np.radians(lats))
    return (1 - WGS84_E2 * sines * sines) / _B_M
