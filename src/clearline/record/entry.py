"""An entry: one item in a feed, as both sides hash, store and show it.

It decides whether received bytes are an entry of the version that is spoken here. It never
decides whether an entry is allowed, timely or known: its body stays raw, and an unknown
kind is an entry like any other, because the receipt must cover it.

Source: protocol/1-feeds.md, "Entry".
"""

from __future__ import annotations

from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Raw, Struct

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import Uuid7
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.record import canonical

__all__ = ["MAX_ENTRY_BYTES", "MAX_RE", "VERSION", "Entry", "Kind", "decode", "encode"]

MAX_ENTRY_BYTES = 65_535
"""The longest entry, canonical; what the uint16 length of an entry bundle can say."""

MAX_RE = 64
"""How many entries one entry may answer or amend."""

VERSION = 1
"""The version of the entry format that this node speaks."""

Kind = Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z_]+\Z", max_length=64)]
"""What an entry says: a noun and a verb in the past, `notice.declared`; at most 64 characters."""


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item in a feed. The fields are in canonical order."""

    at: Instant
    """The sender's time; only shown, never a deadline."""
    body: Raw
    """The canonical JSON object that the kind's own room decodes."""
    id: Uuid7
    kind: Kind
    re: Annotated[tuple[Uuid7, ...], Meta(max_length=MAX_RE)]
    """The entries, in either feed, that this one answers or amends."""
    v: int


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=enc_hook)
_DECODER = msgspec.json.Decoder(Entry, dec_hook=dec_hook)
_FIELDS = frozenset(Entry.__struct_fields__)


def encode(entry: Entry) -> bytes:
    """Return the canonical bytes of `entry`.

    Raises Mistake with the reason's code if `decode` would refuse them, so that a feed
    never holds an entry that the counterpart must refuse.
    """
    raw = _ENCODER.encode(entry)
    found = decode(raw)
    if isinstance(found, Refusal):
        raise Mistake(found.reason.value, f"not an entry: {found.detail}")
    return raw


def decode(raw: bytes) -> Entry | Refusal:
    """Return the entry that `raw` spells, or why it is none. Never raises.

    Refusals: too large (more than MAX_ENTRY_BYTES, or more than MAX_RE references),
    malformed, not canonical, unknown version, unknown field.
    """
    if len(raw) > MAX_ENTRY_BYTES:
        return Refusal(reason=Reason.TOO_LARGE, detail=f"more than {MAX_ENTRY_BYTES} bytes")
    fault = canonical.fault_of(raw)
    if fault is not None:
        return fault
    try:
        entry = _DECODER.decode(raw)
    except (ValueError, RecursionError) as error:
        return _refusal(raw, str(error))
    if entry.v != VERSION:
        return Refusal(reason=Reason.UNKNOWN_VERSION, detail=f"entry version {entry.v}")
    if bytes(entry.body)[:1] != b"{":
        return Refusal(reason=Reason.MALFORMED, detail="the body is not an object")
    return entry


def _refusal(raw: bytes, detail: str) -> Refusal:
    """Return why canonical JSON is not an entry: the version first, since it explains the rest."""
    reason = Reason.MALFORMED
    value: Any = msgspec.json.decode(raw)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        version, refs = fields.get("v", VERSION), fields.get("re")
        if type(version) is int and version != VERSION:
            return Refusal(reason=Reason.UNKNOWN_VERSION, detail=f"entry version {version}")
        if fields.keys() - _FIELDS:
            reason = Reason.UNKNOWN_FIELD
        elif isinstance(refs, list) and len(cast("list[Any]", refs)) > MAX_RE:
            reason = Reason.TOO_LARGE
    return Refusal(reason=reason, detail=detail[:200])
