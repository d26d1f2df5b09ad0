"""Child: the node's end of its voice process: started when it may be needed, and asked.

It is started as soon as there is a call, so that whoever presses TALK does not wait for it. It
decides nothing. When the process dies, whatever was asked of it fails, and its owner is told.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.node import beside
from clearline.voice.messages import LINE_BYTES, Command, Event, Failed, Given, Ready, decode_event

__all__ = ["Child"]

ANSWER_S = 5.0
"""What takes longer than this is not done."""
START_S = 15.0
STOP_S = 3.0

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("voice")


class Child:
    """The process, if there is one."""

    def __init__(
        self,
        addresses: Sequence[str],
        ports: str,
        heard: Callable[[Event], None],
        died: Callable[[], None],
    ) -> None:
        self._words = [",".join(addresses), ports]
        self._heard = heard
        self._died = died
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._starting = asyncio.Lock()
        self._ready: asyncio.Event | None = None
        """Set once the process is up; None while there is none."""
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._work: asyncio.Task[None] | None = None
        self._folder: Path | None = None

    @property
    def pid(self) -> int | None:
        """Return the process's id; None while there is none."""
        return self._process.pid if self._process is not None else None

    @property
    def up(self) -> bool:
        """Return whether it can be asked something at once."""
        return self._writer is not None and self._ready is not None and self._ready.is_set()

    async def start(self) -> None:
        """Start the process, if there is none, and return when it is up. Mistake `no_voice`."""
        async with self._starting:
            if self._ready is None:
                self._ready = asyncio.Event()
                try:
                    await self._spawn()
                except OSError as error:
                    self._ready = None
                    raise Mistake("no_voice", "The voice process cannot be started.") from error
        ready = self._ready
        try:
            async with asyncio.timeout(START_S):
                await ready.wait()
        except TimeoutError as error:
            raise Mistake("no_voice", "The voice process does not start.") from error
        if self._writer is None:
            raise Mistake("no_voice", "The voice process has ended: try again.")

    async def ask(self, command: Command) -> str:
        """Have a command done; return its SDP, if it has one. Mistake if it cannot be done."""
        await self.start()
        assert self._writer is not None
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._writer.write(_encode(replace(command, n=number)) + b"\n")
        try:
            async with asyncio.timeout(ANSWER_S):
                return await future
        except TimeoutError as error:
            raise Mistake("no_voice", "The voice process does not answer.") from error
        finally:
            self._asked.pop(number, None)

    def new_path(self) -> Path:
        """Return where it may make a socket: in a folder that the node's owner alone enters."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="clearline-voice-"))
        return self._folder / secrets.token_hex(8)

    async def stop(self) -> None:
        """End the process: it ends its recordings first."""
        if self._writer is not None:
            self._writer.close()
        if self._process is not None:
            await beside.ended(self._process, STOP_S)
        if self._work is not None:
            await self._work
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _spawn(self) -> None:
        self._process, ours = await beside.begun("clearline.voice", *self._words)
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
        self._work = asyncio.create_task(self._listen(reader))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._take(decode_event(line))
        except (ConnectionError, ValueError, msgspec.MsgspecError) as error:
            _log.error("voice_process_unreadable", error=str(error))
        finally:  # Whatever ended the listening: nothing that is said to it is heard any more.
            self._over()

    def _over(self) -> None:
        """Take the process for gone, and let nobody wait for its answers."""
        _log.info("voice_process_ended")
        self._writer, ready, self._ready = None, self._ready, None
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Mistake("no_voice", "The voice process has ended: try again."))
        if ready is not None:
            ready.set()
        self._died()

    def _take(self, event: Event) -> None:
        match event:
            case Ready():
                assert self._ready is not None
                self._ready.set()
            case Given(n=number, sdp=sdp):
                future = self._asked.get(number)
                if future is not None and not future.done():
                    future.set_result(sdp)
            case Failed(n=number, code=code, phrase=phrase):
                future = self._asked.get(number)
                if future is not None and not future.done():
                    future.set_exception(Mistake(code, phrase))
            case _:
                self._heard(event)
