"""The local socket: how the command line speaks to the running node, and nobody else does.

A Unix socket, mode 0600 in a directory of mode 0700, and on Linux the kernel is asked who
is at the other end as well. One JSON object a line each way; requests carry a number and
may be answered out of order. What is bulk may come in groups: each command of one is its own
event, and one that is refused stops none of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
import structlog
from msgspec import Meta, Raw, Struct

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import dec_hook, enc_hook
from clearline.core.effects import Effect
from clearline.core.events import Bulk, Command

__all__ = [
    "MAX_GROUP", "Answer", "Ask", "Do", "DoAll", "Failure", "Follow", "LocalClient", "LocalGate",
    "LocalServer",
]  # fmt: skip

MAX_LINE_BYTES = 1 << 20
MAX_GROUP = 64
"""Commands of one group."""
GROUPS_S = 1.0
"""How long a node that is stopped waits for the groups that are under way."""
MAX_UNDER_WAY = 256
"""Requests of one connection that may be under way; further ones wait unread."""
MAX_ANSWER_BYTES = 64 << 20
MAX_UNREAD = 10_000
"""Effects that may wait for one who follows; beyond it he is told that he was too slow."""
MAX_SOCKET_PATH = 100
"""Bytes; the kernel's own limit is 104 on macOS and 108 on Linux."""


class Do(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="do"):
    """Have the node handle a command."""

    n: int
    command: Command
    until: str = ""
    """Answer only once our own desks were told this of what the command began, such as
    `call_ringing`; at most `wait_ms` later."""
    wait_ms: int = 0


class DoAll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="do_all"):
    """Have the node handle commands in their order, each as if it came alone.

    The answer has one `Done` for each, in the same order, once all have theirs.
    """

    n: int
    commands: Annotated[tuple[Bulk, ...], Meta(min_length=1, max_length=MAX_GROUP)]


class Ask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ask"):
    """Ask for a view."""

    n: int
    view: str
    args: dict[str, Any] = {}


class Follow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="follow"):
    """Be sent every effect from now on, each as one answer with this number."""

    n: int


class Failure(Struct, frozen=True, kw_only=True):
    """Why a request could not be done."""

    code: str
    phrase: str
    at: int | None = None


class Done(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one command of a group."""

    value: Any = None
    failure: Failure | None = None


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one request."""

    n: int
    value: Raw = Raw()
    failure: Failure | None = None
    last: bool = True
    """Whether no further answer to this request follows."""


class LocalGate(Protocol):
    """What the socket needs of the node."""

    async def do(self, request: Do) -> Any:
        """Handle a command; return what to show of it."""
        ...

    async def do_all(self, commands: Sequence[Bulk]) -> list[Any]:
        """Handle commands; return what to show of each, or what `do` would have raised."""
        ...

    async def ask(self, view: str, args: dict[str, Any]) -> Any:
        """Return a view."""
        ...

    def listen(self, listener: Callable[[Effect], None]) -> Callable[[], None]:
        """Call `listener` with every effect; return how to end it."""
        ...


class _Numbered(Struct):
    """What is asked of a request that cannot be read: whose answer the refusal is."""

    n: int = -1


_log = structlog.get_logger("clearline.transports")
_requests = msgspec.json.Decoder(Do | DoAll | Ask | Follow, dec_hook=dec_hook)
_answers = msgspec.json.Decoder(Answer)
_encode = msgspec.json.Encoder(enc_hook=enc_hook).encode


class LocalServer:
    """The node's end of the socket."""

    def __init__(self, gate: LocalGate, path: Path) -> None:
        self._gate = gate
        self._path = path
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._groups: set[asyncio.Task[Any]] = set()
        self._stopping = False

    async def start(self) -> None:
        """Begin to listen. Mistake if the path is too long for a socket."""
        if len(os.fsencode(self._path)) > MAX_SOCKET_PATH:
            raise Mistake("path_too_long", f"{self._path} is too long for a socket: move the home.")
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, self._path, limit=MAX_LINE_BYTES
            )
        finally:
            os.umask(old)

    async def stop(self) -> None:
        """Stop listening, and end what is under way; groups are answered first, if they soon are.

        What of a group is done already would otherwise be done and never told.
        """
        self._stopping = True
        if self._groups:
            await asyncio.wait(self._groups, timeout=GROUPS_S)
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            if _is_owner(writer):
                await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        room = asyncio.Semaphore(MAX_UNDER_WAY)
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    line = await reader.readline()
                except ConnectionError:
                    return
                except ValueError:
                    failure = Failure(code="too_large", phrase="A request has at most 1 MiB.")
                    writer.write(_encode(Answer(n=-1, failure=failure)) + b"\n")
                    return
                if not line:
                    return
                await room.acquire()
                work = group.create_task(self._answer_or_gone(line, writer))
                work.add_done_callback(lambda _: room.release())

    async def _answer_or_gone(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        # Whoever asked may be gone by the time that there is an answer. What he asked for is
        # done all the same; a raised error would end the group, and with it his other requests.
        with contextlib.suppress(ConnectionError):
            await self._answer(line, writer)

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            request = _requests.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            failure = Failure(code="bad_request", phrase=str(error)[:500])
            writer.write(_encode(Answer(n=_number_of(line), failure=failure)) + b"\n")
            return
        if isinstance(request, Follow):
            await self._follow(request, writer)
            return
        task = asyncio.current_task()
        if isinstance(request, DoAll) and task is not None:
            if self._stopping:
                gone = Failure(code="node_gone", phrase="The node is being stopped.")
                writer.write(_encode(Answer(n=request.n, failure=gone)) + b"\n")
                return
            self._groups.add(task)
            task.add_done_callback(self._groups.discard)
        answer = await self._result(request)
        writer.write(_encode(answer) + b"\n")
        await writer.drain()

    async def _result(self, request: Do | DoAll | Ask) -> Answer:
        try:
            match request:
                case Do():
                    value = await self._gate.do(request)
                case DoAll():
                    value = [_done_of(each) for each in await self._gate.do_all(request.commands)]
                case Ask():
                    value = await self._gate.ask(request.view, request.args)
        except Exception as error:  # noqa: BLE001 - a shell's outermost loop
            return Answer(n=request.n, failure=_failure_of(error))
        return Answer(n=request.n, value=Raw(_encode(value)))

    async def _follow(self, request: Follow, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[Effect | None] = asyncio.Queue(maxsize=MAX_UNREAD + 1)

        def listener(effect: Effect) -> None:
            if queue.qsize() < MAX_UNREAD:
                queue.put_nowait(effect)
            elif not queue.full():
                queue.put_nowait(None)

        end = self._gate.listen(listener)
        try:
            first = Answer(n=request.n, value=Raw(b'{"type":"Following"}'), last=False)
            writer.write(_encode(first) + b"\n")
            while (effect := await queue.get()) is not None:
                answer = Answer(n=request.n, value=Raw(_encode(effect)), last=False)
                writer.write(_encode(answer) + b"\n")
                await writer.drain()
            failure = Failure(code="too_slow", phrase="More happened than was read: follow again.")
            writer.write(_encode(Answer(n=request.n, failure=failure)) + b"\n")
        finally:
            end()


def _done_of(outcome: Any) -> Done:
    if isinstance(outcome, Exception):
        return Done(failure=_failure_of(outcome))
    return Done(value=outcome)


def _failure_of(error: Exception) -> Failure:
    match error:
        case Mistake():
            return Failure(code=error.code, phrase=error.phrase, at=error.at)
        case Broken():
            return Failure(code="line_not_safe", phrase=str(error))
        case BufferError():
            return Failure(code="busy", phrase=f"{error}: try again in a moment.")
        case TimeoutError():
            phrase = "It was done, but what was awaited is not yet."
            return Failure(code="not_yet", phrase=phrase)
        case _:
            # A view that fails must not take the connection, and so the watch, with it. What
            # concerns the record never ends here: the loop says LINE NOT SAFE of itself.
            phrase = f"{type(error).__name__}: {error}"
            _log.error("request_failed", error=phrase)
            return Failure(code="failed", phrase=phrase[:500])


class LocalClient:
    """The command line's end of the socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0
        self._waiting: dict[int, asyncio.Queue[Answer]] = {}
        self._over: Answer | None = None
        """What every further request is answered with, once the connection is gone."""

    async def __aenter__(self) -> LocalClient:
        """Connect; Mistake if no node is running here, or it is not ours."""
        try:
            self._reader, self._writer = await asyncio.open_unix_connection(
                self._path, limit=MAX_ANSWER_BYTES
            )
        except PermissionError as error:
            raise Mistake("not_yours", f"Only the node's owner may open {self._path}.") from error
        except OSError as error:
            raise Mistake(
                "not_running", "The node is not running: start it with `clearline serve`."
            ) from error
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self._writer.close()

    async def do(self, command: Command, *, until: str = "", wait_ms: int = 0) -> Any:
        """Return what the node did of a command; Mistake if it could not."""
        return await self._call(
            lambda n: _encode(Do(n=n, command=command, until=until, wait_ms=wait_ms))
        )

    async def do_all(self, commands: Sequence[Bulk]) -> list[Any]:
        """Return what the node did of each command, one at least; a Mistake where it did nothing.

        Raises Mistake if there was no answer to any of them.
        """
        half = len(commands) // 2
        group = DoAll(n=self._number + 1, commands=tuple(commands))
        line = _encode(group)
        if len(commands) > MAX_GROUP or (half and len(line) >= MAX_LINE_BYTES):
            first = await self.do_all(commands[:half])
            try:
                return first + await self.do_all(commands[half:])
            except Mistake as mistake:
                return first + [mistake] * (len(commands) - half)
        if len(line) >= MAX_LINE_BYTES:
            # Sent, it would end the connection, and with it what others have under way.
            return [Mistake("too_large", "A request has at most 1 MiB.")]
        done = msgspec.convert(await self._call(lambda _: line), list[Done])
        return [_mistake(each.failure) if each.failure else each.value for each in done]

    async def ask(self, view: str, **args: Any) -> Any:
        """Return a view as plain values; Mistake if it cannot be had."""
        return await self._call(lambda n: _encode(Ask(n=n, view=view, args=args)))

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every effect of the node from now on, beginning with `{"type": "Following"}`."""
        n, answers = self._send(lambda n: _encode(Follow(n=n)))
        try:
            while True:
                yield _value(await answers.get())
        finally:
            del self._waiting[n]

    async def _call(self, make: Callable[[int], bytes]) -> Any:
        n, answers = self._send(make)
        try:
            return _value(await answers.get())
        finally:
            del self._waiting[n]

    def _send(self, make: Callable[[int], bytes]) -> tuple[int, asyncio.Queue[Answer]]:
        self._number += 1
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._waiting[self._number] = answers
        if self._over is not None:
            answers.put_nowait(self._over)
            return self._number, answers
        self._writer.write(make(self._number) + b"\n")
        return self._number, answers

    async def _read(self) -> None:
        gone = Failure(code="node_gone", phrase="The node stopped before it answered.")
        try:
            while line := await self._reader.readline():
                answer = _answers.decode(line)
                if answer.n in self._waiting:
                    self._waiting[answer.n].put_nowait(answer)
                elif answer.n == -1:
                    self._end(answer)
        except ConnectionError:
            pass
        except ValueError:
            most = f"{MAX_ANSWER_BYTES >> 20} MiB"
            gone = Failure(code="too_large", phrase=f"The answer has more than {most}.")
        self._over = Answer(n=-1, failure=gone)
        self._end(self._over)

    def _end(self, answer: Answer) -> None:
        for queue in self._waiting.values():
            queue.put_nowait(answer)


def _value(answer: Answer) -> Any:
    if answer.failure is not None:
        raise _mistake(answer.failure)
    return msgspec.json.decode(answer.value) if bytes(answer.value) else None


def _mistake(failure: Failure) -> Mistake:
    return Mistake(failure.code, failure.phrase, at=failure.at)


def _number_of(line: bytes) -> int:
    """Return the number of a request that is otherwise wrong; -1 if not even that can be read."""
    try:
        return msgspec.json.decode(line, type=_Numbered).n
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return -1


def _is_owner(writer: asyncio.StreamWriter) -> bool:
    """Ask the kernel who is at the other end, where it can be asked."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # The socket's mode and its directory's are what holds on macOS.
    peer = writer.get_extra_info("socket")
    size = struct.calcsize("3i")
    _pid, uid, _gid = struct.unpack(
        "3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return uid in (os.geteuid(), 0)
