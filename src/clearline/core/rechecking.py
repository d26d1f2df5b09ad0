"""Rechecking: every pair of standing notices is compared again when the minima were amended.

It is done a few notices of ours at a time, whenever the runtime says that there is time: the
events that say so are in the journal, and how far it has come is in the link, so that a node
that was stopped half-way goes on where it was and says the same. Nothing waits for it: what
is declared meanwhile is compared by the minima in force, as always.

It decides how much is done in one event, from sizes and never from a clock.
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.core import declaring
from clearline.core.conflicts import Cleared
from clearline.core.effects import Append
from clearline.core.events import Rechecking
from clearline.core.links import Link, Recheck
from clearline.core.release import Door
from clearline.core.state import State

__all__ = ["begin", "go_on", "waiting"]

NOTICE_US = 100
"""About how long looking for what is near one notice takes."""
COMPARE_US = 20
"""About how long comparing it with one of those takes."""
CLAIM_US = 200
"""About how long saying one claim, or taking it back, takes."""


def begin(state: State, door: Door, link: Link) -> None:
    """Have all pairs of a link's standing notices compared by its minima, from the first on.

    One that is under way begins again: what it has done was by other minima.
    """
    link.recheck = None
    upto = state.notices.newest_mine(link.id)
    if upto is None or not state.notices.active(link.id, mine=False):
        return
    total = state.notices.active(link.id, mine=True)
    link.recheck = Recheck(upto=upto, total=total)
    door.tell("recheck_began", link.id, None, notices=total, version=link.terms.version)


def waiting(state: State) -> str | None:
    """Return the first link with notices that have to be compared again; None if there is none."""
    return next((link.id for link in state.links.values() if link.recheck is not None), None)


def go_on(state: State, door: Door, event: Rechecking) -> None:
    """Compare as many more as the budget has time for, and at least one."""
    link = state.links[event.link]
    left_us = event.budget_us
    while link.recheck is not None:
        left_us -= _compare_next(state, door, link, link.recheck)
        if left_us <= 0:
            break


def _compare_next(state: State, door: Door, link: Link, recheck: Recheck) -> int:
    """Compare the next notice of ours, or be done; return about how long it took, in µs."""
    notice = state.notices.next_mine(link.id, recheck.after, recheck.upto)
    if notice is None:
        link.recheck = None
        args = {"found": recheck.found, "cleared": recheck.cleared}
        door.tell("recheck_done", link.id, None, version=link.terms.version, **args)
        return NOTICE_US
    before = len(door.effects)
    compared = declaring.find(state, door, link, notice, Cleared.AMENDED)
    said = [each.kind for each in door.effects[before:] if isinstance(each, Append)]
    link.recheck = replace(
        recheck,
        after=notice.id,
        done=recheck.done + 1,
        found=recheck.found + said.count("conflict.found"),
        cleared=recheck.cleared + said.count("conflict.cleared"),
    )
    looked_us = (NOTICE_US + COMPARE_US * compared) * len(notice.volumes)
    return looked_us + CLAIM_US * len(said)
