"""A ladder study: a proposed ladder through thousands of nights, without running nodes.

A night is one call, at some instant of the roster. The ladder is climbed by the arithmetic
that nodes climb by (`core.ladder`), which passes over at once an echelon where nobody is on and
whose room has no channel, and whoever is rung answers as `sim.habits` draws it. What is
left out is what nodes do between a deadline and a bell, milliseconds; `tests/sim` holds a
study's nights against the same nights of whole nodes.

Who is rung stays rung: a bell goes on until the call is answered, whatever rung it has
climbed to. So a night depends on its seed alone, each person's part of it on the seed and
that person, and two ladders meet the same people in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, SECOND_MS, Instant
from clearline.core.ladder import climb, start
from clearline.core.terms import Ladder
from clearline.sim.assumptions import Assumptions, When
from clearline.sim.habits import Answer, Habit, drawn
from clearline.sim.ladder_study import run_nights
from clearline.sim.posts import Person, Posts
from clearline.sim.world import chance_of

__all__ = ["Night", "Nights", "Plan", "Walk", "play", "run", "walk"]

MOST_NIGHTS = 200_000
"""They bound p99.9 to about a tenth either way; what is tried out with them has to fit memory."""
GIVE_UP_MS = 24 * HOUR_MS
"""A night on which nobody has answered by then counts as never reached."""
BLOCK = 250
"""Nights that a process runs before it reports."""
MOST_DRAWS = 1_000
"""How often an hour of night or day is looked for before a roster is said to have none."""


class Plan(Struct, frozen=True, kw_only=True):
    """All that the nights of a study depend on, besides their seeds."""

    ladders: tuple[Ladder, ...]
    posts: Posts
    assumptions: Assumptions


class Walk(Struct, frozen=True, kw_only=True):
    """What one ladder came to on one night."""

    reach_ms: int | None
    """From the caller's STOP to a human's acknowledgement; None if nobody did in a day."""
    rung: int
    """How far the ladder had climbed by then."""
    echelon: str
    """Whose desk answered; empty if nobody did."""
    kept_by: str
    """What had kept the person who answered; empty if nobody did."""
    alarms: tuple[str, ...]
    """Who was rung, once for each ringing; not whom every channel failed."""


Habits = dict[tuple[str, tuple[str, ...], bool], Habit]
"""By echelon, channels, and whether it is night: each is made once for many nights."""


class Night:
    """One night: when the call comes, and everybody who may be rung in it."""

    def __init__(self, plan: Plan, seed: int, habits: Habits | None = None) -> None:
        self._assumptions = plan.assumptions
        self._seed = seed
        self._habits = {} if habits is None else habits
        assumed = plan.assumptions
        self.called_at = _called_at(plan, chance_of(seed, "study/call"))
        self.rings_at = self.called_at.after(_line_ms(assumed, chance_of(seed, "study/line")))
        self._by_night = assumed.night.holds(self.called_at)
        chance = chance_of(seed, "study/channels")
        kinds = sorted(assumed.channel)
        self._down = frozenset(k for k in kinds if chance.random() < assumed.channel[k].down)
        chance = chance_of(seed, "study/posts")
        posts = sorted(assumed.post)
        self._gone = frozenset(e for e in posts if chance.random() < assumed.post[e].all_away)
        self._people: dict[Person, tuple[Answer, int] | None] = {}

    def person(self, person: Person) -> tuple[Answer, int] | None:
        """Return what keeps a person this night, and how long after the first ring they click."""
        if person not in self._people:
            self._people[person] = drawn(
                self._habit(person.echelon, person.channels),
                chance_of(self._seed, f"study/person/{person.who}"),
                self._down,
                gone=person.echelon in self._gone,
            )
        return self._people[person]

    def _habit(self, echelon: str, channels: tuple[str, ...]) -> Habit:
        key = (echelon, channels, self._by_night)
        if key not in self._habits:
            post = self._assumptions.post.get(echelon)
            if post is None:
                phrase = f"Nothing is assumed of the people at {echelon}: add [post.{echelon}]."
                raise Mistake("unknown_echelon", phrase)
            ways = tuple(self._assumptions.way(kind) for kind in channels)
            self._habits[key] = post.habit(night=self._by_night, ways=ways)
        return self._habits[key]


def walk(ladder: Ladder, posts: Posts, night: Night) -> Walk:
    """Return what a ladder comes to on a night."""
    at = start(ladder, night.rings_at, empty=posts.empty(ladder, night.rings_at))
    give_up = night.called_at.after(GIVE_UP_MS)
    heard: set[str] = set()
    alarms: list[str] = []
    best: tuple[Instant, str, Answer] | None = None
    while at.since < give_up:
        echelon = ladder.rungs[at.rung - 1].echelon
        for person in posts.on(echelon, at.since):
            found = night.person(person)
            if found is None:
                continue
            alarms.append(person.who)
            if person.who not in heard:
                heard.add(person.who)
                answers_at = at.since.after(found[1])
                if best is None or answers_at < best[0]:
                    best = (answers_at, echelon, found[0])
        # Exactly at its deadline a rung gives way.
        if best is not None and best[0] < at.until:
            break
        at = climb(ladder, at, at.until, posts.empty(ladder, at.until))
    if best is None or best[0] > give_up:
        return Walk(reach_ms=None, rung=at.rung, echelon="", kept_by="", alarms=tuple(alarms))
    return Walk(
        reach_ms=best[0].since(night.called_at),
        rung=at.rung,
        echelon=best[1],
        kept_by=best[2].value,
        alarms=tuple(alarms),
    )


class Nights(Struct, frozen=True, kw_only=True):
    """What one ladder came to on all nights, each list in the order of the seeds."""

    reach_ms: list[int | None]
    rungs: list[int]
    alarms: list[int]
    """How often anybody was rung."""
    rung_of: dict[str, int]
    """How often each person was rung, over all nights."""
    answered: dict[str, int]
    """On how many nights each desk answered, and what had kept who did."""


def play(plan: Plan, seeds: Sequence[int]) -> tuple[Nights, ...]:
    """Return what each ladder of the plan comes to on these nights."""
    found = [_empty() for _ in plan.ladders]
    habits: Habits = {}
    for seed in seeds:
        night = Night(plan, seed, habits)
        for nights, ladder in zip(found, plan.ladders, strict=True):
            told = walk(ladder, plan.posts, night)
            nights.reach_ms.append(told.reach_ms)
            nights.rungs.append(told.rung)
            nights.alarms.append(len(told.alarms))
            for who in told.alarms:
                nights.rung_of[who] = nights.rung_of.get(who, 0) + 1
            by = f"{told.echelon}, {told.kept_by}" if told.echelon else "nobody"
            nights.answered[by] = nights.answered.get(by, 0) + 1
    return tuple(found)


def run(
    plan: Plan,
    seed: int,
    nights: int,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Nights, ...]:
    """Return what each ladder of the plan comes to on the nights of the seeds from `seed` on.

    Mistake for a number out of range. How many workers there are changes nothing but the time.
    """
    if not 1 <= nights <= MOST_NIGHTS:
        raise Mistake("nights_range", f"A study runs 1 to {MOST_NIGHTS:,} nights.")
    blocks = [
        range(first, min(first + BLOCK, seed + nights))
        for first in range(seed, seed + nights, BLOCK)
    ]

    def told(done: int, _of: int) -> None:
        if progress is not None:
            progress(min(done * BLOCK, nights), nights)

    parts = run_nights(partial(play, plan), blocks, workers, told, chunk=1)
    return tuple(_sum(each) for each in zip(*parts, strict=True))


def _sum(parts: tuple[Nights, ...]) -> Nights:
    whole = _empty()
    for part in parts:
        whole.reach_ms.extend(part.reach_ms)
        whole.rungs.extend(part.rungs)
        whole.alarms.extend(part.alarms)
        for counts, more in ((whole.rung_of, part.rung_of), (whole.answered, part.answered)):
            for key, count in more.items():
                counts[key] = counts.get(key, 0) + count
    return whole


def _empty() -> Nights:
    return Nights(reach_ms=[], rungs=[], alarms=[], rung_of={}, answered={})


def _called_at(plan: Plan, chance: Random) -> Instant:
    """Return an instant of the roster at an hour at which calls come."""
    wanted = plan.assumptions.calls.when
    for _ in range(MOST_DRAWS):
        at = plan.posts.start.after(chance.randrange(plan.posts.length_ms))
        if wanted is When.ANY or plan.assumptions.night.holds(at) is (wanted is When.NIGHT):
            return at
    raise Mistake("no_such_hours", f"The roster has no hour that is {wanted.value}.")


def _line_ms(assumed: Assumptions, chance: Random) -> int:
    line = assumed.line
    ms = line.median_ms * chance.lognormvariate(0.0, line.sigma)
    if chance.random() < line.cut:
        ms += chance.uniform(*line.cut_s) * SECOND_MS
    return int(ms)
