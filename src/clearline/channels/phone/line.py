"""One call as its driver tells it, and the port that every driver stands behind.

A driver places a call and tells what becomes of it: it rings, it was answered, a key was
pressed, it ended, or the driver itself died. What that means for a page is decided by
`outcome` and `talk`, never here.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from msgspec import Struct

__all__ = [
    "Answered",
    "Driver",
    "Ended",
    "Inbox",
    "Key",
    "Line",
    "LineEvent",
    "Lost",
    "Parted",
    "Rang",
]

MAX_KEYS_WAITING = 32
"""Keys that may wait to be read; a telephone that floods keys loses the rest."""


class Rang(Struct, frozen=True, tag=True):
    """The telephone at the other end rings: SIP 180 or 183."""


class Answered(Struct, frozen=True, tag=True):
    """Somebody, or some machine, took it up, and what is played is heard."""


class Key(Struct, frozen=True, tag=True):
    """A key was pressed: RFC 4733 telephone-event, or SIP INFO."""

    digit: str


class Ended(Struct, frozen=True, tag=True):
    """The call is over, or never came to be."""

    status: int = 0
    """What SIP answered, such as 486; 0 if nothing did, or the call had been answered."""
    reason: str = ""


class Lost(Struct, frozen=True, tag=True):
    """The driver died with the call; whether it still rings nobody knows."""

    reason: str = ""


class Parted(Struct, frozen=True, tag=True):
    """The voice that the call was joined to is over; the call itself may go on."""


LineEvent = Rang | Answered | Key | Parted | Ended | Lost


class Inbox:
    """What one call has told and nobody has read yet; bounded, whatever the other end sends."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._keys = 0
        self.ignored_keys = 0
        self.over = False

    def put(self, event: LineEvent) -> None:
        """Take one event; keys beyond the limit are counted and dropped."""
        if self.over:
            return
        if isinstance(event, Key):
            if self._keys >= MAX_KEYS_WAITING:
                self.ignored_keys += 1
                return
            self._keys += 1
        self.over = isinstance(event, Ended | Lost)
        self._events.put_nowait(event)

    async def next(self) -> LineEvent:
        """Return the next event; wait for it."""
        event = await self._events.get()
        if isinstance(event, Key):
            self._keys -= 1
        return event


class Line(Protocol):
    """A call under way."""

    @property
    def inbox(self) -> Inbox:
        """Return what the call tells."""
        ...

    async def play(self, sound: Path) -> None:
        """Play a file, 8 kHz, mono, 16 bits, in place of whatever is playing; never raises."""
        ...

    @property
    def joins(self) -> bool:
        """Return whether the call's sound can be carried to the voice of a call."""
        ...

    async def join(self, path: Path) -> None:
        """Carry the call's sound to and from a socket, in place of what is playing.

        See `node.talking.PutThrough`. Never raises; Parted is told when it is over, or cannot be.
        """
        ...

    async def hang_up(self) -> None:
        """End the call, however far it is; at once, never raises, and may be asked twice."""
        ...


class Driver(Protocol):
    """What places calls."""

    async def start(self) -> None:
        """Get ready; never raises."""
        ...

    async def stop(self) -> None:
        """Hang everything up and end every process."""
        ...

    async def ready(self) -> None:
        """Return if a call could be placed now; ChannelError if not."""
        ...

    async def dial(self, uri: str) -> Line:
        """Send an INVITE; ChannelError if the driver cannot."""
        ...

    async def register(self) -> Ended:
        """Register at the exchange and leave again; return what it answered, 200 if it did."""
        ...
