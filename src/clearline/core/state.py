"""State: all that a node's core remembers, and how it is kept and read back.

A snapshot is this state and nothing more; indexes and heaps are made anew from it. It is a
view of the journal: throwing every snapshot away loses time, never truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.core.callbook import Calls
from clearline.core.calls import Call
from clearline.core.conflicts import Conflict, Conflicts
from clearline.core.links import Link
from clearline.core.notices import Notice, Notices
from clearline.core.pages import Pages
from clearline.core.roster import Roster
from clearline.core.rotation import Rotation
from clearline.core.testcalls import TestCall, TestCalls
from clearline.core.watchbill import Desk, Officer, Watchbill
from clearline.space import GridIndex, Index, positions

__all__ = ["SNAPSHOT_FORMAT", "State"]

SNAPSHOT_FORMAT = 6
"""Raised whenever what follows changes shape; a snapshot of another format is not read."""
PART = 1_000
"""Circles, or conflicts, in one part of a snapshot: about 400 kB, and 3 ms of work."""
_POINTS = 20
"""So many more points of a notice count as one more circle."""


class _Head(Struct, kw_only=True):
    """The first part: all but what there may be a million of."""

    format: int
    seq: int
    last: Instant
    rules: int
    links: dict[str, Link]
    roster: Roster
    officers: tuple[Officer, ...]
    desks: tuple[Desk, ...]
    pages: Pages
    calls: tuple[Call, ...]
    tests: tuple[TestCall, ...]
    rotation: Rotation


class _Part(Struct, kw_only=True, omit_defaults=True):
    notices: list[Notice] = []
    conflicts: list[Conflict] = []
    is_last: bool = False


def _number(value: Any) -> int:
    """Return an instant as a number: to spell it was most of the time that a snapshot took."""
    assert isinstance(value, Instant), type(value)
    return int(value)


def _instant(kind: type, value: Any) -> Instant:
    if kind is not Instant or type(value) is not int:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return Instant.of_ms(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_number)
_head = msgspec.msgpack.Decoder(_Head, dec_hook=_instant)
_part = msgspec.msgpack.Decoder(_Part, dec_hook=_instant)
_whole = msgspec.msgpack.Decoder(list[bytes])


class State:
    """What one node remembers. Only `core.step` and the rooms that it calls change it."""

    def __init__(self, index: Callable[[], Index] = GridIndex) -> None:
        """Make an empty one, in which `index` makes the indexes of notices."""
        self.seq = 0
        """How many events have been handled."""
        self.last = Instant(0)
        """The instant of the last of them; time does not run backwards here."""
        self.rules = 1
        """Which rules the node keeps (`events.Started.rules`)."""
        self.links: dict[str, Link] = {}
        self.roster = Roster(desks={})
        self.watchbill = Watchbill()
        self.pages = Pages()
        self.notices = Notices(index)
        self.conflicts = Conflicts()
        self.calls = Calls()
        self.tests = TestCalls()
        self.rotation = Rotation()

    def link(self, link: str) -> Link:
        """Return a link by its id; Mistake if this node has no such link."""
        found = self.links.get(link)
        if found is None:
            raise Mistake("no_such_link", f"This node has no link {link}.")
        return found

    def knows(self, entry: str) -> bool:
        """Return whether an id names a notice, a call or a test call of either side here."""
        return entry in self.notices.by_id or entry in self.calls.by_id or entry in self.tests.by_id

    def notice(self, notice: str) -> Notice:
        """Return a notice by its id; Mistake if there is none."""
        found = self.notices.by_id.get(notice)
        if found is None:
            raise Mistake("no_such_notice", f"There is no notice {notice}.")
        return found

    def call(self, call: str) -> Call:
        """Return a call by its id; Mistake if there is none."""
        found = self.calls.by_id.get(call)
        if found is None:
            raise Mistake("no_such_call", f"There is no call {call}.")
        return found

    def test(self, test: str) -> TestCall:
        """Return a test call by its id; Mistake if there is none."""
        found = self.tests.by_id.get(test)
        if found is None:
            raise Mistake("no_such_test", f"There is no test call {test}.")
        return found

    def parts(self) -> Iterator[tuple[bytes, bool]]:
        """Return the parts of the state as a snapshot, each with whether it is the last.

        Each but the first is made when it is asked for, and yet all tell of the state as it is
        now: what changes in place is in the first; the rest holds values that never change.
        """
        notices = tuple(self.notices.by_id.values())
        conflicts = tuple(self.conflicts.by_key.values())
        head = _encoder.encode(
            _Head(
                format=SNAPSHOT_FORMAT,
                seq=self.seq,
                last=self.last,
                rules=self.rules,
                links=self.links,
                roster=self.roster,
                officers=tuple(self.watchbill.officers.values()),
                desks=tuple(self.watchbill.desks.values()),
                pages=self.pages,
                calls=tuple(self.calls.by_id.values()),
                tests=tuple(self.tests.by_id.values()),
                rotation=self.rotation,
            )
        )
        return _encoded(head, notices, conflicts)

    def pack(self) -> bytes:
        """Return the state as a snapshot in one piece."""
        return _encoder.encode([raw for raw, _ in self.parts()])

    @classmethod
    def unpack(cls, snapshot: bytes, index: Callable[[], Index] = GridIndex) -> State | None:
        """Return the state of a snapshot in one piece; None as of its parts."""
        try:
            return cls.of_parts(_whole.decode(snapshot), index)
        except msgspec.MsgspecError:
            return None

    @classmethod
    def of_parts(
        cls, parts: Sequence[bytes], index: Callable[[], Index] = GridIndex
    ) -> State | None:
        """Return the state of a snapshot; None if it is of another format, or is damaged."""
        state = cls(index)
        try:
            kept = _head.decode(parts[0]) if parts else None
            if len(parts) < 2 or kept is None or kept.format != SNAPSHOT_FORMAT:
                return None
            for number, raw in enumerate(parts[1:], 2):
                part = _part.decode(raw)
                if part.is_last != (number == len(parts)):
                    return None
                for notice in part.notices:
                    state.notices.put(notice)
                for conflict in part.conflicts:
                    state.conflicts.put(conflict)
        except (msgspec.MsgspecError, ValueError):
            return None
        state.seq, state.last, state.rules = kept.seq, kept.last, kept.rules
        state.links, state.roster = kept.links, kept.roster
        state.watchbill = Watchbill(kept.officers, kept.desks)
        state.pages = kept.pages
        for call in kept.calls:
            state.calls.put(call)
        for test in kept.tests:
            state.tests.put(test)
        state.rotation = kept.rotation
        return state


def _encoded(
    head: bytes, notices: tuple[Notice, ...], conflicts: tuple[Conflict, ...]
) -> Iterator[tuple[bytes, bool]]:
    yield head, False
    part, weight = _Part(), 0
    for kept in chain(notices, conflicts):
        weight += 1
        if isinstance(kept, Notice):
            part.notices.append(kept)
            weight += sum(len(positions(each.outline)) for each in kept.volumes) // _POINTS
        else:
            part.conflicts.append(kept)
        if weight >= PART:
            yield _encoder.encode(part), False
            part, weight = _Part(), 0
    part.is_last = True
    yield _encoder.encode(part), True
