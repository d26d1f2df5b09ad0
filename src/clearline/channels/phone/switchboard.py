"""The switchboard: who may hold one of the exchange's lines.

The number of lines is a setting. While one is free, a call gets it at once. When none is, a
call takes the line of one that matters less: of the least urgent first, and among those of
one that nobody has answered, and then of the youngest. Only a FLASH takes the line of a call
that was answered, or of any on which an officer who has acknowledged stays to talk. Only a
FLASH that finds nothing to take goes past the limit: it is never held back. Everything else
waits, the most urgent first. An exercise matters less than anything that is real.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

from clearline.core.terms import Precedence

__all__ = ["Seat", "Switchboard"]

_RANKS = {precedence: rank for rank, precedence in enumerate(Precedence)}
_FLASH = (False, _RANKS[Precedence.FLASH])


class Seat:
    """One line, as long as one call holds it."""

    def __init__(self, rank: tuple[bool, int], order: int) -> None:
        self.rank = rank
        """The smaller, the more urgent."""
        self.order = order
        self.answered = False
        self.talks = False
        """Whether it is acknowledged, and its officer stays to talk."""
        self.taken = asyncio.Event()
        """Set when a more urgent call has this line: hang up, and ask for another."""


class Switchboard:
    """The lines of one exchange."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._held: list[Seat] = []
        self._waiting: list[tuple[Seat, asyncio.Future[None]]] = []
        self._orders = count()

    @property
    def held(self) -> int:
        """Return how many lines are in use, without those that were taken."""
        return len(self._held)

    @asynccontextmanager
    async def seat(self, precedence: Precedence, *, drill: bool) -> AsyncGenerator[Seat]:
        """Hold a line for as long as the block runs; wait for one if need be."""
        seat = Seat((drill, _RANKS[precedence]), next(self._orders))
        await self._sit(seat)
        try:
            yield seat
        finally:
            if seat in self._held:
                self._held.remove(seat)
            self._call_next()

    async def _sit(self, seat: Seat) -> None:
        if len(self._held) < self._lines or self._take_from_lesser(seat) or seat.rank == _FLASH:
            self._held.append(seat)
        else:
            await self._wait(seat)

    def _take_from_lesser(self, seat: Seat) -> bool:
        lesser = [
            each
            for each in self._held
            if (each.rank > seat.rank and (seat.rank == _FLASH or not each.answered))
            or (each.talks and seat.rank == _FLASH)
        ]
        if not lesser:
            return False
        taken = max(lesser, key=lambda each: (each.rank, not each.answered, each.order))
        self._held.remove(taken)
        taken.taken.set()
        return True

    async def _wait(self, seat: Seat) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((seat, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting = [each for each in self._waiting if each[0] is not seat]
            if seat in self._held:  # Its turn came in the same moment.
                self._held.remove(seat)
                self._call_next()
            raise

    def _call_next(self) -> None:
        while self._waiting and len(self._held) < self._lines:
            first = min(self._waiting, key=lambda each: (each[0].rank, each[0].order))
            self._waiting.remove(first)
            seat, turn = first
            if not turn.done():
                self._held.append(seat)
                turn.set_result(None)
