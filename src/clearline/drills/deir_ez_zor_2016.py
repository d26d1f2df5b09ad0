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

The officers. Their habits (`people`) are assumptions [R], not measurements.
"""

from __future__ import annotations

from clearline.basis.faults import Reason
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.core.events import Declare, OpenCall, Place
from clearline.core.notices import NoticeDeclared
from clearline.core.terms import Precedence
from clearline.drills.live import Live, Milestone, Step, Within
from clearline.drills.people import HABITS
from clearline.drills.report import DrillReport, Row, Timeline
from clearline.drills.stage import GIVE_UP_MS, Stage, refused_by_the_counterpart
from clearline.drills.study import Plan, Progress, study
from clearline.phrasebook import Stop
from clearline.sim.ladder_study import NightOutcome
from clearline.sim.scene import AIRFIELD, CITY, LINK, NORTH, SOUTH
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

__all__ = ["HABITS", "HISTORIC_S", "LIVE", "NAME", "PLAN", "night", "run", "wrong_anchor_refused"]

NAME = "deir-ez-zor-2016"
HISTORIC_S = 27 * 60
"""From the first call to the message's being passed: 27 minutes [V]."""

FIRST_STRIKE: Instant = Instant.parse("2016-09-17T13:55:00.000Z")
STOP_AT: Instant = Instant.parse("2016-09-17T14:25:00.000Z")
NOTICE_LEAD_MS = 70 * MINUTE_MS
"""Before the first strike, on the night of the timeline; when it was in 2016 is not known."""
EVE_MS = 90 * SECOND_MS
"""A night of the study begins so long before STOP: only the walk of the call is timed."""
_RANGE_CM = 900_000
_SOUTH_MDEG = 180_000
_ANCHORS = {"Deir ez-Zor airfield": AIRFIELD, "Deir ez-Zor city": CITY}
_RIGHT = Reference(anchor="Deir ez-Zor city", range_cm=_RANGE_CM, bearing_mdeg=_SOUTH_MDEG)
_WRONG = Reference(anchor="Deir ez-Zor airfield", range_cm=_RANGE_CM, bearing_mdeg=_SOUTH_MDEG)
_MEANT = resolve(_RIGHT, _ANCHORS)
_STOP = Stop(place=_MEANT, radius_cm=500_000)


PLAN = Plan(
    name=NAME,
    measured="STOP to a human's acknowledgement",
    historic_s=HISTORIC_S,
    historic="by telephone in 2016: 27 minutes (V)",
    criteria={"wrong_anchor_caught": "the swapped anchor was not let out"},
)


LIVE = Live(
    briefing="A STOP comes, FLASH, marked DRILL. Whoever is at the desk answers it, reads it "
    "back, says what was done of it, and closes it, as always.",
    steps=(
        Step(
            what="STOP: the text is on every screen of the watch, and no person need be found",
            precedence=Precedence.FLASH,
            phrases=lambda place, _now: (Stop(place=place, radius_cm=500_000),),
            wants=(
                Within(name="rings_at_once", milestone=Milestone.RINGS, span_ms=5 * SECOND_MS),
                Within(
                    name="human_has_it", milestone=Milestone.ACKNOWLEDGED, span_ms=5 * MINUTE_MS
                ),
                Within(
                    name="read_back_agrees", milestone=Milestone.READ_BACK, span_ms=10 * MINUTE_MS
                ),
                Within(name="understood", milestone=Milestone.UNDERSTOOD, span_ms=15 * MINUTE_MS),
            ),
        ),
    ),
)
"""In 2016 it took 27 minutes until a human had it; the strikes stopped five later [V]."""


def run(seed: int, nights: int, workers: int, progress: Progress | None) -> DrillReport:
    """Return the drill's report over the nights of the seeds from `seed` on."""
    return study(
        PLAN,
        night,
        lambda: _timeline(seed),
        range(seed, seed + nights),
        workers,
        progress,
        {"wrong_anchor_caught": wrong_anchor_refused(seed)},
    )


def wrong_anchor_refused(seed: int) -> bool:
    """Return whether south refuses the wrong anchor, sent by a node that does not check."""
    return refused_by_the_counterpart(
        seed, STOP_AT.after(-2 * HOUR_MS), "notice.declared", _unchecked, Reason.ANCHOR_MISMATCH
    )


def night(seed: int) -> NightOutcome:
    """Return what one night of the study comes to."""
    return _Night(seed, STOP_AT.after(-EVE_MS)).outcome()


class _Night(Stage):
    """One night, from the notice to the close."""

    def __init__(self, seed: int, start: Instant) -> None:
        super().__init__(seed, start, STOP_AT, None)
        self.mistake: str | None = None
        self.mistaken_at = start
        self.open()
        self._declare()
        self.world.scheduler.run(STOP_AT)
        self.call = self._stop()
        self.world.run(GIVE_UP_MS, lambda: self.is_answered(NORTH, self.call))
        answered = self.is_answered(NORTH, self.call)
        self.reached_at = self.world.now if answered else None
        self.world.run(10 * MINUTE_MS, lambda: self.is_over(self.call))

    def outcome(self) -> NightOutcome:
        """Return what the night comes to."""
        call = self.call_at(NORTH, self.call)
        kept_by = self.people[NORTH].reasons.get(self.call)
        return NightOutcome(
            seed=self.world.seed,
            reach_ms=None if self.reached_at is None else self.reached_at.since(STOP_AT),
            held={"wrong_anchor_caught": self.mistake == "anchor_mismatch"},
            lost_entries=self.world.lost_entries(),
            kept_by=kept_by.value if kept_by else "",
            rung=call.acknowledgement.rung if call and call.acknowledgement else 0,
        )

    def _declare(self) -> None:
        """Plan the flights, state the place from the wrong anchor, then from the right one."""
        outcome = self.do(NORTH, _notice(_WRONG, self.world.now))
        self.mistaken_at = self.world.now
        if outcome is not None and outcome.mistake is not None:
            self.mistake = outcome.mistake.code
        self.world.run(10 * SECOND_MS)
        self.do(NORTH, _notice(_RIGHT, self.world.now))

    def _stop(self) -> str:
        event = OpenCall(
            by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(_STOP,), drill=True
        )
        outcome = self.do(SOUTH, event)
        assert outcome is not None
        assert outcome.entries, outcome
        return outcome.entries[0].id


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


def _unchecked(now: Instant) -> NoticeDeclared:
    """Return the notice as a node writes it that does not check the anchor."""
    notice = _notice(_WRONG, now)
    return NoticeDeclared(activity="flight", volumes=notice.volumes, late=True, place=notice.place)


def _timeline(seed: int) -> Timeline:
    """Return the timeline of one whole night, from the notice to the close."""
    told = _Night(seed, FIRST_STRIKE.after(-NOTICE_LEAD_MS))
    attached = told.call_at(NORTH, told.call)
    disposed = told.lines(SOUTH, "call_disposed")
    near = len(attached.notices) if attached else 0
    closed = told.told(SOUTH, "call_closed", "call_closing")
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
                line_at=told.told(SOUTH, "notice_arrived", "notice_late"),
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
                line_at=told.rung(NORTH, told.call),
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
                line_at=told.told(SOUTH, "readback_agrees"),
                line_what="read back, and the slots agree; whether anybody stops is theirs",
            ),
            Row(
                dtg_historic="",
                what="",
                status="",
                line_at=str(disposed[-1][0]) if disposed else "",
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
