"""Telephone: from a FLASH that is received to its SIP INVITE at the exchange's socket.

For each driver, twice. Through two whole nodes: from the first bytes of the counterpart's push
that reach the node, by a relay between the two, to the INVITE. And through the channel
alone: from its `page`. A UDP socket in this process plays the exchange, notes when an INVITE
is there, and answers 486. What a page says is spoken meanwhile, as it is in earnest; on the
channel every FLASH has a text of its own, so that nothing is spoken from memory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench import common
from bench.flash import STOP
from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.channels.phone.channel import Phone
from clearline.core.effects import Demand
from clearline.core.events import (
    Acknowledge,
    OpenCall,
    PlanDesk,
    PlanOfficers,
)
from clearline.core.terms import Precedence
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node.ports import Page, PageCause, PageResult
from clearline.node.ways import Phone as Settings
from clearline.transports.local import LocalClient

DRIVERS = ("baresip-python", "baresip")
GOAL_MS = 200
_KEPT = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq):[^\r\n]*", re.MULTILINE)
_CALL_ID = re.compile(rb"^Call-ID: *([^\r\n]+)", re.MULTILINE)


class Exchange:
    """A socket that notes when each INVITE came, and answers that the telephone is busy."""

    def __init__(self) -> None:
        self.came: dict[bytes, float] = {}
        """When each INVITE came, by its Call-ID, in ms of the epoch."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def last_ms(self) -> float:
        """Return when the last INVITE came."""
        return list(self.came.values())[-1]

    def close(self) -> None:
        """Stop answering."""
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, caller = self._socket.recvfrom(65_535)
            except OSError:
                return
            now_ms = time.time() * 1_000
            if raw.startswith(b"INVITE ") and (found := _CALL_ID.search(raw)):
                self.came.setdefault(found[1], now_ms)
                lines = [b"SIP/2.0 486 Busy Here", *_KEPT.findall(raw), b"Content-Length: 0"]
                head = b"\r\n".join(
                    line + b";tag=bench" if line.startswith(b"To:") else line for line in lines
                )
                self._socket.sendto(head + b"\r\n\r\n", caller)


def _page(number: int) -> Page:
    return Page(
        id=f"bench-{number}",
        what="call",
        who="",
        address=f"sip:flash-{number}@127.0.0.1",
        echelon="duty-desk",
        rung=1,
        demand=Demand.CALL,
        precedence=Precedence.FLASH,
        drill=False,
        language="en",
        text=(f"Stop. Number {number}.",),
        code=f"{number % 100:02}",
    )


async def _measure_driver(driver: str, calls: int) -> list[float]:
    exchange = Exchange()
    settings = msgspec.convert(
        {
            "driver": driver, "host": "127.0.0.1", "port": exchange.port,
            "security": "none", "account": "bench@127.0.0.1", "lines": 1, "redials": 0,
        },
        Settings,
    )  # fmt: skip
    phone = Phone(settings, Path("/"))
    await phone.start()
    took: list[float] = []
    try:
        # The first waits for the driver to be up, as no FLASH of a running node does.
        for number in range(calls + 1):
            heard: list[tuple[PageResult, PageCause]] = []
            began_ms = time.time() * 1_000
            await phone.page(
                _page(number), lambda result, cause, _, to=heard: to.append((result, cause))
            )
            assert heard == [(PageResult.FAILED, PageCause.BUSY)], heard
            if number:
                took.append((exchange.last_ms() - began_ms) / 1_000)
    finally:
        await phone.stop()
        exchange.close()
    return took


async def _whole(driver: str, calls: int) -> list[float]:
    """Return the seconds from the first bytes of a push to the INVITE, through two nodes."""
    exchange, tap = Exchange(), common.Tap()
    table = {
        "DRIVER": driver, "HOST": "127.0.0.1", "PORT": str(exchange.port), "SECURITY": "none",
        "ACCOUNT": "bench@127.0.0.1", "LINES": "8", "REDIALS": "0",
    }  # fmt: skip
    os.environ.update({f"CLEARLINE_PHONE_{name}": value for name, value in table.items()})
    took: list[float] = []
    try:
        async with (
            common.pair(via=tap.to) as (north, south, link),
            north.client() as rung,
            south.client() as caller,
        ):
            await _plan(rung)
            for number in range(calls + 1):
                there = len(exchange.came)
                began_ms = time.time() * 1_000
                await _flash(rung, caller, link, lambda there=there: len(exchange.came) > there)
                if number:
                    came_ms = tap.first_after(began_ms)
                    took.append((exchange.last_ms() - came_ms) / 1_000)
    finally:
        for name in table:
            del os.environ[f"CLEARLINE_PHONE_{name}"]
        exchange.close()
    return took


async def _plan(node: LocalClient) -> None:
    """Plan one officer with a telephone at the duty desk for a day."""
    now = common.now()
    start, end = now.after(-HOUR_MS), now.after(DAY_MS)
    phone = Method(channel="phone", address="sip:officer@127.0.0.1")
    officer = Officer(name="Capt. B", languages=("en",), methods=(phone,))
    await node.do(PlanOfficers(by="bench", officers=(officer,)))
    shift = Shift(start=start, end=end, officer=officer.name)
    await node.do(PlanDesk(by="bench", echelon="duty-desk", start=start, end=end, shifts=(shift,)))


async def _flash(
    rung: LocalClient, caller: LocalClient, link: str, is_there: Callable[[], bool]
) -> None:
    """Open a FLASH, wait until its INVITE is there, and end it, unmeasured."""
    event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
    done = await caller.do(event, until="call_ringing", wait_ms=20_000)
    while not is_there():
        await asyncio.sleep(0.002)
    call = done["entries"][0]["id"]
    await rung.do(Acknowledge(by="bench", call=call, echelon="duty-desk"))
    await common.end_call(caller, rung, call)


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    whole = {driver: await _whole(driver, asked.calls) for driver in DRIVERS}
    channel = {driver: await _measure_driver(driver, asked.calls) for driver in DRIVERS}
    every = common.quantiles_ms([each for some in whole.values() for each in some])
    return {
        "benchmark": "phone",
        "n": asked.calls * len(DRIVERS),
        "p50_ms": every["p50"],
        "p99_ms": every["p99"],
        "drivers": {driver: common.quantiles_ms(some) for driver, some in whole.items()},
        "channel_alone": {driver: common.quantiles_ms(some) for driver, some in channel.items()},
        "goal_ms": {"p99": GOAL_MS},
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=100)
