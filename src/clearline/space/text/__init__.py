"""Positions as people write them: one door in, one out.

`parse_position` reads any of the forms in `Form`; whatever is typed, it gives a `Parsed` or
raises a Mistake that points at the character and says what would be right. A place name
alone is refused: "north of the town" is how people die (`Il-20`, 2018).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.space.text.angles import parse_angles, show_angles
from clearline.space.text.military_grid import looks_like_grid, parse_grid, show_grid
from clearline.space.text.parsed import MAX_TEXT, Form, Parsed, caret
from clearline.space.text.rangebearing import looks_like_range, parse_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearline.space.position import Position

__all__ = ["Form", "Parsed", "caret", "parse_position", "show_position"]

_FINEST = {Form.DECIMAL: 7, Form.DM: 6, Form.DMS: 4, Form.MGRS: 5}
"""The precision at which a form loses nothing that a position holds (a grid: 1 m)."""


def parse_position(text: str, anchors: Mapping[str, Position] | None = None) -> Parsed:
    """Return the position that a text gives, in whatever form; `anchors` are by name.

    Raises Mistake, with the offset of what is wrong, for every other text.
    """
    _check_text(text)
    if looks_like_range(text):
        return parse_range(text, anchors)
    if looks_like_grid(text):
        return parse_grid(text)
    return parse_angles(text)


def _check_text(text: str) -> None:
    """Raise for texts that give no position in any form."""
    start = len(text) - len(text.lstrip())
    if start == len(text):
        raise Mistake("position_missing", "give a position", at=0)
    if len(text) > MAX_TEXT:
        raise Mistake("position_too_long", f"at most {MAX_TEXT} characters", at=MAX_TEXT)
    if re.search(r"\d", text, re.ASCII) is None:
        raise Mistake(
            "place_vague",
            "a place name alone is not a position; give coordinates, or range and bearing "
            "from an agreed anchor",
            at=start,
        )


def show_position(position: Position, form: Form, precision: int | None = None) -> str:
    """Return the position in a form that `parse_position` reads back.

    `precision` is the number of decimals of the last part, 0 to 9; for a grid, the pairs of
    digits, 1 (10 km) to 5 (1 m). Without it nothing is lost but, on a grid, what is under 1 m.
    Raises Mistake for a range and bearing, which `anchor.show_reference` shows.
    """
    if form is Form.RANGE_BEARING:
        raise Mistake("form_needs_anchor", "a range and bearing is shown from its anchor")
    fine = _FINEST[form] if precision is None else precision
    if form is Form.MGRS:
        return show_grid(position, min(max(fine, 1), 5))
    return show_angles(position, form, min(max(fine, 0), 9))
