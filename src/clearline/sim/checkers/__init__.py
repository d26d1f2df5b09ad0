"""Checkers: the eight rules of the protocol page, each held against a whole night.

A checker sees what neither party does: both journals, both feeds, every byte between them,
every ring and who acted. It reads; it never touches. Rule 0 is what the others stand on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clearline.sim.checkers.calling import the_caller_is_told
from clearline.sim.checkers.climbing import climbs_by_the_called_clock, idle_is_alarmed
from clearline.sim.checkers.meeting import either_claim_counts
from clearline.sim.checkers.reaching import flash_rings_at_once, silence_never_closes
from clearline.sim.checkers.recording import acknowledged_is_stored, not_safe_stops, stands
from clearline.sim.checkers.saying import (
    received_is_not_agreed,
    shared_contains_real,
    tells_no_secret,
)
from clearline.sim.checkers.standing import both_hold_the_same
from clearline.sim.checkers.view import View
from clearline.sim.checkers.violation import Violation
from clearline.sim.checkers.watches import reliefs_are_missed
from clearline.sim.night import Night

__all__ = ["CHECKERS", "Violation", "check"]

CHECKERS: dict[int, tuple[Callable[[View], Iterator[Violation]], ...]] = {
    0: (stands, both_hold_the_same),
    1: (acknowledged_is_stored,),
    2: (flash_rings_at_once,),
    3: (climbs_by_the_called_clock, the_caller_is_told, idle_is_alarmed, reliefs_are_missed),
    4: (silence_never_closes,),
    5: (shared_contains_real,),
    6: (received_is_not_agreed,),
    7: (either_claim_counts,),
    8: (not_safe_stops,),
}
"""For each rule, what checks it on one night. Rule 3's also checks that the last rung repeats."""


def check(night: Night, *, secrets: bool = False) -> list[Violation]:
    """Return every rule that a night broke; with `secrets`, the night is played twice."""
    view = View(night)
    found = [each for checks in CHECKERS.values() for one in checks for each in one(view)]
    if secrets:
        found.extend(tells_no_secret(night))
    return found
