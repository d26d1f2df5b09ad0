"""A connection: one counterpart's kept-alive HTTP/1.1 over TLS, and what it may cost.

uvicorn's parser with three things that it lacks: the peer's certificate in the request's
scope, a limit on the head, and time limits on everything that waits for the peer.

It decides when a connection is cut. It never decides what a request is answered with.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from clearline.transports.bounds import Bounds

__all__ = ["Connection", "peer_of"]

_SPARE_S = 1.0
"""The application's own time limit on a body comes first, with an answer."""


class _HeadTooLarge(Exception):  # noqa: N818 - it only crosses the parser
    pass


class Connection(HttpToolsProtocol):
    """One connection. `scope["extensions"]["tls"]["peer_certificate"]` is the peer's DER."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        bounds: Bounds,
        number: int,
        lost: Callable[[], None],
    ) -> None:
        """`number` counts connections in the order they came; `lost` is called when it is over."""
        super().__init__(config=config, server_state=state, app_state={})
        self.number = number
        self.peer: bytes = b""
        """The certificate at the other end, DER; empty until the handshake is over."""
        self._bounds = bounds
        self._lost = lost
        self._head_bytes = 0
        self._heads = 0
        self._in_body = False
        self._wire_bytes = 0
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return not self.cycle or self.cycle.response_complete

    def abort(self) -> None:
        """Cut the connection, without waiting for anything to be sent."""
        if self.transport:
            self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take the connection over, now that the handshake is done."""
        tls = cast("ssl.SSLObject", transport.get_extra_info("ssl_object"))
        self.peer = tls.getpeercert(binary_form=True) or b""
        assert self.peer, "a handshake without a certificate"
        self._make_room()
        super().connection_made(transport)
        self._await_peer(self._bounds.read_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers."""
        self._heard()
        self._taken()
        super().connection_lost(exc)
        self._lost()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count what it holds back."""
        heads, in_head = self._heads, not self._in_body
        self._wire_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if in_head and not self._in_body and heads == self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > self._bounds.head_bytes:
                self.send_400_response("head too large")
                return
        # Twice the body: room for the framing of chunks, and an end to what is neither
        # head nor body (chunk extensions, trailers, a body that nobody reads).
        if self._in_body and self._wire_bytes > 2 * self._bounds.body_bytes + 65_536:
            self.abort()
            return
        if self.idle and self._reading is None and self.timeout_keep_alive_task is None:
            self._await_peer(self._bounds.read_s)

    def on_message_begin(self) -> None:
        """Start a request: its head has to come in time."""
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {"tls": {"peer_certificate": self.peer}}
        self._head_bytes = 0
        if self._reading is None:
            self._await_peer(self._bounds.read_s)

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
        self._wire_bytes = 0
        self._heard()
        self._await_peer(self._bounds.read_s + _SPARE_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is here: from now on the peer waits for us."""
        self._in_body = False
        self._head_bytes = 0
        self._heard()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The peer does not take its answer as fast as we give it."""
        super().pause_writing()
        if self._writing is None:
            self._writing = self.loop.call_later(self._bounds.write_s, self.abort)

    def resume_writing(self) -> None:
        """The peer has taken what was waiting."""
        self._taken()
        super().resume_writing()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._bounds.head_bytes:
            raise _HeadTooLarge

    def _await_peer(self, limit_s: float) -> None:
        self._reading = self.loop.call_later(limit_s, self.abort)

    def _heard(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _taken(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _make_room(self) -> None:
        """Cut the oldest connection where there would be one too many, an idle one first.

        Never the newest: when a path has died under kept-alive connections, this is the
        one that carries the call.
        """
        everyone = cast("Iterable[Connection]", self.connections)
        alive = [each for each in everyone if not each.transport.is_closing()]
        same = [each for each in alive if each.peer == self.peer]
        if len(same) >= self._bounds.peer_connections:
            _oldest(same).abort()
        elif len(alive) >= self._bounds.connections:
            # The peer with most gives way, so that one cannot keep the others out.
            counts: dict[bytes, int] = {}
            for each in alive:
                counts[each.peer] = counts.get(each.peer, 0) + 1
            largest = max(counts, key=lambda peer: counts[peer])
            _oldest([each for each in alive if each.peer == largest]).abort()


def _oldest(connections: list[Connection]) -> Connection:
    return min(connections, key=lambda each: (not each.idle, each.number))


def peer_of(scope: Any) -> bytes:
    """Return the peer's certificate, DER, of a request that came by a Connection."""
    return cast("bytes", scope["extensions"]["tls"]["peer_certificate"])
