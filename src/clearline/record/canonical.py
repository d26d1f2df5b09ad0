"""Canonical JSON: the one spelling of a value that is hashed, signed and sent.

The encoding is RFC 8785 restricted so that two independent encoders cannot differ: numbers
are integers of at most 53 bits, keys are ASCII, nesting is bounded. Inside that subset
"sorted, no white space, shortest escapes" *is* RFC 8785, which the tests check against an
independent implementation.

It decides whether bytes are canonical. It never repairs them: received bytes are kept and
hashed as they were received.

Source: RFC 8785 (JSON Canonicalization Scheme); RFC 7493 section 2.2 for the integer range.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, TypeVar, cast

import msgspec

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import dec_hook, enc_hook

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "decode",
    "encode",
    "fault_of",
    "is_canonical",
    "no_floats",
    "outside_subset",
    "sha256_hex",
    "spell",
]

T = TypeVar("T")

MAX_DEPTH = 32
"""How deep arrays and objects may nest; an entry, its body and a polygon need seven."""

MAX_INTEGER = 2**53 - 1
"""The largest integer, either sign, that every JSON implementation reads exactly."""

# A run of sixteen digits is the shortest that can spell an integer above MAX_INTEGER, and
# so the cheap sign that the slow walk is needed.
_DIGITS_AS_NINES = bytes.maketrans(b"0123456789", b"9999999999")
_LONG_DIGITS = b"9" * 16

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

# What lies between two quotes, is not all ASCII and has a colon behind it: a key, unless
# some text holds an escaped quote.
_FOREIGN_KEY = re.compile(rb'"[^"\x80-\xff]*+[\x80-\xff][^"]*+":')


class _FloatError(ValueError):
    """A number with a fraction or an exponent was met while decoding."""


def no_floats(literal: str) -> Any:
    """Refuse a float: a `float_hook` for msgspec decoders."""
    raise _FloatError(f"{literal[:40]} is not an integer")


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=enc_hook)
_DECODER = msgspec.json.Decoder(float_hook=no_floats)


def encode(value: Any) -> bytes:
    """Return the canonical bytes of `value`: JSON values, structs, instants, bytes (as base64).

    Raises Mistake `not_canonical` for what has no canonical form: a float, an integer
    beyond MAX_INTEGER, a key that is not ASCII text, nesting beyond MAX_DEPTH.
    """
    try:
        raw = _ENCODER.encode(value)
        # msgspec spells NaN and the infinities as null, which would hide them.
        fault = fault_of(raw) or (b"null" in raw and _hidden_float(value))
    except (TypeError, ValueError, NotImplementedError, RecursionError) as error:
        raise Mistake("not_canonical", f"this value has no canonical form: {error}") from error
    if fault:
        detail = fault.detail if isinstance(fault, Refusal) else "a float that is not a number"
        raise Mistake("not_canonical", f"this value has no canonical form: {detail}")
    return raw


def spell(value: Any) -> bytes:
    """Return the bytes that `encode` would, for what is checked as part of something larger.

    Only what that check could not see is looked for here: a float that is spelled as null.
    Raises Mistake `not_canonical` for it, and for what has no spelling at all.
    """
    try:
        raw = _ENCODER.encode(value)
        hidden = b"null" in raw and _hidden_float(value)
    except (TypeError, ValueError, NotImplementedError, RecursionError) as error:
        raise Mistake("not_canonical", f"this value has no canonical form: {error}") from error
    if hidden:
        raise Mistake("not_canonical", "this value has no canonical form: a float")
    return raw


def decode(raw: bytes, kind: type[T]) -> T | Refusal:
    """Return the `kind` that canonical bytes spell, or why they do not.

    Refusals: malformed (not JSON, a float, an integer or nesting beyond the limits, a
    field of the wrong type), not canonical, unknown field.
    """
    fault = fault_of(raw)
    if fault is not None:
        return fault
    try:
        return msgspec.json.decode(raw, type=kind, dec_hook=dec_hook)
    except (ValueError, RecursionError) as error:
        reason = Reason.UNKNOWN_FIELD if "unknown field" in str(error) else Reason.MALFORMED
        return Refusal(reason=reason, detail=str(error)[:200])


def is_canonical(raw: bytes) -> bool:
    """Return whether `raw` is the canonical spelling of some value."""
    return fault_of(raw) is None


def fault_of(raw: bytes) -> Refusal | None:
    """Return why `raw` is not canonical JSON, or None if it is. Never raises."""
    try:
        value = _DECODER.decode(raw)
    except RecursionError:
        return _malformed(f"nested deeper than {MAX_DEPTH}")
    except ValueError as error:
        return _malformed(str(error))
    # A key given twice, white space, `-0`, an escape too many or another order of keys are
    # all lost by decoding, so any of them makes this comparison fail.
    try:
        same = _ENCODER.encode(value) == raw
    except RecursionError:
        return _malformed(f"nested deeper than {MAX_DEPTH}")
    if not same:
        return Refusal(reason=Reason.NOT_CANONICAL, detail="not the RFC 8785 spelling of its value")
    return outside_subset(raw, value)


def outside_subset(raw: bytes, value: Any) -> Refusal | None:
    """Return what in `value`, whose sorted spelling is `raw`, our subset of RFC 8785 leaves out.

    Nesting beyond MAX_DEPTH, integers beyond MAX_INTEGER, keys that are not ASCII. The
    bytes are searched first, and the value walked only if something there calls for it.
    """
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_deeper(raw):
        return _malformed(f"nested deeper than {MAX_DEPTH}")
    foreign = not raw.isascii() and (b'\\"' in raw or _FOREIGN_KEY.search(raw))
    if foreign or _LONG_DIGITS in raw.translate(_DIGITS_AS_NINES):
        return _slow_fault(value)
    return None


def sha256_hex(raw: bytes) -> str:
    """Return the SHA-256 of `raw` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def _malformed(detail: str) -> Refusal:
    return Refusal(reason=Reason.MALFORMED, detail=detail[:200])


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(cast("dict[str, Any]", item).values())
    if isinstance(item, list):
        return cast("list[Any]", item)
    return []


def _is_deeper(raw: bytes) -> bool:
    """Return whether the well-formed JSON `raw` nests deeper than MAX_DEPTH.

    Of its brackets alone, each round takes the innermost away: as many rounds as levels.
    """
    brackets = _STRING.sub(b"", raw).translate(_BRACES_AS_BRACKETS, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _slow_fault(value: Any) -> Refusal | None:
    """Return the key or the integer in a decoded value that the subset leaves out."""
    rest: list[Any] = [value]
    while rest:
        item = rest.pop()
        if type(item) is int and abs(item) > MAX_INTEGER:
            return _malformed("an integer beyond 53 bits")
        if type(item) is dict:
            keys = cast("dict[str, Any]", item)
            if not all(key.isascii() for key in keys):
                return Refusal(reason=Reason.NOT_CANONICAL, detail="a key that is not ASCII")
        rest.extend(_children(item))
    return None


def _hidden_float(value: Any) -> bool:
    rest: list[Any] = [msgspec.to_builtins(value, enc_hook=enc_hook)]
    while rest:
        item = rest.pop()
        if type(item) is float:
            return True
        rest.extend(_children(item))
        if isinstance(item, tuple):
            rest.extend(cast("tuple[Any, ...]", item))
    return False
