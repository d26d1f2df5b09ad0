"""One leg: what a far end may send, and what becomes of one that is not there."""

from __future__ import annotations

import asyncio
import contextlib
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from clearline.voice import legs
from clearline.voice.legs import Leg
from tests.voice.sound import Tone


class Flood(MediaStreamTrack):
    """Says nothing, a thousand times a second."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0

    async def recv(self) -> av.Packet:
        await asyncio.sleep(0.001)
        packet = av.Packet(b"\xf8\xff\xfe")
        packet.pts, packet.time_base = self._sent * 48, Fraction(1, 48_000)
        self._sent += 1
        return packet


async def states_of(track: MediaStreamTrack, lost_within_s: float) -> list[str]:
    """Join a leg with something that sends `track`; return its states until it is lost."""
    states: list[str] = []
    news = asyncio.Event()

    def changed() -> None:
        states.append(leg.state)
        news.set()

    leg = Leg(lambda _: None, changed)
    far = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    far.addTrack(track)
    await far.setLocalDescription(await far.createOffer())
    answer = await leg.accept(far.localDescription.sdp)
    await far.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(lost_within_s):
            while "lost" not in states:
                news.clear()
                await news.wait()
    seen = list(states)
    await leg.close()
    await far.close()
    return seen


def test_a_far_end_that_sends_more_than_a_voice_has_is_cut():
    assert asyncio.run(states_of(Flood(), 20)) == ["on", "lost"]


def test_a_far_end_that_talks_is_not():
    assert asyncio.run(states_of(Tone(1_000), legs.FLOOD_S + 3)) == ["on"]


async def connected() -> tuple[Leg, Leg]:
    """Return the two ends of one leg, over real sockets."""
    news = asyncio.Event()
    here, there = (Leg(lambda samples: None, news.set) for _ in range(2))
    await here.answered(await there.accept(await here.offer()))
    while (here.state, there.state) != ("on", "on"):
        await news.wait()
        news.clear()
    return here, there


async def closes_while_cancelled() -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, told: faults.append(told))
    here, there = await connected()
    waiting = [asyncio.create_task(here.close()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await there.close()
    await asyncio.gather(*waiting, return_exceptions=True)
    await here.close()
    assert (here.state, there.state) == ("lost", "lost")
    return faults


def test_a_close_that_is_waited_for_and_given_up_is_still_one_close():
    assert asyncio.run(asyncio.wait_for(closes_while_cancelled(), 20)) == []
