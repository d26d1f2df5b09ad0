"""Edges: what is brought in contains what was meant, by lines drawn without our formulas.

A rhumb is straight in PROJ's Mercator, a great ellipse is the shadow of a chord from the
Earth's centre, and a straight line needs no formula.
"""

import math
from functools import partial

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.space import (
    Circle,
    Corridor,
    Polygon,
    check,
    contains,
    from_degrees,
    horizontal_cm,
)
from clearline.space.edges import SLACK_CM, Edges, contain, contain_path
from clearline.space.outline import MAX_VERTICES
from tests.space.truth import outcome

MERCATOR = pyproj.Transformer.from_crs("EPSG:4326", "+proj=merc +ellps=WGS84", always_xy=True)
CENTRED = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
OTHER = (Edges.RHUMB, Edges.GREAT_ELLIPSE, Edges.STRAIGHT)
PARTS = np.linspace(0.0, 1.0, 23)


def meant(kind, a, b):
    """Return points of the true edge from a to b."""
    lon_b = b.lon_deg + 360 * round((a.lon_deg - b.lon_deg) / 360)
    if kind is Edges.STRAIGHT:
        lats = a.lat_deg + PARTS * (b.lat_deg - a.lat_deg)
        return from_all(lats, a.lon_deg + PARTS * (lon_b - a.lon_deg))
    if kind is Edges.RHUMB:
        ys = [MERCATOR.transform(0.0, p.lat_deg)[1] for p in (a, b)]
        lats = MERCATOR.transform(0 * PARTS, ys[0] + PARTS * (ys[1] - ys[0]), direction="INVERSE")
        return from_all(lats[1], a.lon_deg + PARTS * (lon_b - a.lon_deg))
    ends = [np.array(CENTRED.transform(p.lon_deg, p.lat_deg, 0.0)) for p in (a, b)]
    xyz = ends[0] + PARTS[:, None] * (ends[1] - ends[0])
    # A point's shadow from the centre keeps the ratio of z to the distance from the axis.
    lats = np.arctan2(xyz[:, 2], (1 - 0.00669437999014) * np.hypot(xyz[:, 0], xyz[:, 1]))
    return from_all(np.degrees(lats), np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])))


def from_all(lats, lons):
    return [from_degrees(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]


def places(*degrees):
    return tuple(from_degrees(*each) for each in degrees)


PLACES = [(0.5, 30.0), (48.0, 11.0), (-62.0, 179.9), (72.0, -179.9), (88.5, 20.0), (-89.99, 0.0)]


@settings(max_examples=60)
@given(
    st.sampled_from(OTHER),
    st.sampled_from(PLACES),
    st.sampled_from([3_000.0, 70_000.0, 500_000.0, 950_000.0]),
    st.integers(3, 6),
    st.floats(0, 119),
    st.sampled_from([SLACK_CM, 50, 40_000]),
)
def test_every_point_of_a_true_edge_is_in_the_polygon(
    make, kind, place, size, corners, turn, slack
):
    ring = make.ring(*place, size, corners, turn)
    found = outcome(partial(contain, kind, slack_cm=slack), ring)
    if isinstance(found, Mistake):
        # Round a pole, a ring of few corners may cross itself with edges of another kind.
        assert (found.code, abs(place[0]) > 88) == ("self_crossing", True)
        return
    check(found.outline)
    assert set(ring) <= set(found.outline.exterior)
    assert found.grown_cm <= slack + 2 or len(found.outline.exterior) > MAX_VERTICES // 2
    for a, b in make.edges(ring, closed=True):
        for point in meant(kind, a, b):
            assert contains(found.outline, point)


def off_m(kind, point, a, b):
    """Return how far a point is from the whole line that the edge from a to b is part of."""

    def drawn(p):
        lon = p.lon_deg + 360 * round((a.lon_deg - p.lon_deg) / 360)
        if kind is Edges.RHUMB:
            return np.array([math.radians(lon) * 6_378_137, MERCATOR.transform(0.0, p.lat_deg)[1]])
        return np.array([lon, p.lat_deg]) * 111_700

    if kind is Edges.GREAT_ELLIPSE:
        one, two, at = (
            np.array(CENTRED.transform(p.lon_deg, p.lat_deg, 0.0)) for p in (a, b, point)
        )
        across = np.cross(one, two)
        return abs(float(at @ across) / float(np.linalg.norm(across)))
    along, to = drawn(b) - drawn(a), drawn(point) - drawn(a)
    return abs(float(along[0] * to[1] - along[1] * to[0]) / float(np.hypot(*along)))


@pytest.mark.parametrize(("kind", "most"), list(zip(OTHER, (180, 4, 180), strict=True)))
def test_the_points_put_in_are_on_the_true_edges_and_few(make, kind, most):
    ring = places((60, 170), (60, -175), (65, -172), (64, 171))
    found = contain(kind, ring)
    edges = make.edges(ring, closed=True)
    for point in found.outline.exterior:
        # Half a unit of a position is 0.8 cm, and the Mercator map doubles lengths here.
        assert min(off_m(kind, point, *edge) for edge in edges) < 0.03
    # The parallel of 60 degrees, 840 km of it, lies 24 km aside: it alone takes 49 pieces.
    assert 0 < found.added <= most
    assert found.grown_cm <= SLACK_CM + 2


def test_a_parallel_is_kept_where_a_geodesic_would_leave_it():
    ring = places((60, 10), (60, 25), (65, 25), (65, 10))
    by_rhumbs, by_geodesics = contain(Edges.RHUMB, ring).outline, Polygon(exterior=ring)
    south, north = from_degrees(60.1, 17.5), from_degrees(65.1, 17.5)
    assert contains(by_rhumbs, south)
    assert not contains(by_rhumbs, north)
    assert contains(by_geodesics, north)
    assert not contains(by_geodesics, south)


@pytest.mark.parametrize("kind", Edges)
def test_what_is_small_needs_no_more_points_and_a_few_centimetres(make, kind):
    ring = make.ring(45, 10, 1_000, 5)
    found = contain(kind, ring)
    assert found.outline.exterior == ring
    assert found.outline.margin_cm == found.grown_cm
    assert found.grown_cm <= (0 if kind is Edges.GEODESIC else 8)


def test_meridians_and_the_equator_are_geodesics_already(make):
    ring = places((0, 10), (0, 25), (5, 25))
    for kind in (Edges.RHUMB, Edges.STRAIGHT):
        found = contain_path(kind, ring, width_cm=20_000)
        assert found.outline == Corridor(points=ring, width_cm=20_000)
        assert found.grown_cm == 0


def test_with_no_room_for_points_the_margin_holds_what_was_meant(make):
    parallel = [(60, 10 + 15 * i / 11) for i in range(12)]
    jagged = [(62 + (i % 2) / 100, 25 - 15 * i / 980) for i in range(981)]
    ring = places(*parallel, *jagged)
    found = contain(Edges.RHUMB, ring)
    assert len(found.outline.exterior) <= MAX_VERTICES
    assert 1_002 < found.grown_cm < 30_000
    for a, b in make.edges(ring, closed=True)[:12]:
        assert all(contains(found.outline, point) for point in meant(Edges.RHUMB, a, b))


@pytest.mark.parametrize("kind", [Edges.RHUMB, Edges.STRAIGHT])
def test_a_ring_along_a_parallel_round_the_pole_holds_the_pole_and_the_parallel(make, kind):
    ring = places((82, 0), (82, 90), (82, 179), (82, -90))
    found = contain(kind, ring)
    assert contains(found.outline, from_degrees(90, 0))
    assert not contains(found.outline, from_degrees(81.99, 45))
    for a, b in make.edges(ring, closed=True):
        assert all(contains(found.outline, point) for point in meant(kind, a, b))


def test_the_seam_that_a_map_needs_round_a_pole_is_taken_out():
    parallel = [(82, lon) for lon in (-180, -90, 0, 90, 180)]
    mapped = contain(Edges.STRAIGHT, places(*parallel, (90, 180), (90, -180)))
    plain = contain(Edges.STRAIGHT, places(*parallel[:-1]))
    at = [
        {(p.lat_e7, p.lon_e7 % 3_600_000_000) for p in f.outline.exterior} for f in (mapped, plain)
    ]
    assert at[0] == at[1]
    assert mapped.grown_cm == plain.grown_cm


def test_a_sector_up_to_the_pole_keeps_the_pole_that_a_map_writes_twice():
    sector = places((82, 0), (82, 40), (90, 40), (90, 0))
    found = contain(Edges.STRAIGHT, sector)
    assert sum(point.lat_e7 == 900_000_000 for point in found.outline.exterior) == 1
    assert contains(found.outline, from_degrees(89.999, 20))
    assert not contains(found.outline, from_degrees(89.9, -5))


@pytest.mark.parametrize("kind", OTHER)
def test_a_line_to_the_pole_and_past_it_is_held(make, kind):
    for ring in (
        places((83, 0), (90, 40), (83, 80)),
        places((83, 0), (89.9999999, 70), (83, 120)),
        places((89.9, 0), (89.9, 130), (89.8, -110)),
    ):
        found = contain(kind, ring)
        assert found.grown_cm <= SLACK_CM + 2
        for a, b in make.edges(ring, closed=True):
            if kind is Edges.STRAIGHT or 90 not in (a.lat_deg, b.lat_deg):
                assert all(contains(found.outline, point) for point in meant(kind, a, b))


def test_a_corridor_is_wider_by_twice_what_its_path_may_lie_aside(make):
    points = places((60, 10), (60, 25))
    found = contain_path(Edges.RHUMB, points, width_cm=200_000, slack_cm=20_000)
    assert found.outline.width_cm == 200_000 + 2 * found.grown_cm
    assert found.added == len(found.outline.points) - 2 > 0
    for lat in (60.0089, 59.9911):
        # 1,000 m either way is 0.00898 degrees.
        assert contains(found.outline, from_degrees(lat, 16.1))
    assert not contains(found.outline, from_degrees(60.0125, 16.1))


def test_a_hole_along_the_edge_is_covered_and_that_is_said():
    ring = places((60, 10), (60, 25), (65, 25), (65, 10))
    touching = places((60, 14), (60, 16), (61, 15))
    inside = places((62, 14), (62, 16), (63, 15))
    found = contain(Edges.STRAIGHT, ring, holes=(touching, inside))
    assert found.filled == 1
    assert contains(found.outline, from_degrees(60.5, 15))
    assert not contains(found.outline, from_degrees(62.5, 15))
    # The parallel is the hole's edge too, and is kept.
    assert contains(found.outline, from_degrees(62, 15))


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        (places((82, 0), (83, 180), (84, 90)), "ambiguous_edge"),
        (places((60, 10), (60, 10), (61, 11)), "repeated_point"),
        (places((90, 10), (90, 20), (90, 30)), "too_few_points"),
        (places((60, 10), (61, 11), (60, 11), (61, 10)), "self_crossing"),
        (places((60, 10), (60, 60), (61, 11)), "too_large"),
        (places(*((10 + i / 1_000, 10 + i % 2) for i in range(1_001))), "too_many_points"),
    ],
)
def test_what_cannot_be_an_outline_is_refused_with_its_code(ring, code):
    with pytest.raises(Mistake) as caught:
        contain(Edges.STRAIGHT, ring)
    assert caught.value.code == code


def test_what_grew_meets_what_was_meant_to_be_met():
    # A range just north of a geodesic's bow, and a circle that the parallel would keep clear of.
    ring = places((45, 0), (45, 10), (46, 5))
    dot = Circle(centre=from_degrees(44.999, 5), radius_cm=10_000)
    assert horizontal_cm(Polygon(exterior=ring), dot) > 1_000_000
    assert horizontal_cm(contain(Edges.RHUMB, ring).outline, dot) <= 1_200
