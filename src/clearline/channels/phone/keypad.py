"""The keypad: whether what is keyed is the code.

Digits count in pairs, for a code has two. `*` and `#` begin again, and so does a pause. Beyond a
number of wrong codes nothing is taken any more: a telephone that floods keys, or a machine
that listens for them, would hit upon the code in the end.
"""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["MAX_WRONG", "PAUSE_S", "Keyed", "Keypad"]

MAX_WRONG = 5
"""Wrong codes after which keys are ignored for the rest of the call."""
PAUSE_S = 4.0
"""A digit alone for so long is forgotten."""


class Keyed(Enum):
    """What a key came to."""

    NOTHING = auto()
    CODE = auto()
    WRONG = auto()
    LAST_WRONG = auto()
    """Wrong, and nothing is taken from here on."""
    IGNORED = auto()


class Keypad:
    """What has been keyed in one call."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._typed = ""
        self._at = 0.0
        self.wrong = 0

    def press(self, digit: str, at_s: float) -> Keyed:
        """Take one key, at a time in seconds on any clock that only goes on."""
        if self.wrong >= MAX_WRONG:
            return Keyed.IGNORED
        if at_s - self._at > PAUSE_S:
            self._typed = ""
        self._at = at_s
        if digit not in "0123456789" or len(digit) != 1:
            self._typed = ""
            return Keyed.NOTHING
        self._typed += digit
        if len(self._typed) < len(self._code):
            return Keyed.NOTHING
        typed, self._typed = self._typed, ""
        if typed == self._code:
            return Keyed.CODE
        self.wrong += 1
        return Keyed.LAST_WRONG if self.wrong >= MAX_WRONG else Keyed.WRONG
