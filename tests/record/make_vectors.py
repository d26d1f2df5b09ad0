"""Writes protocol/vectors/record: run it after a change of the wire, and read the diff.

Keys come from fixed seeds. ML-DSA-44 signatures may be hedged, so a second run gives other
signatures of the same messages; that is why the vectors are kept, not made in the test.

    python tests/record/make_vectors.py
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from record_world import (
    AUTHOR,
    KEYS,
    LINK,
    MIRROR,
    ORIGIN,
    START,
    TERMS,
    contents,
    entry,
    feeds,
    head,
    receipt,
    seed,
    signed,
)

from clearline.record import (
    Checkpoint,
    Tree,
    build_append,
    build_proof,
    canonical,
    cosign,
    fingerprint,
    leaf_hash,
    pack,
    sign,
)

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors" / "record"
BLUE = feeds(6)["blue"]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def accepted(what: str, **more: Any) -> dict[str, Any]:
    return {"what": what, "accepted": True} | more


def refused(what: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"what": what, "accepted": False, "reason": reason} | more


def text(raw: bytes) -> dict[str, str]:
    return {"base64": b64(raw)}


def keys() -> list[dict[str, Any]]:
    return [
        {
            "party": party,
            "keys": {"author": KEYS[party].author, "mirror": KEYS[party].mirror},
            "fingerprint": fingerprint(KEYS[party]),
            "seeds": {
                "author": [b64(seed(party, "a", n)) for n in "12"],
                "mirror": [b64(seed(party, "m", n)) for n in "12"],
            },
        }
        for party in sorted(KEYS)
    ]


def canonicals() -> list[dict[str, Any]]:
    good = [
        b'{"a":1,"b":[true,false,null,"x"],"c":{}}',
        '{"a":"\u00e9\u20ac\U0001f600","b":"\\"\\\\\\b\\f\\n\\r\\t\\u0001\u007f/"}'.encode(),
        b"[9007199254740991,-9007199254740991,0]",
        b"[" * 32 + b"]" * 32,
    ]
    bad = [
        ("white space", "not_canonical", b'{"a": 1}'),
        ("keys out of order", "not_canonical", b'{"b":1,"a":1}'),
        ("a key given twice", "not_canonical", b'{"a":1,"a":1}'),
        ("an escape too many", "not_canonical", b'"\\u00e9"'),
        ("minus zero", "not_canonical", b"-0"),
        ("a key that is not ASCII", "not_canonical", '{"\u00e9":1}'.encode()),
        ("a fraction", "malformed", b"[1.0]"),
        ("an exponent", "malformed", b"[1e2]"),
        ("an integer beyond 53 bits", "malformed", b"[9007199254740992]"),
        ("33 levels", "malformed", b"[" * 33 + b"]" * 33),
        ("not UTF-8", "malformed", b'"\xff"'),
        ("half a surrogate pair", "malformed", b'"\\ud800"'),
        ("not a number", "malformed", b"[NaN]"),
    ]
    return [accepted("canonical", **text(raw)) for raw in good] + [
        refused(what, reason, **text(raw)) for what, reason, raw in bad
    ]


def entries() -> list[dict[str, Any]]:
    good = entry(3, "notice.declared", {"text": "\u00dcbung"}, re=(json.loads(BLUE[0])["id"],))
    whole = json.loads(good)

    def other(**changes: Any) -> dict[str, str]:
        return text(canonical.encode({k: v for k, v in (whole | changes).items() if v is not None}))

    return [
        accepted("an entry", leaf_hash=leaf_hash(good).hex(), **text(good)),
        accepted("an unknown kind", **other(kind="future.invented")),
        accepted("64 references", **other(re=[whole["id"]] * 64)),
        refused("65 references", "too_large", **other(re=[whole["id"]] * 65)),
        refused("65,536 bytes or more", "too_large", **other(body={"a": "x" * 65_500})),
        refused("white space", "not_canonical", **text(good.replace(b",", b", ", 1))),
        refused("an unknown field", "unknown_field", **other(extra=1)),
        refused("a field is missing", "malformed", **other(re=None)),
        refused("another version", "unknown_version", **other(v=2)),
        refused("not a UUIDv7", "malformed", **other(id="00000000-0000-4000-8000-000000000000")),
        refused("a kind with a capital", "malformed", **other(kind="Notice.declared")),
        refused("a time without milliseconds", "malformed", **other(at="2026-11-23T14:25:07Z")),
        refused("a body that is a list", "malformed", **other(body=[])),
    ]


def trees() -> list[dict[str, Any]]:
    leaves = [b"", *(b"leaf %d" % n for n in range(1, 12))]
    tree = Tree(map(leaf_hash, leaves))
    return [tree_of(tree, leaves, size) for size in (0, 1, 2, 3, 4, 5, 7, 8, 11, 12)]


def tree_of(tree: Tree, leaves: list[bytes], size: int) -> dict[str, Any]:
    return {
        "leaves": [b64(leaf) for leaf in leaves[:size]],
        "root": b64(tree.root_at(size)),
        "inclusion": [
            {"index": n, "proof": [b64(h) for h in tree.inclusion_proof(n, size)]}
            for n in range(size)
        ],
        "consistency": [
            {
                "old": old,
                "old_root": b64(tree.root_at(old)),
                "proof": [b64(h) for h in tree.consistency_proof(old, size)],
            }
            for old in range(size + 1)
        ],
    }


def notes() -> list[dict[str, Any]]:
    note = "a\n\nb\n\n\u2014 example/key MTIzNDU=\n"
    line = note.rsplit("\n\n", maxsplit=1)[-1]
    bad = [
        ("no empty line", note.replace("\n\n", "\n")),
        ("no signature", "a\n\n"),
        ("no final newline", note[:-1]),
        ("an empty line at the end", note + "\n"),
        ("a control character", note.replace("b", "\t")),
        ("a hyphen for the em dash", note.replace("\u2014", "-")),
        ("a plus in the name", note.replace("/key", "+key")),
        ("a space in the name", note.replace("/key", "\u2003key")),
        ("a key id without a signature", note.replace("MTIzNDU=", "MTIzNA==")),
        ("base64 with bits left over", note.replace("MTIzNDU=", "MTIzNDV=")),
    ]
    return [
        accepted("a text with an empty line", text="a\n\nb\n", signatures=1, **text(note.encode())),
        accepted(
            "16 signatures", text="a\n", signatures=16, **text(("a\n\n" + line * 16).encode())
        ),
        refused("17 signatures", "too_large", **text(("a\n\n" + line * 17).encode())),
        refused("not UTF-8", "malformed", **text(b"\xff" + note.encode())),
        *(refused(what, "malformed", **text(raw.encode())) for what, raw in bad),
    ]


def cut(raw: bytes, line: int) -> bytes:
    lines = raw.splitlines(keepends=True)
    del lines[line]
    return b"".join(lines)


def checkpoints() -> list[dict[str, Any]]:
    raw = sign(head(BLUE, "blue"), AUTHOR["blue"])
    stranger = sign(head(BLUE, "blue"), AUTHOR["red"])
    same = {"origin": ORIGIN["blue"], "party": "blue"}
    return [
        accepted("signed by both keys", **same, size=len(BLUE), **text(raw)),
        accepted("of the empty feed", **same, size=0, **text(signed([], "blue").raw)),
        accepted(
            "with a stranger's signature too",
            **same,
            size=len(BLUE),
            **text(raw + b"".join(stranger.splitlines(keepends=True)[-2:])),
        ),
        refused("without the Ed25519 signature", "not_yours", **same, **text(cut(raw, -2))),
        refused("without the ML-DSA-44 signature", "not_yours", **same, **text(cut(raw, -1))),
        refused("signed by another", "not_yours", **same, **text(stranger)),
        refused(
            "another size than was signed",
            "not_yours",
            **same,
            **text(raw.replace(b"\n8\n", b"\n9\n")),
        ),
        refused("of another feed", "not_yours", **same, **text(signed(feeds()["red"], "red").raw)),
        refused(
            "a size with a leading zero",
            "malformed",
            **same,
            **text(raw.replace(b"\n8\n", b"\n08\n")),
        ),
        refused(
            "an extension line", "malformed", **same, **text(raw.replace(b"\n\n", b"\nmore\n\n"))
        ),
        refused(
            "no signature", "malformed", **same, **text(head(BLUE, "blue").text().encode() + b"\n")
        ),
        refused("no final newline", "malformed", **same, **text(raw[:-1])),
    ]


def cosignatures() -> list[dict[str, Any]]:
    checkpoint = head(BLUE, "blue")
    lines = cosign(checkpoint, MIRROR["red"], START)
    later = cosign(checkpoint, MIRROR["red"], START.after(1000))
    mixed = lines.splitlines(keepends=True)[0] + later.splitlines(keepends=True)[1]
    same = {"checkpoint": checkpoint.text(), "mirror": "red"}
    other = Checkpoint(origin=ORIGIN["red"], size=checkpoint.size, root=checkpoint.root)
    seconds = int(START) // 1000
    return [
        accepted("by both keys", **same, seconds=seconds, **text(lines)),
        refused("without the Ed25519 one", "not_yours", **same, **text(cut(lines, 0))),
        refused("without the ML-DSA-44 one", "not_yours", **same, **text(cut(lines, 1))),
        refused("of two times", "not_yours", **same, **text(mixed)),
        refused(
            "by another mirror",
            "not_yours",
            **same,
            **text(cosign(checkpoint, MIRROR["blue"], START)),
        ),
        refused(
            "on another feed's head",
            "not_yours",
            **same,
            **text(cosign(other, MIRROR["red"], START)),
        ),
        refused("empty", "malformed", **same, **text(b"")),
    ]


def appends() -> list[dict[str, Any]]:
    other = [*BLUE[:-1], entry(99, "notice.declared", {"text": "another"})]

    def case(
        what: str, outcome: str, have: list[bytes], body: bytes, **more: Any
    ) -> dict[str, Any]:
        return (
            {
                "what": what,
                "origin": ORIGIN["blue"],
                "party": "blue",
                "mirror_holds": [b64(each) for each in have],
                "mirror_checkpoint": b64(signed(have, "blue").raw),
                "outcome": outcome,
            }
            | more
            | text(body)
        )

    new, old = signed(BLUE, "blue").raw, signed(BLUE[:4], "blue").raw
    stranger = sign(head(BLUE, "blue"), AUTHOR["red"])
    return [
        case("the rest of the feed", "admitted", BLUE[:4], build_append(4, new, BLUE[4:])),
        case("the whole feed", "admitted", [], build_append(0, new, BLUE)),
        case("a heartbeat", "admitted", BLUE, build_append(8, new, [])),
        case("from another size", "wrong_size", BLUE[:4], build_append(2, new, BLUE[2:]), size=4),
        case("sent twice", "wrong_size", BLUE, build_append(4, new, BLUE[4:]), size=8),
        case(
            "another root of one size", "fork", BLUE, build_append(8, signed(other, "blue").raw, [])
        ),
        case("entries of another history", "fork", BLUE[:4], build_append(4, new, other[4:])),
        case(
            "an entry too few",
            "refused",
            BLUE[:4],
            build_append(4, new, BLUE[5:]),
            reason="malformed",
        ),
        case("a smaller checkpoint", "refused", BLUE, build_append(8, old, []), reason="malformed"),
        case(
            "signed by another",
            "refused",
            BLUE[:4],
            build_append(4, stranger, BLUE[4:]),
            reason="not_yours",
        ),
        case(
            "an entry cut short",
            "refused",
            BLUE[:4],
            build_append(4, new, BLUE[4:])[:-1],
            reason="malformed",
        ),
        case("no old line", "refused", BLUE, new, reason="malformed"),
    ]


def proofs() -> list[dict[str, Any]]:
    tree = Tree(map(leaf_hash, BLUE))
    raw = build_proof(
        BLUE[5], 5, tree.inclusion_proof(5, 8), signed(BLUE, "blue"), receipt(BLUE, "blue")
    )
    same = {"origin": ORIGIN["blue"], "author": "blue", "mirror": "red"}
    return [
        accepted("of one entry", **same, entry=b64(BLUE[5]), index=5, **text(raw)),
        refused("without the mirror", "not_yours", **same, **text(cut(cut(raw, -1), -1))),
        refused(
            "at another place", "malformed", **same, **text(raw.replace(b"index 5", b"index 4"))
        ),
        refused("without a hash of the way", "malformed", **same, **text(cut(raw, 3))),
        refused("another version", "malformed", **same, **text(raw.replace(b"@v1", b"@v2", 1))),
    ]


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = {
        "keys": keys(),
        "canonical": canonicals(),
        "entries": entries(),
        "tree": trees(),
        "notes": notes(),
        "checkpoints": checkpoints(),
        "cosignatures": cosignatures(),
        "appends": appends(),
        "proofs": proofs(),
    }
    for name, vectors in made.items():
        shown = json.dumps(vectors, indent=1, ensure_ascii=True)
        (FOLDER / f"{name}.json").write_text(shown + "\n")
    (FOLDER / "record.bundle").write_bytes(pack(contents(feeds())))
    assert LINK in TERMS.decode()


if __name__ == "__main__":
    main()
