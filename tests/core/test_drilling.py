"""Drilling: a real call ends every drill on its side, at once and for good."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.core.calls import CallState
from clearline.core.effects import Alert, Hush, Ring
from clearline.core.events import (
    RULES,
    Acknowledge,
    Close,
    Dispose,
    JumpToRung,
    OpenCall,
    Started,
)
from clearline.core.state import State
from clearline.core.step import Core
from clearline.core.terms import Precedence
from clearline.phrasebook import LineTest, Stop
from tests.core.counterpart import FLASH, Counterpart
from tests.kit import LINK, START, Node, Pair, degrees

STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


def call(node: Node, at, *, drill: bool, precedence: Precedence = Precedence.FLASH) -> str:
    phrase = STOP if precedence is Precedence.FLASH else LineTest()
    event = OpenCall(by="o", link=LINK, precedence=precedence, phrases=(phrase,), drill=drill)
    return node.do(event, at)


def drilled() -> tuple[Pair, str]:
    """Return two nodes and a drill of north's that rings at south's."""
    pair = Pair()
    drill = call(pair.north, pair.now, drill=True)
    pair.settle()
    pair.now = pair.now.after(1)
    return pair, drill


def rings(node: Node, what: str) -> int:
    return sum(each.what == what for each in node.told(Ring) if isinstance(each, Ring))


def preempted(node: Node) -> list[dict]:
    return [
        each.args
        for each in node.told(Alert)
        if isinstance(each, Alert) and each.code == "drill_preempted"
    ]


@pytest.mark.parametrize("precedence", list(Precedence))
@pytest.mark.parametrize("caller", ["north", "south"])
def test_a_real_call_of_either_side_and_any_precedence_ends_the_drill_on_both(caller, precedence):
    pair, drill = drilled()
    real = call(getattr(pair, caller), pair.now, drill=False, precedence=precedence)
    pair.settle()
    for node in (pair.north, pair.south):
        known = node.runtime.state.calls.by_id[drill]
        assert known.preempted_at is not None
        assert known.state is CallState.CLOSING
        assert preempted(node) == [{"drills": 1, "precedence": precedence.value.upper()}]
        assert node.runtime.state.calls.by_id[real].climbs
    assert any(isinstance(each, Hush) and each.what == drill for each in pair.south.effects)
    before = rings(pair.south, drill)
    pair.wait(10 * MINUTE_MS)
    assert rings(pair.south, drill) == before
    assert rings(getattr(pair, "south" if caller == "north" else "north"), real) >= 1


def test_a_drill_that_a_human_has_acknowledged_rings_nobody_again_and_ends_as_any_call():
    pair, drill = drilled()
    ack = Acknowledge(by="o", call=drill, echelon="duty-desk")
    pair.south.do(ack, pair.now)
    pair.settle()
    call(pair.south, pair.now.after(1), drill=False)
    pair.settle()
    pair.wait(HOUR_MS)
    assert rings(pair.south, drill) == 1
    assert pair.north.runtime.state.calls.by_id[drill].state is CallState.ACKNOWLEDGED
    pair.south.do(Dispose(by="o", call=drill, disposition="received"), pair.now)
    for node in (pair.south, pair.north):
        pair.settle()
        node.do(Close(by="o", call=drill), pair.now)
    pair.settle()
    assert pair.south.runtime.state.calls.by_id[drill].state is CallState.CLOSED


@pytest.mark.parametrize("answered", [False, True])
def test_nobody_here_can_have_a_drill_rung_again_that_a_real_call_has_ended(answered):
    pair, drill = drilled()
    if answered:
        pair.south.do(Acknowledge(by="d", call=drill, echelon="duty-desk"), pair.now)
        pair.settle()
    call(pair.south, pair.now, drill=False)
    rung = rings(pair.south, drill)
    with pytest.raises(Mistake, match="real call has ended this drill"):
        pair.south.do(JumpToRung(by="d", call=drill, rung=3), pair.now)
    assert rings(pair.south, drill) == rung


def test_another_drill_ends_nothing_and_a_drill_after_a_real_call_rings():
    pair, drill = drilled()
    call(pair.south, pair.now, drill=True)
    pair.settle()
    assert preempted(pair.north) == preempted(pair.south) == []
    call(pair.south, pair.now.after(1), drill=False)
    pair.settle()
    pair.now = pair.now.after(2)
    later = call(pair.north, pair.now, drill=True)
    pair.settle()
    assert rings(pair.south, later) == 1
    assert pair.north.runtime.state.calls.by_id[later].climbs
    assert pair.north.runtime.state.calls.by_id[drill].preempted_at is not None


def test_a_real_flash_that_cannot_be_read_ends_a_drill_too():
    line = Counterpart()
    drill = line.says("call.opened", FLASH | {"drill": True})
    line.says("call.opened", {"precedence": "flash", "phrases": [{"phrase": "NO SUCH"}]})
    assert line.state.calls.by_id[drill].preempted_at is not None
    assert preempted(line.node) == [{"drills": 1, "precedence": "FLASH"}]


def test_a_call_that_is_refused_ends_nothing():
    line = Counterpart()
    drill = line.says("call.opened", FLASH | {"drill": True})
    line.says("call.opened", {"precedence": "priority", "phrases": []})
    assert line.state.calls.by_id[drill].climbs


def test_a_node_that_was_killed_does_not_ring_the_drill_again():
    pair, drill = drilled()
    call(pair.north, pair.now, drill=False)
    pair.settle()
    pair.south.restart(pair.now.after(MINUTE_MS))
    assert rings(pair.south, drill) == 0
    assert pair.south.runtime.state.calls.by_id[drill].preempted_at is not None
    back = State.unpack(pair.south.runtime.state.pack())
    assert back is not None
    assert back.rules == RULES


def test_a_journal_that_is_older_than_the_rule_is_replayed_without_it():
    pair, drill = drilled()
    core = Core(State.unpack(pair.north.runtime.state.pack()))
    core.handle(Started(version="older"), pair.now)
    real = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,))
    effects = core.handle(real, pair.now)
    assert core.state.calls.by_id[drill].climbs
    assert not any(isinstance(each, Alert) for each in effects)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 90)), max_size=8))
def test_no_drill_that_is_older_than_a_real_call_ever_rings_again(made):
    """Each call: whether it is north's, whether it is a drill, and how many seconds later."""
    pair = Pair()
    drills: list[tuple[str, int]] = []
    newest = -1
    for by_north, drill, seconds in made:
        pair.wait(seconds * 1_000)
        node = pair.north if by_north else pair.south
        id_ = call(node, pair.now, drill=drill)
        pair.settle()
        if drill:
            drills.append((id_, int(pair.now)))
        else:
            newest = int(pair.now)
    before = {id_: rings(pair.north, id_) + rings(pair.south, id_) for id_, _ in drills}
    pair.wait(3 * MINUTE_MS)
    for id_, at in drills:
        rang = rings(pair.north, id_) + rings(pair.south, id_) > before[id_]
        assert rang == (at > newest), (id_, at - START, newest - START)
