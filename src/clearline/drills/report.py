"""A drill's report: its criteria, the timeline beside the historic one, and many nights' times.

It is data. `clearline drill run` renders it; nothing here prints. Whatever is historic
carries its label: V was read in a public source, R is reconstructed or recalled, and what
the line did is simulated. None of it may be shown without.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from clearline.basis.instants import SECOND_MS
from clearline.sim.ladder_study import Reach

__all__ = ["LABELS", "Criterion", "DrillReport", "Row", "Timeline", "plot"]

LABELS: dict[str, str] = {
    "V": "verified: read in a public source",
    "R": "reconstructed or recalled: not established",
    "S": "simulated: what the line did in the night of this seed",
}
"""What stands for what, wherever a timeline is shown."""


class Row(Struct, frozen=True, kw_only=True):
    """One line of a timeline: what is told of history, and what the line did."""

    dtg_historic: str
    """Date-time group, `171425Z`; empty where history has no counterpart."""
    what: str
    status: str
    """Which parts of `what` and its time are V and which are R; empty without history."""
    line_at: str
    """Simulated time, RFC 3339; empty where the line has no counterpart."""
    line_what: str


class Timeline(Struct, frozen=True, kw_only=True):
    """The reconstructed timeline beside the historic one."""

    rows: tuple[Row, ...]
    labels: dict[str, str] = field(default_factory=LABELS.copy)


class Criterion(Struct, frozen=True, kw_only=True):
    """One thing that a drill has to show, whether it did, and by what that is known."""

    name: str
    """Unique in its report, and no name of another field of `DrillReport.to_json`."""
    passed: bool
    evidence: str


class DrillReport(Struct, frozen=True, kw_only=True):
    """What a drill came to."""

    name: str
    seed: int
    nights: int
    timeline: Timeline
    measured: str
    """From what to what the times are counted."""
    reach: Reach
    reach_ms: tuple[int, ...]
    """Of each night on which somebody was reached, in the order of the seeds."""
    historic_s: int | None
    """The historic time that stands beside them; None if there was none."""
    historic: str
    never_reached: int
    lost_entries: int
    criteria: tuple[Criterion, ...]
    answered_by: dict[str, int]
    """How many nights were answered on each rung, and in what state that person was."""
    wall_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Return whether the drill has shown all that it has to."""
        return all(each.passed for each in self.criteria)

    def to_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it: each criterion by its name too."""
        return {
            "nights": self.nights,
            "seed": self.seed,
            "reach_s": msgspec.to_builtins(self.reach),
            "historic_s": self.historic_s,
            "never_reached": self.never_reached,
            **{each.name: each.passed for each in self.criteria},
            "lost_entries": self.lost_entries,
            "criteria": msgspec.to_builtins(self.criteria),
            "passed": self.passed,
        }


def plot(report: DrillReport, file: str) -> None:
    """Draw the distribution of times to a human beside the historic one, and save it.

    The format is what the file's name ends in. Needs the `plot` extra (matplotlib).
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, wanted only here

    figure: Any = Figure(figsize=(9, 5), layout="constrained")
    axes: Any = figure.add_subplot()
    seconds = [ms / SECOND_MS for ms in report.reach_ms]
    low, high = 0.5, max(4_000.0, *seconds)
    steps = 80
    edges = [low * (high / low) ** (step / steps) for step in range(steps + 1)]
    axes.hist(seconds, bins=edges, color="#4477aa", label="line, simulated (S)")
    if report.historic_s is not None:
        axes.axvline(report.historic_s, color="#bb5566", lw=2, label=report.historic)
    axes.axvline(report.reach.p99, color="#222222", ls="--", label=f"p99 {report.reach.p99:.0f} s")
    axes.set_xscale("log")
    axes.set_xlabel(f"seconds from {report.measured}")
    axes.set_ylabel("nights")
    axes.set_title(f"{report.name}: {report.nights} simulated nights, seed {report.seed}")
    axes.legend()
    figure.savefig(file)
