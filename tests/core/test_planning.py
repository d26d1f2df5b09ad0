"""Planning: an empty rung is passed over at once, and a relief that does not come is heard of."""

from __future__ import annotations

import pytest

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core.effects import Alert, Ring
from clearline.core.events import (
    Acknowledge,
    HandOver,
    LeaveWatch,
    OpenCall,
    PlanDesk,
    PlanOfficers,
    TakeWatch,
)
from clearline.core.state import State
from clearline.core.terms import Precedence
from clearline.core.watchbill import Method, Officer, Shift
from clearline.phrasebook import Stop
from tests.kit import LINK, START, Node, Pair, degrees

OURS = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
ANA = Officer(name="ana", languages=("en",), methods=(Method(channel="phone", address="1001"),))
BEN = Officer(name="ben", languages=("ru", "en"))
ROOM = Method(channel="phone", address="4711")


def shift(officer: str, start_h: float, end_h: float) -> Shift:
    start, end = (START.after(int(each * HOUR_MS)) for each in (start_h, end_h))
    return Shift(officer=officer, start=start, end=end)


def plan(node: Node, echelon: str, *shifts: Shift, hours: int = 24, **changes: object) -> None:
    node.do(
        PlanDesk(
            by="planner",
            echelon=echelon,
            start=START,
            end=START.after(hours * HOUR_MS),
            shifts=shifts,
            **changes,
        ),
        node.runtime.state.last,
    )


def planned() -> Pair:
    """Return two nodes; the officers of south's are known, and its desk is held by nobody."""
    pair = Pair()
    pair.south.do(PlanOfficers(by="planner", officers=(ANA, BEN)), pair.now)
    if "duty-desk" in pair.south.runtime.state.roster.desks:
        holder = pair.south.runtime.state.roster.desks["duty-desk"].officer
        pair.south.do(LeaveWatch(by=holder, echelon="duty-desk"), pair.now)
    pair.settle()
    return pair


def flash(pair: Pair) -> str:
    event = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(OURS,))
    call = pair.north.do(event, pair.now)
    pair.settle()
    return call


def rung(node: Node) -> list[tuple[int, str]]:
    return [(ring.rung, ring.echelon) for ring in node.told(Ring)]


def test_an_empty_rung_is_passed_over_at_once_and_never_waited_out():
    pair = planned()
    plan(pair.south, "flag-officer", shift("ben", 0, 24))
    call = flash(pair)
    assert rung(pair.south) == [(3, "flag-officer")]
    assert pair.south.told(Ring)[0].officers == ("ben",)
    assert pair.north.runtime.state.calls.by_id[call].told.rung == 3


def test_the_last_rung_is_rung_though_nobody_is_planned_there():
    pair = planned()
    plan(pair.south, "flag-officer", shift("ben", 0, 24))
    flash(pair)
    pair.wait(30 * SECOND_MS)
    assert rung(pair.south)[-1] == (4, "contact-card")


def test_a_rung_that_has_become_empty_is_passed_over_on_the_way_up():
    pair = planned()
    plan(pair.south, "duty-desk", shift("ana", 0, 24))
    plan(pair.south, "flag-officer", shift("ben", 0, 24))
    flash(pair)
    pair.wait(20 * SECOND_MS)
    assert rung(pair.south) == [(1, "duty-desk"), (3, "flag-officer")]


def test_a_desk_that_somebody_holds_is_rung_whatever_the_plan_says():
    pair = planned()
    plan(pair.south, "flag-officer", shift("ben", 0, 24))
    pair.south.do(TakeWatch(by="carl", echelon="deputy", languages=("en",)), pair.now)
    flash(pair)
    assert rung(pair.south) == [(2, "deputy")]
    assert pair.south.told(Ring)[0].officers == ("carl",)


def test_a_room_that_has_a_telephone_is_rung_with_nobody_on():
    pair = planned()
    plan(pair.south, "deputy", methods=(ROOM,))
    flash(pair)
    assert rung(pair.south) == [(2, "deputy")]


def test_with_nothing_planned_every_rung_rings():
    pair = planned()
    flash(pair)
    assert rung(pair.south) == [(1, "duty-desk")]


def test_a_plan_that_leaves_the_first_rung_empty_is_refused_with_the_gap():
    pair = planned()
    with pytest.raises(Mistake, match=r"leaves it empty from 20.*until 20"):
        plan(pair.south, "duty-desk", shift("ana", 0, 8), shift("ben", 9, 24))
    assert not pair.south.runtime.state.watchbill
    plan(pair.south, "duty-desk", shift("ana", 0, 9), shift("ben", 8, 24))
    with pytest.raises(Mistake, match="leaves it empty"):
        plan(pair.south, "duty-desk", shift("ana", 0, 9), shift("ben", 10, 24))
    plan(pair.south, "deputy", shift("ana", 3, 4))


@pytest.mark.parametrize(("old", "gap"), [((-2, 10), 10), ((3, 8), 8)])
def test_a_plan_that_cuts_the_first_rungs_watch_short_is_refused_with_the_gap(old, gap):
    pair = planned()
    south, now = pair.south, pair.now
    start, end = now.after(-3 * HOUR_MS), now.after(30 * HOUR_MS)
    day = (shift("ana", -3, 3), shift("ana", *old), shift("ben", gap, 30))
    event = PlanDesk(by="planner", echelon="duty-desk", start=start, end=end, shifts=day)
    south.do(event, now)
    with pytest.raises(Mistake, match=f"leaves it empty from {now.after(4 * HOUR_MS)}"):
        plan(south, "duty-desk", shift("ben", 0, 4), hours=4)
    assert south.runtime.state.watchbill.on("duty-desk", now.after(5 * HOUR_MS)) == ("ana",)
    plan(south, "duty-desk", shift("ben", 0, 4), shift("ana", 3, gap), hours=4)


def test_a_plan_replaces_its_own_span_and_nothing_else():
    pair = planned()
    plan(pair.south, "deputy", shift("ana", 0, 48), hours=48)
    event = PlanDesk(
        by="planner",
        echelon="deputy",
        start=START.after(10 * HOUR_MS),
        end=START.after(20 * HOUR_MS),
        shifts=(shift("ben", 10, 20),),
    )
    pair.south.do(event, pair.now)
    bill = pair.south.runtime.state.watchbill
    assert bill.on("deputy", START.after(9 * HOUR_MS)) == ("ana",)
    assert bill.on("deputy", START.after(12 * HOUR_MS)) == ("ben",)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (shift("nobody", 0, 8), "not among the officers"),
        (shift("ana", 8, 8), "ends after it starts"),
        (shift("ana", 0, 24 * 8), "within a week"),
        (shift("ana", 30, 31), "outside"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_in_a_plain_sentence(wrong, said):
    pair = planned()
    with pytest.raises(Mistake, match=said):
        plan(pair.south, "deputy", wrong)


def test_an_officer_who_is_planned_cannot_be_struck_off_the_list():
    pair = planned()
    plan(pair.south, "deputy", shift("ana", 0, 8))
    with pytest.raises(Mistake, match="ana is planned at deputy"):
        pair.south.do(PlanOfficers(by="planner", officers=(BEN,)), pair.now)
    with pytest.raises(Mistake, match="one name"):
        pair.south.do(PlanOfficers(by="planner", officers=(ANA, ANA)), pair.now)


def test_a_relief_that_does_not_come_leaves_the_old_watch_on_and_alarms():
    pair = planned()
    pair.south.do(TakeWatch(by="ana", echelon="duty-desk", languages=("en",)), pair.now)
    plan(pair.south, "duty-desk", shift("ana", 0, 1), shift("ben", 1, 24))
    pair.wait(HOUR_MS + 4 * MINUTE_MS)
    assert "relief_overdue" not in pair.south.codes()
    pair.wait(MINUTE_MS)
    alarms = [each for each in pair.south.told(Alert) if each.code == "relief_overdue"]
    assert [(each.args["officer"], each.args["relief"]) for each in alarms] == [("ana", "ben")]
    assert pair.south.runtime.state.roster.desks["duty-desk"].officer == "ana"
    pair.wait(5 * MINUTE_MS)
    pair.south.do(HandOver(by="ana", echelon="duty-desk", to="ben", languages=("en",)), pair.now)
    pair.wait(HOUR_MS)
    assert pair.south.codes().count("relief_overdue") == 2


def test_a_relief_that_overlaps_with_the_old_watch_is_missed_as_that_ends():
    pair = planned()
    pair.south.do(TakeWatch(by="ana", echelon="duty-desk", languages=("en",)), pair.now)
    plan(pair.south, "duty-desk", shift("ana", 0, 1.1), shift("ben", 0.8, 24))
    ends = START.after(66 * MINUTE_MS)
    due = pair.south.runtime.core.due()
    while due < ends:
        pair.south.runtime.tick(due)
        due = pair.south.runtime.core.due()
    assert "relief_overdue" not in pair.south.codes()
    pair.south.runtime.tick(due)
    assert (due, pair.south.codes().count("relief_overdue")) == (ends, 1)


def test_who_took_a_watch_by_hand_during_anothers_shift_is_left_in_peace():
    pair = planned()
    plan(pair.south, "duty-desk", shift("ana", 0, 24))
    pair.wait(MINUTE_MS)
    pair.south.do(TakeWatch(by="ben", echelon="duty-desk", languages=("en",)), pair.now)
    pair.wait(2 * HOUR_MS)
    assert "relief_overdue" not in pair.south.codes()


def test_the_plan_survives_a_snapshot():
    pair = planned()
    plan(pair.south, "duty-desk", shift("ana", 0, 24), methods=(ROOM,))
    state = State.unpack(pair.south.runtime.state.pack())
    assert state.watchbill.desks == pair.south.runtime.state.watchbill.desks
    assert state.watchbill.officers["ana"] == ANA
    assert state.watchbill.on("duty-desk", START.after(HOUR_MS)) == ("ana",)


def test_nothing_of_a_plan_leaves_the_node():
    pair = planned()
    pair.settle()
    before = pair.south.runtime.state.links[LINK].own_size
    plan(pair.south, "duty-desk", shift("ana", 0, 24), methods=(ROOM,))
    call = flash(pair)
    pair.south.do(Acknowledge(by="ana", call=call, echelon="duty-desk"), pair.now)
    rows = pair.south.journal.rows(LINK, "south", before, 10_000)
    assert rows
    assert not any(word in row.raw for row in rows for word in (b"ana", b"1001", b"4711"))


def test_a_year_is_planned_in_one_event_and_a_desk_holds_no_more_than_it_may():
    pair = planned()
    year = tuple(shift("ana", day * 24, day * 24 + 24) for day in range(365))
    plan(pair.south, "duty-desk", *year, hours=365 * 24)
    at = START.after(200 * DAY_MS)
    assert pair.south.runtime.state.watchbill.on("duty-desk", at) == ("ana",)
