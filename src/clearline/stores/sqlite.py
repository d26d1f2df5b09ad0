"""The journal on disk: one SQLite file, one writer, group commit.

WAL with `synchronous=FULL`: when `commit` returns, the batch survives a power cut
(sqlite.org/pragma.html#pragma_synchronous). The events are chained by SHA-256, each link
over the one before; a changed, missing or foreign event is found at start and never
repaired. Feeds, heads, receipts and snapshots lie beside the journal as views and evidence.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
from clearline.record import Receipt, canonical
from clearline.stores.rtree import RTreeIndex

__all__ = ["SCHEMA_VERSION", "SqliteJournal", "SqliteReader"]

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, event BLOB NOT NULL, chain BLOB NOT NULL
) STRICT;
CREATE TABLE feed (
  link TEXT NOT NULL, party TEXT NOT NULL, idx INTEGER NOT NULL,
  raw BLOB NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY (link, party, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE head (
  link TEXT NOT NULL, party TEXT NOT NULL, size INTEGER NOT NULL, raw BLOB NOT NULL,
  PRIMARY KEY (link, party)
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt (
  link TEXT NOT NULL, party TEXT NOT NULL, size INTEGER NOT NULL,
  origin TEXT NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL,
  lines BLOB NOT NULL, checkpoint BLOB NOT NULL, PRIMARY KEY (link, party, size)
) STRICT;
CREATE TABLE fork (
  link TEXT NOT NULL, digest TEXT NOT NULL, evidence BLOB NOT NULL, PRIMARY KEY (link, digest)
) STRICT;
CREATE TABLE release (
  id TEXT NOT NULL, link TEXT NOT NULL, entry TEXT NOT NULL, kind TEXT NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, changes TEXT NOT NULL
) STRICT;
CREATE INDEX release_of_link ON release (link);
CREATE TABLE snapshot (seq INTEGER PRIMARY KEY, state BLOB NOT NULL, digest TEXT NOT NULL) STRICT;
"""
# What was added since to journals of this version. An older node goes on without it.
_ADDED = """
CREATE TABLE IF NOT EXISTS snapshot_part (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, last INTEGER NOT NULL, digest TEXT NOT NULL,
  raw BLOB NOT NULL, PRIMARY KEY (seq, number)
) STRICT;
DELETE FROM snapshot;
"""

_EVENTS = "SELECT seq, at, event FROM journal WHERE seq >= ? ORDER BY seq"
_SNAPSHOTS = (
    "SELECT seq FROM snapshot_part GROUP BY seq "
    "HAVING COUNT(*) = MAX(last * (number + 1)) ORDER BY seq DESC"
)
_PARTS = "SELECT number, last, digest, raw FROM snapshot_part WHERE seq=? ORDER BY number"
_KEPT_SNAPSHOTS = 2
"""Whole ones that are left alone while another is written."""
_DROPPED = 4
"""So many parts of older ones are dropped with each that is written."""


class SqliteJournal:
    """A journal in one file. Two processes cannot have it at once."""

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`, making it if it is not there.

        Raises Broken if another process has it, if it is of another version, or if SQLite
        says that it is no database.
        """
        self._path = path
        self._lock = self._take_lock()
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()
        except sqlite3.Error as error:
            raise Broken(f"{path.name} cannot be read as a journal: {error}") from error
        self._count, self._link = self._tail()
        self._ends: dict[tuple[str, str], int] = {}
        """How far the feeds go that were written since the start."""
        self._indexes: list[RTreeIndex] = []
        self._stale: list[tuple[int, int]] = []
        """Parts of snapshots that are no longer wanted, by seq and number."""

    def commit(self, batch: Batch) -> None:
        """Write a batch in one transaction, durable on return. Any sqlite3.Error: not written."""
        count, link = self._count, self._link
        events: list[tuple[int, int, bytes, bytes]] = []
        check_follows(batch, count, self._feed_end)
        for record in batch.records:
            link = chained(link, record)
            count += 1
            events.append((record.seq, int(record.at), record.event, link))
        run = self._db.execute
        run("BEGIN IMMEDIATE")
        try:
            self._write(batch, events)
            run("COMMIT")
        except BaseException:
            self._ends.clear()
            if self._db.in_transaction:
                run("ROLLBACK")
            raise
        self._count, self._link = count, link
        for row in batch.rows:
            self._ends[row.link, row.party] = row.index + 1

    def index(self) -> RTreeIndex:
        """Return an empty index that lies in this database and is written with each commit."""
        made = RTreeIndex(self._db, f"near{len(self._indexes)}")
        self._indexes.append(made)
        return made

    def check(self) -> tuple[int, Instant]:
        """Verify every link of the hash chain; return how many events, and the last instant."""
        link, seq, at = b"", -1, 0
        for expected, (seq, at, event, kept) in enumerate(
            self._select("SELECT seq, at, event, chain FROM journal ORDER BY seq")
        ):
            link = chained(link, Record(seq=seq, at=Instant(at), event=event))
            if seq != expected or link != kept:
                raise Broken(f"the journal's hash chain breaks at event {expected}")
        if seq + 1 != self._count:
            raise Broken(f"the journal has {seq + 1} events; {self._count} were counted")
        return seq + 1, Instant(at)

    def replay(self, start: int) -> Iterator[Record]:
        """Yield the events from `start` on."""
        for seq, at, event in self._select(_EVENTS, start):
            yield Record(seq=seq, at=Instant(at), event=event)

    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot whose digests hold."""
        return _newest(self._select)

    def feed_size(self, link: str, party: str) -> int:
        """Return how many entries of a feed are kept."""
        query = "SELECT COALESCE(MAX(idx) + 1, 0), COUNT(*) FROM feed WHERE link=? AND party=?"
        for size, count in self._select(query, link, party):
            if size != count:
                raise Broken(f"the feed of {party} has gaps: {count} of {size} entries")
            return size
        return 0

    def rows(self, link: str, party: str, start: int, end: int) -> Sequence[FeedRow]:
        """Return the entries in [start, end)."""
        query = (
            "SELECT idx, raw, leaf FROM feed WHERE link=? AND party=? AND idx>=? AND idx<? "
            "ORDER BY idx"
        )
        return [
            FeedRow(link=link, party=party, index=index, raw=raw, leaf=leaf)
            for index, raw, leaf in self._select(query, link, party, start, end)
        ]

    def leaves(self, link: str, party: str, start: int, end: int) -> Sequence[bytes]:
        """Return the leaf hashes of entries [start, end)."""
        query = "SELECT leaf FROM feed WHERE link=? AND party=? AND idx>=? AND idx<? ORDER BY idx"
        return [leaf for (leaf,) in self._select(query, link, party, start, end)]

    def head(self, link: str, party: str) -> Head | None:
        """Return the last admitted checkpoint."""
        query = "SELECT size, raw FROM head WHERE link=? AND party=?"
        for size, raw in self._select(query, link, party):
            return Head(link=link, party=party, size=size, raw=raw)
        return None

    def receipts(self, link: str, party: str) -> Sequence[KeptReceipt]:
        """Return the receipts of a feed, by size."""
        query = (
            "SELECT size, origin, root, at, lines, checkpoint FROM receipt "
            "WHERE link=? AND party=? ORDER BY size"
        )
        return [
            KeptReceipt(
                link=link,
                party=party,
                receipt=Receipt(origin=origin, size=size, root=root, at=Instant(at), lines=lines),
                checkpoint=checkpoint,
            )
            for size, origin, root, at, lines, checkpoint in self._select(query, link, party)
        ]

    def forks(self, link: str) -> Sequence[KeptFork]:
        """Return the evidence of forks."""
        query = "SELECT digest, evidence FROM fork WHERE link=? ORDER BY digest"
        return [
            KeptFork(link=link, digest=digest, evidence=evidence)
            for digest, evidence in self._select(query, link)
        ]

    def releases(self, link: str, last: int) -> Sequence[Release]:
        """Return the last lines of the release log of a link, oldest first."""
        query = (
            "SELECT id, entry, kind, at, by, changes FROM release WHERE link=? "
            "ORDER BY rowid DESC LIMIT ?"
        )
        found = [
            Release(
                id=name,
                link=link,
                entry=entry,
                kind=kind,
                at=Instant(at),
                by=by,
                changes=tuple(changes.split()),
            )
            for name, entry, kind, at, by, changes in self._select(query, link, last)
        ]
        return found[::-1]

    def size_bytes(self) -> int:
        """Return the size of the file and of its write-ahead log."""
        wal = self._path.with_name(self._path.name + "-wal")
        return sum(path.stat().st_size for path in (self._path, wal) if path.exists())

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._db.close()
        os.close(self._lock)

    def _take_lock(self) -> int:
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise Broken(f"another process has {self._path.name} open") from error
        return lock

    def _prepare(self) -> None:
        run = self._db.execute
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA wal_autocheckpoint=4000")
        (version,) = run("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:
            raise Broken(f"the journal is of version {version}; this node reads {SCHEMA_VERSION}")
        self._db.executescript(f"BEGIN;{_ADDED}COMMIT;")
        self._path.chmod(0o600)

    def _tail(self) -> tuple[int, bytes]:
        for seq, link in self._select("SELECT seq, chain FROM journal ORDER BY seq DESC LIMIT 1"):
            return seq + 1, link
        return 0, b""

    def _feed_end(self, link: str, party: str) -> int:
        end = self._ends.get((link, party))
        return self.feed_size(link, party) if end is None else end

    def _write(self, batch: Batch, events: list[tuple[int, int, bytes, bytes]]) -> None:
        many = self._db.executemany
        many("INSERT INTO journal VALUES (?,?,?,?)", events)
        many(
            "INSERT INTO feed VALUES (?,?,?,?,?)",
            [(row.link, row.party, row.index, row.raw, row.leaf) for row in batch.rows],
        )
        many(
            "INSERT OR REPLACE INTO head VALUES (?,?,?,?)",
            [(head.link, head.party, head.size, head.raw) for head in batch.heads],
        )
        many(
            "INSERT OR REPLACE INTO receipt VALUES (?,?,?,?,?,?,?,?)",
            [_receipt_row(kept) for kept in batch.receipts],
        )
        many(
            "INSERT OR REPLACE INTO fork VALUES (?,?,?)",
            [(fork.link, fork.digest, fork.evidence) for fork in batch.forks],
        )
        many(
            "INSERT INTO release VALUES (?,?,?,?,?,?,?)",
            [
                (each.id, each.link, each.entry, each.kind, int(each.at), each.by,
                 " ".join(each.changes))
                for each in batch.releases
            ],
        )  # fmt: skip
        for index in self._indexes:
            index.write()
        if batch.part is not None:
            self._write_part(batch.part)

    def _write_part(self, part: SnapshotPart) -> None:
        """Write one part of a snapshot, and drop a few of what is too old or was never ended."""
        if part.number == 0:
            whole = [seq for (seq,) in self._select(_SNAPSHOTS)][:_KEPT_SNAPSHOTS]
            every = self._select("SELECT seq, number FROM snapshot_part ORDER BY seq DESC")
            self._stale = [(seq, number) for seq, number in every if seq not in whole]
        dropped = [self._stale.pop() for _ in range(min(_DROPPED, len(self._stale)))]
        self._db.executemany("DELETE FROM snapshot_part WHERE seq=? AND number=?", dropped)
        self._db.execute(
            "INSERT OR REPLACE INTO snapshot_part VALUES (?,?,?,?,?)",
            (part.seq, part.number, int(part.is_last), _digest(part), part.raw),
        )

    def _select(self, query: str, *values: str | int) -> Iterator[Any]:
        try:
            yield from self._db.execute(query, values)
        except sqlite3.Error as error:
            raise Broken(f"the journal cannot be read: {error}") from error


class SqliteReader:
    """A journal of another process, to be read while it is written. It changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot whose digests hold; Broken if there is no journal."""
        if not list(self._select("SELECT 1 FROM sqlite_master WHERE name='snapshot_part'")):
            return None  # Its node has not been started again since snapshots have parts.
        return _newest(self._select)

    def replay(self, start: int) -> Iterator[Record]:
        """Yield the events from `start` on that are durable; Broken if there is no journal."""
        for seq, at, event in self._select(_EVENTS, start):
            yield Record(seq=seq, at=Instant(at), event=event)

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _select(self, query: str, *values: int) -> Iterator[Any]:
        try:
            if self._db is None:
                self._db = sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True)
            yield from self._db.execute(query, values)
        except sqlite3.Error as error:
            self.close()  # A journal that was put back from a copy is another file.
            raise Broken(f"{self._path.name} cannot be read: {error}") from error


def _newest(select: Callable[..., Iterator[Any]]) -> Snapshot | None:
    """Return the newest snapshot of which every part is there and holds."""
    for (seq,) in list(select(_SNAPSHOTS)):
        parts: list[bytes] = []
        for number, last, digest, raw in select(_PARTS, seq):
            part = SnapshotPart(seq=seq, number=number, is_last=bool(last), raw=raw)
            if number != len(parts) or _digest(part) != digest:
                break
            parts.append(raw)
            if part.is_last:
                return Snapshot(seq=seq, parts=tuple(parts))
    return None


def _digest(part: SnapshotPart) -> str:
    """Return the digest of a part and of its place."""
    place = f"{part.seq} {part.number} {int(part.is_last)}\n"
    return canonical.sha256_hex(place.encode() + part.raw)


def _receipt_row(kept: KeptReceipt) -> tuple[str | int | bytes, ...]:
    receipt = kept.receipt
    return (
        kept.link,
        kept.party,
        receipt.size,
        receipt.origin,
        receipt.root,
        int(receipt.at),
        receipt.lines,
        kept.checkpoint,
    )
