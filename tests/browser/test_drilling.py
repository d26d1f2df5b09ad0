"""Drills on the screen: a real call ends one at once, and a late notice says how late."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line


def test_a_real_call_takes_the_place_of_a_drill_on_both_screens(
    line: Line, north: Desk, south: Desk
) -> None:
    south.at("drill").click()
    south.dial()
    expect(north.at("incoming").locator(".drill-mark")).to_have_count(1)
    south.closed()
    south.at("drill").click()
    south.dial()
    expect(north.at("incoming").locator(".drill-mark")).to_have_count(0)
    expect(north.at("others")).to_have_count(0)
    expect(north.at("incoming").get_by_test_id("not-a-drill")).to_have_text("NOT A DRILL")
    expect(north.at("strip")).to_contain_text("DRILL PRE-EMPTED")
    expect(south.at("strip")).to_contain_text("DRILL PRE-EMPTED")
    real, drill = line.north.ask("calls")
    assert (real["drill"], drill["drill"]) == (False, True)
    assert real["state"] == "ringing"
    assert drill["preempted_at"]


def test_a_late_notice_says_how_far_ahead_it_came_beside_what_was_agreed(
    line: Line, north: Desk, south: Desk
) -> None:
    north.declare(start="+10min", end="+2h")
    (notice,) = line.north.run("notices")
    assert (notice["late"], notice["agreed_ms"] > notice["lead_ms"]) == (True, True)
    expect(north.at("notice-panel").get_by_test_id("late")).to_have_text("LATE")
    expect(north.at("notice-panel").get_by_test_id("lead")).to_contain_text("agreed 2:00:00")
