"""Checkpoints: what a feed's author states of it, and receipts: what its mirror states.

A checkpoint is the head of a feed: origin, size, root. Its author signs it; the mirror
cosigns it, which says that everything up to that size is stored, at that time. Both sign
twice, with Ed25519 and with ML-DSA-44, and one signature alone is worth nothing.

It decides whether a checkpoint or a receipt is signed as it must be. It never decides
whether a checkpoint extends another: `mirror` does.

Source: C2SP tlog-checkpoint, tlog-cosignature; protocol/1-feeds.md for the deviation in
key names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from clearline.basis.faults import Reason, Refusal
from clearline.basis.instants import SECOND_MS, Instant
from clearline.record.note import (
    MAX_NAME_BYTES,
    MAX_NOTE_BYTES,
    Signature,
    VerifierKey,
    decode_base64,
    encode_base64,
    format_note,
    format_signature,
    parse_note,
    parse_signatures,
    refuse,
)
from clearline.record.tree import EMPTY_ROOT, HASH_BYTES, MAX_TREE_SIZE

__all__ = [
    "Checkpoint",
    "Receipt",
    "SignedCheckpoint",
    "Signer",
    "Verifier",
    "cosign",
    "open_cosignatures",
    "open_signed",
    "origin_of",
    "parse_checkpoint",
    "sign",
]

_LABEL = b"subtree/v1\n\0"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LATEST_S = 253_402_300_799
_TIMESTAMP_BYTES = 8
_WRONG_SIGNATURE = "is not signed by both keys of "


class Signer(Protocol):
    """What signs: AuthorKey or MirrorKey, or a simulator's stand-in."""

    @property
    def name(self) -> str:
        """The key name in signature lines."""
        ...

    @property
    def vkeys(self) -> tuple[VerifierKey, VerifierKey]:
        """The public halves, Ed25519 first."""
        ...

    def sign(self, classical: bytes, lattice: bytes) -> tuple[bytes, bytes]:
        """Return the Ed25519 signature of one message and the ML-DSA-44 one of the other."""
        ...


class Verifier(Protocol):
    """What verifies: AuthorVerifier or MirrorVerifier, or a simulator's stand-in."""

    @property
    def name(self) -> str:
        """The key name in signature lines."""
        ...

    @property
    def vkeys(self) -> tuple[VerifierKey, VerifierKey]:
        """The public halves, Ed25519 first."""
        ...

    def verify(self, classical: bytes, lattice: bytes, signatures: tuple[bytes, bytes]) -> bool:
        """Return whether both signatures hold, each of its message."""
        ...


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The head of a feed."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note text: three lines. Extension lines are never written."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


class SignedCheckpoint(Struct, frozen=True, kw_only=True):
    """A checkpoint whose author's two signatures hold, with the bytes that show it."""

    checkpoint: Checkpoint
    raw: bytes
    """The signed note as received: the evidence."""

    @property
    def size(self) -> int:
        """The size that the author signed."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root that the author signed."""
        return self.checkpoint.root


class Receipt(Struct, frozen=True, kw_only=True):
    """A mirror's statement that it stores a feed up to a size, both signatures verified."""

    origin: str
    size: int
    root: bytes
    at: Instant
    """The mirror's time, in whole seconds."""
    lines: bytes
    """The two signature lines as received: the evidence."""

    def note(self) -> bytes:
        """Return the whole cosigned checkpoint, as any C2SP tool reads it."""
        checkpoint = Checkpoint(origin=self.origin, size=self.size, root=self.root)
        return checkpoint.text().encode() + b"\n" + self.lines


def origin_of(link: str, party: str) -> str:
    """Return the origin of the feed of `party` on `link`."""
    return f"clearline/{link}/{party}"


def parse_checkpoint(text: str) -> Checkpoint | Refusal:
    """Return the checkpoint that a note's text spells, or why it is none. Never raises.

    Extension lines are refused: ML-DSA-44 cosignatures do not cover them.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        return refuse("a checkpoint has exactly three lines")
    origin, size, root = lines[0], lines[1], decode_base64(lines[2])
    if not 0 < len(origin.encode(errors="replace")) <= MAX_NAME_BYTES:
        return refuse("a checkpoint's origin is empty or too long")
    if not _DECIMAL.fullmatch(size) or int(size) > MAX_TREE_SIZE:
        return refuse("a checkpoint's size is not a decimal in range")
    if root is None or len(root) != HASH_BYTES:
        return refuse("a checkpoint's root is not a SHA-256 in base64")
    # tlog-witness: "A checkpoint of size zero MUST have the root hash of the empty tree".
    if size == "0" and root != EMPTY_ROOT:
        return refuse("a checkpoint of size zero has another root than the empty tree's")
    return Checkpoint(origin=origin, size=int(size), root=root)


def sign(checkpoint: Checkpoint, key: Signer) -> bytes:
    """Return the checkpoint as a note signed by its author with both algorithms."""
    text = checkpoint.text()
    # "These two values MAY be zero if the cosigner doesn't make any statement as to the tree
    # being the largest": an author's checkpoint says what the feed holds, not when.
    classical, lattice = key.sign(text.encode(), _cosigned(checkpoint, key.name, 0))
    return format_note(
        text,
        (
            Signature(name=key.name, key_id=key.vkeys[0].key_id, value=classical),
            Signature(name=key.name, key_id=key.vkeys[1].key_id, value=_stamp(0) + lattice),
        ),
    )


def open_signed(raw: bytes, origin: str, verifier: Verifier) -> SignedCheckpoint | Refusal:
    """Return the checkpoint of `origin` that both keys of its author signed, or why not.

    Signatures by other keys are ignored. Refusals: malformed, too large, not yours (another
    origin, or not signed by both keys).
    """
    note = parse_note(raw)
    if isinstance(note, Refusal):
        return note
    checkpoint = parse_checkpoint(note.text)
    if isinstance(checkpoint, Refusal):
        return checkpoint
    if checkpoint.origin != origin:
        return refuse("a checkpoint of another feed", Reason.NOT_YOURS)
    pair = _pick(note.signatures, verifier)
    if pair is None or pair[1][:_TIMESTAMP_BYTES] != _stamp(0):
        return refuse(f"the checkpoint {_WRONG_SIGNATURE}{verifier.name}", Reason.NOT_YOURS)
    lattice = _cosigned(checkpoint, verifier.name, 0)
    signatures = (pair[0], pair[1][_TIMESTAMP_BYTES:])
    if not verifier.verify(note.text.encode(), lattice, signatures):
        return refuse(f"the checkpoint {_WRONG_SIGNATURE}{verifier.name}", Reason.NOT_YOURS)
    return SignedCheckpoint(checkpoint=checkpoint, raw=raw)


def cosign(checkpoint: Checkpoint, key: Signer, at: Instant) -> bytes:
    """Return the mirror's two signature lines on `checkpoint`, made at `at`.

    They carry whole seconds, rounded down. `at` is at least one second after 1970, since
    a zero timestamp makes no statement.
    """
    seconds = max(int(at) // SECOND_MS, 1)
    classical, lattice = key.sign(
        _timed(checkpoint, seconds), _cosigned(checkpoint, key.name, seconds)
    )
    lines = [
        format_signature(Signature(name=key.name, key_id=vkey.key_id, value=_stamp(seconds) + made))
        for vkey, made in zip(key.vkeys, (classical, lattice), strict=True)
    ]
    return "".join(lines).encode()


def open_cosignatures(
    lines: bytes, checkpoint: Checkpoint, verifier: Verifier
) -> Receipt | Refusal:
    """Return the receipt that signature lines give for `checkpoint`, or why they give none.

    Both signatures must hold and carry the same time, which is not zero. Lines of other
    keys are ignored. Refusals: malformed, too large, not yours.
    """
    found = _parse_lines(lines)
    if isinstance(found, Refusal):
        return found
    pair = _pick(found, verifier)
    if pair is None or pair[0][:_TIMESTAMP_BYTES] != pair[1][:_TIMESTAMP_BYTES]:
        return refuse(f"the receipt {_WRONG_SIGNATURE}{verifier.name}", Reason.NOT_YOURS)
    seconds = int.from_bytes(pair[0][:_TIMESTAMP_BYTES], "big")
    if not 0 < seconds <= _LATEST_S:
        return refuse("a receipt without a time in the years 1970 to 9999")
    messages = _timed(checkpoint, seconds), _cosigned(checkpoint, verifier.name, seconds)
    if not verifier.verify(*messages, (pair[0][_TIMESTAMP_BYTES:], pair[1][_TIMESTAMP_BYTES:])):
        return refuse(f"the receipt {_WRONG_SIGNATURE}{verifier.name}", Reason.NOT_YOURS)
    return Receipt(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        at=Instant(seconds * SECOND_MS),
        lines=lines,
    )


def _parse_lines(lines: bytes) -> tuple[Signature, ...] | Refusal:
    try:
        return parse_signatures(lines[: MAX_NOTE_BYTES + 1].decode())
    except UnicodeDecodeError:
        return refuse("signature lines that are not UTF-8, or too long")


def _pick(signatures: Sequence[Signature], verifier: Verifier) -> tuple[bytes, bytes] | None:
    """Return the signature of each of the two keys, or None unless there is one of each."""
    values: list[bytes] = []
    for vkey in verifier.vkeys:
        key_id = vkey.key_id
        mine = [one.value for one in signatures if one.name == vkey.name and one.key_id == key_id]
        if len(mine) != 1:
            return None
        values.append(mine[0])
    return values[0], values[1]


def _stamp(seconds: int) -> bytes:
    return seconds.to_bytes(_TIMESTAMP_BYTES, "big")


def _timed(checkpoint: Checkpoint, seconds: int) -> bytes:
    """Return the message of an Ed25519 cosignature: two lines of its own, then the note text."""
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text()}".encode()


def _cosigned(checkpoint: Checkpoint, name: str, seconds: int) -> bytes:
    """Return the `cosigned_message` that ML-DSA-44 signs (tlog-cosignature)."""
    signer, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            _LABEL,
            bytes([len(signer)]),
            signer,
            _stamp(seconds),
            bytes([len(origin)]),
            origin,
            _stamp(0),  # start: "If signing a checkpoint, it MUST be zero."
            _stamp(checkpoint.size),
            checkpoint.root,
        )
    )
