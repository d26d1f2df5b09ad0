"""FLASH: from the caller's command to `call.ringing` durable on the caller's side.

Two processes, TLS on loopback, every commit durable, both signatures. First with an empty
line, then with 10,000 active notices and a bulk declaration of 5,000 more under way. The
command goes over the node's own socket, as the command line's does, from a third process.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from bench import common
from clearline.core.events import Acknowledge, OpenCall
from clearline.core.terms import Precedence
from clearline.node.loop import INCIDENT_MS
from clearline.phrasebook import Stop
from clearline.space import Position
from clearline.transports.local import LocalClient

STOP = Stop(place=Position(lat_e7=352_560_000, lon_e7=401_500_000), radius_cm=50_000)


async def call(ours: LocalClient, theirs: LocalClient, link: str) -> float:
    """Return the seconds of one call to its ringing; then end it, unmeasured."""
    event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
    began = time.perf_counter()
    done = await ours.do(event, until="call_ringing", wait_ms=20_000)
    took = time.perf_counter() - began
    assert done["heard"] is not None, "the ring was not heard"
    call = done["entries"][0]["id"]
    await theirs.do(Acknowledge(by="bench", call=call, echelon="duty-desk"))
    await common.end_call(ours, theirs, call)
    return took


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    async with (
        common.pair({"limits": {"active_notices": 500_000}}) as (north, south, link),
        north.client() as ours,
        south.client() as theirs,
    ):
        quiet = [await call(ours, theirs, link) for _ in range(asked.calls)]
        for node, side in ((ours, 0), (theirs, 1)):
            half = common.notices(link, asked.active // 2, side=side)
            await common.declare_all(node, half)
            await common.settled(node)
        # What follows declares far more than the 10,000: the line only gets heavier.
        async with north.client() as bulk:
            more = common.notices(link, asked.bulk, side=0, seed=7)
            rounds = 0
            busy: list[float] = []
            seed = 7
            work = asyncio.create_task(common.declare_all(bulk, more))
            while len(busy) < asked.calls:
                if work.done():
                    await work
                    rounds += 1
                    seed = 8 + rounds
                    extra = common.notices(link, asked.bulk, side=0, seed=seed)
                    work = asyncio.create_task(common.declare_all(bulk, extra))
                busy.append(await call(ours, theirs, link))
            # And one that nobody expects: bulk in full flow, no call for longer than an incident.
            first: list[float] = []
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            while len(first) < asked.first:
                await common.settled(bulk)
                await asyncio.sleep(INCIDENT_MS / 1_000 + 0.1)
                seed += 1
                extra = common.notices(link, 1_000, side=0, seed=seed)
                work = asyncio.create_task(common.declare_all(bulk, extra))
                await asyncio.sleep(0.15 + 0.007 * len(first))
                first.append(await call(ours, theirs, link))
                await work
    return {
        "benchmark": "flash",
        "calls": asked.calls,
        "ms": common.quantiles_ms(quiet),
        "active_notices": asked.active,
        "bulk": asked.bulk,
        "bulk_rounds_begun": rounds + 1,
        "busy_ms": common.quantiles_ms(busy),
        "first_calls": asked.first,
        "first_after_quiet_ms": common.quantiles_ms(first) if first else None,
        "goal_ms": {"p50": 15, "p99": 50},
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=2_000, active=10_000, bulk=5_000, first=5)
