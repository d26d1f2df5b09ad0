"""The auditor: a small process beside a node that believes nothing of it but its journal.

It reads the journal as the node writes it, folds it through the same core, and so knows
every deadline that the node should keep. If one is more than five seconds late, or the node
does not answer, or its journal cannot be read, it alarms by channels of its own: the node
that should have rung is the one thing that it does not need.

It has no keys, writes nothing and says nothing to a counterpart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from clearline.basis.faults import Broken
from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.core.step import Core
from clearline.node import snapshots
from clearline.node.journaled import decode_event
from clearline.node.ports import Record, Snapshot

__all__ = ["LATE_MS", "Auditor", "Finding", "Reader"]

LATE_MS = 5 * SECOND_MS
"""A deadline that is missed by more than this is an alarm."""
AGAIN_MS = MINUTE_MS
"""What has been alarmed and still holds is alarmed again after so long."""
SILENT_LOOKS = 2
"""Looks in a row at which the node must not have answered before it is said to be gone."""


class Reader(Protocol):
    """A journal, to be read while its node writes it. Every method may raise Broken."""

    def snapshot(self) -> Snapshot | None:
        """Return the newest whole snapshot."""
        ...

    def replay(self, start: int) -> Iterator[Record]:
        """Yield the events from `start` on that are durable by now."""
        ...


class Finding(Struct, frozen=True, kw_only=True):
    """Something that is wrong with a node, or that was and is not any more."""

    code: str
    """`deadline_late`, `node_gone`, `journal_unreadable`; each with `_over` when it ends."""
    phrase: str
    """What a human who is woken by it needs to know, in a sentence."""
    since: Instant
    """Since when it has been so."""


class Auditor:
    """What one journal makes due, and what of it is late."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._core: Core | None = None
        self._wrong: dict[str, tuple[Instant, Instant]] = {}
        """Of each code that holds: since when, and when it was last alarmed."""
        self._silent = 0

    def look(self, now: Instant, *, answers: bool) -> list[Finding]:
        """Return what must be alarmed at `now`; `answers`: whether the node just did.

        What holds on is found again each minute, and once more when it is over.
        """
        self._silent = 0 if answers else self._silent + 1
        found: dict[str, tuple[str, Instant]] = {}
        unknown: set[str] = set()
        if self._silent >= SILENT_LOOKS:
            found["node_gone"] = ("The node does not answer: nothing rings here.", now)
        try:
            late = self._late(now)
        except Broken as broken:
            found["journal_unreadable"] = (f"The journal cannot be read: {broken}.", now)
            unknown.add("deadline_late")  # What was late is not over because nobody can see it.
        else:
            if late is not None:
                found["deadline_late"] = late
        return [*self._begun(found, now), *self._over({*found, *unknown}, now)]

    def _begun(self, found: dict[str, tuple[str, Instant]], now: Instant) -> Iterator[Finding]:
        for code, (phrase, since) in found.items():
            began, alarmed = self._wrong.get(code, (since, None))
            if alarmed is None or now.since(alarmed) >= AGAIN_MS:
                self._wrong[code] = (began, now)
                yield Finding(code=code, phrase=phrase, since=began)

    def _over(self, held: set[str], now: Instant) -> Iterator[Finding]:
        for code in sorted(set(self._wrong) - held):
            began, _ = self._wrong.pop(code)
            spans = f"It held for {now.since(began) // SECOND_MS} s."
            yield Finding(code=f"{code}_over", phrase=spans, since=began)

    def _late(self, now: Instant) -> tuple[str, Instant] | None:
        """Return which deadline is late, and since when it was due; None if none is."""
        core = self._follow()
        due = core.due()
        if due is None or now.since(due) <= LATE_MS:
            return None
        calls = [
            call.id[-6:]
            for call in core.state.calls.by_id.values()
            if call.next_at is not None and now.since(call.next_at) > LATE_MS
        ]
        what = f"calls {', '.join(calls[:8])} should have climbed" if calls else "a deadline passed"
        late_s = now.since(due) // SECOND_MS
        return f"The node is {late_s} s late: {what} at {due}, and nothing was done.", due

    def _follow(self) -> Core:
        """Return the core after every event that is durable by now."""
        core = self._core = self._core or self._restored()
        for record in self._reader.replay(core.state.seq):
            self._core = None  # Until the event is whole: half of one is believed by nobody.
            try:
                core.handle(decode_event(record.event), record.at)
            except Exception as error:
                # Whatever it was, an auditor that ended by it would say nothing at all.
                what = f"{type(error).__name__}: {error}"
                raise Broken(f"event {record.seq} does not follow: {what}") from error
            self._core = core
        return core

    def _restored(self) -> Core:
        kept = self._reader.snapshot()
        found = snapshots.unpack(kept) if kept is not None else None
        return Core(found[0]) if found is not None else Core()
