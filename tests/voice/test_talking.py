"""Voice in a call, through two real nodes: who hears whom, who may, and what is on record."""

from __future__ import annotations

import asyncio

from clearline.core.events import OpenCall
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from clearline.space import Position
from tests.line.consoles import Line
from tests.line.station import until
from tests.voice.line_of_voice import (
    NORTH,
    ON_RECORD_S,
    SOUTH,
    flash,
    is_on_both_records,
    recording,
    recordings,
    talking,
    until_no_talk,
    until_talk,
)
from tests.voice.sound import Browser, tones


def test_two_officers_hear_each_other_and_both_nodes_have_both_on_record(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        for browser in (south, north):
            talk = await until_talk(browser, theirs=True, console="on")
            assert talk["recorded"], talk
        await south.hang_up(call)
        await until_no_talk(north)

    talking(line, then)
    for side, own, other in ((line.north, NORTH, SOUTH), (line.south, SOUTH, NORTH)):
        assert tones(recording(side)) == ({own}, {other}), side.station.name
        assert recording(side).stat().st_mode & 0o777 == 0o600
        is_on_both_records(line, side, cut=False)
    assert {each["state"] for each in line.north.station.calls()} == {"ringing"}


def test_no_voice_comes_before_the_text_and_none_after_the_call(line: Line):
    line.north.station.stop()
    station = line.south.station
    stop = Stop(place=Position(lat_e7=352_560_000, lon_e7=401_500_000), radius_cm=50_000)
    (done,) = station.do(
        OpenCall(by="x", link=station.link["id"], precedence=Precedence.FLASH, phrases=(stop,))
    )
    call = done["entries"][0]["id"]

    async def refused(code: str) -> None:
        async with Browser(line.south.address, SOUTH) as south:
            assert (await south.talk(call))["code"] == code
            assert await south.talks() == []

    asyncio.run(refused("text_first"))
    line.north.station.serve()
    until(line.north.station.calls, "the call to arrive")
    line.north.station.run("ack", call)
    line.north.station.run("dispose", call, "received")
    until(lambda: station.calls()[0]["dispositions"], "the disposition")
    station.run("close", call)
    line.north.station.run("close", call)
    until(lambda: station.calls()[0]["state"] == "closed", "both to have closed it")
    asyncio.run(refused("out_of_order"))
    assert recordings(line.south, ".*") == []


def test_a_call_that_is_closed_ends_its_voice_on_both_sides(line: Line):
    north, south = line.north.station, line.south.station

    async def then(call: str, caller: Browser, called: Browser) -> None:
        def close() -> None:
            north.run("ack", call)
            north.run("dispose", call, "received")
            until(lambda: south.calls()[0]["dispositions"], "the disposition")
            south.run("close", call)
            north.run("close", call)

        await asyncio.to_thread(close)
        await asyncio.gather(until_no_talk(caller), until_no_talk(called))

    talking(line, then)
    assert recording(line.north)
    assert recording(line.south)


def test_both_sides_may_press_at_once_and_talk_once(line: Line):
    call = flash(line)

    async def talk() -> None:
        async with (
            Browser(line.south.address, SOUTH) as south,
            Browser(line.north.address, NORTH) as north,
        ):
            await asyncio.gather(south.talk(call), north.talk(call))
            await asyncio.gather(south.hears(NORTH), north.hears(SOUTH))
            for browser in (south, north):
                (only,) = await browser.talks()
                assert only["peer"] == "on"
                assert only["why"] == ""

    asyncio.run(talk())


def test_a_browser_that_comes_back_goes_on_in_the_same_talk(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        async with Browser(line.south.address, 2_000) as again:
            await again.talk(call)
            await asyncio.gather(again.hears(NORTH), north.hears(2_000, ON_RECORD_S))
            await again.hang_up(call)
            await until_no_talk(north)

    talking(line, then)
    assert tones(recording(line.north)) == ({NORTH}, {SOUTH, 2_000})


def test_the_text_goes_on_when_their_node_is_gone_and_the_officer_is_told(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        await asyncio.to_thread(line.north.station.kill)
        talk = await until_talk(south, theirs=False)
        assert talk["ever"]
        words = ("say", call, "STANDBY", "wait=5min", f"reference={call}")
        said = await asyncio.to_thread(line.south.station.json, *words)
        assert said["entries"]

    talking(line, then)
