"""The index's port: one suite that memory, the R*Tree and both together pass, and so are equal."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.population import population
from clearline.basis.instants import DAY_MS, Instant
from clearline.space import GridIndex, Index, LayeredIndex, Minima, Volume, Window, parse_band
from clearline.space.index.bound import bound, probe, row_of, select
from clearline.stores.rtree import RTreeIndex
from tests.space.truth import Make

DAY = 20_000 * DAY_MS


@pytest.fixture(scope="module")
def rtree():
    """Return what makes a new, empty index in a database."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    numbers = itertools.count()
    yield lambda: RTreeIndex(db, f"near{next(numbers)}")
    db.close()


@pytest.fixture(scope="module", params=["memory", "rtree", "layered"])
def empty(request, rtree) -> Callable[[], Index]:
    """Return what makes a new, empty index each time."""
    match request.param:
        case "memory":
            return GridIndex
        case "rtree":
            return rtree
        case _:
            return lambda: LayeredIndex(GridIndex(), 3, rtree)


PLACES = [(35.0, 40.0), (0.0, 179.9), (0.0, -179.9), (89.5, 0.0), (-89.97, 90.0), (65.0, 180.0)]
BANDS = [
    parse_band(text)
    for text in (
        "SFC-FL100",
        "FL100-FL180",
        "SFC-300 m AGL",
        "0 m AMSL-900 m AMSL",
        "30 m DEPTH-SFC",
    )
]


@st.composite
def volumes(draw):
    """Return a volume of any kind, about one of a few places."""
    start = draw(st.integers(0, 3 * DAY_MS))
    span = draw(st.sampled_from([60_000, 3_600_000, 2 * DAY_MS, 90 * DAY_MS]))
    return Volume(
        outline=draw(outlines()),
        band=draw(st.sampled_from(BANDS)),
        window=Window(start=Instant(DAY + start), end=Instant(DAY + start + span)),
    )


@st.composite
def outlines(draw):
    size = draw(st.sampled_from([100.0, 5_000.0, 60_000.0, 700_000.0]))
    place = draw(st.sampled_from(PLACES))
    at = Make.reach(*place, draw(st.floats(0, 360)), size * draw(st.floats(0, 2)))
    lat, lon, turn = at.lat_deg, at.lon_deg, draw(st.floats(0, 360))
    match draw(st.integers(0, 2)):
        case 0:
            return Make.circle(lat, lon, size)
        case 1:
            return Make.ngon(lat, lon, size, draw(st.integers(3, 9)), turn)
        case _:
            legs = [Make.reach(lat, lon, turn + 70 * leg, size * 2) for leg in range(1, 3)]
            return Make.path(2_000, (lat, lon), *((p.lat_deg, p.lon_deg) for p in legs))


def not_excluded(named, asked, minima):
    """Return, by looking at every one, the keys that the bounds do not exclude."""
    wanted = probe(bound(asked), minima)
    return sorted(
        key
        for key, made in named.items()
        if any(
            len(select(np.array([row_of(cap, (b.start, b.end, b.low, b.high), 0)]), wanted))
            for b in map(bound, made)
            for cap in b.pieces
        )
    )


MINIMA = st.builds(
    Minima,
    horizontal_cm=st.sampled_from([0, 500_000, 20_000_000]),
    vertical_cm=st.sampled_from([0, 30_480, 10**9]),
    time_ms=st.sampled_from([0, 600_000, 2 * DAY_MS]),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.lists(volumes(), min_size=1, max_size=3), max_size=10), volumes(), MINIMA)
def test_an_index_returns_exactly_what_the_bounds_do_not_exclude(empty, made, asked, minima):
    index = empty()
    named = {f"{number:03d}": each for number, each in enumerate(made)}
    for key, each in named.items():
        index.add(key, each)
    assert index.near(asked, minima) == not_excluded(named, asked, minima)
    assert len(index) == len(named)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.none() | volumes()), max_size=25),
    volumes(),
)
def test_what_was_replaced_or_removed_leaves_no_trace(empty, changes, asked):
    index, named = empty(), {}
    minima = Minima(horizontal_cm=500_000, vertical_cm=0, time_ms=600_000)
    for number, (key, each) in enumerate(changes):
        if each is None:
            index.remove(key)
            named.pop(key, None)
        else:
            index.add(key, [each])
            named[key] = [each]
        if isinstance(index, RTreeIndex) and number % 3 == 0:
            index.write()
        assert (key in index) == (key in named)
    assert index.near(asked, minima) == not_excluded(named, asked, minima)
    assert len(index) == len(named)


def test_among_many_in_cells_of_every_size_an_index_returns_the_same(empty):
    index, made = empty(), population(700, in_theatre=1.0)
    for number, each in enumerate(made):
        index.add(f"{number:03d}", [each])
    rows = np.array(
        [
            row_of(cap, (b.start, b.end, b.low, b.high), number)
            for number, b in enumerate(map(bound, made))
            for cap in b.pieces
        ]
    )
    minima = Minima(horizontal_cm=3_000_000, vertical_cm=30_480, time_ms=6 * 3_600_000)
    found = 0
    for asked in population(120, seed=2, in_theatre=1.0):
        kept = rows[select(rows, probe(bound(asked), minima)), -1]
        near = sorted({f"{int(number):03d}" for number in kept})
        assert index.near(asked, minima) == near
        found += len(near)
    assert found > 20


def test_large_caps_that_nearly_meet_are_told_alike_whoever_looks_at_them(empty):
    # Their chord is shorter than their angle by kilometres, so it must not decide alone.
    window, minima = (
        Window(start=Instant(DAY), end=Instant(DAY + 1)),
        Minima(horizontal_cm=0, vertical_cm=0, time_ms=0),
    )
    asked = Volume(outline=Make.circle(0, 40, 900_000), band=BANDS[0], window=window)
    answers = set()
    for gap_m in range(0, 12_000, 500):
        at = Make.reach(0, 40, 0, 1_800_000 + gap_m)
        other = Make.circle(at.lat_deg, at.lon_deg, 900_000)
        named = {"it": [Volume(outline=other, band=BANDS[0], window=window)]}
        index = empty()
        index.add("it", named["it"])
        if isinstance(index, RTreeIndex):
            index.write()
        near = index.near(asked, minima)
        assert near == not_excluded(named, asked, minima), gap_m
        answers.add(tuple(near))
    assert answers == {("it",), ()}


def test_an_index_that_is_full_puts_what_is_more_elsewhere_and_room_that_is_made_is_used(rtree):
    index = LayeredIndex(GridIndex(), 2, rtree)
    here = Volume(
        outline=Make.circle(35, 40, 1_000),
        band=BANDS[0],
        window=Window(start=Instant(DAY), end=Instant(DAY + 1)),
    )
    for key in "abc":
        index.add(key, [here])
    assert (len(index), index.elsewhere) == (3, 1)
    index.remove("a")
    index.add("d", [here])
    assert (len(index), index.elsewhere) == (3, 1)
    index.remove("c")
    assert (len(index), index.elsewhere) == (2, 0)
    minima = Minima(horizontal_cm=0, vertical_cm=0, time_ms=0)
    assert index.near(here, minima) == ["b", "d"]
