"""Agreeing: a link begins with a document, and new terms are acted on at once by both."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS
from clearline.core.events import Agree, OpenLink, Propose, TakeWatch
from clearline.core.state import State
from clearline.core.terms import TestSchedule as Schedule
from clearline.core.terms import hash_of
from tests.core.counterpart import Counterpart
from tests.kit import LINK, START, Node, Pair, declare, terms

AMENDED = terms(version=2, tests=Schedule(every_ms=2 * HOUR_MS, patience_ms=60_000))


def test_only_the_party_named_first_proposes_the_first_document():
    pair = Pair()
    kinds = {
        node.name: [
            row.raw.count(b"terms.proposed") for row in node.journal.rows(LINK, node.name, 0, 9)
        ]
        for node in (pair.north, pair.south)
    }
    assert (sum(kinds["north"]), sum(kinds["south"])) == (1, 0)


def test_a_link_can_begin_without_agreeing():
    pair = Pair(opened=False)
    for node in (pair.north, pair.south):
        node.do(OpenLink(by="o", us=node.name, terms=pair.terms, agree=False), pair.now)
    pair.settle()
    assert not pair.north.runtime.state.links[LINK].agreement.in_force
    pair.north.do(TakeWatch(by="o", echelon="duty-desk", languages=("en",)), pair.now)
    with pytest.raises(Mistake, match="No terms are in force"):
        pair.north.do(declare(), pair.now)


def test_an_amendment_comes_into_force_on_both_sides_and_moves_the_next_test():
    pair = Pair()
    pair.north.do(Propose(by="o", terms=AMENDED), pair.now)
    pair.settle()
    assert pair.south.codes().count("terms_proposed") == 1
    pair.south.do(Agree(by="o", link=LINK, hash=hash_of(AMENDED)), pair.now)
    pair.settle()
    slots = []
    for node in (pair.north, pair.south):
        link = node.runtime.state.links[LINK]
        assert link.terms == AMENDED
        slots.append(link.next_test_at.since(START))
    assert sorted(slots) == [HOUR_MS, 2 * HOUR_MS]


def test_a_replayed_agreement_changes_nothing_and_greets_nobody_again():
    line = Counterpart()
    said = len(line.answers())
    line.says("terms.agreed", {"hash": hash_of(line.terms)})
    assert len(line.answers()) == said


def test_an_agreement_to_nothing_is_refused():
    line = Counterpart()
    line.says("terms.agreed", {"hash": "f" * 64})
    assert line.refusals() == ["unknown_reference"]


def test_a_node_has_at_most_so_many_links():
    node = Node("north")
    for number in range(64):
        document = terms(link=f"019ab000-0000-7000-8000-0000000001{number:02x}")
        node.do(OpenLink(by="o", us="north", terms=document, agree=False), START)
    with pytest.raises(Mistake, match="at most 64"):
        node.do(OpenLink(by="o", us="north", terms=terms(), agree=False), START)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from([2, 3, 4, 5]), max_size=4), st.booleans())
def test_whatever_is_agreed_the_node_restarts_under_the_same_terms(versions, ours):
    line = Counterpart()
    for version in versions:
        document = terms(version=version)
        line.node.runtime.submit([Propose(by="o", terms=document)], line.now)
        if ours:
            line.says("terms.agreed", {"hash": hash_of(document)})
    before = line.state.pack()
    assert State.unpack(before).pack() == before
    line.node.restart(line.now)
    line.state.seq -= 1
    assert line.state.pack() == before
