"""Re-check: minima are amended while notices stand, and a FLASH comes in the middle of comparing.

Two real nodes with so many notices on each side. Both agree to other minima, and each compares
all pairs again. `seconds` is from the amendment in force until both are done, with nothing else
under way. Then, as often as there are calls, other minima again, and a FLASH as soon as the
re-checking has begun, timed until the other side says that it rings. Before each, the incident
of the last call is over, in which re-checking crawls.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import msgspec
from msgspec.structs import replace

from bench import common
from bench.bulk import QUIET_S
from bench.flash import call
from clearline.basis.instants import dec_hook
from clearline.core.events import Agree, Propose
from clearline.core.terms import Terms
from clearline.transports.local import LocalClient

_WIDER = 1.5
"""Horizontal minima change by this factor, there and back."""


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    limits = {"active_notices": 1_000_000, "notices_per_hour": 100_000_000}
    async with (
        common.pair({"limits": limits}) as (north, south, link),
        north.client() as ours,
        south.client() as theirs,
    ):
        amid = asked.active // 50
        mostly = common.notices(link, asked.active - amid, side=1)
        for node, events in (
            (ours, common.notices(link, asked.active)),
            # One in fifty of theirs at our heights: there are conflicts to claim and take back.
            (theirs, mostly + common.notices(link, amid, seed=2)),
        ):
            await common.declare_all(node, events)
            await common.settled(node)
        before = (await ours.ask("status"))["conflicts"]
        began = await _amend(ours, theirs, link)
        await _compared(ours, theirs)
        seconds = time.perf_counter() - began
        after = (await ours.ask("status"))["conflicts"]
        rings: list[float] = []
        over_before = 0
        for _ in range(asked.calls):
            await asyncio.sleep(QUIET_S)
            await _amend(ours, theirs, link)
            over_before += await _percent(ours) is None
            rings.append(await call(ours, theirs, link))
            await _compared(ours, theirs)
    return {
        "benchmark": "recheck",
        "active_on_each_side": asked.active,
        "conflicts_before": before,
        "conflicts_after": after,
        "seconds": round(seconds, 2),
        "calls": asked.calls,
        "flash_ms": common.quantiles_ms(rings),
        "over_before_the_call": over_before,
    }


async def _amend(ours: LocalClient, theirs: LocalClient, link: str) -> float:
    """Have both agree to other minima; return when both have them, and have begun to compare."""
    found = (await ours.ask("terms", link=link))["document"]
    terms = msgspec.convert(found, Terms, dec_hook=dec_hook)
    wide = terms.version % 2 == 1
    across = terms.minima.horizontal_cm * _WIDER if wide else terms.minima.horizontal_cm / _WIDER
    minima = replace(terms.minima, horizontal_cm=round(across))
    terms = replace(terms, version=terms.version + 1, minima=minima)
    await ours.do(Propose(by="bench", terms=terms))
    while not (await theirs.ask("status"))["links"][0]["waiting"]:
        await asyncio.sleep(0.002)
    (waiting,) = (await theirs.ask("status"))["links"][0]["waiting"]
    await theirs.do(Agree(by="bench", link=link, hash=waiting))
    while (await ours.ask("status"))["links"][0]["terms_version"] != terms.version:
        await asyncio.sleep(0.002)
    return time.perf_counter()


async def _percent(node: LocalClient) -> int | None:
    return (await node.ask("status"))["links"][0]["rechecked"]


async def _compared(*nodes: LocalClient) -> None:
    for node in nodes:
        while await _percent(node) is not None:
            await asyncio.sleep(0.02)
        await common.settled(node)


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, active=20_000, calls=8)
