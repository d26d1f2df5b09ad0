"""Canonical JSON: equal to an independent RFC 8785, and closed to everything else."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.record import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER) | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda kid: st.lists(kid, max_size=5) | st.dictionaries(KEYS, kid, max_size=5)
)


@given(VALUES)
def test_the_encoding_is_that_of_an_independent_rfc_8785(value):
    raw = canonical.encode(value)
    assert raw == rfc8785.dumps(value)
    assert canonical.is_canonical(raw)
    assert canonical.decode(raw, Any) == value


@given(VALUES)
def test_another_spelling_of_the_same_value_is_not_canonical(value):
    for other in (json.dumps(value).encode(), json.dumps(value, indent=1).encode()):
        assert canonical.is_canonical(other) == (other == canonical.encode(value))


@given(st.binary(max_size=200) | TEXT.map(str.encode))
def test_any_bytes_are_canonical_or_refused_and_never_an_exception(raw):
    assert isinstance(canonical.is_canonical(raw), bool)
    canonical.decode(raw, Any)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b"-0",
        b"01",
        b"1.0",
        b"1e2",
        b"1E400",
        b"NaN",
        b"Infinity",
        b'"\\u007f"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xff"',
        b'{"\xff":1}',
        b"9007199254740992",
        b"-9007199254740992",
        b"9" * 5_000,
        '{"é":1}'.encode(),
        '{"é\\"a":1}'.encode(),
        '{"a":"é","bé":1}'.encode(),
        b"",
        b"{}\n",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 33 + b"]" * 33,
        b'["]",["]",' + b"[" * 31 + b"]" * 31 + b"]]",
    ],
)
def test_what_the_subset_leaves_out_is_refused(raw):
    assert not canonical.is_canonical(raw)
    assert isinstance(canonical.decode(raw, Any), Refusal)


@pytest.mark.parametrize(
    "raw",
    [
        b"9007199254740991",
        b"[" * 32 + b"]" * 32,
        b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]',
        '{"a":"é\\"b\\":"}'.encode(),
        b'"12345678901234567890"',
        b"[" + b",".join([b"[1]"] * 100) + b"]",
    ],
)
def test_what_lies_just_inside_the_limits_is_canonical(raw):
    assert canonical.is_canonical(raw)


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), [None, float("inf")], {"é": 1}, {1: 2}, 2**53, "\ud800", object()]
)
def test_a_value_without_a_canonical_form_is_the_callers_mistake(value):
    with pytest.raises(Mistake) as caught:
        canonical.encode(value)
    assert caught.value.code == "not_canonical"


def test_an_instant_is_encoded_as_its_one_spelling():
    assert canonical.encode([Instant(0)]) == b'["1970-01-01T00:00:00.000Z"]'


def test_a_refusal_says_whether_a_field_is_unknown_or_of_the_wrong_type():
    assert canonical.decode(b'{"a":1}', dict[str, str]).reason is Reason.MALFORMED
    assert canonical.decode(b'{"a":"1"}', dict[str, str]) == {"a": "1"}


@pytest.mark.parametrize("value", [1.5, float("nan"), [None, float("inf")], object()])
def test_what_is_spelled_as_part_of_an_entry_hides_no_float(value):
    if isinstance(value, float) and value == 1.5:
        # It is seen by whoever checks the whole: it has a point in it.
        assert canonical.fault_of(canonical.spell(value)) is not None
        return
    with pytest.raises(Mistake) as caught:
        canonical.spell(value)
    assert caught.value.code == "not_canonical"


def test_what_is_spelled_is_what_is_encoded():
    value = {"b": [1, None, "é"], "a": {"x": "null"}}
    assert canonical.spell(value) == canonical.encode(value)
