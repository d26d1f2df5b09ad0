"""What was read from a text that gives a position, and how its mistakes are pointed at.

The form it was written in is kept, since a mix-up of forms (degrees and minutes read as
decimals) has killed people: both the text and its reading are shown.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from clearline.space.position import Position

if TYPE_CHECKING:
    from clearline.basis.faults import Mistake

__all__ = ["MAX_TEXT", "Form", "Parsed", "caret"]

MAX_TEXT = 200
"""The longest text that is read as a position, in characters."""


class Form(StrEnum):
    """How a position is spelled."""

    DECIMAL = "decimal"
    """`35.2560N 040.1500E` or `35.2560, 40.1500`."""
    DM = "dm"
    """Degrees and minutes: `3514.2N 03451.0E` or `36°14.2'N 034°51.0'E`."""
    DMS = "dms"
    """Degrees, minutes, seconds: `351236N 0401500E` or `35°12'36"N 040°15'00"E`."""
    MGRS = "mgrs"
    """Military grid: `37SFV1234567890`; 10 km to 1 m."""
    RANGE_BEARING = "range_bearing"
    """From a named anchor: `9 km 180 from DEIR EZ-ZOR CITY`; bearings are true."""


class Parsed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A position as it was understood, and what the text said of it."""

    position: Position
    form: Form
    precision_cm: int
    """How much the position would move if the last thing written changed by one."""
    anchor: str | None = None
    """The anchor, as the terms spell it, of a range and bearing."""
    range_cm: int | None = None
    bearing_mdeg: int | None = None
    """True bearing from the anchor, thousandths of a degree, 0 to 359,999."""


def caret(text: str, mistake: Mistake) -> str:
    """Return the text with a `^` under the character that the mistake is at, for a terminal.

    Only the text, if the mistake is at no character. Control characters are shown as blanks.
    """
    shown = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    if mistake.at is None:
        return shown
    return f"{shown}\n{' ' * sum(_width(c) for c in shown[: max(0, mistake.at)])}^"


def _width(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
