"""Rings that are drawn hold all of the outline, anywhere, whichever lines join their points."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.gateways.drawn import Drawn, draw
from clearline.space import Circle, Corridor, Outline, Polygon, check, covers, from_degrees
from clearline.space.footprint import footprint
from clearline.space.plane import geodesic_fwd, geodesic_points
from clearline.space.separation import core_pair
from tests.space.truth import outcome


@st.composite
def outlines(draw_: st.DrawFn) -> Outline:
    """Outlines of any kind and size, anywhere; often about a pole or over the antimeridian."""
    lat = draw_(st.sampled_from([0.0, 35.2, 60.0, -70.0, 89.9, -89.0]) | st.floats(-88, 88))
    lon = draw_(st.sampled_from([40.1, 179.9, -179.99, 0.0]) | st.floats(-180, 180))
    size_m = 10 ** draw_(st.floats(1.5, 5.7))
    radius_cm = int(size_m * 100 * draw_(st.floats(0.02, 1)))
    kind = draw_(st.sampled_from(["circle", "corridor", "polygon", "margin", "hole"]))
    if kind == "circle":
        return Circle(centre=from_degrees(lat, lon), radius_cm=max(radius_cm, 100))
    turns = sorted(draw_(st.lists(st.integers(0, 359), min_size=3, max_size=9, unique=True)))
    ring = tuple(from_degrees(*geodesic_fwd(lat, lon, -turn, size_m)) for turn in turns)
    if kind == "corridor":
        return Corridor(points=ring[:3], width_cm=max(radius_cm, 200))
    holes = ()
    if kind == "hole":
        ring = tuple(
            from_degrees(*geodesic_fwd(lat, lon, -turn, size_m)) for turn in range(0, 360, 72)
        )
        holes = (
            tuple(from_degrees(*geodesic_fwd(lat, lon, -t, size_m / 3)) for t in range(0, 360, 60)),
        )
    margin = radius_cm if kind == "margin" else 0
    return Polygon(exterior=ring, holes=holes, margin_cm=margin)


def edge_points(outline: Outline) -> list[tuple[float, float]]:
    """Return latitudes and longitudes on the edge of an outline, and just inside it."""
    shape = footprint(outline)
    found: list[tuple[float, float]] = []
    for start, end in shape.edges():
        ends = shape.lats[start], shape.lons[start], shape.lats[end], shape.lons[end]
        for lat, lon in zip(*geodesic_points(*ends, 7), strict=True):
            turns = range(0, 360, 20) if shape.radius_m else (0,)
            found += [geodesic_fwd(lat, lon, turn, shape.radius_m) for turn in turns]
    return found


def on_map(drawn: Drawn) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.Polygon(p.exterior, p.holes) for p in drawn.parts])


@settings(max_examples=120, deadline=None)
@given(outlines())
def test_rings_hold_all_of_the_outline_and_little_more(outline: Outline):
    if outcome(check, outline) is not None:
        return
    drawn = draw(outline)
    flat = on_map(drawn)
    points = edge_points(outline)
    lonlat = np.array([(lon, lat) for lat, lon in points])
    held = shapely.intersects(flat, shapely.points(lonlat))
    # A point on the antimeridian has two longitudes.
    other = shapely.points(
        np.column_stack([lonlat[:, 0] - np.copysign(360, lonlat[:, 0]), lonlat[:, 1]])
    )
    assert (held | shapely.intersects(flat, other)).all()
    shape = footprint(outline)
    for part in drawn.parts:
        for lon, lat in part.exterior:
            assert -180 <= lon <= 180
            if abs(lon) == 180 or abs(lat) == 90:
                continue
            dot = footprint(Circle(centre=from_degrees(lat, lon), radius_cm=100))
            away_m = core_pair(shape, dot).metres - shape.radius_m
            # A sharp corner without a margin reaches further: it is drawn out to five times.
            assert away_m <= 0.26 * shape.radius_m + 6 * drawn.grown_m


@settings(max_examples=60, deadline=None)
@given(outlines())
def test_one_ring_joined_by_geodesics_holds_the_outline_too(outline: Outline):
    if outcome(check, outline) is not None:
        return
    drawn = draw(outline)
    if len(drawn.parts) != 1 or not drawn.whole:
        return
    ring = tuple(from_degrees(lat, lon) for lon, lat in drawn.whole)
    assert covers(Polygon(exterior=ring), outline)


def test_an_outline_over_the_antimeridian_is_cut_there_and_is_also_given_whole():
    drawn = draw(Circle(centre=from_degrees(10, 180), radius_cm=1_000_000))
    west, east = (min(lon for lon, _ in part.exterior) for part in drawn.parts)
    assert {math.copysign(1, west), math.copysign(1, east)} == {1, -1}
    assert len(drawn.parts) == 2
    assert {math.copysign(1, lon) for lon, _ in drawn.whole} == {1, -1}


@pytest.mark.parametrize("lat", [90.0, -90.0, 89.95])
def test_an_outline_about_a_pole_reaches_to_it(lat: float):
    drawn = draw(Circle(centre=from_degrees(lat, 20), radius_cm=5_000_000))
    flat = on_map(drawn)
    pole = math.copysign(90, lat)
    assert flat.is_valid
    assert flat.bounds[0] == -180
    assert flat.bounds[2] == 180
    assert shapely.intersects(
        flat, shapely.points([(lon, pole) for lon in range(-180, 181, 30)])
    ).all()
    assert drawn.whole == ()


def test_few_points_are_put_in():
    box = Polygon(
        exterior=tuple(
            from_degrees(lat, lon) for lat, lon in [(35, 40), (35, 41), (36, 41), (36, 40)]
        )
    )
    (part,) = draw(box).parts
    assert len(part.exterior) <= 20
