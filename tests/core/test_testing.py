"""Test calls: sent by schedule, answered by hand, missed with a cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core import testing
from clearline.core.effects import Hush, Ring
from clearline.core.events import AnswerTest, ExplainTest, SendTest
from clearline.core.testcalls import Cause, Outcome, next_slot
from clearline.core.testing import GRACE_MS, MAX_WAITING
from tests.core.counterpart import Counterpart
from tests.kit import LINK, START, Pair

PATIENCE = 5 * MINUTE_MS


def sent() -> tuple[Pair, str]:
    pair = Pair()
    test = pair.north.do(SendTest(by="o", link=LINK), pair.now)
    pair.settle()
    return pair, test


def both(pair: Pair, test: str):
    return [node.runtime.state.tests.by_id[test] for node in (pair.north, pair.south)]


def test_a_test_call_rings_the_other_desk_and_a_human_answers_it():
    pair, test = sent()
    assert [ring.what for ring in pair.south.told(Ring)] == [test]
    pair.south.do(AnswerTest(by="d", test=test), pair.now)
    pair.settle()
    assert [each.outcome for each in both(pair, test)] == [Outcome.ANSWERED] * 2
    assert [hush.what for hush in pair.south.told(Hush)] == [test]


def test_an_unanswered_test_call_is_missed_on_both_sides_with_no_cause_known():
    pair, test = sent()
    pair.now = pair.now.after(PATIENCE)
    pair.south.runtime.tick(pair.now)
    pair.settle()
    assert {(each.outcome, each.cause) for each in both(pair, test)} == {
        (Outcome.MISSED, Cause.UNKNOWN)
    }


def test_the_sender_writes_the_miss_itself_when_nothing_is_heard():
    line = Counterpart()
    test = line.node.do(SendTest(by="o", link=LINK), line.now)
    line.node.runtime.tick(line.now.after(PATIENCE + GRACE_MS - 1))
    assert line.state.tests.by_id[test].outcome is None
    line.node.runtime.tick(line.now.after(PATIENCE + GRACE_MS))
    assert line.state.tests.by_id[test].outcome is Outcome.MISSED


def test_both_may_write_the_same_miss_and_neither_refuses():
    pair, test = sent()
    late = pair.now.after(PATIENCE + GRACE_MS)
    for node in (pair.north, pair.south):
        node.runtime.tick(late)
    pair.now = late
    pair.settle()
    assert "entry_refused" not in pair.north.codes() + pair.south.codes()
    assert [each.outcome for each in both(pair, test)] == [Outcome.MISSED] * 2


def test_a_late_answer_still_counts():
    pair, test = sent()
    pair.now = pair.now.after(PATIENCE + GRACE_MS)
    for node in (pair.north, pair.south):
        node.runtime.tick(pair.now)
    pair.settle()
    pair.south.do(AnswerTest(by="d", test=test), pair.now)
    pair.settle()
    assert [each.outcome for each in both(pair, test)] == [Outcome.ANSWERED] * 2


def test_nobody_answers_twice_or_for_the_other_side():
    pair, test = sent()
    with pytest.raises(Mistake, match="ours"):
        pair.north.do(AnswerTest(by="o", test=test), pair.now)
    pair.south.do(AnswerTest(by="d", test=test), pair.now)
    with pytest.raises(Mistake, match="has been answered"):
        pair.south.do(AnswerTest(by="d", test=test), pair.now)


def test_an_answer_said_twice_by_the_counterpart_changes_nothing():
    line = Counterpart()
    test = line.node.do(SendTest(by="o", link=LINK), line.now)
    line.says("test.answered", {"outcome": "answered"}, test)
    before = line.state.tests.by_id[test]
    line.now = line.now.after(SECOND_MS)
    line.says("test.answered", {"outcome": "answered"}, test)
    line.says("test.answered", {"outcome": "missed", "cause": "weather"}, test)
    assert line.state.tests.by_id[test] == before
    assert line.refusals() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"outcome": "missed"}, "malformed"),
        ({"outcome": "answered", "cause": "weather"}, "malformed"),
        ({"outcome": "answered"}, "not_yours"),
    ],
)
def test_an_outcome_that_cannot_be_is_refused(body, reason):
    line = Counterpart()
    line.says("test.sent", {})
    line.says("test.answered", body, line.said[-1])
    assert line.refusals() == [reason]


def test_only_a_miss_has_a_cause_and_a_person_may_find_it():
    pair, test = sent()
    with pytest.raises(Mistake, match="Only a missed"):
        pair.north.do(ExplainTest(by="o", test=test, cause="weather"), pair.now)
    pair.now = pair.now.after(PATIENCE)
    pair.south.runtime.tick(pair.now)
    pair.settle()
    pair.north.do(ExplainTest(by="o", test=test, cause="weather"), pair.now)
    pair.settle()
    assert [each.cause for each in both(pair, test)] == [Cause.WEATHER] * 2


def test_more_test_calls_than_a_human_can_answer_are_refused():
    line = Counterpart()
    for _ in range(MAX_WAITING + 1):
        line.says("test.sent", {})
    assert line.refusals() == ["too_many"]
    assert len(line.node.told(Ring)) == MAX_WAITING


def test_a_node_that_slept_through_many_slots_sends_one_test():
    pair = Pair()
    pair.north.effects.clear()
    pair.north.runtime.tick(pair.now.after(10 * HOUR_MS))
    assert len(pair.north.runtime.state.tests.by_id) == 1


def test_what_ended_is_forgotten_after_a_week():
    pair, test = sent()
    pair.south.do(AnswerTest(by="d", test=test), pair.now)
    pair.south.runtime.tick(pair.now.after(8 * DAY_MS))
    assert test not in pair.south.runtime.state.tests.by_id


@given(st.integers(MINUTE_MS, 7 * DAY_MS), st.integers(0, 40 * DAY_MS), st.booleans())
def test_the_next_slot_is_after_now_and_no_further_than_one_interval(every_ms, span, first):
    now = START.after(span)
    slot = next_slot(every_ms, now, first=first)
    assert now < slot <= now.after(every_ms)
    assert next_slot(every_ms, slot, first=first) == slot.after(every_ms)


@given(st.integers(2 * MINUTE_MS, 7 * DAY_MS))
def test_the_two_sides_never_send_at_once(every_ms):
    one = next_slot(every_ms, START, first=True)
    other = next_slot(every_ms, START, first=False)
    assert abs(one.since(other)) in {every_ms // 2, every_ms - every_ms // 2}


def test_a_counterpart_cannot_send_test_calls_without_end(monkeypatch):
    monkeypatch.setattr(testing, "MAX_KEPT", 2)
    pair = Pair()
    for _ in range(3):
        test = pair.south.do(SendTest(by="south officer", link=LINK), pair.now)
        pair.settle()
        if test in pair.north.runtime.state.tests.by_id:
            pair.north.do(AnswerTest(by="north officer", test=test), pair.now)
            pair.settle()
    assert len(pair.north.runtime.state.tests.by_id) == 2
    assert "entry_refused" in pair.south.codes()
