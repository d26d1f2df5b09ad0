"""Links: the state of one line to one counterpart.

Link state is a function of the age of the counterpart's last cosignature: UP, LATE, DOWN.
A fork makes it DISPUTED until a person decides. What the parties announce about it
politically stands apart and changes nothing that it can carry: on 7 April 2017 a
suspension was announced and the officers kept talking.

This room also counts both feeds: where ours ends, and what we have seen of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS, Instant
from clearline.core.roster import WatchStatus
from clearline.core.terms import Agreement, Party, Terms

__all__ = ["Announced", "EntryPlace", "Link", "LinkState", "Recheck", "StatusAnnounced"]

MAX_COUNTER = 0xFFF
"""The last of the 4,096 ids that one instant has (RFC 9562 section 6.2, method 1)."""


class LinkState(StrEnum):
    """Whether the counterpart is known to hold what we say."""

    UP = "up"
    LATE = "late"
    DOWN = "down"
    DISPUTED = "disputed"


class Announced(StrEnum):
    """The political state of a link. It never changes what the link can carry."""

    IN_FORCE = "in_force"
    SUSPENDED = "suspended"


class StatusAnnounced(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `status.announced`."""

    status: Announced


class EntryPlace(Struct, frozen=True, kw_only=True):
    """Where an entry goes in our feed: its index, id and time."""

    index: int
    id: str
    at: Instant
    counter: int
    """How many ids of our feed before it share its instant."""


class Recheck(Struct, frozen=True, kw_only=True):
    """How far the standing notices of a link have been compared again, under amended minima.

    Every pair has one notice of ours in it, so ours are gone through in the order of their
    ids. What is declared meanwhile is compared as it comes, and has a greater id.
    """

    upto: str
    """Id of the last one to compare: the newest when the terms came into force."""
    total: int
    """How many there were then."""
    after: str = ""
    """Id of the last one compared; empty before the first."""
    done: int = 0
    found: int = 0
    """Claims that were made, or made anew because they had changed."""
    cleared: int = 0

    @property
    def percent(self) -> int:
        """Return how much of it is done, from 0 to 99: at 100 there is none any more."""
        return min(99, 100 * self.done // max(self.total, 1))


class Link(Struct, kw_only=True):
    """One link as this node holds it."""

    id: str
    us: str
    them: str
    agreement: Agreement
    opened_at: Instant

    own_size: int = 0
    own_last: Instant = Instant(0)
    own_counter: int = 0
    """How many ids of our feed share the last instant."""

    their_size: int = 0
    their_last_id: str = ""
    their_notices_hour: int = -1
    """The hour (since the epoch) that the count below is of."""
    their_notices_count: int = 0

    receipt_size: int = 0
    receipt_at: Instant | None = None
    """When we last got the counterpart's cosignature, by our clock."""
    clock_ahead_ms: int = 0
    """How far the counterpart's clock is ahead of ours; whole seconds, as its signature is."""
    clock_alarmed: bool = False

    state: LinkState = LinkState.DOWN
    """As last told to our desks."""
    disputed: bool = False
    peer_unsafe: bool = False
    peer_disputes: bool = False
    """Whether the counterpart refuses our feed as a fork."""
    announced_by_us: Announced = Announced.IN_FORCE
    announced_by_them: Announced = Announced.IN_FORCE
    their_desks: dict[str, WatchStatus] = {}
    next_test_at: Instant | None = None
    recheck: Recheck | None = None
    """None unless the minima were amended and not all pairs are compared by them yet."""

    @property
    def terms(self) -> Terms:
        """Return the terms to act by."""
        return self.agreement.terms

    @property
    def counterpart(self) -> Party:
        """Return the counterpart's card."""
        return self.terms.side(self.them)

    def state_at(self, now: Instant) -> LinkState:
        """Return what the age of the last cosignature makes of the link at `now`."""
        if self.disputed:
            return LinkState.DISPUTED
        if self.receipt_at is None:
            return LinkState.DOWN
        age_ms = now.since(self.receipt_at)
        if age_ms <= self.terms.pulse.late_after_ms:
            return LinkState.UP
        return LinkState.LATE if age_ms <= self.terms.pulse.down_after_ms else LinkState.DOWN

    def due(self) -> Instant | None:
        """Return when silence alone would change the state that our desks were told."""
        if self.receipt_at is None:
            return None
        match self.state:
            case LinkState.UP:
                return self.receipt_at.after(self.terms.pulse.late_after_ms + 1)
            case LinkState.LATE:
                return self.receipt_at.after(self.terms.pulse.down_after_ms + 1)
            case LinkState.DOWN | LinkState.DISPUTED:
                return None

    def next_place(self, now: Instant, taken: Callable[[str], bool]) -> EntryPlace:
        """Return where our next entry goes; nothing is counted until it is `written`.

        A feed's times never run backwards, and its ids strictly increase: ids that share
        their instant are told apart by 12 bits, so the 4,097th bears the next instant. An id
        that is `taken` is passed over; a counterpart may have guessed it.
        """
        at = now if now > self.own_last else self.own_last
        counter = self.own_counter + 1 if at == self.own_last else 0
        while True:
            if counter > MAX_COUNTER:
                at, counter = at.after(1), 0
            entry = derive(at, counter, self.id, self.us, self.own_size)
            if not taken(entry):
                return EntryPlace(index=self.own_size, id=entry, at=at, counter=counter)
            counter += 1

    def written(self, place: EntryPlace) -> None:
        """Count the entry that went to `place`."""
        self.own_last, self.own_counter = place.at, place.counter
        self.own_size = place.index + 1

    def admits_notice(self, now: Instant) -> bool:
        """Count one notice of the counterpart; return whether it is within this hour's limit."""
        hour = int(now) // HOUR_MS
        if hour != self.their_notices_hour:
            self.their_notices_hour, self.their_notices_count = hour, 0
        self.their_notices_count += 1
        return self.their_notices_count <= self.terms.limits.notices_per_hour
