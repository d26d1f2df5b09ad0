"""Cells: which volumes a track could reach at all, looked up by where it is.

The globe is parted into cells, coarser for tracks that reach further. A cell's list is made
when a track is first in it, from one pass over all volumes, and goes on when there are more. So
ten thousand volumes cost a track no more than the few around it.

A list holds too many volumes, and those that stand no more; never too few.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from clearline.node.tracks.rays import Floats, Integers, Truths

__all__ = ["Cells"]

REACHES_M = (
    0.0, 10_000.0, 25_000.0, 50_000.0, 75_000.0, 100_000.0, 150_000.0, 300_000.0, 600_000.0,
    1_200_000.0,
)  # fmt: skip
"""A track is looked up among those that reach at least as far as it does."""
LEAST_CELL_DEG = 0.25
MAX_CELLS = 8_192
"""Lists that are kept; when there are more, all are made anew as they are needed."""
_LEAST_CURVATURE_M = 6_335_439.0
_ACROSS = 1.1
_ACROSS_M = 400.0
"""What is let through besides the minima: no less than what keeps an alarm (`meeting`)."""

_Cell = tuple[int, int, int]


class Cells:
    """Lists of rows, by cell."""

    def __init__(self) -> None:
        self._lists: dict[_Cell, tuple[Integers, int]] = {}
        """Of each cell its rows, and how many rows there were when it was last looked through."""
        self._some: dict[_Cell, Integers] = {}
        """Of each cell the rows that count now."""
        self._counts: Truths | None = None

    def forget(self) -> None:
        """Let go of every list: rows have other numbers now."""
        self._lists.clear()
        self._some.clear()

    def some(
        self, lat: float, lon: float, reach_m: float, numbers: Floats, counts: Truths
    ) -> Integers:
        """Return those of `around` that count: as `counts` says, the same array for many calls."""
        if counts is not self._counts:
            self._counts = counts
            self._some.clear()
        cell, _, _ = _cell_of(lat, lon, reach_m)
        known = self._some.get(cell)
        if known is None:
            rows = self.around(lat, lon, reach_m, numbers)
            known = self._some[cell] = rows[counts[rows]]
        return known

    def around(self, lat: float, lon: float, reach_m: float, numbers: Floats) -> Integers:
        """Return the rows that a track here with this reach may come near, and more."""
        cell, size, width = _cell_of(lat, lon, reach_m)
        kept, until = self._lists.get(cell, (_NONE, 0))
        if until == len(numbers):
            return kept
        more = _near(cell, size, width, numbers[until:]) + until
        if len(self._lists) >= MAX_CELLS and not until:
            self.forget()
        kept = np.concatenate((kept, more))
        self._lists[cell] = kept, len(numbers)
        return kept


_NONE: Integers = np.empty(0, dtype=np.int64)


def _cell_of(lat: float, lon: float, reach_m: float) -> tuple[_Cell, float, float]:
    """Return the cell of a place for a reach, and how high and wide it is."""
    tier = bisect_left(REACHES_M, reach_m)
    size = SIZES_DEG[tier]
    row = math.floor(lat / size)
    width = _width_deg(row, size)
    return (tier, row, math.floor(lon / width)), size, width


def _size_deg(tier: int) -> float:
    return max(LEAST_CELL_DEG, REACHES_M[tier] / 4 / 111_000)


SIZES_DEG = tuple(_size_deg(tier) for tier in range(len(REACHES_M)))


def _width_deg(row: int, size: float) -> float:
    """Return how wide the cells of a row are: about as wide as high, wherever they are."""
    nearest = min(abs(row * size), abs((row + 1) * size), 90.0)
    return min(360.0, size / max(math.cos(math.radians(nearest)), 0.01))


def _near(cell: _Cell, size: float, width: float, numbers: Floats) -> Integers:
    tier, row, column = cell
    lat, lon = (row + 0.5) * size, (column + 0.5) * width
    # Along the meridian to the row of the point, then along its parallel: no way is shorter
    # than half of both, and a parallel is longest where it is nearest to the equator.
    nearest = (
        0.0 if row * size < 0 < (row + 1) * size else min(abs(row * size), abs((row + 1) * size))
    )
    half = math.radians(size / 2 + width / 2 * math.cos(math.radians(min(nearest, 90.0))))
    phi, lam = math.radians(min(max(lat, -90.0), 90.0)), math.radians(lon)
    centre = np.array((math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)))
    beyond = (REACHES_M[tier] * 1.01 + _ACROSS_M + numbers[:, 6] * _ACROSS) / _LEAST_CURVATURE_M
    reach = np.minimum(numbers[:, 3] + half + beyond, math.pi)
    return np.flatnonzero(numbers[:, :3] @ centre >= np.cos(reach) - 1e-12)
