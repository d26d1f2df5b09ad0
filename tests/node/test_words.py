"""What people type is read, or is a Mistake that says what would be right: never anything else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.cli.common import plain
from clearline.node import words
from clearline.phrasebook import PHRASES, Standby, Stop
from clearline.space import Circle, Corridor, Polygon
from tests.kit import START, degrees

ANCHORS = {"Deir ez-Zor city": degrees(35.3333, 40.15)}
ID = "019ab000-0000-7000-8000-0000000000a1"
LIKE = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[+]?[0-9]{1,400}([.][0-9]{1,9})? ?(m|km|NM|ft|s|min|h|d|Z)?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{4,12}([+-][0-9]{2}:[0-9]{2}|Z)?"),
)


def code_of(work) -> str:
    with pytest.raises(Mistake) as caught:
        work()
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "cm"),
    [
        ("500 m", 50_000),
        ("5km", 500_000),
        ("12 NM", 2_222_400),
        ("300 ft", 9_144),
        ("1.5 km", 150_000),
    ],
)
def test_lengths(text: str, cm: int):
    assert words.length_cm(text) == cm


@pytest.mark.parametrize(
    ("text", "ms"),
    [("30 s", 30_000), ("15 min", 900_000), ("2h", 2 * HOUR_MS), ("3 d", 3 * DAY_MS)],
)
def test_spans(text: str, ms: int):
    assert words.span_ms(text) == ms


def test_times_are_from_now_the_next_zulu_or_rfc_3339():
    assert words.instant("+3h", START) == START.after(3 * HOUR_MS)
    assert words.instant("1430Z", START) == START.after(150 * MINUTE_MS)
    assert words.instant("1100z", START) == START.after(23 * HOUR_MS)
    assert words.instant("2026-11-23T16:30:00+02:00", START) == words.instant("1430Z", START)


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_is_read_to_the_millisecond(ms: int):
    assert words.instant(str(Instant(ms)), START) == ms


NO_TIMES = [
    "2460Z", "1430", "2026-11-23T14:30:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "+" + "9" * 400 + "d", "", "tomorrow",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_said_to_be_none(text: str):
    assert code_of(lambda: words.instant(text, START)) in ("bad_time", "bad_span")


@given(LIKE)
def test_no_text_is_anything_but_read_or_a_mistake(text: str):
    for read in (
        words.length_cm,
        words.span_ms,
        lambda t: words.instant(t, START),
        lambda t: words.position(t, ANCHORS),
    ):
        try:
            found = read(text)
        except Mistake as mistake:
            found = 0 if 0 < len(mistake.phrase) < 1_000 else -1
        assert not isinstance(found, int) or 0 <= found <= 253_402_300_799_999


SLOTS = ["place", "radius", "persons", "text", "wait", "begins", "reference"]
TYPED = st.one_of(
    st.text(max_size=20),
    st.sampled_from(sorted(PHRASES)),
    st.builds("{}={}".format, st.sampled_from(SLOTS), LIKE),
)


@given(st.lists(TYPED, max_size=6))
def test_no_words_are_anything_but_phrases_or_a_mistake(typed: list[str]):
    try:
        found: object = words.phrases(typed, ANCHORS, [ID], START)
    except (Mistake, UnicodeEncodeError) as fault:  # `verb` says not_text of the latter.
        found = str(fault)
    assert found


def test_a_phrase_and_its_slots():
    (stop, standby) = words.phrases(
        ["stop", "place=9 km 180 from Deir ez-Zor city", "radius=500m",
         "STANDBY", "reference=#0000a1", "wait=5 min"], ANCHORS, [ID], START,
    )  # fmt: skip
    assert isinstance(stop, Stop)
    assert stop.radius_cm == 50_000
    assert isinstance(standby, Standby)
    assert (standby.reference, standby.wait_ms) == (ID, 300_000)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ([], "no_phrase"),
        (["HELP"], "unknown_phrase"),
        (["place=1"], "unknown_phrase"),
        (["STOP", "colour=red"], "unknown_slot"),
        (["TEST", "colour=red"], "unknown_slot"),
        (["STOP", "radius=1 km", "radius=2 km"], "slot_twice"),
        (["STOP", "radius=1 km"], "bad_phrase"),
        (["DISTRESS", "place=35N 40E", "nature=MEDICAL", "persons=\u00b2"], "bad_phrase"),
        (["STANDBY", "reference=zzzz", "wait=5 min"], "bad_phrase"),
    ],
)  # fmt: skip
def test_a_phrase_that_is_none(typed: list[str], code: str):
    assert code_of(lambda: words.phrases(typed, ANCHORS, [ID], START)) == code


def test_a_reference_that_two_ids_end_in_is_ambiguous():
    known = [ID, ID.replace("019a", "019b")]
    typed = ["UNABLE", "reference=0000a1"]
    assert code_of(lambda: words.phrases(typed, ANCHORS, known, START)) == "ambiguous"


NONE = dict.fromkeys(("circle", "radius", "polygon", "corridor", "width"))


def test_the_three_shapes():
    circle = words.outline(ANCHORS, **{**NONE, "circle": "35N 40E", "radius": "1 km"})
    assert circle == Circle(centre=degrees(35, 40), radius_cm=100_000)
    polygon = words.outline(ANCHORS, **{**NONE, "polygon": "35N 40E; 36N 40E; 36N 41E;"})
    assert isinstance(polygon, Polygon)
    corridor = words.outline(ANCHORS, **{**NONE, "corridor": "35N 40E;36N 40E", "width": "1 km"})
    assert isinstance(corridor, Corridor)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({}, "one_shape"),
        ({"circle": "35N 40E", "polygon": "x"}, "one_shape"),
        ({"circle": "35N 40E"}, "no_radius"),
        ({"corridor": "35N 40E;36N 40E"}, "no_width"),
        ({"polygon": "35N 40E;36N 40E;36N 41E", "radius": "1 km"}, "one_shape"),
        ({"circle": "35N 40E", "radius": "1 km", "width": "1 km"}, "one_shape"),
        ({"circle": "35N 40E", "radius": "far"}, "bad_length"),
    ],
)
def test_a_shape_that_is_none_or_more_than_one_is_never_guessed_at(given_, code: str):
    assert code_of(lambda: words.outline(ANCHORS, **{**NONE, **given_})) == code


@given(st.text())
def test_what_others_wrote_cannot_control_the_screen(text: str):
    shown = plain(text)
    assert shown.isprintable()


def test_a_zulu_of_now_is_now():
    now = Instant(int(datetime(2026, 11, 23, 14, 30, tzinfo=UTC).timestamp()) * 1_000)
    assert words.instant("1430Z", now) == now
