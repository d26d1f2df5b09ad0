"""Bounds: the altitudes and times of an area, as files spell them.

Text in, bands and windows out. What is missing is asked for and never supplied: a height
without its unit or datum, a time without its zone. What was probably meant is a suggestion.
"""

from __future__ import annotations

import re
from datetime import datetime

from clearline.basis.faults import Mistake
from clearline.basis.instants import EPOCH, Instant
from clearline.gateways.hint import Hint
from clearline.space import (
    Altitude,
    Band,
    Window,
    check_band,
    check_window,
    parse_altitude,
    show_altitude,
)

__all__ = ["altitude", "band", "instant", "window"]

_NUMBER = re.compile(r"-?\d{1,7}(\.\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)


def altitude(text: str) -> Altitude:
    """Return the altitude that a text spells, as `parse_altitude` does; Hint if it is none."""
    word = text.strip()
    if _NUMBER.fullmatch(word):
        raise Hint(
            "altitude_unit_missing",
            f"{word} is a height without its unit and datum",
            suggestion=f"{word} ft AMSL, {word} m AMSL, {word} ft AGL or {word} m AGL",
        )
    try:
        return parse_altitude(text)
    except Mistake as mistake:
        meant = ""
        if mistake.code == "altitude_datum_missing":
            meant = f"{word} AMSL or {word} AGL"
        raise Hint(mistake.code, f"{word[:40]!r}: {mistake.phrase}", suggestion=meant) from mistake


def band(lower: Altitude, upper: Altitude) -> Band:
    """Return the band between two altitudes; Hint if it is known to be upside down."""
    made = Band(lower=lower, upper=upper)
    try:
        check_band(made)
    except Mistake as mistake:
        meant = f"lower {show_altitude(upper)}, upper {show_altitude(lower)}"
        raise Hint(mistake.code, mistake.phrase, suggestion=meant) from mistake
    return made


def instant(text: str) -> Instant:
    """Return the instant of an RFC 3339 time, in UTC or with its offset; Hint if it is none."""
    word = text.strip()
    match = _TIME.fullmatch(word)
    if match is None:
        if _DAY.fullmatch(word):
            raise Hint(
                "time_unreadable",
                f"{word} is a day without a time",
                suggestion=f"{word}T00:00:00Z, if it begins or ends at midnight UTC",
            )
        raise Hint("time_unreadable", f"{word[:40]!r}: write a time like 2026-11-23T14:25:00Z")
    clock, decimals, zone = match.groups()
    if zone is None:
        raise Hint(
            "time_without_zone",
            f"{word} does not say in which zone it is",
            suggestion=f"{clock.replace(' ', 'T')}Z, if it is in UTC",
        )
    try:
        moment = datetime.fromisoformat(f"{clock.upper()}{zone.upper()}")
    except ValueError as error:
        raise Hint("time_unreadable", f"{word}: there is no such time") from error
    since = moment - EPOCH
    ms = (since.days * 86_400 + since.seconds) * 1_000 + int((decimals or "")[:3].ljust(3, "0"))
    if ms < 0 or moment.year > 9999:
        raise Hint("time_unreadable", f"{word} is before 1970")
    return Instant(ms)


def window(start: Instant, end: Instant) -> Window:
    """Return the window between two instants; Hint if it is inverted, Mistake if too long."""
    made = Window(start=start, end=end)
    try:
        check_window(made)
    except Mistake as mistake:
        meant = f"from {end} to {start}" if end < start else ""
        raise Hint(mistake.code, mistake.phrase, suggestion=meant) from mistake
    return made
