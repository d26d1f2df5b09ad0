"""What tests of voice do on a line: open a call, wait for a talk, find what was recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from tests.line.consoles import Line, Side
from tests.line.station import until
from tests.voice.sound import Browser

STOP = ("STOP", "place=35.2560N 040.1500E", "radius=500m")
NORTH, SOUTH = 1_000, 1_500
WAIT_S = 20.0
ON_RECORD_S = 2.0
"""How long a tone is heard, at the least, before a test asks whether it is on record: a recording
ends behind the talk, and `tones` passes over what it has for less than a second."""


def flash(line: Line) -> str:
    """Open a FLASH from south to north; return its id once both sides have it."""
    opened = line.south.station.json("call", "flash", *STOP)["entries"][0]["id"]
    until(
        lambda: any(each["id"] == opened for each in line.north.station.calls()),
        "the call to arrive",
    )
    return opened


def recordings(side: Side, ending: str = ".opus") -> list[Path]:
    return sorted((side.station.home / "recordings").glob(f"*{ending}"))


def recording(side: Side) -> Path:
    """Return the only whole recording of a side, once it is whole."""
    (found,) = until(lambda: recordings(side), "a recording to be whole")
    return found


def on_record(side: Side, of: Side) -> list[dict[str, Any]]:
    """Return what one side's record has of the recordings that a party says it has."""
    station = side.station
    shown = station.ask("log", link=station.link["id"], last=1_000)
    return [
        each["body"]
        for each in shown
        if each["kind"] == "call.recorded" and each["party"] == of.station.name
    ]


def is_on_both_records(line: Line, whose: Side, *, cut: bool) -> None:
    """Hold that both records have one recording of a side, and that its file is the one."""
    raw = recording(whose).read_bytes()
    for side in (line.north, line.south):
        (said,) = until(lambda side=side: on_record(side, whose), "the hash to be on record")
        assert said["sha256"] == sha256(raw).hexdigest(), said
        assert (said["bytes"], said["cut"]) == (len(raw), cut), said
        assert said["duration_ms"] > 500, said


def media(side: Side) -> psutil.Process:
    """Return the process that a node has its media in."""
    (found,) = medias(side)
    return found


def medias(side: Side) -> list[psutil.Process]:
    """Return the processes that a node has for its media: none, for a moment, after one died."""
    assert side.station.process is not None
    found: list[psutil.Process] = []
    for each in psutil.Process(side.station.process.pid).children():
        with contextlib.suppress(psutil.Error):
            if "clearline.voice" in each.cmdline():
                found.append(each)
    return found


async def both_talk(call: str, south: Browser, north: Browser) -> None:
    """South begins, north joins; return once each has heard the other for long enough."""
    await south.talk(call)
    await until_talk(north, peer="on")
    await north.talk(call)
    await asyncio.gather(south.hears(NORTH, ON_RECORD_S), north.hears(SOUTH, ON_RECORD_S))


async def until_talk(browser: Browser, **wanted: object) -> dict[str, Any]:
    """Return the only talk that a console shows, once it is so."""

    async def shown() -> dict[str, Any] | None:
        for talk in await browser.talks():
            if all(talk[name] == value for name, value in wanted.items()):
                return talk
        return None

    return await _until(shown)


async def until_no_talk(browser: Browser) -> None:
    async def none() -> bool:
        return not await browser.talks()

    await _until(none)


async def _until(holds: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await holds()
            if found:
                return found
            await asyncio.sleep(0.02)


def talking(
    line: Line, then: Callable[[str, Browser, Browser], Awaitable[None]], call: str = ""
) -> str:
    """Have both officers talk in a call, and do something then; return the call."""
    made = call or flash(line)

    async def go() -> None:
        async with (
            Browser(line.south.address, SOUTH) as south,
            Browser(line.north.address, NORTH) as north,
        ):
            await both_talk(made, south, north)
            await then(made, south, north)

    asyncio.run(go())
    return made
