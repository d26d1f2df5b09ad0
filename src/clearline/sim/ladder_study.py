"""Many nights: a night function over a range of seeds, on as many processes as are given.

A night depends on its seed alone and the sum is made in the order of the seeds, so the
number of processes changes nothing but the time that it takes. What is summed up here is how
long it takes from pressing STOP until a human has it; `sim.study` sums up more.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

__all__ = ["NightOutcome", "Reach", "percentile", "reach_of", "run_nights"]

CHUNK = 25
"""Nights that a process runs before it reports."""


class NightOutcome(Struct, frozen=True, kw_only=True):
    """What one night comes to."""

    seed: int
    reach_ms: int | None
    """From the command to a human's acknowledgement, in true time; None if nobody did."""
    held: dict[str, bool]
    """Which of its drill's own criteria held on this night, by name."""
    lost_entries: int
    kept_by: str
    """What had kept the person who answered: there, slow, asleep, away."""
    rung: int
    """The rung of whoever answered; 0 if nobody did."""


class Reach(Struct, frozen=True, kw_only=True):
    """The distribution of times to a human, in seconds."""

    p50: float
    p99: float
    max: float


Of = TypeVar("Of")
Outcome = TypeVar("Outcome")
Progress = Callable[[int, int], None]
"""Told how many nights are done, of how many."""


def run_nights(
    night: Callable[[Of], Outcome],
    seeds: Sequence[Of],
    workers: int,
    progress: Progress | None = None,
    *,
    chunk: int = CHUNK,
) -> list[Outcome]:
    """Return the outcome of each night, in the order of `seeds`.

    What a night is run from is its seed, or whatever else pickles and says all of it.
    """
    outcomes: list[Outcome] = []
    for outcome in _outcomes(night, seeds, workers, chunk):
        outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes), len(seeds))
    return outcomes


def percentile(ordered: Sequence[int], part: float) -> int:
    """Return the smallest value that at least `part` of all values do not exceed."""
    at = max(0, -int(-len(ordered) * part // 1) - 1)
    return ordered[min(at, len(ordered) - 1)]


def reach_of(outcomes: Sequence[NightOutcome]) -> Reach:
    """Return the distribution over the nights on which somebody answered."""
    ordered = sorted(each.reach_ms for each in outcomes if each.reach_ms is not None)
    if not ordered:
        return Reach(p50=0.0, p99=0.0, max=0.0)
    return Reach(
        p50=percentile(ordered, 0.50) / 1_000,
        p99=percentile(ordered, 0.99) / 1_000,
        max=ordered[-1] / 1_000,
    )


def _outcomes(
    night: Callable[[Of], Outcome], seeds: Sequence[Of], workers: int, chunk: int
) -> Iterator[Outcome]:
    if workers <= 1 or len(seeds) <= chunk:
        yield from map(night, seeds)
        return
    # Spawned, so that a worker holds nothing that this process happened to have. Ctrl-C is for
    # this process, which ends them: each would print where it was.
    ignored = (signal.SIGINT, signal.SIG_IGN)
    with multiprocessing.get_context("spawn").Pool(workers, signal.signal, ignored) as pool:
        yield from pool.imap(night, seeds, chunksize=chunk)
