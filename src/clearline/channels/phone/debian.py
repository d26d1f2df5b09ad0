"""The second driver: Debian's program baresip 1.0.0, one process a call, over its ctrl_tcp.

The program's commands act on "the current call", so each call has a program of its own, and
one stands by so that an INVITE waits for no start. If one dies, one call is lost. Its control
port is on loopback, without a password, for one client at a time: whoever may log in to this
machine could end a call, which is one reason why it is the second driver. The other is that
it does not check certificates: the settings let it call through this machine alone.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import wave
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from clearline.channels.phone.line import Ended, Inbox, Lost, Parted
from clearline.channels.phone.telling import Telling, ended
from clearline.channels.phone.wire import Setup
from clearline.node.ports import ChannelError, PageCause

__all__ = ["DebianDriver"]

START_S = 10.0
POLL_S = 0.01
TRIES = 3
"""Another port each time: one that was free may be taken a moment later."""
STOP_S = 2.0
RATE = 8_000
SILENCE_S = 20
"""Silence after whatever is played: longer than anything takes until the next is."""
REGISTER_S = 8.0
REGISTERED_FOR_S = 60
MAX_NETSTRING = 65_536
MAX_COMMAND = 1_000
"""What baresip 1.0.0 takes in one command, in bytes."""
MODULES = (
    *("module g711.so", "module aubridge.so", "module aufile.so", "module srtp.so"),
    *("module_app menu.so", "module_app ctrl_tcp.so"),
)
BOUND = ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()
"""What ends the program with the node, should that be killed: else it would ring on."""
FOLDERS = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")


class _Said(Struct):
    """An event, or an answer to a command, as far as it matters."""

    type: str = ""
    param: str = ""


class DebianLine:
    """One program, with at most one call."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.inbox = Inbox()
        self._folder = folder
        self._process = process
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._telling = Telling(srtp=True)
        self._played = 0
        self.registered: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """Return the program's process id."""
        return self._process.pid

    @property
    def gone(self) -> bool:
        """Return whether the program has ended."""
        return self._process.returncode is not None

    async def connect(self, port: int) -> bool:
        """Take its control port; return whether it has one, and did not end instead."""
        while not self.gone:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(POLL_S)
                continue
            self._reading = asyncio.create_task(self._read(reader))
            return True
        return False

    def command(self, name: str, params: str = "") -> None:
        """Give one command, as a netstring of JSON."""
        body = msgspec.json.encode({"command": name, "params": params})
        if self._writer and not self._writer.is_closing():
            self._writer.write(b"%d:%s," % (len(body), body))

    def dial(self, account: str, uri: str, *, srtp: bool) -> None:
        """Send an INVITE in the name of an account."""
        self._telling = Telling(srtp=srtp)
        self.command("uanew", account)
        self.command("dial", uri)

    async def play(self, sound: Path) -> None:
        """Play a file, and silence after it."""
        # baresip 1.0.0 ends a call when what it plays is at its end. It reads the whole file when
        # it is told to play it, so two names are enough.
        self._played += 1
        padded = self._folder / f"{self._played % 2}.wav"
        with suppress(OSError, wave.Error):
            with wave.open(str(sound), "rb") as file:
                samples = file.readframes(file.getnframes())
            _write_sound(padded, samples)
            self.command("ausrc", f"aufile,{padded}")

    @property
    def joins(self) -> bool:
        """Return False: the program plays files, and hands its sound to nobody."""
        return False

    async def join(self, path: Path) -> None:
        """Tell that it cannot be."""
        self.inbox.put(Parted())

    async def hang_up(self) -> None:
        """End the call, and then the program, behind the caller's back."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def ended(self) -> None:
        """End all of it, and wait until it has."""
        await self.hang_up()
        assert self._ending is not None
        await self._ending

    async def _end(self) -> None:
        # It says BYE or CANCEL for what is under way before it goes.
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reading:
            self._reading.cancel()
        if self._writer:
            self._writer.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                if size > MAX_NETSTRING:
                    break
                body = await reader.readexactly(size + 1)
                self._hear(msgspec.json.decode(body[:-1], type=_Said))
        except (asyncio.IncompleteReadError, OSError, ValueError):
            pass
        self.inbox.put(Lost("the telephone program died"))
        if not self.registered.done():
            self.registered.set_result(Ended(reason="the telephone program died"))

    def _hear(self, said: _Said) -> None:
        if said.type in ("REGISTER_OK", "REGISTER_FAIL") and not self.registered.done():
            ok = said.type == "REGISTER_OK"
            self.registered.set_result(Ended(200) if ok else ended(said.param))
        elif event := self._telling.read(said.type, said.param):
            self.inbox.put(event)


class DebianDriver:
    """The programs, and the one that stands by."""

    def __init__(self, setup: Setup, program: str = "baresip") -> None:
        self._setup = setup
        self._program = program
        self._spare: asyncio.Task[DebianLine] | None = None
        self._lines: list[DebianLine] = []
        self._log = structlog.stdlib.get_logger("phone")

    async def start(self) -> None:
        """Have one stand by."""
        self._stand_by()

    async def stop(self) -> None:
        """End every program."""
        if self._spare:
            spare = (await asyncio.gather(self._spare, return_exceptions=True))[0]
            if isinstance(spare, DebianLine):
                self._lines.append(spare)
        await asyncio.gather(*(line.ended() for line in self._lines))

    async def dial(self, uri: str) -> DebianLine:
        """Send an INVITE, by the program that stands by."""
        line = await self._take()
        line.dial(self._account(0), uri, srtp=self._setup.srtp)
        return line

    async def register(self) -> Ended:
        """Register and leave again, by a program of its own."""
        line = await self._take()
        try:
            line.command("uanew", self._account(REGISTERED_FOR_S))
            return await asyncio.wait_for(line.registered, REGISTER_S)
        except TimeoutError:
            return Ended(reason="no answer")
        finally:
            await line.ended()

    async def ready(self) -> None:
        """Wait until one stands by."""
        await asyncio.shield(self._stand_by())

    async def _take(self) -> DebianLine:
        spare, self._spare = self._stand_by(), None
        self._stand_by()
        line = await spare
        if line.gone:  # It died while it stood by.
            await line.ended()
            line = await self._open()
        self._lines = [each for each in self._lines if not each.gone]
        self._lines.append(line)
        return line

    def _stand_by(self) -> asyncio.Task[DebianLine]:
        """Return the one that stands by, or begin another if there is none or it failed."""
        if self._spare is None or (self._spare.done() and self._spare.exception()):
            self._spare = asyncio.create_task(self._open())
            self._spare.add_done_callback(_failed)
        return self._spare

    async def _open(self) -> DebianLine:
        if shutil.which(self._program) is None:
            raise ChannelError(PageCause.OTHER, f"The program {self._program!r} is not installed.")
        for _ in range(TRIES):
            folder = Path(tempfile.mkdtemp(prefix="clearline-phone-"))
            port = _free_port()
            _write_config(folder, self._setup, port)
            process = await asyncio.create_subprocess_exec(
                *BOUND,
                self._program,
                "-f",
                str(folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            line = DebianLine(folder, process)
            up = False
            try:
                up = await asyncio.wait_for(line.connect(port), START_S)
            except TimeoutError:
                pass
            finally:
                if not up:
                    await line.ended()
            if up:
                return line
            self._log.error("phone_program_did_not_start", program=self._program)
        raise ChannelError(PageCause.OTHER, f"The program {self._program!r} does not start.")

    def _account(self, reg_interval_s: int) -> str:
        setup = self._setup
        parts = [
            f"<sip:{setup.user}@{setup.domain};transport={setup.transport}>",
            f'auth_pass="{setup.password}"' if setup.password else "",
            f"auth_user={setup.auth_user}" if setup.auth_user else "",
            f"regint={reg_interval_s}",
            "audio_codecs=pcmu,pcma",
            "mediaenc=srtp-mand" if setup.srtp else "",
            f'outbound="sip:{setup.server};transport={setup.transport}"',
        ]
        return ";".join(part for part in parts if part)


def _failed(opening: asyncio.Task[DebianLine]) -> None:
    """Look at why none stands by: whoever dials next is told, and nobody may be there now."""
    if not opening.cancelled():
        opening.exception()


def _write_config(folder: Path, setup: Setup, port: int) -> None:
    silence = folder / "silence.wav"
    _write_sound(silence, b"")
    modules = next((each for each in FOLDERS if Path(each).is_dir()), FOLDERS[0])
    lines = (
        "call_local_timeout 600",
        "call_max_calls 1",
        "audio_player aubridge,none",
        f"audio_source aufile,{silence}",
        "audio_alert aubridge,none",
        *([f"net_interface {setup.loopback}"] if setup.loopback else []),
        "statmode_default off",
        "menu_bell no",
        "ringback_disabled yes",
        f"ctrl_tcp_listen 127.0.0.1:{port}",
        *([f"sip_cafile {setup.ca_file}"] if setup.ca_file else []),
        f"module_path {modules}",
        *MODULES,
    )
    (folder / "config").write_text("\n".join(lines) + "\n")


def _write_sound(path: Path, samples: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples + bytes(2 * RATE * SILENCE_S))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
