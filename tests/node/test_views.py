"""Views: what both sides are shown of the same record is the same."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import enc_hook
from clearline.core.events import Acknowledge, OpenCall, Propose, SendTest
from clearline.core.terms import Precedence, hash_of
from clearline.node import notice_views, views
from clearline.phrasebook import Stop
from tests.kit import LINK, Pair, declare, degrees

STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


@pytest.fixture
def pair() -> Pair:
    made = Pair()
    made.north.do(declare(label="ours alone"), made.now)
    made.settle()
    made.south.do(declare(by="south planner"), made.now)
    made.settle()
    opened = OpenCall(by="n", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,))
    call = made.north.do(opened, made.now)
    made.settle()
    made.south.do(Acknowledge(by="s", call=call, echelon="duty-desk"), made.now)
    made.north.do(SendTest(by="n", link=LINK), made.now)
    made.settle()
    return made


def test_terms_that_wait_are_shown_by_their_hash_with_who_has_agreed(pair: Pair):
    amended = replace(pair.north.runtime.state.links[LINK].terms, version=2)
    pair.north.do(Propose(by="o", terms=amended), pair.now)
    pair.settle()
    view = views.terms(pair.south.runtime, LINK, of_hash=hash_of(amended))
    assert (view.in_force, view.agreed_by) == (False, ("north",))
    assert view.document["version"] == 2
    now = views.terms(pair.south.runtime, LINK)
    assert now.in_force
    assert set(now.agreed_by) == {"north", "south"}
    with pytest.raises(Mistake, match="No terms of that hash"):
        views.terms(pair.south.runtime, LINK, of_hash="0" * 64)


def test_both_sides_see_the_same_notices_conflicts_calls_and_tests(pair: Pair):
    north, south = pair.north.runtime, pair.south.runtime
    ours, theirs = (notice_views.notices(each, ended=False) for each in (north, south))
    assert {(n.id, n.whose, n.revision) for n in ours} == {
        (n.id, n.whose, n.revision) for n in theirs
    }
    assert {n.label for n in theirs} == {""}
    (here,), (there,) = views.conflicts(north), views.conflicts(south)
    assert (here.ours, here.theirs) == (there.theirs, there.ours)
    assert here.claimed_by
    (call,), (same,) = views.calls(north, "en", pair.now), views.calls(south, "ru", pair.now)
    assert (call.id, call.state, call.direction) == (same.id, "acknowledged", "ours")
    assert call.said[0].coded == same.said[0].coded
    assert call.said[0].text != same.said[0].text
    assert views.tests(north)[0].id == views.tests(south)[0].id
    assert views.terms(north, LINK).hash == views.terms(south, LINK).hash


def test_the_log_of_both_sides_is_the_same_and_its_last_entries_are_the_last(pair: Pair):
    logs = [views.log(node.runtime, LINK, last=10_000) for node in (pair.north, pair.south)]
    assert [(e.party, e.index, e.id) for e in logs[0]] == [
        (e.party, e.index, e.id) for e in logs[1]
    ]
    assert views.log(pair.north.runtime, LINK, last=3) == logs[0][-3:]
    assert all(each.receipted for each in logs[0])


def test_the_status_counts_what_is_open(pair: Pair):
    status = views.status(pair.north.runtime, "north", pair.now)
    assert (status.open_calls, status.conflicts) == (1, 1)
    assert (status.notices_ours, status.notices_theirs) == (1, 1)
    assert status.links[0].in_force
    assert status.unsafe is None


def test_every_view_can_be_printed(pair: Pair):
    runtime = pair.north.runtime
    for shown in (
        views.status(runtime, "north", pair.now),
        notice_views.notices(runtime, ended=True),
        views.conflicts(runtime),
        views.calls(runtime, "en", pair.now),
        views.tests(runtime),
        views.terms(runtime, LINK),
        views.log(runtime, LINK, last=100),
    ):
        assert msgspec.json.encode(shown, enc_hook=enc_hook)


def test_an_id_is_found_by_its_end_unless_that_is_short_or_ambiguous():
    keys = ["aaaa-1234", "bbbb-1234", "cccc-5678"]
    assert views.find(keys, "5678", "call") == "cccc-5678"
    assert views.find(keys, "#a-1234", "call") == "aaaa-1234"
    for text, code in (("1234", "ambiguous"), ("678", "no_such_call"), ("", "no_such_call")):
        with pytest.raises(Mistake) as caught:
            views.find(keys, text, "call")
        assert caught.value.code == code
