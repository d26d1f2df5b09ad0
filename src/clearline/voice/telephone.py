"""Telephone: a leg to whatever holds a telephone call, by a local socket, in plain samples.

The other end is a process of the same node: it connects once, to a socket in a folder that
only the node's owner may enter, and sends and takes packets of 20 ms: 160 samples of 16 bits,
8,000 a second. Packets that do not fit are dropped: a telephone that is late stays a voice, and
nothing grows. When either end closes, the telephone is gone.

It decides when a telephone is lost: nobody connected in time, the other end closed, or nothing
has come from it for long.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clearline.voice.bounds import MAX_TELEPHONE_PACKET_BYTES, TELEPHONE_DEAF_S, TELEPHONE_JOIN_S
from clearline.voice.recorder import RATE, Samples

__all__ = ["Telephone"]

TELEPHONE_RATE = 8_000
PACKET = 160
"""Samples of 20 ms."""
SEND_BUFFER_BYTES = 8_192
"""What the system keeps for an end that does not read: about a quarter of a second."""


class Telephone:
    """One telephone. `state` is `connecting`, `on` or `lost`."""

    def __init__(
        self,
        path: Path,
        officer: str,
        hear: Callable[[Samples], None],
        changed: Callable[[], None],
    ) -> None:
        """Listen at `path`, which must not be there. OSError if that cannot be."""
        self.officer = officer
        self.state = "connecting"
        self._path = path
        self._hear = hear
        self._changed = changed
        self._up = _Rate(TELEPHONE_RATE, RATE)
        self._down = _Rate(RATE, TELEPHONE_RATE)
        self._rest: Samples = np.zeros(0, np.int16)
        self._socket: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._listener.settimeout(0)
            self._listener.bind(str(path))
            self._listener.listen(1)
        except OSError:
            self._listener.close()
            raise
        self._work = asyncio.create_task(self._run())

    def say(self, samples: Samples) -> None:
        """Let the telephone hear this."""
        if self._socket is None:
            return
        self._rest = np.concatenate((self._rest, self._down.of(samples)))
        while len(self._rest) >= PACKET:
            now, self._rest = self._rest[:PACKET], self._rest[PACKET:]
            # An end that is gone is found by whoever reads from it.
            with suppress(OSError):
                self._socket.send(now.tobytes())

    def close(self) -> None:
        """Let the telephone go."""
        self._work.cancel()
        self._let_go()

    async def _run(self) -> None:
        try:
            await self._carry()
        except (TimeoutError, OSError):
            pass
        finally:
            self._let_go()
        self.state = "lost"
        self._changed()

    async def _carry(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(TELEPHONE_JOIN_S):
            made, _ = await loop.sock_accept(self._listener)
        made.settimeout(0)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._socket = made
        self._stop_listening()
        self.state = "on"
        self._changed()
        while True:
            async with asyncio.timeout(TELEPHONE_DEAF_S):
                raw = await loop.sock_recv(made, MAX_TELEPHONE_PACKET_BYTES)
            if not raw:
                return
            samples = np.frombuffer(raw[: len(raw) // 2 * 2], np.int16)
            self._hear(self._up.of(samples))

    def _stop_listening(self) -> None:
        self._listener.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        self._stop_listening()
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Rate:
    """Turns samples of one rate into samples of another, one packet after the other."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._rate = rate
        self._done = 0
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=wanted)

    def of(self, samples: Samples) -> Samples:
        if not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._done
        self._done += len(samples)
        made = [each.to_ndarray().reshape(-1) for each in self._resampler.resample(frame)]
        return np.concatenate(made).astype(np.int16, copy=False) if made else samples[:0]
