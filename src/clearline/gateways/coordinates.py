"""Coordinates in running text, as notices to airmen and to mariners spell them.

Each is found where it stands, whatever stands around it:

    463253N0250514E   4632N 02505E   463253.45N 0250514.10E   N463253 E0250514
    28-38.47N 080-37.31W   38 45.00 N - 025 21.00 E   36°14.2'N 034°51.0'E   35.256N 040.15E

How many digits a number has says what is packed in it, so a digit that is missing is refused
and never made up. What a position is, is `space.text`'s to say; here is only where it begins,
and how it is written on a grid of whole seconds or hundredths of a minute.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.gateways.bulletin import words
from clearline.space import E7, Form, Position, from_degrees, parse_position

if TYPE_CHECKING:
    from clearline.gateways.bulletin import Bulletin

__all__ = [
    "MINUTES",
    "SECONDS",
    "Fix",
    "Grain",
    "check_forms",
    "find",
    "spell_minutes",
    "spell_seconds",
]


class Fix(NamedTuple):
    """A position in a text."""

    position: Position
    form: Form
    start: int
    end: int


_BODY = r"""
    \d{1,3}\ ?°\ ?(?:\d{1,2}(?:\.\d{1,9})?\ ?'\ ?(?:\d{1,2}(?:\.\d{1,9})?\ ?(?:"|''))?)?
    | \d{2,3}(?P<mark>[-\ ])\d{1,2}(?:(?P=mark)\d{1,2})?(?:\.\d{1,9})?'?
    | \d{1,8}(?:\.\d{1,9})?
"""
_PACKED = r"\d{2,8}(?:\.\d{1,9})?|\d{2,3}-\d{1,2}(?:-\d{1,2})?(?:\.\d{1,9})?"
_HALF = re.compile(
    rf"""
    (?<![\w.])(?P<ns>[NS])\ ?(?P<lat>{_PACKED})[\ ,/]{{0,2}}(?P<ew>[EW])\ ?(?P<lon>{_PACKED})
        (?!\d|\ ?[NSEW](?!\ ?\d|[A-Z]))
    | (?<![\d.])(?P<body>{_BODY})\ ?(?P<letter>[NSEW])(?![A-Z])
    """,
    re.VERBOSE | re.ASCII,
)
"""Half a position with its letter behind it, or a whole one with its letters in front."""
_BETWEEN = re.compile(r"[\s,;/:-]{0,6}")
_NUMBER = re.compile(r"\d{1,3}")
_WRAPPED = re.compile(r"(\d{2,7}(?:\.\d+)?)[ ]*\n[ ]*$")


class _Half(NamedTuple):
    letter: str
    body: str
    """As `parse_position` reads it, of the same length or shorter."""
    start: int
    end: int


def find(bulletin: Bulletin, start: int, end: int) -> list[Fix]:
    """Return every position in a part of a bulletin, in order.

    Raises Hint for a latitude or a longitude that stands alone or cannot be read.
    """
    halves = [
        half for match in _HALF.finditer(bulletin.text, start, end) for half in _halves(match)
    ]
    fixes: list[Fix] = []
    at = 0
    while at < len(halves):
        one = halves[at]
        other = halves[at + 1] if at + 1 < len(halves) else None
        if other is not None and _BETWEEN.fullmatch(bulletin.text, one.end, other.start):
            fixes.append(_fix(bulletin, one, other))
            at += 2
        elif _NUMBER.fullmatch(one.body):
            # A bare number before a word of one letter: a runway, a distance east.
            at += 1
        else:
            raise _alone(bulletin, one)
    return fixes


def _halves(match: re.Match[str]) -> list[_Half]:
    if match["letter"]:
        return [_Half(match["letter"], _blanked(match["body"]), match.start(), match.end())]
    middle = match.start("ew")
    return [
        _Half(match["ns"], _blanked(match["lat"]), match.start(), middle),
        _Half(match["ew"], _blanked(match["lon"]), middle, match.end()),
    ]


def _blanked(body: str) -> str:
    return body.replace("-", " ").strip()


def _alone(bulletin: Bulletin, half: _Half) -> Mistake:
    """Return the mistake of a latitude or longitude without the other."""
    kind = "latitude" if half.letter in "NS" else "longitude"
    other = "longitude with E or W" if half.letter in "NS" else "latitude with N or S"
    shown = words(bulletin.text[half.start : half.end])
    return bulletin.hint("coordinate_half", f"{shown} is a {kind} without its {other}", half.start)


def _fix(bulletin: Bulletin, lat: _Half, lon: _Half) -> Fix:
    """Return the position of two halves, latitude first."""
    typed = words(bulletin.text[lat.start : lon.end], 60)
    if lat.letter in "EW" and lon.letter in "NS":
        raise bulletin.hint(
            "coordinate_swapped",
            f"{typed} has its longitude first; a latitude comes first",
            lat.start,
            f"{bulletin.text[lon.start : lon.end]} {bulletin.text[lat.start : lat.end]}",
        )
    if lat.letter in "EW" or lon.letter in "NS":
        raise _alone(bulletin, lat)
    spelt = f"{lat.body}{lat.letter} {lon.body}{lon.letter}"
    try:
        parsed = parse_position(spelt)
    except Mistake as mistake:
        second = mistake.at is not None and mistake.at > len(lat.body) + 1
        where = lon if second else lat
        raise bulletin.hint(
            mistake.code,
            f"{typed}: {mistake.phrase}",
            where.start,
            _meant(bulletin, lat, lon, mistake.code),
        ) from mistake
    return Fix(parsed.position, parsed.form, lat.start, lon.end)


def _meant(bulletin: Bulletin, lat: _Half, lon: _Half, code: str) -> str:
    """Return what two halves that cannot be read were probably meant to be."""
    for half in (lat, lon):
        wrapped = _WRAPPED.search(bulletin.text, max(0, half.start - 12), half.start)
        if wrapped is not None:
            whole = wrapped[1] + bulletin.text[half.start : half.end]
            return f"{whole}, which the end of a line has parted"
    if code == "out_of_range" and lat.body.isdigit() and lon.body.isdigit():
        return (
            f"{lon.body}{lat.letter} {lat.body}{lon.letter}, if latitude and longitude are swapped"
        )
    if code == "forms_mixed":
        return "perhaps digits of one half were cut off: write both alike"
    if code == "digits":
        return "a digit is missing or one too many: minutes have two digits, and so have seconds"
    return ""


def check_forms(bulletin: Bulletin, fixes: list[Fix]) -> None:
    """Raise Hint if positions of one outline are not all in one form.

    Minutes among seconds are what a position looks like that lost its last two digits.
    """
    for fix in fixes[1:]:
        if fix.form is not fixes[0].form:
            raise bulletin.hint(
                "coordinate_forms",
                f"{words(bulletin.text[fix.start : fix.end])} is in the form {fix.form}, and the "
                f"first position of the same area in {fixes[0].form}",
                fix.start,
                "perhaps digits were cut off: write all positions of an area alike",
            )


class Grain(NamedTuple):
    """A grid on which positions are written."""

    per_degree: int
    """How many steps a degree has."""

    @property
    def slack_cm(self) -> int:
        """Return a length that no position is moved by more than: half a step either way."""
        # A degree of either kind is at most 111,695 m, at the pole; and a position is rounded.
        return math.ceil(11_169_500 / self.per_degree * math.sqrt(0.5)) + 2

    def snap(self, position: Position) -> Position:
        """Return the nearest position that can be written."""
        return from_degrees(
            round(position.lat_e7 * self.per_degree / E7) / self.per_degree,
            round(position.lon_e7 * self.per_degree / E7) / self.per_degree,
        )


SECONDS = Grain(3_600)
"""Whole seconds, as in notices to airmen: no position is moved by more than 22 m."""
MINUTES = Grain(6_000)
"""Hundredths of a minute, as in warnings to mariners: no more than 13.2 m."""


def spell_seconds(position: Position) -> str:
    """Return a position on the grid of SECONDS: `463253N0250514E`."""
    return "".join(
        f"{units // 3_600:0{width}d}{units // 60 % 60:02d}{units % 60:02d}{letter}"
        for units, width, letter in _units(position, SECONDS)
    )


def spell_minutes(position: Position) -> str:
    """Return a position on the grid of MINUTES: `28-38.47N 080-37.31W`."""
    return " ".join(
        f"{units // 6_000:0{width}d}-{units // 100 % 60:02d}.{units % 100:02d}{letter}"
        for units, width, letter in _units(position, MINUTES)
    )


def _units(position: Position, grain: Grain) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    """Return latitude and longitude in steps of a grid, each with its digits and its letter."""
    lat = round(abs(position.lat_e7) * grain.per_degree / E7)
    lon = round(abs(position.lon_e7) * grain.per_degree / E7)
    return (
        (lat, 2, "S" if position.lat_e7 < 0 else "N"),
        (lon, 3, "W" if position.lon_e7 < 0 else "E"),
    )
