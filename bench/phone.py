"""Telephone: from a page of a FLASH to its SIP INVITE at the exchange's socket.

For each driver: the channel's `page` is called, and a UDP socket in this process, which plays the
exchange, notes when the INVITE of that page is there; it answers 486. What a page says is
spoken meanwhile, as it is in earnest. Every FLASH has a text of its own, so that nothing is
spoken from memory.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from bench import common
from clearline.channels.phone.channel import Phone
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import Page, PageCause, PageResult
from clearline.node.ways import Phone as Settings

DRIVERS = ("baresip-python", "baresip")
GOAL_MS = 200
_KEPT = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq):[^\r\n]*", re.MULTILINE)
_USER = re.compile(rb"INVITE sip:flash-([0-9]+)@")


class Exchange:
    """A socket that notes when each INVITE came, and answers that the telephone is busy."""

    def __init__(self) -> None:
        self.came: dict[int, float] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, caller = self._socket.recvfrom(65_535)
            except OSError:
                return
            now = time.perf_counter()
            if found := _USER.match(raw):
                self.came.setdefault(int(found[1]), now)
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
            began = time.perf_counter()
            await phone.page(
                _page(number), lambda result, cause, _, to=heard: to.append((result, cause))
            )
            assert heard == [(PageResult.FAILED, PageCause.BUSY)], heard
            if number:
                took.append(exchange.came[number] - began)
    finally:
        await phone.stop()
        exchange.close()
    return took


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    took = {driver: await _measure_driver(driver, asked.calls) for driver in DRIVERS}
    every = common.quantiles_ms([each for some in took.values() for each in some])
    return {
        "benchmark": "phone",
        "n": asked.calls * len(DRIVERS),
        "p50_ms": every["p50"],
        "p99_ms": every["p99"],
        "drivers": {driver: common.quantiles_ms(some) for driver, some in took.items()},
        "goal_ms": {"p99": GOAL_MS},
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=200)
