"""Gaza, 1 April 2024: a route that the headquarters had and the operators had not.

Labels: [V] was read in the source named; [R] is reconstructed or recalled, and is not
established. What the line does is simulated [S].

What happened. An aid organisation's convoy went at night along a route that had been
coordinated with the headquarters [V]. Those who operated the aircraft that watched it had
not been told [V], and struck its vehicles one after another; seven aid workers were killed
[V]. The clock times below are [R].

What failed. The headquarters had received the route, and that was taken for all. Received,
relayed to units and understood are three things; only the first was true, and nothing and
nobody said so. The same had happened at Kunduz in 2015: the site was in the database, and
not passed down [V].

What the drill does. North, the organisation, declares two routes. South's desk reads both
and says RECEIVED. One it relays, and says so: nobody hears of that one again. The other it
leaves lying, as in 2024. An hour before it opens the desks of both sides are alarmed: ours
have read it and not relayed it; theirs have not said that their units have it. On half of
the nights [R] south's desk acts on its alarm and relays; on the others it does not. If
RELAYED has not come within three minutes [R] north's officer calls, IMMEDIATE, with the
notice attached: that rings and climbs until a human has it, who relays. Three states, each
with its clock, are in both records.

What it does not show: that units which were told act on it, nor that RELAYED is true when it
is said. It is a statement, signed, with its time, by whoever will be asked about it. A notice
that nobody has read alarms nobody: it is shown as stored and no more.

Geometry (WGS 84, approximate, [R]): the routes are the drill's own, near Deir al-Balah
31.4200 N 34.3500 E. The officers: `people`, all of it assumed [R].
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core.effects import Alert, Effect, Hush
from clearline.core.events import Command, Declare, Note, OpenCall
from clearline.core.notices import RELAY_BEFORE_MS, Disposition
from clearline.core.terms import Activity, Precedence, Terms
from clearline.drills.live import Live, Milestone, Step, Within
from clearline.drills.report import DrillReport, Row, Timeline
from clearline.drills.stage import GIVE_UP_MS, Stage
from clearline.drills.study import Plan, Progress, study
from clearline.phrasebook import Presence
from clearline.sim.ladder_study import NightOutcome
from clearline.sim.scene import LINK, NORTH, SOUTH
from clearline.sim.world import chance_of
from clearline.space import (
    Altitude,
    Anchor,
    Band,
    Corridor,
    Datum,
    Polygon,
    Position,
    Volume,
    Window,
    from_degrees,
)

__all__ = ["LIVE", "NAME", "PLAN", "night", "run"]

NAME = "gaza-2024"

OPENS: Instant = Instant.parse("2024-04-01T19:00:00.000Z")
"""When the convoy sets out [R]."""
EVE_MS = 75 * MINUTE_MS
"""A night begins so long before."""
DUE = OPENS.after(-RELAY_BEFORE_MS)
"""When what was read and not relayed alarms."""
ACTS_ON_ITS_ALARM = 0.5
"""The part of nights on which the desk that left it lying acts on its alarm [R]."""
WAITS_MS = 3 * MINUTE_MS
"""How long north's officer waits, alarmed, for RELAYED to come, and then calls [R]."""
RELAYING_MS = (30 * SECOND_MS, 5 * MINUTE_MS)
"""Least and most, uniform: how long it takes to tell the units [R]."""

_BALAH = from_degrees(31.42, 34.35)
_AREA = Polygon(
    exterior=tuple(from_degrees(*at) for at in ((31, 34), (31, 35), (32, 35), (32, 34)))
)
_LEFT_LYING = (from_degrees(31.46, 34.36), from_degrees(31.42, 34.34), from_degrees(31.38, 34.32))
_RELAYED = (from_degrees(31.52, 34.44), from_degrees(31.55, 34.47))

PLAN = Plan(
    name=NAME,
    measured="the alarm that a notice was read and not relayed to RELAYED TO UNITS",
    historic_s=None,
    historic="in 2024 the operators were not told at all (V)",
    criteria={
        "not_relayed_alarmed": "both desks were alarmed of it just an hour before it opened",
        "relayed_is_quiet": "of the notice that was relayed nobody was alarmed",
        "three_states": "RECEIVED, RELAYED and UNDERSTOOD came in turn, each with its clock",
        "relayed_before_it_opens": "it was relayed before the convoy set out",
    },
)


LIVE = Live(
    briefing="We say, PRIORITY, where a convoy will be, marked DRILL. Answer it; say RECEIVED "
    "when you have it, RELAYED TO UNITS when they have been told in a drill of their own, and "
    "UNDERSTOOD when they have said so.",
    steps=(
        Step(
            what="a convoy's route: received is not relayed, and relayed is not understood",
            precedence=Precedence.PRIORITY,
            phrases=lambda place, now: (
                Presence(
                    place=place,
                    radius_cm=1_000_000,
                    begins=now.after(HOUR_MS),
                    ends=now.after(4 * HOUR_MS),
                ),
            ),
            wants=(
                Within(name="received", milestone=Milestone.RECEIVED, span_ms=10 * MINUTE_MS),
                Within(name="relayed", milestone=Milestone.RELAYED, span_ms=30 * MINUTE_MS),
                Within(name="understood", milestone=Milestone.UNDERSTOOD, span_ms=45 * MINUTE_MS),
            ),
            in_turn="three_states",
        ),
    ),
)
"""Of the three, only the first was true in 2024 [V]."""


def run(seed: int, nights: int, workers: int, progress: Progress | None) -> DrillReport:
    """Return the drill's report over the nights of the seeds from `seed` on."""
    seeds = range(seed, seed + nights)
    return study(PLAN, night, lambda: _timeline(seed), seeds, workers, progress, {})


def night(seed: int) -> NightOutcome:
    """Return what one night of the study comes to."""
    return _Night(seed).outcome()


class _Night(Stage):
    """One night: two routes, one of them left lying until somebody is alarmed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, OPENS.after(-EVE_MS), DUE, _amended)
        self.chance = chance_of(seed, "relaying")
        self.acts = self.chance.random() < ACTS_ON_ITS_ALARM
        self.open()
        self.left_lying, self.relayed = (self._declare(each) for each in (_LEFT_LYING, _RELAYED))
        self.listen(self._hears)
        for notice in (self.left_lying, self.relayed):
            self._note(self.reacts_in_ms(notice) + 10 * SECOND_MS, notice, "received")
        self._relay(self.relayed)
        self.world.scheduler.run(DUE)
        self.world.run(GIVE_UP_MS, lambda: self.said_at(Disposition.UNDERSTOOD) is not None)
        self.world.run(10 * MINUTE_MS, lambda: not self.call or self.is_over(self.call))

    @property
    def call(self) -> str:
        """Return the id of north's call; empty if it makes none."""
        return self.own_call(NORTH)

    def outcome(self) -> NightOutcome:
        """Return what the night comes to."""
        relayed_at = self.said_at(Disposition.RELAYED)
        said = [self.said_at(each) for each in (Disposition.RECEIVED, Disposition.RELAYED,
                                              Disposition.UNDERSTOOD)]  # fmt: skip
        times = [at for at in said if at is not None]
        call = self.call_at(NORTH, self.call)
        kept_by = self.people[SOUTH].reasons.get(self.call)
        return NightOutcome(
            seed=self.world.seed,
            reach_ms=None if relayed_at is None else relayed_at.since(DUE),
            held={
                "not_relayed_alarmed": all(
                    self.told(party, code, about=self.left_lying) == str(DUE)
                    for party, code in _ALARMS
                ),
                "relayed_is_quiet": not any(
                    self.told(party, code, about=self.relayed) for party, code in _ALARMS
                ),
                "three_states": len(times) == 3 and times[0] < times[1] < times[2],
                "relayed_before_it_opens": relayed_at is not None and relayed_at < OPENS,
            },
            lost_entries=self.world.lost_entries(),
            kept_by=kept_by.value if kept_by else "at the alarm of its own desk",
            rung=call.acknowledgement.rung if call and call.acknowledgement else 0,
        )

    def _declare(self, points: tuple[Position, ...]) -> str:
        ground = Altitude(datum=Datum.SURFACE, value_cm=0)
        volume = Volume(
            outline=Corridor(points=points, width_cm=100_000),
            band=Band(lower=ground, upper=ground),
            window=Window(start=OPENS, end=OPENS.after(3 * HOUR_MS)),
        )
        event = Declare(by="planner", links=(LINK,), activity="convoy", volumes=(volume,))
        outcome = self.do(NORTH, event)
        assert outcome is not None
        assert outcome.entries, outcome
        return outcome.entries[0].id

    def _hears(self, party: str, effect: Effect) -> None:
        """Have people act on what they hear: on the alarms, and on an answered call."""
        match effect:
            case Alert(code="notice_not_relayed") if self.acts:
                self._relay(self.left_lying, self.reacts_in_ms("alarm"))
            case Alert(code="relay_not_heard"):
                self.ask(NORTH, WAITS_MS, self._call)
            case Hush(what=what) if party == SOUTH and what == self.call:
                self._relay(self.left_lying)
            case _:
                pass

    def _relay(self, notice: str, after_ms: int = 0) -> None:
        """Have south's desk tell the units, say so, and say so again when they understand."""
        told_ms = after_ms + MINUTE_MS + self.chance.randint(*RELAYING_MS)
        self._note(told_ms, notice, "relayed_to_units")
        self._note(told_ms + 45 * SECOND_MS, notice, "understood")

    def _note(self, span_ms: int, notice: str, disposition: str) -> None:
        self.ask(SOUTH, span_ms, partial(self._noting, notice, disposition))

    def _noting(self, notice: str, disposition: str) -> Command | None:
        """Return what south's desk says of a notice, once it is there to be read."""
        if self.notice_at(SOUTH, notice) is None:
            return None
        return Note(by="officer", notice=notice, disposition=disposition)

    def _call(self) -> Command | None:
        """Return north's call, unless south has said meanwhile that it was relayed."""
        if self.said_at(Disposition.RELAYED) is not None or self.call:
            return None
        phrase = Presence(
            place=_BALAH, radius_cm=1_000_000, begins=OPENS, ends=OPENS.after(3 * HOUR_MS)
        )
        return OpenCall(
            by="officer", link=LINK, precedence=Precedence.IMMEDIATE, phrases=(phrase,),
            notices=(self.left_lying,), drill=True,
        )  # fmt: skip

    def said_at(self, disposition: Disposition) -> Instant | None:
        """Return when north's record first has this of the notice left lying."""
        notice = self.notice_at(NORTH, self.left_lying)
        said = notice.noted if notice else ()
        return next((each.at for each in said if each.disposition is disposition), None)


_ALARMS = ((SOUTH, "notice_not_relayed"), (NORTH, "relay_not_heard"))


def _amended(terms: Terms) -> Terms:
    """Return the terms with the area, the anchor and the lead of this drill."""
    return replace(
        terms,
        area=_AREA,
        anchors=(Anchor(name="Deir al-Balah", position=_BALAH),),
        activities=(Activity(name="convoy", lead_ms=HOUR_MS),),
    )


def _timeline(seed: int) -> Timeline:
    """Return the timeline of one whole night."""
    told = _Night(seed)
    at = {each: str(told.said_at(each) or "") for each in Disposition}
    called = told.call_at(NORTH, told.call)
    rows = (
        ("before", "the route is coordinated with the headquarters", "V",
         at[Disposition.RECEIVED], "RECEIVED: a desk of theirs has read the notice"),
        ("", "the operators are not told", "V", told.told(NORTH, "relay_not_heard"),
         "an hour before: it was read and not relayed; the desks of both sides are alarmed"),
        ("", "", "", str(called.opened_at) if called else "",
         "still nothing: its officer calls, IMMEDIATE, the notice attached" if called
         else "no call is needed: the desk acts on its own alarm"),
        ("", "", "", at[Disposition.RELAYED], "RELAYED TO UNITS: those who operate have it"),
        ("", "", "", at[Disposition.UNDERSTOOD], "UNDERSTOOD: they have said so"),
        ("190000Z", "the convoy is on its way", "R", "", ""),
        ("about 201000Z", "its vehicles are struck, one after another; seven aid workers killed",
         "seven V; clock time R", "", ""),
    )  # fmt: skip
    return Timeline(
        rows=tuple(
            Row(dtg_historic=dtg, what=what, status=status, line_at=line_at, line_what=line)
            for dtg, what, status, line_at, line in rows
        )
    )
