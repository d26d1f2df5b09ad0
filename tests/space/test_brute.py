"""The oracle: held to geographiclib and to plain sampling; and the engine held to the oracle."""

import numpy as np
import pytest

from bench.missed import judge
from bench.pairs import draw
from clearline.space import Polygon, closest, horizontal_cm
from tests.space.brute import GEOD, apart, core
from tests.space.truth import WGS84

PLACES = [(35.0, 40.0), (0.0, 179.95), (89.9, 10.0), (-90.0, 0.0), (-62.0, -179.9)]


def test_a_distance_is_what_geographiclib_says_it_is():
    rng = np.random.default_rng(5)
    lats, lons = rng.uniform(-90, 90, (2, 300)), rng.uniform(-180, 180, (2, 300))
    lats[1] = lats[0] + (lats[1] - lats[0]) * rng.uniform(0, 0.4, 300) ** 4
    lons[1] = lons[0] + (lons[1] - lons[0]) * rng.uniform(0, 0.4, 300) ** 4
    ahead, back, metres = GEOD.inv(lons[0], lats[0], lons[1], lats[1])
    for i in range(300):
        true = WGS84.Inverse(lats[0][i], lons[0][i], lats[1][i], lons[1][i])
        assert metres[i] == pytest.approx(true["s12"], abs=1e-6)
        # Where two points all but coincide an azimuth hangs on the last bits.
        off = np.array([ahead[i] - true["azi1"], back[i] - true["azi2"] - 180])
        assert np.abs(np.sin(np.radians(off))).max() * metres[i] < 1e-5


@pytest.mark.parametrize("place", PLACES)
def test_a_distance_is_what_geographiclib_finds_along_the_edges(make, place):
    a = make.ngon(*place, 40_000, 4, turn=17)
    there = make.reach(*place, 123, 95_000)
    b = make.path(200, (there.lat_deg, there.lon_deg), make.along(there, a.exterior[2], -0.4))
    (found,) = apart([(a, b)])
    edges = make.edges(a.exterior, closed=True), make.edges(b.points, closed=False)
    true = min(
        *(make.to_edges_m(p.lat_deg, p.lon_deg, edges[1]) for p in a.exterior),
        *(make.to_edges_m(p.lat_deg, p.lon_deg, edges[0]) for p in b.points),
    )
    assert found.core_m == pytest.approx(true, abs=1e-4)
    assert found.apart_m == pytest.approx(true - 100, abs=1e-4)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("gap_m", [3_000.0, 250_000.0])
def test_no_two_points_of_two_rings_are_nearer_than_it_says(make, place, gap_m):
    a = make.ngon(*place, 400_000, 4, turn=10)
    there = make.reach(*place, 70, 800_000 + gap_m)
    b = make.ngon(there.lat_deg, there.lon_deg, 400_000, 5, turn=33)
    (found,) = apart([(a, b)])
    drawn = [_sampled(core(ring), 60) for ring in (a, b)]
    grid = [np.repeat(v, drawn[1].shape[1]) for v in drawn[0]]
    grid += [np.tile(v, drawn[0].shape[1]) for v in drawn[1]]
    _, _, metres = GEOD.inv(grid[1], grid[0], grid[3], grid[2])
    # A step of a sample is at most 10 km along each edge, which adds less than its length.
    assert found.core_m <= metres.min() < found.core_m + 10_000


def _sampled(shape, parts):
    """Return latitudes and longitudes along a core's edges."""
    lats, lons = [], []
    for start, end in zip(shape.start, shape.end, strict=True):
        ends = shape.lons[start], shape.lats[start], shape.lons[end], shape.lats[end]
        ahead, _, metres = GEOD.inv(*ends)
        along = np.linspace(0, metres, parts)
        at = GEOD.fwd(
            np.full(parts, ends[0]), np.full(parts, ends[1]), np.full(parts, ahead), along
        )
        lons.append(at[0])
        lats.append(at[1])
    return np.array([np.concatenate(lats), np.concatenate(lons)])


@pytest.mark.parametrize("place", PLACES)
def test_inside_is_no_distance_and_in_a_hole_is_the_distance_to_its_rim(make, place):
    ring, hole = make.ring(*place, 50_000, 8), make.ring(*place, 20_000, 5)
    whole, pierced = Polygon(exterior=ring), Polygon(exterior=ring, holes=(hole,))
    dot, other = make.ngon(*place, 1_000, 3), make.ngon(*place, 30_000, 6)
    inside, pocketed, across = apart([(whole, dot), (pierced, dot), (pierced, other)])
    assert inside.core_m == 0
    assert 15_000 < pocketed.core_m < 20_000
    assert across.core_m == 0


def test_two_bars_that_cross_meet_though_no_corner_is_inside(make):
    (found,) = apart([(make.path(2, (10, 179), (10, -179)), make.path(2, (9, 180), (11, 180)))])
    assert found.apart_m == 0


@pytest.mark.parametrize("block", [0, 1_000_000])
def test_the_engine_misses_no_conflict_of_a_thousand_random_pairs_and_invents_none(block):
    found = judge(block)
    assert found["seeds"] == []
    assert found["found"]["missed"] == 0
    assert found["found"]["false"] == 0
    assert not any(found["found"][f"batch_{what}"] for what in ("missed", "false", "unlike"))
    assert 100 < found["found"]["conflicts"] < 450


# Pairs of which a plane took one corner for another, or put a point beside its edge: it said up
# to 1.7 m too much, so that a minimum in between was kept on paper alone.
@pytest.mark.parametrize(("block", "number"), [(4, 466), (8, 89), (37, 332)])
def test_cores_far_apart_are_measured_to_the_centimetre(make, block, number):
    pair = draw(block, number + 1)[number]
    (true,) = apart([(pair.a, pair.b)])
    assert true.core_m > 200_000
    assert horizontal_cm(pair.a, pair.b) == int(true.apart_m * 100)
    found = closest(pair.a, pair.b)
    assert make.apart_m(found.on_a, found.on_b) == pytest.approx(true.apart_m, abs=0.02)
