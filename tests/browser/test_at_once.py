"""Two officers of one party who act at once: what the second of them is shown.

Each time the second has pressed the button before the first's act is done, and the node is
asked afterwards: the request waits on its way until the first has acted, and then goes on
untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.passkeys import enrol, stranger
from tests.line.consoles import Line


def overtaken(desk: Desk, command: str, by: Callable[[], Any]) -> None:
    """Have somebody else act first, while a desk's own command is on its way."""

    def late(route: Any) -> None:
        by()
        route.continue_()

    desk.page.route(f"**/api/v1/commands/{command}", late, times=1)


def test_the_second_to_acknowledge_sees_that_it_is_done_and_where(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    (call,) = [each for each in line.north.ask("calls") if each["state"] == "ringing"]
    overtaken(north, "acknowledge", lambda: line.north.run("ack", call["id"]))
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    expect(north.at("acknowledged")).to_contain_text("duty-desk")
    expect(north.at("late")).to_contain_text("Another officer here was first")
    expect(north.at("incoming")).to_be_hidden()


def test_the_second_to_accept_a_watch_is_told_who_has_it(
    line: Line, north: Desk, browser: Any
) -> None:
    desks = [enrol(line, stranger(browser, line.north), name, "watch_officer")
             for name in ("Capt. First", "Capt. Second")]  # fmt: skip
    north.press("w")
    north.page.get_by_test_id("desk-duty-desk").get_by_test_id("offer").click()
    for desk in desks:
        desk.press("w")
        expect(desk.at("accept")).to_be_enabled()
    first, second = desks

    def accept() -> None:
        first.at("accept").click()
        expect(first.page.get_by_test_id("desk-duty-desk")).to_contain_text("Capt. First")

    overtaken(second, "accept-watch", accept)
    second.at("accept").click()
    expect(second.at("fault")).to_be_visible()
    expect(second.page.get_by_test_id("desk-duty-desk")).to_contain_text("Capt. First")
    for desk in desks:
        desk.page.context.close()
    line.north.run("watch", "relieve", "--yes")


def test_the_second_to_revise_a_notice_keeps_what_was_typed_and_sees_what_it_is_now(
    line: Line, north: Desk
) -> None:
    north.declare()
    (notice,) = line.north.ask("notices")
    north.at("revise").click()
    north.at("field-upper").fill("FL240")
    expect(north.at("send")).to_be_enabled()
    overtaken(north, "revise", lambda: line.north.run("withdraw", notice["id"]))
    north.hold("send")
    expect(north.page.get_by_role("alert").first).to_contain_text("withdrawn")
    expect(north.at("field-upper")).to_have_value("FL240")


def test_the_second_to_say_what_was_done_sees_it_once(line: Line, north: Desk, south: Desk) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    (call,) = [each for each in line.north.ask("calls") if each["state"] == "acknowledged"]
    overtaken(north, "dispose", lambda: line.north.run("dispose", call["id"], "received"))
    north.at("dispose-received").click()
    for desk in (north, south):
        expect(desk.at("dispositions")).to_contain_text("✓ RECEIVED")
        expect(desk.at("dispositions").locator("li", has_text="✓")).to_have_count(1)
