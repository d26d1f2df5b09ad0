"""Tracks at the console: where they are, how old that is, what is alarmed, and nothing rings."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.gateways.tracks import air
from tests.gateways.tracks.senders import Sender
from tests.line.consoles import Line, aside
from tests.line.station import Station, until


class TracksLine(Line):
    """A line whose north has a receiver."""

    def __init__(self, folder: Path) -> None:
        self.roof = Sender()
        super().__init__(folder)

    def _set_up(self, station: Station) -> None:
        super()._set_up(station)
        if station.name == "north":
            path = station.home / "clearline.toml"
            receivers = f'receivers = ["roof=sbs://127.0.0.1:{self.roof.port}"]\n'
            path.write_text(f"{path.read_text()}\n[tracks]\n{receivers}")


@pytest.fixture(scope="module")
def line(browser: Browser) -> Iterator[TracksLine]:
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    made = aside(lambda: TracksLine(folder))
    yield made
    aside(made.end)
    made.roof.end()
    for side in (made.north, made.south):
        assert "Traceback" not in side.station.said, side.station.said
    shutil.rmtree(folder, ignore_errors=True)


def test_tracks_are_shown_with_source_and_age_and_an_alarm_is_in_the_strip_and_does_not_ring(
    line: TracksLine, at_desk: Callable[..., Desk]
):
    line.south.run(
        "declare", "--circle", "35.3000N 040.1000E", "--radius", "10 km", "--band", "FL100-FL180",
        "--from", "-1min", "--to", "+3h",
    )  # fmt: skip
    line.north.run(
        "declare", "--circle", "36.2000N 039.0000E", "--radius", "15 km", "--band", "FL100-FL300",
        "--from", "-1min", "--to", "+3h", "--label", "Dawn",
    )  # fmt: skip
    until(lambda: len(line.north.ask("notices")) == 2, "both notices")
    line.roof.awaited()
    line.roof.send(air.sbs("4840D6", 35.30, 39.80, 14_000, course=90, knots=450, name="KLM1023"))
    line.roof.send(air.sbs("3C6444", 36.20, 39.00, 20_000, course=45, knots=300, name="DLH4AB"))
    line.roof.send(air.sbs("A1B2C3", 34.60, 41.20, 33_000, course=200, knots=480, name="UAL77"))
    until(lambda: line.north.ask("tracks")["count"] == 3, "the tracks")
    north = at_desk(line.north)
    expect(north.at("tracks-count")).to_have_text("(3)")
    expect(north.at("receiver")).to_have_attribute("data-state", "up")
    # In the strip, as other alarms are; it says what it is, and nothing rings.
    expect(north.at("strip")).to_contain_text("KLM1023 is about to enter their notice")
    expect(north.at("strip")).to_contain_text("PRIORITY")
    expect(north.at("acknowledge")).to_have_count(0)
    shown = north.page.evaluate(
        "document.querySelector('[data-test=map]').clearline.tracks.source.getFeatures().length"
    )
    assert shown == 3
    line.roof.send(air.sbs("4840D6", 35.30, 40.08, 14_000, course=90, knots=450))
    expect(north.at("strip")).to_contain_text("KLM1023 is INSIDE their notice")
    expect(north.at("strip")).to_contain_text("IMMEDIATE")
    north.press("F2")
    expect(north.at("track-one")).to_contain_text("roof/4840D6")
    expect(north.at("track-one")).to_contain_text("FL140")
    expect(north.at("track-one")).to_contain_text(re.compile(r"\d+ s ago"))
    expect(north.at("track-alarm")).to_have_attribute("data-what", "inside")
    # The track that began in ours belongs to it; another is said to, and has left it at once.
    began = north.page.locator("[data-test=track][data-id='roof/3C6444']")
    expect(began).to_contain_text("belongs to ours")
    north.page.locator("[data-test=track][data-id='roof/A1B2C3']").click()
    dawn = next(each["id"] for each in line.north.ask("notices") if each["whose"] == "north")
    north.at("belong").select_option(dawn)
    expect(north.at("track-alarm")).to_have_attribute("data-what", "left")
    north.at("map-everything").click()
    north.page.locator("[data-test=track][data-id='roof/4840D6']").click()
    expect(north.at("track-one")).to_contain_text("040.08")
    north.picture("tracks")
    # The other side sees nothing of it.
    south = at_desk(line.south)
    expect(south.at("own-tracks")).to_have_count(0)


def test_a_receiver_that_is_lost_is_said_with_its_age_and_what_that_means(
    line: TracksLine, at_desk: Callable[..., Desk]
):
    north = at_desk(line.north)
    expect(north.at("receiver")).to_have_attribute("data-state", "up")
    line.roof.end()
    expect(north.at("receiver")).to_have_attribute("data-state", "lost")
    expect(north.at("receiver")).to_contain_text(re.compile(r"LOST\s+\d+ s"))
    expect(north.at("own-tracks")).to_contain_text("no alarm does not mean")
