"""Roster views: the plan as shells may show it, and what an edit would do to it.

No method is in it: a telephone number is for the channel that dials it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from clearline.basis.instants import DAY_MS, MINUTE_MS, Instant
from clearline.core import planning
from clearline.core.state import State
from clearline.core.watchbill import Gap, Shift, Watchbill
from clearline.node.calendars import Change
from clearline.node.rosterlint import Finding, rungs_of

__all__ = [
    "DeskDifference",
    "DeskPlan",
    "OfficerLine",
    "OnWatch",
    "RosterView",
    "Verdict",
    "difference",
    "on",
    "plan",
]

MAX_DAYS = 62
"""What one view shows at most."""


class DeskPlan(Struct, frozen=True, kw_only=True):
    """One desk over the span that is shown."""

    echelon: str
    rung: int
    """The lowest rung at which a ladder of any link rings it; 0 if none does."""
    holder: str
    """Who holds the watch there now; empty if nobody does."""
    on: tuple[str, ...]
    """Who is planned there now, who came last first."""
    next: Shift | None
    has_room: bool
    """Whether the room itself is reached, whoever is on."""
    shifts: tuple[Shift, ...]
    gaps: tuple[Gap, ...]
    changes: tuple[Change, ...]
    """The overrides and absences in the span."""


class OfficerLine(Struct, frozen=True, kw_only=True):
    """One officer."""

    name: str
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    """The channels by which they are reached, without the addresses."""


class RosterView(Struct, frozen=True, kw_only=True):
    """The plan of every desk over a span."""

    at: Instant
    start: Instant
    end: Instant
    desks: tuple[DeskPlan, ...]
    officers: tuple[OfficerLine, ...]
    faults: dict[str, str]
    """Calendars that cannot be used as they are now, and why."""


class OnWatch(Struct, frozen=True, kw_only=True):
    """Who is to be rung at a desk at an instant: whom a call would reach."""

    echelon: str
    rung: int
    holder: str
    planned: tuple[str, ...]
    rings: tuple[str, ...]
    empty: bool
    """Whether a call passes this rung over at once."""


class DeskDifference(Struct, frozen=True, kw_only=True):
    """What an edit takes out of a desk's plan, and what it puts in."""

    echelon: str
    removed: tuple[Shift, ...]
    added: tuple[Shift, ...]


class Verdict(Struct, frozen=True, kw_only=True):
    """What an edit would do, or did."""

    desks: tuple[DeskDifference, ...]
    findings: tuple[Finding, ...]
    """What is wrong with the plan after it, and was not wrong before."""
    saved: bool
    undo: str = ""
    """What takes it back again, while nobody has changed those desks since."""


def plan(
    state: State,
    changes: Mapping[str, Sequence[Change]],
    start: Instant,
    days: int,
    now: Instant,
) -> RosterView:
    """Return the plan of every desk that a ladder rings, or that has a plan."""
    end = start.after(min(max(days, 1), MAX_DAYS) * DAY_MS)
    numbers = _numbers(state)
    bill = state.watchbill
    order = sorted({*numbers, *bill.desks}, key=lambda each: (numbers.get(each, 99), each))
    return RosterView(
        at=now,
        start=start,
        end=end,
        desks=tuple(
            _desk(state, each, numbers.get(each, 0), changes.get(each, ()), start, end, now)
            for each in order
        ),
        officers=tuple(
            OfficerLine(
                name=each.name,
                languages=each.languages,
                channels=tuple(dict.fromkeys(method.channel for method in each.methods)),
            )
            for each in bill.officers.values()
        ),
        faults=dict(state.roster.faults),
    )


def on(state: State, at: Instant) -> tuple[OnWatch, ...]:
    """Return whom a call would reach at an instant, at every desk that a ladder rings."""
    numbers = _numbers(state)
    bill = state.watchbill
    held = state.roster.desks
    return tuple(
        OnWatch(
            echelon=echelon,
            rung=number,
            holder=held[echelon].officer if echelon in held else "",
            planned=bill.on(echelon, at),
            rings=planning.on_watch(state, echelon, at),
            empty=bool(bill) and echelon not in held and not bill.staffed(echelon, at),
        )
        for echelon, number in sorted(numbers.items(), key=lambda each: (each[1], each[0]))
    )


def difference(before: Watchbill, after: Watchbill) -> tuple[DeskDifference, ...]:
    """Return what of each desk's plan differs."""
    found: list[DeskDifference] = []
    for echelon in sorted({*before.desks, *after.desks}):
        old, new = (
            frozenset(bill.desks[echelon].shifts if echelon in bill.desks else ())
            for bill in (before, after)
        )
        if old != new:
            made = DeskDifference(
                echelon=echelon, removed=tuple(sorted(old - new)), added=tuple(sorted(new - old))
            )
            found.append(made)
    return tuple(found)


def _numbers(state: State) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for rung in rungs_of(state):
        numbers.setdefault(rung.echelon, rung.number)
    return numbers


def _desk(
    state: State,
    echelon: str,
    rung: int,
    changes: Sequence[Change],
    start: Instant,
    end: Instant,
    now: Instant,
) -> DeskPlan:
    bill = state.watchbill
    minute = Instant(int(now) // MINUTE_MS * MINUTE_MS)
    known = bill.desks.get(echelon)
    holder = state.roster.desks.get(echelon)
    return DeskPlan(
        echelon=echelon,
        rung=rung,
        holder=holder.officer if holder else "",
        on=bill.on(echelon, now),
        next=bill.next_shift(echelon, now),
        has_room=known is not None and bool(known.methods),
        shifts=bill.shifts_between(echelon, start, end),
        gaps=bill.gaps(echelon, max(start, minute), end) if bill and end > minute else (),
        changes=tuple(each for each in changes if each.start < end and each.end > start),
    )
