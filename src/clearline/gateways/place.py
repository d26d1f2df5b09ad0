"""Where something stands in a file: the line of a byte, and the byte of a value in JSON.

A reader knows an offset, or a path of keys and numbers; a person needs a line and a column.
Both are found only for what is refused, so a file that is right costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any, cast

from clearline.gateways.hint import Spot

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lines", "offset_of"]

_BLANK = " \t\r\n"
_decode = cast("Callable[[str, int], tuple[Any, int]]", JSONDecoder().raw_decode)


class Lines:
    """The lines of a file in UTF-8. Offsets that come in rising order cost no second look."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._line = 1
        self._column = 1

    def spot(self, offset: int) -> Spot:
        """Return the line and column of the byte at an offset."""
        offset = min(max(0, offset), len(self._raw))
        if offset < self._at:
            self._at, self._line, self._column = 0, 1, 1
        start = self._raw.rfind(b"\n", self._at, offset) + 1
        if start:
            self._line += self._raw.count(b"\n", self._at, offset)
            self._at, self._column = start, 1
        self._column += len(self._raw[self._at : offset].decode(errors="replace"))
        self._at = offset
        return Spot(line=self._line, column=self._column)


def offset_of(text: str, path: Sequence[str | int]) -> int:
    """Return where in a JSON text the value at a path of keys and numbers begins.

    As far as the path leads: what is not there is pointed at by what would hold it.
    """
    at = _blank(text, 0)
    for step in path:
        try:
            found = _member(text, at, step) if isinstance(step, str) else _element(text, at, step)
        except (JSONDecodeError, IndexError, RecursionError):
            return at
        if found is None:
            return at
        at = found
    return at


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _member(text: str, at: int, key: str) -> int | None:
    """Return where the value of a key of the object at an offset begins."""
    found: int | None = None
    if text[at] != "{":
        return None
    at = _blank(text, at + 1)
    while text[at] == '"':
        name, at = _decode(text, at)
        at = _blank(text, _blank(text, at) + 1)
        # Of a key that comes twice, the last is what every reader takes.
        found = at if name == key else found
        at = _after(text, at)
        if text[at] != ",":
            break
        at = _blank(text, at + 1)
    return found


def _element(text: str, at: int, number: int) -> int | None:
    """Return where an element of the list at an offset begins."""
    if text[at] != "[":
        return None
    at = _blank(text, at + 1)
    for _ in range(number):
        at = _after(text, at)
        if text[at] != ",":
            return None
        at = _blank(text, at + 1)
    return at


def _after(text: str, at: int) -> int:
    """Return where, after blanks, what follows the value at an offset begins."""
    return _blank(text, _decode(text, at)[1])
