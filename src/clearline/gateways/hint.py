"""Hints: a mistake in a file, with where it stands and what was probably meant."""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.faults import Mistake

__all__ = ["Hint", "Spot"]


class Spot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in a file, as an editor shows it: both are counted from 1, columns in characters."""

    line: int
    column: int


class Hint(Mistake):
    """A mistake in a file, with where it is and what was probably meant."""

    def __init__(
        self, code: str, phrase: str, *, spot: Spot | None = None, suggestion: str = ""
    ) -> None:
        super().__init__(code, phrase)
        self.spot = spot
        self.suggestion = suggestion
