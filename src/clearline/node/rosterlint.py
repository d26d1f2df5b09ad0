"""Roster lint: what is wrong with a plan, before a night finds it out.

Gaps at each rung, officers whom no channel reaches, spans in which nobody at a rung speaks a
language of the counterpart's, one officer at two desks, watches that are too long. Each has
its span and a plain sentence. An error is what a call would fall through; all else warns.
Pure: whoever asks gives the plan, the ladders and the span.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from clearline.basis.instants import DAY_MS, Instant
from clearline.core.state import State
from clearline.core.terms import Precedence
from clearline.core.watchbill import Gap, Method, Shift, Watchbill

__all__ = [
    "Channels",
    "Finding",
    "Rung",
    "Severity",
    "address_fault",
    "lint",
    "new_gaps",
    "rungs_of",
]

MAX_FINDINGS = 200
LONGEST_MS = DAY_MS
"""A longer watch is nobody's who can still be woken."""


Channels = Mapping[str, Callable[[str], str | None]]
"""Each channel that a node has, with why an address can be none of its own; None if it can."""


class Severity(StrEnum):
    """How grave it is."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong with a plan, and when."""

    severity: Severity
    start: Instant
    end: Instant
    code: str
    echelon: str
    officer: str
    text: str


class Rung(Struct, frozen=True, kw_only=True):
    """A desk as a ladder of some link rings it."""

    echelon: str
    number: int
    """The lowest at which any ladder of the link has it."""
    counterpart: str
    languages: tuple[str, ...]
    """What the counterpart's watch may speak."""


def rungs_of(state: State) -> tuple[Rung, ...]:
    """Return every desk that a ladder of any link rings, once for each link."""
    found: dict[tuple[str, str], Rung] = {}
    for link in state.links.values():
        for precedence in Precedence:
            for number, rung in enumerate(link.terms.ladders.of(precedence).rungs, 1):
                known = found.get((link.id, rung.echelon))
                if known is None or number < known.number:
                    found[link.id, rung.echelon] = Rung(
                        echelon=rung.echelon,
                        number=number,
                        counterpart=link.counterpart.party,
                        languages=link.counterpart.languages,
                    )
    return tuple(sorted(found.values(), key=lambda rung: (rung.number, rung.echelon)))


def new_gaps(
    before: Watchbill, after: Watchbill, echelon: str, start: Instant, until: Instant
) -> tuple[Gap, ...]:
    """Return when nobody is at a desk any more who was; a desk without a plan had no gap."""
    old = before.gaps(echelon, start, until) if echelon in before.desks else ()
    found: list[Gap] = []
    for gap in after.gaps(echelon, start, until):
        begun = gap.start
        for known in old:
            if known.end <= begun or known.start >= gap.end:
                continue
            if known.start > begun:
                found.append(Gap(echelon=echelon, start=begun, end=known.start))
            begun = max(begun, known.end)
        if begun < gap.end:
            found.append(Gap(echelon=echelon, start=begun, end=gap.end))
    return tuple(found)


def lint(
    bill: Watchbill,
    rungs: Sequence[Rung],
    channels: Channels | None,
    now: Instant,
    until: Instant,
) -> tuple[Finding, ...]:
    """Return what is wrong with a plan from now until an instant, errors first, soonest first.

    `channels` are those that the node has settings for, each with what it says of an address;
    None if that is not known.
    """
    if not bill:
        return ()
    found = [
        *_gaps(bill, rungs, now, until),
        *_unreachable(bill, channels, now, until),
        *_speechless(bill, rungs, now, until),
        *_at_two_desks(bill, now, until),
        *_too_long(bill, now, until),
    ]
    return tuple(sorted(set(found))[:MAX_FINDINGS])


def _gaps(
    bill: Watchbill, rungs: Sequence[Rung], now: Instant, until: Instant
) -> Iterator[Finding]:
    for echelon in dict.fromkeys(rung.echelon for rung in rungs):
        number = min(rung.number for rung in rungs if rung.echelon == echelon)
        first = number == 1
        for gap in bill.gaps(echelon, now, until):
            ends = gap.end == until
            is_all = ends and gap.start == now
            text = (
                f"Nobody is planned at {echelon}, rung {number}, at all."
                if is_all
                else f"The plan of {echelon}, rung {number}, ends {_said(gap.start)}."
                if ends
                else f"Nobody is planned at {echelon}, rung {number}, "
                f"from {_said(gap.start)} until {_said(gap.end)}."
            )
            yield Finding(
                severity=Severity.ERROR if first and (is_all or not ends) else Severity.WARNING,
                code="no_plan" if is_all else "plan_ends" if ends else "gap",
                start=gap.start, end=gap.end, echelon=echelon, officer="", text=text,
            )  # fmt: skip


def address_fault(method: Method, channels: Channels | None) -> str | None:
    """Return why a method reaches nobody by a channel that this node has; None if it may."""
    given = channels.get(method.channel) if channels is not None else None
    fault = given(method.address) if given is not None else None
    return None if fault is None else f"{method.channel} {method.address!r}: {fault}"


def _unreachable(
    bill: Watchbill, channels: Channels | None, now: Instant, until: Instant
) -> Iterator[Finding]:
    first: dict[str, tuple[str, Shift]] = {}
    for echelon in sorted(bill.desks):
        for shift in bill.shifts_between(echelon, now, until):
            known = first.get(shift.officer)
            if known is None or shift.start < known[1].start:
                first[shift.officer] = (echelon, shift)
    for name, (echelon, shift) in sorted(first.items()):
        officer = bill.officers.get(name)
        methods = officer.methods if officer is not None else ()
        faults = [each for m in methods if (each := address_fault(m, channels)) is not None]
        missing = {m.channel for m in methods if channels is not None and m.channel not in channels}
        usable = [m for m in methods if m.channel not in missing and not address_fault(m, channels)]
        found = [(Severity.WARNING, "bad_address", f"{name}, by {fault}.") for fault in faults]
        if not methods:
            why = "no method is given"
            found.append((Severity.ERROR, "unreachable", f"{name} cannot be reached: {why}."))
        elif not usable:
            why = f"this node has no settings for {', '.join(sorted(missing))}"
            why = why if missing else "no address is one"
            found.append((Severity.ERROR, "unreachable", f"{name} cannot be reached: {why}."))
        for severity, code, text in found:
            yield Finding(
                severity=severity, code=code, start=shift.start, end=shift.end,
                echelon=echelon, officer=name, text=text,
            )  # fmt: skip


def _speechless(
    bill: Watchbill, rungs: Sequence[Rung], now: Instant, until: Instant
) -> Iterator[Finding]:
    for rung in rungs:
        for start, end in _spans_without(bill, rung, now, until):
            yield Finding(
                severity=Severity.WARNING, code="no_speaker", start=start, end=end,
                echelon=rung.echelon, officer="",
                text=f"Nobody at {rung.echelon} speaks {' or '.join(rung.languages)}, as "
                f"{rung.counterpart} does, from {_said(start)} until {_said(end)}.",
            )  # fmt: skip


def _spans_without(
    bill: Watchbill, rung: Rung, now: Instant, until: Instant
) -> Iterator[tuple[Instant, Instant]]:
    """Yield when somebody is on at a rung, and none of them speaks the counterpart's languages."""
    shifts = bill.shifts_between(rung.echelon, now, until)
    spoken = [each for each in shifts if _speaks(bill, each.officer, rung.languages)]
    covered = _joined(spoken, now, until)
    for start, end in _joined(shifts, now, until):
        begun = start
        for heard_start, heard_end in covered:
            if heard_end <= begun or heard_start >= end:
                continue
            if heard_start > begun:
                yield begun, heard_start
            begun = heard_end
        if begun < end:
            yield begun, end


def _speaks(bill: Watchbill, officer: str, languages: Collection[str]) -> bool:
    known = bill.officers.get(officer)
    return known is not None and not set(known.languages).isdisjoint(languages)


def _joined(shifts: Sequence[Shift], now: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
    """Return the spans that shifts cover together."""
    found: list[tuple[Instant, Instant]] = []
    for shift in shifts:
        start, end = max(shift.start, now), min(shift.end, until)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _at_two_desks(bill: Watchbill, now: Instant, until: Instant) -> Iterator[Finding]:
    by_officer: dict[str, list[tuple[Shift, str]]] = {}
    for echelon in bill.desks:
        for shift in bill.shifts_between(echelon, now, until):
            by_officer.setdefault(shift.officer, []).append((shift, echelon))
    for name, theirs in by_officer.items():
        theirs.sort()
        latest, desk = theirs[0]
        for shift, echelon in theirs[1:]:
            if shift.start < latest.end and echelon != desk:
                start, end = max(shift.start, now), min(shift.end, latest.end)
                yield Finding(
                    severity=Severity.WARNING, code="two_desks", start=start, end=end,
                    echelon=echelon, officer=name,
                    text=f"{name} is planned at {desk} and at {echelon} at one time, "
                    f"from {_said(start)} until {_said(end)}.",
                )  # fmt: skip
            if shift.end > latest.end:
                latest, desk = shift, echelon


def _too_long(bill: Watchbill, now: Instant, until: Instant) -> Iterator[Finding]:
    for echelon in bill.desks:
        for shift in bill.shifts_between(echelon, now, until):
            if shift.end.since(shift.start) > LONGEST_MS:
                hours = shift.end.since(shift.start) // 3_600_000
                yield Finding(
                    severity=Severity.WARNING, code="too_long", start=shift.start, end=shift.end,
                    echelon=echelon, officer=shift.officer,
                    text=f"{shift.officer} is on at {echelon} for {hours} hours "
                    f"from {_said(shift.start)}.",
                )  # fmt: skip


def _said(at: Instant) -> str:
    text = str(at)
    return f"{text[:10]} {text[11:16]}Z"
