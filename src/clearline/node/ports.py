"""Ports: what the runtime needs of the world, stated as types.

The node is the same node on SQLite, in memory under the simulator, or on a replicated
journal: nothing above `Journal` knows which. Each port has one suite of tests that all of
its implementations pass (`tests/ports/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

from clearline.basis.faults import Broken, Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.core.effects import Append, Demand, Effect, Release
from clearline.core.terms import Precedence
from clearline.record import Receipt, Signer

__all__ = [
    "Batch",
    "Bell",
    "Channel",
    "ChannelError",
    "Clock",
    "FeedRow",
    "Head",
    "Heard",
    "Journal",
    "KeptFork",
    "KeptReceipt",
    "Keys",
    "Outcome",
    "Page",
    "PageCause",
    "PageResult",
    "Record",
    "Reply",
    "Snapshot",
    "SnapshotPart",
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
    parts: tuple[bytes, ...]


class SnapshotPart(Struct, frozen=True, kw_only=True):
    """One of the parts of a snapshot; it is whole when the last of them is kept."""

    seq: int
    number: int
    """From 0; they are written in this order, in one commit each."""
    is_last: bool
    """The snapshot is whole with it."""
    raw: bytes


class Batch(Struct, kw_only=True):
    """What one durable commit holds: all of it or none."""

    records: list[Record] = []
    rows: list[FeedRow] = []
    heads: list[Head] = []
    receipts: list[KeptReceipt] = []
    forks: list[KeptFork] = []
    releases: list[Release] = []
    """Lines of the release log: what left, who asked for it, and what was withheld."""
    part: SnapshotPart | None = None
    """Of the snapshot that is being written, if there is one."""

    def __bool__(self) -> bool:
        return bool(
            self.records or self.rows or self.heads or self.receipts or self.forks or self.part
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

    @classmethod
    def refusing(cls, refusal: Refusal) -> Reply:
        """Return the reply that says why a request is refused."""
        status = 413 if refusal.reason is Reason.TOO_LARGE else 400
        text = f"{refusal.reason.value}: {refusal.detail}\n"
        return cls(status=status, body=text.encode(), reason=refusal.reason.value)


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


class PageResult(StrEnum):
    """What is known of one page. Only the last of the first three means that a human has it."""

    HANDED = "handed"
    """The channel has taken it over: a server accepted it, a telephone rings."""
    DELIVERED = "delivered"
    """It is at the other end, where the channel can know: a telephone was answered."""
    ACKNOWLEDGED = "acknowledged"
    """A human did what no machine does by itself: keyed the code, or signed a reply."""
    FAILED = "failed"
    """It did not get there by this way; the cause says why. The ladder goes on."""


class PageCause(StrEnum):
    """Why a page did not get to a human by this way."""

    NONE = "none"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    """It rang, and nobody took it up in time."""
    UNREACHABLE = "unreachable"
    """Nothing rang: the address is dead, or the way to it is."""
    NO_CODE = "no_code"
    """It was answered, and nobody keyed the code: a machine, or somebody who did not listen."""
    DECLINED = "declined"
    CREDENTIALS = "credentials"
    ADDRESS = "address"
    """That can be no address of this channel's."""
    TOO_MANY = "too_many"
    """The channel carries as many pages as its setting allows; one of higher precedence waits
    for none."""
    TIMEOUT = "timeout"
    OTHER = "other"


class Page(Struct, frozen=True, kw_only=True):
    """What one channel carries, to one officer or to one room."""

    id: str
    """The same page has the same id, however often it is asked for."""
    what: str
    """Id of the call, conflict or test that it is about."""
    who: str
    """The officer's name; empty for the echelon's own telephone, mailbox or lamp."""
    address: str
    echelon: str
    rung: int
    demand: Demand
    precedence: Precedence
    drill: bool
    language: str
    """The one that the text is in, as in the terms: `en`, `ru`."""
    text: tuple[str, ...]
    """What is said, a line for each phrase, rendered in that language."""
    code: str
    """Two digits that a human keys, or gives back, to acknowledge."""


Heard = Callable[[PageResult, PageCause, str], None]
"""Told whatever becomes known of a page: the result, its cause, and a short line for people."""


class ChannelError(Exception):
    """A channel could not carry a page now, and why."""

    def __init__(self, cause: PageCause, phrase: str) -> None:
        super().__init__(phrase)
        self.cause = cause
        self.phrase = phrase


class Channel(Protocol):
    """One way to reach a human. It is tried beside all others, never after them."""

    @property
    def name(self) -> str:
        """Return its name, as officers' methods give it: `phone`, `mail`, `mqtt`."""
        ...

    async def start(self) -> None:
        """Get ready; never raise for a far end that is not there: `check` says so."""
        ...

    async def stop(self) -> None:
        """Let everything go; what is under way is hung up."""
        ...

    def address_fault(self, address: str) -> str | None:
        """Return why that can be no address of this channel's; None if it can."""
        ...

    async def page(self, page: Page, heard: Heard) -> None:
        """Carry one page, within the channel's own time-out; return when no more will be known.

        Whatever goes wrong is told to `heard` as FAILED, never raised. Cancelled when nobody
        need be reached any more: then whatever rings is hung up.
        """
        ...

    async def check(self) -> None:
        """Find out whether a page could be carried now, without disturbing anybody.

        Raises ChannelError with what is wrong.
        """
        ...
