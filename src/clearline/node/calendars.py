"""Calendars: what a node needs of whoever reads and writes its desks' calendars.

A desk has a calendar that people keep, and beside it the changes that are made here: this
officer instead of whoever else (an override), or this officer not (an absence). Which file
format that is, zones and recurrence are the gateway's; what comes out are instants.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.watchbill import Shift

__all__ = ["Calendars", "Change", "ChangeKind", "Expansion", "Source"]


class ChangeKind(StrEnum):
    """What a change does to the watches of a desk."""

    OVERRIDE = "override"
    """The officer has the watch for the span, instead of whoever else had it."""
    ABSENCE = "absence"
    """The officer does not have the watch in the span."""


class Change(Struct, frozen=True, kw_only=True, order=True):
    """One override or one absence, at one desk."""

    start: Instant
    end: Instant
    officer: str
    kind: ChangeKind
    uid: str = ""
    """As its calendar names it; empty until it has been written."""


class Source(Struct, frozen=True, kw_only=True):
    """One calendar as it was read: what it is called in a mistake, and its bytes."""

    name: str
    raw: bytes


class Expansion(Struct, frozen=True, kw_only=True):
    """The calendars of one desk over a span, as instants."""

    shifts: tuple[Shift, ...] = ()
    """In the order of their starts, with every change applied."""
    changes: tuple[Change, ...] = ()
    """The overrides and absences of the span, whichever calendar has them."""


class Calendars(Protocol):
    """Whoever reads calendars and writes them."""

    def expand(
        self,
        sources: Sequence[Source],
        officers: Collection[str],
        start: Instant,
        until: Instant,
        zone: str,
    ) -> Expansion:
        """Return what the calendars of one desk say of [start, until). Mistake if they cannot."""
        ...

    def export(self, echelon: str, shifts: Sequence[Shift], stamp: Instant) -> bytes:
        """Return shifts as a calendar that expands to the same shifts again."""
        ...

    def write(self, echelon: str, changes: Sequence[Change], stamp: Instant) -> bytes:
        """Return changes as a calendar that expands to the same changes again."""
        ...
