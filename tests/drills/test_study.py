"""A drill's score: a criterion fails with the night on which it failed, and says how many."""

from __future__ import annotations

from clearline.drills.report import Timeline
from clearline.drills.study import Plan, study
from clearline.sim.ladder_study import NightOutcome

PLAN = Plan(
    name="paper",
    measured="one thing to another",
    historic_s=None,
    historic="",
    criteria={"fine": "it was fine", "dry": "it was dry"},
)


def night(seed: int) -> NightOutcome:
    """Every third night it rains, on the tenth nobody comes, and on the eleventh a page is lost."""
    return NightOutcome(
        seed=seed,
        reach_ms=None if seed == 10 else 1_000 * seed,
        held={"fine": True, "dry": seed % 3 != 0},
        lost_entries=2 if seed == 11 else 0,
        kept_by="there",
        rung=0 if seed == 10 else 1,
    )


def score(*seeds: int, **once: bool):
    return study(PLAN, night, lambda: Timeline(rows=()), seeds, 1, None, once)


def failed(*seeds: int, **once: bool) -> list[str]:
    return [each.name for each in score(*seeds, **once).criteria if not each.passed]


def test_a_criterion_holds_only_if_it_held_on_every_night():
    assert failed(1, 2) == []
    assert failed(1, 2, 3) == ["dry"]
    assert "on 2 of 3 nights" in score(1, 2, 3).criteria[1].evidence


def test_nobody_reached_or_anything_lost_fails_every_drill():
    assert failed(1, 10) == ["somebody_reached"]
    assert failed(1, 11) == ["nothing_lost"]
    assert not score(1, 11).passed


def test_what_was_tried_once_and_failed_fails_its_criterion():
    assert failed(1, fine=True) == []
    assert failed(1, fine=False) == ["fine"]
