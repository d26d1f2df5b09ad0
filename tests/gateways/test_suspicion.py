"""A file all of which lies elsewhere is suspected, and said to be, and nothing is changed."""

from __future__ import annotations

import pytest

from clearline.gateways import Reading, Shape
from clearline.gateways.suspicion import suspected
from clearline.space import Circle, Polygon, from_degrees

AREA = Polygon(exterior=tuple(from_degrees(*p) for p in [(30, 38), (30, 44), (37, 44), (37, 38)]))


def at(*places: tuple[float, float]) -> Reading:
    return Reading(
        shapes=tuple(
            Shape(name="", outline=Circle(centre=from_degrees(*place), radius_cm=100_000))
            for place in places
        )
    )


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (at((35, 40), (80, 10)), None),
        (at((40, 35), (41, 33)), "swapped"),
        (at((40, 35), (10, 33)), "nothing of this"),
        (at((-35, 150)), "nothing of this"),
        (at(), None),
    ],
)
def test_a_whole_file_is_held_against_the_agreed_area(reading: Reading, said: str | None):
    found = suspected(reading, [AREA])
    assert found.shapes == reading.shapes
    if said is None:
        assert found.notes == ()
    else:
        assert said in found.notes[0]
        assert ("swapped" in found.notes[0]) is (said == "swapped")


def test_without_an_agreed_area_nothing_is_suspected():
    assert suspected(at((40, 35)), []).notes == ()
