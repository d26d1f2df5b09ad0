"""Journaled: an event as the bytes that the journal keeps, and read back from them."""

from __future__ import annotations

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import dec_hook, enc_hook
from clearline.core.events import Event

__all__ = ["check_readable", "decode_event", "encode_event"]

encode_event = msgspec.msgpack.Encoder(enc_hook=enc_hook).encode
"""Returns an event as the journal has it."""
decode_event = msgspec.msgpack.Decoder(Event, dec_hook=dec_hook).decode
"""Reads an event as the journal has it; raises msgspec.MsgspecError."""


def check_readable(raw: bytes) -> None:
    """Raise Mistake if a person asked for what the journal could not read back.

    A struct made in Python is not held to its limits; one that is decoded is.
    """
    try:
        decode_event(raw)
    except msgspec.ValidationError as error:
        raise Mistake("bad_event", f"This cannot be recorded: {error}") from error
