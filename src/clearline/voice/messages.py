"""Messages: what a node and its voice process say to each other, and two nodes about voice.

The node and its process speak JSON, a line each, over a socket that nobody else has. Two nodes
speak by `POST .../voice` (protocol/11-voice.md): an offer, which is answered, and an end.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from clearline.basis.ids import Uuid7
from clearline.voice.bounds import MAX_SDP_BYTES
from clearline.voice.recording import Recorded

__all__ = [
    "LINE_BYTES",
    "Accept",
    "Answered",
    "Begin",
    "Command",
    "Connect",
    "Ended",
    "Event",
    "Failed",
    "Finish",
    "Given",
    "Gone",
    "Hear",
    "Leave",
    "Offer",
    "Over",
    "Ready",
    "State",
    "Telephone",
    "Wire",
    "decode_command",
    "decode_event",
    "decode_wire",
]

LINE_BYTES = 1 << 20
"""What one message between a node and its process may have."""

Sdp = Annotated[str, Meta(min_length=1, max_length=MAX_SDP_BYTES)]
SessionId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""128 bits that whoever offers has drawn."""


class _Command(Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    n: int = 0
    """The answer has the same number; whoever sends it counts."""
    session: str


class Begin(_Command, frozen=True, kw_only=True):
    """Begin a session, and its recording."""

    file: str
    title: str


class Hear(_Command, frozen=True, kw_only=True):
    """Take a console's offer; answered with Given."""

    sdp: str


class Connect(_Command, frozen=True, kw_only=True):
    """Make an offer for the counterpart's node; answered with Given."""


class Accept(_Command, frozen=True, kw_only=True):
    """Take the counterpart's offer; answered with Given."""

    sdp: str


class Answered(_Command, frozen=True, kw_only=True):
    """The counterpart's node has answered our offer."""

    sdp: str


class Telephone(_Command, frozen=True, kw_only=True):
    """Let a telephone of ours talk: whatever holds its call connects to this socket."""

    path: str
    officer: str


class Leave(_Command, frozen=True, kw_only=True):
    """Let the console go; the session stays."""


class Finish(_Command, frozen=True, kw_only=True):
    """End a session; its Over follows."""


Command = Begin | Hear | Connect | Accept | Answered | Telephone | Leave | Finish


class _Event(Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    pass


class Ready(_Event, frozen=True, kw_only=True):
    """The process is up: everything that takes long to load is loaded."""


class Given(_Event, frozen=True, kw_only=True):
    """A command is done."""

    n: int = 0
    sdp: str = ""


class Failed(_Event, frozen=True, kw_only=True):
    """A command could not be done."""

    n: int = 0
    code: str
    phrase: str


class State(_Event, frozen=True, kw_only=True):
    """Where a session stands now; told whenever it changes."""

    session: str
    console: str
    """`off`, `connecting`, `on` or `lost`: our officer's browser."""
    peer: str
    """The same of the leg to the counterpart's node."""
    theirs: bool
    """Whether anything comes from the counterpart's officer now."""
    ever: bool
    """Whether anything ever did."""
    telephones: tuple[str, ...]
    """Whoever of ours talks by telephone."""
    recorded: bool
    fault: str
    """Why it is not recorded."""


class Gone(_Event, frozen=True, kw_only=True):
    """Nobody of ours has been there for as long as a session may be without, or it is too old."""

    session: str
    why: str


class Over(_Event, frozen=True, kw_only=True):
    """A session has ended, and this is its recording; None if there is none."""

    session: str
    recorded: Recorded | None


Event = Ready | Given | Failed | State | Gone | Over


class Offer(Struct, frozen=True, kw_only=True, tag="offer", forbid_unknown_fields=True):
    """One node to the other: voice for a call, and how to reach this side."""

    call: Uuid7
    session: SessionId
    sdp: Sdp


class Ended(Struct, frozen=True, kw_only=True, tag="end", forbid_unknown_fields=True):
    """One node to the other: the voice of a call is over."""

    call: Uuid7
    session: SessionId


Wire = Offer | Ended

decode_command = msgspec.json.Decoder(Command).decode
decode_event = msgspec.json.Decoder(Event).decode
decode_wire = msgspec.json.Decoder(Wire, strict=True).decode
