"""An airspace control order or request, read: its means as areas.

    MSGID/ACO/C2WS//
    GEODATUM/W84//
    PERIOD/230600ZFEB2026/240559ZFEB2026//
    ACMID/ACM:ROZ/NAME:FIRE CRACKER/POLYARC/USE:ROZ//
    POLYARC/LATM:1510N05901E/160T/30NM/330T/LATS:155000N0591343E/LATS:155000N0594815E//
    EFFLEVEL/RAFL:070AMSL-FL280//
    APERIOD/DISCRETE/230800ZFEB/231600ZFEB//

Heights with a datum are in hundreds of feet, edges are taken as geodesics, and arcs run
clockwise from the first bearing to the second. A time without its year takes the one that
PERIOD makes it nearest to. Only WGS 84 is read.

Sources: public training guides and openly published tools; no text of the standard is used.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.instants import EPOCH
from clearline.gateways import shape as shapes
from clearline.gateways.acm.sets import (
    Field,
    Line,
    bearing,
    length,
    level,
    lines,
    moment,
    place,
)
from clearline.gateways.bulletin import Bulletin, words
from clearline.gateways.daytimes import (
    MONTHS,
    WEEKDAYS,
    Span,
    date_of,
    merged,
    recurring,
    whole_year,
)
from clearline.gateways.hint import Hint
from clearline.gateways.limits import band_of
from clearline.gateways.reading import Collector
from clearline.gateways.ring import Ring
from clearline.gateways.shape import MAX_NAME, Shape, checked
from clearline.space import Band, Circle, Corridor, Outline, Polygon, Position, Window, check_window
from clearline.space.arcs import arc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearline.gateways.reading import Reading

__all__ = ["looks", "read"]

_SHAPES = {"CIRCLE", "POLYGON", "CORRIDOR", "POLYARC", "RADARC", "AORBIT", "ORBIT"}
_NO_EXTENT = {"APOINT", "POINT", "GEOLINE", "LINE", "TRACK", "ARCSEG", "ROUTE"}
_WGS84 = re.compile(r"W(?:GS)?[- ]?(?:19)?84|WGE|WE")
_OPEN = {"UFN", "INDEF", "UNK", "TBD", "ONCALL", ""}
_YEAR = re.compile(r"(\d{2})\d{4}[A-Z]?\s?([A-Z]{3})\s?(\d{4}|\d{2})")
_DURATION = re.compile(r"(\d{1,4})\s?(MIN|HR|H|DAY|D)S?")
_MINUTES = {"MIN": 1, "H": 60, "HR": 60, "D": 1_440, "DAY": 1_440}
_FREQUENCIES: dict[str, set[int]] = {
    "DAILY": set(range(7)),
    "WEEKDAYS": set(range(5)),
    "WEEKENDS": {5, 6},
}


class _Head(NamedTuple):
    """What the sets before the first means say."""

    reference: date | None
    datum: Field | None
    period: Line | None


class _Means(NamedTuple):
    """One airspace control means: its ACMID and the sets behind it."""

    name: str
    first: Line
    sets: tuple[Line, ...]

    def one(self, *names: str) -> Line | None:
        """Return the first set that has one of the names."""
        return next((line for line in self.sets if line.name in names), None)


def looks(raw: bytes) -> bool:
    """Return whether a file looks like an airspace control order or request."""
    return b"ACMID/" in raw[:200_000].upper()


def read(raw: bytes) -> Reading:
    """Return the areas of an order. Raises Mistake for a file without one."""
    bulletin = Bulletin.decode(raw)
    made = Collector()
    all_lines = list(lines(bulletin))
    first = next((n for n, line in enumerate(all_lines) if line.name == "ACMID"), len(all_lines))
    head = _head(all_lines[:first])
    for means in _means(all_lines[first:]):
        with made.item(means.name, bulletin.spot(means.first.at)):
            _read_one(bulletin, means, head, made)
        shapes.too_many(len(made))
    return made.done()


def _head(before: list[Line]) -> _Head:
    """Return the year, datum and period that an order begins with."""
    reference: date | None = None
    for line in before:
        for field in line.fields:
            match = _YEAR.fullmatch(field.value)
            if match is not None and match[2] in MONTHS and reference is None:
                try:
                    reference = date_of(whole_year(match[3]), MONTHS[match[2]], int(match[1]))
                except Mistake:
                    continue
    datum = next((line for line in before if line.name == "GEODATUM" and line.fields), None)
    period = next((line for line in before if line.name == "PERIOD"), None)
    return _Head(reference, datum.fields[0] if datum is not None else None, period)


def _means(all_lines: list[Line]) -> Iterator[_Means]:
    """Yield each means with the sets that belong to it."""
    starts = [n for n, line in enumerate(all_lines) if line.name == "ACMID"]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(all_lines)
        first = all_lines[start]
        named = next((f.value for f in first.fields if f.qualifier in ("NAME", "DESIG")), "")
        yield _Means(
            name=(named or f"means {number + 1}")[:MAX_NAME],
            first=first,
            sets=tuple(all_lines[start + 1 : end]),
        )


def _read_one(bulletin: Bulletin, means: _Means, head: _Head, made: Collector) -> None:
    """Keep the area of one means. Raises Mistake."""
    own = means.one("GEODATUM")
    datum = own.fields[0] if own is not None and own.fields else head.datum
    if datum is not None and datum.value and not _WGS84.fullmatch(datum.value):
        raise bulletin.hint(
            "datum_other",
            f"positions are in {words(datum.value)}; only WGS 84 is read",
            datum.at,
            "positions converted to WGS 84, and GEODATUM/W84//",
        )
    outline = _outline(bulletin, means, made)
    try:
        checked(outline)
    except Hint as hint:
        line = means.one(*_SHAPES) or means.first
        meant = hint.suggestion
        if line.name == "POLYARC" and hint.code == "self_crossing":
            meant = "the two bearings swapped, if the arc runs the other way round"
        raise bulletin.hint(hint.code, hint.phrase, line.at, meant) from hint
    made.grown(outline.margin_cm if isinstance(outline, Polygon) else 0)
    band = _band(bulletin, means, made)
    made.lose("what a means is for, who controls it, its control points and remarks")
    for window in _windows(bulletin, means, head, made):
        made.keep(Shape(name=means.name, outline=outline, band=band, window=window))


def _outline(bulletin: Bulletin, means: _Means, made: Collector) -> Outline:
    """Return the outline of a means."""
    found = [line for line in means.sets if line.name in _SHAPES]
    if not found:
        other = means.one(*_NO_EXTENT)
        if other is not None:
            raise bulletin.hint(
                "geometry_unknown",
                f"{other.name} bounds no area that is read; CIRCLE, POLYGON, POLYARC, CORRIDOR, "
                "RADARC and AORBIT do",
                other.at,
            )
        raise bulletin.hint("area_missing", "no set says where it is", means.first.at)
    if len(found) > 1:
        raise bulletin.hint("geometry_unknown", "a means has one shape", found[1].at)
    line = found[0]
    match line.name:
        case "CIRCLE":
            if any(field.value for field in line.fields[2:]):
                raise bulletin.hint(
                    "set_long", "CIRCLE has a centre and a radius, and no more", line.fields[2].at
                )
            centre, radius = _fields(bulletin, line, 2)[:2]
            return Circle(centre=place(bulletin, centre), radius_cm=length(bulletin, radius))
        case "POLYGON":
            _fields(bulletin, line, 3)
            return _closed(Ring([]), _places(bulletin, line.fields))
        case "CORRIDOR":
            width = _fields(bulletin, line, 3)[0]
            points = _places(bulletin, line.fields[1:])
            return Corridor(points=tuple(points), width_cm=length(bulletin, width))
        case "POLYARC":
            return _polyarc(bulletin, line)
        case "RADARC":
            return _radarc(bulletin, line)
        case _:
            return _orbit(bulletin, line, made)


def _fields(bulletin: Bulletin, line: Line, least: int) -> tuple[Field, ...]:
    """Return the fields of a set; Hint if there are fewer than it needs."""
    if len(line.fields) < least:
        raise bulletin.hint(
            "set_short", f"{line.name} has {len(line.fields)} fields; it needs {least}", line.at
        )
    return line.fields


def _places(bulletin: Bulletin, fields: tuple[Field, ...]) -> list[Position]:
    return [place(bulletin, field) for field in fields if field.value]


def _closed(ring: Ring, points: list[Position]) -> Polygon:
    """Return the polygon of a ring and the corners behind it."""
    for point in points:
        if ring.points:
            ring.add(point)
        else:
            ring.points.append(point)
    return Polygon(exterior=tuple(ring.points), margin_cm=ring.margin_cm)


def _polyarc(bulletin: Bulletin, line: Line) -> Outline:
    """Return an arc about a centre, from a bearing to another, and the corners behind it."""
    fields = _fields(bulletin, line, 5)
    start, end = bearing(bulletin, fields[1]), bearing(bulletin, fields[3])
    radius = length(bulletin, fields[2])
    cut = arc(place(bulletin, fields[0]), radius, start, (end - start) % 360 or 360.0)
    ring = Ring(list(cut.points))
    ring.margin_cm = cut.height_cm
    return _closed(ring, _places(bulletin, fields[4:]))


def _radarc(bulletin: Bulletin, line: Line) -> Outline:
    """Return what lies between two bearings and two radii."""
    fields = _fields(bulletin, line, 5)
    centre = place(bulletin, fields[0])
    start, end = bearing(bulletin, fields[1]), bearing(bulletin, fields[2])
    sweep = (end - start) % 360
    outer_cm = length(bulletin, fields[4])
    none = not fields[3].value or re.fullmatch(r"0+[A-Z]*", fields[3].value) is not None
    if not none and length(bulletin, fields[3]) >= outer_cm:
        raise bulletin.hint(
            "radii_inverted", "the inner radius is not smaller than the outer one", fields[3].at
        )
    if sweep == 0:
        raise bulletin.hint("zero_size", "the two bearings are the same", fields[1].at)
    outer = arc(centre, outer_cm, start, sweep)
    ring = Ring(list(outer.points))
    ring.margin_cm = outer.height_cm
    inner = [centre]
    if not none:
        inner = list(arc(centre, length(bulletin, fields[3]), end, -sweep).points)
    return _closed(ring, inner)


def _orbit(bulletin: Bulletin, line: Line, made: Collector) -> Outline:
    """Return the corridor that holds a race-track between two points."""
    fields = _fields(bulletin, line, 3)
    points = _places(bulletin, fields[:2])
    width = length(bulletin, fields[2])
    side = fields[3].value if len(fields) > 3 else "C"
    if side in ("L", "R"):
        # It lies on one side of the line, all of it within its width.
        made.note(f"{line.name} to the {side} of its line: both sides of it are covered")
        width *= 2
    return Corridor(points=tuple(points), width_cm=width)


def _band(bulletin: Bulletin, means: _Means, made: Collector) -> Band | None:
    """Return the band of EFFLEVEL."""
    line = means.one("EFFLEVEL")
    if line is None:
        made.note(f"{means.name}: it gives no limits of height; say them")
        return None
    field = _fields(bulletin, line, 1)[0]
    lower, dash, upper = field.value.partition("-")
    if not dash:
        raise bulletin.hint(
            "band_unreadable",
            f"{words(field.value) or 'nothing'} is no band; write it like RAFL:070AMSL-FL280",
            field.at,
        )
    return band_of(
        bulletin, level(bulletin, lower, field.at), level(bulletin, upper, field.at), field.at
    )


def _windows(
    bulletin: Bulletin, means: _Means, head: _Head, made: Collector
) -> list[Window | None]:
    """Return the windows of APERIOD, or else that of PERIOD; one None if there is no end."""
    found: list[Window] = []
    for line in means.sets:
        if line.name == "APERIOD":
            windows = _period(bulletin, line, head)
            if windows is None:
                made.note(f"{means.name}: it has no end; say from when to when")
                return [None]
            found += windows
    if found:
        return list(merged(found))
    if head.period is not None and len(head.period.fields) > 1:
        window = _window(bulletin, head.period.fields[:2], head)
        if window is not None:
            made.note(f"{means.name}: it has no APERIOD; the order's PERIOD is taken")
            return [window]
    made.note(f"{means.name}: it does not say when; say from when to when")
    return [None]


def _window(bulletin: Bulletin, fields: tuple[Field, ...], head: _Head) -> Window | None:
    """Return the window of two times; None if it has no end."""
    if fields[1].value in _OPEN:
        return None
    window = Window(
        start=moment(bulletin, fields[0], head.reference),
        end=moment(bulletin, fields[1], head.reference),
    )
    try:
        check_window(window)
    except Mistake as mistake:
        meant = f"from {window.end} to {window.start}" if window.end < window.start else ""
        raise bulletin.hint(mistake.code, mistake.phrase, fields[0].at, meant) from mistake
    return window


def _period(bulletin: Bulletin, line: Line, head: _Head) -> list[Window] | None:
    """Return the windows of one APERIOD; None if it has no end."""
    fields = _fields(bulletin, line, 3)
    mode = fields[0].value
    window = _window(bulletin, fields[1:3], head)
    if window is None:
        return None
    if mode == "DISCRETE":
        return [window]
    if mode != "INTERVAL":
        raise bulletin.hint(
            "schedule_unreadable",
            f"{words(mode) or 'nothing'} is no kind of period; write DISCRETE or INTERVAL",
            fields[0].at,
        )
    frequency, duration = _fields(bulletin, line, 5)[3:5]
    weekdays = _weekdays(bulletin, frequency)
    lasts = _DURATION.fullmatch(duration.value)
    if lasts is None or int(lasts[1]) == 0:
        raise bulletin.hint(
            "schedule_unreadable",
            f"{words(duration.value) or 'nothing'} is no duration; write it like 6HR",
            duration.at,
        )
    begin = EPOCH + timedelta(milliseconds=int(window.start))
    start = begin.hour * 60 + begin.minute
    span = Span(start, start + int(lasts[1]) * _MINUTES[lasts[2]])
    try:
        return recurring([span], set(), weekdays, window)
    except Mistake as mistake:
        raise bulletin.hint(mistake.code, mistake.phrase, line.at) from mistake


def _weekdays(bulletin: Bulletin, field: Field) -> set[int]:
    """Return the days of the week of a frequency."""
    known = _FREQUENCIES.get(field.value)
    if known is not None:
        return known
    names = field.value.split()
    if names and all(name[:3] in WEEKDAYS for name in names):
        return {WEEKDAYS[name[:3]] for name in names}
    raise bulletin.hint(
        "schedule_unreadable",
        f"{words(field.value) or 'nothing'} is no frequency that is read; DAILY, WEEKDAYS, "
        "WEEKENDS and names of days are",
        field.at,
        "an APERIOD/DISCRETE for each time",
    )
