"""The index: nothing that infringes is missed, anywhere, and the order is always the same."""

import math
from math import cos, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import DAY_MS, Instant
from clearline.space import (
    Circle,
    Corridor,
    GridIndex,
    Minima,
    Polygon,
    Volume,
    Window,
    from_degrees,
    meet,
    parse_band,
    positions,
)
from clearline.space.index import bound as bounds
from clearline.space.index import grid
from clearline.space.index.bound import Cap, _glance, _meets, bound, row_of
from tests.space.truth import WGS84

BAND = parse_band("SFC-FL100")
DAY = 20_000 * DAY_MS


def volume(lat, lon, radius_cm, start=0, span=3_600_000):
    return Volume(
        outline=Circle(centre=from_degrees(lat, lon), radius_cm=radius_cm),
        band=BAND,
        window=Window(start=Instant(DAY + start), end=Instant(DAY + start + span)),
    )


NEIGHBOURHOODS = st.sampled_from(
    [(35, 40), (0, 179.9), (0, -179.9), (89.5, 0), (-89.9, 90), (65, 180)]
)


@st.composite
def volumes(draw):
    lat, lon = draw(NEIGHBOURHOODS)
    lat = min(90.0, max(-90.0, lat + draw(st.floats(-1, 1))))
    return volume(
        lat,
        lon + draw(st.floats(-2, 2)) * (90 if abs(lat) > 88 else 1),
        draw(st.sampled_from([100, 50_000, 2_000_000, 60_000_000])),
        draw(st.integers(0, 3 * DAY_MS)),
        draw(st.sampled_from([60_000, 3_600_000, 2 * DAY_MS, 90 * DAY_MS])),
    )


@settings(max_examples=80)
@given(
    st.lists(volumes(), max_size=25),
    volumes(),
    st.sampled_from([0, 500_000, 20_000_000]),
    st.sampled_from([0, 600_000, 2 * DAY_MS]),
)
def test_nothing_that_infringes_is_missed(entries, ours, horizontal_cm, time_ms):
    minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=30_000, time_ms=time_ms)
    index = GridIndex()
    for number, entry in enumerate(entries):
        index.add(f"{number:03d}", [entry])
    near = index.near(ours, minima)
    assert near == sorted(set(near))
    for number, entry in enumerate(entries):
        if meet(ours, entry, minima) is not None:
            assert f"{number:03d}" in near


@settings(max_examples=30)
@given(st.lists(volumes(), min_size=1, max_size=15), volumes(), st.randoms(use_true_random=False))
def test_the_order_of_insertion_and_what_was_removed_leave_no_trace(entries, ours, chance):
    minima = Minima(horizontal_cm=500_000, vertical_cm=0, time_ms=0)
    one, other = GridIndex(), GridIndex()
    named = [(f"{number:03d}", entry) for number, entry in enumerate(entries)]
    for key, entry in named:
        one.add(key, [entry])
    chance.shuffle(named)
    for key, entry in named:
        other.add(key, [ours, entry])
        other.add(key, [entry])
        other.add(f"gone-{key}", [entry, ours])
    for key, _ in named:
        other.remove(f"gone-{key}")
    assert one.near(ours, minima) == other.near(ours, minima)
    assert len(one) == len(other) == len(named)


def test_what_is_far_or_long_past_is_not_returned():
    index = GridIndex()
    index.add("here", [volume(35, 40, 1_000_000)])
    index.add("far", [volume(36, 41, 1_000_000)])
    index.add("later", [volume(35, 40, 1_000_000, start=7_200_000)])
    minima = Minima(horizontal_cm=1_000_000, vertical_cm=0, time_ms=60_000)
    assert index.near(volume(35, 40, 1_000_000), minima) == ["here"]


def test_a_key_is_found_by_any_of_its_volumes_and_gone_when_removed():
    index = GridIndex()
    index.add("two", [volume(10, 10, 1_000), volume(35, 40, 1_000)])
    minima = Minima(horizontal_cm=1_000, vertical_cm=0, time_ms=0)
    assert index.near(volume(35, 40, 1_000), minima) == ["two"]
    assert "two" in index
    index.remove("two")
    index.remove("never there")
    assert index.near(volume(35, 40, 1_000), minima) == []
    assert len(index) == 0


def turned(lat, lon):
    """Return the direction of the normal at a place."""
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


PLACES = st.sampled_from([(35, 40), (0, 179.9), (52, -10), (89.5, 0), (-89.99, 90), (-45, -180)])


@settings(max_examples=60)
@given(
    PLACES,
    st.lists(
        st.tuples(st.floats(0, 360), st.sampled_from([10_000, 300_000, 1_900_000])),
        min_size=2,
        max_size=5,
    ),
    st.booleans(),
)
def test_the_caps_of_a_bound_hold_every_edge(make, place, legs, closed):
    points = tuple(make.reach(*place, azimuth, metres) for azimuth, metres in legs)
    outline = (
        Polygon(exterior=(make.reach(*place, 0, 0), *points), margin_cm=0)
        if closed
        else make.path(200, *((p.lat_deg, p.lon_deg) for p in points))
    )
    pieces = bound(Volume(outline=outline, band=BAND, window=volume(0, 0, 100).window)).pieces
    corners = positions(outline)
    for one, other in make.edges(corners, closed=closed):
        line = WGS84.InverseLine(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
        for part in range(33):
            at = line.Position(line.s13 * part / 32)
            x, y, z = turned(at["lat2"], at["lon2"])
            assert any(
                math.hypot(x - cap.x, y - cap.y, z - cap.z) <= 2 * math.sin(cap.angle / 2)
                for cap in pieces
            )


def crowd(count):
    """Return volumes that share a few cells, as many as need drawers behind drawers."""
    return [
        (f"{number:04d}", volume(35 + number % 7 / 50, 40 + number % 11 / 50, 100_000 + number))
        for number in range(count)
    ]


def test_a_cell_that_overflows_is_searched_and_emptied_like_any(monkeypatch):
    monkeypatch.setattr(grid, "_SIZES", (2, 4))
    index = GridIndex()
    named = crowd(40)
    for key, each in named:
        index.add(key, [each])
    minima = Minima(horizontal_cm=5_000_000, vertical_cm=0, time_ms=0)
    assert index.near(volume(35, 40, 1_000_000), minima) == [key for key, _ in named]
    for key, _ in named[::3] + named[1::3]:
        index.remove(key)
    assert index.near(volume(35, 40, 1_000_000), minima) == [key for key, _ in named[2::3]]
    for key, _ in named:
        index.remove(key)
    assert index.near(volume(35, 40, 1_000_000), minima) == []


@pytest.mark.parametrize(("most", "sizes"), [(1, {0, 1, 2}), (5, {0, 1, 2}), (10**9, {1, 2})])
def test_what_is_small_is_found_however_crowded_its_cell_is(monkeypatch, most, sizes):
    monkeypatch.setattr(grid, "_CROWDED", most)
    index, named = GridIndex(), crowd(40)
    named += [(f"large {number}", volume(35, 40, 10_000_000)) for number in range(10)]
    for key, each in named:
        index.add(key, [each])
    assert {code // grid._CODES for code in index._shelves} == sizes
    asked = volume(35.05, 40.05, 100_000)
    for horizontal_cm in (0, 500_000, 5_000_000):
        minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=0, time_ms=0)
        rows = np.array(
            [
                row_of(each.whole, (each.start, each.end, each.low, each.high), number)
                for number, each in enumerate(bound(one) for _, one in named)
            ]
        )
        kept = bounds.select(rows, bounds.probe(bound(asked), minima))
        assert index.near(asked, minima) == sorted(named[int(number)][0] for number in kept)
    for key, _ in named[1:]:
        index.remove(key)
    assert index.near(volume(35, 40, 10_000_000), minima) == [named[0][0]]


def test_scanning_finds_what_opening_cells_finds(monkeypatch):
    index = GridIndex()
    for lat in range(-80, 81, 4):
        for lon in range(-180, 180, 4):
            index.add(f"{lat} {lon}", [volume(lat, lon, 100_000)])
    wide, minima = volume(30, 175, 100_000_000), Minima(horizontal_cm=0, vertical_cm=0, time_ms=0)
    monkeypatch.setattr(grid, "_FEW", 10**9)
    opened = index.near(wide, minima)
    monkeypatch.setattr(grid, "_FEW", 0)
    monkeypatch.setattr(grid, "_SCANNED", 10**9)
    assert index.near(wide, minima) == opened
    assert len(opened) > 10


def test_heights_exclude_only_what_is_measured_from_the_same():
    minima = Minima(horizontal_cm=0, vertical_cm=30_000, time_ms=0)
    index = GridIndex()
    bands = {
        "above": "FL120-FL150",
        "at the minimum": "FL110-FL150",
        "below it": "FL109-FL150",
        "under": "SFC-FL090",
        "sea": "20000 m AMSL-21000 m AMSL",
        "ground": "9000 m AGL-9500 m AGL",
    }
    for key, text in bands.items():
        here = volume(35, 40, 1_000)
        index.add(key, [Volume(outline=here.outline, band=parse_band(text), window=here.window)])
    here = volume(35, 40, 1_000)
    asked = Volume(outline=here.outline, band=parse_band("FL095-FL100"), window=here.window)
    assert index.near(asked, minima) == ["below it", "ground", "sea", "under"]


def test_a_glance_loses_no_cap_that_touches_by_the_last_bit():
    random = np.random.default_rng(11)
    lost, kept, near = 0, 0, 0
    for _ in range(200):
        lat, lon, angle = (
            random.uniform(-1.5, 1.5),
            random.uniform(-3, 3),
            10 ** random.uniform(-7, 0.3),
        )
        one = Cap(cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat), angle)
        apart = 10 ** random.uniform(-7, 0.3, 50) * random.choice([1, -1], 50)
        rows = []
        for off in apart:
            other = Cap(cos(lat + off) * cos(lon), cos(lat + off) * sin(lon), sin(lat + off), 0.0)
            # What is left for the other cap so that the two touch, give or take the last bits.
            chord = math.dist(one[:3], other[:3])
            touching = 2 * math.asin(min(1.0, chord / 2)) - angle + random.integers(-3, 4) * 1e-16
            rows.append(row_of(other._replace(angle=max(0.0, touching)), (0.0, 1.0, 0.0, 1.0), 0))
        table = np.array(rows)
        meets = set(np.flatnonzero(_meets(table, one)).tolist())
        seen = set(_glance(table, one).tolist())
        lost += len(meets - seen)
        kept += len(meets)
        near += len(seen - meets)
    assert lost == 0
    assert kept > 2_000
    assert near > 500, "the caps of this test do not touch"


def test_many_caps_at_once_answer_as_each_by_itself_to_the_last_bit():
    random = np.random.default_rng(12)
    differ, kept = 0, 0
    for _ in range(100):
        lats, lons = random.uniform(-1.5, 1.5, 40), random.uniform(-3, 3, 40)
        caps = [
            Cap(cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat), 10 ** random.uniform(-3, 0.3))
            for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)
        ]
        asked, table = caps[:9], [row_of(cap, (0.0, 1.0, 0.0, 1.0), 0) for cap in caps[9:]]
        # One that touches another by the last bit, if arithmetic lets it.
        chord = math.dist(asked[0][:3], caps[9][:3])
        table[0] = row_of(
            caps[9]._replace(angle=max(0.0, 2 * math.asin(chord / 2) - asked[0].angle)),
            (0.0, 1.0, 0.0, 1.0), 0,
        )  # fmt: skip
        rows = np.array(table)
        together = _meets(rows, np.array(asked).T[:, :, None])
        alone = np.array([_meets(rows, each) for each in asked])
        differ += int((together != alone).sum())
        kept += int(alone.sum())
    assert differ == 0
    assert kept > 1_000


@pytest.mark.parametrize("at_once", [bounds._AT_ONCE, 40, 1])
def test_what_is_near_any_leg_of_a_bent_corridor_is_found_and_what_is_beside_it_is_not(
    at_once: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "_AT_ONCE", at_once)
    path = [from_degrees(35 + 2 * (turn % 2), 30 + turn) for turn in range(12)]
    asked = Volume(
        outline=Corridor(points=tuple(path), width_cm=200_000), band=BAND,
        window=volume(35, 40, 1).window,
    )  # fmt: skip
    index = GridIndex()
    for turn in range(11):
        rise = 0.5 * (-1) ** turn
        index.add(f"on leg {turn:02d}, early", [volume(36 - rise, 30.25 + turn, 100_000)])
        index.add(f"on leg {turn:02d}, late", [volume(36 + rise, 30.75 + turn, 100_000)])
        index.add(f"beside {turn:02d}", [volume(36 + (-1) ** turn, 30.1 + turn, 100_000)])
    minima = Minima(horizontal_cm=500_000, vertical_cm=30_000, time_ms=0)
    assert len(bound(asked).pieces) == 22
    assert index.near(asked, minima) == [
        f"on leg {turn:02d}, {part}" for turn in range(11) for part in ("early", "late")
    ]
