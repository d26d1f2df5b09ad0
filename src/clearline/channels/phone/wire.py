"""What the node and the child that holds baresip-python say to each other.

One JSON object a line, over the child's standard input and output. The first line tells the
child everything that it must know; a password is there and nowhere else, for a command line
can be read by anybody on the machine.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from clearline.channels.phone.line import Answered, Ended, Key, Lost, Parted, Rang

__all__ = [
    "MAX_LINE_BYTES", "Command", "Dial", "HangUp", "Join", "Ping", "Play", "Pong", "Ready",
    "Register", "Registered", "Report", "Setup", "Told", "decode_command", "decode_report",
    "encode",
]  # fmt: skip

MAX_LINE_BYTES = 65_536


class Setup(Struct, frozen=True, kw_only=True, tag=True):
    """The first line: whom to be, and through what."""

    server: str
    transport: str
    srtp: bool
    loopback: str
    """The address of this machine to call from, if the exchange is on it; else empty."""
    ca_file: str
    user: str
    domain: str
    auth_user: str
    password: str


class Dial(Struct, frozen=True, tag=True):
    """Place a call, to be known by this number."""

    line: int
    uri: str


class Play(Struct, frozen=True, tag=True):
    """Play a file into a call, in place of what is playing."""

    line: int
    path: str


class Join(Struct, frozen=True, tag=True):
    """Carry a call's sound to and from a local socket, in place of what is playing."""

    line: int
    path: str


class HangUp(Struct, frozen=True, tag=True):
    """End a call."""

    line: int


class Register(Struct, frozen=True, tag=True):
    """Register, and leave again."""

    asked: int


class Ping(Struct, frozen=True, tag=True):
    """Say that you are there, the SIP thread too."""


Command = Setup | Dial | Play | Join | HangUp | Register | Ping


class Ready(Struct, frozen=True, tag=True):
    """The stack is up."""


class Told(Struct, frozen=True, tag=True):
    """What a call has told."""

    line: int
    event: Rang | Answered | Key | Parted | Ended | Lost


class Registered(Struct, frozen=True, tag=True):
    """What the exchange answered to a registration."""

    asked: int
    outcome: Ended


class Pong(Struct, frozen=True, tag=True):
    """Here."""


Report = Ready | Told | Registered | Pong

_encoder = msgspec.json.Encoder()
decode_command = msgspec.json.Decoder(Command).decode
decode_report = msgspec.json.Decoder(Report).decode


def encode(message: Command | Report) -> bytes:
    """Return one line."""
    return _encoder.encode(message) + b"\n"
