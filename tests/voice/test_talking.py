"""Voice in a call, through two real nodes: who hears whom, and what both have on record."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.line.consoles import Line, Side
from tests.line.station import until
from tests.voice.sound import Browser, tones

STOP = ("STOP", "place=35.2560N 040.1500E", "radius=500m")
NORTH, SOUTH = 1_000, 1_500


def flash(line: Line) -> str:
    """Open a FLASH from south to north; return its id once both sides have it."""
    line.south.station.json("call", "flash", *STOP)
    (call,) = until(line.north.station.calls, "the call to arrive")
    return call["id"]


def recording(side: Side) -> Path:
    """Return the only whole recording of a side, once it is whole."""
    folder = side.station.home / "recordings"
    (found,) = until(lambda: list(folder.glob("*.opus")), "a recording to be whole")
    return found


def test_two_officers_hear_each_other_and_both_nodes_have_both_on_record(line: Line):
    call = flash(line)

    async def talk() -> None:
        async with (
            Browser(line.south.address, SOUTH) as south,
            Browser(line.north.address, NORTH) as north,
        ):
            await south.talk(call)
            await until_talk(north, peer="on")
            await north.talk(call)
            await asyncio.gather(south.hears(NORTH), north.hears(SOUTH))
            for browser in (south, north):
                talk = await until_talk(browser, theirs=True, console="on")
                assert talk["recorded"], talk
            await south.hang_up(call)
            await until_no_talk(north)

    asyncio.run(talk())
    for side, own, other in ((line.north, NORTH, SOUTH), (line.south, SOUTH, NORTH)):
        assert tones(recording(side)) == ({own}, {other}), side.station.name
        assert recording(side).stat().st_mode & 0o777 == 0o600
    assert {each["state"] for each in line.north.station.calls()} == {"ringing"}


async def until_talk(browser: Browser, **wanted: object) -> dict[str, object]:
    """Return the only talk that a console shows, once it is so."""
    async with asyncio.timeout(20):
        while True:
            for talk in await browser.talks():
                if all(talk[name] == value for name, value in wanted.items()):
                    return talk
            await asyncio.sleep(0.02)


async def until_no_talk(browser: Browser) -> None:
    async with asyncio.timeout(20):
        while True:
            if not await browser.talks():
                return
            await asyncio.sleep(0.02)
