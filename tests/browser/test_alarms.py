"""What is heard besides calls: alarms sound when they come; a failure rings until silenced."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside

NEAR = {"centre": "35.3000N 040.1000E", "start": "+20m", "end": "+5h"}
IMMEDIATE, FAULT, FLASH = [1_000, 1_000, 1_250], [330, 247], [1_400, 1_400, 1_400, 1_900]
"""Pitches of one round, in Hz: of an alarm that cannot wait, of what fails here, of a FLASH."""
EAR = """
  window.heard = [];
  window.spans = [];
  const { start, stop } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (at) {
    window.heard.push(this.frequency.value);
    window.spans.push([at, at]);
    return start.call(this, at);
  };
  OscillatorNode.prototype.stop = function (at) {
    window.spans.at(-1)[1] = at;
    return stop.call(this, at);
  };
"""


@pytest.fixture
def ear(north: Desk) -> Callable[[], list[float]]:
    """Return what the page's audio has begun to sound since it was last asked.

    The page is loaded with the test's clock, so that its timers move on with that. One that it had
    begun on its own clock would come later, and its node might tell the time before.
    """
    north.page.add_init_script(EAR)
    north.page.clock.install()
    north.page.reload()
    north.at("sound").click()
    expect(north.at("sound")).not_to_contain_text("NOT ARMED")
    ask = lambda: list(north.page.evaluate("window.heard.splice(0)"))  # noqa: E731
    ask()
    return ask


SHOWN = """
  () => {
    const clock = document.querySelector('[data-test=clock]').innerText;
    const [, days, hours, minutes, seconds] = /(\\d\\d) .* (\\d\\d)(\\d\\d):(\\d\\d)Z/.exec(clock);
    return ((days * 24 + +hours) * 60 + +minutes) * 60 + +seconds;
  }
"""
"""What the page's clock reads, in seconds of the month."""
HEARD = """
  wanted => window.heard.some((_, at) => wanted.every((pitch, n) => window.heard[at + n] === pitch))
"""


def awaited(page: Page, pitches: list[int]) -> None:
    """Wait until a round has been heard, whatever else was; then forget all that was heard."""
    page.wait_for_function(HEARD, arg=pitches, timeout=30_000)
    page.evaluate("window.heard.splice(0)")


def one_after_another(page: Page) -> bool:
    """Return whether no pulse began before the one before it was over."""
    spans: list[tuple[float, float]] = page.evaluate("window.spans.splice(0)")
    assert len(spans) > 1
    return all(before[1] <= after[0] for before, after in pairwise(spans))


def passes(desk: Desk, minutes: int) -> None:
    """Move the page's clock on to so many minutes after its node; it never goes back."""
    before = desk.page.evaluate(f"({SHOWN})()")
    desk.page.clock.fast_forward(minutes * 60_000 + 1_000)
    desk.page.wait_for_function(f"before => ({SHOWN})() - before >= 60", arg=before)


def test_a_conflict_is_heard_when_it_comes_and_again_each_minute_until_it_is_seen(
    line: Line, north: Desk, south: Desk, ear: Callable[[], list[float]]
) -> None:
    north.declare(**NEAR)
    north.closed()
    assert ear() == []
    south.declare(**NEAR, label="")
    expect(north.at("strip")).to_contain_text("conflict: ours")
    awaited(north.page, IMMEDIATE)
    passes(north, minutes=1)
    awaited(north.page, IMMEDIATE)
    north.at("seen").click()
    expect(north.at("strip")).to_contain_text("No alarm.")
    ear()
    passes(north, minutes=3)
    # The page's clock has left its node behind: that may sound; what was seen does not.
    assert IMMEDIATE[-1] not in ear()


def test_what_comes_while_a_call_rings_or_while_nothing_can_be_heard_is_heard_afterwards(
    line: Line, north: Desk, south: Desk, ear: Callable[[], list[float]]
) -> None:
    north.declare(**NEAR)
    north.closed()
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    south.closed()
    south.declare(**NEAR, label="")
    expect(north.at("strip")).to_contain_text("1/2")
    heard = ear()
    assert FLASH[-1] in heard
    assert IMMEDIATE[-1] not in heard
    north.at("acknowledge").click()
    awaited(north.page, IMMEDIATE)
    assert one_after_another(north.page)
    north.page.reload()
    expect(north.at("strip")).to_contain_text("conflict: ours")
    expect(north.at("sound")).to_contain_text("NOT ARMED")
    assert ear() == []
    north.at("sound").click()
    awaited(north.page, FLASH + IMMEDIATE)
    assert one_after_another(north.page)


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
    north.page.clock.run_for(120_000)
    assert ear() == []
