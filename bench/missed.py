"""Missed: random pairs of outlines, the separation engine against brute force by geodesics.

python -m bench.missed --pairs N [--processes 2] [--into FILE] --json

The pairs are those of `bench.pairs`, in blocks of 500 that are made from their numbers alone: a run
may be shared by processes, and with `--into FILE` it may be cut and goes on where it was. The
minimum that a pair is judged by is laid about its true separation, mostly within centimetres.

The truth is `tests.space.brute`: no plane, no shapely. What is counted:

    missed   the truth is under the minimum by more than a centimetre, the unit of the rule, and the
             engine (or the index before it) says that there is no conflict
    false    the engine says that there is one, and the truth is over the minimum by more than
             the rule's tolerance
    batch    the same of `space.refine`, which measures many at once, on every fourth block; and
             of how many pairs it says another separation than `space.separation`: of none
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import load_average, machine
from bench.pairs import BLOCK, Drawn, draw
from clearline.basis.instants import HOUR_MS, Instant
from clearline.space import (
    TOLERANCE_CM,
    TOLERANCE_PPM,
    Altitude,
    Band,
    Datum,
    GridIndex,
    Minima,
    Outline,
    Volume,
    Window,
    horizontal_cm,
    meet,
)
from clearline.space.refine import refine
from tests.space.brute import Brute, apart

_RULE_M = 1_000_000.0
"""The rule's tolerance is stated for outlines up to this across."""
_OFF_CM = (-100_000, -5_000, -500, -101, -50, -10, -5, -3, -2, -1, 0,
           1, 2, 3, 5, 10, 50, 99, 101, 500, 5_000, 100_000)  # fmt: skip
"""A pair's minimum is its true separation and one of these."""


def volume(shape: Outline) -> Volume:
    """Return a volume of which only the outline matters."""
    level = Altitude(datum=Datum.AMSL, value_cm=0)
    return Volume(
        outline=shape,
        band=Band(lower=level, upper=level),
        window=Window(start=Instant(0), end=Instant(HOUR_MS)),
    )


_ALL = Minima(horizontal_cm=100_000_000_000, vertical_cm=0, time_ms=0)
_BATCHES = 4
_BATCH_EVERY = 4


def batched(drawn: list[Drawn], truths: list[Brute], chance: np.random.Generator) -> Counter[str]:
    """Return how often a batch says other than `horizontal_cm`, and how often it misses.

    A batch has one minimum for all, so there are a few, each about one pair's separation: it is
    the short ways, by which a batch needs no measuring, that this is for.
    """
    pairs = [(volume(pair.a), volume(pair.b)) for pair in drawn]
    found: Counter[str] = Counter()
    for (a, b), said in zip(pairs, refine(pairs, _ALL), strict=True):
        found["batch_unlike"] += said is None or said.horizontal_cm != horizontal_cm(
            a.outline, b.outline
        )
    for _ in range(_BATCHES):
        true = truths[int(chance.integers(len(truths)))]
        least_cm = max(0, int(true.apart_m * 100) + int(chance.choice(_OFF_CM)))
        minima = Minima(horizontal_cm=least_cm, vertical_cm=0, time_ms=0)
        for each, said in zip(truths, refine(pairs, minima), strict=True):
            under = each.apart_m * 100 < least_cm - 1 or each.apart_m == 0
            over = each.apart_m * 100 > least_cm + tolerance_cm(each)
            found["batch_missed"] += under and said is None
            found["batch_false"] += over and said is not None
    return found


def tolerance_cm(true: Brute) -> float:
    """Return by how much two programs may differ about a pair."""
    return max(TOLERANCE_CM, true.core_m * 100 * TOLERANCE_PPM / 1e6)


def judge(block: int, count: int = BLOCK) -> dict[str, Any]:
    """Return what one block shows."""
    began = time.perf_counter()
    drawn = draw(block, count)
    made_s = time.perf_counter() - began
    truths = apart([(pair.a, pair.b) for pair in drawn])
    brute_s = time.perf_counter() - began - made_s
    rng = np.random.default_rng([20_161_010, block])
    found: Counter[str] = Counter()
    worst = {"over_cm": 0.0, "under_cm": 0.0, "large_over_cm": 0.0, "large_under_cm": 0.0}
    seeds: list[dict[str, Any]] = []
    engine_s = 0.0
    index = GridIndex()
    for number, pair in enumerate(drawn):
        index.add(str(number), [volume(pair.b)])
    for number, (pair, true) in enumerate(zip(drawn, truths, strict=True)):
        true_cm = true.apart_m * 100
        least_cm = max(0, int(true_cm) + int(rng.choice(_OFF_CM)))
        minima = Minima(horizontal_cm=least_cm, vertical_cm=0, time_ms=0)
        at = time.perf_counter()
        ours, theirs = volume(pair.a), volume(pair.b)
        said = meet(ours, theirs, minima) is not None
        cm = horizontal_cm(pair.a, pair.b)
        engine_s += time.perf_counter() - at
        near = str(number) in index.near(ours, minima)
        large = "large_" if true.span_m > _RULE_M else ""
        # The separation is told in whole centimetres, rounded down.
        over, under = cm - true_cm, true_cm - cm - 1
        worst[large + "over_cm"] = max(worst[large + "over_cm"], over)
        worst[large + "under_cm"] = max(worst[large + "under_cm"], under)
        conflict = true_cm < least_cm or true.apart_m == 0
        found["conflicts"] += conflict
        found[pair.kind] += 1
        wrong = ""
        if (true_cm < least_cm - 1 or true.apart_m == 0) and not (said and near):
            wrong = "missed"
        elif said and not conflict:
            outside = true_cm > least_cm + tolerance_cm(true)
            wrong = "false" if outside else "false_inside"
        elif conflict and not said:
            found["missed_by_a_centimetre"] += 1
        if wrong:
            found[wrong] += 1
        if over > tolerance_cm(true) or under > tolerance_cm(true):
            found["outside_tolerance"] += 1
            wrong = wrong or "tolerance"
        if wrong and wrong != "false_inside":
            seeds.append({"what": wrong, "block": block, "pair": number, "kind": pair.kind,
                          "true_cm": round(true_cm, 3), "cm": cm, "least_cm": least_cm,
                          "near": near, "span_km": round(true.span_m / 1e3, 1)})  # fmt: skip
    began = time.perf_counter()
    if block % _BATCH_EVERY == 0:
        found += batched(drawn, truths, rng)
        found["batch_pairs"] += count
    batch_s = time.perf_counter() - began
    return {
        "found": found,
        "worst": worst,
        "seeds": seeds,
        "seconds": {"drawing": made_s, "brute": brute_s, "engine": engine_s, "batch": batch_s},
    }


class Tally:
    """What all blocks so far show, in order."""

    def __init__(self) -> None:
        self.blocks = 0
        self.counts: Counter[str] = Counter()
        self.worst: dict[str, float] = {}
        self.wrong: list[dict[str, Any]] = []
        self.spent: Counter[str] = Counter()

    def add(self, each: dict[str, Any]) -> None:
        """Add what one block shows."""
        self.blocks += 1
        self.counts.update(each["found"])
        self.spent.update(each["seconds"])
        self.worst = {k: max(self.worst.get(k, 0.0), v) for k, v in each["worst"].items()}
        self.wrong = (self.wrong + each["seeds"])[:_TOLD]

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept in a file."""
        return {"blocks": self.blocks, "counts": dict(self.counts), "worst": self.worst,
                "wrong": self.wrong, "spent": dict(self.spent)}  # fmt: skip

    @staticmethod
    def read(path: Path) -> Tally:
        """Return what a file keeps; nothing if there is none."""
        tally = Tally()
        if path.exists():
            kept = json.loads(path.read_text())["kept"]
            tally.blocks, tally.worst, tally.wrong = kept["blocks"], kept["worst"], kept["wrong"]
            tally.counts, tally.spent = Counter(kept["counts"]), Counter(kept["spent"])
        return tally

    def told(self) -> dict[str, Any]:
        """Return it as figures."""
        counts = self.counts
        return {
            "pairs": self.blocks * BLOCK,
            "missed": counts["missed"],
            "false": counts["false"],
            "false_inside_tolerance": counts["false_inside"],
            "missed_by_a_centimetre": counts["missed_by_a_centimetre"],
            "outside_tolerance": counts["outside_tolerance"],
            "conflicts": counts["conflicts"],
            "batch": {k: counts[f"batch_{k}"] for k in ("pairs", "missed", "false", "unlike")},
            "worst_cm": {k.removesuffix("_cm"): round(v, 3) for k, v in self.worst.items()},
            "kinds": {name: counts[name] for name in _NAMES},
            "wrong": self.wrong,
            "spent_s": {k: round(v, 1) for k, v in self.spent.items()},
        }


_TOLD = 20
_SAVE_EVERY = 50
_NAMES = ("beside", "touching", "sharing", "along", "nested", "in a hole", "far")


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--into", type=Path, help="keep what is done here, and go on from it")
    asked = parser.parse_args()
    tally = Tally.read(asked.into) if asked.into else Tally()
    before, began = load_average(), time.perf_counter()

    def figures() -> dict[str, Any]:
        seconds = round(time.perf_counter() - began, 1)
        return tally.told() | {"seconds": seconds, "processes": asked.processes,
                               "machine": machine(), "load_before": before}  # fmt: skip

    blocks = range(tally.blocks, max(tally.blocks, math.ceil(asked.pairs / BLOCK)))
    with ProcessPoolExecutor(asked.processes) as pool:
        for each in pool.map(judge, blocks):
            tally.add(each)
            if asked.into and (tally.blocks % _SAVE_EVERY == 0 or tally.blocks == blocks.stop):
                kept = figures() | {"kept": tally.kept()}
                asked.into.write_text(json.dumps(kept, indent=2) + "\n")
    print(json.dumps(figures(), indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
