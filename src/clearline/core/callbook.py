"""The book of calls: every call that a node remembers, and what of them is due.

It decides nothing about a call; `core.calls` says what a call is and how it goes on.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from clearline.basis.instants import Instant
from clearline.core.calls import RETAINED_MS, Call
from clearline.core.terms import Precedence

__all__ = ["Calls"]


class Calls:
    """Every call of one node that is open, or was closed less than a day ago."""

    def __init__(self) -> None:
        self.by_id: dict[str, Call] = {}
        self._open: dict[str, Call] = {}
        self._forgettable: list[tuple[int, str]] = []

    def put(self, call: Call) -> None:
        """Keep a call in place of what had its id."""
        self.by_id[call.id] = call
        if call.closed_at is None:
            self._open[call.id] = call
            return
        self._open.pop(call.id, None)
        heapq.heappush(self._forgettable, (call.closed_at.after(RETAINED_MS), call.id))

    def theirs_open(self, link: str, *, flash: bool) -> int:
        """Return how many FLASH calls of the counterpart ring here, or how many others are open.

        A FLASH that a human has acknowledged rings nobody and keeps no other out. One that its
        caller has stood down waits for a human to close it, and counts: who opens and stands
        down for ever makes no work without bound.
        """
        return sum(
            1
            for call in self._open.values()
            if call.link == link
            and not call.mine
            and (call.precedence is Precedence.FLASH) == flash
            and (call.climbs or call.stood_down_at is not None or not flash)
        )

    def open(self) -> Iterable[Call]:
        """Return every call that is not closed."""
        return self._open.values()

    def idle(self, now: Instant) -> list[Call]:
        """Return the calls that were acknowledged here and nothing was done about in time."""
        late = [
            call
            for call in self._open.values()
            if not call.climbs and (at := call.next_at) is not None and at <= now
        ]
        return sorted(late, key=lambda call: (call.act_by, call.id))

    def climbing(self) -> list[Call]:
        """Return the calls whose ladder runs, the one to act on first before the others."""
        running = [call for call in self._open.values() if call.climbs]
        return sorted(running, key=lambda call: (call.climb.until, call.id))

    def due(self) -> Instant | None:
        """Return when something is next to be done about a call: to climb, or to forget one."""
        times = [at for call in self._open.values() if (at := call.next_at) is not None]
        forgettable = self._next_forgettable()
        if forgettable is not None:
            times.append(forgettable)
        return min(times, default=None)

    def forget(self, now: Instant) -> None:
        """Forget what was closed long ago; the record keeps it."""
        while (at := self._next_forgettable()) is not None and at <= now:
            _, key = heapq.heappop(self._forgettable)
            del self.by_id[key]

    def _next_forgettable(self) -> Instant | None:
        """Return when the call closed longest ago is forgotten; one opened again is not."""
        while self._forgettable:
            at, key = self._forgettable[0]
            call = self.by_id.get(key)
            closed_at = call.closed_at if call is not None else None
            if closed_at is not None and closed_at.after(RETAINED_MS) == at:
                return Instant(at)
            heapq.heappop(self._forgettable)
        return None
