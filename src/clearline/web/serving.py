"""Serving: a console that is served: its people, its application, and its address.

It listens on an address of its own, beside the counterparts' and never with them: whoever
can reach one cannot for that reason reach the other. What it needs (a file of people, a
certificate, a port) it has whole or not at all: what cannot be served holds nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from clearline.basis.faults import Mistake
from clearline.node.settings import Console, Settings
from clearline.web.api import Api, Backend
from clearline.web.app import application
from clearline.web.areas import AreaFiles
from clearline.web.connection import Connection
from clearline.web.documents import Documents
from clearline.web.endpoint import Endpoint
from clearline.web.file import FILE
from clearline.web.page import Page
from clearline.web.people import People
from clearline.web.picture import Picture
from clearline.web.signin import SignIn
from clearline.web.talks import Talks

__all__ = ["Serving", "every_endpoint"]

KEEP_ALIVE_S = 75
BACKLOG = 128
"""Connections that wait to be accepted."""
HANDSHAKE_TIMEOUT_S = 5.0
STOP_GRACE_S = 1.0


def every_endpoint(signin: SignIn, documents: Documents, talks: Talks, api: Api) -> list[Endpoint]:
    """Return every row of the API."""
    return [
        *signin.endpoints(),
        *documents.endpoints(),
        *talks.endpoints(),
        *api.endpoints(),
    ]


class Serving:
    """One console, from when it begins to be served until it is stopped."""

    def __init__(self, address: str, people: People) -> None:
        self.address = address
        """What people type into a browser."""
        self._people = people
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    @classmethod
    async def begin(
        cls,
        backend: Backend,
        settings: Settings,
        home: Path,
        files: AreaFiles,
        picture: Picture,
        page: Page,
        refresh: Callable[[], None],
    ) -> Serving:
        """Listen for browsers. Mistake if there is no certificate, port or file of people to use.

        `refresh` is called when a browser has changed something.
        """
        console, now = settings.console, backend.clock.now
        with ExitStack() as undo:
            context = _context(console)
            people = People(home / FILE)
            undo.callback(people.close)
            listener = await _listener(console.listen)
            undo.callback(listener.close)
            signin = SignIn(people, settings.node, console, now)
            address = signin.served_at(int(listener.getsockname()[1]))
            api = Api(backend, picture, home / "layers", files, signin.still, refresh)
            rows = every_endpoint(signin, Documents(people), Talks(backend.talking), api)
            app = application(signin, rows, page, now)
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
            numbers = itertools.count()
            made = cls(address, people)
            made._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(config, made._state, next(numbers)),
                sock=listener,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if context else None,
            )
            undo.pop_all()
        return made

    async def stop(self) -> None:
        """Take no more browsers, and let those go that are there."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            cast("Connection", connection).abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=STOP_GRACE_S)
        self._people.close()


async def _listener(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # A name is looked up beside the loop: after a power cut nobody may answer for a while.
        found = await asyncio.get_running_loop().getaddrinfo(host, int(port), family=family)
        return socket.create_server(found[0][4][:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise Mistake("cannot_listen", f"{listen}, for the console: {error}") from error


def _context(console: Console) -> ssl.SSLContext | None:
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
