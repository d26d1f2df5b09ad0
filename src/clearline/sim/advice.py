"""Advice: which timer or rung of a ladder to change for the most gain, and what it costs.

Each timer is tried at half, at twice, and at what people would try; each rung is dropped,
changed places with the next, and rung together with the next. All are walked on the nights
of the ladder itself, with the same people in the same state, and a gain is only claimed if
chance does not explain it: it has to exceed its own error, widened because many are tried
(Bonferroni). Nothing here decides: a gain is paid for in alarms, and that is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.instants import DAY_MS, SECOND_MS
from clearline.core.terms import Ladder, Rung
from clearline.sim.estimate import CONFIDENCE, Resamples
from clearline.sim.posts import Posts
from clearline.sim.study import Nights

__all__ = ["Change", "Trial", "best", "changes", "say", "trials"]

TRIED_S = (10, 15, 20, 30, 45, 60)
"""What people would try for a timer, in seconds."""
LEAST_MS, MOST_MS = SECOND_MS, DAY_MS
"""What terms allow a timer to be. Two rungs ring together if the first waits the least."""
PART = 0.99
"""The percentile whose gain is looked for."""


class Change(Struct, frozen=True, kw_only=True):
    """One change of a ladder."""

    what: str
    """For people: `rung 2 (deputy): 30 s to 15 s`."""
    rung: int
    ladder: Ladder


class Trial(Struct, frozen=True, kw_only=True):
    """What a change comes to beside the ladder as it is, on the same nights."""

    what: str
    rung: int
    gain_s: float
    """How much sooner p99 is; negative if it is later."""
    error_s: float
    """What chance alone may do to that, with all trials considered."""
    sure: bool
    """Whether the gain, or the loss, exceeds its error."""
    alarms_per_call: float
    """How many ringings of one person there are in a call, on average."""
    more_alarms: float
    """By which part that is more than now; negative if it is less."""
    last_rung: float
    """The part of nights on which the last rung is reached."""


def changes(ladder: Ladder, posts: Posts) -> tuple[Change, ...]:
    """Return every change that is tried, each once; none that leaves the first rung empty."""
    seen = {ladder}
    found: list[Change] = []
    for change in _all(ladder):
        if change.ladder in seen or posts.gap(change.ladder.rungs[0].echelon) is not None:
            continue
        seen.add(change.ladder)
        found.append(change)
    return tuple(found)


def trials(
    tried: Sequence[Change], now: Nights, then: Sequence[Nights], seed: int
) -> tuple[Trial, ...]:
    """Return what each change comes to, the greatest gain first. `then` is as `tried`."""
    if not tried:
        return ()
    nights = len(now.reach_ms)
    resamples = Resamples(nights, seed)
    base = resamples.percentiles(now.reach_ms, PART)
    wide = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / len(tried))
    found: list[Trial] = []
    for change, each in zip(tried, then, strict=True):
        gains = base - resamples.percentiles(each.reach_ms, PART)
        gain, error = float(gains[0]), wide * float(gains[1:].std(ddof=1))
        found.append(
            Trial(
                what=change.what,
                rung=change.rung,
                gain_s=gain,
                error_s=error,
                sure=abs(gain) > error,
                alarms_per_call=sum(each.alarms) / nights,
                more_alarms=sum(each.alarms) / max(1, sum(now.alarms)) - 1,
                last_rung=_last(each, len(change.ladder.rungs)) / nights,
            )
        )
    return tuple(sorted(found, key=lambda trial: (-trial.gain_s, trial.more_alarms, trial.what)))


def best(found: Sequence[Trial]) -> Trial | None:
    """Return the change with the greatest gain that chance does not explain, if there is one."""
    return next((trial for trial in found if trial.sure and trial.gain_s > 0), None)


def say(found: Sequence[Trial], *, enough: bool) -> str:
    """Return the advice in plain sentences. `enough`: whether the nights bound p99 at all."""
    if not enough:
        return "Too few nights to say which timer or rung to change: run more."
    most = best(found)
    if most is None:
        return (
            f"None of the {len(found)} changes tried brings p99 forward by more than chance may. "
            "More nights would show smaller gains."
        )
    said = [f"Most gain: {_priced(most)}."]
    gains = [trial for trial in found if trial.sure and trial.gain_s > 0]
    free = next((trial for trial in gains if trial.more_alarms <= 0), None)
    if free is None:
        dearest_first = sorted(gains, key=lambda trial: trial.gain_s / trial.more_alarms)
        said += _unless(most, "Most gain for its alarms", dearest_first[-1])
        said.append("No change that gains is without more alarms.")
    else:
        said += _unless(most, "Most gain without more alarms", free)
    return " ".join(said)


def _unless(most: Trial, what: str, trial: Trial) -> list[str]:
    return [] if trial is most else [f"{what}: {_priced(trial)}."]


def _priced(trial: Trial) -> str:
    return (
        f"{trial.what}: p99 {trial.gain_s:.1f} s sooner (± {trial.error_s:.1f} s), "
        f"{trial.more_alarms:+.1%} alarms"
    )


def _last(nights: Nights, last: int) -> int:
    return sum(rung == last for rung in nights.rungs)


def _all(ladder: Ladder) -> Iterator[Change]:
    for number, rung in enumerate(ladder.rungs, 1):
        yield from _timers(ladder, number, rung)
        if len(ladder.rungs) > 1:
            rungs = (*ladder.rungs[: number - 1], *ladder.rungs[number:])
            yield Change(what=f"{_name(number, rung)}: drop it", rung=number, ladder=_of(rungs))
    for number, (rung, above) in enumerate(zip(ladder.rungs, ladder.rungs[1:], strict=False), 1):
        swapped = (
            *ladder.rungs[: number - 1],
            replace(rung, echelon=above.echelon),
            replace(above, echelon=rung.echelon),
            *ladder.rungs[number + 1 :],
        )
        what = f"{_name(number, rung)}: change places with {above.echelon}"
        yield Change(what=what, rung=number, ladder=_of(swapped))


def _timers(ladder: Ladder, number: int, rung: Rung) -> Iterator[Change]:
    """Yield a rung with other timers. The least that terms allow is to ring with the next."""
    now_ms = rung.patience_ms
    tried = [now_ms // 2, now_ms * 2, *(s * SECOND_MS for s in TRIED_S)]
    spans = sorted({min(max(ms, LEAST_MS), MOST_MS) for ms in tried} - {now_ms})
    if number < len(ladder.rungs):
        above = ladder.rungs[number].echelon
        what = f"{_name(number, rung)}: ring {above} with it ({LEAST_MS // SECOND_MS} s)"
        yield Change(what=what, rung=number, ladder=_with(ladder, number, LEAST_MS))
    for ms in spans:
        what = f"{_name(number, rung)}: {_said(now_ms)} to {_said(ms)}"
        yield Change(what=what, rung=number, ladder=_with(ladder, number, ms))


def _with(ladder: Ladder, number: int, patience_ms: int) -> Ladder:
    rungs = list(ladder.rungs)
    rungs[number - 1] = replace(rungs[number - 1], patience_ms=patience_ms)
    return _of(tuple(rungs))


def _of(rungs: tuple[Rung, ...]) -> Ladder:
    return Ladder(rungs=rungs)


def _name(number: int, rung: Rung) -> str:
    return f"rung {number} ({rung.echelon})"


def _said(ms: int) -> str:
    return f"{ms / SECOND_MS:g} s"
