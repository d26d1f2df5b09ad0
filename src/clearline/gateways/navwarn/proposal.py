"""A proposal for a navigational warning: areas as a NAVAREA coordinator takes them.

One warning a volume, phrased as mariners read them. Only the coordinator numbers and sends a
warning, and only it knows the area's name: the number is 0000, and the file says so. Mariners
join positions by rhumb lines, so edges are cut short and the area is grown by the most that a
rhumb line can lie aside, before its corners go to hundredths of a minute. Hours go outward to
whole minutes. What is above or below the water cannot be said.

Nothing is written of parties, links or activities: a warning is public.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.basis.instants import EPOCH, MINUTE_MS
from clearline.basis.quantities import METRE_CM, NAUTICAL_MILE_CM, ceil_to, floor_to
from clearline.gateways.coordinates import MINUTES, spell_minutes
from clearline.gateways.daytimes import MONTH_NAMES
from clearline.gateways.writing import Losses, Written, each_drawn
from clearline.space import Circle, Outline, Polygon
from clearline.space.arcs import drawn
from clearline.space.footprint import footprint
from clearline.space.plane import WGS84_A_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.gateways.writing import Area
    from clearline.space import Volume

__all__ = ["MAX_CORNERS", "write"]

MAX_CORNERS = 60
"""Positions of one area; a warning is read aloud and plotted by hand."""
_SHORTEST_EDGE_M = 20_000.0
"""Edges are not cut shorter than this: at 60 degrees a rhumb line then lies 14 m aside."""
_HIGHEST_LAT_DEG = 85.0
"""Nearer to a pole there are no Mercator charts, and a rhumb line winds."""
_SPARE = 1.1
_HEADING = "PROPOSAL FOR A NAVIGATIONAL WARNING. ONLY THE COORDINATOR NUMBERS AND SENDS IT.\n"


def write(areas: Sequence[Area]) -> Written:
    """Return proposals for areas, one a volume, in their order."""
    losses = Losses()
    losses.add("whose an area is, its activity, its link and its name: a warning is public")
    losses.add("how high or deep an area is: a warning to mariners has no heights")
    parts = [_HEADING]
    for _, text in each_drawn(areas, losses, lambda _, volume: _warning(volume, losses)):
        parts.append(text)
    return Written(raw="\n".join(parts).encode("ascii"), lost=losses.told())


def _warning(volume: Volume, losses: Losses) -> str:
    start = _stamp(floor_to(volume.window.start, MINUTE_MS))
    end = _stamp(ceil_to(volume.window.end, MINUTE_MS))
    return (
        f"NAVIGATIONAL WARNING 0000/{end[-2:]}\n"
        "1. HAZARDOUS OPERATIONS\n"
        f"   {start} TO {end}\n"
        f"   {_where(volume.outline, losses)}.\n"
        f"2. CANCEL THIS MSG {end}.\n"
    )


def _where(outline: Outline, losses: Losses) -> str:
    """Return the area as a mariner plots it."""
    if isinstance(outline, Circle):
        tenths = -(-(outline.radius_cm + MINUTES.slack_cm) // (NAUTICAL_MILE_CM // 10))
        size = f"{tenths / 10:.1f}".removesuffix(".0")
        return f"WITHIN {size} MILES OF {spell_minutes(MINUTES.snap(outline.centre))}"
    polygon = _plotted(outline)
    if polygon.holes:
        losses.add("holes in an area: they are covered too")
    corners = [spell_minutes(corner) for corner in polygon.exterior]
    rows = [", ".join(corners[at : at + 2]) for at in range(0, len(corners), 2)]
    return "IN AREA BOUNDED BY:\n   " + ",\n   ".join(rows)


def _plotted(outline: Outline) -> Polygon:
    """Return a polygon on the grid whose rhumb lines bound all of an outline. Raises Mistake."""
    shape = footprint(outline)
    degrees = math.degrees(shape.reach_m / 6_335_000.0) + 0.5
    highest = abs(shape.lat) + degrees
    if highest > _HIGHEST_LAT_DEG:
        raise Mistake("too_near_pole", "it is too near to a pole for a Mercator chart")
    edge_m = max(_SHORTEST_EDGE_M, 2 * math.pi * shape.reach_m / (MAX_CORNERS / 2))
    for _ in range(6):
        try:
            return drawn(
                outline,
                MINUTES.snap,
                slack_cm=MINUTES.slack_cm,
                most=MAX_CORNERS,
                spare_cm=_aside_cm(edge_m, highest),
                edge_m=edge_m,
            )
        except Mistake as mistake:
            if mistake.code not in ("too_many_points", "too_large"):
                raise
        edge_m *= 1.5
    raise Mistake("too_many_points", f"it cannot be drawn with {MAX_CORNERS} corners")


def _aside_cm(edge_m: float, highest_lat_deg: float) -> int:
    """Return the most that a rhumb line lies aside of the geodesic between its ends.

    A rhumb line bends by at most the tangent of its latitude over the Earth's radius, and a
    line that bends by k over a length L lies within k L^2 / 8 (`space.edges`).
    """
    bend = math.tan(math.radians(highest_lat_deg)) / WGS84_A_M
    return math.ceil(bend * (edge_m * 1.02) ** 2 / 8 * _SPARE * METRE_CM) + 1


def _stamp(ms: int) -> str:
    """Return an instant as `271200 UTC NOV 26`."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return f"{moment:%d%H%M} UTC {MONTH_NAMES[moment.month - 1]} {moment:%y}"
