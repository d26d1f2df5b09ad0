"""One leg: what a far end may send, and what becomes of one that is not there."""

from __future__ import annotations

import asyncio
import contextlib
from fractions import Fraction

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
