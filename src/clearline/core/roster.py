"""Roster: who holds the watch at each desk now, ours and theirs.

A desk is rung by its echelon, never by a person's name. The officer's name stays in this
node; the counterpart learns only that a desk is manned, which rung it is and which
languages are spoken there. A handover is a recorded act of two people: the holder offers
the watch, and the one who has read the open items takes it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.basis.instants import Instant
from clearline.core.terms import MAX_DESKS, Language

__all__ = ["Offer", "Roster", "Watch", "WatchStatus"]


class WatchStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `watch.status`: one desk, manned or not. No names."""

    echelon: Name
    manned: bool
    rung: Annotated[int, Meta(ge=0, le=12)]
    """The lowest rung of the FLASH ladder that rings this desk; 0 if none does."""
    languages: Annotated[tuple[Language, ...], Meta(max_length=8)]


class Offer(Struct, frozen=True, kw_only=True):
    """An offer to hand a watch over that nobody has accepted yet."""

    to: str
    """The officer whom it is offered to; empty: whoever takes it."""
    at: Instant
    alarm_at: Instant
    """When every desk is next alarmed that nobody has accepted it."""


class Watch(Struct, frozen=True, kw_only=True):
    """Who holds the watch at one of our desks, and what is known of whether they are there."""

    echelon: str
    officer: str
    languages: tuple[str, ...]
    since: Instant
    acted_at: Instant | None = None
    """When the holder last did anything on this node, if it was after taking the watch."""
    asked_at: Instant | None = None
    """When the holder was last asked to confirm presence; None if that is not being asked."""
    round: int = 0
    """How often the holder has been asked again, having not answered."""
    missed: bool = False
    """Whether the desks were alarmed that the holder did not answer when last asked."""
    offer: Offer | None = None
    relief_at: Instant | None = None
    """When every desk is next alarmed about a planned relief; None: it is not late."""

    @property
    def confirmed_at(self) -> Instant:
        """Return when the holder was last known to be there."""
        return self.acted_at or self.since


class Roster(Struct, kw_only=True):
    """Our desks that are manned, by echelon."""

    desks: dict[str, Watch]
    faults: dict[str, str] = {}
    """Calendars that cannot be used as they are now, each with what is wrong with it."""

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

    def held_by(self, echelon: str, officer: str) -> Watch:
        """Return the watch that an officer holds at a desk; Mistake if it is not theirs."""
        holder = self.holder(echelon)
        if holder.officer != officer:
            raise Mistake(
                "not_your_watch",
                f"{holder.officer} holds the watch at {echelon} since {holder.since}; "
                f"you are {officer}.",
            )
        return holder

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
