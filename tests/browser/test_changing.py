"""What changes under an officer's hand: a form, a list, a button that is being held."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.desk import Cable, Desk, open_desk
from tests.line.consoles import Line, aside


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


def test_nothing_is_called_clear_while_the_node_is_not_heard(line: Line, browser: Browser) -> None:
    cable = Cable(int(line.north.address.rsplit(":", 1)[1]))
    north = open_desk(browser, line.north)
    try:
        north.open(f"http://localhost:{cable.port}")
        expect(north.at("verdict")).to_have_text("NO CONFLICT")
        aside(cable.cut)
        expect(north.page.locator(".page[data-state=lost]")).to_be_visible(timeout=20_000)
        expect(north.at("verdict")).to_have_text("NOT CHECKED")
        expect(north.at("strip")).to_contain_text("NOT KNOWN")
    finally:
        cable.end()
        north.page.context.close()
