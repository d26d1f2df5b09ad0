"""Cells: the S2 cells of level 13 that an outline touches; for a peer's index, many at once.

S2 lays the globe out as the six faces of a cube, halves each 30 times both ways, and numbers the
quarters along a Hilbert curve. A cell of level 13 is about 1.1 km across. What is done here by
arrays `tests/bench/test_peers.py` holds to s2sphere, cell by cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clearline.space.footprint import footprint
from clearline.space.plane import Plane, stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearline.space import Outline

    Ids = NDArray[np.uint64]

__all__ = ["LEVEL", "cells_of", "centres", "encode"]

LEVEL = 13
_TOP = 30
_WIDEST_RAD = 2.438655  # S2's maximum diagonal of a cell is this over 2^level.
_NARROWEST_RAD = 2 * math.sqrt(2) / 3  # and its minimum width this.
_BALL_M = 6_367_000.0
# The four quarters in the order of the curve, for each of its four ways round: bits of i and j,
# and what the way round becomes.
_ORDER = np.array([[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]])
_PLACE = np.argsort(_ORDER, axis=1)
_TURN = np.array([1, 0, 0, 3])


def encode(xyz: Any, level: int) -> Ids:
    """Return the cell of a level that holds each point, directions (n, 3)."""
    rows = np.arange(len(xyz))
    axis = np.argmax(np.abs(xyz), axis=1)
    face = axis + 3 * (xyz[rows, axis] < 0)
    s, t = (_halved(np.clip(_straightened(each), 0, 1), level) for each in _on_face(xyz, face))
    ids = np.zeros(len(xyz), dtype=np.uint64)
    way = face & 1
    for bit in range(level - 1, -1, -1):
        place = _PLACE[way, ((s >> bit) & 1) * 2 + ((t >> bit) & 1)]
        ids = ids * np.uint64(4) + place.astype(np.uint64)
        way = way ^ _TURN[place]
    rest = 2 * (_TOP - level)
    ids = (face.astype(np.uint64) << np.uint64(2 * level)) | ids
    return (ids << np.uint64(rest + 1)) | np.uint64(1 << rest)


def centres(ids: Ids, level: int) -> Any:
    """Return the directions (n, 3) of the cells' centres."""
    rest = np.uint64(2 * (_TOP - level) + 1)
    path, face = ids >> rest, (ids >> np.uint64(61)).astype(np.int64)
    i, j = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    way = face & 1
    for bit in range(level - 1, -1, -1):
        place = ((path >> np.uint64(2 * bit)) & np.uint64(3)).astype(np.int64)
        quarter = _ORDER[way, place]
        i, j = i * 2 + (quarter >> 1), j * 2 + (quarter & 1)
        way = way ^ _TURN[place]
    u, v = (_bent((each + 0.5) / (1 << level)) for each in (i, j))
    one = np.ones(len(ids))
    sides = np.stack([
        np.stack([one, u, v], 1), np.stack([-u, one, v], 1), np.stack([-u, -v, one], 1),
        np.stack([-one, -v, -u], 1), np.stack([v, -one, -u], 1), np.stack([v, u, -one], 1),
    ])  # fmt: skip
    xyz = sides[face, np.arange(len(ids))]
    return xyz / np.linalg.norm(xyz, axis=1, keepdims=True)


def _on_face(xyz: Any, face: Any) -> tuple[Any, Any]:
    x, y, z = xyz[:, 0], xyz[:, 1], xyz[:, 2]
    u = np.choose(face, [y / x, -x / y, -x / z, z / x, z / y, -y / z])
    v = np.choose(face, [z / x, z / y, -y / z, y / x, -x / y, -x / z])
    return u, v


def _straightened(u: Any) -> Any:
    """Return s of u, by S2's quadratic projection: cells of more even size."""
    root = np.sqrt(1 + 3 * np.abs(u)) / 2
    return np.where(u >= 0, root, 1 - root)


def _bent(s: Any) -> Any:
    return np.where(s >= 0.5, (4 * s * s - 1) / 3, (1 - 4 * (1 - s) ** 2) / 3)


def _halved(s: Any, level: int) -> Any:
    return np.clip(np.floor(s * (1 << level)), 0, (1 << level) - 1).astype(np.int64)


def cells_of(outline: Outline, margin_m: float) -> NDArray[np.int64]:
    """Return the cells of LEVEL that the outline, grown by a margin, may touch.

    Geodetic latitude is taken for that of the ball, as such services do.
    """
    shape = footprint(outline)
    plane = Plane(shape.lat, shape.lon)
    core = shape.core(plane)
    shapely.prepare(core)
    radius_m = shape.radius_m + margin_m
    reach = (shape.core_reach_m + radius_m) / _BALL_M * 1.01
    ids, level = _around(shape.lat, shape.lon, reach)
    while True:
        half_m = _WIDEST_RAD / (1 << level) / 2 * _BALL_M * 1.01
        xyz = centres(ids, level)
        lats = np.degrees(np.arcsin(np.clip(xyz[:, 2], -1, 1)))
        lons = np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))
        points = shapely.points(plane.project(lats, lons))
        long = stretch(reach * _BALL_M + 2 * half_m)
        ids = ids[shapely.dwithin(core, points, (radius_m + half_m) * long)]
        if level == LEVEL:
            return ids.astype(np.int64)
        finer = min(LEVEL, level + 2)
        ids, level = _inside(ids, level, finer), finer


def _inside(ids: Ids, level: int, finer: int) -> Ids:
    """Return all cells of a finer level in cells of a level."""
    first = ids - np.uint64(1 << (2 * (_TOP - level))) + np.uint64(1 << (2 * (_TOP - finer)))
    apart = np.uint64(1 << (2 * (_TOP - finer) + 1))
    return (first[:, None] + np.arange(1 << (2 * (finer - level)), dtype=np.uint64) * apart).ravel()


def _around(lat: float, lon: float, reach: float) -> tuple[Ids, int]:
    """Return at least the cells within an angle of a place, and of which level they are."""
    level = LEVEL
    while level > 0 and _NARROWEST_RAD / (1 << level) < reach:
        level -= 1
    # Samples so close that each cell of this level has one well inside it.
    step, span = _NARROWEST_RAD / (1 << level) * 0.4, reach + _WIDEST_RAD / (1 << level)
    ticks = np.arange(-span, span + step, step)
    grid = np.tan(np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2))
    phi, lam = math.radians(lat), math.radians(lon)
    up = np.array([math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)])
    east = np.array([-math.sin(lam), math.cos(lam), 0.0])
    xyz = up + grid[:, :1] * east + grid[:, 1:] * np.cross(up, east)
    return np.unique(encode(xyz, level)), level
