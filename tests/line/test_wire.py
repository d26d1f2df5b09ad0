"""A counterpart with valid keys and bad intentions, against a real node over real TLS.

Whatever it sends is answered with a status or recorded as `entry.refused` with its reason;
nothing is lost, nothing stops, and a FLASH among it all still rings.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from base64 import b64decode
from ssl import PEM_cert_to_DER_cert
from typing import Any

import pytest

from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.node.clock import SystemClock
from clearline.record import Checkpoint, Frontier, build_append, leaf_hash, origin_of, sign
from clearline.stores.keyfile import read_keys
from clearline.transports.client import Client, Unreachable
from tests.kit import RealKeys
from tests.line.station import Station, settled, until
from tests.line.test_watch import Pair

STOP = {
    "phrase": "STOP",
    "place": {"lat_e7": 352_560_000, "lon_e7": 401_500_000},
    "radius_cm": 50_000,
}
FAR = "2099-01-01T00:00:00.000Z"


class Hostile:
    """South's keys, certificate and feed, in the hands of someone who does not run our node."""

    def __init__(self, us: Station, them: Station) -> None:
        settled(us, them)
        self.link = us.link["id"]
        us.kill()
        self.keys = read_keys(us.home / "keys.json")
        self.cert = (us.home / "certificate.pem").read_bytes()
        self.key = (us.home / "certificate.key").read_bytes()
        document = them.ask("terms", link=self.link)["document"]
        (card,) = [each for each in document["parties"] if each["party"] == them.name]
        self.url, self.pin = card["urls"][0], b64decode(card["certificate"])
        self.origin = origin_of(self.link, us.name)
        self.feed = Frontier()
        with sqlite3.connect(us.home / "journal.db") as db:
            query = "SELECT raw FROM feed WHERE party = ? ORDER BY idx"
            self.raws = [raw for (raw,) in db.execute(query, (us.name,))]
        db.close()
        self.feed.extend(leaf_hash(raw) for raw in self.raws)
        self._count = 0

    def entry(self, kind: str, body: Any, **changes: Any) -> bytes:
        """Return an entry that is canonical unless it is changed not to be."""
        self._count += 1
        now = SystemClock().now()
        made = {"at": str(now), "body": body, "id": derive(now, self._count, "hostile"),
                "kind": kind, "re": [], "v": 1, **changes}  # fmt: skip
        return json.dumps(made, sort_keys=True, separators=(",", ":")).encode()

    def append(self, *raws: bytes) -> bytes:
        """Return a well-formed, well-signed append of these entries."""
        start = self.feed.size
        self.feed.extend(leaf_hash(raw) for raw in raws)
        return build_append(start, self.checkpoint(), list(raws))

    def checkpoint(self, signer: Any = None, root: bytes | None = None) -> bytes:
        """Return the signed head of the feed."""
        head = Checkpoint(origin=self.origin, size=self.feed.size, root=root or self.feed.root())
        return sign(head, signer or self.keys.author)

    def push(self, *bodies: bytes, link: str = "", pin: bytes = b"") -> list[tuple[int, bytes]]:
        """Post bodies one after another; return each answer."""

        async def go() -> list[tuple[int, bytes]]:
            async with Client(self.cert, self.key) as client:
                return [
                    await client.push(self.url, pin or self.pin, link or self.link, body, 20)
                    for body in bodies
                ]

        return asyncio.run(go())

    def get(self, path: str) -> tuple[int, bytes]:
        """Read from the node."""

        async def go() -> tuple[int, bytes]:
            async with Client(self.cert, self.key) as client:
                return await client.get(self.url, self.pin, self.link, path, 1 << 20)

        return asyncio.run(go())


@pytest.fixture
def hostile(pair: Pair) -> tuple[Hostile, Station]:
    """South as an attacker, and north as it is."""
    north, south = pair
    return Hostile(south, north), north


def alive(hostile: Hostile, north: Station) -> None:
    """Hold that a FLASH still rings, whatever came before."""
    flash = hostile.entry("call.opened", {"drill": False, "notices": [], "phrases": [STOP],
                                          "precedence": "flash"})  # fmt: skip
    ((status, receipt),) = hostile.push(hostile.append(flash))
    assert status == 200
    assert receipt
    id_ = json.loads(flash)["id"]
    assert [each["state"] for each in north.calls() if each["id"] == id_] == ["ringing"]
    assert north.json("status")["unsafe"] is None


def test_appends_that_are_none_are_answered_with_a_status_and_change_nothing(hostile):
    south, north = hostile
    size = north.link["their_size"]
    whole = build_append(south.feed.size, south.checkpoint(), [])
    bodies = {
        b"": 400,
        b"garbage": 400,
        b"old x\n\n": 400,
        b"old -1\n\n": 400,
        b"old 99999999999999999999999999\n\n": 400,
        whole[:-20]: 400,
        whole.replace(b"old %d" % size, b"old %d" % (size - 1)): 409,
        build_append(0, south.checkpoint(), south.raws): 409,
        build_append(size, south.checkpoint(RealKeys("south").author), []): 400,
        build_append(size, south.checkpoint(RealKeys("north").author), []): 400,
    }
    answers = south.push(*bodies)
    assert [status for status, _ in answers] == list(bodies.values())
    assert answers[6][1] == b"%d\n" % size
    assert south.push(b"x" * (64 << 20))[0][0] == 413
    assert north.link["their_size"] == size
    assert not north.link["peer_unsafe"]
    alive(south, north)


def test_strangers_links_and_paths_are_one_and_the_same_nothing(hostile):
    south, north = hostile
    other = south.link[:-2] + "ff"
    assert south.push(b"", link=other)[0][0] == 404
    assert south.push(b"", link="..")[0][0] == 404
    for path in ("north/../south/checkpoint", "west/checkpoint", "north/tile/x", "north/tile/0/999",
                 "north/tile/entries/999.p/1", "", "%2e%2e/", "north/checkpoint?x=1"):  # fmt: skip
        assert south.get(path)[0] == 404, path
    for party in ("north", "south"):
        assert south.get(f"{party}/checkpoint")[0] == 200
    mine = PEM_cert_to_DER_cert(south.cert.decode())
    with pytest.raises(Unreachable, match="wrong_certificate"):
        south.push(b"", pin=mine)
    alive(south, north)


def test_entries_that_are_no_entries_are_stored_and_refused_by_their_reason(hostile):
    south, north = hostile
    known = json.loads(south.raws[-1])
    wide = {"outline": {"type": "circle", "centre": {"lat_e7": 0, "lon_e7": 0}, "radius_cm": 1}}
    sent = {
        b"\xff\xfe not JSON": "malformed",
        b"[]": "malformed",
        b'{"at":1}': "malformed",
        south.entry("call.opened", {}) + b" ": "not_canonical",
        south.entry("call.opened", {}, extra=1): "unknown_field",
        south.entry("call.opened", {}, v=2): "unknown_version",
        south.entry("call.opened", {"nope": 1}): None,
        south.entry("bribe.offered", {}): None,  # Shown as not understood; never refused.
        south.entry("watch.status", {}, id=known["id"]): None,
        south.entry("call.acknowledged", {"echelon": "duty-desk", "rung": 1},
                    re=["019ab000-0000-7000-8000-00000000abcd"]): "unknown_reference",
        south.entry("notice.declared", {"volumes": [wide]}): None,
        south.entry("entry.refused", {"reason": "rate", "detail": "x"}, at=FAR): None,
    }  # fmt: skip
    before = len(north.refusals())
    ((status, receipt),) = south.push(south.append(*sent))
    assert status == 200
    assert receipt
    assert north.link["their_size"] == south.feed.size
    # A refusal is never refused, or two nodes would never stop.
    until(lambda: len(north.refusals()) >= before + 8, "every refusal", 3)
    empty = south.append() + b"\0\0"
    assert south.push(empty)[0][0] == 400
    said = north.refusals()[before:]
    for reason in {each for each in sent.values() if each}:
        assert reason in said, (reason, said)
    alive(south, north)
    shown = north.json("log", "--last", "100")
    assert "(not an entry)" in {each["kind"] for each in shown}
    assert "(not an entry)" in north.run("log", "--last", "100")
    north.run("bundle", "--out", str(north.home / "b"))
    # The record blames whoever wrote what is no entry, and nobody else.
    report = json.loads(north.fails("verify", str(north.home / "b")).output)
    assert {"south" in each["where"] for each in report["faults"]} == {True}, report["faults"]


def test_a_replayed_append_is_answered_with_the_size_and_a_fork_is_kept_and_told(hostile):
    south, north = hostile
    body = south.append(south.entry("bribe.offered", {}))
    first, second = south.push(body, body)
    assert (first[0], second[0]) == (200, 409)
    assert second[1] == b"%d\n" % south.feed.size
    forged = build_append(south.feed.size, south.checkpoint(root=b"\1" * 32), [])
    assert south.push(forged)[0][0] == 422
    until(lambda: north.link["state"] == "disputed", "the link to be disputed")
    assert "DISPUTED" in north.run("status")
    assert south.push(body)[0][0] == 403
    north.kill()
    north.serve()
    assert north.link["state"] == "disputed"
    north.run("link", "settle", "--yes")
    alive(south, north)


def test_many_at_once_are_all_answered_and_a_flash_among_them_rings(hostile):
    south, north = hostile
    heartbeat = build_append(south.feed.size, south.checkpoint(), [])

    async def go() -> list[int]:
        async with Client(south.cert, south.key) as client:
            asked = [
                client.push(south.url, south.pin, south.link, heartbeat, 20) for _ in range(100)
            ]
            return [status for status, _ in await asyncio.gather(*asked)]

    assert set(asyncio.run(go())) <= {200, 429}
    alive(south, north)


def test_not_safe_from_the_counterpart_is_shown_until_it_is_heard_again(hostile):
    south, north = hostile

    async def go() -> int:
        async with Client(south.cert, south.key) as client:
            return await client.say_not_safe(south.url, south.pin, south.link)

    assert asyncio.run(go()) == 200
    assert north.link["peer_unsafe"]
    assert "LINE NOT SAFE" in north.run("status")
    assert isinstance(north.ask("status")["at"], str)
    assert Instant.parse(north.ask("status")["at"])
