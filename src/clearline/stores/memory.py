"""The journal in memory: what the simulator runs on.

It keeps exactly what was committed, and it can be cut off from the node that wrote it, so a
simulated crash loses what a power cut would lose and nothing else. It makes the same hash
chain as the journal on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.core.effects import Release
from clearline.node.ports import (
    Batch,
    FeedRow,
    Head,
    KeptFork,
    KeptReceipt,
    Record,
    Snapshot,
    SnapshotPart,
    chained,
    check_follows,
)

__all__ = ["MemoryJournal"]


class MemoryJournal:
    """A journal that lasts as long as this object."""

    def __init__(self) -> None:
        self.broken: str | None = None
        """Set by a test or the simulator: the disk fails from now on."""
        self._records: list[Record] = []
        self._links: list[bytes] = []
        self._feeds: dict[tuple[str, str], list[FeedRow]] = {}
        self._heads: dict[tuple[str, str], Head] = {}
        self._receipts: dict[tuple[str, str], dict[int, KeptReceipt]] = {}
        self._forks: dict[str, dict[str, KeptFork]] = {}
        self._snapshot: Snapshot | None = None
        self._parts: list[bytes] = []
        self._releases: list[Release] = []
        self._bytes = 0

    def commit(self, batch: Batch) -> None:
        """Keep a batch whole; OSError if the simulated disk fails."""
        if self.broken is not None:
            raise OSError(self.broken)
        check_follows(batch, len(self._records), self.feed_size)
        for record in batch.records:
            self._links.append(chained(self._links[-1] if self._links else b"", record))
            self._records.append(record)
            self._bytes += len(record.event)
        for row in batch.rows:
            self._feeds.setdefault((row.link, row.party), []).append(row)
        for head in batch.heads:
            self._heads[head.link, head.party] = head
        for kept in batch.receipts:
            of_feed = self._receipts.setdefault((kept.link, kept.party), {})
            of_feed[kept.receipt.size] = kept
        for fork in batch.forks:
            self._forks.setdefault(fork.link, {})[fork.digest] = fork
        self._releases.extend(batch.releases)
        if batch.part is not None:
            self._keep(batch.part)

    def check(self) -> tuple[int, Instant]:
        """Verify the chain; return how many events, and the last instant."""
        link = b""
        for record, kept in zip(self._records, self._links, strict=True):
            link = chained(link, record)
            if link != kept:
                raise Broken(f"the journal's hash chain breaks at event {record.seq}")
        last = self._records[-1].at if self._records else Instant(0)
        return len(self._records), last

    def replay(self, start: int) -> Iterator[Record]:
        """Yield the events from `start` on."""
        yield from self._records[start:]

    def snapshot(self) -> Snapshot | None:
        """Return the latest snapshot."""
        return self._snapshot

    def _keep(self, part: SnapshotPart) -> None:
        if part.number == 0:
            self._parts = []
        self._parts.append(part.raw)
        if part.is_last:
            self._snapshot = Snapshot(seq=part.seq, parts=tuple(self._parts))
            self._parts = []

    def feed_size(self, link: str, party: str) -> int:
        """Return how many entries of a feed are kept."""
        return len(self._feeds.get((link, party), ()))

    def rows(self, link: str, party: str, start: int, end: int) -> Sequence[FeedRow]:
        """Return the entries in [start, end)."""
        return self._feeds.get((link, party), [])[start:end]

    def leaves(self, link: str, party: str, start: int, end: int) -> Sequence[bytes]:
        """Return the leaf hashes of entries [start, end)."""
        return [row.leaf for row in self._feeds.get((link, party), [])[start:end]]

    def head(self, link: str, party: str) -> Head | None:
        """Return the last admitted checkpoint."""
        return self._heads.get((link, party))

    def receipts(self, link: str, party: str) -> Sequence[KeptReceipt]:
        """Return the receipts of a feed, by size."""
        of_feed = self._receipts.get((link, party), {})
        return [of_feed[size] for size in sorted(of_feed)]

    def forks(self, link: str) -> Sequence[KeptFork]:
        """Return the evidence of forks."""
        return list(self._forks.get(link, {}).values())

    def releases(self, link: str, last: int) -> Sequence[Release]:
        """Return the last lines of the release log of a link, oldest first."""
        return [release for release in self._releases if release.link == link][-last:]

    def size_bytes(self) -> int:
        """Return the bytes of all events."""
        return self._bytes

    def close(self) -> None:
        """Nothing to let go of."""
