"""A glance: bounds of the distance from a point to a core, by directions alone.

A plane costs tens of microseconds; this costs a few, and decides most pairs in which one core
is a point. Where it does not decide it says so, and the plane does.

Why it is right: a path of length s on the ground turns the ellipsoid's normal by s / 6,399,594 m
at the least and by s / 6,335,439 m at the most, the radii of curvature at a pole, and of the
meridian at the equator. And the directions along a geodesic leave the arc of the great circle
between those of its ends by less than a thousandth of it (`index.bound`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from clearline.space.footprint import Footprint
    from clearline.space.plane import Floats

__all__ = ["bounds_m"]

_LEAST_M, _MOST_M = 6_335_439.0, 6_399_594.0
_ASTRAY = 0.001
_SLACK_M = 0.1
"""Covers the rounding of all arithmetic here many times over."""
_CACHED = 16_384


class _Arcs(NamedTuple):
    """A core's corners and edges as directions: unit vectors, and arcs between them."""

    corners: Floats
    planes: Floats
    """Array (3 n, 3): the unit normal of the plane of each of n arcs; then the planes through
    its start and through its end that are square to it, each looking along the arc."""
    astray: float
    """So far, in radians, a geodesic may leave its arc."""


def bounds_m(core: Footprint, lat: float, lon: float) -> tuple[float, float]:
    """Return between which lengths the distance lies from a place to a core that is no point.

    The first is 0 for a polygon, as the place may be inside.
    """
    corners, planes, astray = _arcs(core)
    phi, lam = math.radians(lat), math.radians(lon)
    ring = math.cos(phi)
    at = np.array((ring * math.cos(lam), ring * math.sin(lam), math.sin(phi)))
    off, after, before = (planes @ at).reshape(3, -1)
    beside = (after >= 0) & (before >= 0)
    over = float(np.min(np.abs(off), initial=1.0, where=beside))
    away = corners - at
    away *= away
    chord = math.sqrt(float(np.min(np.sum(away, axis=1))))
    least = min(2 * math.asin(min(1.0, chord / 2)), math.asin(over))
    lower = 0.0 if core.ends else max(0.0, (least - astray) * _LEAST_M - _SLACK_M)
    return lower, (least + astray) * _MOST_M + _SLACK_M


@lru_cache(maxsize=_CACHED)
def _arcs(core: Footprint) -> _Arcs:
    phi, lam = np.radians(core.lats), np.radians(core.lons)
    ring = np.cos(phi)
    corners = np.stack([ring * np.cos(lam), ring * np.sin(lam), np.sin(phi)], axis=1)
    first, second = np.array(core.edges()).T
    starts, ends = corners[first], corners[second]
    normals = np.cross(starts, ends)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    longest = 2 * math.asin(min(1.0, float(np.max(np.linalg.norm(ends - starts, axis=1))) / 2))
    planes = np.concatenate([normals, np.cross(normals, starts), np.cross(ends, normals)])
    return _Arcs(corners, planes, longest * _ASTRAY)
