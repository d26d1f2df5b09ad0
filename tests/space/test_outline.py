"""Outlines: what is refused and why, and that poles and the antimeridian are ordinary."""

import msgspec
import pytest

from clearline.basis.faults import Mistake
from clearline.space import (
    MAX_VERTICES,
    Circle,
    Corridor,
    Outline,
    Polygon,
    check,
    contains,
    from_degrees,
    radius_cm,
)


def ring(*points):
    return tuple(from_degrees(lat, lon) for lat, lon in points)


SQUARE = ring((0, 0), (0, 1), (1, 1), (1, 0))


@pytest.mark.parametrize(
    ("outline", "code"),
    [
        (Polygon(exterior=SQUARE[:2]), "too_few_points"),
        (Polygon(exterior=ring((0, 0), (1, 1), (0, 1), (1, 0))), "self_crossing"),
        (Polygon(exterior=(*SQUARE, SQUARE[0])), "repeated_point"),
        (Polygon(exterior=ring((0, 0), (0, 1), (0, 2))), "zero_size"),
        (Polygon(exterior=ring((0, 0), (0, 30), (30, 0))), "too_large"),
        (Polygon(exterior=SQUARE, holes=(ring((2, 2), (2, 3), (3, 2)),)), "hole_outside"),
        (
            Polygon(
                exterior=SQUARE,
                holes=(
                    ring((0.1, 0.1), (0.1, 0.5), (0.5, 0.1)),
                    ring((0.2, 0.2), (0.2, 0.6), (0.6, 0.2)),
                ),
            ),
            "holes_overlap",
        ),
        (
            Polygon(
                exterior=SQUARE,
                holes=(
                    ring((0.1, 0.1), (0.1, 0.8), (0.8, 0.1)),
                    ring((0.2, 0.2), (0.2, 0.3), (0.3, 0.2)),
                ),
            ),
            "holes_overlap",
        ),
        (Corridor(points=SQUARE[:1], width_cm=1_000), "too_few_points"),
        (Corridor(points=(SQUARE[0], SQUARE[0]), width_cm=1_000), "repeated_point"),
        (Circle(centre=SQUARE[0], radius_cm=0), "zero_size"),
        (Circle(centre=SQUARE[0], radius_cm=10**12), "too_large"),
    ],
)
def test_an_outline_that_is_not_sane_is_a_mistake_with_its_code(outline, code):
    with pytest.raises(Mistake) as caught:
        check(outline)
    assert caught.value.code == code


def test_one_point_more_than_the_limit_is_refused(make):
    check(make.ngon(35, 40, 50_000, MAX_VERTICES))
    with pytest.raises(Mistake) as caught:
        check(make.ngon(35, 40, 50_000, MAX_VERTICES + 1))
    assert caught.value.code == "too_many_points"


def test_a_polygon_round_the_pole_holds_the_pole(make):
    around = make.ngon(90, 0, 300_000, 6)
    check(around)
    assert contains(around, from_degrees(90, 0))
    assert contains(around, from_degrees(88.5, -170))
    assert not contains(around, from_degrees(86, 0))


def test_a_polygon_over_the_antimeridian_holds_both_sides_of_it():
    across = Polygon(exterior=ring((10, 179), (10, -179), (11, -179), (11, 179)))
    check(across)
    for lon in (179.5, 180, -180, -179.5):
        assert contains(across, from_degrees(10.5, lon))
    assert not contains(across, from_degrees(10.5, 0))


def test_a_polygon_with_corners_on_the_meridian_itself_is_sane_by_either_name():
    for lon in (180, -180):
        box = Polygon(exterior=ring((10, lon), (10, -179), (11, -179), (11, lon)))
        check(box)
        assert contains(box, from_degrees(10.5, -180))


def test_the_tag_tells_the_shapes_apart_on_the_wire():
    circle = Circle(centre=SQUARE[0], radius_cm=5_000)
    raw = msgspec.json.encode(circle)
    assert b'"shape":"circle"' in raw
    assert msgspec.json.decode(raw, type=Outline) == circle
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw.replace(b"5000", b"0"), type=Outline)


def test_half_of_an_odd_width_is_rounded_up():
    assert radius_cm(Corridor(points=SQUARE[:2], width_cm=1_001)) == 501
