"""A counterpart that obeys nothing but the wire: it signs whatever a test wants it to say."""

from __future__ import annotations

import json

from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.core.events import OpenLink, TakeWatch
from clearline.core.terms import Terms, hash_of
from clearline.node.runtime import Reply
from clearline.record import (
    Checkpoint,
    Frontier,
    build_append,
    canonical,
    decode,
    leaf_hash,
    origin_of,
    sign,
)
from clearline.stores.memory import MemoryJournal
from tests.kit import LINK, START, Node, RealKeys, terms

PLACE = {"lat_e7": 352_560_000, "lon_e7": 401_500_000}
STOP = {"phrase": "STOP", "place": PLACE, "radius_cm": 500_000}
FLASH = {"phrases": [STOP], "precedence": "flash"}


class Counterpart:
    """North, written by hand, joined to a real South."""

    def __init__(self, *, agree: bool = True, journal: MemoryJournal | None = None, **changes):
        self.terms: Terms = terms(**changes)
        self.now: Instant = START
        self.keys = RealKeys("north")
        self.tree = Frontier()
        self.said: list[str] = []
        self.node = Node("south", journal)
        self.node.do(OpenLink(by="liaison", us="south", terms=self.terms, agree=True), self.now)
        self.node.do(TakeWatch(by="officer", echelon="duty-desk", languages=("en",)), self.now)
        if agree:
            self.says("terms.agreed", {"hash": hash_of(self.terms)})

    @property
    def state(self):
        return self.node.runtime.state

    @property
    def link(self):
        return self.state.links[LINK]

    def says(
        self, kind: str, body: object, *re: str, id: str | None = None, at: str | None = None
    ) -> str:
        """Say one entry, however wrong; return its id."""
        entry = id or self.next_id()
        fields = {"at": at or str(self.now), "body": body, "id": entry, "kind": kind}
        raw = canonical.encode(fields | {"re": list(re), "v": 1})
        reply = self.pushes(raw)
        assert reply.status == 200, reply
        self.said.append(entry)
        return entry

    def next_id(self) -> str:
        return derive(self.now, self.tree.size & 0xFFF, "north", self.tree.size)

    def pushes(self, *entries: bytes) -> Reply:
        """Push these bytes as they are, under a true signature."""
        old = self.tree.size
        for raw in entries:
            self.tree.append(leaf_hash(raw))
        head = Checkpoint(
            origin=origin_of(LINK, "north"), size=self.tree.size, root=self.tree.root()
        )
        body = build_append(old, sign(head, self.keys.author), list(entries))
        return self.node.runtime.admit(LINK, body, self.now)

    def answers(self) -> list[tuple[str, dict, tuple[str, ...]]]:
        """Return everything that the node has said: kind, body, re."""
        rows = self.node.journal.rows(LINK, "south", 0, 1_000_000)
        entries = [decode(row.raw) for row in rows]
        return [(entry.kind, json.loads(bytes(entry.body)), entry.re) for entry in entries]

    def refusals(self) -> list[str]:
        return [body["reason"] for kind, body, _ in self.answers() if kind == "entry.refused"]


def volume_body(now: Instant, *, lat: float = 35.3, lon: float = 40.1, start_ms: int = 3_600_000):
    """Return a volume as JSON: five kilometres about a place, for two hours."""
    start = now.after(start_ms)
    level = {"datum": "fl", "value_cm": 304_800}
    return {
        "band": {"lower": level, "upper": {"datum": "fl", "value_cm": 548_640}},
        "outline": {
            "centre": {"lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7)},
            "radius_cm": 500_000,
            "shape": "circle",
        },
        "window": {"end": str(start.after(7_200_000)), "start": str(start)},
    }


def notice_body(now: Instant, **place: float):
    return {"activity": "flight", "late": False, "volumes": [volume_body(now, **place)]}
