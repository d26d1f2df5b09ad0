"""A page that is left open for a watch of eight hours: what it holds does not grow.

The page's clock is moved on through eight hours, ten minutes at a time: every timer of the page
fires as often as it would for the first seconds of each, and once for the rest; the benchmark
lets them fire for the whole of it, which takes minutes. In between the two nodes do what nodes
do, and the officer opens what officers open. The nodes' clocks are real and stay behind, so that
after each step the page finds that it has heard nothing for ten minutes, says so, and takes up
the stream again: it is cut off as often as it would be on the worst of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from clearline.core.events import Close, Declare, Dispose, OpenCall, Withdraw
from clearline.core.terms import Precedence
from clearline.node.clock import SystemClock
from clearline.phrasebook import Stop
from clearline.space import Position
from tests.browser.desk import Cable, Desk, open_desk
from tests.browser.ear import Ear
from tests.kit import volume
from tests.line.consoles import Line, aside
from tests.line.station import until

STEP_MS = 10 * 60_000
WHOLE_MS = 10_000
"""So much of each step is run timer by timer."""
STEPS = 8 * 3_600_000 // STEP_MS
CUT_EVERY = 12
WARM_UP = 8
"""Steps after which everything has been opened and has happened at least once."""
MOST_GROWTH = 0.10
MOST_HEAP_GROWTH = 0.05
"""Less, since most of the heap is the base map, in which a small leak would be lost."""
STOP = Stop(place=Position(lat_e7=352_560_000, lon_e7=401_500_000), radius_cm=50_000)


@dataclass(frozen=True)
class Held:
    """What the browser holds for the page, after it has collected what nothing holds."""

    heap_bytes: int
    nodes: int
    listeners: int


def held(session: CDPSession, ear: Ear) -> Held:
    ear.hears_nothing()  # A pulse that still sounds is held, and listened to, until it ends.
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {
        each["name"]: int(each["value"])
        for each in session.send("Performance.getMetrics")["metrics"]
    }
    return Held(found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"])


@pytest.fixture
def cabled(line: Line, browser: Browser) -> Iterator[tuple[Desk, Cable, Ear]]:
    """North's desk over a cable, with the page's clock in the test's hand."""
    cable = Cable(int(line.north.address.rpartition(":")[2]))
    desk = open_desk(browser, line.north)
    ear = Ear(desk.page)
    desk.page.clock.install()
    desk.open(f"http://localhost:{cable.port}")
    yield desk, cable, ear
    desk.page.context.close()
    cable.end()
    assert not desk.errors, desk.errors


def live(desk: Desk) -> None:
    expect(desk.page.locator(".page[data-state=live]")).to_be_visible()


class Watch:
    """What happens in a watch, one thing a step, over and over."""

    def __init__(self, line: Line, desk: Desk, cable: Cable) -> None:
        self.line, self.desk, self.cable = line, desk, cable
        self.link = line.north.ask("status")["links"][0]["id"]
        self.things: list[Callable[[], None]] = [
            self.notices, self.panels, self.call, self.conflict,
            self.forms, self.call, self.looks, self.notices,
        ]  # fmt: skip

    def step(self, number: int) -> None:
        self.things[number % len(self.things)]()
        if number % CUT_EVERY == 0:
            self.cut()
        self.desk.page.clock.run_for(WHOLE_MS)
        self.desk.page.clock.fast_forward(STEP_MS - WHOLE_MS)
        live(self.desk)

    def declared(self, *sides: str) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        for name in sides:
            event = Declare(
                by="planner",
                links=(self.link,),
                activity="flight",
                volumes=(volume(now=SystemClock().now()),),
            )
            (done,) = getattr(self.line, name).do(event)
            made.append((name, done["entries"][0]["id"]))
        return made

    def withdrawn(self, made: list[tuple[str, str]]) -> None:
        for name, notice in made:
            getattr(self.line, name).do(Withdraw(by="planner", notice=notice))

    def notices(self) -> None:
        made = self.declared("south", "south")
        expect(self.desk.at("tab-theirs")).to_contain_text("(2)")
        self.withdrawn(made)
        expect(self.desk.at("tab-theirs")).to_contain_text("(0)")

    def conflict(self) -> None:
        made = self.declared("north", "south")
        expect(self.desk.at("strip")).to_contain_text("conflict: ours")
        self.withdrawn(made)
        expect(self.desk.at("strip")).not_to_contain_text("conflict: ours")

    def call(self) -> None:
        event = OpenCall(by="A", link=self.link, precedence=Precedence.FLASH, phrases=(STOP,))
        (done,) = self.line.south.do(event)
        call = done["entries"][0]["id"]
        expect(self.desk.at("acknowledge")).to_be_focused()
        self.desk.press("Enter")
        expect(self.desk.at("call-panel")).to_have_attribute("data-state", "acknowledged")
        self.line.north.do(Dispose(by="B", call=call, disposition="received"))
        self.line.north.do(Close(by="B", call=call))
        south = self.line.south.station
        told = lambda: next(each for each in south.calls() if each["id"] == call)["closed_by_them"]  # noqa: E731
        aside(lambda: until(told, "the other side's closing"))
        self.line.south.do(Close(by="A", call=call))
        expect(self.desk.at("call-panel")).to_have_attribute("data-state", "closed")
        self.desk.closed()

    def panels(self) -> None:
        for key, panel in (("w", "watch-panel"), ("l", "log-panel")):
            self.desk.press(key)
            expect(self.desk.at(panel)).to_be_visible()
            self.desk.closed()

    def forms(self) -> None:
        self.desk.declare(send=False)
        expect(self.desk.at("outcome")).to_be_visible()
        self.desk.page.get_by_role("button", name="Discard").click()
        expect(self.desk.at("tab-mine")).to_be_visible()
        self.desk.press("F9")
        expect(self.desk.at("slot-place")).to_be_visible()
        self.desk.closed()

    def cut(self) -> None:
        self.cable.cut()
        expect(self.desk.page.locator(".unsafe")).to_be_visible()
        self.cable.mend()
        live(self.desk)

    def looks(self) -> None:
        for theme, language in (("light", "ar"), ("dark", "en")):
            self.desk.page.locator("header select").first.select_option(theme)
            self.desk.at("language").select_option(language)
            expect(self.desk.page.locator("html")).to_have_attribute("lang", language)
        self.desk.at("time-slider").focus()
        self.desk.press("ArrowRight", "F8")


@pytest.mark.long
def test_a_page_left_open_for_eight_hours_does_not_grow(
    line: Line, cabled: tuple[Desk, Cable, Ear]
) -> None:
    desk, cable, ear = cabled
    desk.at("sound").click()
    session = desk.page.context.new_cdp_session(desk.page)
    session.send("Performance.enable")
    session.send("HeapProfiler.enable")
    watch = Watch(line, desk, cable)
    began = desk.page.evaluate("Date.now()")
    seen: list[Held] = []
    for number in range(STEPS):
        if number >= WARM_UP and number % 8 == 0:
            seen.append(held(session, ear))
        watch.step(number)
    seen.append(held(session, ear))
    assert desk.page.evaluate("Date.now()") - began >= 8 * 3_600_000
    first, last = seen[0], seen[-1]
    assert last.heap_bytes <= first.heap_bytes * (1 + MOST_HEAP_GROWTH), seen
    assert last.nodes <= first.nodes * (1 + MOST_GROWTH), seen
    assert last.listeners <= first.listeners * (1 + MOST_GROWTH), seen
