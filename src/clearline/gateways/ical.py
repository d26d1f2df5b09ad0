"""iCalendar (RFC 5545): a desk's calendars into watches, and watches into a calendar.

One VEVENT is one watch, once or recurring; its SUMMARY is the officer's name. Where a change
of the clocks makes a local time mean two instants, or none, a start takes the earliest that
it can mean and an end the latest: watches overlap there, and never leave a gap. An end that
is given by DURATION is the later of what the clock on the wall and a stop-watch say.

`CATEGORIES:OVERRIDE` gives the officer the watch instead of whoever else has it;
`CATEGORIES:ABSENCE` takes the officer's watches out of its span. A holiday is an override or
an absence of a whole day. An override holds over an absence: somebody put that officer there
by name. Events that are CANCELLED are none.

Refused, each with the line or the UID: a recurrence that could take for ever to work out or
never come (`recurrence`), a zone that nobody knows, a time without a zone unless the node has
one, a watch without an end, two overrides at one time, and officers whom the node has not.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import icalendar
import recurring_ical_events  # pyright: ignore[reportMissingTypeStubs]
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, EPOCH, Instant
from clearline.core.watchbill import MAX_SHIFT_MS, MAX_SHIFTS, Shift
from clearline.gateways import recurrence
from clearline.node.calendars import Change, ChangeKind, Expansion, Source

__all__ = ["MAX_EVENTS", "MAX_FILE_BYTES", "expand", "export", "write"]

MAX_FILE_BYTES = 1 << 20
MAX_EVENTS = 5_000
"""Of one calendar; with recurrence a year of any rota takes a few dozen."""
MAX_LINES = 100_000
_PRODUCT = "-//Clearline//roster//EN"
_MARGIN = timedelta(days=1)
"""Around what is asked of the expansion: more than any two zones are apart."""
_MATTERS = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
_ZONE = re.compile(r';TZID=("[^"]*"|[^":;,]*)', re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")
_LIBRARY = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError,
            RecursionError, AssertionError, NotImplementedError)  # fmt: skip
"""What the libraries raise for calendars that are none, besides their own, which are these."""


class _Watch(Struct, frozen=True, kw_only=True, order=True):
    """One occurrence of an event."""

    start: Instant
    end: Instant
    officer: str
    kind: ChangeKind | None
    uid: str
    source: str


def expand(
    sources: Sequence[Source],
    officers: Collection[str],
    start: Instant,
    until: Instant,
    zone: str,
) -> Expansion:
    """Return the watches of a desk that share a moment with [start, until), changes applied.

    `zone` is that of times that have none of their own; empty: such times are refused.
    """
    watches: list[_Watch] = []
    for source in sources:
        calendar = _Calendar(source, frozenset(officers), zone, _moment(until).year)
        watches += calendar.watches(start, until)
        if len(watches) > MAX_SHIFTS:
            raise Mistake(
                "too_many_shifts",
                f"{source.name}: more than {MAX_SHIFTS:,} watches until {until}: a desk has fewer.",
            )
    shifts = _applied(watches)
    changes = sorted(
        Change(start=w.start, end=w.end, officer=w.officer, kind=w.kind, uid=w.uid)
        for w in watches
        if w.kind is not None
    )
    return Expansion(shifts=shifts, changes=tuple(changes))


def export(echelon: str, shifts: Sequence[Shift], stamp: Instant) -> bytes:
    """Return shifts as a calendar, in UTC, that `expand` makes the same shifts of."""
    return _calendar(
        echelon, stamp, [(each.start, each.end, each.officer, None, "") for each in shifts]
    )


def write(echelon: str, changes: Sequence[Change], stamp: Instant) -> bytes:
    """Return overrides and absences as a calendar, in UTC."""
    return _calendar(
        echelon, stamp, [(c.start, c.end, c.officer, c.kind, c.uid) for c in sorted(changes)]
    )


def _calendar(
    echelon: str,
    stamp: Instant,
    events: Sequence[tuple[Instant, Instant, str, ChangeKind | None, str]],
) -> bytes:
    made = cast("Any", icalendar.Calendar())
    made.add("PRODID", _PRODUCT)
    made.add("VERSION", "2.0")
    made.add("X-WR-CALNAME", echelon)
    for start, end, officer, kind, uid in events:
        event = cast("Any", icalendar.Event())
        event.add("UID", uid or _uid(echelon, start, end, officer, kind))
        event.add("DTSTAMP", _moment(stamp))
        event.add("DTSTART", _moment(start))
        event.add("DTEND", _moment(end))
        event.add("SUMMARY", officer)
        if kind is not None:
            event.add("CATEGORIES", [kind.value.upper()])
        made.add_component(event)
    return made.to_ical()


def _uid(echelon: str, start: Instant, end: Instant, officer: str, kind: ChangeKind | None) -> str:
    """Return a name for an event that is the same whenever the event is."""
    told = f"{echelon}\n{start}\n{end}\n{officer}\n{kind.value if kind else ''}"
    return f"{hashlib.sha256(told.encode()).hexdigest()[:20]}@{echelon}"


def _moment(at: Instant) -> datetime:
    """Return an instant as the calendar's date and time, which have whole seconds."""
    return EPOCH + timedelta(seconds=int(at) // 1_000)


# What a calendar says.


class _Calendar:
    """One calendar, read and held to what can be worked out."""

    def __init__(
        self, source: Source, officers: frozenset[str], zone: str, until_year: int
    ) -> None:
        self._name = source.name
        self._officers = officers
        self._default = _known_zone(zone) if zone else None
        self._lines: dict[str, int] = {}
        """Line of the file on which each event says its UID."""
        text = self._text(source.raw)
        self._scan(text, recurrence.Work(until_year))
        try:
            self._parsed: Any = icalendar.Calendar.from_ical(text)
        except _LIBRARY as error:
            raise self._wrong("bad_calendar", f"it is not iCalendar: {_short(error)}") from error
        self._zones = self._own_zones()

    def watches(self, start: Instant, until: Instant) -> Iterator[_Watch]:
        """Yield every occurrence that shares a moment with [start, until)."""
        for uid, events in self._by_uid().items():
            try:
                found = self._of(events, uid, start, until)
            except _LIBRARY as error:
                raise self._event("bad_event", uid, _short(error)) from error
            yield from (each for each in found if each.start < until and each.end > start)

    def _of(self, events: list[Any], uid: str, start: Instant, until: Instant) -> list[_Watch]:
        for event in events:
            self._check(event, uid)
        has_duration = any("DURATION" in event for event in events)
        found: list[_Watch] = []
        for occurrence in self._occurrences(events, uid, start, until):
            watch = self._watch(occurrence, uid, has_duration=has_duration)
            found += [watch] if watch is not None else []
        return found

    def _text(self, raw: bytes) -> str:
        if len(raw) > MAX_FILE_BYTES:
            raise self._wrong("file_too_large", f"a calendar has at most {MAX_FILE_BYTES:,} bytes")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._wrong("bad_calendar", f"byte {error.start} is not UTF-8 text") from error
        # A reader that takes one of these for the end of a line would see other lines than we do.
        if (found := _CONTROL.search(text)) is not None:
            raise self._wrong("bad_calendar", f"it has the character {ord(found[0]):04X} in it")
        return text

    def _scan(self, text: str, work: recurrence.Work) -> None:
        """Look through the lines for what must be known before anything is worked out."""
        inside: list[str] = []
        events, year = 0, EPOCH.year
        asked, rules = list[tuple[str, int]](), list[tuple[str, str, int]]()
        for number, line in self._unfolded(text):
            name = re.split("[:;]", line, maxsplit=1)[0].strip().upper()
            value = _value(line)
            if name == "BEGIN":
                inside.append(value.upper())
                rules, year = [], EPOCH.year
                events += value.upper() == "VEVENT"
            elif name == "END" and inside:
                self._count(work, rules, year, in_zone="VTIMEZONE" in inside)
                inside.pop()
                rules = []
            elif name == "UID" and inside[-1:] == ["VEVENT"]:
                self._lines.setdefault(value, number)
            elif name in ("RRULE", "EXRULE"):
                rules.append((name, value, number))
            elif name == "DTSTART" and value[:4].isascii() and value[:4].isdigit():
                year = int(value[:4])
            asked += [(found.strip('"'), number) for found in _ZONE.findall(line)]
            if events > MAX_EVENTS:
                raise self._wrong("too_many_events", f"it has more than {MAX_EVENTS:,} events")
        self._count(work, rules, year, in_zone=False)
        self._check_zones(text, asked)

    def _unfolded(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield each content line with the number of the file's line that it begins on."""
        begun, whole = 0, list[str]()
        for number, line in enumerate(re.split("\r\n|\n|\r", text), 1):
            if number > MAX_LINES:
                raise self._wrong("file_too_large", f"it has more than {MAX_LINES:,} lines")
            if line[:1] in (" ", "\t") and whole:
                whole.append(line[1:])
                continue
            if whole:
                yield begun, "".join(whole)
            begun, whole = number, [line]
        if whole:
            yield begun, "".join(whole)

    def _count(
        self,
        work: recurrence.Work,
        rules: list[tuple[str, str, int]],
        year: int,
        *,
        in_zone: bool,
    ) -> None:
        for name, rule, number in rules:
            try:
                work.add(rule, name, year, in_zone=in_zone)
            except Mistake as mistake:
                raise self._wrong(mistake.code, f"line {number}: {mistake.phrase}") from None

    def _check_zones(self, text: str, asked: list[tuple[str, int]]) -> None:
        own = set(re.findall(r"^TZID(?:;[^:\r\n]*)?:(.*?)\r?$", text, re.MULTILINE))
        for zone, number in asked:
            if zone not in own and _found_zone(zone) is None:
                raise self._wrong(
                    "unknown_zone",
                    f"line {number}: {zone[:60]!r} is no time zone: write one such as "
                    "Europe/Berlin, or have the calendar say what it is (VTIMEZONE)",
                )

    def _own_zones(self) -> dict[str, tzinfo]:
        found: dict[str, tzinfo] = {}
        for each in self._parsed.walk("VTIMEZONE"):
            try:
                found[str(each["TZID"])] = each.to_tz(lookup_tzid=False)
            except _LIBRARY as error:
                raise self._wrong("unknown_zone", f"a VTIMEZONE of it: {_short(error)}") from error
        return found

    def _by_uid(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for number, event in enumerate(self._parsed.walk("VEVENT"), 1):
            uid = str(event.get("UID", "")).strip()
            if not uid:
                raise self._wrong("no_uid", f"event {number} has no UID")
            found.setdefault(uid, []).append(event)
        return found

    def _check(self, event: Any, uid: str) -> None:
        for name, error in event.errors:
            if name is None or name.upper() in _MATTERS:
                raise self._event("bad_event", uid, f"{name or 'a line'}: {_short(error)}")
        for name in _MATTERS - {"RDATE", "EXDATE", "RRULE"}:
            if isinstance(event.get(name), list):
                raise self._event("bad_event", uid, f"it has {name} more than once")
        if "DTSTART" not in event:
            raise self._event("no_start", uid, "it has no DTSTART")
        if event["DTSTART"].dt.year < EPOCH.year:
            raise self._event("bad_event", uid, "it begins before 1970")
        is_day = not isinstance(event["DTSTART"].dt, datetime)
        if "DTEND" not in event and "DURATION" not in event and not is_day:
            raise self._event("no_end", uid, "it has no end: give it DTEND or DURATION")
        if "DTEND" in event and self._zone_of(event["DTSTART"]) != self._zone_of(event["DTEND"]):
            raise self._event("two_zones", uid, "its start and its end are in different zones")
        if "DTEND" in event and _naive(event["DTEND"].dt) <= _naive(event["DTSTART"].dt):
            raise self._event("bad_shift", uid, "it ends before it starts")
        if "DURATION" in event and event["DURATION"].dt <= timedelta(0):
            raise self._event("bad_shift", uid, "it lasts no time")

    def _occurrences(
        self, events: list[Any], uid: str, start: Instant, until: Instant
    ) -> list[Any]:
        alone = cast("Any", icalendar.Calendar())
        for event in events:
            alone.add_component(event)
        query = recurring_ical_events.of(alone, skip_bad_series=False)
        first = max(_moment(start), EPOCH + _MARGIN * 2) - _MARGIN
        found = query.between(first, _moment(until) + _MARGIN)
        if len(found) > MAX_SHIFTS:
            raise self._event("too_many_shifts", uid, f"it is more than {MAX_SHIFTS:,} watches")
        return cast("list[Any]", found)

    def _watch(self, event: Any, uid: str, *, has_duration: bool) -> _Watch | None:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return None
        officer = str(event.get("SUMMARY", "")).strip()
        if officer not in self._officers:
            near = get_close_matches(officer, self._officers, n=1)
            hint = f"; is it {near[0]!r}?" if near else ": put them among the officers first"
            raise self._event(
                "unknown_officer", uid, f"{officer[:60]!r} (its SUMMARY) is no officer{hint}"
            )
        first, last = event["DTSTART"], event["DTEND"]
        begins = self._meant(first.dt, first, uid)
        ends = self._meant(last.dt, first, uid)
        span = _naive(last.dt) - _naive(first.dt)
        exact = (min(begins) + span,) if has_duration else ()
        start, end = min(begins), max((*ends, *exact))
        if not 0 < (end - start) / timedelta(milliseconds=1) <= MAX_SHIFT_MS:
            raise self._event(
                "bad_shift", uid, f"at {start:%Y-%m-%d}: a watch ends after it starts, in 7 days"
            )
        return _Watch(
            start=_instant(start), end=_instant(end), officer=officer,
            kind=_kind(event), uid=uid, source=self._name,
        )  # fmt: skip

    def _meant(self, at: date | datetime, stated: Any, uid: str) -> tuple[datetime, ...]:
        """Return the instants that a time of the calendar can mean, in UTC."""
        wall = at if isinstance(at, datetime) else datetime.combine(at, time())
        zone = wall.tzinfo
        if zone is UTC or (zone is not None and zone.utcoffset(None) == timedelta(0)):
            return (wall.astimezone(UTC),)
        named = str(stated.params.get("TZID", ""))
        zone = (_found_zone(named) or self._zones.get(named) or zone) if named else zone
        zone = zone or self._default
        if zone is None:
            raise self._event(
                "no_zone", uid, "its times have no zone: give them one, or set `zone` in [roster]"
            )
        return tuple(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))

    def _zone_of(self, stated: Any) -> str:
        at = stated.dt
        if not isinstance(at, datetime):
            return "day"
        return str(stated.params.get("TZID", "")) or str(at.tzinfo or "floating")

    def _event(self, code: str, uid: str, phrase: str) -> Mistake:
        line = self._lines.get(uid)
        where = f"line {line}, UID {uid[:80]}" if line else f"UID {uid[:80]}"
        return self._wrong(code, f"{where}: {phrase}")

    def _wrong(self, code: str, phrase: str) -> Mistake:
        return Mistake(code, f"{self._name}: {phrase}.")


def _value(line: str) -> str:
    """Return what a content line says: all after the first colon that is in no quotes."""
    quoted = False
    for place, char in enumerate(line):
        quoted ^= char == '"'
        if char == ":" and not quoted:
            return line[place + 1 :].strip()
    return ""


def _found_zone(name: str) -> tzinfo | None:
    known = WINDOWS_TO_OLSON.get(name, name).lstrip("/")
    if known.upper() == "UTC":
        return UTC
    return ZoneInfo(known) if known in _ZONES else None


def _known_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Mistake(
            "unknown_zone", f"{name!r} is no time zone: write one such as Europe/Berlin."
        ) from error


_ZONES = available_timezones()


def _kind(event: Any) -> ChangeKind | None:
    given = event.get("CATEGORIES", [])
    lists = cast("list[Any]", given if isinstance(given, list) else [given])
    names = {str(name).strip().lower() for each in lists for name in each.cats}
    return next((kind for kind in ChangeKind if kind.value in names), None)


def _naive(at: date | datetime) -> datetime:
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime.combine(at, time())


def _instant(at: datetime) -> Instant:
    return Instant(max(0, (at - EPOCH) // timedelta(milliseconds=1)))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


# Overrides and absences.


def _applied(watches: Sequence[_Watch]) -> tuple[Shift, ...]:
    """Return the shifts that are left of the watches once every change has been made."""
    overrides = sorted(each for each in watches if each.kind is ChangeKind.OVERRIDE)
    for before, after in itertools.pairwise(overrides):
        if after.start < before.end:
            raise Mistake(
                "overrides_overlap",
                f"Two overrides at one time: {_said(before)} and {_said(after)}. End one of them "
                "where the other begins, or drop it.",
            )
    away: dict[str, list[tuple[Instant, Instant]]] = {}
    for each in sorted(each for each in watches if each.kind is ChangeKind.ABSENCE):
        away.setdefault(each.officer, []).append((each.start, each.end))
    taken = [(each.start, each.end) for each in overrides]
    made = [Shift(start=w.start, end=w.end, officer=w.officer) for w in overrides]
    for each in watches:
        if each.kind is None:
            for span in _without((each.start, each.end), away.get(each.officer, [])):
                made += [
                    Shift(start=start, end=end, officer=each.officer)
                    for start, end in _without(span, taken)
                ]
    return tuple(sorted(set(made)))


def _said(watch: _Watch) -> str:
    return f"{watch.officer} {watch.start} to {watch.end} (UID {watch.uid[:80]} in {watch.source})"


def _without(
    span: tuple[Instant, Instant], cuts: list[tuple[Instant, Instant]]
) -> Iterator[tuple[Instant, Instant]]:
    """Yield what is left of a span without the cuts, which are in the order of their starts."""
    begun, end = span
    # No cut is longer than a week, so none that began a week before reaches in.
    for cut_start, cut_end in cuts[bisect_left(cuts, (begun.after(-8 * DAY_MS),)) :]:
        if cut_start >= end:
            break
        if cut_start > begun:
            yield begun, cut_start
        begun = max(begun, cut_end)
    if begun < end:
        yield begun, end
