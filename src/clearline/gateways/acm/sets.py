"""Sets: the lines of a message in USMTF style, and what their fields hold.

    ACMID/ACM:ROZ/NAME:FIRE CRACKER/CIRCLE/USE:ROZ//
    CIRCLE/LATS:251538N0342044E/10NM//

A set is a name and fields, parted by slashes and ended by two; a field may have a qualifier
before a colon, and a lone dash is no value. Here one field at a time becomes a position, a
length, a bearing, a limit or a time; what they are for is `order`'s to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.quantities import (
    CM_PER_FOOT_E2,
    FLIGHT_LEVEL_CM,
    KILOMETRE_CM,
    METRE_CM,
    NAUTICAL_MILE_CM,
    feet_to_cm,
)
from clearline.gateways.bulletin import MAX_MESSAGE_CHARACTERS, words
from clearline.gateways.daytimes import MONTHS, moment_of, nearest_year, whole_year, zone_ms
from clearline.gateways.limits import SURFACE
from clearline.space import Altitude, Datum, Form, parse_position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from clearline.basis.instants import Instant
    from clearline.gateways.bulletin import Bulletin
    from clearline.space import Position

__all__ = ["MAX_FIELDS", "Field", "Line", "bearing", "length", "level", "lines", "moment", "place"]

MAX_FIELDS = 2_000
"""Fields of one set; a polygon of a thousand corners has half as many."""


class Field(NamedTuple):
    """One field; empty where it has no value."""

    qualifier: str
    value: str
    at: int


class Line(NamedTuple):
    """One set: its name and fields."""

    name: str
    fields: tuple[Field, ...]
    at: int


_END = re.compile(r"//+")
_NAME = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_PLACE = re.compile(r"(\d{2,6}(?:\.\d{1,4})?[NS])[ ]?(\d{3,7}(?:\.\d{1,4})?[EW])")
_GRID = re.compile(r"\d{1,2}[C-X][A-Z]{2}\d{2,10}")
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s?([A-Z]*)")
_UNITS = {
    "NM": NAUTICAL_MILE_CM * 1.0,
    "NMI": NAUTICAL_MILE_CM * 1.0,
    "KM": KILOMETRE_CM * 1.0,
    "M": METRE_CM * 1.0,
    "FT": CM_PER_FOOT_E2 / 100,
    "F": CM_PER_FOOT_E2 / 100,
    "HF": CM_PER_FOOT_E2 * 1.0,
}
_BEARING = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s?([A-Z]?)")
_LEVEL = re.compile(
    r"(?:(?P<surface>GL|GND|SFC|SURFACE)|(?P<sea>SL|MSL)|FL\s?(?P<fl>\d{1,3})"
    r"|(?P<value>\d{1,6})(?P<feet>FT)?\s?(?P<datum>AMSL|MSL|AGL|GND)?)"
)
_WHEN = re.compile(
    r"(?P<day>\d{2})(?P<hm>\d{4})(?P<zone>[A-Z])?\s?(?P<month>[A-Z]{3})\s?(?P<year>\d{4}|\d{2})?"
)
_FORMS = {"LATM": Form.DM, "LATS": Form.DMS, "LATD": Form.DECIMAL}


def lines(bulletin: Bulletin) -> Iterator[Line]:
    """Yield the sets of a bulletin, in order. Raises Hint for one that never ends."""
    start = 0
    for end in _END.finditer(bulletin.text):
        yield from _line(bulletin, start, end.start())
        start = end.end()
    rest = bulletin.text[start:].strip()
    if rest and _NAME.match(rest):
        at = start + len(bulletin.text[start:]) - len(bulletin.text[start:].lstrip())
        raise bulletin.hint("set_open", f"{words(rest)} is a set without // at its end", at)


def _line(bulletin: Bulletin, start: int, end: int) -> Iterator[Line]:
    text = bulletin.text[start:end]
    at = start + len(text) - len(text.lstrip())
    if end - at > MAX_MESSAGE_CHARACTERS:
        raise bulletin.hint(
            "message_too_long", f"a set has at most {MAX_MESSAGE_CHARACTERS:,} characters", at
        )
    parts = bulletin.text[at:end].split("/")
    if len(parts) > MAX_FIELDS:
        raise bulletin.hint(
            "too_many_points", f"{len(parts):,} fields; at most {MAX_FIELDS:,} are read", at
        )
    name = parts[0].strip()
    if not _NAME.fullmatch(name):
        return
    fields: list[Field] = []
    offset = at + len(parts[0]) + 1
    for part in parts[1:]:
        lead = len(part) - len(part.lstrip())
        value = " ".join(part.split())
        qualifier, colon, rest = value.partition(":")
        if not colon or not _NAME.fullmatch(qualifier.strip()):
            qualifier, rest = "", value
        rest = rest.strip()
        fields.append(Field(qualifier.strip(), "" if set(rest) <= {"-"} else rest, offset + lead))
        offset += len(part) + 1
    yield Line(name, tuple(fields), at)


def place(bulletin: Bulletin, field: Field) -> Position:
    """Return the position of a field: `LATS:251538N0342044E`, `LATM:2515N03420E`, a grid."""
    match = _PLACE.fullmatch(field.value)
    if match is None and not _GRID.fullmatch(field.value):
        raise bulletin.hint(
            "position_unreadable",
            f"{words(field.value) or 'nothing'} is no position; write it like 251538N0342044E",
            field.at,
        )
    typed = field.value if match is None else f"{match[1]} {match[2]}"
    try:
        parsed = parse_position(typed)
    except Mistake as mistake:
        meant = "a digit is missing or one too many" if mistake.code == "digits" else ""
        raise bulletin.hint(
            mistake.code, f"{words(field.value)}: {mistake.phrase}", field.at, meant
        ) from mistake
    form = _FORMS.get(field.qualifier)
    if form is not None and parsed.form is not form:
        raise bulletin.hint(
            "coordinate_forms",
            f"{field.qualifier} says that a position is in {form}; {words(field.value)} is in "
            f"{parsed.form}",
            field.at,
            "perhaps digits were cut off",
        )
    return parsed.position


def length(bulletin: Bulletin, field: Field) -> int:
    """Return the length of a field in cm, rounded up: `10NM`, `150KM`, `3000M`, `500FT`."""
    match = _LENGTH.fullmatch(field.value)
    if match is None:
        raise bulletin.hint(
            "length_unreadable",
            f"{words(field.value) or 'nothing'} is no length; write it like 10NM",
            field.at,
        )
    unit = _UNITS.get(match[2])
    if unit is None:
        raise bulletin.hint(
            "unit_missing",
            f"{field.value} is a length without its unit",
            field.at,
            f"{match[1]}NM, {match[1]}KM or {match[1]}M",
        )
    cm = float(match[1]) * unit
    if cm < METRE_CM:
        raise bulletin.hint("zero_size", f"{field.value} is no size", field.at)
    return -int(-round(cm, 3) // 1)


def bearing(bulletin: Bulletin, field: Field) -> float:
    """Return the true bearing of a field in degrees: `330T`."""
    match = _BEARING.fullmatch(field.value)
    if match is None or float(match[1]) > 360:
        raise bulletin.hint(
            "bearing_unreadable",
            f"{words(field.value) or 'nothing'} is no bearing; write it like 330T",
            field.at,
        )
    if match[2] != "T":
        raise bulletin.hint(
            "bearing_not_true",
            f"{field.value}: bearings are true, with a T behind them",
            field.at,
            f"{match[1]}T, if it is true",
        )
    return float(match[1])


def level(bulletin: Bulletin, text: str, at: int) -> Altitude:
    """Return the limit that a text spells: `GL`, `070AMSL` in hundreds of feet, `FL280`."""
    match = _LEVEL.fullmatch(text.strip())
    if match is None:
        raise bulletin.hint(
            "altitude_unreadable",
            f"{words(text) or 'nothing'} is no limit; write GL, 070AMSL, 005AGL or FL280",
            at,
        )
    if match["surface"]:
        return SURFACE
    if match["sea"]:
        return Altitude(datum=Datum.AMSL, value_cm=0)
    if match["fl"]:
        return Altitude(datum=Datum.FL, value_cm=int(match["fl"]) * FLIGHT_LEVEL_CM)
    value = match["value"]
    if not match["datum"]:
        raise bulletin.hint(
            "altitude_datum_missing",
            f"{text} does not say what it is measured from",
            at,
            f"{value}AMSL, {value}AGL or FL{value}",
        )
    if len(value) > 3 and not match["feet"]:
        raise bulletin.hint(
            "altitude_unreadable",
            f"{text}: heights are three digits, in hundreds of feet",
            at,
            f"{value}FT{match['datum']}, if it is in feet",
        )
    feet = int(value) if match["feet"] else int(value) * 100
    datum = Datum.AMSL if match["datum"] in ("AMSL", "MSL") else Datum.HEIGHT
    if feet > 328_000:
        raise bulletin.hint("altitude_too_far", "a limit is at most 100 km", at)
    return Altitude(datum=datum, value_cm=feet_to_cm(feet))


def moment(bulletin: Bulletin, field: Field, reference: date | None) -> Instant:
    """Return the instant of a field: `141530ZFEB2026`, or without its year."""
    match = _WHEN.fullmatch(field.value)
    if match is None or match["month"] not in MONTHS:
        raise bulletin.hint(
            "time_unreadable",
            f"{words(field.value) or 'nothing'} is no time; write it like 141530ZFEB2026",
            field.at,
        )
    if match["zone"] is None:
        raise bulletin.hint(
            "time_without_zone",
            f"{field.value} does not say in which zone it is",
            field.at,
            f"{match['day']}{match['hm']}Z{match['month']}{match['year'] or ''}, if it is in UTC",
        )
    month, day = MONTHS[match["month"]], int(match["day"])
    if match["year"]:
        year = whole_year(match["year"])
    elif reference is not None:
        year = nearest_year(month, day, reference)
    else:
        raise bulletin.hint(
            "year_missing",
            f"{field.value}: neither it nor the message's PERIOD says in which year it is",
            field.at,
            f"{field.value}2026, with its year",
        )
    try:
        return moment_of(year, month, day, match["hm"]).after(-zone_ms(match["zone"]))
    except Mistake as mistake:
        raise bulletin.hint(mistake.code, mistake.phrase, field.at) from mistake
