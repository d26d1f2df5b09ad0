"""The auditor: it hears what the node that it watches does not do, from the journal alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from clearline.auditing import Auditor
from clearline.basis.instants import MINUTE_MS, SECOND_MS
from clearline.core.events import Arrived, OpenCall, OpenLink, TakeWatch
from clearline.core.terms import Precedence
from clearline.node.journaled import encode_event
from clearline.node.ports import Batch, Record
from clearline.phrasebook import Stop
from clearline.stores.sqlite import SqliteJournal, SqliteReader
from tests.kit import LINK, START, Node, degrees, terms

FLASH = OpenCall(
    by="o",
    link=LINK,
    precedence=Precedence.FLASH,
    phrases=(Stop(place=degrees(35.256, 40.15), radius_cm=50_000),),
)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node("north", SqliteJournal(tmp_path / "journal.db"))
    node.do(OpenLink(by="liaison", us="north", terms=terms(), agree=True), START)
    node.do(TakeWatch(by="officer", echelon="duty-desk", languages=("en",)), START)
    return node


@pytest.fixture
def auditor(node: Node, tmp_path: Path) -> Auditor:
    return Auditor(SqliteReader(tmp_path / "journal.db"))


def codes(auditor: Auditor, at_s: float, *, answers: bool = True) -> list[str]:
    found = auditor.look(START.after(int(at_s * SECOND_MS)), answers=answers)
    return [each.code for each in found]


def test_a_node_that_keeps_its_deadlines_is_never_alarmed_about(node: Node, auditor: Auditor):
    node.do(FLASH, START)
    for second in range(1, 121):
        node.runtime.tick(START.after(second * SECOND_MS))
        assert codes(auditor, second) == []


def test_a_rung_that_is_more_than_five_seconds_late_is_an_alarm_that_names_the_call(
    node: Node, auditor: Auditor
):
    call = node.do(FLASH, START)
    assert codes(auditor, 24.9) == []
    (found,) = auditor.look(START.after(25_001), answers=True)
    assert found.code == "deadline_late"
    assert call[-6:] in found.phrase
    assert found.since == START.after(20_000)


def test_an_alarm_that_holds_comes_again_each_minute_and_says_when_it_is_over(
    node: Node, auditor: Auditor
):
    node.do(FLASH, START)
    heard = {second: codes(auditor, second) for second in range(26, 160)}
    assert [second for second, found in heard.items() if found] == [26, 86, 146]
    node.runtime.tick(START.after(160 * SECOND_MS))
    assert codes(auditor, 160) == ["deadline_late_over"]
    assert codes(auditor, 161) == []


def test_a_node_is_gone_when_it_has_not_answered_twice(node: Node, auditor: Auditor):
    assert codes(auditor, 1, answers=False) == []
    assert codes(auditor, 2, answers=True) == []
    assert codes(auditor, 3, answers=False) == []
    assert codes(auditor, 4, answers=False) == ["node_gone"]
    assert codes(auditor, 5, answers=False) == []
    assert codes(auditor, 6, answers=True) == ["node_gone_over"]


def test_a_journal_that_is_not_there_or_is_none_is_said_to_be_unreadable(tmp_path: Path):
    auditor = Auditor(SqliteReader(tmp_path / "journal.db"))
    assert codes(auditor, 1) == ["journal_unreadable"]
    (tmp_path / "journal.db").write_bytes(b"not a database, and longer than its header is" * 9)
    assert codes(auditor, 1 + MINUTE_MS // SECOND_MS) == ["journal_unreadable"]


def test_an_event_that_makes_no_sense_is_an_alarm_and_no_end_of_the_auditor(
    node: Node, auditor: Auditor
):
    node.do(FLASH, START)
    assert codes(auditor, 26) == ["deadline_late"]
    nonsense = encode_event(Arrived(link="of-nobody", first=0, entries=()))
    seq = node.runtime.state.seq
    record = Record(seq=seq, at=START.after(26_000), event=nonsense)
    node.runtime.journal.commit(Batch(records=[record]))
    assert codes(auditor, 27) == ["journal_unreadable"], "and nothing is said to be over"
    assert codes(auditor, 28) == []
    assert codes(auditor, 87) == ["journal_unreadable"]


def test_an_auditor_that_starts_late_begins_at_the_newest_snapshot(
    node: Node, auditor: Auditor, tmp_path: Path
):
    node.runtime.snapshot_every = 2
    node.do(FLASH, START)
    node.do(FLASH, START.after(SECOND_MS))
    node.do(FLASH, START.after(2 * SECOND_MS))
    assert SqliteReader(tmp_path / "journal.db").snapshot() is not None
    assert codes(auditor, 26) == ["deadline_late"]


def test_what_it_reads_it_never_changes(node: Node, auditor: Auditor, tmp_path: Path):
    reader = SqliteReader(tmp_path / "journal.db")
    assert list(reader.replay(0))
    assert reader._db is not None
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM journal")
