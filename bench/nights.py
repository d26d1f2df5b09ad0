"""Nights of faults, held against the eight rules: `python -m bench.nights`.

Writes nothing unless `--out` names a file; `make nights` writes bench/results/nights.json.
The result does not depend on the number of workers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from bench.common import load_average, machine
from clearline.sim.checkers import Violation, check
from clearline.sim.night import NightSettings, play
from clearline.sim.world import START

TWICE_EVERY = 20
"""Each night of so many is played a second time with other secrets."""
REAL_EVERY = 500
"""Each night of so many is played with real hybrid signatures."""
CHUNK = 20


def one(seed: int) -> tuple[int, int, list[Violation]]:
    """Return how many faults a night had, how many things happened in it, and what it broke."""
    real = seed % REAL_EVERY == 0
    try:
        night = play(seed, NightSettings(real_signatures=real))
    except Exception as error:  # noqa: BLE001 - a night that falls over is told with its seed
        fell = Violation(rule=0, seed=seed, at=START, what=f"the night fell over: {error!r}")
        return 0, 0, [fell]
    found = check(night, secrets=seed % TWICE_EVERY == 0 and not real)
    return len(night.planned), night.world.scheduler.done, found


def main() -> int:
    """Run, print one JSON object, and return 1 if any rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    began = time.perf_counter()
    faults = happened = 0
    violations: list[Violation] = []
    with multiprocessing.get_context("spawn").Pool(asked.workers) as pool:
        seeds = range(asked.seed, asked.seed + asked.nights)
        for done, (planned, steps, found) in enumerate(pool.imap(one, seeds, CHUNK), 1):
            faults += planned
            happened += steps
            violations.extend(found)
            if sys.stderr.isatty() and done % 100 == 0:
                print(f"\r{done:,} nights, {len(violations)} violations", end="", file=sys.stderr)
    wall_s = time.perf_counter() - began
    result = {
        "nights": asked.nights,
        "seed": asked.seed,
        "faults": faults,
        "steps": happened,
        "violations": len(violations),
        "by_rule": {str(r): sum(v.rule == r for v in violations) for r in range(9)},
        "first": [f"rule {v.rule}, seed {v.seed}, {v.at}: {v.what}" for v in violations[:20]],
        "wall_s": round(wall_s, 1),
        "nights_per_s": round(asked.nights / wall_s, 1),
        "workers": asked.workers,
        "load_average": load_average(),
        "machine": machine(),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(text + "\n")
    return 1 if violations else 0


if __name__ == "__main__":
    raise SystemExit(main())
