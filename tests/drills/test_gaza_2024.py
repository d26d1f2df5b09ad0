"""Gaza: received is not relayed; what is left lying alarms both sides, in time to be relayed."""

from __future__ import annotations

import pytest

from clearline import drills
from clearline.core.notices import Disposition
from clearline.drills import gaza_2024
from clearline.sim.scene import NORTH, SOUTH

NAME = "gaza-2024"


@pytest.fixture(scope="module")
def report():
    return drills.run(NAME, seed=1, nights=40)


def test_it_shows_all_that_it_has_to(report):
    assert [each.name for each in report.criteria] == [
        "not_relayed_alarmed",
        "relayed_is_quiet",
        "three_states",
        "relayed_before_it_opens",
        "somebody_reached",
        "nothing_lost",
    ]
    assert [each.name for each in report.criteria if not each.passed] == []


def test_on_some_nights_the_desk_acts_on_its_alarm_and_on_most_it_has_to_be_called(report):
    assert set(report.answered_by) > {"at the alarm of its own desk", "rung 1, there"}
    assert sum(report.answered_by.values()) == 40


def test_both_records_have_three_states_each_with_its_clock():
    told = gaza_2024._Night(1)
    for party in (NORTH, SOUTH):
        notice = told.notice_at(party, told.left_lying)
        first = {}
        for each in notice.noted:
            first.setdefault(each.disposition, each.at)
        received, relayed, understood = (first[each] for each in list(Disposition)[:3])
        assert received < gaza_2024.DUE < relayed < understood < gaza_2024.OPENS
        assert not notice.lies_unrelayed


def test_nothing_historic_is_given_a_time_that_nobody_took(report):
    assert report.historic_s is None
    assert report.to_json()["historic_s"] is None
    for row in report.timeline.rows:
        assert bool(row.what) == bool(row.status)


def test_the_distribution_is_drawn_without_a_historic_time(report, tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "reach.svg"
    drills.plot(report, str(file))
    assert file.stat().st_size > 10_000
