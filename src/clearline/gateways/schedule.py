"""A schedule: item D of a notice to airmen, written out as windows.

    DAILY 0600-1800        MON-FRI 0700-1200 1300-1600        JAN 23 25 27-30 0800-1600
    2200-0500              SAT SUN H24                        MAR 30-APR 02 0800-1600
    22 2000-24 0400        MAR 30 2000-APR 02 0400            05-07 0900-1200, 09 1000-1100

All times are in UTC. Sunrise and sunset are refused, since they depend on place and day.
Exceptions ("EXC HOL") are covered too, and that is said: more is covered, never less.

Source of the forms: ICAO Doc 8126 and EUROCONTROL's Operating Procedures for AIS Dynamic Data.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.gateways.bulletin import words
from clearline.gateways.daytimes import (
    MONTHS,
    WEEKDAYS,
    Span,
    date_of,
    day_of,
    merged,
    moment_of,
    recurring,
)
from clearline.space import Window

if TYPE_CHECKING:
    from clearline.gateways.bulletin import Bulletin

__all__ = ["MAX_WINDOWS", "Schedule", "read_schedule"]

MAX_WINDOWS = 800
"""Windows of one schedule; two a day for a year are fewer."""

_TOKEN = re.compile(
    r"(?P<number>\d+)|(?P<word>[A-Z]+\d*)|(?P<dash>-)|(?P<mark>[,;.:/&()])|\s+|(?P<odd>.)"
)
_SUN = {"SR", "SS", "SUNRISE", "SUNSET", "BCMT", "ECET", "HN", "HJ", "DAWN", "DUSK"}
_EVERY = {"DAILY", "DLY", "EVERY", "DAY", "DAYS", "EACH"}
_IDLE = {"AND", "UTC", "Z", "THE", "ON", "FROM", "BTN", "OF", "FLW"}
_EXCEPT = {"EXC", "EXCEPT", "EXCL", "EXCLUDING", "EXCEPTING"}
_LOCAL = {"LT", "LOCAL", "LMT", "LCL"}
_HOLIDAYS = {"HOL", "HOLS", "HOLIDAY", "HOLIDAYS", "PH"}


class Schedule(NamedTuple):
    """Windows in order, and whether there were exceptions, which are covered."""

    windows: list[Window]
    exceptions: bool


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def read_schedule(bulletin: Bulletin, start: int, end: int, within: Window) -> Schedule:
    """Return the windows of a schedule, cut to the window of its notice. Raises Hint."""
    reader = _Reader(bulletin, start, end, within)
    reader.read()
    found = merged(reader.windows)
    if not found:
        raise bulletin.hint(
            "schedule_empty",
            f"{words(bulletin.text[start:end])} leaves no time between the notice's start and end",
            start,
        )
    if len(found) > MAX_WINDOWS:
        raise bulletin.hint(
            "schedule_too_long",
            f"the schedule has {len(found):,} windows; at most {MAX_WINDOWS:,} are read",
            start,
        )
    return Schedule(found, reader.exceptions)


class _Reader:
    """One schedule being read, a clause of days and hours at a time."""

    def __init__(self, bulletin: Bulletin, start: int, end: int, within: Window) -> None:
        self.windows: list[Window] = []
        self.exceptions = False
        self._bulletin = bulletin
        self._within = within
        self._first = day_of(within.start)
        self._month = self._first.month
        self._named = False
        """Whether the month was written, and not only taken from the notice's start."""
        self._start = start
        self._tokens = [
            _Token(match.lastgroup, match[0], match.start())
            for match in _TOKEN.finditer(bulletin.text, start, end)
            if match.lastgroup is not None
        ]
        self._at = 0
        self._clear()

    def _clear(self) -> None:
        self._days: set[date] = set()
        self._weekdays: set[int] = set()
        self._every = False
        self._spans: list[Span] = []

    def read(self) -> None:
        """Read all clauses."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            match token.kind:
                case "number":
                    self._number(token)
                case "word":
                    self._word(token)
                case "mark":
                    self._at += 1
                case _:
                    raise self._odd(token)
        self._close()

    def _odd(self, token: _Token) -> Mistake:
        return self._bulletin.hint(
            "schedule_unreadable",
            f"{words(token.text)} is no part of a schedule; write days and hours, "
            "as in MON-FRI 0700-1600",
            token.at,
        )

    def _peek(self, ahead: int) -> _Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else _Token("", "", self._start)

    def _close(self) -> None:
        """Write out the clause of days and hours that has been read."""
        if not self._spans:
            if self._days or self._weekdays or self._every:
                self._spans = [Span(0, 24 * 60)]
            else:
                return
        chosen = None if self._every or not (self._days or self._weekdays) else self._days
        try:
            self.windows += recurring(self._spans, chosen, self._weekdays, self._within)
        except Mistake as mistake:
            raise self._bulletin.hint(mistake.code, mistake.phrase, self._start) from mistake
        self._clear()

    def _begin_days(self) -> None:
        """Days after hours begin a new clause."""
        if self._spans:
            self._close()

    def _word(self, token: _Token) -> None:
        word = token.text
        if word in MONTHS:
            self._begin_days()
            self._month, self._named = MONTHS[word], True
            self._at += 1
        elif word[:3] in WEEKDAYS and (len(word) == 3 or word.endswith("DAY")):
            self._weekday(word)
        elif word == "H24":
            self._spans.append(Span(0, 24 * 60))
            self._at += 1
        elif word in _EVERY:
            self._begin_days()
            self._every = True
            self._at += 1
        elif word in _EXCEPT:
            self._exception()
        elif word in _IDLE:
            self._at += 1
        else:
            raise self._refused(token)

    def _refused(self, token: _Token) -> Mistake:
        word = token.text
        if word in _SUN or re.fullmatch(r"(?:MINUS|PLUS)\d*", word):
            return self._bulletin.hint(
                "schedule_sun",
                "sunrise and sunset depend on the place and the day, and are not worked out",
                token.at,
                "hours in UTC, from the earliest sunrise or sunset meant to the latest",
            )
        if word in _LOCAL:
            return self._bulletin.hint(
                "time_without_zone", "a schedule is in UTC; local time is not converted", token.at,
                "the same hours in UTC",
            )  # fmt: skip
        if word in _HOLIDAYS:
            return self._bulletin.hint(
                "schedule_holidays", "whose holidays are meant is not known", token.at,
                "the dates themselves",
            )  # fmt: skip
        return self._odd(token)

    def _weekday(self, word: str) -> None:
        self._begin_days()
        first = WEEKDAYS[word[:3]]
        until = self._peek(2).text[:3]
        if self._peek(1).kind == "dash" and until in WEEKDAYS:
            last = WEEKDAYS[until]
            self._weekdays |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
            self._at += 3
            return
        self._weekdays.add(first)
        self._at += 1

    def _exception(self) -> None:
        """Pass over the days that are excepted; they are covered all the same."""
        self.exceptions = True
        self._at += 1
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            hours = token.kind == "number" and len(token.text) == 4
            if hours or token.text == "H24" or token.kind == "mark":
                return
            self._at += 1

    def _number(self, token: _Token) -> None:
        if len(token.text) == 4:
            self._hours(token)
        elif len(token.text) <= 2:
            self._date(token)
        else:
            raise self._odd(token)

    def _hours(self, token: _Token) -> None:
        """Read `0600-1800`."""
        until = self._peek(2)
        if self._peek(1).kind != "dash" or not re.fullmatch(r"\d{4}", until.text):
            if until.kind == "word" and self._peek(1).kind == "dash":
                raise self._refused(until)
            raise self._bulletin.hint(
                "schedule_unreadable",
                f"{token.text} is a time without its end",
                token.at,
                f"{token.text}-HHMM, with the time of its end",
            )
        start, end = self._minutes(token), self._minutes(until)
        if start == end:
            raise self._bulletin.hint(
                "schedule_unreadable", f"{token.text}-{until.text} has no length", token.at, "H24"
            )
        self._spans.append(Span(start, end))
        self._at += 3

    def _minutes(self, token: _Token) -> int:
        hours, minutes = int(token.text[:2]), int(token.text[2:])
        if minutes > 59 or hours * 60 + minutes > 24 * 60:
            raise self._bulletin.hint("time_unreadable", f"there is no time {token.text}", token.at)
        return hours * 60 + minutes

    def _date(self, token: _Token) -> None:
        """Read `23`, `27-30`, `30-APR 02`, or `22 2000-24 0400`."""
        self._begin_days()
        first = self._day(token)
        if re.fullmatch(r"\d{4}", self._peek(1).text) and self._peek(2).kind == "dash":
            month = 1 if self._peek(3).text in MONTHS else 0
            day, hour = self._peek(3 + month), self._peek(4 + month)
            if re.fullmatch(r"\d{1,2}", day.text) and re.fullmatch(r"\d{4}", hour.text):
                self._through(first, month, day, hour)
                return
        until = 1 if self._peek(2).text in MONTHS else 0
        last = self._peek(2 + until)
        if self._peek(1).kind == "dash" and re.fullmatch(r"\d{1,2}", last.text):
            if until:
                self._month, self._named = MONTHS[self._peek(2).text], True
            end = self._day(last, after=first)
            if (end - first).days > 366:
                raise self._odd(token)
            self._days |= {first + timedelta(days=n) for n in range((end - first).days + 1)}
            self._at += 3 + until
            return
        self._days.add(first)
        self._at += 1

    def _through(self, first: date, month: int, day: _Token, hour: _Token) -> None:
        """Read a window from a day and time to another, without a break."""
        begin = self._minutes(self._peek(1))
        if month:
            self._month, self._named = MONTHS[self._peek(3).text], True
        last = self._day(day, after=first)
        start = moment_of(first.year, first.month, first.day, f"{begin // 60:02d}{begin % 60:02d}")
        until = self._minutes(hour)
        end = moment_of(last.year, last.month, last.day, f"{until // 60:02d}{until % 60:02d}")
        start, end = max(start, self._within.start), min(end, self._within.end)
        if start < end:
            self.windows.append(Window(start=start, end=end))
        self._at += 5 + month

    def _day(self, token: _Token, after: date | None = None) -> date:
        """Return the day of a number, in the year that puts it into the notice's window.

        Without a month it is that of the notice's start, or of the last one that was named.
        """
        earliest = after or self._first - timedelta(days=1)
        last = day_of(self._within.end)
        number = int(token.text)
        found: date | None = None
        try:
            for year in (self._first.year, self._first.year + 1):
                found = date_of(year, self._month, number)
                if earliest <= found:
                    break
        except Mistake as mistake:
            raise self._bulletin.hint(mistake.code, mistake.phrase, token.at) from mistake
        assert found is not None
        if not earliest <= found <= last:
            raise self._bulletin.hint(
                "schedule_outside",
                f"day {token.text} of month {self._month:02d} is not between the notice's "
                f"start, {self._first}, and its end, {last}",
                token.at,
                "" if self._named else "name the month, as in NOV 23",
            )
        return found
