"""A trace: all that happened in one simulated night, as only the simulator can know it.

Neither party has this view. It holds what each human did, every append and its answer as
bytes, every effect with the true instant and the node's own, and when each node was up. The
checkers read it; nothing in a node does.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.effects import Effect
from clearline.core.events import Event

__all__ = ["Act", "Admission", "Change", "Life", "Performed", "Sending", "Trace"]


class Act(Struct, frozen=True, kw_only=True):
    """What somebody asked of a node, and what became of it."""

    at: Instant
    party: str
    event: Event
    human: bool
    """Whether a person asked for it. What is not a person must not act like one."""
    entries: tuple[str, ...]
    """Ids of what it wrote; none, if the node died of it, though it may have been recorded."""
    mistake: str | None
    waiting: bool
    """Whether an append was already under way when it was asked for."""


class Sending(Struct, frozen=True, kw_only=True):
    """One append as it left a node."""

    at: Instant
    party: str
    start: int
    end: int
    body: bytes


class Admission(Struct, frozen=True, kw_only=True):
    """One append as a node met it, with its answer."""

    at: Instant
    party: str
    """The node that was asked."""
    body: bytes
    status: int
    answer: bytes
    late: bool
    """Whether it was a second copy, or so late that nobody waits for the answer."""
    durable: int
    """How many entries of the sender's feed the node's journal held when it answered."""


class Performed(Struct, frozen=True, kw_only=True):
    """One effect that reached a node's humans."""

    at: Instant
    local: Instant
    party: str
    effect: Effect


class Life(StrEnum):
    """What can become of a node as a whole."""

    STARTED = "started"
    CRASHED = "crashed"
    UNSAFE = "unsafe"
    REFUSED_TO_START = "refused_to_start"


class Change(Struct, frozen=True, kw_only=True):
    """One change in a node's life."""

    at: Instant
    local: Instant
    party: str
    life: Life
    why: str
    journaled: int
    """Events in its journal just then."""
    mirrored: int
    """Entries of the counterpart's feed in its journal just then."""


class Trace:
    """Everything that happened, in its order."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.sendings: list[Sending] = []
        self.admissions: list[Admission] = []
        self.performed: list[Performed] = []
        self.lives: list[Change] = []
        self.lost: list[tuple[Instant, str]] = []
        """When a message was lost or came too late, and who had sent it."""
        self.failing: list[tuple[Instant, Instant, str]] = []
        """From when to when whose disk failed."""

    def digest(self) -> str:
        """Return a hash of everything: two runs that differ in one byte differ here."""
        whole = hashlib.sha256()
        for list_ in (self.acts, self.sendings, self.admissions, self.performed, self.lives):
            for each in list_:
                whole.update(repr(each).encode())
        whole.update(repr(self.lost).encode())
        return whole.hexdigest()
