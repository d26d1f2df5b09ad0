"""Calling: a FLASH rings whatever else is happening, and only a human ends it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core import calling
from clearline.core.calls import CallState
from clearline.core.effects import Hush, Ring
from clearline.core.events import (
    Acknowledge,
    Agree,
    Announce,
    Close,
    Dispose,
    JumpToRung,
    OpenCall,
    Propose,
    ReadBack,
    Say,
    StandDown,
)
from clearline.core.terms import Ladders, Limits, Precedence, default_ladders, hash_of
from clearline.phrasebook import Stop
from tests.core.counterpart import FLASH, STOP, Counterpart, notice_body
from tests.kit import LINK, Pair, declare, degrees, terms, volume

OURS = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
ROUTINE = FLASH | {"precedence": "routine"}


def flash(pair: Pair, **changes: object) -> str:
    fields = {"link": LINK, "precedence": Precedence.FLASH, "phrases": (OURS,)} | changes
    call = pair.north.do(OpenCall(by="o", **fields), pair.now)
    pair.settle()
    return call


def answer(pair: Pair, call: str) -> None:
    """Acknowledge, dispose of and close a call of north's, from both sides."""
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.settle()
    pair.north.do(Close(by="o", call=call), pair.now)
    pair.south.do(Close(by="d", call=call), pair.now)
    pair.settle()


def test_a_flash_rings_before_any_terms_are_in_force():
    line = Counterpart(agree=False)
    line.says("call.opened", FLASH)
    assert len(line.node.told(Ring)) == 1
    assert line.refusals() == []


def test_a_flash_rings_while_the_line_is_announced_as_suspended():
    line = Counterpart()
    line.node.do(Announce(by="o", link=LINK, status="suspended"), line.now)
    line.says("status.announced", {"status": "suspended"})
    line.says("call.opened", FLASH)
    assert len(line.node.told(Ring)) == 1


def test_a_flash_rings_past_the_limit_of_open_calls_and_a_routine_call_does_not():
    line = Counterpart(limits=Limits(open_calls=2))
    for _ in range(3):
        line.says("call.opened", ROUTINE)
    assert line.refusals() == ["too_many"]
    line.says("call.opened", FLASH)
    assert len(line.node.told(Ring)) == 3
    assert line.refusals() == ["too_many"]


def test_a_flash_rings_although_the_hours_notices_are_spent():
    line = Counterpart(limits=Limits(notices_per_hour=1))
    for _ in range(3):
        line.says("notice.declared", notice_body(line.now))
    assert line.refusals() == ["rate", "rate"]
    line.says("call.opened", FLASH)
    assert len(line.node.told(Ring)) == 1


def test_a_flash_rings_in_the_same_append_as_entries_that_are_refused():
    line = Counterpart()
    for _ in range(5):
        line.says("notice.withdrawn", {}, line.next_id())
    line.says("call.opened", FLASH)
    assert line.refusals() == ["unknown_reference"] * 5
    assert len(line.node.told(Ring)) == 1


def test_a_flash_that_cannot_be_read_rings_all_the_same_and_is_refused():
    line = Counterpart()
    line.says("call.opened", FLASH | {"colour": "red"})
    assert line.refusals() == ["unknown_field"]
    (ring,) = line.node.told(Ring)
    assert ring.coded[0].startswith("(a FLASH")


def test_a_node_of_older_rules_closes_a_call_by_the_clock_it_once_did():
    line = Counterpart()
    line.state.rules = 3
    call = line.says("call.opened", FLASH)
    line.node.do(Acknowledge(by="d", call=call, echelon="duty-desk"), line.now)
    line.node.do(Dispose(by="d", call=call, disposition="received"), line.now)
    line.node.do(Close(by="d", call=call), line.now)
    theirs = line.now.after(HOUR_MS)
    line.says("call.stood_down", {}, call, at=str(theirs))
    assert line.state.calls.by_id[call].closed_at == theirs


def test_the_text_is_rung_with_the_very_first_ring():
    line = Counterpart()
    line.says("call.opened", FLASH)
    assert line.node.told(Ring)[0].coded[0].startswith("STOP")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("call.acknowledged", {"rung": 1, "echelon": "duty-desk"}),
        ("call.ringing", {"rung": 1, "echelon": "duty-desk", "since": "2026-11-23T12:00:00.000Z"}),
        (
            "call.climbed",
            {"rung": 2, "echelon": "deputy", "round": 0, "why": "unanswered"},
        ),
        ("call.disposition", {"disposition": "received"}),
    ],
)
def test_the_caller_cannot_answer_for_the_called(kind, body):
    line = Counterpart()
    line.says("call.opened", FLASH)
    call = line.said[-1]
    before = line.state.calls.by_id[call]
    line.says(kind, body, call)
    assert line.refusals() == ["not_yours"]
    assert line.state.calls.by_id[call] == before


def test_our_own_user_cannot_answer_our_own_call():
    pair = Pair()
    call = flash(pair)
    with pytest.raises(Mistake, match="Only the called side"):
        pair.north.do(Acknowledge(by="o", call=call, echelon="duty-desk"), pair.now)


def test_an_entry_about_a_call_of_nobody_is_refused():
    line = Counterpart()
    for kind, body in [("call.said", {"phrases": [STOP]}), ("call.closed", {})]:
        line.says(kind, body, line.next_id())
        line.says(kind, body)
    assert line.refusals() == ["unknown_reference"] * 4


def test_an_unmanned_desk_is_rung_too():
    line = Counterpart()
    line.says("call.opened", FLASH)
    line.now = line.now.after(20 * SECOND_MS)
    line.node.runtime.tick(line.now)
    assert [ring.echelon for ring in line.node.told(Ring)] == ["duty-desk", "deputy"]
    assert line.answers()[-1][1]["why"] == "unanswered"
    line.now = line.now.after(30 * SECOND_MS)
    line.node.runtime.tick(line.now)
    assert line.answers()[-1][1]["why"] == "unmanned"


def test_silence_never_closes_a_call():
    line = Counterpart()
    line.says("call.opened", FLASH)
    call = line.said[-1]
    line.now = line.now.after(30 * DAY_MS)
    line.node.runtime.tick(line.now)
    held = line.state.calls.by_id[call]
    assert held.climbs
    assert held.climb.since <= line.now < held.climb.until


def test_each_rung_unheard_of_sends_our_officer_to_the_next_path():
    pair = Pair()
    pair.north.do(
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(OURS,)), pair.now
    )
    for seconds in (20, 50, 80, 110):
        pair.north.runtime.tick(pair.now.after(seconds * SECOND_MS))
    assert pair.north.codes().count("use_next_path") == 4


def test_an_acknowledgement_stops_both_ladders_and_every_bell():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="deputy"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.settle()
    pair.south.effects.clear()
    for node in (pair.north, pair.south):
        node.runtime.tick(pair.now.after(HOUR_MS // 4))
        assert not node.runtime.state.calls.by_id[call].climbs
    assert pair.south.told(Ring) == []


def test_an_officer_who_acknowledges_and_does_nothing_is_climbed_past_and_told_so():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.settle()
    pair.south.effects.clear()
    pair.wait(119 * SECOND_MS)
    assert pair.south.told(Ring) == []
    pair.wait(SECOND_MS)
    assert [(ring.rung, ring.echelon) for ring in pair.south.told(Ring)] == [(2, "deputy")]
    assert "acknowledged_idle" in pair.south.codes()
    assert "call_climbed_past" in pair.north.codes()
    for node in (pair.north, pair.south):
        held = node.runtime.state.calls.by_id[call]
        assert held.climbs
        assert [each.echelon for each in held.passed] == ["duty-desk"]
    pair.wait(30 * SECOND_MS)
    assert pair.south.told(Ring)[-1].rung == 3


@pytest.mark.parametrize("act", ["say", "dispose", "read_back"])
def test_an_officer_who_does_something_about_it_is_not_climbed_past(act):
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    acts = {
        "say": Say(by="d", call=call, phrases=(OURS,)),
        "dispose": Dispose(by="d", call=call, disposition="received"),
        "read_back": ReadBack(by="d", call=call, of=call, phrases=(OURS,)),
    }
    pair.south.do(acts[act], pair.now)
    pair.settle()
    pair.wait(HOUR_MS)
    assert "acknowledged_idle" not in pair.south.codes()


def test_what_the_caller_does_is_no_act_of_the_one_who_acknowledged():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.settle()
    pair.north.do(Say(by="o", call=call, phrases=(OURS,)), pair.now)
    pair.settle()
    pair.wait(120 * SECOND_MS)
    assert "acknowledged_idle" in pair.south.codes()


def test_a_jump_rings_that_rung_at_once_and_both_sides_know():
    pair = Pair()
    call = flash(pair)
    pair.south.effects.clear()
    pair.south.do(JumpToRung(by="d", call=call, rung=3), pair.now)
    pair.settle()
    assert [ring.echelon for ring in pair.south.told(Ring)] == ["flag-officer"]
    assert pair.north.runtime.state.calls.by_id[call].told.rung == 3
    pair.wait(30 * SECOND_MS)
    assert pair.south.told(Ring)[-1].rung == 4


def test_only_the_called_side_jumps_and_only_to_a_rung_that_there_is():
    pair = Pair()
    call = flash(pair)
    with pytest.raises(Mistake, match="called side climbs"):
        pair.north.do(JumpToRung(by="o", call=call, rung=2), pair.now)
    with pytest.raises(Mistake, match="4 rungs"):
        pair.south.do(JumpToRung(by="d", call=call, rung=5), pair.now)


def test_a_call_that_its_caller_stands_down_rings_nobody_any_more():
    pair = Pair()
    call = flash(pair)
    pair.north.do(StandDown(by="o", call=call), pair.now)
    pair.settle()
    assert call in [hush.what for hush in pair.south.told(Hush)]
    assert "call_stood_down" in pair.south.codes()
    pair.south.effects.clear()
    pair.wait(HOUR_MS)
    assert call not in [ring.what for ring in pair.south.told(Ring)]
    pair.south.do(Close(by="d", call=call), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        assert node.runtime.state.calls.by_id[call].state is CallState.CLOSED


def test_the_called_side_cannot_stand_a_call_down():
    pair = Pair()
    call = flash(pair)
    with pytest.raises(Mistake, match="calling side"):
        pair.south.do(StandDown(by="d", call=call), pair.now)


def test_the_bell_is_hushed_by_the_one_who_reads():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    assert [hush.what for hush in pair.south.told(Hush)] == [call]


def test_the_ladder_of_a_call_is_the_one_that_it_was_opened_on():
    pair = Pair()
    call = flash(pair)
    pair.wait(85 * SECOND_MS)
    amend(pair, rungs=2)
    pair.south.effects.clear()
    pair.wait(31 * SECOND_MS)
    assert [(ring.rung, ring.echelon) for ring in pair.south.told(Ring)] == [(4, "contact-card")]
    pair.south.effects.clear()
    flash(pair)
    pair.wait(21 * SECOND_MS)
    assert pair.south.runtime.state.calls.by_id[call].ladder == default_ladders().flash
    assert [ring.rung for ring in pair.south.told(Ring) if ring.what != call] == [1, 2]


def amend(pair: Pair, *, rungs: int) -> None:
    """Agree on ladders that have so many rungs."""
    whole = default_ladders()
    short = {
        each.value: type(whole.flash)(rungs=whole.of(each).rungs[:rungs]) for each in Precedence
    }
    amended = terms(version=2, ladders=Ladders(**short))
    pair.north.do(Propose(by="o", terms=amended), pair.now)
    pair.settle()
    pair.south.do(Agree(by="o", link=LINK, hash=hash_of(amended)), pair.now)
    pair.settle()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 90)), min_size=1, max_size=4))
def test_however_the_ladder_is_amended_a_call_rings_on(changes):
    line = Counterpart()
    line.says("call.opened", FLASH)
    call, whole = line.said[-1], default_ladders()
    for version, (rungs, seconds) in enumerate(changes, 2):
        cut = {
            each.value: type(whole.flash)(rungs=whole.of(each).rungs[:rungs]) for each in Precedence
        }
        amended = terms(version=version, ladders=Ladders(**cut))
        line.node.do(Propose(by="o", terms=amended), line.now)
        line.says("terms.agreed", {"hash": hash_of(amended)})
        line.now = line.now.after(seconds * SECOND_MS)
        line.node.runtime.tick(line.now)
        held = line.state.calls.by_id[call]
        assert held.climbs
        assert held.climb.until > line.now
    rings = [ring.id for ring in line.node.told(Ring)]
    assert len(rings) == len(set(rings))


def test_what_recurs_rings_as_a_call_of_its_own_from_the_rung_that_answered():
    pair = Pair()
    call = flash(pair)
    pair.wait(25 * SECOND_MS)
    answer(pair, call)
    pair.south.effects.clear()
    again = flash(pair, reopens=call)
    assert again != call
    assert [ring.rung for ring in pair.south.told(Ring)] == [2]
    assert pair.south.runtime.state.calls.by_id[again].reopens == call
    assert pair.south.runtime.state.calls.by_id[call].state is CallState.CLOSED


def test_a_call_that_both_sides_open_again_at_once_can_be_answered_by_both():
    pair = Pair()
    call = flash(pair)
    answer(pair, call)
    pair.now = pair.now.after(MINUTE_MS)
    fields = {"link": LINK, "precedence": Precedence.FLASH, "phrases": (OURS,), "reopens": call}
    mine = pair.north.do(OpenCall(by="o", **fields), pair.now)
    yours = pair.south.do(OpenCall(by="d", **fields), pair.now)
    pair.settle()
    pair.north.do(Acknowledge(by="o", call=yours, echelon="duty-desk"), pair.now)
    pair.south.do(Acknowledge(by="d", call=mine, echelon="duty-desk"), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        states = {each.state for each in node.runtime.state.calls.by_id.values()}
        assert states == {CallState.CLOSED, CallState.ACKNOWLEDGED}
        assert "entry_refused" not in node.codes()


def test_a_call_that_is_open_cannot_be_opened_again_by_its_own_user():
    pair = Pair()
    call = flash(pair)
    with pytest.raises(Mistake, match="speak in it"):
        flash(pair, reopens=call)


def test_an_open_notice_near_a_call_is_attached_to_it():
    pair = Pair()
    near = pair.north.do(declare(volume(35.3, 40.1)), pair.now)
    far = pair.north.do(declare(volume(36.9, 38.5)), pair.now)
    call = flash(pair)
    assert pair.south.runtime.state.calls.by_id[call].notices == (near,)
    assert far != near


def test_more_can_be_said_in_a_call_before_it_is_answered():
    pair = Pair()
    call = flash(pair)
    pair.north.do(Say(by="o", call=call, phrases=(OURS,)), pair.now)
    pair.settle()
    assert len(pair.south.runtime.state.calls.by_id[call].said) == 2


def test_a_stand_down_that_crosses_an_acknowledgement_ends_the_call_on_both_sides():
    pair = Pair()
    call = flash(pair)
    pair.north.do(StandDown(by="o", call=call), pair.now)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.settle()
    assert "call_stood_down" in pair.south.codes()
    for node in (pair.north, pair.south):
        held = node.runtime.state.calls.by_id[call]
        assert (held.state, held.act_by) == (CallState.CLOSING, None)
        assert held.acknowledgement.echelon == "duty-desk"
        assert "refused" not in node.codes()
    pair.wait(HOUR_MS)
    pair.south.do(Close(by="d", call=call), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        assert node.runtime.state.calls.by_id[call].state is CallState.CLOSED
    assert "acknowledged_idle" not in pair.south.codes()


def test_a_caller_who_knows_of_the_acknowledgement_does_not_stand_down():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.settle()
    with pytest.raises(Mistake, match="cannot follow"):
        pair.north.do(StandDown(by="o", call=call), pair.now)


def test_a_jump_that_crosses_the_callers_close_rings_on_until_somebody_answers():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.settle()
    pair.north.do(Close(by="o", call=call), pair.now)
    pair.south.do(JumpToRung(by="d", call=call, rung=3), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        assert node.runtime.state.calls.by_id[call].climbs
        assert "refused" not in node.codes()
    pair.wait(30 * SECOND_MS)
    assert pair.south.told(Ring)[-1].rung == 4
    pair.south.do(Acknowledge(by="f", call=call, echelon="contact-card"), pair.now)
    pair.south.do(Close(by="f", call=call), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        assert node.runtime.state.calls.by_id[call].state is CallState.CLOSED


@pytest.mark.parametrize("closer", ["north", "south"])
def test_nobody_is_climbed_past_in_a_call_that_a_side_has_closed(closer):
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.south.do(JumpToRung(by="d", call=call, rung=2), pair.now)
    pair.south.do(Acknowledge(by="f", call=call, echelon="deputy"), pair.now)
    pair.settle()
    getattr(pair, closer).do(Close(by="o", call=call), pair.now)
    pair.settle()
    pair.wait(HOUR_MS)
    assert "acknowledged_idle" not in pair.south.codes()
    assert pair.south.runtime.state.calls.by_id[call].state is CallState.CLOSING


@pytest.mark.parametrize(("rules", "said"), [(3, 2), (2, 1)])
def test_what_is_said_as_the_other_side_closes_is_shown_by_a_node_that_keeps_the_rule(rules, said):
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.settle()
    pair.north.do(Close(by="o", call=call), pair.now)
    pair.settle()
    pair.south.runtime.state.rules = rules
    pair.north.do(Say(by="o", call=call, phrases=(OURS,)), pair.now)
    pair.south.do(Close(by="d", call=call), pair.now)
    pair.settle()
    assert pair.south.runtime.state.calls.by_id[call].state is CallState.CLOSED
    assert len(pair.south.runtime.state.calls.by_id[call].said) == said
    with pytest.raises(Mistake, match="closed"):
        pair.north.do(Say(by="o", call=call, phrases=(OURS,)), pair.now)


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_a_call_is_kept_for_a_day_by_our_clock_whatever_theirs_says_when_it_stands_down(at):
    line = Counterpart()
    call = line.says("call.opened", FLASH)
    line.node.do(Acknowledge(by="d", call=call, echelon="duty-desk"), line.now)
    line.node.do(Dispose(by="d", call=call, disposition="received"), line.now)
    line.node.do(Close(by="d", call=call), line.now)
    line.says("call.stood_down", {}, call, at=at)
    found = line.state.calls.by_id[call]
    assert found.state is CallState.CLOSED
    assert found.closed_at == line.now


def test_who_opens_and_stands_down_for_ever_is_refused_in_the_end():
    line = Counterpart()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calling, "MAX_OPEN_FLASH", 3)
        for _ in range(3):
            call = line.says("call.opened", FLASH)
            line.says("call.stood_down", {}, call)
        line.says("call.opened", FLASH)
        assert line.refusals() == ["too_many"]
        line.node.do(Close(by="d", call=call), line.now)
        line.says("call.opened", FLASH)
        assert line.refusals() == ["too_many"]
