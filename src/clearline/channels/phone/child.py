"""The child that holds baresip-python: `python -m clearline.channels.phone.child`.

The library is young, and its stack is one a process: whatever goes wrong in it ends this child
and not the node, which starts another. It takes commands on its standard input and reports
on what was its standard output; what the library itself prints goes to standard error. When
its input ends, so does it.
"""

# baresip-python says of itself that it is typed, and leaves some of its parameters open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import os
import sys
import wave
from collections import defaultdict
from contextlib import suppress

from baresip.call import Call
from baresip.config import Account, Config
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError, RegistrationError
from baresip.events import Event, StackEvent
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from clearline.channels.phone.bridge import carry
from clearline.channels.phone.line import Ended, LineEvent, Parted
from clearline.channels.phone.telling import Telling
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
    decode_command,
    encode,
)

REGISTER_S = 8.0
REGISTERED_FOR_S = 60
FEED_S = 0.2
"""How often a call is fed with what it plays; its buffer holds two seconds."""
MAX_EARLY = 64
"""Events of calls that are not known yet, kept until `dial` has returned."""


class Stack:
    """The library, one account, and the calls under way."""

    def __init__(self, setup: Setup, out: int) -> None:
        self._setup = setup
        self._out = out
        self._runtime = Runtime()
        self._calls: dict[int, Call] = {}
        self._lines: dict[int, int] = {}
        self._tellings: dict[int, Telling] = {}
        self._early: defaultdict[int, list[StackEvent]] = defaultdict(list)
        self._playing: dict[int, asyncio.Task[None]] = {}
        self._registrar: UserAgent | None = None

    async def start(self) -> None:
        """Bring the stack up."""
        setup = self._setup
        trust = f"sip_cafile {setup.ca_file}\n" if setup.ca_file else ""
        # The stack cannot be brought up twice in one process: the node starts another child.
        setattr(self._runtime, "on_dead", lambda: os._exit(1))  # noqa: B010 - typed as None alone
        await self._runtime.start(
            Config(
                net_interface=setup.loopback or None,
                max_concurrent_calls=None,  # The switchboard counts, and lets a FLASH past.
                extra_config_text=f"sip_verify_server yes\n{trust}",
            )
        )
        self._runtime.subscribe(self._heard)
        self._caller = await UserAgent.create(
            self._runtime, self._account(0), transfer_policy="reject"
        )
        self.report(Ready())

    async def stop(self) -> None:
        """Hang up whatever is under way, and go."""
        for line in list(self._calls):
            await self.do(HangUp(line))
        await self._runtime.close()

    def report(self, report: Report) -> None:
        """Tell the node."""
        os.write(self._out, encode(report))

    async def do(self, command: Command) -> None:
        """Carry out one command."""
        match command:
            case Dial():
                await self._dial(command)
            case Play():
                self._stop_playing(command.line)
                self._playing[command.line] = asyncio.create_task(self._play(command))
            case Join():
                self._stop_playing(command.line)
                self._playing[command.line] = asyncio.create_task(self._join(command))
            case HangUp():
                self._stop_playing(command.line)
                if call := self._calls.get(command.line):
                    with suppress(BaresipError):
                        await call.hangup()
            case Register():
                self._registering = asyncio.create_task(self._register(command))
            case Ping():
                # Whatever goes to the SIP thread and back shows that it turns.
                await self._runtime.set_native_log_level("warning")
                self.report(Pong())
            case Setup():
                raise SystemExit(2)

    async def _dial(self, dial: Dial) -> None:
        try:
            call = await self._caller.dial(dial.uri)
        except (BaresipError, ValueError) as error:
            self._tell(dial.line, Ended(reason=str(error)))
            return
        self._calls[dial.line] = call
        self._tellings[dial.line] = Telling(srtp=self._setup.srtp)
        self._lines[call.handle] = dial.line
        # The stack tells of a call from another thread, and may do so before `dial` returns.
        for event in self._early.pop(call.handle, ()):
            self._heard(event)
        self._early.clear()

    async def _register(self, command: Register) -> None:
        self.report(Registered(command.asked, await self._registered()))

    async def _registered(self) -> Ended:
        if self._registrar is None:
            account = self._account(REGISTERED_FOR_S)
            self._registrar = await UserAgent.create(
                self._runtime, account, transfer_policy="reject"
            )
        try:
            await self._registrar.register(timeout=REGISTER_S)
        except RegistrationError as error:
            return Ended(status=error.status or 0, reason=error.reason or str(error))
        with suppress(BaresipError):
            await self._registrar.unregister(timeout=REGISTER_S)
        return Ended(status=200)

    async def _play(self, play: Play) -> None:
        call = self._calls.get(play.line)
        if call is None:
            return
        left = b""
        with suppress(OSError, wave.Error), wave.open(play.path, "rb") as sound:
            left = sound.readframes(sound.getnframes())
        with suppress(AudioNotActive):
            call.audio.flush_tx()
            while left:
                try:
                    left = left[call.audio.write(left) :]
                except AudioRestarted:
                    continue
                await asyncio.sleep(FEED_S)

    async def _join(self, join: Join) -> None:
        if call := self._calls.get(join.line):
            with suppress(AudioNotActive, AudioRestarted):
                call.audio.flush_tx()
            await carry(call.audio, join.path)
        self._tell(join.line, Parted())

    def _heard(self, event: StackEvent) -> None:
        line = self._lines.get(event.call)
        if line is None:
            if event.call and len(self._early) < MAX_EARLY:
                self._early[event.call].append(event)
            return
        if told := self._tellings[line].read(event.event.name, event.text or ""):
            self._tell(line, told)
        if event.event is Event.CALL_CLOSED:
            self._stop_playing(line)
            del self._lines[event.call], self._calls[line], self._tellings[line]

    def _tell(self, line: int, event: LineEvent) -> None:
        self.report(Told(line, event))

    def _stop_playing(self, line: int) -> None:
        if task := self._playing.pop(line, None):
            task.cancel()

    def _account(self, reg_interval_s: int) -> Account:
        setup = self._setup
        return Account(
            user=setup.user,
            domain=setup.domain,
            password=setup.password,
            registrar=f"sip:{setup.server};transport={setup.transport}",
            reg_interval=reg_interval_s,
            transport=setup.transport,  # pyright: ignore[reportArgumentType]  # checked by the settings
            auth_user=setup.auth_user or None,
            extra_params=("mediaenc=srtp-mand",) if setup.srtp else (),
        )


async def serve(out: int) -> None:
    """Read commands until there are no more."""
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    setup = decode_command(await reader.readline())
    assert isinstance(setup, Setup)
    stack = Stack(setup, out)
    await stack.start()
    while raw := await reader.readline():
        await stack.do(decode_command(raw))
    await stack.stop()


def main() -> None:
    """Run as the child: keep the standard output for reports alone."""
    out = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(serve(out))


if __name__ == "__main__":
    main()
