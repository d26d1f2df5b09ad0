"""Brute force: how far two outlines are apart, by geodesics alone.

The truth that `separation` is held to where pairs come by the million. It shares with it what a
distance is (PROJ's geodesics, which `tests/space/test_brute.py` holds to geographiclib) and
nothing else: no plane, no shapely, no bounding circle, no centre.

Every corner of each core is measured against every edge of the other. The nearest point of an
edge is where the geodesic to it stands upright on it: found by halving the edge, towards where
the geodesic leads. That is enough, since on a surface that is curved like a ball no two edges
that do not cross are nearest in the middle of both. Whether a point is inside
a ring is how often the ring turns round it, as azimuths measured at the point; whether edges
cross is on which sides of each the other's ends lie, as azimuths measured at its start.

For cores within QUARTER_M of each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pyproj import Geod

from clearline.space import Circle, Corridor, Polygon

__all__ = ["QUARTER_M", "Brute", "apart"]

GEOD = Geod(ellps="WGS84")
QUARTER_M = 8_000_000.0
"""Within this a distance to a point grows either way along an edge from its nearest point."""
_HALVINGS = 34
"""Of an edge of 4,000 km, to 0.2 mm; the distance is then off by less than a nanometre a metre."""


class Core(NamedTuple):
    """An outline as corners and edges; degrees and metres."""

    lats: np.ndarray
    lons: np.ndarray
    start: np.ndarray
    end: np.ndarray
    rings: tuple[tuple[int, int], ...]
    """From and to which corner each ring runs, the exterior first; none but for a polygon."""
    radius_m: float


class Brute(NamedTuple):
    """What brute force found of one pair."""

    core_m: float
    """D of the rule; 0 if the cores share a point."""
    apart_m: float
    """D less both radii, not rounded, and not below 0."""
    span_m: float
    """The furthest two corners of either core lie from its first one; for the rule's tolerance."""


def core(outline):
    """Return an outline's core."""
    match outline:
        case Circle(centre=centre, radius_cm=radius_cm):
            rings, closed, radius_m = ((centre,),), False, radius_cm / 100
        case Corridor(points=points, width_cm=width_cm):
            rings, closed, radius_m = (points,), False, ((width_cm + 1) // 2) / 100
        case Polygon(exterior=exterior, holes=holes, margin_cm=margin_cm):
            rings, closed, radius_m = (exterior, *holes), True, margin_cm / 100
    points = [p for ring in rings for p in ring]
    starts, ends, runs, first = [], [], [], 0
    for ring in rings:
        last = first + len(ring)
        starts += range(first, last if closed else last - 1)
        ends += [*range(first + 1, last), *([first] if closed else [])]
        runs.append((first, last))
        first = last
    return Core(
        np.array([p.lat_e7 for p in points]) / 1e7,
        np.array([p.lon_e7 for p in points]) / 1e7,
        np.array(starts, dtype=int),
        np.array(ends, dtype=int),
        tuple(runs) if closed else (),
        radius_m,
    )


def wrapped(degrees):
    """Return angles brought to -180 to 180."""
    return (degrees + 180.0) % 360.0 - 180.0


class _Measured(NamedTuple):
    """Two cores, all corners of the one measured to all of the other; (corners, corners)."""

    a: Core
    b: Core
    at_a: np.ndarray
    at_b: np.ndarray
    metres: np.ndarray
    ahead_a: np.ndarray
    long_a: np.ndarray
    ahead_b: np.ndarray
    long_b: np.ndarray


def apart(pairs):
    """Return, for each pair of outlines, what brute force finds."""
    measured = _measure([(core(a), core(b)) for a, b in pairs])
    shared = [_share(each) for each in measured]
    nearest = _nearest(measured, shared)
    found = []
    for each, meet, metres in zip(measured, shared, nearest, strict=True):
        assert meet or metres < QUARTER_M
        core_m = 0.0 if meet else metres
        gap_m = max(0.0, core_m - each.a.radius_m - each.b.radius_m)
        found.append(Brute(core_m, gap_m, max(_span(each.a), _span(each.b))))
    return found


def _span(core):
    """Return about how far a core is across: the largest distance from its first corner."""
    if len(core.lats) == 1:
        return 0.0
    size = len(core.lats) - 1
    lats, lons = np.full(size, core.lats[0]), np.full(size, core.lons[0])
    return float(GEOD.inv(lons, lats, core.lons[1:], core.lats[1:])[2].max())


def _measure(cores):
    """Return all corners measured to all, in one call for all pairs."""
    ends = [[], [], [], []]
    for a, b in cores:
        ends[0].append(np.repeat(a.lons, len(b.lons)))
        ends[1].append(np.repeat(a.lats, len(b.lats)))
        ends[2].append(np.tile(b.lons, len(a.lons)))
        ends[3].append(np.tile(b.lats, len(a.lats)))
        for one in (a, b):
            for column, (values, which) in enumerate(
                (
                    (one.lons, one.start),
                    (one.lats, one.start),
                    (one.lons, one.end),
                    (one.lats, one.end),
                )
            ):
                ends[column].append(values[which])
    forth, back, metres = GEOD.inv(*(np.concatenate(column) for column in ends))
    found, at = [], 0
    for a, b in cores:
        size = len(a.lats), len(b.lats)
        grid = slice(at, at + size[0] * size[1])
        of_a = slice(grid.stop, grid.stop + len(a.start))
        of_b = slice(of_a.stop, of_a.stop + len(b.start))
        at = of_b.stop
        found.append(
            _Measured(
                a,
                b,
                forth[grid].reshape(size),
                back[grid].reshape(size),
                metres[grid].reshape(size),
                forth[of_a],
                metres[of_a],
                forth[of_b],
                metres[of_b],
            )
        )
    return found


def _share(each):
    """Return whether two cores share a point, but for edges that only touch."""
    if each.metres.min() > QUARTER_M:
        return False
    return bool(
        _inside(each.b, each.at_a).any() or _inside(each.a, each.at_b.T).any() or _cross(each)
    )


def _inside(area, azimuths):
    """Return which points are inside an area's rings, by their azimuths to its corners."""
    if not area.rings:
        return np.zeros(len(azimuths), dtype=bool)
    turns = []
    for first, last in area.rings:
        ring = azimuths[:, first:last]
        steps = wrapped(np.roll(ring, -1, axis=1) - ring)
        turns.append(np.abs(steps.sum(axis=1)) > 180.0)
    return turns[0] & ~np.any(turns[1:], axis=0) if len(turns) > 1 else turns[0]


def _cross(each):
    """Return whether any two edges cross: each has the other's ends on both of its sides."""
    if not len(each.a.start) or not len(each.b.start):
        return False
    from_a = np.sin(np.radians(each.at_a[each.a.start] - each.ahead_a[:, None]))
    from_b = np.sin(np.radians(each.at_b.T[each.b.start] - each.ahead_b[:, None]))
    apart_b = from_a[:, each.b.start] * from_a[:, each.b.end] < 0
    apart_a = from_b[:, each.a.start] * from_b[:, each.a.end] < 0
    return bool((apart_b & apart_a.T).any())


def _nearest(measured, shared):
    """Return the least distance of a corner of either from an edge or corner of the other."""
    least = np.array([each.metres.min() for each in measured])
    lists = [[] for _ in range(7)]
    for number, (each, meet) in enumerate(zip(measured, shared, strict=True)):
        if meet:
            continue
        sides = (
            (each.a, each.metres, each.b, each.ahead_b, each.long_b),
            (each.b, each.metres.T, each.a, each.ahead_a, each.long_a),
        )
        for points, metres, edges, ahead, long in sides:
            if not len(edges.start):
                continue
            to_start, to_end = metres[:, edges.start], metres[:, edges.end]
            # By the triangle's inequality nothing of the edge can be nearer than this.
            rows, columns = np.nonzero((to_start + to_end - long) / 2 <= least[number])
            for column, values in enumerate(
                (
                    np.full(len(rows), number),
                    points.lats[rows],
                    points.lons[rows],
                    edges.lats[edges.start][columns],
                    edges.lons[edges.start][columns],
                    ahead[columns],
                    long[columns],
                )
            ):
                lists[column].append(values)
    if lists[0]:
        owner, *rest = (np.concatenate(column) for column in lists)
        np.minimum.at(least, owner.astype(int), _closest_of(*rest))
    return least.tolist()


def _closest_of(lat, lon, lat_from, lon_from, ahead, long):
    """Return the distance of each point from its edge, halving the edge until it stays.

    Where the way to the point leads forward the nearest place lies ahead; else behind.
    """
    low, high = np.zeros(len(lat)), long.copy()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        metres, leads = _look(lat, lon, lat_from, lon_from, ahead, middle)
        low, high = np.where(leads > 0, middle, low), np.where(leads > 0, high, middle)
    return metres


def _look(lat, lon, lat_from, lon_from, ahead, along):
    """Return how far points are from places along edges, and whether ahead (more than 0)."""
    at_lon, at_lat, back = GEOD.fwd(lon_from, lat_from, ahead, along)
    azimuth, _, metres = GEOD.inv(at_lon, at_lat, lon, lat)
    return metres, np.cos(np.radians(azimuth - back - 180.0))
