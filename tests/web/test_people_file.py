"""The file of people when it is spoilt or its disk full: what still holds, and what is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clearline.basis.faults import Mistake
from clearline.web.people import IDLE_MS, LONGEST_MS, People
from tests.web.door import NOW, Browser, Door

USED_MS = 2 * 60_000
"""Later than that, a session is marked as used."""


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def spoil(folder: Path) -> None:
    """Write over the file, as a failing disk does, from the third page on and its log."""
    with (folder / "console.db").open("r+b") as file:
        file.write(b"\xff" * 4_096)
    (folder / "console.db-wal").write_bytes(b"\xff" * 4_096)


def fill(door: Door) -> None:
    """Write, in one transaction, until the disk is full."""
    with door.people._db.transaction():
        while True:
            door.people._db.execute("INSERT INTO access VALUES (1, 'x', ?)", ("x" * 4_000,))


@pytest.mark.parametrize("what", ["junk", "folder"])
def test_a_file_that_is_none_is_said_when_the_node_starts(tmp_path: Path, what: str) -> None:
    path = tmp_path / "console.db"
    if what == "junk":
        path.write_bytes(b"junk" * 1_000)
    else:
        path.mkdir()
    with pytest.raises(Mistake, match="cannot be used") as refused:
        People(path)
    assert refused.value.code == "people_unusable"


def test_a_full_disk_signs_nobody_out_and_is_said_to_whoever_signs_in(door: Door) -> None:
    officer = door.enrolled("Maj. A")
    door.people._db.execute("DELETE FROM access")
    door.people._db.execute("PRAGMA max_page_count = 1")  # SQLite's own word for a full disk.
    door.clock.turn(USED_MS)
    for n in range(200):  # Until what is free inside the file is used up.
        full = officer.ask(
            "PUT", f"/api/v1/drafts/{n}", b'"' + b"x" * 60_000 + b'"',
            {"origin": door.origin, "content-type": "application/json", "x-clearline": "1"},
        )  # fmt: skip
        if full.status != 204:
            break
    assert (full.status, full.body["code"]) == (503, "people_unusable")
    assert officer.get("/api/v1/session").status == 200


def test_a_spoilt_file_lets_nobody_in_and_leaves_the_screens_that_are_on(
    door: Door, tmp_path: Path
) -> None:
    officer = door.enrolled("Maj. A")
    token = next(iter(officer.cookies.values()))
    session = door.people.session(token, officer.agent, NOW)
    assert session is not None
    spoil(tmp_path)
    door.people._db.execute("PRAGMA shrink_memory")
    for answer in (officer.get("/api/v1/session"), Browser(door).enrol("0000-0000-0000-0000")):
        assert (answer.status, answer.body["code"]) == (503, "people_unusable")
    assert door.signin.still(session)
    door.clock.turn(IDLE_MS + 1)
    assert door.signin.still(session), "nobody can say when it was used last"
    door.clock.turn(LONGEST_MS)
    assert not door.signin.still(session)


def test_what_could_not_be_written_whole_is_not_written_at_all(door: Door, tmp_path: Path) -> None:
    officer = door.enrolled("Maj. A")
    pages = door.people._db.execute("PRAGMA page_count").fetchone()[0]
    door.people._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Mistake, match="full"):
        fill(door)
    door.people._db.execute("PRAGMA max_page_count = 1000000")
    door.people.revoke("Maj. A", "Lt. Col. B", NOW)
    assert officer.get("/api/v1/session").status == 401
    with closing(sqlite3.connect(tmp_path / "console.db")) as beside:
        assert beside.execute("SELECT count(*) FROM access WHERE name = 'x'").fetchone() == (0,)
