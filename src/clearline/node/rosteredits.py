"""Roster edits: what a move, a swap, an override or an absence is, as changes to desks.

Whatever is dragged or typed becomes overrides and absences, and these alone are kept: the
calendar that people keep elsewhere is never written. Pure; only the shell reads files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.basis.instants import SECOND_MS, Instant
from clearline.core.watchbill import OfficerName, Shift, Watchbill
from clearline.node.calendars import Change, ChangeKind

__all__ = ["Move", "ShiftRef", "added", "moved", "swapped"]

Edits = dict[str, list[Change]]
"""Changes to make, by desk."""


class ShiftRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shift of the plan, as it is now."""

    echelon: Name
    start: Instant
    officer: OfficerName


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shift, and what it is to become: another time, another desk, another officer."""

    shift: ShiftRef
    echelon: Name
    start: Instant
    end: Instant
    officer: OfficerName


def moved(bill: Watchbill, move: Move, now: Instant) -> Edits:
    """Return the changes that make a shift what it is to become.

    What it gives up is taken by the watch that meets it there, as when two officers agree on
    another hour for their handover; if none does, it is left to whoever is planned besides.
    """
    before = _shift(bill, move.shift)
    start, end = _whole(move.start), _whole(move.end)
    if start >= end:
        raise Mistake("bad_shift", "A watch ends after it starts.")
    stays = move.echelon == before_desk(move)
    given_up = list(_without((before.start, before.end), (start, end) if stays else None))
    edits: Edits = {}
    for piece in _future(given_up, now):
        taker = _neighbour(bill, before_desk(move), before, piece) if stays else None
        change = _change(piece, taker or before.officer, override=taker is not None)
        edits.setdefault(before_desk(move), []).append(change)
    same = stays and move.officer == before.officer
    taken = list(_without((start, end), (before.start, before.end) if same else None))
    for piece in _future(taken, now):
        edits.setdefault(move.echelon, []).append(_change(piece, move.officer, override=True))
    if not edits:
        raise Mistake("nothing_changes", "That is how it is planned already, or it is over.")
    return edits


def swapped(bill: Watchbill, one: ShiftRef, other: ShiftRef, now: Instant) -> Edits:
    """Return the changes by which the officers of two shifts stand each other's watch."""
    edits: Edits = {}
    shifts = [(each.echelon, _shift(bill, each)) for each in (one, other)]
    (_, first), (_, second) = shifts
    if first.officer == second.officer:
        raise Mistake("nothing_changes", f"Both watches are {first.officer}'s.")
    for (echelon, shift), officer in zip(shifts, (second.officer, first.officer), strict=True):
        for piece in _future([(shift.start, shift.end)], now):
            edits.setdefault(echelon, []).append(_change(piece, officer, override=True))
    if sum(len(each) for each in edits.values()) < 2:
        raise Mistake("already_over", "A watch that is over cannot be swapped.")
    return edits


def added(
    kept: Sequence[Change], changes: Sequence[Change], *, over: bool
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return what is kept with `changes` added, and what of the kept gave way.

    With `over`, the later act wins: an override kept before is cut where a new one lies, or
    where its officer is now away. Without, both stay, and whoever expands them says so.
    """
    left, cut = list[Change](), list[Change]()
    for each in kept:
        spans = [(each.start, each.end)]
        for new in changes if over else ():
            if _gives_way(each, new):
                spans = [s for span in spans for s in _without(span, (new.start, new.end))]
        if spans == [(each.start, each.end)]:
            left.append(each)
            continue
        cut.append(each)
        left += [replace(each, start=start, end=end, uid="") for start, end in spans]
    return tuple(sorted({*left, *changes})), tuple(cut)


def before_desk(move: Move) -> str:
    """Return the desk that a shift is moved from."""
    return move.shift.echelon


def _gives_way(kept: Change, new: Change) -> bool:
    if new.kind is ChangeKind.OVERRIDE:
        # An absence under a new override of the same officer says nothing any more.
        return kept.kind is ChangeKind.OVERRIDE or kept.officer == new.officer
    return kept.kind is ChangeKind.OVERRIDE and kept.officer == new.officer


def _shift(bill: Watchbill, ref: ShiftRef) -> Shift:
    for shift in bill.shifts_at(ref.echelon, ref.start):
        if shift.start == ref.start and shift.officer == ref.officer:
            return shift
    raise Mistake(
        "no_such_shift",
        f"{ref.officer} has no watch at {ref.echelon} from {ref.start}: somebody has changed it.",
    )


def _neighbour(
    bill: Watchbill, echelon: str, shift: Shift, piece: tuple[Instant, Instant]
) -> str | None:
    """Return who stands the watch that meets a shift at the end that it gives up."""
    around = bill.shifts_between(echelon, shift.start.after(-1), shift.end.after(1))
    others = [each for each in around if each != shift]
    if any(each.start <= piece[0] and each.end >= piece[1] for each in others):
        return None  # Somebody is there besides.
    if piece[1] == shift.end:
        return next((o.officer for o in others if o.start <= shift.end < o.end), None)
    return next((o.officer for o in others if o.start < shift.start <= o.end), None)


def _change(span: tuple[Instant, Instant], officer: str, *, override: bool) -> Change:
    kind = ChangeKind.OVERRIDE if override else ChangeKind.ABSENCE
    return Change(start=span[0], end=span[1], officer=officer, kind=kind)


def _future(
    spans: Iterable[tuple[Instant, Instant]], now: Instant
) -> Iterator[tuple[Instant, Instant]]:
    """Yield what of the spans is still to come: nobody changes who was on."""
    for start, end in spans:
        if end > now:
            yield max(start, _whole(now)), end


def _whole(at: Instant) -> Instant:
    """Return an instant in whole seconds, as calendars have them."""
    return Instant(int(at) // SECOND_MS * SECOND_MS)


def _without(
    span: tuple[Instant, Instant], cut: tuple[Instant, Instant] | None
) -> Iterator[tuple[Instant, Instant]]:
    start, end = span
    if cut is None or cut[0] >= end or cut[1] <= start:
        yield span
        return
    if cut[0] > start:
        yield start, cut[0]
    if cut[1] < end:
        yield cut[1], end
