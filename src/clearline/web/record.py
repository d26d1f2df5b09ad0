"""Record: both feeds of a link, filtered, a page at a time, backwards; or from an instant on.

The record may have a million entries and the node has one thread, so a search goes in
slices and lets the line run between them. It stops at a page or at a limit, and says from
where it can go on. `since` reads forwards, for what has to be seen whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.ids import time_of
from clearline.basis.instants import Instant
from clearline.core.links import Link
from clearline.node.runtime import Runtime
from clearline.node.views import EntryView, entry_view
from clearline.record import Entry
from clearline.record import decode as decode_entry

__all__ = ["LogPage", "LogQuery", "Stored", "find", "related", "search", "shown", "since"]

BLOCK = 128
"""Entries that are read and decoded before the line may run."""
MAX_SCANNED = 50_000
"""Entries that one search looks through; it can be gone on with."""
MAX_PAGE = 500


class LogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look for; an empty field holds nothing back."""

    link: str
    party: str = ""
    kind: str = ""
    """A kind, or what it begins with: `call.`."""
    text: Annotated[str, Meta(max_length=200)] = ""
    """Words that the entry must have, in any case, anywhere in it."""
    since: str = ""
    until: str = ""
    """RFC 3339 in UTC with milliseconds; both included."""
    cursor: str = ""
    """From an earlier page: where to go on."""
    limit: int = 100


class LogPage(Struct, frozen=True, kw_only=True):
    """Entries of the record, newest first."""

    entries: tuple[EntryView, ...]
    cursor: str | None
    """Where to go on; None if everything has been looked through."""
    scanned: int
    total: int
    """Entries in both feeds."""


async def search(runtime: Runtime, query: LogQuery) -> LogPage:
    """Return a page of the record of a link; Mistake if there is no such link, or cursor."""
    link = runtime.state.link(query.link)
    since, until = _instant(query.since), _instant(query.until)
    limit = min(max(query.limit, 1), MAX_PAGE)
    own, theirs = _cursor(query.cursor, link)
    walk = _Walk(runtime, link, own, theirs)
    words = query.text.lower().split()
    found: list[EntryView] = []
    scanned = 0
    for entry in walk.backwards():
        scanned += 1
        if scanned % BLOCK == 0:
            await asyncio.sleep(0)
        if since is not None and entry.at is not None and entry.at < since:
            return _page(found, None, scanned, link)
        if _fits(entry, query, words, until):
            found.append(entry)
        if len(found) >= limit or scanned >= MAX_SCANNED:
            return _page(found, walk.cursor, scanned, link)
    return _page(found, None, scanned, link)


async def since(runtime: Runtime, link: Link, first: Instant) -> tuple[list[Stored], bool]:
    """Return what both feeds hold from `first` on, oldest first, and whether that is all of it.

    Where each feed comes to `first` is found by halving, so that an incident of last year is
    as near as one of today. What is no entry is left out: it refers to nothing.
    """
    parties = (link.us, link.them)
    queues = {party: _Forwards(runtime, link, party, first) for party in parties}
    found: list[Stored] = []
    for scanned in range(1, MAX_SCANNED + 1):
        if scanned % BLOCK == 0:
            await asyncio.sleep(0)
        heads = [head for queue in queues.values() if (head := queue.head) is not None]
        if not heads:
            return found, True
        head = min(heads, key=lambda each: (each.entry.at, each.party))
        found.append(head)
        queues[head.party].advance()
    return found, False


async def find(runtime: Runtime, link: Link, wanted: str) -> Stored | None:
    """Return the entry of that id, from either feed; None if there is none near its time."""
    at = time_of(wanted)
    for party in (link.us, link.them):
        place = _first_since(runtime, link, party, at)
        # A call is let in by a node whose ids run backwards: a little is read on both sides.
        rows = runtime.journal.rows(link.id, party, max(0, place - BLOCK), place + BLOCK)
        for row in rows:
            entry = decode_entry(row.raw)
            if isinstance(entry, Entry) and entry.id == wanted:
                return Stored(party=party, index=row.index, entry=entry)
        await asyncio.sleep(0)
    return None


def related(stored: list[Stored], ids: set[str]) -> list[Stored]:
    """Return the entries that are, or that refer to, any of `ids`, in their order.

    What refers to one of them is followed in its turn: a clearing to its conflict, a
    read-back to what was said. The two sides' clocks differ, so an answer may come before
    what it answers: it is looked through until nothing more is found.
    """
    wanted = set(ids)
    while True:
        found = [
            each
            for each in stored
            if each.entry.id in wanted or not wanted.isdisjoint(each.entry.re)
        ]
        more = {each.entry.id for each in found} - wanted
        if not more:
            return found
        wanted |= more


def shown(link: Link, stored: Stored) -> EntryView:
    """Return a stored entry as a screen shows it, with whether the other side signed for it."""
    return entry_view(link, stored.party, stored.index, stored.entry)


class Stored(Struct, frozen=True, kw_only=True):
    """One entry and where it is in the record."""

    party: str
    index: int
    entry: Entry


class _Forwards:
    """One feed from an instant on, read a block at a time."""

    def __init__(self, runtime: Runtime, link: Link, party: str, first: Instant) -> None:
        self._runtime = runtime
        self._link = link
        self._party = party
        self._next = _first_since(runtime, link, party, first)
        self._block: list[Stored] = []
        self._fill()

    @property
    def head(self) -> Stored | None:
        return self._block[-1] if self._block else None

    def advance(self) -> None:
        self._block.pop()
        if not self._block:
            self._fill()

    def _fill(self) -> None:
        end = _size(self._link, self._party)
        while not self._block and self._next < end:
            stop = min(self._next + BLOCK, end)
            rows = self._runtime.journal.rows(self._link.id, self._party, self._next, stop)
            self._next = stop
            for row in reversed(rows):
                entry = decode_entry(row.raw)
                if isinstance(entry, Entry):
                    self._block.append(Stored(party=self._party, index=row.index, entry=entry))


def _size(link: Link, party: str) -> int:
    return link.own_size if party == link.us else link.their_size


def _first_since(runtime: Runtime, link: Link, party: str, first: Instant) -> int:
    """Return the index in a feed of the first entry whose id is not of before `first`."""
    low, high = 0, _size(link, party)
    while low < high:
        middle = (low + high) // 2
        (row,) = runtime.journal.rows(link.id, party, middle, middle + 1)
        entry = decode_entry(row.raw)
        # What is no entry has no time: it is looked at rather than passed over.
        if isinstance(entry, Entry) and time_of(entry.id) < first:
            low = middle + 1
        else:
            high = middle
    return low


class _Walk:
    """Both feeds of a link, merged, from their ends to their beginnings."""

    def __init__(self, runtime: Runtime, link: Link, own: int, theirs: int) -> None:
        self._runtime = runtime
        self._link = link
        self._left = {link.us: own, link.them: theirs}
        """How many entries of each feed are still to be given."""

    @property
    def cursor(self) -> str | None:
        own, theirs = self._left[self._link.us], self._left[self._link.them]
        return f"{own}:{theirs}" if own or theirs else None

    def backwards(self) -> Iterator[EntryView]:
        feeds = {party: self._feed(party) for party in self._left}
        heads = {party: next(feed, None) for party, feed in feeds.items()}
        while any(head is not None for head in heads.values()):
            party = max(
                (name for name, head in heads.items() if head is not None),
                key=lambda name: (_at(heads[name]), name),
            )
            head = heads[party]
            assert head is not None, party
            self._left[party] = head.index
            yield head
            heads[party] = next(feeds[party], None)

    def _feed(self, party: str) -> Iterator[EntryView]:
        end = self._left[party]
        while end > 0:
            start = max(0, end - BLOCK)
            rows = list(self._runtime.journal.rows(self._link.id, party, start, end))
            for row in reversed(rows):
                yield entry_view(self._link, party, row.index, decode_entry(row.raw))
            end = start


def _at(entry: EntryView | None) -> int:
    return int(entry.at) if entry is not None and entry.at is not None else 0


def _fits(entry: EntryView, query: LogQuery, words: list[str], until: Instant | None) -> bool:
    if query.party and entry.party != query.party:
        return False
    if query.kind and not entry.kind.startswith(query.kind):
        return False
    if until is not None and entry.at is not None and entry.at > until:
        return False
    if not words:
        return True
    text = _text(entry)
    return all(word in text for word in words)


def _text(entry: EntryView) -> str:
    parts: tuple[Any, ...] = (entry.kind, entry.id, *entry.re, entry.party)
    return " ".join((*parts, msgspec.json.encode(entry.body).decode())).lower()


def _instant(text: str) -> Instant | None:
    if not text:
        return None
    try:
        return Instant.parse(text)
    except ValueError as error:
        raise Mistake("bad_time", f"{error}") from error


def _cursor(text: str, link: Link) -> tuple[int, int]:
    if not text:
        return link.own_size, link.their_size
    own, _, theirs = text.partition(":")
    if not (own.isdecimal() and theirs.isdecimal() and len(text) < 40):
        raise Mistake("bad_cursor", f"{text[:40]!r} is no place in the record.")
    return min(int(own), link.own_size), min(int(theirs), link.their_size)


def _page(found: list[EntryView], cursor: str | None, scanned: int, link: Link) -> LogPage:
    return LogPage(
        entries=tuple(found),
        cursor=cursor,
        scanned=scanned,
        total=link.own_size + link.their_size,
    )
