"""Ports: what the runtime needs of the world, stated as types.

The node is the same node on SQLite, in memory under the simulator, or on a replicated
journal: nothing above `Journal` knows which. Each port has one suite of tests that all of
its implementations pass (`tests/ports/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import Instant
from clearline.core.effects import Append, Effect, Release
from clearline.record import Receipt, Signer

__all__ = [
    "Batch",
    "Bell",
    "Clock",
    "FeedRow",
    "Head",
    "Journal",
    "KeptFork",
    "KeptReceipt",
    "Keys",
    "Outcome",
    "Record",
    "Reply",
    "Snapshot",
    "chained",
    "check_follows",
]


class Record(Struct, frozen=True, kw_only=True):
    """One event as the journal has it."""

    seq: int
    """Counted from 0 without a gap."""
    at: Instant
    event: bytes


def chained(before: bytes, record: Record) -> bytes:
    """Return the journal's next hash: SHA-256 over the one before and the whole event."""
    head = b"%d %d %d\n" % (record.seq, record.at, len(record.event))
    return sha256(before + head + record.event).digest()


class FeedRow(Struct, frozen=True, kw_only=True):
    """One entry of either feed of a link: the bytes as they were written or received."""

    link: str
    party: str
    index: int
    raw: bytes
    leaf: bytes


class Head(Struct, frozen=True, kw_only=True):
    """The last signed checkpoint of the counterpart's feed that we admitted."""

    link: str
    party: str
    size: int
    raw: bytes


class KeptReceipt(Struct, frozen=True, kw_only=True):
    """A mirror's cosignature of a feed, kept as evidence; the last one of each size."""

    link: str
    party: str
    """Whose feed it is a receipt for."""
    receipt: Receipt
    checkpoint: bytes
    """The signed checkpoint that it is for; empty if only its text is known."""


class KeptFork(Struct, frozen=True, kw_only=True):
    """Evidence that a counterpart signed two histories."""

    link: str
    digest: str
    evidence: bytes


class Snapshot(Struct, frozen=True, kw_only=True):
    """The core's state and the feeds' edges after the event before `seq`."""

    seq: int
    state: bytes


class Batch(Struct, kw_only=True):
    """What one durable commit holds: all of it or none."""

    records: list[Record] = []
    rows: list[FeedRow] = []
    heads: list[Head] = []
    receipts: list[KeptReceipt] = []
    forks: list[KeptFork] = []
    releases: list[Release] = []
    """Lines of the release log: what left, who asked for it, and what was withheld."""
    snapshot: Snapshot | None = None

    def __bool__(self) -> bool:
        return bool(
            self.records or self.rows or self.heads or self.receipts or self.forks or self.snapshot
        )


def check_follows(batch: Batch, count: int, feed_size: Callable[[str, str], int]) -> None:
    """Raise Broken unless a batch's events and entries go on where a journal ends."""
    for expected, record in enumerate(batch.records, count):
        if record.seq != expected:
            raise Broken(f"event {record.seq} does not follow {expected}")
    ends: dict[tuple[str, str], int] = {}
    for row in batch.rows:
        feed = (row.link, row.party)
        end = ends.get(feed)
        end = feed_size(*feed) if end is None else end
        if row.index != end:
            raise Broken(f"entry {row.index} of {row.party} does not follow {end}")
        ends[feed] = end + 1


class Reply(Struct, frozen=True, kw_only=True):
    """What a counterpart's request is answered with."""

    status: int
    body: bytes
    reason: str = ""
    """A reason code for the log; empty if all was well."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one event: the entries that it wrote, or the user's mistake."""

    entries: tuple[Append, ...] = ()
    mistake: Mistake | None = None


class Journal(Protocol):
    """The node's memory. Every method raises Broken if it cannot be sure of its answer."""

    def commit(self, batch: Batch) -> None:
        """Make a batch durable, whole. On return it survives a power cut."""
        ...

    def check(self) -> tuple[int, Instant]:
        """Verify the journal's own hash chain; return how many events, and the last instant."""
        ...

    def replay(self, start: int) -> Iterator[Record]:
        """Yield the events from `start` on, in order."""
        ...

    def snapshot(self) -> Snapshot | None:
        """Return the latest snapshot that is whole, if there is one."""
        ...

    def feed_size(self, link: str, party: str) -> int:
        """Return how many entries of a feed are kept."""
        ...

    def rows(self, link: str, party: str, start: int, end: int) -> Sequence[FeedRow]:
        """Return the entries of a feed in [start, end)."""
        ...

    def leaves(self, link: str, party: str, start: int, end: int) -> Sequence[bytes]:
        """Return the leaf hashes of a feed's entries [start, end)."""
        ...

    def head(self, link: str, party: str) -> Head | None:
        """Return the last admitted checkpoint of a feed."""
        ...

    def receipts(self, link: str, party: str) -> Sequence[KeptReceipt]:
        """Return every receipt kept for a feed, by size."""
        ...

    def forks(self, link: str) -> Sequence[KeptFork]:
        """Return the evidence of forks kept for a link."""
        ...

    def releases(self, link: str, last: int) -> Sequence[Release]:
        """Return the last lines of the release log of a link, oldest first."""
        ...

    def size_bytes(self) -> int:
        """Return how much the journal takes on its disk."""
        ...

    def close(self) -> None:
        """Let go of the disk."""
        ...


class Clock(Protocol):
    """The local clock: steady from when the process started, and watched against the wall."""

    def now(self) -> Instant:
        """Return the present instant. It never runs backwards."""
        ...

    def stepped_ms(self) -> int:
        """Return how far the wall clock has moved by itself since the process started."""
        ...


class Bell(Protocol):
    """Whoever carries effects to humans: desks, phones, mail. It must not block or raise."""

    def perform(self, effect: Effect) -> None:
        """Perform one effect, once, however often it is asked to."""
        ...


class Keys(Protocol):
    """The node's private keys, one for each role."""

    @property
    def author(self) -> Signer:
        """Return the key that signs our own feeds' checkpoints."""
        ...

    @property
    def mirror(self) -> Signer:
        """Return the key that cosigns what we store of the counterpart's."""
        ...
