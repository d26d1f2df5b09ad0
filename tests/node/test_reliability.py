"""Reliability: a month of test calls, counted from a real journal on both sides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.basis.steps import finish
from clearline.core.effects import Ring
from clearline.core.events import AnswerTest, ExplainTest, Paged, PlanDesk, PlanOfficers, SendTest
from clearline.core.terms import TestSchedule
from clearline.core.testing import GRACE_MS
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node.reliability import Reliability, month_of, reliability, says
from tests.kit import LINK, START, Node, Pair, party

PATHS = ("https://a.invalid", "https://b.invalid")
MONTH = "2026-11"


def report(node: Node, now: Instant, month: str = MONTH) -> Reliability:
    return finish(reliability(node.runtime.state, node.journal, LINK, month, now))


def rows(node: Node, now: Instant, month: str = MONTH) -> dict[tuple[str, str, str], object]:
    return {(row.side, row.what, row.name): row for row in report(node, now, month).rows}


class Month:
    """Two nodes; south's desk has a telephone in the room and an officer with a mailbox."""

    def __init__(self) -> None:
        # Scheduled so seldom that every test here is one that was sent by hand.
        tests = TestSchedule(every_ms=7 * DAY_MS, patience_ms=5 * MINUTE_MS)
        self.pair = Pair(parties=(party("north"), party("south", *PATHS)), tests=tests)
        south = self.pair.south
        methods = (Method(channel="mail", address="a@x"),)
        ana = Officer(name="ana", languages=("en",), methods=methods)
        south.do(PlanOfficers(by="p", officers=(ana,)), START)
        shifts = (Shift(start=START, end=START.after(6 * DAY_MS), officer="ana"),)
        room = (Method(channel="phone", address="1"),)
        end = START.after(30 * DAY_MS)
        plan = PlanDesk(
            by="p", echelon="duty-desk", start=START, end=end, methods=room, shifts=shifts
        )
        south.do(plan, START)

    @property
    def now(self) -> Instant:
        return self.pair.now

    def pass_ms(self, span_ms: int) -> None:
        self.pair.now = self.pair.now.after(span_ms)

    def test(self) -> str:
        """North sends a test, and south's channels say of each ring what the pager would."""
        self.pass_ms(HOUR_MS)
        self.pair.south.effects.clear()
        test = self.pair.north.do(SendTest(by="o", link=LINK), self.now)
        self.pair.settle()
        self.tell("handed")
        return test

    def tell(self, result: str) -> None:
        for ring in self.pair.south.told(Ring):
            officer = ring.officers[0] if ring.officers else ""
            paged = Paged(
                what=ring.what, ring=ring.id, echelon=ring.echelon, officer=officer,
                channel=ring.channel, result=result,
                cause="none" if result != "failed" else "busy",
            )  # fmt: skip
            self.pair.south.runtime.submit([paged], self.now)

    def answer(self, test: str, after_ms: int = 10 * SECOND_MS) -> None:
        self.pass_ms(after_ms)
        self.pair.south.do(AnswerTest(by="d", test=test), self.now)
        self.pair.settle()

    def missed(self) -> str:
        test = self.test()
        self.miss()
        return test

    def miss(self) -> None:
        self.pass_ms(self.pair.terms.tests.patience_ms + GRACE_MS)
        for node in (self.pair.north, self.pair.south):
            node.runtime.tick(self.now)
        self.pair.settle()


def test_a_month_without_tests_has_no_test_in_it_and_says_that_nothing_is_known():
    month = Month()
    found = report(month.pair.north, month.now, "2026-01")
    assert [(row.what, row.tests) for row in found.rows] == [("all", 0), ("all", 0)]
    assert says(found.rows[0]) == "Never tested: nothing is known."
    assert found.over


def test_a_way_is_proven_by_who_answers_by_it_and_by_nobody_else():
    month = Month()
    month.answer(month.test())  # The console's turn.
    by_phone = month.test()
    month.tell("acknowledged")
    month.answer(by_phone)
    month.answer(month.test())  # Ana's mail, answered by hand.
    found = rows(month.pair.south, month.now)
    assert {
        name: (row.answered, row.tests, row.unclear)
        for (_, what, name), row in found.items()
        if what == "channel"
    } == {"desk": (1, 1, 0), "phone": (1, 1, 0), "mail": (0, 0, 1)}
    every = found["theirs", "all", ""]
    assert (every.answered, every.tests, every.p50_ms) == (3, 3, 10 * SECOND_MS)


def test_a_way_that_failed_counts_against_it_though_the_desk_answered():
    month = Month()
    month.answer(month.test())
    test = month.test()
    month.tell("failed")
    month.answer(test)
    found = rows(month.pair.south, month.now)
    phone = found["theirs", "channel", "phone"]
    assert (phone.answered, phone.tests) == (0, 1)
    assert found["theirs", "rung", "1"].answered == 1
    assert found["theirs", "all", ""].answered == 2


def test_a_way_that_the_desk_had_to_answer_for_counts_against_it():
    month = Month()
    month.answer(month.test())
    test = month.test()
    month.pass_ms(month.pair.terms.tests.patience_ms // 2)
    month.pair.south.effects.clear()
    month.pair.south.runtime.tick(month.now)
    month.tell("handed")
    month.answer(test)
    assert rows(month.pair.south, month.now)["theirs", "channel", "phone"].tests == 1


def test_both_sides_count_the_same_tests_and_the_sender_knows_the_paths():
    month = Month()
    for _ in range(4):
        month.answer(month.test())
    ours, theirs = rows(month.pair.north, month.now), rows(month.pair.south, month.now)
    every, there = ours["ours", "all", ""], theirs["theirs", "all", ""]
    assert (every.answered, every.tests) == (there.answered, there.tests) == (4, 4)
    assert [ours["ours", "path", url].answered for url in PATHS] == [2, 2]
    assert theirs["theirs", "path", "pushed"].answered == 4
    assert every.p50_ms == every.p90_ms == every.longest_ms == 10 * SECOND_MS


def test_a_path_that_failed_its_turn_is_counted_against_it():
    month = Month()
    dead = PATHS[1]
    for _ in range(2):
        month.pass_ms(HOUR_MS)
        month.pair.north.do(SendTest(by="o", link=LINK), month.now)
        for push, body in month.pair.north.runtime.pushes(month.now):
            if push.url == dead:
                month.pair.north.runtime.unanswered(push, month.now)
            else:
                reply = month.pair.south.runtime.admit(LINK, body, month.now)
                month.pair.north.runtime.answered(push, reply.status, reply.body, month.now)
        month.pass_ms(SECOND_MS)
        month.pair.settle()
    found = rows(month.pair.north, month.now)
    assert [
        (found["ours", "path", url].answered, found["ours", "path", url].tests) for url in PATHS
    ] == [(2, 2), (0, 1)]


def test_misses_are_counted_by_their_causes_unknown_first_and_late_answers_apart():
    month = Month()
    explained, unknown, late = month.missed(), month.missed(), month.missed()
    month.answer(late)
    month.pair.north.do(ExplainTest(by="o", test=explained, cause="weather"), month.now)
    month.pair.settle()
    for node, side in ((month.pair.north, "ours"), (month.pair.south, "theirs")):
        found = report(node, month.now)
        causes = [(each.side, each.cause, each.tests) for each in found.causes if each.side == side]
        assert causes == [(side, "unknown", 1), (side, "weather", 1)]
        misses = {each.id: (each.late, each.cause) for each in found.misses}
        assert misses[late] == (True, None)
        assert misses[explained] == (False, "weather")
        assert misses[unknown] == (False, "unknown")
        assert rows(node, month.now)[side, "all", ""].answered == 0


def test_a_cause_that_is_found_after_the_month_is_over_is_in_its_report():
    month = Month()
    month.pass_ms(Instant.parse("2026-11-30T22:00:00.000Z").since(month.now))
    test = month.test()
    month.miss()
    month.pass_ms(3 * DAY_MS)
    month.pair.south.do(ExplainTest(by="d", test=test, cause="power"), month.now)
    month.pair.settle()
    for node in (month.pair.north, month.pair.south):
        assert [each.cause for each in report(node, month.now).causes] == ["power"]
    assert report(month.pair.north, month.now, "2026-12").misses == ()


def test_what_is_never_tested_is_named():
    month = Month()
    month.answer(month.test())
    assert report(month.pair.south, month.now).never == ("1 mail", "1 phone")


def test_a_test_that_still_waits_is_not_counted_and_the_month_is_not_over():
    month = Month()
    month.test()
    for node in (month.pair.north, month.pair.south):
        found = report(node, month.now)
        assert [row.tests for row in found.rows if row.what == "all"] == [0, 0]
        assert not found.over


def test_a_restart_changes_nothing_of_a_report():
    month = Month()
    for _ in range(3):
        month.answer(month.test())
    before = report(month.pair.south, month.now)
    month.pair.south.restart(month.now)
    assert report(month.pair.south, month.now) == before


@pytest.mark.parametrize("month", ["2026-13", "26-01", "2026-1", "november", "2026-11-01"])
def test_what_is_no_month_is_a_mistake(month):
    with pytest.raises(Mistake, match="no month"):
        month_of(month, START)


def test_a_month_ends_where_the_next_begins():
    assert month_of("2026-12", START)[2] == month_of("2027-01", START)[1]
    assert month_of("", START)[0] == MONTH


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["answered", "missed", "failed", "acknowledged"]), max_size=8))
def test_every_test_is_counted_once_whatever_becomes_of_it(becomes):
    month = Month()
    for each in becomes:
        test = month.test()
        if each in ("failed", "acknowledged"):
            month.tell(each)
        if each == "missed":
            month.miss()
        else:
            month.answer(test, MINUTE_MS)
    missed = becomes.count("missed")
    for node, side in ((month.pair.north, "ours"), (month.pair.south, "theirs")):
        found = rows(node, month.now)
        every = found[side, "all", ""]
        assert (every.tests, every.answered) == (len(becomes), len(becomes) - missed)
        assert every.low_permille <= every.high_permille
    channels = [row for (_, what, _), row in found.items() if what == "channel"]
    assert sum(row.tests + row.unclear for row in channels) == len(becomes)
