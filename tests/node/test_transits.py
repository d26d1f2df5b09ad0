"""What people type of a transit is read, or is a Mistake that says what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.node.transits import passing, passings, speeds, stations, times
from clearline.space import Passing, Timetable, Transit, parse_band
from tests.kit import START, degrees
from tests.space.truth import outcome


@pytest.mark.parametrize(
    ("text", "cm_h"),
    [
        ("8-12 kt", (8 * 185_200, 12 * 185_200)),
        ("8 to 12 knots", (8 * 185_200, 12 * 185_200)),
        ("10kn", (1_852_000, 1_852_000)),
        ("40-60 km/h", (4_000_000, 6_000_000)),
        ("5..7.5 m/s", (1_800_000, 2_700_000)),
    ],
)
def test_speeds(text: str, cm_h: tuple[int, int]):
    assert speeds(text) == cm_h


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fast", "bad_speed"), ("12", "bad_speed"), ("12-8 kt", "speeds_inverted"),
        ("0 kt", "bad_speed"), ("99999 kt", "bad_speed"), ("8-12 kt/h", "bad_speed"),
    ],
)  # fmt: skip
def test_a_speed_that_is_none_is_told(text: str, code: str):
    with pytest.raises(Mistake) as told:
        speeds(text)
    assert told.value.code == code


def test_times_are_one_or_from_one_to_another_over_midnight():
    assert times("1430Z", START) == (START.after(150 * MINUTE_MS),) * 2
    assert times("2300Z..0100Z", START) == (START.after(11 * HOUR_MS), START.after(13 * HOUR_MS))
    with pytest.raises(Mistake, match="swap them"):
        times("+3h..2026-11-23T13:00:00Z", START)


def test_a_point_is_counted_from_one():
    three = Passing(point=2, earliest=START.after(HOUR_MS), latest=START.after(2 * HOUR_MS))
    assert passing("3 1300Z..1400Z", START) == three
    assert passing("3=1300Z..1400Z", START) == three
    assert passings((START, START), [three])[0].point == 0
    assert passings(None, [three]) == (three,)
    for wrong in ("1430Z", "0 1430Z", "999 1430Z", "x", ""):
        with pytest.raises(Mistake, match=r"point|no time"):
            passing(wrong, START)
    with pytest.raises(Mistake, match="departs"):
        passings(None, [])


@given(st.text(max_size=30))
def test_nothing_that_is_typed_is_anything_but_read_or_a_mistake(text: str):
    for read in (speeds, lambda t: times(t, START), lambda t: passing(t, START)):
        assert outcome(read, text)


def test_each_point_is_told_with_when_it_is_passed():
    route = Transit(
        points=(degrees(35, 40), degrees(35, 41)), width_cm=100_000,
        bands=(parse_band("SFC-SFC"),), slowest_cm_h=4_000_000, fastest_cm_h=5_000_000,
        passes=passings((START, START), []),
    )  # fmt: skip
    (first, second) = stations(Timetable(route), route.points)
    assert first[0] == route.points[0]
    assert first[1] <= START <= first[2]
    assert second[1] < second[2]
