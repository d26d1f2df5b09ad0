"""The console of one running node: its address, its picture, its people.

It listens on an address of its own, beside the counterparts' and never with them: whoever
can reach one cannot for that reason reach the other. It runs in the node's loop, so that
what it shows is what is; nothing that it does may hold that loop for long.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from pathlib import Path
from typing import cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from clearline import __version__
from clearline.basis.faults import Mistake
from clearline.core.effects import Effect
from clearline.node.settings import Settings
from clearline.web.api import Api, Backend, ReadShapes
from clearline.web.app import application
from clearline.web.connection import Connection
from clearline.web.endpoint import Endpoint
from clearline.web.page import Page
from clearline.web.people import People
from clearline.web.picture import Picture
from clearline.web.signin import SignIn

__all__ = ["Console", "every_endpoint"]

FRAME_S = 0.1
"""What cannot wait is shown at once; all else so often."""
LOOK_S = 1.0
"""So often the picture is looked through even if nothing was told: links grow old."""
KEEP_ALIVE_S = 75
HANDSHAKE_TIMEOUT_S = 5.0
STOP_GRACE_S = 1.0


def every_endpoint(api: Api, signin: SignIn) -> list[Endpoint]:
    """Return every row of the API."""
    return [*signin.endpoints(), *api.endpoints()]


class Console:
    """The console's shell around one node."""

    def __init__(
        self, backend: Backend, settings: Settings, home: Path, read_shapes: ReadShapes
    ) -> None:
        node = settings.node
        self._settings = settings
        self._backend = backend
        now = backend.clock.now
        self.people = People(home / "console.db")
        self.picture = Picture(backend.runtime, node.party, node.title, __version__, now())
        self._signin = SignIn(self.people, node, settings.console, now)
        self._api = Api(backend, self.picture, home / "layers", read_shapes)
        self._api.still = self._signin.still
        self._api.refresh = self.refresh
        self._server: asyncio.Server | None = None
        self._state = ServerState()
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen for browsers; return the address for people. Mistake if it cannot."""
        console = self._settings.console
        context = self._context()  # First: a certificate that does not hold takes no port.
        host, _, port = console.listen.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, int(port)), family=family, backlog=128)
        except OSError as error:
            raise Mistake("cannot_listen", f"{console.listen}, for the console: {error}") from error
        taken = int(listener.getsockname()[1])
        address = self._signin.served_at(taken)
        app = application(
            self._signin, every_endpoint(self._api, self._signin), Page(), self._backend.clock.now
        )
        config = Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        config.load()
        loop = asyncio.get_running_loop()
        numbers = itertools.count()
        self._server = await loop.create_server(
            lambda: Connection(config, self._state, next(numbers)),
            sock=listener,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if context else None,
        )
        self.refresh()
        self._looking = loop.create_task(self._look())
        return address

    async def stop(self) -> None:
        """Take no more browsers, and let those go that are there."""
        if self._looking is not None:
            self._looking.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            cast("Connection", connection).abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=STOP_GRACE_S)
        self.people.close()

    def heard(self, effect: Effect) -> None:
        """Take in what the node does; what cannot wait is on the screens in this turn."""
        if self.picture.heard(effect, self._backend.clock.now()):
            asyncio.get_running_loop().call_soon(self.refresh)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FRAME_S, self.refresh)

    def refresh(self) -> None:
        """Show what has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.picture.refresh(self._backend.clock.now())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.refresh()

    def _context(self) -> ssl.SSLContext | None:
        console = self._settings.console
        if not console.certificate:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            # A key under a password would be asked for at a terminal that a node does not have.
            context.load_cert_chain(console.certificate, console.certificate_key, password="")
        except (OSError, ValueError) as error:  # TLS errors are OSErrors too.
            raise Mistake("bad_certificate", f"{console.certificate}: {error}") from error
        return context
