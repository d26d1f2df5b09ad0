"""The acceptance drill: the anchor is caught, a human is reached, and labels are shown."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from clearline import drills
from clearline.basis.faults import Mistake
from clearline.drills.deir_ez_zor_2016 import wrong_anchor_refused

NAME = "deir-ez-zor-2016"


@pytest.fixture(scope="module")
def report():
    return drills.run(NAME, seed=1, nights=60)


def test_the_report_has_the_shape_that_is_documented(report):
    said = report.to_json()
    assert list(said) == [
        "nights",
        "seed",
        "reach_s",
        "historic_s",
        "never_reached",
        "wrong_anchor_caught",
        "somebody_reached",
        "nothing_lost",
        "lost_entries",
        "criteria",
        "passed",
    ]
    assert list(said["reach_s"]) == ["p50", "p99", "max"]
    assert said["historic_s"] == 1_620


def test_every_night_reaches_a_human_and_loses_nothing(report):
    assert report.never_reached == 0
    assert report.lost_entries == 0
    assert report.passed
    assert report.to_json()["wrong_anchor_caught"] is True


def test_half_of_the_nights_reach_a_human_in_a_hundredth_of_the_historic_time(report):
    assert report.reach.p50 * 100 <= report.historic_s


def test_a_node_that_does_not_check_the_anchor_is_refused_by_the_counterpart():
    assert wrong_anchor_refused(1)


def test_every_historic_line_carries_its_label_and_none_stands_without(report):
    for row in report.timeline.rows:
        assert bool(row.what) == bool(row.status)
        assert not row.status or "V" in row.status or "R" in row.status
    assert set(report.timeline.labels) == {"V", "R", "S"}


def test_the_simulated_steps_follow_each_other(report):
    times = [row.line_at for row in report.timeline.rows if row.line_at]
    assert times == sorted(times)
    assert len(times) == 8


def test_the_number_of_workers_changes_nothing_but_the_time():
    one = drills.run(NAME, seed=5, nights=30, workers=1)
    two = drills.run(NAME, seed=5, nights=30, workers=2)
    assert replace(one, wall_s=0.0) == replace(two, wall_s=0.0)


def test_the_narrative_names_its_labels_and_an_unknown_drill_is_a_mistake():
    assert "[V]" in drills.describe(NAME)
    assert "[R]" in drills.describe(NAME)
    assert drills.names() == (NAME, "gaza-2024", "il-20-2018")
    with pytest.raises(Mistake, match="no drill"):
        drills.run("khasham-2018")


def test_the_distribution_is_drawn(report, tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "reach.png"
    drills.plot(report, str(file))
    assert file.stat().st_size > 10_000
