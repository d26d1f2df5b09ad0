"""Clipping to an area, and cover: nothing lost inside, nothing let out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.space import (
    CLIP_TOLERANCE_CM,
    Circle,
    Corridor,
    Polygon,
    check,
    clip,
    contains,
    covers,
    from_degrees,
    horizontal_cm,
    within,
)

AREA = Polygon(exterior=tuple(from_degrees(*p) for p in [(32, 36), (32, 42), (37, 42), (37, 36)]))
WIDER = Polygon(exterior=AREA.exterior, margin_cm=CLIP_TOLERANCE_CM)


def outside_by_cm(point):
    return horizontal_cm(AREA, Circle(centre=point, radius_cm=100)) + 100


def test_what_is_wholly_inside_comes_back_as_the_same_object(make):
    for outline in (make.circle(35, 40, 10_000), make.ngon(35, 40, 20_000, 6)):
        assert within(AREA, outline)
        assert clip(outline, AREA)[0] is outline


def test_what_is_outside_comes_back_as_nothing(make):
    assert clip(make.circle(35, 45, 10_000), AREA) == ()
    assert clip(make.circle(-35, -140, 10_000), AREA) == ()
    assert not within(AREA, make.circle(35, 45, 10_000))


@settings(max_examples=40)
@given(
    st.sampled_from([(37.0, 39.0), (32.0, 36.0), (34.0, 42.05), (36.9, 41.9)]),
    st.floats(5_000, 150_000),
    st.sampled_from(["circle", "corridor", "polygon"]),
    st.lists(st.tuples(st.floats(0, 360), st.floats(0, 1)), min_size=5, max_size=10),
)
def test_what_is_shared_stays_and_nothing_leaves_the_area(make, place, size, kind, rays):
    outline = {
        "circle": lambda: make.circle(*place, size),
        "corridor": lambda: Corridor(points=make.ring(*place, size, 4), width_cm=int(size * 30)),
        "polygon": lambda: make.ngon(*place, size, 7),
    }[kind]()
    parts = clip(outline, AREA)
    for part in parts:
        check(part)
        assert covers(WIDER, part)
    for azimuth, share in rays:
        point = make.reach(*place, azimuth, size * share)
        if contains(AREA, point) and contains(outline, point):
            assert any(contains(part, point) for part in parts)


def test_a_corridor_that_leaves_and_returns_comes_back_in_parts(make):
    winding = make.path(2_000, (36.5, 37), (38, 38), (36.5, 39))
    parts = clip(winding, AREA)
    assert len(parts) == 2
    assert all(covers(WIDER, part) for part in parts)


def test_an_area_with_a_margin_is_refused(make):
    with pytest.raises(Mistake) as caught:
        within(WIDER, make.circle(35, 40, 1_000))
    assert caught.value.code == "area_has_margin"


def test_an_area_round_the_pole_holds_what_is_at_the_pole(make):
    cap = make.ngon(90, 0, 900_000, 12)
    assert within(cap, make.circle(90, 0, 500_000))
    assert within(cap, make.circle(85, 180, 10_000))
    assert not within(cap, make.circle(80, 180, 10_000))


def test_a_hole_of_the_area_is_outside(make):
    area = Polygon(exterior=AREA.exterior, holes=(make.ring(35, 40, 50_000, 12),))
    assert not within(area, make.circle(35, 40, 1_000))
    assert clip(make.circle(35, 40, 1_000), area) == ()
    (part,) = clip(make.circle(35, 40, 80_000), area)
    assert not contains(part, from_degrees(35, 40))


@settings(max_examples=50)
@given(st.floats(100, 50_000), st.floats(100, 50_000), st.floats(0, 60_000), st.floats(0, 360))
def test_covering_is_never_claimed_wrongly(make, outer_m, inner_m, apart_m, azimuth):
    outer = make.ngon(35, 40, outer_m, 6)
    there = make.reach(35, 40, azimuth, apart_m)
    inner = make.circle(there.lat_deg, there.lon_deg, inner_m)
    if covers(outer, inner):
        for turn in range(0, 360, 30):
            rim = make.reach(there.lat_deg, there.lon_deg, turn, inner_m - 0.02)
            assert contains(outer, rim)


def test_an_outline_covers_itself(make):
    for outline in (
        make.circle(35, 40, 500),
        make.ngon(35, 40, 500, 5),
        make.path(500, (1, 1), (1, 2)),
    ):
        assert covers(outline, outline)


def test_a_ring_does_not_cover_what_fills_its_hole(make):
    ring = Polygon(
        exterior=make.ring(35, 40, 50_000, 8),
        holes=(make.ring(35, 40, 20_000, 8),),
        margin_cm=100_000,
    )
    assert not covers(ring, make.ngon(35, 40, 45_000, 8))
    assert covers(ring, make.circle(35.3, 40, 1_000))


NOTCHED = Polygon(
    exterior=tuple(
        from_degrees(*at)
        for at in [(32, 36), (32, 42), (37, 42), (37, 39.02), (33, 39), (37, 38.98), (37, 36)]
    ),
    holes=(tuple(from_degrees(*at) for at in [(34, 40), (34, 40.1), (34.1, 40.1), (34.1, 40)]),),
)


@settings(deadline=None, max_examples=300)
@given(
    lat=st.floats(31.5, 37.5),
    lon=st.one_of(st.floats(35.5, 42.5), st.floats(38.9, 39.1), st.floats(39.9, 40.2)),
    radius_m=st.sampled_from((100, 1_000, 10_000, 60_000)),
)
def test_the_quick_answer_never_says_inside_of_what_is_not(lat, lon, radius_m):
    circle = Circle(centre=from_degrees(lat, lon), radius_cm=radius_m * 100)
    if within(NOTCHED, circle):
        assert contains(NOTCHED, circle.centre)
        rings = (NOTCHED.exterior, *NOTCHED.holes)
        edges = [Corridor(points=(*ring, ring[0]), width_cm=200) for ring in rings]
        assert min(horizontal_cm(edge, circle) for edge in edges) >= 0
        assert all(horizontal_cm(edge, Circle(centre=circle.centre, radius_cm=100)) + 200
                   >= circle.radius_cm for edge in edges)  # fmt: skip
