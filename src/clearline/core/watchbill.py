"""Watchbill: who is planned to be on watch, at which desk, from when until when.

Calendars, zones and holidays stay outside: what is kept here are instants, so that whoever
asks in a year gets the answer of the night itself. Shifts of one desk may overlap, as
watches do while one relieves the other; a moment that none covers is a gap.

A desk's own methods are those of the room: a telephone on the wall, a mailbox that a watch
reads. An officer's are their own. None of it ever leaves this node.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.ids import Name
from clearline.basis.instants import DAY_MS, Instant
from clearline.core.terms import Language

__all__ = [
    "MAX_OFFICERS",
    "MAX_SHIFTS",
    "Desk",
    "Gap",
    "Method",
    "Officer",
    "Shift",
    "Watchbill",
]

MAX_OFFICERS = 500
MAX_SHIFTS = 20_000
"""Of one desk: five a day for ten years."""
MAX_SHIFT_MS = 7 * DAY_MS

OfficerName = Annotated[str, Meta(min_length=1, max_length=60)]


class Method(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach an officer, or a room: a channel, and the address that it takes."""

    channel: Name
    address: Annotated[str, Meta(min_length=1, max_length=300)]


Methods = Annotated[tuple[Method, ...], Meta(max_length=8)]


class Officer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer who stands watches."""

    name: OfficerName
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=8)]
    """The first is the one that a telephone speaks to them in."""
    methods: Methods = ()


class Shift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, order=True):
    """One watch: from `start` until just before `end`, UTC."""

    start: Instant
    end: Instant
    officer: OfficerName


class Gap(Struct, frozen=True, kw_only=True):
    """A span in which nobody is planned at a desk."""

    echelon: str
    start: Instant
    end: Instant


class Desk(Struct, frozen=True, kw_only=True):
    """The plan of one desk. Shifts are in the order of their starts."""

    echelon: Name
    methods: Methods = ()
    shifts: tuple[Shift, ...] = ()


class Watchbill:
    """Officers and the plan of every desk that has one."""

    def __init__(self, officers: Iterable[Officer] = (), desks: Iterable[Desk] = ()) -> None:
        self.officers: dict[str, Officer] = {each.name: each for each in officers}
        self._plans: dict[str, _Plan] = {each.echelon: _Plan(each) for each in desks}

    def __bool__(self) -> bool:
        """Return whether anything is planned at all."""
        return bool(self._plans)

    @property
    def desks(self) -> dict[str, Desk]:
        """Return every desk that has a plan, by echelon."""
        return {echelon: plan.desk for echelon, plan in self._plans.items()}

    def put(self, desk: Desk) -> None:
        """Plan a desk anew; one without shifts and methods has no plan any more."""
        if desk.shifts or desk.methods:
            self._plans[desk.echelon] = _Plan(desk)
        else:
            self._plans.pop(desk.echelon, None)

    def on(self, echelon: str, at: Instant) -> tuple[str, ...]:
        """Return who is planned to be on watch at a desk at an instant, who came last first."""
        plan = self._plans.get(echelon)
        return tuple(dict.fromkeys(each.officer for each in plan.at(at))) if plan else ()

    def shifts_at(self, echelon: str, at: Instant) -> tuple[Shift, ...]:
        """Return the shifts of a desk that an instant lies in, the latest to start first."""
        plan = self._plans.get(echelon)
        return tuple(plan.at(at)) if plan else ()

    def next_shift(self, echelon: str, after: Instant) -> Shift | None:
        """Return the first shift of a desk that starts later than an instant."""
        plan = self._plans.get(echelon)
        return plan.next(after) if plan else None

    def shifts_between(self, echelon: str, start: Instant, end: Instant) -> tuple[Shift, ...]:
        """Return the shifts of a desk that share a moment with [start, end), by their starts."""
        plan = self._plans.get(echelon)
        if plan is None:
            return ()
        before = reversed(tuple(plan.at(start)))
        inside = plan.desk.shifts[bisect_right(plan.starts, start) : bisect_left(plan.starts, end)]
        return (*before, *inside)

    def staffed(self, echelon: str, at: Instant) -> bool:
        """Return whether a desk can be rung at an instant: somebody is on, or the room is."""
        plan = self._plans.get(echelon)
        return plan is not None and (bool(plan.desk.methods) or next(plan.at(at), None) is not None)

    def gaps(self, echelon: str, start: Instant, end: Instant) -> tuple[Gap, ...]:
        """Return when nobody is planned at a desk in [start, end); () if its room is reachable."""
        plan = self._plans.get(echelon)
        if plan is not None and plan.desk.methods:
            return ()
        covered, found = start, list[Gap]()
        for shift in self.shifts_between(echelon, start, end):
            if shift.start > covered:
                found.append(Gap(echelon=echelon, start=covered, end=shift.start))
            covered = max(covered, shift.end)
        if covered < end:
            found.append(Gap(echelon=echelon, start=covered, end=end))
        return tuple(found)


class _Plan:
    """A desk's shifts with what finds one among a year of them at once."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.starts = [each.start for each in desk.shifts]
        self._latest = list(accumulate((each.end for each in desk.shifts), max))
        """Of each shift: when the last of it and all before it ends."""

    def at(self, at: Instant) -> Iterator[Shift]:
        place = bisect_right(self.starts, at) - 1
        while place >= 0 and self._latest[place] > at:
            if self.desk.shifts[place].end > at:
                yield self.desk.shifts[place]
            place -= 1

    def next(self, after: Instant) -> Shift | None:
        place = bisect_right(self.starts, after)
        return self.desk.shifts[place] if place < len(self.starts) else None
