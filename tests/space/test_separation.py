"""Separation: the rule, against the geodesic truth by brute force."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import Instant
from clearline.space import (
    Circle,
    Corridor,
    Minima,
    Polygon,
    Separation,
    Volume,
    Window,
    closest,
    from_degrees,
    horizontal_cm,
    infringes,
    meet,
    parse_band,
    separation,
)
from clearline.space.outline import check


def truth_m(make, a, b):
    """Return the least distance between the edges of two rings or paths that do not meet."""
    one, other = (
        make.edges(o.exterior, closed=True)
        if isinstance(o, Polygon)
        else make.edges(o.points, closed=False)
        for o in (a, b)
    )
    best = float("inf")
    for edges, against in ((one, other), (other, one)):
        for start, _ in edges:
            best = min(best, make.to_edges_m(start.lat_deg, start.lon_deg, against))
        best = min(best, make.to_edges_m(edges[-1][1].lat_deg, edges[-1][1].lon_deg, against))
    return best


def agree(cm, metres):
    """Return whether a separation agrees with the truth to 1 m or 0.1 %."""
    return abs(cm / 100 - metres) <= max(1.0, metres / 1_000)


PLACES = [(35.0, 40.0), (0.0, 179.95), (70.0, -179.9), (-33.0, 18.0), (89.9, 10.0), (-90.0, 0.0)]


@settings(max_examples=40)
@given(
    st.sampled_from(PLACES),
    st.floats(0, 360),
    st.sampled_from([1_000.0, 20_000.0, 150_000.0, 400_000.0]),
    st.floats(0.01, 1.5),
    st.integers(3, 7),
)
def test_two_polygons_are_as_far_apart_as_geographiclib_says(
    make, place, azimuth, size, gap, corners
):
    a = make.ngon(*place, size, corners, turn=17)
    there = make.reach(*place, azimuth, size * (2 + gap))
    b = make.ngon(there.lat_deg, there.lon_deg, size, corners + 1, turn=40)
    assert agree(horizontal_cm(a, b), truth_m(make, a, b))


@pytest.mark.parametrize("place", PLACES)
def test_a_circle_is_apart_from_a_polygon_by_its_radius_less(make, place):
    shape = make.ngon(*place, 30_000, 5)
    there = make.reach(*place, 77, 90_000)
    dot = make.circle(there.lat_deg, there.lon_deg, 5_000)
    edges = make.edges(shape.exterior, closed=True)
    expected = make.to_edges_m(there.lat_deg, there.lon_deg, edges) - 5_000
    assert agree(horizontal_cm(dot, shape), expected)


def test_long_parallel_corridors_are_measured_where_they_are_nearest(make):
    # The far end is nearer by half a per cent: a plane about the middle alone would miss it.
    a = make.path(200, (35, 30), (35, 41))
    b = make.path(200, (36, 30), (35.99, 41))
    expected = truth_m(make, a, b) - 200
    assert agree(horizontal_cm(a, b), expected)
    found = closest(a, b)
    assert agree(found.cm, make.apart_m(found.on_a, found.on_b))


def test_a_polygon_inside_another_is_at_no_distance_and_in_its_hole_at_the_rim(make):
    ring = Polygon(exterior=make.ring(35, 40, 50_000, 8), holes=(make.ring(35, 40, 20_000, 8),))
    dot = make.circle(35, 40, 1_000)
    assert horizontal_cm(make.ngon(35, 40, 60_000, 8), dot) == 0
    edges = make.edges(ring.holes[0], closed=True)
    assert agree(horizontal_cm(ring, dot), make.to_edges_m(35, 40, edges) - 1_000)


def test_the_antimeridian_is_no_distance(make):
    west, east = make.circle(10, 179.99, 1_000), make.circle(10, -179.99, 1_000)
    expected = make.apart_m(west.centre, east.centre) - 2_000
    assert abs(horizontal_cm(west, east) / 100 - expected) < 0.01


def test_closest_positions_are_on_the_two_edges_and_as_far_apart(make):
    a, b = make.circle(35, 40, 5_000), make.circle(35.2, 40, 3_000)
    found = closest(a, b)
    assert make.apart_m(a.centre, found.on_a) == pytest.approx(5_000, abs=0.02)
    assert make.apart_m(b.centre, found.on_b) == pytest.approx(3_000, abs=0.02)
    assert make.apart_m(found.on_a, found.on_b) == pytest.approx(found.cm / 100, abs=0.03)


def test_outlines_that_meet_share_one_position(make):
    a, b = make.circle(35, 40, 9_000), make.circle(35.05, 40, 9_000)
    found = closest(a, b)
    assert found.cm == 0
    assert found.on_a == found.on_b
    assert make.apart_m(b.centre, found.on_b) <= 9_000


@pytest.mark.parametrize("metres", [1_500_000, 6_000_000, 15_000_000])
def test_outlines_on_far_parts_of_the_globe_still_have_a_distance(make, metres):
    a = make.ngon(35, 40, 10_000, 5)
    there = make.reach(35, 40, 200, metres)
    b = make.ngon(there.lat_deg, there.lon_deg, 10_000, 5)
    assert metres - 21_000 <= horizontal_cm(a, b) / 100 <= metres


@given(st.floats(0.0, 1.0), st.floats(0, 360))
@settings(max_examples=40)
def test_separation_is_the_same_from_either_side(make, gap, azimuth):
    a = make.ngon(35, 40, 20_000, 5)
    there = make.reach(35, 40, azimuth, 40_000 + 30_000 * gap)
    b = make.path(500, (there.lat_deg, there.lon_deg), (there.lat_deg + 0.3, there.lon_deg))
    assert abs(horizontal_cm(a, b) - horizontal_cm(b, a)) <= 1


def volume(outline, band="SFC-FL100", start=0, end=3_600_000):
    return Volume(
        outline=outline,
        band=parse_band(band),
        window=Window(start=Instant(start), end=Instant(end)),
    )


MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=600_000)


@pytest.mark.parametrize(
    ("sep", "expected"),
    [
        (Separation(horizontal_cm=0, vertical_cm=0, time_ms=0), True),
        (Separation(horizontal_cm=499_999, vertical_cm=30_479, time_ms=599_999), True),
        (Separation(horizontal_cm=500_000, vertical_cm=0, time_ms=0), False),
        (Separation(horizontal_cm=0, vertical_cm=30_480, time_ms=0), False),
        (Separation(horizontal_cm=0, vertical_cm=0, time_ms=600_000), False),
        (Separation(horizontal_cm=0, vertical_cm=None, time_ms=0), True),
    ],
)
def test_minima_are_infringed_only_if_all_three_are_under(sep, expected):
    assert infringes(sep, MINIMA) is expected


def test_meeting_infringes_even_minima_of_nothing():
    none = Minima(horizontal_cm=0, vertical_cm=0, time_ms=0)
    assert infringes(Separation(horizontal_cm=0, vertical_cm=0, time_ms=0), none)
    assert not infringes(Separation(horizontal_cm=1, vertical_cm=0, time_ms=0), none)


@settings(max_examples=60)
@given(
    st.floats(0, 40_000),
    st.sampled_from(["SFC-FL100", "FL105-FL200", "FL110-FL200", "100 m AMSL-200 m AMSL"]),
    st.integers(3_600_000, 4_400_000),
)
def test_the_quick_way_says_what_the_rule_says(make, metres, band, start):
    a = volume(make.ngon(35, 40, 10_000, 6), "FL050-FL100")
    there = make.reach(35, 40, 60, metres)
    b = volume(make.ngon(there.lat_deg, there.lon_deg, 10_000, 6), band, start, start + 1_000)
    sep = separation(a, b)
    assert meet(a, b, MINIMA) == (sep if infringes(sep, MINIMA) else None)


def test_a_corridor_of_two_names_of_one_meridian_is_measured_like_any(make):
    a = Corridor(points=(from_degrees(10, 180), from_degrees(11, -180)), width_cm=20_000)
    dot = make.circle(10.5, 179.9, 100)
    edges = make.edges(a.points, closed=False)
    assert agree(horizontal_cm(a, dot), make.to_edges_m(10.5, 179.9, edges) - 200)


def lopsided(points, south=-0.2):
    """Return a corridor from 17.9 E by 34 E to the equator at 0 E, with most points there."""
    ends = [from_degrees(south, 17.9), from_degrees(0.0, 34.0), from_degrees(south, 17.8)]
    here = [from_degrees(0.0, 0.002 * step) for step in range(points, 0, -1)]
    return Corridor(points=(*ends, *here), width_cm=200)


@pytest.mark.parametrize("lon", [5.0, 12.0, 20.0, 30.0])
def test_what_lies_in_a_very_large_polygon_with_most_corners_at_one_end_is_at_no_distance(lon):
    west = [(-1 + 2 * step / 400, 0.0) for step in range(401)]
    east = [(1.0, 17.4), (1.0, 34.5), (-1.0, 34.5), (-0.9, 17.8)]
    corners = [(-0.2, 17.4), (-0.9, 17.0), *west, *east]
    polygon = Polygon(exterior=tuple(from_degrees(*corner) for corner in corners))
    check(polygon)
    circle = Circle(centre=from_degrees(0.0, lon), radius_cm=2_000_000)
    assert horizontal_cm(polygon, circle) == horizontal_cm(circle, polygon) == 0


@pytest.mark.parametrize("points", [1, 200])
@pytest.mark.parametrize("lon", [25.0, 31.2, 33.98])
def test_very_long_corridors_that_cross_are_at_no_distance(points, lon):
    one = lopsided(points)
    for lean in (0.0, 0.05, 3.0):
        ends = (from_degrees(-17.9, lon), from_degrees(0.1, lon), from_degrees(17.8, lon + lean))
        other = Corridor(points=(ends[1], ends[0], ends[2]), width_cm=200)
        check(one)
        check(other)
        assert horizontal_cm(one, other) == horizontal_cm(other, one) == 0


def test_very_long_corridors_that_cross_at_their_far_ends_are_at_no_distance():
    """The far end of each is 5,800 km from the middle of the other: no plane there shows both."""
    one = Corridor(points=tuple(from_degrees(0.0, lon) for lon in (0.0, -17.9, 17.9)), width_cm=200)
    for far in (17.86, 17.8, 16.0):
        ends = [from_degrees(lat, lon) for lat, lon in ((0.0, far), (-0.3, far + 0.07))]
        start = from_degrees(0.1, far - 0.02)
        way = [from_degrees(0.0 + 0.2 * step, far + step * 17.5) for step in (1, 2)]
        other = Corridor(points=(way[0], ends[1], start, way[1]), width_cm=200)
        check(one)
        check(other)
        assert horizontal_cm(one, other) == horizontal_cm(other, one) == 0
