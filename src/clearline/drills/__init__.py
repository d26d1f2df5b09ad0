"""Drills: scripted exercises, one file a drill. Each file's docstring is its narrative.

`names`, `describe`, `run` and `live` are all that `wiring` and the command line need.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType

from clearline.basis.faults import Mistake
from clearline.drills import deir_ez_zor_2016, gaza_2024, il_20_2018
from clearline.drills.live import Live, LiveReport
from clearline.drills.report import Criterion, DrillReport, Row, Timeline, plot

__all__ = [
    "Criterion",
    "DrillReport",
    "Live",
    "LiveReport",
    "Row",
    "Timeline",
    "describe",
    "live",
    "names",
    "plot",
    "run",
]

MOST_NIGHTS = 1_000_000

_DRILLS: dict[str, ModuleType] = {
    "deir-ez-zor-2016": deir_ez_zor_2016,
    "gaza-2024": gaza_2024,
    "il-20-2018": il_20_2018,
}


def names() -> tuple[str, ...]:
    """Return the drills that there are."""
    return tuple(sorted(_DRILLS))


def describe(name: str) -> str:
    """Return a drill's narrative, with its sources and labels; Mistake if there is none."""
    return inspect.cleandoc(_drill(name).__doc__ or "")


def live(name: str) -> Live:
    """Return a drill's script for two running nodes; Mistake if there is no such drill."""
    script: Live = _drill(name).LIVE
    return script


def run(
    name: str,
    seed: int = 0,
    nights: int = 1,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DrillReport:
    """Return what a drill comes to over so many nights, from the seeds that follow `seed`.

    The first of them is the night of the timeline. The report does not depend on how many
    workers ran it. Mistake for an unknown drill or a number out of range.
    """
    drill = _drill(name)
    if not 1 <= nights <= MOST_NIGHTS:
        raise Mistake("nights_range", f"A drill runs 1 to {MOST_NIGHTS:,} nights.")
    report: DrillReport = drill.run(seed, nights, max(workers, 1), progress)
    return report


def _drill(name: str) -> ModuleType:
    drill = _DRILLS.get(name)
    if drill is None:
        raise Mistake("no_such_drill", f"There is no drill {name}: {', '.join(names())}.")
    return drill
