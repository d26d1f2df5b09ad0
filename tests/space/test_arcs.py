"""Arcs cut into chords, and outlines drawn with few corners, hold all that they stand for."""

import math
from itertools import pairwise

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
    covers,
    from_degrees,
    positions,
)
from clearline.space.arcs import arc, drawn
from tests.space.test_rounding import PLACES, outlines, samples
from tests.space.truth import WGS84, Make

SECOND_SLACK_CM = 2_200


def to_seconds(place):
    """Return a position at whole seconds, as notices to airmen are written."""
    return from_degrees(round(place.lat_deg * 3_600) / 3_600, round(place.lon_deg * 3_600) / 3_600)


@given(
    st.sampled_from(PLACES),
    st.sampled_from([100.0, 9_260.0, 185_200.0, 900_000.0]),
    st.floats(0, 360),
    st.floats(-360, 360),
    st.floats(0, 1),
)
@settings(max_examples=150)
def test_no_point_of_an_arc_is_further_from_its_chords_than_it_says(
    place, metres, start, sweep, part
):
    cut = arc(from_degrees(*place), round(metres * 100), start, sweep)
    on_arc = Make.reach(*place, start + sweep * part, metres)
    chord = min(len(cut.points) - 2, int(part * (len(cut.points) - 1)))
    ends = cut.points[chord : chord + 2]
    band = Corridor(points=ends, width_cm=2 * max(100, cut.height_cm))
    assert contains(band, on_arc) or ends[0] == ends[1]
    assert cut.height_cm <= metres * 100 * 0.00051 + 4


def test_an_arc_begins_and_ends_at_its_bearings_and_runs_the_way_it_is_told():
    cut = arc(from_degrees(52.0, 5.0), 926_000, 350.0, 40.0)
    azimuths = [WGS84.Inverse(52.0, 5.0, p.lat_deg, p.lon_deg)["azi1"] % 360 for p in cut.points]
    assert azimuths[0] == pytest.approx(350.0, abs=1e-3)
    assert azimuths[-1] == pytest.approx(30.0, abs=1e-3)
    back = arc(from_degrees(52.0, 5.0), 926_000, 350.0, -40.0)
    end = back.points[-1]
    assert WGS84.Inverse(52.0, 5.0, end.lat_deg, end.lon_deg)["azi1"] % 360 == pytest.approx(
        310.0, abs=1e-3
    )


@given(outlines(), st.lists(st.floats(0, 1), min_size=2, max_size=5))
@settings(max_examples=120)
def test_what_is_drawn_on_a_grid_holds_the_whole_outline(outline, parts):
    found = drawn(outline, to_seconds, slack_cm=SECOND_SLACK_CM, most=120)
    check(found)
    assert found.margin_cm == 0
    assert len(positions(found)) <= 120
    assert all(to_seconds(place) == place for place in positions(found))
    assert all(contains(found, point) for point in samples(outline, parts))
    assert covers(found, outline)


def test_what_is_drawn_is_not_much_larger_than_it_must_be(make):
    ring = make.ring(50.0, 10.0, 20_000, 4)
    found = drawn(Polygon(exterior=ring, margin_cm=50_000), lambda p: p, slack_cm=0, most=100)
    corner = make.reach(50.0, 10.0, 0, 20_000 + 500 * 1.1)
    edge = make.reach(50.0, 10.0, 45, 20_000 * math.cos(math.pi / 4) + 500 * 1.04)
    assert not contains(found, corner)
    assert not contains(found, edge)


def test_edges_are_cut_short_where_that_is_asked(make):
    found = drawn(
        make.ngon(10.0, 10.0, 300_000, 4), lambda p: p, slack_cm=100, most=200, edge_m=50_000
    )
    ring = found.exterior
    for one, other in pairwise(ring):
        apart = WGS84.Inverse(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)["s12"]
        assert apart <= 51_000


def test_a_narrow_inlet_is_closed_rather_than_crossed(make):
    # A ring that is open by 20 m, less than a corner of whole seconds may move.
    outer = [make.reach(50.0, 10.0, az, 5_000) for az in range(1, 360, 10)]
    inner = [make.reach(50.0, 10.0, az, 3_000) for az in range(351, 0, -10)]
    ring = (*outer[:-1], make.reach(50.0, 10.0, 360.8, 5_000), make.reach(50.0, 10.0, 360.8, 3_000))
    shape = Polygon(exterior=(*ring, *inner))
    check(shape)
    found = drawn(shape, to_seconds, slack_cm=SECOND_SLACK_CM, most=150)
    assert covers(found, shape)


def test_fewer_corners_than_a_shape_can_have_are_refused():
    circle = Circle(centre=from_degrees(0, 0), radius_cm=100_000_000)
    with pytest.raises(Mistake) as caught:
        drawn(circle, lambda p: p, slack_cm=20_000_000, most=100)
    assert caught.value.code == "too_large"


def test_a_wide_corridor_around_a_short_bend_is_held_to_the_last_centimetre():
    # Seven millimetres once stuck out here: an arc of the drawing had fewer chords than asked.
    corners = [(35.0027041, 30.0), (34.9986479, 30.002846), (34.9986479, 29.997154)]
    bend = Corridor(points=tuple(from_degrees(*each) for each in corners), width_cm=1_344_913)
    found = drawn(bend, to_seconds, slack_cm=SECOND_SLACK_CM, most=80)
    assert covers(found, bend)


def test_a_star_drawn_with_few_corners_keeps_its_points(make):
    # GEOS once left out the corner at which the ring begins, and 6 km of the star with it.
    outer, inner = make.ring(-55.0, 70.0, 120_000, 8), make.ring(-55.0, 70.0, 40_000, 8, 22.5)
    star = Polygon(exterior=tuple(p for pair in zip(outer, inner, strict=True) for p in pair))
    found = drawn(star, to_seconds, slack_cm=14_000, most=60, edge_m=25_000)
    assert covers(found, star)
    assert len(positions(found)) <= 60


def test_what_is_spared_around_an_outline_is_held_as_well(make):
    box = make.ngon(50.0, 10.0, 20_000, 4)
    found = drawn(box, lambda p: p, slack_cm=0, most=100, spare_cm=100_000)
    assert covers(found, Polygon(exterior=box.exterior, margin_cm=100_000))
