"""Work that is interrupted: a session that ends while something is typed, a node that is killed
while a call rings. Nothing typed is lost, and what rang rings again on the page that stayed."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk, open_desk
from tests.browser.ear import Ear
from tests.browser.passkeys import enrol, stranger
from tests.line.consoles import Line, Side, aside
from tests.line.station import until

TYPED = {"label": "Half a thought", "centre": "35.3000N 040.1000E", "upper": "FL190"}
FLASH_PULSES = 4


def sign_everybody_out(side: Side) -> None:
    for each in side.run("console", "sessions"):
        side.run("console", "sign-out", each["id"])


def test_a_session_that_ends_while_a_notice_is_typed_loses_nothing_of_it(
    line: Line, browser: Browser
) -> None:
    desk = enrol(line, stranger(browser, line.north), "Capt. Typing", "watch_officer")
    desk.declare(send=False, **TYPED)
    expect(desk.at("kept")).to_have_text("draft kept")
    # The last word is typed when the session is over already and the page cannot know: what it
    # sends to be kept is held until then.
    desk.page.route("**/api/v1/drafts/*", lambda route: _after(line.north, route), times=1)
    desk.at("field-label").fill("Half a thought, and the other half")
    expect(desk.at("sign-in-page")).to_be_visible()

    desk.at("sign-in").click()
    expect(desk.at("map")).to_be_visible()
    desk.press("n")
    expect(desk.at("field-label")).to_have_value("Half a thought, and the other half")
    expect(desk.at("field-centre")).to_have_value(TYPED["centre"])
    expect(desk.at("field-upper")).to_have_value(TYPED["upper"])
    expect(desk.at("outcome")).to_be_visible()
    expect(desk.at("kept")).to_have_text("draft kept")
    desk.page.reload()
    expect(desk.at("tab-mine")).to_be_visible()
    desk.press("n")
    expect(desk.at("field-label")).to_have_value("Half a thought, and the other half")
    desk.page.context.close()


def _after(side: Side, route: Any) -> None:
    sign_everybody_out(side)
    route.continue_()


def test_what_one_officer_typed_is_not_the_next_ones(line: Line, browser: Browser) -> None:
    desk = enrol(line, stranger(browser, line.north), "Capt. Leaving", "watch_officer")
    desk.page.route("**/api/v1/drafts/*", lambda route: route.abort())
    desk.declare(send=False, label="Not for others")
    sign_everybody_out(line.north)
    expect(desk.at("sign-in-page")).to_be_visible()
    desk.page.unroute("**/api/v1/drafts/*")
    enrol(line, desk, "Capt. Coming", "watch_officer")
    desk.press("n")
    expect(desk.at("field-label")).to_have_value("")
    desk.page.context.close()


def test_a_node_that_is_killed_while_a_call_rings_rings_again_on_the_page_that_stayed_open(
    line: Line, browser: Browser, south: Desk
) -> None:
    desk = open_desk(browser, line.north)
    ear = Ear(desk.page)
    desk.open()
    desk.at("sound").click()
    south.dial()
    expect(desk.at("incoming")).to_be_visible()
    ear.rings_with(FLASH_PULSES)
    aside(line.north.station.kill)
    try:
        # The page has not heard that anybody answered: what it knows rings on, marked as the past.
        expect(desk.page.locator(".page[data-state=lost]")).to_be_visible()
        expect(desk.at("incoming")).to_be_visible()
        before = len(ear.rounds())
        assert len(ear.after(before)) == FLASH_PULSES
    finally:
        aside(line.north.station.serve)
    expect(desk.page.locator(".page[data-state=live]")).to_be_visible(timeout=30_000)
    expect(desk.at("incoming")).to_be_visible()
    before = len(ear.rounds())
    assert len(ear.after(before)) == FLASH_PULSES
    ear.hears_something()
    desk.press("Enter")
    expect(desk.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    expect(south.at("call-panel")).to_have_attribute("data-state", "acknowledged", timeout=20_000)
    ear.hears_nothing()
    desk.page.context.close()


def test_the_called_page_rings_on_while_the_link_to_the_caller_is_dead(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    aside(line.south.station.kill)
    try:
        expect(north.at("link")).to_have_attribute("data-state", "down", timeout=20_000)
        expect(north.at("incoming")).to_be_visible()
        north.press("Enter")  # It is recorded here, and told as soon as it can be.
        expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    finally:
        aside(line.south.station.serve)
    told = lambda: line.south.station.calls()[0]["state"] == "acknowledged"  # noqa: E731
    aside(lambda: until(told, "the acknowledgement"))
