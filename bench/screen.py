"""Screen: all pairs of two sides, exactly: 10,000 notices against 10,000.

Both sides are of `bench.population`, but all of it in the theatre, where it is densest: a side of
10,000 over 12 by 10 degrees and thirty days. `found` is how many pairs infringe the minima.
`missed` is counted against brute force for a sample of one side: every volume of the other
whose window is near enough, by `meet`, without any index.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from bench import common
from bench.population import MINIMA, population
from clearline.space import Volume, meet, screen


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    ours, theirs = (_side(name, asked.side, seed) for seed, name in enumerate("ab", 1))
    began, spent = time.perf_counter(), time.process_time()
    longest = 0.0
    found: list[tuple[str, str]] = []
    at = began
    for piece in screen(ours, theirs, MINIMA):
        found += [(met.ours, met.theirs) for met in piece.found]
        longest, at = max(longest, time.perf_counter() - at), time.perf_counter()
    seconds, cpu_s = at - began, time.process_time() - spent
    sample = ours[:: max(1, len(ours) // asked.sample)]
    expected = {
        (key, other)
        for key, volume in sample
        for other, against in theirs
        if meet(volume, against, MINIMA) is not None
    }
    named = {key for key, _ in sample}
    return {
        "benchmark": "screen",
        "side": asked.side,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu_s, 2),
        "longest_slice_ms": round(longest * 1e3, 1),
        "found": len(found),
        "missed": len(expected - set(found)),
        "false": len({pair for pair in found if pair[0] in named} - expected),
        "goal_s": 20,
    }


def _side(name: str, count: int, seed: int) -> list[tuple[str, Volume]]:
    made = population(count, seed=seed, in_theatre=1.0)
    return [(f"{name}{number}", volume) for number, volume in enumerate(made)]


if __name__ == "__main__":
    common.main(measure, __doc__, side=10_000, sample=100)
