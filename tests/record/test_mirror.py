"""Mirroring: what is admitted, what is for another size, and what is a fork."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_world import AUTHOR, AUTHORS, ORIGIN, entry, feeds, head, signed

from clearline.basis.faults import Broken, Mistake, Reason, Refusal
from clearline.record import (
    MAX_APPEND_BYTES,
    MAX_APPEND_ENTRIES,
    Admitted,
    AppendRequest,
    Fork,
    Frontier,
    WrongSize,
    admit,
    build_append,
    canonical,
    leaf_hash,
    parse_append,
    sign,
    verify_fork,
)

BLUE = feeds(8)["blue"]
OTHER = [*BLUE[:-1], entry(99, "notice.declared", {"text": "another"})]


def frontier(entries):
    made = Frontier()
    made.extend(map(leaf_hash, entries))
    return made


def push(have, now, entries=None, old=None, party="blue"):
    """Return what a mirror that holds `have` makes of a push of `now`."""
    body = build_append(
        len(have) if old is None else old,
        signed(now, party).raw,
        now[len(have) :] if entries is None else entries,
    )
    request = parse_append(body)
    assert isinstance(request, AppendRequest)
    last = signed(have, "blue") if have else None
    return admit(frontier(have), last, request, ORIGIN["blue"], AUTHORS["blue"])


def test_entries_that_lead_to_the_signed_root_are_admitted():
    for cut in range(len(BLUE)):
        found = push(BLUE[:cut], BLUE)
        assert isinstance(found, Admitted)
        assert found.frontier.size == len(BLUE)
        assert found.frontier.root() == head(BLUE, "blue").root
        assert found.leaf_hashes == tuple(map(leaf_hash, BLUE[cut:]))


def test_a_heartbeat_is_admitted_with_no_leaf():
    for feed in (BLUE, []):
        found = push(feed, feed)
        assert isinstance(found, Admitted)
        assert (found.frontier.size, found.leaf_hashes) == (len(feed), ())


def test_the_frontier_that_was_passed_in_is_unchanged():
    mine = frontier(BLUE[:3])
    request = parse_append(build_append(3, signed(BLUE, "blue").raw, BLUE[3:]))
    admit(mine, signed(BLUE[:3], "blue"), request, ORIGIN["blue"], AUTHORS["blue"])
    assert mine.size == 3


def test_an_append_from_another_size_is_answered_with_ours():
    assert push(BLUE[:4], BLUE, BLUE[2:], old=2) == WrongSize(size=4)
    assert push(BLUE[:4], BLUE, BLUE[6:], old=6) == WrongSize(size=4)
    assert push(BLUE, BLUE, BLUE[2:], old=2) == WrongSize(size=len(BLUE))


def test_a_second_root_of_our_size_is_a_fork_that_convicts_for_ever():
    for entries, old in (([], None), (OTHER[2:], 2)):
        found = push(BLUE, OTHER, entries, old)
        assert isinstance(found, Fork)
        assert found.evidence.is_conclusive
        assert verify_fork(found.evidence, ORIGIN["blue"], AUTHORS["blue"])


def test_entries_that_do_not_lead_to_the_signed_root_are_kept_as_evidence():
    found = push(BLUE[:4], BLUE, OTHER[4:])
    assert isinstance(found, Fork)
    assert found.evidence.entries == tuple(OTHER[4:])
    assert not found.evidence.is_conclusive
    assert verify_fork(found.evidence, ORIGIN["blue"], AUTHORS["blue"])


def test_evidence_that_is_no_evidence_does_not_verify():
    found = push(BLUE[:4], BLUE, OTHER[4:]).evidence
    change = msgspec.structs.replace
    for false in (
        change(found, entries=tuple(BLUE[4:])),
        change(found, entries=()),
        change(found, peaks=()),
        change(found, peaks=(b"x" * 32,)),
        change(found, first=found.second, second=found.first),
        change(found, first=b"", peaks=()),
        change(found, second=found.first, entries=(), peaks=()),
    ):
        assert not verify_fork(false, ORIGIN["blue"], AUTHORS["blue"])
    assert not verify_fork(found, ORIGIN["red"], AUTHORS["red"])


def test_a_first_append_that_does_not_hash_to_its_root_is_refused_without_evidence():
    assert isinstance(push([], BLUE, OTHER), Refusal)


def test_an_append_with_too_few_or_too_many_entries_is_refused():
    assert isinstance(push(BLUE[:4], BLUE, BLUE[5:]), Refusal)
    assert isinstance(push(BLUE[:4], BLUE[:2], []), Refusal)
    assert isinstance(push(BLUE[:4], BLUE, [*BLUE[4:], BLUE[0]]), Refusal)


def test_what_the_author_did_not_sign_is_refused_whatever_else_it_says():
    head_ = head(OTHER, "blue")
    raw = sign(head_, AUTHOR["red"])
    request = AppendRequest(old=len(BLUE), checkpoint=raw, entries=())
    last = signed(BLUE, "blue")
    found = admit(frontier(BLUE), last, request, ORIGIN["blue"], AUTHORS["blue"])
    assert isinstance(found, Refusal)
    assert found.reason is Reason.NOT_YOURS


def test_a_frontier_that_is_not_that_of_the_last_checkpoint_is_broken():
    request = AppendRequest(old=0, checkpoint=b"", entries=())
    with pytest.raises(Broken):
        admit(frontier(BLUE[:3]), signed(BLUE, "blue"), request, ORIGIN["blue"], AUTHORS["blue"])


@given(
    st.lists(st.binary(max_size=100).map(lambda b: b"{" + b), max_size=10), st.integers(0, 2**40)
)
def test_an_append_reads_back_as_it_was_built(entries, old):
    raw = signed([], "blue").raw
    found = parse_append(build_append(old, raw, entries))
    assert found == AppendRequest(old=old, checkpoint=raw, entries=tuple(entries))


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: b"old 0\n\na\n\n" + b))
def test_any_bytes_are_an_append_or_a_refusal(raw):
    assert isinstance(parse_append(raw), (AppendRequest, Refusal))


@settings(max_examples=150)
@given(st.data())
def test_a_changed_byte_in_an_append_is_never_admitted(data):
    body = build_append(4, signed(BLUE, "blue").raw, BLUE[4:])
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    request = parse_append(changed)
    if isinstance(request, AppendRequest):
        last = signed(BLUE[:4], "blue")
        found = admit(frontier(BLUE[:4]), last, request, ORIGIN["blue"], AUTHORS["blue"])
        assert not isinstance(found, Admitted)


@pytest.mark.parametrize(
    "head_",
    [
        b"",
        b"old\n\n",
        b"old -1\n\n",
        b"old 01\n\n",
        b"old 1\n",
        b"old 9007199254740992\n\n",
        b"new 1\n\n",
    ],
)
def test_an_append_without_a_proper_old_line_is_refused(head_):
    assert isinstance(parse_append(head_ + signed(BLUE, "blue").raw), Refusal)


def test_an_append_holds_the_named_limits():
    raw = signed([], "blue").raw
    full = build_append(0, raw, [b"{}"] * MAX_APPEND_ENTRIES)
    assert len(parse_append(full).entries) == MAX_APPEND_ENTRIES
    assert parse_append(full + b"\x00\x02{}").reason is Reason.TOO_LARGE
    assert parse_append(full + bytes(MAX_APPEND_BYTES)).reason is Reason.TOO_LARGE
    with pytest.raises(Mistake):
        build_append(0, raw, [b"{}"] * (MAX_APPEND_ENTRIES + 1))
    with pytest.raises(Mistake):
        build_append(0, raw, [b"{" * 65_535] * 65)


def test_evidence_survives_canonical_json():
    found = push(BLUE[:4], BLUE, OTHER[4:]).evidence
    assert canonical.decode(canonical.encode(found), type(found)) == found
