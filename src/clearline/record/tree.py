"""The Merkle tree that a feed is: heads, inclusion proofs, consistency proofs.

Two holders of a tree: a `Frontier` knows enough to append and to state its root (what a
mirror keeps in memory for each feed, at most 64 hashes), a `Tree` knows every node and can
prove (32 bytes times twice the size). It decides nothing about signatures.

Source: RFC 6962 section 2.1; the algorithms are those of RFC 9162 section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_TREE_SIZE",
    "Frontier",
    "Tree",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
"""The length of every hash in the tree: SHA-256."""

MAX_TREE_SIZE = 2**53 - 1
"""The largest feed that can be stated; no JSON reader rounds it."""

EMPTY_ROOT = sha256(b"").digest()
"""RFC 6962 section 2.1: the hash of an empty list is the hash of an empty string."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: of a zero byte and the entry (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: of a one byte and its children (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: the roots of its complete subtrees, the largest first.

    A tree of size n has as many peaks as n has one bits. Appending costs one hash on
    average, the root at most 63.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Make the frontier of a tree of `size` leaves from a snapshot of its peaks.

        Raises ValueError if the peaks cannot be those of a tree of that size.
        """
        self._peaks = list(peaks)
        self._size = size
        if not 0 <= size <= MAX_TREE_SIZE or len(self._peaks) != size.bit_count():
            raise ValueError("not the peaks of a tree of this size")
        if any(len(peak) != HASH_BYTES for peak in self._peaks):
            raise ValueError("a peak is not a SHA-256")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The snapshot to rebuild this frontier from, with `size`."""
        return tuple(self._peaks)

    def copy(self) -> Frontier:
        """Return a frontier that grows apart from this one."""
        twin = Frontier()
        twin._peaks, twin._size = self._peaks.copy(), self._size
        return twin

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given by its hash."""
        peaks, size = self._peaks, self._size
        # Each trailing one bit of the size is a complete subtree that the new leaf completes
        # into one twice as large.
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves, given by their hashes, in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


class Tree:
    """Every complete node of a tree, so that it can prove what it holds, at any earlier size."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Make a tree of leaves given by their hashes, in order."""
        # Level k holds the roots of the complete subtrees of 2**k leaves, end to end. One
        # buffer a level takes a third of the memory of a list, and a tile is a slice of it.
        self._levels = [bytearray()]
        self.extend(leaves)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given by its hash. Raises ValueError if that is not 32 bytes."""
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash is not a SHA-256")
        index, level = self.size, 0
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            nodes = self._levels[level]
            nodes += leaf
            if not index & 1:
                return
            leaf = sha256(b"\x01" + nodes[-2 * HASH_BYTES :]).digest()
            index >>= 1
            level += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves, given by their hashes, in order."""
        for leaf in leaves:
            self.append(leaf)

    def nodes(self, level: int, start: int, end: int) -> bytes:
        """Return the hashes `start` to `end` of complete subtrees of 2**`level` leaves.

        They are concatenated; fewer are returned where the tree has fewer.
        """
        if level >= len(self._levels):
            return b""
        return bytes(self._levels[level][start * HASH_BYTES : end * HASH_BYTES])

    def frontier_at(self, size: int) -> Frontier:
        """Return the frontier that this tree had at `size`. ValueError beyond its size."""
        self._check(size)
        peaks: list[bytes] = []
        start = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                peaks.append(self.nodes(level, start >> level, (start >> level) + 1))
                start += 1 << level
        return Frontier(size, peaks)

    def root_at(self, size: int) -> bytes:
        """Return the root that this tree had at `size`. ValueError beyond its size."""
        self._check(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Return the proof that leaf `index` is in the tree of `size`: siblings, leaf to root.

        ValueError unless `index` < `size` and `size` is at most the tree's.
        """
        self._check(size)
        if not 0 <= index < size:
            raise ValueError("no such leaf at this size")
        # RFC 9162 section 2.1.3.1, from the root downwards.
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            split = start + _split(end - start)
            if index < split:
                proof.append(self._range(split, end))
                end = split
            else:
                proof.append(self._range(start, split))
                start = split
        return tuple(reversed(proof))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof that the tree of `new` leaves extends the tree of `old`.

        It is empty if `old` is zero or equals `new`. ValueError unless `old` <= `new` and
        `new` is at most the tree's size.
        """
        self._check(new)
        if not 0 <= old <= new:
            raise ValueError("the old tree is not smaller")
        if old in (0, new):
            return ()
        # RFC 9162 section 2.1.4.1, SUBPROOF, from the root downwards.
        proof: list[bytes] = []
        start, end = 0, new
        while end != old:
            split = start + _split(end - start)
            if old <= split:
                proof.append(self._range(split, end))
                end = split
            else:
                proof.append(self._range(start, split))
                start = split
        if start:
            proof.append(self._range(start, end))
        return tuple(reversed(proof))

    def _check(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError("the tree is not that large")

    def _range(self, start: int, end: int) -> bytes:
        """Return the root of the leaves `start` to `end`, where the range is one of a proof's.

        Such a range starts at a multiple of the power of two at or above its length, so
        it is a frontier of its own: complete subtrees, the largest first.
        """
        root = b""
        while end > start:
            level = ((end - start) & -(end - start)).bit_length() - 1
            at = (end >> level) - 1
            peak = self.nodes(level, at, at + 1)
            root = node_hash(peak, root) if root else peak
            end -= 1 << level
        return root


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Return whether `proof` shows that `leaf` is leaf `index` of the tree of `size` and `root`.

    RFC 9162 section 2.1.3.2. Never raises.
    """
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and leaf == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether `proof` shows that the tree of `new` and its root extends that of `old`.

    RFC 9162 section 2.1.4.2. The empty tree is extended by every tree, without a proof.
    Never raises.
    """
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    # "If first is an exact power of 2, then prepend first_hash to the proof."
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is at least two."""
    return 1 << (count - 1).bit_length() - 1


def _are_hashes(*hashes: bytes) -> bool:
    return all(len(each) == HASH_BYTES for each in hashes)
