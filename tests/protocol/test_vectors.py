"""Every vector of the protocol, replayed against the code, and made again from its seeds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import is_uuid7, time_of
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.core import calls
from clearline.core.calls import Call
from clearline.core.events import Place
from clearline.core.ladder import climb, start
from clearline.core.links import Link
from clearline.core.notices import check_place, lead_ms, rounding_slack_cm
from clearline.core.stages import CLOSED_BY, SHOWN, Stage
from clearline.core.step import BODIES
from clearline.core.terms import (
    Agreement,
    Ladder,
    Precedence,
    Rung,
    check_terms,
    hash_of,
    propose,
)
from clearline.core.testcalls import next_slot
from clearline.record import canonical
from clearline.space import (
    Band,
    Grid,
    Minima,
    Outline,
    Volume,
    Window,
    WorstCase,
    certainty,
    check,
    covers,
    infringes,
    meet,
    positions,
    radius_cm,
    round_band_out,
    round_out,
    round_window_out,
    separation,
    vertical_gap_cm,
    vertical_range_cm,
)
from clearline.space.heights import pressure_altitude_cm
from tests.protocol.make_vectors import FOLDER, made, shown
from tests.protocol.world import (
    LINK,
    Replay,
    body_outcome,
    changed,
    example_terms,
    terms_of,
    whole_outcome,
)

MADE = made()
EXAMPLE = terms_of(example_terms())


def read(path: str) -> Any:
    return json.loads((FOLDER / f"{path}.json").read_text())


def each(path: str) -> Any:
    """Parametrise a test with the vectors of a file."""
    return pytest.mark.parametrize("vector", read(path), ids=lambda vector: vector["note"])


def spelled(value: Any, kind: Any) -> Any:
    return msgspec.json.decode(canonical.encode(value), type=kind, dec_hook=dec_hook)


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value, enc_hook=enc_hook))


@pytest.mark.parametrize("path", MADE)
def test_the_vectors_in_the_folder_are_those_that_the_seeds_make(path):
    assert (FOLDER / f"{path}.json").read_text() == shown(MADE[path])


def test_every_vector_says_in_a_note_what_it_shows():
    for path in MADE:
        vectors = read(path)
        listed = vectors if isinstance(vectors, list) else [vectors]
        if path != "terms/named":
            assert all(vector["note"] for vector in listed), path


def test_every_kind_has_an_accepted_and_a_refused_body():
    found = {(vector["kind"], vector["accepted"]) for vector in read("entries/bodies")}
    refused_documents = [v for v in read("terms/documents") if not v["accepted"]]

    assert refused_documents
    assert found | {("terms.proposed", False)} >= {
        (k, way) for k in BODIES for way in (True, False)
    }


def test_every_reason_that_a_reader_gives_has_a_vector():
    text = "".join((FOLDER / f"{path}.json").read_text() for path in MADE)
    given = {reason for reason in Reason if f'"reason": "{reason.value}"' in text}
    given |= {reason for reason in Reason if f'"outcome": "{reason.value}"' in text}

    # Version 1 keeps these two words and never says them: see 5-entries.md.
    assert set(Reason) - given == {Reason.UNKNOWN_KIND, Reason.OUTSIDE_AREA}


@each("entries/bodies")
def test_a_body_is_accepted_or_refused_for_the_reason_given(vector):
    expected = "accepted" if vector["accepted"] else vector["reason"]

    assert body_outcome(vector["kind"], vector["body"]) == expected


@each("entries/whole")
def test_a_whole_entry_is_accepted_kept_or_refused(vector):
    assert whole_outcome(vector["text"]) == vector["outcome"]


def test_the_example_terms_have_the_canonical_text_and_the_hash_given():
    example = read("terms/example")

    assert canonical.encode(terms_of(example["document"])).decode() == example["text"]
    assert canonical.sha256_hex(example["text"].encode()) == example["hash"]
    assert hash_of(terms_of(example["document"])) == example["hash"]


@each("terms/documents")
def test_a_terms_document_is_accepted_with_its_hash_or_refused(vector):
    document = changed(example_terms(), vector["change"])
    outcome = body_outcome("terms.proposed", {"terms": document})
    if outcome == "accepted":
        try:
            check_terms(terms_of(document))
        except Mistake:
            outcome = "malformed"

    assert outcome == ("accepted" if vector["accepted"] else vector["reason"])
    if vector["accepted"]:
        assert hash_of(terms_of(document)) == vector["hash"]


@each("terms/amendments")
def test_an_amendment_may_change_all_but_link_parties_and_keys_in_a_higher_version(vector):
    agreement = Agreement(documents={hash_of(EXAMPLE): EXAMPLE}, force=hash_of(EXAMPLE))

    after = propose(agreement, terms_of(changed(example_terms(), vector["change"])))

    assert isinstance(after, Refusal) != vector["accepted"]
    if isinstance(after, Refusal):
        assert after.reason.value == vector["reason"]


SCRIPTS = [(path, vector) for path in MADE if path.endswith("/scripts") for vector in read(path)]


@pytest.mark.parametrize(
    "vector", [v for _, v in SCRIPTS], ids=[f"{path}: {v['note']}" for path, v in SCRIPTS]
)
def test_a_script_replays_to_the_same_outcomes_and_the_same_entries(vector):
    south = Replay(read("terms/named"))

    for step in vector["steps"]:
        assert south.run(step) == step


@each("notices/lead")
def test_a_notice_is_late_if_its_lead_is_shorter_than_its_activity_asks(vector):
    volumes = spelled(vector["volumes"], tuple[Volume, ...])

    lead = lead_ms(volumes, Instant.parse(vector["now"]))

    assert (lead < vector["lead_ms"]) == vector["late"]


@each("conflicts/pairs")
def test_a_pair_of_volumes_is_as_far_apart_as_geographiclib_says(vector):
    a, b = spelled(vector["a"], Volume), spelled(vector["b"], Volume)
    minima = spelled(vector["minima"], Minima)

    found = separation(a, b)

    assert abs(found.horizontal_cm - vector["horizontal_cm"]) <= vector["within_cm"]
    assert (found.vertical_cm, found.time_ms) == (vector["vertical_cm"], vector["time_ms"])
    if vector["infringes"] is not None:
        assert infringes(found, minima) == vector["infringes"]
        assert infringes(separation(b, a), minima) == vector["infringes"]
        assert (meet(a, b, minima) is not None) == vector["infringes"]
        undecided = abs(vector["horizontal_cm"] - minima.horizontal_cm) <= vector["within_cm"]
        assert not undecided or not minima.horizontal_cm


def a_call(stage: Stage, side: str) -> Call:
    ladder = Ladder(rungs=(Rung(echelon="duty-desk", patience_ms=1_000),))
    mine = side == "called"  # Read by the other side: the called one speaks to us, who call.
    calling = stage in CLOSED_BY[True] or stage is Stage.CLOSED
    called = stage in CLOSED_BY[False] or stage is Stage.CLOSED
    return Call(
        id="x",
        link=LINK,
        mine=mine,
        precedence=Precedence.FLASH,
        notices=(),
        drill=False,
        opened_at=Instant(0),
        ladder=ladder,
        climb=start(ladder, Instant(0)),
        state=SHOWN[stage],
        closed_by_us=calling if mine else called,
        closed_by_them=called if mine else calling,
        stood_down_at=Instant(0) if stage is Stage.STOOD_DOWN else None,
    )


@each("calls/table")
def test_a_call_goes_from_stage_to_stage_as_the_table_says(vector):
    after = calls.step(a_call(Stage(vector["stage"]), vector["side"]), vector["kind"], mine=False)

    if "next" in vector:
        assert after is Stage(vector["next"])
    else:
        assert isinstance(after, Refusal)
        assert after.reason.value == vector["reason"]


@each("rules/ladder")
def test_a_ladder_stands_on_the_rung_that_should_ring_now(vector):
    rungs = tuple(Rung(echelon="desk", patience_ms=ms) for ms in vector["patience_ms"])
    ladder = Ladder(rungs=rungs)
    began = Instant.parse("2026-11-23T12:00:00.000Z")

    found = climb(
        ladder, start(ladder, began, vector["first_rung"]), began.after(vector["elapsed_ms"])
    )

    assert (found.rung, found.round) == (vector["rung"], vector["round"])
    assert found.since == began.after(vector["since_ms"])
    assert found.until == began.after(vector["until_ms"])


@each("tests/slots")
def test_the_next_test_call_is_at_the_slot_given(vector):
    now = Instant(vector["now_ms"])

    assert next_slot(vector["every_ms"], now, first=vector["first_party"]) == vector["next_ms"]


@each("geometry/outlines")
def test_an_outline_is_sane_or_bad_geometry(vector):
    outline = spelled(vector["outline"], Outline)

    if vector["accepted"]:
        check(outline)
    else:
        with pytest.raises(Mistake):
            check(outline)


@each("geometry/bands")
def test_two_bands_are_apart_by_the_gap_given_or_by_nobody_knows_what(vector):
    a, b = spelled(vector["a"], Band), spelled(vector["b"], Band)

    assert vertical_gap_cm(a, b) == vector["gap_cm"]
    assert vertical_gap_cm(b, a) == vector["gap_cm"]


@each("geometry/heights")
def test_two_bands_of_different_data_are_apart_by_an_interval(vector):
    a, b = spelled(vector["a"], Band), spelled(vector["b"], Band)
    worst = spelled(vector["heights"], WorstCase)

    assert vertical_range_cm(a, b, worst) == (vector["least_cm"], vector["most_cm"])
    assert vertical_range_cm(b, a, worst) == (vector["least_cm"], vector["most_cm"])


def test_each_pressure_is_at_its_altitude_of_the_standard_atmosphere():
    vectors = read("geometry/pressure")

    assert len(vectors) == 251
    assert [pressure_altitude_cm(vector["hpa"]) for vector in vectors] == [
        vector["altitude_cm"] for vector in vectors
    ]


@each("conflicts/certainty")
def test_a_conflict_is_certain_if_even_the_most_is_too_near(vector):
    a, b = spelled(vector["a"], Volume), spelled(vector["b"], Volume)
    minima = spelled(vector["minima"], Minima)

    found = meet(a, b, minima)

    assert separation(a, b, minima.worst).vertical_cm == vector["vertical_cm"]
    assert (found is not None) == vector["infringes"]
    said = certainty(a, b, minima).value if found is not None else None
    assert said == vector["certainty"]


@each("geometry/places")
def test_a_place_agrees_with_its_anchor_or_is_a_mismatch(vector):
    place = spelled(vector["place"], Place)
    slack_cm = rounding_slack_cm(place, EXAMPLE)

    assert EXAMPLE.anchor_tolerance_cm + slack_cm == vector["tolerance_cm"]
    assert (check_place(place, EXAMPLE, slack_cm=slack_cm) is None) == vector["agrees"]


@each("geometry/rounding")
def test_what_is_rounded_contains_what_was_given_and_is_on_the_grid(vector):
    grid = spelled(vector["grid"], Grid)
    if "window" in vector:
        found: Any = round_window_out(spelled(vector["window"], Window), grid)
    elif "band" in vector:
        found = round_band_out(spelled(vector["band"], Band), grid)
    else:
        given = spelled(vector["outline"], Outline)
        found = round_out(given, grid)
        assert covers(found, given)
        assert radius_cm(found) % grid.length_cm == 0
        on_grid = [
            p.lat_e7 % grid.position_e7 == p.lon_e7 % grid.position_e7 == 0
            for p in positions(found)
        ]
        assert all(on_grid)

    assert plain(found) == vector["rounded"]


@each("rules/ids")
def test_an_id_is_a_uuid_of_version_7_in_its_one_spelling(vector):
    assert is_uuid7(vector["id"]) == vector["accepted"]
    if vector["accepted"]:
        assert str(time_of(vector["id"])) == vector["time"]


@each("rules/instants")
def test_an_instant_has_one_spelling(vector):
    if vector["accepted"]:
        assert Instant.parse(vector["text"]) == vector["ms"]
        assert str(Instant(vector["ms"])) == vector["text"]
    else:
        with pytest.raises(ValueError, match=r"instant|1970"):
            Instant.parse(vector["text"])


@each("rules/link-state")
def test_the_state_of_a_link_is_a_function_of_its_last_receipts_age(vector):
    pulse = msgspec.structs.replace(
        EXAMPLE.pulse,
        late_after_ms=vector["late_after_ms"],
        down_after_ms=vector["down_after_ms"],
    )
    terms = msgspec.structs.replace(EXAMPLE, pulse=pulse)
    now = Instant.parse("2026-11-23T12:00:00.000Z")
    age = vector["age_ms"]
    link = Link(
        id=LINK,
        us="south",
        them="north",
        agreement=Agreement(documents={"x": terms}),
        opened_at=now,
        receipt_at=None if age is None else now.after(-age),
    )

    assert link.state_at(now).value == vector["state"]
