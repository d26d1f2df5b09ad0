"""A real node with real receivers: servers on loopback that send, are cut, flood and lie."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
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


def test_a_process_that_dies_is_started_again_and_nothing_is_called_clear(sight: Sight):
    sight.roof.send(air.sbs(ICAO, 35.30, 40.08, 14_000, course=90, knots=450, name="KLM1023"))
    old = sight.alarm(lambda each: each["what"] == "inside", "it to be inside")
    (process,) = psutil.Process(sight.north.process.pid).children()  # type: ignore[union-attr]
    connections = sight.roof.accepted
    process.kill()
    until(lambda: sight.receiver()["state"] == "lost", "the receiver to be lost")
    assert [each["lost"] for each in sight.tracks()["alarms"]] == [True]
    sight.roof.awaited(connections + 1)
    until(lambda: sight.receiver()["state"] == "up", "the receiver to be back")
    sight.roof.send(air.sbs(ICAO, 35.30, 40.08, 14_000, course=90, knots=450))
    new = sight.alarm(lambda each: not each["lost"], "it to be raised anew")
    assert new["id"] != old["id"]
    assert len(sight.tracks()["alarms"]) == 1
    # All the while the line was as it is.
    assert sight.north.link["state"] == "up"


def test_a_track_is_said_to_be_ours_at_the_command_line_and_shown_there(sight: Sight):
    ours = sight.north.json(
        "declare", "--circle", "34.5000N 039.0000E", "--radius", "10 km",
        "--band", "FL100-FL180", "--from", "-1min", "--to", "+3h",
    )["declared"][0]["id"]  # fmt: skip
    sight.roof.send(air.sbs("3C6444", 34.5, 39.5, 14_000, course=90, knots=100, name="DLH4AB"))
    until(lambda: sight.tracks()["count"] == 2, "the track")
    assert sight.north.fails("tracks", "belong", "NOBODY", ours[-6:]).error["code"] == (
        "no_such_track"
    )
    assert sight.north.fails("tracks", "belong", "DLH4AB").error["code"] == "which_notice"
    theirs = sight.north.fails("tracks", "belong", "DLH4AB", sight.theirs[-6:])
    assert theirs.error["code"] == "no_notice_of_ours"
    sight.north.run("tracks", "belong", "DLH4AB", ours[-6:])
    left = sight.alarm(lambda each: each["what"] == "left", "it to have left")
    assert (left["track"], left["notice"]) == ("roof/3C6444", ours)
    shown = sight.north.run("tracks", "show")
    assert "receiver roof: up" in shown
    assert "DLH4AB (roof/3C6444) has LEFT our notice" in shown
    assert "FL140" in shown
    sight.north.run("tracks", "belong", "roof/3C6444", "--none")
    until(lambda: not [a for a in sight.tracks()["alarms"] if a["what"] == "left"], "its end")
