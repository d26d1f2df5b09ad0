"""The grid: an index in memory, of cells by place and time.

Each volume lies in one cell, that of its middle and of its start, of the shelf whose cells
are at least as large as it is and last at least as long. Where such a cell is crowded, what is
small lies in a cell of the smallest shelf instead. A search looks at the cells within
its own reach and half a cell, on every shelf in use; so a volume that is huge or lasts for
months is one row like any other. What the cells hold lies together in memory, and all rows
of a search are compared at once.

The result is sorted, so it is the same on every machine whatever the order of insertion.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clearline.basis.instants import DAY_MS
from clearline.space.index.bound import (
    COLUMNS,
    EMPTY,
    START,
    TAG,
    Cap,
    Probe,
    bound,
    probe,
    row_of,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clearline.space.plane import Floats
    from clearline.space.separation import Minima
    from clearline.space.volume import Volume

__all__ = ["GridIndex"]

_CELL_DEG = 1.0
"""The usual cell of what is small; each larger one is _STEP times as wide."""
_STEP = 8
_SMALL_DEG = 0.25
"""The cell of what is as small as this, where the usual one is crowded."""
_CROWDED = 64
"""A cell with so many rows takes no more of what fits a smallest one."""
_SLOT_MS = DAY_MS // 2
"""The shortest slot; each longer one lasts _LONGER times as long."""
_LONGER = 16
_CELLS_DEG = (_SMALL_DEG, *(_CELL_DEG * _STEP**size for size in range(7)))
_SLOTS_MS = tuple(_SLOT_MS * _LONGER**length for length in range(5))
"""A sane volume needs far fewer of both."""
_SLOTS = 1 << 40
"""More slots than there will be."""
_CODES = 16
"""More sizes than there are, and more lengths."""
_SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
"""How many rows a drawer may have room for."""
_CHUNK = 512
"""Rows that are asked of the machine at a time; 41 kB."""
_SCANNED = 16
"""So many rows are scanned in the time that one cell is opened in."""
_FEW = 256
"""So few cells are opened without asking whether to scan is cheaper."""

_Rest = tuple[float, float, float, float]
"""Start, end, low and high."""


class _Drawer:
    """The rows of one cell: the first `count` of an array that lies in a chunk."""

    __slots__ = ("count", "more", "rows")

    def __init__(self, rows: Floats) -> None:
        self.rows = rows
        self.count = 0
        self.more: _Drawer | None = None
        """A full one of the same cell."""


class _Room:
    """All rows of one slot, in chunks, given out to its cells and taken back."""

    __slots__ = ("_free", "_left", "chunks", "taken")

    def __init__(self) -> None:
        self.chunks: list[Floats] = []
        self.taken = 0
        """How many rows are given out, used or not."""
        self._left = 0
        self._free: dict[int, list[Floats]] = {size: [] for size in _SIZES}

    def take(self, size: int) -> Floats:
        """Return an array of so many empty rows."""
        self.taken += size
        if free := self._free[size]:
            return free.pop()
        if self._left < size:
            self._keep_rest()
            chunk = np.zeros((_CHUNK, COLUMNS))
            chunk[:, START] = EMPTY
            self.chunks.append(chunk)
            self._left = _CHUNK
        return self._cut(size)

    def give(self, rows: Floats) -> None:
        """Take an array back."""
        rows[:, START] = EMPTY
        self.taken -= len(rows)
        self._free[len(rows)].append(rows)

    def _cut(self, size: int) -> Floats:
        start = _CHUNK - self._left
        self._left -= size
        return self.chunks[-1][start : start + size]

    def _keep_rest(self) -> None:
        """Keep what is left of a chunk, too small for one drawer, for smaller ones."""
        for size in reversed(_SIZES):
            while self._left >= size:
                self._free[size].append(self._cut(size))


class GridIndex:
    """An index in memory."""

    __slots__ = ("_free", "_keys", "_places", "_rooms", "_shelves", "_tags")

    def __init__(self) -> None:
        self._shelves: dict[int, dict[int, _Drawer]] = {}
        """Cells by place and slot, of each size and length."""
        self._rooms: dict[int, _Room] = {}
        """By length and slot."""
        self._tags: dict[str, tuple[int, ...]] = {}
        self._keys: list[str] = []
        """The key of each tag; a row names its key by its tag."""
        self._places: list[int] = []
        """In which cell of which shelf the row of each tag lies."""
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._tags)

    def __contains__(self, key: str) -> bool:
        return key in self._tags

    @property
    def elsewhere(self) -> int:
        """Return how many of the keys do not lie in memory."""
        return 0

    def add(self, key: str, volumes: Iterable[Volume]) -> None:
        """Put the volumes under `key`, in place of any that it had."""
        self.remove(key)
        tags: list[int] = []
        for volume in volumes:
            found = bound(volume)
            rest = (found.start, found.end, found.low, found.high)
            tags += [self._put(key, cap, rest) for cap in found.pieces]
        self._tags[key] = tuple(tags)

    def remove(self, key: str) -> None:
        """Take out all volumes under `key`; nothing happens if there are none."""
        for tag in self._tags.pop(key, ()):
            self._drop(tag)
            self._keys[tag] = ""
            self._free.append(tag)

    def near(self, volume: Volume, minima: Minima) -> list[str]:
        """Return, sorted, at least every key with a volume that could infringe the minima."""
        asked = probe(bound(volume), minima)
        keys = self._keys
        found: set[str] = set()
        for rows in self._rows(asked):
            tags = rows[select(rows, asked), TAG]
            found.update([keys[int(tag)] for tag in tags.tolist()])
        return sorted(found)

    def _put(self, key: str, cap: Cap, rest: _Rest) -> int:
        code, cell = self._chosen(cap, rest[0], rest[1])
        if self._free:
            tag = self._free.pop()
            self._keys[tag], self._places[tag] = key, cell * _CODES**2 + code
        else:
            tag = len(self._keys)
            self._keys.append(key)
            self._places.append(cell * _CODES**2 + code)
        cells = self._shelves.setdefault(code, {})
        drawer = cells.get(cell)
        if drawer is None or drawer.count == len(drawer.rows):
            room = self._rooms.setdefault(_room(code, cell), _Room())
            drawer = cells[cell] = _larger(drawer, room)
        drawer.rows[drawer.count] = row_of(cap, rest, tag)
        drawer.count += 1
        return tag

    def _chosen(self, cap: Cap, start: float, end: float) -> tuple[int, int]:
        """Return the shelf and the cell that a row is to lie in."""
        size = _least(_CELLS_DEG, 2 * math.degrees(cap.angle))
        code, cell = _place(cap, start, end, max(1, size))
        if size:
            return code, cell
        drawer = self._shelves.get(code, {}).get(cell)
        if drawer is None:
            return code, cell
        crowded = drawer.count >= _CROWDED or drawer.more is not None
        return _place(cap, start, end, 0) if crowded else (code, cell)

    def _drop(self, tag: int) -> None:
        """Take the row of a tag out of its cell; the last row of the cell takes its place."""
        cell, code = divmod(self._places[tag], _CODES**2)
        cells = self._shelves[code]
        first = drawer = cells[cell]
        while not len(at := np.flatnonzero(drawer.rows[: drawer.count, TAG] == tag)):
            assert drawer.more is not None, tag
            drawer = drawer.more
        first.count -= 1
        drawer.rows[at[0]] = first.rows[first.count]
        first.rows[first.count, START] = EMPTY
        if first.count:
            return
        room = self._rooms[_room(code, cell)]
        room.give(first.rows)
        if first.more is not None:
            cells[cell] = first.more
            return
        del cells[cell]
        if not cells:
            del self._shelves[code]
        if not room.taken:
            del self._rooms[_room(code, cell)]

    def _rows(self, asked: Probe) -> Iterable[Floats]:
        """Return arrays of rows among which are all that the bounds do not exclude."""
        spot = _spot(asked.whole)
        opened = 0
        wanted: list[tuple[int, dict[int, _Drawer], int, range]] = []
        for code, cells in self._shelves.items():
            size, length = divmod(code, _CODES)
            across = 2 * spot.reach / _CELLS_DEG[size] + 2
            slots = _slots(asked, length)
            count = int(across * across)
            opened += min(count * len(slots), len(cells))
            wanted.append((code, cells, count, slots))
        if opened > _FEW:
            lengths = {code % _CODES: slots for code, _, _, slots in wanted}
            rooms = self._rooms_of(lengths)
            if opened * _SCANNED > sum(room.taken for room in rooms):
                return [chunk for room in rooms for chunk in room.chunks]
        drawers: list[_Drawer] = []
        places: dict[int, list[int]] = {}
        for code, cells, count, slots in wanted:
            size = code // _CODES
            if count * len(slots) >= len(cells):
                drawers += cells.values()
                continue
            if size not in places:
                places[size] = _patches(asked, spot, size, count)
            get = cells.get
            for slot in slots:
                drawers += [each for at in places[size] if (each := get(at + slot)) is not None]
        rows = [each.rows[: each.count] for each in drawers]
        rows += [more.rows for each in drawers if each.more is not None for more in _chain(each)]
        return [np.concatenate(rows)] if rows else ()

    def _rooms_of(self, lengths: dict[int, range]) -> list[_Room]:
        """Return the rooms of so many slots of each length."""
        found: list[_Room] = []
        for length, slots in lengths.items():
            names = (slot * _CODES + length for slot in slots)
            found += [self._rooms[name] for name in names if name in self._rooms]
        return found


def _larger(full: _Drawer | None, room: _Room) -> _Drawer:
    """Return a drawer with space left, that holds what a full one did."""
    if full is None or full.count == _SIZES[-1]:
        fresh = _Drawer(room.take(_SIZES[0]))
        fresh.more = full
        return fresh
    larger = _Drawer(room.take(_SIZES[_SIZES.index(full.count) + 1]))
    larger.rows[: full.count] = full.rows
    larger.count, larger.more = full.count, full.more
    room.give(full.rows)
    return larger


def _chain(drawer: _Drawer) -> Iterator[_Drawer]:
    more = drawer.more
    while more is not None:
        yield more
        more = more.more


def _place(cap: Cap, start: float, end: float, size: int) -> tuple[int, int]:
    """Return the shelf of a row, by size and length in one number, and its cell there."""
    length = _least(_SLOTS_MS, end - start)
    row = int((cap.lat + 90.0) / _CELLS_DEG[size])
    columns = _columns(size)[row]
    column = int((cap.lon + 180.0) * columns / 360.0) % columns
    slot = int(start) // _SLOTS_MS[length]
    return size * _CODES + length, _cell(row, column) + slot


def _room(code: int, cell: int) -> int:
    """Return the name of the room that a cell's rows lie in: its slot and its length."""
    return cell % _SLOTS * _CODES + code % _CODES


def _slots(asked: Probe, length: int) -> range:
    """Return the slots in which something may begin that lasts until it matters."""
    slot_ms = _SLOTS_MS[length]
    return range(int(asked.earliest) // slot_ms - 1, int(asked.latest) // slot_ms + 1)


def _least(sizes: tuple[float, ...], needed: float) -> int:
    """Return which is the least of the sizes, smallest first, that holds what is needed."""
    for which, size in enumerate(sizes):
        if needed <= size:
            return which
    raise AssertionError(needed)


def _cell(row: int, column: int) -> int:
    """Return the name of a cell of slot 0; those of its other slots follow."""
    return ((row << 12) + column) * _SLOTS


class _Spot(NamedTuple):
    """A cap on the globe, in degrees."""

    lat: float
    lon: float
    reach: float


def _spot(cap: Cap) -> _Spot:
    return _Spot(cap.lat, cap.lon, math.degrees(cap.angle))


def _patches(asked: Probe, whole: _Spot, size: int, many: int) -> list[int]:
    """Return the places of a shelf where the middle may lie of what could be near.

    About so `many` that to look piece by piece may be worth its while.
    """
    if len(asked.pieces) > 1 and many > _FEW:
        spots = map(_spot, asked.pieces)
        return list({patch for spot in spots for patch in _patches_of(spot, size)})
    return _patches_of(whole, size)


def _patches_of(spot: _Spot, size: int) -> list[int]:
    cell_deg = _CELLS_DEG[size]
    lat, lon, reach = spot
    # A cap on this shelf reaches half a cell from its middle.
    reach += cell_deg / 2
    half = _half_width_deg(lat, reach)
    columns = _columns(size)
    low = max(0, int((lat - reach + 90.0) / cell_deg))
    high = min(len(columns) - 1, int((lat + reach + 90.0) / cell_deg))
    west, east = (lon - half + 180.0) / 360.0, (lon + half + 180.0) / 360.0
    found: list[int] = []
    for row in range(low, high + 1):
        many = columns[row]
        first, last = math.floor(west * many), math.floor(east * many)
        if last - first + 1 >= many:
            first, last = 0, many - 1
        base = _cell(row, 0)
        found += [base + column % many * _SLOTS for column in range(first, last + 1)]
    return found


@cache
def _columns(size: int) -> tuple[int, ...]:
    """Return how many cells each row has: fewer towards a pole, so that cells keep their size."""
    cell_deg = _CELLS_DEG[size]
    counts: list[int] = []
    for row in range(math.floor(180.0 / cell_deg) + 1):
        south, north = row * cell_deg - 90.0, (row + 1) * cell_deg - 90.0
        nearest = 0.0 if south < 0 < north else min(abs(south), abs(north), 90.0)
        counts.append(max(1, int(360.0 * math.cos(math.radians(nearest)) / cell_deg)))
    return tuple(counts)


def _half_width_deg(lat: float, reach: float) -> float:
    """Return how far a cap reaches in longitude, or a little more; 180 if it holds a pole."""
    farthest = abs(lat) + reach
    if farthest >= 89.0:
        return 180.0
    # Meridians are nearest to each other at its edge towards the pole.
    return reach / math.cos(math.radians(farthest))
