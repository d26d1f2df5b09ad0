"""A glance: bounds of the distance from one core to others, by directions alone.

A plane for each pair costs tens of microseconds. A point and a core cost a few, by the arcs of
the core (`bounds_m`); and of many cores one picture, as they are seen from the middle of one
of them, costs a few for each (`bounds_of_many_m`). Both decide most pairs. Where they do not
decide they say so, and the planes do. They bound the true distance, and are never a part of the
answer: a separation does not depend on what else was looked at.

Why it is right:

- A path of length s on the ground turns the ellipsoid's normal by s / 6,399,594 m at the least
  and by s / 6,335,439 m at the most, the radii of curvature at a pole, and of the meridian at
  the equator.
- The directions along a geodesic leave the arc of the great circle between those of its ends
  by less than a thousandth of it (`index.bound`). So a core, and the core of such arcs between
  the same corners, are nowhere further from each other than that.
- Seen from the middle of a ball (its gnomonic projection) such arcs are straight. A length in
  the picture is never less than the angle it shows, and never more than 1 / z^2 of it, where z
  is the cosine of how far from the picture's centre the farther of its ends is.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import shapely

from clearline.space.drawing import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.space.footprint import Footprint
    from clearline.space.plane import Floats

__all__ = ["bounds_m", "bounds_of_many_m"]

_LEAST_M, _MOST_M = 6_335_439.0, 6_399_594.0
_ASTRAY = 0.001
_SLACK_M = 0.1
"""Covers the rounding of all arithmetic here many times over."""
_HORIZON = 0.5
"""The cosine of how far one sees: 60 degrees."""
_CACHED = 16_384

# The stubs of shapely leave arrays of shapes untyped.
_shapely = cast("Any", shapely)


class _Arcs(NamedTuple):
    """A core's corners and edges as directions: unit vectors, and arcs between them."""

    corners: Floats
    """Array (m, 3)."""
    starts: Floats
    """Array (n, 3), of each of n arcs."""
    ends: Floats
    """Likewise."""
    astray: float
    """So far, in radians, a geodesic may leave its arc."""


def bounds_m(core: Footprint, lat: float, lon: float) -> tuple[float, float]:
    """Return between which lengths the distance lies from a place to a core that is no point.

    The first is 0 for a polygon, as the place may be inside.
    """
    corners, _, _, astray = _arcs(core)
    phi, lam = math.radians(lat), math.radians(lon)
    ring = math.cos(phi)
    at = np.array((ring * math.cos(lam), ring * math.sin(lam), math.sin(phi)))
    off, after, before = (_planes(core) @ at).reshape(3, -1)
    beside = (after >= 0) & (before >= 0)
    over = float(np.min(np.abs(off), initial=1.0, where=beside))
    away = corners - at
    away *= away
    chord = math.sqrt(float(np.min(np.sum(away, axis=1))))
    least = min(2 * math.asin(min(1.0, chord / 2)), math.asin(over))
    lower = 0.0 if core.ends else max(0.0, (least - astray) * _LEAST_M - _SLACK_M)
    return lower, (least + astray) * _MOST_M + _SLACK_M


def bounds_of_many_m(core: Footprint, others: Sequence[Footprint]) -> tuple[Floats, Floats]:
    """Return between which lengths the distances lie from a core to others, an array of each.

    They are 0 and infinity for one that reaches too far for a glance.
    """
    cores = [core, *others]
    arcs = [_arcs(each) for each in cores]
    sizes = np.array([len(each.corners) for each in arcs])
    seen = np.concatenate([each.corners for each in arcs]) @ _view(core.lat, core.lon)
    z = seen[:, 2]
    farthest = np.minimum.reduceat(z, np.cumsum(sizes) - sizes)
    shapes = drawn(cores, sizes, seen[:, :2] / np.maximum(z, _HORIZON)[:, None])
    lengths = _shapely.distance(shapes[0], shapes[1:])
    astray = np.array([each.astray for each in arcs[1:]]) + arcs[0].astray
    ends = np.minimum(farthest[1:], farthest[0])
    least = (lengths * ends * ends - astray) * _LEAST_M - _SLACK_M
    most = (lengths + astray) * _MOST_M + _SLACK_M
    too_far = ends <= _HORIZON
    least[too_far], most[too_far] = 0.0, math.inf
    return np.maximum(0.0, least), most


def _view(lat: float, lon: float) -> Floats:
    """Return the directions east, north and up of a place, as the columns of an array (3, 3)."""
    phi, lam = math.radians(lat), math.radians(lon)
    sine, ring = math.sin(phi), math.cos(phi)
    east, up = math.sin(lam), math.cos(lam)
    return np.array(
        ((-east, -sine * up, ring * up), (up, -sine * east, ring * east), (0, ring, sine))
    )


@lru_cache(maxsize=_CACHED)
def _arcs(core: Footprint) -> _Arcs:
    phi, lam = np.radians(core.lats), np.radians(core.lons)
    ring = np.cos(phi)
    corners = np.stack([ring * np.cos(lam), ring * np.sin(lam), np.sin(phi)], axis=1)
    if core.is_point:
        return _Arcs(corners, corners, corners, 0.0)
    first, second = np.array(core.edges()).T
    starts, ends = corners[first], corners[second]
    longest = 2 * math.asin(min(1.0, float(np.max(np.linalg.norm(ends - starts, axis=1))) / 2))
    return _Arcs(corners, starts, ends, longest * _ASTRAY)


@lru_cache(maxsize=_CACHED)
def _planes(core: Footprint) -> Floats:
    """Return the planes of a core's n arcs, which only a point is held against.

    Array (3 n, 3): the unit normal of the plane of each arc; then the planes through its start
    and through its end that are square to it, each looking along the arc.
    """
    _, starts, ends, _ = _arcs(core)
    normals: Floats = np.cross(starts, ends - starts)  # Of ends a centimetre apart as well.
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    return np.concatenate([normals, np.cross(normals, starts), np.cross(ends, normals)])
