"""Entries: what is one, what is refused and why, and that the bytes survive."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_world import START, entry
from test_canonical import KEYS, VALUES

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import derive
from clearline.record import MAX_ENTRY_BYTES, MAX_RE, Entry, canonical, decode, encode
from clearline.record.entry import Entry as SameEntry

ID = derive(START, 0, "x")


def fields(**changes):
    whole = {"at": str(START), "body": {}, "id": ID, "kind": "a.b", "re": [], "v": 1}
    return canonical.encode({k: v for k, v in (whole | changes).items() if v is not None})


bodies = st.dictionaries(KEYS, VALUES, max_size=4)
kinds = st.from_regex(r"\A[a-z]{1,20}\.[a-z_]{1,20}\Z")
references = st.lists(st.integers(0, 2**70).map(lambda n: derive(START, 1, n)), max_size=4)


@given(bodies, kinds, references, st.integers(0, 2**40))
def test_an_entry_and_its_body_survive_encoding_byte_for_byte(body, kind, refs, ms):
    at = START.after(ms)
    made = Entry(
        at=at, body=msgspec.Raw(canonical.encode(body)), id=ID, kind=kind, re=tuple(refs), v=1
    )
    raw = encode(made)
    assert canonical.is_canonical(raw)
    assert decode(raw) == made
    assert encode(decode(raw)) == raw


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_a_refusal(raw):
    assert isinstance(decode(raw), (SameEntry, Refusal))


@given(st.data())
def test_a_changed_byte_gives_a_refusal_or_another_entry(data):
    raw = entry(3, "notice.declared", {"text": "Übung", "n": [1, {"a": 2}]}, re=(ID,))
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    found = decode(changed)
    assert isinstance(found, Refusal) or encode(found) == changed


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"[]", Reason.MALFORMED),
        (b" " + fields(), Reason.NOT_CANONICAL),
        (fields().replace(b'{"at"', b'{"v":1,"at"'), Reason.NOT_CANONICAL),
        (fields(extra=1), Reason.UNKNOWN_FIELD),
        (fields(v=2), Reason.UNKNOWN_VERSION),
        (fields(v=2, extra=1), Reason.UNKNOWN_VERSION),
        (fields(v="1"), Reason.MALFORMED),
        (fields(v=None), Reason.MALFORMED),
        (fields(id=None), Reason.MALFORMED),
        (fields(id=ID.upper()), Reason.MALFORMED),
        (fields(id=ID[:14] + "4" + ID[15:]), Reason.MALFORMED),
        (fields(id=ID + "\n"), Reason.MALFORMED),
        (fields(kind="Notice.declared"), Reason.MALFORMED),
        (fields(kind="notice"), Reason.MALFORMED),
        (fields(kind="a.b\n"), Reason.MALFORMED),
        (fields(kind="a." + "b" * 63), Reason.MALFORMED),
        (fields(at="2026-11-23T14:25:07Z"), Reason.MALFORMED),
        (fields(at="2026-13-23T14:25:07.000Z"), Reason.MALFORMED),
        (fields(at=0), Reason.MALFORMED),
        (fields(body=[]), Reason.MALFORMED),
        (fields(body="{"), Reason.MALFORMED),
        (fields(re=[ID] * (MAX_RE + 1)), Reason.TOO_LARGE),
        (fields(re=["x"]), Reason.MALFORMED),
        (fields(body={"a": "x" * MAX_ENTRY_BYTES}), Reason.TOO_LARGE),
        (fields().replace(b"{}", b'{"a":1.5}'), Reason.MALFORMED),
        (fields().replace(b"{}", b'{"a":' * 32 + b"1" + b"}" * 32), Reason.MALFORMED),
        (fields().replace(b"{}", b'{"a":9007199254740992}'), Reason.MALFORMED),
        (fields().replace(b"{}", '{"é":1}'.encode()), Reason.NOT_CANONICAL),
    ],
)
def test_what_is_not_an_entry_is_refused_with_its_reason(raw, reason):
    found = decode(raw)
    assert isinstance(found, Refusal)
    assert found.reason is reason
    assert len(found.detail) <= 200


def test_the_largest_entry_and_the_most_references_are_accepted():
    spare = MAX_ENTRY_BYTES - len(fields(body={"a": ""}))
    assert isinstance(decode(fields(body={"a": "x" * spare})), Entry)
    assert isinstance(decode(fields(re=[ID] * MAX_RE)), Entry)


def test_an_unknown_kind_is_an_entry_like_any_other():
    assert decode(fields(kind="future.invented")).kind == "future.invented"


def test_an_entry_that_the_counterpart_must_refuse_is_not_encoded():
    with pytest.raises(Mistake):
        encode(Entry(at=START, body=msgspec.Raw(b'{"a":1.5}'), id=ID, kind="a.b", re=(), v=1))
