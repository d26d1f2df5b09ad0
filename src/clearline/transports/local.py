"""The local socket: how the command line speaks to the running node, and nobody else does.

A Unix socket, mode 0600 in a directory of mode 0700, and on Linux the kernel is asked who
is at the other end as well. One JSON object a line each way; requests carry a number and
may be answered out of order, so a bulk declaration keeps many under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog
from msgspec import Raw, Struct

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import dec_hook, enc_hook
from clearline.core.effects import Effect
from clearline.core.events import Command

__all__ = ["Answer", "Ask", "Do", "Failure", "Follow", "LocalClient", "LocalGate", "LocalServer"]

MAX_LINE_BYTES = 1 << 20
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
_requests = msgspec.json.Decoder(Do | Ask | Follow, dec_hook=dec_hook)
_answers = msgspec.json.Decoder(Answer)
_encode = msgspec.json.Encoder(enc_hook=enc_hook).encode


class LocalServer:
    """The node's end of the socket."""

    def __init__(self, gate: LocalGate, path: Path) -> None:
        self._gate = gate
        self._path = path
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

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
        """Stop listening, and end what is under way."""
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
        answer = await self._result(request)
        writer.write(_encode(answer) + b"\n")
        await writer.drain()

    async def _result(self, request: Do | Ask) -> Answer:
        try:
            if isinstance(request, Do):
                value = await self._gate.do(request)
            else:
                value = await self._gate.ask(request.view, request.args)
        except Mistake as mistake:
            failure = Failure(code=mistake.code, phrase=mistake.phrase, at=mistake.at)
        except Broken as broken:
            failure = Failure(code="line_not_safe", phrase=str(broken))
        except BufferError as full:
            failure = Failure(code="busy", phrase=f"{full}: try again in a moment.")
        except TimeoutError:
            failure = Failure(
                code="not_yet", phrase="It was done, but what was awaited is not yet."
            )
        except Exception as error:  # noqa: BLE001 - a shell's outermost loop
            # A view that fails must not take the connection, and so the watch, with it. What
            # concerns the record never ends here: the loop says LINE NOT SAFE of itself.
            _log.error("request_failed", error=f"{type(error).__name__}: {error}")
            failure = Failure(code="failed", phrase=f"{type(error).__name__}: {error}"[:500])
        else:
            return Answer(n=request.n, value=Raw(_encode(value)))
        return Answer(n=request.n, failure=failure)

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
        return await self._call(lambda n: Do(n=n, command=command, until=until, wait_ms=wait_ms))

    async def ask(self, view: str, **args: Any) -> Any:
        """Return a view as plain values; Mistake if it cannot be had."""
        return await self._call(lambda n: Ask(n=n, view=view, args=args))

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every effect of the node from now on, beginning with `{"type": "Following"}`."""
        n, answers = self._send(lambda n: Follow(n=n))
        try:
            while True:
                yield _value(await answers.get())
        finally:
            del self._waiting[n]

    async def _call(self, make: Callable[[int], Do | Ask]) -> Any:
        n, answers = self._send(make)
        try:
            return _value(await answers.get())
        finally:
            del self._waiting[n]

    def _send(self, make: Callable[[int], Do | Ask | Follow]) -> tuple[int, asyncio.Queue[Answer]]:
        self._number += 1
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._waiting[self._number] = answers
        if self._over is not None:
            answers.put_nowait(self._over)
            return self._number, answers
        self._writer.write(_encode(make(self._number)) + b"\n")
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
        failure = answer.failure
        raise Mistake(failure.code, failure.phrase, at=failure.at)
    return msgspec.json.decode(answer.value) if bytes(answer.value) else None


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
