"""Recurrence: which rules of RFC 5545 a rota may use, and how much work they may be.

Working out a rule takes as many steps as there are days, weeks, months or years from its
start to the span that is asked for; and a rule that never comes (every 30 February) is looked
for until the year 9999. So what is let through is what comes again and again for certain: by
day, week, month or year, at the time of DTSTART; and the steps of a whole calendar are
counted before the first is taken.
"""

from __future__ import annotations

import re
from math import gcd

from clearline.basis.faults import Mistake

__all__ = ["MAX_RULES", "MAX_STEPS", "Work"]

MAX_RULES = 2_000
"""Recurring events of one calendar."""
MAX_STEPS = 400_000
"""Of one calendar: about two seconds. A rota that began this year takes some hundreds."""
_STEPS_A_YEAR = {"DAILY": 366, "WEEKLY": 53, "MONTHLY": 12, "YEARLY": 1}
_RARE_YEARS = 40
"""A Friday 29 February comes every 28 years, or every 40."""
MAX_INTERVAL = 400
MAX_LIST = 31
MAX_CHARS = 400
_KEYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}
_FREQ = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")


class Work:
    """The rules of one calendar, counted as they are let through."""

    def __init__(self, until_year: int) -> None:
        """`until_year`: that of the end of what will be asked for."""
        self._until_year = until_year
        self._rules = 0
        self._steps = 0

    def add(self, rule: str, name: str, from_year: int, *, in_zone: bool) -> None:
        """Take in one rule of what begins in a year; Mistake if it may not be, or is too much."""
        if name == "EXRULE":
            raise _refused("EXRULE is no longer of iCalendar: use EXDATE")
        parts = _parts(rule)
        _check(parts)
        if in_zone and parts["FREQ"] != "YEARLY":
            raise _refused("a zone changes its clocks by the year")
        self._rules += 1
        self._steps += _steps(parts, max(self._until_year - from_year, 0) + 1)
        if self._rules > MAX_RULES:
            raise _refused(f"a calendar has at most {MAX_RULES:,} recurring events")
        if self._steps > MAX_STEPS:
            raise _refused(
                "the recurring events of this calendar together are too much to work out: let "
                "them begin this year"
            )


def _steps(parts: dict[str, str], years: int) -> int:
    sparse = "BYMONTH" in parts or "BYMONTHDAY" in parts
    freq, every = parts["FREQ"], int(parts.get("INTERVAL", 1))
    most = 1 + sum(len(parts.get(key, "").split(",")) for key in ("BYDAY", "BYMONTHDAY", "BYMONTH"))
    spans = (years + (_RARE_YEARS if sparse else 0)) * _STEPS_A_YEAR[freq] // every + 1
    return spans * (1 if freq == "DAILY" else most)


def _parts(rule: str) -> dict[str, str]:
    if len(rule) > MAX_CHARS:
        raise _refused(f"a rule has at most {MAX_CHARS} characters")
    parts: dict[str, str] = {}
    for each in rule.strip().upper().split(";"):
        key, _, value = each.partition("=")
        if not value or key in parts:
            raise _refused(f"{each[:40]!r} is no part of a rule")
        if key not in _KEYS:
            raise _refused(f"{key[:20]} is not read: the time of day is DTSTART's")
        parts[key] = value
    return parts


def _check(parts: dict[str, str]) -> None:
    freq = parts.get("FREQ", "")
    if freq not in _FREQ:
        raise _refused(f"FREQ={freq[:20]}: watches repeat DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("COUNT and UNTIL do not go together")
    every = _numbers(parts, "INTERVAL", 1, MAX_INTERVAL)[:1] or [1]
    _numbers(parts, "COUNT", 1, 1_000_000)
    months = _numbers(parts, "BYMONTH", 1, 12)
    days = _numbers(parts, "BYMONTHDAY", -31, 31)
    places = _numbers(parts, "BYSETPOS", -4, 4)
    has_ordinal = _weekdays(parts.get("BYDAY", ""), freq)
    if places and (freq != "MONTHLY" or not parts.get("BYDAY") or has_ordinal or days or months):
        raise _refused("BYSETPOS goes with FREQ=MONTHLY and BYDAY alone")
    if months and days and not any(abs(d) <= _MONTH_DAYS[m - 1] for d in days for m in months):
        raise _refused("no month of BYMONTH has such a day")
    if every != [1] and _may_never_meet(freq, every[0], parts, days):
        raise _refused("with INTERVAL this may never come: leave one of the two out")


def _may_never_meet(freq: str, every: int, parts: dict[str, str], days: list[int]) -> bool:
    """Return whether what INTERVAL steps over could be all that the rule lets through."""
    if "BYMONTH" in parts:
        return freq != "YEARLY"
    match freq:
        case "DAILY":
            return bool(days) or ("BYDAY" in parts and gcd(every, 7) != 1)
        case "WEEKLY":
            return bool(days)
        case "MONTHLY":
            return any(abs(day) > 28 for day in days) or bool(days and "BYDAY" in parts)
        case _:
            return False


def _weekdays(text: str, freq: str) -> bool:
    """Return whether any weekday of BYDAY has a number before it."""
    ordinals = False
    for each in text.split(",") if text else ():
        number = each[:-2]
        if _WEEKDAY.fullmatch(each) is None:
            raise _refused(f"BYDAY={each[:20]!r} is no weekday such as MO or -1SU")
        if number:
            most = {"MONTHLY": 5, "YEARLY": 52}.get(freq, 0)
            if not 1 <= abs(int(number)) <= most:
                raise _refused(f"BYDAY={each[:20]}: there is no such one with FREQ={freq}")
            ordinals = True
    return ordinals


def _numbers(parts: dict[str, str], key: str, least: int, most: int) -> list[int]:
    found: list[int] = []
    texts = parts[key].split(",") if key in parts else []
    for text in texts:
        if _NUMBER.fullmatch(text) is None:
            raise _refused(f"{key}={text[:20]!r} is no number of seven figures or fewer")
        if not least <= int(text) <= most or int(text) == 0:
            raise _refused(f"{key}={text[:20]} is not from {least} to {most}")
        found.append(int(text))
    if len(found) > MAX_LIST or (key in ("INTERVAL", "COUNT") and len(found) > 1):
        raise _refused(f"{key} has too many numbers")
    return found


def _refused(why: str) -> Mistake:
    return Mistake("bad_recurrence", why)
