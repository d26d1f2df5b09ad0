"""What goes wrong around voice: what is lost then, what is not, and what is said."""

from __future__ import annotations

import asyncio
import json
import resource

import pytest

from clearline.basis.faults import Mistake
from clearline.transports.certificate import der_of
from clearline.transports.client import Client
from clearline.voice.child import Child
from clearline.voice.voice import answer_of
from clearline.wiring import Home
from tests.line.consoles import Line
from tests.line.station import until
from tests.voice.line_of_voice import (
    NORTH,
    SOUTH,
    flash,
    is_on_both_records,
    media,
    medias,
    on_record,
    recording,
    recordings,
    talking,
    until_no_talk,
    until_talk,
)
from tests.voice.sound import Browser, tones

GIBBERISH = "\r\n".join(
    (
        "v=0",
        "m=audio zero UDP/TLS/RTP/SAVPF 96",
        "a=rtpmap:96 opus/48000/2",
        "a=fingerprint:sha-256 " + ":".join(["00"] * 32),
        "a=setup:sideways",
    )
)
"""It has all that is looked for, and is no SDP."""
SMALL_BYTES = 30_000
"""What a file of the media process may have, in place of a disk that is full."""


def test_a_media_process_whose_word_has_no_end_counts_as_gone():
    died = list[bool]()

    async def run() -> None:
        child = Child((), "", lambda _: None, lambda: died.append(True))
        reader = asyncio.StreamReader(limit=100)
        reader.feed_data(b"x" * 1_000)
        await child._listen(reader)
        assert not child.up

    asyncio.run(run())
    assert died == [True]


def test_a_kill_in_mid_call_leaves_a_recording_that_plays_and_is_whole_after_the_start(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        await asyncio.to_thread(line.north.station.kill)

    talking(line, then)
    (left,) = recordings(line.north, ".part")
    assert tones(left) == ({NORTH}, {SOUTH})
    line.north.station.serve()
    whole = recording(line.north)
    assert whole.name == left.name.removesuffix(".part")
    assert tones(whole) == ({NORTH}, {SOUTH})
    assert not recordings(line.north, ".part")
    is_on_both_records(line, line.north, cut=True)


def test_a_media_process_that_dies_takes_the_talk_alone_and_another_can_begin(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        media(line.north).kill()
        lost = await until_talk(north, peer="lost", console="lost")
        assert lost["why"], lost
        assert (await until_talk(south, theirs=False))["ever"]
        assert await asyncio.to_thread(line.north.station.run, "ack", call)
        async with (
            Browser(line.south.address, SOUTH) as south_again,
            Browser(line.north.address, NORTH) as north_again,
        ):
            await south_again.talk(call)
            await north_again.talk(call)
            await asyncio.gather(south_again.hears(NORTH), north_again.hears(SOUTH))
            await south_again.hang_up(call)
            await until_no_talk(north_again)

    talking(line, then)
    until(lambda: len(recordings(line.north)) == 2, "both recordings of north's to be whole")
    assert ({NORTH}, {SOUTH}) in [tones(each) for each in recordings(line.north)]
    assert [each["cut"] for each in on_record(line.south, line.north)] == [True, False]


def test_what_was_lost_stays_shown_while_no_other_talk_can_begin(line: Line):
    async def then(call: str, south: Browser, north: Browser) -> None:
        gone = media(line.north)
        gone.kill()
        await until_talk(north, peer="lost", console="lost")
        again = await asyncio.to_thread(
            until, lambda: [each for each in medias(line.north) if each.pid != gone.pid], "another"
        )
        again[0].suspend()
        try:
            async with Browser(line.north.address, NORTH) as other:
                assert (await other.talk(call))["code"] == "no_voice"
                lost = await until_talk(other, peer="lost", console="lost")
                assert lost["why"], lost
        finally:
            again[0].resume()

    talking(line, then)


def test_on_a_full_disk_people_go_on_talking_and_are_told_that_nothing_is_recorded(line: Line):
    call = flash(line)
    until(lambda: media(line.north), "the media process")
    limit = (SMALL_BYTES, SMALL_BYTES)
    resource.prlimit(media(line.north).pid, resource.RLIMIT_FSIZE, limit)

    async def then(call: str, south: Browser, north: Browser) -> None:
        talk = await until_talk(north, recorded=False)
        assert "large" in talk["why"], talk
        assert (await until_talk(south))["recorded"]
        south.heard.clear()
        north.heard.clear()
        await asyncio.gather(south.hears(NORTH, 1), north.hears(SOUTH, 1))
        await south.hang_up(call)
        await until_no_talk(north)

    talking(line, then, call)
    cut = recording(line.north)
    assert 0 < cut.stat().st_size <= SMALL_BYTES
    assert tones(cut) == ({NORTH}, {SOUTH})
    is_on_both_records(line, line.north, cut=True)


def test_where_nothing_can_be_recorded_at_all_people_talk_and_are_told_so(line: Line):
    (line.north.station.home / "recordings").write_text("a file in place of the folder")

    async def then(call: str, south: Browser, north: Browser) -> None:
        assert not (await until_talk(north, theirs=True))["recorded"]
        assert (await until_talk(south, theirs=True))["recorded"]

    talking(line, then)


def asked(line: Line, bodies: list[bytes]) -> list[tuple[int, bytes]]:
    """Have north asked about voice, all at once, with south's certificate; return its answers."""
    link = line.south.station.link["id"]
    own, other = Home(line.south.station.home), Home(line.north.station.home)
    address = f"https://{other.address.read_text().strip()}"
    pin = der_of(other.certificate_pem())

    async def go() -> list[tuple[int, bytes]]:
        async with Client(own.certificate_pem(), own.certificate_key_pem()) as client:
            return await asyncio.gather(
                *(client.voice(address, pin, link, body) for body in bodies)
            )

    return asyncio.run(go())


def unhurried(line: Line, body: bytes) -> tuple[int, bytes]:
    """Ask again for as long as north says that it is too much at once."""
    while True:
        (answer,) = asked(line, [body])
        if answer[0] != 429:
            return answer


def offer(call: str, sdp: str) -> bytes:
    return json.dumps({"type": "offer", "call": call, "session": "0" * 32, "sdp": sdp}).encode()


def test_a_counterpart_that_offers_nonsense_is_refused_and_costs_nothing(line: Line):
    call = flash(line)
    nobody = call[:-4] + "0000"
    end = json.dumps({"type": "end", "call": call, "session": "1" * 32}).encode()
    for body, status, word in (
        (b"", 400, b"malformed"),
        (b"{}", 400, b"malformed"),
        (b"[" * 10_000, 400, b"malformed"),
        (offer(call, "x" * 9_000), 400, b"malformed"),
        (b"x" * 17_000, 413, b"too_large"),
        (offer(nobody, "v=0"), 409, b"no_such_call"),
        (offer(call, "v=0"), 400, b"bad_sdp"),
        (offer(call, "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"), 400, b"bad_sdp"),
        (offer(call, GIBBERISH), 400, b"bad_sdp"),
        (end, 200, b"{}"),
    ):
        found, raw = unhurried(line, body)
        assert (found, raw.split(b":")[0].strip()) == (status, word), body[:80]
    assert not recordings(line.north, ".*")
    assert line.north.station.calls()[0]["state"] == "ringing"


@pytest.mark.parametrize("raw", [b"", b"{}", b"[" * 10_000, b'{"x":' + b"[" * 10_000, b"\xff"])
def test_an_answer_about_voice_that_makes_no_sense_is_said_and_not_raised(raw: bytes):
    with pytest.raises(Mistake, match="makes no sense"):
        answer_of(200, raw)


def test_a_counterpart_that_asks_about_voice_without_end_is_told_to_wait(line: Line):
    answers = [status for status, _ in asked(line, [b"{}"] * 40)]
    assert {400, 429} == set(answers)
    assert line.north.station.link["state"] == "up"
