"""Legs: one WebRTC connection each, to a console or to the counterpart's node.

Media ends here and begins here: what comes in is decoded, what goes out is encoded anew, so
that no packet of the counterpart's making ever reaches an officer's browser, and both can be
recorded. Host candidates alone: nothing is asked of a server in between.

It decides when a leg is lost: it did not come about in time, it closed, or it floods.

Source: RFC 8825 and those that it names (WebRTC); RFC 7587 (Opus over RTP).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.stats import RTCInboundRtpStreamStats

from clearline.voice.bounds import CONNECT_S, FLOOD_S, MAX_PACKETS_PER_S
from clearline.voice.recorder import FRAME, RATE, Samples

__all__ = ["HEARD_S", "Leg"]

BIT_RATE = 32_000
MAX_WAITING = 8
"""Packets (20 ms each) that wait to be sent on a leg; then the oldest is dropped."""
HEARD_S = 1.0
"""Without a packet for so long, nobody is heard."""
GAP_S = 0.2
"""What begins again after a longer silence is stamped as late as it is."""
_OPUS = [
    codec
    for codec in RTCRtpSender.getCapabilities("audio").codecs
    if codec.mimeType.lower() == "audio/opus"
]


class _Voice(MediaStreamTrack):
    """What is said to one leg, as packets."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._clock = asyncio.get_running_loop().time
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.sample_rate = RATE
        self._codec.bit_rate = BIT_RATE
        self._codec.time_base = Fraction(1, RATE)
        self._codec.options = {"application": "voip", "complexity": "5"}
        self._rest: Samples = np.zeros(0, np.int16)
        self._encoded = 0
        self._stamp = 0
        self._last = self._clock()
        self._packets: deque[Any] = deque(maxlen=MAX_WAITING)
        self._news = asyncio.Event()

    def say(self, samples: Samples) -> None:
        """Encode samples, and let them be sent as soon as the leg takes them."""
        self._rest = np.concatenate((self._rest, samples))
        while len(self._rest) >= FRAME:
            now, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            frame = av.AudioFrame.from_ndarray(now.reshape(1, FRAME), format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.time_base = Fraction(1, RATE)
            frame.pts = self._encoded
            self._encoded += FRAME
            for packet in self._codec.encode(frame):
                self._put(packet)

    def _put(self, packet: Any) -> None:
        passed = self._clock() - self._last
        self._last += passed
        if passed > GAP_S:
            self._stamp += int(passed * RATE) // FRAME * FRAME
        packet.pts = self._stamp
        packet.time_base = Fraction(1, RATE)
        self._stamp += FRAME
        self._packets.append(packet)
        self._news.set()

    async def recv(self) -> Any:
        """Return the next packet, once there is one."""
        while not self._packets:
            self._news.clear()
            await self._news.wait()
        return self._packets.popleft()


class Leg:
    """One connection. `state` is `connecting`, `on` or `lost`."""

    def __init__(self, hear: Callable[[Samples], None], changed: Callable[[], None]) -> None:
        self.state = "connecting"
        self.heard_at: float | None = None
        """When something last came, by the loop's clock."""
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._changed = changed
        self._voice = _Voice()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTrack(self._voice)
        self._connection.on("connectionstatechange", self._on_state)
        self._connection.on("track", self._on_track)
        self._work: list[asyncio.Task[None]] = [asyncio.create_task(self._watch())]
        self._closing: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        """Return our offer."""
        self._only_opus()
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def accept(self, sdp: str) -> str:
        """Take an offer; return our answer. ValueError or another if it makes no sense."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._only_opus()
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._connection.localDescription.sdp

    async def answered(self, sdp: str) -> None:
        """Take the answer to our offer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def say(self, samples: Samples) -> None:
        """Let the other end hear this."""
        if self.state == "on":
            self._voice.say(samples)

    def hears(self) -> bool:
        """Return whether something comes from the other end now."""
        return self.heard_at is not None and self._loop.time() - self.heard_at < HEARD_S

    async def close(self) -> None:
        """End it."""
        for task in self._work:
            if task is not asyncio.current_task():
                task.cancel()
        # A connection whose other end has gone closes by itself, and whoever waits for that and
        # is cancelled would cancel it: the library has one future for all.
        self._closing = self._closing or asyncio.create_task(self._connection.close())
        with contextlib.suppress(ConnectionError):
            await asyncio.shield(self._closing)

    def _only_opus(self) -> None:
        for transceiver in self._connection.getTransceivers():
            transceiver.setCodecPreferences(_OPUS)

    def _on_state(self) -> None:
        match self._connection.connectionState:
            case "connected":
                self._become("on")
            case "failed" | "closed" | "disconnected":
                self._become("lost")
            case _:
                pass

    def _become(self, state: str) -> None:
        if self.state not in (state, "lost"):
            self.state = state
            self._changed()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._work.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame: Any = await cast("Any", track).recv()
                if isinstance(frame, av.AudioFrame):
                    self.heard_at = self._loop.time()
                    self._hear(_mono(frame))

    async def _watch(self) -> None:
        """Lose the leg if it does not come about, or sends more than a voice has."""
        began, over, before = self._loop.time(), 0, 0
        while self.state != "lost":
            await asyncio.sleep(1)
            now = await self._received()
            over = over + 1 if now - before > MAX_PACKETS_PER_S else 0
            before = now
            late = self.state == "connecting" and self._loop.time() - began > CONNECT_S
            if late or over >= FLOOD_S:
                self._become("lost")

    async def _received(self) -> int:
        stats = cast("dict[str, Any]", await self._connection.getStats())
        kinds = (each for each in stats.values() if isinstance(each, RTCInboundRtpStreamStats))
        return sum(each.packetsReceived for each in kinds)


def _mono(frame: av.AudioFrame) -> Samples:
    """Return a frame's samples as one channel. aiortc gives 16 bits, both channels in turn."""
    raw = frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
    channels = frame.layout.nb_channels
    if channels == 1:
        return raw
    return raw.reshape(-1, channels).mean(axis=1).astype(np.int16)
