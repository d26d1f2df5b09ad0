"""Live drills: their scripts, and how the record of a call is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline import drills
from clearline.basis.instants import SECOND_MS, Instant, enc_hook
from clearline.core.terms import Precedence
from clearline.drills.live import (
    CallScore,
    Ended,
    LiveReport,
    Milestone,
    Step,
    Within,
    score,
    times_of,
)
from clearline.drills.report import Criterion
from clearline.phrasebook import Phrase, Stop, checked
from clearline.space import Position

PLACE = Position(lat_e7=352_560_000, lon_e7=401_500_000)
NOW = Instant.parse("2026-11-23T12:00:00.000Z")
CALL = "01a20846-fe00-7001-adda-73ed2cfef885"
STOP = Stop(place=PLACE, radius_cm=50_000)


def plain(*phrases: Phrase) -> Any:
    return msgspec.to_builtins(phrases, enc_hook=enc_hook)


def entry(kind: str, after_ms: int, party: str = "south", *more: str, **body: Any) -> dict:
    return {
        "id": CALL if kind == "call.opened" else f"{kind}{after_ms}",
        "kind": kind,
        "party": party,
        "at": str(NOW.after(after_ms)),
        "re": [] if kind == "call.opened" else [CALL, *more],
        "body": body,
    }


OPENED = entry("call.opened", 0, "north", phrases=plain(STOP), precedence="flash", drill=True)


@pytest.mark.parametrize("name", drills.names())
def test_every_script_says_what_may_be_said_and_ends_in_a_disposition(name):
    script = drills.live(name)
    names = [each.name for step in script.steps for each in step.wants]
    assert len(names) == len(set(names))
    assert "DRILL" in script.briefing
    for step in script.steps:
        for phrase in step.phrases(PLACE, NOW):
            assert checked(phrase) == phrase
        # A call is closed by a disposition: a script that wants none could not close its own.
        last = (Milestone.RECEIVED, Milestone.RELAYED, Milestone.UNDERSTOOD)
        assert step.wants[-1].milestone in last
        assert step.patience_ms == step.wants[-1].span_ms


@pytest.mark.parametrize("name", drills.names())
def test_every_criterion_is_on_the_page(name):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "drills.md").read_text()
    live = [each for step in drills.live(name).steps for each in score(step, {})]
    for each in (*live, *drills.run(name, 1).criteria):
        assert f"`{each.name}`" in page


def test_times_are_counted_from_the_opening_without_the_difference_of_the_clocks():
    entries = [
        OPENED,
        entry("call.ringing", 1_500),
        entry("call.acknowledged", 9_000),
        entry("call.disposition", 20_000, disposition="received"),
        entry("call.disposition", 30_000, disposition="will_comply"),
    ]
    assert times_of(entries, CALL, 0) == {"rings": 1_500, "acknowledged": 9_000, "received": 20_000}
    assert times_of(entries, CALL, 2_000) == {"rings": 0, "acknowledged": 7_000, "received": 18_000}


def test_a_rung_that_had_to_be_passed_over_counts_as_ringing_and_the_first_time_counts():
    entries = [
        OPENED,
        entry("call.climbed", 100),
        entry("call.climbed", 5_000),
        entry("call.disposition", 6_000, disposition="received"),
        entry("call.disposition", 7_000, disposition="received"),
    ]
    assert times_of(entries, CALL, 0) == {"rings": 100, "received": 6_000}


def test_only_a_read_back_that_agrees_is_one_and_only_of_the_other_side():
    other = Stop(place=Position(lat_e7=0, lon_e7=0), radius_cm=50_000)
    wrong = entry("call.readback", 5_000, "south", CALL, phrases=plain(other))
    ours = entry("call.readback", 6_000, "north", CALL, phrases=plain(STOP))
    of_another = entry("call.readback", 7_000, "south", "elsewhere", phrases=plain(STOP))
    right = entry("call.readback", 8_000, "south", CALL, phrases=plain(STOP))
    assert times_of([OPENED, wrong, ours, of_another], CALL, 0) == {}
    assert times_of([OPENED, wrong, right], CALL, 0) == {"read_back": 8_000}


def test_a_call_that_is_not_in_the_record_reached_nothing():
    assert times_of([entry("call.ringing", 5)], CALL, 0) == {}
    assert times_of([OPENED, entry("call.ringing", 5) | {"re": ["another"]}], CALL, 0) == {}


WANTS = (
    Within(name="one", milestone=Milestone.RECEIVED, span_ms=10 * SECOND_MS),
    Within(name="two", milestone=Milestone.RELAYED, span_ms=20 * SECOND_MS),
)
STEP = Step(
    what="x", precedence=Precedence.FLASH, phrases=lambda *_: (STOP,), wants=WANTS, in_turn="turn"
)


@given(st.dictionaries(st.sampled_from(["received", "relayed_to_units"]), st.integers(0, 30_000)))
def test_a_criterion_holds_if_and_only_if_it_was_said_in_time_and_in_turn(after_ms):
    held = {each.name: each.passed for each in score(STEP, after_ms)}
    one, two = after_ms.get("received"), after_ms.get("relayed_to_units")
    assert held == {
        "one": one is not None and one <= 10_000,
        "two": two is not None and two <= 20_000,
        "turn": one is not None and two is not None and one <= two,
    }


def test_only_a_drill_that_came_to_its_end_and_holds_throughout_has_passed():
    def report(ended: Ended, *passed: bool) -> bool:
        made = LiveReport(
            name="x", link="l", counterpart="south", ended=ended, clock_ahead_ms=0,
            calls=(CallScore(call=CALL, what="x"),),
            criteria=tuple(Criterion(name="c", passed=each, evidence="") for each in passed),
        )  # fmt: skip
        assert made.to_json()["passed"] == made.passed
        assert made.to_json()["ended"] == ended.value
        return made.passed

    assert report(Ended.DONE, True, True)
    assert not report(Ended.DONE, True, False)
    assert not any(report(each, True) for each in Ended if each is not Ended.DONE)
