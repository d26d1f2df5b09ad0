"""The R*Tree: an index in the journal's database, for more volumes than memory should hold.

SQLite's R*Tree in four dimensions (sqlite.org/rtree.html): longitude, latitude, height and
time, of boxes around the caps of `space.index.bound`. What the boxes find, the bounds decide,
so it answers as the index in memory does.

- **Axes are normalised**: 10 km, 100 m and one hour are each one unit, as an R*Tree divides
  space by sums and products of sides. With metres beside milliseconds it would divide by
  time alone.
- **32-bit floats** are what an R*Tree keeps; SQLite rounds them outward. Hours are counted
  from a day in 2023, so that one step of a float is seconds and not minutes.
- **A cap over the antimeridian is two boxes**; one that holds a pole goes all around it.
- **Heights of different data** cannot exclude each other: each datum has a range of its own
  on the axis, and a search asks for its own range and for all of every other.

It is a temporary table: a view that the journal's events make again at each start. What was
added or removed since the last commit is kept in memory, and written in the transaction that
makes the events themselves durable (`SqliteJournal.commit`).
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from clearline.basis.faults import Broken
from clearline.basis.instants import HOUR_MS
from clearline.space.index.bound import (
    COLUMNS,
    FAMILY_CM,
    Bound,
    Cap,
    Probe,
    bound,
    probe,
    row_of,
    select,
)
from clearline.space.index.grid import GridIndex
from clearline.space.separation import Minima
from clearline.space.volume import Volume

__all__ = ["RTreeIndex"]

_DEGREE = 11.12
"""Units in a degree: a unit is about 10 km."""
_CM = 1 / 10_000
"""Units in a cm: a unit is 100 m."""
_EPOCH_MS = 1_700_000_000_000
_ALL = 1e7
"""Beyond everything on the axis of heights."""
_PENDING = 1_024
"""Notices that wait for a commit, beyond which they are written at once: at start, say."""

_TABLE = """
CREATE VIRTUAL TABLE temp.{name} USING rtree(
  id, west, east, south, north, foot, top, opens, closes,
  +x, +y, +z, +angle, +start, +end, +low, +high, +key
)
"""
_KEYS = "CREATE TABLE temp.{name}_key (key TEXT PRIMARY KEY, first INTEGER, last INTEGER)"
_INSERT = "INSERT INTO temp.{name} VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_SEARCH = """
SELECT x, y, z, angle, start, end, low, high, key FROM temp.{name}
WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?
  AND foot <= ? AND top >= ? AND opens <= ? AND closes >= ?
"""

_Range = tuple[float, float]


class RTreeIndex:
    """An index in tables of a database that is written by somebody else."""

    def __init__(self, db: sqlite3.Connection, name: str) -> None:
        """Make the tables, empty, under a name that no other index of this database has."""
        self._db = db
        self._name = name
        self._last = 0
        self._count = 0
        """How many keys are in the tables."""
        self._pending = GridIndex()
        self._volumes: dict[str, Sequence[Volume]] = {}
        """What is pending, to be written."""
        self._gone: set[str] = set()
        """Keys that are in the tables no more, once what is pending is written."""
        self._run(_TABLE)
        self._run(_KEYS)

    def __len__(self) -> int:
        return self._count - len(self._gone) + len(self._pending)

    def __contains__(self, key: str) -> bool:
        return key in self._pending or (key not in self._gone and self._ids(key) is not None)

    @property
    def elsewhere(self) -> int:
        """Return how many of the keys do not lie in memory, or soon will not."""
        return len(self)

    def add(self, key: str, volumes: Sequence[Volume]) -> None:
        """Put the volumes under `key`, in place of any that it had."""
        self.remove(key)
        self._pending.add(key, volumes)
        self._volumes[key] = volumes
        if len(self._volumes) >= _PENDING:
            self.write()

    def remove(self, key: str) -> None:
        """Take out all volumes under `key`; nothing happens if there are none."""
        if key in self._volumes:
            self._pending.remove(key)
            del self._volumes[key]
        elif key not in self._gone and self._ids(key) is not None:
            self._gone.add(key)

    def near(self, volume: Volume, minima: Minima) -> list[str]:
        """Return, sorted, at least every key with a volume that could infringe the minima."""
        asked = probe(bound(volume), minima)
        keys: list[str] = []
        rows: list[tuple[float, ...]] = []
        for box in _boxes_of(asked):
            for x, y, z, angle, *rest, key in self._run(_SEARCH, box):
                rows.append(row_of(Cap(x, y, z, angle), tuple(rest), len(keys)))
                keys.append(key)
        found = set(self._pending.near(volume, minima))
        if rows:
            table = np.array(rows).reshape(-1, COLUMNS)
            near = {keys[int(i)] for i in select(table, asked)}
            found |= near - self._gone
        return sorted(found)

    def write(self) -> None:
        """Write what is pending, in the transaction that is open if there is one."""
        if not self._gone and not self._volumes:
            return
        alone = not self._db.in_transaction
        if alone:
            self._run("BEGIN")
        for key in sorted(self._gone):
            ids = self._ids(key)
            assert ids is not None, key
            self._run("DELETE FROM temp.{name} WHERE id BETWEEN ? AND ?", ids)
            self._run("DELETE FROM temp.{name}_key WHERE key=?", (key,))
        for key, volumes in self._volumes.items():
            first = self._last + 1
            for row in _rows_of(key, volumes):
                self._last += 1
                self._run(_INSERT, (self._last, *row))
            self._run("INSERT INTO temp.{name}_key VALUES (?,?,?)", (key, first, self._last))
        if alone:
            self._run("COMMIT")
        self._count += len(self._volumes) - len(self._gone)
        self._pending = GridIndex()
        self._volumes.clear()
        self._gone.clear()

    def _ids(self, key: str) -> tuple[int, int] | None:
        query = "SELECT first, last FROM temp.{name}_key WHERE key=?"
        found: tuple[int, int] | None = self._run(query, (key,)).fetchone()
        return found

    def _run(self, query: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            # The name is ours, and no table's name can be a parameter.
            return self._db.execute(query.format(name=self._name), values)
        except sqlite3.Error as error:
            raise Broken(f"the index cannot be used: {error}") from error


def _rows_of(key: str, volumes: Iterable[Volume]) -> Iterator[tuple[object, ...]]:
    """Yield what is written for volumes: each box with the row that it stands for."""
    for volume in volumes:
        found = bound(volume)
        foot, top = _band(found)
        opens, closes = _hours(found.start), _hours(found.end)
        for cap in found.pieces:
            for west, east, south, north in _boxes(cap):
                box = (west, east, south, north, foot, top, opens, closes)
                yield (*box, *cap, found.start, found.end, found.low, found.high, key)


def _boxes_of(asked: Probe) -> Iterator[tuple[float, ...]]:
    """Yield the limits of each search that a probe needs, in the order that _SEARCH has."""
    opens, closes = _hours(asked.earliest), _hours(asked.latest)
    for west, east, south, north in _boxes(asked.whole):
        for foot, top in _bands(asked):
            yield east, west, north, south, top, foot, closes, opens


def _hours(ms: float) -> float:
    return (ms - _EPOCH_MS) / HOUR_MS


def _boxes(cap: Cap) -> list[tuple[float, float, float, float]]:
    """Return west, east, south and north, in units, of one box or two that hold a cap."""
    lat, lon, reach = cap.lat, cap.lon, math.degrees(cap.angle)
    south, north = (lat - reach) * _DEGREE, (lat + reach) * _DEGREE
    # Close to a pole the width is uncertain, and beyond it there is all of it.
    if abs(lat) + reach >= 89.99:
        spans = [(-180.0, 180.0)]
    else:
        half = math.degrees(math.asin(min(1.0, math.sin(cap.angle) / math.cos(math.radians(lat)))))
        west, east = lon - half, lon + half
        spans = [(max(west, -180.0), min(east, 180.0))]
        if west < -180:
            spans.append((west + 360, 180.0))
        if east > 180:
            spans.append((-180.0, east - 360))
    return [(west * _DEGREE, east * _DEGREE, south, north) for west, east in spans]


def _family(level_cm: float) -> float:
    return round(level_cm / FAMILY_CM)


def _band(found: Bound) -> _Range:
    """Return foot and top of a band; all there is, if its limits are of different data."""
    if _family(found.low) != _family(found.high):
        return -_ALL, _ALL
    return min(found.low, found.high) * _CM, max(found.low, found.high) * _CM


def _bands(asked: Probe) -> list[_Range]:
    """Return the ranges of heights in which something is that a probe's own cannot exclude."""
    family = _family(asked.low)
    if family != _family(asked.high):
        return [(-_ALL, _ALL)]
    under, over = (family - 0.5) * FAMILY_CM, (family + 0.5) * FAMILY_CM
    low, high = min(asked.low, asked.high), max(asked.low, asked.high)
    own = (max(low - asked.clear, under) * _CM, min(high + asked.clear, over) * _CM)
    return [own, (-_ALL, under * _CM), (over * _CM, _ALL)]
