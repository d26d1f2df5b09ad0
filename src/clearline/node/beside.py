"""Beside: a process of the node's own, run beside it and held by one socket.

What reads what anybody may send, or works for longer than a FLASH can wait, runs there. It is
told where its end of the socket is, and ends by itself when the node's end closes. It decides
nothing of what is said over the socket, nor whether a process that ended is begun again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Mapping

__all__ = ["begun", "ended", "give_way"]


async def begun(
    module: str, *words: str, env: Mapping[str, str] | None = None
) -> tuple[asyncio.subprocess.Process, socket.socket]:
    """Run `python -m module FD words`; return the process and the node's end of its socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        descriptor = theirs.fileno()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            str(descriptor),
            *words,
            pass_fds=[descriptor],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            env=env,
        )
    return process, ours


async def ended(process: asyncio.subprocess.Process, within_s: float) -> None:
    """Wait for a process whose socket is closed to end by itself; then end it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()


def give_way(niceness: int) -> None:
    """Have this process stand back where the node wants the machine too: a watch comes first."""
    with contextlib.suppress(OSError):
        os.nice(niceness)
