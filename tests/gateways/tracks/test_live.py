"""A real node with real receivers: servers on loopback that send, are cut, flood and lie."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways.tracks import air
from tests.gateways.tracks.senders import Sender
from tests.line.station import Station, join, until

ICAO = "4840D6"


class Sight:
    """North with an SBS receiver, South with none, and a notice of South's that is open."""

    def __init__(self, folder: Path) -> None:
        self.roof = Sender()
        self.north = Station("north", folder, "Maj. North").init("--language", "en")
        self.south = Station("south", folder, "Maj. South").init("--language", "en")
        settings = self.north.home / "clearline.toml"
        table = f'[tracks]\nreceivers = ["roof=sbs://127.0.0.1:{self.roof.port}"]\n'
        text = settings.read_text()
        settings.write_text(text[: text.index("[tracks]")] + table)
        for station in (self.north, self.south):
            station.serve(wait=False)
        for station in (self.north, self.south):
            station.await_up()
        join(self.north, self.south, folder)
        self.theirs = self.south.json(
            "declare", "--circle", "35.3000N 040.1000E", "--radius", "10 km",
            "--band", "FL100-FL180", "--from", "-1min", "--to", "+3h",
        )["declared"][0]["id"]  # fmt: skip
        until(lambda: any(n["id"] == self.theirs for n in self.north.ask("notices")), "the notice")
        self.roof.awaited()

    def tracks(self) -> dict[str, Any]:
        return self.north.ask("tracks")

    def alarm(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait for an alarm that is so; return it."""

        def found() -> dict[str, Any] | None:
            return next((each for each in self.tracks()["alarms"] if holds(each)), None)

        return until(found, what)

    def receiver(self) -> dict[str, Any]:
        (receiver,) = self.tracks()["receivers"]
        return receiver


@pytest.fixture(scope="module")
def sight() -> Iterator[Sight]:
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    made = Sight(folder)
    yield made
    for station in (made.north, made.south):
        station.stop()
        assert "Traceback" not in station.said, station.said
    made.roof.end()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_track_that_nears_and_enters_their_notice_is_one_alarm_to_our_desk_alone(sight: Sight):
    before = sight.north.link["own_size"], sight.south.link["own_size"]
    sight.roof.send(air.sbs(ICAO, 35.30, 39.70, 14_000, course=90, knots=450, name="KLM1023"))
    near = sight.alarm(lambda each: each["track"] == f"roof/{ICAO}", "an alarm")
    assert (near["what"], near["notice"], near["name"]) == ("near", sight.theirs, "KLM1023")
    assert near["enters_at"]
    assert near["certain"]
    sight.roof.send(air.sbs(ICAO, 35.30, 40.08, 14_000, course=90, knots=450))
    inside = sight.alarm(lambda each: each["what"] == "inside", "it to be inside")
    assert inside["id"] == near["id"]
    assert inside["gap_cm"] == 0
    assert len(sight.tracks()["alarms"]) == 1
    assert (sight.north.link["own_size"], sight.south.link["own_size"]) == before
    assert sight.south.ask("tracks")["alarms"] == []
    assert sight.roof.heard == b""
