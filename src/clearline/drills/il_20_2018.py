"""Il-20, 17 September 2018: a warning one minute before, with a place that was none.

Labels: [V] was read in the source named; [R] is reconstructed or recalled, and is not
established. What the line does is simulated [S].

What happened. Israel and Russia kept a line between their headquarters. On the evening of 17
September 2018 Israeli aircraft struck near Latakia. The warning on the line came one minute
before, and spoke of "north Syria" [V, disputed: how early it came, and what it said of the
place, are told differently by the two sides]. A Russian Il-20 was in the air off that coast
[V] and was shot down by Syrian air defence; 15 died [V]. The clock times below are [R].

What failed. A region is no place: nobody can keep clear of "north Syria" in a minute, and
nobody can say whether one's own aircraft is in it. And a minute is no lead: the warning said
nothing of how late it was, and nothing held it against what had been agreed.

What the drill does. South's aircraft has a notice, given in its time (that it would have had
one is assumed [R]: in 2018 there was nothing to give it in). One minute before it begins to
operate north's planner types the place as people speak of it, and is refused: by what reads
places, which knows no "north Syria"; by the line, where the circle would have to be wider
than a phrase may say; and by south's node, if one that does not check sends it all the same.
The planner states it by coordinates, a minute before or less. It is LATE, marked so on both
sides, and delivered; south's desk is told how far ahead it came beside what the terms agree.
It meets the notice of south's aircraft, and both desks are alarmed at once. Somebody at
south's desk sees that, and presses STOP; it rings at north's and climbs until a human has it.

What it does not show: that a minute is enough. Words that are read before the minute is over
still leave seconds in which to act on them; that is why there is a lead to agree on. Whether
anybody would have stopped is theirs. A notice over a wide area is not refused: it claims
all of it, meets everything in it, and so says to whom it is no use.

Geometry (WGS 84, approximate, [R]): Latakia 35.5200 N 35.7800 E; the aircraft some 35 km west
of the coast; the shapes are the drill's own. The officers: `people`, all of it assumed [R].
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.core.effects import Alert, Effect
from clearline.core.events import Command, Declare, OpenCall
from clearline.core.terms import Activity, Precedence, Terms
from clearline.drills.live import Live, Milestone, Step, Within
from clearline.drills.report import DrillReport, Row, Timeline
from clearline.drills.stage import GIVE_UP_MS, Stage, refused_by_the_counterpart
from clearline.drills.study import Plan, Progress, study
from clearline.node import words
from clearline.phrasebook import Presence, Stop
from clearline.record import canonical
from clearline.sim.ladder_study import NightOutcome
from clearline.sim.scene import LINK, NORTH, SOUTH
from clearline.space import (
    Altitude,
    Anchor,
    Band,
    Circle,
    Datum,
    Polygon,
    Volume,
    Window,
    from_degrees,
)

__all__ = ["HISTORIC_S", "LIVE", "NAME", "PLAN", "SPOKEN", "night", "run"]

NAME = "il-20-2018"
HISTORIC_S = 60
"""From the warning to what it warned of: one minute [V, disputed]."""
SPOKEN = "north Syria"
"""The place, as the warning is reported to have given it [V, disputed]."""

BEGINS: Instant = Instant.parse("2018-09-17T18:40:00.000Z")
"""When north begins to operate [R]."""
WARNED_AT = BEGINS.after(-MINUTE_MS)
EVE_MS = 4 * MINUTE_MS
"""A night begins so long before the warning; south's notice was given in its time."""
AGREED_LEAD_MS = 2 * HOUR_MS
SAYS_IT_AGAIN_MS = 8 * SECOND_MS
"""The planner, refused, reads the coordinates off the chart and types them."""
VAGUE_CM = 15_000_000
"""150 km: what a circle would need to hold the north of Syria."""

_LATAKIA = from_degrees(35.52, 35.78)
_AIRCRAFT = from_degrees(35.55, 35.40)
_ORBIT_CM = 3_000_000
_AREA = Polygon(
    exterior=tuple(from_degrees(*at) for at in ((34, 34), (34, 38), (37, 38), (37, 34)))
)

PLAN = Plan(
    name=NAME,
    measured="the late notice to a human's acknowledgement of STOP",
    historic_s=HISTORIC_S,
    historic="in 2018 the whole warning was one minute (V, disputed)",
    criteria={
        "vague_place_refused": f"{SPOKEN!r} was not let out, as a name and as 150 km",
        "late_notice_delivered": "the notice came to the counterpart's desk marked LATE",
        "lead_shown": "its lead was told beside the agreed minimum",
        "conflict_alarmed": "both desks were alarmed that it meets the aircraft's notice",
    },
)


LIVE = Live(
    briefing="We say, IMMEDIATE, that we operate somewhere from the next minute on; then, FLASH, "
    "STOP. Both are marked DRILL. Answer each as always; a minute is all there is.",
    steps=(
        Step(
            what="the late warning: coordinates, and a minute",
            precedence=Precedence.IMMEDIATE,
            phrases=lambda place, now: (
                Presence(
                    place=place,
                    radius_cm=2_000_000,
                    begins=now.after(MINUTE_MS),
                    ends=now.after(HOUR_MS),
                ),
            ),
            wants=(
                Within(name="warning_rings", milestone=Milestone.RINGS, span_ms=5 * SECOND_MS),
                Within(
                    name="warning_read_in_the_minute",
                    milestone=Milestone.ACKNOWLEDGED,
                    span_ms=MINUTE_MS,
                ),
                Within(
                    name="warning_received", milestone=Milestone.RECEIVED, span_ms=5 * MINUTE_MS
                ),
            ),
        ),
        Step(
            what="STOP: an aircraft is there",
            precedence=Precedence.FLASH,
            phrases=lambda place, _now: (Stop(place=place, radius_cm=3_000_000),),
            wants=(
                Within(name="stop_rings", milestone=Milestone.RINGS, span_ms=5 * SECOND_MS),
                Within(
                    name="stop_read_in_a_minute",
                    milestone=Milestone.ACKNOWLEDGED,
                    span_ms=MINUTE_MS,
                ),
                Within(
                    name="stop_understood", milestone=Milestone.UNDERSTOOD, span_ms=10 * MINUTE_MS
                ),
            ),
        ),
    ),
)
"""One minute was the whole warning [V, disputed]."""


def run(seed: int, nights: int, workers: int, progress: Progress | None) -> DrillReport:
    """Return the drill's report over the nights of the seeds from `seed` on."""
    body = canonical.encode(
        {"phrases": [{"phrase": "STOP", "place": SPOKEN, "radius_cm": VAGUE_CM}],
         "precedence": "immediate"}
    )  # fmt: skip
    refused = refused_by_the_counterpart(
        seed, WARNED_AT, "call.opened", lambda _: body, Reason.MALFORMED, _amended
    )
    return study(
        PLAN,
        night,
        lambda: _timeline(seed),
        range(seed, seed + nights),
        workers,
        progress,
        {"vague_place_refused": refused},
    )


def night(seed: int) -> NightOutcome:
    """Return what one night of the study comes to."""
    return _Night(seed).outcome()


class _Night(Stage):
    """One night: the minute before, and what follows of it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, WARNED_AT.after(-EVE_MS), WARNED_AT, _amended)
        self.alarmed = False
        self.open()
        self.listen(self._hears)
        self.aircraft = self._declare(SOUTH, _flight())
        self.world.scheduler.run(WARNED_AT)
        self.refused = _refused_as_spoken(self.world.terms)
        self.world.run(SAYS_IT_AGAIN_MS)
        self.sent_at = self.world.now
        self.notice = self._declare(NORTH, _operation())
        self.world.run(GIVE_UP_MS, self._is_reached)
        self.reached_at = self.world.now if self._is_reached() else None
        self.world.run(10 * MINUTE_MS, lambda: self.is_over(self.call))

    def outcome(self) -> NightOutcome:
        """Return what the night comes to."""
        there = self.notice_at(SOUTH, self.notice)
        here = self.notice_at(NORTH, self.notice)
        late = self.lines(SOUTH, "notice_late")
        call = self.call_at(NORTH, self.call)
        kept_by = self.people[NORTH].reasons.get(self.call)
        return NightOutcome(
            seed=self.world.seed,
            reach_ms=None if self.reached_at is None else self.reached_at.since(self.sent_at),
            held={
                "vague_place_refused": len(self.refused) == 2,
                "late_notice_delivered": bool(here and there and here.late and there.late),
                "lead_shown": any(
                    args.get("agreed_ms") == AGREED_LEAD_MS
                    and 0 < int(args.get("lead_ms", 0)) <= HISTORIC_S * SECOND_MS
                    for _, args in late
                ),
                "conflict_alarmed": all(self.told(each, "conflict") for each in (NORTH, SOUTH)),
            },
            lost_entries=self.world.lost_entries(),
            kept_by=kept_by.value if kept_by else "",
            rung=call.acknowledgement.rung if call and call.acknowledgement else 0,
        )

    def _declare(self, party: str, event: Declare) -> str:
        outcome = self.do(party, event)
        assert outcome is not None
        assert outcome.entries, outcome
        return outcome.entries[0].id

    def _hears(self, party: str, effect: Effect) -> None:
        """Have somebody at south's desk see the alarm, and press STOP."""
        seen = party == SOUTH and isinstance(effect, Alert) and effect.code == "conflict"
        if seen and not self.alarmed:
            self.alarmed = True
            self.ask(SOUTH, self.reacts_in_ms("conflict"), self._stop)

    def _stop(self) -> Command | None:
        """Press STOP; whoever has to try again looks first whether it went."""
        if self.call:
            return None
        return OpenCall(
            by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(_STOP,), drill=True
        )

    @property
    def call(self) -> str:
        """Return the id of south's call; empty until it is made."""
        return self.own_call(SOUTH)

    def _is_reached(self) -> bool:
        return self.is_answered(NORTH, self.call)


_STOP = Stop(place=_AIRCRAFT, radius_cm=_ORBIT_CM)


def _amended(terms: Terms) -> Terms:
    """Return the terms with the area, the anchor and the lead of this drill."""
    return replace(
        terms,
        area=_AREA,
        anchors=(Anchor(name="Latakia", position=_LATAKIA),),
        activities=(
            Activity(name="flight", lead_ms=AGREED_LEAD_MS),
            Activity(name="standing-flight", lead_ms=0),
        ),
    )


def _refused_as_spoken(terms: Terms) -> list[str]:
    """Return the codes with which what the planner types is refused: the name, and the circle."""
    anchors = {anchor.name: anchor.position for anchor in terms.anchors}
    typed = (
        (f"place={SPOKEN}", "radius=20km"),
        ("place=35.5200N 035.7800E", f"radius={VAGUE_CM // 100_000}km"),
    )
    codes: list[str] = []
    for slots in typed:
        try:
            words.phrases(("STOP", *slots), anchors, [], WARNED_AT)
        except Mistake as mistake:
            codes.append(mistake.code)
    return codes


def _flight() -> Declare:
    """Return the notice of south's aircraft: its orbit, which is open already."""
    window = Window(start=BEGINS.after(-HOUR_MS), end=BEGINS.after(HOUR_MS))
    volume = Volume(
        outline=Circle(centre=_AIRCRAFT, radius_cm=_ORBIT_CM), band=_band(150, 250), window=window
    )
    return Declare(by="planner", links=(LINK,), activity="standing-flight", volumes=(volume,))


def _operation() -> Declare:
    """Return the notice of north's flights: where they are meant, from a minute on."""
    window = Window(start=BEGINS, end=BEGINS.after(HOUR_MS))
    volume = Volume(
        outline=Circle(centre=_LATAKIA, radius_cm=2_000_000), band=_band(50, 350), window=window
    )
    return Declare(by="planner", links=(LINK,), activity="flight", volumes=(volume,))


def _band(lower: int, upper: int) -> Band:
    return Band(
        lower=Altitude(datum=Datum.FL, value_cm=lower * FLIGHT_LEVEL_CM),
        upper=Altitude(datum=Datum.FL, value_cm=upper * FLIGHT_LEVEL_CM),
    )


def _timeline(seed: int) -> Timeline:
    """Return the timeline of one whole night."""
    told = _Night(seed)
    late = told.lines(SOUTH, "notice_late")
    lead_s = int(late[0][1].get("lead_ms", 0)) / SECOND_MS if late else 0.0
    reached = "never" if told.reached_at is None else (
        f"{told.reached_at.since(told.sent_at) / SECOND_MS:.1f} s after the notice"
    )  # fmt: skip
    rows = (
        ("", "", "", told.told(NORTH, "notice_arrived"),
         "south's aircraft has a notice, given in its time (assumed)"),
        ("183900Z", f"warning on the line: operations in {SPOKEN!r}, one minute before",
         "V, disputed; clock time R", str(WARNED_AT),
         f"typed so, it is not let out ({', '.join(told.refused)}): a place is coordinates"),
        ("", "", "", str(late[0][0]) if late else "",
         f"stated by coordinates, it is delivered, marked LATE: {lead_s:.0f} s ahead, "
         f"agreed {AGREED_LEAD_MS // MINUTE_MS} min"),
        ("", "", "", told.told(SOUTH, "conflict"),
         "it meets the aircraft's notice: both desks are alarmed"),
        ("184000Z", "the operation begins", "R", "", ""),
        ("", "", "", told.rung(NORTH, told.call),
         "STOP, with the aircraft's place, rings at every desk of the first rung"),
        ("", "", "", str(told.reached_at or ""), f"a human has it: {reached}"),
        ("about 190300Z", "the Il-20 is lost; 15 dead", "15 V; clock time R", "", ""),
        ("", "", "", told.told(SOUTH, "call_closed", "call_closing"),
         "read back, disposed of and closed; received is not agreed"),
    )  # fmt: skip
    return Timeline(
        rows=tuple(
            Row(dtg_historic=dtg, what=what, status=status, line_at=at, line_what=line)
            for dtg, what, status, at, line in rows
        )
    )
