"""Signed notes and verifier keys, against an independent implementation (aics-tlog)."""

import aics_tlog
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_world import AUTHOR, KEYS, MIRROR, ORIGIN, feeds, signed

from clearline.basis.faults import Refusal
from clearline.record.note import (
    MAX_SIGNATURES,
    Note,
    Signature,
    VerifierKey,
    format_note,
    parse_note,
    parse_vkey,
)

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = format_note("a\n\nb\n", (Signature(name="x", key_id=b"1234", value=b"5"),))
LINE = NOTE.decode().splitlines(keepends=True)[-1]


def theirs(raw):
    try:
        return aics_tlog.parse_note(raw)
    except ValueError:
        return None


def test_the_verifier_key_of_the_specification_is_read_and_written_back():
    key = parse_vkey(EXAMPLE_KEY)
    assert isinstance(key, VerifierKey)
    assert (key.name, key.kind, str(key)) == ("example.com/foo", 1, EXAMPLE_KEY)


@pytest.mark.parametrize("text", [*KEYS["blue"].author, *KEYS["red"].mirror])
def test_our_verifier_keys_are_read_by_the_other_implementation(text):
    assert aics_tlog.format_vkey(aics_tlog.parse_vkey(text)) == text
    assert str(parse_vkey(text)) == text


@given(
    st.text(max_size=60) | st.integers(0, 68).map(lambda n: EXAMPLE_KEY[:n] + EXAMPLE_KEY[n + 1 :])
)
def test_any_text_is_a_verifier_key_or_a_refusal(text):
    assert isinstance(parse_vkey(text), Refusal)


def test_a_note_is_read_as_the_other_implementation_reads_it():
    for raw in (signed(feeds()["blue"], "blue").raw, NOTE):
        ours, other = parse_note(raw), aics_tlog.parse_note(raw)
        assert isinstance(ours, Note)
        assert ours.text == other.text
        assert [(s.name, s.key_id, s.value) for s in ours.signatures] == [
            (s.name, s.key_id, s.signature) for s in other.signatures
        ]
        assert format_note(ours.text, ours.signatures) == raw


@given(st.data())
def test_a_damaged_note_is_taken_only_if_the_other_implementation_takes_it(data):
    raw = bytearray(NOTE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] = data.draw(st.sampled_from(b"\n\n\x00 +=A\xe2\x80\x94\x85\xa0"))
        else:
            del raw[at]
    ours = parse_note(bytes(raw))
    if isinstance(ours, Note):
        assert theirs(bytes(raw)) is not None
        assert format_note(ours.text, ours.signatures) == bytes(raw)


@given(
    st.binary(max_size=100)
    | st.text(max_size=100).map(lambda t: (t + "\n\n" + LINE).encode("utf-8", "replace"))
)
def test_any_bytes_are_a_note_or_a_refusal(raw):
    assert isinstance(parse_note(raw), (Note, Refusal))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"a\n",
        b"a\n\n",
        b"a\n\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace(b"a", b"\t"),
        NOTE.replace(b"a", b"\xff"),
        ("a\n\n" + LINE.replace("x", "")).encode(),
        ("a\n\n" + LINE.replace("x", "x+y")).encode(),
        ("a\n\n" + LINE.replace("x", "x\u2003y")).encode(),
        ("a\n\n" + LINE.replace("\u2014", "-")).encode(),
        "a\n\n\u2014 x MTIzNA==\n".encode(),
        "a\n\n\u2014 x MTIzNDV=\n".encode(),
        ("a\n\n" + LINE * (MAX_SIGNATURES + 1)).encode(),
        b"a" * 200_000,
    ],
)
def test_a_malformed_note_is_refused(raw):
    assert isinstance(parse_note(raw), Refusal)


def test_sixteen_signatures_are_accepted():
    assert len(parse_note(("a\n\n" + LINE * MAX_SIGNATURES).encode()).signatures) == 16


def test_the_four_keys_of_a_party_have_four_key_ids_and_two_names():
    keys = AUTHOR["blue"].vkeys + MIRROR["blue"].vkeys
    assert len({key.key_id for key in keys}) == 4
    assert {key.name for key in keys} == {"clearline/blue/author", "clearline/blue/mirror"}
    assert ORIGIN["blue"].startswith("clearline/")
