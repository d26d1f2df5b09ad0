"""Messages: what a node and its process of tracks say to each other: JSON, a line each.

They go over a socket that nobody else has. The node says what to listen to and which notices
there are; the process says what it sees. There is no message by which anything could be declared,
called or sent: the process has no way to ask for that, and the node no way to hear it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from clearline.basis.instants import dec_hook, enc_hook
from clearline.node.tracks.receivers import Place
from clearline.node.tracks.track import Alarm, Receiver, Track, Watched

__all__ = [
    "LINE_BYTES",
    "Alarmed",
    "Begin",
    "Belong",
    "Command",
    "Ended",
    "Event",
    "Heard",
    "Listen",
    "Notices",
    "Seen",
    "decode_command",
    "decode_event",
    "encode",
]

LINE_BYTES = 16 << 20
"""What one message may have: two hundred notices of thirty-two outlines each."""


class _Message(Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    pass


class Begin(_Message, frozen=True, kw_only=True):
    """The first: how far ahead a course is followed."""

    ahead_ms: int


class Notices(_Message, frozen=True, kw_only=True):
    """Notices that are new or different, each in place of what had its id."""

    put: tuple[Watched, ...]


class Ended(_Message, frozen=True, kw_only=True):
    """Notices that are no more."""

    notices: tuple[str, ...]


class Belong(_Message, frozen=True, kw_only=True):
    """An officer says that a track belongs to a notice of ours; to none, if it is empty."""

    track: str
    notice: str


class Listen(_Message, frozen=True, kw_only=True):
    """What to listen to, said once, when all notices that there are have been told.

    What was heard before that could not be compared with them: it would pass for clear, and a
    track of ours for a stranger.
    """

    places: tuple[Place, ...]
    authority: str
    """PEM files for servers that are reached by TLS; empty for none, or for the system's own."""
    certificate: str
    key: str


Command = Begin | Notices | Ended | Belong | Listen


class Seen(_Message, frozen=True, kw_only=True):
    """Tracks that are new or different, and ids of those that are gone."""

    put: tuple[Track, ...]
    gone: tuple[str, ...]
    left_out: int


class Alarmed(_Message, frozen=True, kw_only=True):
    """Alarms that are new or different, and ids of those that are over."""

    put: tuple[Alarm, ...]
    over: tuple[str, ...]
    left_out: int


class Heard(_Message, frozen=True, kw_only=True):
    """How every receiver is doing."""

    receivers: tuple[Receiver, ...]


Event = Seen | Alarmed | Heard

_encoder = msgspec.json.Encoder(enc_hook=enc_hook)


def encode(message: Any) -> bytes:
    """Return a message as a line."""
    return _encoder.encode(message) + b"\n"


decode_command = msgspec.json.Decoder(Command, dec_hook=dec_hook).decode
decode_event = msgspec.json.Decoder(Event, dec_hook=dec_hook).decode
