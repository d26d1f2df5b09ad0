"""Voice to a telephone: who has keyed the code stays on the line, and is heard on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.channels.handset import HANG_UP_HZ
from tests.line.consoles import Line
from tests.line.station import until
from tests.voice.line_of_voice import (
    NORTH,
    ON_RECORD_S,
    SOUTH,
    flash,
    is_on_both_records,
    media,
    recording,
    recordings,
    until_no_talk,
    until_talk,
)
from tests.voice.sound import Browser, tones
from tests.voice.telephone import TELEPHONE, WHO, Telephone, telephone_of_north


@pytest.fixture
def telephone(line: Line) -> Iterator[Telephone]:
    with telephone_of_north(line) as made:
        yield made


def test_who_has_keyed_the_code_talks_by_the_same_telephone_and_both_nodes_record_it(
    line: Line, telephone: Telephone
):
    call = flash(line)

    async def go() -> None:
        async with Browser(line.south.address, SOUTH) as south:
            # It asks by itself, once the telephone is there; the other side joins by a press.
            asked = await until_talk(south, their_telephone=True, theirs=True)
            assert (asked["mine"], asked["console"]) == (False, "off"), asked
            await south.talk(call)
            await south.hears(TELEPHONE, ON_RECORD_S)
            await telephone.until_it(f"hears {SOUTH} Hz")
            async with Browser(line.north.address, NORTH) as north:
                await until_talk(north, telephones=[WHO], recorded=True)
                # An officer of the same side joins: all three hear the others.
                await north.talk(call)
                north.tone.on = False
                await north.hears_all(SOUTH, TELEPHONE)
                north.tone.on, south.tone.on = True, False
                await south.hears_all(NORTH, TELEPHONE)
                await telephone.until_it(f"hears {NORTH} Hz")
                await until_talk(south, their_telephone=True, theirs=True)
                await south.hang_up(call)
                await asyncio.gather(until_no_talk(south), until_no_talk(north))
                await telephone.until_it("over")

    asyncio.run(go())
    assert TELEPHONE in tones(recording(line.north))[0]
    assert tones(recording(line.north))[1] == {SOUTH}
    assert tones(recording(line.south))[0] == {SOUTH}
    assert TELEPHONE in tones(recording(line.south))[1]
    for side in (line.north, line.south):
        is_on_both_records(line, side, cut=False)
        (known,) = side.station.calls()
        assert known["acknowledged"].startswith("duty-desk ")


def talk(line: Line, telephone: Telephone, then: Callable[[str, Browser], Awaitable[None]]) -> None:
    """Have south's officer and north's telephone talk, and do something then."""
    call = flash(line)

    async def go() -> None:
        async with Browser(line.south.address, SOUTH) as south:
            await until_talk(south, their_telephone=True)
            await south.talk(call)
            await south.hears(TELEPHONE, ON_RECORD_S)
            await telephone.until_it(f"hears {SOUTH} Hz")
            await then(call, south)

    asyncio.run(go())


@pytest.mark.long
def test_when_the_telephone_is_hung_up_the_talk_is_over_and_the_call_goes_on(
    line: Line, telephone: Telephone
):
    async def then(call: str, south: Browser) -> None:
        south.tone.hertz = HANG_UP_HZ
        await until_no_talk(south)

    talk(line, telephone, then)
    assert TELEPHONE in tones(recording(line.south))[1]
    assert [each["state"] for each in line.south.station.calls()] == ["acknowledged"]


@pytest.mark.long
def test_when_the_call_is_closed_the_telephone_is_let_go(line: Line, telephone: Telephone):
    north, south = line.north.station, line.south.station

    async def then(call: str, browser: Browser) -> None:
        def close() -> None:
            north.run("dispose", call, "received")
            until(lambda: south.calls()[0]["dispositions"], "the disposition")
            south.run("close", call)
            north.run("close", call)

        await asyncio.to_thread(close)
        await asyncio.gather(until_no_talk(browser), telephone.until_it("over"))

    talk(line, telephone, then)
    assert [each["state"] for each in line.north.station.calls()] == ["closed"]


def test_when_the_media_process_dies_the_telephone_is_let_go_and_the_call_stays_acknowledged(
    line: Line, telephone: Telephone
):
    async def then(call: str, browser: Browser) -> None:
        await browser.hears(TELEPHONE, ON_RECORD_S)
        media(line.north).kill()
        await telephone.until_it("over")
        assert (await until_talk(browser, theirs=False))["ever"]

    talk(line, telephone, then)
    assert [each["state"] for each in line.north.station.calls()] == ["acknowledged"]
    (kept,) = until(lambda: recordings(line.north), "what was recorded to be found")
    assert TELEPHONE in tones(kept)[0]
