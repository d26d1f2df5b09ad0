"""Ladder: which rung of a call should be ringing, by one clock.

Pure arithmetic on the rungs of the terms. The last rung repeats until a human acts:
nothing here ever ends a climb. A node that slept through several deadlines climbs all of
them at once, so that the rung that rings on waking is the one that should be ringing now.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.terms import Ladder, Rung

__all__ = ["Climb", "climb", "rung_of", "start"]


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


def start(ladder: Ladder, now: Instant, rung: int = 1) -> Climb:
    """Return the climb that begins to ring at `rung` now."""
    rung = min(max(rung, 1), len(ladder.rungs))
    patience_ms = ladder.rungs[rung - 1].patience_ms
    return Climb(rung=rung, round=0, since=now, until=now.after(patience_ms))


def climb(ladder: Ladder, at: Climb, now: Instant) -> Climb:
    """Return where the climb stands at `now`, if nobody has acknowledged.

    Unchanged before its deadline. Exactly at it the next rung rings. Rounds of the last rung
    that were slept through are counted, not rung one by one.
    """
    last = len(ladder.rungs)
    while at.until <= now and at.rung < last:
        patience_ms = ladder.rungs[at.rung].patience_ms
        # Of a ladder that was shorter before, the round goes on: no rung and round ring twice.
        until = at.until.after(patience_ms)
        at = Climb(rung=at.rung + 1, round=at.round, since=at.until, until=until)
    if at.until <= now:
        # Counted from the deadline that has come: an amendment may have changed the patience.
        patience_ms = ladder.rungs[last - 1].patience_ms
        rounds = 1 + now.since(at.until) // patience_ms
        since = at.until.after((rounds - 1) * patience_ms)
        at = Climb(rung=last, round=at.round + rounds, since=since, until=since.after(patience_ms))
    return at


def rung_of(ladder: Ladder, number: int) -> Rung:
    """Return the rung of this number; the last one, if a new ladder is shorter."""
    return ladder.rungs[min(number, len(ladder.rungs)) - 1]
