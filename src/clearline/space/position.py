"""A position: a point on the WGS 84 ellipsoid, in whole ten-millionths of a degree.

It decides what a valid point is, and nothing else: no datum other than WGS 84 is ever
meant, and no conversion from another is offered. One unit (1e-7 degree) is at most 1.2 cm
on the ground. The meridian 180 may be written as +180 or as -180; both are one place, and
so is a pole with any longitude. See `same_place`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["E7", "LatE7", "LonE7", "Position", "from_degrees", "same_place"]

E7 = 10_000_000
"""Units of a position in one degree."""

_HALF_TURN_E7 = 180 * E7
_QUARTER_TURN_E7 = 90 * E7

LatE7 = Annotated[int, Meta(ge=-_QUARTER_TURN_E7, le=_QUARTER_TURN_E7)]
"""Geodetic latitude, 1e-7 degree, north positive."""

LonE7 = Annotated[int, Meta(ge=-_HALF_TURN_E7, le=_HALF_TURN_E7)]
"""Longitude, 1e-7 degree, east positive."""


class Position(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A point on WGS 84. Both fields are in 1e-7 degree."""

    lat_e7: LatE7
    lon_e7: LonE7

    def __post_init__(self) -> None:
        # msgspec checks the ranges when it decodes; this holds them for our own code too.
        if not (-_QUARTER_TURN_E7 <= self.lat_e7 <= _QUARTER_TURN_E7):
            raise ValueError(f"latitude outside -90 to 90 degrees: {self.lat_e7}")
        if not (-_HALF_TURN_E7 <= self.lon_e7 <= _HALF_TURN_E7):
            raise ValueError(f"longitude outside -180 to 180 degrees: {self.lon_e7}")

    @property
    def lat_deg(self) -> float:
        """Return the latitude in degrees, for the geodesic library alone."""
        return self.lat_e7 / E7

    @property
    def lon_deg(self) -> float:
        """Return the longitude in degrees, for the geodesic library alone."""
        return self.lon_e7 / E7


def from_degrees(lat_deg: float, lon_deg: float) -> Position:
    """Return the position nearest to these degrees; the longitude is brought into range.

    Raises ValueError if the latitude is not in -90 to 90.
    """
    lon_e7 = round(lon_deg * E7)
    if not (-_HALF_TURN_E7 <= lon_e7 <= _HALF_TURN_E7):
        lon_e7 = (lon_e7 + _HALF_TURN_E7) % (2 * _HALF_TURN_E7) - _HALF_TURN_E7
    return Position(lat_e7=round(lat_deg * E7), lon_e7=lon_e7)


def same_place(a: Position, b: Position) -> bool:
    """Return whether two positions are one point, however their longitudes are written."""
    if a.lat_e7 != b.lat_e7:
        return False
    if abs(a.lat_e7) == _QUARTER_TURN_E7:
        return True
    return (a.lon_e7 - b.lon_e7) % (2 * _HALF_TURN_E7) == 0
