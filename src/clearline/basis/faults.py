"""Whose fault it is: the counterpart's, the user's, or ours.

- A **refusal** is the counterpart's: a value, recorded, and answered with a reason code.
- A **mistake** is the user's: raised to the caller with a code and a sentence to show.
- **Broken** is ours: the node stops and says LINE NOT SAFE.

Nothing else is raised on purpose anywhere in Clearline.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["Broken", "Mistake", "Reason", "Refusal"]


class Reason(StrEnum):
    """Why an entry or a request of the counterpart was not accepted; on the wire, in lower case."""

    MALFORMED = "malformed"
    """Not JSON, not an entry, or a field of the wrong type."""
    NOT_CANONICAL = "not_canonical"
    """Another encoding of the same value than RFC 8785's."""
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_VERSION = "unknown_version"
    TOO_LARGE = "too_large"
    DUPLICATE = "duplicate"
    """An id that this link has already seen."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """`re` names an entry that is in neither feed, or is of the wrong kind."""
    NOT_YOURS = "not_yours"
    """Only the other side may say this of that entry."""
    STALE = "stale"
    """Its time has passed, or a later revision exists."""
    FUTURE = "future"
    """Its time is further ahead than the terms allow."""
    OUT_OF_ORDER = "out_of_order"
    """Not possible in the state that the call, notice or terms are in."""
    OUTSIDE_AREA = "outside_area"
    BAD_GEOMETRY = "bad_geometry"
    ANCHOR_MISMATCH = "anchor_mismatch"
    """The place, its coordinates and the anchor it was stated from do not agree."""
    NOT_ALLOWED = "not_allowed"
    """The terms do not allow this field, activity, kind or phrase."""
    NO_TERMS = "no_terms"
    """No terms are in force that would carry it."""
    RATE = "rate"
    TOO_MANY = "too_many"
    """A named limit on how many may be open at once is reached."""


class Refusal(Struct, frozen=True, kw_only=True):
    """What the counterpart is told, and what the record keeps, of something not accepted."""

    reason: Reason
    detail: str
    """One sentence in English, at most 200 characters, for the engineer on the other side."""


class Mistake(Exception):  # noqa: N818 - a mistake is not an error of the program's
    """The user's: what was asked cannot be done, why, and what would be right.

    `code` is stable and documented; `phrase` is a sentence to show; `at` is the offset of
    the character that is wrong in what the user typed, where there is one.
    """

    def __init__(self, code: str, phrase: str, *, at: int | None = None) -> None:
        super().__init__(phrase)
        self.code = code
        self.phrase = phrase
        self.at = at


class Broken(Exception):  # noqa: N818 - a state, as every screen then says
    """Ours: the node can no longer be sure that it is recording. It stops and says so."""
