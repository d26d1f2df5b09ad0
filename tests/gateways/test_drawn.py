"""Rings that are drawn hold all of the outline, anywhere, whichever lines join their points."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings

from clearline import gateways
from clearline.gateways.drawn import Drawn, draw
from clearline.space import Circle, Outline, Polygon, contains, covers, from_degrees
from clearline.space.footprint import footprint
from clearline.space.separation import core_pair
from tests.gateways.written import area, edge_points, holds, outlines, volume


def on_map(drawn: Drawn) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.Polygon(p.exterior, p.holes) for p in drawn.parts])


@settings(max_examples=120, deadline=None)
@given(outlines())
def test_rings_hold_all_of_the_outline_and_little_more(outline: Outline):
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


def test_an_outline_all_round_a_hole_with_a_pole_in_it_is_cut_in_halves_that_are_read_again():
    rings = [
        tuple(from_degrees(lat, lon) for lon in range(-150, 180, 60)) for lat in (-85.0, -88.0)
    ]
    outline = Polygon(exterior=rings[0], holes=(rings[1],))
    drawn = draw(outline)
    assert len(drawn.parts) == 2
    assert not any(part.holes for part in drawn.parts)
    reading = gateways.read("a.geojson", gateways.write("geojson", (area(volume(outline)),)).raw)
    assert (reading.refused, len(reading.shapes)) == (0, 2)
    assert holds(reading, outline)
    assert not any(contains(each.outline, from_degrees(-89.5, 10)) for each in reading.shapes)


def test_few_points_are_put_in():
    box = Polygon(
        exterior=tuple(
            from_degrees(lat, lon) for lat, lon in [(35, 40), (35, 41), (36, 41), (36, 40)]
        )
    )
    (part,) = draw(box).parts
    assert len(part.exterior) <= 20
