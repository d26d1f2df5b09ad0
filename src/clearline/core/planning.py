"""Planning: what a node does when a watchbill changes, and when a relief does not come.

A plan is made of instants already, so that nothing here knows a zone or a holiday. A plan
that would leave the first rung of a ladder without anybody is refused whole: what is on
paper only must not be what a call for life falls through.

Who holds a watch holds it until somebody takes it over, whatever the plan says. If the one
who is planned does not come, the old watch stays on and every desk of ours is alarmed.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.core.events import PlanDesk, PlanOfficers, RosterChecked
from clearline.core.release import Door
from clearline.core.roster import Watch
from clearline.core.state import State
from clearline.core.terms import MAX_DESKS, Ladder, Precedence
from clearline.core.watchbill import (
    MAX_SHIFT_MS,
    MAX_SHIFTS,
    Desk,
    Gap,
    Shift,
    Watchbill,
)

__all__ = [
    "check_listed",
    "check_no_gap",
    "desk",
    "due",
    "empty_rungs",
    "first_rungs",
    "officers",
    "on_watch",
    "roster_checked",
    "tick",
]

RELIEF_PATIENCE_MS = 5 * MINUTE_MS
"""A planned relief that has not taken the watch so long after its start alarms, and again."""

MAX_NAMED = 3
"""Gaps that a mistake names; it counts the rest."""


def officers(state: State, door: Door, event: PlanOfficers) -> None:
    """Replace the list of officers; Mistake if one who is planned from now on would be gone."""
    names = {each.name for each in event.officers}
    if len(names) < len(event.officers):
        raise Mistake("officer_twice", "Two officers have one name.")
    check_listed(state.watchbill, names, door.now)
    state.watchbill.officers = {each.name: each for each in event.officers}
    door.tell("officers_planned", None, None, by=event.by, officers=len(names))


def check_listed(bill: Watchbill, names: Collection[str], now: Instant) -> None:
    """Raise Mistake if somebody is planned from now on who is not among the officers."""
    for plan in bill.desks.values():
        for shift in plan.shifts:
            if shift.end > now and shift.officer not in names:
                raise Mistake(
                    "still_planned",
                    f"{shift.officer} is planned at {plan.echelon} from {shift.start}: "
                    "plan somebody else there first.",
                )


def desk(state: State, door: Door, event: PlanDesk) -> None:
    """Plan one desk anew from `start` until `end`; what lies outside stays as it was.

    Shifts that began before `start` and are still on end there, and none that began in the span
    outlasts it: a first rung that this would leave empty after `end` is refused too.
    """
    _check_shifts(state, event)
    before = state.watchbill.desks.get(event.echelon)
    if before is None and len(state.watchbill.desks) >= MAX_DESKS:
        raise Mistake("too_many_desks", f"A node has at most {MAX_DESKS} desks.")
    kept: list[Shift] = []
    until: Instant = event.end
    for shift in before.shifts if before is not None else ():
        if shift.start < event.end and shift.end > event.start:
            until = max(until, shift.end)
        if shift.start < event.start < shift.end:
            kept.append(replace(shift, end=event.start))
        elif not event.start <= shift.start < event.end:
            kept.append(shift)
    shifts = tuple(sorted((*kept, *event.shifts)))
    if len(shifts) > MAX_SHIFTS:
        raise Mistake("too_many_shifts", f"A desk has at most {MAX_SHIFTS:,} shifts.")
    planned = Desk(echelon=event.echelon, methods=event.methods, shifts=shifts)
    _check_first_rung(state, planned, max(event.start, door.now), until)
    state.watchbill.put(planned)
    door.tell(
        "desk_planned",
        None,
        None,
        by=event.by,
        echelon=event.echelon,
        start=str(event.start),
        end=str(event.end),
        shifts=len(event.shifts),
    )


def on_watch(state: State, echelon: str, at: Instant) -> tuple[str, ...]:
    """Return who is to be rung at a desk: who holds its watch, then who is planned there."""
    holder = state.roster.desks.get(echelon)
    planned = state.watchbill.on(echelon, at)
    return tuple(dict.fromkeys((*((holder.officer,) if holder else ()), *planned)))


def empty_rungs(state: State, ladder: Ladder, at: Instant) -> frozenset[int]:
    """Return the rungs at which nobody can be reached; none while nothing at all is planned."""
    if not state.watchbill:
        return frozenset()
    return frozenset(
        number
        for number, rung in enumerate(ladder.rungs, 1)
        if rung.echelon not in state.roster.desks and not state.watchbill.staffed(rung.echelon, at)
    )


def roster_checked(state: State, door: Door, event: RosterChecked) -> None:
    """Take in whether a calendar could be used; every desk is alarmed of each new fault."""
    before = state.roster.faults.get(event.file, "")
    if event.fault == before:
        return
    if event.fault:
        state.roster.faults[event.file] = event.fault
        door.alert("roster_unusable", None, None, file=event.file, fault=event.fault)
    else:
        del state.roster.faults[event.file]
        door.tell("roster_usable", None, None, file=event.file)


def due(state: State) -> Instant | None:
    """Return when it is next looked whether a relief has come."""
    times: list[Instant] = []
    for echelon, watch in state.roster.desks.items():
        if watch.relief_at is not None:
            times.append(watch.relief_at)
            continue
        looked = state.last.after(-RELIEF_PATIENCE_MS)
        shift = state.watchbill.next_shift(echelon, looked)
        if shift is not None:
            times.append(shift.start.after(RELIEF_PATIENCE_MS))
        # Who overlaps with their relief is late to be relieved only when their own shift ends.
        times += [each.end for each in state.watchbill.shifts_at(echelon, state.last)]
    return min(times, default=None)


def tick(state: State, door: Door) -> None:
    """Alarm every desk about reliefs that have not come."""
    for echelon in sorted(state.roster.desks):
        watch = state.roster.desks[echelon]
        late = _late(state.watchbill, watch, door.now)
        if late is None:
            if watch.relief_at is not None:
                state.roster.desks[echelon] = replace(watch, relief_at=None)
            continue
        if watch.relief_at is not None and watch.relief_at > door.now:
            continue
        door.alert(
            "relief_overdue",
            None,
            None,
            echelon=echelon,
            officer=watch.officer,
            relief=late.officer,
            planned_at=str(late.start),
        )
        next_at = late.start.again(RELIEF_PATIENCE_MS, door.now)
        state.roster.desks[echelon] = replace(watch, relief_at=next_at)


def _late(watchbill: Watchbill, watch: Watch, now: Instant) -> Shift | None:
    """Return the shift whose officer should have relieved a holder by now, if there is one."""
    on = watchbill.shifts_at(watch.echelon, now)
    if not on or any(each.officer == watch.officer for each in on):
        return None
    first = min(on)
    was_on = watch.since < first.start
    return first if was_on and first.start.after(RELIEF_PATIENCE_MS) <= now else None


def _check_shifts(state: State, event: PlanDesk) -> None:
    if event.start >= event.end:
        raise Mistake("bad_plan", f"A plan from {event.start} cannot end at {event.end}.")
    for shift in event.shifts:
        if not event.start <= shift.start < event.end:
            raise Mistake(
                "outside_span",
                f"{shift.officer} at {shift.start} starts outside {event.start} to {event.end}.",
            )
        if not 0 < shift.end.since(shift.start) <= MAX_SHIFT_MS:
            raise Mistake(
                "bad_shift",
                f"{shift.officer} from {shift.start} until {shift.end}: a shift ends after it "
                "starts, and within a week.",
            )
        if shift.officer not in state.watchbill.officers:
            raise Mistake(
                "unknown_officer",
                f"{shift.officer} is planned at {event.echelon} and is not among the officers.",
            )


def _check_first_rung(state: State, planned: Desk, start: Instant, end: Instant) -> None:
    """Raise Mistake if the plan leaves the first rung of a ladder empty at any time."""
    if planned.echelon not in first_rungs(state) or start >= end:
        return
    check_no_gap(planned.echelon, Watchbill(desks=(planned,)).gaps(planned.echelon, start, end))


def check_no_gap(echelon: str, gaps: tuple[Gap, ...]) -> None:
    """Raise Mistake, naming them, if a plan leaves gaps at a desk that a call rings first."""
    if gaps:
        raise Mistake(
            "first_rung_empty",
            f"{echelon} is the first that a call rings, and the plan leaves it empty "
            f"{_named(gaps)}.",
        )


def first_rungs(state: State) -> frozenset[str]:
    """Return the desks that a call of some link rings first."""
    return frozenset(
        link.terms.ladders.of(precedence).rungs[0].echelon
        for link in state.links.values()
        for precedence in Precedence
    )


def _named(gaps: tuple[Gap, ...]) -> str:
    named = ", ".join(f"from {gap.start} until {gap.end}" for gap in gaps[:MAX_NAMED])
    more = len(gaps) - MAX_NAMED
    return named + (f", and {more} times more" if more > 0 else "")
