"""What tests of tracks need: reports, notices that are watched, and an oracle by geodesics."""

from __future__ import annotations

import random

from clearline.basis.instants import HOUR_MS, Instant
from clearline.node.tracks.track import Datum, Kind, Level, Report, Track, Watched
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Corridor,
    Minima,
    Outline,
    Polygon,
    Position,
    Volume,
    Window,
    from_degrees,
)
from clearline.space import Datum as SpaceDatum
from clearline.space.plane import geodesic_fwd

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
MINIMA = Minima(horizontal_cm=926_000, vertical_cm=30_480, time_ms=600_000)
LINK = "019ab000-0000-7000-8000-000000000001"


def fl(level: int) -> Altitude:
    return Altitude(datum=SpaceDatum.FL, value_cm=level * 3_048)


def band(low: int, high: int) -> Band:
    return Band(lower=fl(low), upper=fl(high))


def circle(lat: float, lon: float, radius_m: int) -> Circle:
    return Circle(centre=from_degrees(lat, lon), radius_cm=radius_m * 100)


def watched(
    name: str = "theirs", outline: Outline | None = None, *, heights: Band | None = None,
    start_ms: int = -HOUR_MS, end_ms: int = HOUR_MS, mine: bool = False, minima: Minima = MINIMA,
) -> Watched:  # fmt: skip
    window = Window(start=NOW.after(start_ms), end=NOW.after(end_ms))
    volume = Volume(
        outline=outline or circle(35.3, 40.1, 10_000), band=heights or band(100, 180), window=window
    )
    return Watched(id=name, link=LINK, mine=mine, minima=minima, volumes=(volume,))


def flight(
    key: str = "A1", lat: float = 35.3, lon: float = 40.1, *, level: int | None = 140,
    course: float | None = 90.0, speed: float | None = 230.0, climb: float | None = 0.0,
    at: Instant = NOW, kind: Kind = Kind.AIR, datum: Datum = Datum.FL, name: str = "",
) -> Report:  # fmt: skip
    height = Level(
        datum=datum if level is not None else Datum.UNKNOWN,
        value_cm=level * 3_048 if level is not None else None,
    )
    return Report(
        kind=kind, key=key, name=name, at=from_degrees(lat, lon), level=height,
        course_cdeg=round(course * 100) % 36_000 if course is not None else None,
        speed_cm_s=round(speed * 100) if speed is not None else None,
        climb_cm_s=round(climb * 100) if climb is not None else None, reported_at=at,
    )  # fmt: skip


def track(report: Report) -> Track:
    return Track(
        id=f"roof/{report.key}", receiver="roof", kind=report.kind, key=report.key, name="",
        at=report.at, level=report.level, course_cdeg=report.course_cdeg,
        speed_cm_s=report.speed_cm_s, climb_cm_s=report.climb_cm_s,
        reported_at=report.reported_at, stale=False, notice="", stated=False,
    )  # fmt: skip


def away(lat: float, lon: float, bearing: float, metres: float) -> Position:
    return from_degrees(*geodesic_fwd(lat, lon, bearing, metres))


def some_outline(rnd: random.Random, lat: float, lon: float, size_m: float) -> Outline:
    """An outline of any kind about a place."""
    kind = rnd.randrange(3)
    if kind == 0:
        return circle(lat, lon, round(rnd.uniform(0.1, 1.0) * size_m) + 1)
    if kind == 1:
        points = tuple(
            away(lat, lon, rnd.uniform(0, 360), rnd.uniform(0.1, 1.0) * size_m) for _ in range(4)
        )
        return Corridor(points=points, width_cm=round(rnd.uniform(0.02, 0.4) * size_m) * 100)
    turns = sorted(rnd.uniform(0, 360) for _ in range(7))
    ring = tuple(away(lat, lon, turn, rnd.uniform(0.3, 1.0) * size_m) for turn in turns)
    return Polygon(exterior=ring, margin_cm=rnd.choice([0, 0, round(0.1 * size_m) * 100]))
