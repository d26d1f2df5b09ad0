"""Rechecking: amended minima find and clear what they should, in steps, and wherever it stops."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.core.effects import Alert, Append, Tell
from clearline.core.events import Agree, Propose, Rechecking, Revise, Withdraw
from clearline.core.state import State
from clearline.core.step import Core
from clearline.core.terms import DEFAULT_MINIMA, hash_of
from clearline.space import Minima
from tests.kit import LINK, START, Node, Pair, declare, terms, volume

WIDE = Minima(horizontal_cm=3_000_000, vertical_cm=30_480, time_ms=2 * HOUR_MS)
NARROW = Minima(horizontal_cm=0, vertical_cm=0, time_ms=0)
NEAR, OFF, FAR = (35.30, 40.10), (35.30, 40.40), (36.50, 41.50)


def amend(pair: Pair, minima: Minima) -> None:
    """Have both sides agree to other minima; nothing is compared yet."""
    version = pair.north.runtime.state.links[LINK].terms.version + 1
    document = replace(pair.terms, version=version, minima=minima)
    pair.north.do(Propose(by="liaison", terms=document), pair.now)
    pair.settle()
    pair.south.do(Agree(by="liaison", link=LINK, hash=hash_of(document)), pair.now)
    pair.settle()


def recheck(node: Node, pair: Pair, budget_us: int = 1) -> int:
    """Let a node compare all that waits; return in how many events it did."""
    events = 0
    while node.runtime.state.links[LINK].recheck is not None:
        node.do(Rechecking(link=LINK, budget_us=budget_us), pair.now)
        events += 1
    return events


def claimed(node: Node) -> set[tuple[str, str]]:
    """Return the pairs that a node itself claims, north's notice first."""
    ours = [each for each in node.runtime.state.conflicts.by_key.values() if each.claimed_by_us]
    pairs = {(each.ours, each.theirs) for each in ours}
    return pairs if node.name == "north" else {(north, south) for south, north in pairs}


def said(node: Node) -> list[str]:
    return [each.kind for each in node.effects if isinstance(each, Append)]


def standing() -> tuple[Pair, str, str]:
    """Return two sides with a notice each, six kilometres and more apart, and one far away."""
    pair = Pair()
    ours = pair.north.do(declare(volume(*NEAR)), pair.now)
    pair.north.do(declare(volume(*FAR)), pair.now)
    theirs = pair.south.do(declare(volume(*OFF)), pair.now)
    pair.settle()
    assert not claimed(pair.north)
    return pair, ours, theirs


def test_wider_minima_find_on_both_sides_what_kept_clear_before():
    pair, ours, theirs = standing()
    amend(pair, WIDE)
    for node in (pair.north, pair.south):
        node.effects.clear()
        recheck(node, pair)
        assert claimed(node) == {(ours, theirs)}
    alarms = [each for each in pair.north.told(Alert) if isinstance(each, Alert)]
    assert [each.code for each in alarms] == ["conflict"]
    pair.settle()
    assert pair.north.runtime.state.conflicts.of_notice(ours)[0].claimed_by_them is not None


def test_narrower_minima_clear_what_meets_no_longer_and_say_why():
    pair, ours, _ = standing()
    amend(pair, WIDE)
    recheck(pair.north, pair)
    amend(pair, DEFAULT_MINIMA)
    pair.north.effects.clear()
    recheck(pair.north, pair)
    (cleared,) = [each for each in pair.north.told(Append) if isinstance(each, Append)]
    assert cleared.kind == "conflict.cleared"
    assert b'{"why":"amended"}' in cleared.raw
    assert not pair.north.runtime.state.conflicts.of_notice(ours)


def test_a_claim_that_still_holds_is_not_said_again():
    pair = Pair()
    pair.north.do(declare(volume(*NEAR)), pair.now)
    pair.south.do(declare(volume(*NEAR)), pair.now)
    pair.settle()
    amend(pair, WIDE)
    for node in (pair.north, pair.south):
        before = claimed(node)
        node.effects.clear()
        recheck(node, pair)
        assert said(node) == []
        assert claimed(node) == before != set()


def test_terms_that_leave_the_minima_alone_compare_nothing_again():
    pair, *_ = standing()
    document = terms(version=2, anchor_tolerance_cm=300_000)
    pair.north.do(Propose(by="o", terms=document), pair.now)
    pair.settle()
    pair.south.do(Agree(by="o", link=LINK, hash=hash_of(document)), pair.now)
    pair.settle()
    assert pair.north.runtime.state.links[LINK].terms == document
    assert pair.north.runtime.state.links[LINK].recheck is None


def test_with_nothing_to_compare_no_recheck_begins():
    pair = Pair()
    pair.north.do(declare(volume()), pair.now)
    pair.settle()
    amend(pair, WIDE)
    assert pair.north.runtime.state.links[LINK].recheck is None
    assert pair.south.runtime.state.links[LINK].recheck is None


def test_one_event_compares_one_notice_at_least_and_as_many_as_its_budget_has_time_for():
    pair, *_ = standing()
    amend(pair, WIDE)
    assert recheck(pair.north, pair, budget_us=1) == 3  # Two notices, and that there is no third.
    amend(pair, NARROW)
    assert recheck(pair.north, pair, budget_us=1_000_000) == 1


def test_how_far_it_is_is_told_and_what_came_of_it():
    pair, *_ = standing()
    pair.north.effects.clear()
    amend(pair, WIDE)
    assert pair.north.runtime.state.links[LINK].recheck.percent == 0
    pair.north.do(Rechecking(link=LINK, budget_us=1), pair.now)
    assert pair.north.runtime.state.links[LINK].recheck.percent == 50
    recheck(pair.north, pair)
    told = {each.code: each.args for each in pair.north.told(Tell) if isinstance(each, Tell)}
    assert told["recheck_began"] == {"notices": 2, "version": 2}
    assert told["recheck_done"] == {"found": 1, "cleared": 0, "version": 2}


def test_minima_amended_half_way_begin_it_again():
    pair, ours, theirs = standing()
    amend(pair, WIDE)
    pair.north.do(Rechecking(link=LINK, budget_us=1), pair.now)
    assert claimed(pair.north) == {(ours, theirs)}
    amend(pair, NARROW)
    assert pair.north.runtime.state.links[LINK].recheck.done == 0
    recheck(pair.north, pair)
    assert claimed(pair.north) == set()


def test_what_is_declared_meanwhile_is_compared_at_once_and_not_twice():
    pair, *_ = standing()
    amend(pair, WIDE)
    late = pair.north.do(declare(volume(*OFF)), pair.now)
    assert late in {north for north, _ in claimed(pair.north)}
    recheck(pair.north, pair)
    told = [each for each in pair.north.told(Append) if isinstance(each, Append)]
    names = [
        each.raw for each in told if each.kind == "conflict.found" and late.encode() in each.raw
    ]
    assert len(names) == 1


def test_what_ends_meanwhile_is_passed_over():
    pair, ours, _ = standing()
    amend(pair, WIDE)
    pair.north.do(Withdraw(by="o", notice=ours), pair.now)
    recheck(pair.north, pair)
    assert claimed(pair.north) == set()


def test_time_for_what_is_done_already_changes_nothing():
    pair, *_ = standing()
    before = pair.north.runtime.state.pack()
    effects = len(pair.north.effects)
    pair.north.do(Rechecking(link=LINK, budget_us=9), pair.now)
    assert len(pair.north.effects) == effects
    assert pair.north.runtime.state.pack() != before  # The event is counted, and nothing more.


SPOTS = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))
MINIMA = st.builds(
    Minima,
    horizontal_cm=st.sampled_from((0, 500_000, 2_000_000, 5_000_000)),
    vertical_cm=st.sampled_from((0, 30_480)),
    time_ms=st.sampled_from((0, 15 * MINUTE_MS, 3 * HOUR_MS)),
)


def placed(spot: tuple[int, int, int]):
    east, south, hour = spot
    return declare(volume(35.3 - 0.1 * south, 40.1 + 0.1 * east, start_ms=(1 + 3 * hour) * HOUR_MS))


@pytest.mark.parametrize("budget_us", [1, 2_000])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ours=st.lists(SPOTS, min_size=1, max_size=5),
    theirs=st.lists(SPOTS, min_size=1, max_size=5),
    first=MINIMA,
    then=MINIMA,
    moved=SPOTS,
)
def test_in_the_end_stands_what_would_stand_if_it_had_been_declared_under_the_new_minima(
    budget_us, ours, theirs, first, then, moved
):
    pair, fresh = Pair(minima=first), Pair(minima=then)
    names: dict[str, str] = {}
    for node, spots in (("north", ours), ("south", theirs)):
        for spot in spots:
            was, now = (getattr(each, node).do(placed(spot), each.now) for each in (pair, fresh))
            names[was] = now
    for each in (pair, fresh):
        each.settle()
    amend(pair, then)
    for number in range(40):
        # Half-way, a node is stopped and begins again from its journal; a notice is moved.
        if number == 1:
            pair.north.restart(pair.now)
            one = next(iter(names))
            for each, notice in ((pair, one), (fresh, names[one])):
                revision = Revise(by="o", notice=notice, volumes=placed(moved).volumes)
                each.north.do(revision, each.now)
                each.settle()
        for node in (pair.north, pair.south):
            if node.runtime.state.links[LINK].recheck is not None:
                node.do(Rechecking(link=LINK, budget_us=budget_us), pair.now)
        pair.settle()
    for before, after in ((pair.north, fresh.north), (pair.south, fresh.south)):
        assert before.runtime.state.links[LINK].recheck is None
        assert {(names[n], names[s]) for n, s in claimed(before)} == claimed(after)


def test_a_node_restored_from_a_snapshot_half_way_says_the_same_from_there():
    pair, *_ = standing()
    amend(pair, WIDE)
    pair.north.do(Rechecking(link=LINK, budget_us=1), pair.now)
    kept = State.unpack(pair.north.runtime.state.pack())
    assert kept is not None
    assert kept.links[LINK].recheck.done == 1
    twin, event = Core(kept), Rechecking(link=LINK, budget_us=1)
    for _ in range(2):
        there = twin.handle(event, START)
        seen = len(pair.north.effects)
        pair.north.do(event, pair.now)
        assert tuple(pair.north.effects[seen:]) == there
    assert kept.links[LINK].recheck is None
