"""Suspicion: what a whole file looks like beside the areas that the terms agree.

Swapped axes are seen in one position only where it is out of range. In most of the world both
numbers could be either; but a file all of which lies elsewhere, and would lie in an agreed area
with its axes swapped, is one whose axes are swapped. It is said, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from clearline.gateways.reading import Reading
from clearline.space import E7, Polygon, Position, contains, positions

__all__ = ["suspected"]

_MOST_ASKED = 200
"""Shapes of a file that are looked at, evenly spread."""


def suspected(reading: Reading, areas: Sequence[Polygon]) -> Reading:
    """Return a reading with a note if all of it lies outside of the agreed areas."""
    every = max(1, len(reading.shapes) // _MOST_ASKED)
    asked = [positions(each.outline)[0] for each in reading.shapes[::every]]
    if not asked or not areas or any(_within(point, areas) for point in asked):
        return reading
    note = "nothing of this lies in the area that the terms agree"
    swapped = [_swapped(point) for point in asked]
    if all(point is not None and _within(point, areas) for point in swapped):
        note = f"{note}; with latitude and longitude swapped, all of it would"
    return replace(reading, notes=(*reading.notes, note))


def _within(point: Position, areas: Sequence[Polygon]) -> bool:
    return any(contains(area, point) for area in areas)


def _swapped(point: Position) -> Position | None:
    """Return a position with its numbers the other way round; None if that is none."""
    if abs(point.lon_e7) > 90 * E7:
        return None
    return Position(lat_e7=point.lon_e7, lon_e7=point.lat_e7)
