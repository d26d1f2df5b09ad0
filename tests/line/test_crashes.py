"""What a power cut leaves: nothing acknowledged is lost, it rings again, both records agree."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS
from clearline.core.events import Declare
from clearline.node.clock import SystemClock
from clearline.transports.local import LocalClient
from tests.kit import volume
from tests.line.station import Station, settled, until
from tests.line.test_watch import Pair, flash, verified

BULK = 500


def declarations(link: str, count: int) -> list[Declare]:
    now = SystemClock().now()
    return [
        Declare(
            by="planner",
            links=(link,),
            activity="flight",
            volumes=(volume(34.5 + n % 40 * 0.04, 38.8 + n // 40 * 0.15, radius_m=900, now=now,
                            start_ms=3 * HOUR_MS + n * 1_000),),
        )
        for n in range(count)
    ]  # fmt: skip


async def bulk(station: Station, commands: list[Declare], acknowledged: list[str]) -> None:
    """Declare many over one connection, and keep the id of each that the node said it wrote."""
    async with LocalClient(station.home / "node.sock") as node:

        async def one(command: Declare) -> None:
            done = await node.do(command)
            acknowledged.append(done["entries"][0]["id"])

        await asyncio.gather(*(one(command) for command in commands), return_exceptions=True)


@pytest.mark.parametrize("victim", [0, 1], ids=["the declaring node", "the counterpart"])
def test_a_kill_during_a_bulk_declaration_loses_nothing_that_was_acknowledged(
    pair: Pair, folder: Path, victim: int
):
    north, south = pair
    acknowledged: list[str] = []
    work = threading.Thread(
        target=lambda: asyncio.run(bulk(north, declarations(north.link["id"], BULK), acknowledged))
    )
    work.start()
    until(lambda: len(acknowledged) > BULK // 5, "some to be declared")
    pair[victim].kill()
    if victim == 1:
        south.serve()
    work.join(60)
    if victim == 0:
        north.serve()
    settled(north, south)
    assert set(acknowledged) <= {each["id"] for each in north.json("notices")}
    held = [{each["id"] for each in station.json("notices")} for station in pair]
    assert held[0] == held[1]
    if victim == 1:
        assert len(acknowledged) == BULK
    assert verified(north, folder) == verified(south, folder)


@pytest.mark.parametrize("victim", ["called", "calling"])
def test_a_call_rings_again_after_a_kill_of_either_node(pair: Pair, folder: Path, victim: str):
    north, south = pair
    call = flash(south, north)
    killed = north if victim == "called" else south
    rings = north.said.count("[warning  ] ring")
    killed.kill()
    killed.serve()
    assert [each["id"] for each in killed.calls() if each["state"] == "ringing"] == [call]
    until(lambda: north.said.count("[warning  ] ring") > rings, "it to ring again")
    north.run("ack", call)
    settled(north, south)
    assert south.calls()[0]["acknowledged"]
    assert verified(north, folder) == verified(south, folder)


def test_a_kill_while_a_client_waits_ends_it_with_4(pair: Pair):
    north, south = pair
    south.kill()
    words = [sys.executable, "-m", "clearline.cli", "--home", str(north.home), "call", "flash",
             "STOP", "place=35.2560N 040.1500E", "radius=500m", "--json"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        until(north.calls, "the call to stand")
        north.kill()
        assert json.loads(it.stdout.readline())["error"]["code"] == "node_gone"
        assert it.wait(20) == 4
    north.serve()
    assert len(north.calls()) == 1
    south.serve()
    until(lambda: any(c["state"] == "ringing" for c in south.calls()), "it to ring there")


def test_a_second_request_after_the_node_has_gone_is_answered_at_once(pair: Pair):
    north, _ = pair

    async def go() -> list[str]:
        codes = []
        async with LocalClient(north.home / "node.sock") as node:
            await node.ask("status")
            await asyncio.get_running_loop().run_in_executor(None, north.kill)
            for _ in range(2):
                try:
                    async with asyncio.timeout(10):
                        await node.ask("status")
                except Mistake as mistake:
                    codes.append(mistake.code)
        return codes

    assert asyncio.run(go()) == ["node_gone", "node_gone"]
