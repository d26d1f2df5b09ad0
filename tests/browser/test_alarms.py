"""What is heard besides calls: alarms sound when they come; a failure rings until silenced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside

NEAR = {"centre": "35.3000N 040.1000E", "start": "+20m", "end": "+5h"}
IMMEDIATE, FAULT = [1_000, 1_000, 1_250], [330, 247]
"""Pitches of one round, in Hz: of an alarm that cannot wait, and of what fails here."""
EAR = """
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) {
    window.heard.push(this.frequency.value);
    return start.call(this, at);
  };
"""


@pytest.fixture
def ear(north: Desk) -> Callable[[], list[float]]:
    """Return what the page's audio has begun to sound since it was last asked."""
    north.page.add_init_script(EAR)
    north.page.reload()
    north.at("sound").click()
    expect(north.at("sound")).not_to_contain_text("NOT ARMED")
    ask = lambda: list(north.page.evaluate("window.heard.splice(0)"))  # noqa: E731
    ask()
    return ask


def awaited(page: Page, pitches: list[int]) -> Any:
    """Wait until a round has been heard, and return it."""
    page.wait_for_function(
        "wanted => wanted.every((pitch, n) => window.heard.slice(-wanted.length)[n] === pitch)",
        arg=pitches, timeout=30_000,
    )  # fmt: skip
    return page.evaluate("window.heard.splice(0)")


def test_a_conflict_is_heard_when_it_comes_and_again_each_minute_until_it_is_seen(
    line: Line, north: Desk, south: Desk, ear: Callable[[], list[float]]
) -> None:
    north.declare(**NEAR)
    north.closed()
    assert ear() == []
    north.page.clock.install()
    south.declare(**NEAR, label="")
    expect(north.at("strip")).to_contain_text("conflict: ours")
    awaited(north.page, IMMEDIATE)
    north.page.clock.fast_forward(61_000)
    awaited(north.page, IMMEDIATE)
    north.at("seen").click()
    expect(north.at("strip")).to_contain_text("No alarm.")
    ear()
    north.page.clock.run_for(120_000)
    assert ear() == []


def test_a_link_that_fails_is_heard_and_one_that_fails_again_is_heard_again(
    line: Line, north: Desk, ear: Callable[[], list[float]]
) -> None:
    for _ in range(2):
        aside(line.south.station.kill)
        try:
            expect(north.at("strip")).to_contain_text("DOWN", timeout=20_000)
            awaited(north.page, IMMEDIATE)
            north.at("seen").click()
            expect(north.at("strip")).to_contain_text("No alarm.")
            expect(north.at("link")).to_have_attribute("data-state", "down")
        finally:
            aside(line.south.station.serve)
        expect(north.at("link")).to_have_attribute("data-state", "up", timeout=20_000)


def test_a_node_that_is_not_heard_rings_until_it_is_silenced(
    line: Line, north: Desk, ear: Callable[[], list[float]]
) -> None:
    aside(line.north.station.kill)
    try:
        expect(north.at("unsafe")).to_contain_text("THE NODE IS NOT HEARD")
        awaited(north.page, FAULT)
        awaited(north.page, FAULT)
        north.press("s")
        expect(north.at("silence-fault")).to_be_disabled()
        ear()
        north.page.clock.install()
        north.page.clock.fast_forward(61_000)
        awaited(north.page, FAULT)
    finally:
        aside(line.north.station.serve)


def test_a_desk_whose_session_ends_by_itself_says_so_aloud_and_keeps_nothing_on_the_screen(
    line: Line, north: Desk, south: Desk, ear: Callable[[], list[float]]
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    sessions: list[dict[str, Any]] = line.north.run("console", "sessions")
    for each in sessions:
        line.north.run("console", "sign-out", each["id"])
    expect(north.at("signed-out")).to_be_visible()
    expect(north.at("incoming")).to_be_hidden()
    ear()
    awaited(north.page, FAULT)
    north.at("silence-fault").click()
    expect(north.at("silence-fault")).to_be_disabled()
    north.at("leave-desk").click()
    expect(north.at("signed-out")).to_be_hidden()
    ear()
    north.page.clock.install()
    north.page.clock.run_for(120_000)
    assert ear() == []
