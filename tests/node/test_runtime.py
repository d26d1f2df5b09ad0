"""Two real runtimes: what one says the other holds, whatever happens in between."""

from __future__ import annotations

from clearline.core.calls import CallState
from clearline.core.effects import Ring
from clearline.core.events import Acknowledge, Close, Dispose, OpenCall, ReadBack
from clearline.core.links import LinkState
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from tests.kit import LINK, SECOND_MS, Pair, declare, degrees, volume

STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


def flash(pair: Pair, **changes: object) -> str:
    fields = {"link": LINK, "precedence": Precedence.FLASH, "phrases": (STOP,)} | changes
    call = pair.north.do(OpenCall(by="north officer", **fields), pair.now)
    pair.settle()
    return call


def test_terms_come_into_force_when_both_feeds_hold_the_same_hash():
    pair = Pair()
    for node in (pair.north, pair.south):
        assert node.runtime.state.links[LINK].agreement.in_force
        assert node.runtime.state.links[LINK].state is LinkState.UP


def test_a_flash_rings_the_other_side_and_the_caller_learns_of_it():
    pair = Pair()
    call = flash(pair)
    rings = pair.south.told(Ring)
    assert [(ring.what, ring.rung, ring.echelon) for ring in rings] == [(call, 1, "duty-desk")]
    assert "STOP" in rings[0].coded[0]
    known = pair.north.runtime.state.calls.by_id[call]
    assert known.state is CallState.RINGING
    assert known.told is not None
    assert known.told.rung == 1


def test_an_unanswered_call_climbs_on_both_sides_and_never_closes():
    pair = Pair()
    call = flash(pair)
    pair.wait(20 * SECOND_MS)
    assert pair.north.runtime.state.calls.by_id[call].told.rung == 2
    assert [ring.rung for ring in pair.south.told(Ring)] == [1, 2]
    pair.wait(3_600 * SECOND_MS)
    held = pair.south.runtime.state.calls.by_id[call]
    assert held.climbs
    assert held.climb.rung == 4
    assert held.climb.round > 100


def test_a_call_is_acknowledged_read_back_disposed_of_and_closed_by_both():
    pair = Pair()
    call = flash(pair)
    pair.south.do(Acknowledge(by="duty", call=call, echelon="duty-desk"), pair.now)
    said = pair.south.runtime.state.calls.by_id[call].said[0]
    readback = ReadBack(by="duty", call=call, of=said.entry, phrases=said.phrases)
    pair.south.do(readback, pair.now)
    for disposition in ("received", "relayed to units", "understood"):
        pair.south.do(Dispose(by="duty", call=call, disposition=disposition), pair.now)
    pair.settle()
    assert "readback_agrees" in pair.north.codes()
    pair.north.do(Close(by="officer", call=call), pair.now)
    pair.settle()
    assert pair.south.runtime.state.calls.by_id[call].state is CallState.CLOSING
    pair.south.do(Close(by="duty", call=call), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        assert node.runtime.state.calls.by_id[call].state is CallState.CLOSED


def test_a_conflict_is_found_by_both():
    pair = Pair()
    pair.north.do(declare(volume(35.30, 40.10)), pair.now)
    pair.settle()
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        (conflict,) = node.runtime.state.conflicts.by_key.values()
        assert conflict.claimed_by_us is not None
        assert conflict.claimed_by_them is not None


def test_what_is_found_of_their_notices_waits_for_more_and_no_call_waits_for_it():
    pair = Pair()
    pair.north.do(declare(volume(35.30, 40.10)), pair.now)
    pair.settle()
    before = pair.north.runtime.backlog(LINK)
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    ((_, body),) = pair.south.runtime.pushes(pair.now)
    pair.north.runtime.admit(LINK, body, pair.now)
    assert pair.north.runtime.backlog(LINK) == before + 1
    assert pair.north.runtime.pushes(pair.now) == []
    pair.north.do(
        OpenCall(by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), pair.now
    )
    ((push, _),) = pair.north.runtime.pushes(pair.now)
    assert push.end - push.start == 2


def test_what_a_call_leads_to_waits_for_nothing():
    pair = Pair()
    pair.north.do(declare(volume(35.30, 40.10)), pair.now)
    pair.settle()
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    pair.south.do(
        OpenCall(by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), pair.now
    )
    ((_, body),) = pair.south.runtime.pushes(pair.now)
    pair.north.runtime.admit(LINK, body, pair.now)
    ((push, _),) = pair.north.runtime.pushes(pair.now)
    assert push.end - push.start == pair.north.runtime.backlog(LINK) > 1


def test_a_conflict_found_by_our_own_declaration_goes_with_it():
    pair = Pair()
    pair.north.do(declare(volume(35.30, 40.10)), pair.now)
    pair.settle()
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    ((push, _),) = pair.south.runtime.pushes(pair.now)
    assert push.end - push.start == pair.south.runtime.backlog(LINK) == 2


def test_a_restarted_node_is_the_same_node_and_rings_again():
    pair = Pair()
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    call = flash(pair)
    before = pair.south.runtime.state.pack()
    pair.south.restart(pair.now)
    after = pair.south.runtime.state
    assert [ring.what for ring in pair.south.told(Ring)] == [call]
    after.seq -= 1  # the start itself is an event
    assert after.pack() == before
