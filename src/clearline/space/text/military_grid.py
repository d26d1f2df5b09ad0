"""The military grid reference system: a position as a square, from 10 km down to 1 m.

The position of a square is its middle, so that what was meant is at most seven tenths of
the square's side away. Source: NGA.STND.0037 (MGRS), by the library `mgrs`, which is NGA's
own GEOTRANS code.
"""

from __future__ import annotations

import re
import warnings
from typing import Any, cast

import mgrs  # pyright: ignore[reportMissingTypeStubs] - the library ships none

from clearline.basis.faults import Mistake
from clearline.space.position import Position, from_degrees
from clearline.space.text.parsed import Form, Parsed

__all__ = ["looks_like_grid", "parse_grid", "show_grid"]

_LOOK = re.compile(r"\s*\d{0,2}\s*[A-Za-z]\s*[A-Za-z]{2}[\d\s]*", re.ASCII)
_SHAPE = re.compile(
    r"(?P<zone>(?:0?[1-9]|[1-5]\d|60)[C-HJ-NP-X]|[ABYZ])(?P<square>[A-HJ-NP-Z][A-HJ-NP-Z])(?P<digits>\d*)"
)
_GRID = cast("Any", mgrs.MGRS())
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
"""From 80 degrees south northwards, 8 degrees each; X has 12."""
_HALF_DIAGONAL = 0.75
"""How far from its middle a square reaches, in sides; rounded up."""
_DEGREE_CM = 11_057_400
"""A degree of latitude at the equator, the shortest."""


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
    position = _middle(word, start)
    side_cm = 100 * 10 ** (5 - pairs)
    south, north = _latitudes(shape["zone"][-1])
    reach = _HALF_DIAGONAL * side_cm / _DEGREE_CM
    # The two letters come again every 2,000 km. The library reads on in another band, so that
    # one wrong letter would move the position that far, or be read as if it were right.
    if not south - reach <= position.lat_deg <= north + reach:
        raise Mistake("grid_nowhere", f"there is no grid square {word}", at=start)
    return Parsed(position=position, form=Form.MGRS, precision_cm=side_cm)


def _latitudes(band: str) -> tuple[float, float]:
    """Return the latitudes between which a band lies, or a polar cap."""
    if band in "AB":
        return -90.0, -80.0
    if band in "YZ":
        return 84.0, 90.0
    south = -80.0 + 8 * _BANDS.index(band)
    return south, 84.0 if band == "X" else south + 8


def _middle(name: str, at: int) -> Position:
    """Return the middle of a square, as the library gives it (since its version 1.5)."""
    try:
        with warnings.catch_warnings():
            # It warns of a latitude outside the band, which the caller refuses.
            warnings.simplefilter("ignore", RuntimeWarning)
            lat, lon = cast("tuple[float, float]", _GRID.toLatLon(name))
    except Exception as error:
        raise Mistake("grid_nowhere", f"there is no grid square {name}", at=at) from error
    if not -90.0 <= lat <= 90.0:
        raise Mistake("grid_nowhere", f"there is no grid square {name}", at=at)
    return from_degrees(lat, lon)


def show_grid(position: Position, pairs: int) -> str:
    """Return the grid square that holds the position; 5 pairs of digits are 1 m, 1 is 10 km."""
    return cast("str", _GRID.toMGRS(position.lat_deg, position.lon_deg, MGRSPrecision=pairs))
