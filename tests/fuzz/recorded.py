"""The record's parsers: entries, notes, tiles, proofs, bundles, and the terms that bind them."""

from __future__ import annotations

import functools
import json
import zipfile
from collections.abc import Iterable
from io import BytesIO

from clearline.basis.faults import Mistake, Refusal
from clearline.core.terms import Agreement, Terms, check_terms, hash_of, propose
from clearline.record import canonical, entry, proof, tiles
from clearline.record.audit import verify
from clearline.record.checkpoint import open_cosignatures, open_signed
from clearline.record.keys import AuthorVerifier, MirrorVerifier
from clearline.record.note import (
    VerifierKey,
    format_note,
    format_signature,
    parse_note,
    parse_signatures,
    parse_vkey,
)
from tests.fuzz.parser import VECTORS, Parser, binary, compact, vectors

_PUBLIC = {case["party"]: case["keys"] for case in vectors("record/keys")}
_ORIGIN = vectors("record/checkpoints")[0]["origin"]
_PARTY = vectors("record/checkpoints")[0]["party"]


@functools.cache
def _verifiers() -> tuple[AuthorVerifier, MirrorVerifier]:
    other = next(name for name in _PUBLIC if name != _PARTY)
    author = AuthorVerifier.of(tuple(_PUBLIC[_PARTY]["author"]), _PARTY)
    mirror = MirrorVerifier.of(tuple(_PUBLIC[other]["mirror"]), other)
    assert isinstance(author, AuthorVerifier)
    assert isinstance(mirror, MirrorVerifier)
    return author, mirror


def check_entry(raw: bytes) -> None:
    """An entry is refused with a reason, or is spelt again as it was."""
    found = entry.decode(raw)
    whole = canonical.fault_of(raw)
    if isinstance(found, Refusal):
        assert len(found.detail) <= 200, found
        return
    assert whole is None, whole
    assert entry.encode(found) == raw


def entry_seeds() -> Iterable[bytes]:
    """Return the entries of the vectors, right and wrong."""
    yield from binary("record/entries")
    yield from binary("record/canonical")
    for case in vectors("entries/whole"):
        yield case["text"].encode()


def check_note(raw: bytes) -> None:
    """A note, its lines and keys are refused or spelt again as they were."""
    author, mirror = _verifiers()
    found = parse_note(raw)
    if not isinstance(found, Refusal):
        assert format_note(found.text, found.signatures) == raw
    signed = open_signed(raw, _ORIGIN, author)
    if not isinstance(signed, Refusal):
        assert signed.raw == raw
        open_cosignatures(raw[raw.rfind(b"\n\n") + 2 :], signed.checkpoint, mirror)
    text = raw.decode("utf-8", "surrogateescape")
    lines = parse_signatures(text)
    if not isinstance(lines, Refusal):
        assert "".join(map(format_signature, lines)) == text
    key = parse_vkey(text)
    if isinstance(key, VerifierKey):
        assert str(key) == text


def note_seeds() -> Iterable[bytes]:
    """Return notes, checkpoints, receipts and keys."""
    for name in ("notes", "checkpoints", "cosignatures"):
        yield from binary(f"record/{name}")
    for keys in _PUBLIC.values():
        yield from (key.encode() for role in keys.values() for key in role)


def check_tiles(raw: bytes) -> None:
    """Paths, tiles and bundles of entries are refused or spelt again as they were."""
    path = raw.decode("utf-8", "replace")
    tile = tiles.parse_tile_path(path)
    if not isinstance(tile, Refusal):
        assert tiles.tile_path(*tile) == path
    bundle = tiles.parse_bundle_path(path)
    if not isinstance(bundle, Refusal):
        assert tiles.bundle_path(*bundle) == path
    hashes = tiles.split_hashes(raw)
    assert isinstance(hashes, Refusal) or b"".join(hashes) == raw
    entries = tiles.parse_entries(raw, tiles.TILE_WIDTH)
    assert isinstance(entries, Refusal) or tiles.encode_entries(entries) == raw


def tile_seeds() -> Iterable[bytes]:
    """Return paths of tiles, and a bundle of entries."""
    yield from (
        path.encode()
        for path in (
            "tile/0/000",
            "tile/63/x001/x234/067.p/255",
            "tile/entries/x001/234.p/7",
            "tile/entries/000",
        )
    )
    yield tiles.encode_entries(raw for raw in binary("record/entries") if 0 < len(raw) < 1_000)
    yield bytes(range(64))


def check_proof(raw: bytes) -> None:
    """A proof is refused, or holds and is of an entry that it carries."""
    parsed = proof.parse_proof(raw)
    author, mirror = _verifiers()
    proven = proof.verify_proof(raw, _ORIGIN, author, mirror)
    if not isinstance(proven, Refusal):
        assert not isinstance(parsed, Refusal)
        assert (proven.entry, proven.index) == (parsed.entry, parsed.index)
        assert proven.index < proven.size


def check_bundle(raw: bytes) -> None:
    """A bundle is audited to the end, whatever is in it; only the true one is verified.

    Input that begins with a small number is a file for the true bundle, which is packed
    anew with it: behind right checksums, where changed bytes never get.
    """
    names = sorted(_true_files())
    if raw and raw[0] < len(names):
        files = _true_files() | {names[raw[0]]: raw[1:]}
        raw = _zip(files)
        if files == _true_files():
            assert verify(raw).is_verified
            return
    report = verify(raw)
    assert all(fault.code and len(fault.text) < 2_000 for fault in report.faults), report.faults
    if report.is_verified and not raw.startswith(b"PK"):
        raise AssertionError("what is no archive was verified")


@functools.cache
def _true_files() -> dict[str, bytes]:
    with zipfile.ZipFile(VECTORS / "record" / "record.bundle") as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _zip(files: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, raw in files.items():
            made.writestr(zipfile.ZipInfo(name), raw)
    return target.getvalue()


def bundle_seeds() -> Iterable[bytes]:
    """Return the bundle of the vectors, whole and file by file."""
    yield (VECTORS / "record" / "record.bundle").read_bytes()
    for number, name in enumerate(sorted(_true_files())):
        yield bytes([number]) + _true_files()[name]


def check_document(raw: bytes) -> None:
    """A terms document is refused or mistaken, or is spelt again with the same hash."""
    found = canonical.decode(raw, Terms)
    if isinstance(found, Refusal):
        return
    try:
        check_terms(found)
    except Mistake:
        return
    again = canonical.decode(canonical.encode(found), Terms)
    assert again == found
    assert isinstance(again, Terms)
    assert hash_of(again) == hash_of(found)
    amended = propose(Agreement(documents={"0" * 64: _example()}), found)
    assert isinstance(amended, Refusal) or amended.documents


@functools.cache
def _example() -> Terms:
    found = canonical.decode(compact(vectors("terms/example")["document"]), Terms)
    assert isinstance(found, Terms), found
    return found


def document_seeds() -> Iterable[bytes]:
    """Return the documents of the vectors, with the changes that are tried on them there."""
    document = vectors("terms/example")["document"]
    yield compact(document)
    yield from (compact(each) for each in vectors("terms/named").values())
    for case in (*vectors("terms/documents"), *vectors("terms/amendments")):
        changed = json.loads(compact(document))
        for path, value in case["change"].items():
            *way, last = path.split("/")
            try:
                place = functools.reduce(
                    lambda at, step: at[int(step) if isinstance(at, list) else step], way, changed
                )
                place[int(last) if isinstance(place, list) else last] = value
            except (LookupError, ValueError, TypeError):
                continue
        yield compact(changed)


PARSERS = {
    "entry": Parser(check=check_entry, seeds=entry_seeds, is_json=True, max_bytes=70_000),
    "note": Parser(check=check_note, seeds=note_seeds, max_bytes=140_000),
    "tiles": Parser(check=check_tiles, seeds=tile_seeds, words=("tile/", "entries/", ".p/", "x")),
    "proof": Parser(
        check=check_proof,
        seeds=lambda: binary("record/proofs"),
        words=("c2sp.org/tlog-proof@v1", "extra ", "index "),
        max_bytes=30_000,
    ),
    "bundle": Parser(check=check_bundle, seeds=bundle_seeds, max_bytes=60_000),
    "terms": Parser(check=check_document, seeds=document_seeds, is_json=True, max_bytes=60_000),
}
