"""Watchbill: who is on at T, at once, and where nobody is."""

from __future__ import annotations

from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.core.watchbill import Desk, Method, Shift, Watchbill
from tests.kit import START

HOURS = st.integers(0, 60)
SHIFTS = st.lists(
    st.tuples(HOURS, st.integers(1, 30), st.sampled_from("abc")).map(
        lambda each: Shift(
            start=START.after(each[0] * HOUR_MS),
            end=START.after((each[0] + each[1]) * HOUR_MS),
            officer=each[2],
        )
    ),
    max_size=12,
).map(lambda shifts: tuple(sorted(shifts)))


def desk(*shifts: Shift, methods: tuple[Method, ...] = ()) -> Watchbill:
    return Watchbill(desks=(Desk(echelon="duty-desk", methods=methods, shifts=shifts),))


def shift(officer: str, start_h: float, end_h: float) -> Shift:
    start, end = (START.after(int(each * HOUR_MS)) for each in (start_h, end_h))
    return Shift(officer=officer, start=start, end=end)


@given(SHIFTS, HOURS)
def test_who_is_on_is_whoever_a_shift_covers(shifts, hour):
    at = START.after(hour * HOUR_MS)
    on = desk(*shifts).on("duty-desk", at)
    assert set(on) == {each.officer for each in shifts if each.start <= at < each.end}
    assert desk(*shifts).staffed("duty-desk", at) == bool(on)


@given(SHIFTS, HOURS, st.integers(1, 40))
def test_a_gap_is_where_nobody_is_on_and_nothing_else_is(shifts, first, span):
    start, end = START.after(first * HOUR_MS), START.after((first + span) * HOUR_MS)
    plan = desk(*shifts)
    gaps = plan.gaps("duty-desk", start, end)
    at = start
    while at < end:
        inside = any(gap.start <= at < gap.end for gap in gaps)
        assert inside == (not plan.on("duty-desk", at))
        at = at.after(HOUR_MS)


@given(SHIFTS, HOURS)
def test_the_next_shift_is_the_first_to_start_later(shifts, hour):
    at = START.after(hour * HOUR_MS)
    later = [each for each in shifts if each.start > at]
    found = desk(*shifts).next_shift("duty-desk", at)
    assert (found.start if found else None) == (later[0].start if later else None)


@given(SHIFTS, HOURS, st.integers(1, 40))
def test_the_shifts_of_a_span_are_those_that_share_a_moment_with_it(shifts, first, span):
    start, end = START.after(first * HOUR_MS), START.after((first + span) * HOUR_MS)
    found = desk(*shifts).shifts_between("duty-desk", start, end)
    assert sorted(found) == sorted(each for each in shifts if each.start < end and each.end > start)


def test_watches_that_overlap_name_who_came_last_first():
    plan = desk(shift("ana", 0, 9), shift("ben", 8, 16))
    assert plan.on("duty-desk", START.after(8 * HOUR_MS)) == ("ben", "ana")


def test_a_room_with_a_telephone_is_never_empty():
    room = Method(channel="phone", address="4711")
    plan = desk(methods=(room,))
    assert plan.staffed("duty-desk", START)
    assert plan.gaps("duty-desk", START, START.after(DAY_MS)) == ()
    assert not plan.staffed("deputy", START)


def test_a_desk_without_shifts_and_methods_has_no_plan():
    plan = desk(shift("ana", 0, 9))
    assert plan
    plan.put(Desk(echelon="duty-desk"))
    assert not plan


def test_who_is_on_is_found_among_a_year_of_watches_at_once():
    year = [shift(f"officer-{n % 50}", n * 4, n * 4 + 5) for n in range(6 * 366)]
    plan = desk(*year)
    began = perf_counter()
    for day in range(366):
        assert plan.on("duty-desk", START.after(day * DAY_MS))
    assert (perf_counter() - began) / 366 < 0.005
