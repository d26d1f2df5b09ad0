"""Approach: the nearest that two movers come is certified, and no fine step finds one nearer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pyproj import Geod

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.space import from_degrees
from clearline.space.approach import Schedule, approach, nearest, schedule
from clearline.space.motion import Passing, Timetable
from tests.space.test_motion import KNOT, NOON, PLACES, transit
from tests.space.truth import Make

GEOD = Geod(ellps="WGS84")


def plan(start_ms: int, hours: float, *points: tuple[float, float]) -> Schedule:
    """Return a schedule of legs that each take as long."""
    step = hours * HOUR_MS / (len(points) - 1)
    return Schedule(
        points=tuple(from_degrees(*each) for each in points),
        at=tuple(NOON.after(round(start_ms + step * n)) for n in range(len(points))),
    )


def places(way: Schedule, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes at many instants, leg by leg."""
    lons, lats = np.full(len(times), np.nan), np.full(len(times), np.nan)
    for (one, other), (begin, end) in zip(pairwise(way.points), pairwise(way.at), strict=True):
        here = (times >= begin) & (times <= end)
        azimuth, _, metres = GEOD.inv(one.lon_deg, one.lat_deg, other.lon_deg, other.lat_deg)
        gone = (times[here] - begin) / (end - begin) * metres
        size = np.ones(int(here.sum()))
        lons[here], lats[here], _ = GEOD.fwd(
            size * one.lon_deg, size * one.lat_deg, size * azimuth, gone
        )
    return lons, lats


def brute(a: Schedule, b: Schedule, steps: int) -> float:
    """Return the least distance in metres at many instants, and then at more about the least."""
    low, high = float(max(a.at[0], b.at[0])), float(min(a.at[-1], b.at[-1]))
    for _ in range(3):
        times = np.linspace(low, high, steps)
        (lons, lats), (lons_b, lats_b) = places(a, times), places(b, times)
        metres = GEOD.inv(lons, lats, lons_b, lats_b)[2]
        least = int(np.argmin(metres))
        step = (high - low) / steps
        low, high = max(low, times[least] - 2 * step), min(high, times[least] + 2 * step)
    return float(metres[least])


@st.composite
def schedules(draw, lat: float, lon: float) -> Schedule:
    """Return a mover about a place, at any speed from a walk to a jet's."""
    spread = draw(st.sampled_from([1_000.0, 50_000.0, 700_000.0]))
    points = [
        Make.reach(lat, lon, draw(st.floats(0, 360)), draw(st.floats(1, spread)))
        for _ in range(draw(st.integers(2, 5)))
    ]
    at = [NOON + draw(st.integers(0, HOUR_MS))]
    for _ in points[1:]:
        at.append(at[-1] + draw(st.integers(MINUTE_MS, 2 * HOUR_MS)))
    return Schedule(points=tuple(points), at=tuple(Instant(each) for each in at))


@settings(max_examples=60)
@given(st.sampled_from(PLACES).flatmap(lambda p: st.tuples(schedules(*p), schedules(*p))))
def test_no_fine_step_finds_the_two_nearer_and_they_are_as_near_as_is_said(both):
    a, b = both
    found = approach(a, b)
    if found is None:
        assert a.at[-1] < b.at[0] or b.at[-1] < a.at[0]
        return
    least_cm = brute(a, b, 2_000) * 100
    assert found.cm <= least_cm + 1
    assert least_cm >= found.cm - found.within_cm
    assert found.within_cm <= 2 + found.cm / 50_000
    assert max(a.at[0], b.at[0]) <= found.at <= min(a.at[-1], b.at[-1])
    # The instant is whole, so the two have moved on by half a millisecond at most.
    apart_cm = 100 * Make.apart_m(found.on_a, found.on_b)
    assert apart_cm == pytest.approx(found.cm, abs=5)


def test_two_that_cross_in_one_place_at_one_time_meet():
    east = plan(0, 2, (35.0, 33.0), (35.0, 34.0))
    north = plan(0, 2, (34.6, 33.5), (35.4, 33.5))
    found = approach(east, north)
    assert found is not None
    assert found.at.since(NOON) == pytest.approx(HOUR_MS, abs=10 * SECOND_MS)
    assert found.cm < 20_000
    later = approach(east, plan(20 * MINUTE_MS, 2, (34.6, 33.5), (35.4, 33.5)))
    assert later is not None
    assert later.cm > 500_000, "the same paths, twenty minutes apart, and a long way off"


def test_two_that_keep_beside_one_another_are_told_without_a_step_for_each_second():
    west = plan(0, 6, (50.0, 0.0), (50.0, -25.0))
    beside = plan(0, 6, (50.2, 0.0), (50.2, -25.0))
    found = approach(west, beside)
    assert found is not None
    assert found.within_cm <= 3
    assert found.cm == pytest.approx(100 * brute(west, beside, 5_000), abs=3)


def test_two_that_are_never_under_way_at_once_do_not_come_near():
    one, other = plan(0, 1, (35, 33), (36, 33)), plan(2 * HOUR_MS, 1, (36, 33), (35, 33))
    assert approach(one, other) is None


def test_a_schedule_out_of_order_is_told():
    good = plan(0, 1, (35, 33), (36, 33))
    with pytest.raises(Mistake, match="in their order"):
        approach(good, Schedule(points=good.points, at=good.at[::-1]))


crossing = transit(
    (34.6, 33.4), (35.4, 33.4), slowest_cm_h=8 * KNOT, fastest_cm_h=14 * KNOT, tolerance_ms=0
)


@pytest.mark.parametrize("late_min", [60, 120, 240])
def test_no_two_movers_within_the_ranges_come_nearer_than_the_nearest(late_min):
    a = transit((35.0, 33.0), (35.0, 34.0), tolerance_ms=0)
    at = NOON.after(late_min * MINUTE_MS)
    passes = (Passing(point=0, earliest=at, latest=at),)
    b = transit(
        *((34.6, 33.4), (35.4, 33.4)), passes=passes,
        slowest_cm_h=8 * KNOT, fastest_cm_h=14 * KNOT, tolerance_ms=0,
    )  # fmt: skip
    found = nearest(a, b, 20_000)
    assert found is not None
    least_cm = 1e12
    for one in (10, 11, 12):
        for other in (8, 10, 12, 14):
            pair = [schedule(_at_speed(route, knots)) for route, knots in ((a, one), (b, other))]
            came = approach(*pair)
            assert came is not None
            least_cm = min(least_cm, came.cm)
    edges_cm = least_cm - (a.width_cm + b.width_cm) // 2
    assert found.cm <= max(0, edges_cm)
    # Here the extreme speeds come nearest, so the truth is known to the grain.
    assert found.cm >= edges_cm - 40_000


def _at_speed(route, knots):
    return replace(route, slowest_cm_h=knots * KNOT, fastest_cm_h=knots * KNOT)


def test_where_both_may_be_at_once_the_nearest_is_nothing():
    found = nearest(transit((35.0, 33.0), (35.0, 34.0)), crossing)
    assert found is not None
    assert found.cm == 0
    assert found.window.start <= found.window.end
    assert found.within_cm <= 20_000
    assert nearest(crossing, _moved(crossing, 3 * 24 * HOUR_MS)) is None


def _moved(route, by_ms):
    first = route.passes[0]
    at = first.earliest.after(by_ms)
    return replace(route, passes=(Passing(point=0, earliest=at, latest=at),))


def test_a_transits_schedule_is_within_its_times():
    route = transit((35.0, 33.0), (35.2, 33.6), (34.8, 34.5))
    table, way = Timetable(route), schedule(route)
    for station, at in zip(table.stations, way.at, strict=True):
        assert table.early(station) < at < table.late(station)
