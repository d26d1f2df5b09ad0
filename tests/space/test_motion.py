"""Motion: a chain holds every place that the mover can be at, and closes little more than that."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.space import (
    MAX_EXTENT_KM,
    Band,
    check_volume,
    contains,
    from_degrees,
    gap_cm,
    parse_band,
)
from clearline.space.motion import MAX_TRANSIT_MS, Chain, Passing, Timetable, Transit, chain
from tests.space.truth import WGS84, Make

KNOT = 185_200
NOON = Instant.parse("2026-11-23T12:00:00.000Z")
SEA = parse_band("SFC-SFC")
AIR = parse_band("FL100-FL120")


def transit(*points: tuple[float, float], **changes: object) -> Transit:
    fields: dict[str, object] = {
        "points": tuple(from_degrees(*each) for each in points),
        "width_cm": 400_000,
        "bands": (SEA,),
        "slowest_cm_h": 10 * KNOT,
        "fastest_cm_h": 12 * KNOT,
        "passes": (Passing(point=0, earliest=NOON, latest=NOON),),
        "tolerance_ms": 10 * MINUTE_MS,
    }
    return Transit(**(fields | changes))  # type: ignore[arg-type]


def sailing(**changes: object) -> Transit:
    return transit((35.0, 33.0), (35.2, 33.6), (34.8, 34.5), **changes)


class Mover:
    """One that goes along a route by given speeds, told by geographiclib alone."""

    def __init__(self, route: Transit, departs: float, speeds: list[float]) -> None:
        self.legs = [
            WGS84.InverseLine(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
            for a, b in pairwise(route.points)
        ]
        total_m = sum(leg.s13 for leg in self.legs)
        part_m = total_m / len(speeds)
        self.times = [departs]
        for speed in speeds:
            self.times.append(self.times[-1] + part_m * 100 / speed * HOUR_MS)
        self.part_m = part_m

    def along_m(self, at: float) -> float:
        """Return how far it has come by an ms of its way."""
        for number, (begin, end) in enumerate(pairwise(self.times)):
            if at <= end:
                return self.part_m * (number + (at - begin) / (end - begin))
        return self.part_m * (len(self.times) - 1)

    def when(self, along_m: float) -> float:
        """Return the ms at which it is so far along."""
        number = min(int(along_m // self.part_m), len(self.times) - 2)
        begin, end = self.times[number], self.times[number + 1]
        return begin + (along_m / self.part_m - number) * (end - begin)

    def place(self, at: float) -> tuple[int, float, float, float]:
        """Return its leg, latitude, longitude and course."""
        left = self.along_m(at)
        for number, leg in enumerate(self.legs):
            if left <= leg.s13 or number == len(self.legs) - 1:
                here = leg.Position(min(left, leg.s13))
                return number, here["lat2"], here["lon2"], here["azi2"]
            left -= leg.s13
        raise AssertionError("a route has a leg")


PLACES = [(35.0, 33.0), (0.0, 0.0), (1.0, 179.9), (70.0, -179.0), (89.5, 10.0), (-60.0, 100.0)]


@st.composite
def movers(draw) -> tuple[Transit, list[Mover]]:
    """Return a transit and two movers that keep to it."""
    lat, lon = draw(st.sampled_from(PLACES))
    points = [from_degrees(lat, lon)]
    for _ in range(draw(st.integers(1, 4))):
        last = points[-1]
        reach = draw(st.sampled_from([700.0, 9_000.0, 120_000.0, 900_000.0]))
        points.append(Make.reach(last.lat_deg, last.lon_deg, draw(st.floats(0, 360)), reach))
    slowest = draw(st.sampled_from([500_000, 2_000_000, 40_000_000]))
    route = transit(
        width_cm=draw(st.integers(200, 2_000_000)),
        slowest_cm_h=slowest,
        fastest_cm_h=int(slowest * draw(st.floats(1, 2))),
        tolerance_ms=draw(st.sampled_from([0, MINUTE_MS])),
    )
    route = replace(route, points=tuple(points))
    assume(all(Make.apart_m(a, b) > 2 for a, b in pairwise(points)))
    # One of them may pass the end when the other has half of the way before it.
    hours = sum(Make.apart_m(a, b) for a, b in pairwise(points)) * 100 / slowest
    assume(2 * hours * HOUR_MS + DAY_MS < MAX_TRANSIT_MS)
    speed = st.floats(route.slowest_cm_h, route.fastest_cm_h)
    both = [
        Mover(
            route,
            NOON + draw(st.integers(0, 2 * HOUR_MS)),
            draw(st.lists(speed, min_size=1, max_size=6)),
        )
        for _ in range(2)
    ]
    # Its points are passed when the one or the other of the two passes them.
    along, stations = 0.0, [0.0]
    for leg in both[0].legs:
        along += leg.s13
        stations.append(along)
    passed = draw(st.sets(st.integers(0, len(points) - 1), min_size=1))
    passes: list[Passing] = []
    for number in sorted(passed):
        times = [each.when(min(stations[number], along)) for each in both]
        passes.append(
            Passing(
                point=number,
                earliest=Instant(math.floor(min(times))),
                latest=Instant(math.ceil(max(times))),
            )
        )
    return replace(route, passes=tuple(passes)), both


def holds(made: Chain, route: Transit, place: tuple[int, float, float], at: int) -> bool:
    """Return whether one volume holds a place, in the band of its leg, at an instant."""
    leg, lat, lon = place
    band = route.bands[min(leg, len(route.bands) - 1)]
    return any(
        each.window.start <= at <= each.window.end
        and each.band == band
        and contains(each.outline, from_degrees(lat, lon))
        for each in made.volumes
    )


@settings(max_examples=60)
@given(
    movers(),
    st.integers(3, 32),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 360), st.floats(0, 1)), min_size=6),
)
def test_whoever_keeps_to_the_plan_is_always_inside(planned, most, looks):
    route, both = planned
    assume(Timetable(route).length_cm < most * (MAX_EXTENT_KM - 100) * 100_000)
    made = chain(route, most)
    assert 1 <= len(made.volumes) <= most
    for mover in both:
        for part, aside, off in looks[:6]:
            at = mover.times[0] + part * (mover.times[-1] - mover.times[0])
            leg, lat, lon, _ = mover.place(at)
            beside = WGS84.Direct(lat, lon, aside, off * route.width_cm / 200)
            place = (leg, beside["lat2"], beside["lon2"])
            for off_ms in (-route.tolerance_ms, route.tolerance_ms):
                assert holds(made, route, place, round(at) + off_ms)


@settings(max_examples=40)
@given(movers(), st.integers(4, 32))
def test_every_volume_is_sane_and_follows_the_one_before(planned, most):
    route, _ = planned
    made = chain(route, most)
    for each in made.volumes:
        check_volume(each)
    for one, other in pairwise(made.volumes):
        assert one.outline.points[-1] == other.outline.points[0]  # type: ignore[union-attr]
        assert one.window.start < other.window.start <= one.window.end < other.window.end
    assert made.closed_permille <= made.single_permille + 1


def test_it_takes_no_more_pieces_than_it_needs_to_close_little():
    route = sailing()
    made = chain(route, 32)
    assert made.closed_permille <= 2_000
    fewer = chain(route, len(made.volumes) - 1)
    assert fewer.closed_permille > 2_000
    assert chain(route, 32, enough_permille=1_300).closed_permille <= 1_300
    assert made.single_permille > 7_000, "one area for all the time closes seven times the least"


def test_a_two_hour_transit_does_not_close_its_route_for_two_hours():
    route = transit((35.0, 33.0), (35.0, 33.4), slowest_cm_h=10 * KNOT, fastest_cm_h=10 * KNOT)
    made = chain(route, 8)
    for each in made.volumes:
        assert each.window.end.since(each.window.start) < 50 * MINUTE_MS
    assert made.volumes[-1].window.end.since(made.volumes[0].window.start) > 2 * HOUR_MS


def test_the_same_transit_makes_the_same_chain():
    assert chain(sailing(), 8) == chain(sailing(), 8)


def test_a_time_at_a_later_point_narrows_what_is_closed():
    free = sailing(slowest_cm_h=6 * KNOT)
    table = Timetable(free)
    middle = (table.early(table.stations[1]) + table.late(table.stations[1])) // 2
    passing = Passing(point=1, earliest=Instant(middle), latest=Instant(middle))
    fixed = replace(free, passes=(*free.passes, passing))
    narrow = Timetable(fixed)
    for along in range(0, table.length_cm, table.length_cm // 20):
        assert table.early(along) <= narrow.early(along) <= narrow.late(along) <= table.late(along)
    assert narrow.late(table.length_cm) < table.late(table.length_cm)


def test_only_an_arrival_may_be_known():
    route = sailing(passes=(Passing(point=2, earliest=NOON, latest=NOON),))
    made = chain(route, 8)
    assert made.volumes[-1].window.end == pytest.approx(NOON + 10 * MINUTE_MS, abs=1_000)
    assert made.volumes[0].window.start < NOON - 6 * HOUR_MS


def test_each_leg_keeps_its_band():
    route = sailing(bands=(SEA, AIR))
    made = chain(route, 8)
    change = made.volumes[[each.band for each in made.volumes].index(AIR)]
    assert change.outline.points[0] == route.points[1]  # type: ignore[union-attr]
    assert {each.band for each in made.volumes} == {SEA, AIR}
    with pytest.raises(Mistake, match="fewer bands"):
        chain(route, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"points": ((35.0, 33.0),)}, "too_few_points"),
        ({"points": ((35.0, 33.0), (35.0, 33.0))}, "repeated_point"),
        ({"points": ((0.0, 0.0), (0.0, 170.0), (5.0, 0.0), (0.0, 90.0))}, "too_large"),
        ({"bands": (SEA, AIR, SEA)}, "transit_bands"),
        ({"width_cm": 100}, "zero_size"),
        ({"width_cm": 300_000_000}, "too_large"),
        ({"slowest_cm_h": 13 * KNOT}, "speeds_inverted"),
        ({"passes": ((2, 0, 0), (0, 0, 0))}, "transit_passes"),
        ({"passes": ((3, 0, 0),)}, "transit_passes"),
        ({"passes": ((0, HOUR_MS, 0),)}, "window_inverted"),
        ({"passes": ((0, 0, 0), (1, HOUR_MS, HOUR_MS))}, "transit_impossible"),
        ({"passes": ((0, 0, 0), (1, 9 * HOUR_MS, 9 * HOUR_MS))}, "transit_impossible"),
        ({"slowest_cm_h": 10_000}, "transit_too_long"),
        ({"passes": ((2, -NOON, -NOON),)}, "transit_too_long"),
        ({"passes": ((0, 1 << 60, 1 << 60),)}, "transit_too_long"),
    ],
)
def test_what_cannot_be_is_told_with_what_would_be_right(changes, code):
    if "points" in changes:
        changes["points"] = tuple(from_degrees(*each) for each in changes["points"])
    if "passes" in changes:
        changes["passes"] = tuple(
            Passing(point=n, earliest=NOON.after(a), latest=NOON.after(b))
            for n, a, b in changes["passes"]
        )
    with pytest.raises(Mistake) as told:
        chain(replace(sailing(), **changes), 8)
    assert told.value.code == code


def test_a_point_that_cannot_be_passed_then_is_told_when_it_could_be():
    passes = (*sailing().passes, Passing(point=1, earliest=NOON, latest=NOON))
    with pytest.raises(Mistake) as told:
        chain(sailing(passes=passes), 8)
    assert "point 1 cannot be passed" in told.value.phrase
    late = NOON.after(DAY_MS)
    passes = (*sailing().passes, Passing(point=2, earliest=late, latest=late))
    with pytest.raises(Mistake, match="given the other times it is passed between"):
        chain(sailing(passes=passes), 8)


def test_a_route_that_is_too_long_for_one_outline_is_cut():
    route = transit((35.0, 20.0), (35.0, 50.0), slowest_cm_h=40_000_000, fastest_cm_h=40_000_000)
    assert len(chain(route, 2).volumes) == 2
    with pytest.raises(Mistake, match="1 areas"):
        chain(route, 1)


def test_a_band_is_compared_by_what_it_is():
    low, high = SEA, Band(lower=AIR.lower, upper=AIR.upper)
    assert gap_cm(low.upper, high.lower) is None
    assert chain(sailing(bands=(high, high)), 8).volumes[0].band == AIR
