"""Faults: what goes wrong in a night, planned from its seed.

A process dies between two events or in the middle of a commit. A disk fails and stays so for
a while. A network is cut, both ways or one. A clock is set wrong. Faults overlap as they
fall; only that everything is mended in the end is sure.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec import Struct

from clearline.basis.instants import SECOND_MS, Instant
from clearline.sim.disk import Cut
from clearline.sim.network import CALM
from clearline.sim.scene import NORTH, PARTIES, SOUTH
from clearline.sim.station import Station
from clearline.sim.world import World

__all__ = ["Fault", "Planned", "arrange", "mend", "plan"]

MOST_FAULTS = 5
LASTS_MS = (200, 90 * SECOND_MS)
MOST_OFFSET_MS = 4 * SECOND_MS
"""Clocks are set wrong by less than the limit past which a link's desks are told, and past it."""
WRONG_OFFSET_MS = 20 * SECOND_MS


class Fault(StrEnum):
    """What can go wrong."""

    CRASH = "crash"
    CUT_BEFORE_COMMIT = "cut_before_commit"
    CUT_AFTER_COMMIT = "cut_after_commit"
    DISK = "disk"
    PARTITION = "partition"
    ONE_WAY = "one_way"
    CLOCK = "clock"


class Planned(Struct, frozen=True, kw_only=True):
    """One fault: what, whose, from when, for how long."""

    fault: Fault
    at: Instant
    party: str
    """Whose node; of a one-way cut, whose words no longer arrive."""
    lasts_ms: int
    offset_ms: int
    drift_ppm: int


def plan(chance: Random, start: Instant, span_ms: int) -> tuple[Planned, ...]:
    """Return what goes wrong in a night, in the order of time; often nothing does."""
    kinds = tuple(Fault)
    planned = [
        Planned(
            fault=chance.choice(kinds),
            at=start.after(chance.randrange(span_ms)),
            party=chance.choice(PARTIES),
            lasts_ms=_spread(chance),
            offset_ms=_offset(chance),
            drift_ppm=chance.randint(-150, 150),
        )
        for _ in range(chance.randint(0, MOST_FAULTS))
    ]
    return tuple(sorted(planned, key=lambda each: each.at))


def arrange(world: World, planned: tuple[Planned, ...], until: Instant) -> None:
    """Make every planned fault happen in its time, and end by `until`."""
    for each in planned:
        ends = min(each.at.after(each.lasts_ms), until)
        begin, end = _acts(world, each, ends)
        world.scheduler.at(each.at, begin)
        world.scheduler.at(ends, end)


def mend(world: World) -> None:
    """Mend everything: networks, disks and nodes."""
    world.network.mend_all(CALM)
    for station in world.stations:
        station.journal.broken = None
        station.journal.cut = None
        if not station.is_up:
            station.stop("mended")
            station.start()


def _spread(chance: Random) -> int:
    """Return a length that is often short and sometimes long."""
    least, most = LASTS_MS
    return int(least * (most / least) ** chance.random())


def _offset(chance: Random) -> int:
    most = WRONG_OFFSET_MS if chance.random() < 0.2 else MOST_OFFSET_MS
    return chance.randint(-most, most)


def _acts(world: World, planned: Planned, ends: Instant):  # noqa: ANN202
    station = world.station(planned.party)
    both = ((NORTH, SOUTH), (SOUTH, NORTH))
    match planned.fault:
        case Fault.CRASH:
            return partial(station.stop, "crash"), partial(_restart, station)
        case Fault.CLOCK:
            return partial(station.stop, "crash"), partial(_set_clock, world, station, planned)
        case Fault.CUT_BEFORE_COMMIT:
            return partial(_arm, station, Cut.BEFORE), partial(_disarm, station)
        case Fault.CUT_AFTER_COMMIT:
            return partial(_arm, station, Cut.AFTER), partial(_disarm, station)
        case Fault.DISK:
            world.trace.failing.append((planned.at, ends, planned.party))
            return partial(_break, station), partial(_replace_disk, world, station)
        case Fault.PARTITION:
            return partial(_cut, world, both), partial(_join, world, both)
        case Fault.ONE_WAY:
            peer = station.peer
            assert peer is not None
            one = ((station.party, peer.party),)
            return partial(_cut, world, one), partial(_join, world, one)


def _restart(station: Station) -> None:
    if station.runtime is None:
        station.start()


def _set_clock(world: World, station: Station, planned: Planned) -> None:
    if station.runtime is None:
        station.clock.set(world.now, planned.offset_ms, planned.drift_ppm)
        station.start()


def _arm(station: Station, cut: Cut) -> None:
    station.journal.cut = cut


def _disarm(station: Station) -> None:
    station.journal.cut = None
    _restart(station)


def _break(station: Station) -> None:
    station.journal.broken = "the simulated disk has failed"


def _replace_disk(world: World, station: Station) -> None:
    """The disk works again; a node that had said LINE NOT SAFE is started again."""
    failing = world.trace.failing
    if any(party == station.party and at <= world.now < end for at, end, party in failing):
        return  # Another fault of the same disk lasts longer.
    station.journal.broken = None
    if not station.is_up:
        station.stop("started again after LINE NOT SAFE")
        station.start()


Ways = tuple[tuple[str, str], ...]


def _cut(world: World, ways: Ways) -> None:
    for way in ways:
        world.network.cut(*way)


def _join(world: World, ways: Ways) -> None:
    for way in ways:
        world.network.mend(*way)
