"""Transits: what people type of a convoy, a sailing or a flight, read into a transit.

Speeds as `8-12 kt`, `40 km/h` or `5 m/s`; times as `1430Z`, or `1430Z..1500Z` where it may be
any in between; which point is passed when as `3 1530Z`, points counted from 1 as people do.
Whatever cannot be read is a Mistake that says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, Instant
from clearline.node import words
from clearline.space import (
    MAX_SPEED_CM_H,
    MAX_WAYPOINTS,
    MIN_SPEED_CM_H,
    Passing,
    Position,
    Timetable,
)

__all__ = ["passing", "passings", "speeds", "stations", "times"]

_SPEED = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(?:(?:-|to|\.\.)\s*(\d+(?:\.\d+)?)\s*)?"
    r"(kt|kts|kn|knots?|km/h|kmh|kph|m/s)\s*",
    re.IGNORECASE,
)
_CM_H = {"kt": 185_200, "kn": 185_200, "km": 100_000, "kp": 100_000, "m/": 100 * HOUR_MS // 1_000}
_PASSING = re.compile(r"\s*(\d{1,3})\s*[=:\s]\s*(\S.*)", re.DOTALL)


def speeds(text: str) -> tuple[int, int]:
    """Return the slowest and the fastest of `8-12 kt` or `40 km/h`, in cm an hour."""
    found = _SPEED.fullmatch(text)
    if found is None:
        raise Mistake(
            "bad_speed", f"{text[:60]!r} is no speed: write 8-12 kt, 40-60 km/h or 5 m/s."
        )
    unit = "kt" if found[3].lower().startswith("kn") else found[3].lower()[:2]
    slowest, fastest = (
        round(float(each) * _CM_H[unit]) for each in (found[1], found[2] or found[1])
    )
    if slowest > fastest:
        raise Mistake("speeds_inverted", "the slowest is faster than the fastest: swap them")
    if slowest < MIN_SPEED_CM_H or fastest > MAX_SPEED_CM_H:
        raise Mistake("bad_speed", "a speed is 0.1 km/h to 10,000 km/h")
    return slowest, fastest


def times(text: str, now: Instant) -> tuple[Instant, Instant]:
    """Return the earliest and the latest of `1430Z` or `1430Z..1500Z`."""
    first, between, last = text.partition("..")
    earliest = words.instant(first, now)
    # A time of day is the next one after the first, also where midnight lies between.
    latest = words.instant(last, earliest) if between else earliest
    if latest < earliest:
        raise Mistake("window_inverted", "the latest is before the earliest: swap them")
    return earliest, latest


def passing(text: str, now: Instant) -> Passing:
    """Return which point is passed when, of `3 1530Z` or `3=1530Z..1600Z`."""
    found = _PASSING.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= MAX_WAYPOINTS:
        raise Mistake(
            "bad_passing", f"{text[:60]!r} says no time of a point: write 3 1530Z for the third."
        )
    earliest, latest = times(found[2], now)
    return Passing(point=int(found[1]) - 1, earliest=earliest, latest=latest)


def passings(
    departs: tuple[Instant, Instant] | None, others: Iterable[Passing]
) -> tuple[Passing, ...]:
    """Return the times of a transit in the order of its points; Mistake if there are none."""
    known = {each.point: each for each in others}
    if departs is not None:
        known[0] = Passing(point=0, earliest=departs[0], latest=departs[1])
    if not known:
        raise Mistake("no_departure", "Say when it departs, or when one of its points is passed.")
    return tuple(known[point] for point in sorted(known))


def stations(
    table: Timetable, points: Sequence[Position]
) -> list[tuple[Position, Instant, Instant]]:
    """Return each point of a route with the earliest and the latest at which it is passed."""
    return [
        (point, Instant(table.early(station)), Instant(table.late(station)))
        for point, station in zip(points, table.stations, strict=True)
    ]
