"""Link: entries stored, signed and receipted through one link, sustained.

One node in this process and one in its own, TLS on loopback, every commit durable. The
entries are notices: checked, released, compared with the other side's, journaled, pushed,
stored by the counterpart, compared there too, and signed for. The clock stops when the
counterpart's signature covers the last of them. `said` does the same with phrases in a call.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from typing import Any

import uvloop

from bench import common
from bench.flash import STOP
from clearline.cli.serving import set_up_log
from clearline.core.events import Event, OpenCall, Say
from clearline.core.terms import Precedence
from clearline.node.settings import Log
from clearline.phrasebook import LineTest
from clearline.wiring import Home, RunningNode

CALLS = 100
"""A call keeps at most 512 utterances in sight, so the phrases are spread over many."""


async def _through(node: RunningNode, link: str, events: Sequence[Event]) -> float:
    """Return the seconds from the first event to the receipt that covers the last."""
    loop = node.loop
    assert loop is not None
    began = time.perf_counter()
    outcomes = await asyncio.gather(*(loop.submit(event) for event in events))
    for outcome in outcomes:
        if outcome.mistake is not None:
            raise outcome.mistake
    while node.runtime.backlog(link):
        await asyncio.sleep(0.001)
    return time.perf_counter() - began


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    async with common.pair() as (north, south, link):
        async with south.client() as theirs:
            await common.declare_all(theirs, common.notices(link, asked.active, side=1))
            await common.settled(theirs)
        north.stop()
        set_up_log(Log(level="error"))
        node = RunningNode(Home(north.home))
        await node.start()
        notices = common.notices(link, asked.notices, side=0)
        notice_s = await _through(node, link, notices)
        calls = []
        for _ in range(CALLS):
            event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
            outcome = await node.loop.submit(event)  # type: ignore[union-attr]
            calls.append(outcome.entries[0].id)
        said = [
            Say(by="bench", call=calls[n % CALLS], phrases=(LineTest(),)) for n in range(asked.said)
        ]
        said_s = await _through(node, link, said)
        entries = node.runtime.state.links[link].own_size
        await node.stop()
    return {
        "benchmark": "link",
        "notices": asked.notices,
        "their_active_notices": asked.active,
        "notices_per_s": round(asked.notices / notice_s),
        "said": asked.said,
        "said_per_s": round(asked.said / said_s),
        "entries_in_feed": entries,
        "goal_per_s": 2_000,
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return uvloop.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, notices=15_000, active=2_000, said=18_000)
