"""Refinement: a batch says of every pair what `meet` says of it alone, on every shape."""

import sys
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import Instant
from clearline.space import (
    Circle,
    Corridor,
    Minima,
    Polygon,
    Position,
    Volume,
    Window,
    from_degrees,
    meet,
    parse_band,
    refine,
)
from clearline.space.footprint import footprint
from clearline.space.glance import bounds_m, bounds_of_many_m
from clearline.space.nearest import nearest
from clearline.space.plane import Plane
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


@contextmanager
def measured_by(alone, few):
    """Have up to `alone` pairs measured by themselves, and up to `few` that a glance leaves."""
    module = sys.modules["clearline.space.refine"]
    usual = module._ALONE, module._FEW
    module._ALONE, module._FEW = alone, few
    try:
        yield
    finally:
        module._ALONE, module._FEW = usual


@pytest.mark.parametrize(
    ("alone", "few"), [(0, 0), (0, 10**6), (10**6, 10**6)], ids=["batch", "glance", "alone"]
)
@settings(max_examples=400)
@given(batches(), st.sampled_from([0, 1, 500_000, 5_000_000]))
def test_a_batch_says_of_each_pair_what_is_said_of_it_alone(alone, few, pairs, horizontal_cm):
    minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=30_480, time_ms=600_000)
    with measured_by(alone, few):
        found = refine(pairs, minima)
    assert found == [meet(one, other, minima) for one, other in pairs]


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


def about_the_pole(x_m, y_m):
    """Return a corridor of points of the plane about the north pole."""
    plane = Plane(90.0, 0.0)
    places = [plane.unproject(float(x), float(y)) for x, y in zip(x_m, y_m, strict=True)]
    return tuple(from_degrees(*place) for place in places)


@pytest.mark.parametrize("horizontal_cm", [0, 50, 500_000])
def test_what_is_said_of_a_pair_does_not_depend_on_how_many_are_asked_of(horizontal_cm):
    """`meet` stays with the prong that it found first, and is 80 cm over the truth."""
    across_m, apart_m, deeper_m = 64_000.0, 30_000.0, 2.3
    line = np.linspace(-across_m * 1.03, across_m * 1.03, 999)
    prongs_x = [0, *np.linspace(0, across_m, 440), *np.full(540, across_m)]
    bottom = np.linspace(apart_m + 140, apart_m, 540)
    prongs_y = [apart_m - deeper_m, *np.full(440, apart_m + 150), *bottom]
    prongs = Corridor(points=about_the_pole(prongs_x, prongs_y), width_cm=200)
    path = about_the_pole(line, np.zeros(999))
    cores = footprint(Corridor(points=path, width_cm=200)), footprint(prongs)
    said_m = core_pair(*cores).metres
    truth_m = nearest(*cores, said_m)[0]
    assert said_m > truth_m + 0.5
    # The radii of both lie between what is true and what is said.
    half_m = (truth_m + said_m) / 2 + 0.2
    wide = Corridor(points=path, width_cm=2 * int((half_m - 1) * 100))
    pair = (volume(wide), volume(prongs))
    minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=30_480, time_ms=0)
    assert refine([pair] * 6, minima) == [meet(*pair, minima)] * 6


def test_a_glance_is_right_of_edges_of_a_centimetre():
    start = Position(lat_e7=405_385_161, lon_e7=-1_207_969_193)
    end = Position(lat_e7=405_385_161, lon_e7=-1_207_969_192)
    core = footprint(Corridor(points=(start, end), width_cm=200))
    at = Position(lat_e7=405_384_801, lon_e7=-1_207_969_192)
    measured_m = core_pair(core, footprint(Circle(centre=at, radius_cm=100))).metres
    least_m, most_m = bounds_m(core, at.lat_deg, at.lon_deg)
    assert least_m <= measured_m <= most_m


@pytest.mark.parametrize("turned", [False, True])
def test_pairs_share_a_picture_by_whichever_core_they_have_in_common(monkeypatch, turned):
    asked = []
    module = sys.modules["clearline.space.refine"]

    def glanced(core, others):
        asked.append((core, len(others)))
        return bounds_of_many_m(core, others)

    monkeypatch.setattr(module, "bounds_of_many_m", glanced)
    mine = volume(Polygon(exterior=Make.ring(35.0, 40.0, 20_000, 5, 10)))
    theirs = [volume(Make.circle(35.0 + step / 50, 40.0, 3_000)) for step in range(8)]
    pairs = [(other, mine) if turned else (mine, other) for other in theirs]
    minima = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=0)
    assert refine(pairs, minima) == [meet(one, other, minima) for one, other in pairs]
    assert [core for core, _ in asked] == [footprint(mine.outline)]
    assert asked[0][1] > module._ALONE
