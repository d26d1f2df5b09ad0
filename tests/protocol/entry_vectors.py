"""Vectors of single entries: bodies and whole entries of every kind, and terms documents."""

from __future__ import annotations

import json
from typing import Any

from clearline.basis.instants import DAY_MS
from clearline.core.step import BODIES
from clearline.core.terms import hash_of
from clearline.record import canonical
from tests.protocol.world import (
    ABSENT,
    CITY,
    ENTRY,
    LINK,
    OTHER,
    START,
    STOP,
    Json,
    changed,
    entry_text,
    example_terms,
    party,
    place,
    terms_of,
    volume,
)

PLACE = {
    "at": place(35.2523, 40.15),
    "stated": {"anchor": "Deir ez-Zor city", "range_cm": 900_000, "bearing_mdeg": 180_000},
}
FOUND = {
    "rule": 1,
    "closest": {"horizontal_cm": 240_000, "vertical_cm": 0, "time_ms": 0},
    "where": CITY,
    "window": {"start": "2026-11-23T15:00:00.000Z", "end": "2026-11-23T17:00:00.000Z"},
}

GOOD: dict[str, list[tuple[str, Json]]] = {
    "terms.proposed": [("the example document", {"terms": example_terms()})],
    "terms.agreed": [("a hash", {"hash": hash_of(terms_of(example_terms()))})],
    "watch.status": [
        (
            "a manned desk on rung 1",
            {"echelon": "duty-desk", "manned": True, "rung": 1, "languages": ["en", "ru"]},
        ),
        (
            "an unmanned desk that no rung rings",
            {"echelon": "archive", "manned": False, "rung": 0, "languages": []},
        ),
    ],
    "notice.declared": [
        (
            "one circle, in time",
            {"activity": "flight", "volumes": [volume()], "late": False},
        ),
        (
            "with a place and how it was stated",
            {"activity": "convoy", "volumes": [volume()], "late": True, "place": PLACE},
        ),
        (
            "a place that is null, which is as if it were absent",
            {"activity": "flight", "volumes": [volume()], "late": False, "place": None},
        ),
        (
            "a polygon with a hole and a corridor",
            {
                "activity": "flight",
                "volumes": [
                    volume(
                        {
                            "shape": "polygon",
                            "exterior": [place(35, 40), place(35, 41), place(36, 40.5)],
                            "holes": [[place(35.2, 40.4), place(35.2, 40.6), place(35.4, 40.5)]],
                            "margin_cm": 100_000,
                        }
                    ),
                    volume(
                        {
                            "shape": "corridor",
                            "points": [place(35, 39), place(35.5, 39.5)],
                            "width_cm": 200_000,
                        },
                        band={
                            "lower": {"datum": "surface", "value_cm": 0},
                            "upper": {"datum": "height", "value_cm": 12_000},
                        },
                    ),
                ],
                "late": False,
            },
        ),
    ],
    "notice.revised": [
        ("revision 2", {"revision": 2, "volumes": [volume()], "late": False}),
        ("with a place", {"revision": 3, "volumes": [volume()], "late": True, "place": PLACE}),
    ],
    "notice.withdrawn": [("nothing to say", {})],
    "notice.noted": [
        (each.replace("_", " "), {"disposition": each})
        for each in (
            "received",
            "relayed_to_units",
            "understood",
            "will_comply",
            "cannot_comply",
        )
    ],
    "conflict.found": [
        ("bands that meet", FOUND),
        (
            "bands that cannot be compared",
            changed(FOUND, {"closest/vertical_cm": None}),
        ),
        ("certain, by version 2", FOUND | {"rule": 2, "certainty": "certain"}),
        ("possible, by version 2", FOUND | {"rule": 2, "certainty": "possible"}),
    ],
    "conflict.cleared": [
        (f"because it was {each}", {"why": each})
        for each in ("revised", "withdrawn", "lapsed", "amended")
    ],
    "call.opened": [
        ("a FLASH with STOP", {"precedence": "flash", "phrases": [STOP]}),
        (
            "a routine drill about two notices",
            {
                "precedence": "routine",
                "phrases": [{"phrase": "TEST"}],
                "notices": [ENTRY, OTHER],
                "drill": True,
            },
        ),
    ],
    "call.ringing": [
        (
            "rung 1 rings",
            {"rung": 1, "echelon": "duty-desk", "since": "2026-11-23T14:25:07.120Z"},
        )
    ],
    "call.climbed": [
        (
            "to the deputy, as nobody answered",
            {"rung": 2, "echelon": "deputy", "round": 0, "why": "unanswered"},
        ),
        (
            "the last rung for the third time, unmanned",
            {"rung": 4, "echelon": "contact-card", "round": 2, "why": "unmanned"},
        ),
        (
            "past whoever acknowledged and then did nothing",
            {"rung": 2, "echelon": "deputy", "round": 1, "why": "idle"},
        ),
        (
            "straight to the flag officer, by hand",
            {"rung": 3, "echelon": "flag-officer", "round": 1, "why": "by_hand"},
        ),
    ],
    "call.acknowledged": [("the deputy has read it", {"rung": 2, "echelon": "deputy"})],
    "call.said": [("an answer", {"phrases": [{"phrase": "AFFIRM", "reference": ENTRY}]})],
    "call.readback": [("a STOP restated", {"phrases": [STOP]})],
    "call.disposition": [
        (each.replace("_", " "), {"disposition": each})
        for each in (
            "received",
            "relayed_to_units",
            "understood",
            "will_comply",
            "cannot_comply",
        )
    ],
    "call.closed": [("nothing to say", {})],
    "call.stood_down": [("nothing to say", {})],
    "call.recorded": [
        (
            "four minutes, whole",
            {"sha256": "ab" * 32, "duration_ms": 243_660, "bytes": 1_218_300, "cut": False},
        ),
        (
            "cut off before anything was said",
            {"sha256": "00" * 32, "duration_ms": 0, "bytes": 0, "cut": True},
        ),
    ],
    "test.sent": [("nothing to say", {})],
    "test.answered": [
        ("answered", {"outcome": "answered"}),
        ("missed, and why is not yet known", {"outcome": "missed", "cause": "unknown"}),
        *(
            (f"missed: {cause}", {"outcome": "missed", "cause": cause})
            for cause in (
                "desk_unmanned",
                "line_down",
                "power",
                "weather",
                "equipment",
                "software",
                "declined",
            )
        ),
    ],
    "violation.reported": [
        (
            "a coded rule, a place and a time",
            {"rule": "not-notified", "place": CITY, "seen": "2026-11-23T11:00:00.000Z"},
        )
    ],
    "status.announced": [("in force", {"status": "in_force"}), ("out", {"status": "suspended"})],
    "entry.refused": [("the third entry", {"index": 2, "reason": "stale", "detail": "Too late."})],
}

OPTIONAL = {
    "notice.declared": {"place"},
    "notice.revised": {"place"},
    "call.opened": {"notices", "drill"},
    "test.answered": {"cause"},
}

LONG = "a" * 41
BAD: dict[str, list[tuple[str, Json]]] = {
    "terms.agreed": [
        ("a hash in capitals", {"hash": "A" * 64}),
        ("a hash that is too short", {"hash": "a" * 63}),
        ("a line break after the hash", {"hash": "a" * 64 + "\n"}),
    ],
    "watch.status": [
        ("rung 13", {"rung": 13}),
        ("rung -1", {"rung": -1}),
        ("a name with a capital", {"echelon": "Duty-desk"}),
        ("a name of 41 characters", {"echelon": LONG}),
        ("nine languages", {"languages": ["en"] * 9}),
        ("a language that is no tag", {"languages": ["English"]}),
    ],
    "notice.declared": [
        ("no volume", {"volumes": []}),
        ("33 volumes", {"volumes": [volume()] * 33}),
        ("an activity with a space", {"activity": "two words"}),
        ("an outline without a shape", {"volumes/0/outline/shape": ABSENT}),
        ("a shape that does not exist", {"volumes/0/outline/shape": "box"}),
        ("a radius below 1 m", {"volumes/0/outline/radius_cm": 99}),
        ("a radius above 1,000 km", {"volumes/0/outline/radius_cm": 100_000_001}),
        ("a latitude above 90 degrees", {"volumes/0/outline/centre/lat_e7": 900_000_001}),
        ("a longitude below -180 degrees", {"volumes/0/outline/centre/lon_e7": -1_800_000_001}),
        ("a datum that does not exist", {"volumes/0/band/lower/datum": "agl"}),
        (
            "a surface that is not 0",
            {"volumes/0/band/lower": {"datum": "surface", "value_cm": 1}},
        ),
        ("a negative depth", {"volumes/0/band/lower": {"datum": "depth", "value_cm": -1}}),
        ("a negative height", {"volumes/0/band/lower": {"datum": "height", "value_cm": -1}}),
        ("higher than 100 km", {"volumes/0/band/upper/value_cm": 10_000_001}),
        ("a time without milliseconds", {"volumes/0/window/start": "2026-11-23T15:00:00Z"}),
        ("a time not in UTC", {"volumes/0/window/start": "2026-11-23T15:00:00.000+00:00"}),
        ("a bearing of 360 degrees", {"place": changed(PLACE, {"stated/bearing_mdeg": 360_000})}),
        ("a range beyond 1,000 km", {"place": changed(PLACE, {"stated/range_cm": 100_000_001})}),
    ],
    "notice.revised": [
        ("revision 1 is the declaration", {"revision": 1}),
        ("a revision beyond a million", {"revision": 1_000_001}),
    ],
    "notice.noted": [("a disposition that does not exist", {"disposition": "agreed"})],
    "conflict.found": [
        ("rule 0", {"rule": 0}),
        ("rule 1,001", {"rule": 1_001}),
        ("a certainty that does not exist", {"certainty": "likely"}),
        ("a certainty that is null", {"certainty": None}),
    ],
    "conflict.cleared": [("a reason that does not exist", {"why": "settled"})],
    "call.opened": [
        ("no phrase", {"phrases": []}),
        ("nine phrases", {"phrases": [STOP] * 9}),
        ("17 notices", {"notices": [ENTRY] * 17}),
        ("a notice that is no id", {"notices": ["first"]}),
        ("a precedence in capitals", {"precedence": "FLASH"}),
        ("a phrase that does not exist", {"phrases": [{"phrase": "PROCEED"}]}),
    ],
    "call.ringing": [("rung 0", {"rung": 0}), ("rung 13", {"rung": 13})],
    "call.climbed": [
        ("rung 0", {"rung": 0}),
        ("a round below 0", {"round": -1}),
        ("a reason that does not exist", {"why": "busy"}),
    ],
    "call.acknowledged": [("rung 0", {"rung": 0}), ("a person's name", {"echelon": "Col. Smith"})],
    "call.said": [("no phrase", {"phrases": []}), ("nine phrases", {"phrases": [STOP] * 9})],
    "call.readback": [("no phrase", {"phrases": []}), ("nine phrases", {"phrases": [STOP] * 9})],
    "call.disposition": [("a disposition that does not exist", {"disposition": "agreed"})],
    "test.answered": [
        ("an outcome that does not exist", {"outcome": "late"}),
        ("a cause that does not exist", {"outcome": "missed", "cause": "rain"}),
    ],
    "violation.reported": [("a rule that is free text", {"rule": "they came too near"})],
    "status.announced": [("a status that does not exist", {"status": "ended"})],
    "entry.refused": [
        ("an index below 0", {"index": -1}),
        ("a reason that does not exist", {"reason": "busy"}),
        ("a detail of 201 characters", {"detail": "x" * 201}),
    ],
}
"""By kind: what is wrong, and how its first good body is changed. All are `malformed`."""


def bodies() -> list[Json]:
    """Return accepted and refused bodies of every kind."""
    made: list[Json] = []
    for kind in BODIES:
        base = GOOD[kind][0][1]
        for note, body in GOOD[kind]:
            made.append({"note": f"{kind}: {note}", "kind": kind, "body": body, "accepted": True})

        def refuse(note: str, body: Any, reason: str = "malformed", kind: str = kind) -> None:
            made.append(
                {
                    "note": f"{kind}: {note}",
                    "kind": kind,
                    "body": body,
                    "accepted": False,
                    "reason": reason,
                }
            )

        if kind != "terms.proposed":  # Its own are in vectors/terms, as changes of the example.
            refuse("a field that it does not have", base | {"target": "x"}, "unknown_field")
            for field in base:
                if field not in OPTIONAL.get(kind, set()):
                    refuse(f"without `{field}`", {k: v for k, v in base.items() if k != field})
                other = {"not": "this"} if isinstance(base[field], list) else [0]
                refuse(f"`{field}` of another type", base | {field: other})
        for note, changes in BAD.get(kind, []):
            refuse(note, changed(base, changes))
    return made


def wholes() -> list[Json]:
    """Return whole entries as canonical text: every kind, and each fault of the envelope."""
    made: list[Json] = []

    def add(note: str, text: str, outcome: str) -> None:
        made.append({"note": note, "text": text, "outcome": outcome})

    def text(noun: str, content: Any, **changes: Any) -> str:
        whole = json.loads(entry_text(noun, content, at=START, entry_id=ENTRY))
        return canonical.encode(
            {key: value for key, value in (whole | changes).items() if value != ABSENT}
        ).decode()

    for kind in BODIES:
        if kind == "terms.proposed":
            continue  # 16 kB; the scripts in vectors/terms hold whole ones.
        body = GOOD[kind][0][1]
        add(f"{kind}, whole", text(kind, body), "accepted")
        add(f"{kind} with a field too many", text(kind, body | {"unit": "x"}), "unknown_field")
    good = text("call.closed", {})
    add("a kind that this version does not know", text("pigeon.sent", {"x": 1}), "not_understood")
    add("white space after a comma", good.replace(",", ", ", 1), "not_canonical")
    add("keys out of order", good.replace('"re":[],"v":1', '"v":1,"re":[]'), "not_canonical")
    add("a key given twice", good.replace('"v":1', '"v":1,"v":1'), "not_canonical")
    add("an escape that is not needed", good.replace("call.", "c\\u0061ll."), "not_canonical")
    add("a number with a fraction", good.replace('"v":1', '"v":1.0'), "malformed")
    add("cut short", good[:-1], "malformed")
    add("a list", f"[{good}]", "malformed")
    add("a field that entries do not have", text("call.closed", {}, sig="x"), "unknown_field")
    add("no `re`", text("call.closed", {}, re=ABSENT), "malformed")
    add("no `body`", text("call.closed", {}, body=ABSENT), "malformed")
    add("version 2", text("call.closed", {}, v=2), "unknown_version")
    add("a version that is text", text("call.closed", {}, v="1"), "malformed")
    add("64 references", text("call.closed", {}, re=[ENTRY] * 64), "accepted")
    add("65 references", text("call.closed", {}, re=[ENTRY] * 65), "too_large")
    add("a reference that is no id", text("call.closed", {}, re=["x"]), "malformed")
    add("a UUID of version 4", text("call.closed", {}, id=ENTRY[:14] + "4" + ENTRY[15:]), BAD_ID)
    add("an id in capitals", text("call.closed", {}, id=ENTRY.upper()), BAD_ID)
    add("a kind in capitals", text("Call.closed", {}), "malformed")
    add("a kind without a stop", text("closed", {}), "malformed")
    add("a time without milliseconds", text("call.closed", {}, at="2026-11-23T12:00:00Z"), BAD_AT)
    add("the 30th of February", text("call.closed", {}, at="2026-02-30T12:00:00.000Z"), BAD_AT)
    add("a time in 1969", text("call.closed", {}, at="1969-12-31T23:59:59.999Z"), BAD_AT)
    add("a leap second", text("call.closed", {}, at="2026-12-31T23:59:60.000Z"), BAD_AT)
    return made


BAD_ID = BAD_AT = "malformed"


def documents() -> list[Json]:
    """Return terms documents as changes of the example, each with its outcome."""
    good = example_terms()
    made: list[Json] = []

    def accept(note: str, changes: Json) -> None:
        document = changed(good, changes)
        digest = hash_of(terms_of(document))
        made.append({"note": note, "change": changes, "accepted": True, "hash": digest})

    def refuse(note: str, changes: Json, reason: str = "malformed") -> None:
        made.append({"note": note, "change": changes, "accepted": False, "reason": reason})

    accept("the example itself", {})
    accept("version 2", {"version": 2})
    accept("coarser minima, and none in height", {"minima/vertical_cm": 0, "version": 3})
    accept("an empty contact card", {"parties/1/contact": []})
    accept("a party without an address, which pulls", {"parties/1/urls": []})
    accept("no anchors and no coded rules", {"anchors": [], "violations": []})
    accept("the certificate renewed", {"parties/0/certificate": "A" * 100})
    accept("the two parties in the other order", {"parties": good["parties"][::-1]})
    made.append(
        {
            "note": "fields at their default left out: the same terms, so the same hash",
            "change": {
                "pulse/heartbeat_ms": ABSENT,
                "limits/open_calls": ABSENT,
                "area/holes": ABSENT,
                "area/margin_cm": ABSENT,
            },
            "accepted": True,
            "hash": hash_of(terms_of(good)),
        }
    )
    asked = {"every_ms": 30 * 60_000, "grace_ms": 120_000}
    accept("whoever holds a watch is asked each 30 minutes", {"presence": asked})
    accept("asked as often as may be", {"presence": {"every_ms": 300_000, "grace_ms": 30_000}})
    accept("asked as rarely as may be", {"presence": {"every_ms": 14_400_000, "grace_ms": 900_000}})
    refuse("asked more often than each 5 minutes", {"presence": asked | {"every_ms": 299_999}})
    refuse("asked more rarely than each 4 hours", {"presence": asked | {"every_ms": 14_400_001}})
    refuse("less than 30 s to answer", {"presence": asked | {"grace_ms": 29_999}})
    refuse("more than 15 minutes to answer", {"presence": asked | {"grace_ms": 900_001}})
    refuse(
        "a grace as long as the interval", {"presence": {"every_ms": 300_000, "grace_ms": 300_000}}
    )
    air = {"lowest_hpa": 980, "highest_hpa": 1_040, "temperature_pct": 10}
    hills = {"lowest_cm": 20_000, "highest_cm": 150_000}
    sea = {"lowest_cm": 1_500, "highest_cm": 2_500}
    stated = {"pressure": air, "terrain": hills, "geoid": sea}
    accept("a worst case for heights is stated", {"minima/heights": stated})
    accept("a worst case that states nothing, which is version 2", {"minima/heights": {}})
    accept(
        "terrain alone, all of one height",
        {"minima/heights": {"terrain": {**hills, "lowest_cm": 150_000}}},
    )
    refuse("a worst case that is null", {"minima/heights": None})
    refuse("a range that is null", {"minima/heights": {"geoid": None}})
    refuse("a pressure below 850 hPa", {"minima/heights": {"pressure": {**air, "lowest_hpa": 849}}})
    refuse(
        "a pressure above 1,100 hPa",
        {"minima/heights": {"pressure": {**air, "highest_hpa": 1_101}}},
    )
    refuse(
        "a pressure that is no whole hPa",
        {"minima/heights": {"pressure": {**air, "lowest_hpa": "980"}}},
    )
    refuse(
        "a pressure range without a temperature",
        {"minima/heights": {"pressure": {k: air[k] for k in ("lowest_hpa", "highest_hpa")}}},
    )
    refuse(
        "a temperature that halves every height",
        {"minima/heights": {"pressure": {**air, "temperature_pct": 51}}},
    )
    refuse(
        "the lowest pressure above the highest",
        {"minima/heights": {"pressure": {**air, "highest_hpa": 979}}},
    )
    refuse(
        "the lowest terrain above the highest",
        {"minima/heights": {"terrain": {**hills, "lowest_cm": 150_001}}},
    )
    refuse(
        "the lowest geoid above the highest",
        {"minima/heights": {"geoid": {**sea, "lowest_cm": 2_501}}},
    )
    refuse(
        "a geoid that no model has", {"minima/heights": {"geoid": {**sea, "highest_cm": 20_001}}}
    )
    refuse(
        "a range that a worst case does not have",
        {"minima/heights": {"tide": hills}},
        "unknown_field",
    )
    refuse("a presence rule that is null", {"presence": None})
    refuse("a presence rule without a grace", {"presence": {"every_ms": 300_000}})
    refuse("a field that terms do not have", {"targets": []}, "unknown_field")
    refuse("a field too many inside", {"pulse/tempo_ms": 1}, "unknown_field")
    refuse("no minima", {"minima": ABSENT})
    refuse("version 0", {"version": 0})
    refuse("a link that is no id", {"link": "north-south"})
    refuse("one party", {"parties": [good["parties"][0]]})
    refuse("three parties", {"parties/2": party("third")})
    refuse("both parties of one name", {"parties/1/party": "north"})
    refuse(
        "one key for two roles",
        {"parties/1/keys/mirror/0": good["parties"][1]["keys"]["author"][0]},
    )
    refuse("an address that is not https", {"parties/0/urls/0": "http://north.example"})
    refuse("nine addresses", {"parties/0/urls": ["https://a.example"] * 9})
    refuse("no language", {"parties/0/languages": []})
    refuse("an empty title", {"parties/0/title": ""})
    refuse("an area that says it is a circle", {"area/shape": "circle"})
    refuse("an area whose edges cross", {"area/exterior": BOWTIE})
    refuse("an area of two points", {"area/exterior": BOWTIE[:2]})
    refuse("a ladder without rungs", {"ladders/flash/rungs": []})
    refuse(
        "13 rungs",
        {"ladders/flash/rungs": [{"echelon": "duty-desk", "patience_ms": 1_000}] * 13},
    )
    refuse("a rung that waits less than a second", {"ladders/flash/rungs/0/patience_ms": 999})
    refuse("a rung that waits longer than a day", {"ladders/flash/rungs/0/patience_ms": DAY_MS + 1})
    refuse("an officer has less than a second to act", {"ladders/flash/act_ms": 999})
    refuse("a ladder is missing", {"ladders/routine": ABSENT})
    refuse("no activity", {"activities": []})
    refuse("two activities of one name", {"activities/1/name": "flight"})
    refuse("a lead time beyond 30 days", {"activities/0/lead_ms": 30 * DAY_MS + 1})
    refuse("a release field that does not exist", {"release/fields/0": "notice.unit"})
    refuse("a grid of no size", {"release/grid/length_cm": 0})
    refuse("a grid that does not divide 90 degrees", {"release/grid/position_e7": 700_001})
    refuse("two anchors of one name", {"anchors/1/name": "Deir ez-Zor city"})
    refuse("an anchor without a name", {"anchors/0/name": ""})
    refuse("a tolerance below 1 m", {"anchor_tolerance_cm": 99})
    refuse("tests more often than each minute", {"tests/every_ms": 59_999})
    refuse("LATE before a heartbeat is due", {"pulse/late_after_ms": 5_000})
    refuse("DOWN before LATE", {"pulse/down_after_ms": 15_000})
    refuse("33 volumes in a notice", {"limits/volumes_per_notice": 33})
    refuse("no open call allowed", {"limits/open_calls": 0})
    return made


def amendments() -> list[Json]:
    """Return what may and may not change once terms are known on a link."""
    good = example_terms()
    stranger = party("stranger")

    def case(note: str, changes: Json, reason: str | None = None) -> Json:
        outcome: Json = {"accepted": reason is None}
        return {"note": note, "change": changes} | outcome | ({"reason": reason} if reason else {})

    return [
        case("wider minima", {"version": 2, "minima/horizontal_cm": 900_000}),
        case(
            "a shorter ladder",
            {"version": 2, "ladders/flash/rungs": good["ladders"]["flash"]["rungs"][:2]},
        ),
        case("another certificate", {"version": 2, "parties/0/certificate": "B" * 200}),
        case(
            "other addresses and posts",
            {"version": 2, "parties/0/urls": [], "parties/0/contact": []},
        ),
        case("versions may be left out", {"version": 7, "minima/time_ms": 0}),
        case("the same version again", {"minima/time_ms": 0}, "stale"),
        case("another link", {"version": 2, "link": LINK[:-1] + "2"}, "not_allowed"),
        case("another party", {"version": 2, "parties/1": stranger}, "not_allowed"),
        case(
            "another name for the same keys",
            {"version": 2, "parties/1/party": "south-2"},
            "not_allowed",
        ),
        case("new keys", {"version": 2, "parties/1/keys": stranger["keys"]}, "not_allowed"),
        case("new keys, and the same version", {"parties/1/keys": stranger["keys"]}, "not_allowed"),
        case("not well-formed", {"version": 2, "pulse/down_after_ms": 15_000}, "malformed"),
        case(
            "not well-formed, and another link",
            {"pulse/down_after_ms": 15_000, "link": LINK[:-1] + "2"},
            "malformed",
        ),
    ]


BOWTIE = [place(34, 38), place(37, 42), place(34, 42), place(37, 38)]
