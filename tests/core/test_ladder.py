"""The ladder: exact deadlines, no end, and the same place however often one looks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearline.core.ladder import Climb, climb, rung_of, start
from clearline.core.terms import Ladder, Rung, default_ladders
from tests.kit import START

LADDERS = st.lists(st.integers(1_000, 90_000), min_size=1, max_size=12).map(
    lambda patiences: Ladder(
        rungs=tuple(Rung(echelon=f"rung-{n}", patience_ms=p) for n, p in enumerate(patiences))
    )
)
SPANS = st.integers(0, 3_600_000)
FLASH = default_ladders().flash


def place(at: Climb) -> tuple[int, int, int]:
    return at.rung, at.round, at.since


def test_a_rung_gives_way_exactly_at_its_deadline_and_not_before():
    began = start(FLASH, START)
    assert climb(FLASH, began, START.after(19_999)) == began
    after = climb(FLASH, began, START.after(20_000))
    assert place(after) == (2, 0, START.after(20_000))
    assert after.until == START.after(50_000)


def test_the_last_rung_comes_round_again_for_ever():
    after = climb(FLASH, start(FLASH, START), START.after(110_000 + 100 * 30_000))
    assert (after.rung, after.round) == (4, 101)


def test_a_node_that_slept_stands_where_it_would_have_climbed():
    slept = climb(FLASH, start(FLASH, START), START.after(85_000))
    assert place(slept) == (4, 0, START.after(80_000))


def test_a_start_beyond_the_ladder_is_its_last_rung():
    assert start(FLASH, START, 9).rung == 4
    assert start(FLASH, START, 0).rung == 1
    assert rung_of(FLASH, 9) == FLASH.rungs[-1]


def test_a_shorter_ladder_counts_from_the_next_deadline_on_its_last_rung():
    high = climb(FLASH, start(FLASH, START), START.after(81_000))
    short = Ladder(rungs=FLASH.rungs[:2])
    assert climb(short, high, START.after(109_999)) == high
    after = climb(short, high, START.after(110_000))
    assert place(after) == (2, 1, START.after(110_000))


def test_a_more_patient_last_rung_counts_from_the_next_deadline():
    at = climb(FLASH, start(FLASH, START), START.after(81_000))
    patient = Ladder(rungs=(*FLASH.rungs[:3], Rung(echelon="top", patience_ms=600_000)))
    after = climb(patient, at, START.after(110_000))
    assert place(after) == (4, 1, START.after(110_000))
    assert after.until == START.after(710_000)


@given(LADDERS, st.lists(SPANS, max_size=6))
def test_looking_often_makes_no_difference(ladder, spans):
    began = at = start(ladder, START)
    for span in sorted(spans):
        at = climb(ladder, at, START.after(span))
    assert at == climb(ladder, began, START.after(max(spans, default=0)))


@given(LADDERS, LADDERS, SPANS, SPANS, SPANS)
def test_looking_often_makes_no_difference_under_an_amended_ladder(old, new, amended, one, two):
    at = climb(old, start(old, START), START.after(amended))
    first, last = sorted((amended + one, amended + two))
    between = climb(new, at, START.after(first))
    assert climb(new, between, START.after(last)) == climb(new, at, START.after(last))


@given(LADDERS, LADDERS, SPANS, SPANS)
def test_what_rings_rings_now_even_under_an_amended_ladder(old, new, amended, later):
    now = START.after(amended + later)
    at = climb(old, start(old, START), START.after(amended))
    after = climb(new, at, now)
    assert after.since <= now < after.until
    if after != at:
        assert after.rung <= len(new.rungs)
        assert (after.rung, after.round) != (at.rung, at.round)


@given(LADDERS, SPANS, SPANS)
def test_a_climb_only_goes_up(ladder, one, two):
    began = start(ladder, START)
    low, high = (climb(ladder, began, START.after(span)) for span in sorted((one, two)))
    assert (low.rung, low.round, low.since) <= (high.rung, high.round, high.since)


@given(LADDERS, SPANS)
def test_the_place_on_the_ladder_is_what_the_page_computes(ladder, elapsed):
    rung, round_, since = 1, 0, 0
    while since + ladder.rungs[rung - 1].patience_ms <= elapsed:
        since += ladder.rungs[rung - 1].patience_ms
        if rung < len(ladder.rungs):
            rung += 1
        else:
            round_ += 1
    found = climb(ladder, start(ladder, START), START.after(elapsed))
    assert place(found) == (rung, round_, START.after(since))
