"""Il-20: a vague place is refused, a late notice is marked and delivered, and it meets a flight."""

from __future__ import annotations

import pytest

from clearline import drills
from clearline.basis.instants import HOUR_MS, SECOND_MS
from clearline.drills import il_20_2018
from clearline.drills.stage import refused_by_the_counterpart
from clearline.sim.scene import NORTH, SOUTH

NAME = "il-20-2018"


@pytest.fixture(scope="module")
def report():
    return drills.run(NAME, seed=1, nights=40)


@pytest.fixture(scope="module")
def told():
    return il_20_2018._Night(7)


def test_it_shows_all_that_it_has_to(report):
    assert [each.name for each in report.criteria] == [
        "vague_place_refused",
        "late_notice_delivered",
        "lead_shown",
        "conflict_alarmed",
        "somebody_reached",
        "nothing_lost",
    ]
    assert [each.name for each in report.criteria if not each.passed] == []
    assert report.passed


def test_what_was_said_in_2018_is_refused_as_a_name_and_as_a_circle(told):
    assert told.refused == ["place_vague", "bad_phrase"]


def test_a_place_that_can_be_kept_clear_of_is_not_refused_as_vague():
    def right(_now):
        return (
            b'{"phrases":[{"phrase":"STOP","place":{"lat_e7":355000000,"lon_e7":354000000},'
            b'"radius_cm":3000000}],"precedence":"immediate"}'
        )

    start, reason = il_20_2018.WARNED_AT, il_20_2018.Reason.MALFORMED
    assert not refused_by_the_counterpart(1, start, "call.opened", right, reason)


def test_the_late_notice_is_told_with_its_lead_beside_what_was_agreed(told):
    ((_, args),) = told.lines(SOUTH, "notice_late")
    assert args["agreed_ms"] == 2 * HOUR_MS
    assert 50 * SECOND_MS < args["lead_ms"] < 52 * SECOND_MS
    assert told.notice_at(NORTH, told.notice).late


def test_stop_follows_the_conflict_and_not_the_other_way_round(told):
    assert told.told(SOUTH, "conflict") < told.rung(NORTH, told.call) <= str(told.reached_at)


def test_every_historic_line_carries_its_label(report):
    for row in report.timeline.rows:
        assert bool(row.what) == bool(row.status)
        assert not row.status or "V" in row.status or "R" in row.status
    times = [row.line_at for row in report.timeline.rows if row.line_at]
    assert times == sorted(times)
    assert len(times) == 7
