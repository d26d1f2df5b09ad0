"""Signed notes: text with signature lines below it, and the verifier keys that name signers.

It decides whether bytes are a well-formed note or key. It never verifies a signature:
which keys must have signed, and what, is for `checkpoint`.

Source: C2SP signed-note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from msgspec import Struct

from clearline.basis.faults import Reason, Refusal

__all__ = [
    "MAX_NAME_BYTES",
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "VerifierKey",
    "decode_base64",
    "encode_base64",
    "format_note",
    "format_signature",
    "parse_note",
    "parse_signatures",
    "parse_vkey",
    "refuse",
]

MAX_NOTE_BYTES = 131_072
"""The longest note: sixteen of the largest signatures in use, and room for the text."""

MAX_SIGNATURES = 16
""""Verifiers ... MUST accept at least up to 16 signatures"; this one accepts no more."""

MAX_NAME_BYTES = 255
"""The longest key name, in UTF-8; a cosigned message has one byte for its length."""

_MAX_KEY_BYTES = 8_192
_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class Signature(Struct, frozen=True, kw_only=True):
    """One signature line: who signed with which key, and the bytes that the key made."""

    name: str
    key_id: bytes
    """Four bytes; with `name` it says which key of which type signed."""
    value: bytes
    """The signature itself, at least one byte."""


class Note(Struct, frozen=True, kw_only=True):
    """A text and its signatures, none of them verified."""

    text: str
    """Ends in a newline."""
    signatures: tuple[Signature, ...]


class VerifierKey(Struct, frozen=True, kw_only=True):
    """A public key with the name and type that it signs under."""

    name: str
    kind: int
    """The signature type byte of C2SP signed-note, 0x01 to 0xff."""
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        head = f"{self.name}\n".encode() + bytes([self.kind])
        return hashlib.sha256(head + self.key).digest()[:4]

    def __str__(self) -> str:
        """Return the vkey: name, key id in hex, and type and key in base64, joined by `+`."""
        material = encode_base64(bytes([self.kind]) + self.key)
        return f"{self.name}+{self.key_id.hex()}+{material}"


def refuse(detail: str, reason: Reason = Reason.MALFORMED) -> Refusal:
    """Return the refusal of something that is not what it should be."""
    return Refusal(reason=reason, detail=detail[:200])


def encode_base64(raw: bytes) -> str:
    """Return `raw` in standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(raw).decode("ascii")


def decode_base64(text: str) -> bytes | None:
    """Return what `text` spells in base64, or None unless it is the one spelling of it."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Bits after the last whole byte must be zero, or one value would have several spellings.
    return raw if encode_base64(raw) == text else None


def parse_vkey(text: str) -> VerifierKey | Refusal:
    """Return the verifier key that `text` spells, or why it is none. Never raises.

    Stricter than the specification in one point: the key id must be the recommended hash.
    """
    parts = text.split("+", 2)
    if len(text) > 2 * _MAX_KEY_BYTES or len(parts) != 3:
        return refuse("a verifier key is <name>+<key id>+<base64>")
    name, key_id, material = parts
    raw = decode_base64(material)
    if not _is_name(name) or not _KEY_ID.fullmatch(key_id) or raw is None or len(raw) < 2:
        return refuse("a verifier key has a malformed name, key id or key")
    key = VerifierKey(name=name, kind=raw[0], key=raw[1:])
    if key.key_id.hex() != key_id:
        return refuse("a verifier key's id is not the hash of its name, type and key")
    return key


def format_signature(signature: Signature) -> str:
    """Return one signature line, with its newline."""
    value = encode_base64(signature.key_id + signature.value)
    return f"{_DASH}{signature.name} {value}\n"


def format_note(text: str, signatures: tuple[Signature, ...]) -> bytes:
    """Return the note of `text`, which ends in a newline, and its signatures."""
    return (text + "\n" + "".join(map(format_signature, signatures))).encode()


def parse_note(raw: bytes) -> Note | Refusal:
    """Return the note that `raw` spells, or why it is none. Never raises.

    Limits: MAX_NOTE_BYTES, MAX_SIGNATURES.
    """
    if len(raw) > MAX_NOTE_BYTES:
        return refuse(f"a note of more than {MAX_NOTE_BYTES} bytes", Reason.TOO_LARGE)
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        return refuse("a note that is not UTF-8")
    # "the text is separated from the signatures by the last empty line in the note"
    split = whole.rfind("\n\n")
    if split < 0 or _CONTROL.search(whole):
        return refuse("a note without an empty line, or with a control character")
    signatures = parse_signatures(whole[split + 2 :])
    if isinstance(signatures, Refusal):
        return signatures
    return Note(text=whole[: split + 1], signatures=signatures)


def parse_signatures(lines: str) -> tuple[Signature, ...] | Refusal:
    """Return the signatures of one to MAX_SIGNATURES lines, or why they are none."""
    if len(lines) > MAX_NOTE_BYTES or not lines.endswith("\n"):
        return refuse("signature lines are too long, or do not end in a newline")
    found: list[Signature] = []
    for line in lines[:-1].split("\n"):
        signature = _parse_line(line)
        if signature is None:
            return refuse("a malformed signature line")
        found.append(signature)
        if len(found) > MAX_SIGNATURES:
            return refuse(f"more than {MAX_SIGNATURES} signatures", Reason.TOO_LARGE)
    return tuple(found)


def _parse_line(line: str) -> Signature | None:
    name, space, value = line.removeprefix(_DASH).rpartition(" ")
    raw = decode_base64(value)
    if not line.startswith(_DASH) or not space or not _is_name(name):
        return None
    if raw is None or len(raw) < 5:
        return None
    return Signature(name=name, key_id=raw[:4], value=raw[4:])


def _is_name(name: str) -> bool:
    """Return whether `name` may name a key: not empty, no Unicode space, no plus, no control."""
    if not name or "+" in name or _CONTROL.search(name):
        return False
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    return length <= MAX_NAME_BYTES and not any(letter.isspace() for letter in name)
