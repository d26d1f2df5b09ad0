"""The worst case of new terms: what people type, what holds anywhere, and no geoid of nought."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from msgspec import UNSET

from clearline.basis.faults import Mistake
from clearline.cli.heights import _PUBLISHED, geoid_of, show, worst_case
from clearline.core.terms import WORLDWIDE
from clearline.space import GeoidRange, Polygon, PressureRange, TerrainRange, WorstCase
from tests.kit import AREA, degrees


def test_what_is_not_said_is_what_holds_anywhere_and_terrain_is_not_stated():
    found = worst_case(None, None, None, AREA)
    assert found == WORLDWIDE
    assert found.terrain is UNSET
    assert "terrain not stated" in "\n".join(show(found))


def test_what_is_said_is_read():
    found = worst_case("980 to 1040 hPa, 10 %", "-10 m to 2.8 km", "-5 m to 30 m", AREA)
    assert found == WorstCase(
        pressure=PressureRange(lowest_hpa=980, highest_hpa=1_040, temperature_pct=10),
        terrain=TerrainRange(lowest_cm=-1_000, highest_cm=280_000),
        geoid=GeoidRange(lowest_cm=-500, highest_cm=3_000),
    )
    assert show(found) == [
        "heights: pressure 980 to 1040 hPa, 10 %",
        "heights: terrain -10 m to 2800 m",
        "heights: geoid -5 m to 30 m",
    ]
    assert show(None) != show(WorstCase())


@pytest.mark.parametrize(
    "said",
    [
        ("980 to 1040", None, None),
        ("980 to 1200 hPa, 10 %", None, None),
        ("980 to 1040 hPa, 60 %", None, None),
        (None, "2800 m", None),
        (None, "0 m to 11 km", None),
        (None, None, "0 m to 300 m"),
    ],
)
def test_what_cannot_be_read_is_a_mistake_with_an_example(said):
    with pytest.raises(Mistake, match="as in") as caught:
        worst_case(*said, AREA)
    assert caught.value.code == "bad_worst_case"


def test_a_range_that_is_upside_down_is_a_mistake():
    with pytest.raises(Mistake, match="terrain"):
        worst_case(None, "100 m to 50 m", None, AREA)


# A grid of one degree, all over the globe


def write_grid(path: Path, undulation_m) -> str:
    lats, lons = np.meshgrid(np.arange(-90.0, 91.0), np.arange(-180.0, 181.0), indexing="ij")
    head = struct.pack(">ddddii", -90.0, -180.0, 1.0, 1.0, *lats.shape)
    path.write_bytes(head + undulation_m(lats, lons).astype(">f4").tobytes())
    return str(path)


def model(lats, lons):
    """Return undulations that are those published where they are, and smooth in between."""
    weights, total = 0.0, 0.0
    for lat, lon, metres in _PUBLISHED:
        apart = (lats - lat) ** 2 + ((lons - lon + 180) % 360 - 180) ** 2 + 1e-6
        weights, total = weights + 1 / apart, total + metres / apart
    return total / weights


def test_a_grid_is_read_over_the_whole_area_and_outward(tmp_path):
    name = write_grid(tmp_path / "geoid.gtx", model)
    lats, lons = np.meshgrid(np.arange(34, 37.1, 0.5), np.arange(38, 42.1, 0.5))
    inside = model(lats, lons)

    found = worst_case(None, None, name, AREA).geoid

    assert found.lowest_cm <= 100 * inside.min() - 400
    assert found.highest_cm >= 100 * inside.max() + 400
    assert found.highest_cm - found.lowest_cm < 100 * (inside.max() - inside.min()) + 2_000
    assert found.lowest_cm % 100 == found.highest_cm % 100 == 0


def test_an_area_over_the_antimeridian_and_one_about_the_pole_are_read(tmp_path):
    name = write_grid(tmp_path / "geoid.gtx", model)
    across = Polygon(exterior=(degrees(0, 179), degrees(0, -179), degrees(2, -179)))
    polar = Polygon(exterior=(degrees(85, 0), degrees(85, 120), degrees(85, -120)))
    here = model(np.array([1.0]), np.array([180.0]))[0]

    found = geoid_of(across, (name,))
    assert found.lowest_cm < 100 * here < found.highest_cm
    round_about = model(np.full(36, 86.0), np.arange(-180.0, 180.0, 10.0))
    found = geoid_of(polar, (name,))
    assert found.lowest_cm < 100 * round_about.min() < 100 * round_about.max() < found.highest_cm


def test_a_geoid_of_nought_is_found_out(tmp_path):
    name = write_grid(tmp_path / "geoid.gtx", lambda lats, lons: 0 * lats)
    with pytest.raises(Mistake, match="published") as caught:
        worst_case(None, None, name, AREA)
    assert caught.value.code == "geoid_wrong"


def test_a_grid_that_is_not_here_is_a_mistake_and_not_nought(tmp_path):
    with pytest.raises(Mistake, match="PROJ has none") as caught:
        geoid_of(AREA, (str(tmp_path / "none.gtx"),))
    assert caught.value.code == "geoid_missing"
