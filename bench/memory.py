"""Memory: the resident memory of a node with 10,000 active notices, and how it grows."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from bench import common


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    growth: list[dict[str, float]] = []
    async with common.pair() as (north, south, link):
        growth.append({"notices": 0, "mb": north.memory_mb()})
        steps = 5
        async with north.client() as ours, south.client() as theirs:
            for step in range(1, steps + 1):
                half = asked.notices // steps // 2
                await common.declare_all(ours, common.notices(link, half, side=0, seed=step))
                await common.declare_all(theirs, common.notices(link, half, side=1, seed=step))
                await common.settled(ours)
                await common.settled(theirs)
                growth.append({"notices": 2 * half * step, "mb": north.memory_mb()})
        running = north.memory_mb()
        north.stop()
        await north.start()
        started = north.memory_mb()
    return {
        "benchmark": "memory",
        "active_notices": asked.notices,
        "mb": max(running, started),
        "after_restart_mb": started,
        "growth": growth,
        "goal_mb": 300,
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, notices=10_000)
