"""Angles: a position as latitude and longitude, in decimals, minutes or seconds.

    35.2560N 040.1500E        35.2560, 40.1500          decimal
    3514.2N 03451.0E          36°14.2'N 034°51.0'E      degrees, minutes
    351236N 0401500E          35°12'36"N 040°15'00"E    degrees, minutes, seconds

Latitude comes first. The number of digits before the point tells the packed forms apart:
two and three are degrees, four and five have minutes, six and seven have seconds. Both
halves must be of one form; a half of another is refused, not guessed.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from clearline.basis.faults import Mistake
from clearline.space.position import E7, Position
from clearline.space.text.parsed import Form, Parsed

__all__ = ["parse_angles", "show_angles"]

_LOOKALIKES = str.maketrans(
    "\u00ba\u02da\u2032\u2019\u2018\u00b4\u2033\u201d\u201c", "°°''''\"\"\""
)
"""Typographic marks and the plain ones they stand for; one for one, so offsets hold."""
_DEGREE_CM = 11_131_950
"""A degree of longitude at the equator, the longest degree of either kind but the polar one."""
_DECIMALS = 9

_HALVES = re.compile(r"([^NSEW]*)([NSEW])([\s,;/]*)([^NSEW]*)([NSEW])(.*)", re.I | re.S)
_SIGNED = re.compile(
    r"\s*([+-]?)(\d{1,3}(?:\.\d+)?)°?(\s*[,;]\s*|\s+)([+-]?)(\d{1,3}(?:\.\d+)?)°?\s*"
)
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?")
_PARTS = re.compile(
    r"(?P<deg>\d{1,3}(?:\.\d+)?)\s*(?:°|(?<=\d)\s(?=\s*\d))\s*"
    r"(?:(?P<min>\d{1,2}(?:\.\d+)?)\s*(?:'|(?<=\d)\s(?=\s*\d)|$)\s*"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)\s*(?:\"|''|$)\s*)?)?",
    re.ASCII,
)


class _Half(NamedTuple):
    """A latitude or longitude: degrees without sign, form, and the step of its last digit."""

    degrees: Fraction
    form: Form
    step: Fraction


def parse_angles(text: str) -> Parsed:
    """Return the position that a text of latitude and longitude spells. Raises Mistake."""
    plain = text.translate(_LOOKALIKES)
    if not plain.isascii() and not plain.replace("°", "").isascii():
        at = next(i for i, c in enumerate(plain) if not c.isascii() and c != "°")
        raise Mistake("character", f"{text[at]!r} is no part of a position", at=at)
    if re.search("[NSEW]", plain, re.I) is None:
        return _signed(plain)
    return _lettered(plain)


def _signed(text: str) -> Parsed:
    """Return the position of two decimal numbers with signs, latitude first."""
    match = _SIGNED.fullmatch(text)
    if match is None:
        if _looks_packed(text):
            raise Mistake(
                "hemisphere_missing",
                "say which half of the globe: a letter N or S, then E or W, behind each number",
                at=len(text.rstrip()),
            )
        at = next((i for i, c in enumerate(text) if c not in "+-0123456789.,;° \t"), 0)
        raise Mistake("position_unreadable", _EXAMPLES, at=at)
    halves: list[_Half] = []
    for group in (2, 5):
        whole, _, decimals = match[group].partition(".")
        halves.append(_decimal(whole, decimals, match.start(group)))
    return _position(halves, [match[1] == "-", match[4] == "-"], [match.start(2), match.start(5)])


_EXAMPLES = (
    "not a position; write 35.2560N 040.1500E, 3514.2N 03451.0E, 351236N 0401500E, "
    "a grid like 37SFV1234567890, or 9 km 180 from an agreed anchor"
)


def _looks_packed(text: str) -> bool:
    return re.fullmatch(r"\s*[\d.°'\"]{4,}[\s,;]+[\d.°'\"]{5,}\s*", text) is not None


def _lettered(text: str) -> Parsed:
    """Return the position of two angles, each with its hemisphere's letter behind it."""
    match = _HALVES.fullmatch(text)
    if match is None:
        letter = re.search("[NSEW]", text, re.I)
        at = letter.end() if letter else len(text)
        raise Mistake(
            "half_missing",
            "a position is a latitude with N or S, then a longitude with E or W",
            at=at,
        )
    if not match[1].strip():
        raise Mistake(
            "letter_first",
            "write the letter after its number, as in 35.25N 040.15E",
            at=match.start(2),
        )
    if match[2].upper() not in "NS":
        raise Mistake("latitude_first", "the latitude comes first, with N or S", at=match.start(2))
    if match[5].upper() not in "EW":
        raise Mistake(
            "longitude_second", "the longitude comes second, with E or W", at=match.start(5)
        )
    if match[6].strip():
        at = match.start(6) + len(match[6]) - len(match[6].lstrip())
        raise Mistake("text_left_over", "nothing may follow the longitude", at=at)
    halves = [
        _half(match[1], match.start(1), degree_digits=2),
        _half(match[4], match.start(4), degree_digits=3),
    ]
    signs = [match[2].upper() == "S", match[5].upper() == "W"]
    return _position(halves, signs, [_first(match, 1), _first(match, 4)])


def _first(match: re.Match[str], group: int) -> int:
    """Return where a group's first character that is not blank is."""
    return match.start(group) + len(match[group]) - len(match[group].lstrip())


def _half(text: str, start: int, *, degree_digits: int) -> _Half:
    """Return the angle that a text without its letter spells; `start` is its offset."""
    body = text.strip()
    at = start + len(text) - len(text.lstrip())
    number = _NUMBER.fullmatch(body.removesuffix("°").rstrip())
    if number is not None:
        return _packed(number, at, degree_digits, marked=body.endswith("°"))
    parts = _PARTS.fullmatch(body)
    if parts is None or parts["min"] is None:
        odd = next((i for i, c in enumerate(body) if c not in "0123456789.°'\" \t"), 0)
        raise Mistake("angle_unreadable", _EXAMPLES, at=at + odd)
    return _split(parts, at)


def _packed(number: re.Match[str], at: int, degree_digits: int, *, marked: bool) -> _Half:
    """Return the angle of one number: its count of whole digits says what is packed in it."""
    whole, decimals = number[1], number[2] or ""
    spare = len(whole) - degree_digits
    if spare <= 0 or marked:
        return _decimal(whole, decimals, at)
    if spare not in (2, 4):
        kind = "latitude" if degree_digits == 2 else "longitude"
        raise Mistake(
            "digits",
            f"a {kind} has {degree_digits} digits of degrees, {degree_digits + 2} with minutes "
            f"or {degree_digits + 4} with seconds; here are {len(whole)}",
            at=at,
        )
    degrees, rest = whole[:degree_digits], whole[degree_digits:]
    if spare == 2:
        return _minutes(degrees, rest, decimals, at, at + degree_digits)
    return _seconds(
        degrees, (rest[:2], at + degree_digits), (rest[2:], decimals, at + degree_digits + 2), at
    )


def _split(parts: re.Match[str], at: int) -> _Half:
    """Return the angle of degrees, minutes and perhaps seconds written apart."""
    minutes, seconds = parts["min"], parts["sec"]
    fine = at + parts.start("min")
    if "." in parts["deg"] or (seconds is not None and "." in minutes):
        raise Mistake("decimals_inside", "only the last part may have decimals", at=at)
    whole, _, decimals = (seconds or minutes).partition(".")
    if seconds is None:
        return _minutes(parts["deg"], whole, decimals, at, fine)
    return _seconds(parts["deg"], (minutes, fine), (whole, decimals, at + parts.start("sec")), at)


def _decimal(whole: str, decimals: str, at: int) -> _Half:
    value, step = _value(whole, decimals, at)
    return _Half(value, Form.DECIMAL, step)


def _minutes(degrees: str, whole: str, decimals: str, at: int, fine: int) -> _Half:
    value, step = _value(whole, decimals, at)
    _check_sixty(value, "minutes", fine)
    return _Half(int(degrees) + value / 60, Form.DM, step / 60)


def _seconds(
    degrees: str, minutes: tuple[str, int], seconds: tuple[str, str, int], at: int
) -> _Half:
    value, step = _value(seconds[0], seconds[1], at)
    _check_sixty(Fraction(minutes[0]), "minutes", minutes[1])
    _check_sixty(value, "seconds", seconds[2])
    return _Half(int(degrees) + Fraction(minutes[0]) / 60 + value / 3_600, Form.DMS, step / 3_600)


def _value(whole: str, decimals: str, at: int) -> tuple[Fraction, Fraction]:
    """Return a number and the step of its last digit, both exact."""
    if len(decimals) > _DECIMALS:
        raise Mistake("too_many_decimals", f"at most {_DECIMALS} decimals are read", at=at)
    step = Fraction(1, 10 ** len(decimals))
    return int(whole + decimals) * step, step


def _check_sixty(value: Fraction, unit: str, at: int) -> None:
    if value >= 60:
        raise Mistake(
            "sixty", f"{unit} are below 60; is this a decimal number of degrees instead?", at=at
        )


def _position(halves: list[_Half], negative: list[bool], at: list[int]) -> Parsed:
    """Return what two halves say, latitude first."""
    lat, lon = halves
    if lat.form is not lon.form:
        raise Mistake(
            "forms_mixed",
            f"the latitude is in the form {lat.form}, the longitude in {lon.form}; use one form",
            at=at[1],
        )
    for half, limit, name, where in ((lat, 90, "latitude", at[0]), (lon, 180, "longitude", at[1])):
        if half.degrees > limit:
            raise Mistake("out_of_range", f"a {name} is at most {limit} degrees", at=where)
    e7 = [
        round(-h.degrees * E7 if minus else h.degrees * E7)
        for h, minus in zip(halves, negative, strict=True)
    ]
    precision_cm = max(1, round(max(lat.step, lon.step) * _DEGREE_CM))
    return Parsed(
        position=Position(lat_e7=e7[0], lon_e7=e7[1]), form=lat.form, precision_cm=precision_cm
    )


def show_angles(position: Position, form: Form, decimals: int) -> str:
    """Return the position in decimals, minutes or seconds, with that many decimals of the last."""
    lat = _show_half(abs(position.lat_e7), form, decimals, 2)
    lon = _show_half(abs(position.lon_e7), form, decimals, 3)
    return f"{lat}{'S' if position.lat_e7 < 0 else 'N'} {lon}{'W' if position.lon_e7 < 0 else 'E'}"


def _show_half(e7: int, form: Form, decimals: int, width: int) -> str:
    """Return one angle; rounded once, in its smallest unit, so no 60 can appear."""
    per_degree = {Form.DM: 60, Form.DMS: 3_600}.get(form, 1)
    scale = 10**decimals
    units = (2 * e7 * per_degree * scale + E7) // (2 * E7)
    whole, rest = divmod(units, scale)
    tail = f".{rest:0{decimals}d}" if decimals else ""
    if form is Form.DM:
        return f"{whole // 60:0{width}d}°{whole % 60:02d}{tail}'"
    if form is Form.DMS:
        return f"{whole // 3_600:0{width}d}°{whole // 60 % 60:02d}'{whole % 60:02d}{tail}\""
    return f"{whole:0{width}d}{tail}"
