"""Reaching a human by hand: a rung that is not waited for, and a call that is not needed more."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line


def test_an_officer_rings_another_rung_at_once_and_the_caller_sees_it(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(south.at("told")).to_contain_text("rung 1, duty-desk")
    north.at("incoming").get_by_test_id("jump-3").click()
    expect(north.at("incoming").locator("[aria-current=step]")).to_contain_text("contact-card")
    expect(south.at("told")).to_contain_text("rung 3, contact-card")


def test_a_caller_stands_a_call_down_and_the_other_side_closes_it(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    south.hold("stand-down")
    expect(south.at("stood-down")).to_contain_text("Stood down")
    expect(north.at("incoming")).to_have_count(0)
    expect(north.at("strip")).to_contain_text("stood down by its caller")
    (call,) = (each for each in line.north.ask("calls") if each["state"] == "closing")
    assert call["closed_by_them"]


def test_who_acknowledges_is_told_how_long_there_is_to_act(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.press("Enter")
    expect(north.at("act-by")).to_contain_text("or it climbs past you")
    north.at("dispose-received").click()
    expect(north.at("act-by")).to_have_count(0)
