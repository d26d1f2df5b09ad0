"""The scheduler: one heap, and the only time that passes in a simulation.

What is due at one instant happens in the order in which it was asked for, so a run has one
order and no other.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant

__all__ = ["MOST_AT_ONCE", "Scheduler"]

MOST_AT_ONCE = 20_000
"""Things done at one instant. More means that a node spins: time would never pass again."""


class Scheduler:
    """Virtual time, and what is to be done when."""

    def __init__(self, start: Instant) -> None:
        self.now = start
        self.done = 0
        """How many things have been done."""
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0
        self._at_once = 0

    def at(self, when: Instant, do: Callable[[], None]) -> None:
        """Do something at an instant; now, after all that is due now, if that has passed."""
        self._asked += 1
        heapq.heappush(self._heap, (max(int(when), int(self.now)), self._asked, do))

    def after(self, span_ms: int, do: Callable[[], None]) -> None:
        """Do something so much later."""
        self.at(self.now.after(span_ms), do)

    def run(self, end: Instant, until: Callable[[], bool] | None = None) -> None:
        """Let time pass to `end`, or to when `until` first holds."""
        while self._heap and self._heap[0][0] <= end:
            when, _, do = heapq.heappop(self._heap)
            self._count(when)
            do()
            if until is not None and until():
                return
        self.now = max(self.now, end)

    def _count(self, when: int) -> None:
        if when > self.now:
            self.now = Instant(when)
            self._at_once = 0
        self._at_once += 1
        self.done += 1
        if self._at_once > MOST_AT_ONCE:
            raise Broken(f"more than {MOST_AT_ONCE} things at {self.now}: something spins")
