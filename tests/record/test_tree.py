"""The Merkle tree, against an independent implementation (aics-tlog)."""

import aics_tlog
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.record import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [b"%d" % n for n in range(300)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
TREE = Tree(HASHES)
THEIRS = aics_tlog.MerkleTree(LEAVES)
SMALL = 70


def test_every_root_up_to_three_hundred_leaves_is_theirs():
    frontier = Frontier()
    for size in range(len(LEAVES) + 1):
        assert frontier.root() == TREE.root_at(size) == THEIRS.root(size)
        assert Frontier(size, TREE.frontier_at(size).peaks).root() == frontier.root()
        if size < len(LEAVES):
            frontier.append(HASHES[size])


def test_every_inclusion_proof_up_to_seventy_leaves_is_theirs_and_verifies():
    for size in range(1, SMALL + 1):
        root = TREE.root_at(size)
        for index in range(size):
            proof = TREE.inclusion_proof(index, size)
            assert list(proof) == THEIRS.inclusion_proof(index, size)
            assert verify_inclusion(HASHES[index], index, size, proof, root)
            assert aics_tlog.verify_inclusion(HASHES[index], index, size, proof, root)


def test_every_consistency_proof_up_to_seventy_leaves_is_theirs_and_verifies():
    for new in range(SMALL + 1):
        for old in range(new + 1):
            proof = TREE.consistency_proof(old, new)
            assert list(proof) == THEIRS.consistency_proof(old, new)
            roots = TREE.root_at(old), TREE.root_at(new)
            assert verify_consistency(old, new, *roots, proof)
            assert aics_tlog.verify_consistency(old, new, *roots, proof)


@settings(max_examples=300)
@given(st.data())
def test_both_verifiers_agree_on_damaged_proofs(data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    proofs = [list(TREE.inclusion_proof(index, size)), list(TREE.consistency_proof(index, size))]
    for proof in proofs:
        for _ in range(data.draw(st.integers(0, 2))):
            kind = data.draw(st.sampled_from(["drop", "double", "swap", "short", "other"]))
            if not proof:
                continue
            at = data.draw(st.integers(0, len(proof) - 1))
            if kind == "drop":
                del proof[at]
            elif kind == "double":
                proof.insert(at, proof[at])
            elif kind == "short":
                proof[at] = proof[at][:31]
            elif kind == "other":
                proof[at] = HASHES[at]
            else:
                proof.reverse()
    place = data.draw(st.sampled_from([index, index + 1, index ^ 1]))
    span = data.draw(st.sampled_from([size, size + 1, max(size - 1, 0)]))
    leaf, root, old_root = HASHES[index], TREE.root_at(size), TREE.root_at(index)
    ours = verify_inclusion(leaf, place, span, proofs[0], root)
    theirs = all(len(p) == 32 for p in proofs[0]) and aics_tlog.verify_inclusion(
        leaf, place, span, proofs[0], root
    )
    assert ours == theirs
    assert verify_consistency(place, span, old_root, root, proofs[1]) == (
        aics_tlog.verify_consistency(place, span, old_root, root, proofs[1])
    )


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=200), st.integers(0, 200))
def test_a_frontier_rebuilt_from_its_peaks_grows_the_same(leaves, cut):
    whole, first = Frontier(), Frontier()
    whole.extend(leaves)
    first.extend(leaves[:cut])
    again = Frontier(first.size, first.peaks)
    again.extend(leaves[cut:])
    assert (again.size, again.peaks, again.root()) == (whole.size, whole.peaks, whole.root())


def test_a_copied_frontier_grows_apart():
    one = Frontier()
    two = one.copy()
    two.append(HASHES[0])
    assert (one.size, two.size) == (0, 1)
    assert one.root() == EMPTY_ROOT


@pytest.mark.parametrize(
    ("size", "peaks"), [(1, []), (0, [b"x" * 32]), (1, [b"x"]), (-1, []), (2**60, [b"x" * 32])]
)
def test_peaks_that_cannot_be_those_of_a_tree_are_not_taken(size, peaks):
    with pytest.raises(ValueError, match="peak"):
        Frontier(size, peaks)


def test_a_tree_refuses_to_prove_what_it_does_not_have():
    for ask in (
        lambda: TREE.root_at(301),
        lambda: TREE.inclusion_proof(5, 5),
        lambda: TREE.inclusion_proof(-1, 5),
        lambda: TREE.consistency_proof(6, 5),
        lambda: TREE.consistency_proof(0, 301),
        lambda: TREE.append(b"short"),
    ):
        with pytest.raises(ValueError, match=r"tree|leaf"):
            ask()
