"""Times: how long a time slice is valid, and on which days and hours of it.

Times are in UTC. Sunrise, sunset, holidays and working days are refused, since they depend on
place, day or law. What a timesheet excludes is covered too, and that is said.

Source: AIXM 5.1.1, Timesheet; AIXM Temporality Concept 1.1.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from clearline.gateways import bounds
from clearline.gateways.bulletin import words
from clearline.gateways.daytimes import MAX_DAYS, WEEKDAYS, Span, day_of, merged, recurring
from clearline.gateways.hint import Hint
from clearline.space import Window

if TYPE_CHECKING:
    from clearline.basis.instants import Instant
    from clearline.gateways.element import Element

__all__ = ["Validity", "hours", "validity"]

_CLOCK = re.compile(r"(\d\d):(\d\d)(?::\d\d)?(?:Z|\+00:00)?")
_DAY_MONTH = re.compile(r"(\d\d)-(\d\d)")
_EVENTS = ("startEvent", "endEvent")


class Validity(NamedTuple):
    """From when to when a time slice holds; None for what is open or unknown."""

    start: Instant | None
    end: Instant | None
    withdrawn: bool
    """Whether it was cancelled: its time is not applicable any more."""

    @property
    def window(self) -> Window | None:
        """Return it as a window, if both ends are known."""
        if self.start is None or self.end is None:
            return None
        return Window(start=self.start, end=self.end)


def validity(slice_: Element, name: str = "validTime") -> Validity:
    """Return how long a time slice holds. Raises Hint."""
    element = slice_.child(name)
    if element is None:
        return Validity(None, None, withdrawn=False)
    if element.attributes.get("nil") == "true" or element.attributes.get("nilReason"):
        return Validity(None, None, withdrawn=True)
    start, end = _instant(element, "beginPosition"), _instant(element, "endPosition")
    if start is not None and end is not None and end <= start:
        raise Hint(
            "window_inverted",
            f"it ends at {end}, not after it begins at {start}",
            spot=element.spot,
            suggestion=f"from {end} to {start}" if end < start else "",
        )
    return Validity(start, end, withdrawn=False)


def _instant(element: Element, name: str) -> Instant | None:
    found = element.first(name)
    if found is None or not found.text:
        return None
    try:
        return bounds.instant(found.text)
    except Hint as hint:
        raise Hint(hint.code, hint.phrase, spot=found.spot, suggestion=hint.suggestion) from hint


def hours(activation: Element, within: Window) -> tuple[list[Window], bool]:
    """Return the windows of an activation's timesheets, and whether something was excluded.

    Without a timesheet it is the whole window. Raises Hint.
    """
    found: list[Window] = []
    sheets = [*activation.all("Timesheet")]
    excluded = False
    for sheet in sheets:
        if (sheet.words("excluded") or "NO").upper() == "YES":
            excluded = True
            continue
        found += _sheet(sheet, within)
    if sheets and not found and not excluded:
        raise Hint(
            "schedule_empty",
            "its timesheets leave no time between the start and the end",
            spot=sheets[0].spot,
        )
    return (merged(found) if found else [within]), excluded


def _sheet(sheet: Element, within: Window) -> list[Window]:
    """Return the windows of one timesheet."""
    reference = (sheet.words("timeReference") or "").upper()
    if reference not in ("UTC", "UTC+0", "UTC-0"):
        raise Hint(
            "time_without_zone",
            f"the hours are in {reference or 'no zone that is said'}; UTC is read",
            spot=sheet.spot,
            suggestion="the same hours in UTC",
        )
    for name in _EVENTS:
        event = sheet.child(name)
        if event is not None and event.text:
            raise Hint(
                "schedule_sun",
                "sunrise and sunset depend on the place and the day, and are not worked out",
                spot=event.spot,
                suggestion="hours in UTC, from the earliest meant to the latest",
            )
    if (day_of(within.end) - day_of(within.start)).days > MAX_DAYS - 2:
        raise Hint(
            "schedule_too_long",
            f"a schedule is written out for at most {MAX_DAYS} days",
            spot=sheet.spot,
        )
    span = Span(_minutes(sheet, "startTime", 0), _minutes(sheet, "endTime", 24 * 60))
    first, last = _weekday(sheet, "day"), _weekday(sheet, "dayTil")
    days = _days(sheet, within)
    if first is None:
        return recurring([span], days, set(), within)
    if last is not None:
        # From one day's hour to another day's: the days between are whole.
        length = (last - first) % 7 * 24 * 60
        span = Span(span.start, span.end + length)
    chosen = {day for day in days if day.weekday() == first}
    return recurring([span], chosen, set(), within)


def _minutes(sheet: Element, name: str, default: int) -> int:
    element = sheet.child(name)
    if element is None or not element.text:
        return default
    match = _CLOCK.fullmatch(element.text)
    minutes = int(match[1]) * 60 + int(match[2]) if match is not None else -1
    if match is None or int(match[2]) > 59 or minutes > 24 * 60:
        raise Hint(
            "time_unreadable",
            f"{words(element.text)} is no time; it is written like 07:30",
            spot=element.spot,
        )
    return minutes


def _weekday(sheet: Element, name: str) -> int | None:
    """Return a day of the week; None for any day, or where it is not said."""
    element = sheet.child(name)
    text = element.text.upper() if element is not None else ""
    if element is None or not text or text == "ANY":
        return None
    if text not in WEEKDAYS:
        raise Hint(
            "schedule_holidays",
            f"whose {words(text)} is meant is not known",
            spot=element.spot,
            suggestion="the days of the week, or the dates themselves",
        )
    return WEEKDAYS[text]


def _days(sheet: Element, within: Window) -> set[date]:
    """Return the days of a window, and of the day before it, that a timesheet's dates allow."""
    first = day_of(within.start) - timedelta(days=1)
    count = (day_of(within.end) - first).days + 1
    days = [first + timedelta(days=n) for n in range(count)]
    limits = [_date(sheet, name) for name in ("startDate", "endDate")]
    if limits[0] is None or limits[1] is None:
        return set(days)
    low, high = limits[0], limits[1]
    if low <= high:
        return {day for day in days if low <= (day.month, day.day) <= high}
    return {day for day in days if (day.month, day.day) >= low or (day.month, day.day) <= high}


def _date(sheet: Element, name: str) -> tuple[int, int] | None:
    """Return the month and day of a `DD-MM`."""
    element = sheet.child(name)
    if element is None or not element.text:
        return None
    match = _DAY_MONTH.fullmatch(element.text)
    try:
        if match is not None:
            # A leap year, so that the 29th of February is a day.
            date(2024, int(match[2]), int(match[1]))
            return int(match[2]), int(match[1])
    except ValueError:
        pass
    raise Hint(
        "schedule_unreadable",
        f"{words(element.text)} is no day; it is written DD-MM",
        spot=element.spot,
    )
