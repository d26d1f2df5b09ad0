"""The journal's port: one suite that memory and disk both pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.node.ports import (
    Batch,
    FeedRow,
    Head,
    Journal,
    KeptFork,
    KeptReceipt,
    Record,
    Snapshot,
    SnapshotPart,
)
from clearline.record import Receipt, leaf_hash
from clearline.stores.memory import MemoryJournal
from clearline.stores.sqlite import SqliteJournal
from tests.kit import LINK, START

Make = Callable[[], Journal]


@pytest.fixture(params=["memory", "sqlite"])
def make(request, tmp_path):
    """Return what makes a new, empty journal each time."""
    made: list[Journal] = []

    def one() -> Journal:
        if request.param == "memory":
            made.append(MemoryJournal())
        else:
            made.append(SqliteJournal(tmp_path / f"{len(made)}.journal"))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def journal(make: Make) -> Journal:
    return make()


def record(seq: int, event: bytes = b"event") -> Record:
    return Record(seq=seq, at=START.after(seq), event=event)


def part(seq: int, raw: bytes, number: int = 0, count: int = 1) -> SnapshotPart:
    return SnapshotPart(seq=seq, number=number, is_last=number + 1 == count, raw=raw)


def row(index: int, raw: bytes = b"{}", party: str = "north") -> FeedRow:
    return FeedRow(link=LINK, party=party, index=index, raw=raw, leaf=leaf_hash(raw))


def receipt(size: int, lines: bytes = b"lines") -> KeptReceipt:
    found = Receipt(origin="origin", size=size, root=b"r" * 32, at=START, lines=lines)
    return KeptReceipt(link=LINK, party="north", receipt=found, checkpoint=b"note")


def test_an_empty_journal_has_nothing(journal: Journal):
    assert journal.check() == (0, Instant(0))
    assert list(journal.replay(0)) == []
    assert journal.snapshot() is None
    assert journal.feed_size(LINK, "north") == 0
    assert journal.head(LINK, "north") is None
    assert list(journal.receipts(LINK, "north")) == []
    assert list(journal.forks(LINK)) == []


def test_what_was_committed_is_replayed_in_order(journal: Journal):
    journal.commit(Batch(records=[record(0), record(1, b"")]))
    journal.commit(Batch(records=[record(2, bytes(range(256)))]))
    assert journal.check() == (3, START.after(2))
    assert list(journal.replay(0)) == [record(0), record(1, b""), record(2, bytes(range(256)))]
    assert list(journal.replay(2)) == [record(2, bytes(range(256)))]
    assert list(journal.replay(3)) == []


def test_the_two_feeds_of_a_link_are_kept_apart(journal: Journal):
    journal.commit(Batch(rows=[row(0), row(1, b"[]"), row(0, b"9", "south")]))
    assert journal.feed_size(LINK, "north") == 2
    assert journal.feed_size(LINK, "south") == 1
    assert list(journal.rows(LINK, "north", 0, 9)) == [row(0), row(1, b"[]")]
    assert list(journal.rows(LINK, "north", 1, 2)) == [row(1, b"[]")]
    assert list(journal.leaves(LINK, "north", 0, 1)) == [leaf_hash(b"{}")]


@pytest.mark.parametrize(
    "batch",
    [
        Batch(records=[record(0), record(2)]),
        Batch(records=[record(1)]),
        Batch(records=[record(0)], rows=[row(0), row(2)]),
        Batch(records=[record(0)], rows=[row(1)]),
        Batch(records=[record(0)], rows=[row(0), row(0)]),
    ],
    ids=["a gap in it", "a gap before it", "a gap in a feed", "a feed not begun", "a row twice"],
)
def test_a_batch_that_does_not_follow_is_refused_whole(journal: Journal, batch: Batch):
    with pytest.raises(Broken):
        journal.commit(batch)
    assert journal.check() == (0, Instant(0))
    assert journal.feed_size(LINK, "north") == 0
    journal.commit(Batch(records=[record(0)], rows=[row(0)]))
    assert journal.check() == (1, START)


def test_an_event_is_never_written_twice(journal: Journal):
    journal.commit(Batch(records=[record(0)]))
    with pytest.raises(Broken):
        journal.commit(Batch(records=[record(0)]))
    assert list(journal.replay(0)) == [record(0)]


def test_the_last_head_of_a_feed_stands(journal: Journal):
    heads = [Head(link=LINK, party="north", size=size, raw=b"note") for size in (1, 5)]
    journal.commit(Batch(heads=[heads[0]]))
    journal.commit(Batch(heads=[heads[1]]))
    assert journal.head(LINK, "north") == heads[1]
    assert journal.head(LINK, "south") is None


def test_receipts_are_kept_by_size_and_the_last_of_each_size_stands(journal: Journal):
    journal.commit(Batch(receipts=[receipt(7), receipt(3, b"old")]))
    journal.commit(Batch(receipts=[receipt(3, b"new")]))
    assert list(journal.receipts(LINK, "north")) == [receipt(3, b"new"), receipt(7)]


def test_one_fork_is_kept_once(journal: Journal):
    forks = [KeptFork(link=LINK, digest=digest, evidence=b"two roots") for digest in "aab"]
    journal.commit(Batch(forks=forks))
    assert list(journal.forks(LINK)) == forks[1:]


def test_the_newest_snapshot_is_given_back(journal: Journal):
    journal.commit(Batch(records=[record(0)], part=part(1, b"one")))
    journal.commit(Batch(records=[record(1)], part=part(2, b"two")))
    journal.commit(Batch(records=[record(2)]))
    assert journal.snapshot() == Snapshot(seq=2, parts=(b"two",))


def test_a_snapshot_is_not_there_until_its_last_part_is(journal: Journal):
    journal.commit(Batch(records=[record(0)], part=part(1, b"old")))
    for number, raw in enumerate((b"a", b"b", b"c")):
        assert journal.snapshot() == Snapshot(seq=1, parts=(b"old",))
        journal.commit(Batch(records=[record(1 + number)], part=part(2, raw, number, 3)))
    assert journal.snapshot() == Snapshot(seq=2, parts=(b"a", b"b", b"c"))


def test_a_snapshot_that_was_never_ended_makes_way_for_the_next(make: Make):
    journal = make()
    journal.commit(Batch(records=[record(0)], part=part(1, b"cut", 0, 2)))
    journal.commit(Batch(records=[record(1)], part=part(2, b"x", 0, 2)))
    assert journal.snapshot() is None
    journal.commit(Batch(records=[record(2)], part=part(2, b"y", 1, 2)))
    assert journal.snapshot() == Snapshot(seq=2, parts=(b"x", b"y"))


def test_the_size_of_a_journal_never_shrinks_as_it_is_written(journal: Journal):
    before = journal.size_bytes()
    journal.commit(Batch(records=[record(0, b"x" * 100_000)]))
    assert journal.size_bytes() >= before


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.binary(max_size=50), max_size=4), max_size=6))
def test_however_events_are_batched_they_are_one_sequence(make: Make, batches: list[list[bytes]]):
    journal, seq, written = make(), 0, []
    for events in batches:
        records = [record(seq + n, event) for n, event in enumerate(events)]
        journal.commit(Batch(records=records))
        seq += len(records)
        written += records
    assert list(journal.replay(0)) == written
    assert journal.check()[0] == seq


def test_what_is_on_disk_is_there_when_it_is_opened_again(tmp_path):
    path = tmp_path / "node.journal"
    first = SqliteJournal(path)
    first.commit(Batch(records=[record(0)], rows=[row(0)], part=part(1, b"s")))
    first.close()
    again = SqliteJournal(path)
    assert again.check() == (1, START)
    assert list(again.rows(LINK, "north", 0, 9)) == [row(0)]
    assert again.snapshot() == Snapshot(seq=1, parts=(b"s",))
    with pytest.raises(Broken):
        again.commit(Batch(rows=[row(0)]))
    again.commit(Batch(records=[record(1)], rows=[row(1)]))
    again.close()


def test_only_its_owner_can_read_the_file(tmp_path):
    path = tmp_path / "node.journal"
    SqliteJournal(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_journal_from_before_snapshots_had_parts_opens_and_takes_them(tmp_path):
    path = tmp_path / "node.journal"
    SqliteJournal(path).close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE snapshot_part")
        db.execute("INSERT INTO snapshot VALUES (5, x'00', 'digest')")
    db.close()
    journal = SqliteJournal(path)
    assert journal.snapshot() is None
    journal.commit(Batch(records=[record(0)], part=part(1, b"new")))
    assert journal.snapshot() == Snapshot(seq=1, parts=(b"new",))
    journal.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT COUNT(*) FROM snapshot").fetchone() == (0,)
    db.close()


def test_of_old_snapshots_two_are_left_while_another_is_written(tmp_path):
    journal = SqliteJournal(tmp_path / "node.journal")
    for seq in range(1, 6):
        for number in range(3):
            at = 3 * (seq - 1) + number
            journal.commit(Batch(records=[record(at)], part=part(seq, b"raw", number, 3)))
    with sqlite3.connect(tmp_path / "node.journal") as db:
        kept = db.execute("SELECT seq, COUNT(*) FROM snapshot_part GROUP BY seq").fetchall()
    db.close()
    journal.close()
    assert kept == [(3, 3), (4, 3), (5, 3)]
