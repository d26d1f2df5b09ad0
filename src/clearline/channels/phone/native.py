"""The first driver: baresip-python in a child of its own, started again whenever it dies.

Every call that was under way in a child that died is told as lost, and the channel dials it
again. The child is asked every few seconds whether it is there; one that does not answer is
ended and counts as dead.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import structlog

from clearline.channels.phone.line import Ended, Inbox, Lost
from clearline.channels.phone.wire import (
    MAX_LINE_BYTES,
    Command,
    Dial,
    HangUp,
    Join,
    Ping,
    Play,
    Pong,
    Ready,
    Register,
    Registered,
    Report,
    Setup,
    Told,
    decode_report,
    encode,
)
from clearline.node.ports import ChannelError, PageCause

__all__ = ["NativeDriver"]

COMMAND = (sys.executable, "-P", "-m", "clearline.channels.phone.child")
READY_S = 15.0
"""How long a call waits for a child that is starting."""
START_S = 12.0
"""How long a child may take to be up; one that has hung by then is ended. Shorter than a call
waits for it, so that the call can still have the next one."""
PING_S = 5.0
BACK_OFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before the next child, while they die young."""
YOUNG_S = 60.0
STOP_S = 3.0
REGISTER_S = 10.0


class NativeLine:
    """A call in the child."""

    def __init__(self, driver: NativeDriver, number: int) -> None:
        self._driver = driver
        self.number = number
        self.inbox = Inbox()

    async def play(self, sound: Path) -> None:
        """Play a file."""
        self._driver.say(Play(self.number, str(sound)))

    @property
    def joins(self) -> bool:
        """Return True."""
        return True

    async def join(self, path: Path) -> None:
        """Carry the call's sound to and from a socket."""
        self._driver.say(Join(self.number, str(path)))

    async def hang_up(self) -> None:
        """End the call."""
        self._driver.say(HangUp(self.number))


class NativeDriver:
    """The child, and whoever starts it again."""

    def __init__(self, setup: Setup, command: tuple[str, ...] = COMMAND) -> None:
        self._setup = setup
        self._command = command
        self._child: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._alive = True
        self._lines: dict[int, NativeLine] = {}
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Ended]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._log = structlog.stdlib.get_logger("phone")

    @property
    def pid(self) -> int | None:
        """Return the child's process id, if there is one."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the child, and keep one."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the child, with whatever is under way."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the child is up."""
        try:
            await asyncio.wait_for(self._ready.wait(), READY_S)
        except TimeoutError:
            raise ChannelError(
                PageCause.OTHER, "The telephone driver does not start; the log says why."
            ) from None

    async def dial(self, uri: str) -> NativeLine:
        """Send an INVITE."""
        await self.ready()
        line = NativeLine(self, next(self._numbers))
        self._lines[line.number] = line
        self.say(Dial(line.number, uri))
        return line

    async def register(self) -> Ended:
        """Register and leave again."""
        await self.ready()
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self.say(Register(number))
        try:
            return await asyncio.wait_for(asked, REGISTER_S)
        except TimeoutError:
            return Ended(reason="no answer")
        finally:
            del self._asked[number]

    def say(self, command: Command) -> None:
        """Tell the child; if it is gone, so are its calls, and they know."""
        if self._child and self._child.stdin and not self._child.stdin.is_closing():
            self._child.stdin.write(encode(command))

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        died_young = 0
        while True:
            began = loop.time()
            await self._live()
            # One that had lived is started again at once: its calls wait to be dialled again.
            died_young = 1 if loop.time() - began > YOUNG_S else died_young + 1
            pause_s = BACK_OFF_S[min(died_young, len(BACK_OFF_S)) - 1]
            self._log.error("phone_driver_died", again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _live(self) -> None:
        """Run one child from its start to its end."""
        pipe = asyncio.subprocess.PIPE
        try:
            child = self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, limit=MAX_LINE_BYTES
            )
        except OSError as error:
            self._log.error("phone_driver_cannot_start", error=str(error))
            return
        self.say(self._setup)
        pinging = asyncio.create_task(self._ping(child))
        try:
            await self._read(child)
        finally:
            pinging.cancel()
            self._ready.clear()
            try:
                await self._end(child)
            finally:
                self._child = None
                for line in self._lines.values():
                    line.inbox.put(Lost("the telephone driver died"))
                self._lines.clear()

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        try:
            while raw := await child.stdout.readline():
                self._hear(decode_report(raw))
        except (msgspec.DecodeError, ValueError) as error:  # No report, or one without end.
            self._log.error("phone_driver_unreadable", error=str(error))

    def _hear(self, report: Report) -> None:
        self._alive = True
        match report:
            case Ready():
                self._ready.set()
            case Told():
                if line := self._lines.get(report.line):
                    line.inbox.put(report.event)
                    if line.inbox.over:
                        del self._lines[report.line]
            case Registered():
                asked = self._asked.get(report.asked)
                if asked and not asked.done():
                    asked.set_result(report.outcome)
            case Pong():
                pass

    async def _ping(self, child: asyncio.subprocess.Process) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), START_S)
        self._alive = self._ready.is_set()
        while self._alive:
            self._alive = False
            self.say(Ping())
            await asyncio.sleep(PING_S)
        self._log.error("phone_driver_hangs", pid=child.pid)
        child.kill()

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        if child.stdin:
            child.stdin.close()  # The child hangs up, and goes.
        try:
            async with asyncio.timeout(STOP_S):
                await _gone(child)
        except TimeoutError:
            pass
        finally:  # Whoever stops the driver meanwhile is not kept: nothing is started again.
            with suppress(ProcessLookupError):
                child.kill()
            await _gone(child)


async def _gone(child: asyncio.subprocess.Process) -> None:
    """Wait until a child has ended. What it still says is read: it does not count as ended
    while anything of it waits to be."""
    while child.stdout and await child.stdout.read(MAX_LINE_BYTES):
        pass
    await child.wait()
