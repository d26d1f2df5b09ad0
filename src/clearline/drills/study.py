"""Study: a drill's nights, summed up and scored against what it has to show.

Every drill has two criteria in common: somebody was reached on every night, and nothing was
lost. Its own come from its nights, each by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from clearline.drills.report import Criterion, DrillReport, Timeline
from clearline.sim.ladder_study import NightOutcome, reach_of, run_nights

__all__ = ["Plan", "Progress", "study"]

Progress = Callable[[int, int], None]


class Plan(Struct, frozen=True, kw_only=True):
    """What a drill measures, beside what, and what it has to show."""

    name: str
    measured: str
    """From what to what the time of a night is counted."""
    historic_s: int | None
    """The historic time that stands beside it; None if there was none."""
    historic: str
    """What that was, with its label."""
    criteria: dict[str, str]
    """The drill's own criteria: by name, what has to hold on every night."""


def study(
    plan: Plan,
    night: Callable[[int], NightOutcome],
    timeline: Callable[[], Timeline],
    seeds: Sequence[int],
    workers: int,
    progress: Progress | None,
    once: dict[str, bool],
) -> DrillReport:
    """Return the report of a drill over the nights of these seeds.

    `once` holds what was tried once, beside the nights: a criterion of that name needs it too.
    """
    began = time.perf_counter()
    shown = timeline()
    outcomes = run_nights(night, seeds, workers, progress)
    answered: dict[str, int] = {}
    for each in sorted(outcomes, key=lambda one: (one.rung, one.kept_by)):
        key = f"rung {each.rung}, {each.kept_by}" if each.rung else each.kept_by or "nobody"
        answered[key] = answered.get(key, 0) + 1
    never = sum(each.reach_ms is None for each in outcomes)
    lost = sum(each.lost_entries for each in outcomes)
    return DrillReport(
        name=plan.name,
        seed=seeds[0],
        nights=len(seeds),
        timeline=shown,
        measured=plan.measured,
        reach=reach_of(outcomes),
        reach_ms=tuple(each.reach_ms for each in outcomes if each.reach_ms is not None),
        historic_s=plan.historic_s,
        historic=plan.historic,
        never_reached=never,
        lost_entries=lost,
        criteria=(
            *(_own(plan, name, outcomes, once) for name in plan.criteria),
            Criterion(
                name="somebody_reached",
                passed=never == 0,
                evidence=f"somebody on {len(seeds) - never:,} of {len(seeds):,} nights",
            ),
            Criterion(
                name="nothing_lost",
                passed=lost == 0,
                evidence=f"{lost:,} entries that the counterpart's disk did not hold in the end",
            ),
        ),
        answered_by=answered,
        wall_s=time.perf_counter() - began,
    )


def _own(
    plan: Plan, name: str, outcomes: Sequence[NightOutcome], once: dict[str, bool]
) -> Criterion:
    held = sum(each.held[name] for each in outcomes)
    evidence = f"{plan.criteria[name]}: on {held:,} of {len(outcomes):,} nights"
    tried = once.get(name)
    if tried is not None:
        evidence += "; a node that does not check was" + ("" if tried else " NOT")
        evidence += " refused by the counterpart's"
    return Criterion(
        name=name, passed=held == len(outcomes) and tried is not False, evidence=evidence
    )
