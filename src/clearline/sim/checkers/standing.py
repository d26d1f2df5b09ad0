"""What every rule stands on, of calls: both sides hold the same, whatever crossed on its way."""

from __future__ import annotations

from collections.abc import Iterator

from clearline.core.calls import Call, CallState
from clearline.sim.checkers.view import View
from clearline.sim.checkers.violation import Violation

__all__ = ["both_hold_the_same"]


def both_hold_the_same(view: View) -> Iterator[Violation]:
    """Check, once everything has arrived, that each call stands on both sides as on the other."""
    north, south = view.night.world.north.runtime, view.night.world.south.runtime
    if north is None or south is None or not view.night.at_rest:
        return
    held = (north.state.calls.by_id, south.state.calls.by_id)
    for call in sorted(held[0].keys() | held[1].keys()):
        one, two = (_facts(each.get(call)) for each in held)
        if one != two:
            what = f"north holds {one} of call {call}, south holds {two}"
            yield view.violation(0, view.night.ended_at, what)


def _facts(call: Call | None) -> tuple[object, ...] | None:
    """Return what of a call is the same on both sides, by whoever said it."""
    if call is None:
        return None
    closed = (call.closed_by_us, call.closed_by_them)
    answer = call.acknowledgement
    return (
        # Whether a call that nobody has heard ring is opened or ringing is one side's to know.
        "rings" if call.climbs else call.state.value,
        closed if call.mine else closed[::-1],
        call.stood_down_at is not None and call.state is not CallState.CLOSED,
        (answer.rung, answer.echelon) if answer is not None else None,
        tuple((each.rung, each.echelon) for each in call.passed),
        tuple(each.disposition for each in call.dispositions),
    )
