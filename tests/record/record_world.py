"""What the tests of the record share: two parties, their keys, and records they made."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.record import (
    AuthorKey,
    AuthorVerifier,
    Checkpoint,
    Contents,
    Entry,
    FeedContents,
    Frontier,
    MirrorKey,
    MirrorVerifier,
    PublicKeys,
    Receipt,
    SignedCheckpoint,
    canonical,
    cosign,
    encode,
    leaf_hash,
    open_cosignatures,
    open_signed,
    origin_of,
    public_keys,
    sign,
)

START = Instant.parse("2026-11-23T14:25:07.120Z")
LINK = derive(START, 0, "link")
OTHER = {"blue": "red", "red": "blue"}


def seed(*parts: str) -> bytes:
    """Return 32 fixed bytes for a name."""
    return hashlib.sha256("/".join(("clearline test seed", *parts)).encode()).digest()


AUTHOR = {p: AuthorKey.from_seeds(p, seed(p, "a", "1"), seed(p, "a", "2")) for p in OTHER}
MIRROR = {p: MirrorKey.from_seeds(p, seed(p, "m", "1"), seed(p, "m", "2")) for p in OTHER}
KEYS: dict[str, PublicKeys] = {p: public_keys(AUTHOR[p], MIRROR[p]) for p in OTHER}
ORIGIN = {p: origin_of(LINK, p) for p in OTHER}


def author(party: str) -> AuthorVerifier:
    found = AuthorVerifier.of(KEYS[party].author, party)
    assert isinstance(found, AuthorVerifier)
    return found


def mirror(party: str) -> MirrorVerifier:
    found = MirrorVerifier.of(KEYS[party].mirror, party)
    assert isinstance(found, MirrorVerifier)
    return found


AUTHORS = {p: author(p) for p in OTHER}
MIRRORS = {p: mirror(p) for p in OTHER}

TERMS = canonical.encode(
    {
        "link": LINK,
        "parties": [{"party": p, "keys": KEYS[p], "title": p.title()} for p in sorted(OTHER)],
        "grid_e7": 1000,
    }
)


def entry(
    number: int, kind: str, body: Any, party: str = "blue", re: tuple[str, ...] = ()
) -> bytes:
    """Return entry `number` of a party's feed."""
    at = START.after(number * 1000)
    return encode(
        Entry(
            at=at,
            body=msgspec.Raw(canonical.encode(body)),
            id=derive(at, number, party),
            kind=kind,
            re=re,
            v=1,
        )
    )


def id_of(raw: bytes) -> str:
    return msgspec.json.decode(raw)["id"]


def head(entries: list[bytes], party: str) -> Checkpoint:
    frontier = Frontier()
    frontier.extend(map(leaf_hash, entries))
    return Checkpoint(origin=ORIGIN[party], size=frontier.size, root=frontier.root())


def signed(entries: list[bytes], party: str) -> SignedCheckpoint:
    found = open_signed(sign(head(entries, party), AUTHOR[party]), ORIGIN[party], AUTHORS[party])
    assert isinstance(found, SignedCheckpoint)
    return found


def receipt(entries: list[bytes], party: str, at: Instant = START) -> Receipt:
    """Return the other side's receipt for a feed of `party`."""
    other = OTHER[party]
    checkpoint = head(entries, party)
    found = open_cosignatures(cosign(checkpoint, MIRROR[other], at), checkpoint, MIRRORS[other])
    assert isinstance(found, Receipt)
    return found


def feeds(count: int = 5) -> dict[str, list[bytes]]:
    """Return two feeds that agreed on terms and then said `count` things each."""
    digest = canonical.sha256_hex(TERMS)
    blue = [
        entry(0, "terms.proposed", {"terms": msgspec.Raw(TERMS)}, "blue"),
        entry(1, "terms.agreed", {"hash": digest}, "blue"),
    ]
    red = [entry(0, "terms.agreed", {"hash": digest}, "red", (id_of(blue[0]),))]
    for number in range(2, count + 2):
        blue.append(entry(number, "notice.declared", {"text": f"Übung {number}"}, "blue"))
        red.append(entry(number, "notice.noted", {"n": number}, "red", (id_of(blue[-1]),)))
    return {"blue": blue, "red": red}


def feed_contents(entries: list[bytes], party: str) -> FeedContents:
    return FeedContents(
        party=party,
        checkpoint=signed(entries, party).raw,
        entries=entries,
        receipts=[
            receipt(entries[:size], party, START.after(size * 1000))
            for size in (0, 1, len(entries))
        ],
    )


def contents(said: dict[str, list[bytes]], **changes: Any) -> Contents:
    """Return what a bundle of these feeds holds, with changes."""
    whole = {
        "link": LINK,
        "exported_by": "blue",
        "exported_at": START,
        "keys": KEYS,
        "terms": [TERMS],
        "feeds": [feed_contents(said[party], party) for party in sorted(said)],
    }
    return Contents(**(whole | changes))
