"""A drill on two real nodes: run, answered by the other side's people, scored, and pre-empted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.line.station import DEADLINE_S, Station, settled, until
from tests.line.test_watch import Pair, flash

Start = Callable[..., "Drill"]


class Drill:
    """`drill start`, as it runs in a process of its own on north's side."""

    def __init__(self, station: Station, words: tuple[str, ...]) -> None:
        line = [sys.executable, "-m", "clearline.cli", "--home", str(station.home),
                "--officer", "Maj. North", "drill", "start", *words, "--json"]  # fmt: skip
        self.process = subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ended(self) -> tuple[int, dict[str, Any], str]:
        """Wait for its end; return its code, its report and what it told while it ran."""
        out, errors = self.process.communicate(timeout=DEADLINE_S)
        assert "Traceback" not in errors, errors
        return self.process.returncode, json.loads(out) if out else {}, errors


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[Drill] = []

    def begin(station: Station, *words: str) -> Drill:
        made.append(Drill(station, words))
        return made[-1]

    yield begin
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def rung(station: Station, drill: Drill) -> dict[str, Any]:
    """Wait until a drill rings at a station; return its call."""

    def ringing() -> list[dict[str, Any]]:
        assert drill.process.poll() is None, drill.ended()
        return [each for each in station.calls() if each["state"] == "ringing" and each["drill"]]

    return until(ringing, "the drill to ring")[0]


def passed(report: dict[str, Any]) -> dict[str, bool]:
    return {each["name"]: each["passed"] for each in report["criteria"]}


def test_a_drill_is_answered_by_people_scored_from_the_record_and_closed(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "deir-ez-zor-2016")
    call = rung(south, drill)
    assert "DRILL" in south.run("calls")
    assert "drill=True" in south.said
    assert "drill=DRILL" in south.said
    south.run("ack")
    south.run("readback")
    south.run("dispose", call["id"], "understood")
    code, report, told = drill.ended()
    assert (code, report["ended"], report["passed"]) == (0, "done", True), told
    assert passed(report) == dict.fromkeys(
        ("rings_at_once", "human_has_it", "read_back_agrees", "understood"), True
    )
    (scored,) = report["calls"]
    assert list(scored["after_ms"]) == ["rings", "acknowledged", "read_back", "understood"]
    entries = {each["kind"]: each for each in south.ask("log", link=south.link["id"], last=99)}
    assert entries["call.opened"]["id"] == scored["call"] == call["id"]
    assert entries["call.opened"]["body"]["drill"] is True
    assert "ACKNOWLEDGED after" in told
    settled(north, south)
    assert "Closed by both" in south.run("close")


def test_a_wrong_read_back_is_none_and_what_was_not_said_in_time_fails(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "deir-ez-zor-2016", "--patience", "4s")
    call = rung(south, drill)
    south.run("ack")
    south.run("readback", call["id"], "STOP", "place=36.1N 040.1500E", "radius=5km")
    code, report, _ = drill.ended()
    assert (code, report["ended"]) == (1, "timed_out")
    assert passed(report) == {
        "rings_at_once": True,
        "human_has_it": True,
        "read_back_agrees": False,
        "understood": False,
    }
    until(lambda: "CLEAR" in south.run("calls"), "south to be told that it is over")
    assert north.json("drill", "stop")["ended"] == [call["id"]]


def test_a_real_flash_pre_empts_the_drill_on_both_sides_and_is_on_top(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "il-20-2018")
    call = rung(south, drill)
    done = south.json("call", "flash", "STOP", "place=35.2560N 040.1500E", "radius=500m")
    code, report, _ = drill.ended()
    assert (code, report["ended"], report["passed"]) == (1, "preempted", False)
    assert report["calls"][0]["call"] == call["id"]
    real = done["entries"][0]["id"]
    settled(north, south)
    for station in pair:
        until(lambda s=station: "drill_preempted" in s.said, "every desk to be told")
        first, second = station.calls()
        assert (first["id"], first["drill"], first["state"]) == (real, False, "ringing")
        assert (second["id"], second["preempted_at"] is None) == (call["id"], False)
        assert second["next_at"] is None
        assert "DRILL PRE-EMPTED" in station.run("calls")
    rings = south.said.count("[warning  ] ring")
    until(lambda: north.calls()[0]["rung"] == 2, "the real call to climb")
    assert south.said.count("[warning  ] ring") == rings
    failed = north.fails("drill", "start", "gaza-2024")
    assert (failed.code, failed.error["code"]) == (3, "real_call")


def test_an_interrupted_drill_is_stood_down_here_and_there(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "gaza-2024")
    call = rung(south, drill)
    assert north.fails("drill", "start", "gaza-2024").error["code"] == "drill_open"
    drill.process.send_signal(signal.SIGINT)
    code, _, told = drill.ended()
    assert code == 130
    assert "stopped here, and there" in told
    settled(north, south)
    for station in pair:
        (known,) = station.calls()
        assert (known["id"], known["state"]) == (call["id"], "closing")
    assert "call_stood_down" in south.said
    assert north.fails("drill", "stop").error["code"] == "no_drill"


def test_drill_stop_ends_a_drill_that_runs_elsewhere(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "gaza-2024")
    call = rung(south, drill)
    assert north.json("drill", "stop", "--link", "south")["ended"] == [call["id"]]
    code, report, _ = drill.ended()
    assert (code, report["ended"]) == (1, "stopped")
    assert passed(report) == dict.fromkeys(
        ("received", "relayed", "understood", "three_states"), False
    )


def test_received_without_relayed_fails_by_name(pair: Pair, start: Start):
    north, south = pair
    drill = start(north, "gaza-2024", "--patience", "4s")
    call = rung(south, drill)
    south.run("ack")
    south.run("dispose", call["id"], "received")
    code, report, _ = drill.ended()
    assert code == 1
    assert passed(report) == {
        "received": True,
        "relayed": False,
        "understood": False,
        "three_states": False,
    }


def test_no_drill_begins_on_a_link_that_is_not_up_or_while_something_real_is_open(pair: Pair):
    north, south = pair
    assert north.fails("drill", "start", "no-such").error["code"] == "no_such_drill"
    flash(south, north)
    assert north.fails("drill", "start", "gaza-2024").error["code"] == "real_call"
    south.stop()
    until(lambda: north.link["state"] != "up", "the link to be late")
    assert north.fails("drill", "start", "gaza-2024").error["code"] == "link_not_up"
