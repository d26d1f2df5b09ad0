"""Answers: what a counterpart's node may ask of ours, and nothing else.

Under `/clearline/v1/{link}/` it takes appends, what is to be said of voice, and the word LINE
NOT SAFE, and gives checkpoints and tiles. For each request it asks which certificate that
link's counterpart has: to anyone else the link does not exist. A link of others, an unknown
path and a wrong method get one and the same answer, so that nothing can be told from it.

It decides who is heard and how much of him. What an append means is the node's (`Gate`).

Source: protocol/3-transport.md; C2SP tlog-tiles for reading; tlog-witness for 409.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from email.utils import formatdate
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, cast

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from clearline.basis.faults import Broken, Refusal
from clearline.basis.ids import is_uuid7
from clearline.basis.instants import SECOND_MS, Instant
from clearline.node.runtime import Reply
from clearline.node.talking import Talking
from clearline.record.tiles import parse_bundle_path, parse_tile_path
from clearline.transports.bounds import (
    MAX_RECEIPT_BYTES,
    MAX_VOICE_BYTES,
    MAX_WORD_BYTES,
    Bounds,
    Meter,
    carries_flash,
)
from clearline.transports.connection import peer_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["NOT_SAFE", "Answers", "Gate"]

NOT_SAFE = b"line not safe\n"
"""How the body of every 503 begins."""
TEXT = "text/plain; charset=utf-8"
TREE_SIZE = "text/x.tlog.size"
"""tlog-witness: "the response body MUST consist of the tree size ... and the response MUST
have a Content-Type of text/x.tlog.size"."""
JSON = "application/json"
BYTES = "application/octet-stream"
FOR_EVER = "private, max-age=31536000, immutable"
"""A tile never changes; only its reader may keep it."""
FRESH = "no-store"

_PIECE = 64 * 1024
_PARTY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PREFIX = "/clearline/v1/"
_LONGEST_PATH = 256

_log = structlog.get_logger("clearline.transports")


class Gate(Protocol):
    """What the server needs of the node. Nothing in it may block for long."""

    def admit(self, link: str, body: bytes) -> Reply:
        """Take in an append; raises Broken if the node cannot record."""
        ...

    def after(self) -> None:
        """Let go what an append or a word has led to. It must not raise."""
        ...

    def pin_of(self, link: str) -> bytes | None:
        """Return the certificate, DER, of the link's counterpart; None if there is no such link."""
        ...

    def checkpoint(self, link: str, party: str) -> bytes | None:
        """Return the newest signed checkpoint of a party's feed, if there is one."""
        ...

    def tile(self, link: str, party: str, path: str) -> bytes | None:
        """Return a tile or an entry bundle by its path (`tile/...`), if the feed has it."""
        ...

    def peer_unsafe(self, link: str) -> None:
        """Take in that the counterpart's node says LINE NOT SAFE; raises Broken as `admit`."""
        ...

    def receipt(self, link: str, note: bytes) -> Reply:
        """Take in a receipt for our feed that the counterpart brings; raises Broken as `admit`."""
        ...

    @property
    def talking(self) -> Talking:
        """Return who carries voice."""
        ...

    def unsafe(self) -> str | None:
        """Return why this node cannot be sure that it is recording; None while it can."""
        ...


class Answers:
    """The ASGI application: one function for each thing that may be asked.

    It routes by hand, as a router's own answers (405, redirects, HEAD) would tell a
    stranger which paths exist.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Callable[[], Instant],
        observe: Callable[[int, str], None],
        bounds: Bounds,
    ) -> None:
        """`observe` is told the status and reason code (empty if all was well) of each answer."""
        self._gate = gate
        self._clock = clock
        self._observe = observe
        self._bounds = bounds
        self._meters: dict[str, Meter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: observe it, log it if it is refused, send the answer."""
        assert scope["type"] == "http", scope["type"]
        try:
            reply, response = await self._answer(scope, Request(scope, receive))
        except ClientDisconnect:
            self._observe(0, "disconnected")
            return
        self._observe(reply.status, reply.reason)
        if reply.status >= 400:
            _log.warning(
                "request_refused",
                status=reply.status,
                reason=reply.reason,
                path=_path_of(scope)[:_LONGEST_PATH],
                peer=sha256(peer_of(scope)).hexdigest()[:16],
            )
        await _give(response, send)

    async def _answer(self, scope: Scope, request: Request) -> tuple[Reply, Response]:
        link, rest = _split(_path_of(scope))
        pin = self._gate.pin_of(link) if link else None
        if pin is None or pin != peer_of(scope):
            return self._plain(_NOT_FOUND)
        match request.method, rest.split("/", 1):
            case "POST", ["append"]:
                return await self._append(link, request)
            case "POST", ["receipt"]:
                return await self._receipt(link, request)
            case "POST", ["voice"]:
                return await self._voice(link, request)
            case "POST", ["not-safe"]:
                return await self._not_safe(link, request)
            case "GET", [party, what] if _PARTY.fullmatch(party):
                return self._read(link, party, what)
            case _:
                return self._plain(_NOT_FOUND)

    async def _append(self, link: str, request: Request) -> tuple[Reply, Response]:
        if self._gate.unsafe() is not None:
            return self._plain(_UNSAFE)
        meter = self._meter(link)
        meter.appends += 1
        # Also one too many is read, and only then sent away: it may carry a FLASH. What that
        # can cost is bounded by the connections of one certificate.
        crowded = meter.appends > self._bounds.concurrent
        try:
            body = await self._body(request, self._bounds.body_bytes)
            if isinstance(body, Reply):
                # What is left of the body is not waited for.
                return self._plain(body, connection="close")
            if crowded and not carries_flash(body):
                return self._later(f"{self._bounds.concurrent} appends are under way", SECOND_MS)
            if wait_ms := meter.append_wait_ms(body, self._clock()):
                return self._later("more than a second can carry", wait_ms)
            return self._admit(link, body)
        finally:
            meter.appends -= 1

    def _admit(self, link: str, body: bytes) -> tuple[Reply, Response]:
        try:
            reply = self._gate.admit(link, body)
        except Broken:
            return self._plain(_UNSAFE)
        self._gate.after()
        if reply.status == 404:
            return self._plain(_NOT_FOUND)
        return self._plain(reply, kind=TREE_SIZE if reply.status == 409 else TEXT)

    async def _not_safe(self, link: str, request: Request) -> tuple[Reply, Response]:
        body = await self._body(request, MAX_WORD_BYTES)
        if isinstance(body, Reply):
            return self._plain(body, connection="close")
        meter = self._meter(link)
        if wait_ms := meter.read_wait_ms(self._clock()):
            return self._later("more than a second can carry", wait_ms)
        try:
            self._gate.peer_unsafe(link)
        except Broken:
            return self._plain(_UNSAFE)
        self._gate.after()
        return self._plain(Reply(status=200, body=b"heard\n"))

    async def _receipt(self, link: str, request: Request) -> tuple[Reply, Response]:
        if self._gate.unsafe() is not None:
            return self._plain(_UNSAFE)
        body = await self._body(request, MAX_RECEIPT_BYTES)
        if isinstance(body, Reply):
            return self._plain(body, connection="close")
        if wait_ms := self._meter(link).read_wait_ms(self._clock()):
            return self._later("more than a second can carry", wait_ms)
        try:
            reply = self._gate.receipt(link, body)
        except Broken:
            return self._plain(_UNSAFE)
        self._gate.after()
        return self._plain(reply)

    async def _voice(self, link: str, request: Request) -> tuple[Reply, Response]:
        if self._gate.unsafe() is not None:
            return self._plain(_UNSAFE)
        body = await self._body(request, MAX_VOICE_BYTES)
        if isinstance(body, Reply):
            return self._plain(body, connection="close")
        if wait_ms := self._meter(link).voice_wait_ms(self._clock()):
            return self._later("more than a second can carry", wait_ms)
        reply = await self._gate.talking.asked(link, body)
        return self._plain(reply, kind=JSON if reply.status == 200 else TEXT)

    def _read(self, link: str, party: str, what: str) -> tuple[Reply, Response]:
        if self._gate.unsafe() is not None:
            return self._plain(_UNSAFE)
        if wait_ms := self._meter(link).read_wait_ms(self._clock()):
            return self._later("more than a second can carry", wait_ms)
        if what == "checkpoint":
            found, kind, caching = self._gate.checkpoint(link, party), TEXT, FRESH
        elif _is_tile(what):
            found, kind, caching = self._gate.tile(link, party, what), BYTES, FOR_EVER
        else:
            found, kind, caching = None, TEXT, FRESH
        if found is None:
            return self._plain(_NOT_FOUND)
        return self._plain(Reply(status=200, body=found), kind=kind, **{"cache-control": caching})

    async def _body(self, request: Request, limit: int) -> bytes | Reply:
        """Return the request's body, or the answer to one that is too long or too slow."""
        too_large = _refused(413, "too_large", f"a body has at most {limit} bytes")
        length = request.headers.get("content-length", "0")
        if len(length) > 12 or int(length) > limit:  # The parser has let through digits only.
            return too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._bounds.read_s):
                async for part in request.stream():
                    size += len(part)
                    if size > limit:
                        return too_large
                    parts.append(part)
        except TimeoutError:
            return _refused(408, "too_slow", f"a body has {self._bounds.read_s:g} s to arrive")
        return b"".join(parts)

    def _meter(self, link: str) -> Meter:
        """Return the link's meter. There are as many as links, as only peers get so far."""
        meter = self._meters.get(link)
        if meter is None:
            meter = self._meters[link] = Meter(self._bounds)
        return meter

    def _later(self, detail: str, wait_ms: int) -> tuple[Reply, Response]:
        after_s = max(-(-wait_ms // SECOND_MS), 1)
        return self._plain(_refused(429, "rate", detail), **{"retry-after": str(after_s)})

    def _plain(self, reply: Reply, kind: str = TEXT, **headers: str) -> tuple[Reply, Response]:
        # RFC 9110, 6.6.1: "An origin server with a clock MUST generate a Date header field".
        date = formatdate(int(self._clock()) // SECOND_MS, usegmt=True)
        fields = {"date": date, "content-type": kind, **headers}
        return reply, Response(reply.body, status_code=reply.status, headers=fields)


async def _give(response: Response, send: Send) -> None:
    """Send an answer in pieces, and wait where the peer does not take them.

    uvloop counts nothing that it is given in one piece, however large: without this, a peer
    that asks for tiles and reads none would fill our memory.
    """
    raw = cast("bytes", response.body)
    head = {"status": response.status_code, "headers": response.raw_headers}
    await send({"type": "http.response.start", **head})
    for start in range(0, len(raw), _PIECE):
        more = start + _PIECE < len(raw)
        piece = {"body": raw[start : start + _PIECE], "more_body": more}
        await send({"type": "http.response.body", **piece})
    if not raw:
        await send({"type": "http.response.body", "body": b""})


def _refused(status: int, reason: str, detail: str) -> Reply:
    return Reply(status=status, body=f"{reason}: {detail}\n".encode(), reason=reason)


_NOT_FOUND = _refused(404, "not_found", "no such thing here")
_UNSAFE = Reply(status=503, body=NOT_SAFE, reason="line_not_safe")


def _path_of(scope: Scope) -> str:
    """Return the path as it was sent. Nothing of ours has an escape in it, or a query."""
    raw = cast("bytes", scope["raw_path"]).decode("ascii", "replace")
    return f"{raw}?" if scope["query_string"] else raw


def _split(path: str) -> tuple[str, str]:
    """Return the link and what follows it; two empty texts if the path is none of ours."""
    if len(path) > _LONGEST_PATH or not path.startswith(_PREFIX):
        return "", ""
    link, _, rest = path.removeprefix(_PREFIX).partition("/")
    return (link, rest) if is_uuid7(link) else ("", "")


def _is_tile(path: str) -> bool:
    return not (
        isinstance(parse_tile_path(path), Refusal) and isinstance(parse_bundle_path(path), Refusal)
    )
