"""A bulletin: a text of messages as they come over a teleprinter, and where each part stands.

What the formats by text share: bytes into upper-case characters without control characters,
offsets into lines and columns, a mistake that points at its place. It decides nothing about
what is said.
"""

from __future__ import annotations

from bisect import bisect_right

from clearline.basis.faults import Mistake
from clearline.gateways.reading import Hint, Spot

__all__ = ["MAX_BULLETIN_BYTES", "MAX_MESSAGE_CHARACTERS", "Bulletin", "words"]

MAX_BULLETIN_BYTES = 20_000_000
"""The longest file of messages that is read; a hundred thousand messages have about so many."""
MAX_MESSAGE_CHARACTERS = 20_000
"""The longest single message or set; the longest that telecommunication rules allow is a tenth."""

_UPPER = {low: low - 32 for low in range(ord("a"), ord("z") + 1)}
_BLANKS = {code: " " for code in range(32) if code != ord("\n")} | {0x7F: " ", 0xA0: " "}
_PLAIN = (
    str.maketrans(dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-"))
    | str.maketrans(dict.fromkeys("\u00ba\u02da", "\u00b0"))
    | str.maketrans(dict.fromkeys("\u2032\u2019\u2018\u00b4", "'"))
    | str.maketrans(dict.fromkeys("\u2033\u201d\u201c", '"'))
)
"""Typographic dashes, degree signs and quotes, and the plain ones that they stand for."""
_TABLE = _UPPER | _BLANKS | _PLAIN
"""One character for one, so that offsets hold."""


class Bulletin:
    """A text in capitals; offsets are those of the file, in characters."""

    def __init__(self, text: str) -> None:
        self.text = text.translate(_TABLE)
        """In capitals, typographic dashes and marks made plain, control characters as blanks."""
        self.typed = text
        """As it came."""
        self._starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = self.text.find("\n", at + 1)

    @classmethod
    def decode(cls, raw: bytes) -> Bulletin:
        """Return the bulletin that bytes spell in UTF-8 or ASCII. Raises Mistake."""
        if not raw.strip():
            raise Mistake("file_empty", "the file is empty")
        if len(raw) > MAX_BULLETIN_BYTES:
            raise Mistake(
                "file_too_large",
                f"the file has {len(raw):,} bytes; at most {MAX_BULLETIN_BYTES:,} are read",
            )
        try:
            return cls(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            spot = cls(raw[: error.start].decode("utf-8-sig", "replace")).spot(error.start)
            raise Hint(
                "file_unreadable",
                "the file is not text in ASCII or UTF-8",
                spot=spot,
                suggestion="save it as plain text",
            ) from error

    def spot(self, offset: int) -> Spot:
        """Return the line and column of a character."""
        at = min(max(0, offset), len(self.text))
        line = bisect_right(self._starts, at)
        return Spot(line=line, column=at - self._starts[line - 1] + 1)

    def hint(self, code: str, phrase: str, offset: int, suggestion: str = "") -> Hint:
        """Return a mistake that points at a character."""
        return Hint(code, phrase, spot=self.spot(offset), suggestion=suggestion)


def words(text: str, most: int = 40) -> str:
    """Return a piece of a message to show in a sentence: on one line, and not too long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 3].rstrip() + "..."
