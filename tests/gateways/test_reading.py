"""A reading keeps what is right, refuses the rest item by item, and says where."""

import pytest

from clearline.basis.faults import Mistake
from clearline.gateways.reading import MAX_FAULTS, Collector, Hint, Spot, spot_of
from clearline.gateways.shape import Shape
from clearline.space import Circle, Position

PLACE = Circle(centre=Position(lat_e7=0, lon_e7=0), radius_cm=100_000)


def shape(name: str) -> Shape:
    return Shape(name=name, outline=PLACE)


def test_an_item_with_a_mistake_is_refused_whole_and_the_rest_is_kept() -> None:
    made = Collector()
    for name in ("first", "second", "third"):
        with made.item(name, Spot(line=7, column=1)):
            made.keep(shape(name))
            if name == "second":
                made.keep(shape("second again"))
                raise Mistake("zero_size", "It bounds no area.")
    reading = made.done()
    assert [each.name for each in reading.shapes] == ["first", "third"]
    assert reading.refused == 1
    (fault,) = reading.faults
    assert (fault.item, fault.code, fault.spot) == ("second", "zero_size", Spot(line=7, column=1))


def test_a_hint_says_where_within_the_item_and_what_was_meant() -> None:
    made = Collector()
    with made.item("only", Spot(line=1, column=1)):
        spot = Spot(line=2, column=9)
        raise Hint("out_of_range", "91 is no latitude.", spot=spot, suggestion="Swap the axes.")
    (fault,) = made.done().faults
    assert (fault.spot, fault.suggestion) == (Spot(line=2, column=9), "Swap the axes.")


def test_faults_are_told_up_to_a_limit_and_counted_beyond_it() -> None:
    made = Collector()
    for number in range(MAX_FAULTS + 5):
        made.refuse(f"item {number}", Mistake("x", "y"))
    reading = made.done()
    assert (len(reading.faults), reading.refused) == (MAX_FAULTS, MAX_FAULTS + 5)


def test_a_file_without_any_item_is_a_mistake_of_its_own() -> None:
    with pytest.raises(Mistake, match="no areas"):
        Collector().done()


def test_what_is_not_carried_is_said_once() -> None:
    made = Collector()
    made.keep(shape("one"))
    made.lose("colours")
    made.lose("colours")
    assert made.done().lost == ("colours",)


@pytest.mark.parametrize(
    ("offset", "line", "column"), [(0, 1, 1), (2, 1, 3), (3, 2, 1), (5, 2, 3), (-1, 1, 1)]
)
def test_a_spot_is_counted_as_an_editor_does(offset: int, line: int, column: int) -> None:
    assert spot_of("ab\ncde", offset) == Spot(line=line, column=column)
