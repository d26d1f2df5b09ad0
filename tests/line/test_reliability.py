"""Test calls and what they prove, by the command line, on two real nodes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.line.station import Station, join, until

Pair = tuple[Station, Station]
MONTH = datetime.now(UTC).strftime("%Y-%m")


def answered(caller: Station, called: Station) -> None:
    """Send a test and answer it; return when both sides have it so."""
    caller.run("test", "send")
    waits = until(
        lambda: [each for each in called.json("test", "list") if each["outcome"] == "waiting"],
        "the test to arrive",
    )
    called.run("test", "answer", waits[0]["handle"])
    until(
        lambda: all(each["outcome"] == "answered" for each in caller.json("test", "list")),
        "the answer to arrive",
    )


def rows(station: Station, *more: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = station.json("test", "report", *more)
    return {(row["side"], row["what"]): row for row in found["rows"]}


def test_a_month_of_tests_is_reported_by_both_sides_and_on_paper(pair: Pair, tmp_path: Path):
    north, south = pair
    for _ in range(3):
        answered(north, south)
    ours, theirs = rows(north), rows(south)
    for row in (ours["ours", "all"], theirs["theirs", "all"]):
        assert (row["answered"], row["tests"], row["fails_one_in"]) == (3, 3, None), row
    # On a machine that is late the other side may read one by itself: that is a path too.
    found = north.json("test", "report")["rows"]
    paths = [row for row in found if (row["side"], row["what"]) == ("ours", "path")]
    assert [sum(row[each] for row in paths) for each in ("answered", "tests")] == [3, 3]
    assert {row["fails_one_in"] for row in paths} == {None}
    # What was tried is in the journal by the pager: the console, each time.
    until(lambda: ("theirs", "channel") in rows(south), "what was tried to be written down")
    assert rows(south)["theirs", "channel"]["name"] == "desk"
    said = north.run("test", "report", "--month", MONTH, "--pdf", str(tmp_path / "month.pdf"))
    assert "3 of 3 answered: at 95 % it may fail more often than it works." in said
    assert (tmp_path / "month.pdf").read_bytes().startswith(b"%PDF-")
    assert "Never tested" in north.run("test", "report", "--month", "2020-01")
    assert north.fails("test", "report", "--month", "2020-1").error["code"] == "bad_month"


def test_hours_are_set_shown_and_refused(pair: Pair):
    south = pair[1]
    assert "nobody is ever tested" in south.run("test", "hours")
    assert "from 07:00Z until 19:30Z" in south.run("test", "hours", "07:00-19:30")
    assert south.json("test", "hours") == {"start_min": 420, "end_min": 1170}
    assert "at any hour" in south.run("test", "hours", "always")
    assert "nobody is ever tested" in south.run("test", "hours", "never")
    assert south.fails("test", "hours", "7-19").error["code"] == "bad_hours"


def test_a_miss_asks_for_a_cause_until_a_person_gives_one(station: Any, folder: Path):
    north, south = station("north").init().serve(), station("south").init().serve()
    join(north, south, folder, {"tests": {"every_ms": 3_600_000, "patience_ms": 1_000}})
    north.run("test", "send")
    until(lambda: "missed" in north.run("test", "list"), "the miss")
    assert "Without a cause: 1." in north.run("test", "list")
    assert north.fails("test", "explain").error["code"] == "which_cause"
    asked = north.run("test", "explain", stdin="weather\n")
    assert "Explained: weather." in asked
    assert north.fails("test", "explain").error["code"] == "no_such_test"
    until(lambda: "cause weather" in south.run("test", "list"), "the cause to arrive")
    (cause,) = south.json("test", "report")["causes"]
    assert (cause["side"], cause["cause"], cause["tests"]) == ("theirs", "weather", 1)
