"""A connection: one browser's kept-alive HTTP/1.1, and what it may cost the node.

Whoever can reach the console can open connections, signed in or not, and the counterpart's
line runs in the same process. So a head has a size and a time, a body has a time, an answer
that nobody takes is given up, and there are so many connections and no more.

It decides when a connection is cut. It never decides what a request is answered with, but
for what is no HTTP at all: that bears the same headers as every other answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clearline.web.page import HEADERS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from uvicorn.config import Config
    from uvicorn.server import ServerState

__all__ = ["MAX_CONNECTIONS", "MAX_HEAD_BYTES", "Connection"]

MAX_CONNECTIONS = 256
"""Connections in all: 64 consoles with their streams, and what they ask for beside."""
MAX_HEAD_BYTES = 32 * 1024
"""Bytes in a request's line and header fields."""
HEAD_TIMEOUT_S = 10.0
"""For a request's head, from its first byte, and for the first one of a connection."""
BODY_TIMEOUT_S = 60.0
"""For a request's body: a file of shapes has six megabytes, and links are slow."""
WRITE_TIMEOUT_S = 30.0
"""An answer of which nothing at all is taken for so long is given up, an open stream too."""


class _HeadTooLarge(Exception):  # noqa: N818 - it only crosses the parser
    pass


class Connection(HttpToolsProtocol):
    """One connection of a browser's."""

    def __init__(self, config: Config, state: ServerState, number: int) -> None:
        """`number` counts connections in the order in which they came."""
        super().__init__(config=config, server_state=state, app_state={})
        self.number = number
        self._head_bytes = 0
        self._heads = 0
        self._in_body = False
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._untaken = 0
        """Bytes of the answer that waited when it was last looked at."""

    @property
    def address(self) -> str:
        """The address at the other end."""
        return self.client[0] if self.client else ""

    @property
    def is_answered(self) -> bool:
        """Whether a whole request is here, and its answer is under way."""
        return self._is_busy and not self._in_body

    def abort(self) -> None:
        """Cut the connection, without waiting for anything to be sent."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take the connection over; where it is one too many, another one gives way."""
        self._make_room()
        super().connection_made(transport)
        self._await_peer(HEAD_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers."""
        self._heard()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count what it holds back."""
        heads, in_head = self._heads, not self._in_body
        super().data_received(data)
        if self.transport.is_closing():
            return
        if in_head and not self._in_body and heads == self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("head too large")
                return
        if self._reading is None and self.timeout_keep_alive_task is None and not self._is_busy:
            self._await_peer(HEAD_TIMEOUT_S)

    def on_message_begin(self) -> None:
        """Start a request: its head has to come in time."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._reading is None:
            self._await_peer(HEAD_TIMEOUT_S)

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field, or a trailer."""
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the application; its body has to come in time."""
        self._heads += 1
        self._in_body = True
        self._await_peer(BODY_TIMEOUT_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is here: from now on the browser waits for us."""
        self._in_body = False
        self._head_bytes = 0
        self._heard()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The browser does not take its answer as fast as we give it."""
        super().pause_writing()
        self._untaken = self.transport.get_write_buffer_size()
        self._taken()
        self._writing = self.loop.call_later(WRITE_TIMEOUT_S, self._look_what_is_taken)

    def resume_writing(self) -> None:
        """The browser has taken what was waiting."""
        self._taken()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and close."""
        fields = {
            "content-type": "text/plain; charset=utf-8",
            "content-length": str(len(msg)),
            "cache-control": "no-store",
            "connection": "close",
            **HEADERS,
        }
        lines = ["HTTP/1.1 400 Bad Request", *(f"{k.lower()}: {v}" for k, v in fields.items())]
        self.transport.write("\r\n".join([*lines, "", msg]).encode())
        self.transport.close()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _HeadTooLarge

    def _await_peer(self, limit_s: float) -> None:
        self._heard()
        self._reading = self.loop.call_later(limit_s, self.abort)

    def _heard(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _taken(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _look_what_is_taken(self) -> None:
        """Cut a browser that has taken nothing since the last look; a slow one goes on."""
        left = self.transport.get_write_buffer_size()
        if left >= self._untaken:
            self.abort()
            return
        self._untaken = left
        self._writing = self.loop.call_later(WRITE_TIMEOUT_S, self._look_what_is_taken)

    def _make_room(self) -> None:
        """Cut a connection where there would be one too many; never the newest.

        Of the address that has the most, the oldest that waits for its browser; one that is
        being answered, as every open stream is, only where all of them are.
        """
        everyone = cast("Iterable[Connection]", self.connections)
        alive = [each for each in everyone if not each.transport.is_closing()]
        if len(alive) < MAX_CONNECTIONS:
            return
        waiting = [each for each in alive if not each.is_answered] or alive
        counts: dict[str, int] = {}
        for each in waiting:
            counts[each.address] = counts.get(each.address, 0) + 1
        largest = max(counts, key=lambda address: counts[address])
        min((each for each in waiting if each.address == largest), key=lambda it: it.number).abort()

    @property
    def _is_busy(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete
