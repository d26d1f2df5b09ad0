"""A ladder study: who is rung, what is assumed, what is advised; each night by its seed."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core.terms import Ladder, Precedence, Rung, default_ladders
from clearline.core.watchbill import Desk, Method, Officer, Shift, Watchbill
from clearline.sim import assumptions, posts, study
from clearline.sim.advice import Trial, changes, say, trials
from clearline.sim.assumptions import Assumptions, When
from clearline.sim.habits import Answer
from clearline.sim.posts import Planned, Posts, from_watchbill
from clearline.sim.study import Night, Plan, walk
from clearline.sim.study_report import StudyReport
from clearline.sim.study_report import study as study_of

FLASH = default_ladders().flash
MONDAY = Instant.parse("2026-01-05T00:00:00.000Z")
TUESDAY = Instant.parse("2026-01-06T00:00:00.000Z")
PHONE = (Method(channel="phone", address="none"),)


def ladder(*rungs: tuple[str, int]) -> Ladder:
    return Ladder(rungs=tuple(Rung(echelon=e, patience_ms=s * SECOND_MS) for e, s in rungs))


def watch(officer: str, start_h: float, end_h: float) -> Shift:
    at = MONDAY.after
    return Shift(officer=officer, start=at(int(start_h * HOUR_MS)), end=at(int(end_h * HOUR_MS)))


def posts_with(*desks: Desk, start: Instant = MONDAY, end: Instant = TUESDAY) -> Posts:
    officers = [
        Officer(name=name, languages=("en",), methods=PHONE)
        for name in sorted({shift.officer for desk in desks for shift in desk.shifts})
    ]
    return from_watchbill(
        Planned(watchbill=Watchbill(officers, desks), start=start, end=end), {"contact-card": 2}
    )


@cache
def usual() -> tuple[Posts, Assumptions]:
    assumed = assumptions.read()
    crews = {echelon: post.people for echelon, post in assumed.post.items()}
    return from_watchbill(posts.usual(crews), crews), assumed


def studied(nights: int = 500, **more) -> StudyReport:
    on, assumed = usual()
    asked = {"seed": 3, "nights": nights, "workers": 1, "advise": False} | more
    return study_of([("a", FLASH)], on, assumed, Precedence.FLASH, **asked)


def test_who_is_on_follows_the_shifts_and_begins_anew_after_the_last():
    on = posts_with(Desk(echelon="duty-desk", shifts=(watch("A", 0, 12), watch("B", 11, 24))))

    def names(hours: float) -> list[str]:
        found = on.on("duty-desk", MONDAY.after(int(hours * HOUR_MS)))
        return [person.who for person in found]

    assert names(0) == ["A"]
    assert names(11) == ["A", "B"]
    assert names(12) == ["B"]
    assert names(24) == ["A"]
    assert names(24 * 9 + 11.5) == ["A", "B"]
    assert on.watches == {"A": 1, "B": 1}


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(-10, 30), st.integers(1, 20)), max_size=8
    ),
    st.integers(0, 24 * 60 - 1),
)
def test_who_is_on_is_whom_the_nodes_watchbill_names(shifts, minute):
    desk = Desk(
        echelon="deputy",
        shifts=tuple(sorted(watch(name, start, start + length) for name, start, length in shifts)),
    )
    at = MONDAY.after(minute * MINUTE_MS)
    bill = Watchbill((), (desk,))
    found = posts_with(desk).on("deputy", at)
    assert {person.who for person in found} == set(bill.on("deputy", at))
    assert bool(found) == bill.staffed("deputy", at)


def test_a_room_with_a_telephone_of_its_own_is_never_empty():
    on = posts_with(
        Desk(echelon="duty-desk", shifts=(watch("A", 0, 24),)),
        Desk(echelon="contact-card", methods=PHONE, shifts=(watch("B", 0, 12),)),
    )
    assert on.gap("contact-card") is None
    later = on.on("contact-card", MONDAY.after(13 * HOUR_MS))
    assert [person.who for person in later] == ["contact-card #1", "contact-card #2"]
    assert later[0].channels == ("phone",)


def test_a_first_rung_that_is_ever_empty_is_refused_with_when():
    on = posts_with(Desk(echelon="duty-desk", shifts=(watch("A", 0, 8), watch("B", 9, 24))))
    with pytest.raises(
        Mistake, match=r"nobody is on from 2026-01-05T08.* to 2026-01-05T09"
    ) as told:
        on.check(("duty-desk",), "it")
    assert told.value.code == "first_rung_empty"
    with pytest.raises(Mistake, match="knows nothing") as told:
        on.check(("deputy",), "it")
    assert told.value.code == "unknown_echelon"


def test_an_empty_rung_costs_no_time_and_whoever_comes_on_later_is_rung_then():
    assumed = usual()[1]
    on = posts_with(
        Desk(echelon="duty-desk", shifts=(watch("A", 0, 24),)),
        Desk(echelon="deputy", shifts=()),
        Desk(echelon="flag-officer", shifts=(watch("B", 0, 24),)),
    )
    above = ladder(("duty-desk", 20), ("deputy", 900), ("flag-officer", 30))
    without = ladder(("duty-desk", 20), ("flag-officer", 30))
    plan = Plan(ladders=(above, without), posts=on, assumptions=assumed)
    told, same = study.run(plan, 0, 400, 1)
    assert told.reach_ms == same.reach_ms
    assert told.alarms == same.alarms
    assert set(told.rungs) == {1, 3}


def test_a_person_is_rung_no_sooner_by_being_rung_at_two_desks():
    assumed = usual()[1]
    on = posts_with(
        Desk(echelon="duty-desk", shifts=(watch("A", 0, 24),)),
        Desk(echelon="deputy", shifts=(watch("A", 0, 24),)),
    )
    alone, twice = ladder(("duty-desk", 20)), ladder(("duty-desk", 20), ("deputy", 20))
    plan = Plan(ladders=(alone, twice), posts=on, assumptions=assumed)
    one, two = study.run(plan, 0, 300, 1)
    assert one.reach_ms == two.reach_ms


def test_two_ladders_meet_the_same_people_in_the_same_state():
    on, assumed = usual()
    turned = ladder(("deputy", 20), ("duty-desk", 30), ("flag-officer", 30), ("contact-card", 30))
    plan = Plan(ladders=(FLASH, turned), posts=on, assumptions=assumed)
    night, again = Night(plan, 11), Night(plan, 11)
    walk(FLASH, on, night)
    walk(turned, on, again)
    for person in (*on.on("duty-desk", night.rings_at), *on.on("deputy", night.rings_at)):
        assert night.person(person) == again.person(person)


def test_longer_patience_is_never_sooner_on_any_night():
    on, assumed = usual()
    slow = replace(FLASH, rungs=(replace(FLASH.rungs[0], patience_ms=60_000), *FLASH.rungs[1:]))
    plan = Plan(ladders=(FLASH, slow), posts=on, assumptions=assumed)
    now, then = study.run(plan, 0, 2_000, 1)
    pairs = list(zip(now.reach_ms, then.reach_ms, strict=True))
    assert all(a is not None and b is not None and a <= b for a, b in pairs)
    assert any(a != b for a, b in pairs)


def test_the_number_of_workers_changes_nothing_but_the_time():
    one = studied(600, advise=True, workers=1)
    two = studied(600, advise=True, workers=2)
    assert one == two
    assert studied(600, advise=True, seed=4) != one


def test_progress_is_told_to_the_end():
    told: list[tuple[int, int]] = []
    studied(600, progress=lambda done, total: told.append((done, total)))
    assert told == [(250, 600), (500, 600), (600, 600)]


def test_the_load_of_all_is_the_alarms_of_all_calls():
    report = studied()
    on, assumed = usual()
    figures = report.ladders[0]
    calls = assumed.calls.per_day[Precedence.FLASH] * on.length_ms / (24 * HOUR_MS)
    borne = sum(each.alarms_per_watch * each.watches for each in figures.load)
    assert borne == pytest.approx(figures.alarms_per_call * calls)
    assert sum(figures.answered_by.values()) == report.nights


def test_few_nights_say_so_and_advise_nothing():
    report = studied(300, advise=True)
    assert report.ladders[0].p50.value_s is not None
    assert report.ladders[0].p99.said == "too few nights"
    assert report.trials == ()
    assert report.advice.startswith("Too few nights")


def test_calls_come_at_the_hours_that_are_asked_for():
    on, usually = usual()
    for when, night in ((When.NIGHT, True), (When.DAY, False)):
        assumed = replace(usually, calls=replace(usually.calls, when=when))
        plan = Plan(ladders=(FLASH,), posts=on, assumptions=assumed)
        for seed in range(50):
            assert assumed.night.holds(Night(plan, seed).called_at) is night
    noon = replace(usually.night, begins="12:00", ends="12:00")
    none = replace(usually, night=noon, calls=replace(usually.calls, when=When.NIGHT))
    with pytest.raises(Mistake, match="no hour"):
        Night(Plan(ladders=(FLASH,), posts=on, assumptions=none), 1)


def test_a_night_is_one_of_its_zone_also_across_midnight():
    assumed = assumptions.read(
        '[night]\nzone = "Asia/Damascus"\nbegins = "22:00"\nends = "06:00"\nsource = "[R] x"'
    )
    holds = [assumed.night.holds(MONDAY.after(hour * HOUR_MS)) for hour in range(24)]
    assert [hour for hour, night in enumerate(holds) if not night] == list(range(3, 19))


def test_a_channel_that_is_down_reaches_nobody_and_alarms_nobody():
    on, usually = usual()
    down = {kind: replace(each, down=1.0) for kind, each in usually.channel.items()}
    assumed = replace(usually, channel=down)
    plan = Plan(ladders=(FLASH,), posts=on, assumptions=assumed)
    nights = study.run(plan, 0, 3, 1)[0]
    assert nights.reach_ms == [None] * 3
    assert nights.alarms == [0] * 3
    assert nights.answered == {"nobody": 3}


def test_a_post_whose_people_are_all_away_is_away():
    on, usually = usual()
    gone = {**usually.post, "duty-desk": replace(usually.post["duty-desk"], all_away=1.0)}
    plan = Plan(ladders=(FLASH,), posts=on, assumptions=replace(usually, post=gone))
    night = Night(plan, 5)
    for person in on.on("duty-desk", night.rings_at):
        found = night.person(person)
        assert found is not None
        assert found[0] is Answer.AWAY


def test_a_person_on_the_wrong_network_is_reached_by_another_channel():
    on, usually = usual()
    lost = replace(usually.channel["phone"], wrong_network=1.0)
    assumed = replace(usually, channel={**usually.channel, "phone": lost})
    by_phone = posts_with(Desk(echelon="duty-desk", shifts=(watch("A", 0, 24),)))
    one = ladder(("duty-desk", 20))
    slow = study.run(Plan(ladders=(one,), posts=by_phone, assumptions=assumed), 0, 200, 1)[0]
    both = study.run(Plan(ladders=(one,), posts=on, assumptions=assumed), 0, 200, 1)[0]
    assert "duty-desk, network" in slow.answered
    assert "duty-desk, network" not in both.answered


def test_every_change_is_one_that_terms_allow_and_none_leaves_the_first_rung_empty():
    on = posts_with(
        Desk(echelon="duty-desk", shifts=(watch("A", 0, 24),)),
        Desk(echelon="deputy", shifts=(watch("B", 0, 12),)),
    )
    two = ladder(("duty-desk", 20), ("deputy", 30))
    found = changes(two, on)
    assert len({change.ladder for change in found}) == len(found)
    assert two not in {change.ladder for change in found}
    assert {change.ladder.rungs[0].echelon for change in found} == {"duty-desk"}
    said = {change.what for change in found}
    assert "rung 1 (duty-desk): ring deputy with it (1 s)" in said
    assert "rung 1 (duty-desk): 20 s to 10 s" in said
    assert "rung 2 (deputy): 30 s to 60 s" in said
    assert "rung 2 (deputy): drop it" in said
    assert not any("change places" in each or "rung 1 (duty-desk): drop" in each for each in said)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 86_400), min_size=1, max_size=4))
def test_a_change_of_any_ladder_is_a_ladder(spans):
    echelons = ("duty-desk", "deputy", "flag-officer", "contact-card")
    whole = ladder(*zip(echelons, spans, strict=False))
    for change in changes(whole, usual()[0]):
        assert len(change.ladder.rungs) >= 1
        assert all(1_000 <= rung.patience_ms <= 86_400_000 for rung in change.ladder.rungs)


def test_a_gain_is_claimed_where_there_is_one_and_the_price_is_said():
    on, assumed = usual()
    slow = ladder(("duty-desk", 120), ("deputy", 30), ("flag-officer", 30), ("contact-card", 30))
    report = study_of(
        [("slow", slow)], on, assumed, Precedence.FLASH, seed=0, nights=4_000, workers=1
    )
    assert report.advice.startswith("Most gain: rung 1 (duty-desk)")
    assert "alarms" in report.advice
    first = report.trials[0]
    assert first.sure
    assert first.gain_s > first.error_s > 0
    assert [each.gain_s for each in report.trials] == sorted(
        (each.gain_s for each in report.trials), reverse=True
    )


def trial(what: str, gain_s: float, more_alarms: float, *, error_s: float = 1.0) -> Trial:
    return Trial(
        what=what, rung=1, gain_s=gain_s, error_s=error_s, sure=abs(gain_s) > error_s,
        alarms_per_call=2.0, more_alarms=more_alarms, last_rung=0.01,
    )  # fmt: skip


def test_the_advice_names_the_most_gain_what_is_cheap_and_what_is_free():
    dear, cheap = trial("dear", 15.0, 0.42), trial("cheap", 7.0, 0.07)
    free, unsure = trial("free", 3.0, -0.04), trial("unsure", 0.5, -0.5)
    assert say([dear, cheap, unsure], enough=True) == (
        "Most gain: dear: p99 15.0 s sooner (± 1.0 s), +42.0% alarms. "
        "Most gain for its alarms: cheap: p99 7.0 s sooner (± 1.0 s), +7.0% alarms. "
        "No change that gains is without more alarms."
    )
    assert "Most gain without more alarms: free" in say([dear, free, unsure], enough=True)
    assert say([free], enough=True).count("Most gain") == 1
    assert say([dear], enough=True).count("Most gain") == 1
    assert say([unsure, trial("worse", -9.0, 0.1)], enough=True).startswith("None of the 2")


def test_no_gain_is_claimed_of_a_change_that_does_nothing():
    """Ladders that differ only by chance: other seeds stand for the change."""
    on, assumed = usual()
    tried = changes(FLASH, on)
    plan = Plan(ladders=(FLASH,), posts=on, assumptions=assumed)
    now = study.run(plan, 0, 1_000, 1)[0]
    then = [study.run(plan, 1_000 * (number + 1), 1_000, 1)[0] for number, _ in enumerate(tried)]
    found = trials(tried, now, then, seed=0)
    assert not any(each.sure for each in found)
    assert "by more than chance may" in say(found, enough=True)


def test_a_second_ladder_is_compared_on_the_same_nights():
    on, assumed = usual()
    slow = ladder(("duty-desk", 600), ("deputy", 30), ("flag-officer", 30), ("contact-card", 30))
    report = study_of(
        [("a", FLASH), ("b", slow)], on, assumed, Precedence.FLASH,
        seed=0, nights=1_000, workers=1, advise=False,
    )  # fmt: skip
    found = {each.percentile: each for each in report.differences}
    assert set(found) == {"p50", "p99"}
    assert found["p99"].gain_s < -found["p99"].error_s < 0
    assert found["p99"].sure
    assert not found["p50"].sure


@pytest.mark.parametrize("nights", [0, -1, study.MOST_NIGHTS + 1])
def test_a_number_of_nights_out_of_range_is_a_mistake(nights: int):
    with pytest.raises(Mistake, match="nights") as told:
        studied(nights)
    assert told.value.code == "nights_range"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[night", "bad_assumptions", "not TOML"),
        ('[night]\nzone="Mars/Olympus"\nbegins="22:00"\nends="06:00"\nsource="[R] x"',
         "unknown_zone", "no time zone 'Mars/Olympus'"),
        ('[night]\nzone="UTC"\nbegins="22:00"\nends="06:00"\nsource="everybody knows"',
         "bad_assumptions", "source"),
        ('[line]\nmedian_ms=-1\nsigma=0.1\ncut=0.0\ncut_s=[0,0]\nsource="[R] x"',
         "bad_assumptions", "median_ms"),
        ('[line]\nmedian_ms=1\nsigma=0.1\ncut=0.0\ncut_s=[9,0]\nsource="[R] x"',
         "bad_assumptions", "least span above its most"),
        ('[calls]\nwhen="any"\nper_day={flash=1.0}\nsource="[R] x"',
         "bad_assumptions", "immediate"),
        ("[weather]\nrain=1", "bad_assumptions", "weather"),
        ("post = 3", "bad_assumptions", "post"),
    ],
)  # fmt: skip
def test_assumptions_that_cannot_be_are_said(text: str, code: str, said: str):
    with pytest.raises(Mistake, match=said) as told:
        assumptions.read(text, "mine.toml")
    assert told.value.code == code


def test_every_default_says_where_it_is_from_and_a_table_of_ours_replaces_its_own():
    text = assumptions.default_text()
    assert text.count("\nsource = ") == text.count("\n[")
    mine = assumptions.read(text.partition("[post.deputy]")[0].rpartition("[post.duty-desk]")[0])
    assert mine == assumptions.read()
    more = (
        "[channel.carrier]\ndown=0.5\nwrong_network=0.0\nback_mean_s=60\n"
        'delay_median_s=600\ndelay_sigma=0.1\nsource="[R] pigeons"'
    )
    assert set(assumptions.read(more).channel) == {*assumptions.read().channel, "carrier"}


def test_people_who_are_more_than_always_elsewhere_are_a_mistake():
    text = assumptions.default_text().replace("asleep = 0.8\n", "asleep = 0.9\n")
    with pytest.raises(Mistake, match=r"deputy.*more than all nights"):
        assumptions.read(text)
