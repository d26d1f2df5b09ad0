"""Phrases: strict on the wire, exact in the coded line and in a read-back."""

import msgspec
import pytest
from hypothesis import given
from phrase_strategies import phrases, places

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.phrasebook import (
    PHRASES,
    SAMPLES,
    Clear,
    Difference,
    Phrase,
    Stop,
    checked,
    code,
    coded,
    critical,
    differences,
    differing,
    slots,
)

DECODER = msgspec.json.Decoder(Phrase, dec_hook=dec_hook)


def on_wire(phrase):
    return msgspec.json.encode(phrase, enc_hook=enc_hook)


@given(phrases)
def test_a_phrase_decodes_to_what_was_encoded(phrase):
    assert DECODER.decode(on_wire(phrase)) == phrase


@given(phrases)
def test_a_valid_phrase_passes_the_check_unchanged(phrase):
    assert checked(phrase) == phrase


@given(phrases)
def test_every_critical_slot_is_a_slot(phrase):
    assert set(critical(phrase)) <= set(slots(phrase))


@given(phrases)
def test_a_phrase_has_no_difference_from_itself(phrase):
    assert differences(phrase, phrase) == ()


@given(phrases, phrases)
def test_two_phrases_share_a_coded_line_only_if_they_are_equal(one, other):
    assert (coded(one) == coded(other)) == (one == other)


@given(phrases)
def test_a_coded_line_is_one_printable_ascii_line_beginning_with_the_code(phrase):
    line = coded(phrase)

    assert line.isascii()
    assert line.isprintable()
    assert line.startswith(code(phrase))


@given(places, places)
def test_places_that_differ_by_one_unit_or_more_differ_in_the_read_back(one, other):
    said, restated = Stop(place=one, radius_cm=500), Stop(place=other, radius_cm=500)

    assert bool(differences(said, restated)) == (one != other)


def test_the_coded_line_reads_as_documented():
    assert coded(SAMPLES[0]) == (
        "STOP POS 35.2560N 040.1500E R 500 M REF 019ab1c2-7d40-7a3b-8c15-2f6e90d4b7a1"
    )


def test_a_read_back_of_another_phrase_differs_in_its_code_alone():
    found = differences(SAMPLES[0], SAMPLES[1])

    assert found == (Difference(slot="phrase", said="STOP", restated="CLEAR"),)


def test_a_read_back_says_which_slot_differs_and_how():
    said = SAMPLES[0]
    restated = msgspec.structs.replace(said, radius_cm=5_000)

    assert differences(said, restated) == (
        Difference(slot="radius_cm", said="500 M", restated="50 M"),
    )


def test_a_slot_that_is_not_critical_may_be_left_out_of_a_read_back():
    restated = msgspec.structs.replace(SAMPLES[0], reference=None)

    assert differences(SAMPLES[0], restated) == ()


def test_there_is_one_sample_of_every_phrase_in_order():
    assert [code(sample) for sample in SAMPLES] == list(PHRASES)


@pytest.mark.parametrize("sample", SAMPLES, ids=code)
def test_an_unknown_field_is_refused_in_every_phrase(sample):
    plain = msgspec.json.decode(on_wire(sample)) | {"unit": "any"}

    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        DECODER.decode(msgspec.json.encode(plain))


@pytest.mark.parametrize("word", ["target", "weapon", "unit", "source", "mission", "name"])
def test_no_phrase_has_a_slot_for_what_must_not_be_said(word):
    for kind in PHRASES.values():
        assert not any(word in slot for slot in kind.__struct_fields__)


def test_a_clear_that_clears_nothing_cannot_be_made():
    with pytest.raises(ValueError, match="required"):
        Clear()


def test_a_phrase_made_out_of_range_is_a_mistake_that_names_the_phrase():
    with pytest.raises(Mistake, match="STOP") as caught:
        checked(msgspec.structs.replace(SAMPLES[0], radius_cm=-1))

    assert caught.value.code == "bad_phrase"


def test_a_window_that_ends_before_it_begins_cannot_be_made():
    with pytest.raises(ValueError, match="window"):
        msgspec.structs.replace(SAMPLES[4], ends=Instant(0))


def test_a_read_back_of_more_or_fewer_phrases_differs_in_that():
    assert differing(SAMPLES[:2], SAMPLES[:2]) == ()
    assert differing(SAMPLES[:2], SAMPLES[:1]) == differing((), SAMPLES[:1]) == ("phrases",)
