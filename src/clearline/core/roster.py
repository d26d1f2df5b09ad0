"""Roster: who holds the watch at each desk now, ours and theirs.

A desk is rung by its echelon, never by a person's name. The officer's name stays in this
node; the counterpart learns only that a desk is manned, which rung it is and which
languages are spoken there. A handover is a recorded act of the one who takes over, who has
read the open items.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.basis.instants import Instant
from clearline.core.terms import Language

__all__ = ["Roster", "Watch", "WatchStatus"]

MAX_DESKS = 32


class WatchStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `watch.status`: one desk, manned or not. No names."""

    echelon: Name
    manned: bool
    rung: Annotated[int, Meta(ge=0, le=12)]
    """The lowest rung of the FLASH ladder that rings this desk; 0 if none does."""
    languages: Annotated[tuple[Language, ...], Meta(max_length=8)]


class Watch(Struct, frozen=True, kw_only=True):
    """Who holds the watch at one of our desks."""

    echelon: str
    officer: str
    languages: tuple[str, ...]
    since: Instant


class Roster(Struct, kw_only=True):
    """Our desks that are manned, by echelon."""

    desks: dict[str, Watch]

    @property
    def held(self) -> bool:
        """Return whether anybody holds any watch."""
        return bool(self.desks)

    def take(self, watch: Watch) -> None:
        """Man a desk; Mistake if somebody else holds it (they hand over, or leave, first)."""
        holder = self.desks.get(watch.echelon)
        if holder is not None:
            raise Mistake(
                "watch_held",
                f"{holder.officer} holds the watch at {watch.echelon} since {holder.since}. "
                "Take it by a handover.",
            )
        if len(self.desks) >= MAX_DESKS:
            raise Mistake("too_many_desks", f"A node has at most {MAX_DESKS} desks.")
        self.desks[watch.echelon] = watch

    def hand_over(self, watch: Watch) -> Watch:
        """Give a manned desk to another officer; return who held it. Mistake if none did."""
        holder = self.holder(watch.echelon)
        self.desks[watch.echelon] = watch
        return holder

    def leave(self, echelon: str) -> Watch:
        """Leave a desk unmanned; return who held it. Mistake if nobody did."""
        holder = self.holder(echelon)
        del self.desks[echelon]
        return holder

    def holder(self, echelon: str) -> Watch:
        """Return who holds the watch at a desk; Mistake if nobody does."""
        holder = self.desks.get(echelon)
        if holder is None:
            raise Mistake("watch_not_held", f"Nobody holds the watch at {echelon}: take it first.")
        return holder
