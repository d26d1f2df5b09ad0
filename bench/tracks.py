"""Tracks: 2,000 a second by Beast against 10,000 notices: what it takes, and how soon it tells.

A real node with a link, on which the counterpart has declared every notice, and a real receiver: a
process of its own that plays Mode S frames over TCP. An alert is timed from when the frame that
raised it was written by the receiver to when the node has the alarm for its screens.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import multiprocessing
import os
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import uvloop

from bench import common
from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.cli.serving import set_up_log
from clearline.core.events import Declare
from clearline.node.settings import Log
from clearline.space import Altitude, Band, Circle, Datum, Position, Volume, Window
from clearline.space.plane import geodesic_fwd
from clearline.wiring import Home, RunningNode
from tests.gateways.tracks import air

SLOTS = 20
"""A second is played in so many pieces."""
WARM_S = 12
"""So long a position has to be believed, and every cell to have been looked at once."""


def _notices(link: str, count: int, open_percent: int) -> list[Declare]:
    """Return declarations over ten degrees; of these so many per cent are open now, or soon."""
    now = common.now()
    made: list[Declare] = []
    for number in range(count):
        key = (number * 2_654_435_761 + 40_503) % 2**32
        centre = Position(
            lat_e7=30_2000000 + key % 96_000 * 1_000,
            lon_e7=35_2000000 + key // 96_000 % 96_000 * 1_000,
        )
        opens = now.after(-MINUTE_MS)
        if number % 100 >= open_percent:
            opens = now.after(HOUR_MS + (key >> 8) % (19 * HOUR_MS))
        level = 60 + 20 * (key % 16)
        made.append(
            Declare(
                by="bench", links=(link,), activity="flight",
                volumes=(
                    Volume(
                        outline=Circle(centre=centre, radius_cm=300_000 + key % 900_000),
                        band=Band(lower=_level(level), upper=_level(level + 15)),
                        window=Window(start=opens, end=opens.after(HOUR_MS)),
                    ),
                ),
            )
        )  # fmt: skip
    return made


def _level(level: int) -> Altitude:
    return Altitude(datum=Datum.FL, value_cm=level * 3_048)


def _frames(aircraft: int, seconds: int) -> list[bytes]:
    """Return what a receiver says in each slot: one position a second of each aircraft."""
    slots: list[list[bytes]] = [[] for _ in range(seconds * SLOTS)]
    for n in range(aircraft):
        key = (n * 2_654_435_761 + 7) % 2**32
        lat, lon = 30.5 + key % 9_000 / 1_000, 35.5 + key // 9_000 % 9_000 / 1_000
        course, knots = key % 360, 350 + key % 150
        feet, icao = 6_000 + 25 * (key % 1_300), f"{0x400000 + n:06X}"
        for second in range(seconds):
            slot = slots[second * SLOTS + n % SLOTS]
            on = geodesic_fwd(lat, lon, course, knots * 0.514444 * second)
            slot.append(air.beast(air.position(icao, *on, feet, odd=second % 2 == 1)))
            if second % 5 == 0:
                slot.append(air.beast(air.velocity(icao, course, knots)))
    return [b"".join(slot) for slot in slots]


def _receiver(slots: list[bytes], to: Connection) -> None:
    """Be a receiver: play every slot in its time; tell when each was written."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        to.send(listener.getsockname()[1])
        end, _ = listener.accept()
        assert to.recv() == "play"
        began, written = time.time(), list[float]()
        for number, raw in enumerate(slots):
            time.sleep(max(0.0, began + number / SLOTS - time.time()))
            written.append(time.time())
            end.sendall(raw)
        to.send(written)
        to.recv()


def _set_up(home: Path, port: int) -> None:
    path = home / "clearline.toml"
    text = path.read_text().partition("[tracks]")[0]
    path.write_text(f'{text}[tracks]\nreceivers = ["roof=beast://127.0.0.1:{port}"]\n')


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    slots = _frames(asked.tracks, WARM_S + asked.seconds)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    playing = multiprocessing.get_context("spawn").Process(
        target=_receiver, args=(slots, theirs), daemon=True
    )
    playing.start()
    port = ours.recv()
    async with common.pair() as (north, south, link):
        async with south.client() as node:
            await common.declare_all(node, _notices(link, asked.notices, asked.open))
            await common.settled(node)
        north.stop()
        set_up_log(Log(level="error"))
        _set_up(north.home, port)
        node = RunningNode(Home(north.home))
        came: dict[str, tuple[float, str]] = {}
        graver: dict[str, tuple[float, str]] = {}

        def alarmed() -> None:
            at = time.time()
            for alarm in node.tracks.alarms.values():
                came.setdefault(alarm.id, (at, alarm.track))
                graver.setdefault(f"{alarm.id}:{alarm.what}", (at, alarm.track))

        node.tracks.on_change(alarmed)
        await node.start()
        while node.tracks.receivers["roof"].state != "up":
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)  # Until the process has been told of every notice.
        process, own = psutil.Process(node.tracks.pid), psutil.Process(os.getpid())
        ours.send("play")
        await asyncio.sleep(WARM_S)
        began, before, own_before = time.time(), process.cpu_times(), own.cpu_times()
        await asyncio.sleep(asked.seconds - 0.5)
        wall = time.time() - began
        after, own_after = process.cpu_times(), own.cpu_times()
        written: list[float] = ours.recv()
        fresh = sum(
            common.now().since(track.reported_at) < 3_000
            for track in node.tracks.view(10_000).tracks
        )
        view = node.tracks.view(0)
        await node.stop()
    ours.send("end")
    late = sorted(at - _written(written, track, at) for at, track in graver.values() if at > began)
    assert late, f"nothing was alarmed of late: {len(graver)} before, {view.count} tracks"
    spent = sum(after[:2]) - sum(before[:2])
    own_spent = sum(own_after[:2]) - sum(own_before[:2])
    sent = sum(len(slot) for slot in slots)
    rank = lambda q: round(late[min(len(late) - 1, int(q * len(late)))] * 1_000, 1)  # noqa: E731
    return {
        "benchmark": "tracks",
        "tracks_per_s": round(asked.tracks * fresh / max(view.count, 1)),
        "tracks": view.count,
        "fresh": fresh,
        "notices": asked.notices,
        "open_percent": asked.open,
        "bytes": sent,
        "cpu_percent": round(100 * spent / wall, 1),
        "node_cpu_percent": round(100 * own_spent / wall, 1),
        "alerts": len(late),
        "alarms_standing": len(view.alarms),
        "alarms_left_out": view.alarms_left_out,
        "alert_p50_ms": rank(0.50),
        "alert_p99_ms": rank(0.99),
        "alert_max_ms": rank(1.0),
        "flooded": view.receivers[0].flooded,
        "goal": {"tracks_per_s": 2_000, "cpu_percent": 50, "alert_ms": 200},
    }


def _written(written: list[float], track: str, before: float) -> float:
    """Return when the newest frame of a track that can have raised an alarm was written."""
    slot = (int(track.rpartition("/")[2], 16) - 0x400000) % SLOTS
    found = [at for at in written[slot::SLOTS] if at <= before]
    return found[-1] if found else math.inf


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    return uvloop.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, tracks=2_000, notices=10_000, open=10, seconds=30)
