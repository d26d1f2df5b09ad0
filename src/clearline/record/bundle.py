"""A proof bundle: the whole record of a link in one file that explains and proves itself.

It says what lies where in the file, and writes it. It never verifies: `audit` does, from
the file's bytes alone, as anyone else would.

Source: protocol/2-bundle.md; C2SP tlog-tiles for the layout of entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from clearline.basis.faults import Mistake, Refusal
from clearline.basis.instants import Instant
from clearline.record import canonical
from clearline.record.archive import MAX_FILE_BYTES, write_archive
from clearline.record.checkpoint import Checkpoint, Receipt, parse_checkpoint
from clearline.record.keys import PublicKeys
from clearline.record.mirror import ForkEvidence
from clearline.record.note import refuse
from clearline.record.tiles import TILE_WIDTH, bundle_paths, entry_bundle

__all__ = [
    "FORMAT",
    "Contents",
    "FeedContents",
    "Manifest",
    "ManifestFeed",
    "feed_path",
    "pack",
    "split_receipts",
]

FORMAT = "clearline-bundle@v1"
"""What the manifest of every file of this format says."""

_RECEIPT_LINES = 7


class FeedContents(Struct, frozen=True, kw_only=True):
    """One party's feed, as it is exported."""

    party: str
    checkpoint: bytes
    """The signed note of the head whose size is the number of entries; empty if there is none."""
    entries: Sequence[bytes]
    receipts: Sequence[Receipt]
    """Every receipt kept, oldest first."""


class Contents(Struct, frozen=True, kw_only=True):
    """Everything that goes into a bundle."""

    link: str
    exported_by: str
    exported_at: Instant
    keys: dict[str, PublicKeys]
    """By party."""
    terms: Sequence[bytes]
    """Every terms document that was proposed or agreed, canonical."""
    feeds: Sequence[FeedContents]
    forks: Sequence[tuple[str, ForkEvidence]] = ()
    """Evidence, each with the party whose feed it is of."""


class ManifestFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the manifest says of one feed."""

    party: str
    receipts: int
    size: int


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json`: what the exporter says is in the file. It is not signed."""

    exported_at: Instant
    exported_by: str
    feeds: tuple[ManifestFeed, ...]
    format: str
    forks: int
    link: str
    terms: int


class ForkFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`forks/<n>.json`: evidence that a party stated two histories."""

    evidence: ForkEvidence
    party: str


def feed_path(party: str, path: str) -> str:
    """Return where a file of a party's feed lies in the bundle."""
    return f"feeds/{party}/{path}"


def pack(contents: Contents) -> bytes:
    """Return the bundle of `contents`: the same bytes for the same contents.

    Nothing is checked but limits: a bundle of a damaged record is packed as it is, for the
    verifier to say so. Raises Mistake `too_large` if a feed has more receipts than a file holds.
    """
    return write_archive(_files(contents))


def split_receipts(raw: bytes) -> list[tuple[Checkpoint, bytes]] | Refusal:
    """Return the heads and signature lines in a `receipts` file, none of them verified.

    Each receipt is seven lines: the three of the checkpoint, an empty one, two signature
    lines, an empty one.
    """
    lines = raw.split(b"\n")
    if lines.pop() or len(lines) % _RECEIPT_LINES:
        return refuse("receipts are groups of seven lines")
    found: list[tuple[Checkpoint, bytes]] = []
    for at in range(0, len(lines), _RECEIPT_LINES):
        text = b"\n".join(lines[at : at + 3]) + b"\n"
        head = parse_checkpoint(text.decode(errors="replace"))
        if isinstance(head, Refusal):
            return head
        if lines[at + 3] or lines[at + 6]:
            return refuse("a receipt is not parted by empty lines")
        found.append((head, lines[at + 4] + b"\n" + lines[at + 5] + b"\n"))
    return found


def _files(contents: Contents) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", README.encode()
    yield "manifest.json", canonical.encode(_manifest(contents))
    yield "keys.json", canonical.encode(contents.keys)
    for name, raw in sorted({canonical.sha256_hex(raw): raw for raw in contents.terms}.items()):
        yield f"terms/{name}.json", raw
    for feed in contents.feeds:
        for path, raw in _feed_files(feed):
            yield feed_path(feed.party, path), raw
    for number, (party, evidence) in enumerate(contents.forks):
        yield f"forks/{number}.json", canonical.encode(ForkFile(evidence=evidence, party=party))


def _manifest(contents: Contents) -> Manifest:
    return Manifest(
        exported_at=contents.exported_at,
        exported_by=contents.exported_by,
        feeds=tuple(
            ManifestFeed(party=feed.party, receipts=len(feed.receipts), size=len(feed.entries))
            for feed in contents.feeds
        ),
        format=FORMAT,
        forks=len(contents.forks),
        link=contents.link,
        terms=len(set(contents.terms)),
    )


def _feed_files(feed: FeedContents) -> Iterator[tuple[str, bytes]]:
    if feed.checkpoint:
        yield "checkpoint", feed.checkpoint
    for index, path in enumerate(bundle_paths(len(feed.entries))):
        start = index * TILE_WIDTH
        yield path, entry_bundle(feed.entries[start : start + TILE_WIDTH])
    receipts = b"".join(receipt.note() + b"\n" for receipt in feed.receipts)
    if len(receipts) > MAX_FILE_BYTES:
        raise Mistake("too_large", "more receipts than one bundle holds: export fewer")
    yield "receipts", receipts


README = """\
This file is the record of a deconfliction link: what each party said, and each other's
receipts for it. It can be verified without either party and without their software.

With the verifier of the Clearline project, offline:

    clearline-verify FILE --pin "FINGERPRINT OF ONE PARTY" --pin "... OF THE OTHER"

The fingerprints come from somewhere else than this file: the paper on which the parties
exchanged them. Without them, the file proves only that it agrees with itself.

By hand. Everything is made of public standards (c2sp.org, RFC 6962, RFC 8785):

  manifest.json               what the exporter says is here. Not signed.
  keys.json                   each party's public keys as C2SP vkeys: author, then mirror;
                              of each, Ed25519, then ML-DSA-44
  terms/<sha256>.json         the agreements; the name is the SHA-256 of the file
  feeds/<party>/checkpoint    the head of that party's feed: origin, size, root, signed
                              with both author keys of that party
  feeds/<party>/tile/entries/ the entries, 256 a file, each behind its length (two bytes,
                              big-endian); the layout is C2SP tlog-tiles
  feeds/<party>/receipts      heads of that feed, each signed with both mirror keys of the
                              OTHER party: "I stored all of it, up to this size, by then"
  forks/                      if a party signed two histories: both of them

1. Each entry's leaf hash is SHA-256 of a zero byte and the entry.
2. The Merkle tree of the leaves (RFC 6962 section 2.1) has the root that the checkpoint
   states, in base64. These lines of Python compute it for an unpacked feed:

     import base64, hashlib, pathlib
     sha, peaks, size = lambda b: hashlib.sha256(b).digest(), [], 0
     key = lambda f: int("".join(c for c in str(f).split(".p")[0] if c.isdigit()))
     tree = pathlib.Path("tile/entries")
     for file in sorted((f for f in tree.rglob("*") if f.is_file()), key=key):
         raw = file.read_bytes()
         while raw:
             end = 2 + int.from_bytes(raw[:2], "big")
             leaf, raw, n = sha(b"\\0" + raw[2:end]), raw[end:], size
             while n & 1:
                 leaf, n = sha(b"\\1" + peaks.pop() + leaf), n >> 1
             peaks.append(leaf)
             size += 1
     root = peaks.pop() if peaks else sha(b"")
     while peaks:
         root = sha(b"\\1" + peaks.pop() + root)
     print(size, base64.b64encode(root).decode())

   Run it inside feeds/<party>; compare with lines 2 and 3 of `checkpoint`.
3. The signatures are C2SP signed notes (Ed25519) and C2SP cosignatures (tlog-cosignature:
   Ed25519 with a time, and ML-DSA-44). Any tool for those verifies them with keys.json.
4. The root of the first N entries is what a receipt of size N states.
5. Both feeds hold an entry `terms.agreed` with the hash of the same file in terms/, and the
   keys in it are those in keys.json.
"""
