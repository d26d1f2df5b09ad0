"""A session: one invocation of the command line, and the terminal that it prints on.

It imports little, as `clearline --help` waits for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape

from clearline.basis.instants import enc_hook

__all__ = ["Session", "errors", "nobody_reads", "out", "plain"]


class Session:
    """One invocation: which home, and whether a program is reading."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.json = False

    @property
    def socket(self) -> Path:
        """Return where the running node listens."""
        return self.home / "node.sock"

    def show(self, value: Any, human: Callable[[], None] | str) -> None:
        """Print a value: as JSON for a program, or as `human` puts it."""
        if self.json:
            encoded = msgspec.json.encode(value, enc_hook=enc_hook)
            sys.stdout.write(encoded.decode() + "\n")
            sys.stdout.flush()  # Here, where a reader that has gone is noticed.
        elif isinstance(human, str):
            out.print(human, soft_wrap=True)
        else:
            human()


class _Terminal(Console):
    """A terminal whose reader may leave (`clearline log | head`): that is no fault."""

    def on_broken_pipe(self) -> None:
        """Say nothing more, and end as having done what was asked."""
        nobody_reads()
        sys.exit(0)


out = _Terminal(highlight=False)
errors = _Terminal(stderr=True, highlight=False)


def plain(text: str) -> str:
    """Return a text that others wrote as it may be shown: no markup, no control of the screen.

    What cannot be printed is shown by its number, so that neither an escape sequence nor a
    change of direction can make one thing look like another.
    """
    return escape("".join(c if c.isprintable() else f"<{ord(c):04X}>" for c in text))


def nobody_reads() -> None:
    """Whoever read our output has gone: there is nobody left to tell, nor to fail before."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
