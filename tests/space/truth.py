"""Shapes at a place, and the truth they are measured against.

The truth is geographiclib (Karney's own Python), never the library under test.
"""

from __future__ import annotations

import math
from itertools import pairwise

from geographiclib.geodesic import Geodesic

from clearline.basis.faults import Mistake
from clearline.space import Circle, Corridor, Polygon, Position, from_degrees

WGS84 = Geodesic.WGS84


def outcome(read, *given):
    """Return what reading gave, or the Mistake it raised; anything else is a failure."""
    try:
        return read(*given)
    except Mistake as mistake:
        return mistake


class Make:
    """Makers of outlines at a place, by geographiclib."""

    @staticmethod
    def reach(lat: float, lon: float, azimuth: float, metres: float) -> Position:
        """Return the position at a bearing and distance."""
        line = WGS84.Direct(lat, lon, azimuth, metres)
        return from_degrees(line["lat2"], line["lon2"])

    @staticmethod
    def ngon(lat: float, lon: float, metres: float, corners: int, turn: float = 0.0) -> Polygon:
        """Return a regular polygon about a place."""
        return Polygon(exterior=Make.ring(lat, lon, metres, corners, turn))

    @staticmethod
    def ring(
        lat: float, lon: float, metres: float, corners: int, turn: float = 0.0
    ) -> tuple[Position, ...]:
        """Return a regular ring about a place."""
        return tuple(Make.reach(lat, lon, turn + 360 * i / corners, metres) for i in range(corners))

    @staticmethod
    def circle(lat: float, lon: float, metres: float) -> Circle:
        """Return a circle about a place."""
        return Circle(centre=from_degrees(lat, lon), radius_cm=round(metres * 100))

    @staticmethod
    def path(width_m: float, *points: tuple[float, float]) -> Corridor:
        """Return a corridor through places."""
        return Corridor(
            points=tuple(from_degrees(*p) for p in points), width_cm=round(width_m * 100)
        )

    @staticmethod
    def apart_m(a: Position, b: Position) -> float:
        """Return the geodesic distance of two positions."""
        return WGS84.Inverse(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)["s12"]

    @staticmethod
    def along(a: Position, b: Position, part: float) -> tuple[float, float]:
        """Return the point at a part of the geodesic from a to b, in degrees."""
        line = WGS84.InverseLine(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        at = line.Position(line.s13 * part)
        return at["lat2"], at["lon2"]

    @staticmethod
    def edges(ring: tuple[Position, ...], *, closed: bool) -> list[tuple[Position, Position]]:
        """Return a ring's edges."""
        pairs = list(pairwise(ring))
        return [*pairs, (ring[-1], ring[0])] if closed else pairs

    @staticmethod
    def to_edges_m(lat: float, lon: float, edges: list[tuple[Position, Position]]) -> float:
        """Return the distance from a point to the nearest edge, by golden section."""
        return min(Make._to_edge_m(lat, lon, a, b) for a, b in edges)

    @staticmethod
    def _to_edge_m(lat: float, lon: float, a: Position, b: Position) -> float:
        line = WGS84.InverseLine(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)

        def far(s: float) -> float:
            at = line.Position(s)
            return WGS84.Inverse(lat, lon, at["lat2"], at["lon2"])["s12"]

        low, high, ratio = 0.0, line.s13, (math.sqrt(5) - 1) / 2
        while high - low > 0.5:
            one, other = high - ratio * (high - low), low + ratio * (high - low)
            low, high = (low, other) if far(one) < far(other) else (one, high)
        return min(far(0.0), far(line.s13), far((low + high) / 2))
