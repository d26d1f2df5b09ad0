"""Ladder: from a rung's deadline to the first ring on every channel of the next rung.

Two nodes in processes of their own, TLS everywhere, every commit durable. North opens all
the calls at once; nobody answers, and they climb together, rung by rung, on rungs of a
second. At each rung an officer has a mailbox and a device, and there is the desk. What is
timed is when the ring is heard at the desk (the node's own socket), when the device has its
page through a real mosquitto, and when a real mail server has the whole message in hand;
each against the deadline of the rung before, as the node itself gave it.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench import common
from bench.flash import STOP
from clearline.basis.instants import DAY_MS, HOUR_MS, SECOND_MS, Instant
from clearline.core.events import OpenCall, PlanDesk, PlanOfficers
from clearline.core.terms import Precedence
from clearline.core.watchbill import Method, Officer, Shift
from clearline.transports.local import LocalClient
from tests.channels.ends import PASSWORD, USER, Broker, Device, MailServer, certificate, secret

DESKS = ("duty-desk", "deputy", "flag-officer")
MAILBOX, DEVICE = "officer@south.example", "belt-1"
PATIENCE_S = 120.0


def _ladder(rung_ms: int) -> dict[str, Any]:
    """Return rungs of `rung_ms`; the last one long, so that it does not come round again."""
    patience = (rung_ms, rung_ms, HOUR_MS)
    rungs = [{"echelon": desk, "patience_ms": ms} for desk, ms in zip(DESKS, patience, strict=True)]
    return {key: {"rungs": rungs} for key in ("flash", "immediate", "priority", "routine")}


def _settings(home: Path, files: tuple[Path, Path], mail: int, broker: int) -> None:
    secret(home / "password", PASSWORD)
    signed = f'user = "{USER}"\npassword_file = "password"\nauthority_file = "{files[0]}"\n'
    path = home / "clearline.toml"
    kept = path.read_text().partition("[paging]")[0]
    path.write_text(
        f'{kept}\n[mail]\nhost = "127.0.0.1"\nport = {mail}\nsender = "line@south.example"\n'
        f'{signed}\n[mqtt]\nhost = "localhost"\nport = {broker}\n{signed}'
    )


async def _plan(node: LocalClient) -> None:
    """Plan one officer at each rung above the first, with a mailbox and a device."""
    now = common.now()
    start, end = now.after(-HOUR_MS), now.after(DAY_MS)
    methods = (Method(channel="mail", address=MAILBOX), Method(channel="mqtt", address=DEVICE))
    officers = [
        Officer(name=f"officer of {desk}", languages=("en",), methods=methods) for desk in DESKS[1:]
    ]
    await node.do(PlanOfficers(by="bench", officers=tuple(officers)))
    for desk, officer in zip(DESKS[1:], officers, strict=True):
        shift = Shift(start=start, end=end, officer=officer.name)
        event = PlanDesk(by="bench", echelon=desk, start=start, end=end, shifts=(shift,))
        await node.do(event)


class Rings:
    """What the desk has heard: each ring's deadline, and when it came."""

    def __init__(self, calls: int) -> None:
        self.until: dict[tuple[str, int], Instant] = {}
        self.came: dict[tuple[str, int], float] = {}
        self.ids: dict[tuple[str, int], tuple[str, str]] = {}
        self.all = asyncio.Event()
        self._wanted = calls * len(DESKS)

    async def follow(self, node: LocalClient) -> None:
        """Keep each ring that the node's desk is told of, as it comes."""
        async for effect in node.follow():
            if effect["type"] != "Ring":
                continue
            key = (effect["what"], effect["rung"])
            self.came[key] = time.time()
            self.until[key] = Instant.parse(effect["until"])
            self.ids[key] = (effect["id"], effect["echelon"])
            if len(self.came) == self._wanted:
                self.all.set()


def _page_id(ring: str, who: str, channel: str, address: str) -> str:
    named = "\n".join((ring, who, channel, address))
    return sha256(named.encode()).digest()[:16].hex()


def _late(
    rings: Rings, mailed: dict[str, float], paged: dict[str, float]
) -> dict[str, list[float]]:
    """Return how many seconds after its deadline each rung rang, for each channel."""
    late: dict[str, list[float]] = {"desk": [], "mail": [], "mqtt": []}
    for (call, rung), (ring, echelon) in rings.ids.items():
        if rung == 1:
            continue
        due = int(rings.until[call, rung - 1]) / SECOND_MS
        who = f"officer of {echelon}"
        late["desk"].append(rings.came[call, rung] - due)
        late["mail"].append(mailed[_page_id(ring, who, "mail", MAILBOX)] - due)
        late["mqtt"].append(paged[_page_id(ring, who, "mqtt", DEVICE)] - due)
    return late


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    changes = {"ladders": _ladder(asked.rung_ms)}
    async with common.pair(changes) as (north, south, link):
        folder = south.home
        files = certificate(folder, "localhost", "127.0.0.1")
        server, broker = MailServer(files).start(), Broker(folder, files).start()
        device = Device(broker, DEVICE, b"")
        try:
            south.stop()
            _settings(south.home, files, server.port, broker.port)
            await south.start()
            return await _climb(asked, north, south, link, server, device)
        finally:
            device.end()
            broker.kill()
            server.end()


async def _climb(
    asked: argparse.Namespace,
    north: common.Party,
    south: common.Party,
    link: str,
    server: MailServer,
    device: Device,
) -> dict[str, Any]:
    rings = Rings(asked.calls)
    async with north.client() as ours, south.client() as theirs, south.client() as ears:
        await _plan(theirs)
        await theirs.ask("check_channels")
        following = asyncio.create_task(rings.follow(ears))
        event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
        await asyncio.gather(*(ours.do(event) for _ in range(asked.calls)))
        async with asyncio.timeout(PATIENCE_S):
            await rings.all.wait()
            wanted = asked.calls * (len(DESKS) - 1)
            while len(server.arrivals) < wanted or len(device.arrivals) < wanted:
                await asyncio.sleep(0.05)
        following.cancel()
    firsts = [dict(reversed([(p, at) for at, p in each.arrivals])) for each in (server, device)]
    late = _late(rings, *firsts)
    together = common.quantiles_ms([each for found in late.values() for each in found])
    first = sorted(int(rings.until[key]) for key in rings.until if key[1] == 1)
    return {
        "benchmark": "ladder",
        "calls": asked.calls,
        "rungs_climbed": len(DESKS) - 1,
        "rings": sum(len(found) for found in late.values()),
        "deadlines_spread_ms": first[-1] - first[0],
        "p50_ms": together["p50"],
        "p99_ms": together["p99"],
        "max_ms": together["max"],
        "channels_ms": {name: common.quantiles_ms(found) for name, found in late.items()},
        "goal_p99_ms": 250,
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=200, rung_ms=1_000)
