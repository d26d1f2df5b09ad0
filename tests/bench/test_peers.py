"""The benchmark's peers: asked the same, they find the same; their cells are S2's."""

import os
from dataclasses import dataclass

import numpy as np
import pytest
import s2sphere

from bench.cells import LEVEL, cells_of, centres, encode
from bench.pairs import draw
from bench.peers import CellArray, PostGis, installed
from clearline.basis.instants import Instant
from clearline.space import (
    Circle,
    Minima,
    Volume,
    Window,
    from_degrees,
    meet,
    parse_band,
    positions,
)
from tests.space.truth import Make

WHY_NOT = (
    "" if installed() and os.environ.get("CLEARLINE_PEERS")
    else "PostgreSQL with PostGIS is started only with CLEARLINE_PEERS=1, after scripts/peers.sh"
)  # fmt: skip
MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=600_000)
BANDS = ("SFC-FL100", "FL105-FL200", "FL110-FL200", "100 m AMSL-200 m AMSL", "200 m AGL-900 m AGL")


@pytest.mark.parametrize("level", [0, 5, LEVEL, 20])
def test_a_point_s_cell_and_its_centre_are_those_of_s2(level):
    xyz = np.random.default_rng(7).normal(size=(300, 3))
    ids = encode(xyz, level)
    for at, found, middle in zip(xyz, ids.tolist(), centres(ids, level), strict=True):
        cell = s2sphere.CellId.from_point(s2sphere.Point(*at)).parent(level)
        assert found == cell.id()
        true = cell.to_point().normalize()
        assert np.abs(middle - [true[0], true[1], true[2]]).max() < 1e-12


def test_an_outline_s_cells_hold_its_corners_and_are_few():
    circle = Circle(centre=from_degrees(35, 40), radius_cm=1_000_000)
    rim = [Make.reach(35, 40, turn, 9_999) for turn in range(0, 360, 10)]
    cells = set(cells_of(circle, 0.0).astype(np.uint64).tolist())
    # 314 km2 of cells of about 1.2 km2, and those about the rim.
    assert 260 < len(cells) < 420
    for point in rim:
        where = s2sphere.LatLng.from_degrees(point.lat_deg, point.lon_deg)
        assert s2sphere.CellId.from_lat_lng(where).parent(LEVEL).id() in cells


@dataclass
class Crowd:
    """Volumes of every shape at hard places, and what the rule says of each pair."""

    volumes: list[Volume]
    asked: list[Volume]


@pytest.fixture(scope="module")
def crowd():
    # Pairs are near each other two by two; large ones make too many cells for a test.
    pairs = [p for p in draw(3) if max(map(_reach_deg, (p.a, p.b))) < 0.4][:60]
    made = [[], []]
    for number, pair in enumerate(pairs):
        for side, outline in enumerate((pair.a, pair.b)):
            start = number % 3 * 4_500_000 * side
            window = Window(start=Instant(start), end=Instant(start + 3_600_000))
            band = parse_band(BANDS[(number + side * (number % 7)) % len(BANDS)])
            made[side].append(Volume(outline=outline, band=band, window=window))
    return Crowd(*made)


def _reach_deg(outline):
    lats = [p.lat_deg for p in positions(outline)]
    radius = outline.radius_cm if isinstance(outline, Circle) else 0
    return max(lats) - min(lats) + radius / 1e7


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("kind", [PostGis, CellArray])
def test_a_peer_finds_what_the_rule_finds(crowd, kind):
    with kind() as peer:
        peer.load(crowd.volumes)
        hits = 0
        for volume in crowd.asked:
            true = {i for i, v in enumerate(crowd.volumes) if meet(volume, v, MINIMA)}
            found, seconds = peer.query(volume, MINIMA)
            hits += len(true)
            assert seconds > 0
            assert true <= found
            if kind is PostGis:
                assert found == true
    assert hits > 10
