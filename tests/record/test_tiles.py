"""Tiles: paths and bytes, against an independent implementation (aics-tlog)."""

import aics_tlog
import pytest
from aics_tlog import tiles as theirs
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake, Refusal
from clearline.record import Tree, leaf_hash, tiles

LEAVES = [b"%d" % n for n in range(70_000)]
TREE = Tree(map(leaf_hash, LEAVES))


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specifications_example():
    size = len(LEAVES)
    assert [tiles.width_at(size, 0, n) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tiles.width_at(size, 1, n) for n in (0, 1, 2)] == [256, 17, 0]
    assert [tiles.width_at(size, 2, n) for n in (0, 1)] == [1, 0]
    assert [tiles.width_at(256, 0, 0), tiles.width_at(256, 1, 0)] == [256, 1]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000, 66_000])
def test_every_tile_and_bundle_is_that_of_the_other_implementation(size):
    made = theirs.materialise_tiles(LEAVES[:size])
    ours = {}
    tree = Tree(map(leaf_hash, LEAVES[:size]))
    for level in range(3):
        index = 0
        while width := tiles.width_at(size, level, index):
            ours[tiles.tile_path(level, index, width)] = tiles.tile(tree, level, index, width)
            index += 1
    for index, path in enumerate(tiles.bundle_paths(size)):
        ours[path] = tiles.entry_bundle(LEAVES[:size][index * 256 : (index + 1) * 256])
    assert ours == made


@given(st.integers(0, 10**9), st.integers(1, 256), st.integers(0, 63))
def test_a_path_reads_back_and_is_spelt_as_the_other_implementation_spells_it(index, width, level):
    path = tiles.tile_path(level, index, width)
    assert path == aics_tlog.tiles.tile_path(level, index, None if width == 256 else width)
    assert tiles.parse_tile_path(path) == (level, index, width)
    assert tiles.parse_bundle_path(tiles.bundle_path(index, width)) == (index, width)


def test_an_index_above_a_thousand_is_split_into_folders():
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.bundle_path(1067, 8) == "tile/entries/x001/067.p/8"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/64/000",
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000\n",
        "tile/0/../000",
        "/tile/0/000",
        "",
    ],
)
def test_a_path_spelt_otherwise_names_nothing(path):
    assert isinstance(tiles.parse_tile_path(path), Refusal)
    assert isinstance(tiles.parse_bundle_path(path.replace("tile/0", "tile/entries")), Refusal)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20))
def test_entries_survive_a_bundle(entries):
    raw = tiles.encode_entries(entries)
    assert raw == theirs.build_entry_bundle(entries)
    assert tiles.parse_entries(raw, 20) == tuple(entries)
    assert isinstance(tiles.parse_entries(raw[:-1], 20), Refusal)
    assert isinstance(tiles.parse_entries(raw, len(entries) - 1), Refusal)


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_a_refusal(raw):
    found = tiles.parse_entries(raw, 256)
    assert isinstance(found, Refusal) or tiles.encode_entries(found) == raw


def test_a_tile_that_the_tree_does_not_have_is_not_made_up():
    assert tiles.tile(TREE, 0, 273) is None
    assert tiles.tile(TREE, 5, 0, 1) is None
    assert len(tiles.split_hashes(tiles.tile(TREE, 1, 0))) == 256
    assert isinstance(tiles.split_hashes(b"short"), Refusal)


@pytest.mark.parametrize("entries", [[], [b""], [b"x" * 65_536], [b"x"] * 257])
def test_a_bundle_beyond_its_limits_is_our_mistake(entries):
    with pytest.raises(Mistake):
        tiles.entry_bundle(entries)
