"""Days and times as messages write them, in UTC: `2511232200`, `232200Z NOV 25`, `NOV 23`.

A time without its zone is refused, and so is a day that no calendar has. A day without its
year takes the year that its message leaves no doubt about: the one that puts it nearest to a
date that the message gives whole. No clock is read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, EPOCH, HOUR_MS, MINUTE_MS, Instant
from clearline.space import MAX_WINDOW_MS, Window

__all__ = [
    "MONTHS",
    "MONTH_NAMES",
    "WEEKDAYS",
    "Span",
    "day_of",
    "instant_of",
    "merged",
    "moment_of",
    "nearest_year",
    "recurring",
    "whole_year",
    "zone_ms",
]

_NAMES = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)
MONTH_NAMES = tuple(name[:3] for name in _NAMES)
MONTHS = {name[:3]: number for number, name in enumerate(_NAMES, 1)} | {
    name: number for number, name in enumerate(_NAMES, 1)
}
"""By their names in English, short or whole."""
WEEKDAYS = {"MON": 0, "TUE": 1, "WED": 2, "THU": 3, "FRI": 4, "SAT": 5, "SUN": 6}

_ZONES = "YXWVUTSRQPONZABCDEFGHIKLM"
"""Military letters from twelve hours behind UTC to twelve ahead; J is whoever's own time."""
MAX_DAYS = 400
"""Days over which a schedule is written out; a window is at most 366 days long."""


class Span(NamedTuple):
    """From so many minutes after midnight until so many; past midnight if that is not later."""

    start: int
    end: int


def instant_of(day: date, minutes: int = 0) -> Instant:
    """Return the instant so many minutes after midnight UTC of a day."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH
    ms = since.days * DAY_MS + minutes * MINUTE_MS
    if ms < 0:
        raise Mistake("time_unreadable", f"{day} is before 1970")
    return Instant(ms)


def day_of(moment: Instant) -> date:
    """Return the day in UTC that an instant is in."""
    return (EPOCH + timedelta(milliseconds=int(moment))).date()


def moment_of(year: int, month: int, day: int, hhmm: str) -> Instant:
    """Return the instant of a day and a time as four digits; 2400 is the end of the day.

    Raises Mistake if there is no such day or time.
    """
    hours, minutes = int(hhmm[:2]), int(hhmm[2:4])
    if minutes > 59 or hours > 24 or (hours == 24 and minutes):
        raise Mistake("time_unreadable", f"there is no time {hhmm}")
    return instant_of(date_of(year, month, day), hours * 60 + minutes)


def date_of(year: int, month: int, day: int) -> date:
    """Return a day. Raises Mistake if no calendar has it."""
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Mistake(
            "time_unreadable", f"there is no day {day:02d} in month {month:02d} of {year}"
        ) from error


def whole_year(digits: str) -> int:
    """Return the year of two digits, in this century, or of four."""
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def nearest_year(month: int, day: int, reference: date) -> int:
    """Return the year in which a day of a month is nearest to a date that is known whole."""
    # The 29th of February exists in one year of four, so the days are compared, not made.
    return min(
        (reference.year - 1, reference.year, reference.year + 1),
        key=lambda year: abs(
            (year - reference.year) * 365.25 + (month - reference.month) * 30.44
            + day - reference.day
        ),
    )  # fmt: skip


def zone_ms(letter: str) -> int:
    """Return how far the time of a military zone is ahead of UTC. Raises Mistake for J."""
    if letter not in _ZONES:
        raise Mistake("zone_unknown", f"{letter} is no time zone; write Z for UTC")
    return (_ZONES.index(letter) - 12) * HOUR_MS


def recurring(
    spans: list[Span], days: set[date] | None, weekdays: set[int], within: Window
) -> list[Window]:
    """Return the windows of hours that come again, cut to a window; None is every day.

    Raises Mistake if that are more than MAX_DAYS days.
    """
    first, last = day_of(within.start) - timedelta(days=1), day_of(within.end)
    if (last - first).days > MAX_DAYS:
        raise Mistake("schedule_too_long", f"a schedule is written out for at most {MAX_DAYS} days")
    found: list[Window] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if days is not None and day not in days and day.weekday() not in weekdays:
            continue
        for span in spans:
            end = span.end if span.end > span.start else span.end + 24 * 60
            start_at = max(within.start, instant_of(day, span.start))
            end_at = min(within.end, instant_of(day, end))
            if start_at < end_at:
                found.append(Window(start=start_at, end=end_at))
    return found


def merged(windows: list[Window]) -> list[Window]:
    """Return windows in order, those that meet as one, as long as one may be."""
    found: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.start, each.end)):
        if found and window.start <= found[-1].end:
            end = max(found[-1].end, window.end)
            if end.since(found[-1].start) <= MAX_WINDOW_MS:
                found[-1] = Window(start=found[-1].start, end=end)
                continue
        found.append(window)
    return found
