"""The roster at the console: seen at a glance, changed by pointer or keys, never left empty."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk
from tests.line.consoles import Line
from tests.line.test_roster import OFFICERS, calendar

DAY = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")


def bar(desk: Desk, officer: str, hour: int) -> Locator:
    """Return the duty desk's watch of an officer that begins at an hour, the day after tomorrow."""
    return desk.page.locator(f'[data-key="duty-desk {DAY}T{hour:02}:00:00.000Z {officer}"]')


def planned(line: Line, hour: float) -> list[str]:
    at = f"{DAY}T{int(hour):02}:{int(hour % 1 * 60):02}:00Z"
    shown = line.north.run("roster", "on", "--at", at)
    return next(each["planned"] for each in shown if each["echelon"] == "duty-desk")


def test_with_no_calendar_the_panel_says_how_to_begin(line: Line, south: Desk) -> None:
    south.press("o")
    expect(south.at("roster-none")).to_contain_text("import a calendar")
    expect(south.at("roster-panel")).to_contain_text("clearline roster import")


@pytest.fixture
def roster(line: Line, north: Desk) -> Desk:
    """North's roster, open, as it was before any test changed it."""
    (line.folder / "officers.toml").write_text(OFFICERS)
    (line.folder / "duty.ics").write_text(calendar(("ana", 0, 12), ("ben", 12, 24)))
    (line.folder / "deputy.ics").write_text(calendar(("carl", 6, 18)))
    changes = line.north.station.home / "roster" / "duty-desk.changes.ics"
    if not changes.exists():
        line.north.run("roster", "officers", str(line.folder / "officers.toml"))
        for name, file in (("duty-desk", "duty"), ("deputy", "deputy")):
            line.north.run("roster", "import", name, str(line.folder / f"{file}.ics"))
    else:
        (desk,) = [d for d in line.north.run("roster", "show", "--days", "20")["desks"]
                   if d["echelon"] == "duty-desk"]  # fmt: skip
        for change in desk["changes"]:
            line.north.run("roster", "drop", "duty-desk", change["uid"])
    north.press("o")
    expect(bar(north, "ana", 0)).to_be_visible()
    return north


def test_a_week_shows_who_is_on_who_is_next_and_where_nobody_is(line: Line, roster: Desk) -> None:
    duty = roster.at("roster-duty-desk")
    on_now = line.north.run("roster", "on")[0]["planned"]
    expect(duty.get_by_test_id("on")).to_contain_text(on_now[0])
    expect(duty.get_by_test_id("next")).to_contain_text("ben" if on_now == ["ana"] else "ana")
    expect(duty.get_by_test_id("gap")).to_have_count(0)
    empty = roster.at("roster-contact-card")
    expect(empty.get_by_test_id("on")).to_contain_text("NOBODY")
    expect(empty.get_by_test_id("gap")).to_have_count(1)
    expect(roster.at("roster-deputy").get_by_test_id("on")).to_contain_text(
        re.compile("carl|the room")
    )
    expect(roster.at("roster-lint")).to_contain_text("no plan at all")
    roster.picture("roster")


def test_an_end_that_is_dragged_hands_over_at_another_hour_and_can_be_undone(
    line: Line, roster: Desk
) -> None:
    box = bar(roster, "ana", 0).bounding_box()
    assert box is not None
    mouse, y = roster.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] - 2, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 10 / 12, y, steps=4)
    expect(roster.at("draft")).to_be_visible()
    mouse.up()
    verdict = roster.at("roster-verdict")
    expect(verdict.locator("del")).to_contain_text(["ana"])
    expect(verdict.locator("ins").first).to_be_visible()
    assert planned(line, 11.9) == ["ana"], "nothing is saved before it was looked at"
    roster.at("roster-save").click()
    expect(roster.at("roster-said")).to_be_visible()
    assert planned(line, 11.9) == ["ben"]
    roster.at("roster-undo").click()
    expect(bar(roster, "ana", 0)).to_have_attribute("title", re.compile(r"1200Z$"))
    assert planned(line, 11.9) == ["ana"]


def test_a_drag_is_let_go_with_escape(line: Line, roster: Desk) -> None:
    box = bar(roster, "ana", 0).bounding_box()
    assert box is not None
    roster.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    roster.page.mouse.down()
    roster.page.mouse.move(box["x"] + box["width"] * 2, box["y"] + 5, steps=4)
    expect(roster.at("draft")).to_be_visible()
    roster.press("Escape")
    expect(roster.at("draft")).to_have_count(0)
    roster.page.mouse.up()
    expect(roster.at("roster-panel")).to_be_visible()
    expect(roster.at("roster-verdict")).to_have_count(0)


def test_a_swap_is_made_by_keys_alone(line: Line, roster: Desk) -> None:
    bar(roster, "ana", 0).focus()
    roster.press("s", "ArrowRight", "Enter")
    expect(roster.at("roster-save")).to_be_focused()
    roster.press("Enter")
    expect(bar(roster, "ben", 0)).to_be_visible()
    expect(bar(roster, "ana", 12)).to_be_visible()
    assert planned(line, 1) == ["ben"]


def test_a_watch_moved_by_keys_that_would_leave_rung_one_empty_is_refused_with_the_gap(
    line: Line, roster: Desk
) -> None:
    bar(roster, "ana", 0).focus()
    roster.press("m", "ArrowDown", "Enter")
    expect(roster.at("fault")).to_contain_text(f"{DAY}T00:00")
    expect(roster.at("roster-save")).to_have_count(0)
    assert planned(line, 1) == ["ana"]


def test_another_officer_is_chosen_in_the_form_or_dropped_on_a_watch(
    line: Line, roster: Desk
) -> None:
    bar(roster, "ana", 0).focus()
    roster.press("Enter")
    roster.at("edit-officer").select_option("carl")
    expect(roster.at("roster-verdict").locator("li.bad, li")).not_to_have_count(0)
    roster.at("roster-save").click()
    expect(bar(roster, "carl", 0)).to_be_visible()
    name = roster.at("officer").get_by_text("ben", exact=True)
    name.hover()
    roster.page.mouse.down()
    bar(roster, "carl", 0).hover()
    roster.page.mouse.up()
    expect(roster.at("roster-verdict").locator("ins")).to_contain_text(["ben"])


def test_while_a_call_rings_its_keys_are_the_calls(line: Line, roster: Desk, south: Desk) -> None:
    south.dial()
    expect(roster.at("incoming")).to_be_visible()
    bar(roster, "ana", 0).focus()
    roster.press("s")
    expect(roster.at("roster-cancel")).to_have_count(0)
    expect(roster.at("incoming")).to_contain_text("60")
