"""State: all that a node's core remembers, and how it is kept and read back.

A snapshot is this state and nothing more; indexes and heaps are made anew from it. It is a
view of the journal: throwing every snapshot away loses time, never truth.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.core.calls import Call, Calls
from clearline.core.conflicts import Conflict, Conflicts
from clearline.core.links import Link
from clearline.core.notices import Notice, Notices
from clearline.core.pages import Pages
from clearline.core.roster import Roster
from clearline.core.rotation import Rotation
from clearline.core.testcalls import TestCall, TestCalls
from clearline.core.watchbill import Desk, Officer, Watchbill
from clearline.space import GridIndex, Index

__all__ = ["SNAPSHOT_FORMAT", "State"]

SNAPSHOT_FORMAT = 5
"""Raised whenever what follows changes shape; a snapshot of another format is not read."""


class _Kept(Struct, kw_only=True):
    format: int
    seq: int
    last: Instant
    rules: int
    links: dict[str, Link]
    roster: Roster
    officers: tuple[Officer, ...]
    desks: tuple[Desk, ...]
    pages: Pages
    notices: tuple[Notice, ...]
    conflicts: tuple[Conflict, ...]
    calls: tuple[Call, ...]
    tests: tuple[TestCall, ...]
    rotation: Rotation


_encoder = msgspec.msgpack.Encoder(enc_hook=enc_hook)
_decoder = msgspec.msgpack.Decoder(_Kept, dec_hook=dec_hook)


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

    def pack(self) -> bytes:
        """Return the state as a snapshot."""
        return _encoder.encode(
            _Kept(
                format=SNAPSHOT_FORMAT,
                seq=self.seq,
                last=self.last,
                rules=self.rules,
                links=self.links,
                roster=self.roster,
                officers=tuple(self.watchbill.officers.values()),
                desks=tuple(self.watchbill.desks.values()),
                pages=self.pages,
                notices=tuple(self.notices.by_id.values()),
                conflicts=tuple(self.conflicts.by_key.values()),
                calls=tuple(self.calls.by_id.values()),
                tests=tuple(self.tests.by_id.values()),
                rotation=self.rotation,
            )
        )

    @classmethod
    def unpack(cls, snapshot: bytes, index: Callable[[], Index] = GridIndex) -> State | None:
        """Return the state of a snapshot; None if it is of another format or is damaged."""
        try:
            kept = _decoder.decode(snapshot)
        except (msgspec.MsgspecError, ValueError):
            return None
        if kept.format != SNAPSHOT_FORMAT:
            return None
        state = cls(index)
        state.seq, state.last, state.rules = kept.seq, kept.last, kept.rules
        state.links, state.roster = kept.links, kept.roster
        state.watchbill = Watchbill(kept.officers, kept.desks)
        state.pages = kept.pages
        for notice in kept.notices:
            state.notices.put(notice)
        for conflict in kept.conflicts:
            state.conflicts.put(conflict)
        for call in kept.calls:
            state.calls.put(call)
        for test in kept.tests:
            state.tests.put(test)
        state.rotation = kept.rotation
        return state
