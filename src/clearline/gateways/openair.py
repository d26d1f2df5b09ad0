"""OpenAir: the airspace files of gliding, versions 1 and 2, into shapes; and volumes into them.

A file is lines of a record's name and its values: `AC` begins an airspace; `AN` names it; `AL`
and `AH` are its limits; `DP`, `DA`, `DB`, `DC` and `DY`, with the centre, direction and width of
`V`, are its outline; `AA` is when it is active. Lines between points are geodesics; arcs become
points of a polygon that holds them. What is wrong in an airspace refuses that airspace, with the
line and column, and the others are kept.

A height without its unit or datum is refused, although many readers take it for feet above the
sea; that is what it suggests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM, NAUTICAL_MILE_CM
from clearline.gateways import bounds
from clearline.gateways import shape as shapes
from clearline.gateways.hint import Hint, Spot
from clearline.gateways.reading import Collector, Reading
from clearline.gateways.shape import Shape
from clearline.space import (
    MAX_RADIUS_CM,
    Altitude,
    Circle,
    Corridor,
    Datum,
    Outline,
    Polygon,
    Position,
    Window,
    from_degrees,
    same_place,
)
from clearline.space.altitude import MAX_ALTITUDE_CM
from clearline.space.arcs import arc
from clearline.space.plane import geodesic_inv

if TYPE_CHECKING:
    from clearline.space import Band

__all__ = ["MAX_WINDOWS", "looks", "read"]

MAX_WINDOWS = 100
"""Activation times of one airspace."""
_MOST_APART = 0.05
"""By how much of itself the radius of an arc may differ between its two ends."""

_DEGREES = r"(\d{1,3}(?:\.\d+)?)(?::(\d{1,2}(?:\.\d+)?))?(?::(\d{1,2}(?:\.\d+)?))?"
_POINT = re.compile(rf"{_DEGREES}\s*([NS])[\s,]*{_DEGREES}\s*([EW])", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_LIMIT = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>FT|F|M)?\s*"
    r"(?P<datum>AMSL|MSL|ALT|AGL|AGND|ASFC|GND|SFC|STD)?",
    re.IGNORECASE | re.ASCII,
)
_GROUND = {"GND", "SFC", "SURFACE", "GROUND"}
_NO_CEILING = {"UNL", "UNLIM", "UNLTD", "UNLIMITED"}
_SEA = {"AMSL", "MSL", "ALT"}
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z|NONE"
_ACTIVE = re.compile(rf"({_TIME})\s*/\s*({_TIME})", re.IGNORECASE | re.ASCII)
_LOOKS = re.compile(rb"^AC\s+\S", re.MULTILINE)
_LOOKS_TOO = re.compile(rb"^(AN|AH|AL|DP|V)\s+\S", re.MULTILINE)
_LOST = {
    "AY": "airspace types", "AF": "frequencies", "AG": "stations", "AX": "transponder codes",
    "AI": "ids", "AT": "label positions", "SP": "styles", "SB": "styles", "TO": "terrain",
    "TC": "terrain",
}  # fmt: skip


class _Line(Struct, frozen=True):
    number: int
    record: str
    value: str
    column: int
    """Where the value begins."""

    def spot(self, at: int = 0) -> Spot:
        return Spot(line=self.number, column=self.column + at)

    def wrong(self, code: str, phrase: str, *, at: int = 0, suggestion: str = "") -> Hint:
        return Hint(code, f"{self.record}: {phrase}", spot=self.spot(at), suggestion=suggestion)


def looks(raw: bytes) -> bool:
    """Return whether a file looks like OpenAir."""
    head = raw[:65_536]
    return _LOOKS.search(head) is not None and _LOOKS_TOO.search(head) is not None


def read(raw: bytes) -> Reading:
    """Return what an OpenAir file gives, in its order. Raises Mistake for a file that is none."""
    shapes.check_size(raw)
    made = Collector()
    for block in _blocks(_text(raw, made), made):
        name = next((line.value for line in block if line.record == "AN"), "")
        with made.item(f"airspace {name[: shapes.MAX_NAME]}".strip(), block[0].spot()):
            for shape in _airspace(block, name, made):
                made.keep(shape)
        shapes.too_many(len(made))
    return made.done()


def _text(raw: bytes, made: Collector) -> str:
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        made.note("the file is not UTF-8: names are read as Windows-1252")
        return raw.decode("cp1252", errors="replace")


def _blocks(text: str, made: Collector) -> Iterator[list[_Line]]:
    """Yield the lines of each airspace; what stands before the first one is refused."""
    block: list[_Line] = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.lstrip()
        if not content or content.startswith("*"):
            continue
        record, _, rest = content.partition(" ") if " " in content else content.partition("\t")
        value = rest.strip()
        column = len(line) - len(rest.lstrip()) + 1 if value else len(line) + 1
        each = _Line(number, record.strip().upper(), value, column)
        if each.record == "AC":
            if block:
                yield block
            block = [each]
        elif block:
            block.append(each)
        elif each.record in _LOST:
            made.lose(_LOST[each.record])
        else:
            mistake = Mistake("openair", f"{each.record[:20]} stands before any AC")
            made.refuse(f"line {number}", mistake, Spot(line=number, column=1))
    if block:
        yield block


class _Drawing:
    """The outline of one airspace, record by record."""

    def __init__(self) -> None:
        self.centre: Position | None = None
        self.clockwise = True
        self.width_nm: float | None = None
        self.ring: list[Position] = []
        self.way: list[Position] = []
        self.circles: list[Circle] = []
        self.margin_cm = 0

    def take(self, line: _Line) -> None:
        """Take one record. Raises Hint."""
        match line.record:
            case "V":
                self._variable(line)
            case "DP":
                self.ring.append(_one(line))
            case "DY":
                self.way.append(_one(line))
            case "DC":
                (radius,) = _numbers(line, 1)
                self.circles.append(
                    Circle(centre=self._about(line), radius_cm=_radius_cm(line, radius))
                )
            case "DA":
                radius, start, end = _numbers(line, 3)
                radius_cm = _radius_cm(line, radius)
                self._arc(line, (radius_cm, radius_cm), (start, end))
            case _:
                self._between(line)

    def _variable(self, line: _Line) -> None:
        name, _, value = line.value.partition("=")
        value = value.strip()
        at = line.value.find("=") + 1
        match name.strip().upper():
            case "X":
                self.centre = _points(line, 1)[0]
            case "D" if value in ("+", "-"):
                self.clockwise = value == "+"
            case "W" if _NUMBER.fullmatch(value):
                self.width_nm = float(value)
            case "Z" | "T":
                return
            case _:
                raise line.wrong("openair", "write V X=, V D=+, V D=- or V W=", at=at)

    def _about(self, line: _Line) -> Position:
        if self.centre is None:
            raise line.wrong("openair_centre", "no V X= says about which centre")
        return self.centre

    def _between(self, line: _Line) -> None:
        """Take an arc between two points, which give its radius twice."""
        start, end = _points(line, 2)
        centre = self._about(line)
        (near, one), (far, other) = (
            geodesic_inv(centre.lat_deg, centre.lon_deg, each.lat_deg, each.lon_deg)
            for each in (start, end)
        )
        if abs(near - far) > _MOST_APART * max(near, far) + 200:
            raise line.wrong(
                "openair_arc",
                f"its ends are {near / 1000:.1f} and {far / 1000:.1f} km from the centre",
                suggestion="the centre (V X=) is another arc's, or one end is wrong",
            )
        self._arc(line, (_cm(near), _cm(far)), (one, other))

    def _arc(self, line: _Line, radii_cm: tuple[int, int], bearings: tuple[float, float]) -> None:
        """Take an arc; one whose ends lie a little apart from one circle is held with both."""
        centre = self._about(line)
        sweep = (bearings[1] - bearings[0]) % 360 or 360.0
        if not self.clockwise:
            sweep = (sweep - 360) or -360.0
        chords = arc(centre, max(radii_cm), bearings[0], sweep)
        self.ring += chords.points
        self.margin_cm = max(self.margin_cm, chords.height_cm + abs(radii_cm[0] - radii_cm[1]))

    def outlines(self, first: _Line) -> list[Outline]:
        """Return the outlines that were drawn: one, or several circles."""
        kinds = [bool(each) for each in (self.ring, self.way, self.circles)]
        if sum(kinds) != 1:
            phrase = "it has no outline" if not any(kinds) else "it mixes points, circles and ways"
            raise first.wrong("openair_outline", phrase)
        if self.way:
            if self.width_nm is None or self.width_nm <= 0:
                raise first.wrong("openair_width", "an airway (DY) needs its width, V W=")
            width_cm = math.ceil(round(self.width_nm * NAUTICAL_MILE_CM, 3))
            return [Corridor(points=_once(self.way, closed=False), width_cm=width_cm)]
        if self.ring:
            ring = _once(self.ring, closed=True)
            return [Polygon(exterior=ring, margin_cm=self.margin_cm)]
        return list(self.circles)


def _cm(metres: float) -> int:
    return math.ceil(metres * METRE_CM)


def _once(points: list[Position], *, closed: bool) -> tuple[Position, ...]:
    """Return points without those that repeat the one before, as arcs and closed rings have."""
    kept: list[Position] = []
    for each in points:
        if not kept or not same_place(kept[-1], each):
            kept.append(each)
    while closed and len(kept) > 1 and same_place(kept[0], kept[-1]):
        kept.pop()
    return tuple(kept)


def _airspace(block: list[_Line], name: str, made: Collector) -> Iterator[Shape]:
    """Yield the shapes of one airspace: one for each of its outlines and activation times."""
    drawing = _Drawing()
    limits: dict[str, tuple[_Line, Altitude]] = {}
    windows: list[Window] = []
    made.lose("airspace classes")
    for line in block[1:]:
        match line.record:
            case "AL" | "AH":
                limits[line.record] = line, _limit(line, made)
            case "AA":
                windows += _active(line, made)
            case "AN":
                continue
            case "V" | "DP" | "DA" | "DB" | "DC" | "DY":
                drawing.take(line)
            case record if record in _LOST:
                made.lose(_LOST[record])
            case _:
                made.lose(f"records {line.record[:10]}")
    if len(windows) > MAX_WINDOWS:
        raise Mistake("openair_times", f"it has more than {MAX_WINDOWS} activation times")
    band = _band(block[0], limits)
    for outline in drawing.outlines(block[0]):
        sane = shapes.checked(outline).outline
        made.grown(drawing.margin_cm)
        for window in windows or [None]:
            yield Shape(name=name[: shapes.MAX_NAME], outline=sane, band=band, window=window)


def _band(first: _Line, limits: dict[str, tuple[_Line, Altitude]]) -> Band:
    for record, what in (("AL", "lower"), ("AH", "upper")):
        if record not in limits:
            raise first.wrong("openair_limit", f"its {what} limit, {record}, is missing")
    (line, lower), (_, upper) = limits["AL"], limits["AH"]
    try:
        return bounds.band(lower, upper)
    except Hint as hint:
        meant = f"swap AL and AH: {hint.suggestion}"
        raise line.wrong(hint.code, hint.phrase, suggestion=meant) from hint


def _limit(line: _Line, made: Collector) -> Altitude:
    """Return the altitude of a limit."""
    word = line.value.partition("*")[0].strip().upper()
    if word in _GROUND:
        return Altitude(datum=Datum.SURFACE, value_cm=0)
    if word in _NO_CEILING:
        made.note("UNL is read as 100 km above the sea, the highest that can be said")
        return Altitude(datum=Datum.AMSL, value_cm=MAX_ALTITUDE_CM)
    if word.startswith("FL"):
        return _level(line, word)
    found = _LIMIT.fullmatch(word)
    if found is None:
        meant = "give one limit alone" if "/" in word else ""
        raise line.wrong(
            "altitude_unreadable", f"{word[:40]!r} is no limit; write FL65, 3500ft AMSL or GND",
            suggestion=meant,
        )  # fmt: skip
    value, unit, datum = found["value"], found["unit"], found["datum"]
    if unit is None:
        raise line.wrong(
            "altitude_unit_missing", f"{word} has no unit",
            suggestion=f"{value}ft {datum or 'AMSL'}, as most readers of OpenAir take it",
        )  # fmt: skip
    if datum is None:
        raise line.wrong(
            "altitude_datum_missing", f"{word} is above the sea (AMSL) or the ground (AGL)",
            suggestion=f"{word} AMSL, as most readers of OpenAir take it",
        )  # fmt: skip
    return _height(line, float(value), unit, datum)


def _level(line: _Line, word: str) -> Altitude:
    digits = word[2:].strip()
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 4:
        raise line.wrong("altitude_unreadable", f"{word[:40]!r} is no flight level")
    return _checked(line, Datum.FL, int(digits) * 3_048)


def _height(line: _Line, value: float, unit: str, datum: str) -> Altitude:
    cm = round(value * (METRE_CM if unit == "M" else 30.48))
    if datum in _SEA:
        return _checked(line, Datum.AMSL, cm)
    return _checked(line, Datum.FL if datum == "STD" else Datum.HEIGHT, cm)


def _checked(line: _Line, datum: Datum, cm: int) -> Altitude:
    if cm > MAX_ALTITUDE_CM:
        raise line.wrong("altitude_too_far", "an altitude is at most 100 km")
    return Altitude(datum=datum, value_cm=cm)


def _active(line: _Line, made: Collector) -> list[Window]:
    """Return the windows of an activation record: one or none."""
    word = line.value.partition(";")[0].strip().upper()
    if word == "NONE":
        made.note("an airspace without activation times (AA NONE) has none here either")
        return []
    found = _ACTIVE.fullmatch(word)
    if found is None:
        meant = f"{word}Z, if it is in UTC" if re.search(r"T\d\d:\d\d(:\d\d)?$", word) else ""
        raise line.wrong(
            "time_unreadable", "write AA 2026-11-23T12:00Z/2026-11-23T13:00Z", suggestion=meant
        )
    if "NONE" in found.groups():
        made.lose("activation times without a start or an end")
        return []
    try:
        return [bounds.window(*(_instant(each) for each in found.groups()))]
    except Hint as hint:
        raise line.wrong(hint.code, hint.phrase, suggestion=hint.suggestion) from hint


def _instant(text: str) -> bounds.Instant:
    """Return the instant of an activation time; 24:00 is the end of its day."""
    if "T24:00" in text:
        return bounds.instant(re.sub(r"T24:00(:00)?", "T00:00", text)).after(86_400_000)
    return bounds.instant(text)


def _one(line: _Line) -> Position:
    return _points(line, 1)[0]


def _points(line: _Line, count: int) -> list[Position]:
    """Return the points of a record, as degrees, minutes and seconds."""
    points: list[Position] = []
    last = 0
    for found in _POINT.finditer(line.value):
        try:
            points.append(_position(found))
        except Mistake as mistake:
            raise line.wrong(mistake.code, mistake.phrase, at=found.start()) from mistake
        last = found.end()
    if len(points) != count or line.value[last:].partition("*")[0].strip(" ,;"):
        want = "a point" if count == 1 else "two points"
        meant = ""
        if re.fullmatch(r"-?\d+\.\d+[\s,]+-?\d+\.\d+", line.value.strip()):
            lat, lon = re.split(r"[\s,]+", line.value.strip())
            ns, ew = ("S" if lat[0] == "-" else "N"), ("W" if lon[0] == "-" else "E")
            meant = f"{lat.lstrip('-')} {ns} {lon.lstrip('-')} {ew}, if latitude is first"
        raise line.wrong(
            "coordinate", f"write {want} like 52:30:15 N 013:24:00 E", suggestion=meant
        )
    return points


def _position(found: re.Match[str]) -> Position:
    lat, lon = _angle(found.groups()[:3]), _angle(found.groups()[4:7])
    lat = -lat if found[4].upper() == "S" else lat
    lon = -lon if found[8].upper() == "W" else lon
    if abs(lat) > 90 or abs(lon) > 180:
        raise Mistake("out_of_range", f"{found[0]} is no place: a latitude is at most 90 degrees")
    return from_degrees(lat, lon)


def _angle(parts: tuple[str | None, ...]) -> float:
    degrees, minutes, seconds = (float(each or 0) for each in parts)
    if minutes >= 60 or seconds >= 60:
        raise Mistake("out_of_range", "minutes and seconds are less than 60")
    return degrees + minutes / 60 + seconds / 3600


def _numbers(line: _Line, count: int) -> list[float]:
    words = [each.strip() for each in line.value.partition("*")[0].split(",")]
    if len(words) != count or not all(_NUMBER.fullmatch(each) for each in words):
        raise line.wrong("openair", f"it takes {count} numbers, parted by commas")
    return [float(each) for each in words]


def _radius_cm(line: _Line, nautical_miles: float) -> int:
    """Return a radius; files of gliding have it in nautical miles."""
    cm = math.ceil(round(nautical_miles * NAUTICAL_MILE_CM, 3))
    if not METRE_CM <= cm <= MAX_RADIUS_CM:
        raise line.wrong("too_large" if cm > METRE_CM else "zero_size", "1 m to 540 NM is a radius")
    return cm
