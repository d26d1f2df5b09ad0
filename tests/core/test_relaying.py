"""Relaying: a notice that was read and not passed on alarms both sides, once and in time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.core.effects import Alert
from clearline.core.events import Note, Revise, Withdraw
from clearline.core.notices import RELAY_BEFORE_MS, RELAY_GRACE_MS, Disposition
from clearline.core.state import State
from tests.core.counterpart import Counterpart, notice_body
from tests.kit import START, Pair, declare, volume

OPENS = START.after(3 * HOUR_MS)
DUE = OPENS.after(-RELAY_BEFORE_MS)


def given_notice() -> tuple[Pair, str]:
    """Return two nodes that both hold a notice of north's, which opens in three hours."""
    pair = Pair()
    notice = pair.north.do(declare(), pair.now)
    pair.settle()
    return pair, notice


def note(pair: Pair, notice: str, disposition: str) -> None:
    pair.south.do(Note(by="officer", notice=notice, disposition=disposition), pair.now)
    pair.settle()


def alarms(pair: Pair) -> list[str]:
    return [
        each.code
        for node in (pair.south, pair.north)
        for each in node.told(Alert)
        if isinstance(each, Alert) and each.code in ("notice_not_relayed", "relay_not_heard")
    ]


def at(pair: Pair, now: Instant) -> list[str]:
    """Let both nodes tick at an instant; return every alarm so far."""
    pair.now = now
    for node in (pair.north, pair.south):
        node.runtime.tick(now)
    return alarms(pair)


BOTH = ["notice_not_relayed", "relay_not_heard"]


def test_a_notice_that_was_received_and_not_relayed_alarms_both_sides_an_hour_before_it_opens():
    pair, notice = given_notice()
    note(pair, notice, "received")
    assert pair.south.runtime.core.due() <= DUE
    assert at(pair, DUE.after(-1)) == []
    assert at(pair, DUE) == BOTH
    assert at(pair, DUE.after(10 * MINUTE_MS)) == BOTH
    assert pair.north.runtime.state.notices.by_id[notice].lies_unrelayed


def test_understood_at_the_desk_is_not_relayed_to_units():
    pair, notice = given_notice()
    note(pair, notice, "understood")
    assert at(pair, DUE) == BOTH


@pytest.mark.parametrize("before", [(), ("received",), ("received", "understood")])
def test_a_notice_that_was_relayed_in_time_alarms_nobody(before):
    pair, notice = given_notice()
    for disposition in (*before, "relayed_to_units"):
        note(pair, notice, disposition)
    assert at(pair, OPENS.after(MINUTE_MS)) == []
    assert not pair.south.runtime.state.notices.by_id[notice].lies_unrelayed


def test_a_notice_that_nobody_has_read_is_shown_as_stored_and_alarms_nobody():
    pair, _ = given_notice()
    assert at(pair, OPENS.after(MINUTE_MS)) == []


def test_what_is_read_late_is_relayed_within_five_minutes_of_being_read():
    pair, notice = given_notice()
    pair.now = OPENS.after(-MINUTE_MS)
    note(pair, notice, "received")
    assert at(pair, pair.now.after(RELAY_GRACE_MS - 1)) == []
    assert at(pair, pair.now.after(1)) == BOTH


def test_what_was_relayed_of_an_earlier_revision_does_not_count_for_the_next():
    pair, notice = given_notice()
    note(pair, notice, "relayed_to_units")
    pair.north.do(Revise(by="planner", notice=notice, volumes=(volume(35.6),)), pair.now)
    pair.settle()
    note(pair, notice, "received")
    assert at(pair, DUE) == BOTH


def test_a_note_that_crosses_a_revision_is_of_the_revision_that_it_names():
    line = Counterpart()
    notice = line.node.do(declare(), line.now)
    line.node.do(Revise(by="planner", notice=notice, volumes=(volume(35.6),)), line.now)
    line.says("notice.noted", {"disposition": "relayed_to_units"}, notice)
    (noted,) = line.state.notices.by_id[notice].noted
    assert (noted.disposition, noted.revision) == (Disposition.RELAYED, 1)
    assert not line.state.notices.by_id[notice].is_relayed


def test_a_notice_that_has_ended_alarms_nobody():
    pair, notice = given_notice()
    note(pair, notice, "received")
    pair.north.do(Withdraw(by="planner", notice=notice), pair.now)
    pair.settle()
    assert at(pair, DUE) == []


def test_an_alarm_is_not_given_again_by_a_node_that_was_read_back():
    pair, notice = given_notice()
    note(pair, notice, "received")
    at(pair, DUE)
    back = State.unpack(pair.south.runtime.state.pack())
    assert back is not None
    assert back.notices.unrelayed(OPENS) == []
    assert back.notices.by_id[notice].lies_unrelayed


@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(
        st.tuples(st.sampled_from([each.value for each in Disposition]), st.integers(0, 200)),
        max_size=6,
    )
)
def test_both_sides_alarm_for_the_same_notices_and_never_twice(said):
    pair, notice = given_notice()
    for disposition, minutes in said:
        at(pair, pair.now.after(minutes * MINUTE_MS))
        note(pair, notice, disposition)
    at(pair, pair.now.after(HOUR_MS))
    found = alarms(pair)
    assert len(found) <= 2
    assert found.count("notice_not_relayed") == found.count("relay_not_heard")


def test_a_late_notice_is_told_with_its_lead_beside_what_was_agreed():
    line = Counterpart()
    body = notice_body(line.now) | {"late": True}
    line.says("notice.declared", body)
    told = [each for each in line.node.effects if getattr(each, "code", "") == "notice_late"]
    assert told[0].args["agreed_ms"] == 2 * HOUR_MS
    assert told[0].args["lead_ms"] >= 0
