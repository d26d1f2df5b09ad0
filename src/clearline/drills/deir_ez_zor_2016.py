"""Deir ez-Zor, 17 September 2016, with Clearline in place of the telephone.

Labels: [V] was read in the source named; [R] is reconstructed or recalled, and is not
established. What the line does is simulated [S].

What happened. Since October 2015 the United States and Russia kept a telephone line over
Syria. On 17 September 2016 coalition aircraft struck Syrian soldiers near Deir ez-Zor. It
was the first strike for which an advance notice had been passed on this line [V], and the
place that it gave was "nine kilometres off" (the investigator; The Hill 307841) [V]; it
"caused considerable confusion" and may have affected the response (AP) [V]. That the words
were "9 km south of the airfield" is [R]. The first of 37 strikes fell at 171355Z [R from V
minutes]. At 171425Z [R], about 30 minutes in, the other side rang to stop it; its usual
point of contact was across the base, it declined the offer to take a message, and hung up
[V: CNN, McClatchy]. It rang again a few minutes later and held for the point of contact [V].
The message was passed at 171452Z [R], 27 minutes after the first call, and 15 of the 37
strikes fell meanwhile [V]. The last strike fell at 171456Z; they stopped in under five
minutes from the message [V].

Geometry (WGS 84, approximate). Airfield 35.2854 N 40.1760 E, city centre 35.3333 N 40.1500 E.
The strikes were reported 3 to 6 km south-west of the airfield [V]. A point 9 km south of the
city centre lies about 4.4 km from the airfield at 213 degrees, inside that; 9 km south of
the airfield does not [R]. So the error here is a swapped anchor [R]: right range and
bearing, wrong reference point, and the two places are about 6 km apart.

What the drill does. North plans flights 9 km south of the city and states the place as 9 km
south of the airfield: its own node refuses to let that out, and names the anchor that would
fit. A node that did not check, which the drill also plays, is refused by south's. North
states it rightly, and the notice goes. South presses STOP at the minute at which, in 2016,
the first call was made. The notice near the alarm is attached by itself, the text rings on
north's desks, climbs until a human has read it, is read back, disposed of and closed.

What it does not show: whether anybody would have stopped sooner. A human who has the words
is where the line ends. The 27 minutes are a telephone's; the simulated officers are ours.

The officers. The habits below are assumptions [R], not measurements; nobody has published
how such desks answer. They are meant to be worse than a terms' owner would accept of a
watch: read them before quoting a figure that follows from them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from msgspec import Raw

from clearline.basis.faults import Reason
from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.core.calls import Call, CallState
from clearline.core.effects import Ring, Tell
from clearline.core.events import Declare, OpenCall, Place
from clearline.core.notices import NoticeDeclared
from clearline.core.terms import Precedence
from clearline.drills.report import DrillReport, Row, Timeline
from clearline.phrasebook import Stop
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
from clearline.sim.ladder_study import NightOutcome, reach_of, run_nights
from clearline.sim.network import Conditions
from clearline.sim.officers import Habit, Officers, Procedure
from clearline.sim.scene import AIRFIELD, CITY, LINK, NORTH, SOUTH
from clearline.sim.world import World, WorldSettings, chance_of
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Datum,
    Reference,
    Volume,
    Window,
    resolve,
)

__all__ = ["HABITS", "HISTORIC_S", "LINE", "NAME", "night", "run"]

NAME = "deir-ez-zor-2016"
HISTORIC_S = 27 * 60
"""From the first call to the message's being passed: 27 minutes [V]."""

DUTY_DESK = Habit(
    people=2,
    away=0.15,
    back_mean_ms=10 * MINUTE_MS,
    asleep=0.0,
    wake_ms=(0, 0),
    slow=0.15,
    slow_ms=(15 * SECOND_MS, 120 * SECOND_MS),
    react_median_ms=7 * SECOND_MS,
    react_sigma=0.6,
)
"""The room that is manned day and night: two workstations and one telephone [V], so two
people whose screens both show it. Each is out of the room on 15 % of nights, for ten
minutes on average (in 2016 the one who mattered was across the base), and on another 15 %
is taken up with another call for up to two minutes. Seven seconds to see, read and click."""

DEPUTY = Habit(
    people=1,
    away=0.12,
    back_mean_ms=15 * MINUTE_MS,
    asleep=0.45,
    wake_ms=(10 * SECOND_MS, 50 * SECOND_MS),
    slow=0.10,
    slow_ms=(15 * SECOND_MS, 90 * SECOND_MS),
    react_median_ms=9 * SECOND_MS,
    react_sigma=0.6,
)
"""One person on call with a telephone beside the bed: asleep nearly half the time, awake and
reading in ten to fifty seconds; out of reach on 12 % of nights."""

FLAG_OFFICER = Habit(
    people=1,
    away=0.25,
    back_mean_ms=30 * MINUTE_MS,
    asleep=0.50,
    wake_ms=(20 * SECOND_MS, 90 * SECOND_MS),
    slow=0.10,
    slow_ms=(30 * SECOND_MS, 180 * SECOND_MS),
    react_median_ms=12 * SECOND_MS,
    react_sigma=0.6,
)
"""One person, whom an aide must reach: away on a quarter of nights, asleep on half of them."""

CONTACT_CARD = Habit(
    people=1,
    away=0.30,
    back_mean_ms=20 * MINUTE_MS,
    asleep=0.0,
    wake_ms=(0, 0),
    slow=0.50,
    slow_ms=(30 * SECOND_MS, 240 * SECOND_MS),
    react_median_ms=20 * SECOND_MS,
    react_sigma=0.6,
)
"""Whoever answers at the headquarters' published numbers and must then find someone."""

HABITS: dict[str, Habit] = {
    "duty-desk": DUTY_DESK,
    "deputy": DEPUTY,
    "flag-officer": FLAG_OFFICER,
    "contact-card": CONTACT_CARD,
}

LINE = Conditions(
    loss=0.01,
    loss_noticed=0.5,
    doubled=0.01,
    stalled=0.001,
    median_ms=120,
    sigma=0.6,
    most_ms=2_000,
)
"""A line between two headquarters over satellite: one message in a hundred lost each way,
half of the losses noticed only by silence."""

OUTAGES = 0.05
"""The part of nights on which the line is cut both ways just when it is needed."""
OUTAGE_BEGINS_MS = (-30 * SECOND_MS, 10 * SECOND_MS)
"""Relative to STOP."""
OUTAGE_LASTS_MS = (5 * SECOND_MS, 40 * SECOND_MS)

FIRST_STRIKE: Instant = Instant.parse("2016-09-17T13:55:00.000Z")
STOP_AT: Instant = Instant.parse("2016-09-17T14:25:00.000Z")
NOTICE_LEAD_MS = 70 * MINUTE_MS
"""Before the first strike, on the night of the timeline; when it was in 2016 is not known."""
EVE_MS = 90 * SECOND_MS
"""A night of the study begins so long before STOP: only the walk of the call is timed."""
SETTLES_MS = 50 * SECOND_MS
"""The terms are in force on both sides by then, or the night has no notice to attach."""
GIVE_UP_MS = 24 * HOUR_MS
"""A night on which nobody has answered by then counts as never reached."""

_RANGE_CM = 900_000
_SOUTH_MDEG = 180_000
_ANCHORS = {"Deir ez-Zor airfield": AIRFIELD, "Deir ez-Zor city": CITY}
_RIGHT = Reference(anchor="Deir ez-Zor city", range_cm=_RANGE_CM, bearing_mdeg=_SOUTH_MDEG)
_WRONG = Reference(anchor="Deir ez-Zor airfield", range_cm=_RANGE_CM, bearing_mdeg=_SOUTH_MDEG)
_MEANT = resolve(_RIGHT, _ANCHORS)
_STOP = Stop(place=_MEANT, radius_cm=500_000)


def run(
    seed: int, nights: int, workers: int, progress: Callable[[int, int], None] | None
) -> DrillReport:
    """Return the drill's report over the nights of the seeds from `seed` on."""
    began = time.perf_counter()
    timeline, refused = _timeline(seed), refused_by_the_counterpart(seed)
    outcomes = run_nights(night, range(seed, seed + nights), workers, progress)
    answered: dict[str, int] = {}
    for each in sorted(outcomes, key=lambda one: (one.rung, one.kept_by)):
        key = f"rung {each.rung}, {each.kept_by}" if each.rung else "nobody"
        answered[key] = answered.get(key, 0) + 1
    return DrillReport(
        name=NAME,
        seed=seed,
        nights=nights,
        timeline=timeline,
        reach=reach_of(outcomes),
        reach_ms=tuple(each.reach_ms for each in outcomes if each.reach_ms is not None),
        historic_s=HISTORIC_S,
        never_reached=sum(each.reach_ms is None for each in outcomes),
        wrong_anchor_caught=refused and all(each.wrong_anchor_caught for each in outcomes),
        lost_entries=sum(each.lost_entries for each in outcomes),
        answered_by=answered,
        wall_s=time.perf_counter() - began,
    )


def night(seed: int) -> NightOutcome:
    """Return what one night of the study comes to."""
    return _Night(seed, STOP_AT.after(-EVE_MS)).outcome()


class _Night:
    """One night: its world, its people, and what is asked of them."""

    def __init__(self, seed: int, start: Instant) -> None:
        self.world = World(seed, WorldSettings(start=start, conditions=LINE))
        self.people = {
            station.party: Officers(
                station,
                self.world.scheduler,
                chance_of(seed, f"officers/{station.party}"),
                HABITS,
                Procedure(),
            )
            for station in self.world.stations
        }
        self.mistake: str | None = None
        self.mistaken_at = start
        self.call = ""
        self._plan_outage()
        self.world.open()
        self.world.run(SETTLES_MS, self._is_agreed)
        self._declare()
        self.world.scheduler.run(STOP_AT)
        self._stop()
        self.world.run(GIVE_UP_MS, self._is_answered)
        self.reached_at = self.world.now if self._is_answered() else None
        self.world.run(10 * MINUTE_MS, self._is_over)

    def outcome(self) -> NightOutcome:
        """Return what the night comes to."""
        call = self.call_at(NORTH)
        kept_by = self.people[NORTH].reasons.get(self.call)
        return NightOutcome(
            seed=self.world.seed,
            reach_ms=None if self.reached_at is None else self.reached_at.since(STOP_AT),
            wrong_anchor_caught=self.mistake == "anchor_mismatch",
            lost_entries=self.world.lost_entries(),
            kept_by=kept_by.value if kept_by else "",
            rung=call.acknowledgement.rung if call and call.acknowledgement else 0,
        )

    def call_at(self, party: str) -> Call | None:
        """Return the call as a party's node has it."""
        runtime = self.world.station(party).runtime
        return runtime.state.calls.by_id.get(self.call) if runtime else None

    def _plan_outage(self) -> None:
        chance = chance_of(self.world.seed, "outage")
        if chance.random() >= OUTAGES:
            return
        begins = STOP_AT.after(chance.randint(*OUTAGE_BEGINS_MS))
        ends = begins.after(chance.randint(*OUTAGE_LASTS_MS))
        for way in ((NORTH, SOUTH), (SOUTH, NORTH)):
            self.world.scheduler.at(begins, partial(self.world.network.cut, *way))
            self.world.scheduler.at(ends, partial(self.world.network.mend, *way))

    def _declare(self) -> None:
        """Plan the flights, state the place from the wrong anchor, then from the right one."""
        outcome = self.world.north.do(_notice(_WRONG, self.world.now))
        self.mistaken_at = self.world.now
        if outcome is not None and outcome.mistake is not None:
            self.mistake = outcome.mistake.code
        self.world.run(10 * SECOND_MS)
        self.world.north.do(_notice(_RIGHT, self.world.now))

    def _is_agreed(self) -> bool:
        """Return whether terms are in force on both sides: planners can declare from then on."""
        links = [
            station.runtime.state.links.get(LINK)
            for station in self.world.stations
            if station.runtime is not None
        ]
        return all(link is not None and link.agreement.in_force for link in links)

    def _stop(self) -> None:
        event = OpenCall(
            by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(_STOP,), drill=True
        )
        outcome = self.world.south.do(event)
        assert outcome is not None
        assert outcome.entries, outcome
        self.call = outcome.entries[0].id

    def _is_answered(self) -> bool:
        call = self.call_at(NORTH)
        return call is not None and call.acknowledgement is not None

    def _is_over(self) -> bool:
        for party in (NORTH, SOUTH):
            call = self.call_at(party)
            runtime = self.world.station(party).runtime
            if call is None or runtime is None or call.state is not CallState.CLOSED:
                return False
            if runtime.backlog(LINK):
                return False
        return True


def _notice(stated: Reference, now: Instant) -> Declare:
    """Return the planners' command: the flights where they are meant, stated from an anchor."""
    height = FLIGHT_LEVEL_CM
    band = Band(
        lower=Altitude(datum=Datum.FL, value_cm=100 * height),
        upper=Altitude(datum=Datum.FL, value_cm=260 * height),
    )
    window = Window(start=max(FIRST_STRIKE, now), end=FIRST_STRIKE.after(3 * HOUR_MS))
    volume = Volume(outline=Circle(centre=_MEANT, radius_cm=300_000), band=band, window=window)
    place = Place(at=_MEANT, stated=stated)
    return Declare(by="planner", links=(LINK,), activity="flight", volumes=(volume,), place=place)


def refused_by_the_counterpart(seed: int) -> bool:
    """Return whether south refuses the wrong anchor, sent by a node that does not check.

    North's own feed is extended by hand with the notice as such a node would write it, signed
    with north's key, and handed to south.
    """
    world = World(seed, WorldSettings(start=STOP_AT.after(-2 * HOUR_MS)))
    world.open()
    world.run(20 * SECOND_MS)
    notice = _notice(_WRONG, world.now)
    body = NoticeDeclared(activity="flight", volumes=notice.volumes, late=True, place=notice.place)
    at = world.now
    entry = Entry(
        at=at,
        body=Raw(canonical.encode(body)),
        id=derive(at, 0, "a node that does not check"),
        kind="notice.declared",
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
    said = world.trace.performed
    return any(
        each.party == SOUTH
        and isinstance(each.effect, Tell)
        and each.effect.code == "refused"
        and each.effect.args.get("reason") == Reason.ANCHOR_MISMATCH.value
        for each in said
    )


def _timeline(seed: int) -> Timeline:
    """Return the timeline of one whole night, from the notice to the close."""
    told = _Night(seed, FIRST_STRIKE.after(-NOTICE_LEAD_MS))
    seen = _Seen(told.world, told.call)
    attached = told.call_at(NORTH)
    near = len(attached.notices) if attached else 0
    closed = seen.of(Tell, SOUTH, "call_closed", "call_closing")
    return Timeline(
        rows=(
            Row(
                dtg_historic="before",
                what="advance notice passed; its place was nine kilometres off",
                status="V; the wording '9 km south of the airfield' R",
                line_at=str(told.mistaken_at),
                line_what=(
                    "the same slip is not let out: range and bearing do not lead to the "
                    "coordinates from the anchor named; the one that fits is shown "
                    f"({told.mistake})"
                ),
            ),
            Row(
                dtg_historic="",
                what="",
                status="",
                line_at=seen.of(Tell, SOUTH, "notice_arrived", "notice_late"),
                line_what="the notice, stated rightly, is on the counterpart's desks",
            ),
            Row(
                dtg_historic="171355Z",
                what="first of 37 strikes",
                status="count V; time R from V minutes",
                line_at="",
                line_what="",
            ),
            Row(
                dtg_historic="171425Z",
                what="first call; point of contact across the base; message not taken; hung up",
                status="events V; time R",
                line_at=str(STOP_AT),
                line_what=f"STOP pressed; {near} open notice near it attached by itself",
            ),
            Row(
                dtg_historic="a few minutes later",
                what="second call; the caller holds, the message unsaid",
                status="V",
                line_at=seen.of(Ring, NORTH),
                line_what="the text rings on every desk of the first rung: nothing to hold for",
            ),
            Row(
                dtg_historic="171452Z",
                what="message passed, 27 minutes after the first call; 15 of the strikes "
                "fell meanwhile",
                status="27 and 15 V; clock time R",
                line_at=str(told.reached_at or ""),
                line_what=f"a human has it: {_seconds(told)} after STOP, "
                f"on rung {told.outcome().rung}",
            ),
            Row(
                dtg_historic="171456Z",
                what="last strike, under five minutes from the message",
                status="V; clock time R",
                line_at=seen.of(Tell, SOUTH, "readback_agrees"),
                line_what="read back, and the slots agree; whether anybody stops is theirs",
            ),
            Row(
                dtg_historic="",
                what="",
                status="",
                line_at=seen.last(SOUTH, "call_disposed"),
                line_what="received, relayed to units, understood: three statements, each "
                "with its clock",
            ),
            Row(
                dtg_historic="",
                what="",
                status="",
                line_at=closed,
                line_what="closed by both; received is not agreed",
            ),
        )
    )


def _seconds(told: _Night) -> str:
    return "never" if told.reached_at is None else f"{told.reached_at.since(STOP_AT) / 1_000:.1f} s"


class _Seen:
    """When something was first or last seen by one side's people about one call."""

    def __init__(self, world: World, call: str) -> None:
        self._performed = world.trace.performed
        self._call = call

    def of(self, kind: type[Ring | Tell], party: str, *codes: str) -> str:
        """Return when an effect was first performed; empty if it never was."""
        for each in self._performed:
            effect = each.effect
            if each.party != party or not isinstance(effect, kind):
                continue
            if isinstance(effect, Ring):
                if effect.what == self._call:
                    return str(each.at)
            elif effect.code in codes:
                return str(each.at)
        return ""

    def last(self, party: str, code: str) -> str:
        """Return when a line was last shown; empty if it never was."""
        times = [
            each.at
            for each in self._performed
            if each.party == party and isinstance(each.effect, Tell) and each.effect.code == code
        ]
        return str(times[-1]) if times else ""
