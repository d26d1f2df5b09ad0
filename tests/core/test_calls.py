"""Calls: the table is whole, and silence never closes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Reason, Refusal
from clearline.basis.instants import DAY_MS
from clearline.core.callbook import Calls
from clearline.core.calls import (
    MAX_RECORDED,
    MAX_SAID,
    Call,
    CallAcknowledged,
    CallClimbed,
    CallRinging,
    CallState,
    Disposed,
    Recording,
    Said,
    Why,
    acknowledged,
    climbed,
    closed,
    disposed,
    recorded,
    ringing,
    said,
    stage,
    step,
    stood_down,
)
from clearline.core.ladder import start
from clearline.core.notices import Disposition
from clearline.core.stages import (
    CALLED_SAYS,
    CALLED_SIDE_ONLY,
    CALLING_SAYS,
    CALLING_SIDE_ONLY,
    CLOSED_BY,
    CROSSED,
    SHOWN,
    Stage,
)
from clearline.core.step import BODIES
from clearline.core.terms import Precedence, default_ladders
from clearline.phrasebook import LineTest
from tests.kit import LINK, START

KINDS = sorted(kind for kind in BODIES if kind.startswith("call.") and kind != "call.recorded")
"""All but what is of no stage."""
CALL = "019ab000-0000-7000-8000-00000000000c"
RECEIVED = Disposed(disposition=Disposition.RECEIVED, at=START)


def call(*, mine: bool = True, state: CallState = CallState.OPENED, **changes) -> Call:
    fields = {
        "id": CALL,
        "link": LINK,
        "mine": mine,
        "precedence": Precedence.FLASH,
        "notices": (),
        "drill": False,
        "opened_at": START,
        "ladder": default_ladders().flash,
        "climb": start(default_ladders().flash, START),
        "said": (Said(entry=CALL, mine=mine, phrases=(LineTest(),), at=START),),
        "state": state,
    }
    return Call(**(fields | changes))


def recording(number: int, *, mine: bool) -> Recording:
    return Recording(
        mine=mine, at=START, sha256=f"{number:064x}", duration_ms=1, bytes=1, cut=False
    )


def apply(call: Call, kind: str, *, mine: bool) -> Call | Refusal:
    """Return what an entry of this kind makes of a call, by the functions of the room."""
    match kind:
        case "call.climbed":
            body = CallClimbed(rung=2, echelon="deputy", round=0, why=Why.UNANSWERED)
            return climbed(call, body, START, mine=mine)
        case "call.stood_down":
            return stood_down(call, START, mine=mine)
        case "call.ringing":
            body = CallRinging(rung=1, echelon="duty-desk", since=START)
            return ringing(call, body, START, mine=mine)
        case "call.acknowledged":
            body = CallAcknowledged(rung=1, echelon="duty-desk")
            return acknowledged(call, body, START, mine=mine)
        case "call.said":
            return said(call, Said(entry="x", mine=mine, phrases=(LineTest(),), at=START))
        case "call.readback":
            of = next((each.entry for each in call.said if each.mine != mine), CALL)
            what = Said(entry="y", mine=mine, phrases=(LineTest(),), at=START, restates=of)
            return said(call, what)
        case "call.disposition":
            return disposed(call, RECEIVED, mine=mine)
        case "call.closed":
            return closed(call, START, mine=mine)
        case "call.recorded":
            after = recorded(call, recording(len(call.recordings), mine=mine))
            assert isinstance(after, Refusal) or after.state is call.state
            return after
    raise AssertionError(kind)


def at(stage: Stage, *, mine: bool) -> Call:
    """Return a call of ours, or of theirs, that stands there."""
    calling = stage in CLOSED_BY[True] or stage is Stage.CLOSED
    called = stage in CLOSED_BY[False] or stage is Stage.CLOSED
    return call(
        mine=mine,
        state=SHOWN[stage],
        closed_by_us=calling if mine else called,
        closed_by_them=called if mine else calling,
        stood_down_at=START if stage is Stage.STOOD_DOWN else None,
    )


def test_the_tables_have_every_stage_and_only_kinds_that_there_are():
    for table in (CALLED_SAYS, CALLING_SAYS):
        assert set(table) == set(Stage)
        assert {kind for row in table.values() for kind in row} <= set(KINDS)
    assert set(SHOWN) == set(Stage)
    for place, kind in CROSSED:
        assert (kind in CALLED_SAYS[place]) != (kind in CALLING_SAYS[place]) or kind not in (
            CALLED_SIDE_ONLY | CALLING_SIDE_ONLY
        )


@pytest.mark.parametrize("writer_calls", [True, False])
@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", Stage)
def test_every_kind_at_every_stage_by_either_side_is_what_the_tables_say(
    place, kind, mine, writer_calls
):
    before = at(place, mine=mine if writer_calls else not mine)
    assert stage(before) is place
    after = step(before, kind, mine=mine)
    table = CALLING_SAYS if writer_calls else CALLED_SAYS
    if kind in (CALLED_SIDE_ONLY if writer_calls else CALLING_SIDE_ONLY):
        assert after.reason is Reason.NOT_YOURS
    elif kind in table[place]:
        assert after is table[place][kind]
    elif kind == "call.closed" and place in CLOSED_BY[writer_calls]:
        assert after.reason is Reason.DUPLICATE
    else:
        assert after.reason is Reason.OUT_OF_ORDER


@pytest.mark.parametrize("mine", [True, False])
def test_nobody_closes_a_call_that_has_no_disposition(mine):
    found = closed(call(state=CallState.ACKNOWLEDGED), START, mine=mine)
    assert found.reason is Reason.OUT_OF_ORDER


@pytest.mark.parametrize("mine", [True, False])
def test_one_side_alone_never_closes_a_call(mine):
    open_call = call(state=CallState.ACKNOWLEDGED, dispositions=(RECEIVED,))
    once = closed(open_call, START, mine=mine)
    assert once.state is CallState.CLOSING
    assert closed(once, START, mine=mine).reason is Reason.DUPLICATE
    assert closed(once, START, mine=not mine).state is CallState.CLOSED


@pytest.mark.parametrize("mine", [True, False])
def test_nobody_reads_back_what_he_said_himself(mine):
    spoken = Said(entry="s", mine=mine, phrases=(LineTest(),), at=START)
    talking = call(state=CallState.ACKNOWLEDGED, said=(spoken,))
    again = Said(entry="t", mine=mine, phrases=(LineTest(),), at=START, restates="s")
    assert said(talking, again).reason is Reason.NOT_YOURS


def test_a_read_back_of_what_nobody_said_is_refused():
    talking = call(state=CallState.ACKNOWLEDGED)
    what = Said(entry="t", mine=False, phrases=(LineTest(),), at=START, restates="nothing")
    assert said(talking, what).reason is Reason.UNKNOWN_REFERENCE


def test_a_call_holds_so_many_utterances_and_no_more():
    full = call(
        said=tuple(Said(entry=str(n), mine=True, phrases=(), at=START) for n in range(MAX_SAID))
    )
    assert apply(full, "call.said", mine=True).reason is Reason.TOO_MANY


@given(mine=st.booleans(), acts=st.lists(st.tuples(st.sampled_from(KINDS), st.booleans())))
def test_a_call_is_closed_only_by_an_answer_a_disposition_and_both_sides(mine, acts):
    now, heard = call(mine=mine), set()
    for kind, writer in acts:
        if kind == "call.opened":
            continue
        after = apply(now, kind, mine=writer)
        if isinstance(after, Refusal):
            continue
        heard.add((kind, writer))
        now = after
        assert now.climbs or heard & {("call.acknowledged", not mine), ("call.stood_down", mine)}
    if now.state is CallState.CLOSED and ("call.stood_down", mine) in heard:
        assert ("call.closed", not mine) in heard
    elif now.state is CallState.CLOSED:
        assert {("call.closed", True), ("call.closed", False)} <= heard
        assert ("call.acknowledged", not mine) in heard
        assert ("call.disposition", not mine) in heard


@pytest.mark.parametrize("state", CallState)
def test_a_recording_is_said_in_any_state_once_by_each_side_and_so_many_times(state):
    now = call(state=state)
    for number in range(MAX_RECORDED):
        for mine in (True, False):
            now = recorded(now, recording(number, mine=mine))
            again = recorded(now, recording(number, mine=mine))
            assert again.reason is Reason.DUPLICATE
    assert now.state is state
    assert recorded(now, recording(MAX_RECORDED, mine=True)).reason is Reason.TOO_MANY


def test_a_call_that_is_climbed_past_rings_again_and_keeps_who_had_it():
    answered = apply(call(mine=False), "call.acknowledged", mine=True)
    again = apply(answered, "call.climbed", mine=True)
    assert again.climbs
    assert again.acknowledgement is None
    assert [each.echelon for each in again.passed] == ["duty-desk"]
    assert apply(again, "call.acknowledged", mine=True).acknowledgement is not None


def test_what_its_caller_has_stood_down_is_closed_by_the_called_side_without_a_disposition():
    down = stood_down(call(mine=True), START, mine=True)
    assert (down.state, down.closed_by_us, down.climbs) == (CallState.CLOSING, True, False)
    assert closed(down, START, mine=True).reason is Reason.DUPLICATE
    assert closed(down, START, mine=False).state is CallState.CLOSED


def test_a_closed_call_is_forgotten_after_a_day_and_an_open_one_never():
    calls = Calls()
    calls.put(call(state=CallState.CLOSED, closed_at=START))
    other = call(state=CallState.ACKNOWLEDGED, id="open")
    calls.put(other)
    assert calls.due() == START.after(DAY_MS)
    calls.forget(START.after(DAY_MS - 1))
    assert CALL in calls.by_id
    calls.forget(START.after(1_000 * DAY_MS))
    assert list(calls.by_id.values()) == [other]
    assert calls.due() is None
