"""Rays: distances and courses of many pairs at once are what the separation's own rule finds."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from clearline.basis.faults import Mistake
from clearline.node.tracks.rays import core_of, lay
from clearline.space import Circle, Outline, Polygon, check, from_degrees, horizontal_cm
from clearline.space.plane import geodesic_fwd
from tests.node.tracks.sky import circle, some_outline

PLACES = [(10.0, 20.0), (-35.0, 179.95), (60.0, -180.0), (89.9, 100.0), (-89.95, 0.0), (0.0, 0.0)]
PAIRS = 240


def pairs() -> list[tuple[float, float, Outline]]:
    rnd = random.Random(7)
    made: list[tuple[float, float, Outline]] = []
    while len(made) < PAIRS:
        lat, lon = PLACES[len(made) % len(PLACES)]
        outline = some_outline(rnd, lat, lon, rnd.choice([2_000, 40_000, 200_000]))
        try:
            check(outline)
        except Mistake:
            continue
        made.append(
            (*geodesic_fwd(lat, lon, rnd.uniform(0, 360), rnd.uniform(0, 250_000)), outline)
        )
    return made


def gap_m(lat: float, lon: float, outline: Outline) -> float:
    """The rule's own answer, for a point: a circle of a metre, less that metre."""
    point = Circle(centre=from_degrees(lat, lon), radius_cm=100)
    gap = horizontal_cm(point, outline)
    return gap / 100 + 1 if gap else 0.0


def laid(some: list[tuple[float, float, Outline]]):
    lats, lons = np.array([p[0] for p in some]), np.array([p[1] for p in some])
    return lay(lats, lons, [core_of(p[2]) for p in some])


def test_a_gap_is_the_separation_of_the_point_from_the_outline():
    some = pairs()
    found = laid(some).gap_m()
    assert {True, False} == {bool(gap == 0) for gap in found}
    for (lat, lon, outline), gap in zip(some, found, strict=True):
        truth = gap_m(lat, lon, outline)
        # Both within the rule's own tolerance; the circle that stands for a point has a metre.
        assert abs(truth - gap) <= 1.0 + max(1.0, 0.001 * truth), (lat, lon, outline, truth, gap)


def test_a_course_enters_where_a_walk_along_it_does():
    some, rnd = pairs(), random.Random(8)
    courses = [rnd.uniform(0, 2 * math.pi) for _ in some]
    far_m, step_m = 200_000.0, 2_000.0
    zeros = np.zeros(len(some))
    found = laid(some).entry_m(np.array(courses), zeros, zeros + far_m)
    entered = 0
    for (lat, lon, outline), course, entry in zip(some, courses, found, strict=True):
        way = np.arange(0, far_m, step_m)
        on = [geodesic_fwd(lat, lon, math.degrees(course), float(at)) for at in way]
        lats, lons = np.array([p[0] for p in on]), np.array([p[1] for p in on])
        walked = lay(lats, lons, [core_of(outline)] * len(way)).gap_m()
        inside = np.flatnonzero(walked == 0)
        if len(inside):
            entered += 1
            first = float(way[inside[0]])
            # Between the last step outside and the first inside; wider by what the plane is.
            assert first - step_m - 400 <= entry <= first + 400, (lat, lon, outline, entry, first)
        elif math.isfinite(entry):
            # A walk in steps can miss a corner; the ray cannot. It must have come close.
            assert float(np.min(walked)) <= step_m
    assert entered > 20


def test_a_hole_is_outside_and_its_shore_is_near():
    ring = tuple(from_degrees(*at) for at in ((0, 0), (0, 2), (2, 2), (2, 0)))
    hole = tuple(from_degrees(*at) for at in ((0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)))
    outline = Polygon(exterior=ring, holes=(hole,))
    gaps = laid([(1.0, 1.0, outline), (0.25, 0.25, outline), (1.0, 3.0, outline)]).gap_m()
    assert gaps[0] == pytest.approx(55_290, rel=0.01)
    assert gaps[1] == 0
    assert gaps[2] == pytest.approx(111_300, rel=0.01)


def test_only_the_part_of_the_way_that_is_asked_for_counts():
    at = laid([(35.3, 39.0, circle(35.3, 40.1, 10_000))])
    east = np.array([math.pi / 2])
    entry = float(at.entry_m(east, np.array([0.0]), np.array([200_000.0]))[0])
    assert entry == pytest.approx(90_000, rel=0.02)
    assert at.entry_m(east, np.array([0.0]), np.array([entry - 500]))[0] == np.inf
    assert at.entry_m(east, np.array([entry + 30_000]), np.array([200_000.0]))[0] == np.inf
    inside = at.entry_m(east, np.array([entry + 5_000]), np.array([200_000.0]))[0]
    assert inside == pytest.approx(entry + 5_000)
    west = np.array([3 * math.pi / 2])
    assert at.entry_m(west, np.array([0.0]), np.array([200_000.0]))[0] == np.inf
