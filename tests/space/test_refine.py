"""Refinement: a batch says of every pair what `meet` says of it alone, on every shape."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import Instant
from clearline.space import (
    Circle,
    Corridor,
    Minima,
    Polygon,
    Volume,
    Window,
    from_degrees,
    meet,
    parse_band,
    refine,
)
from clearline.space.footprint import footprint
from clearline.space.glance import bounds_m, bounds_of_many_m
from clearline.space.separation import core_pair
from tests.space.truth import Make

PLACES = [(35.0, 40.0), (0.0, 179.95), (70.0, -179.9), (-33.0, 18.0), (89.9, 10.0), (-90.0, 0.0)]
EXACT_M = 0.6
"""`core_pair` itself is off by so much where outlines are over 1,000 km across."""
BANDS = [parse_band(text) for text in ("SFC-FL100", "FL090-FL200", "FL115-FL300", "SFC-300 m AGL")]


def volume(outline, band=BANDS[0], start=0):
    window = Window(start=Instant(start), end=Instant(start + 3_600_000))
    return Volume(outline=outline, band=band, window=window)


@st.composite
def outlines(draw, place):
    """Return a circle, polygon (perhaps with a hole) or corridor near a place."""
    size = draw(st.sampled_from([50.0, 3_000.0, 20_000.0, 90_000.0, 400_000.0]))
    at = Make.reach(*place, draw(st.floats(0, 360)), size * draw(st.floats(0, 3)))
    lat, lon = at.lat_deg, at.lon_deg
    turn = draw(st.floats(0, 90))
    match draw(st.sampled_from(["circle", "polygon", "holed", "sliver", "corridor"])):
        case "circle":
            return Make.circle(lat, lon, max(1, size / 2))
        case "polygon":
            margin = draw(st.sampled_from([0, 123, 100_000, 20_000_000]))
            ring = Make.ring(lat, lon, size, draw(st.integers(3, 9)), turn)
            return Polygon(exterior=ring, margin_cm=margin)
        case "holed":
            hole = Make.ring(lat, lon, size / 3, 4, turn)
            return Polygon(exterior=Make.ring(lat, lon, size, 6, turn), holes=(hole,))
        case "sliver":
            ends = [Make.reach(lat, lon, turn + way, size) for way in (0, 180, 180.5)]
            return Polygon(exterior=tuple(ends))
        case _:
            many = draw(st.integers(1, 4))
            legs = [Make.reach(lat, lon, turn + 60 * leg, size) for leg in range(many)]
            points = (from_degrees(lat, lon), *legs)
            return Corridor(points=points, width_cm=draw(st.sampled_from([200, 100_001])))


@st.composite
def batches(draw):
    """Return pairs of volumes, all near one place."""
    place = draw(st.sampled_from(PLACES))
    near = outlines(place)
    made = [
        volume(draw(near), draw(st.sampled_from(BANDS)), draw(st.sampled_from([0, 3_900_000])))
        for _ in range(draw(st.integers(2, 6)))
    ]
    return [(one, other) for one in made for other in made]


@pytest.fixture(
    scope="module", params=[(0, 0), (0, 10**6), (10**6, 10**6)], ids=["batch", "glance", "alone"]
)
def ways(request):
    """Have pairs measured by the batch, then by a glance and one by one, then one by one alone.

    By how many there are it is any of these.
    """
    module = sys.modules["clearline.space.refine"]
    usual = module._ALONE, module._FEW
    module._ALONE, module._FEW = request.param
    yield
    module._ALONE, module._FEW = usual


@settings(max_examples=400)
@given(batches(), st.sampled_from([0, 1, 500_000, 5_000_000]))
def test_a_batch_says_of_each_pair_what_is_said_of_it_alone(ways, pairs, horizontal_cm):
    minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=30_480, time_ms=600_000)
    assert refine(pairs, minima) == [meet(one, other, minima) for one, other in pairs]


@settings(max_examples=80)
@given(st.sampled_from(PLACES), st.data())
def test_a_glance_never_excludes_the_distance(place, data):
    core = data.draw(outlines(place).filter(lambda each: not isinstance(each, Circle)))
    size = data.draw(st.sampled_from([10.0, 5_000.0, 300_000.0]))
    at = Make.reach(*place, data.draw(st.floats(0, 360)), size * data.draw(st.floats(0, 3)))
    point = Circle(centre=at, radius_cm=100)
    measured_m = core_pair(footprint(core), footprint(point)).metres
    least_m, most_m = bounds_m(footprint(core), at.lat_deg, at.lon_deg)
    assert least_m <= measured_m <= most_m


@settings(max_examples=200)
@given(st.sampled_from(PLACES), st.data())
def test_a_glance_at_many_never_excludes_a_distance(place, data):
    core = footprint(data.draw(outlines(place)))
    size = data.draw(st.sampled_from([10.0, 5_000.0, 300_000.0, 4_000_000.0]))
    at = Make.reach(*place, data.draw(st.floats(0, 360)), size * data.draw(st.floats(0, 3)))
    there = outlines((at.lat_deg, at.lon_deg))
    others = [footprint(each) for each in data.draw(st.lists(there, min_size=1, max_size=4))]
    measured_m = [core_pair(core, other).metres for other in others]
    least_m, most_m = bounds_of_many_m(core, others)
    for least, measured, most in zip(least_m, measured_m, most_m, strict=True):
        assert least <= measured + EXACT_M
        assert measured <= most + EXACT_M


@pytest.mark.parametrize("place", PLACES)
def test_a_glance_at_many_is_near_enough_to_decide(place):
    """It would be right, and of no use, if it never decided anything."""
    core = footprint(Make.circle(*place, 5_000))
    metres = [20_000, 50_000, 200_000]
    others = [
        footprint(Corridor(points=(at, Make.reach(at.lat_deg, at.lon_deg, 90, 60_000)), width_cm=2))
        for at in (Make.reach(*place, 80, far) for far in metres)
    ]
    least_m, most_m = bounds_of_many_m(core, others)
    assert all(
        most - least < 0.03 * most + 200 for least, most in zip(least_m, most_m, strict=True)
    )


def test_a_glance_at_many_says_nothing_of_what_is_beyond_the_horizon():
    core = footprint(Make.circle(0.0, 0.0, 5_000))
    there = footprint(Make.circle(0.0, 80.0, 5_000))
    assert [float(each[0]) for each in bounds_of_many_m(core, [there])] == [0.0, float("inf")]
