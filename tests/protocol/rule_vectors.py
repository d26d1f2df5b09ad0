"""Vectors of the rules that are arithmetic: call table, ladder, ids, instants, schedule, clocks.

Each expected result is worked out here on its own, by hand or by a plain loop, never by the
code that the vectors are for.
"""

from __future__ import annotations

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS
from tests.protocol.world import START, Json, example_terms, volume

__all__ = ["call_table", "ids", "instants", "ladders", "leads", "link_states", "test_slots"]


# Calls


KINDS = (
    "ringing",
    "climbed",
    "acknowledged",
    "said",
    "readback",
    "disposition",
    "closed",
    "stood_down",
)
CALLED = {
    "opened": "ringing ringing acknowledged opened - - -",
    "ringing": "ringing ringing acknowledged ringing - - -",
    "acknowledged": "- ringing - acknowledged acknowledged acknowledged closing",
    "closing": "- - - closing closing closing duplicate",
    "left": "- ringing_on - left left left closed",
    "ringing_on": "ringing_on ringing_on left ringing_on - - -",
    "stood_down": "stood_down stood_down stood_down stood_down stood_down stood_down closed",
    "closed": "- - - closed closed closed -",
}
CALLING = {
    "opened": "opened - - stood_down",
    "ringing": "ringing ringing ringing_on stood_down",
    "acknowledged": "acknowledged acknowledged left stood_down",
    "closing": "closing closing closed closed",
    "left": "left left duplicate stood_down",
    "ringing_on": "ringing_on ringing_on duplicate stood_down",
    "stood_down": "stood_down stood_down duplicate -",
    "closed": "closed closed - closed",
}
"""As the page has it; the test holds the page and the code to each other."""

SAID_BY = {
    "called": ("ringing", "climbed", "acknowledged", "said", "readback", "disposition", "closed"),
    "calling": ("said", "readback", "closed", "stood_down"),
}


def call_table() -> list[Json]:
    """Return every stage, kind and side, with the next stage or the reason."""
    made: list[Json] = []
    for stage in CALLED:
        for kind in KINDS:
            for side, table in (("calling", CALLING), ("called", CALLED)):
                cells = dict(zip(SAID_BY[side], table[stage].split(), strict=True))
                named = f"call.{kind}"
                what = {"stage": stage, "kind": named, "side": side}
                match cells.get(kind):
                    case None:
                        note = f"the {side} side never says {named}"
                        result: Json = {"reason": "not_yours"}
                    case "-":
                        note = f"{named} cannot follow in a call that is {stage}"
                        result = {"reason": "out_of_order"}
                    case "duplicate":
                        note = f"the {side} side has closed a call already that is {stage}"
                        result = {"reason": "duplicate"}
                    case after:
                        note = f"in a call that is {stage}, {named} of the {side} side"
                        result = {"next": after}
                made.append({"note": note} | what | result)
    return made


FLASH_AT = (0, 1, 19_999, 20_000, 49_999, 50_000, 79_999, 80_000, 109_999, 110_000, 140_000)


def ladders() -> list[Json]:
    """Return ladders with the time since they began, and where they then stand."""
    made: list[Json] = []
    example = example_terms()["ladders"]
    patience = {
        name: [rung["patience_ms"] for rung in example[name]["rungs"]]
        for name in ("flash", "routine")
    }
    cases: list[tuple[str, list[int], int, list[int]]] = [
        (
            "the FLASH ladder of the example",
            patience["flash"],
            1,
            [*FLASH_AT, HOUR_MS, 30 * DAY_MS],
        ),
        ("the ROUTINE ladder of the example", patience["routine"], 1, [0, 1_800_000, 10_800_000]),
        ("one rung, which repeats from the start", [10_000], 1, [0, 9_999, 10_000, 35_000]),
        ("begun at rung 3, as a call that recurs may be", [20_000, 30_000, 40_000], 3, [0, 39_999]),
        ("begun at rung 2 of 3", [20_000, 30_000, 40_000], 2, [0, 29_999, 30_000, 70_000, 150_000]),
        ("begun at a rung that the ladder lacks: the last", [20_000, 30_000], 9, [0, 30_000]),
    ]
    for note, waits, first, elapsed in cases:
        for ms in elapsed:
            rung, turn, since = _walk(waits, first, ms)
            made.append(
                {
                    "note": f"{note}, after {ms:,} ms",
                    "patience_ms": waits,
                    "first_rung": first,
                    "elapsed_ms": ms,
                    "rung": rung,
                    "round": turn,
                    "since_ms": since,
                    "until_ms": since + waits[rung - 1],
                }
            )
    return made


def _walk(waits: list[int], first: int, elapsed_ms: int) -> tuple[int, int, int]:
    """Return rung, round and start by walking from one deadline to the next."""
    rung, turn, since = min(first, len(waits)), 0, 0
    while since + waits[rung - 1] <= elapsed_ms:
        since += waits[rung - 1]
        if rung < len(waits):
            rung += 1
        else:
            turn += 1
    return rung, turn, since


# Ids and clocks


def ids() -> list[Json]:
    """Return spellings that are and are not ids, with the time in those that are."""
    good = "019ab1c2-7d40-7a3b-8c15-2f6e90d4b7a1"
    made: list[Json] = [
        {
            "note": "the example of RFC 9562, appendix A.6, in lower case",
            "id": "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
            "accepted": True,
            "time": "2022-02-22T19:22:22.000Z",
        },
        {
            "note": "the first instant of 1970",
            "id": "00000000-0000-7000-8000-000000000000",
            "accepted": True,
            "time": "1970-01-01T00:00:00.000Z",
        },
    ]
    for note, text in (
        ("capitals", good.upper()),
        ("version 4", good[:14] + "4" + good[15:]),
        ("a variant that is not RFC 9562's", good[:19] + "c" + good[20:]),
        ("no hyphens", good.replace("-", "")),
        ("braces", "{" + good + "}"),
        ("a line break at the end", good + "\n"),
        ("too short", good[:-1]),
        ("nothing", ""),
    ):
        made.append({"note": note, "id": text, "accepted": False})
    return made


def instants() -> list[Json]:
    """Return spellings that are and are not instants."""
    good = {
        "2026-11-23T14:25:07.120Z": 1_795_443_907_120,
        "1970-01-01T00:00:00.000Z": 0,
        "9999-12-31T23:59:59.999Z": 253_402_300_799_999,
        "2028-02-29T00:00:00.000Z": 1_835_395_200_000,
    }
    bad = {
        "no milliseconds": "2026-11-23T14:25:07Z",
        "microseconds": "2026-11-23T14:25:07.120000Z",
        "an offset, even of zero": "2026-11-23T14:25:07.120+00:00",
        "no zone": "2026-11-23T14:25:07.120",
        "a small t": "2026-11-23t14:25:07.120Z",
        "a small z": "2026-11-23T14:25:07.120z",
        "a space for the T": "2026-11-23 14:25:07.120Z",
        "a comma for the point": "2026-11-23T14:25:07,120Z",
        "a leap second": "2026-12-31T23:59:60.000Z",
        "hour 24": "2026-11-23T24:00:00.000Z",
        "a day that does not exist": "2027-02-29T00:00:00.000Z",
        "before 1970": "1969-12-31T23:59:59.999Z",
    }
    return [
        {"note": "an instant", "text": text, "accepted": True, "ms": ms}
        for text, ms in good.items()
    ] + [{"note": note, "text": text, "accepted": False} for note, text in bad.items()]


def test_slots() -> list[Json]:
    """Return when the next test call is due."""
    noon = 1_795_435_200_000  # 2026-11-23T12:00:00.000Z
    cases = [
        ("first party, a minute past", HOUR_MS, noon + MINUTE_MS, True, noon + HOUR_MS),
        ("first party, exactly on a slot", HOUR_MS, noon, True, noon + HOUR_MS),
        ("first party, a millisecond before a slot", HOUR_MS, noon - 1, True, noon),
        ("second party, half an interval later", HOUR_MS, noon, False, noon + HOUR_MS // 2),
        ("second party, just past its slot", HOUR_MS, noon + HOUR_MS // 2, False, noon + 5_400_000),
        ("an odd interval", 61_001, 0, False, 30_500),
        ("each week, from a Thursday, as the epoch was one", 7 * DAY_MS, 1, True, 7 * DAY_MS),
    ]
    return [
        {"note": note, "every_ms": every, "now_ms": now, "first_party": first, "next_ms": due}
        for note, every, now, first, due in cases
    ]


def link_states() -> list[Json]:
    """Return the age of the last receipt, and the state of the link."""
    cases = [
        ("no receipt yet", None, "down"),
        ("at once", 0, "up"),
        ("as old as may be", 15_000, "up"),
        ("a millisecond older", 15_001, "late"),
        ("as LATE as may be", 60_000, "late"),
        ("a millisecond older than that", 60_001, "down"),
    ]
    return [
        {
            "note": note,
            "late_after_ms": 15_000,
            "down_after_ms": 60_000,
            "age_ms": age,
            "state": state,
        }
        for note, age, state in cases
    ]


def leads() -> list[Json]:
    """Return notices with their lead time and whether they are LATE."""
    cases = [
        ("exactly the lead time", 2 * HOUR_MS, False),
        ("a millisecond less", 2 * HOUR_MS - 1, True),
        ("when its window opens", 0, True),
        ("after its window opened", -HOUR_MS, True),
        ("a day ahead", DAY_MS, False),
    ]
    return [
        {
            "note": f"a flight (lead time 2 h) declared {note}",
            "now": str(START),
            "volumes": [volume(start_ms=ahead, length_ms=4 * HOUR_MS)],
            "lead_ms": 2 * HOUR_MS,
            "late": late,
        }
        for note, ahead, late in cases
    ]
