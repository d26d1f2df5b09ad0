"""A world: two stations, the network between them, and the time that passes for both.

Everything that is drawn by chance is drawn from generators named by the seed and a purpose,
so that a change in one part of a night leaves the draws of the others as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251 - sim draws, from seeds alone
from typing import cast

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.events import OpenLink, TakeWatch
from clearline.core.terms import Ladders, Terms
from clearline.node.line import Trust
from clearline.sim.clock import NodeClock
from clearline.sim.disk import SimJournal
from clearline.sim.keys import STUB_TRUST, PartyKeys, real_keys, stub_keys
from clearline.sim.network import CALM, Conditions, Network
from clearline.sim.scene import LINK, PARTIES, terms_of
from clearline.sim.scheduler import Scheduler
from clearline.sim.station import Station
from clearline.sim.trace import Trace

__all__ = ["START", "World", "WorldSettings", "chance_of"]

START: Instant = Instant.parse("2016-09-17T12:00:00.000Z")


class WorldSettings(Struct, frozen=True, kw_only=True):
    """What a world is made of, where it is not the usual."""

    start: Instant = START
    conditions: Conditions = CALM
    clocks: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    """Offset in ms and drift in ppm, of north and of south."""
    ladders: Ladders | None = None
    amend: Callable[[Terms], Terms] | None = None
    """What the terms of this world have that the scene's have not."""
    real_signatures: bool = False
    snapshot_every: int = 20_000
    watch_officers: tuple[str, str] = ("officer of the watch", "officer of the watch")
    """Their names, which never leave."""
    journal: Callable[[], SimJournal] = SimJournal
    network: type[Network] = Network
    station: type[Station] = Station


def chance_of(seed: int, purpose: str) -> Random:
    """Return the generator of one purpose in one night: the same on every machine."""
    return Random(f"clearline/{seed}/{purpose}")


class World:
    """Two nodes that run the shipped code, and all that is between them."""

    def __init__(self, seed: int, settings: WorldSettings | None = None) -> None:
        self.seed = seed
        self.settings = settings = settings or WorldSettings()
        self.trace = Trace()
        self.scheduler = Scheduler(settings.start)
        chance = chance_of(seed, "network")
        self.network = settings.network(self.scheduler, settings.conditions, chance, self.trace)
        keys = real_keys if settings.real_signatures else stub_keys
        terms = _terms(settings.ladders, real=settings.real_signatures)
        self.terms = settings.amend(terms) if settings.amend else terms
        trust = Trust() if settings.real_signatures else STUB_TRUST
        self.north, self.south = (
            self._station(party, settings.clocks[number], keys(party), trust)
            for number, party in enumerate(PARTIES)
        )
        self.north.peer, self.south.peer = self.south, self.north

    @property
    def now(self) -> Instant:
        """Return the true time."""
        return self.scheduler.now

    @property
    def stations(self) -> tuple[Station, Station]:
        """Return both stations, in the order of the terms."""
        return self.north, self.south

    def station(self, party: str) -> Station:
        """Return the station of a party."""
        return self.north if party == self.north.party else self.south

    def run(self, span_ms: int, until: Callable[[], bool] | None = None) -> None:
        """Let so much time pass, or less if `until` holds before."""
        self.scheduler.run(self.now.after(span_ms), until)

    def open(self) -> None:
        """Start both nodes, open the link between them, and man both duty desks."""
        for station in self.stations:
            station.start()
        for station in self.stations:
            station.do(OpenLink(by="liaison", us=station.party, terms=self.terms, agree=True))
        names = self.settings.watch_officers
        for station, name in zip(self.stations, names, strict=True):
            station.do(TakeWatch(by=name, echelon="duty-desk", languages=("en", "ru")))

    def lost_entries(self) -> int:
        """Return how many entries the counterpart's disk does not hold as they were written."""
        lost = 0
        for station in self.stations:
            assert station.peer is not None
            size = station.journal.feed_size(LINK, station.party)
            written = station.journal.rows(LINK, station.party, 0, size)
            held = station.peer.journal.rows(LINK, station.party, 0, size)
            same = sum(mine.raw == theirs.raw for mine, theirs in zip(written, held, strict=False))
            lost += size - same
        return lost

    def _station(
        self, party: str, clock: tuple[int, int], keys: PartyKeys, trust: Trust
    ) -> Station:
        return self.settings.station(
            LINK,
            party,
            self.scheduler,
            self.network,
            self.trace,
            NodeClock(self.settings.start, *clock),
            self.settings.journal(),
            keys,
            trust,
            snapshot_every=self.settings.snapshot_every,
        )


_kept_terms: dict[tuple[Ladders | None, bool], Terms] = {}


def _terms(ladders: Ladders | None, *, real: bool) -> Terms:
    """Return the terms, made once: they are the same for every night of a process."""
    known = _kept_terms.get((ladders, real))
    if known is None:
        keys = real_keys if real else stub_keys
        public = cast("tuple[PartyKeys, PartyKeys]", tuple(keys(party) for party in PARTIES))
        known = terms_of((public[0].public, public[1].public), ladders)
        _kept_terms[ladders, real] = known
    return known
