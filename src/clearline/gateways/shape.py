"""A shape: one area from a file, as the planner drew it elsewhere.

What GeoJSON and KML files share: the limits, the way a feature's properties name altitudes
and times, and how a mistake names its feature. It decides nothing about notices.

Properties, the same in both formats (`Data` of `ExtendedData` in KML):

    name, lower, upper      text; altitudes as in `FL120`, `120 m AGL`; both limits or neither
    start, end              RFC 3339 in UTC with or without decimals; both or neither
    radius_m                of a point, makes a circle
    width_m                 of a line, makes a corridor; the whole width
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.quantities import METRE_CM
from clearline.space import (
    Band,
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
    Window,
    check,
    check_band,
    check_window,
    from_degrees,
    parse_altitude,
    same_place,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "MAX_FEATURES",
    "MAX_FILE_BYTES",
    "MAX_NAME",
    "MAX_SAID",
    "Shape",
    "check_size",
    "circle",
    "corridor",
    "numbered",
    "polygon",
    "position",
    "shape",
    "together",
]

MAX_FILE_BYTES = 5_000_000
MAX_FEATURES = 10_000
MAX_SAID = 8
"""Features that are named of those that cannot be used."""
MAX_NAME = 200
"""The longest name kept; what is longer is cut."""

_MAX_POINTS = 10_000
"""More in one ring or line are refused before they are looked at."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?Z", re.ASCII)


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outline with what the file says of its name, altitudes and times."""

    name: str
    outline: Outline
    band: Band | None = None
    window: Window | None = None


def check_size(raw: bytes) -> None:
    """Raise a Mistake if a file is empty or too large."""
    if not raw:
        raise Mistake("file_empty", "the file is empty")
    if len(raw) > MAX_FILE_BYTES:
        raise Mistake(
            "file_too_large",
            f"the file has {len(raw):,} bytes; at most {MAX_FILE_BYTES:,} are read",
        )


def numbered(number: int, mistake: Mistake) -> Mistake:
    """Return the mistake with the number of its feature in front, counted from 1."""
    return Mistake(mistake.code, f"feature {number}: {mistake.phrase}")


def together(wrong: Sequence[Mistake]) -> Mistake:
    """Return one mistake, of the first one's code, that says all of them, or the first few."""
    said = "; ".join(each.phrase for each in wrong[:MAX_SAID])
    more = len(wrong) - MAX_SAID
    return Mistake(wrong[0].code, f"{said}; and {more:,} more" if more > 0 else said)


def position(lon_deg: float, lat_deg: float) -> Position:
    """Return the position of two numbers of a file, longitude first. Raises Mistake."""
    if not (math.isfinite(lon_deg) and math.isfinite(lat_deg)):
        raise Mistake("coordinate", "a coordinate is not a number")
    if abs(lat_deg) > 90 or abs(lon_deg) > 180:
        raise Mistake(
            "out_of_range",
            f"{lon_deg:g}, {lat_deg:g} is not a longitude and a latitude, in this order",
        )
    return from_degrees(lat_deg, lon_deg)


def polygon(rings: Sequence[Sequence[Position]]) -> Polygon:
    """Return the polygon of rings that repeat their first position at the end."""
    if not rings:
        raise Mistake("too_few_points", "the polygon has no ring")
    closed = [_open(ring) for ring in rings]
    return Polygon(exterior=closed[0], holes=tuple(closed[1:]))


def _open(ring: Sequence[Position]) -> tuple[Position, ...]:
    """Return a ring without the repeated last position."""
    if len(ring) > _MAX_POINTS:
        raise Mistake("too_many_points", f"a ring has {len(ring):,} points")
    if len(ring) < 4 or not same_place(ring[0], ring[-1]):
        raise Mistake("ring_open", "a ring has at least 4 positions and ends where it began")
    return tuple(ring[:-1])


def circle(centre: Position, properties: Mapping[str, object]) -> Circle:
    """Return the circle about a point with a `radius_m`. Raises Mistake without one."""
    return Circle(centre=centre, radius_cm=_length_cm(properties, "radius_m", "a point"))


def corridor(points: Sequence[Position], properties: Mapping[str, object]) -> Corridor:
    """Return the corridor along a line with a `width_m`. Raises Mistake without one."""
    if len(points) > _MAX_POINTS:
        raise Mistake("too_many_points", f"a line has {len(points):,} points")
    return Corridor(points=tuple(points), width_cm=_length_cm(properties, "width_m", "a line"))


def _length_cm(properties: Mapping[str, object], name: str, of: str) -> int:
    """Return a length in metres among the properties, in cm, rounded up."""
    value = properties.get(name)
    if value is None:
        raise Mistake(f"{name}_missing", f"{of} needs the property {name}")
    try:
        metres = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        metres = math.nan
    # A NaN is no length either, so the question is asked this way round.
    if isinstance(value, bool) or not 0 < metres <= 10_000_000:
        raise Mistake(f"{name}_unreadable", f"{name} is not a length in metres")
    return math.ceil(round(metres * METRE_CM, 3))


def shape(properties: Mapping[str, object], outline: Outline) -> Shape:
    """Return the shape of an outline and its properties; each part is checked."""
    check(outline)
    name = properties.get("name")
    return Shape(
        name=name.strip()[:MAX_NAME] if isinstance(name, str) else "",
        outline=outline,
        band=_band(properties),
        window=_window(properties),
    )


def _pair(properties: Mapping[str, object], one: str, other: str) -> tuple[str, str] | None:
    """Return two texts that must come together; None if neither is there."""
    texts: list[str] = []
    for name in (one, other):
        value = properties.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise Mistake(f"{name}_unreadable", f"{name} is not text")
        texts.append(value)
    if not texts:
        return None
    if len(texts) == 1:
        raise Mistake(f"{one}_{other}", f"{one} and {other} come together or not at all")
    return texts[0], texts[1]


def _band(properties: Mapping[str, object]) -> Band | None:
    pair = _pair(properties, "lower", "upper")
    if pair is None:
        return None
    band = Band(lower=parse_altitude(pair[0]), upper=parse_altitude(pair[1]))
    check_band(band)
    return band


def _window(properties: Mapping[str, object]) -> Window | None:
    pair = _pair(properties, "start", "end")
    if pair is None:
        return None
    window = Window(start=_instant(pair[0]), end=_instant(pair[1]))
    check_window(window)
    return window


def _instant(text: str) -> Instant:
    """Return the instant of a file's RFC 3339 time in UTC. Raises Mistake."""
    match = _TIME.fullmatch(text.strip())
    if match is not None:
        try:
            return Instant.parse(f"{match[1]}.{(match[2] or '').ljust(3, '0')}Z")
        except ValueError:
            pass
    raise Mistake("time_unreadable", "a time is written like 2026-11-23T14:25:00Z, in UTC")
