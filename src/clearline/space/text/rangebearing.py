"""Range and bearing: a position as so far, in that direction, from a named anchor.

    9 km 180 from DEIR EZ-ZOR CITY
    9 km south of DEIR EZ-ZOR CITY
    12 NM bearing 045 true from ALPHA

Bearings are true; a magnetic one is refused, since whose declination is not said. Anchors
are those that both sides agreed; a name that is not among them is refused. The wrong anchor
with the right range and bearing is the error of Deir ez-Zor: see `anchor.check_reference`.
"""

from __future__ import annotations

import difflib
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM, NAUTICAL_MILE_CM
from clearline.space.plane import geodesic_fwd
from clearline.space.position import from_degrees
from clearline.space.text.parsed import Form, Parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearline.space.position import Position

__all__ = ["MAX_RANGE_CM", "find_anchor", "looks_like_range", "parse_range"]

MAX_RANGE_CM = 1_000 * KILOMETRE_CM
"""Nobody means a place by its bearing from one further away than this."""

_LINK = re.compile(r"\s(?:from|of)(?=\s|$)", re.I)
_RANGE = re.compile(r"\s*(\d{1,7})(?:\.(\d{1,3}))?\s*([A-Za-z]+)", re.ASCII)
_DEGREES = re.compile(
    r"(?:bearing\s+)?(\d{1,3})(?:\.(\d{1,3}))?\s*(?:°|deg(?:rees)?)?\s*([A-Za-z]*)", re.I | re.ASCII
)
_UNITS = {"km": KILOMETRE_CM, "m": METRE_CM, "nm": NAUTICAL_MILE_CM, "nmi": NAUTICAL_MILE_CM}
_POINTS = (
    "N",
    "NNE",
    "NE",
    "ENE",
    "E",
    "ESE",
    "SE",
    "SSE",
    "S",
    "SSW",
    "SW",
    "WSW",
    "W",
    "WNW",
    "NW",
    "NNW",
)
_WORDS = {"north": "N", "east": "E", "south": "S", "west": "W"}
_TURN_MDEG = 360_000
_RADIAN_MDEG = 57_296


def looks_like_range(text: str) -> bool:
    """Return whether the text is meant as range and bearing: a number, and `from` or `of`."""
    return _LINK.search(text) is not None and re.search(r"\d", text, re.ASCII) is not None


def parse_range(text: str, anchors: Mapping[str, Position] | None) -> Parsed:
    """Return the position at a range and bearing from an anchor. Raises Mistake."""
    link = _LINK.search(text)
    distance = _RANGE.match(text)
    if link is None or distance is None or distance.end() > link.start():
        at = len(text) - len(text.lstrip())
        raise Mistake("range_unreadable", "begin with the range, as in 9 km or 12 NM", at=at)
    range_cm, range_step_cm = _range(distance)
    bearing_mdeg, bearing_step_mdeg = _bearing(text[distance.end() : link.start()], distance.end())
    known = anchors or {}
    name = find_anchor(text[link.end() :], known, offset=link.end())
    start = known[name]
    reached = geodesic_fwd(start.lat_deg, start.lon_deg, bearing_mdeg / 1_000, range_cm / METRE_CM)
    sideways_cm = range_cm * bearing_step_mdeg // _RADIAN_MDEG
    return Parsed(
        position=from_degrees(*reached),
        form=Form.RANGE_BEARING,
        precision_cm=max(1, range_step_cm, sideways_cm),
        anchor=name,
        range_cm=range_cm,
        bearing_mdeg=bearing_mdeg,
    )


def _range(match: re.Match[str]) -> tuple[int, int]:
    """Return the range and the step of its last digit, in cm."""
    unit_cm = _UNITS.get(match[3].lower())
    if unit_cm is None:
        raise Mistake(
            "range_unit", f"{match[3]} is not a unit of range; write km, m or NM", at=match.start(3)
        )
    decimals = match[2] or ""
    step = Fraction(unit_cm, 10 ** len(decimals))
    range_cm = round(int(match[1] + decimals) * step)
    if range_cm > MAX_RANGE_CM:
        raise Mistake("range_too_long", "a range is at most 1,000 km", at=match.start(1))
    return range_cm, max(1, round(step))


def _bearing(text: str, offset: int) -> tuple[int, int]:
    """Return the true bearing and how exact it is, in thousandths of a degree."""
    words = text.strip()
    at = offset + len(text) - len(text.lstrip())
    degrees = _DEGREES.fullmatch(words)
    if degrees is not None:
        return _degrees(degrees, at)
    point = _point(words)
    if point is None:
        raise Mistake(
            "bearing_unreadable",
            "after the range write a true bearing (180) or a point of the compass (south, SSW)",
            at=at,
        )
    return _POINTS.index(point) * _TURN_MDEG // len(_POINTS), 45_000 if len(point) < 3 else 22_500


def _degrees(match: re.Match[str], at: int) -> tuple[int, int]:
    """Return the bearing of a number of degrees, and its last digit's step."""
    word = match[3].lower()
    if word not in ("", "t", "true"):
        raise Mistake(
            "bearing_not_true",
            f"bearings are true; {match[3]} cannot be read here",
            at=at + match.start(3),
        )
    decimals = match[2] or ""
    bearing_mdeg = int(match[1]) * 1_000 + int(decimals.ljust(3, "0"))
    if bearing_mdeg > _TURN_MDEG:
        raise Mistake("bearing_range", "a bearing is 0 to 360 degrees", at=at + match.start(1))
    return bearing_mdeg % _TURN_MDEG, 10 ** (3 - len(decimals))


def _point(words: str) -> str | None:
    """Return the point of the compass that the words name: `south-west`, `SSW`."""
    word = re.sub(r"[\s-]+", "", words.lower())
    word = word.removeprefix("tothe").removeprefix("due")
    for name, letter in _WORDS.items():
        word = word.replace(name, letter)
    word = word.upper()
    return word if word in _POINTS else None


def find_anchor(text: str, anchors: Mapping[str, Position], *, offset: int = 0) -> str:
    """Return the agreed name of an anchor, whatever its case and spaces. Raises Mistake."""
    at = offset + len(text) - len(text.lstrip())
    if not anchors:
        raise Mistake(
            "anchors_none", "no anchors are agreed on this link; give coordinates instead", at=at
        )
    wanted = _plain(text)
    for name in sorted(anchors):
        if _plain(name) == wanted:
            return name
    close = difflib.get_close_matches(wanted, sorted(_plain(name) for name in anchors), n=3)
    known = ", ".join(close or sorted(anchors)[:5])
    raise Mistake("anchor_unknown", f"that is no agreed anchor; known are {known}", at=at)


def _plain(name: str) -> str:
    return " ".join(name.upper().split())
