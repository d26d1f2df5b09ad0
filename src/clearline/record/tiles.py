"""Tiles: a feed as files that anyone may fetch, cache and verify.

It decides how hashes and entries are laid out and named. It never verifies them: whoever
fetches a tile recomputes the root and compares it with a checkpoint.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.record.entry import MAX_ENTRY_BYTES
from clearline.record.note import refuse
from clearline.record.tree import HASH_BYTES, Tree

__all__ = [
    "MAX_LEVEL",
    "TILE_WIDTH",
    "bundle_path",
    "bundle_paths",
    "encode_entries",
    "entry_bundle",
    "parse_bundle_path",
    "parse_entries",
    "parse_tile_path",
    "split_hashes",
    "tile",
    "tile_path",
    "width_at",
]

TILE_WIDTH = 256
"""How many hashes a full tile has, and entries a full bundle."""

MAX_LEVEL = 63
""""MUST be a decimal ASCII integer between 0 and 63"; a real feed ends far below."""

_LENGTH_BYTES = 2
_INDEX = r"(?:x[0-9]{3}/){0,5}[0-9]{3}"
_PARTIAL = r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_TILE = re.compile(rf"tile/(?P<level>0|[1-9][0-9]?)/(?P<index>{_INDEX}){_PARTIAL}")
_BUNDLE = re.compile(rf"tile/entries/(?P<index>{_INDEX}){_PARTIAL}")


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile below the feed's prefix; `width` below 256 is a partial one."""
    return f"tile/{level}/{_index_path(index)}{_suffix(width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle; `width` below 256 is a partial one."""
    return f"tile/entries/{_index_path(index)}{_suffix(width)}"


def bundle_paths(size: int) -> Iterable[str]:
    """Return, in order, the paths of all entry bundles of a feed of `size`."""
    full, rest = divmod(size, TILE_WIDTH)
    for index in range(full):
        yield bundle_path(index)
    if rest:
        yield bundle_path(full, rest)


def parse_tile_path(path: str) -> tuple[int, int, int] | Refusal:
    """Return the level, index and width that a tile's path names, or why it names none."""
    found = _TILE.fullmatch(path)
    if found is None or int(found["level"]) > MAX_LEVEL:
        return refuse("not the path of a tile")
    place = _place(found["index"], found["width"])
    return place if isinstance(place, Refusal) else (int(found["level"]), *place)


def parse_bundle_path(path: str) -> tuple[int, int] | Refusal:
    """Return the index and width that an entry bundle's path names, or why it names none."""
    found = _BUNDLE.fullmatch(path)
    return refuse("not a bundle's path") if not found else _place(found["index"], found["width"])


def width_at(size: int, level: int, index: int) -> int:
    """Return the width of a tile in a feed of `size`: 0 if there is none, 256 if it is full."""
    # "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256 entries."
    return min(max((size >> 8 * level) - index * TILE_WIDTH, 0), TILE_WIDTH)


def tile(tree: Tree, level: int, index: int, width: int = TILE_WIDTH) -> bytes | None:
    """Return the hashes of a tile, 32 bytes each, or None if the tree does not have them all."""
    start = index * TILE_WIDTH
    raw = tree.nodes(8 * level, start, start + width)
    return raw if 0 < width <= TILE_WIDTH and len(raw) == width * HASH_BYTES else None


def split_hashes(raw: bytes) -> tuple[bytes, ...] | Refusal:
    """Return the hashes of a tile's bytes, or why they are none."""
    if not raw or len(raw) % HASH_BYTES or len(raw) > TILE_WIDTH * HASH_BYTES:
        return refuse("a tile is 1 to 256 hashes of 32 bytes")
    marks = range(0, len(raw) + 1, HASH_BYTES)
    return tuple(raw[start:end] for start, end in pairwise(marks))


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle of at most 256 entries. Raises Mistake if one is too large or empty."""
    if not 0 < len(entries) <= TILE_WIDTH:
        raise Mistake("too_many", "an entry bundle holds 1 to 256 entries")
    return encode_entries(entries)


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Return entries, each behind its length as a big-endian uint16.

    Raises Mistake `too_large` for an entry that is empty or above MAX_ENTRY_BYTES.
    """
    parts: list[bytes] = []
    for entry in entries:
        if not 0 < len(entry) <= MAX_ENTRY_BYTES:
            raise Mistake("too_large", f"an entry has 1 to {MAX_ENTRY_BYTES} bytes")
        parts += (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)
    return b"".join(parts)


def parse_entries(raw: bytes, limit: int, start: int = 0) -> tuple[bytes, ...] | Refusal:
    """Return the entries from `start` to the end of `raw`, or why they are none. Never raises.

    At most `limit` are taken; an empty entry is refused. Linear in the length of `raw`.
    """
    found: list[bytes] = []
    at, end = start, len(raw)
    while at < end:
        if len(found) == limit:
            return refuse(f"more than {limit} entries", Reason.TOO_LARGE)
        after = at + _LENGTH_BYTES + int.from_bytes(raw[at : at + _LENGTH_BYTES], "big")
        if after > end or after - at <= _LENGTH_BYTES:
            return refuse("an entry is empty or cut short")
        found.append(raw[at + _LENGTH_BYTES : after])
        at = after
    return tuple(found)


def _index_path(index: int) -> str:
    # "zero-padded 3-digit path elements. All but the last path element MUST begin with an x."
    if not 0 <= index < 1000**6:
        raise ValueError("a tile's index is out of range")
    path = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        path = f"x{index % 1000:03d}/{path}"
    return path


def _suffix(width: int) -> str:
    if not 0 < width <= TILE_WIDTH:
        raise ValueError("a tile's width is 1 to 256")
    return "" if width == TILE_WIDTH else f".p/{width}"


def _place(path: str, width: str | None) -> tuple[int, int] | Refusal:
    index = int(path.replace("x", "").replace("/", ""))
    if _index_path(index) != path or int(width or 0) >= TILE_WIDTH:
        return refuse("a tile's index or width is not spelt as it must be")
    return index, int(width or TILE_WIDTH)
