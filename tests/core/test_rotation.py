"""Rotation: every way to a human is tried in turn, and nobody's sleep is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS
from clearline.core import testing
from clearline.core.effects import Alert, Ring
from clearline.core.events import (
    AnswerTest,
    ExplainTest,
    Paged,
    PlanDesk,
    PlanOfficers,
    SendTest,
    SetTestHours,
    TakeWatch,
)
from clearline.core.rotation import DESK, Hours, Rotation, Way, ways
from clearline.core.terms import default_ladders
from clearline.core.testing import GRACE_MS
from clearline.core.watchbill import Desk, Method, Officer, Shift, Watchbill
from tests.kit import LINK, START, Node, Pair

FLASH = default_ladders().flash
ANYTIME = Hours(start_min=0, end_min=0)
YEAR_MS = 365 * DAY_MS


def method(channel: str) -> Method:
    return Method(channel=channel, address="1")


def officer(name: str, *channels: str) -> Officer:
    return Officer(name=name, languages=("en",), methods=tuple(map(method, channels)))


def on(echelon: str, *names: str, room: tuple[str, ...] = ()) -> Desk:
    end = START.after(YEAR_MS)
    shifts = tuple(Shift(start=START, end=end, officer=name) for name in names)
    return Desk(echelon=echelon, methods=tuple(map(method, room)), shifts=shifts)


BILL = Watchbill(
    (officer("ana", "phone", "mail"), officer("ben", "phone")),
    (on("duty-desk", "ana", room=("phone",)), on("flag-officer", "ben")),
)
ROOM = Way(rung=1, echelon="duty-desk", officer="", channel="phone")
CONSOLE = Way(rung=1, echelon="duty-desk", officer="", channel=DESK)
BEN = Way(rung=3, echelon="flag-officer", officer="ben", channel="phone")


def test_the_ways_are_those_of_whoever_is_on_watch_and_of_the_rooms():
    found = ways(FLASH, {"deputy": "dan"}, BILL, START)
    assert [(way.rung, way.officer, way.channel) for way in found] == [
        (1, "", DESK),
        (1, "", "phone"),
        (1, "ana", "phone"),
        (1, "ana", "mail"),
        (2, "", DESK),
        (3, "ben", "phone"),
    ]


def test_with_nothing_planned_the_desk_is_the_one_way_there_is():
    assert ways(FLASH, {}, Watchbill(), START) == (CONSOLE,)


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [(0, 0, [0, 719, 1439]), (480, 960, [480, 959]), (1320, 120, [1320, 1439, 0, 119])],
)
def test_hours_hold_from_their_start_until_just_before_their_end(start, end, held):
    hours = Hours(start_min=start, end_min=end)
    midnight = START.after(-12 * HOUR_MS)
    holding = [minute for minute in range(1440) if hours.hold(midnight.after(minute * MINUTE_MS))]
    assert set(held) <= set(holding)
    assert len(holding) == ((end - start) % 1440 or 1440)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    every_ms=st.integers(10 * MINUTE_MS, 6 * HOUR_MS),
    start_min=st.integers(0, 1439),
    length_min=st.integers(6 * 60, 24 * 60),
)
def test_every_way_is_tried_and_whoever_is_above_is_left_alone(
    data, every_ms, start_min, length_min
):
    channels = st.lists(
        st.sampled_from(["phone", "mail", "mqtt"]), min_size=1, max_size=3, unique=True
    )
    officers = [officer(name, *data.draw(channels)) for name in ("ana", "ben", "cem")]
    desks = [
        on("duty-desk", "ana", room=tuple(data.draw(channels))),
        on("deputy", "ben"),
        on("flag-officer", "cem"),
    ]
    bill = Watchbill(officers, desks)
    hours = Hours(start_min=start_min, end_min=(start_min + length_min) % 1440)
    rotation, now = Rotation(hours=hours), START
    everything = ways(FLASH, {}, bill, START)
    tried: dict[Way, list[int]] = {}
    while now < START.after(len(everything) * DAY_MS + 2 * DAY_MS):
        way = rotation.choose(ways(FLASH, {}, bill, now), now)
        rotation.put(way, now)
        tried.setdefault(way, []).append(int(now))
        now = now.after(every_ms)
    assert set(tried) == set(everything)
    above: dict[str, list[int]] = {}
    for way, times in tried.items():
        if way.rung > 1:
            above.setdefault(way.officer, []).extend(times)
            assert all(hours.hold(START.after(at - int(START))) for at in times)
    for times in above.values():
        times.sort()
        assert all(b - a >= 23 * HOUR_MS for a, b in pairwise(times))


@given(st.integers(1, 40))
def test_after_as_many_tests_as_there_are_ways_none_is_left_out(count):
    among = tuple(
        Way(rung=1, echelon="duty-desk", officer=f"o{n}", channel="phone") for n in range(count)
    )
    rotation, tried = Rotation(), list[Way]()
    for n in range(count):
        way = rotation.choose(among, START.after(n))
        rotation.put(way, START.after(n))
        tried.append(way)
    assert sorted(tried, key=lambda way: way.key) == sorted(among, key=lambda way: way.key)


def planned(*, hours: Hours | None = None) -> Pair:
    pair = Pair()
    south = pair.south
    south.do(PlanOfficers(by="p", officers=tuple(BILL.officers.values())), pair.now)
    for desk in BILL.desks.values():
        end = START.after(30 * DAY_MS)
        shifts = tuple(
            Shift(start=START, end=START.after(7 * DAY_MS), officer=each.officer)
            for each in desk.shifts
        )
        south.do(
            PlanDesk(
                by="p",
                echelon=desk.echelon,
                start=START,
                end=end,
                methods=desk.methods,
                shifts=shifts,
            ),
            pair.now,
        )
    if hours is not None:
        south.do(SetTestHours(by="p", hours=hours), pair.now)
    south.effects.clear()
    return pair


def one_test(pair: Pair) -> tuple[str, Way]:
    pair.now = pair.now.after(MINUTE_MS)
    test = pair.north.do(SendTest(by="o", link=LINK), pair.now)
    pair.settle()
    return test, pair.south.runtime.state.tests.by_id[test].way


def rings(node: Node) -> list[tuple[int, str, str]]:
    return [(ring.rung, ",".join(ring.officers), ring.channel) for ring in node.told(Ring)]


def test_tests_ring_one_way_each_in_turn_and_name_it():
    pair = planned(hours=ANYTIME)
    tried = []
    for _ in range(5):
        test, way = one_test(pair)
        tried.append((way.rung, way.officer, way.channel))
        pair.south.do(AnswerTest(by="d", test=test), pair.now)
        pair.settle()
    assert tried == rings(pair.south)
    assert set(tried) == {
        (1, "", DESK),
        (1, "", "phone"),
        (1, "ana", "phone"),
        (1, "ana", "mail"),
        (3, "ben", "phone"),
    }


def test_above_the_first_rung_nobody_is_tested_until_hours_are_set_and_that_is_said():
    pair = planned()
    for _ in range(12):
        test, way = one_test(pair)
        assert way.rung == 1
        pair.south.do(AnswerTest(by="d", test=test), pair.now)
        pair.settle()
    said = [each for each in pair.south.told(Alert) if each.code == "test_hours_unset"]
    assert [each.args for each in said] == [{"ways": 1}]
    pair.south.do(SetTestHours(by="p", hours=ANYTIME), pair.now)
    assert one_test(pair)[1] == BEN


def test_the_desk_rings_at_half_the_time_and_not_before():
    pair = planned(hours=ANYTIME)
    one_test(pair)
    test, _ = one_test(pair)
    half = pair.south.runtime.state.tests.by_id[test].desk_at
    assert half == pair.now.after(pair.terms.tests.patience_ms // 2)
    pair.south.effects.clear()
    pair.south.runtime.tick(half.after(-1))
    assert rings(pair.south) == []
    assert testing.due(pair.south.runtime.state) == half
    pair.south.runtime.tick(half)
    assert rings(pair.south) == [(1, "", DESK)]


def test_the_desk_rings_at_once_when_the_way_has_failed_and_only_then():
    pair = planned(hours=ANYTIME)
    one_test(pair)
    test, way = one_test(pair)
    pair.south.effects.clear()
    page = {"what": test, "ring": "r", "echelon": way.echelon, "officer": way.officer}
    for channel, result in (("other", "failed"), (way.channel, "handed")):
        event = Paged(**page, channel=channel, result=result, cause="none")
        pair.south.runtime.submit([event], pair.now)
    assert rings(pair.south) == []
    event = Paged(**page, channel=way.channel, result="failed", cause="busy")
    pair.south.runtime.submit([event, event], pair.now)
    assert rings(pair.south) == [(1, "", DESK)]


def test_a_restart_rings_the_way_again_and_the_desk_only_if_it_rang():
    pair = planned(hours=ANYTIME)
    one_test(pair)
    test, _ = one_test(pair)
    pair.south.runtime.tick(pair.now)
    pair.south.restart(pair.now)
    again = [(ring.id, ring.channel) for ring in pair.south.told(Ring) if ring.what == test]
    assert [channel for _, channel in again] == ["phone"]
    half = pair.south.runtime.state.tests.by_id[test].desk_at
    pair.south.restart(half)
    again = [(ring.id, ring.channel) for ring in pair.south.told(Ring) if ring.what == test]
    assert {channel for _, channel in again} == {"phone", DESK}


def test_what_was_tried_and_the_hours_survive_a_snapshot():
    pair = planned(hours=Hours(start_min=480, end_min=960))
    one_test(pair)
    state = pair.south.runtime.state
    kept = type(state).unpack(state.pack())
    assert kept.rotation == state.rotation
    assert kept.tests.by_id == state.tests.by_id


def test_a_cause_is_asked_for_once_a_day_until_a_person_gives_it():
    pair = Pair()
    test = pair.north.do(SendTest(by="o", link=LINK), pair.now)
    pair.settle()
    late = pair.now.after(pair.terms.tests.patience_ms + GRACE_MS)
    asked = []
    for day in range(10):
        for node in (pair.north, pair.south):
            node.effects.clear()
            node.runtime.tick(late.after(day * DAY_MS))
            node.runtime.tick(late.after(day * DAY_MS + HOUR_MS))
        asked.append(
            [
                sum(each.code == "tests_unexplained" for each in node.told(Alert))
                for node in (pair.north, pair.south)
            ]
        )
        if day == 8:
            pair.now = late.after(day * DAY_MS + HOUR_MS)
            for unexplained in pair.north.runtime.state.tests.unexplained():
                event = ExplainTest(by="o", test=unexplained.id, cause="weather")
                pair.north.do(event, pair.now)
    assert asked[0] == [0, 0]
    assert all(each == [1, 1] for each in asked[1:9])
    assert test not in {each.id for each in pair.north.runtime.state.tests.unexplained()}


def test_a_watch_that_is_held_above_is_a_way_of_its_own():
    pair = planned(hours=ANYTIME)
    pair.south.do(TakeWatch(by="dan", echelon="deputy", languages=("en",)), pair.now)
    found = [one_test(pair)[1] for _ in range(7)]
    assert Way(rung=2, echelon="deputy", officer="", channel=DESK) in found
