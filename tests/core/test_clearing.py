"""Clearing: each change is the smallest of its kind, clear of all of theirs, and says its size."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.basis.steps import finish
from clearline.core.clearing import Clearing, clearing
from clearline.core.conflicts import look
from clearline.core.declaring import released
from clearline.core.events import Withdraw
from clearline.core.field import near
from clearline.core.notices import Notice
from clearline.core.trial import Way, WayOut
from clearline.space import (
    Band,
    Circle,
    Corridor,
    Datum,
    Passing,
    Polygon,
    Position,
    Transit,
    Volume,
    Window,
    chain,
    contains,
    covers,
    positions,
    within,
)
from clearline.space.plane import geodesic_fwd, geodesic_inv
from tests.core.test_previewing import band
from tests.kit import AIR, AREA, LINK, START, Pair, declare, degrees, volume


def ways(pair: Pair, *ours: Volume) -> dict[Way, WayOut]:
    return {each.way: each for each in cleared(pair, *ours).ways}


def cleared(pair: Pair, *ours: Volume) -> Clearing:
    state = pair.north.runtime.state
    return finish(clearing(state, state.link(LINK), ours, "flight", {}, pair.now))


def is_clear(pair: Pair, *ours: Volume) -> bool:
    """Return whether volumes meet nothing, by the declaring's own way alone."""
    state = pair.north.runtime.state
    link = state.link(LINK)
    try:
        out = released(ours, "flight", None, link, pair.now)
    except Mistake:
        return False
    minima = link.terms.minima
    around = finish(near(state, LINK, out.volumes, minima, pair.now))
    notice = Notice(
        id=LINK, link=LINK, mine=True, entry=LINK, revision=1, activity="", volumes=out.volumes,
        late=False, declared_at=pair.now, stated_at=pair.now, index=0,
    )  # fmt: skip
    return all(look(notice, other, minima) is None for other in around)


def against(*theirs: Volume) -> Pair:
    pair = Pair()
    for each in theirs:
        pair.south.do(declare(each), pair.now)
    pair.settle()
    return pair


near_one_another = st.builds(
    volume,
    st.floats(35.1, 35.5),
    st.floats(39.9, 40.3),
    radius_m=st.integers(1_000, 20_000),
    start_ms=st.integers(12, 60).map(lambda n: n * 5 * MINUTE_MS),
    length_ms=st.integers(1, 24).map(lambda n: n * 10 * MINUTE_MS),
    band=st.tuples(st.integers(0, 20), st.integers(1, 15)).map(
        lambda n: band(n[0] * 10, (n[0] + n[1]) * 10)
    ),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(near_one_another, min_size=1, max_size=6), near_one_another)
def test_no_smaller_change_of_its_kind_would_do(theirs: list[Volume], ours: Volume) -> None:
    pair = against(*theirs)
    if is_clear(pair, ours):
        return
    found = ways(pair, ours)
    for way in found.values():
        assert is_clear(pair, *way.volumes), way
    for way, step, lattice in (
        (Way.LATER, 5 * MINUTE_MS, ours.window.start),
        (Way.EARLIER, -5 * MINUTE_MS, ours.window.end),
    ):
        by = 0
        while True:
            by += step
            if ours.window.start.after(by) < START or abs(by) > 20 * HOUR_MS:
                assert way not in found or found[way].volumes[0].window.start == ours.window.start
                break
            moved = Window(start=ours.window.start.after(by), end=ours.window.end.after(by))
            if (lattice + by) % step == 0 and is_clear(pair, replace(ours, window=moved)):
                assert found[way].volumes[0].window == moved
                assert found[way].by_ms == abs(by)
                break
    for way, step in ((Way.ABOVE, 30_480), (Way.BELOW, -30_480)):
        by = step
        while ours.band.lower.value_cm + by >= 0 and ours.band.upper.value_cm + by <= 600 * 3_048:
            if is_clear(pair, replace(ours, band=_raised(ours.band, by))):
                assert found[way].by_cm == abs(by)
                break
            by += step
        else:
            assert way not in found


def _raised(band: Band, by: int) -> Band:
    lower, upper = (replace(each, value_cm=each.value_cm + by) for each in (band.lower, band.upper))
    return Band(lower=lower, upper=upper)


@settings(deadline=None, max_examples=12)
@given(st.lists(near_one_another, min_size=1, max_size=4), near_one_another)
def test_no_shorter_way_aside_would_do(theirs: list[Volume], ours: Volume) -> None:
    pair = against(*theirs)
    aside = None if is_clear(pair, ours) else ways(pair, ours).get(Way.ASIDE)
    if aside is None:
        return
    assert isinstance(ours.outline, Circle)
    centre = ours.outline.centre
    (moved,) = positions(aside.volumes[0].outline)
    metres, bearing = geodesic_inv(centre.lat_deg, centre.lon_deg, moved.lat_deg, moved.lon_deg)
    assert metres * 100 == pytest.approx(aside.by_cm, abs=5)
    assert aside.bearing_deg is not None
    assert math.cos(math.radians(bearing - aside.bearing_deg)) == pytest.approx(1, abs=1e-4)
    # What is shared is rounded to steps of a kilometre, so a kilometre or two may be luck.
    shorter = aside.by_cm // 100 - 2_500
    for degrees_to in range(0, 360, 30):
        for part in (0.3, 0.7, 1.0):
            if shorter <= 0:
                break
            lat, lon = geodesic_fwd(centre.lat_deg, centre.lon_deg, degrees_to, shorter * part)
            there = replace(ours.outline, centre=degrees(lat, lon))
            inside = within(AREA, there)
            assert not inside or not is_clear(pair, replace(ours, outline=there))


def square(lat: float, lon: float, side: float) -> Polygon:
    return Polygon(
        exterior=(
            degrees(lat, lon), degrees(lat, lon + side),
            degrees(lat + side, lon + side), degrees(lat + side, lon),
        )
    )  # fmt: skip


def test_ground_is_cut_back_from_what_is_too_near_and_from_nothing_else() -> None:
    ours = replace(volume(), outline=square(35.0, 40.0, 0.5))
    pair = against(volume(35.25, 40.55, radius_m=2_000))
    way = ways(pair, ours)[Way.SMALLER]
    (left,) = way.volumes
    assert is_clear(pair, left)
    assert covers(ours.outline, left.outline)
    assert 0 < way.permille < 120, "a bite out of one side"
    corners = {(each.lat_e7, each.lon_e7) for each in positions(left.outline)}
    assert sum((p.lat_e7, p.lon_e7) in corners for p in positions(ours.outline)) == 4
    # 2 km and 5 km of minimum from a side 4.5 km off; what is rounded takes a few more.
    assert 200_000 < way.by_cm < 1_000_000


def test_a_circle_is_cut_back_within_itself() -> None:
    ours = volume(35.3, 40.1, radius_m=20_000)
    pair = against(volume(35.3, 40.38, radius_m=3_000))
    way = ways(pair, ours)[Way.SMALLER]
    # It is convex: if it holds the corners, it holds what is between them.
    assert all(contains(ours.outline, each) for each in positions(way.volumes[0].outline))
    assert way.permille < 200


def test_of_a_route_the_longest_part_that_is_clear_is_kept() -> None:
    route = Corridor(points=(degrees(35.0, 39.0), degrees(35.0, 41.0)), width_cm=200_000)
    ours = replace(volume(), outline=route)
    pair = against(volume(35.0, 40.8, radius_m=3_000))
    way = ways(pair, ours)[Way.SMALLER]
    kept = way.volumes[0].outline
    assert isinstance(kept, Corridor)
    assert kept.points[0] == route.points[0]
    assert kept.points[-1].lon_deg < 40.75
    assert 100 < way.permille < 250
    # Cut in two, a route of several pieces would be a route no more.
    assert Way.SMALLER not in ways(pair, ours, replace(volume(34.5, 39.0), outline=route))


def test_the_smallest_change_stands_first_and_each_says_its_size() -> None:
    pair = against(volume(band=band(100, 180)))
    found = cleared(pair, volume(band=band(120, 160)))
    assert found.whole
    sizes = [each.permille for each in found.ways]
    assert sizes == sorted(sizes)
    for each in found.ways:
        in_time = each.way in (Way.LATER, Way.EARLIER)
        assert (each.by_ms > 0) == in_time
        assert (each.by_cm > 0) != in_time
        assert (each.bearing_deg is not None) == (each.way is Way.ASIDE)


def test_all_volumes_of_a_notice_are_moved_together() -> None:
    ours = (volume(35.3, 40.1), volume(35.5, 40.3, start_ms=5 * HOUR_MS))
    pair = against(volume(35.3, 40.1))
    way = ways(pair, *ours)[Way.ASIDE]
    before, after = ([positions(each.outline)[0] for each in made] for made in (ours, way.volumes))
    assert _apart_m(*after) == pytest.approx(_apart_m(*before), rel=1e-3)
    assert [each.window for each in way.volumes] == [each.window for each in ours]


def _apart_m(a: Position, b: Position) -> float:
    return geodesic_inv(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)[0]


def test_nobody_is_moved_out_of_the_agreed_area() -> None:
    edge = volume(34.1, 40.0, radius_m=5_000)
    pair = against(volume(34.1, 40.0, radius_m=5_000))
    way = ways(pair, edge)[Way.ASIDE]
    assert within(AREA, way.volumes[0].outline)
    half_out = volume(34.0, 40.0, radius_m=5_000)
    assert Way.ASIDE not in ways(pair, half_out)


def test_what_takes_too_long_is_left_and_that_is_said() -> None:
    pair = Pair()
    star = replace(volume(), outline=_star(100))
    for notice in range(34):
        each = (notice * 8 + n for n in range(8))
        pair.south.do(declare(*(replace(star, window=_again(number)) for number in each)), pair.now)
    pair.settle()
    found = cleared(pair, star)
    assert not found.whole
    assert Way.LATER not in {each.way for each in found.ways}
    assert Way.EARLIER in {each.way for each in found.ways}


def _again(number: int) -> Window:
    start = START.after(3 * HOUR_MS + number * 160 * MINUTE_MS)
    return Window(start=start, end=start.after(HOUR_MS))


def _star(points: int) -> Polygon:
    turns = [2 * math.pi * n / points for n in range(points)]
    return Polygon(
        exterior=tuple(
            degrees(35.3 + r * math.sin(turn), 40.1 + r * math.cos(turn))
            for turn, r in zip(turns, [0.6, 0.5] * (points // 2), strict=True)
        )
    )


def test_what_is_declared_while_it_is_looked_for_is_not_offered_past() -> None:
    pair = against(volume())
    state = pair.north.runtime.state
    steps = clearing(state, state.link(LINK), (volume(),), "flight", {}, pair.now)
    next(steps)
    pair.south.do(declare(volume(start_ms=5 * HOUR_MS + 20 * MINUTE_MS)), pair.now)
    pair.settle()
    for way in finish(steps).ways:
        assert is_clear(pair, *way.volumes), way


def test_what_was_withdrawn_is_in_nobodys_way() -> None:
    pair = against(volume())
    (theirs,) = pair.north.runtime.state.notices.by_id
    pair.south.do(Withdraw(by="planner", notice=theirs), pair.now)
    pair.settle()
    assert is_clear(pair, volume())
    assert ways(pair, volume())[Way.LATER].by_ms == 5 * MINUTE_MS


def test_a_depth_is_moved_by_no_step_and_the_rest_is_offered() -> None:
    deep = Band(
        lower=replace(band(0, 1).lower, datum=Datum.DEPTH, value_cm=3_000),
        upper=replace(band(0, 1).lower, datum=Datum.DEPTH, value_cm=0),
    )
    pair = against(volume(band=deep))
    found = ways(pair, volume(band=deep))
    assert set(found) == {Way.LATER, Way.EARLIER, Way.ASIDE}


def test_a_route_of_several_pieces_is_moved_as_one() -> None:
    leaves = START.after(3 * HOUR_MS)
    route = Transit(
        points=(degrees(35.0, 40.0), degrees(35.2, 40.4), degrees(35.2, 40.9)), width_cm=400_000,
        bands=(AIR,), slowest_cm_h=3_000_000, fastest_cm_h=4_000_000,
        passes=(Passing(point=0, earliest=leaves, latest=leaves),),
    )  # fmt: skip
    ours = chain(route, 8).volumes
    pair = against(volume(35.2, 40.65, radius_m=3_000, start_ms=0, length_ms=9 * HOUR_MS))
    assert not is_clear(pair, *ours)
    way = ways(pair, *ours)[Way.ASIDE]
    assert is_clear(pair, *way.volumes)
    # 3 km and 2 km, and a minimum of 5 km; what is rounded takes some more.
    assert 1_000_000 < way.by_cm < 1_500_000
    for one, other in pairwise(way.volumes):
        ends = positions(one.outline)[-1], positions(other.outline)[0]
        assert _apart_m(*ends) < 1, "it is one route still"
