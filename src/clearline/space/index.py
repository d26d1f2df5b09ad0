"""An index: which notices could come too near a volume, found without measuring them all.

A grid of place and time. Each volume's bounding circle and window are put into a few cells
of the shelf whose cells are about as large as it is; a search looks at the cells around, on
every shelf in use, and keeps what the bounding circles and windows do not exclude.

It decides nothing: `near` may return more than infringes, never less, anywhere on the globe.
The result is sorted, so it is the same on every machine whatever the order of insertion.

Why nothing is missed: to each point belongs the direction of the ellipsoid's normal, which
latitude and longitude are. A path of length s on the ground turns the normal by at most
s / 6,335,439 m, the least radius of curvature of WGS 84 (in the meridian at the equator).
So circles whose directions are further apart than that cannot meet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.instants import DAY_MS
from clearline.basis.quantities import METRE_CM
from clearline.space.footprint import footprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clearline.space.separation import Minima
    from clearline.space.volume import Volume

__all__ = ["Index"]

_LEAST_CURVATURE_M = 6_335_439.0
_SLACK_M = 1.0
"""Covers the rounding of all arithmetic here many times over."""
_SMALLEST_CELL_DEG = 0.25
_SMALLEST_SLOT_MS = DAY_MS

_Cell = tuple[int, int, int]
_Shelf = tuple[int, int]


class _Disc(NamedTuple):
    """A bounding circle and window of one volume."""

    key: str
    x: float
    y: float
    z: float
    angle: float
    """Radius as an angle of the normal, radians; never less than the true one."""
    start: int
    end: int
    lat: float
    lon: float


class Index:
    """Volumes by place and time, under the keys of the notices they belong to."""

    __slots__ = ("_places", "_shelves")

    def __init__(self) -> None:
        self._shelves: dict[_Shelf, dict[_Cell, list[_Disc]]] = {}
        self._places: dict[str, list[_Disc]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def add(self, key: str, volumes: Iterable[Volume]) -> None:
        """Put the volumes under `key`, in place of any that it had."""
        self.remove(key)
        discs = [_disc(key, volume) for volume in volumes]
        self._places[key] = discs
        for disc in discs:
            shelf = self._shelves.setdefault(_shelf(disc), {})
            for cell in _cells(disc, _shelf(disc), 0.0, 0):
                shelf.setdefault(cell, []).append(disc)

    def remove(self, key: str) -> None:
        """Take out all volumes under `key`; nothing happens if there are none."""
        for disc in self._places.pop(key, ()):
            name = _shelf(disc)
            shelf = self._shelves[name]
            for cell in _cells(disc, name, 0.0, 0):
                shelf[cell].remove(disc)
                if not shelf[cell]:
                    del shelf[cell]
            if not shelf:
                del self._shelves[name]

    def near(self, volume: Volume, minima: Minima) -> list[str]:
        """Return, sorted, at least every key with a volume that could infringe the minima."""
        disc = _disc("", volume)
        margin = (minima.horizontal_cm / METRE_CM + _SLACK_M) / _LEAST_CURVATURE_M
        earliest, latest = disc.start - minima.time_ms, disc.end + minima.time_ms
        x, y, z, angle = disc.x, disc.y, disc.z, disc.angle + margin
        found: set[str] = set()
        for drawer in self._drawers(disc, margin, minima.time_ms):
            for key, ox, oy, oz, reach, start, end, _, _ in drawer:
                if start > latest or end < earliest or key in found:
                    continue
                # The chord between two directions is never longer than their angle.
                limit = angle + reach
                if (x - ox) ** 2 + (y - oy) ** 2 + (z - oz) ** 2 <= limit * limit:
                    found.add(key)
        return sorted(found)

    def _drawers(self, disc: _Disc, margin: float, time_ms: int) -> Iterator[list[_Disc]]:
        """Return the cells' contents that could matter, shelf by shelf."""
        for name, shelf in self._shelves.items():
            if _count(disc, name, margin, time_ms) >= len(shelf):
                yield from shelf.values()
                continue
            for cell in _cells(disc, name, margin, time_ms):
                drawer = shelf.get(cell)
                if drawer is not None:
                    yield drawer


def _disc(key: str, volume: Volume) -> _Disc:
    shape = footprint(volume.outline)
    phi, lam = math.radians(shape.lat), math.radians(shape.lon)
    ring = math.cos(phi)
    return _Disc(
        key,
        ring * math.cos(lam),
        ring * math.sin(lam),
        math.sin(phi),
        (shape.reach_m + _SLACK_M) / _LEAST_CURVATURE_M,
        int(volume.window.start),
        int(volume.window.end),
        shape.lat,
        shape.lon,
    )


def _shelf(disc: _Disc) -> _Shelf:
    """Return the shelf of a disc: how often its cell and its slot are doubled to hold it."""
    across = 2 * math.degrees(disc.angle) / _SMALLEST_CELL_DEG
    lasting = (disc.end - disc.start) / _SMALLEST_SLOT_MS
    return _doublings(across), _doublings(lasting)


def _doublings(ratio: float) -> int:
    return max(0, math.ceil(math.log2(ratio))) if ratio > 1 else 0


def _slots(disc: _Disc, shelf: _Shelf, time_ms: int) -> range:
    slot_ms = _SMALLEST_SLOT_MS << shelf[1]
    return range((disc.start - time_ms) // slot_ms, (disc.end + time_ms) // slot_ms + 1)


def _rows(disc: _Disc, cell_deg: float, angle: float) -> range:
    reach = math.degrees(angle)
    low = math.floor((max(disc.lat - reach, -90.0) + 90.0) / cell_deg)
    high = math.floor((min(disc.lat + reach, 90.0) + 90.0) / cell_deg)
    return range(low, high + 1)


def _count(disc: _Disc, shelf: _Shelf, margin: float, time_ms: int) -> int:
    """Return about how many cells a search covers; for choosing the cheaper way only."""
    across = 2 * math.degrees(disc.angle + margin) / (_SMALLEST_CELL_DEG * 2 ** shelf[0]) + 2
    return int(across * across) * len(_slots(disc, shelf, time_ms))


def _cells(disc: _Disc, shelf: _Shelf, margin: float, time_ms: int) -> Iterator[_Cell]:
    """Return the cells of a shelf that the disc, grown by margin and time, may touch."""
    cell_deg = _SMALLEST_CELL_DEG * 2 ** shelf[0]
    angle = disc.angle + margin
    slots = _slots(disc, shelf, time_ms)
    half = _half_width_deg(disc.lat, angle)
    for row in _rows(disc, cell_deg, angle):
        columns = _columns(row, cell_deg)
        for column in _turn(disc.lon, half, columns):
            for slot in slots:
                yield row, column, slot


def _columns(row: int, cell_deg: float) -> int:
    """Return how many cells a row has: fewer towards a pole, so that cells keep their size."""
    nearest_equator = max(0.0, min(abs(row * cell_deg - 90.0), abs((row + 1) * cell_deg - 90.0)))
    return max(1, int(360.0 * math.cos(math.radians(min(nearest_equator, 90.0))) / cell_deg))


def _half_width_deg(lat: float, angle: float) -> float:
    """Return how far a disc reaches in longitude; 180 if it holds a pole."""
    if abs(lat) + math.degrees(angle) >= 89.999:
        return 180.0
    return math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(lat)))))


def _turn(lon: float, half: float, columns: int) -> Iterable[int]:
    """Return the columns within `half` degrees of a longitude, around the globe."""
    width = 360.0 / columns
    first = math.floor((lon - half + 180.0) / width)
    last = math.floor((lon + half + 180.0) / width)
    if last - first + 1 >= columns:
        return range(columns)
    return [column % columns for column in range(first, last + 1)]
