"""The roster and what the counterpart learns of it: posts, never persons."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.core.events import HandOver, LeaveWatch, TakeWatch
from clearline.core.roster import Roster, Watch
from clearline.core.terms import MAX_DESKS, ReleaseRules
from tests.core.counterpart import Counterpart
from tests.kit import LINK, START, Pair, terms


def watch(echelon: str = "duty-desk", officer: str = "Anna") -> Watch:
    return Watch(echelon=echelon, officer=officer, languages=("en",), since=START)


def test_a_held_desk_is_taken_only_by_a_handover():
    roster = Roster(desks={})
    roster.take(watch())
    with pytest.raises(Mistake, match="Anna holds the watch"):
        roster.take(watch(officer="Boris"))
    assert roster.hand_over(watch(officer="Boris")).officer == "Anna"
    assert roster.holder("duty-desk").officer == "Boris"


def test_a_node_has_at_most_so_many_desks():
    roster = Roster(desks={})
    for number in range(MAX_DESKS):
        roster.take(watch(f"desk-{number}"))
    with pytest.raises(Mistake, match="at most 32 desks"):
        roster.take(watch("one-more"))
    assert len(roster.desks) == MAX_DESKS


def test_the_counterpart_learns_of_a_change_at_once():
    pair = Pair()
    pair.north.do(LeaveWatch(by="o", echelon="duty-desk"), pair.now)
    pair.settle()
    assert not pair.south.runtime.state.links[LINK].their_desks["duty-desk"].manned


def test_languages_are_told_only_where_the_terms_list_them():
    rules = terms().release
    pair = Pair(release=ReleaseRules(fields=(), grid=rules.grid, call_grid=rules.call_grid))
    assert pair.south.runtime.state.links[LINK].their_desks["duty-desk"].languages == ()


def test_a_counterpart_with_more_desks_than_there_may_be_is_refused():
    line = Counterpart()
    for number in range(MAX_DESKS + 1):
        body = {"echelon": f"desk-{number}", "languages": [], "manned": True, "rung": 0}
        line.says("watch.status", body)
    assert line.refusals() == ["too_many"]
    line.says("watch.status", {"echelon": "desk-0", "languages": [], "manned": False, "rung": 0})
    assert line.refusals() == ["too_many"]


ACTS = st.lists(
    st.tuples(
        st.sampled_from([TakeWatch, HandOver, LeaveWatch]),
        st.sampled_from(["duty-desk", "deputy", "flag-officer"]),
        st.sampled_from(["Anna Secret", "Boris Secret"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_what_the_counterpart_knows_of_our_desks_is_what_is_true_and_never_who(acts):
    line = Counterpart()
    for kind, echelon, officer in acts:
        fields = {"by": officer, "echelon": echelon}
        if kind is not LeaveWatch:
            fields["languages"] = ("ru",)
        if kind is HandOver:
            fields["to"] = officer
        line.node.runtime.submit([kind(**fields)], line.now)
    rows = line.node.journal.rows(LINK, "south", 0, 999)
    assert all(b"Secret" not in row.raw for row in rows)
    told: dict[str, bool] = {}
    for row in rows:
        entry = json.loads(row.raw)
        if entry["kind"] == "watch.status":
            told[entry["body"]["echelon"]] = entry["body"]["manned"]
    manned = {echelon for echelon, yes in told.items() if yes}
    assert manned == set(line.state.roster.desks)
