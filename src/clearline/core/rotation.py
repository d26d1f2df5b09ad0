"""Rotation: which way to a human the counterpart's next test call tries.

A way is one channel to one officer on watch, to a desk's own room, or to the desk's console.
The ways of the FLASH ladder are tried in turn, the one that was tried longest ago first: it
is the ladder that has to work, and a telephone that nobody has rung since spring does not.

Whoever stands at the first rung is awake, and may be tried at any hour. Those above are
tried once a day at most, and only in the hours that the party has set for it (decision
0040). It decides nothing about calls, and nothing of it ever leaves this node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.core.terms import Ladder
from clearline.core.watchbill import Watchbill

__all__ = ["DESK", "Hours", "Rotation", "Way", "ways"]

DESK = "desk"
"""The channel that every node has: the console at a desk."""

REST_MS = 23 * HOUR_MS
"""Whoever stands above the first rung is left alone for so long after a test: a day, less
what the next day's test may come earlier."""

MAX_TRIED = 4_000
"""Ways of which it is kept when they were last tried: all of 500 officers with 8 ways each."""

Minute = Annotated[int, Meta(ge=0, lt=24 * 60)]


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when until when in each day, UTC; over midnight if it ends before it starts."""

    start_min: Minute
    """Minutes after midnight."""
    end_min: Minute
    """Just before this. The same as the start: the whole day."""

    def hold(self, at: Instant) -> bool:
        """Return whether an instant lies within."""
        minute = int(at) % DAY_MS // MINUTE_MS
        length = (self.end_min - self.start_min) % (24 * 60) or 24 * 60
        return (minute - self.start_min) % (24 * 60) < length


class Way(Struct, frozen=True, kw_only=True):
    """One way to a human of ours."""

    rung: int
    echelon: str
    officer: str
    """Empty: the room's own, or the desk's console."""
    channel: str

    @property
    def key(self) -> str:
        """Return what it is told apart by, whatever ladder leads to it."""
        return f"{self.echelon}/{self.officer}/{self.channel}"


def ways(
    ladder: Ladder, held: Mapping[str, str], watchbill: Watchbill, at: Instant
) -> tuple[Way, ...]:
    """Return every way by which the rungs of a ladder can be reached at an instant.

    `held` is who holds the watch at each desk that is manned.
    Lowest rung first; of each, its console, then the room's own ways, then the officers' on
    watch. The first rung always has its console: where else would one find out?
    """
    found: dict[str, Way] = {}
    for rung, step in enumerate(ladder.rungs, 1):
        echelon = step.echelon
        holder, plan = held.get(echelon), watchbill.desks.get(echelon)
        reached: list[tuple[str, str]] = [("", DESK)] if rung == 1 or holder else []
        reached += [("", each.channel) for each in (plan.methods if plan else ())]
        names = ((holder,) if holder else ()) + watchbill.on(echelon, at)
        for name in names:
            officer = watchbill.officers.get(name)
            reached += [(name, each.channel) for each in (officer.methods if officer else ())]
        for name, channel in reached:
            way = Way(rung=rung, echelon=echelon, officer=name, channel=channel)
            found.setdefault(way.key, way)
    return tuple(found.values())


class Rotation(Struct, kw_only=True):
    """When each way was last tried by a test call, and when those above may be."""

    tried: dict[str, Instant] = {}
    """By the way's key, the one tried longest ago first."""
    hours: Hours | None = None
    """When the rungs above the first are tested; None: never."""
    told_at: Instant | None = None
    """When our desks were last told that the rungs above are never tested."""
    asked_at: Instant | None = None
    """When our desks were last asked for the causes of missed tests."""

    def choose(self, among: tuple[Way, ...], now: Instant) -> Way:
        """Return the way to try now; there must be one of the first rung."""
        allowed = [way for way in among if way.rung == 1 or self._may_disturb(way, now)]
        never = Instant(0)
        return min(allowed, key=lambda way: self.tried.get(way.key, never))

    def put(self, way: Way, now: Instant) -> None:
        """Count a way as tried."""
        self.tried.pop(way.key, None)
        self.tried[way.key] = now
        if len(self.tried) > MAX_TRIED:
            del self.tried[next(iter(self.tried))]

    def _may_disturb(self, way: Way, now: Instant) -> bool:
        if self.hours is None or not self.hours.hold(now):
            return False
        # Whichever of their ways it was: it is the person who is left alone.
        person = f"{way.echelon}/{way.officer}/"
        last = max((at for key, at in self.tried.items() if key.startswith(person)), default=None)
        return last is None or last.after(REST_MS) <= now
