"""Writes protocol/vectors/record/bundles.json: bundles, each with the faults that are in it.

Each is `record.bundle` with files changed, or a whole archive. What a bundle shows is thereby the
same for every verifier, ours, the page's and anyone else's. Run it after a change of the wire, or
after `make_vectors`, and read the diff.

    python tests/record/bundle_vectors.py
"""

from __future__ import annotations

import base64
import json
import sys
import warnings
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
from record_world import (
    AUTHOR,
    KEYS,
    LINK,
    TERMS,
    entry,
    feeds,
    id_of,
    receipt,
    signed,
)

from clearline.record import ForkEvidence, Frontier, canonical, leaf_hash, sign, verify_bundle
from clearline.record.bundle import ForkFile
from clearline.record.note import VerifierKey, parse_vkey
from clearline.record.tiles import bundle_path, entry_bundle

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors" / "record"
SAID = feeds()
TERMS_NAME = f"terms/{canonical.sha256_hex(TERMS)}.json"

Files = dict[str, bytes]
Edit = dict[str, bytes | None]
"""What a file becomes; None takes it away."""


def unpacked() -> Files:
    """Return the files of the published record."""
    with zipfile.ZipFile(FOLDER / "record.bundle") as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def edited(files: Files, edit: Edit) -> bytes:
    """Return an archive of the files after an edit."""
    whole = {name: edit.get(name, raw) for name, raw in (files | edit).items()}
    return zipped([(name, raw) for name, raw in whole.items() if raw is not None])


def zipped(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # A name given twice is meant.
        for name, raw in files:
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), raw, method)
    return target.getvalue()


def edits(files: Files) -> dict[str, Edit]:
    """Return, by what was done, what becomes of the files of the published record."""
    return {
        "as published": {},
        **_of_files(files),
        **_of_manifest(files),
        **_of_keys(),
        **_of_entries(),
        **_of_heads(),
        **_of_receipts(files),
        **_of_terms(),
        **_of_forks(),
    }


def archives(files: Files) -> dict[str, bytes]:
    """Return, by what was done, archives that are none of a record's."""
    whole = edited(files, {})
    small = zipped([("a", b"1")], zipfile.ZIP_STORED)
    return {
        "nothing": b"",
        "no ZIP": b"This is no ZIP.",
        "cut short": small[:-1],
        "the end alone": small[small.rindex(b"PK\x05\x06") :],
        "a record cut in half": whole[: len(whole) // 2][:2_000],
        "a name given twice": zipped([("a", b"1"), ("a", b"2")]),
        "a name that leads out": zipped([("../a", b"1")]),
        "a name from the root": zipped([("/a", b"1")]),
        "a name that is a folder": zipped([("a/", b"")]),
        "packed in a third way": zipped([("a", b"1")], zipfile.ZIP_BZIP2),
        "encrypted": _patched(small, b"PK\x01\x02", 8, b"\x01"),
        "unpacks to too much": zipped([("a", bytes(3_000_000))]),
        "a file that is too large": _patched(small, b"PK\x01\x02", 24, b"\x01\x00\x00\x10"),
        "files that say they are 4 GiB": _patched(small, b"PK\x01\x02", 24, b"\xff\xff\xff\xff"),
    }


def _patched(raw: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    at = raw.rindex(mark) + offset
    return raw[:at] + value + raw[at + len(value) :]


def _of_files(files: Files) -> dict[str, Edit]:
    tile = "feeds/blue/tile/entries/000.p/7"
    return {
        "other instructions": {"README.txt": b"trust me"},
        "no instructions": {"README.txt": None},
        "no manifest": {"manifest.json": None},
        "no keys": {"keys.json": None},
        "no receipts file": {"feeds/blue/receipts": None},
        "no checkpoint": {"feeds/red/checkpoint": None},
        "no entries": {tile: None},
        "a file too many": {"feeds/blue/extra": b""},
        "entries cut short": {tile: files[tile][:-1]},
        "an empty entry": {tile: b"\x00\x00"},
        "an entries file with nothing in it": {tile: b""},
        "an entry left out": {tile: entry_bundle(SAID["blue"][:-1])},
        "two entries in another order": {
            tile: entry_bundle([*SAID["blue"][:-2], SAID["blue"][-1], SAID["blue"][-2]])
        },
    }


def _of_manifest(files: Files) -> dict[str, Edit]:
    def other(old: str, new: str) -> Edit:
        assert old.encode() in files["manifest.json"]
        return {"manifest.json": files["manifest.json"].replace(old.encode(), new.encode())}

    return {
        "a manifest that is no JSON": {"manifest.json": b""},
        "a manifest of another shape": {"manifest.json": b"{}"},
        "a manifest with white space": other('"forks":0', '"forks": 0'),
        "a manifest with a field too many": other('"forks":0', '"forks":0,"g":1'),
        "another format": other("@v1", "@v2"),
        "another link": other(LINK[-4:], "0000"),
        "a link that is no id": other(LINK, "the-line"),
        "exported by a stranger": other('"exported_by":"blue"', '"exported_by":"grey"'),
        "one party twice": other('"party":"red"', '"party":"blue"'),
        "a negative count": other('"receipts":3', '"receipts":-3'),
        "an entry more than there is": other('"size":7', '"size":8'),
        "an entry fewer than there is": other('"size":7', '"size":6'),
        "more entries than any file holds": other('"size":7', '"size":900719925474099'),
        "receipts counted otherwise": other('"receipts":3', '"receipts":4'),
        "terms counted otherwise": other('"terms":1', '"terms":2'),
        "forks counted otherwise": other('"forks":0', '"forks":1'),
    }


def _of_keys() -> dict[str, Edit]:
    def keys(**red: Any) -> Edit:
        changed = KEYS | {"red": msgspec.structs.replace(KEYS["red"], **red)}
        return {"keys.json": canonical.encode(changed)}

    def other_id(vkey: str) -> str:
        name, number, material = vkey.split("+", 2)
        return f"{name}+{int(number, 16) ^ 1:08x}+{material}"

    def taken(vkey: str) -> str:
        key = parse_vkey(vkey)
        assert isinstance(key, VerifierKey)
        return str(msgspec.structs.replace(key, name="clearline/red/author"))

    red, blue = KEYS["red"], KEYS["blue"]
    return {
        "keys of nobody": {"keys.json": b"{}"},
        "keys of one party": {"keys.json": canonical.encode({"blue": blue})},
        "the keys of another": keys(author=blue.author),
        "a key of another's, under a name of one's own": keys(
            author=(taken(blue.author[0]), red.author[1])
        ),
        "keys of another role": keys(author=red.mirror),
        "keys in another order": keys(author=(red.author[1], red.author[0])),
        "a key with another id": keys(author=(other_id(red.author[0]), red.author[1])),
        "a key that is too short a text": keys(author=("x", red.author[1])),
    }


def _feed(party: str, said: list[bytes], files: Files, **more: bytes) -> Edit:
    """Return the edit by which a party has said this, and signed it."""
    number = len(SAID[party])
    manifest = files["manifest.json"].replace(
        b'"size":%d' % number, b'"size":%d' % len(said)
    )  # The two feeds are of two sizes.
    old = f"feeds/{party}/{bundle_path(0, number)}"
    new = f"feeds/{party}/{bundle_path(0, len(said))}"
    return {
        old: None,
        new: entry_bundle(said),
        "manifest.json": manifest,
        f"feeds/{party}/checkpoint": signed(said, party).raw,
    } | more


def _of_entries() -> dict[str, Edit]:
    files = unpacked()

    def more(party: str, *raws: bytes) -> Edit:
        return _feed(party, [*SAID[party], *raws], files)

    lost = id_of(entry(99, "a.b", {}))
    good = msgspec.json.decode(entry(60, "a.b", {}))

    def other(**changes: Any) -> bytes:
        return canonical.encode(good | changes)

    return {
        "an entry more": more("blue", entry(60, "a.b", {})),
        "an entry with white space": more("blue", b'{"v": 1}'),
        "an entry that is no JSON": more("blue", b"entry"),
        "an entry of another version": more("blue", other(v=2)),
        "an entry with a field too many": more("blue", other(w=1)),
        "an entry with 65 references": more("blue", other(re=[lost] * 65)),
        "an entry of a day that is not": more("blue", other(at="2026-02-30T00:00:00.000Z")),
        "an id used twice": more("blue", entry(3, "notice.revised", {}, "blue")),
        "an id of the other feed": more("red", other(id=id_of(SAID["blue"][0]))),
        "a reference to nothing": more("blue", entry(60, "a.b", {}, "blue", (lost,))),
        "a clock that went back": more("red", entry(1, "notice.noted", {}, "red")),
        "agreed to no hash": more("red", entry(60, "terms.agreed", {"hash": "x"}, "red")),
        "proposed with a field too many": more(
            "red", entry(60, "terms.proposed", {"terms": {}, "x": 1}, "red")
        ),
    }


def _of_heads() -> dict[str, Edit]:
    name = "feeds/blue/checkpoint"
    head = signed(SAID["blue"], "blue")
    text, _, lines = head.raw.partition(b"\n\n")
    first, second, _ = lines.split(b"\n")

    def note(*signatures: bytes) -> Edit:
        return {name: text + b"\n\n" + b"".join(each + b"\n" for each in signatures)}

    return {
        "a head of fewer entries": {name: signed(SAID["blue"][:-1], "blue").raw},
        "a head of another feed": {name: signed(SAID["red"], "red").raw},
        "a head signed by another": {name: sign(head.checkpoint, AUTHOR["red"])},
        "a head without ML-DSA-44": note(first),
        "a head without Ed25519": note(second),
        "a head signed twice": note(first, first, second),
        "a head that is no note": {name: b"x"},
    }


def _of_receipts(files: Files) -> dict[str, Edit]:
    name = "feeds/blue/receipts"
    blue, more = SAID["blue"], entry(60, "a.b", {})
    whole = files[name]
    lines = whole.split(b"\n")

    def last(raw: bytes) -> Edit:
        return {name: b"\n".join(lines[:14]) + b"\n" + raw + b"\n"}

    three = [b"\n".join(lines[at : at + 7]) + b"\n" for at in (0, 7, 14)]
    return {
        "receipts that are none": {name: b"x"},
        "receipts of empty lines": {name: b"\n" * 7},
        "receipts cut short": {name: whole[:-1]},
        "a receipt for other entries": last(receipt([*blue[:-1], more], "blue").note()),
        "a receipt for more entries": last(receipt([*blue, more], "blue").note()),
        "a receipt for another feed": last(receipt(SAID["red"], "red").note()),
        "a receipt signed once": last(receipt(blue, "blue").note().rsplit(b"\n", 2)[0] + b"\n\n"),
        "receipts in another order": {name: three[2] + three[0] + three[1]},
        "no receipt for the last": {
            name: three[0] + three[1],
            "manifest.json": files["manifest.json"].replace(b'"receipts":3', b'"receipts":2', 1),
        },
    }


def _of_terms() -> dict[str, Edit]:
    files = unpacked()

    def agreed(terms: bytes) -> Edit:
        digest = canonical.sha256_hex(terms)
        said = [*SAID["red"], entry(70, "terms.agreed", {"hash": digest}, "red")]
        edit = _feed("red", said, files)
        manifest = edit["manifest.json"]
        assert manifest is not None
        edit["manifest.json"] = manifest.replace(b'"terms":1', b'"terms":2')
        return edit | {f"terms/{digest}.json": terms}

    strange = TERMS.replace(b"clearline/red/mirror", b"clearline/red/mirrof")
    return {
        "no terms": {TERMS_NAME: None},
        "terms that were changed": {TERMS_NAME: TERMS.replace(b"1000", b"1001")},
        "terms by another name": {TERMS_NAME: None, f"terms/{'0' * 64}.json": TERMS},
        "terms that nobody named": {
            f"terms/{canonical.sha256_hex(b'{}')}.json": b"{}",
            "manifest.json": files["manifest.json"].replace(b'"terms":1', b'"terms":2'),
        },
        "terms with other keys": agreed(strange),
        "terms of another link": agreed(TERMS.replace(LINK.encode(), LINK[:-1].encode() + b"0")),
        "terms of another shape": agreed(b'{"a":1}'),
        "terms that one side agreed to": _feed(
            "red", [entry(1, "notice.noted", {}, "red"), *SAID["red"][1:]], files
        ) | {"feeds/red/receipts": receipt(SAID["red"][:0], "red").note() + b"\n",
             "manifest.json": files["manifest.json"].replace(
                 b'"party":"red","receipts":3', b'"party":"red","receipts":1')},
    }  # fmt: skip


def _of_forks() -> dict[str, Edit]:
    manifest = unpacked()["manifest.json"].replace(b'"forks":0', b'"forks":1')
    said = SAID["blue"]
    before = Frontier()
    before.extend(map(leaf_hash, said[:3]))
    two = ForkEvidence(
        first=signed(said, "blue").raw,
        second=signed([*said[:-1], entry(60, "a.b", {})], "blue").raw,
        peaks=(),
        entries=(),
    )
    way = ForkEvidence(
        first=signed(said[:3], "blue").raw,
        second=signed(said, "blue").raw,
        peaks=before.peaks,
        entries=tuple(reversed(said[3:])),
    )

    def fork(evidence: ForkEvidence, party: str = "blue", **changes: Any) -> Edit:
        found = ForkFile(evidence=msgspec.structs.replace(evidence, **changes), party=party)
        return {"manifest.json": manifest, "forks/0.json": canonical.encode(found)}

    return {
        "two roots of one size": fork(two),
        "entries that do not lead there": fork(way),
        "evidence against the other": fork(two, "red"),
        "evidence against a stranger": fork(two, "grey"),
        "one root twice": fork(two, second=two.first),
        "two roots and entries": fork(two, entries=(said[0],)),
        "entries that do lead there": fork(way, entries=tuple(said[3:])),
        "peaks that were made up": fork(way, peaks=tuple(reversed(before.peaks))),
        "a peak too few": fork(way, peaks=before.peaks[:1]),
        "an entry too few on the way": fork(way, entries=way.entries[1:]),
        "evidence that is unsigned": fork(two, second=two.second.split(b"\n\n")[0] + b"\n"),
        "evidence of another shape": {"manifest.json": manifest, "forks/0.json": b"{}"},
        "evidence that was not counted": {"forks/0.json": fork(two)["forks/0.json"]},
    }


def made() -> list[dict[str, Any]]:
    """Return the vectors: what is done to the record, and what our own verifier finds."""
    files = unpacked()
    found = [
        {
            "what": what,
            "files": {n: None if raw is None else _b64(raw) for n, raw in sorted(edit.items())},
        }
        | _shown(edited(files, edit))
        for what, edit in edits(files).items()
    ]
    return found + [
        {"what": what, "archive": _b64(raw)} | _shown(raw) for what, raw in archives(files).items()
    ]


def _shown(raw: bytes) -> dict[str, Any]:
    """Return what a bundle shows; notes only where nothing failed, and none on what a reader has
    from elsewhere: those are for people, and what else to say beside a fault is left open."""
    report = verify_bundle(raw)
    notes = [] if report.faults else report.notes
    return {
        "entries": report.entries,
        "feeds": report.feeds,
        "receipts": report.receipts,
        "faults": sorted([fault.code, fault.where] for fault in report.faults),
        "notes": sorted([note.code, note.where] for note in notes if note.code != "not_pinned"),
    }


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def main() -> None:
    shown = json.dumps(made(), indent=1, ensure_ascii=True)
    (FOLDER / "bundles.json").write_text(shown + "\n")


if __name__ == "__main__":
    main()
