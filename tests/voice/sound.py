"""Sound: tones, where they are in a recording, and a browser of WebRTC's that says one.

The browser is aiortc's: the other end of a node's leg, over real sockets, and none of our code.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

RATE = 48_000
FRAME = 960
LOUD = 8_000


class Tone(MediaStreamTrack):
    """Says a tone in time, or silence while it is not `on`."""

    kind = "audio"

    def __init__(self, hertz: int) -> None:
        super().__init__()
        self.hertz = hertz
        self.on = True
        self._frames = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._frames * 0.02 - time.monotonic()))
        at = (np.arange(FRAME) + FRAME * self._frames) / RATE
        said = LOUD * self.on * np.sin(2 * np.pi * self.hertz * at)
        frame = av.AudioFrame.from_ndarray(said.astype(np.int16).reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts = RATE, self._frames * FRAME
        frame.time_base = Fraction(1, RATE)
        self._frames += 1
        return frame


class Browser:
    """One officer's browser, as far as voice goes: it says a tone, and keeps what it hears."""

    def __init__(self, address: str, hertz: int) -> None:
        self.tone = Tone(hertz)
        self.heard: list[np.ndarray] = []
        self.news = asyncio.Event()
        self._address = address
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTrack(self.tone)
        self._connection.on("track", self._on_track)
        self._work: list[asyncio.Task[None]] = []
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Browser:
        async with self._http.get(f"{self._address}/demo") as answer:
            assert answer.status == 200, await answer.text()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._work:
            task.cancel()
        await self._connection.close()
        await self._http.close()

    async def talk(self, call: str) -> dict[str, Any]:
        """Press TALK; return what the node answers."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        answer = await self.ask("POST", call, {"sdp": self._connection.localDescription.sdp})
        if "sdp" in answer:
            described = RTCSessionDescription(answer["sdp"], "answer")
            await self._connection.setRemoteDescription(described)
        return answer

    async def hang_up(self, call: str) -> None:
        await self.ask("DELETE", call, {})

    async def ask(self, method: str, call: str, body: dict[str, Any]) -> Any:
        """Return what the API answers to a request about the voice of a call."""
        path = f"{self._address}/api/v1/talks/{call}"
        headers = {"Origin": self._address, "X-Clearline": "1"}
        async with self._http.request(method, path, json=body, headers=headers) as answer:
            return await answer.json() if answer.status != 204 else {}

    async def picture(self) -> dict[str, Any]:
        async with self._http.get(f"{self._address}/api/v1/picture") as answer:
            return await answer.json()

    async def talks(self) -> list[dict[str, Any]]:
        return (await self.picture())["talks"]

    async def hears(self, hertz: int, seconds: float = 0.5) -> None:
        """Return once it hears this tone."""
        async with asyncio.timeout(20):
            while True:
                self.news.clear()
                wanted = int(seconds * 50)
                if len(self.heard) >= wanted:
                    found = np.concatenate(self.heard[-wanted:])
                    if loudest(found) == hertz:
                        return
                await self.news.wait()

    async def hears_all(self, *hertz: int) -> None:
        """Return once it hears each of these tones for half a second, together."""
        async with asyncio.timeout(20):
            while True:
                self.news.clear()
                if len(self.heard) >= 25 and together(np.concatenate(self.heard[-25:]), hertz):
                    return
                await self.news.wait()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._work.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                self.heard.append(frame.to_ndarray().reshape(-1, 2)[:, 0].copy())
                self.news.set()
        except MediaStreamError:
            return


def loudest(samples: np.ndarray) -> int:
    """Return the frequency that stands out, to the nearest 10 Hz; 0 if nothing is said."""
    if np.abs(samples).max(initial=0) < LOUD / 8:
        return 0
    strong = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return int(round(np.argmax(strong) * RATE / len(samples), -1))


def together(samples: np.ndarray, hertz: Sequence[int]) -> bool:
    """Return whether these tones, and no others, stand out."""
    if np.abs(samples).max(initial=0) < LOUD / 8:
        return False
    strong = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loud = np.flatnonzero(strong > strong.max() / 4) * RATE / len(samples)
    return {int(round(each, -2)) for each in loud} == set(hertz)


def channels(recording: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return what a recording has on the left and on the right, as 16-bit samples."""
    with av.open(str(recording)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    both = np.concatenate(frames, axis=1)
    assert both.shape[0] == 2, both.shape
    return both[0] * 32_768, both[1] * 32_768


def tones(recording: Path) -> tuple[set[int], set[int]]:
    """Return the tones that stand out on the left and on the right, for longer than a click.

    Where a network or a machine is late, a half second may have a click in it that is louder
    than what is said.
    """
    found = []
    for side in channels(recording):
        halves = [side[at : at + RATE // 2] for at in range(0, len(side) - RATE // 2, RATE // 4)]
        heard = Counter(loudest(half) for half in halves)
        found.append({hertz for hertz, times in heard.items() if hertz and times > 2})
    return found[0], found[1]
