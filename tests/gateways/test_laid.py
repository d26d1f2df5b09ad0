"""An outline holds the edges that its file draws, whether or not points had to be put in."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clearline.gateways.laid import laid
from clearline.space import Corridor, Polygon, contains, from_degrees
from clearline.space.edges import Edges
from clearline.space.outline import MIN_AREA_M2


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-84, 84), st.sampled_from([-180.0, 179.99, 40.0]), st.floats(-4, 0.5),
    st.lists(st.integers(0, 359), min_size=3, max_size=6, unique=True),
)  # fmt: skip
def test_every_point_of_a_straight_edge_is_held(lat, lon, size, turns):
    size = 10**size
    ring = [
        from_degrees(
            lat + size * math.sin(math.radians(turn)),
            lon + size * math.cos(math.radians(turn)) / math.cos(math.radians(lat)),
        )
        for turn in sorted(turns)
    ]
    slices = [math.radians(b - a) for a, b in pairwise([*sorted(turns), min(turns) + 360])]
    # A ring that bounds less than a square metre is refused, and rightly so.
    assume(sum(map(math.sin, slices)) / 2 * (size * 111_000) ** 2 > 2 * MIN_AREA_M2)
    polygon = laid(Polygon(exterior=tuple(ring)), Edges.STRAIGHT).outline
    path = laid(Corridor(points=tuple(ring), width_cm=200), Edges.STRAIGHT).outline
    for a, b in pairwise(ring):
        step = (b.lon_deg - a.lon_deg + 180) % 360 - 180
        for part in range(1, 8):
            t = part / 8
            point = from_degrees(a.lat_deg + t * (b.lat_deg - a.lat_deg), a.lon_deg + t * step)
            assert contains(polygon, point)
            assert contains(path, point)


def test_a_short_edge_costs_no_points_and_little_width():
    ring = tuple(from_degrees(lat, lon) for lat, lon in [(35, 40), (35, 40.05), (35.05, 40)])
    held = laid(Polygon(exterior=ring), Edges.STRAIGHT)
    made, grown_cm = held.outline, held.grown_cm
    assert isinstance(made, Polygon)
    assert made.exterior == ring
    assert made.margin_cm == grown_cm <= 200
