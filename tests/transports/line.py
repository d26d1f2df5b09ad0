"""Two parties on 127.0.0.1 with real certificates: a server with a small gate, and clients."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache

import uvloop

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.node.runtime import Reply
from clearline.transports.bounds import Bounds
from clearline.transports.certificate import (
    client_context,
    der_of,
    make_certificate,
    server_context,
)
from clearline.transports.client import Client
from clearline.transports.https import Server

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
LINK = "019ab000-0000-7000-8000-000000000001"
OTHER_LINK = "019ab000-0000-7000-8000-000000000002"
NO_LINK = "019ab000-0000-7000-8000-00000000000f"
FLASH = b'{"at":"x","body":{"precedence":"flash"},"id":"y","kind":"call.opened"}'
RECEIPT = "\N{EM DASH} south AAAA\n".encode()


@cache
def identity(party: str) -> tuple[bytes, bytes]:
    return make_certificate(party, ["127.0.0.1"], NOW)


def pin(party: str) -> bytes:
    return der_of(identity(party)[0])


class SmallGate:
    """A gate that holds bytes in memory: south's node, with north and east on two links."""

    def __init__(self) -> None:
        self.pins = {LINK: pin("north"), OTHER_LINK: pin("east")}
        self.reply = Reply(status=200, body=RECEIPT)
        self.why_unsafe: str | None = None
        self.broken = False
        self.happened: list[tuple[str, object]] = []
        self.files = {
            (LINK, "south", "checkpoint"): b"a signed note\n",
            (LINK, "south", "tile/0/000.p/3"): b"h" * 96,
            (LINK, "south", "tile/entries/x001/000"): b"\x00\x02{}",
        }

    def admit(self, link: str, body: bytes) -> Reply:
        if self.broken:
            raise Broken("the disk is gone")
        self.happened.append(("admit", body))
        return self.reply

    def after(self) -> None:
        self.happened.append(("after", None))

    def pin_of(self, link: str) -> bytes | None:
        return self.pins.get(link)

    def checkpoint(self, link: str, party: str) -> bytes | None:
        return self.files.get((link, party, "checkpoint"))

    def tile(self, link: str, party: str, path: str) -> bytes | None:
        return self.files.get((link, party, path))

    def peer_unsafe(self, link: str) -> None:
        self.happened.append(("peer_unsafe", link))

    def unsafe(self) -> str | None:
        return self.why_unsafe


class House:
    """South's running server, and what it takes to reach it."""

    def __init__(self, gate: SmallGate, bounds: Bounds | None = None) -> None:
        self.gate = gate
        self.now = NOW
        self.seen: list[tuple[int, str]] = []
        self.context = server_context(*identity("south"), [*gate.pins.values()])
        self.server = Server(
            gate, self.context, lambda: self.now, observe=self._observe, bounds=bounds
        )
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def _observe(self, status: int, reason: str) -> None:
        self.seen.append((status, reason))

    async def dial(
        self, party: str = "north", context: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a bare TLS connection, for requests that no client would make."""
        tls = context or client_context(*identity(party), pin("south"))
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=tls)


@asynccontextmanager
async def house(gate: SmallGate | None = None, bounds: Bounds | None = None, port: int = 0):
    made = House(gate or SmallGate(), bounds)
    made.port = await made.server.start("127.0.0.1", port)
    try:
        yield made
    finally:
        await made.server.stop()


def client(party: str = "north") -> Client:
    return Client(*identity(party))


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario on the loop that the node runs on, and give it ten seconds."""

    async def limited() -> None:
        async with asyncio.timeout(10):
            await scenario()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(limited())


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    fields = "".join(f"{each}\r\n" for each in headers)
    return f"{method} {path} HTTP/1.1\r\nHost: south\r\n{fields}\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Return the status, header fields and body of the next answer on a bare connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(fields["content-length"]))
    return int(head[0].split()[1]), fields, body
