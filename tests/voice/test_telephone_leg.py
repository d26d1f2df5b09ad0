"""A telephone's leg: what goes through its socket, and what becomes of an end that is not there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from clearline.voice import telephone
from clearline.voice.telephone import PACKET, TELEPHONE_RATE, Telephone
from tests.voice.sound import RATE, loudest

WAIT_S = 10


class Leg:
    """One leg, what it has heard, and how its state went."""

    def __init__(self, path: Path) -> None:
        self.heard: list[np.ndarray] = []
        self.states: list[str] = []
        self.news = asyncio.Event()
        self.leg = Telephone(path, "Capt. Y", self._hear, self._changed)

    def _hear(self, samples: np.ndarray) -> None:
        self.heard.append(samples)
        self.news.set()

    def _changed(self) -> None:
        self.states.append(self.leg.state)
        self.news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():
                self.news.clear()
                await self.news.wait()


def tone(hertz: int, rate: int, seconds: float = 1.0) -> np.ndarray:
    at = np.arange(int(rate * seconds)) / rate
    return (8_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def run(path: Path, then: Callable[[Leg, socket.socket], Awaitable[None]]) -> Leg:
    """Connect to a leg as whatever holds the call does, and do something then."""

    async def go() -> Leg:
        leg = Leg(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as far:
            far.settimeout(0)
            far.connect(str(path))
            await leg.until(lambda: leg.states == ["on"])
            await then(leg, far)
        leg.leg.close()
        return leg

    return asyncio.run(go())


def test_what_a_telephone_says_is_heard_at_the_rate_of_the_talk(tmp_path: Path):
    async def then(leg: Leg, far: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        said = tone(1_000, TELEPHONE_RATE)
        for start in range(0, len(said), PACKET):
            await loop.sock_sendall(far, said[start : start + PACKET].tobytes())
        await leg.until(lambda: sum(map(len, leg.heard)) > RATE * 0.9)

    leg = run(tmp_path / "s", then)
    assert loudest(np.concatenate(leg.heard)) == 1_000


def test_a_telephone_hears_what_is_said_in_packets_of_20_ms(tmp_path: Path):
    async def then(leg: Leg, far: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        got = b""
        for start in range(0, RATE, 960):
            leg.leg.say(tone(1_000, RATE)[start : start + 960])
            if start:
                packet = await loop.sock_recv(far, 4_096)
                assert len(packet) == 2 * PACKET
                got += packet
        samples = np.frombuffer(got, np.int16)
        strong = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax()
        assert round(strong * TELEPHONE_RATE / len(samples)) == 1_000

    run(tmp_path / "s", then)


def test_what_a_telephone_does_not_take_is_dropped(tmp_path: Path):
    async def then(leg: Leg, far: socket.socket) -> None:
        for _ in range(100):
            leg.leg.say(tone(1_000, RATE, 0.1))
        waiting = 0
        while True:
            try:
                waiting += len(far.recv(4_096))
            except BlockingIOError:
                break
        assert 0 < waiting < TELEPHONE_RATE, "half a second at the most, of ten that were said"

    run(tmp_path / "s", then)


def test_a_telephone_whose_other_end_closes_is_lost(tmp_path: Path):
    async def then(leg: Leg, far: socket.socket) -> None:
        far.close()
        await leg.until(lambda: "lost" in leg.states)

    assert run(tmp_path / "s", then).states == ["on", "lost"]


@pytest.mark.parametrize("limit", ["TELEPHONE_JOIN_S", "TELEPHONE_DEAF_S"])
def test_a_telephone_that_does_not_come_or_says_nothing_is_lost(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(telephone, limit, 0.05)
    path = tmp_path / "s"

    async def never() -> list[str]:
        leg = Leg(path)
        await leg.until(lambda: "lost" in leg.states)
        return leg.states

    async def then(leg: Leg, far: socket.socket) -> None:
        await leg.until(lambda: "lost" in leg.states)

    if limit == "TELEPHONE_JOIN_S":
        assert asyncio.run(never()) == ["lost"]
    else:
        assert run(path, then).states == ["on", "lost"]
    assert not path.exists()


def test_its_socket_is_gone_once_the_one_that_it_is_for_has_come(tmp_path: Path):
    path = tmp_path / "s"

    async def then(leg: Leg, far: socket.socket) -> None:
        assert not path.exists()

    run(path, then)
