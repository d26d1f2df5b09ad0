"""Links: alive, late or down by the age of a receipt, and politics apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.ids import time_of
from clearline.basis.instants import HOUR_MS
from clearline.core.events import Receipted
from clearline.core.links import MAX_COUNTER, Link, LinkState
from clearline.core.terms import Agreement, Limits, hash_of
from tests.core.counterpart import Counterpart
from tests.kit import LINK, START, terms


def link(**changes) -> Link:
    document = terms(**changes)
    return Link(
        id=LINK,
        us="north",
        them="south",
        agreement=Agreement(documents={hash_of(document): document}),
        opened_at=START,
        their_desks={},
    )


def nobody(_: str) -> bool:
    return False


@given(st.integers(0, 200_000))
def test_the_state_of_a_link_is_a_function_of_the_age_of_the_last_receipt(age_ms):
    one = link()
    one.receipt_at = START
    state = one.state_at(START.after(age_ms))
    if age_ms <= 15_000:
        assert state is LinkState.UP
    elif age_ms <= 60_000:
        assert state is LinkState.LATE
    else:
        assert state is LinkState.DOWN


def test_a_link_without_a_receipt_is_down_and_a_disputed_one_disputed():
    one = link()
    assert one.state_at(START) is LinkState.DOWN
    one.receipt_at, one.disputed = START, True
    assert one.state_at(START) is LinkState.DISPUTED


def test_silence_is_told_once_for_each_state_at_its_very_moment():
    line = Counterpart()
    line.node.do(Receipted(link=LINK, size=1, theirs=line.now), line.now)
    line.node.effects.clear()
    for _ in range(2):
        due = line.link.due()
        line.node.runtime.tick(due.after(-1))
        line.node.runtime.tick(due)
    assert line.node.codes() == ["link_late", "link_down"]
    assert line.link.due() is None


def test_clocks_that_differ_are_alarmed_once_and_told_when_they_agree_again():
    line = Counterpart()
    line.node.effects.clear()
    for ahead_ms in (6_000, 7_000, 0):
        theirs = line.now.after(ahead_ms)
        line.node.do(Receipted(link=LINK, size=1, theirs=theirs), line.now)
    assert [code for code in line.node.codes() if "clock" in code] == [
        "clocks_differ",
        "clocks_agree",
    ]


def test_a_receipt_says_that_the_node_is_safe_again():
    line = Counterpart()
    line.node.runtime.peer_unsafe(LINK, line.now)
    line.node.runtime.peer_unsafe(LINK, line.now)
    line.node.do(Receipted(link=LINK, size=1, theirs=line.now), line.now)
    codes = [code for code in line.node.codes() if "safe" in code]
    assert codes == ["peer_not_safe", "peer_safe_again"]


def test_the_place_of_an_entry_counts_nothing_until_it_is_written():
    one = link()
    assert one.next_place(START, nobody) == one.next_place(START, nobody)
    assert one.own_size == 0


@given(st.lists(st.integers(-5_000, 5_000), max_size=30), st.integers(MAX_COUNTER - 3, MAX_COUNTER))
def test_the_ids_and_times_of_a_feed_never_run_backwards(steps, counter):
    one, now, written = link(), START, []
    one.own_last, one.own_counter = START, counter
    for step in [0, 0, 0, 0, 0, *steps]:
        now = now.after(step)
        place = one.next_place(now, nobody)
        one.written(place)
        written.append(place)
    assert [each.index for each in written] == list(range(len(written)))
    ids = [each.id for each in written]
    assert ids == sorted(set(ids))
    times = [each.at for each in written]
    assert times == sorted(times)
    assert all(time_of(each.id) == each.at for each in written)


@given(st.integers(1, 20), st.lists(st.integers(0, 2 * HOUR_MS), max_size=60))
def test_no_hour_admits_more_notices_than_the_terms_say(most, waits):
    one, now, admitted = link(limits=Limits(notices_per_hour=most)), START, {}
    for wait in waits:
        now = now.after(wait // 10)
        if one.admits_notice(now):
            hour = int(now) // HOUR_MS
            admitted[hour] = admitted.get(hour, 0) + 1
    assert all(count <= most for count in admitted.values())
