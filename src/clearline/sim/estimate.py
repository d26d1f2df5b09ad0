"""Estimates: what so many nights prove, and how little where they are few.

- A percentile is the smallest value that at least that part of the nights do not exceed. Its
  interval is of order statistics: it assumes nothing of how the values are distributed. If the
  nights cannot bound it on both sides there is no figure, only "too few nights".
- A part of the nights has Wilson's interval.
- What a change gains is compared night by night, by a bootstrap over the nights.

A night on which nobody answered is later than every other; it is never left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from clearline.basis.instants import DAY_MS, SECOND_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE",
    "NEVER_SAID",
    "TOO_FEW",
    "Part",
    "Percentile",
    "Resamples",
    "part_of",
    "percentile_of",
    "ranks",
]

CONFIDENCE = 0.95
RESAMPLES = 200
NEVER = np.iinfo(np.int64).max
"""How late a night is on which nobody answered."""
TOO_FEW = "too few nights"
NEVER_SAID = "never"
_LARGE = 100.0
"""From this variance on, the normal distribution stands for the binomial."""


class Percentile(Struct, frozen=True, kw_only=True):
    """One percentile of the time to a human, in seconds, and its interval."""

    part: float
    value_s: float | None
    low_s: float | None
    high_s: float | None
    said: str
    """Why there is no figure; empty if there is one."""


class Part(Struct, frozen=True, kw_only=True):
    """A part of the nights, and its interval."""

    count: int
    part: float
    low: float
    high: float


def percentile_of(reach_ms: Sequence[int | None], part: float) -> Percentile:
    """Return a percentile over all nights, also those on which nobody answered (None)."""
    ordered = sorted(_ms(each) for each in reach_ms)
    at = max(1, math.ceil(len(ordered) * part - 1e-9))
    bounds = ranks(len(ordered), part)
    if bounds is None:
        return Percentile(part=part, value_s=None, low_s=None, high_s=None, said=TOO_FEW)
    value, low, high = (_seconds(ordered[rank - 1]) for rank in (at, *bounds))
    said = NEVER_SAID if value is None else ""
    return Percentile(part=part, value_s=value, low_s=low, high_s=high, said=said)


def ranks(nights: int, part: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Return the ranks, from 1, of the two values that a percentile lies between.

    How many values lie below it is binomial. None if there are too few nights for either.
    """
    tail = (1 - confidence) / 2
    low = _quantile(nights, part, tail)
    high = _quantile(nights, part, 1 - tail) + 1
    return (low, high) if low >= 1 and high <= nights else None


def part_of(count: int, nights: int) -> Part:
    """Return a part of the nights with its interval (Wilson, 1927)."""
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
    part = count / nights
    middle = (part + z * z / (2 * nights)) / (1 + z * z / nights)
    half = (
        z * math.sqrt(part * (1 - part) / nights + z * z / (4 * nights**2)) / (1 + z * z / nights)
    )
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == nights else min(1.0, middle + half)
    return Part(count=count, part=part, low=low, high=high)


class Resamples:
    """The same nights drawn again and again, to see what chance alone does to a percentile.

    Every ladder is summed up over the same resamples, so that what two of them share cancels.
    """

    def __init__(self, nights: int, seed: int, count: int = RESAMPLES) -> None:
        chance = np.random.default_rng(abs(seed))
        self._weights = [
            np.bincount(chance.integers(0, nights, nights), minlength=nights).astype(np.uint8)
            for _ in range(count)
        ]
        self._nights = nights

    def percentiles(self, reach_ms: Sequence[int | None], part: float) -> NDArray[np.float64]:
        """Return the percentile, in seconds, of the nights themselves and then of each resample.

        A night on which nobody answered counts as the day after which it was given up.
        """
        late = (DAY_MS if each is None else each for each in reach_ms)
        values = np.fromiter(late, dtype=np.int64, count=self._nights)
        order = np.argsort(values, kind="stable")
        wanted = max(1, math.ceil(self._nights * part - 1e-9))
        found = [float(values[order[wanted - 1]])]
        for weights in self._weights:
            at = int(np.searchsorted(np.cumsum(weights[order], dtype=np.int64), wanted))
            found.append(float(values[order[at]]))
        return np.array(found) / SECOND_MS


def _ms(reach_ms: int | None) -> int:
    return NEVER if reach_ms is None else reach_ms


def _seconds(ms: int) -> float | None:
    return None if ms == NEVER else ms / SECOND_MS


def _quantile(nights: int, part: float, wanted: float) -> int:
    """Return the smallest number of nights that a binomial does not exceed with this chance."""
    variance = nights * part * (1 - part)
    if variance >= _LARGE:
        z = NormalDist().inv_cdf(wanted)
        return math.ceil(nights * part + z * math.sqrt(variance) - 0.5)
    # Counted from the rare end, so that few terms are summed: those that exceed a high part.
    rare = min(part, 1 - part)
    below = wanted if part <= 0.5 else 1 - wanted
    count, chance = 0, math.exp(nights * math.log1p(-rare))
    total = chance
    while total < below if part <= 0.5 else total <= below:
        chance *= (nights - count) / (count + 1) * rare / (1 - rare)
        count += 1
        total += chance
        if count >= nights:
            break
    return count if part <= 0.5 else nights - count
