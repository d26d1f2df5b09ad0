"""Standard error, as a node writes it: what cannot be written there is let go."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

__all__ = ["STDERR"]


class _Stderr:
    """Standard error as the node writes it: what cannot be written there is let go.

    The log may be a file on the very disk that has filled up, or a pipe that nobody reads
    any more. Neither may keep a desk from being rung, or LINE NOT SAFE from being said.
    """

    def write(self, text: str) -> int:
        """Write a text, if that can be done."""
        with contextlib.suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        """Write out what is held back, if that can be done."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


STDERR: Any = _Stderr()
