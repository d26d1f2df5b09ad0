"""The military grid reference system: a position as a square, from 10 km down to 1 m.

The position of a square is its middle, so that what was meant is at most seven tenths of
the square's side away. Source: NGA.STND.0037 (MGRS), by the library `mgrs`, which is NGA's
own GEOTRANS code.
"""

from __future__ import annotations

import re
from typing import Any, cast

import mgrs  # pyright: ignore[reportMissingTypeStubs] - the library ships none

from clearline.basis.faults import Mistake
from clearline.space.plane import Plane
from clearline.space.position import Position, from_degrees
from clearline.space.text.parsed import Form, Parsed

__all__ = ["looks_like_grid", "parse_grid", "show_grid"]

_LOOK = re.compile(r"\s*\d{0,2}\s*[A-Za-z]\s*[A-Za-z]{2}[\d\s]*", re.ASCII)
_SHAPE = re.compile(
    r"(?P<zone>(?:0?[1-9]|[1-5]\d|60)[C-HJ-NP-X]|[ABYZ])(?P<square>[A-HJ-NP-Z][A-HJ-NP-Z])(?P<digits>\d*)"
)
_GRID = cast("Any", mgrs.MGRS())


def looks_like_grid(text: str) -> bool:
    """Return whether the text is meant as a grid reference: a zone, three letters, digits."""
    return _LOOK.fullmatch(text) is not None


def parse_grid(text: str) -> Parsed:
    """Return the middle of the square that a grid reference names. Raises Mistake."""
    word = "".join(text.split()).upper()
    start = len(text) - len(text.lstrip())
    shape = _SHAPE.fullmatch(word)
    if shape is None:
        raise Mistake(
            "grid_unreadable",
            "not a grid square; write zone, band, two letters and digits, as in 37SFV1234567890",
            at=start,
        )
    pairs, odd = divmod(len(shape["digits"]), 2)
    if odd or not 1 <= pairs <= 5:
        raise Mistake(
            "grid_digits",
            f"a grid square has 2, 4, 6, 8 or 10 digits, half east and half north; here are "
            f"{len(shape['digits'])}",
            at=start + max(0, len(text.strip()) - 1),
        )
    position = _middle(shape, pairs, start)
    return Parsed(position=position, form=Form.MGRS, precision_cm=100 * 10 ** (5 - pairs))


def _middle(shape: re.Match[str], pairs: int, at: int) -> Position:
    """Return the middle of a square, from its own corner and those of its neighbours."""
    head, digits = shape["zone"] + shape["square"], shape["digits"]
    east, north = int(digits[:pairs]), int(digits[pairs:])
    if pairs < 5:
        # The middle of a larger square is the corner of a smaller one.
        return from_degrees(*_corner(head, pairs, east, north, at))
    plane = Plane(*_corner(head, pairs, east, north, at))
    x, y = 0.0, 0.0
    for to_east, to_north in ((1, 0), (0, 1)):
        # At the edge of a 100 km square the neighbour on the other side shows the direction.
        sign = -1 if 99_999 in (east * to_east, north * to_north) else 1
        corner = _corner(head, pairs, east + sign * to_east, north + sign * to_north, at)
        dx, dy = plane.project_one(*corner)
        x, y = x + sign * dx / 2, y + sign * dy / 2
    return from_degrees(*plane.unproject(x, y))


def _corner(head: str, pairs: int, east: int, north: int, at: int) -> tuple[float, float]:
    """Return the south-west corner of a square, in degrees; for under 5 pairs, its middle."""
    tail = "" if pairs == 5 else "5"
    name = f"{head}{east:0{pairs}d}{tail}{north:0{pairs}d}{tail}"
    try:
        lat, lon = cast("tuple[float, float]", _GRID.toLatLon(name))
    except Exception as error:
        raise Mistake("grid_nowhere", f"there is no grid square {name}", at=at) from error
    if not (-90.0 <= lat <= 90.0):
        raise Mistake("grid_nowhere", f"there is no grid square {name}", at=at)
    return lat, lon


def show_grid(position: Position, pairs: int) -> str:
    """Return the grid square that holds the position; 5 pairs of digits are 1 m, 1 is 10 km."""
    return cast("str", _GRID.toMGRS(position.lat_deg, position.lon_deg, MGRSPrecision=pairs))
