"""Drilling: a real call ends every drill on the side that it concerns, at once.

Once a call that is no drill is opened here or comes in, on whatever link, the drills that
were opened before it ring nobody here and climb no further; every desk is told, once; and
those of ours that no human has acknowledged are stood down, by the node itself, so that
they ring nobody on the other side either. One that a human has acknowledged rings nobody,
and ends as any other call: somebody there says what was done of it.

Nothing is said of why. A counterpart whose drill falls silent does not learn from us that
somebody else called us (decision 0034).
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.core import calling
from clearline.core.calls import Call, CallState
from clearline.core.events import StandDown
from clearline.core.release import NODE, Door
from clearline.core.state import State

__all__ = ["PREEMPTS_FROM", "preempt"]

PREEMPTS_FROM = 2
"""The rules (`Started.rules`) from which on this is done: older journals are replayed without."""

_RINGS_THERE = (CallState.OPENED, CallState.RINGING)


def preempt(state: State, door: Door) -> None:
    """End every drill that was opened before a real call which is open now."""
    if state.rules < PREEMPTS_FROM:
        return
    drills = [call for call in state.calls.open() if call.drill]
    real = _newest_real(state) if drills else None
    if real is None:
        return
    before = [call for call in drills if call.opened_at <= real.opened_at]
    fresh = [call for call in before if call.preempted_at is None]
    for call in fresh:
        state.calls.put(replace(call, preempted_at=door.now, act_by=None))
        if not call.mine:
            door.hush(call.id)
    for call in before:
        if call.mine and call.state in _RINGS_THERE:
            calling.stand_down(state, door, StandDown(by=NODE, call=call.id))
    if fresh:
        door.alert(
            "drill_preempted",
            real.link,
            real.id,
            drills=len(fresh),
            precedence=real.precedence.value.upper(),
        )


def _newest_real(state: State) -> Call | None:
    real = [call for call in state.calls.open() if not call.drill]
    return max(real, key=lambda call: (call.opened_at, call.id), default=None)
