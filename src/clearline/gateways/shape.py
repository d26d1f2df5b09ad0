"""A shape: one area from a file, as the planner drew it elsewhere.

What the formats share: the limits, how positions become outlines, the properties that name
altitudes and times, and what is probably meant by what is wrong. It decides nothing about
notices.

Properties, the same in GeoJSON, in KML (`Data` of `ExtendedData`) and in GeoPackage and CSV
(columns):

    name, lower, upper      text; altitudes as in `FL120`, `120 m AGL`; both limits or neither
    start, end              RFC 3339 with a zone; both or neither
    radius_m                of a point, makes a circle
    width_m                 of a line, makes a corridor; the whole width
    margin_m                of a polygon, how far it reaches beyond its rings
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.gateways import bounds
from clearline.gateways.hint import Hint
from clearline.gateways.laid import laid
from clearline.gateways.mending import mended
from clearline.space import (
    Band,
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
    Window,
    from_degrees,
    same_place,
)
from clearline.space.edges import Contained, Edges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "MAX_FEATURES",
    "MAX_FILE_BYTES",
    "MAX_NAME",
    "MAX_POINTS",
    "Shape",
    "check_size",
    "checked",
    "circle",
    "corridor",
    "margin_cm",
    "polygon",
    "position",
    "shape",
    "too_many",
]

MAX_FILE_BYTES = 100_000_000
"""The largest file that any format reads; a caller may allow less."""
MAX_FEATURES = 100_000
"""Shapes of one file."""
MAX_NAME = 200
"""The longest name kept; what is longer is cut."""
MAX_POINTS = 10_000
"""More in one ring or line are refused before they are looked at."""

_MOST_DEGREES = 1_000
"""What is larger is no angle at all, but metres of a projection."""


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


def too_many(count: int) -> None:
    """Raise a Mistake if these are more shapes, or items, than are read of one file."""
    if count > MAX_FEATURES:
        raise Mistake(
            "too_many_features",
            f"the file has more than {MAX_FEATURES:,} features, which is what is read",
        )


def position(lon_deg: float, lat_deg: float) -> Position:
    """Return the position of two numbers of a file, longitude first. Raises Hint."""
    if not (math.isfinite(lon_deg) and math.isfinite(lat_deg)):
        raise Hint("coordinate", "a coordinate is not a number")
    if abs(lat_deg) > 90 or abs(lon_deg) > 180:
        raise _out_of_range(lon_deg, lat_deg)
    return from_degrees(lat_deg, lon_deg)


def _out_of_range(lon_deg: float, lat_deg: float) -> Hint:
    """Return what is wrong with two numbers, and what they look like."""
    phrase = f"{lon_deg:g}, {lat_deg:g} is not a longitude and a latitude, in this order"
    if max(abs(lon_deg), abs(lat_deg)) > _MOST_DEGREES:
        return Hint(
            "projected",
            f"{phrase}: such numbers are metres of a projected system",
            suggestion="save the file with coordinates in WGS 84 (EPSG:4326)",
        )
    meant = ""
    if abs(lon_deg) <= 90 and abs(lat_deg) <= 180:
        meant = f"latitude and longitude are swapped: {lat_deg:g}, {lon_deg:g}"
    return Hint("out_of_range", phrase, suggestion=meant)


def polygon(rings: Sequence[Sequence[Position]]) -> Polygon:
    """Return the polygon of rings that repeat their first position at the end."""
    if not rings:
        raise Mistake("too_few_points", "the polygon has no ring")
    closed = [_open(ring) for ring in rings]
    return Polygon(exterior=closed[0], holes=tuple(closed[1:]))


def _open(ring: Sequence[Position]) -> tuple[Position, ...]:
    """Return a ring without the repeated last position."""
    if len(ring) > MAX_POINTS:
        raise Mistake("too_many_points", f"a ring has {len(ring):,} points")
    if len(ring) < 4 or not same_place(ring[0], ring[-1]):
        meant = ""
        if len(ring) >= 3 and not same_place(ring[0], ring[-1]):
            first = ring[0]
            meant = f"end the ring with its first position, {first.lon_deg:g}, {first.lat_deg:g}"
        raise Hint(
            "ring_open",
            "a ring has at least 4 positions and ends where it began",
            suggestion=meant,
        )
    return tuple(ring[:-1])


def circle(centre: Position, properties: Mapping[str, object]) -> Circle:
    """Return the circle about a point with a `radius_m`. Raises Mistake without one."""
    return Circle(centre=centre, radius_cm=_length_cm(properties, "radius_m", "a point"))


def corridor(points: Sequence[Position], properties: Mapping[str, object]) -> Corridor:
    """Return the corridor along a line with a `width_m`. Raises Mistake without one."""
    if len(points) > MAX_POINTS:
        raise Mistake("too_many_points", f"a line has {len(points):,} points")
    return Corridor(points=tuple(points), width_cm=_length_cm(properties, "width_m", "a line"))


def margin_cm(properties: Mapping[str, object]) -> int:
    """Return how far a polygon reaches beyond its rings, by its `margin_m`; 0 without one."""
    value = properties.get("margin_m")
    if value in (None, "", 0, "0"):
        return 0
    return _length_cm(properties, "margin_m", "a polygon")


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


def shape(
    properties: Mapping[str, object],
    outline: Outline,
    *,
    band: Band | None = None,
    edges: Edges = Edges.GEODESIC,
    grown: Callable[[int, int], None] | None = None,
) -> Shape:
    """Return the shape of an outline and its properties; each part is checked.

    `band` is what the geometry itself says; a band among the properties stands before it.
    `edges` are the file's, and `grown` is told by how many cm the outline grew to hold them,
    and how many of its holes it covers for that.
    """
    name = properties.get("name")
    held = checked(outline, edges)
    made = Shape(
        name=name.strip()[:MAX_NAME] if isinstance(name, str) else "",
        outline=held.outline,
        band=_band(properties) or band,
        window=_window(properties),
    )
    # Of what is refused after all, nobody need know how it was held.
    if grown is not None:
        grown(held.grown_cm, held.filled)
    return made


def checked(outline: Outline, edges: Edges = Edges.GEODESIC) -> Contained:
    """Return an outline that is sane and holds this one, and what that took.

    Hint, with what would mend it, if it is not sane.
    """
    try:
        return laid(outline, edges)
    except Mistake as mistake:
        raise Hint(mistake.code, mistake.phrase, suggestion=mended(outline, mistake)) from mistake


def _pair(properties: Mapping[str, object], one: str, other: str) -> tuple[str, str] | None:
    """Return two texts that must come together; None if neither is there."""
    texts: list[str] = []
    for name in (one, other):
        value = properties.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise _no_text(name, value)
        texts.append(value)
    if not texts:
        return None
    if len(texts) == 1:
        raise Mistake(f"{one}_{other}", f"{one} and {other} come together or not at all")
    return texts[0], texts[1]


def _no_text(name: str, value: object) -> Hint:
    """Return what is wrong with a property that is no text: mostly a number without a unit."""
    if isinstance(value, int | float) and not isinstance(value, bool) and name in _LEVELS:
        return Hint(
            "altitude_unit_missing",
            f"{name} is {value:g}, a height without its unit and datum",
            suggestion=f'"{value:g} ft AMSL", "{value:g} m AMSL" or the same AGL',
        )
    return Hint(f"{name}_unreadable", f"{name} is not text")


_LEVELS = ("lower", "upper")


def _band(properties: Mapping[str, object]) -> Band | None:
    pair = _pair(properties, *_LEVELS)
    if pair is None:
        return None
    return bounds.band(bounds.altitude(pair[0]), bounds.altitude(pair[1]))


def _window(properties: Mapping[str, object]) -> Window | None:
    pair = _pair(properties, "start", "end")
    if pair is None:
        return None
    return bounds.window(bounds.instant(pair[0]), bounds.instant(pair[1]))
