"""Previewing: it says what declaring would do, does nothing, and offers only what is clear."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS
from clearline.core.events import Withdraw
from clearline.core.previewing import Preview, Way, preview
from clearline.space import Altitude, Band, Datum, Volume
from tests.kit import LINK, START, Pair, declare, volume


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


@settings(deadline=None, max_examples=25)
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
    assert pair.north.runtime.state.notice(notice).volumes == seen.volumes


@settings(deadline=None, max_examples=25)
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
