"""What changes under an officer's hand: a form, a list, a button that is being held."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line


def test_what_was_typed_to_say_more_never_becomes_a_read_back(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    north.at("say").click()
    expect(north.at("phrase")).to_have_value("STANDBY")
    expect(north.at("phrase")).to_be_enabled()
    north.at("read-back").click()
    expect(north.at("phrase")).to_have_value("STOP")
    expect(north.at("phrase")).to_be_disabled()
    expect(north.at("slot-place")).to_have_value("")
