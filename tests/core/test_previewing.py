"""Previewing: it says what declaring would do, does nothing, and offers only what is clear."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS
from clearline.basis.steps import finish
from clearline.core.events import Revise, Withdraw
from clearline.core.previewing import Preview, preview, previewing
from clearline.core.terms import DEFAULT_MINIMA, WORLDWIDE, Limits
from clearline.core.trial import Way
from clearline.space import Altitude, Band, Datum, Polygon, TerrainRange, Volume, Window, parse_band
from tests.kit import LINK, START, Pair, declare, degrees, volume


def band(low: int, high: int) -> Band:
    return Band(
        lower=Altitude(datum=Datum.FL, value_cm=low * 3_048),
        upper=Altitude(datum=Datum.FL, value_cm=high * 3_048),
    )


def look(pair: Pair, *volumes: Volume) -> Preview:
    state = pair.north.runtime.state
    return preview(state, state.link(LINK), volumes, "flight", None, pair.now)


volumes = st.builds(
    volume,
    st.floats(35.0, 35.6),
    st.floats(40.0, 40.6),
    radius_m=st.integers(1_000, 20_000),
    start_ms=st.integers(1, 12).map(lambda n: n * HOUR_MS),
    length_ms=st.integers(1, 6).map(lambda n: n * HOUR_MS),
    band=st.tuples(st.integers(0, 20), st.integers(1, 20)).map(
        lambda n: band(n[0] * 10, (n[0] + n[1]) * 10)
    ),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(volumes, min_size=1, max_size=4), volumes)
def test_it_foresees_exactly_what_declaring_then_finds(theirs: list[Volume], ours: Volume) -> None:
    pair = Pair()
    for each in theirs:
        pair.south.do(declare(each), pair.now)
    pair.settle()
    before = pair.north.runtime.state.pack()
    seen = look(pair, ours)
    assert pair.north.runtime.state.pack() == before, "nothing has changed"
    notice = pair.north.do(declare(ours), pair.now)
    pair.settle()
    found = pair.north.runtime.state.conflicts.of_notice(notice)
    assert {each.theirs for each in found} == {each.theirs for each in seen.conflicts}
    claims = {each.theirs: each.claimed_by_us for each in found}
    assert all(claims[each.theirs].found == each.found for each in seen.conflicts)
    assert seen.complete
    assert pair.north.runtime.state.notice(notice).volumes == seen.volumes


HILLS = TerrainRange(lowest_cm=15_000, highest_cm=140_000)
STATED = replace(DEFAULT_MINIMA, heights=replace(WORLDWIDE, terrain=HILLS))
mixed = st.builds(
    volume,
    st.floats(35.2, 35.4),
    st.floats(40.0, 40.2),
    band=st.sampled_from(
        [
            *("FL050-FL100", "FL200-FL300", "FL120-6000 m AMSL", "SFC-FL180"),
            *("0 m AMSL-1500 m AMSL", "0 m AGL-120 m AGL", "2000 m HAE-3000 m HAE"),
        ]
    ).map(parse_band),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(mixed, min_size=1, max_size=3), mixed)
def test_it_foresees_the_same_of_levels_of_different_data(
    theirs: list[Volume], ours: Volume
) -> None:
    pair = Pair(minima=STATED)
    for each in theirs:
        pair.south.do(declare(each), pair.now)
    pair.settle()
    seen = look(pair, ours)
    notice = pair.north.do(declare(ours), pair.now)
    pair.settle()
    found = pair.north.runtime.state.conflicts.of_notice(notice)
    claims = {each.theirs: each.claimed_by_us.found for each in found}
    assert claims == {each.theirs: each.found for each in seen.conflicts}
    for each in found:
        assert each.claimed_by_them.found.certainty is claims[each.theirs].certainty
    for way in seen.ways_out:
        assert look(pair, *way.volumes).conflicts == (), way


@settings(deadline=None, max_examples=60)
@given(st.lists(volumes, min_size=1, max_size=4), volumes)
def test_every_way_out_is_one(theirs: list[Volume], ours: Volume) -> None:
    pair = Pair()
    for each in theirs:
        pair.south.do(declare(each), pair.now)
    pair.settle()
    for way in look(pair, ours).ways_out:
        notice = pair.north.do(declare(*way.volumes), pair.now)
        pair.settle()
        assert pair.north.runtime.state.conflicts.of_notice(notice) == [], way
        assert pair.south.runtime.state.conflicts.by_key == {}, way
        pair.north.do(_withdraw(notice), pair.now)
        pair.settle()


def test_a_way_out_is_offered_in_time_and_in_height() -> None:
    pair = Pair()
    pair.south.do(declare(volume(band=band(100, 180))), pair.now)
    pair.settle()
    ways = {way.way: way for way in look(pair, volume(band=band(120, 160))).ways_out}
    assert set(ways) >= {Way.LATER, Way.ABOVE, Way.BELOW}
    later = ways[Way.LATER].volumes[0].window
    assert later.start > volume().window.end
    assert later.end.since(later.start) == 2 * HOUR_MS
    above = ways[Way.ABOVE].volumes[0].band
    assert above.lower.value_cm >= 190 * 3_048
    assert above.upper.value_cm - above.lower.value_cm == 40 * 3_048


def test_a_way_out_is_the_least_change_on_the_grid_and_on_round_figures() -> None:
    pair = Pair()
    pair.south.do(declare(volume(band=band(100, 180), start_ms=6 * HOUR_MS)), pair.now)
    pair.settle()
    (theirs,) = pair.north.runtime.state.notices.by_id.values()
    ours = volume(band=band(120, 160), start_ms=6 * HOUR_MS)
    ways = {way.way: way.volumes[0] for way in look(pair, ours).ways_out}
    # Where the two are one place nothing is left to cut back to.
    assert set(ways) == set(Way) - {Way.SMALLER}
    gap_ms = ways[Way.LATER].window.start.since(theirs.closes)
    assert DEFAULT_MINIMA.time_ms <= gap_ms < DEFAULT_MINIMA.time_ms + 10 * MINUTE_MS
    gap_ms = theirs.opens.since(ways[Way.EARLIER].window.end)
    assert DEFAULT_MINIMA.time_ms <= gap_ms < DEFAULT_MINIMA.time_ms + 10 * MINUTE_MS
    top_cm = theirs.volumes[0].band.upper.value_cm
    gap_cm = ways[Way.ABOVE].band.lower.value_cm - top_cm
    assert DEFAULT_MINIMA.vertical_cm <= gap_cm < DEFAULT_MINIMA.vertical_cm + 2 * 30_480


def test_a_way_out_goes_past_one_obstacle_after_another() -> None:
    pair = Pair()
    for start in (3, 6, 9):
        pair.south.do(declare(volume(start_ms=start * HOUR_MS, length_ms=2 * HOUR_MS)), pair.now)
    pair.settle()
    ways = {way.way: way.volumes[0] for way in look(pair, volume()).ways_out}
    assert ways[Way.LATER].window.start > START.after(11 * HOUR_MS)


def test_where_there_is_no_time_before_theirs_a_notice_may_end_sooner() -> None:
    pair = Pair()
    pair.south.do(declare(volume(start_ms=2 * HOUR_MS)), pair.now)
    pair.settle()
    ours = volume(start_ms=HOUR_MS // 2, length_ms=6 * HOUR_MS)
    ways = {way.way: way.volumes[0] for way in look(pair, ours).ways_out}
    assert ways[Way.EARLIER].window.start == ours.window.start
    assert ways[Way.EARLIER].window.end < START.after(2 * HOUR_MS)


def test_no_height_is_offered_where_the_data_cannot_be_compared() -> None:
    pair = Pair()
    ground = Band(
        lower=Altitude(datum=Datum.SURFACE, value_cm=0),
        upper=Altitude(datum=Datum.AMSL, value_cm=300_000),
    )
    pair.south.do(declare(volume(band=ground)), pair.now)
    pair.settle()
    seen = look(pair, volume(band=band(120, 160)))
    assert len(seen.conflicts) == 1
    assert not {way.way for way in seen.ways_out} & {Way.ABOVE, Way.BELOW}


def test_a_revision_is_previewed_as_one() -> None:
    pair = Pair(limits=Limits(active_notices=1))
    notice = pair.north.do(declare(), pair.now)
    pair.south.do(declare(volume(start_ms=8 * HOUR_MS)), pair.now)
    pair.settle()
    state = pair.north.runtime.state
    moved = volume(start_ms=8 * HOUR_MS)
    with pytest.raises(Mistake, match="active already"):
        look(pair, moved)
    link = state.link(LINK)
    seen = preview(state, link, (moved,), "", None, pair.now, revises=notice)
    pair.north.do(Revise(by="planner", notice=notice, volumes=(moved,)), pair.now)
    found = state.conflicts.of_notice(notice)
    assert [each.theirs for each in found] == [each.theirs for each in seen.conflicts]
    assert state.notice(notice).volumes == seen.volumes
    assert seen.activity == "flight"
    pair.north.do(_withdraw(notice), pair.now)
    with pytest.raises(Mistake, match="withdrawn"):
        preview(state, link, (moved,), "", None, pair.now, revises=notice)


def test_what_happens_between_two_steps_is_seen_whole_or_not_at_all() -> None:
    pair = Pair()
    theirs = pair.south.do(declare(), pair.now)
    pair.settle()
    state = pair.north.runtime.state
    drawn = (volume(), volume(35.4, 40.2))
    steps = previewing(state, state.link(LINK), drawn, "flight", None, pair.now)
    next(steps)
    pair.south.do(_withdraw(theirs), pair.now)
    other = pair.south.do(declare(), pair.now)
    pair.settle()
    seen = finish(steps)
    assert [each.theirs for each in seen.conflicts] == [other]


def test_what_comes_near_too_much_is_not_called_compared() -> None:
    pair = Pair()
    star = tuple(replace(volume(), outline=_star(100)) for _ in range(8))
    for _ in range(40):
        pair.south.do(declare(*star), pair.now)
    pair.settle()
    seen = look(pair, *star)
    assert not seen.complete
    assert seen.conflicts
    assert seen.ways_out == ()


def test_a_suggestion_that_the_terms_do_not_allow_is_not_made() -> None:
    pair = Pair(limits=Limits(horizon_ms=DAY_MS))
    month = Window(start=START.after(HOUR_MS), end=START.after(30 * DAY_MS))
    pair.south.do(declare(replace(volume(), window=month)), pair.now)
    pair.settle()
    assert Way.LATER not in {way.way for way in look(pair, volume()).ways_out}


def _star(points: int) -> Polygon:
    turns = [2 * math.pi * n / points for n in range(points)]
    reach = [0.6 if n % 2 else 0.5 for n in range(points)]
    return Polygon(
        exterior=tuple(
            degrees(35.3 + r * math.sin(turn), 40.1 + r * math.cos(turn))
            for turn, r in zip(turns, reach, strict=True)
        )
    )


def test_without_a_conflict_there_is_nothing_to_offer() -> None:
    pair = Pair()
    seen = look(pair, volume())
    assert seen.conflicts == ()
    assert seen.ways_out == ()
    assert "rounded" in seen.changes


def test_what_declaring_would_refuse_is_refused_here() -> None:
    pair = Pair()
    outside = volume(lat=10.0, lon=10.0)
    past = volume(start_ms=-5 * HOUR_MS, length_ms=HOUR_MS)
    crossed = replace(volume(), band=band(200, 100))
    for wrong in (outside, past, crossed):
        with pytest.raises(Mistake):
            look(pair, wrong)
    assert pair.now == START


def _withdraw(notice: str) -> object:
    return Withdraw(by="planner", notice=notice)
