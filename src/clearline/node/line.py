"""A line: one link's two feeds, as the runtime holds them beside the core's state.

Our feed's tree and its signed heads, the counterpart's tree as we mirror it, the keys that
each is checked with, and the outbox. It signs and checks; it decides nothing, and whatever
it is given it has been given after it was durable, or before it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from clearline.basis.faults import Broken, Mistake, Refusal
from clearline.basis.instants import Instant
from clearline.core.effects import Append
from clearline.core.links import Link
from clearline.core.terms import Party
from clearline.node.outbox import MAX_PUSH, Outbox
from clearline.node.ports import FeedRow, Journal, KeptReceipt, Keys
from clearline.record import (
    AuthorVerifier,
    Checkpoint,
    Frontier,
    MirrorVerifier,
    Receipt,
    SignedCheckpoint,
    Verifier,
    build_append,
    cosign,
    leaf_hash,
    open_cosignatures,
    open_signed,
    origin_of,
    sign,
)

__all__ = ["Line", "Trust", "carried_size", "open_lines", "verifiers"]


class Trust(Struct, frozen=True, kw_only=True):
    """How a runtime gets a counterpart's keys. The simulator passes cheaper ones."""

    author: Callable[[tuple[str, str], str], Verifier | Refusal] = AuthorVerifier.of
    mirror: Callable[[tuple[str, str], str], Verifier | Refusal] = MirrorVerifier.of


class Line:
    """Both feeds of one link."""

    def __init__(self, link: Link, trust: Trust, journal: Journal, keys: Keys) -> None:
        self.link = link
        theirs = link.counterpart
        self.author, self.mirror = verifiers(theirs, trust)
        self.own_author, _ = verifiers(link.terms.side(link.us), trust)
        self.own = Frontier()
        self.theirs = Frontier()
        self.their_head: SignedCheckpoint | None = None
        self.outbox = Outbox(link.id, theirs.urls, link.receipt_size)
        self.heard_at: Instant | None = None
        """When the counterpart last reached us, since this process started."""
        self.in_push: Checkpoint | None = None
        """The head of the push that is under way: what its receipt must be for."""
        self._journal = journal
        self._keys = keys
        self._signed: tuple[Checkpoint, bytes] | None = None
        self._behind = Frontier()
        """The edge of our feed where a long backlog is being pushed."""
        self._recent: list[FeedRow] = []

    @property
    def own_origin(self) -> str:
        """Return the origin of our feed on this link."""
        return origin_of(self.link.id, self.link.us)

    @property
    def their_origin(self) -> str:
        """Return the origin of the counterpart's feed."""
        return origin_of(self.link.id, self.link.them)

    def grow(self, append: Append) -> FeedRow:
        """Add one of our entries to our feed's tree; Broken if it does not follow the last."""
        if append.index != self.own.size:
            raise Broken(f"entry {append.index} does not follow {self.own.size} in our feed")
        leaf = leaf_hash(append.raw)
        self.own.append(leaf)
        row = FeedRow(
            link=append.link, party=self.link.us, index=append.index, raw=append.raw, leaf=leaf
        )
        self._recent.append(row)
        if len(self._recent) > 2 * MAX_PUSH:
            del self._recent[:MAX_PUSH]
        return row

    def checkpoint(self) -> tuple[Checkpoint, bytes]:
        """Return the newest head of our feed, and its signed note."""
        if self._signed is None or self._signed[0].size != self.own.size:
            head = Checkpoint(origin=self.own_origin, size=self.own.size, root=self.own.root())
            self._signed = (head, sign(head, self._keys.author))
        return self._signed

    def head_at(self, size: int) -> Checkpoint:
        """Return the head that our feed had, or has, at a size."""
        if size == self.own.size:
            return self.checkpoint()[0]
        if self._behind.size > size:
            self._behind = Frontier()
        party = self.link.us
        leaves = self._journal.leaves(self.link.id, party, self._behind.size, size)
        self._behind.extend(leaves)
        return Checkpoint(origin=self.own_origin, size=size, root=self._behind.root())

    def append_of(self, start: int, end: int) -> tuple[Checkpoint, bytes]:
        """Return the append of entries [start, end) of ours; Mistake if it would be too large."""
        head = self.head_at(end)
        signed = self.checkpoint()[1] if end == self.own.size else sign(head, self._keys.author)
        return head, build_append(start, signed, [row.raw for row in self._rows(start, end)])

    def carry(self, start: int) -> list[bytes]:
        """Return appends that take the counterpart from `start` to all that we have.

        The same bytes that a push would have; each brings back the same receipt. Mistake if
        `start` is not in our feed.
        """
        size = self.own.size
        if not 0 <= start <= size:
            raise Mistake("beyond_feed", f"Our feed ends at {size}; it cannot start at {start}.")
        bodies: list[bytes] = []
        while not bodies or start < size:
            end = min(size, start + MAX_PUSH)
            bodies.append(self.append_of(start, end)[1])
            start = end
        return bodies

    def receipt_for_them(self, signed: SignedCheckpoint, now: Instant) -> KeptReceipt:
        """Return our cosignature of a head of the counterpart's, which we store."""
        lines = cosign(signed.checkpoint, self._keys.mirror, now)
        receipt = Receipt(
            origin=self.their_origin,
            size=signed.size,
            root=signed.root,
            at=Instant(int(now) // 1_000 * 1_000),
            lines=lines,
        )
        return KeptReceipt(
            link=self.link.id, party=self.link.them, receipt=receipt, checkpoint=signed.raw
        )

    def receipt_from_them(self, lines: bytes, head: Checkpoint) -> KeptReceipt | Refusal:
        """Return the counterpart's receipt for a head of ours, if both signatures hold."""
        receipt = open_cosignatures(lines, head, self.mirror)
        if isinstance(receipt, Refusal):
            return receipt
        return KeptReceipt(link=self.link.id, party=self.link.us, receipt=receipt, checkpoint=b"")

    def against(self, note: bytes) -> str | None:
        """Return how our own feed contradicts a head of it that we signed and others kept.

        None if it does not, or if the note was never ours.
        """
        signed = open_signed(note, self.own_origin, self.own_author)
        if isinstance(signed, Refusal):
            return None
        if signed.size > self.own.size:
            return f"we signed {signed.size} entries and have {self.own.size}"
        if self.head_at(signed.size).root != signed.root:
            return f"we signed another history of our first {signed.size} entries"
        return None

    def hold(self) -> None:
        """Hold the feeds that the journal makes against the feeds that were kept.

        Every kept entry is hashed. Raises Broken if a byte differs, and takes up the
        counterpart's last signed head otherwise.
        """
        link = self.link.id
        for party, made in ((self.link.us, self.own), (self.link.them, self.theirs)):
            kept = self._journal.feed_size(link, party)
            if kept != made.size:
                raise Broken(f"feed of {party}: {kept} entries kept, {made.size} by the journal")
            if self._kept_edge(party, kept).root() != made.root():
                raise Broken(f"feed of {party}: what is kept is not what the journal makes")
        head = self._journal.head(link, self.link.them)
        if head is not None:
            signed = open_signed(head.raw, self.their_origin, self.author)
            if isinstance(signed, Refusal) or signed.root != self.theirs.root():
                raise Broken(f"the last signed checkpoint of {self.link.them} does not fit")
            self.their_head = signed

    def _kept_edge(self, party: str, size: int) -> Frontier:
        edge = Frontier()
        for start in range(0, size, MAX_PUSH):
            end = min(start + MAX_PUSH, size)
            for row in self._journal.rows(self.link.id, party, start, end):
                if leaf_hash(row.raw) != row.leaf:
                    raise Broken(f"feed of {party}: entry {row.index} is not what was hashed")
                edge.append(row.leaf)
        return edge

    def _rows(self, start: int, end: int) -> Sequence[FeedRow]:
        """Return entries of our feed: from memory if they are fresh, as most pushes want."""
        if self._recent and self._recent[0].index <= start:
            first = self._recent[0].index
            return self._recent[start - first : end - first]
        return self._journal.rows(self.link.id, self.link.us, start, end)


def open_lines(
    lines: dict[str, Line], links: Mapping[str, Link], trust: Trust, journal: Journal, keys: Keys
) -> None:
    """Add a line for each link that has none yet."""
    if len(lines) == len(links):
        return
    for link in links.values():
        if link.id not in lines:
            lines[link.id] = Line(link, trust, journal, keys)


def verifiers(theirs: Party, trust: Trust) -> tuple[Verifier, Verifier]:
    """Return what checks a party's author's and mirror's signatures; Mistake if none can."""
    author = trust.author(theirs.keys.author, theirs.party)
    mirror = trust.mirror(theirs.keys.mirror, theirs.party)
    if isinstance(author, Refusal) or isinstance(mirror, Refusal):
        raise Mistake("bad_keys", f"The keys of {theirs.party} in the terms are not keys.")
    return author, mirror


def carried_size(note: bytes) -> tuple[int, bytes]:
    """Return the size that a carried receipt is for, and its signatures; -1 if it is none."""
    text, _, lines = note.partition(b"\n\n")
    number = text.split(b"\n")[1] if text.count(b"\n") == 2 else b""
    return (int(number) if number.isdigit() and len(number) < 17 else -1), lines
