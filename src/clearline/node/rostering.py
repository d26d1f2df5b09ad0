"""Rostering: the shell that keeps a node's watchbill as its calendars have it.

It reads the calendars when the node starts, when one of them has changed, and each day, as the
horizon rolls on; what differs from the plan that the core has becomes `PlanOfficers` and
`PlanDesk`. A calendar that cannot be used changes nothing: the last good plan stays, every desk
is alarmed of it, and the lint says so until it is mended.

What a person asks for here (an import, a swap, an override) is worked out first and shown as
a difference; a change that leaves the first rung of a ladder empty is refused with the gap.
Calendars are read in a thread beside the loop, one at a time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import DAY_MS, MINUTE_MS, Instant
from clearline.core.events import Event, PlanOfficers, RosterChecked
from clearline.core.planning import check_listed, first_rungs
from clearline.core.state import State
from clearline.core.watchbill import Desk, Methods, Officer, Shift, Watchbill
from clearline.node import rosterviews
from clearline.node.calendars import Calendars, Change, Source
from clearline.node.ports import Clock, Outcome
from clearline.node.rosteredits import Move, ShiftRef, added, moved, swapped
from clearline.node.rosterfiles import (
    OFFICERS,
    OfficersFile,
    Room,
    RosterFiles,
    parse_officers,
)
from clearline.node.rosterlint import Channels, Finding, address_fault, lint, rungs_of
from clearline.node.rosterplan import check_manned, difference
from clearline.node.rosterviews import RosterView, Verdict
from clearline.node.runtime import Runtime
from clearline.node.settings import RosterSettings

__all__ = ["LOOK_S", "Rostering"]

LOOK_S = 2.0
"""So often it is looked whether a file has changed; one that goes on changing waits."""
LOOK_BACK_MS = 8 * DAY_MS
"""No watch is longer than a week: what began before is over."""
MAX_UNDO = 32
NODE = "roster"
"""Who plans, where no person does."""

_log = structlog.get_logger("clearline.roster")


class Node(Protocol):
    """What the roster needs of its node."""

    runtime: Runtime
    clock: Clock

    async def submit(self, event: Event) -> Outcome:
        """Have an event handled, durably."""
        ...


class _Plan(Struct, frozen=True, kw_only=True):
    """A desk as its calendars have it now."""

    shifts: tuple[Shift, ...]
    changes: tuple[Change, ...]


class Rostering:
    """The roster of one node."""

    def __init__(
        self,
        home: Path,
        settings: RosterSettings,
        calendars: Calendars,
        node: Node,
        channels: Channels | None = None,
    ) -> None:
        """`channels` are those that the node has settings for, for the lint."""
        self.files = RosterFiles(home, settings)
        self._settings = settings
        self._calendars = calendars
        self._node = node
        self._clock = node.clock
        self._channels = channels
        self._changes: dict[str, tuple[Change, ...]] = {}
        self._undo: OrderedDict[str, dict[str, tuple[bytes | None, bytes]]] = OrderedDict()
        """Of each edit: the changes of each desk before it, and after."""
        self._edits = 0
        self._lock = asyncio.Lock()
        self._seen: Any = None
        self._read: Any = None
        self._day = -1
        self._task: asyncio.Task[None] | None = None

    # The shell.

    def start(self) -> None:
        """Begin to keep the plan as the calendars have it."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Read nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Broken:
                return  # The node says so itself.
            except Exception as error:  # noqa: BLE001 - a shell's outermost loop
                # The plan that the core has goes on; what went wrong is for the log.
                _log.error("roster_failed", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read the calendars if they have changed and now stand still, or the day has."""
        signature = self.files.signature()
        day = int(self._clock.now()) // DAY_MS
        still = signature == self._seen or self._seen is None
        self._seen = signature
        if day != self._day or (still and signature != self._read):
            await self.read()
            self._day, self._read = day, signature

    async def read(self) -> None:
        """Read everything, and plan what differs; what cannot be used is said and left."""
        async with self._lock:
            officers, bad = await self._officers_now()
            await self._say(OFFICERS, bad)
            wanted: dict[str, _Plan] = {}
            names = {each.name for each in officers.officers}
            for echelon in self._every_desk(officers):
                try:
                    wanted[echelon] = await self._expand(echelon, names)
                    self._check(echelon, wanted[echelon].shifts, _rooms(officers).get(echelon, ()))
                except Mistake as mistake:
                    wanted.pop(echelon, None)
                    await self._say(echelon, mistake.phrase)
            await self._plan(officers, wanted, NODE)

    # What the owner and the console ask.

    @property
    def _state(self) -> State:
        return self._node.runtime.state

    def view(self, start: Instant | None, days: int) -> RosterView:
        """Return the plan of every desk from an instant on; None: from the day's beginning."""
        now = self._clock.now()
        begun = Instant(int(now) // DAY_MS * DAY_MS) if start is None else start
        return rosterviews.plan(self._state, self._changes, begun, days, now)

    def on(self, at: Instant | None) -> tuple[rosterviews.OnWatch, ...]:
        """Return whom a call would reach at an instant; None: now."""
        return rosterviews.on(self._state, self._clock.now() if at is None else at)

    def export(self, echelon: str) -> bytes:
        """Return the plan of a desk from now on as a calendar."""
        desk = self._state.watchbill.desks.get(echelon)
        now = self._clock.now()
        if desk is None:
            raise Mistake("no_such_desk", f"{echelon} has no plan.")
        return self._calendars.export(echelon, [s for s in desk.shifts if s.end > now], now)

    def lint(
        self, bill: Watchbill | None = None, now: Instant | None = None
    ) -> tuple[Finding, ...]:
        """Return what is wrong with the plan from this minute until the horizon."""
        now = now or Instant(int(self._clock.now()) // MINUTE_MS * MINUTE_MS)
        rungs, until = rungs_of(self._state), self._horizon(now)
        plan = self._state.watchbill if bill is None else bill
        return lint(plan, rungs, self._channels, now, until)

    async def import_officers(self, raw: bytes, by: str, *, dry_run: bool) -> Verdict:
        """Put a list of officers in the place of the one that is there."""
        officers = parse_officers("the file", raw)
        for name, methods in [
            *((each.name, each.methods) for each in officers.officers),
            *((each.echelon, each.methods) for each in officers.desks),
        ]:
            for fault in (address_fault(method, self._channels) for method in methods):
                if fault is not None:
                    raise Mistake("bad_address", f"{name}, by {fault}.")
        async with self._lock:
            before = self._copy()
            after = Watchbill(officers.officers, before.desks.values())
            names = set(after.officers)
            check_listed(before, names, self._clock.now())
            rooms = _rooms(officers)
            wanted = {e: await self._expand(e, names) for e in self._every_desk(officers)}
            for echelon, plan in wanted.items():
                self._check(echelon, plan.shifts, rooms.get(echelon, ()))
                after.put(_desk(echelon, rooms.get(echelon, ()), plan.shifts))
            verdict = self._verdict(before, after)
            if not dry_run:
                self.files.write_officers(raw)
                await self._plan(officers, wanted, by, strict=True)
            return replace(verdict, saved=not dry_run)

    async def import_calendar(self, echelon: str, raw: bytes, by: str, *, dry_run: bool) -> Verdict:
        """Put a calendar in the place of a desk's; the changes that were made here stay."""
        if echelon in self.files.subscribed:
            self.files.write_calendar(echelon, raw)  # Which says that it cannot be done.
        async with self._lock:
            source = Source(name="the calendar", raw=raw)
            changes = self.files.changes(echelon)
            sources = [source, *([changes] if changes is not None else [])]
            plans = {echelon: await self._worked_out(sources, self._known_names())}
            verdict = self._tried(plans)
            if not dry_run:
                self.files.write_calendar(echelon, raw)
                await self._plan(None, plans, by, strict=True)
            return replace(verdict, saved=not dry_run)

    async def edit(
        self,
        edits: Mapping[str, Sequence[Change]],
        drop: Mapping[str, Collection[str]],
        by: str,
        *,
        over: bool,
        dry_run: bool,
    ) -> Verdict:
        """Make changes to desks, all or none; with `over`, they cut what was changed before."""
        async with self._lock:
            return await self._edit(edits, drop, by, over=over, dry_run=dry_run)

    async def move(self, move: Move, by: str, *, dry_run: bool) -> Verdict:
        """Make a shift what it is to become."""
        async with self._lock:
            edits = moved(self._state.watchbill, move, self._clock.now())
            return await self._edit(edits, {}, by, over=True, dry_run=dry_run)

    async def swap(self, one: ShiftRef, other: ShiftRef, by: str, *, dry_run: bool) -> Verdict:
        """Have the officers of two shifts stand each other's watch."""
        async with self._lock:
            edits = swapped(self._state.watchbill, one, other, self._clock.now())
            return await self._edit(edits, {}, by, over=True, dry_run=dry_run)

    async def undo(self, edit: str, by: str) -> Verdict:
        """Take an edit back, while nobody has changed its desks since."""
        async with self._lock:
            kept = self._undo.get(edit)
            if kept is None:
                raise Mistake("no_such_edit", "That edit can no longer be taken back.")
            for echelon, (_, after) in kept.items():
                now = self.files.changes(echelon)
                if now is None or now.raw != after:
                    raise Mistake("changed_since", f"{echelon} has been changed since then.")
            plans: dict[str, _Plan] = {}
            for echelon, (before, _) in kept.items():
                sources = [s for s in (self.files.calendar(echelon),) if s is not None]
                sources += [Source(name="changes", raw=before)] if before is not None else []
                plans[echelon] = await self._worked_out(sources, self._known_names())
            verdict = self._tried(plans)
            for echelon, (before, _) in kept.items():
                self.files.write_changes(echelon, before)
            await self._plan(None, plans, by, strict=True)
            del self._undo[edit]
            return replace(verdict, saved=True)

    # How it is done. Whoever calls these holds the lock.

    async def _edit(
        self,
        edits: Mapping[str, Sequence[Change]],
        drop: Mapping[str, Collection[str]],
        by: str,
        *,
        over: bool,
        dry_run: bool,
    ) -> Verdict:
        now = self._clock.now()
        plans: dict[str, _Plan] = {}
        texts: dict[str, tuple[bytes | None, bytes]] = {}
        for echelon in {*edits, *drop}:
            before = self.files.changes(echelon)
            kept = await self._kept_changes(echelon, before, drop.get(echelon, ()))
            made, _ = added(kept, edits.get(echelon, ()), over=over)
            raw = self._calendars.write(echelon, made, now)
            texts[echelon] = (before.raw if before is not None else None, raw)
            base = self.files.calendar(echelon)
            sources = [base] if base is not None else []
            sources.append(Source(name=f"{echelon}.changes.ics", raw=raw))
            plans[echelon] = await self._worked_out(sources, self._known_names())
        verdict = self._tried(plans)
        if dry_run:
            return verdict
        for echelon, (_, raw) in texts.items():
            self.files.write_changes(echelon, raw)
        try:
            await self._plan(None, plans, by, strict=True)
        except Mistake:
            for echelon, (raw, _) in texts.items():
                self.files.write_changes(echelon, raw)
            raise
        self._edits += 1
        name = f"{int(now)}-{self._edits}"
        self._undo[name] = texts
        while len(self._undo) > MAX_UNDO:
            self._undo.popitem(last=False)
        return replace(verdict, saved=True, undo=name)

    async def _kept_changes(
        self, echelon: str, source: Source | None, drop: Collection[str]
    ) -> tuple[Change, ...]:
        """Return the changes made here before that are not over, less those to drop."""
        if source is None:
            kept: tuple[Change, ...] = ()
        else:
            kept = (await self._worked_out([source], self._known_names())).changes
        unknown = set(drop) - {each.uid for each in kept}
        if unknown:
            raise Mistake(
                "no_such_change",
                f"{echelon} has no change {min(unknown)} that was made here: what is in its "
                "calendar is changed there.",
            )
        return tuple(each for each in kept if each.uid not in drop)

    def _tried(self, plans: Mapping[str, _Plan]) -> Verdict:
        """Return what plans would do; Mistake if one leaves a first rung empty."""
        before, after = self._copy(), self._copy()
        for echelon, plan in plans.items():
            desk = before.desks.get(echelon)
            methods = desk.methods if desk is not None else ()
            self._check(echelon, plan.shifts, methods)
            after.put(_desk(echelon, methods, plan.shifts))
        return self._verdict(before, after)

    def _verdict(self, before: Watchbill, after: Watchbill) -> Verdict:
        now = Instant(int(self._clock.now()) // MINUTE_MS * MINUTE_MS)
        known = set(self.lint(before, now))
        return Verdict(
            desks=rosterviews.difference(self._from_now(before), self._from_now(after)),
            findings=tuple(each for each in self.lint(after, now) if each not in known),
            saved=False,
        )

    def _copy(self) -> Watchbill:
        bill = self._state.watchbill
        return Watchbill(bill.officers.values(), bill.desks.values())

    def _from_now(self, bill: Watchbill) -> Watchbill:
        now = self._clock.now()
        return Watchbill(
            (), (_desk(e, (), [s for s in d.shifts if s.end > now]) for e, d in bill.desks.items())
        )

    def _known_names(self) -> frozenset[str]:
        return frozenset(self._state.watchbill.officers)

    async def _officers_now(self) -> tuple[OfficersFile, str]:
        """Return the officers of the file, or those that the core has and what is wrong."""
        bill = self._state.watchbill
        known = OfficersFile(officers=tuple(bill.officers.values()), desks=_as_rooms(bill))
        try:
            found = await asyncio.to_thread(self.files.officers)
        except Mistake as mistake:
            return known, mistake.phrase
        return (known if found is None else found), ""

    def _every_desk(self, officers: OfficersFile) -> set[str]:
        planned = self._state.watchbill.desks.values()
        return {
            *self.files.desks(),
            *(room.echelon for room in officers.desks),
            *(desk.echelon for desk in planned if desk.methods),
        }

    async def _expand(self, echelon: str, names: Collection[str]) -> _Plan:
        sources = [self.files.calendar(echelon), self.files.changes(echelon)]
        if sources[0] is None and echelon in self.files.subscribed:
            raise Mistake("cannot_read", f"{self.files.subscribed[echelon]} is not there.")
        given = [each for each in sources if each is not None]
        if not given:
            # A desk without a calendar keeps the plan that it has.
            desk = self._state.watchbill.desks.get(echelon)
            now = self._clock.now()
            kept = desk.shifts if desk is not None else ()
            return _Plan(shifts=tuple(s for s in kept if s.end > now), changes=())
        return await self._worked_out(given, names)

    async def _worked_out(self, sources: Sequence[Source], names: Collection[str]) -> _Plan:
        now = self._clock.now()
        found = await asyncio.to_thread(
            self._calendars.expand, sources, names, now.after(-LOOK_BACK_MS), self._horizon(now),
            self._settings.zone,
        )  # fmt: skip
        changes = tuple(each for each in found.changes if each.end > now)
        return _Plan(shifts=tuple(s for s in found.shifts if s.end > now), changes=changes)

    def _horizon(self, now: Instant) -> Instant:
        """Return the end of what is planned: the start of a day, so that a day moves it once."""
        days = int(now) // DAY_MS + 1 + self._settings.horizon_days
        ends = [
            d.shifts[-1].start.after(1) for d in self._state.watchbill.desks.values() if d.shifts
        ]
        return max([Instant(days * DAY_MS), *ends])

    def _check(self, echelon: str, shifts: Sequence[Shift], methods: Methods) -> None:
        if echelon in first_rungs(self._state):
            check_manned(self._state.watchbill, echelon, shifts, methods, self._clock.now())

    async def _plan(
        self,
        officers: OfficersFile | None,
        plans: Mapping[str, _Plan],
        by: str,
        *,
        strict: bool = False,
    ) -> None:
        """Have the core plan what differs; with `strict`, raise the first Mistake."""
        rooms = _rooms(officers) if officers is not None else None
        if officers is not None:
            await self._have_officers(officers.officers, by, all_of_them=False)
        for echelon, plan in sorted(plans.items()):
            try:
                await self._have_desk(echelon, plan, rooms, by)
            except Mistake as mistake:
                if strict:
                    raise
                await self._say(echelon, mistake.phrase)
                continue
            self._changes[echelon] = plan.changes
            await self._say(echelon, "")
        if officers is not None:
            try:
                await self._have_officers(officers.officers, by, all_of_them=True)
            except Mistake as mistake:
                if strict:
                    raise
                await self._say(OFFICERS, mistake.phrase)

    async def _have_officers(
        self, officers: Sequence[Officer], by: str, *, all_of_them: bool
    ) -> None:
        """Plan officers; unless they are all, who is there already stays."""
        known = self._state.watchbill.officers
        names = {each.name for each in officers}
        kept = () if all_of_them else tuple(o for o in known.values() if o.name not in names)
        wanted = (*officers, *kept)
        if {each.name: each for each in wanted} != known:
            await self._do(PlanOfficers(by=by, officers=wanted))

    async def _have_desk(
        self, echelon: str, plan: _Plan, rooms: Mapping[str, Methods] | None, by: str
    ) -> None:
        desk = self._state.watchbill.desks.get(echelon) or Desk(echelon=echelon)
        methods = desk.methods if rooms is None else rooms.get(echelon, ())
        event = difference(desk, plan.shifts, methods, by, self._clock.now())
        if event is not None:
            await self._do(event)

    async def _say(self, file: str, fault: str) -> None:
        """Have every desk told of a calendar that cannot be used, or can again."""
        if self._state.roster.faults.get(file, "") != fault[:400]:
            await self._do(RosterChecked(file=file, fault=fault[:400]))

    async def _do(self, event: Event) -> None:
        outcome = await self._node.submit(event)
        if outcome.mistake is not None:
            raise outcome.mistake


def _rooms(officers: OfficersFile) -> dict[str, Methods]:
    return {each.echelon: each.methods for each in officers.desks}


def _as_rooms(bill: Watchbill) -> tuple[Room, ...]:
    return tuple(Room(echelon=e, methods=d.methods) for e, d in bill.desks.items() if d.methods)


def _desk(echelon: str, methods: Methods, shifts: Sequence[Shift]) -> Desk:
    return Desk(echelon=echelon, methods=methods, shifts=tuple(shifts))
