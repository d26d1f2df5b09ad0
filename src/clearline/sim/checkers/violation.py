"""A violation: one rule of the protocol page that one night broke."""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant

__all__ = ["Violation"]


class Violation(Struct, frozen=True, kw_only=True):
    """Which rule, on which night, when, and what was seen."""

    rule: int
    """1 to 8, as the protocol page numbers them; 0 for what every rule stands on."""
    seed: int
    at: Instant
    what: str
