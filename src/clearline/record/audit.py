"""An audit: what a proof bundle shows, and every way in which it does not hold.

It decides, from a bundle's bytes alone, whether the record in it is whole, signed by both
sides and made under terms that both agreed. It never raises, stops early only where nothing
further can be read, and judges nothing of what the parties said to each other.

Source: protocol/2-bundle.md, "Verify".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from clearline.basis.faults import Refusal
from clearline.basis.ids import Name, is_uuid7
from clearline.basis.instants import Instant
from clearline.record import canonical, entry
from clearline.record.archive import Archive, open_archive
from clearline.record.bundle import FORMAT, README, ForkFile, Manifest, feed_path, split_receipts
from clearline.record.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    open_cosignatures,
    open_signed,
    origin_of,
)
from clearline.record.keys import (
    AuthorVerifier,
    MirrorVerifier,
    PublicKeys,
    check_keys,
    fingerprint,
    has_key_twice,
)
from clearline.record.mirror import verify_fork
from clearline.record.tiles import TILE_WIDTH, bundle_paths, parse_entries
from clearline.record.tree import EMPTY_ROOT, Frontier, leaf_hash

__all__ = ["MAX_FAULTS", "Agreed", "Fault", "Progress", "Report", "verify"]

MAX_FAULTS = 1_000
"""How many faults a report lists; the last one then says that there are more."""

_EVERY_RECEIPTS = 64

Progress = Callable[[int, int], None]
"""Told, now and then, how many items of how many are done."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that does not hold, or, among the notes, one that a reader should know."""

    code: str
    """Stable; listed in protocol/2-bundle.md."""
    where: str
    """The file, and after a `#` the entry's index or the receipt's number in it."""
    text: str
    """One sentence."""


class Agreed(Struct, frozen=True, kw_only=True):
    """A terms document that was agreed by its hash."""

    hash: str
    by: tuple[str, ...]
    """The parties whose feeds agree to it; in force if that is both."""


class Report(Struct, frozen=True, kw_only=True):
    """What a bundle shows."""

    link: str
    parties: tuple[str, ...]
    fingerprints: dict[str, str]
    """By party: what to compare with the paper on which keys were exchanged."""
    terms: tuple[Agreed, ...]
    entries: int
    """How many entries were read, of all feeds."""
    feeds: int
    """How many feeds have the root that their author signed."""
    receipts: int
    """How many receipts hold."""
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]

    @property
    def is_verified(self) -> bool:
        """Whether nothing failed."""
        return not self.faults


class _TermsParty(Struct, frozen=True):
    keys: PublicKeys
    party: Name


class _Terms(Struct, frozen=True):
    """The part of a terms document that a record is verified with."""

    link: str
    parties: Annotated[tuple[_TermsParty, ...], Meta(max_length=8)]


class _Proposed(Struct, frozen=True, forbid_unknown_fields=True):
    terms: Raw


class _AgreedBody(Struct, frozen=True, forbid_unknown_fields=True):
    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


def verify(raw: bytes, progress: Progress | None = None, pins: Sequence[str] = ()) -> Report:
    """Return what the bundle in `raw` shows. Never raises.

    `pins` are fingerprints that the reader has from elsewhere: each must be a party's.
    One pass: memory is the unpacked entries of 256 at a time, the receipts of a feed, and
    the id of every entry.
    """
    audit = _Audit(progress or _silent)
    archive = open_archive(raw)
    if isinstance(archive, Refusal):
        audit.fault("archive", "", archive.detail)
    else:
        audit.run(archive, pins)
    return audit.report()


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


class _Audit:
    """One bundle's audit in progress: what was seen so far, and what does not hold."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._faults: list[Fault] = []
        self._notes: list[Fault] = []
        self._used: set[str] = set()
        self._link = ""
        self._keys: dict[str, PublicKeys] = {}
        self._terms: dict[str, bytes] = {}
        self._proposed: set[str] = set()
        self._agreed: dict[str, list[str]] = {}
        self._ids: dict[str, str] = {}
        self._refs: list[tuple[str, tuple[str, ...]]] = []
        self._entries = self._feeds = self._receipts = 0
        self._done = self._total = 0

    def fault(self, code: str, where: str, text: str) -> None:
        """Keep one fault, up to the limit."""
        if len(self._faults) < MAX_FAULTS - 1:
            self._faults.append(Fault(code=code, where=where, text=text))
        elif len(self._faults) == MAX_FAULTS - 1:
            self._faults.append(Fault(code="too_many", where="", text="There are more faults."))

    def note(self, code: str, where: str, text: str) -> None:
        """Keep what a reader should know though it is no fault; as many as faults."""
        if len(self._notes) < MAX_FAULTS:
            self._notes.append(Fault(code=code, where=where, text=text))

    def report(self) -> Report:
        """Return the report on all that was seen."""
        return Report(
            link=self._link,
            parties=tuple(self._keys),
            fingerprints={party: fingerprint(keys) for party, keys in self._keys.items()},
            terms=tuple(Agreed(hash=name, by=tuple(by)) for name, by in self._agreed.items()),
            entries=self._entries,
            feeds=self._feeds,
            receipts=self._receipts,
            faults=tuple(self._faults),
            notes=tuple(self._notes),
        )

    def run(self, archive: Archive, pins: Sequence[str]) -> None:
        """Audit every file of an archive."""
        # The instructions prove nothing, but changed ones could lead a reader astray.
        if self._bytes(archive, "README.txt") != README.encode():
            self.note("readme", "README.txt", "Not the instructions that this version writes.")
        manifest = self._read(archive, "manifest.json", Manifest)
        keys = self._read(archive, "keys.json", dict[str, PublicKeys])
        if manifest is None or keys is None or not self._open_manifest(manifest, keys):
            return
        self._check_pins(pins)
        self._read_terms(archive, manifest)
        self._total = sum(min(feed.size, 1 << 40) + feed.receipts for feed in manifest.feeds)
        for feed in manifest.feeds:
            self._read_feed(archive, feed.party, feed.size, feed.receipts)
        self._check_references()
        self._check_agreement()
        self._read_forks(archive, manifest.forks)
        for name in sorted(set(archive.names) - self._used):
            self.fault("unexpected_file", name, "The file is no part of a record.")

    # What the bundle says of itself

    def _bytes(self, archive: Archive, name: str) -> bytes | None:
        self._used.add(name)
        raw = archive.read(name)
        if isinstance(raw, Refusal):
            self.fault("unreadable", name, raw.detail)
            return None
        return raw

    def _read(self, archive: Archive, name: str, kind: type[canonical.T]) -> canonical.T | None:
        raw = self._bytes(archive, name)
        if raw is None:
            return None
        value = canonical.decode(raw, kind)
        if isinstance(value, Refusal):
            self.fault("malformed", name, f"The file is not what it should be: {value.detail}")
            return None
        return value

    def _open_manifest(self, manifest: Manifest, keys: dict[str, PublicKeys]) -> bool:
        parties = [feed.party for feed in manifest.feeds]
        if not is_uuid7(manifest.link):
            text = "The file is not what it should be: the link is no id."
            self.fault("malformed", "manifest.json", text)
            return False
        self._link = manifest.link
        if manifest.format != FORMAT:
            self.fault("format", "manifest.json", f"The format is not {FORMAT}.")
        elif len(set(parties)) != 2 or len(parties) != 2 or set(parties) != set(keys):
            self.fault("parties", "manifest.json", "A record has two parties, each with keys.")
        elif manifest.exported_by not in parties:
            self.fault("parties", "manifest.json", "The exporter is neither of the parties.")
        elif any(feed.size < 0 or feed.receipts < 0 for feed in manifest.feeds):
            self.fault("malformed", "manifest.json", "A size is negative.")
        else:
            faults = {party: check_keys(keys[party], party) for party in parties}
            for party, fault in faults.items():
                if fault is not None:
                    self.fault("keys", "keys.json", f"The keys of {party}: {fault.detail}.")
            if not any(faults.values()) and has_key_twice(keys.values()):
                self.fault("keys", "keys.json", "One key is used by both parties.")
            elif not any(faults.values()):
                self._keys = {party: keys[party] for party in parties}
        return bool(self._keys)

    def _check_pins(self, pins: Sequence[str]) -> None:
        known = {_hex_of(fingerprint(keys)): party for party, keys in self._keys.items()}
        for pin in pins:
            if _hex_of(pin) not in known:
                self.fault("pin", "keys.json", f"No party has the fingerprint {pin[:100]}.")
        pinned = {known[_hex_of(pin)] for pin in pins if _hex_of(pin) in known}
        for party in (party for party in self._keys if party not in pinned):
            text = f"Compare the fingerprint of {party} with one that you have from elsewhere."
            self.note("not_pinned", "keys.json", text)

    def _read_terms(self, archive: Archive, manifest: Manifest) -> None:
        names = [name for name in archive.names if name.startswith("terms/")]
        if len(names) != manifest.terms:
            self.fault("terms_count", "manifest.json", "Not as many terms as the manifest says.")
        for name in names:
            raw = self._bytes(archive, name)
            if raw is None:
                continue
            digest = canonical.sha256_hex(raw)
            if name != f"terms/{digest}.json" or not canonical.is_canonical(raw):
                self.fault("terms_hash", name, "The file is not the document that it is named for.")
            else:
                self._terms[digest] = raw

    # Feeds

    def _read_feed(self, archive: Archive, party: str, size: int, receipts: int) -> None:
        """Read a feed once: its entries, its head and the receipts for it."""
        origin = origin_of(self._link, party)
        path = feed_path(party, "receipts")
        found = self._receipts_of(archive, path, origin)
        if len(found) != receipts:
            self.fault("receipt_count", path, "Not as many receipts as the manifest says.")
        roots = {head.size: b"" for head, _ in found}
        read = self._read_entries(archive, party, size, roots)
        self._check_head(archive, party, read)
        covered = self._check_receipts(path, party, found, roots)
        if covered < read.size:
            text = f"{read.size - covered} entries of {party} have no receipt yet."
            self.note("no_receipt", path, text)

    def _read_entries(
        self, archive: Archive, party: str, size: int, roots: dict[int, bytes]
    ) -> Frontier:
        """Add a feed's entries to its tree, and note its root at each size in `roots`."""
        frontier = Frontier()
        latest = Instant(0)
        backwards = 0
        if 0 in roots:
            roots[0] = EMPTY_ROOT
        for path in bundle_paths(size):
            name = feed_path(party, path)
            raw = self._bytes(archive, name)
            items = parse_entries(raw, TILE_WIDTH) if raw is not None else None
            if items is None or isinstance(items, Refusal):
                if items is not None:
                    self.fault("bundle", name, f"The file is no entry bundle: {items.detail}.")
                break
            for index, item in enumerate(items, frontier.size):
                frontier.append(leaf_hash(item))
                if frontier.size in roots:
                    roots[frontier.size] = frontier.root()
                at = self._see(f"{name}#{index}", party, item) or latest
                backwards += at < latest
                latest = max(at, latest)
            self._tell(len(items))
        if frontier.size != size:
            self.fault("size", feed_path(party, ""), "Not as many entries as the manifest says.")
        if backwards:
            text = f"{backwards} entries of {party} are dated before an earlier one: a clock moved."
            self.note("clock", feed_path(party, ""), text)
        self._entries += frontier.size
        return frontier

    def _see(self, where: str, party: str, raw: bytes) -> Instant | None:
        """Take note of one entry and return its time; None if it is no entry."""
        seen = entry.decode(raw)
        if isinstance(seen, Refusal):
            self.fault(f"entry_{seen.reason.value}", where, f"Not an entry: {seen.detail}.")
            return None
        first = self._ids.setdefault(seen.id, where)
        if first is not where:
            self.fault("duplicate", where, f"The id {seen.id} is that of {first}.")
        if seen.re:
            self._refs.append((where, seen.re))
        if seen.kind.startswith("terms."):
            self._see_terms(where, party, seen)
        return seen.at

    def _see_terms(self, where: str, party: str, seen: entry.Entry) -> None:
        try:
            if seen.kind == "terms.proposed":
                body = msgspec.json.decode(seen.body, type=_Proposed)
                self._proposed.add(canonical.sha256_hex(bytes(body.terms)))
            elif seen.kind == "terms.agreed":
                agreed = msgspec.json.decode(seen.body, type=_AgreedBody)
                by = self._agreed.setdefault(agreed.hash, [])
                if party not in by:
                    by.append(party)
        except ValueError as error:
            self.fault("terms_body", where, f"The body is not that of {seen.kind}: {error}.")

    def _check_head(self, archive: Archive, party: str, read: Frontier) -> None:
        name = feed_path(party, "checkpoint")
        if name not in archive.names and read.size == 0:
            self.note("silent", name, f"{party} has said nothing and signed no checkpoint.")
            return
        raw = self._bytes(archive, name)
        author = AuthorVerifier.of(self._keys[party].author, party)
        if raw is None or isinstance(author, Refusal):
            return
        signed = open_signed(raw, origin_of(self._link, party), author)
        if not isinstance(signed, SignedCheckpoint):
            self.fault("author", name, f"Not a checkpoint of {party}: {signed.detail}.")
        elif (signed.size, signed.root) != (read.size, read.root()):
            text = f"The entries of {party} are not those that it signed."
            self.fault("root", name, text)
        else:
            self._feeds += 1

    # Receipts

    def _receipts_of(
        self, archive: Archive, path: str, origin: str
    ) -> list[tuple[Checkpoint, bytes]]:
        raw = self._bytes(archive, path)
        found = split_receipts(raw) if raw is not None else []
        if isinstance(found, Refusal):
            self.fault("receipts", path, f"The file holds no receipts: {found.detail}.")
            return []
        if any(head.origin != origin for head, _ in found):
            self.fault("receipts", path, "A receipt is for another feed.")
        return found

    def _check_receipts(
        self,
        path: str,
        party: str,
        found: Sequence[tuple[Checkpoint, bytes]],
        roots: dict[int, bytes],
    ) -> int:
        """Check every receipt for a feed; return the largest size that one holds for."""
        other = next(name for name in self._keys if name != party)
        mirror = MirrorVerifier.of(self._keys[other].mirror, other)
        if isinstance(mirror, Refusal):
            return 0
        covered = 0
        latest, backwards = Instant(0), 0
        for number, (head, lines) in enumerate(found):
            where = f"{path}#{number}"
            receipt = open_cosignatures(lines, head, mirror)
            if isinstance(receipt, Refusal):
                self.fault("mirror", where, f"Not a receipt of {other}: {receipt.detail}.")
            elif not roots[head.size]:
                self.fault("receipt_beyond", where, "The receipt covers entries not in the feed.")
            elif roots[head.size] != head.root:
                self.fault("receipt_root", where, "The receipt is for other entries than these.")
            else:
                self._receipts += 1
                covered = max(covered, head.size)
                backwards += receipt.at < latest
                latest = max(latest, receipt.at)
            if number % _EVERY_RECEIPTS == 0:
                self._tell(min(_EVERY_RECEIPTS, len(found) - number))
        if backwards:
            text = f"{backwards} receipts of {other} are dated before an earlier one."
            self.note("clock", path, text)
        return covered

    # What the entries say together

    def _check_references(self) -> None:
        for where, refs in self._refs:
            for ref in refs:
                if ref not in self._ids:
                    self.fault("reference", where, f"It refers to {ref}, which is in no feed.")

    def _check_agreement(self) -> None:
        for digest, by in self._agreed.items():
            name = f"terms/{digest}.json"
            if digest not in self._terms:
                self.fault("terms_missing", name, "The document that was agreed is not here.")
                continue
            self._check_terms(name, self._terms[digest])
            if len(by) == 1:
                self.note("half_agreed", name, f"Only {by[0]} has agreed to these terms.")
            if digest not in self._proposed:
                self.note("not_proposed", name, "No entry proposes the terms that were agreed.")
        for digest in self._terms.keys() - self._agreed.keys() - self._proposed:
            self.note("stray_terms", f"terms/{digest}.json", "No entry names this document.")
        if not any(len(by) == 2 for by in self._agreed.values()):
            text = "No terms are agreed by both parties: nothing here binds the keys to them."
            self.note("no_terms", "terms/", text)

    def _check_terms(self, name: str, raw: bytes) -> None:
        try:
            terms = msgspec.json.decode(raw, type=_Terms)
        except ValueError as error:
            self.fault("terms_shape", name, f"The document does not name the parties: {error}.")
            return
        if terms.link != self._link:
            self.fault("terms_link", name, "The terms are those of another link.")
        keys = {each.party: each.keys for each in terms.parties}
        if keys != self._keys or len(keys) != len(terms.parties):
            self.fault("terms_keys", name, "The terms name other parties or keys than keys.json.")

    def _read_forks(self, archive: Archive, count: int) -> None:
        names = [name for name in archive.names if name.startswith("forks/")]
        if len(names) != count:
            self.fault("fork_count", "manifest.json", "Not as many forks as the manifest says.")
        for name in names:
            found = self._read(archive, name, ForkFile)
            if found is None:
                continue
            keys = self._keys.get(found.party)
            author = AuthorVerifier.of(keys.author, found.party) if keys else None
            if author is None or isinstance(author, Refusal):
                self.fault("fork_unproven", name, "The evidence is against neither party.")
            elif not verify_fork(found.evidence, origin_of(self._link, found.party), author):
                self.fault("fork_unproven", name, f"The evidence against {found.party} fails.")
            elif found.evidence.is_conclusive:
                self.fault("fork", name, f"{found.party} signed two histories of one length.")
            else:
                text = f"{found.party} gave entries that do not lead to what it signed."
                self.fault("fork_claimed", name, text)

    def _tell(self, done: int) -> None:
        self._done += done
        self._progress(self._done, max(self._total, self._done))


def _hex_of(text: str) -> str:
    """Return a fingerprint without its grouping, however a person wrote it down."""
    return "".join(letter for letter in text.lower() if letter in "0123456789abcdef")
