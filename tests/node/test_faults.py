"""What a damaged disk, a wrong clock or a second process does to a node: it stops, and says so."""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from clearline.auditing import Auditor
from clearline.basis.faults import Broken
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core import state
from clearline.core.effects import Ring
from clearline.core.events import LeaveWatch, OpenCall, OpenLink, TakeWatch, Withdraw
from clearline.core.terms import Precedence
from clearline.node.ports import Batch, Record, chained
from clearline.node.snapshots import unpack
from clearline.phrasebook import Stop
from clearline.space import Polygon
from clearline.stores.memory import MemoryJournal
from clearline.stores.sqlite import SqliteJournal, SqliteReader
from tests.core.counterpart import FLASH, Counterpart, notice_body
from tests.kit import LINK, START, Node, Pair, declare, degrees, terms, volume

WATCH = TakeWatch(by="o", echelon="duty-desk", languages=("en",))
LEAVE = LeaveWatch(by="o", echelon="duty-desk")
STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Return the file of a node that has spoken with its counterpart, and was closed."""
    path = tmp_path_factory.mktemp("written") / "south.journal"
    journal = SqliteJournal(path)
    line = Counterpart(journal=journal)
    line.node.runtime.snapshot_every = 4
    for n in range(6):
        line.now = line.now.after(SECOND_MS)
        line.says("notice.declared", notice_body(line.now, lat=35 + n / 50))
        line.node.do(declare(), line.now)
    line.says("call.opened", FLASH)
    journal.close()
    return path


@pytest.fixture
def disk(written, tmp_path) -> Path:
    return Path(shutil.copy(written, tmp_path / "south.journal"))


LATER = START.after(MINUTE_MS)


def start(path: Path, at: Instant = LATER) -> Node:
    """Start the node on this file; its journal is closed again if it does not start."""
    journal = SqliteJournal(path)
    try:
        return Node("south", journal, at)
    except BaseException:
        journal.close()
        raise


def sql(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute(statement, values).rowcount > 0
    db.close()


def flip(path: Path, table: str, column: str, where: str) -> None:
    """Change one byte of one blob."""
    with sqlite3.connect(path) as db:
        (old,) = db.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        new = old[:9] + bytes([old[9] ^ 1]) + old[10:]
        db.execute(f"UPDATE {table} SET {column}=? WHERE {where}", (new,))
    db.close()


def snapshots(path: Path) -> list[int]:
    with sqlite3.connect(path) as db:
        found = [seq for (seq,) in db.execute("SELECT DISTINCT seq FROM snapshot_part")]
    db.close()
    return found


def feeds_of(node: Node) -> list[object]:
    return [node.journal.rows(LINK, party, 0, 99) for party in ("north", "south")]


def test_the_file_opens_as_it_was_and_rings_the_rung_that_should_ring_now(disk):
    node = start(disk)
    assert {ring.rung for ring in node.told(Ring)} == {3}
    assert len(node.runtime.state.notices.by_id) == 12


def test_a_full_disk_stops_the_node_and_nothing_is_rung_or_signed():
    line = Counterpart()
    line.node.effects.clear()
    line.node.journal.broken = "No space left on device"
    with pytest.raises(Broken, match="No space left"):
        line.says("call.opened", FLASH)
    assert line.node.effects == []
    assert "No space left" in line.node.runtime.unsafe


def test_after_a_failed_commit_everything_is_refused():
    line = Counterpart()
    line.node.journal.broken = "I/O error"
    with pytest.raises(Broken):
        line.node.do(declare(), line.now)
    line.node.journal.broken = None
    refused = [
        lambda: line.node.do(declare(), line.now),
        lambda: line.says("status.announced", {"status": "suspended"}),
        lambda: line.node.runtime.pushes(line.now),
        lambda: line.node.runtime.carry(LINK, 0),
        line.node.runtime.flush,
    ]
    for ask in refused:
        with pytest.raises(Broken, match="I/O error"):
            ask()


def test_a_node_that_lost_a_commit_starts_again_where_the_disk_is():
    line = Counterpart()
    before = line.state.pack()
    line.node.journal.broken = "I/O error"
    with pytest.raises(Broken):
        line.node.do(declare(), line.now)
    line.node.journal.broken = None
    line.node.restart(line.now)
    line.state.seq -= 1  # the start itself is an event
    assert line.state.pack() == before


def test_a_full_disk_is_told_by_sqlite_too(tmp_path):
    journal = SqliteJournal(tmp_path / "small.journal")
    node = Node("south", journal)
    journal._db.execute("PRAGMA max_page_count=1")
    asked = [WATCH, LEAVE] * 200
    with pytest.raises(Broken, match="full"):
        node.runtime.submit(asked, START)
    assert "full" in node.runtime.unsafe
    journal.close()
    assert SqliteJournal(tmp_path / "small.journal").check()[0] > 0


def test_a_clock_that_stands_before_the_journal_is_not_believed(disk):
    with pytest.raises(Broken, match="clock"):
        start(disk, START.after(-HOUR_MS))


def test_a_clock_a_little_before_the_journal_is_borne(disk):
    node = start(disk, START.after(-30 * SECOND_MS))
    assert node.runtime.unsafe is None


def test_two_journals_cannot_have_one_file(disk):
    first = SqliteJournal(disk)
    with pytest.raises(Broken, match="another process"):
        SqliteJournal(disk)
    first.close()
    SqliteJournal(disk).close()


def test_another_process_cannot_have_the_file_either(disk):
    first = SqliteJournal(disk)
    code = (
        "import sys; from pathlib import Path; from clearline.stores.sqlite import SqliteJournal\n"
        "SqliteJournal(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(disk)], capture_output=True, text=True, check=False
    )
    first.close()
    assert done.returncode != 0
    assert "another process has south.journal open" in done.stderr


@pytest.mark.parametrize("column", ["event", "chain"])
def test_one_changed_byte_of_an_event_or_of_its_hash_is_found(disk, column):
    flip(disk, "journal", column, "seq=3")
    with pytest.raises(Broken, match="hash chain breaks at event 3"):
        start(disk)


def test_a_changed_time_of_an_event_is_found(disk):
    sql(disk, "UPDATE journal SET at = at + 1 WHERE seq=2")
    with pytest.raises(Broken, match="hash chain breaks at event 2"):
        start(disk)


def test_a_missing_event_is_found(disk):
    sql(disk, "DELETE FROM journal WHERE seq=2")
    with pytest.raises(Broken, match="hash chain breaks at event 2"):
        start(disk)


def test_an_event_cut_off_the_end_is_found_by_the_feed_that_it_made(disk):
    sql(disk, "DELETE FROM journal WHERE seq=(SELECT MAX(seq) FROM journal)")
    with pytest.raises(Broken, match="entries kept"):
        start(disk)


def test_an_event_of_a_foreign_journal_is_found(disk, tmp_path):
    foreign = Record(seq=5, at=START.after(2_000), event=b"\x81\xa4type\xa4Tick")
    link = chained(b"x" * 32, foreign)
    sql(
        disk,
        "UPDATE journal SET at=?, event=?, chain=? WHERE seq=5",
        int(foreign.at),
        foreign.event,
        link,
    )
    with pytest.raises(Broken, match="hash chain breaks at event 5"):
        start(disk)


def test_a_foreign_event_with_the_whole_chain_made_anew_is_found_by_the_feeds(disk):
    journal = MemoryJournal()
    line = Counterpart(journal=journal)
    line.node.do(declare(), line.now)
    records = list(journal.replay(0))
    forged = MemoryJournal()
    forged.commit(Batch(records=records[:-1]))
    forged._feeds = journal._feeds
    with pytest.raises(Broken, match="entries kept"):
        Node("south", forged, START)


def test_a_later_version_of_the_journal_is_not_read(disk):
    with sqlite3.connect(disk) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(Broken, match="version 99"):
        SqliteJournal(disk)


def test_a_file_that_is_no_database_is_not_read(tmp_path):
    path = tmp_path / "letter.journal"
    path.write_text("Dear node, " * 1_000)
    with pytest.raises(Broken, match="cannot be read as a journal"):
        SqliteJournal(path)


@pytest.mark.parametrize("party", ["north", "south"])
@pytest.mark.parametrize("column", ["raw", "leaf"])
def test_an_entry_changed_on_disk_is_found_at_start(disk, party, column):
    flip(disk, "feed", column, f"party='{party}' AND idx=1")
    with pytest.raises(Broken, match=f"feed of {party}"):
        start(disk)


def test_an_entry_missing_on_disk_is_found_at_start(disk):
    sql(disk, "DELETE FROM feed WHERE party='north' AND idx=1")
    with pytest.raises(Broken, match="gaps"):
        start(disk)


def test_a_head_of_another_tree_is_found_at_start(disk):
    other = Counterpart()
    other.says("status.announced", {"status": "suspended"})
    head = other.node.journal.head(LINK, "north")
    sql(disk, "UPDATE head SET raw=?", head.raw)
    with pytest.raises(Broken, match="last signed checkpoint of north"):
        start(disk)


def test_a_damaged_snapshot_costs_time_and_no_truth(disk, tmp_path):
    whole = start(Path(shutil.copy(disk, tmp_path / "whole.journal")))
    want = whole.runtime.state.pack()
    assert whole.journal.snapshot() is not None
    for seq in snapshots(disk):
        flip(disk, "snapshot_part", "raw", f"seq={seq}")
    again = start(disk)
    assert again.runtime.state.pack() == want


def test_a_snapshot_of_more_than_the_journal_has_is_not_used():
    pair = Pair()
    ahead = pair.north.journal
    pair.north.runtime.snapshot_every = 1
    pair.north.do(declare(), pair.now)
    short = MemoryJournal()
    short._snapshot = ahead.snapshot()
    node = Node("north", short)
    assert node.runtime.state.links == {}


def test_a_damaged_byte_anywhere_in_the_file_is_either_harmless_or_found(written, tmp_path):
    """Of each flipped byte: the node is the same node, or it says that it is broken."""
    good = start(Path(shutil.copy(written, tmp_path / "good.journal")))
    want, feeds = good.runtime.state.pack(), feeds_of(good)
    good.journal.close()
    bytes_of = bytearray(written.read_bytes())
    draw = random.Random(1)
    for _ in range(250):
        at, bit = draw.randrange(len(bytes_of)), 1 << draw.randrange(8)
        path = tmp_path / "damaged.journal"
        for stale in tmp_path.glob("damaged*"):
            stale.unlink()
        damaged = bytes_of.copy()
        damaged[at] ^= bit
        path.write_bytes(damaged)
        found = start_or_sentence(path)
        if isinstance(found, str):
            assert len(found) > 10, at
            continue
        assert (found.runtime.state.pack(), feeds_of(found)) == (want, feeds), at
        found.journal.close()


def start_or_sentence(path: Path) -> Node | str:
    try:
        return start(path)
    except Broken as broken:
        return str(broken)


def test_a_snapshot_taken_as_entries_arrive_opens_again():
    pair = Pair()
    pair.south.runtime.snapshot_every = 1
    pair.north.do(declare(), pair.now)
    pair.settle()
    want = pair.south.runtime.state.pack()
    assert pair.south.journal.snapshot().seq == pair.south.runtime.state.seq
    pair.south.restart(pair.now)
    pair.south.runtime.state.seq -= 1
    assert pair.south.runtime.state.pack() == want


def snapshot_begun(monkeypatch) -> Pair:
    """Return a pair of which north has just kept the first of the four parts of a snapshot."""
    monkeypatch.setattr(state, "PART", 2)
    pair = Pair()
    for n in range(6):
        pair.now = pair.now.after(SECOND_MS)
        pair.north.do(declare(volume(lat=35 + n / 10)), pair.now)
    pair.north.runtime.snapshot_every = 1
    pair.north.do(declare(volume(lat=36)), pair.now)
    pair.north.runtime.snapshot_every = 1_000
    assert pair.north.journal.snapshot() is None
    return pair


def test_a_snapshot_in_parts_is_of_the_event_at_which_it_was_begun(monkeypatch):
    pair = snapshot_begun(monkeypatch)
    runtime, journal = pair.north.runtime, pair.north.journal
    began, want = runtime.state.seq, runtime.state.pack()
    notices = iter(list(runtime.state.notices.by_id))
    while journal.snapshot() is None:
        pair.now = pair.now.after(SECOND_MS)
        pair.north.do(Withdraw(by="officer", notice=next(notices)), pair.now)
    assert next(notices, None) is not None, "it was not written in parts at all"
    assert journal.snapshot().seq == began
    found, _ = unpack(journal.snapshot())
    assert found.pack() == want
    now = runtime.state.pack()
    pair.north.restart(pair.now)
    pair.north.runtime.state.seq -= 1
    assert pair.north.runtime.state.pack() == now


def test_a_node_with_nothing_to_do_ends_its_snapshot(monkeypatch):
    pair = snapshot_begun(monkeypatch)
    runtime = pair.north.runtime
    turns = 1
    while runtime.settle(pair.now):
        turns += 1
    assert turns == 3  # The first of four parts went with the commit that began it.
    assert pair.north.journal.snapshot() is not None


def test_a_part_of_a_snapshot_is_bounded_by_points_too():
    pair = Pair()
    pair.north.do(declare(), pair.now)
    held = pair.north.runtime.state
    (notice,) = held.notices.by_id.values()
    angles = [n * math.tau / 1_400 for n in range(1_400)]
    rim = tuple(degrees(35 + math.cos(at), 40 + math.sin(at)) for at in angles)
    large = (replace(volume(), outline=Polygon(exterior=rim)),)
    for n in range(60):
        held.notices.put(replace(notice, id=f"{n}", entry=f"{n}", volumes=large))
    parts = list(held.parts())
    assert sum(len(raw) for raw, _ in parts) > 1_500_000, "it would fit into one"
    assert max(len(raw) for raw, _ in parts) < 700_000
    assert [is_last for _, is_last in parts] == [False] * (len(parts) - 1) + [True]


def test_an_auditor_beside_a_node_of_before_alarms_nobody(tmp_path):
    path = tmp_path / "node.journal"
    SqliteJournal(path).close()
    sqlite3.connect(path).execute("DROP TABLE snapshot_part")
    assert Auditor(SqliteReader(path)).look(START, answers=True) == []


def test_a_link_whose_keys_are_no_keys_is_not_begun():
    node = Node("north")
    before = node.runtime.state.pack()
    one, other = terms().parties
    bad = replace(other, keys=replace(other.keys, author=("x" * 20, "y" * 20)))
    (outcome,) = node.runtime.submit(
        [OpenLink(by="o", us="north", terms=terms(parties=(one, bad)), agree=True)], START
    )
    assert outcome.mistake.code == "bad_keys"
    assert node.runtime.state.pack() == before
    node.do(WATCH, START)


def test_a_dispute_stops_calls_and_tells_the_caller_to_use_the_card():
    line = Counterpart()
    line.says("status.announced", {"status": "suspended"})
    line.tree = type(line.tree)()
    line.tree.append(b"f" * 32)
    line.tree.append(b"g" * 32)
    reply = line.pushes()
    assert (reply.status, reply.reason) == (422, "fork")
    assert line.pushes().status == 403
    line.node.do(
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), line.now
    )
    assert "use_contact_card" in line.node.codes()
    assert len(line.node.journal.forks(LINK)) == 1


def test_an_event_that_cannot_be_read_is_not_guessed_at():
    journal = MemoryJournal()
    journal.commit(Batch(records=[Record(seq=0, at=START, event=b"\x81\xa4type\xa4Picnic")]))
    with pytest.raises(Broken, match="event 0 cannot be read"):
        Node("south", journal, START)


def test_what_the_journal_could_not_read_back_is_a_mistake_of_the_user():
    line = Counterpart()
    before = line.state.pack()
    call = OpenCall(
        by="o", link=LINK, precedence=Precedence.FLASH, phrases=(replace(STOP, radius_cm=5),)
    )
    (outcome,) = line.node.runtime.submit([call], line.now)
    assert outcome.mistake.code == "bad_event"
    assert line.state.pack() == before
