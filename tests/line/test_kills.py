"""A node is killed a hundred times while calls climb: no rung is skipped, and none is late.

The node is a real process, killed as a power cut would, at points drawn by chance. What it
rang is read from its own log, and what it should have rung is worked out here from the
time at which each call was opened.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import Struct

from tests.line.station import Station, join, settled, until
from tests.line.test_watch import STOP, Pair, verified

KILLS = 100
RUNGS = 12
PATIENCE_S = 3.0
LATE_S = 2.0
LADDER = {
    "rungs": [
        {"echelon": f"rung-{n}", "patience_ms": int(PATIENCE_S * 1_000)}
        for n in range(1, RUNGS + 1)
    ]
}
SEED = 20_161_023


class Rang(Struct, frozen=True, kw_only=True):
    """One ring, as the node's own log has it."""

    at: float
    call: str
    rung: int


@pytest.fixture
def pair(station: Callable[[str], Station], folder: Path) -> Pair:
    north, south = (station(name).init().serve(wait=False) for name in ("north", "south"))
    for each in (north, south):
        each.await_up()
    ladders = dict.fromkeys(("flash", "immediate", "priority", "routine"), LADDER)
    join(north, south, folder, {"ladders": ladders})
    return north, south


@pytest.fixture
def zygote() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "CLEARLINE_LOG_FORMAT": "json"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.line.zygote"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def forked(zygote: subprocess.Popen[str], station: Station) -> int:
    """Start a node by the zygote; return its process id, not waiting for it to answer."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(f"{station.home}\t{station.log}\n")
    zygote.stdin.flush()
    return int(zygote.stdout.readline())


def killed(child: int, station: Station) -> None:
    """Kill a node as a power cut would; it must still have been there."""
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        raise AssertionError(f"it had ended by itself: {station.said[-2_000:]}") from None


def rings(station: Station) -> list[Rang]:
    found: list[Rang] = []
    for line in station.said.splitlines():
        try:
            said = json.loads(line)
        except json.JSONDecodeError:
            continue  # Not of the log, or cut off by a kill.
        if said.get("event") == "ring" and said["demand"] == "call":
            at = datetime.fromisoformat(said["timestamp"]).timestamp()
            found.append(Rang(at=at, call=said["what"], rung=said["rung"]))
    return found


def due(opened: float, at: float) -> int:
    """Return the rung that should ring at a time, of a call opened at another."""
    return min(RUNGS, 1 + int((at - opened) // PATIENCE_S))


def test_a_node_that_is_killed_a_hundred_times_skips_no_rung_and_rings_none_late(
    pair: Pair, folder: Path, zygote: subprocess.Popen[str]
):
    north, south = pair
    chance = random.Random(SEED)
    north.kill()
    child, starts = forked(zygote, north), [time.time()]
    opened: dict[str, float] = {}
    for kill in range(KILLS):
        if kill % (KILLS // 4) == 0:
            call = south.json("call", "flash", *STOP)["entries"][0]["id"]
            until(lambda call=call: any(each.call == call for each in rings(north)), "a ring")
            opened[call] = next(each.at for each in rings(north) if each.call == call)
        # A point drawn by chance, from before the node has replayed to long after.
        span = (LATE_S + 0.1, 3.0) if kill % 10 == 9 else (0.05, 1.1)
        time.sleep(chance.uniform(*span))
        killed(child, north)
        child = forked(zygote, north)
        starts.append(time.time())
    newest = max(opened.values())
    until(lambda: rings(north)[-1].at > newest + RUNGS * PATIENCE_S, "the last call to climb", 90)
    killed(child, north)
    rang = rings(north)
    for call, began in opened.items():
        its = [each for each in rang if each.call == call]
        assert {each.rung for each in its} == set(range(1, RUNGS + 1)), "a rung was skipped"
        for rung in range(2, RUNGS + 1):
            deadline = began + (rung - 1) * PATIENCE_S
            first = min(each.at for each in its if each.rung == rung)
            up = max((at for at in starts if at <= first), default=deadline)
            assert first >= deadline - 0.1, (call, rung, "early", first - deadline)
            assert first <= max(deadline, up) + LATE_S, (call, rung, "late", first - deadline)
    looked = 0
    for start, end in pairwise(starts):
        if end - start <= LATE_S:
            continue  # It was killed before it had to have rung.
        for call, began in opened.items():
            if began < start:
                heard = [each for each in rang if each.call == call and start <= each.at <= end]
                assert heard, (call, "did not ring again after a start")
                looked += 1
                assert heard[0].at <= start + LATE_S
                # A call was opened a little before its first ring was in the log, and which
                # rung rings is decided a little before that is.
                places = {due(began, heard[0].at + later) for later in (-0.1, 0.0, 0.25)}
                assert heard[0].rung in places, (call, heard[0])
    assert looked >= KILLS // 10
    north.serve()
    for call in opened:
        north.run("ack", call)
    settled(north, south)
    assert verified(north, folder) == verified(south, folder)
