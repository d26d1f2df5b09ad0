"""The local socket: for its owner alone, and whatever comes over it is answered."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clearline.basis.faults import Broken, Mistake
from clearline.core.effects import Effect, Hush
from clearline.core.events import Note, TakeWatch
from clearline.transports.local import (
    MAX_GROUP,
    MAX_LINE_BYTES,
    MAX_UNREAD,
    LocalClient,
    LocalServer,
)

NOTICE = "018f2b7a-0000-7000-8000-000000000001"
WATCH = TakeWatch(by="officer", echelon="duty-desk", languages=("en",))


class SmallGate:
    """A node that has nothing behind it."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Effect], None]] = []
        self.asked = 0
        self.groups: list[int] = []

    async def do(self, request: Any) -> Any:
        return {"by": request.command.by}

    async def do_all(self, commands: Any) -> list[Any]:
        self.groups.append(len(commands))
        return [
            Mistake("no_such_notice", "There is none.")
            if each.disposition == "no"
            else {"by": each.by}
            for each in commands
        ]

    async def ask(self, view: str, args: dict[str, Any]) -> Any:
        self.asked += 1
        match view:
            case "mistake":
                raise Mistake("no_such_thing", "There is none.", at=3)
            case "broken":
                raise Broken("disk full")
            case "full":
                raise BufferError("20 wait")
            case "fault":
                raise KeyError("a fault of ours")
            case "large":
                return "x" * (65 << 20)
            case _:
                return args

    def listen(self, listener: Callable[[Effect], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


@pytest.fixture
def path() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    yield folder / "s"
    shutil.rmtree(folder, ignore_errors=True)


def _note(disposition: str) -> Note:
    return Note(by="officer", notice=NOTICE, disposition=disposition)


def served(path: Path, work: Callable[[SmallGate], Awaitable[None]]) -> list[str]:
    """Serve a gate while `work` runs; return what the event loop had to complain of."""
    said: list[str] = []

    async def go() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, c: said.append(c["message"]))
        gate = SmallGate()
        server = LocalServer(gate, path)
        await server.start()
        await work(gate)
        await server.stop()
        await asyncio.sleep(0.01)

    asyncio.run(go())
    return said


async def raw(path: Path, sent: bytes) -> list[dict[str, Any]]:
    """Send bytes and no more; return every answer."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 22)
    writer.write(sent)
    writer.write_eof()
    answers = [json.loads(line) async for line in reader]
    writer.close()
    return answers


def test_the_socket_is_the_owners_alone_and_gone_afterwards(path: Path):
    async def work(_: SmallGate) -> None:
        assert path.stat().st_mode & 0o777 == 0o600  # noqa: ASYNC240 - of a socket

    served(path, work)
    assert not path.exists()


def test_a_path_that_is_too_long_is_a_mistake(path: Path):
    async def go() -> None:
        await LocalServer(SmallGate(), path.with_name("x" * 100)).start()

    with pytest.raises(Mistake) as caught:
        asyncio.run(go())
    assert caught.value.code == "path_too_long"


@pytest.mark.parametrize(
    ("sent", "number", "code"),
    [
        (b"garbage\n", -1, "bad_request"),
        (b"\n", -1, "bad_request"),
        (b"\xff\xfe\n", -1, "bad_request"),
        (b"[" * 100_000 + b"\n", -1, "bad_request"),
        (b'{"type":"ask","n":7}\n', 7, "bad_request"),
        (b'{"type":"ask","n":7,"view":"x","more":1}\n', 7, "bad_request"),
        (b'{"type":"do","n":7,"command":{"type":"Nope"}}\n', 7, "bad_request"),
        (b'{"type":"do_all","n":7,"commands":[]}\n', 7, "bad_request"),
        (
            b'{"type":"do_all","n":7,"commands":[{"type":"LeaveWatch","by":"o"}]}\n',
            7,
            "bad_request",
        ),
        (b"x" * (MAX_LINE_BYTES + 10) + b"\n", -1, "too_large"),
    ],
    ids=range(10),
)
def test_what_is_no_request_is_answered_with_a_code(path, sent: bytes, number: int, code: str):
    async def work(_: SmallGate) -> None:
        (answer,) = await raw(path, sent)
        assert (answer["n"], answer["failure"]["code"]) == (number, code)

    assert served(path, work) == []


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ("mistake", "no_such_thing"),
        ("broken", "line_not_safe"),
        ("full", "busy"),
        ("fault", "failed"),
        ("large", "too_large"),
    ],
)
def test_every_failure_has_a_code_and_the_next_request_is_answered(path, view: str, code: str):
    async def work(_: SmallGate) -> None:
        async with LocalClient(path) as node:
            with pytest.raises(Mistake) as caught:
                await node.ask(view)
            assert caught.value.code == code
        async with LocalClient(path) as node:
            assert await node.ask("args", x=1) == {"x": 1}

    assert served(path, work) == []


def test_each_of_a_group_is_answered_for_itself_in_its_place(path: Path):
    async def work(_: SmallGate) -> None:
        async with LocalClient(path) as node:
            first, second, third = await node.do_all([_note("a"), _note("no"), _note("b")])
            assert (first, third) == ({"by": "officer"}, {"by": "officer"})
            assert isinstance(second, Mistake)
            assert second.code == "no_such_notice"

    assert served(path, work) == []


def test_what_is_too_much_for_one_group_goes_in_several(path: Path):
    async def work(gate: SmallGate) -> None:
        async with LocalClient(path) as node:
            many = [_note("a")] * (2 * MAX_GROUP + 1)
            assert len(await node.do_all(many)) == len(many)
            assert max(gate.groups) <= MAX_GROUP
            gate.groups.clear()
            large = [_note("x" * (MAX_LINE_BYTES // 40))] * MAX_GROUP
            assert len(await node.do_all(large)) == MAX_GROUP
            assert gate.groups == [MAX_GROUP // 2] * 2

    assert served(path, work) == []


def test_what_was_done_of_a_group_is_told_though_the_rest_is_too_large_to_be_asked(path: Path):
    async def work(gate: SmallGate) -> None:
        async with LocalClient(path) as node:
            slow = asyncio.create_task(node.ask("args", n=1))
            group = [_note("a")] * 31 + [_note("x" * (MAX_LINE_BYTES + 1))]
            *done, large = await node.do_all(group)
            assert done == [{"by": "officer"}] * 31
            assert isinstance(large, Mistake)
            assert large.code == "too_large"
            assert sum(gate.groups) == 31
            # It did not end the connection, on which others may be under way.
            assert await slow == {"n": 1}
            assert await node.do_all([_note("a")]) == [{"by": "officer"}]

    assert served(path, work) == []


def test_a_group_that_is_under_way_is_answered_before_the_node_stops(path: Path):
    class Slow(SmallGate):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.go_on = asyncio.Event(), asyncio.Event()

        async def do_all(self, commands: Any) -> list[Any]:
            self.begun.set()
            await self.go_on.wait()
            return await super().do_all(commands)

    async def work() -> None:
        gate = Slow()
        server = LocalServer(gate, path)
        await server.start()
        async with LocalClient(path) as node:
            group = asyncio.create_task(node.do_all([_note("a")]))
            await gate.begun.wait()
            stopping = asyncio.create_task(server.stop())
            await asyncio.sleep(0)
            later = asyncio.create_task(node.do_all([_note("a")]))
            with pytest.raises(Mistake, match="being stopped"):
                await later
            gate.go_on.set()
            assert await group == [{"by": "officer"}]
            await stopping

    asyncio.run(work())


def test_a_thousand_requests_at_once_are_all_answered(path: Path):
    async def work(_: SmallGate) -> None:
        async with LocalClient(path) as node:
            answers = await asyncio.gather(*(node.ask("args", n=n) for n in range(1_000)))
            assert [each["n"] for each in answers] == list(range(1_000))
            assert await node.do(WATCH) == {"by": "officer"}

    assert served(path, work) == []


def test_a_client_that_vanishes_leaves_no_trace(path: Path):
    async def work(gate: SmallGate) -> None:
        for sent in (b'{"type":"follow","n":1}\n', b'{"type":"ask","n":1,"view":"x"}\n' * 200):
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(sent)
            await writer.drain()
            while not (gate.listeners or gate.asked):  # noqa: ASYNC110 - the gate is plain
                await asyncio.sleep(0)
            writer.transport.abort()
        while gate.listeners:
            for listener in list(gate.listeners):
                listener(Hush(id="h", what="c"))
            await asyncio.sleep(0.001)

    assert served(path, work) == []


def test_one_who_follows_is_sent_everything_or_told_that_he_was_too_slow(path: Path):
    async def work(gate: SmallGate) -> None:
        async with LocalClient(path) as node:
            following = node.follow()
            assert (await anext(following))["type"] == "Following"
            (listener,) = gate.listeners
            listener(Hush(id="h", what="c"))
            assert (await anext(following))["what"] == "c"
            for _ in range(MAX_UNREAD + 2):
                listener(Hush(id="h", what="c"))
            with pytest.raises(Mistake) as caught:
                async for _ in following:
                    pass
            assert caught.value.code == "too_slow"

    assert served(path, work) == []


def test_a_request_after_the_node_has_gone_is_answered_at_once(path: Path):
    async def go() -> list[str]:
        server = LocalServer(SmallGate(), path)
        await server.start()
        codes: list[str] = []
        async with LocalClient(path) as node:
            await node.ask("args")
            await server.stop()
            for _ in range(2):
                with pytest.raises(Mistake) as caught:
                    async with asyncio.timeout(5):
                        await node.ask("args")
                codes.append(caught.value.code)
        return codes

    assert asyncio.run(go()) == ["node_gone", "node_gone"]


def test_where_no_node_runs_it_is_said(path: Path):
    async def go() -> None:
        async with LocalClient(path):
            pass

    with pytest.raises(Mistake) as caught:
        asyncio.run(go())
    assert caught.value.code == "not_running"
    path.write_text("")
    with pytest.raises(Mistake):
        asyncio.run(go())
    assert os.path.exists(path)
