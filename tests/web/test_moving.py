"""A transit that is typed: its areas, when each point is passed, and each fault by its field."""

from __future__ import annotations

from typing import Any

import pytest

from clearline.basis.instants import HOUR_MS
from clearline.core.terms import Limits
from clearline.web.checks import check_notice
from clearline.web.drafts import NoticeCheck, NoticeDraft
from tests.kit import LINK, START, Pair, declare, volume

TYPED: dict[str, Any] = {
    "links": (LINK,),
    "activity": "convoy",
    "shape": "transit",
    "points": "35.0N 040.0E\n35.2N 040.4E\n35.2N 040.9E",
    "width": "4 km",
    "speed": "30-40 km/h",
    "lower": "FL100",
    "upper": "FL120",
    "start": "+3h",
    "tolerance": "10 min",
}


def check(pair: Pair, **typed: Any) -> NoticeCheck:
    return check_notice(pair.north.runtime.state, NoticeDraft(**(TYPED | typed)), pair.now)


def test_a_transit_is_shown_as_its_areas_and_when_each_point_is_passed():
    pair = Pair()
    pair.south.do(declare(volume(35.2, 40.65, start_ms=0, length_ms=24 * HOUR_MS)), pair.now)
    pair.settle()
    seen = check(pair)
    assert seen.faults == ()
    assert 2 <= len(seen.volumes) <= 8
    assert seen.transit is not None
    assert 1_000 < seen.transit.closed_permille < seen.transit.single_permille
    assert len(seen.transit.points) == 3
    assert (
        seen.transit.points[0].earliest < START.after(3 * HOUR_MS) < seen.transit.points[0].latest
    )
    (link,) = seen.links
    assert link.verdict == "conflict"
    assert len(link.they_see) == len(seen.volumes)
    assert link.ways_whole
    assert {"above", "below", "aside"} <= {way.way.value for way in link.ways_out}


def test_the_strictest_of_the_terms_says_how_many_areas():
    assert len(check(Pair(limits=Limits(volumes_per_notice=2))).volumes) == 2


def test_its_points_may_have_times_in_place_of_a_departure():
    seen = check(Pair(), start="", passing="3 +9h..+10h\n\n")
    assert seen.faults == ()
    assert seen.volumes[-1].window.end > START.after(10 * HOUR_MS)


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"points": "35.0N 040.0E"}, "points", "too_few_points"),
        ({"points": "35.0N 040.0E\n35.0N 040.0E"}, "points", "repeated_point"),
        ({"points": "35.0N 040.0E\nhere"}, "points", "place_vague"),
        ({"width": ""}, "width", "missing"),
        ({"width": "1 m"}, "width", "zero_size"),
        ({"speed": ""}, "speed", "missing"),
        ({"speed": "fast"}, "speed", "bad_speed"),
        ({"speed": "0.1 km/h", "tolerance": ""}, "speed", "transit_too_long"),
        ({"start": ""}, "start", "missing"),
        ({"start": "soon"}, "start", "bad_time"),
        ({"passing": "9 +4h"}, "passing", "transit_passes"),
        ({"passing": "3 +4h"}, "passing", "transit_impossible"),
        ({"passing": "+4h"}, "passing", "bad_passing"),
        ({"tolerance": "some"}, "tolerance", "bad_span"),
        ({"upper": "FL050"}, "upper", "band_inverted"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(typed: dict[str, Any], field: str, code: str):
    seen = check(Pair(), **typed)
    assert [(each.field, each.code) for each in seen.faults] == [(field, code)]
    assert seen.volumes == ()
