"""What a push costs, what it reuses, and which word it fails with."""

from __future__ import annotations

import asyncio
import socket

import pytest

from clearline.node.runtime import Reply
from clearline.transports.certificate import server_context
from clearline.transports.client import Failure, Unreachable, _socket
from line import LINK, RECEIPT, SmallGate, client, house, identity, pin, run


async def failure(url: str, timeout_s: float = 5) -> Failure:
    async with client() as north:
        with pytest.raises(Unreachable) as caught:
            await north.push(url, pin("south"), LINK, b"old 0\n\n", timeout_s)
    return caught.value.reason


async def says(raw: bytes | None) -> tuple[asyncio.Server, str]:
    """Return a server with south's certificate that says `raw` to whatever it is asked.

    If it is None, it says nothing and keeps the line.
    """

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if raw is None:
            await reader.read()
        else:
            writer.write(raw)
        writer.close()

    tls = server_context(*identity("south"), [pin("north")])
    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=tls)
    return server, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_many_pushes_go_over_one_connection():
    async def scenario() -> None:
        async with house() as south, client() as north:
            for _ in range(30):
                found = await north.push(south.url, pin("south"), LINK, b"old 0\n\n", 5)
                assert found == (200, RECEIPT)
            assert [each.number for each in south.server._connections()] == [0]

    run(scenario)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422, 429, 500, 503])
def test_every_status_is_an_answer(status: int):
    async def scenario() -> None:
        async with house() as south, client() as north:
            south.gate.reply = Reply(status=status, body=b"7\n")
            assert (await north.push(south.url, pin("south"), LINK, b"", 5))[0] == status

    run(scenario)


def test_a_redirect_is_an_answer_and_is_not_followed():
    async def scenario() -> None:
        server, url = await says(
            b"HTTP/1.1 307 Temporary\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        )
        async with server, client() as north:
            assert (await north.push(url, pin("south"), LINK, b"", 5))[0] == 307

    run(scenario)


def test_nobody_at_the_address_is_refused():
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert await failure(f"https://127.0.0.1:{port}") is Failure.REFUSED

    run(scenario)


def test_no_answer_in_time_is_a_timeout():
    async def scenario() -> None:
        server, url = await says(None)
        async with server:
            assert await failure(url, timeout_s=0.1) is Failure.TIMEOUT

    run(scenario)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Failure.LOST),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", Failure.LOST),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Failure.BAD_ANSWER),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000,
            Failure.TOO_LARGE,
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 70_000, Failure.TOO_LARGE),
    ],
)
def test_what_comes_back_wrong_has_one_word(raw: bytes, reason: Failure):
    async def scenario() -> None:
        server, url = await says(raw)
        async with server:
            assert await failure(url) is reason

    run(scenario)


def test_a_plain_http_server_is_no_tls():
    async def scenario() -> None:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            assert await failure(f"https://127.0.0.1:{port}") is Failure.TLS

    run(scenario)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://x", "https://", "https://a:b:c"])
def test_an_address_that_is_none_is_never_tried(url: str):
    async def scenario() -> None:
        assert await failure(url) is Failure.BAD_ADDRESS

    run(scenario)


def test_a_tile_is_read_up_to_the_limit_and_no_further():
    async def scenario() -> None:
        gate = SmallGate()
        gate.files[LINK, "south", "tile/0/000"] = b"h" * 8_192
        async with house(gate) as south, client() as north:
            at = (south.url, pin("south"), LINK, "south/tile/0/000")
            assert await north.get(*at, 8_192) == (200, b"h" * 8_192)
            with pytest.raises(Unreachable) as caught:
                await north.get(*at, 8_191)
            assert caught.value.reason is Failure.TOO_LARGE

    run(scenario)


def test_a_client_whose_server_was_started_again_reaches_it():
    async def scenario() -> None:
        async with client() as north:
            async with house() as south:
                await north.push(south.url, pin("south"), LINK, b"before", 5)
                port = south.port
            async with house(port=port) as again:
                assert (await north.push(again.url, pin("south"), LINK, b"after", 5))[0] == 200

    run(scenario)


def test_small_writes_are_not_gathered_on_either_side():
    async def scenario() -> None:
        async with house() as south, client() as north:
            await north.push(south.url, pin("south"), LINK, b"", 5)
            (connection,) = south.server._connections()
            theirs = connection.transport.get_extra_info("socket")
            with _socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", None)) as ours:
                for each in (ours, theirs):
                    assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(scenario)
