"""The console's connections: what a stranger, a slow reader or a flood may cost the node."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from clearline.web import connection
from clearline.web.connection import MAX_CONNECTIONS, MAX_HEAD_BYTES, Connection
from tests.line.consoles import Line
from tests.line.station import until
from tests.web.conftest import Client

TOLD_S = 10


def reached(line: Line) -> socket.socket:
    """Return a connection to north's console, as anybody can open one."""
    host, _, port = line.north.address.rpartition("//")[2].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=TOLD_S)


def ended(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends the connection."""
    said = b""
    try:
        while piece := sock.recv(65_536):
            said += piece
    except ConnectionError:
        pass
    return said


def pour(sock: socket.socket, piece: bytes, most: int) -> int:
    """Send a piece again and again until the other side has had enough; return how much."""
    sent = 0
    try:
        while sent < most:
            sock.sendall(piece)
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize("piece", [b"a" * 8_192, b"a: b\r\n" * 1_000], ids=["one", "many"])
def test_a_head_without_end_is_cut_off(line: Line, piece: bytes) -> None:
    with reached(line) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        most = 64 << 20  # What the kernel holds back between us is less than this.
        assert pour(sock, piece, most) < most


def test_a_head_that_is_just_not_too_large_is_answered(line: Line) -> None:
    with reached(line) as sock:
        sock.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nConnection: close\r\n")
        sock.sendall(b"X-Long: " + b"a" * (MAX_HEAD_BYTES - 200) + b"\r\n\r\n")
        assert ended(sock).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_answered_under_the_same_policy(line: Line) -> None:
    with reached(line) as sock:
        sock.sendall(b"BLAH\r\n\r\n")
        said = ended(sock)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"require-trusted-types-for 'script'" in said
    assert b"x-content-type-options: nosniff" in said
    assert b"cache-control: no-store" in said


def test_however_many_connections_there_are_a_new_one_is_answered_and_no_stream_ends(
    line: Line, north: Client, stranger: Callable[..., Client]
) -> None:
    with north.stream(since=north.api("picture")["seq"]) as stream, ExitStack() as open_ones:
        stream.readline()
        for _ in range(MAX_CONNECTIONS + 10):
            open_ones.enter_context(reached(line))
        assert stranger().get("/api/v1/openapi.json").status == 200
        line.north.run("declare", "--circle", "35.2N 40.1E", "--radius", "3 km", "--band",
                       "SFC-FL100", "--from", "+3h", "--to", "+5h")  # fmt: skip
        until(lambda: stream.readline().startswith(b"event: frame"), "a frame")


@contextmanager
def limits(monkeypatch: pytest.MonkeyPatch, **shorter: float) -> Iterator[None]:
    """Have the same limits be over sooner."""
    with monkeypatch.context() as patch:
        for name, value in shorter.items():
            patch.setattr(connection, name, value)
        yield


async def served(app: Any, ask: Callable[[int], Any]) -> Any:
    """Return what `ask` gives for the port of a server of these connections."""
    config = Config(app, http="httptools", ws="none", lifespan="off", log_config=None)
    config.load()
    state, numbers = ServerState(), itertools.count()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, state, next(numbers)), "127.0.0.1", 0
    )
    async with server:
        async with asyncio.timeout(TOLD_S):
            return await ask(server.sockets[0].getsockname()[1])


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """Answer without end, as a stream does."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await asyncio.sleep(0)


async def large(scope: Any, receive: Any, send: Any) -> None:
    """Answer with more than any buffer between us holds."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * (32 << 20)})


ASK = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(ASK)
        transport: Any = writer.transport
        transport.pause_reading()
        given_up = asyncio.get_running_loop().create_future()
        monkeypatch.setattr(Connection, "connection_lost", _telling(given_up))
        await given_up
        del reader
        writer.close()
        return b"given up"

    with limits(monkeypatch, WRITE_TIMEOUT_S=0.1):
        assert asyncio.run(served(endless, ask)) == b"given up"


def test_an_answer_that_is_taken_slowly_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
        writer.write(ASK)
        taken = 0
        while piece := await reader.read(65_536):
            taken += len(piece)
            await asyncio.sleep(0.001)  # Not to wait for anything: this is the slow link.
        writer.close()
        return taken

    with limits(monkeypatch, WRITE_TIMEOUT_S=0.2):
        assert asyncio.run(served(large, ask)) > 32 << 20


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"],
    ids=["nothing", "half a head", "half a body"],
)  # fmt: skip
def test_a_request_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        try:
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass

    with limits(monkeypatch, HEAD_TIMEOUT_S=0.1, BODY_TIMEOUT_S=0.1):
        assert asyncio.run(served(waits, ask)) == b""


def _telling(given_up: asyncio.Future[None]) -> Any:
    lost = Connection.connection_lost

    def connection_lost(self: Connection, exc: Exception | None) -> None:
        lost(self, exc)
        if not given_up.done():
            given_up.set_result(None)

    return connection_lost
