"""Watches of a night, as a checker works them out: who holds a desk, and who is planned there.

From what people asked of a node alone, by arithmetic of its own. Here too: that the desks are
alarmed, five minutes after its start and again, about a relief that has not come.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from clearline.basis.instants import MINUTE_MS, Instant
from clearline.core.effects import Alert
from clearline.core.events import LeaveWatch, PlanDesk, TakeWatch
from clearline.core.terms import Ladder
from clearline.core.watchbill import Shift
from clearline.sim.checkers.view import View
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import PARTIES
from clearline.sim.trace import Act

__all__ = ["Watches", "reliefs_are_missed"]

AGAIN_MS = 5 * MINUTE_MS
"""How long after its start a relief is missed, and how often that is said."""

_ASKED = (LeaveWatch, PlanDesk, TakeWatch)


class _Held(Struct, frozen=True):
    officer: str
    since: Instant


class Watches:
    """Who is at the desks of one side, at any true instant of a night."""

    def __init__(self, view: View, party: str) -> None:
        self._clock = view.night.world.station(party).clock
        asked = [
            each
            for each in view.trace.acts
            if each.party == party and isinstance(each.event, _ASKED)
        ]
        self.acts: list[Act] = [each for each in asked if each.mistake is None]
        self.certain = not any(view.fell(party, each.at) for each in asked)
        """Whether it is known of each act if the node took it in: it did not fall in it."""

    def empty(self, ladder: Ladder, at: Instant) -> set[int]:
        """Return the rungs at which nobody can be reached just then."""
        plans = self.plans(at)
        if not plans:
            return set()
        return {
            number
            for number, rung in enumerate(ladder.rungs, 1)
            if self.holder(rung.echelon, at) is None and not self._reached(plans, rung.echelon, at)
        }

    def first_from(self, ladder: Ladder, rung: int, at: Instant) -> int:
        """Return the first rung from one on that is not empty; the last, if all of them are."""
        empty = self.empty(ladder, at)
        last = len(ladder.rungs)
        return next((each for each in range(min(rung, last), last) if each not in empty), last)

    def plans(self, at: Instant) -> dict[str, PlanDesk]:
        """Return the plan of each desk that has one."""
        found: dict[str, PlanDesk] = {}
        for act in self.acts:
            if act.at <= at and isinstance(act.event, PlanDesk):
                found[act.event.echelon] = act.event
        return {name: each for name, each in found.items() if each.shifts or each.methods}

    def on(self, echelon: str, at: Instant) -> list[Shift]:
        """Return the shifts of a desk that are on just then, the first to start first."""
        plan, local = self.plans(at).get(echelon), self._clock.show(at)
        shifts = plan.shifts if plan is not None else ()
        return sorted(each for each in shifts if each.start <= local < each.end)

    def holder(self, echelon: str, at: Instant) -> _Held | None:
        """Return who holds a desk, and since when by the node's clock."""
        held: _Held | None = None
        for act in self.acts:
            if act.at > at:
                break
            if isinstance(act.event, TakeWatch) and act.event.echelon == echelon:
                held = _Held(act.event.by, self._clock.show(act.at))
            elif isinstance(act.event, LeaveWatch) and act.event.echelon == echelon:
                held = None
        return held

    def missed(self, echelon: str, at: Instant) -> Shift | None:
        """Return the shift whose officer should have relieved the holder by now."""
        on, held = self.on(echelon, at), self.holder(echelon, at)
        if held is None or not on or held.officer in {each.officer for each in on}:
            return None
        first = on[0]
        late = self._clock.show(at).since(first.start) >= AGAIN_MS
        return first if late and held.since < first.start else None

    def _reached(self, plans: dict[str, PlanDesk], echelon: str, at: Instant) -> bool:
        plan = plans.get(echelon)
        return plan is not None and (bool(plan.methods) or bool(self.on(echelon, at)))


def reliefs_are_missed(view: View) -> Iterator[Violation]:
    """Check that a relief that does not come is alarmed about, when it should be and not else."""
    for party in PARTIES:
        watches = Watches(view, party)
        if not watches.certain:
            continue
        alarms = [
            each.at
            for each in view.performed[party]
            if isinstance(each.effect, Alert) and each.effect.code == "relief_overdue"
        ]
        for at in alarms:
            if watches.missed("duty-desk", at) is None:
                yield view.violation(3, at, f"{party} was alarmed about a relief that is not late")
        for at in _due(view, party, watches):
            if at not in alarms:
                yield view.violation(3, at, f"{party} was not alarmed about a late relief")


def _due(view: View, party: str, watches: Watches) -> Iterator[Instant]:
    """Return when an alarm is due while the node is up, of the duty desk's reliefs."""
    clock, end = view.night.world.station(party).clock, view.night.ended_at
    begins = {act.at for act in watches.acts}
    shifts = {
        shift
        for act in watches.acts
        if isinstance(act.event, PlanDesk) and act.event.echelon == "duty-desk"
        for shift in act.event.shifts
    }
    first = min(begins, default=end)
    times = {clock.first(each.end, first) for each in shifts}
    for shift in shifts:
        due = shift.start.after(AGAIN_MS)
        while (at := clock.first(due, first)) <= end:
            times.add(at)
            due = due.after(AGAIN_MS)
    for at in sorted(times):
        if not first < at < end or not view.is_up(party, at) or view.fell(party, at):
            continue
        late = watches.missed("duty-desk", at)
        past = watches.missed("duty-desk", at.after(-1))
        fresh = late is not None and past is None
        again = late is not None and clock.show(at).since(late.start) % AGAIN_MS <= 1
        if fresh or again:
            yield at
