"""The system's clock: the only place in Clearline that reads one.

`now` is the wall clock's time when the process started, carried on by the steady clock. A
step of the wall clock therefore never moves a deadline; it is noticed as the difference
between the two, and past a limit the node says LINE NOT SAFE, because what it writes would
bear times that nobody can trust.
"""

from __future__ import annotations

import time

from clearline.basis.instants import Instant

__all__ = ["STEP_LIMIT_MS", "SystemClock"]

STEP_LIMIT_MS = 2_000
"""A wall clock that has moved by more than this against the steady one has stepped."""


class SystemClock:
    """The steady clock, started at the wall clock's time."""

    def __init__(self) -> None:
        self._steady_ns = time.monotonic_ns()
        self._wall_ns = time.time_ns()

    def now(self) -> Instant:
        """Return the present instant; it never runs backwards."""
        return Instant((self._wall_ns + time.monotonic_ns() - self._steady_ns) // 1_000_000)

    def stepped_ms(self) -> int:
        """Return how far the wall clock has moved against the steady one since the start."""
        return time.time_ns() // 1_000_000 - int(self.now())
