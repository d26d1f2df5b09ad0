"""Ladder: which rung of a call should be ringing, by one clock.

Pure arithmetic on the rungs of the terms, as they were when the call was opened. A rung
where nobody can be reached is passed over at once and never waited out. The last rung is
never passed over, and repeats until a human acts: nothing here ever ends a climb. A node
that slept through several deadlines climbs all of them at once, so that the rung that rings
on waking is the one that should be ringing now.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.terms import Ladder, Rung

__all__ = ["Climb", "climb", "rung_of", "start"]

NONE_EMPTY: frozenset[int] = frozenset()


class Climb(Struct, frozen=True, kw_only=True):
    """How far a call has climbed."""

    rung: int
    """1 is the lowest."""
    round: int
    """How often the last rung has come round again; 0 the first time."""
    since: Instant
    """When this rung, in this round, began to ring."""
    until: Instant
    """When it gives way."""


def start(
    ladder: Ladder,
    now: Instant,
    rung: int = 1,
    round_: int = 0,
    empty: frozenset[int] = NONE_EMPTY,
) -> Climb:
    """Return the climb that begins now, to ring at `rung` or at the first above it not empty."""
    rung = _reachable(ladder, min(max(rung, 1), len(ladder.rungs)), empty)
    patience_ms = ladder.rungs[rung - 1].patience_ms
    return Climb(rung=rung, round=round_, since=now, until=now.after(patience_ms))


def climb(ladder: Ladder, at: Climb, now: Instant, empty: frozenset[int] = NONE_EMPTY) -> Climb:
    """Return where the climb stands at `now`, if nobody has acknowledged.

    Unchanged before its deadline. Exactly at it the next rung rings that is not empty. Rounds
    of the last rung that were slept through are counted, not rung one by one.
    """
    last = len(ladder.rungs)
    while at.until <= now and at.rung < last:
        rung = _reachable(ladder, at.rung + 1, empty)
        until = at.until.after(ladder.rungs[rung - 1].patience_ms)
        at = Climb(rung=rung, round=at.round, since=at.until, until=until)
    if at.until <= now:
        patience_ms = ladder.rungs[last - 1].patience_ms
        rounds = 1 + now.since(at.until) // patience_ms
        since = at.until.after((rounds - 1) * patience_ms)
        at = Climb(rung=last, round=at.round + rounds, since=since, until=since.after(patience_ms))
    return at


def rung_of(ladder: Ladder, number: int) -> Rung:
    """Return the rung of this number; the last one, if the ladder is shorter."""
    return ladder.rungs[min(number, len(ladder.rungs)) - 1]


def _reachable(ladder: Ladder, rung: int, empty: frozenset[int]) -> int:
    """Return the first rung from `rung` on that is not empty; the last one, whatever it is."""
    while rung < len(ladder.rungs) and rung in empty:
        rung += 1
    return rung
