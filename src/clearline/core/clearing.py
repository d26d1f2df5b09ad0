"""Clearing: the smallest changes of a notice that leave it without any conflict.

Six ways, each of the notice as it was drawn: the whole of it later, or earlier (or only ended
sooner, where there is no time before), its band higher, or lower, the whole of it moved aside,
and its ground cut back from what is too near. Each is the smallest of its kind, on the step
that people say such things in; each is tried against **everything** that the counterpart has
declared, by the same release and the same rule as declaring, before it is offered. Nothing of
it is ever sent by itself.

How the smallest is found: whatever is in the way says how far one must go, at the least,
until *it* is in the way no more; so the search goes from one to the next, and passes over
nothing that would be clear. In time and height that is exact. Aside it is so along each of
BEARINGS directions, but for the grid that what is shared is rounded to; there, and in cutting
back, the last stretch is halved down to STEP_CM.

It is done in steps, each way within its own time; `whole` says whether any was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.basis.steps import Steps
from clearline.core.links import Link
from clearline.core.moving import earlier, later, level, sooner
from clearline.core.redrawing import aside, smaller
from clearline.core.release import ReleasedOutline
from clearline.core.state import State
from clearline.core.trial import Trial, Way, WayOut
from clearline.space import Outline, Volume

__all__ = ["Clearing", "clearing"]

TIME_US, LEVEL_US, ASIDE_US, SMALLER_US = 150_000, 100_000, 400_000, 250_000
"""About so much is spent on looking for each."""


class Clearing(Struct, frozen=True, kw_only=True):
    """What would clear a notice."""

    ways: tuple[WayOut, ...]
    """One of each way that was found, the smallest change first, by `permille`."""
    whole: bool
    """Whether every way was looked for to its end: if not, there may be others, or smaller."""


def clearing(
    state: State,
    link: Link,
    volumes: tuple[Volume, ...],
    activity: str,
    outlines: MutableMapping[Outline, ReleasedOutline],
    now: Instant,
) -> Steps[Clearing]:
    """Return the ways out for volumes that are in conflict; `outlines` is what release knows."""
    trial = Trial(state, link, volumes, activity, outlines, now)
    yield from trial.begin()
    found: dict[Way, WayOut] = {}
    whole = True
    for way, steps, most_us in _ways(trial):
        if way in found:
            continue
        spent_us = 0
        # What takes longer than its share is left where it is.
        while spent_us <= most_us:
            try:
                cost_us = next(steps)
            except StopIteration as done:
                if done.value is not None:
                    found[way] = done.value
                break
            spent_us += cost_us
            yield cost_us
        else:
            whole = False
    order = list(Way)
    ways = sorted(found.values(), key=lambda each: (each.permille, order.index(each.way)))
    return Clearing(ways=tuple(ways), whole=whole)


def _ways(trial: Trial) -> Iterator[tuple[Way, Steps[WayOut | None], int]]:
    """Yield how to look for each way, and for how long; a second one is for want of the first."""
    yield Way.LATER, later(trial), TIME_US
    yield Way.EARLIER, earlier(trial), TIME_US
    yield Way.EARLIER, sooner(trial), TIME_US
    yield Way.ABOVE, level(trial, up=True), LEVEL_US
    yield Way.BELOW, level(trial, up=False), LEVEL_US
    yield Way.ASIDE, aside(trial), ASIDE_US
    yield Way.SMALLER, smaller(trial), SMALLER_US
