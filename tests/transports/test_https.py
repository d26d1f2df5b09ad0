"""What a peer gets of the server: its own link, in measure, and of everything else one 404."""

from __future__ import annotations

import asyncio

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from clearline.node.runtime import Reply
from clearline.transports.bounds import Bounds
from clearline.transports.certificate import client_context, server_context
from clearline.transports.connection import Connection
from line import (
    FLASH,
    LINK,
    NO_LINK,
    NOW,
    OTHER_LINK,
    RECEIPT,
    House,
    SmallGate,
    answer,
    client,
    house,
    identity,
    pin,
    request,
    run,
)

APPEND = f"/clearline/v1/{LINK}/append"


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def post(body: bytes, path: str = APPEND) -> bytes:
    return request("POST", path, body, length(body))


async def ask(south: House, raw: bytes, party: str = "north"):
    reader, writer = await south.dial(party)
    writer.write(raw)
    found = await answer(reader)
    writer.close()
    return found


async def unfinished(south: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection whose append the server is reading, and which goes no further."""
    reader, writer = await south.dial()
    head = request("POST", APPEND, b"", "Content-Length: 9", "Expect: 100-continue")
    writer.write(head)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


def test_the_peers_certificate_is_in_the_scope_of_its_request():
    async def scenario() -> None:
        scopes: list[dict] = []

        async def app(scope, receive, send) -> None:
            scopes.append(scope)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        config = Config(app, log_config=None, lifespan="off")
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(config, ServerState(), Bounds(), 0, lambda: None),
            "127.0.0.1",
            0,
            ssl=server_context(*identity("south"), [pin("north")]),
        )
        tls = client_context(*identity("north"), pin("south"))
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        writer.write(request("GET", "/"))
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        assert scopes[0]["extensions"]["tls"]["peer_certificate"] == pin("north")

    run(scenario)


def test_an_append_is_admitted_answered_with_its_receipt_and_its_effects_let_go():
    async def scenario() -> None:
        async with house() as south:
            status, fields, body = await ask(south, post(b"old 0\n\nnote"))
            assert (status, body) == (200, RECEIPT)
            assert fields["content-type"] == "text/plain; charset=utf-8"
            assert south.gate.happened == [("admit", b"old 0\n\nnote"), ("after", None)]
            assert south.seen == [(200, "")]

    run(scenario)


def test_an_append_without_content_length_is_admitted_whole():
    async def scenario() -> None:
        async with house() as south:
            chunks = b"3\r\nold\r\n2\r\n 0\r\n0\r\n\r\n"
            raw = request("POST", APPEND, chunks, "Transfer-Encoding: chunked")
            assert (await ask(south, raw))[0] == 200
            assert south.gate.happened[0] == ("admit", b"old 0")

    run(scenario)


def test_another_size_is_answered_as_a_witness_answers_it():
    async def scenario() -> None:
        async with house() as south:
            south.gate.reply = Reply(status=409, body=b"7\n", reason="wrong_size")
            status, fields, body = await ask(south, post(b"old 0\n\n"))
            assert (status, fields["content-type"], body) == (409, "text/x.tlog.size", b"7\n")
            assert south.seen == [(409, "wrong_size")]

    run(scenario)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/clearline/v1/{OTHER_LINK}/append"),
        ("GET", f"/clearline/v1/{OTHER_LINK}/south/checkpoint"),
        ("POST", f"/clearline/v1/{OTHER_LINK}/not-safe"),
        ("GET", APPEND),
        ("DELETE", APPEND),
        ("OPTIONS", APPEND),
        ("POST", f"{APPEND}/"),
        ("POST", f"{APPEND}?a=b"),
        ("POST", APPEND.replace("a", "%61")),
        ("POST", f"/clearline/v1/{LINK}"),
        ("POST", f"/clearline/v1/{LINK}/south/checkpoint"),
        ("GET", f"/clearline/v1/{LINK}/west/checkpoint"),
        ("GET", f"/clearline/v1/{LINK}/south/tile/0/001"),
        ("GET", f"/clearline/v1/{LINK}/south/tile/0/../0/000.p/3"),
        ("GET", f"/clearline/v1/{LINK}/SOUTH/checkpoint"),
        ("GET", f"/clearline/v1/{LINK}/south/keys"),
        ("GET", "/"),
        ("GET", "/" + "x" * 5_000),
        ("GET", "/clearline/v1/%00/append"),
        ("POST", "/CLEARLINE/v1/append"),
    ],
)
def test_what_is_not_the_peers_looks_byte_for_byte_like_an_unknown_link(method: str, path: str):
    async def raw_answer(south: House, raw: bytes) -> bytes:
        reader, writer = await south.dial()
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        found = head + await reader.readexactly(size)
        writer.close()
        return found

    async def scenario() -> None:
        async with house() as south:
            unknown = await raw_answer(south, post(b"", f"/clearline/v1/{NO_LINK}/append"))
            assert unknown.startswith(b"HTTP/1.1 404 ")
            assert await raw_answer(south, request(method, path, b"")) == unknown
            assert south.gate.happened == []

    run(scenario)


def test_each_peer_reaches_its_own_link_and_not_the_others():
    async def scenario() -> None:
        async with house() as south, client("north") as north, client("east") as east:
            for peer, own, other in ((north, LINK, OTHER_LINK), (east, OTHER_LINK, LINK)):
                assert (await peer.push(south.url, pin("south"), own, b"", 5))[0] == 200
                assert (await peer.push(south.url, pin("south"), other, b"", 5))[0] == 404

    run(scenario)


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes():
    async def scenario() -> None:
        async with house(bounds=Bounds(body_bytes=1_000)) as south:
            raw = request("POST", APPEND, b"", "Content-Length: 1001")
            status, fields, body = await ask(south, raw)
            assert (status, fields["connection"]) == (413, "close")
            assert body == b"too_large: a body has at most 1000 bytes\n"
            assert south.gate.happened == []

    run(scenario)


def test_a_body_that_grows_too_long_is_refused_while_it_comes():
    async def scenario() -> None:
        async with house(bounds=Bounds(body_bytes=1_000)) as south:
            chunks = (b"1f4\r\n" + b"x" * 500 + b"\r\n") * 3
            raw = request("POST", APPEND, chunks, "Transfer-Encoding: chunked")
            assert (await ask(south, raw))[0] == 413
            assert south.gate.happened == []

    run(scenario)


def test_a_body_of_exactly_the_limit_is_admitted():
    async def scenario() -> None:
        async with house(bounds=Bounds(body_bytes=1_000)) as south:
            assert (await ask(south, post(b"x" * 1_000)))[0] == 200

    run(scenario)


def test_a_body_that_does_not_come_in_time_is_answered_408_and_hung_up():
    async def scenario() -> None:
        async with house(bounds=Bounds(read_s=0.1)) as south:
            reader, writer = await south.dial()
            writer.write(request("POST", APPEND, b"old", "Content-Length: 9"))
            status, fields, body = await answer(reader)
            assert (status, fields["connection"]) == (408, "close")
            assert body.startswith(b"too_slow: ")
            assert await reader.read() == b""

    run(scenario)


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"GET /", b"GET / HTTP/1.1\r\nHost: so"])
def test_a_head_that_does_not_come_in_time_is_hung_up(begun: bytes):
    async def scenario() -> None:
        async with house(bounds=Bounds(read_s=0.1)) as south:
            reader, writer = await south.dial()
            writer.write(begun)
            assert await hung_up(reader) == b""

    run(scenario)


def test_a_kept_connection_that_begins_a_second_request_slowly_is_hung_up():
    async def scenario() -> None:
        async with house(bounds=Bounds(read_s=0.1)) as south:
            reader, writer = await south.dial()
            writer.write(post(b"first"))
            assert (await answer(reader))[0] == 200
            writer.write(b"POST ")
            assert await hung_up(reader) == b""

    run(scenario)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: " + b"x" * 300_000,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large_is_refused(head: bytes):
    async def scenario() -> None:
        async with house() as south:
            reader, writer = await south.dial()
            writer.write(head)
            heard = await hung_up(reader)
            assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")
            assert south.gate.happened == []
            assert (await ask(south, post(b"still here")))[0] == 200

    run(scenario)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01 what is this\r\n\r\n",
        b"POST\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\n\r\n",
        b"POST " + APPEND.encode() + b" HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST " + APPEND.encode() + b" HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"POST " + APPEND.encode() + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_garbage_is_hung_up_and_leaves_the_server_as_it_was(garbage: bytes):
    async def scenario() -> None:
        async with house() as south:
            reader, writer = await south.dial()
            writer.write(garbage)
            await hung_up(reader)
            assert south.gate.happened == []
            assert (await ask(south, post(b"still here")))[0] == 200

    run(scenario)


def test_one_request_too_many_at_once_is_sent_away_unless_it_carries_a_flash():
    async def scenario() -> None:
        async with house() as south:
            held = [await unfinished(south) for _ in range(4)]
            status, fields, body = await ask(south, post(b"fifth"))
            assert (status, fields["retry-after"]) == (429, "1")
            assert body == b"rate: 4 appends are under way\n"
            assert (await ask(south, post(FLASH)))[0] == 200
            reader, writer = held[0]
            writer.write(b"the first")
            assert (await answer(reader))[0] == 200
            assert (await ask(south, post(b"fifth")))[0] == 200

    run(scenario)


def test_what_is_more_than_a_second_can_carry_waits_but_a_flash_does_not():
    async def scenario() -> None:
        async with house(bounds=Bounds(bytes_per_s=1_000)) as south:
            assert (await ask(south, post(b"x" * 900)))[0] == 200
            status, fields, body = await ask(south, post(b"x" * 900))
            assert (status, fields["retry-after"]) == (429, "1")
            assert body.startswith(b"rate: ")
            assert (await ask(south, post(FLASH + b"x" * 900)))[0] == 200
            south.now = NOW.after(899)
            assert (await ask(south, post(b"x" * 900)))[0] == 429
            south.now = NOW.after(900)
            assert (await ask(south, post(b"x" * 900)))[0] == 200

    run(scenario)


@pytest.mark.parametrize("why", ["unsafe", "broken"])
def test_a_node_that_is_not_safe_says_so(why: str):
    async def scenario() -> None:
        async with house() as south:
            south.gate.why_unsafe = "the disk /var/x is full" if why == "unsafe" else None
            south.gate.broken = why == "broken"
            status, _, body = await ask(south, post(b"old 0\n\n"))
            assert (status, body) == (503, b"line not safe\n")
            assert south.seen == [(503, "line_not_safe")]
            assert south.gate.happened == []

    run(scenario)


def test_a_stranger_to_a_link_does_not_learn_that_the_node_is_not_safe():
    async def scenario() -> None:
        async with house() as south:
            south.gate.why_unsafe = "the disk is full"
            assert (await ask(south, post(b"old 0\n\n"), "east"))[0] == 404

    run(scenario)


def test_the_counterparts_word_that_it_is_not_safe_is_heard():
    async def scenario() -> None:
        async with house() as south, client() as north:
            assert await north.say_not_safe(south.url, pin("south"), LINK) == 200
            assert south.gate.happened == [("peer_unsafe", LINK), ("after", None)]

    run(scenario)


def test_a_checkpoint_and_tiles_are_read_and_only_tiles_are_for_ever():
    async def scenario() -> None:
        async with house() as south:
            for path, kind, caching in (
                ("checkpoint", "text/plain; charset=utf-8", "no-store"),
                (
                    "tile/0/000.p/3",
                    "application/octet-stream",
                    "private, max-age=31536000, immutable",
                ),
                (
                    "tile/entries/x001/000",
                    "application/octet-stream",
                    "private, max-age=31536000, immutable",
                ),
            ):
                raw = request("GET", f"/clearline/v1/{LINK}/south/{path}")
                status, fields, body = await ask(south, raw)
                assert (status, body) == (200, south.gate.files[LINK, "south", path])
                assert (fields["content-type"], fields["cache-control"]) == (kind, caching)

    run(scenario)


def test_a_peer_that_reads_too_fast_is_told_to_come_back():
    async def scenario() -> None:
        async with house(bounds=Bounds(reads_per_s=2)) as south, client() as north:
            seen = [
                (await north.get(south.url, pin("south"), LINK, "south/checkpoint", 1_000))[0]
                for _ in range(3)
            ]
            assert seen == [200, 200, 429]

    run(scenario)


def test_a_peer_that_does_not_read_its_answer_is_cut_off():
    async def scenario() -> None:
        gate = SmallGate()
        gate.files[LINK, "south", "tile/0/000"] = bytes(16_000_000)
        async with house(gate, Bounds(write_s=0.1)) as south:
            reader, writer = await south.dial()
            writer.write(request("GET", f"/clearline/v1/{LINK}/south/tile/0/000"))
            await reader.readuntil(b"\r\n\r\n")
            while south.server._connections():
                await south.server._empty.wait()
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(16_000_000)

    run(scenario)


def test_the_newest_connection_of_a_peer_is_kept_and_its_oldest_idle_one_is_cut():
    async def scenario() -> None:
        async with house(bounds=Bounds(peer_connections=2)) as south:
            busy = await unfinished(south)
            idle, writer = await south.dial()
            writer.write(post(b"then idle"))
            await answer(idle)
            assert (await ask(south, post(b"newest")))[0] == 200
            assert await hung_up(idle) == b""
            busy[1].write(b"goes on..")
            assert (await answer(busy[0]))[0] == 200

    run(scenario)


def test_a_full_server_makes_room_where_one_peer_has_most():
    async def scenario() -> None:
        async with house(bounds=Bounds(connections=3)) as south:
            crowd = [await unfinished(south) for _ in range(3)]
            east = f"/clearline/v1/{OTHER_LINK}/append"
            assert (await ask(south, post(b"hello", east), "east"))[0] == 200
            assert await hung_up(crowd[0][0]) == b""

    run(scenario)


def test_whoever_never_finishes_a_handshake_gives_way_to_a_peer():
    async def scenario() -> None:
        async with house(bounds=Bounds(handshakes=2)) as south:
            silent = [await asyncio.open_connection("127.0.0.1", south.port) for _ in range(3)]
            assert (await ask(south, post(b"hello")))[0] == 200
            assert await hung_up(silent[0][0]) == b""

    run(scenario)


def test_a_handshake_that_takes_too_long_is_given_up():
    async def scenario() -> None:
        async with house(bounds=Bounds(handshake_s=0.1)) as south:
            reader, _ = await asyncio.open_connection("127.0.0.1", south.port)
            assert await hung_up(reader) == b""

    run(scenario)


def test_a_server_that_stops_answers_what_is_under_way_and_takes_nothing_new():
    async def scenario() -> None:
        async with house() as south:
            reader, writer = await unfinished(south)
            stopping = asyncio.create_task(south.server.stop())

            async def knock() -> None:
                while True:
                    await asyncio.open_connection("127.0.0.1", south.port)

            with pytest.raises(ConnectionError):
                await knock()
            writer.write(b"the whole")
            assert (await answer(reader))[0] == 200
            await stopping

    run(scenario)


async def hung_up(reader: asyncio.StreamReader) -> bytes:
    """Return what still came before the other side hung up, politely or not."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""
