"""Hours: when a warning to mariners holds, as its text says it.

    191218Z TO 191647Z APR, ALTERNATE 201153Z TO 201622Z AND 211128Z TO 211556Z APR
    1607Z TO 1854Z DAILY 14 THRU 18 NOV        FROM 230400 UTC TO 240400 UTC NOV
    DAILY 0400Z TO 1400Z, 01 TO 05 MAR 26      ON 21 NOV 25 FROM 0500Z TO 0900Z
    011234 UTC DEC 21 THRU 100713 UTC MAR 22

A day without its year is in the year that puts it nearest to a date that the message gives
whole, or that its number gives; without either it is refused. A time that is left over, or
that has no zone, is refused too: no hour of a warning is passed over.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.instants import MINUTE_MS
from clearline.gateways.bulletin import words
from clearline.gateways.daytimes import (
    MONTHS,
    Span,
    date_of,
    instant_of,
    merged,
    moment_of,
    nearest_year,
    recurring,
    whole_year,
    zone_ms,
)
from clearline.space import Window, check_window

if TYPE_CHECKING:
    from clearline.basis.instants import Instant
    from clearline.gateways.bulletin import Bulletin

__all__ = ["Hours", "date_in", "read_hours"]

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ZONE = r"(?:Z|UTC|GMT|[A-IK-Y])\b"
_TO = r"\s*,?\s*(?:TO|THRU|THROUGH|UNTIL|UNTILL|-)\s*"


def _year(tag: str, *, last: bool = False) -> str:
    """Return a pattern for a year; the last one of a span is not what a day is: `14 THRU 18`."""
    after = r"|\s?(?:THRU|TO|-)" if last else ""
    return rf"(?:\s?(?P<year{tag}>20\d\d|\d\d)(?!\d|/|\s?(?:Z|UTC|GMT)\b{after}))?"


def _dtg(tag: str, *, last: bool = False) -> str:
    """Return a pattern for `230400Z NOV 26`, its parts named with a tag behind them."""
    return (
        rf"(?P<day{tag}>\d\d)(?P<hm{tag}>\d{{4}})\s?(?P<zone{tag}>{_ZONE})?"
        rf"(?:\s?(?P<month{tag}>{_MONTH})\b)?{_year(tag, last=last)}"
    )


def _gtd(tag: str, *, last: bool = False) -> str:
    """Return a pattern for `0400Z 23 NOV 26`."""
    return (
        rf"(?P<hm{tag}>\d{{4}})\s?(?P<zone{tag}>{_ZONE})?\s+(?:ON\s+)?(?P<day{tag}>\d{{1,2}})"
        rf"\s?(?P<month{tag}>{_MONTH})\b{_year(tag, last=last)}"
    )


_DAYS = (
    rf"(?=\d{{1,2}}(?:{_TO}\d{{1,2}})?\s?(?:{_MONTH})\b)"
    rf"(?P<day1>\d{{1,2}})(?:\s?(?P<month1>{_MONTH})\b)?{_year('1')}"
    rf"(?:{_TO}(?P<day2>\d{{1,2}})\s?(?P<month2>{_MONTH})\b{_year('2', last=True)})?"
)
"""`14 THRU 18 NOV 26`, or `05 NOV`."""
_CLOCK = (
    rf"(?P<start>\d{{4}})\s?(?P<startzone>{_ZONE})?{_TO}(?P<end>\d{{4}})\s?(?P<endzone>{_ZONE})?"
)
_EACH = r"(?:DAILY|DLY|EACH\s+DAY|EVERY\s+DAY)"
_FROM = r"(?:FROM\s+|BETWEEN\s+|BTN\s+|ON\s+)?"
_WINDOWS = (
    re.compile(rf"(?<![\d/-]){_FROM}{_dtg('1')}{_TO}{_dtg('2', last=True)}"),
    re.compile(rf"(?<![\d/-]){_FROM}{_gtd('1')}{_TO}{_gtd('2', last=True)}"),
)
_EACH_DAYS = (
    re.compile(rf"(?P<each>{_EACH})[\s,]+{_FROM}{_CLOCK}[\s,]*{_FROM}{_DAYS}"),
    re.compile(rf"(?<![\d/-]){_CLOCK}[\s,]*(?P<each>{_EACH})?[\s,]*{_FROM}{_DAYS}"),
    re.compile(rf"(?<!\d){_DAYS}[\s,]*(?P<each>{_EACH})?[\s,]*{_FROM}{_CLOCK}"),
)
_EACH_ALONE = (
    re.compile(rf"{_EACH}[\s,]+{_FROM}{_CLOCK}"),
    re.compile(rf"(?<![\d/-]){_CLOCK}[\s,]*{_EACH}"),
)
_UNTIL = re.compile(rf"\bUNTIL\s+{_dtg('1', last=True)}")
_LEFT = re.compile(
    rf"(?<![\d.-])(?:\d{{6}}\s?{_ZONE}|\d{{4}}\s?(?:Z|UTC|GMT)\b|\d{{4}}{_TO}\d{{4}}(?!\d))"
)
_LOCAL = re.compile(r"\b(?:LOCAL|LT|LMT)\b")
_DATE = re.compile(
    rf"(?<!\d)(?P<day>\d\d)(?P<hm>\d{{4}})?\s?(?:{_ZONE})?\s?(?P<month>{_MONTH})\s?(?P<year>20\d\d|\d\d)(?!\d)"
)


class Hours(NamedTuple):
    """The windows of a warning; `open` if it says only until when."""

    windows: list[Window]
    open: bool


def date_in(text: str, start: int, end: int) -> date | None:
    """Return the last date that a part of a text gives with its year."""
    found: date | None = None
    for match in _DATE.finditer(text, start, end):
        try:
            found = date_of(whole_year(match["year"]), MONTHS[match["month"]], int(match["day"]))
        except Mistake:
            continue
    return found


def read_hours(bulletin: Bulletin, text: str, offset: int, reference: date | None) -> Hours:
    """Return when a warning holds.

    `text` is the message, which begins at `offset`, with blanks where positions, cancellations
    and its number stand. Raises Hint.
    """
    return _Reader(bulletin, text, offset, reference).read()


class _Reader:
    """The hours of one warning; what has been read is blanked out, so that the rest shows."""

    def __init__(self, bulletin: Bulletin, text: str, offset: int, reference: date | None) -> None:
        self._bulletin = bulletin
        self._text = text
        self._offset = offset
        self._reference = reference

    def read(self) -> Hours:
        local = _LOCAL.search(self._text)
        if local is not None and _LEFT.search(self._text):
            raise self._hint(
                "time_without_zone", "local time is not converted", local.start(),
                "the same hours in UTC",
            )  # fmt: skip
        # Days with hours first: their month may be all that says it for the windows before.
        whole = sorted(self._take(*_WINDOWS), key=lambda match: match.start())
        each = [window for match in self._take(*_EACH_DAYS) for window in self._each(match)]
        windows = self._windows(whole)
        alone = [self._span(match) for match in self._take(*_EACH_ALONE)]
        if alone:
            windows = self._daily(alone, windows)
        ends = self._take(_UNTIL)
        left = _LEFT.search(self._text)
        if left is not None:
            raise self._left(left)
        return Hours(merged([*windows, *each]), bool(ends) and not windows and not each)

    def _take(self, *patterns: re.Pattern[str]) -> list[re.Match[str]]:
        """Return all matches of patterns, each blanked out of what the next ones read."""
        found: list[re.Match[str]] = []
        for pattern in patterns:
            found += pattern.finditer(self._text)
            self._text = pattern.sub(lambda match: " " * len(match[0]), self._text)
        return found

    def _hint(self, code: str, phrase: str, at: int, suggestion: str = "") -> Mistake:
        return self._bulletin.hint(code, phrase, self._offset + at, suggestion)

    def _left(self, match: re.Match[str]) -> Mistake:
        shown = words(match[0])
        if not re.search(r"[A-Z]", match[0].replace("TO", "").replace("THRU", "")):
            return self._hint(
                "time_without_zone",
                f"{shown} does not say in which zone it is",
                match.start(),
                "a Z behind each time, if it is in UTC",
            )
        return self._hint(
            "times_unread",
            f"{shown} is a time that belongs to nothing that was read",
            match.start(),
            "DDHHMMZ TO DDHHMMZ MON YY, or HHMMZ TO HHMMZ DAILY DD THRU DD MON YY",
        )

    def _zone_ms(self, *zones: str | None, at: int) -> int:
        """Return how far the zone that is written is ahead of UTC. Raises Hint without one."""
        written = next((zone for zone in reversed(zones) if zone), None)
        if written is None:
            raise self._hint(
                "time_without_zone",
                "the time does not say in which zone it is",
                at,
                "a Z behind it, if it is in UTC",
            )
        return 0 if len(written) > 1 else zone_ms(written)

    def _year(self, month: int, day: int, written: str | None, at: int) -> int:
        if written is not None:
            return whole_year(written)
        if self._reference is None:
            raise self._hint(
                "year_missing",
                "the message nowhere says in which year it is",
                at,
                "the year behind the month, as in NOV 26",
            )
        return nearest_year(month, day, self._reference)

    def _windows(self, matches: list[re.Match[str]]) -> list[Window]:
        """Return the windows of dates and times, in the order in which they stand."""
        return [
            self._window(match, self._month(matches, number))
            for number, match in enumerate(matches)
        ]

    def _month(self, matches: list[re.Match[str]], number: int) -> int:
        """Return the month in which a window ends: its own, the next one's, or the last one's.

        A list names its month once, at its end or at its beginning; a day that is larger than
        the next one's, or smaller than the last one's, is in the month beside it.
        """
        for step in (1, -1):
            day = int(matches[number]["day2"])
            turns = 0
            other = number
            while 0 <= other < len(matches):
                following = int(matches[other]["day2"])
                turns += step * (day > following if step > 0 else day < following)
                day = following
                named = matches[other]["month2"] or matches[other]["month1"]
                if named:
                    return (MONTHS[named] - 1 - turns) % 12 + 1
                other += step
        raise self._hint(
            "month_missing",
            f"{words(matches[number][0])}: in which month?",
            matches[number].start(),
            "the month behind the time, as in 232200Z NOV 26",
        )

    def _window(self, match: re.Match[str], later: int) -> Window:
        """Return the window of two dates and times, of which the second is in a month."""
        at = match.start()
        one, other = int(match["day1"]), int(match["day2"])
        earlier, begins, year = self._turned(match, later, at)
        zone = self._zone_ms(match["zone1"], match["zone2"], at=at)
        start = self._moment(begins, earlier, one, match["hm1"], at).after(-zone)
        end = self._moment(year, later, other, match["hm2"], at).after(-zone)
        return self._checked(start, end, at)

    def _turned(self, match: re.Match[str], later: int, at: int) -> tuple[int, int, int]:
        """Return month and year of the first day of a span, and the year of its last."""
        one, other = int(match["day1"]), int(match["day2"])
        earlier = MONTHS[match["month1"]] if match["month1"] else later
        if match["month1"] is None and one > other:
            earlier = (later - 2) % 12 + 1
        if match["year2"] is None and match["year1"] is not None:
            begins = whole_year(match["year1"])
            return earlier, begins, begins + (later < earlier)
        year = self._year(later, other, match["year2"], at)
        begins = whole_year(match["year1"]) if match["year1"] else year - (earlier > later)
        return earlier, begins, year

    def _moment(self, year: int, month: int, day: int, hm: str, at: int) -> Instant:
        try:
            return moment_of(year, month, day, hm)
        except Mistake as mistake:
            raise self._hint(mistake.code, mistake.phrase, at) from mistake

    def _checked(self, start: Instant, end: Instant, at: int) -> Window:
        window = Window(start=start, end=end)
        try:
            check_window(window)
        except Mistake as mistake:
            meant = f"from {end} to {start}" if end < start else ""
            raise self._hint(mistake.code, mistake.phrase, at, meant) from mistake
        return window

    def _each(self, match: re.Match[str]) -> list[Window]:
        """Return the windows of hours on each of some days, or on one."""
        at = match.start()
        first, last = self._first_and_last(match)
        span = self._span(match)
        if match["day2"] is not None and not match["each"]:
            # Days in a row without "daily" may as well mean one long window: that holds both.
            return [Window(start=instant_of(first, span.start), end=instant_of(last, span.end))]
        within = Window(start=instant_of(first, -24 * 60), end=instant_of(last, 3 * 24 * 60))
        days = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        try:
            return recurring([span], days, set(), within)
        except Mistake as mistake:
            raise self._hint(mistake.code, mistake.phrase, at) from mistake

    def _first_and_last(self, match: re.Match[str]) -> tuple[date, date]:
        """Return the first and last of the days of a match."""
        at = match.start()
        if match["day2"] is None:
            month, number = MONTHS[match["month1"]], int(match["day1"])
            day = self._date(self._year(month, number, match["year1"], at), month, number, at)
            return day, day
        later = MONTHS[match["month2"]]
        earlier, begins, year = self._turned(match, later, at)
        first = self._date(begins, earlier, int(match["day1"]), at)
        last = self._date(year, later, int(match["day2"]), at)
        if last < first or (last - first).days > 366:
            raise self._hint(
                "window_inverted",
                f"{words(match[0])}: the last day is {last}, the first {first}",
                at,
            )
        return first, last

    def _date(self, year: int, month: int, day: int, at: int) -> date:
        try:
            return date_of(year, month, day)
        except Mistake as mistake:
            raise self._hint(mistake.code, mistake.phrase, at) from mistake

    def _span(self, match: re.Match[str]) -> Span:
        """Return the hours of a match, in UTC, in minutes after midnight."""
        at = match.start()
        zone = self._zone_ms(match["startzone"], match["endzone"], at=at)
        minutes: list[int] = []
        for text in (match["start"], match["end"]):
            if int(text[2:]) > 59 or int(text) > 2400:
                raise self._hint("time_unreadable", f"there is no time {text}", at)
            minutes.append(int(text[:2]) * 60 + int(text[2:]) - zone // MINUTE_MS)
        if minutes[0] == minutes[1]:
            minutes[1] += 24 * 60
        return Span(minutes[0], minutes[1])

    def _daily(self, spans: list[Span], windows: list[Window]) -> list[Window]:
        """Return hours on each day of windows; Hint if there are none to say which days."""
        if not windows:
            raise self._hint(
                "days_missing", "hours of each day, and not of which days", 0,
                "DAILY DD THRU DD MON YY",
            )  # fmt: skip
        return [each for window in windows for each in recurring(spans, None, set(), window)]
