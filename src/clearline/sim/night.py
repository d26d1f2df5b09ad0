"""A night of faults: two sides, their people, a bad network, and everything mended in the end.

The night is played, mended, and let come to rest; then the checkers look at all of it. Two
nights of one seed are the same byte for byte, wherever they are run.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec import Struct

from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.core import rechecking
from clearline.sim.disk import SimJournal
from clearline.sim.faults import Planned, arrange, mend, plan
from clearline.sim.network import CALM, POOR, Network
from clearline.sim.officers import Habit, Officers, Procedure, ask
from clearline.sim.scene import LINK, PARTIES
from clearline.sim.script import Script, officer_of
from clearline.sim.station import Station
from clearline.sim.watchbills import ladders_of, plan_of
from clearline.sim.world import START, World, WorldSettings, chance_of

__all__ = ["Night", "NightSettings", "play"]

SPAN_MS = 6 * MINUTE_MS
"""How long faults fall and people ask for things."""
REST_MS = 30 * SECOND_MS
"""How long a mended night runs on at least, so that what waited has arrived."""
MOST_REST_MS = 4 * MINUTE_MS
SNAPSHOTS_EVERY = (20_000, 40, 9)
"""Events between two snapshots; the small ones are so that restarts read some."""

HABITS: dict[str, Habit] = {
    echelon: Habit(
        people=1,
        away=away,
        back_mean_ms=4 * MINUTE_MS,
        asleep=0.2,
        wake_ms=(10 * SECOND_MS, 90 * SECOND_MS),
        slow=0.2,
        slow_ms=(10 * SECOND_MS, 60 * SECOND_MS),
        react_median_ms=8 * SECOND_MS,
        react_sigma=0.6,
    )
    for echelon, away in (
        ("duty-desk", 0.5),
        ("deputy", 0.4),
        ("flag-officer", 0.4),
        ("contact-card", 0.4),
    )
}
"""Worse than any watch, so that ladders climb and some calls outlast the night."""


class NightSettings(Struct, frozen=True, kw_only=True):
    """What a night is made of, where it is not the usual: what a test plants goes in here."""

    variant: int = 0
    """Which secrets; see `script`."""
    plain: bool = False
    """Nobody is planned or negligent, nobody jumps or stands a call down, no terms are amended."""
    real_signatures: bool = False
    faults: bool = True
    journal: Callable[[], SimJournal] = SimJournal
    network: type[Network] = Network
    station: type[Station] = Station
    officers: type[Officers] = Officers


class Night(Struct, kw_only=True):
    """One night, over: what the checkers look at."""

    seed: int
    settings: NightSettings
    world: World
    planned: tuple[Planned, ...]
    at_rest: bool
    """Whether both sides came to hold all that was said, once everything was mended."""
    ended_at: Instant


def play(seed: int, settings: NightSettings | None = None) -> Night:
    """Return one whole night of faults."""
    settings = settings or NightSettings()
    chance = chance_of(seed, "night")
    world = _world(seed, settings, chance)
    for station in world.stations:
        settings.officers(
            station,
            world.scheduler,
            chance_of(seed, f"officers/{station.party}"),
            HABITS,
            Procedure(step_ms=(2 * SECOND_MS, 10 * SECOND_MS)),
            by=officer_of(seed, settings.variant, station.party),
            lapses=None if settings.plain else _lapses(seed, station.party),
        )
    # The night begins shortly before a full hour, so that a scheduled test call falls in it.
    world.open()
    if not settings.plain:
        _plan_watches(world, settings.variant)
    world.run(3 * SECOND_MS)
    planned = plan(chance, world.now, SPAN_MS) if settings.faults else ()
    arrange(world, planned, world.now.after(SPAN_MS))
    script = Script(world, SPAN_MS, settings.variant)
    script.play()
    if not settings.plain:
        script.play_ladder()
        script.play_terms()
    world.run(SPAN_MS + SECOND_MS)
    at_rest = _rest(world)
    return Night(
        seed=seed,
        settings=settings,
        world=world,
        planned=planned,
        at_rest=at_rest,
        ended_at=world.now,
    )


def _world(seed: int, settings: NightSettings, chance: Random) -> World:
    clocks = tuple((chance.randint(-900, 900), chance.randint(-100, 100)) for _ in PARTIES)
    north, south = clocks
    conditions = POOR if settings.faults and chance.random() < 0.7 else CALM
    names = tuple(officer_of(seed, settings.variant, party) for party in PARTIES)
    return World(
        seed,
        WorldSettings(
            start=START.after(56 * MINUTE_MS),
            conditions=conditions,
            clocks=(north, south),
            ladders=None if settings.plain else ladders_of(seed),
            real_signatures=settings.real_signatures,
            snapshot_every=chance.choice(SNAPSHOTS_EVERY),
            watch_officers=(names[0], names[1]),
            journal=settings.journal,
            network=settings.network,
            station=settings.station,
        ),
    )


def _lapses(seed: int, party: str) -> Callable[[], bool]:
    """Return what says, of each answer, whether whoever gave it will do nothing about it."""
    chance = chance_of(seed, f"lapses/{party}")
    often = chance.choice((0.0, 0.3, 0.6))
    return lambda: chance.random() < often


def _plan_watches(world: World, variant: int) -> None:
    """Have the planners of both sides ask for what they have planned."""
    for station in world.stations:
        by = officer_of(world.seed, variant, station.party)
        for asked in plan_of(world.seed, variant, station.party, by, world.now):
            ask(world.scheduler, station, lambda event=asked: event)


def _rest(world: World) -> bool:
    """Mend everything and let it come to rest; return whether it did."""
    mend(world)
    world.run(REST_MS)
    world.run(MOST_REST_MS, lambda: _is_quiet(world))
    return _is_quiet(world)


def _is_quiet(world: World) -> bool:
    """Return whether each side is known by the other to hold all that it said."""
    for station in world.stations:
        runtime = station.runtime
        if runtime is None or runtime.unsafe is not None or runtime.backlog(LINK):
            return False
        if station.is_waiting or rechecking.waiting(runtime.state) is not None:
            return False
    return True
