"""Two real nodes with consoles, and browsers at them. One line a file of tests."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser.desk import CHROMIUM, FLAGS, Desk, open_desk
from tests.line.consoles import Line, Side, aside
from tests.line.station import Station, until


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The browser's driver, for this folder alone: its loop holds the thread while it is there,
    and the tests of other folders have loops of their own."""
    with sync_playwright() as driver:
        expect.set_options(timeout=15_000)  # Two nodes and a browser share two cores.
        driver.selectors.set_test_id_attribute("data-test")
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's own Chromium, without a GPU."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def line(browser: Browser) -> Iterator[Line]:
    """A line for all tests of a file; the browser's loop is there first, so it is made aside."""
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    made = aside(lambda: Line(folder))
    yield made
    aside(made.end)
    for side in (made.north, made.south):
        assert "Traceback" not in side.station.said, side.station.said
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def at_desk(browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Open desks; each is closed afterwards, and held to have had no error in its page."""
    made: list[Desk] = []

    def open_one(side: Side, **context: Any) -> Desk:
        made.append(open_desk(browser, side, **context))
        return made[-1].open()

    yield open_one
    for desk in made:
        desk.page.context.close()
    for desk in made:
        assert not desk.errors, desk.errors


@pytest.fixture
def north(line: Line, at_desk: Callable[..., Desk]) -> Desk:
    return at_desk(line.north)


@pytest.fixture
def south(line: Line, at_desk: Callable[..., Desk]) -> Desk:
    return at_desk(line.south)


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave nothing ringing, declared or half typed for the next test of the file."""
    yield
    if "line" not in request.fixturenames:
        return
    line: Line = request.getfixturevalue("line")
    for side, other in ((line.north, line.south), (line.south, line.north)):
        process = side.station.process
        if process is None or process.poll() is not None:
            return
        aside(lambda side=side, other=other: _calm(side.station, other.station))
        _forget_drafts(side.station)


def _forget_drafts(station: Station) -> None:
    """Drop what was typed and not sent: the next test would go on with it."""
    with contextlib.closing(sqlite3.connect(station.home / "console.db", timeout=10)) as kept, kept:
        # Before anybody has typed anything there is nothing to drop it from.
        if kept.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone():
            kept.execute("DELETE FROM documents WHERE kind = 'drafts'")


def disposed(station: Station, call: str) -> bool:
    """Return whether a station holds a disposition of a call."""
    return any(each["id"] == call and each["dispositions"] for each in station.calls())


def _calm(ours: Station, theirs: Station) -> None:
    """Answer and close every call that `theirs` made, and withdraw every notice of `ours`."""
    for call in ours.calls():
        if call["direction"] != "theirs" or call["state"] == "closed":
            continue
        stood_down = call["state"] == "closing" and call["acknowledged"] is None
        if call["acknowledged"] is None and not stood_down:
            ours.run("ack", call["id"])
        if not call["dispositions"] and not stood_down:
            ours.run("dispose", call["id"], "received")
        for station, mine in ((ours, call["closed_by_us"]), (theirs, call["closed_by_them"])):
            if mine:
                continue
            if not stood_down:
                until(lambda station=station, wanted=call["id"]: disposed(station, wanted), "it")
            station.run("close", call["id"])
    for notice in ours.ask("notices"):
        if notice["whose"] == ours.name:
            ours.run("withdraw", notice["id"])
    until(lambda: not [n for n in theirs.ask("notices") if n["whose"] == ours.name], "withdrawal")
