"""Process: where a node's tracks are, apart from the node itself.

`python -m clearline.gateways.tracks FD`.

What radios and servers send is decoded and compared here, thousands of reports a second, by code
that reads what anybody may transmit. Here it can neither hold the node's loop, in which a FLASH
rings within milliseconds, nor end it. The process has no keys, no journal and no way to say
anything but what it sees. When the node's end of the socket closes, it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Sequence
from typing import assert_never

import structlog

from clearline.basis.instants import Instant
from clearline.gateways.tracks.messages import (
    LINE_BYTES,
    Alarmed,
    Begin,
    Belong,
    Command,
    Ended,
    Event,
    Heard,
    Listen,
    Notices,
    Seen,
    decode_command,
    encode,
)
from clearline.gateways.tracks.receiving import Receiving
from clearline.node import beside
from clearline.node.clock import SystemClock
from clearline.node.tracks.receivers import Carrier
from clearline.node.tracks.track import Receiver, Report
from clearline.node.tracks.watching import Eyes

__all__ = ["main"]

NICENESS = 2
"""The node itself comes first when both want the machine."""
COMPARE_S = 0.05
"""Reports wait so long for others, to be compared with them in one go."""
BATCH = 256
"""So many wait for nothing."""
LOOK_S = 1.0
"""So often tracks grow old, and the node is told what has moved."""
MOST_AT_ONCE = 250
"""Tracks in one message: the node reads it within a millisecond."""
MAX_UNREAD_BYTES = 8 << 20
"""While the node has so much to read, nothing that has moved is sent: it is sent later, once."""

_log = structlog.get_logger("tracks")


class Process:
    """All receivers of one node, and the picture that they make."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._now = SystemClock().now
        self._eyes: Eyes | None = None
        self._receiving: list[Receiving] = []
        self._work: list[asyncio.Task[None]] = []
        self._soon: asyncio.Handle | None = None
        self._fresh = 0
        self._told: tuple[Receiver, ...] | None = None

    async def run(self) -> None:
        """Do as the node says until it is gone."""
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                self._do(decode_command(line))
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _do(self, command: Command) -> None:
        if isinstance(command, Begin):
            self._eyes = Eyes(command.ahead_ms, f"{int(self._now()):x}")
            return
        assert self._eyes is not None
        match command:
            case Notices(put=put):
                self._eyes.put_notices(put, self._now())
            case Ended(notices=notices):
                self._eyes.drop_notices(notices)
            case Belong(track=track, notice=notice):
                self._eyes.belong(track, notice)
            case Listen():
                self._listen(command)
            case _:
                assert_never(command)
        self._compare_soon()

    def _listen(self, listen: Listen) -> None:
        for place in listen.places:
            tls = _tls(listen) if place.carrier is Carrier.TLS else None
            self._receiving.append(Receiving(place, tls, self._took, self._now))
        self._work = [asyncio.create_task(each.run()) for each in self._receiving]
        self._work.append(asyncio.create_task(self._look()))

    def _took(self, receiver: str, reports: list[Report], now: Instant) -> None:
        assert self._eyes is not None
        self._eyes.take(receiver, reports, now)
        self._fresh += len(reports)
        self._compare_soon()

    def _compare_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if self._soon is not None and self._fresh < BATCH:
            return
        if self._soon is not None:
            self._soon.cancel()
        at_once = self._fresh >= BATCH
        self._soon = (
            loop.call_soon(self._compare) if at_once else loop.call_later(COMPARE_S, self._compare)
        )

    def _compare(self) -> None:
        assert self._eyes is not None
        self._soon, self._fresh = None, 0
        self._eyes.compare(self._now())
        put, over = self._eyes.alarms_changed()
        if put or over:
            # At once, and before all that has only moved.
            left_out, tracks = self._eyes.alarms_left_out, self._eyes.tracks
            moved = tuple(tracks[each.track] for each in put if each.track in tracks)
            if moved:
                self._tell(Seen(put=moved, gone=(), left_out=self._eyes.left_out))
            self._tell(Alarmed(put=tuple(put), over=tuple(over), left_out=left_out))
        if self._eyes.waits and self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._compare)

    async def _look(self) -> None:
        assert self._eyes is not None
        while True:
            now = self._now()
            self._eyes.tick(now)
            if self._eyes.waits:
                self._compare_soon()
            receivers = tuple(each.view() for each in self._receiving)
            if receivers != self._told:
                self._told = receivers
                self._tell(Heard(receivers=receivers))
            if self._writer.transport.get_write_buffer_size() < MAX_UNREAD_BYTES:
                if moved := tuple(self._eyes.alarms_moved(now)):
                    left_out = self._eyes.alarms_left_out
                    self._tell(Alarmed(put=moved, over=(), left_out=left_out))
                await self._tell_moved(self._eyes)
            await asyncio.sleep(LOOK_S)

    async def _tell_moved(self, eyes: Eyes) -> None:
        put, gone = eyes.tracks_changed()
        for first in range(0, max(len(put), 1 if gone else 0), MOST_AT_ONCE):
            part = tuple(put[first : first + MOST_AT_ONCE])
            gone_now = tuple(gone) if first == 0 else ()
            self._tell(Seen(put=part, gone=gone_now, left_out=eyes.left_out))
            await asyncio.sleep(0)

    def _tell(self, event: Event) -> None:
        self._writer.write(encode(event))


def _tls(listen: Listen) -> ssl.SSLContext:
    """Return what servers are reached by: theirs must hold, and ours is shown if there is one."""
    context = ssl.create_default_context(cafile=listen.authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if listen.certificate:
        context.load_cert_chain(listen.certificate, listen.key or None, password="")
    return context


async def _run(descriptor: int) -> None:
    reader, writer = await asyncio.open_connection(
        sock=socket.socket(fileno=descriptor), limit=LINE_BYTES
    )
    await Process(reader, writer).run()


def main(words: Sequence[str]) -> None:
    """Run as the process of a node; the one word is the socket that it is spoken to by."""
    # The terminal's Ctrl-C is for the node, which ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    beside.give_way(NICENESS)
    asyncio.run(_run(int(words[0])))
