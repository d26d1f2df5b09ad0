"""Edits, lint and what is planned anew: pure, on plans that any rota can make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, Instant
from clearline.core.effects import Alert, Tell
from clearline.core.events import PlanDesk, PlanOfficers, RosterChecked
from clearline.core.watchbill import Desk, Gap, Method, Officer, Shift, Watchbill
from clearline.gateways import ical
from clearline.node.calendars import Change, ChangeKind, Source
from clearline.node.rosteredits import Move, ShiftRef, added, moved, swapped
from clearline.node.rosterlint import Finding, Rung, Severity, lint, new_gaps
from clearline.node.rosterplan import check_manned, difference
from tests.core.test_planning import ANA, BEN, planned
from tests.kit import START, Pair

DESK = "duty-desk"
PHONE = (Method(channel="phone", address="1"),)
END = START.after(10 * DAY_MS)


def h(hours: float) -> Instant:
    return START.after(int(hours * HOUR_MS))


def shift(officer: str, start: float, end: float) -> Shift:
    return Shift(officer=officer, start=h(start), end=h(end))


def bill(*shifts: Shift, **others: tuple[Shift, ...]) -> Watchbill:
    desks = {DESK: shifts} | {name.replace("_", "-"): each for name, each in others.items()}
    people = [
        Officer(name=name, languages=(language,), methods=PHONE)
        for name, language in (("ana", "en"), ("ben", "ru"), ("carl", "en"))
    ]
    return Watchbill(
        people, [Desk(echelon=n, shifts=tuple(sorted(each))) for n, each in desks.items()]
    )


TURNS = bill(shift("ana", 0, 12), shift("ben", 12, 24), shift("ana", 24, 36))


def move(of: Shift, start: float, end: float, officer: str = "", desk: str = DESK) -> Move:
    ref = ShiftRef(echelon=DESK, start=of.start, officer=of.officer)
    return Move(shift=ref, echelon=desk, start=h(start), end=h(end), officer=officer or of.officer)


def spoken(edits: dict[str, list[Change]]) -> list[tuple[str, str, str, float, float]]:
    return [
        (desk, each.kind.value, each.officer, each.start.since(START) / HOUR_MS,
         each.end.since(START) / HOUR_MS)
        for desk, changes in edits.items()
        for each in changes
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ((12, 22), [(DESK, "override", "ana", 22, 24)]),
        ((14, 24), [(DESK, "override", "ana", 12, 14)]),
        ((12, 26), [(DESK, "override", "ben", 24, 26)]),
        ((10, 24), [(DESK, "override", "ben", 10, 12)]),
    ],
)
def test_an_end_that_is_moved_is_an_hour_that_the_neighbour_takes_or_gives(
    wanted: tuple[float, float], made: list[object]
) -> None:
    assert spoken(moved(TURNS, move(shift("ben", 12, 24), *wanted), START)) == made


def test_what_nobody_meets_is_given_up_to_nobody() -> None:
    last = shift("ana", 24, 36)
    edits = moved(TURNS, move(last, 24, 30), START)
    assert spoken(edits) == [(DESK, "absence", "ana", 30, 36)]


def test_another_officer_and_another_desk_are_changes_where_they_lie() -> None:
    ben = shift("ben", 12, 24)
    assert spoken(moved(TURNS, move(ben, 12, 24, "carl"), START)) == [
        (DESK, "override", "carl", 12, 24)
    ]
    assert spoken(moved(TURNS, move(ben, 12, 20, desk="deputy"), START)) == [
        (DESK, "absence", "ben", 12, 24),
        ("deputy", "override", "ben", 12, 20),
    ]


def test_nobody_changes_who_was_on() -> None:
    edits = moved(TURNS, move(shift("ana", 0, 12), 0, 12, "carl"), h(5))
    assert spoken(edits) == [(DESK, "override", "carl", 5, 12)]
    with pytest.raises(Mistake, match="it is over"):
        moved(TURNS, move(shift("ana", 0, 12), 0, 12, "carl"), h(13))


def test_a_watch_that_somebody_has_changed_meanwhile_is_not_moved() -> None:
    with pytest.raises(Mistake, match="somebody has changed it"):
        moved(TURNS, move(shift("carl", 0, 12), 0, 10), START)


def test_a_swap_gives_each_the_others_watch() -> None:
    refs = [
        ShiftRef(echelon=DESK, start=h(at), officer=who) for at, who in ((0, "ana"), (12, "ben"))
    ]
    assert spoken(swapped(TURNS, refs[0], refs[1], START)) == [
        (DESK, "override", "ben", 0, 12), (DESK, "override", "ana", 12, 24),
    ]  # fmt: skip
    with pytest.raises(Mistake, match="over cannot be swapped"):
        swapped(TURNS, refs[0], refs[1], h(13))


kinds = st.sampled_from(list(ChangeKind))
spans = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda each: (each[0], sum(each)))
changes = st.builds(
    lambda kind, span, officer: Change(
        kind=kind, start=h(span[0]), end=h(span[1]), officer=officer
    ),
    kinds, spans, st.sampled_from(["ana", "ben", "carl"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=8))
def test_the_later_act_wins_and_overrides_made_one_by_one_never_overlap(acts: list[Change]) -> None:
    kept: tuple[Change, ...] = ()
    for act in acts:
        kept, _ = added(kept, [act], over=True)
        if act.kind is ChangeKind.OVERRIDE:
            assert act in kept
        text = ical.write(DESK, kept, START)
        found = ical.expand([Source(name="c", raw=text)], ("ana", "ben", "carl"), START, END, "")
        on = Watchbill((), [Desk(echelon=DESK, shifts=found.shifts)]).on(DESK, act.start)
        assert (on == (act.officer,)) if act.kind is ChangeKind.OVERRIDE else act.officer not in on


# What is planned anew.


lists = st.lists(
    st.tuples(spans, st.sampled_from(["ana", "ben"])).map(lambda e: shift(e[1], *e[0])),
    max_size=8, unique=True,
).map(lambda made: tuple(sorted(made)))  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(lists, lists, st.integers(-10, 70))
def test_the_core_has_what_the_calendars_say_from_now_on_and_no_more_is_planned(
    before: tuple[Shift, ...], after: tuple[Shift, ...], now_h: int
) -> None:
    """Against the core itself: the event is taken, and once taken nothing is left to do."""
    pair = Pair()
    node, desk = pair.south, "deputy"

    node.do(PlanOfficers(by="p", officers=(ANA, BEN)), pair.now)
    begun = Instant(min(int(pair.now), int(START)))
    node.do(
        PlanDesk(by="p", echelon=desk, start=begun, end=h(200), methods=PHONE, shifts=before),
        pair.now,
    )
    now = max(h(now_h), pair.now)
    bill_now = node.runtime.state.watchbill
    event = difference(bill_now.desks[desk], after, PHONE, "roster", now)
    if event is not None:
        node.do(event, now)
    held = node.runtime.state.watchbill.desks[desk]
    assert difference(held, after, PHONE, "roster", now) is None
    kept = {(s.officer, s.end) for s in held.shifts if s.end > now}
    assert kept == {(s.officer, s.end) for s in after if s.end > now}
    for at in range(max(now_h, 0), 100):
        if h(at) >= now:
            wanted = {s.officer for s in after if s.start <= h(at) < s.end}
            assert set(node.runtime.state.watchbill.on(desk, h(at))) == wanted
    past = [s for s in before if s.end <= now]
    assert all(each in held.shifts for each in past), "what has been stays as it was"


def test_only_a_gap_that_was_not_there_is_new() -> None:
    before = bill(shift("ana", 0, 12), shift("ben", 14, 24))
    after = bill(shift("ana", 0, 10), shift("ben", 16, 24))
    assert new_gaps(before, after, DESK, START, h(24)) == (
        Gap(echelon=DESK, start=h(10), end=h(12)), Gap(echelon=DESK, start=h(14), end=h(16)),
    )  # fmt: skip
    check_manned(before, DESK, (shift("ana", 0, 13), shift("ben", 14, 24)), (), START)
    with pytest.raises(Mistake, match="leaves it empty from"):
        check_manned(before, DESK, (shift("ana", 0, 11), shift("ben", 14, 24)), (), START)
    with pytest.raises(Mistake, match="leaves it empty from"):
        check_manned(Watchbill(), DESK, (shift("ana", 5, 11),), (), START)
    check_manned(before, DESK, (), PHONE, START)


# The lint.


RUNGS = (
    Rung(echelon=DESK, number=1, counterpart="south", languages=("en",)),
    Rung(echelon="deputy", number=2, counterpart="south", languages=("en",)),
)


def digits(address: str) -> str | None:
    return None if address.isdigit() else "that is no number"


def found(plan: Watchbill, **more: object) -> list[tuple[str, str, str, str]]:
    given = {"channels": {"phone": digits}, "now": START, "until": h(24)} | more
    return [
        (each.severity.value, each.code, each.echelon, each.officer)
        for each in lint(plan, RUNGS, given["channels"], given["now"], given["until"])  # pyright: ignore[reportArgumentType]
    ]


def test_a_sound_plan_has_no_findings_and_no_plan_none_either() -> None:
    assert found(bill(shift("ana", 0, 24), deputy=(shift("carl", 0, 24),))) == []
    assert found(Watchbill()) == []


def test_each_fault_of_a_plan_is_found_with_who_and_where() -> None:
    plan = bill(
        shift("ana", 0, 8),
        shift("ben", 9, 20),
        shift("carl", 18, 43),
        deputy=(shift("ana", 7, 24),),
    )
    assert set(found(plan)) == {
        ("error", "gap", DESK, ""),
        ("warning", "gap", "deputy", ""),
        ("warning", "no_speaker", DESK, ""),
        ("warning", "two_desks", "deputy", "ana"),
        ("warning", "too_long", DESK, "carl"),
    }


def test_an_officer_whom_no_channel_of_this_node_reaches_is_named() -> None:
    plan = bill(shift("ana", 0, 24), deputy=(shift("carl", 0, 24),))
    assert found(plan, channels={"mail": digits}) == [
        ("error", "unreachable", "deputy", "carl"), ("error", "unreachable", DESK, "ana"),
    ]  # fmt: skip
    assert found(plan, channels=None) == []


def test_an_address_that_can_be_none_is_named_and_is_no_way_to_anybody() -> None:
    plan = bill(shift("dora", 0, 24), deputy=(shift("carl", 0, 24),))
    ways = (Method(channel="phone", address="call me"), Method(channel="phone", address="12"))
    for methods, codes in ((ways, ["bad_address"]), (ways[:1], ["unreachable", "bad_address"])):
        plan.officers["dora"] = Officer(name="dora", languages=("en",), methods=methods)
        assert [each[1] for each in found(plan)] == codes
    (wrong, _) = lint(plan, RUNGS, {"phone": digits}, START, h(24))[::-1]
    assert wrong.text == "dora, by phone 'call me': that is no number."


def test_a_finding_says_when_in_a_plain_sentence() -> None:
    plan = bill(shift("ana", 0, 8), shift("ana", 9, 24), deputy=(shift("carl", 0, 24),))
    (gap,) = lint(plan, RUNGS, None, START, h(24))
    assert isinstance(gap, Finding)
    assert (gap.start, gap.end, gap.severity) == (h(8), h(9), Severity.ERROR)
    assert gap.text.startswith("Nobody is planned at duty-desk, rung 1, from ")


def test_a_plan_that_ends_is_a_warning_and_one_that_is_not_there_an_error_at_rung_one() -> None:
    ends = bill(shift("ana", 0, 8), deputy=(shift("carl", 0, 24),))
    assert found(ends) == [("warning", "plan_ends", DESK, "")]
    assert ("error", "no_plan", DESK, "") in found(bill(deputy=(shift("carl", 0, 24),)))


def test_what_is_wrong_with_a_calendar_alarms_once_and_its_end_is_told() -> None:

    pair = planned()
    for fault in ("", "no zone", "no zone", "no end", ""):
        pair.south.do(RosterChecked(file=DESK, fault=fault), pair.now)
    alerts = [each.args for each in pair.south.told(Alert) if each.code == "roster_unusable"]
    assert [each["fault"] for each in alerts] == ["no zone", "no end"]
    assert [each.args for each in pair.south.told(Tell) if each.code == "roster_usable"] == [
        {"file": DESK}
    ]
    assert pair.south.runtime.state.roster.faults == {}
