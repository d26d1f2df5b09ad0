"""A proof of one entry: a small text file that convinces alone and offline.

It carries the entry, its place, the way from it to the root, and the checkpoint with the
author's and the mirror's signatures: "this was said, and the other side stored it by then".

It decides whether such a proof holds. It never decides which keys to trust: the caller
brings them, from the terms.

Source: C2SP tlog-proof. The entry rides in the `extra` line, which the format leaves to
the application; it is authenticated by the proof, since its hash is the leaf.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.record.checkpoint import (
    Receipt,
    SignedCheckpoint,
    Verifier,
    open_cosignatures,
    open_signed,
)
from clearline.record.note import MAX_NOTE_BYTES, decode_base64, encode_base64, refuse
from clearline.record.tree import HASH_BYTES, leaf_hash, verify_inclusion

__all__ = ["MAX_PROOF_BYTES", "Proof", "Proven", "build_proof", "parse_proof", "verify_proof"]

MAX_PROOF_BYTES = 262_144
"""The longest proof: the largest entry in base64, 63 hashes and the largest note."""

_MAX_HASHES = 63
_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


class Proof(Struct, frozen=True, kw_only=True):
    """A proof as parsed: nothing in it is verified."""

    entry: bytes | None
    """The extra data; for a proof of ours, the entry. Trust it only once verified."""
    index: int
    hashes: tuple[bytes, ...]
    """The inclusion proof, from the leaf's sibling up."""
    note: bytes
    """The checkpoint with all its signatures."""


class Proven(Struct, frozen=True, kw_only=True):
    """What a verified proof shows."""

    entry: bytes
    index: int
    origin: str
    size: int
    """The size of the feed at which it is proven."""
    at: Instant
    """When the mirror had stored it, by the mirror's clock."""


def build_proof(
    entry: bytes,
    index: int,
    hashes: Sequence[bytes],
    checkpoint: SignedCheckpoint,
    receipt: Receipt,
) -> bytes:
    """Return the `.tlog-proof` of one entry.

    `hashes` is its inclusion proof at the checkpoint's size, the receipt one for the same
    head. Raises Mistake `not_this_head` if they do not belong together.
    """
    head = checkpoint.checkpoint
    if (receipt.origin, receipt.size, receipt.root) != (head.origin, head.size, head.root):
        raise Mistake("not_this_head", "the receipt is not for this checkpoint")
    if not verify_inclusion(leaf_hash(entry), index, head.size, hashes, head.root):
        raise Mistake("not_this_head", "the entry is not at this place under this checkpoint")
    lines = [_HEADER, f"extra {encode_base64(entry)}", f"index {index}"]
    lines += map(encode_base64, hashes)
    return "\n".join([*lines, "", ""]).encode() + checkpoint.raw + receipt.lines


def parse_proof(raw: bytes) -> Proof | Refusal:
    """Return the proof that `raw` spells, or why it is none. Never raises.

    Limits: MAX_PROOF_BYTES, 63 hashes, MAX_NOTE_BYTES.
    """
    if len(raw) > MAX_PROOF_BYTES:
        return refuse(f"a proof of more than {MAX_PROOF_BYTES} bytes", Reason.TOO_LARGE)
    head, blank, note = raw.partition(b"\n\n")
    lines = head.decode("ascii", errors="replace").split("\n")
    if not blank or len(note) > MAX_NOTE_BYTES or lines.pop(0) != _HEADER:
        return refuse(f"a proof begins with {_HEADER} and ends with a checkpoint")
    entry: bytes | None = None
    if lines and lines[0].startswith("extra "):
        entry = decode_base64(lines.pop(0).removeprefix("extra "))
        if entry is None:
            return refuse("a proof's extra line is not base64")
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    hashes = _hashes(lines)
    if index is None or hashes is None:
        return refuse("a proof without an index, or with a malformed hash")
    return Proof(entry=entry, index=int(index[1]), hashes=hashes, note=note)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...] | None:
    found = [decode_base64(line) for line in lines]
    hashes = tuple(each for each in found if each is not None and len(each) == HASH_BYTES)
    return hashes if len(hashes) == len(lines) <= _MAX_HASHES else None


def verify_proof(
    raw: bytes, origin: str, author: Verifier, mirror: Verifier, entry: bytes | None = None
) -> Proven | Refusal:
    """Return what a proof shows, or why it shows nothing. Never raises.

    Both signatures of the author of `origin` and both of its mirror must hold. With
    `entry`, the proof must be of that entry; without, of the one that it carries.
    """
    proof = parse_proof(raw)
    if isinstance(proof, Refusal):
        return proof
    signed = open_signed(proof.note, origin, author)
    if isinstance(signed, Refusal):
        return signed
    lines = proof.note[proof.note.rfind(b"\n\n") + 2 :]
    receipt = open_cosignatures(lines, signed.checkpoint, mirror)
    if isinstance(receipt, Refusal):
        return receipt
    proven = proof.entry if entry is None else entry
    if proven is None:
        return refuse("the proof carries no entry, and none was given")
    if not verify_inclusion(leaf_hash(proven), proof.index, signed.size, proof.hashes, signed.root):
        return refuse("the entry is not at this place under this checkpoint")
    return Proven(entry=proven, index=proof.index, origin=origin, size=signed.size, at=receipt.at)
