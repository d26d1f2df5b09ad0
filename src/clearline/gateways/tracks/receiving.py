"""Receiving: one receiver, reached and reached again, whatever becomes of it.

It only reads: not a byte is written to a receiver or a server, so nothing of ours can leave by
it. A connection that is cut is made again, after longer and longer, without end; one that says
nothing is SILENT, and what comes too fast is left out and said.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable

import structlog

from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.gateways.tracks.adsb import Beast, Sbs
from clearline.gateways.tracks.ais import Ais
from clearline.gateways.tracks.decoder import Decoder
from clearline.gateways.tracks.tak import Tak
from clearline.node.tracks.receivers import Carrier, Format, Place
from clearline.node.tracks.track import Receiver, ReceiverState, Report

__all__ = ["DECODERS", "Receiving"]

CONNECT_S = 10.0
FIRST_AGAIN_S, LAST_AGAIN_S = 0.5, 30.0
"""A receiver that is lost is tried again after this, twice as long each time, up to the last."""
STEADY_S = 10.0
"""A connection that has held for so long was a good one: the next is tried at once again."""
READ_BYTES = 65_536
MAX_REPORTS_PER_S = 5_000
"""Reports of one receiver that are taken in a second; more are left out, and it is said."""
MAX_BYTES_PER_S = 4 << 20
"""And bytes that are read at all."""
FLOODED_MS = 10 * SECOND_MS
"""For so long after anything was left out it is said to be flooded."""
SILENT_MS = {Format.AIS: 5 * MINUTE_MS, Format.TAK: 5 * MINUTE_MS}
"""After so long without a report a receiver that is connected is SILENT; others after a minute."""
SILENT_OTHERS_MS = MINUTE_MS
MAX_DATAGRAMS = 1_024
"""Datagrams that wait to be read; beyond them the newest are dropped."""

DECODERS: dict[Format, Callable[[], Decoder]] = {
    Format.BEAST: Beast,
    Format.SBS: Sbs,
    Format.AIS: Ais,
    Format.TAK: Tak,
}

_log = structlog.get_logger("tracks")


class _Allowance:
    """How much more may be taken in this second."""

    def __init__(self, a_second: int) -> None:
        self._most = a_second
        self._left = a_second
        self._second = 0
        self.passed_at: Instant | None = None
        """When it was last asked for more than there was."""

    def take(self, wanted: int, now: Instant) -> int:
        """Return how many of these may be taken."""
        second = int(now) // SECOND_MS
        if second != self._second:
            self._second, self._left = second, self._most
        given = min(wanted, self._left)
        self._left -= given
        if given < wanted:
            self.passed_at = now
        return given


class Receiving:
    """One receiver, for as long as the process runs."""

    def __init__(
        self,
        place: Place,
        tls: ssl.SSLContext | None,
        took: Callable[[str, list[Report], Instant], None],
        now: Callable[[], Instant],
    ) -> None:
        """`took` is given reports as they are decoded."""
        self.place = place
        self._tls = tls
        self._took = took
        self._now = now
        self._decoder = DECODERS[place.format]()
        self._reports = _Allowance(MAX_REPORTS_PER_S)
        self._bytes = _Allowance(MAX_BYTES_PER_S)
        self._state = ReceiverState.CONNECTING
        self._since = now()
        self._last_at: Instant | None = None
        self._why = ""

    def view(self) -> Receiver:
        """Return how it is doing."""
        now, state, since = self._now(), self._state, self._since
        quiet_ms = SILENT_MS.get(self.place.format, SILENT_OTHERS_MS)
        heard = max(since, self._last_at or since)
        if state is ReceiverState.UP and now.since(heard) >= quiet_ms:
            state, since = ReceiverState.SILENT, heard.after(quiet_ms)
        passed = [each.passed_at for each in (self._reports, self._bytes) if each.passed_at]
        return Receiver(
            id=self.place.name,
            format=self.place.format.value,
            state=state,
            since=since,
            last_at=self._last_at,
            why=self._why,
            flooded=any(now.since(at) < FLOODED_MS for at in passed),
        )

    @property
    def unreadable(self) -> int:
        """Return how many messages could not be read."""
        return self._decoder.unreadable

    async def run(self) -> None:
        """Listen, without end."""
        again_s = FIRST_AGAIN_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._listen()
                why = "It has closed the connection."
            except (OSError, TimeoutError, ssl.SSLError) as error:
                why = f"{type(error).__name__}: {error}"[:200]
            except Exception as error:  # noqa: BLE001 - one receiver's fault is no other's
                _log.error("receiver_failed", name=self.place.name, error=repr(error))
                why = f"{type(error).__name__}: {error}"[:200]
            self._decoder.cut()
            held_s = loop.time() - began
            if self._state is ReceiverState.UP and held_s >= STEADY_S:
                again_s = FIRST_AGAIN_S
            self._turn(ReceiverState.LOST, why)
            await asyncio.sleep(again_s)
            again_s = min(again_s * 2, LAST_AGAIN_S)

    def _turn(self, state: ReceiverState, why: str = "") -> None:
        if state is not self._state:
            self._state, self._since = state, self._now()
            _log.info("receiver", name=self.place.name, state=state.value, why=why)
        self._why = why

    async def _listen(self) -> None:
        if self.place.carrier is Carrier.UDP:
            await self._listen_to_datagrams()
            return
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                self.place.host, self.place.port, ssl=self._tls
            )
        try:
            self._turn(ReceiverState.UP)
            while raw := await reader.read(READ_BYTES):
                self._read(raw, datagram=False)
                # However much has come, the others have their turn.
                await asyncio.sleep(0)
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _listen_to_datagrams(self) -> None:
        waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_DATAGRAMS)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(waiting), sock=_heard_socket(self.place)
        )
        try:
            self._turn(ReceiverState.UP)
            while True:
                self._read(await waiting.get(), datagram=True)
                await asyncio.sleep(0)
        finally:
            transport.close()

    def _read(self, raw: bytes, *, datagram: bool) -> None:
        now = self._now()
        if self._bytes.take(len(raw), now) < len(raw):
            self._decoder.cut()
            return
        take = self._decoder.take_datagram if datagram else self._decoder.take
        reports = take(raw, now)
        if not reports:
            return
        self._last_at = now
        taken = reports[: self._reports.take(len(reports), now)]
        if taken:
            self._took(self.place.name, taken, now)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, waiting: asyncio.Queue[bytes]) -> None:
        self._waiting = waiting

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take in one datagram; what nobody has room for is dropped, as the network does."""
        del addr
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(data)


def _heard_socket(place: Place) -> socket.socket:
    """Return a socket on which datagrams for this place are heard; it joins a group."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.settimeout(0)
        if place.is_group:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((place.host, place.port))
            if family == socket.AF_INET:
                group = struct.pack("4sl", socket.inet_aton(place.host), socket.INADDR_ANY)
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            else:
                group = socket.inet_pton(family, place.host) + struct.pack("@I", 0)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        else:
            sock.bind((place.host, place.port))
    except OSError:
        sock.close()
        raise
    return sock
