"""A ladder study beside whole nodes: the same night, climbed by both, comes to the same."""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core.effects import Ring
from clearline.core.events import OpenCall, PlanDesk
from clearline.core.terms import Ladder, Ladders, Precedence, Rung, default_ladders
from clearline.core.watchbill import Desk, Method, Watchbill
from clearline.drills import deir_ez_zor_2016
from clearline.phrasebook import Stop
from clearline.sim import study
from clearline.sim.assumptions import Assumptions, read
from clearline.sim.estimate import ranks
from clearline.sim.officers import Officers, Procedure
from clearline.sim.posts import Planned, Posts, from_watchbill
from clearline.sim.scene import AIRFIELD, LINK, NORTH
from clearline.sim.study import Night, Plan
from clearline.sim.world import START, World, WorldSettings, chance_of

ROOM = (Method(channel="phone", address="none"),)
BAD = """
[line]
median_ms = 0
sigma = 0.0
cut = 0.0
cut_s = [0, 0]
source = "[R] none: it is measured from the first ring"

[channel.phone]
down = 0.0
wrong_network = 0.2
back_mean_s = 120
delay_median_s = 4
delay_sigma = 0.4
source = "[R] poor"
"""
"""People so hard to reach that ladders climb to their last rung, and round it."""


def assumptions() -> Assumptions:
    usual = read(BAD)
    worse = {
        echelon: replace(
            post, away=0.5, back_mean_s=240.0, asleep=0.3, asleep_by_day=0.3, busy=0.1, all_away=0.0
        )
        for echelon, post in usual.post.items()
    }
    return replace(usual, post=worse)


def posts(assumed: Assumptions, empty: frozenset[str] = frozenset()) -> Posts:
    """Return rooms that are rung at any time, but for those that are empty."""
    desks = [Desk(echelon=e, methods=() if e in empty else ROOM) for e in assumed.post]
    plan = Planned(watchbill=Watchbill((), desks), start=START, end=START.after(DAY_MS))
    return from_watchbill(plan, {echelon: post.people for echelon, post in assumed.post.items()})


def whole_night(
    seed: int, night: Night, assumed: Assumptions, ladders: Ladders, empty: frozenset[str]
) -> tuple[int, int, str]:
    """Return when whole nodes reach a human on this night, on which rung and at which desk."""
    start = night.called_at.after(-2 * MINUTE_MS)
    world = World(seed, WorldSettings(start=start, ladders=ladders))
    by_night = assumed.night.holds(night.called_at)
    habits = {
        echelon: post.habit(night=by_night, ways=(assumed.way("phone"),))
        for echelon, post in assumed.post.items()
    }
    Officers(
        world.north, world.scheduler, chance_of(seed, "nobody"), habits, Procedure(),
        person=lambda e, number: chance_of(seed, f"study/person/{e} #{number + 1}"),
    )  # fmt: skip
    world.open()
    for echelon in assumed.post.keys() - empty if empty else ():
        span = {"start": start, "end": start.after(DAY_MS)}
        world.north.do(PlanDesk(by="planner", echelon=echelon, methods=ROOM, **span))
    world.scheduler.run(night.called_at)
    stop = OpenCall(
        by="officer", link=LINK, precedence=Precedence.FLASH,
        phrases=(Stop(place=AIRFIELD, radius_cm=500_000),), drill=True,
    )  # fmt: skip
    outcome = world.south.do(stop)
    assert outcome is not None
    opened = outcome.entries[0].id

    def answered() -> bool:
        runtime = world.north.runtime
        call = runtime.state.calls.by_id.get(opened) if runtime else None
        return call is not None and call.acknowledgement is not None

    world.run(study.GIVE_UP_MS, answered)
    assert world.north.runtime is not None
    told = world.north.runtime.state.calls.by_id[opened].acknowledgement
    assert told is not None
    first = next(
        each.at for each in world.trace.performed
        if each.party == NORTH and isinstance(each.effect, Ring) and each.effect.what == opened
    )  # fmt: skip
    return world.now.since(first), told.rung, told.echelon


def compare(seeds: range, ladder: Ladder, empty: frozenset[str] = frozenset()) -> list[int]:
    """Hold each night of the study against the same night of whole nodes; return the rungs."""
    assumed = assumptions()
    on = posts(assumed, empty)
    plan = Plan(ladders=(ladder,), posts=on, assumptions=assumed)
    ladders = replace(default_ladders(), flash=ladder)
    rungs: list[int] = []
    for seed in seeds:
        night = Night(plan, seed)
        told = study.walk(ladder, on, night)
        reach_ms, rung, echelon = whole_night(seed, night, assumed, ladders, empty)
        assert (reach_ms, rung, echelon) == (told.reach_ms, told.rung, told.echelon), seed
        rungs.append(rung)
    return rungs


def test_each_night_of_a_study_is_that_night_of_whole_nodes_to_the_millisecond():
    rungs = compare(range(120), default_ladders().flash)
    assert set(rungs) == {1, 2, 3, 4}


def test_a_rung_where_nobody_is_on_is_passed_over_by_both_at_once():
    rungs = compare(range(60), default_ladders().flash, frozenset({"deputy"}))
    assert set(rungs) == {1, 3, 4}


def test_a_ladder_of_other_timers_is_climbed_by_both_alike():
    ladder = Ladder(
        rungs=(
            Rung(echelon="deputy", patience_ms=7 * SECOND_MS),
            Rung(echelon="duty-desk", patience_ms=9 * SECOND_MS),
            Rung(echelon="contact-card", patience_ms=11 * SECOND_MS),
        )
    )
    assert set(compare(range(60), ladder)) == {1, 2, 3}


def test_the_drills_own_nights_and_a_study_of_its_habits_agree_in_distribution():
    """Other draws, another model of the line, the whole drill: every percentile of the study lies
    in the interval that the drill's nights give it."""
    nights = 400
    whole = sorted(deir_ez_zor_2016.night(seed).reach_ms or 0 for seed in range(nights))
    usual = read()
    as_drilled = {
        echelon: replace(
            usual.post[echelon],
            people=habit.people,
            away=habit.away,
            back_mean_s=habit.back_mean_ms / SECOND_MS,
            asleep=habit.asleep,
            asleep_by_day=habit.asleep,
            wake_s=(habit.wake_ms[0] / SECOND_MS, habit.wake_ms[1] / SECOND_MS),
            busy=habit.slow,
            busy_s=(habit.slow_ms[0] / SECOND_MS, habit.slow_ms[1] / SECOND_MS),
            react_median_s=habit.react_median_ms / SECOND_MS,
            react_sigma=habit.react_sigma,
            all_away=0.0,
        )
        for echelon, habit in deir_ez_zor_2016.HABITS.items()
    }
    at_once = {
        "phone": replace(usual.channel["phone"], down=0.0, wrong_network=0.0, delay_median_s=0.0)
    }
    assumed = replace(usual, post=as_drilled, channel=at_once)
    plan = Plan(ladders=(default_ladders().flash,), posts=posts(assumed), assumptions=assumed)
    studied = sorted(ms or 0 for ms in study.run(plan, 0, 20 * nights, 1)[0].reach_ms)
    for part in (0.1, 0.25, 0.5, 0.75, 0.9, 0.95):
        bounds = ranks(nights, part, confidence=0.99)
        assert bounds is not None
        found = studied[int(len(studied) * part) - 1]
        assert whole[bounds[0] - 1] <= found <= whole[bounds[1] - 1], part
    assert max(whole) < HOUR_MS
