"""A ring in the making: corners and arcs, as texts and AIXM give them, into one polygon.

Arcs are cut into chords, and the polygon's margin is the greatest height of an arc over its
chord, so that it contains what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM, show_length
from clearline.space import Form, same_place
from clearline.space.arcs import arc, bearing_deg
from clearline.space.plane import geodesic_inv

if TYPE_CHECKING:
    from clearline.space import Position

__all__ = ["Ring", "arc_to"]

_OFF_PART = 0.02
"""How far, in parts of the radius, an arc's end may lie from where its radius puts it."""
_OFF_CM = {Form.DM: 200_000}
"""And by how much more, where positions are in minutes; a minute is up to 1.9 km."""
_OFF_FINE_CM = 10_000


class Ring:
    """Positions in order; arcs among them as their chords."""

    def __init__(self, points: list[Position]) -> None:
        self.points = points
        self.margin_cm = 0
        self.closed = False
        """Whether the last position was the first one again; it is not kept twice."""

    def add(self, place: Position) -> None:
        """Add a corner; the first one again closes the ring, the last one again is left out."""
        if len(self.points) > 2 and same_place(place, self.points[0]):
            self.closed = True
        elif not same_place(place, self.points[-1]):
            self.points.append(place)


def arc_to(
    ring: Ring,
    centre: Position,
    end: Position,
    radius_cm: int | None,
    *,
    clockwise: bool,
    form: Form,
) -> None:
    """Add an arc from a ring's last position to another. Raises Mistake if they do not fit.

    Without a radius it is the distance from the centre to where the arc begins.
    """
    begin = ring.points[-1]
    reach_cm = _apart_cm(centre, begin)
    radius = radius_cm if radius_cm is not None else round(reach_cm)
    spare = radius * _OFF_PART + _OFF_CM.get(form, _OFF_FINE_CM)
    for name, place in (("begins", begin), ("ends", end)):
        apart = _apart_cm(centre, place)
        if abs(apart - radius) > spare:
            raise Mistake(
                "arc_radius",
                f"an arc of radius {show_length(radius)} {name} {show_length(round(apart))} "
                "from its centre",
            )
    start = bearing_deg(centre, begin)
    turn = (bearing_deg(centre, end) - start) % 360.0
    sweep = turn if clockwise else turn - 360.0
    cut = arc(centre, radius, start, sweep)
    ring.margin_cm = max(ring.margin_cm, cut.height_cm)
    # The ends are what the text says; the chords between are on the radius that it says.
    for place in cut.points[1:-1]:
        ring.add(place)
    ring.add(end)


def _apart_cm(one: Position, other: Position) -> float:
    metres, _ = geodesic_inv(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    return metres * METRE_CM
