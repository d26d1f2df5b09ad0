"""Process: where the voice of a node is, apart from the node: `python -m clearline.voice FD`.

Media is work for every 20 ms, done by code that reads what a counterpart sends. Here it can
neither hold the node's loop, in which a FLASH rings within milliseconds, nor end it. The node
speaks to it over a socket; when that closes, the node is gone, and so is this.

It decides nothing about calls: who may talk, and when, is the node's.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_never

import aioice.ice
import msgspec
import structlog

from clearline.basis.faults import Mistake
from clearline.node import beside
from clearline.voice.messages import (
    LINE_BYTES,
    Accept,
    Answered,
    Begin,
    Command,
    Connect,
    Event,
    Failed,
    Finish,
    Given,
    Hear,
    Leave,
    Over,
    Ready,
    Telephone,
    decode_command,
)
from clearline.voice.session import Session

__all__ = ["main"]

NICENESS = 5
"""The node itself comes first when both want the machine."""

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("voice")


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose UDP sockets take their ports from a range, where a firewall wants one."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__()
        self._ports = ports
        self._next = 0

    async def create_datagram_endpoint(self, protocol_factory: Any, *args: Any, **more: Any) -> Any:
        """Open a socket, on the next free port of the range if any will do."""
        asked = more.get("local_addr")
        if not self._ports or asked is None or asked[1] != 0:
            return await super().create_datagram_endpoint(protocol_factory, *args, **more)
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            with contextlib.suppress(OSError):
                more["local_addr"] = (asked[0], port)
                return await super().create_datagram_endpoint(protocol_factory, *args, **more)
        raise OSError(f"every port of {self._ports[0]}-{self._ports[-1]} is taken")


class Process:
    """Every session of one node."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sessions: dict[str, Session] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Do as the node says until it is gone; then end every recording as it is."""
        self._tell(Ready())
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                task = asyncio.create_task(self._do(decode_command(line)))
                self._work.add(task)
                task.add_done_callback(self._work.discard)
        for session in self._sessions.values():
            await session.end()

    def _tell(self, event: Event) -> None:
        self._writer.write(_encode(event) + b"\n")

    async def _do(self, command: Command) -> None:
        try:
            sdp = await self._done(command)
        except Mistake as mistake:
            self._tell(Failed(n=command.n, code=mistake.code, phrase=mistake.phrase))
            return
        except Exception as error:  # noqa: BLE001 - one session's fault is no other's
            # What an SDP makes of the library is not ours to foresee: it is refused.
            _log.warning("refused", session=command.session, error=repr(error))
            phrase = f"{type(error).__name__}: {error}"[:300]
            self._tell(Failed(n=command.n, code="bad_sdp", phrase=phrase))
            return
        self._tell(Given(n=command.n, sdp=sdp))

    async def _done(self, command: Command) -> str:
        if isinstance(command, Begin):
            path = Path(command.file)
            made = Session(command.session, path, command.title, self._tell)
            self._sessions[command.session] = made
            return ""
        session = self._sessions[command.session]
        match command:
            case Hear():
                return await session.hear(command.sdp)
            case Connect():
                return await session.connect()
            case Accept():
                return await session.accept(command.sdp)
            case Answered():
                await session.answered(command.sdp)
            case Telephone():
                session.telephone(Path(command.path), command.officer)
            case Leave():
                await session.leave()
            case Finish():
                del self._sessions[command.session]
                self._tell(Over(session=command.session, recorded=await session.end()))
            case _:
                assert_never(command)
        return ""


async def _run(descriptor: int) -> None:
    reader, writer = await asyncio.open_connection(
        sock=socket.socket(fileno=descriptor), limit=LINE_BYTES
    )
    await Process(reader, writer).run()


def main(words: Sequence[str]) -> None:
    """Run as the process of a node: a socket, the addresses to use, the first and last port."""
    descriptor, addresses, ports = words
    # The terminal's Ctrl-C is for the node, which ends us when it has ended its calls.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    beside.give_way(NICENESS)
    if addresses:
        # aioice takes every address of the machine but loopback, and has no setting for it.
        # A node answers where its owner says, and nowhere else.
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: addresses.split(",")
    first, _, last = ports.partition("-")
    known = range(int(first), int(last) + 1) if ports else ()
    with asyncio.Runner(loop_factory=lambda: _Loop(known)) as runner:
        runner.run(_run(int(descriptor)))


if __name__ == "__main__":
    main(sys.argv[1:])
