"""That a recording is had: into the record of both sides, whenever, and no more than that."""

from __future__ import annotations

from clearline.basis.faults import Mistake
from clearline.core.calls import CallState
from clearline.core.effects import Append, Tell
from clearline.core.events import Acknowledge, Close, Dispose, OpenCall, Recorded
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from tests.kit import LINK, Node, Pair, degrees

STOP = Stop(place=degrees(35.2560, 40.1500), radius_cm=50_000)


def opened(pair: Pair) -> str:
    call = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,))
    made = pair.south.do(call, pair.now)
    pair.settle()
    return made


def whole(call: str, digest: str = "ab", *, cut: bool = False) -> Recorded:
    return Recorded(call=call, sha256=digest * 32, duration_ms=61_000, bytes=305_000, cut=cut)


def held(node: Node, call: str) -> list[tuple[bool, str, bool]]:
    kept = node.runtime.state.calls.by_id[call].recordings
    return [(each.mine, each.sha256[:2], each.cut) for each in kept]


def test_a_recording_of_either_side_is_known_to_both_and_told_to_the_other():
    pair = Pair()
    call = opened(pair)
    pair.south.do(whole(call, "ab"), pair.now)
    pair.north.do(whole(call, "cd", cut=True), pair.now)
    pair.settle()
    assert held(pair.south, call) == [(True, "ab", False), (False, "cd", True)]
    assert set(held(pair.north, call)) == {(False, "ab", False), (True, "cd", True)}
    told = [each for each in pair.north.told(Tell) if each.code == "call_recorded"]
    assert [each.about for each in told] == [call]
    assert pair.north.runtime.state.calls.by_id[call].state is CallState.RINGING


def test_a_recording_that_is_whole_after_its_call_is_closed_is_said_all_the_same():
    pair = Pair()
    call = opened(pair)
    pair.north.do(Acknowledge(by="n", call=call, echelon="duty-desk"), pair.now)
    pair.north.do(Dispose(by="n", call=call, disposition="received"), pair.now)
    pair.settle()
    for node in (pair.north, pair.south):
        node.do(Close(by="x", call=call), pair.now)
        pair.settle()
    pair.south.do(whole(call), pair.now)
    pair.settle()
    assert held(pair.north, call) == [(False, "ab", False)]
    assert "refused" not in pair.south.codes()


def test_the_same_recording_twice_or_of_no_call_is_a_mistake_and_leaves_nothing():
    pair = Pair()
    call = opened(pair)
    pair.south.do(whole(call), pair.now)
    before = len(pair.south.told(Append))
    for event in (whole(call), whole(LINK, "cd")):
        try:
            pair.south.do(event, pair.now)
        except Mistake as mistake:
            assert mistake.code in {"duplicate", "no_such_call"}  # noqa: PT017 - both are
        else:
            raise AssertionError(event)
    assert len(pair.south.told(Append)) == before


def test_a_restart_remembers_what_was_recorded():
    pair = Pair()
    call = opened(pair)
    pair.south.do(whole(call), pair.now)
    pair.south.restart(pair.now)
    assert held(pair.south, call) == [(True, "ab", False)]
