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
from clearline.basis.instants import Instant, enc_hook
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


class _Whole(Struct, forbid_unknown_fields=True):
    """An entry with its body decoded: one decoding and one encoding show its spelling."""

    at: str
    body: dict[str, Any]
    id: Uuid7
    kind: Kind
    re: Annotated[list[Uuid7], Meta(max_length=MAX_RE)]
    v: int


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=enc_hook)
_DECODER = msgspec.json.Decoder(_Whole, float_hook=canonical.no_floats)
_FIELDS = frozenset(Entry.__struct_fields__)

# Around the body and the references of a canonical entry everything has a known length.
_BEFORE_BODY = len('{"at":"2026-11-23T14:25:07.120Z","body":')
_AFTER_BODY = len(',"id":"0193589c-0000-7000-8000-000000000000","kind":"","re":[],"v":1}')
_REFERENCE = len('"0193589c-0000-7000-8000-000000000000",')


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
    try:
        whole = _DECODER.decode(raw)
        if whole.v != VERSION or _ENCODER.encode(whole) != raw:
            return _refusal(raw, "not the RFC 8785 spelling of an entry")
        at = Instant.parse(whole.at)
    except (ValueError, RecursionError) as error:
        return _refusal(raw, str(error))
    fault = canonical.outside_subset(raw, whole.body)
    if fault is not None:
        return fault
    refs = tuple(whole.re)
    after = _AFTER_BODY + len(whole.kind) + max(_REFERENCE * len(refs) - 1, 0)
    body = Raw(raw[_BEFORE_BODY : len(raw) - after])
    return Entry(at=at, body=body, id=whole.id, kind=whole.kind, re=refs, v=VERSION)


def _refusal(raw: bytes, detail: str) -> Refusal:
    """Return why `raw` is not an entry: its spelling first, then its version, then its fields."""
    fault = canonical.fault_of(raw)
    if fault is not None:
        return fault
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
