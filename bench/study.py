"""A ladder study, with a roster, a second ladder and all advice: `python -m bench.study --json`.

Nights, ladders and roster are those of `examples/`; every change that is advised on is walked on
all nights too. It is timed from reading the files to the report, as the command runs it.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from bench.common import ROOT, main
from clearline.core.terms import Precedence
from clearline.sim import assumptions, posts
from clearline.sim.proposal import ladder_in
from clearline.sim.study_report import study

EXAMPLES = ROOT / "examples"


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what a study of the examples comes to, and how long it took."""
    began = time.perf_counter()
    assumed = assumptions.read()
    crews = {echelon: post.people for echelon, post in assumed.post.items()}
    planned = posts.read((EXAMPLES / "roster.toml").read_bytes(), "roster.toml")
    names = ("ladder.toml", "ladder-quick.toml")
    ladders = [
        (name, ladder_in((EXAMPLES / name).read_bytes(), name, Precedence.FLASH)) for name in names
    ]
    report = study(
        ladders, posts.from_watchbill(planned, crews), assumed, Precedence.FLASH,
        seed=asked.seed, nights=asked.nights, workers=asked.workers,
    )  # fmt: skip
    wall_s = time.perf_counter() - began
    walked = report.nights * (len(report.ladders) + len(report.trials))
    first = report.ladders[0]
    return {
        "nights": report.nights,
        "seed": report.seed,
        "workers": asked.workers,
        "wall_s": round(wall_s, 2),
        "nights_per_s": round(report.nights / wall_s, 1),
        "ladders": len(report.ladders) + len(report.trials),
        "walks_per_s": round(walked / wall_s),
        "p50_s": first.p50.value_s,
        "p99_s": first.p99.value_s,
        "p999_s": first.p999.value_s,
        "last_rung": first.last_rung.part,
    }


if __name__ == "__main__":
    main(measure, __doc__, nights=10_000, seed=0, workers=os.cpu_count() or 1)
