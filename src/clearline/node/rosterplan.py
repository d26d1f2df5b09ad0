"""Roster plan: what has to be planned anew so that the core has what the calendars say.

Pure. A plan that would leave the first rung of a ladder empty where it was not is refused
before anything is written; the core refuses it once more.
"""

from __future__ import annotations

from collections.abc import Sequence

from clearline.basis.instants import Instant
from clearline.core.events import PlanDesk
from clearline.core.planning import check_no_gap
from clearline.core.watchbill import Desk, Methods, Shift, Watchbill
from clearline.node.rosterlint import new_gaps

__all__ = ["check_manned", "difference"]


def check_manned(
    before: Watchbill, echelon: str, shifts: Sequence[Shift], methods: Methods, now: Instant
) -> None:
    """Raise Mistake if a plan leaves a desk empty at any time from now on that it was not."""
    old = before.desks.get(echelon)
    ends = [each.end for each in (*shifts, *(old.shifts if old is not None else ()))]
    after = Watchbill((), [Desk(echelon=echelon, methods=methods, shifts=tuple(shifts))])
    check_no_gap(echelon, new_gaps(before, after, echelon, now, max(ends)) if ends else ())


def difference(
    desk: Desk, shifts: Sequence[Shift], methods: Methods, by: str, now: Instant
) -> PlanDesk | None:
    """Return what makes a desk's plan from now on these shifts; None if it is.

    Only the span that differs is planned anew. A shift that has begun keeps its start.
    """
    over = [each for each in desk.shifts if each.end <= now]
    old = [each for each in desk.shifts if each.end > now]
    known = set(old)
    begun = {(s.officer, s.end): s for s in old if s.start <= now}

    def as_begun(s: Shift) -> Shift:
        return s if s in known or s.start > now else begun.get((s.officer, s.end), s)

    new = sorted({as_begun(s) for s in shifts if s.end > now})
    changed = set(old).symmetric_difference(new)
    if not changed and methods == desk.methods:
        return None
    start = min((each.start for each in changed), default=now)
    end = max((each.end for each in changed), default=now.after(1))
    while earlier := [s for s in (*over, *new) if s.start < start < s.end]:
        # A watch that spans the beginning would be cut there.
        start = min(each.start for each in earlier)
    inside = [s for s in (*over, *new) if start <= s.start < end]
    return PlanDesk(
        by=by, echelon=desk.echelon, start=start, end=end, methods=methods,
        shifts=tuple(sorted(inside)),
    )  # fmt: skip
