"""The parties, terms, entries and scripts that the protocol's vectors are made of.

Everything comes from fixed seeds and instants, so the vectors can be made again byte for byte.
A script is one node, `south`, under test: entries of `north` arrive, people of `south` act, time
passes, and what `south` says and refuses is written down.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import Any

import msgspec

from clearline.basis.faults import Refusal
from clearline.basis.ids import derive
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant, dec_hook, enc_hook
from clearline.core.effects import Append, Tell
from clearline.core.events import RULES, Arrived, Event, Rechecking, Started, Tick
from clearline.core.step import BODIES, Core
from clearline.core.terms import Terms, hash_of
from clearline.record import AuthorKey, MirrorKey, canonical, public_keys
from clearline.record import decode as decode_entry

START = Instant.parse("2026-11-23T12:00:00.000Z")
LINK = "019ab000-0000-7000-8000-000000000001"
ENTRY = "019ab1c2-7d40-7a3b-8c15-2f6e90d4b7a1"
OTHER = "019ab1c2-7d40-7a3b-8c15-2f6e90d4b7a2"

Json = dict[str, Any]
CAUSES = ("at", "arrives", "does", "waits", "rechecks")


def place(lat: float, lon: float) -> Json:
    return {"lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7)}


CITY, AIRFIELD = place(35.3333, 40.1500), place(35.2854, 40.1760)


def _seed(party: str, what: str) -> bytes:
    return hashlib.sha256(f"protocol vectors/{party}/{what}".encode()).digest()


def party(name: str) -> Json:
    author = AuthorKey.from_seeds(name, _seed(name, "ae"), _seed(name, "am"))
    mirror = MirrorKey.from_seeds(name, _seed(name, "me"), _seed(name, "mm"))
    return {
        "party": name,
        "title": f"{name.title()} headquarters",
        "keys": msgspec.to_builtins(public_keys(author, mirror)),
        # Not a certificate: bytes of the right form, so that the example has no expiry.
        "certificate": b64encode(hashlib.sha512(name.encode()).digest() * 4).decode(),
        "urls": [f"https://{name}.example/line"],
        "contact": [f"{name} operations desk, telephone +00 0 {len(name)}"],
        "languages": ["en", "ru"],
    }


def rungs(*seconds: int) -> Json:
    echelons = ("duty-desk", "deputy", "flag-officer", "contact-card")
    return {
        "rungs": [
            {"echelon": echelon, "patience_ms": each * 1_000}
            for echelon, each in zip(echelons, seconds, strict=True)
        ]
    }


def example_terms() -> Json:
    """Return the example of protocol/7-terms.md."""
    return {
        "link": LINK,
        "version": 1,
        "parties": [party("north"), party("south")],
        "area": {
            "shape": "polygon",
            "exterior": [place(34, 38), place(34, 42), place(37, 42), place(37, 38)],
            "holes": [],
            "margin_cm": 0,
        },
        "minima": {"horizontal_cm": 500_000, "vertical_cm": 30_480, "time_ms": 15 * MINUTE_MS},
        "ladders": {
            "flash": rungs(20, 30, 30, 30),
            "immediate": rungs(60, 60, 60, 60),
            "priority": rungs(300, 300, 300, 300),
            "routine": rungs(1_800, 1_800, 3_600, 3_600),
        },
        "activities": [
            {"name": "flight", "lead_ms": 2 * HOUR_MS},
            {"name": "convoy", "lead_ms": DAY_MS},
        ],
        "release": {
            "fields": [
                "notice.activity",
                "notice.place",
                "call.notices",
                "call.free_text",
                "watch.languages",
            ],
            "grid": {
                "position_e7": 100_000,
                "length_cm": 100_000,
                "altitude_cm": 15_240,
                "time_ms": 5 * MINUTE_MS,
            },
            "call_grid": {
                "position_e7": 1_000,
                "length_cm": 10_000,
                "altitude_cm": 3_048,
                "time_ms": MINUTE_MS,
            },
        },
        "anchors": [
            {"name": "Deir ez-Zor city", "position": CITY},
            {"name": "Deir ez-Zor airfield", "position": AIRFIELD},
        ],
        "anchor_tolerance_cm": 200_000,
        "tests": {"every_ms": HOUR_MS, "patience_ms": 5 * MINUTE_MS},
        "violations": ["overflight-within-a-mile", "not-notified"],
        "pulse": {
            "heartbeat_ms": 5_000,
            "late_after_ms": 15_000,
            "down_after_ms": 60_000,
            "clock_limit_ms": 5_000,
        },
        "limits": {
            "active_notices": 50_000,
            "notices_per_hour": 1_000_000,
            "open_calls": 64,
            "horizon_ms": 31 * DAY_MS,
            "volumes_per_notice": 8,
        },
    }


def changed(document: Json, changes: Json) -> Json:
    """Return a copy with the values at these paths (`parties/0/title`) replaced; ABSENT removes."""
    copy: Json = json.loads(json.dumps(document))
    for path, value in changes.items():
        at: Any = copy
        *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in way:
            at = at[part]
        if value == ABSENT:
            del at[last]
        elif isinstance(at, list) and last == len(at):
            at.append(value)
        else:
            at[last] = value
    return copy


ABSENT = "@absent"


def terms_of(document: Json) -> Terms:
    return msgspec.json.decode(canonical.encode(document), type=Terms, dec_hook=dec_hook)


def circle(lat: float = 35.3, lon: float = 40.1, radius_m: int = 5_000) -> Json:
    return {"shape": "circle", "centre": place(lat, lon), "radius_cm": radius_m * 100}


AIR = {
    "lower": {"datum": "fl", "value_cm": 304_800},
    "upper": {"datum": "fl", "value_cm": 548_640},
}


def volume(
    outline: Json | None = None,
    *,
    start_ms: int = 3 * HOUR_MS,
    length_ms: int = 2 * HOUR_MS,
    band: Json = AIR,
) -> Json:
    start = START.after(start_ms)
    window = {"start": str(start), "end": str(start.after(length_ms))}
    return {"outline": outline or circle(), "band": band, "window": window}


STOP = {"phrase": "STOP", "place": place(35.26, 40.15), "radius_cm": 500_000}


def entry_text(
    kind: str, body: Any, *, at: Instant, entry_id: str, re: tuple[str, ...] = ()
) -> str:
    """Return the canonical text of an entry, right or wrong."""
    whole = {"at": str(at), "body": body, "id": entry_id, "kind": kind, "re": list(re), "v": 1}
    return canonical.encode(whole).decode()


def event_of(does: Json, documents: dict[str, Json]) -> Event:
    """Return the event that a script's `does` names."""
    filled = dict(does)
    if "terms" in filled:
        filled["terms"] = documents[filled["terms"]]
    return msgspec.json.decode(canonical.encode(filled), type=Event, dec_hook=dec_hook)


class Replay:
    """South's core, and what it says and makes of each step."""

    def __init__(self, documents: dict[str, Json]) -> None:
        self.core = Core()
        self.core.handle(Started(version="vectors", rules=RULES), Instant(0))
        self.documents = documents
        self.arrived = 0

    def run(self, step: Json) -> Json:
        """Return the step with its result: `says`, and `outcome` with `reason` for an arrival."""
        now = Instant.parse(step["at"])
        if "arrives" in step:
            raw = step["arrives"].encode()
            effects = self.core.handle(Arrived(link=LINK, first=self.arrived, entries=(raw,)), now)
            self.arrived += 1
        elif "does" in step:
            effects = self.core.handle(event_of(step["does"], self.documents), now)
        elif "rechecks" in step:
            effects = self.core.handle(Rechecking(link=LINK, budget_us=1 << 40), now)
        else:
            effects = self.core.handle(Tick(), now)
        said = [_without_detail(effect) for effect in effects if isinstance(effect, Append)]
        result = {key: step[key] for key in CAUSES if key in step}
        if "arrives" in step:
            refusals = [json.loads(text) for text in said if '"kind":"entry.refused"' in text]
            unknown = any(isinstance(e, Tell) and e.code == "not_understood" for e in effects)
            if refusals:
                result |= {"outcome": "refused", "reason": refusals[0]["body"]["reason"]}
            else:
                result["outcome"] = "not_understood" if unknown else "accepted"
        return result | {"says": said}


def _without_detail(append: Append) -> str:
    """Return the text of an entry; a refusal's detail is free, so it is left empty here."""
    if append.kind != "entry.refused":
        return append.raw.decode()
    whole = json.loads(append.raw)
    return canonical.encode(changed(whole, {"body/detail": ""})).decode()


class Script:
    """One script in the making. What is expected is given by hand and held to at once."""

    def __init__(
        self, note: str, documents: dict[str, Json], *, agreed: bool = True, base: str = "example"
    ) -> None:
        self.note = note
        self.now = START
        self.steps: list[Json] = []
        self.south = Replay(documents)
        self.documents = documents
        self._index = 0
        self._first = True
        if base:
            self.does("OpenLink", by="liaison", us="south", terms=base, agree=agreed)
        if agreed:
            self.arrives("terms.proposed", {"terms": documents[base]})
            self.arrives("terms.agreed", {"hash": hash_of(terms_of(documents[base]))})

    def later(self, span_ms: int) -> None:
        """Let time pass without anything falling due."""
        self.now = self.now.after(span_ms)

    def new_id(self) -> str:
        """Return the next id of north's feed."""
        self._index += 1
        return derive(self.now, self._index, LINK, "north", self._index)

    def arrives(
        self,
        kind: str,
        body: Any,
        *,
        re: tuple[str, ...] = (),
        expect: str = "accepted",
        entry_id: str = "",
        at: Instant | None = None,
        text: str = "",
    ) -> str:
        """An entry of north arrives; return its id."""
        entry_id = entry_id or self.new_id()
        raw = text or entry_text(kind, body, at=at or self.now, entry_id=entry_id, re=re)
        step = self._step({"at": str(self.now), "arrives": raw})
        got = step.get("reason", step["outcome"])
        assert got == expect, (self.note, kind, got, expect, step["says"])
        return entry_id

    def does(self, kind: str, **fields: Any) -> str:
        """Somebody of south acts; return the id of the first entry that south says."""
        fields.setdefault("by", "officer")
        step = self._step({"at": str(self.now), "does": {"type": kind} | fields})
        return json.loads(step["says"][0])["id"] if step["says"] else ""

    def waits(self, span_ms: int) -> list[Json]:
        """Time passes, and south wakes whenever something is due; return what it says."""
        end = self.now.after(span_ms)
        said: list[Json] = []
        while (due := self.south.core.due()) is not None and due <= end:
            self.now = max(self.now, due)
            step = self._step({"at": str(self.now), "waits": True})
            said += [json.loads(text) for text in step["says"]]
        self.now = end
        return said

    def rechecks(self) -> None:
        """South has time, and compares all that waits to be compared again."""
        self._step({"at": str(self.now), "rechecks": True})

    def said(self) -> list[Json]:
        """Return what south said in the last step."""
        return [json.loads(text) for text in self.steps[-1]["says"]]

    def expect_says(self, *kinds: str) -> None:
        """Hold the last step to these kinds."""
        assert [each["kind"] for each in self.said()] == list(kinds), (self.note, self.said())

    def vector(self) -> Json:
        return {"note": self.note, "steps": self.steps}

    def _step(self, step: Json) -> Json:
        result = self.south.run(step)
        self.steps.append(result)
        return result


def body_outcome(kind: str, body: Any) -> str:
    """Return `accepted`, or the reason for which a body is refused."""
    found = canonical.decode(canonical.encode(body), BODIES[kind])
    return found.reason.value if isinstance(found, Refusal) else "accepted"


def whole_outcome(text: str) -> str:
    """Return what becomes of an entry, its references and the state of the link apart."""
    found = decode_entry(text.encode())
    if isinstance(found, Refusal):
        return found.reason.value
    if found.kind not in BODIES:
        return "not_understood"
    body = canonical.decode(bytes(found.body), BODIES[found.kind])
    return body.reason.value if isinstance(body, Refusal) else "accepted"


__all__ = [
    "ABSENT",
    "AIR",
    "AIRFIELD",
    "CITY",
    "ENTRY",
    "LINK",
    "OTHER",
    "START",
    "STOP",
    "Json",
    "Replay",
    "Script",
    "body_outcome",
    "changed",
    "circle",
    "enc_hook",
    "entry_text",
    "event_of",
    "example_terms",
    "party",
    "place",
    "rungs",
    "terms_of",
    "volume",
    "whole_outcome",
]
