"""Arcs: pieces of a circle as points of a ring, and how far the ring has to reach to hold them.

The points lie on the circle and are joined by geodesics, which lie inside it. A ring with the
margin that comes with them holds the arc, whichever side of it is the inside.
"""

from __future__ import annotations

import math

from clearline.space import Position, from_degrees
from clearline.space.plane import geodesic_fwd

__all__ = ["SLACK_M", "Ends", "arc"]

SLACK_M = 10.0
"""How far the chords of an arc may lie inside it."""
_MOST_PARTS = 360

Ends = tuple[float, float]
"""What something is at the start and at the end of an arc."""


def arc(
    centre: Position,
    radii_m: tuple[float, float],
    bearings: tuple[float, float],
    *,
    clockwise: bool,
) -> tuple[list[Position], float]:
    """Return the points of an arc, both ends included, and the margin that it needs, in m.

    Bearings are true, in degrees, of the arc's start and end. An arc from a bearing to itself is
    a whole turn. Radii are those of its start and end: a file may give two that differ a little,
    and then it runs from one to the other and the margin holds both circles.
    """
    turn = (bearings[1] - bearings[0]) % 360 or 360.0
    if not clockwise:
        turn = (turn - 360) % -360 or -360.0
    widest = max(radii_m)
    # A chord over an angle lies r (1 - cos(angle / 2)) inside; on the ellipsoid a little more.
    step = 2 * math.acos(max(-1.0, 1 - SLACK_M / max(widest, SLACK_M)))
    parts = min(_MOST_PARTS, max(2, math.ceil(math.radians(abs(turn)) / step)))
    points: list[Position] = []
    for part in range(parts + 1):
        share = part / parts
        radius = radii_m[0] + (radii_m[1] - radii_m[0]) * share
        bearing = bearings[0] + turn * share
        points.append(from_degrees(*geodesic_fwd(centre.lat_deg, centre.lon_deg, bearing, radius)))
    sag = widest * (1 - math.cos(math.radians(abs(turn)) / parts / 2))
    return points, 1.1 * sag + abs(radii_m[1] - radii_m[0]) + 0.02
