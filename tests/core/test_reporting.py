"""Reporting: coded violations, a status that changes nothing, a dispute that people settle."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.core.effects import Ring
from clearline.core.events import Announce, Forked, OpenCall, ReportViolation, Settle
from clearline.core.links import Announced, LinkState
from clearline.core.terms import Precedence
from clearline.phrasebook import LineTest
from tests.core.counterpart import FLASH, PLACE, Counterpart, notice_body
from tests.kit import LINK, START, Pair, degrees

BREACH = ReportViolation(
    by="o", link=LINK, rule="not-notified", place=degrees(35.2561, 40.1501), seen=START
)


def test_a_violation_leaves_with_its_place_on_the_grid():
    pair = Pair()
    pair.north.do(BREACH, pair.now)
    pair.settle()
    assert "violation_reported" in pair.south.codes()
    row = pair.south.journal.rows(LINK, "north", 0, 99)[-1]
    assert b'"place":{"lat_e7":352600000,"lon_e7":401500000}' in row.raw


def test_nobody_reports_a_breach_of_terms_that_are_not_in_force():
    line = Counterpart(agree=False)
    with pytest.raises(Mistake, match="No terms are in force"):
        line.node.do(BREACH, line.now)


def test_a_rule_that_the_terms_do_not_code_is_refused():
    line = Counterpart()
    line.says("violation.reported", {"place": PLACE, "rule": "rudeness", "seen": str(START)})
    assert line.refusals() == ["not_allowed"]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["suspended", "in_force"])), max_size=6))
def test_whatever_is_announced_the_line_carries_what_it_carried(announced):
    line = Counterpart()
    for ours, status in announced:
        if ours:
            line.node.do(Announce(by="o", link=LINK, status=status), line.now)
        else:
            line.says("status.announced", {"status": status})
    line.says("call.opened", FLASH)
    line.says("notice.declared", notice_body(line.now))
    assert len(line.node.told(Ring)) == 1
    assert line.said[-1] in line.state.notices.by_id
    assert line.refusals() == []


def test_an_announcement_is_read_as_people_write_it():
    line = Counterpart()
    line.node.do(Announce(by="o", link=LINK, status="In Force"), line.now)
    assert line.link.announced_by_us is Announced.IN_FORCE


def test_a_dispute_ends_when_a_person_says_so_and_not_before():
    line = Counterpart()
    line.node.do(Forked(link=LINK, evidence="0" * 64, detail="two roots"), line.now)
    assert line.pushes().status == 403
    line.node.do(Settle(by="o", link=LINK), line.now)
    assert line.link.state is not LinkState.DISPUTED
    assert line.pushes().status == 200


def test_in_a_dispute_a_caller_is_sent_to_the_contact_card_at_once():
    line = Counterpart()
    line.node.do(Forked(link=LINK, evidence="0" * 64, detail="two roots"), line.now)
    ask = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(LineTest(),))
    line.node.do(ask, line.now)
    assert "use_contact_card" in line.node.codes()
