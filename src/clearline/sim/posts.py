"""Posts: who is on at each echelon, and by which channels they are rung, for a ladder study.

The plan is the node's own (`core.watchbill`): shifts half-open, in UTC, overlapping or not;
an echelon where nobody is on and whose room has no method of its own is empty. It is taken
to repeat after its last shift, so that a night near its end is a night like any other, and
who is on is laid out from change to change, as a study asks for it a million times.

Nothing here decides who should be on; it only refuses what could not be rung.
"""

from __future__ import annotations

import json
import tomllib
from bisect import bisect_right
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.basis.instants import DAY_MS, EPOCH, HOUR_MS, Instant
from clearline.core.terms import MAX_DESKS, Ladder, Language
from clearline.core.watchbill import (
    MAX_OFFICERS,
    MAX_SHIFTS,
    Desk,
    Method,
    Officer,
    OfficerName,
    Shift,
    Watchbill,
)

__all__ = ["Person", "Planned", "Posts", "from_watchbill", "read", "usual"]

WATCH_MS = 8 * HOUR_MS
"""Where no roster is given, watches are three a day, as those of the risk reduction centres."""
USUAL_DAYS = 7
USUAL_CHANNELS = ("desk", "phone")
USUAL_START: Instant = Instant.parse("2026-01-05T00:00:00.000Z")
DESK = "desk"
"""The channel of whoever has no other: the console of the room."""
NO_ADDRESS = "none"
"""A study rings no one: the files that it reads name channels, and no addresses."""

Kinds = Annotated[tuple[Name, ...], Meta(max_length=8)]


class Planned(Struct, frozen=True, kw_only=True):
    """Who is planned, and the span of it that a study's calls come in."""

    watchbill: Watchbill
    start: Instant
    end: Instant


class Person(Struct, frozen=True, kw_only=True, order=True):
    """Whoever may answer at one echelon; the same `who` at two of them is one human."""

    who: str
    echelon: str
    channels: tuple[str, ...]


class Posts(Struct, frozen=True, kw_only=True):
    """Who is on at each echelon, from each change to the next."""

    start: Instant
    length_ms: int
    changes: dict[str, tuple[int, ...]]
    """By echelon: the instants at which who is on changes, the first of them `start`."""
    people: dict[str, tuple[tuple[Person, ...], ...]]
    watches: dict[str, int]
    """How many watches each person has in the roster: what a load is divided by."""

    @property
    def echelons(self) -> tuple[str, ...]:
        """Return the echelons that there are."""
        return tuple(self.changes)

    def on(self, echelon: str, at: Instant) -> tuple[Person, ...]:
        """Return who may answer at an echelon at `at`; nobody if it is empty."""
        wrapped = int(self.start) + (int(at) - int(self.start)) % self.length_ms
        return self.people[echelon][bisect_right(self.changes[echelon], wrapped) - 1]

    def empty(self, ladder: Ladder, at: Instant) -> frozenset[int]:
        """Return the rungs of a ladder at which nobody can be reached at `at`."""
        return frozenset(
            number for number, rung in enumerate(ladder.rungs, 1) if not self.on(rung.echelon, at)
        )

    def gap(self, echelon: str) -> tuple[Instant, Instant] | None:
        """Return the first span in which an echelon is empty, if there is one."""
        ends = (*self.changes[echelon][1:], int(self.start) + self.length_ms)
        for start, end, people in zip(
            self.changes[echelon], ends, self.people[echelon], strict=True
        ):
            if not people:
                return Instant(start), Instant(end)
        return None

    def check(self, echelons: tuple[str, ...], what: str) -> None:
        """Raise Mistake unless these echelons exist, and the first of them is never empty."""
        for echelon in echelons:
            if echelon not in self.changes:
                known = ", ".join(self.changes)
                phrase = (
                    f"{what} rings {echelon}, of which the roster knows nothing; it has {known}."
                )
                raise Mistake("unknown_echelon", phrase)
        if (empty := self.gap(echelons[0])) is not None:
            phrase = (
                f"{what} begins at {echelons[0]}, where nobody is on from {empty[0]} to {empty[1]} "
                "and which has no channel of its own. The first rung may never be empty."
            )
            raise Mistake("first_rung_empty", phrase)


def from_watchbill(planned: Planned, crews: dict[str, int]) -> Posts:
    """Return who is on when. `crews`: how many people answer a room in which nobody is on.

    An officer is rung by their own methods and those of the room; who has neither, by the
    room's console.
    """
    changes: dict[str, tuple[int, ...]] = {}
    people: dict[str, tuple[tuple[Person, ...], ...]] = {}
    watches: dict[str, int] = {}
    for echelon, desk in planned.watchbill.desks.items():
        own = _own(desk, crews.get(echelon, 1))
        shifts = planned.watchbill.shifts_between(echelon, planned.start, planned.end)
        changes[echelon], people[echelon] = _segments(planned, desk, shifts, own)
        for shift in shifts:
            watches[shift.officer] = watches.get(shift.officer, 0) + 1
        days = max(1, round(planned.end.since(planned.start) / DAY_MS))
        watches |= {person.who: days for person in own}
    return Posts(
        start=planned.start,
        length_ms=planned.end.since(planned.start),
        changes=changes,
        people=people,
        watches=watches,
    )


def usual(crews: dict[str, int]) -> Planned:
    """Return the plan of a study that was given none: every echelon manned day and night.

    Each has so many people at once as `crews` says, in three watches a day.
    """
    desks: list[Desk] = []
    officers: list[Officer] = []
    for echelon, crew in crews.items():
        names = [[f"{echelon} {watch}{seat}" for seat in range(1, crew + 1)] for watch in "ABC"]
        officers += [_officer(name, (), USUAL_CHANNELS) for watch in names for name in watch]
        shifts = tuple(
            Shift(officer=name, start=start, end=start.after(WATCH_MS))
            for turn in range(USUAL_DAYS * 3)
            for start in [USUAL_START.after(turn * WATCH_MS)]
            for name in names[turn % 3]
        )
        desks.append(Desk(echelon=echelon, shifts=shifts))
    return Planned(
        watchbill=Watchbill(officers, desks),
        start=USUAL_START,
        end=USUAL_START.after(USUAL_DAYS * DAY_MS),
    )


def _officer(name: str, languages: tuple[str, ...], channels: tuple[str, ...]) -> Officer:
    return Officer(name=name, languages=languages or ("en",), methods=_methods(channels))


def _methods(channels: tuple[str, ...]) -> tuple[Method, ...]:
    return tuple(Method(channel=channel, address=NO_ADDRESS) for channel in channels)


def _channels(*methods: tuple[Method, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.channel for every in methods for each in every)) or (DESK,)


def _own(desk: Desk, crew: int) -> tuple[Person, ...]:
    """Return who answers the methods of a room in which nobody is on."""
    if not desk.methods:
        return ()
    channels = _channels(desk.methods)
    return tuple(
        Person(who=f"{desk.echelon} #{n}", echelon=desk.echelon, channels=channels)
        for n in range(1, crew + 1)
    )


def _segments(
    planned: Planned, desk: Desk, shifts: tuple[Shift, ...], own: tuple[Person, ...]
) -> tuple[tuple[int, ...], tuple[tuple[Person, ...], ...]]:
    """Return when who is on changes, and who is on from each of these instants on."""
    start, end = int(planned.start), int(planned.end)
    edges = {int(edge) for shift in shifts for edge in (shift.start, shift.end)}
    times = (start, *sorted(edge for edge in edges if start < edge < end))
    known = planned.watchbill.officers
    methods = {shift.officer: _of(known.get(shift.officer)) for shift in shifts}
    segments: list[tuple[Person, ...]] = []
    for at in times:
        there = tuple(
            Person(
                who=name,
                echelon=desk.echelon,
                channels=_channels(methods[name], desk.methods),
            )
            for name in sorted(planned.watchbill.on(desk.echelon, Instant(at)))
        )
        segments.append(there or own)
    return times, tuple(segments)


def _of(officer: Officer | None) -> tuple[Method, ...]:
    return officer.methods if officer is not None else ()


class _Shift(Struct, frozen=True, forbid_unknown_fields=True):
    officer: str
    start: datetime
    end: datetime


class _Officer(Struct, frozen=True, forbid_unknown_fields=True):
    name: OfficerName
    languages: Annotated[tuple[Language, ...], Meta(max_length=8)] = ()
    channels: Kinds = ()


class _Desk(Struct, frozen=True, forbid_unknown_fields=True):
    echelon: Name
    channels: Kinds = ()
    """Of the room itself: they ring even where nobody is on."""
    shift: Annotated[tuple[_Shift, ...], Meta(max_length=MAX_SHIFTS)] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    desk: Annotated[tuple[_Desk, ...], Meta(min_length=1, max_length=MAX_DESKS)]
    officer: Annotated[tuple[_Officer, ...], Meta(max_length=MAX_OFFICERS)] = ()
    start: datetime | None = None
    end: datetime | None = None
    title: str = field(default="")


def read(content: bytes, name: str) -> Planned:
    """Return the plan in a file: TOML, or JSON if its name says so. Mistake if it is none.

    Without a `start` and `end` of its own it reaches from the first start to the last end of
    the first desk that has shifts.
    """
    try:
        text = content.decode()
        raw: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
        file = msgspec.convert(raw, _File)
    except (ValueError, msgspec.ValidationError) as error:
        raise Mistake("bad_roster", f"{name} is no roster: {error}.") from error
    officers = [_officer(each.name, each.languages, each.channels) for each in file.officer]
    for what, names in (
        ("officers", [each.name for each in officers]),
        ("desks", [each.echelon for each in file.desk]),
    ):
        if len(set(names)) != len(names):
            raise Mistake("bad_roster", f"{name}: two {what} have one name.")
    desks = tuple(_desk(desk, {each.name for each in officers}, name) for desk in file.desk)
    start, end = _span(file, desks, name)
    return Planned(watchbill=Watchbill(officers, desks), start=start, end=end)


def _desk(desk: _Desk, officers: set[str], name: str) -> Desk:
    shifts: list[Shift] = []
    for each in desk.shift:
        if each.officer not in officers:
            phrase = f"{name}: {each.officer} has a shift at {desk.echelon} and is no [[officer]]."
            raise Mistake("unknown_officer", phrase)
        start, end = _instant(each.start, name), _instant(each.end, name)
        if end <= start:
            phrase = f"{name}: a shift of {each.officer} ends at {end}, before it starts."
            raise Mistake("bad_roster", phrase)
        shifts.append(Shift(officer=each.officer, start=start, end=end))
    methods = _methods(desk.channels)
    return Desk(echelon=desk.echelon, methods=methods, shifts=tuple(sorted(shifts)))


def _span(file: _File, desks: tuple[Desk, ...], name: str) -> tuple[Instant, Instant]:
    shifts = next((desk.shifts for desk in desks if desk.shifts), ())
    start = (
        _instant(file.start, name) if file.start else min((s.start for s in shifts), default=None)
    )
    end = _instant(file.end, name) if file.end else max((s.end for s in shifts), default=None)
    if start is None or end is None:
        raise Mistake("bad_roster", f"{name} has no shift: say its start and its end.")
    if end <= start:
        raise Mistake("bad_roster", f"{name} ends at {end}, before it starts.")
    return start, end


def _instant(moment: datetime, name: str) -> Instant:
    if moment.tzinfo is None:
        phrase = (
            f"{name}: {moment.isoformat()} has no offset; write 2026-12-01T08:00:00Z, or +02:00."
        )
        raise Mistake("unknown_zone", phrase)
    ms = round((moment - EPOCH).total_seconds() * 1_000)
    if ms < 0:
        raise Mistake("bad_roster", f"{name}: {moment.isoformat()} is before 1970.")
    return Instant(ms)
