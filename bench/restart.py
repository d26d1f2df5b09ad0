"""Restart: a node with 100,000 journal events, from its process's start to its first answer.

The journal is made by the node itself, killed, and started again; its whole hash chain is
verified, the newest snapshot is read and the rest replayed. `without_snapshot` is the same
with every snapshot thrown away.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from typing import Any

from bench import common
from clearline.core.events import Withdraw


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    async with common.pair() as (north, _south, link):
        async with north.client() as node:
            # A watch's mix: notices come, are noted and withdrawn; a tenth stays.
            events = 0
            seed = 0
            while events < asked.events:
                seed += 1
                await common.declare_all(node, common.notices(link, 2_000, seed=seed))
                listed = await node.ask("notices")
                room = asyncio.Semaphore(200)

                async def withdraw(notice: str, room: asyncio.Semaphore = room) -> None:
                    async with room:
                        await node.do(Withdraw(by="bench", notice=notice))

                gone = [n["id"] for n in listed][: int(len(listed) * 0.9)]
                await asyncio.gather(*(withdraw(each) for each in gone))
                events = (await node.ask("status"))["journal_events"]
            await common.settled(node)
            status = await node.ask("status")
        assert north.process is not None
        times: list[float] = []
        for _ in range(asked.rounds):
            north.process.kill()
            north.process.wait()
            times.append(await north.start())
        north.process.kill()
        north.process.wait()
        with sqlite3.connect(north.home / "journal.db") as db:
            db.execute("DELETE FROM snapshot_part")
        bare_s = await north.start()
    return {
        "benchmark": "restart",
        "events": status["journal_events"],
        "active_notices": status["notices_ours"],
        "journal_mb": round(status["journal_bytes"] / 1e6, 1),
        "seconds": [round(each, 2) for each in times],
        "worst_s": round(max(times), 2),
        "without_snapshot_s": round(bare_s, 2),
        "goal_s": 3,
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, events=100_000, rounds=5)
