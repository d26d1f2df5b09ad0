"""A roster on real nodes: who is planned is who is rung, and what is planned is what is filed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.line.station import Station, until
from tests.line.test_watch import STOP

OFFICERS = """
[[officers]]
name = "ana"
languages = ["en"]
methods = [{ channel = "phone", address = "1001" }]

[[officers]]
name = "ben"
languages = ["en", "ru"]
methods = [{ channel = "mail", address = "ben@north.example" }]

[[officers]]
name = "carl"
languages = ["ru"]
methods = [{ channel = "phone", address = "1003" }]

[[desks]]
echelon = "deputy"
methods = [{ channel = "phone", address = "2001" }]
"""
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def at(hours: float) -> str:
    """Return a local-less calendar time, so many hours after today began, in UTC."""
    return f"{TODAY + timedelta(hours=hours):%Y%m%dT%H%M%SZ}"


def calendar(*watches: tuple[str, float, float], rule: str = "RRULE:FREQ=DAILY\r\n") -> str:
    """Return a calendar of daily watches, each with an officer and its hours of the day."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{who}\r\n"
        f"DTSTART:{at(start - 24)}\r\nDTEND:{at(end - 24)}\r\n{rule}END:VEVENT\r\n"
        for n, (who, start, end) in enumerate(watches, 1)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\n{events}END:VCALENDAR\r\n"


DAY_AND_NIGHT = calendar(("ana", 0, 12), ("ben", 12, 24))


@pytest.fixture
def planned(pair: tuple[Station, Station], folder: Path) -> tuple[Station, Station]:
    """Both nodes; south's duty desk is held by nobody, and two officers are planned there."""
    north, south = pair
    south.run("watch", "leave")
    (folder / "officers.toml").write_text(OFFICERS)
    (folder / "duty.ics").write_text(DAY_AND_NIGHT)
    south.run("roster", "officers", str(folder / "officers.toml"), "--yes")
    south.run("roster", "import", "duty-desk", str(folder / "duty.ics"), "--yes")
    return north, south


def on_now(station: Station, echelon: str = "duty-desk") -> list[str]:
    (desk,) = [each for each in station.json("roster", "on") if each["echelon"] == echelon]
    return desk["rings"]


def rung_officers(station: Station) -> list[str]:
    """Return whom the node's last ring named, as its desk's program was given it."""
    ring = json.loads((station.home / "rung.json").read_text().splitlines()[-1])
    return ring["officers"]


def test_a_flash_at_night_rings_the_officer_who_is_planned(
    planned: tuple[Station, Station], folder: Path
) -> None:
    north, south = planned
    expected = on_now(south)
    assert expected in (["ana"], ["ben"])
    file = south.home / "clearline.toml"
    south.stop()
    file.write_text(
        file.read_text().replace(
            "command = []", f'command = ["sh", "-c", "cat >> {south.home}/rung.json"]'
        )
    )
    south.serve()
    until(lambda: north.link["state"] == "up", "the line")
    assert on_now(south) == expected, "the plan is in the journal"
    north.run("call", "flash", *STOP)
    until(lambda: (south.home / "rung.json").exists() and rung_officers(south), "the ring")
    assert rung_officers(south) == expected


def test_an_import_shows_what_changes_and_a_dry_run_changes_nothing(
    planned: tuple[Station, Station], folder: Path
) -> None:
    _, south = planned
    before = south.json("roster", "show")["desks"][0]["shifts"]
    (folder / "new.ics").write_text(calendar(("carl", 0, 12), ("ben", 12, 24)))
    told = south.run("roster", "import", "duty-desk", str(folder / "new.ics"), "--dry-run")
    assert "- " in told
    assert "carl" in told
    assert south.json("roster", "show")["desks"][0]["shifts"] == before
    south.run("roster", "import", "duty-desk", str(folder / "new.ics"), stdin="y\n")
    assert {s["officer"] for s in south.json("roster", "show")["desks"][0]["shifts"][2:]} == {
        "carl", "ben",
    }  # fmt: skip


def test_what_is_exported_is_imported_again_to_the_same_plan(
    planned: tuple[Station, Station], folder: Path
) -> None:
    _, south = planned
    south.run("roster", "export", "duty-desk", "--out", str(folder / "out.ics"))
    verdict = south.json("roster", "import", "duty-desk", str(folder / "out.ics"))
    assert verdict["desks"] == []


def test_a_plan_that_leaves_rung_one_empty_is_refused_with_the_gap_and_the_rest_stays(
    planned: tuple[Station, Station], folder: Path
) -> None:
    _, south = planned
    (folder / "gap.ics").write_text(calendar(("ana", 0, 12), ("ben", 13, 24)))
    failed = south.fails("roster", "import", "duty-desk", str(folder / "gap.ics"))
    assert failed.error["code"] == "first_rung_empty"
    assert "leaves it empty from" in failed.error["phrase"]
    (folder / "deputy.ics").write_text(calendar(("carl", 0, 12)))
    south.run("roster", "import", "deputy", str(folder / "deputy.ics"), "--yes")


def test_a_swap_an_override_and_an_absence_are_planned_and_can_be_dropped(
    planned: tuple[Station, Station],
) -> None:
    _, south = planned
    day = (TODAY + timedelta(days=2)).strftime("%Y-%m-%d")
    south.run("roster", "swap", "duty-desk", f"{day}T01:00:00Z", f"{day}T13:00:00Z", "--yes")
    assert [_on(south, f"{day}T{hour}:00:00Z") for hour in ("01", "13")] == [["ben"], ["ana"]]
    span = ("--from", f"{day}T02:00:00Z", "--to", f"{day}T03:00:00Z")
    failed = south.fails("roster", "override", "duty-desk", "carl", *span)
    assert failed.error["code"] == "overrides_overlap"
    assert "ben" in failed.error["phrase"]
    assert "carl" in failed.error["phrase"]
    south.run("roster", "override", "duty-desk", "carl", *span, "--over", "--yes")
    assert _on(south, f"{day}T02:30:00Z") == ["carl"]
    assert _on(south, f"{day}T03:30:00Z") == ["ben"]
    after = (TODAY + timedelta(days=3)).strftime("%Y-%m-%d")
    span = ("--from", f"{after}T02:00:00Z", "--to", f"{after}T03:00:00Z")
    failed = south.fails("roster", "absence", "ana", *span)
    assert failed.error["code"] == "first_rung_empty"
    assert f"{after}T02:00" in failed.error["phrase"]
    changes = south.json("roster", "show")["desks"][0]["changes"]
    for change in changes:
        south.run("roster", "drop", "duty-desk", change["uid"], "--yes")
    assert _on(south, f"{day}T02:30:00Z") == ["ana"]


def _on(station: Station, when: str) -> list[str]:
    shown: list[dict[str, Any]] = station.json("roster", "on", "--at", when)
    return next(each["planned"] for each in shown if each["echelon"] == "duty-desk")


def test_a_calendar_that_is_changed_on_disk_is_planned_and_a_bad_one_alarms_and_changes_nothing(
    planned: tuple[Station, Station],
) -> None:
    _, south = planned
    file = south.home / "roster" / "duty-desk.ics"
    day = (TODAY + timedelta(days=2)).strftime("%Y-%m-%dT01:00:00Z")
    file.write_text(calendar(("carl", 0, 12), ("ben", 12, 24)))
    until(lambda: _on(south, day) == ["carl"], "the calendar to be read")
    file.write_text("BEGIN:VCALENDAR\r\nrubbish")
    until(lambda: "roster_unusable" in south.said, "the alarm")
    assert _on(south, day) == ["carl"]
    failed = south.fails("roster", "lint")
    assert failed.code == 1
    assert "duty-desk" in json.loads(failed.output)["faults"]
    file.write_text(DAY_AND_NIGHT)
    until(lambda: _on(south, day) == ["ana"], "the calendar to be read again")
    until(lambda: not south.json("roster", "show")["faults"], "the fault to be over")


def test_a_desk_can_subscribe_to_a_calendar_that_is_kept_elsewhere(
    planned: tuple[Station, Station], folder: Path
) -> None:
    _, south = planned
    kept = folder / "kept.ics"
    kept.write_text(calendar(("carl", 0, 24)))
    settings = south.home / "clearline.toml"
    south.stop()
    text = settings.read_text().replace("subscribe = []", f'subscribe = ["duty-desk={kept}"]')
    settings.write_text(text)
    south.serve()
    until(lambda: on_now(south) == ["carl"], "the subscription")
    failed = south.fails("roster", "import", "duty-desk", str(kept))
    assert failed.error["code"] == "subscribed"


def test_the_lint_names_what_a_night_would_find_out(
    planned: tuple[Station, Station], folder: Path
) -> None:
    _, south = planned
    (folder / "deputy.ics").write_text(calendar(("ana", 0, 30)))
    south.run("roster", "import", "deputy", str(folder / "deputy.ics"), "--yes")
    failed = south.fails("roster", "lint")
    assert failed.code == 1
    codes = {each["code"] for each in json.loads(failed.output)["findings"]}
    # Nobody has set a telephone up here, so that an officer who has no other way has none.
    assert {"two_desks", "too_long", "unreachable"} <= codes
