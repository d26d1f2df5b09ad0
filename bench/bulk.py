"""Bulk: a hundred thousand areas imported from one file, and a FLASH in the middle of another.

The command line reads the file and declares every area over the node's socket; the node checks,
releases, compares and journals each, pushes it to a real counterpart and waits for its receipts.
The memory of the node and of the command line is the most that each had. Then a second import
runs, and a FLASH is opened in it and timed until the other side says that it rings; the next not
before the incident is over in which bulk crawls, so that each finds the import at its full rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import time
from pathlib import Path
from typing import Any

from bench import areas, common
from bench.flash import STOP
from clearline.core.events import Acknowledge, OpenCall
from clearline.core.terms import Precedence
from clearline.node.loop import INCIDENT_MS

QUIET_S = INCIDENT_MS / 1_000 + 2


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    limits = {"active_notices": 1_000_000, "notices_per_hour": 100_000_000}
    async with common.pair({"limits": limits | {"volumes_per_notice": 8}}) as (north, south, _link):
        folder = north.home.parent
        source, other = folder / "areas.geojson", folder / "theirs.geojson"
        areas.write(source, asked.volumes)
        areas.write(other, asked.theirs, side=1)
        await _import(south, other)
        async with south.client() as node:
            await common.settled(node)
        used = [north.cpu_s(), south.cpu_s(), _cli_cpu_s()]
        found, cli_mb = await _import(north, source, "--together", str(asked.together))
        now_used = [north.cpu_s(), south.cpu_s(), _cli_cpu_s()]
        us = [round((b - a) / asked.volumes * 1e6) for a, b in zip(used, now_used, strict=True)]
        memory = north.most_memory_mb()
        began = time.perf_counter()
        async with north.client() as node:
            await common.settled(node)
        settled_s = round(time.perf_counter() - began, 1)
        areas.write(source, asked.volumes, first=asked.volumes)
        rings = await _called_meanwhile(north, south, source, asked.calls)
        return {
            "benchmark": "bulk",
            "volumes": asked.volumes,
            "together": asked.together,
            "notices": found["notices"],
            "refused": found["refused_in_all"],
            "their_active_volumes": asked.theirs,
            "conflicts": found["conflicts"],
            "seconds": found["whole_s"],
            "declaring_s": round(found["seconds"], 1),
            "volumes_per_s": round(asked.volumes / found["whole_s"]),
            "stored_by_them_after_s": settled_s,
            "cpu_us_a_volume": dict(zip(("node", "counterpart", "cli"), us, strict=True)),
            "node_mb": memory,
            "cli_mb": cli_mb,
            "flash_calls": len(rings),
            "flash_ms": common.quantiles_ms(rings),
            "goal": {"seconds": 60, "mb": 1_000},
        }


async def _import(party: common.Party, source: Path, *more: str) -> tuple[dict[str, Any], float]:
    """Run the verb in a process of its own; return what it said, and the most memory it had."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *common.PY, "--home", str(party.home), "import", str(source), *more, "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    raw = await process.stdout.read()
    status = await process.wait()
    found = json.loads(raw)
    if status or "error" in found:
        raise RuntimeError(found)
    found["whole_s"] = round(time.perf_counter() - began, 1)
    # Of all processes that this one has waited for, and an import is the largest by far.
    return found, round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000, 1)


def _cli_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _called_meanwhile(
    north: common.Party, south: common.Party, source: Path, calls: int
) -> list[float]:
    """Import, and time a FLASH now and then until the other side says that it rings; then stop."""
    process = await asyncio.create_subprocess_exec(
        *common.PY, "--home", str(north.home), "import", str(source), "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    rings: list[float] = []
    async with north.client() as ours, south.client() as theirs:
        (link,) = (await ours.ask("status"))["links"]
        while (await ours.ask("status"))["links"][0]["own_size"] < link["own_size"] + 500:
            await asyncio.sleep(0.1)
        for number in range(calls):
            await asyncio.sleep(QUIET_S if number else 0)
            began = time.perf_counter()
            event = OpenCall(
                by="bench", link=link["id"], precedence=Precedence.FLASH, phrases=(STOP,)
            )
            done = await ours.do(event, until="call_ringing", wait_ms=30_000)
            rings.append(time.perf_counter() - began)
            call = done["entries"][0]["id"]
            await theirs.do(Acknowledge(by="bench", call=call, echelon="duty-desk"))
            await common.end_call(ours, theirs, call)
    if process.returncode is not None:
        raise RuntimeError("the import was over before the calls were")
    process.send_signal(signal.SIGINT)
    await process.communicate()
    return rings


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, volumes=100_000, together=1, theirs=10_000, calls=8)
