"""Reading: what an officer typed for a notice, field by field, into the core's types.

Whatever is wrong is kept with the field that it is wrong in, and reading goes on: the
officer is told of all of it at once, and each time what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.steps import Steps
from clearline.core.events import Place
from clearline.node import words
from clearline.space import (
    MAX_RADIUS_CM,
    MAX_VERTICES,
    MIN_RADIUS_CM,
    Altitude,
    Band,
    Circle,
    Corridor,
    Outline,
    Parsed,
    Polygon,
    Position,
    Reference,
    Volume,
    Window,
    check,
    check_band,
    check_window,
    parse_altitude,
    parse_position,
    positions,
)
from clearline.web.drafts import DraftVolume, FieldFault, NoticeDraft

__all__ = ["MAX_POINTS", "Reader", "read_band", "read_place", "read_volumes"]

MAX_FAULTS = 32
"""Faults that are told at once: whoever has more than this mends the first of them first."""
MAX_POINTS = 4_000
"""Points of all the shapes of one draft; an entry holds fewer than half of that."""
PARSE_US = 40
"""About how long it takes to read a position, in µs; to check a point of an outline: """
CHECK_US = 5

T = TypeVar("T")


class Reader:
    """Reads fields one by one and keeps what is wrong with each."""

    def __init__(self, anchors: Mapping[str, Position], now: Instant) -> None:
        self.anchors = anchors
        self.now = now
        self.faults: list[FieldFault] = []

    def fault(self, field: str, code: str, phrase: str, at: int | None = None) -> None:
        """Keep what is wrong with a field, unless too much is wrong already."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(FieldFault(field=field, code=code, phrase=phrase, at=at))

    def missing(self, field: str, phrase: str) -> None:
        """Keep that a field is empty that must not be."""
        self.fault(field, "missing", phrase)

    def read(self, field: str, read: Callable[[], T], named: str = "", at: int = 0) -> T | None:
        """Return what `read` gives; None, with the fault kept, if it is a Mistake.

        `named` is what to call the part of the field that is read, and `at` where it begins.
        """
        try:
            return read()
        except Mistake as mistake:
            here = None if mistake.at is None else at + mistake.at
            self.fault(field, mistake.code, f"{named}{mistake.phrase}", here)
            return None

    def sorted_read(
        self, read: Callable[[], T], fields: Mapping[str, str], otherwise: str
    ) -> T | None:
        """Return what `read` gives; a Mistake is kept with the field that its code belongs to."""
        try:
            return read()
        except Mistake as mistake:
            self.fault(fields.get(mistake.code, otherwise), mistake.code, mistake.phrase)
            return None

    def parsed(self, field: str, text: str) -> Parsed | None:
        """Return the position that a field holds, and how it was stated."""
        if not text.strip():
            self.missing(field, "Give a position, as 3514.2N 04010.5E, MGRS, or from an anchor.")
            return None
        return self.read(field, lambda: parse_position(text, self.anchors))

    def position(self, field: str, text: str) -> Position | None:
        """Return the position that a field holds."""
        found = self.parsed(field, text)
        return found.position if found is not None else None

    def length(self, field: str, text: str) -> int | None:
        """Return the length that a field holds, in cm."""
        if not text.strip():
            self.missing(field, "Give a length, as 500 m, 5 km or 12 NM.")
            return None
        return self.read(field, lambda: words.length_cm(text))

    def level(self, field: str, text: str) -> Altitude | None:
        """Return the level that a field holds."""
        if not text.strip():
            self.missing(field, "Give a level, as SFC, FL120, 3500 ft AMSL or 120 m AGL.")
            return None
        return self.read(field, lambda: parse_altitude(text))

    def instant(self, field: str, text: str) -> Instant | None:
        """Return the time that a field holds."""
        if not text.strip():
            self.missing(field, "Give a time, as 1430Z, +3h or 2026-11-23T14:30:00Z.")
            return None
        return self.read(field, lambda: words.instant(text, self.now))

    def points(self, field: str, text: str) -> Steps[tuple[Position, ...] | None]:
        """Return the positions of a field, one on each line or between semicolons."""
        parts = _parts(text)
        if not parts:
            self.missing(field, "Give the positions, one on each line.")
            return None
        if len(parts) > MAX_VERTICES:
            phrase = f"{len(parts):,} positions; an outline has at most {MAX_VERTICES:,}."
            self.fault(field, "too_many_points", phrase, parts[MAX_VERTICES][0])
            return None
        found: list[Position] = []
        for number, (start, part) in enumerate(parts, 1):
            one = self.read(
                field,
                lambda part=part: parse_position(part, self.anchors).position,
                f"position {number}: ",
                start,
            )
            yield PARSE_US
            if one is not None:
                found.append(one)
        return tuple(found) if len(found) == len(parts) else None

    def outline(self, field: str, outline: Outline, named: str = "") -> Steps[Outline | None]:
        """Return an outline that is sane."""
        sane = self.read(field, lambda: check(outline) or outline, named)
        yield CHECK_US * len(positions(outline))
        return sane


def read_volumes(reader: Reader, draft: NoticeDraft) -> Steps[tuple[Volume, ...]]:
    """Return the volumes of a draft; none while anything is wrong with them."""
    own_bands = all(each.band for each in draft.volumes)
    own_windows = all(each.window for each in draft.volumes)
    is_drawn = draft.shape == "drawn" and bool(draft.volumes)
    # What every shape of a file brings with it need not be typed.
    band = None if is_drawn and own_bands else read_band(reader, draft)
    window = None if is_drawn and own_windows else _window(reader, draft)
    if draft.shape == "drawn":
        return (yield from _drawn(reader, draft.volumes, band, window))
    outline = yield from _outline(reader, draft)
    if outline is None or band is None or window is None:
        return ()
    return (Volume(outline=outline, band=band, window=window),)


def read_place(reader: Reader, draft: NoticeDraft) -> Place | None:
    """Return the place of a draft with how it was stated; None if there is none, or a fault."""
    if not draft.place_at.strip() and not draft.place_from.strip():
        return None
    at = reader.position("place_at", draft.place_at)
    how = "Say it from an anchor as well: 9 km 180 from NAME."
    if not draft.place_from.strip():
        reader.missing("place_from", how)
        return None
    parsed = reader.parsed("place_from", draft.place_from)
    if parsed is None or at is None:
        return None
    if parsed.anchor is None or parsed.range_cm is None or parsed.bearing_mdeg is None:
        reader.missing("place_from", how)
        return None
    stated = Reference(
        anchor=parsed.anchor, range_cm=parsed.range_cm, bearing_mdeg=parsed.bearing_mdeg
    )
    return Place(at=at, stated=stated)


def _parts(text: str) -> list[tuple[int, str]]:
    """Return the parts of a text between line breaks and semicolons, each with its start."""
    found: list[tuple[int, str]] = []
    start = 0
    for part in text.replace(";", "\n").split("\n"):
        if part.strip():
            found.append((start, part))
        start += len(part) + 1
    return found


def _outline(reader: Reader, draft: NoticeDraft) -> Steps[Outline | None]:
    made: Outline | None = None
    field = "points"
    match draft.shape:
        case "circle":
            field = "radius"
            centre = reader.position("centre", draft.centre)
            radius_cm = reader.length("radius", draft.radius)
            if centre is not None and radius_cm is not None:
                made = Circle(centre=centre, radius_cm=radius_cm)
        case "corridor":
            path = yield from reader.points("points", draft.points)
            width_cm = reader.length("width", draft.width)
            if path is not None and width_cm is not None:
                in_range = 2 * MIN_RADIUS_CM <= width_cm <= 2 * MAX_RADIUS_CM
                field = "points" if in_range else "width"
                made = Corridor(points=path, width_cm=width_cm)
        case _:
            ring = yield from reader.points("points", draft.points)
            if ring is not None:
                made = Polygon(exterior=ring)
    return (yield from reader.outline(field, made)) if made is not None else None


def _drawn(
    reader: Reader, drawn: tuple[DraftVolume, ...], band: Band | None, window: Window | None
) -> Steps[tuple[Volume, ...]]:
    if not drawn:
        reader.missing("shape", "Draw a shape on the map, or read one from a file.")
    points = sum(len(positions(each.outline)) for each in drawn)
    if points > MAX_POINTS:
        phrase = f"{points:,} points in all; a notice is checked up to {MAX_POINTS:,}: simplify it."
        reader.fault("shape", "too_many_points", phrase)
        return ()
    made: list[Volume] = []
    for number, each in enumerate(drawn, 1):
        named = f"shape {number}: "
        outline = yield from reader.outline("shape", each.outline, named)
        its_band, its_window = each.band or band, each.window or window
        if each.band is not None:
            its_band = reader.read("shape", lambda it=each.band: check_band(it) or it, named)
        if each.window is not None:
            its_window = reader.read("shape", lambda it=each.window: check_window(it) or it, named)
        if outline is not None and its_band is not None and its_window is not None:
            made.append(Volume(outline=outline, band=its_band, window=its_window))
    return tuple(made) if len(made) == len(drawn) else ()


def read_band(reader: Reader, draft: NoticeDraft) -> Band | None:
    """Return the band of a draft; None, with the fault kept, if it is none."""
    lower = reader.level("lower", draft.lower)
    upper = reader.level("upper", draft.upper)
    if lower is None or upper is None:
        return None
    band = Band(lower=lower, upper=upper)
    return reader.read("upper", lambda: check_band(band) or band)


def _window(reader: Reader, draft: NoticeDraft) -> Window | None:
    start = reader.instant("start", draft.start)
    end = reader.instant("end", draft.end)
    if start is None or end is None:
        return None
    if end <= reader.now:
        phrase = f"It has ended already: it is {reader.now} now. Give a time that is to come."
        reader.fault("end", "window_past", phrase)
        return None
    window = Window(start=start, end=end)
    return reader.read("end", lambda: check_window(window) or window)
