"""Reshaping: what is moved keeps its shape, and what is cut back covers nothing new."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clearline.space import (
    Circle,
    Corridor,
    Moved,
    Polygon,
    carried,
    check,
    contains,
    cut_back,
    from_degrees,
    horizontal_cm,
    inner_disc,
    middle,
    positions,
)
from tests.space.test_rounding import outlines
from tests.space.truth import Make


@settings(max_examples=60)
@given(outlines(), st.floats(0, 360), st.floats(1, 100_000))
def test_what_is_moved_keeps_its_shape_and_goes_as_far_as_is_said(outline, bearing, metres):
    lat, lon = middle(positions(outline))
    moved = Moved(outline, lat, lon).to(*carried(lat, lon, bearing, metres))
    before, after = positions(outline), positions(moved)
    assert type(moved) is type(outline)
    for one, other in combinations(range(min(len(before), 6)), 2):
        was, is_now = (
            Make.apart_m(before[one], before[other]),
            Make.apart_m(after[one], after[other]),
        )
        assert is_now == pytest.approx(was, rel=1e-3, abs=0.1)
    for one, other in zip(before[:6], after[:6], strict=True):
        assert Make.apart_m(one, other) == pytest.approx(metres, rel=1e-3, abs=0.1)


@settings(max_examples=60)
@given(outlines(), st.floats(0, 360))
def test_a_disc_inside_an_outline_is_inside_it(outline, bearing):
    disc = inner_disc(outline)
    if isinstance(outline, Polygon):
        assume(not outline.holes)
    rim = Make.reach(disc.lat, disc.lon, bearing, max(0.0, disc.radius_m - 0.01))
    assert contains(outline, rim)


@settings(max_examples=60)
@given(outlines(), st.floats(0, 360), st.floats(0.2, 1.5), st.floats(0.05, 1))
def test_what_is_cut_back_is_clear_and_covers_no_new_ground(outline, bearing, off, size):
    reach = max(
        Make.apart_m(a, b) for a in positions(outline) for b in positions(outline)
    ) or outline.radius_cm / 100  # fmt: skip
    first = positions(outline)[0]
    centre = Make.reach(first.lat_deg, first.lon_deg, bearing, off * reach)
    theirs = Circle(centre=centre, radius_cm=max(100, round(size * reach * 50)))
    cut = cut_back(outline, [theirs], reach / 20)
    if cut is None:
        return
    check(cut.outline)
    # Near the rim of a plane a length looks longer than it is: a part in a thousand.
    assert horizontal_cm(cut.outline, theirs) >= 0.998 * reach * 5 - 2
    for point in positions(cut.outline):
        assert contains(outline, point)
    assert 0 <= cut.lost_permille <= 1_000


def test_what_is_too_near_everywhere_leaves_nothing():
    ours = Make.circle(35.0, 33.0, 1_000)
    assert cut_back(ours, [Make.circle(35.0, 33.0, 1_000)], 100) is None


def test_of_two_parts_the_larger_is_kept():
    path = Corridor(points=(from_degrees(35, 33), from_degrees(35, 34)), width_cm=20_000)
    cut = cut_back(path, [Make.circle(35.0, 33.3, 2_000)], 1_000)
    assert cut is not None
    assert positions(cut.outline)[-1] == path.points[-1]
    assert 300 < cut.lost_permille < 400


@pytest.mark.parametrize("bearing", range(0, 360, 20))
def test_what_is_moved_by_nothing_is_not_turned(bearing):
    route = Corridor(points=(from_degrees(35, 40), from_degrees(35.2, 40.9)), width_cm=20_000)
    lat, lon = middle(route.points)
    assert Moved(route, lat, lon).to(*carried(lat, lon, bearing, 0.0)) == route
