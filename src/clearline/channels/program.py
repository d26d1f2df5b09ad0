"""A program of the owner's that is started for each ring or alarm, with JSON on its input."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import structlog

__all__ = ["Program"]

MAX_PROGRAMS = 16
"""Programs of one owner's setting that may run at once; what comes beyond is in the log alone."""
MAX_URGENT = 256
"""The same, for what is urgent: programs that hang keep no FLASH from being rung."""


class Program:
    """One command line, started once for each thing that it is told. It never blocks or raises."""

    def __init__(self, command: Sequence[str], name: str) -> None:
        self._command = tuple(command)
        self._running: list[subprocess.Popen[bytes]] = []
        self._log = structlog.stdlib.get_logger(name)

    def tell(self, what: bytes, *, urgent: bool = False) -> bool:
        """Start it with one line of JSON on its standard input; return whether it was started."""
        if not self._command:
            return False
        self._running = [each for each in self._running if each.poll() is None]
        if len(self._running) >= (MAX_URGENT if urgent else MAX_PROGRAMS):
            self._log.error("program_busy", running=len(self._running))
            return False
        try:
            program = subprocess.Popen(  # noqa: S603 - the owner's own setting
                self._command, stdin=subprocess.PIPE, start_new_session=True
            )
            if program.stdin is not None:
                program.stdin.write(what + b"\n")
                program.stdin.close()
        except OSError as error:
            self._log.error("program_failed", command=self._command[0], error=str(error))
            return False
        self._running.append(program)
        return True
