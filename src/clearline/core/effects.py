"""Effects: all that the core can ask the world for.

An effect is a value. The runtime commits first and then performs it, at least once; each
carries an id, so that whoever performs it twice does it once. Nothing else leaves the core.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.terms import Precedence

__all__ = ["Alert", "Append", "Demand", "Effect", "Hush", "Release", "Ring", "Tell"]


class Append(Struct, frozen=True, kw_only=True, tag=True):
    """Add one entry to our feed on a link. Only `core.release` makes one."""

    link: str
    index: int
    """Its place in the feed; the runtime asserts it, so replay cannot drift."""
    id: str
    kind: str
    raw: bytes
    """The canonical entry, as it is hashed, stored and sent."""


class Release(Struct, frozen=True, kw_only=True, tag=True):
    """A line of the release log: what a human wanted to say, and what of it left."""

    id: str
    link: str
    entry: str
    kind: str
    at: Instant
    by: str
    """Who asked for it, or `node` for what the node says by itself. Local only."""
    changes: tuple[str, ...]
    """What was withheld, clipped or rounded, one code each; empty if it left as it was."""


class Demand(StrEnum):
    """What a human is rung for."""

    CALL = "call"
    CONFLICT = "conflict"
    TEST = "test"
    LINE = "line"
    PRESENCE = "presence"
    """Of ours alone: whether the holder of a watch is there and awake."""


class Ring(Struct, frozen=True, kw_only=True, tag=True):
    """Ring every desk and channel of an echelon until hushed."""

    id: str
    """`<what>:<rung>:<round>`: the same ringing has the same id, however often performed."""
    what: str
    """Id of the call, conflict or test; `presence:` and the echelon, if presence is asked."""
    link: str
    demand: Demand
    precedence: Precedence
    echelon: str
    rung: int
    """Of the ladder that is climbed; 0 if none is."""
    coded: tuple[str, ...]
    """The text as signed, in its coded form. A channel renders it; it is here from the start."""
    drill: bool
    until: Instant
    """When this rung gives way to the next."""
    officers: tuple[str, ...] = ()
    """Who is on watch there: who holds it, then who is planned. Their channels are rung."""
    channel: str = ""
    """The one channel to ring: of the one officer named, or of the room if none is. `desk` is
    the console alone. Empty: all of them. Only a test call names one."""


class Hush(Struct, frozen=True, kw_only=True, tag=True):
    """Stop ringing for one call, conflict or test."""

    id: str
    what: str


class Tell(Struct, frozen=True, kw_only=True, tag=True):
    """A line for every desk of ours. It rings nobody."""

    id: str
    code: str
    link: str | None
    about: str | None
    """Id of the notice, call or entry that it is about."""
    args: dict[str, str | int]


class Alert(Struct, frozen=True, kw_only=True, tag=True):
    """Something a human of ours must act on now: shown on every desk until acted on."""

    id: str
    code: str
    link: str | None
    about: str | None
    args: dict[str, str | int]


Effect = Append | Release | Ring | Hush | Tell | Alert
