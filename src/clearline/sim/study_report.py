"""A study's report: how long until a human, how far up, and at what load; one ladder or two.

It is data, with what the nights prove of each figure and what all of it is assumed from.
`clearline ladder study` renders it; nothing here prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, SECOND_MS
from clearline.core.terms import Ladder, Precedence
from clearline.sim.advice import Trial, changes, say, trials
from clearline.sim.assumptions import Assumptions
from clearline.sim.estimate import (
    CONFIDENCE,
    TOO_FEW,
    Part,
    Percentile,
    Resamples,
    part_of,
    percentile_of,
)
from clearline.sim.posts import Posts
from clearline.sim.study import Nights, Plan, run

__all__ = ["Difference", "Figures", "Load", "StudyReport", "can_plot", "plot", "study"]

PARTS = {"p50": 0.50, "p99": 0.99, "p999": 0.999}
PLOTTED = (".png", ".svg", ".pdf")
COLOURS = ("#4477aa", "#bb5566")


class Load(Struct, frozen=True, kw_only=True):
    """What one person bears."""

    who: str
    watches: int
    """How many they stand in the roster; a room in which nobody is on counts one a day."""
    alarms_per_watch: float
    """How often they are rung in one of them, on average."""


class Figures(Struct, frozen=True, kw_only=True):
    """What one ladder comes to."""

    name: str
    ladder: Ladder
    p50: Percentile
    p99: Percentile
    p999: Percentile
    last_rung: Part
    """On which part of the nights it was reached, whoever answered then."""
    never: Part
    alarms_per_call: float
    load: tuple[Load, ...]
    """The most burdened first."""
    answered_by: dict[str, int]
    reach_ms: tuple[int | None, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """How much sooner the second ladder is at one percentile, on the same nights."""

    percentile: str
    gain_s: float
    error_s: float
    sure: bool


class StudyReport(Struct, frozen=True, kw_only=True):
    """What a study came to."""

    precedence: Precedence
    seed: int
    nights: int
    ladders: tuple[Figures, ...]
    differences: tuple[Difference, ...]
    """Of the second ladder beside the first, where there are two."""
    trials: tuple[Trial, ...]
    advice: str
    assumptions: Assumptions

    def to_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        for figures in value["ladders"]:
            del figures["reach_ms"]
        return {"confidence": CONFIDENCE, **value}


def study(
    proposed: Sequence[tuple[str, Ladder]],
    posts: Posts,
    assumptions: Assumptions,
    precedence: Precedence,
    *,
    seed: int,
    nights: int,
    workers: int,
    advise: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> StudyReport:
    """Return what one ladder or two come to, each with its name; the advice is on the first.

    The report does not depend on how many workers ran it. Mistake for what cannot be run.
    """
    for name, ladder in proposed:
        posts.check(tuple(rung.echelon for rung in ladder.rungs), name)
    _check_people(posts, assumptions, [ladder for _, ladder in proposed])
    first = proposed[0][1]
    tried = changes(first, posts) if advise else ()
    ladders = (*(ladder for _, ladder in proposed), *(change.ladder for change in tried))
    plan = Plan(ladders=ladders, posts=posts, assumptions=assumptions)
    outcomes = run(plan, seed, nights, workers, progress)
    per_day = assumptions.calls.per_day[precedence]
    figures = tuple(
        _figures(name, ladder, each, posts, per_day)
        for (name, ladder), each in zip(proposed, outcomes, strict=False)
    )
    enough = figures[0].p99.said != TOO_FEW
    found = trials(tried, outcomes[0], outcomes[len(proposed) :], seed) if enough else ()
    return StudyReport(
        precedence=precedence,
        seed=seed,
        nights=nights,
        ladders=figures,
        differences=_differences(figures, seed) if len(figures) > 1 else (),
        trials=found,
        advice=say(found, enough=enough) if advise else "",
        assumptions=assumptions,
    )


def _check_people(posts: Posts, assumptions: Assumptions, ladders: Sequence[Ladder]) -> None:
    """Raise Mistake if a night could meet somebody of whom nothing is assumed."""
    rung = {rung.echelon for ladder in ladders for rung in ladder.rungs}
    for echelon in sorted(rung):
        if echelon not in assumptions.post:
            phrase = f"Nothing is assumed of the people at {echelon}: add [post.{echelon}]."
            raise Mistake("unknown_echelon", phrase)
        for people in posts.people[echelon]:
            for person in people:
                for kind in person.channels:
                    assumptions.way(kind)


def _figures(name: str, ladder: Ladder, nights: Nights, posts: Posts, per_day: float) -> Figures:
    count, last = len(nights.reach_ms), len(ladder.rungs)
    calls = per_day * posts.length_ms / DAY_MS
    load = [
        Load(
            who=who,
            watches=watches,
            alarms_per_watch=nights.rung_of.get(who, 0) / count * calls / watches,
        )
        for who, watches in posts.watches.items()
    ]
    found = {part: percentile_of(nights.reach_ms, PARTS[part]) for part in PARTS}
    return Figures(
        name=name,
        ladder=ladder,
        **found,
        last_rung=part_of(sum(rung == last for rung in nights.rungs), count),
        never=part_of(sum(each is None for each in nights.reach_ms), count),
        alarms_per_call=sum(nights.alarms) / count,
        load=tuple(sorted(load, key=lambda each: (-each.alarms_per_watch, each.who))),
        answered_by=dict(sorted(nights.answered.items(), key=lambda item: (-item[1], item[0]))),
        reach_ms=tuple(nights.reach_ms),
    )


def _differences(figures: tuple[Figures, ...], seed: int) -> tuple[Difference, ...]:
    now, then = figures
    resamples = Resamples(len(now.reach_ms), seed)
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
    found: list[Difference] = []
    for name, part in PARTS.items():
        percentiles: tuple[Percentile, ...] = (getattr(now, name), getattr(then, name))
        if any(each.value_s is None for each in percentiles):
            continue
        gains = resamples.percentiles(now.reach_ms, part) - resamples.percentiles(
            then.reach_ms, part
        )
        gain, error = float(gains[0]), z * float(gains[1:].std(ddof=1))
        found.append(
            Difference(percentile=name, gain_s=gain, error_s=error, sure=abs(gain) > error)
        )
    return tuple(found)


def can_plot(file: Path) -> None:
    """Raise Mistake unless a plot can be written to `file`: asked before a long run."""
    if file.suffix.lower() not in PLOTTED:
        raise Mistake("cannot_plot", f"{file}: a plot ends in {', '.join(PLOTTED)}.")
    try:
        import matplotlib  # noqa: F401, ICN001, PLC0415 # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        phrase = "A plot needs matplotlib: install clearline[plot]."
        raise Mistake("cannot_plot", phrase) from error
    there = file.exists()
    try:
        with file.open("ab"):
            pass
        if not there:
            file.unlink()
    except OSError as error:
        raise Mistake("cannot_write", f"{file}: {error.strerror}.") from error


def plot(report: StudyReport, file: Path) -> None:
    """Draw how many nights are still without a human after so long, and who is rung how often.

    The format is what the file's name ends in. Needs the `plot` extra (matplotlib). The same
    report makes the same file.
    """
    import matplotlib as mpl  # noqa: PLC0415 - an extra, wanted only here
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure: Any = Figure(figsize=(10, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_reach(left, report)
    _draw_load(right, report)
    figure.suptitle(
        f"{report.nights:,} simulated {report.precedence.value.upper()} calls, seed {report.seed}; "
        "what people do is assumed [R]",
        fontsize=10,
    )
    # Neither a date nor ids by chance.
    settings: Any = mpl
    with settings.rc_context({"svg.hashsalt": "clearline"}):
        figure.savefig(file, metadata={"Date": None} if file.suffix.lower() == ".svg" else {})


def _draw_reach(axes: Any, report: StudyReport) -> None:
    places = ((6, 5), (-32, -12))
    for colour, place, each in zip(COLOURS, places, report.ladders, strict=False):
        ordered = sorted(ms for ms in each.reach_ms if ms is not None)
        seconds = [max(ms, 1) / SECOND_MS for ms in ordered]
        without = [1 - rank / report.nights for rank in range(len(ordered))]
        axes.step(seconds, without, where="post", color=colour, label=each.name)
        for found in (each.p50, each.p99, each.p999):
            if found.value_s is not None:
                _draw_percentile(axes, found, colour, place)
    axes.set(xscale="log", yscale="log", ylim=(0.5 / report.nights, 1.5))
    axes.set_xticks([1, 10, 60, 600, 3_600], ["1 s", "10 s", "1 min", "10 min", "1 h"])
    axes.minorticks_off()
    axes.set_yticks([1, 0.5, 0.1, 0.01, 0.001], ["100 %", "50 %", "10 %", "1 %", "0.1 %"])
    axes.set_xlabel("from STOP to a human's acknowledgement")
    axes.set_ylabel("of the nights, still without a human")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=8)


def _draw_percentile(axes: Any, found: Percentile, colour: str, place: tuple[int, int]) -> None:
    """Draw a percentile with its interval."""
    without = 1 - found.part
    high_s = found.high_s or found.value_s
    axes.plot(found.value_s, without, "o", color=colour, ms=5)
    axes.hlines(without, found.low_s, high_s, color=colour, lw=4, alpha=0.35)
    axes.annotate(
        f"{found.value_s:.3g} s",
        (found.value_s, without),
        xytext=place,
        textcoords="offset points",
        fontsize=8,
        color=colour,
    )


def _draw_load(axes: Any, report: StudyReport) -> None:
    """Draw the alarms per watch of whoever bears most."""
    most = 10
    names = [each.who for each in report.ladders[0].load[:most]]
    height = 0.8 / len(report.ladders)
    for number, (colour, each) in enumerate(zip(COLOURS, report.ladders, strict=False)):
        load = {one.who: one.alarms_per_watch for one in each.load}
        places = [place + number * height for place in range(len(names))]
        axes.barh(places, [load.get(name, 0.0) for name in names], height, color=colour)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("alarms per watch")
