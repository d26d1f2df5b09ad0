"""Habits: how a person answers a bell, as distributions, and one night drawn from them.

A person is at the screen, taken up with something else, asleep, or out of hearing; and what
rings them gets through at once, later, or not until they are back on the network. Each of it
is drawn from the generator that is handed in, always in the same order, so that one
generator is one person on one night: whole simulated nodes (`sim.officers`) and the ladder
study (`sim.study`) draw the same night from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec import Struct

__all__ = ["Answer", "Habit", "Way", "drawn"]


class Answer(StrEnum):
    """What kept a person from answering at once, for the study."""

    THERE = "there"
    SLOW = "slow"
    ASLEEP = "asleep"
    AWAY = "away"
    NETWORK = "network"


class Way(Struct, frozen=True, kw_only=True):
    """How a ring gets to a person by one kind of channel. All ways are tried at once."""

    kind: str
    wrong_network: float
    """The part of nights on which this person is not on its network when it first rings."""
    back_mean_ms: int
    """The mean of the exponential time until they are; what rings them is repeated till then."""
    delay_median_ms: int
    delay_sigma: float
    """Of the logarithm of the time from the node's ring to the bell beside the person."""


class Habit(Struct, frozen=True, kw_only=True):
    """How the people of one echelon answer a bell. Parts are of one, spans in ms."""

    people: int
    """How many are on this post; each is drawn apart, and any of them can answer."""
    away: float
    """The part of nights on which a person is out of hearing when it first rings."""
    back_mean_ms: int
    """The mean of the exponential time until one who is away is back."""
    asleep: float
    wake_ms: tuple[int, int]
    """Least and most, uniform, from the first ring to being at the screen."""
    slow: float
    slow_ms: tuple[int, int]
    """Least and most, uniform: there, but taken up with something else."""
    react_median_ms: int
    react_sigma: float
    """Of the logarithm of the time to see, read and click, for whoever is at the screen."""
    ways: tuple[Way, ...] = ()
    """How the ring gets to them. None: it rings beside them at once."""


def drawn(
    habit: Habit, chance: Random, down: Iterable[str] = (), *, gone: bool = False
) -> tuple[Answer, int] | None:
    """Return why, and how long after the first ring, one person clicks; None if never.

    Kinds of channel that are `down` reach nobody all night. `gone`: whatever was drawn, this
    person is away, as everybody of their post is.
    """
    state = chance.random()
    reading_ms = habit.react_median_ms * chance.lognormvariate(0.0, habit.react_sigma)
    away_ms = chance.expovariate(1.0) * habit.back_mean_ms
    wake_ms = chance.uniform(*habit.wake_ms)
    slow_ms = chance.uniform(*habit.slow_ms)
    heard = _heard(habit.ways, chance, down)
    if heard is None:
        return None
    late, heard_ms = heard
    spent_ms = heard_ms + reading_ms
    if gone or state < habit.away:
        return Answer.AWAY, int(away_ms + spent_ms)
    if late:
        return Answer.NETWORK, int(spent_ms)
    if state < habit.away + habit.asleep:
        return Answer.ASLEEP, int(wake_ms + spent_ms)
    if state < habit.away + habit.asleep + habit.slow:
        return Answer.SLOW, int(slow_ms + spent_ms)
    return Answer.THERE, int(spent_ms)


def _heard(ways: tuple[Way, ...], chance: Random, down: Iterable[str]) -> tuple[bool, float] | None:
    """Return whether the network kept the ring, and when it is heard by the first way."""
    if not ways:
        return False, 0.0
    heard: list[tuple[float, bool]] = []
    for way in ways:
        late = chance.random() < way.wrong_network
        back_ms = chance.expovariate(1.0) * way.back_mean_ms
        delay_ms = way.delay_median_ms * chance.lognormvariate(0.0, way.delay_sigma)
        if way.kind not in down:
            heard.append((delay_ms + back_ms if late else delay_ms, late))
    if not heard:
        return None
    first_ms, late = min(heard)
    return late, first_ms
