"""Checkpoints and receipts: both signatures, of the right keys, on the right words."""

import aics_tlog
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st
from record_world import AUTHOR, AUTHORS, KEYS, MIRROR, MIRRORS, ORIGIN, START, feeds, head, signed

from clearline.basis.faults import Refusal
from clearline.basis.instants import Instant
from clearline.record import (
    AuthorKey,
    AuthorVerifier,
    Checkpoint,
    MirrorVerifier,
    Receipt,
    SignedCheckpoint,
    check_keys,
    cosign,
    fingerprint,
    open_cosignatures,
    open_signed,
    sign,
)
from clearline.record.checkpoint import parse_checkpoint
from clearline.record.note import Signature, VerifierKey, format_note, format_signature, parse_note

BLUE = feeds()["blue"]
HEAD = head(BLUE, "blue")
RAW = sign(HEAD, AUTHOR["blue"])
LINES = cosign(HEAD, MIRROR["red"], START)


def opened(raw, origin=ORIGIN["blue"], party="blue"):
    return open_signed(raw, origin, AUTHORS[party])


def without(raw, line):
    lines = raw.splitlines(keepends=True)
    del lines[line]
    return b"".join(lines)


def test_a_checkpoint_that_both_keys_signed_is_opened_with_its_bytes():
    found = opened(RAW)
    assert isinstance(found, SignedCheckpoint)
    assert (found.checkpoint, found.raw, found.size) == (HEAD, RAW, len(BLUE))


@pytest.mark.parametrize("line", [-1, -2])
def test_one_of_two_signatures_is_worth_nothing(line):
    assert isinstance(opened(without(RAW, line)), Refusal)
    assert isinstance(open_cosignatures(without(LINES, line), HEAD, MIRRORS["red"]), Refusal)


def test_a_checkpoint_of_another_feed_or_another_author_is_refused():
    assert isinstance(opened(RAW, ORIGIN["red"]), Refusal)
    assert isinstance(opened(RAW, party="red"), Refusal)


def test_a_signature_given_twice_is_refused_and_one_of_a_stranger_ignored():
    line = RAW.splitlines(keepends=True)[-1]
    assert isinstance(opened(RAW + line), Refusal)
    assert isinstance(opened(RAW + LINES), SignedCheckpoint)


@given(st.data())
def test_a_changed_byte_in_a_checkpoint_is_always_noticed(data):
    at = data.draw(st.integers(0, len(RAW) - 1))
    changed = RAW[:at] + bytes([RAW[at] ^ data.draw(st.integers(1, 255))]) + RAW[at + 1 :]
    assert isinstance(opened(changed), Refusal)


@given(st.data())
def test_a_changed_byte_in_a_receipt_is_always_noticed(data):
    at = data.draw(st.integers(0, len(LINES) - 1))
    changed = LINES[:at] + bytes([LINES[at] ^ data.draw(st.integers(1, 255))]) + LINES[at + 1 :]
    assert isinstance(open_cosignatures(changed, HEAD, MIRRORS["red"]), Refusal)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_a_refusal(raw):
    assert isinstance(opened(raw), Refusal)
    assert isinstance(open_cosignatures(raw, HEAD, MIRRORS["red"]), Refusal)


def test_a_receipt_carries_the_mirrors_time_in_whole_seconds():
    found = open_cosignatures(LINES, HEAD, MIRRORS["red"])
    assert isinstance(found, Receipt)
    assert found.at == Instant(int(START) // 1000 * 1000)
    assert (found.size, found.root, found.lines) == (HEAD.size, HEAD.root, LINES)


def test_a_receipt_does_not_fit_another_head():
    for other in (
        msgspec.structs.replace(HEAD, size=HEAD.size + 1),
        msgspec.structs.replace(HEAD, root=bytes(32)),
        msgspec.structs.replace(HEAD, origin=ORIGIN["red"]),
    ):
        assert isinstance(open_cosignatures(LINES, other, MIRRORS["red"]), Refusal)


def test_two_signatures_of_two_times_are_not_one_receipt():
    later = cosign(HEAD, MIRROR["red"], START.after(1000))
    mixed = LINES.splitlines(keepends=True)[0] + later.splitlines(keepends=True)[1]
    assert isinstance(open_cosignatures(mixed, HEAD, MIRRORS["red"]), Refusal)


def test_a_mirrors_signatures_do_not_pass_for_an_authors():
    text = HEAD.text()
    lattice = b"subtree/v1\n\0"
    made = MIRROR["blue"].sign(text.encode(), lattice)
    forged = format_note(
        text,
        tuple(
            Signature(name=key.name, key_id=key.key_id, value=value)
            for key, value in zip(AUTHOR["blue"].vkeys, (made[0], bytes(8) + made[1]), strict=True)
        ),
    )
    assert isinstance(opened(forged), Refusal)


def test_the_other_implementation_verifies_our_checkpoints_and_ours_theirs():
    key = aics_tlog.parse_vkey(KEYS["blue"].author[0])
    assert aics_tlog.verify_note(aics_tlog.parse_note(RAW), [key])
    body = aics_tlog.parse_checkpoint(aics_tlog.parse_note(RAW).text)
    assert (body.origin, body.size, body.root) == (HEAD.origin, HEAD.size, HEAD.root)


def test_the_other_implementation_verifies_our_ed25519_cosignatures():
    note = parse_note(HEAD.text().encode() + b"\n" + LINES)
    blob = note.signatures[0].value
    public = MIRROR["red"].vkeys[0]
    args = (public.name, public.key, HEAD.origin, HEAD.size, HEAD.root)
    assert aics_tlog.verify_cosignature(blob, *args)
    assert aics_tlog.cosignature_vkey(public.name, public.key).key_id == public.key_id


def test_an_ml_dsa_cosignature_signs_the_message_of_the_specification():
    signature = parse_note(HEAD.text().encode() + b"\n" + LINES).signatures[1].value
    name, origin = b"clearline/red/mirror", HEAD.origin.encode()
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name + signature[:8]
    message += bytes([len(origin)]) + origin + bytes(8) + HEAD.size.to_bytes(8, "big") + HEAD.root
    MLDSA44PublicKey.from_public_bytes(MIRROR["red"].vkeys[1].key).verify(signature[8:], message)


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n" + "A" * 43 + "=\nextension\n",
        "o\n01\n" + "A" * 43 + "=\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n1\n" + "A" * 42 + "==\n",
        "o\n1\n" + "A" * 42 + "B=\n",
        "\n1\n" + "A" * 43 + "=\n",
        "o\n0\n" + "A" * 43 + "=\n",
        "o\n9007199254740992\n" + "A" * 43 + "=\n",
        "o\n\u0661\n" + "A" * 43 + "=\n",
        "o" * 256 + "\n1\n" + "A" * 43 + "=\n",
        "",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    assert isinstance(parse_checkpoint(text), Refusal)


def test_a_checkpoint_reads_back_as_it_was_written():
    assert parse_checkpoint(HEAD.text()) == HEAD
    assert isinstance(signed([], "blue"), SignedCheckpoint)


def test_keys_of_another_party_role_or_type_are_not_taken():
    keys = KEYS["blue"]
    assert isinstance(AuthorVerifier.of(keys.author, "blue"), AuthorVerifier)
    assert isinstance(AuthorVerifier.of(keys.author, "red"), Refusal)
    assert isinstance(AuthorVerifier.of(keys.mirror, "blue"), Refusal)
    assert isinstance(AuthorVerifier.of((keys.author[1], keys.author[0]), "blue"), Refusal)
    assert isinstance(MirrorVerifier.of(keys.author, "blue"), Refusal)
    assert isinstance(AuthorVerifier.of((keys.author[0], "x"), "blue"), Refusal)


def test_an_ed25519_key_of_small_order_is_not_taken():
    for point in (bytes(32), b"\x01" + bytes(31), b"\x01" + bytes(30) + b"\x80"):
        weak = VerifierKey(name="clearline/blue/author", kind=1, key=point)
        assert isinstance(AuthorVerifier.of((str(weak), KEYS["blue"].author[1]), "blue"), Refusal)


def test_one_key_in_two_roles_is_noticed():
    assert check_keys(KEYS["blue"], "blue") is None
    key = AUTHOR["blue"].vkeys[1]
    twin = VerifierKey(name="clearline/blue/mirror", kind=6, key=key.key)
    shared = msgspec.structs.replace(KEYS["blue"], mirror=(KEYS["blue"].mirror[0], str(twin)))
    assert isinstance(check_keys(shared, "blue"), Refusal)


def test_a_fingerprint_is_sixteen_groups_of_four_digits_and_differs_by_party():
    groups = fingerprint(KEYS["blue"]).split(" ")
    assert (len(groups), {len(group) for group in groups}) == (16, {4})
    assert fingerprint(KEYS["blue"]) != fingerprint(KEYS["red"])


def test_a_seed_of_another_length_is_not_taken():
    with pytest.raises(ValueError, match="32 bytes"):
        AuthorKey.from_seeds("blue", b"short", bytes(32))


def test_a_receipt_without_a_time_is_refused():
    head_ = Checkpoint(origin="o", size=1, root=bytes(32))
    name = MIRROR["red"].name
    lines = "".join(
        format_signature(Signature(name=name, key_id=key.key_id, value=bytes(8) + b"x"))
        for key in MIRROR["red"].vkeys
    )
    assert isinstance(open_cosignatures(lines.encode(), head_, MIRRORS["red"]), Refusal)
