"""A stage: one night that a drill is played on: two nodes, the people of both, the bad line.

It is what every drill's night has in common. A drill says what the parties do; the stage
runs the shipped core and runtime under it, and answers what was seen, by whom and when.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Raw, Struct

from clearline.basis.faults import Reason
from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS, SECOND_MS, Instant
from clearline.core.calls import Call, CallState
from clearline.core.effects import Alert, Effect, Ring, Tell
from clearline.core.events import Command
from clearline.core.notices import Notice
from clearline.core.terms import Terms
from clearline.drills.people import HABITS, LINE, OUTAGE_BEGINS_MS, OUTAGE_LASTS_MS, OUTAGES
from clearline.node.runtime import Outcome
from clearline.record import (
    Checkpoint,
    Entry,
    Frontier,
    build_append,
    canonical,
    encode,
    leaf_hash,
    origin_of,
    sign,
)
from clearline.sim.officers import Habit, Officers, Procedure, ask
from clearline.sim.scene import LINK, NORTH, SOUTH
from clearline.sim.station import Station
from clearline.sim.world import World, WorldSettings, chance_of

__all__ = ["GIVE_UP_MS", "SETTLES_MS", "Stage", "refused_by_the_counterpart"]

SETTLES_MS = 50 * SECOND_MS
"""The terms are in force on both sides by then, or the night has no notices."""
GIVE_UP_MS = 24 * HOUR_MS
"""A night on which nobody has answered by then counts as never reached."""

Hears = Callable[[str, Effect], None]


class Stage:
    """One night: its world, its people, and what is asked of them."""

    def __init__(
        self, seed: int, start: Instant, needed_at: Instant, amend: Callable[[Terms], Terms] | None
    ) -> None:
        """`needed_at` is when the line is needed: on some nights it is cut just then."""
        self.world = World(seed, WorldSettings(start=start, conditions=LINE, amend=amend))
        self.people = {each.party: self._people(each) for each in self.world.stations}
        self._plan_outage(needed_at)

    def open(self) -> None:
        """Start both nodes, and let the parties agree."""
        self.world.open()
        self.world.run(SETTLES_MS, self._is_agreed)

    def listen(self, hears: Hears) -> None:
        """Have somebody hear every effect of both sides, beside the officers who do."""
        for station in self.world.stations:
            station.hear = partial(self._heard, station.hear, hears, station.party)

    def do(self, party: str, command: Command) -> Outcome | None:
        """Have one side's node handle a command now."""
        return self.world.station(party).do(command)

    def ask(self, party: str, span_ms: int, wanted: Callable[[], Command | None]) -> None:
        """Have a person of one side ask for something so much later, until it is taken in."""
        station, scheduler = self.world.station(party), self.world.scheduler
        scheduler.after(span_ms, partial(ask, scheduler, station, wanted))

    def reacts_in_ms(self, purpose: str, habit: Habit = HABITS["duty-desk"]) -> int:
        """Return how long somebody at the screen takes to see a line, read it and act."""
        chance = chance_of(self.world.seed, f"reacts/{purpose}")
        return int(habit.react_median_ms * chance.lognormvariate(0.0, habit.react_sigma))

    def call_at(self, party: str, call: str) -> Call | None:
        """Return a call as a party's node has it."""
        runtime = self.world.station(party).runtime
        return runtime.state.calls.by_id.get(call) if runtime else None

    def own_call(self, party: str) -> str:
        """Return the id of the first call that a party made; empty if it made none."""
        runtime = self.world.station(party).runtime
        known = runtime.state.calls.by_id.values() if runtime else ()
        return next((call.id for call in known if call.mine), "")

    def notice_at(self, party: str, notice: str) -> Notice | None:
        """Return a notice as a party's node has it."""
        runtime = self.world.station(party).runtime
        return runtime.state.notices.by_id.get(notice) if runtime else None

    def is_answered(self, party: str, call: str) -> bool:
        """Return whether a human has acknowledged a call, as a party's node has it."""
        known = self.call_at(party, call)
        return known is not None and known.acknowledgement is not None

    def is_over(self, call: str) -> bool:
        """Return whether both sides have closed a call and hold all that was said."""
        for station in self.world.stations:
            known = self.call_at(station.party, call)
            if known is None or known.state is not CallState.CLOSED or station.runtime is None:
                return False
            if station.runtime.backlog(LINK):
                return False
        return True

    def rung(self, party: str, call: str) -> str:
        """Return when a party's desks were first rung for a call; empty if never."""
        return self._first(
            lambda who, effect: who == party and isinstance(effect, Ring) and effect.what == call
        )

    def told(self, party: str, *codes: str, about: str | None = None) -> str:
        """Return when a party's desks were first told or alarmed so; empty if never."""
        return self._first(
            lambda who, effect: (
                who == party
                and isinstance(effect, Tell | Alert)
                and effect.code in codes
                and about in (None, effect.about)
            )
        )

    def lines(self, party: str, code: str) -> list[tuple[Instant, dict[str, str | int]]]:
        """Return when a party's desks were told or alarmed so, each time, and with what."""
        return [
            (each.at, each.effect.args)
            for each in self.world.trace.performed
            if each.party == party
            and isinstance(each.effect, Tell | Alert)
            and each.effect.code == code
        ]

    def _first(self, fits: Callable[[str, Effect], bool]) -> str:
        for each in self.world.trace.performed:
            if fits(each.party, each.effect):
                return str(each.at)
        return ""

    def _people(self, station: Station) -> Officers:
        chance = chance_of(self.world.seed, f"officers/{station.party}")
        return Officers(station, self.world.scheduler, chance, HABITS, Procedure())

    @staticmethod
    def _heard(before: Callable[[Effect], None], hears: Hears, party: str, effect: Effect) -> None:
        before(effect)
        hears(party, effect)

    def _plan_outage(self, needed_at: Instant) -> None:
        chance = chance_of(self.world.seed, "outage")
        if chance.random() >= OUTAGES:
            return
        begins = needed_at.after(chance.randint(*OUTAGE_BEGINS_MS))
        ends = begins.after(chance.randint(*OUTAGE_LASTS_MS))
        for way in ((NORTH, SOUTH), (SOUTH, NORTH)):
            self.world.scheduler.at(begins, partial(self.world.network.cut, *way))
            self.world.scheduler.at(ends, partial(self.world.network.mend, *way))

    def _is_agreed(self) -> bool:
        """Return whether terms are in force on both sides: planners can declare from then on."""
        links = [
            station.runtime.state.links.get(LINK)
            for station in self.world.stations
            if station.runtime is not None
        ]
        return all(link is not None and link.agreement.in_force for link in links)


def refused_by_the_counterpart(
    seed: int,
    start: Instant,
    kind: str,
    make: Callable[[Instant], Struct | bytes],
    reason: Reason,
    amend: Callable[[Terms], Terms] | None = None,
) -> bool:
    """Return whether south refuses, for `reason`, what a node sends that does not check.

    North's own feed is extended by hand with an entry as such a node would write it, signed
    with north's key, and handed to south.
    """
    world = World(seed, WorldSettings(start=start, amend=amend))
    world.open()
    world.run(20 * SECOND_MS)
    body = make(world.now)
    entry = Entry(
        at=world.now,
        body=Raw(body if isinstance(body, bytes) else canonical.encode(body)),
        id=derive(world.now, 0, "a node that does not check"),
        kind=kind,
        re=(),
        v=1,
    )
    size = world.north.journal.feed_size(LINK, NORTH)
    frontier = Frontier()
    frontier.extend(world.north.journal.leaves(LINK, NORTH, 0, size))
    frontier.append(leaf_hash(encode(entry)))
    head = Checkpoint(origin=origin_of(LINK, NORTH), size=size + 1, root=frontier.root())
    signed = sign(head, world.north.keys.author)
    world.south.receive(build_append(size, signed, [encode(entry)]))
    return any(
        each.party == SOUTH
        and isinstance(each.effect, Tell)
        and each.effect.code == "refused"
        and each.effect.args.get("reason") == reason.value
        for each in world.trace.performed
    )
