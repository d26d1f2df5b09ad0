"""The server: one listening address that counterparts' nodes reach over HTTPS.

uvicorn's HTTP under an accept loop of our own, since uvicorn's has no limit on handshakes,
takes the process's signals, and ends the process where a port is taken.

It decides whose connection is taken in, and when. What is answered is decided in `answers`.

Source: protocol/3-transport.md, "Connections".
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from clearline.basis.instants import Instant
from clearline.transports.answers import Answers, Gate
from clearline.transports.bounds import STOP_GRACE_S, Bounds
from clearline.transports.connection import Connection

if TYPE_CHECKING:
    from clearline.transports.certificate import PinnedContext

__all__ = ["Gate", "Server"]

_BACKLOG = 128
_ACCEPT_PAUSE_S = 0.2
"""After the system would give no further connection (out of descriptors): not a busy loop."""
_SHUTDOWN_S = 2.0
"""How long a peer has to say goodbye in TLS."""

_log = structlog.get_logger("clearline.transports")


class Server:
    """One listening address. `context` is from `server_context`; pins are added to it."""

    def __init__(
        self,
        gate: Gate,
        context: PinnedContext,
        clock: Callable[[], Instant],
        *,
        observe: Callable[[int, str], None] | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """`observe` is told the status and reason code (empty if all was well) of each answer."""
        self._bounds = bounds or Bounds()
        self._app = Answers(gate, clock, observe or _unobserved, self._bounds)
        self._context = context
        self._state = ServerState()
        self._numbers = itertools.count()
        self._handshakes: dict[asyncio.Task[None], None] = {}
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, chosen by the system if 0 was asked. OSError if it is taken."""
        assert self._listener is None, "a server is started once"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server(
            (host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=host == "::"
        )
        listener.settimeout(0)  # As the event loop needs it: never blocking.
        config = Config(
            self._app,
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=self._bounds.keep_alive_s,
        )
        config.load()
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener, config))
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Take no more connections, answer what is under way, then cut what is left."""
        if self._listener is None or self._accepting is None:
            return
        waiting = [self._accepting, *self._handshakes]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._listener.close()
        for connection in self._connections():
            connection.shutdown()
        if not await self._emptied(STOP_GRACE_S):
            for connection in self._connections():
                connection.abort()
            await self._emptied(STOP_GRACE_S)

    def _connections(self) -> list[Connection]:
        return cast("list[Connection]", list(self._state.connections))

    async def _emptied(self, limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                while self._state.connections:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def _accept(self, listener: socket.socket, config: Config) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError as error:
                _log.warning("accept_failed", reason=str(error))
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            if len(self._handshakes) >= self._bounds.handshakes:
                # Whoever has been silent longest; a real counterpart needs milliseconds.
                next(iter(self._handshakes)).cancel()
            task = loop.create_task(self._shake_hands(sock, config))
            self._handshakes[task] = None
            task.add_done_callback(lambda done: self._handshakes.pop(done, None))

    async def _shake_hands(self, sock: socket.socket, config: Config) -> None:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        number = next(self._numbers)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Connection(config, self._state, self._bounds, number, self._empty.set),
                sock,
                ssl=self._context,
                ssl_handshake_timeout=self._bounds.handshake_s,
                ssl_shutdown_timeout=_SHUTDOWN_S,
            )
        except OSError as error:  # TLS errors and time-outs are OSErrors too.
            verified = isinstance(error, ssl.SSLCertVerificationError)
            reason = "wrong_certificate" if verified else "handshake"
            _log.info("handshake_refused", reason=reason, detail=str(error))


def _unobserved(status: int, reason: str) -> None:
    pass
