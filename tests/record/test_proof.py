"""A proof of one entry convinces alone, and nothing short of it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_world import AUTHORS, MIRRORS, ORIGIN, START, feeds, receipt, signed

from clearline.basis.faults import Mistake, Refusal
from clearline.basis.instants import Instant
from clearline.record import Proven, Tree, build_proof, leaf_hash, verify_proof
from clearline.record.proof import Proof, parse_proof

BLUE = feeds(9)["blue"]
TREE = Tree(map(leaf_hash, BLUE))


def proof(index, size=9 + 2):
    hashes = TREE.inclusion_proof(index, size)
    said = BLUE[:size]
    return build_proof(BLUE[index], index, hashes, signed(said, "blue"), receipt(said, "blue"))


def verified(raw, entry=None):
    return verify_proof(raw, ORIGIN["blue"], AUTHORS["blue"], MIRRORS["red"], entry)


RAW = proof(4)


def test_every_entry_is_proven_at_every_size_that_holds_it():
    for size in range(1, len(BLUE) + 1):
        for index in {0, size // 2, size - 1}:
            found = verified(proof(index, size))
            assert isinstance(found, Proven)
            assert (found.entry, found.index, found.size) == (BLUE[index], index, size)
            assert found.at == Instant(int(START) // 1000 * 1000)


def test_a_proof_is_of_the_entry_that_the_reader_holds():
    assert isinstance(verified(RAW, BLUE[4]), Proven)
    assert isinstance(verified(RAW, BLUE[5]), Refusal)


def test_a_proof_without_its_entry_needs_one():
    bare = b"".join(
        line for line in RAW.splitlines(keepends=True) if not line.startswith(b"extra ")
    )
    assert isinstance(verified(bare), Refusal)
    assert isinstance(verified(bare, BLUE[4]), Proven)


@pytest.mark.parametrize("line", [-1, -2, -3, -4])
def test_a_proof_without_one_of_its_four_signatures_proves_nothing(line):
    lines = RAW.splitlines(keepends=True)
    del lines[line]
    assert isinstance(verified(b"".join(lines)), Refusal)


@given(st.data())
def test_a_changed_byte_is_always_noticed(data):
    at = data.draw(st.integers(0, len(RAW) - 1))
    changed = RAW[:at] + bytes([RAW[at] ^ data.draw(st.integers(1, 255))]) + RAW[at + 1 :]
    assert isinstance(verified(changed), Refusal)


@given(
    st.binary(max_size=200) | st.binary(max_size=100).map(lambda b: b"c2sp.org/tlog-proof@v1\n" + b)
)
def test_any_bytes_are_a_proof_or_a_refusal(raw):
    assert isinstance(parse_proof(raw), (Proof, Refusal))
    assert isinstance(verified(raw), Refusal)


def test_what_does_not_belong_together_is_not_built():
    hashes = TREE.inclusion_proof(4, len(BLUE))
    with pytest.raises(Mistake):
        build_proof(BLUE[4], 4, hashes, signed(BLUE, "blue"), receipt(BLUE[:5], "blue"))
    with pytest.raises(Mistake):
        build_proof(BLUE[5], 4, hashes, signed(BLUE, "blue"), receipt(BLUE, "blue"))
