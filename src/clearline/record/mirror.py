"""Mirroring: how one party's feed is pushed to the other, and when it is admitted.

One request carries the new checkpoint and the entries that lead to it. The entries are the
proof: the mirror adds them to its own right edge of the tree and compares roots.

It decides whether an append is admitted, is for another size, or shows a fork. It never
stores: the caller stores durably what was admitted, and only then cosigns.

Source: protocol/1-feeds.md, "Append", modelled on C2SP tlog-witness `add-checkpoint`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from clearline.basis.faults import Broken, Mistake, Reason, Refusal
from clearline.record.checkpoint import SignedCheckpoint, Verifier, open_signed
from clearline.record.note import MAX_NOTE_BYTES, refuse
from clearline.record.tiles import encode_entries, parse_entries
from clearline.record.tree import MAX_TREE_SIZE, Frontier, leaf_hash

__all__ = [
    "MAX_APPEND_BYTES",
    "MAX_APPEND_ENTRIES",
    "Admitted",
    "AppendRequest",
    "Fork",
    "ForkEvidence",
    "WrongSize",
    "admit",
    "build_append",
    "parse_append",
    "verify_fork",
]

MAX_APPEND_BYTES = 4 * 1024 * 1024
"""The longest append request; with one second's upload on a poor line in mind."""

MAX_APPEND_ENTRIES = 1_024
"""How many entries one append may carry."""

_OLD = re.compile(rb"old (0|[1-9][0-9]{0,15})\n\n")
_DASH = "\N{EM DASH} ".encode()


class AppendRequest(Struct, frozen=True, kw_only=True):
    """An append as parsed: nothing in it is verified."""

    old: int
    """The size that the sender believes the mirror has."""
    checkpoint: bytes
    """The signed note of the new checkpoint."""
    entries: tuple[bytes, ...]
    """The entries from `old` on; none for a heartbeat."""


class Admitted(Struct, frozen=True, kw_only=True):
    """The append extends the mirror; store it, then cosign `checkpoint`."""

    frontier: Frontier
    """The mirror's right edge with the new entries; the one passed in is unchanged."""
    checkpoint: SignedCheckpoint
    leaf_hashes: tuple[bytes, ...]
    """One for each new entry, in order."""


class WrongSize(Struct, frozen=True, kw_only=True):
    """The append starts elsewhere than the mirror ends; the sender may try from `size`."""

    size: int


class ForkEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two statements signed by one author that do not fit.

    Two roots of one size convict the author alone and for ever (`is_conclusive`). A larger
    checkpoint with entries that do not lead to it shows only what was received: the author
    can rebut it with entries, or a consistency proof, that do.
    """

    first: bytes
    """The signed checkpoint that the mirror held."""
    second: bytes
    """The signed checkpoint that does not fit it."""
    peaks: tuple[bytes, ...]
    """The mirror's right edge at the first checkpoint; empty if the sizes are equal."""
    entries: tuple[bytes, ...]
    """What was given as the way from the first to the second; empty if the sizes are equal."""

    @property
    def is_conclusive(self) -> bool:
        """Whether it is of the kind that no entries can rebut: two roots of one size."""
        return not self.peaks


class Fork(Struct, frozen=True, kw_only=True):
    """The author has signed two histories, or given entries that do not make the one it signed."""

    evidence: ForkEvidence


def build_append(old: int, signed_checkpoint: bytes, entries: Sequence[bytes]) -> bytes:
    """Return the body of the append that extends a mirror of size `old`.

    Raises Mistake `too_many` beyond MAX_APPEND_ENTRIES and `too_large` beyond
    MAX_APPEND_BYTES: the caller sends a smaller checkpoint first.
    """
    if len(entries) > MAX_APPEND_ENTRIES:
        raise Mistake("too_many", f"an append carries at most {MAX_APPEND_ENTRIES} entries")
    body = b"old %d\n\n" % old + signed_checkpoint + encode_entries(entries)
    if len(body) > MAX_APPEND_BYTES:
        raise Mistake("too_large", f"an append has at most {MAX_APPEND_BYTES} bytes")
    return body


def parse_append(body: bytes) -> AppendRequest | Refusal:
    """Return the append that `body` spells, or why it is none. Linear; never raises.

    Refusals: too large (MAX_APPEND_BYTES, MAX_APPEND_ENTRIES, MAX_NOTE_BYTES), malformed.
    """
    if len(body) > MAX_APPEND_BYTES:
        return refuse(f"an append of more than {MAX_APPEND_BYTES} bytes", Reason.TOO_LARGE)
    head = _OLD.match(body)
    if head is None or int(head[1]) > MAX_TREE_SIZE:
        return refuse("an append begins with `old`, a size and an empty line")
    end = _end_of_note(body, head.end())
    if isinstance(end, Refusal):
        return end
    entries = parse_entries(body, MAX_APPEND_ENTRIES, end)
    if isinstance(entries, Refusal):
        return entries
    return AppendRequest(old=int(head[1]), checkpoint=body[head.end() : end], entries=entries)


def admit(
    frontier: Frontier,
    last: SignedCheckpoint | None,
    request: AppendRequest,
    origin: str,
    verifier: Verifier,
) -> Admitted | WrongSize | Fork | Refusal:
    """Return what a mirror that stands at `frontier` makes of an append.

    `last` is the checkpoint it last admitted, None before the first. Checked in this order:
    the author's signatures (else Refusal: what is unsigned is no evidence), a second root of
    our size (Fork), the size (WrongSize), the entries against the root (Fork). Entries are
    hashed only once all cheaper checks passed. A heartbeat is admitted with no leaf.
    """
    if last is not None and (last.size, last.root) != (frontier.size, frontier.root()):
        raise Broken("the mirror's frontier is not that of its last checkpoint")
    signed = open_signed(request.checkpoint, origin, verifier)
    if isinstance(signed, Refusal):
        return signed
    if last is not None and signed.size == last.size and signed.root != last.root:
        evidence = ForkEvidence(first=last.raw, second=signed.raw, peaks=(), entries=())
        return Fork(evidence=evidence)
    if request.old != frontier.size:
        return WrongSize(size=frontier.size)
    if signed.size - request.old != len(request.entries):
        return refuse("the entries are not as many as the checkpoint says")
    return _extend(frontier, last, signed, request.entries)


def verify_fork(evidence: ForkEvidence, origin: str, verifier: Verifier) -> bool:
    """Return whether the evidence is what it says: two statements of the author that do not fit.

    Never raises. See ForkEvidence for how much each of the two kinds proves.
    """
    first = open_signed(evidence.first, origin, verifier)
    second = open_signed(evidence.second, origin, verifier)
    if isinstance(first, Refusal) or isinstance(second, Refusal):
        return False
    if evidence.is_conclusive:
        same = first.size == second.size and first.root != second.root
        return same and not evidence.entries
    if second.size - first.size != len(evidence.entries) or len(evidence.entries) == 0:
        return False
    try:
        frontier = Frontier(first.size, evidence.peaks)
    except ValueError:
        return False
    # The peaks must be the first checkpoint's own, or the mirror could make them up.
    if frontier.root() != first.root:
        return False
    frontier.extend(map(leaf_hash, evidence.entries))
    return frontier.root() != second.root


def _extend(
    frontier: Frontier,
    last: SignedCheckpoint | None,
    signed: SignedCheckpoint,
    entries: tuple[bytes, ...],
) -> Admitted | Fork | Refusal:
    leaves = tuple(map(leaf_hash, entries))
    grown = frontier.copy()
    grown.extend(leaves)
    if grown.root() == signed.root:
        return Admitted(frontier=grown, checkpoint=signed, leaf_hashes=leaves)
    if last is None or last.size == 0:
        # Every tree extends the empty one, so there is no second statement to hold this
        # against: the entries are simply not those that were signed.
        return refuse("the entries do not hash to the signed root")
    return Fork(
        evidence=ForkEvidence(
            first=last.raw, second=signed.raw, peaks=frontier.peaks, entries=entries
        )
    )


def _end_of_note(body: bytes, start: int) -> int | Refusal:
    """Return where the signed note that begins at `start` ends: after its signature lines.

    An entry is a JSON object, so the third byte of its frame is `{` and never the third
    byte of an em dash: where the lines end is not in doubt.
    """
    blank = body.find(b"\n\n", start, start + MAX_NOTE_BYTES)
    if blank < 0:
        return refuse("an append without a signed checkpoint")
    at = blank + 2
    while body.startswith(_DASH, at):
        newline = body.find(b"\n", at, start + MAX_NOTE_BYTES)
        if newline < 0:
            return refuse("a signature line without an end")
        at = newline + 1
    return at
