"""Curves: lines between two points of WGS 84 that are not geodesics, as functions.

Many edges at once, each from t = 0 at its first point to t = 1 at its second: where it is, how
fast it goes and how sharply it bends. It decides nothing; `edges` does. Angles are in radians,
lengths in metres, and curves take the shorter way in longitude.

The geodesic curvature of a line of azimuth z is dz/ds less what a geodesic would turn there,
sin(latitude) dlon/ds (Clairaut). For a rhumb dz is 0. A plane's section of a surface bends by
its normal curvature times the tangent of the angle between plane and normal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clearline.space.plane import WGS84_A_M, WGS84_E2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearline.space.plane import Floats

    Whole = NDArray[np.intp]

__all__ = ["LEAST_RADIUS_M", "Curves", "Ellipses", "Ends", "Rhumbs", "Straights"]

LEAST_RADIUS_M = 6_335_439.0
"""The least radius of curvature of WGS 84: in the meridian, at the equator."""
_E = math.sqrt(WGS84_E2)
_FLAT = math.sqrt(1 - WGS84_E2)
_POLE = math.radians(90) - 1e-11
"""A tenth of a millimetre from it: a rhumb's latitude grows without end towards the pole."""
_SETTLE = 9
"""Rounds until the latitude of a rhumb stays: each leaves 0.7 % of the error before."""


class Ends(NamedTuple):
    """Both ends of many edges, in degrees; arrays of shape (n,)."""

    lat_a: Floats
    lon_a: Floats
    lat_b: Floats
    lon_b: Floats

    def turn(self) -> Floats:
        """Return the change of longitude in radians, the shorter way."""
        return np.radians((self.lon_b - self.lon_a + 180.0) % 360.0 - 180.0)


class Straights(NamedTuple):
    """Lines that are straight in longitude and latitude."""

    lat: Floats
    lon: Floats
    rise: Floats
    turn: Floats

    @staticmethod
    def between(ends: Ends) -> Straights:
        """Return the lines from one end to the other."""
        lat = np.radians(ends.lat_a)
        return Straights(lat, np.radians(ends.lon_a), np.radians(ends.lat_b) - lat, ends.turn())

    def take(self, index: Whole) -> Straights:
        """Return these of the lines, as columns: for t of shape (n, parts)."""
        return Straights(*(field[index, None] for field in self))

    def at(self, t: Floats) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes in degrees."""
        return np.degrees(self.lat + t * self.rise), np.degrees(self.lon + t * self.turn)

    def pace(self, t: Floats) -> tuple[Floats, Floats]:
        """Return metres for each unit of t, and the most geodesic curvature for each metre."""
        sine, cosine, meridian, normal = _radii(self.lat + t * self.rise)
        north, east = meridian * self.rise, normal * cosine * self.turn
        square = north**2 + east**2
        # How the meridian's radius itself changes with latitude bends the line a little too.
        growth = 3 * WGS84_E2 * sine * cosine / (1 - WGS84_E2 * sine**2)
        turned = np.abs(self.turn) * (
            np.abs(sine) * (square + north**2)
            + np.abs(normal * cosine * growth * north * self.rise)
        )
        return np.sqrt(square), _over(turned, square**1.5)


class Rhumbs(NamedTuple):
    """Lines of one course: straight in longitude and isometric latitude."""

    high: Floats
    lon: Floats
    rise: Floats
    turn: Floats

    @staticmethod
    def between(ends: Ends) -> Rhumbs:
        """Return the lines from one end to the other; to a pole, the meridian."""
        high = [_isometric(np.radians(lat)) for lat in (ends.lat_a, ends.lat_b)]
        polar = np.maximum(np.abs(ends.lat_a), np.abs(ends.lat_b)) == 90.0
        lon = np.where(np.abs(ends.lat_a) == 90.0, ends.lon_b, ends.lon_a)
        turn = np.where(polar, 0.0, ends.turn())
        return Rhumbs(high[0], np.radians(lon), high[1] - high[0], turn)

    def take(self, index: Whole) -> Rhumbs:
        """Return these of the lines, as columns: for t of shape (n, parts)."""
        return Rhumbs(*(field[index, None] for field in self))

    def at(self, t: Floats) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes in degrees."""
        return np.degrees(self._lat(t)), np.degrees(self.lon + t * self.turn)

    def pace(self, t: Floats) -> tuple[Floats, Floats]:
        """Return metres for each unit of t, and the geodesic curvature for each metre."""
        sine, cosine, _, normal = _radii(self._lat(t))
        way = np.hypot(self.rise, self.turn) + 0 * t
        bend = _over(np.abs(self.turn * sine), way * normal * cosine)
        return normal * cosine * way, bend

    def _lat(self, t: Floats) -> Floats:
        high = self.high + t * self.rise
        sine = np.tanh(high)
        for _ in range(_SETTLE):
            sine = np.tanh(high + _E * np.arctanh(_E * sine))
        # The sine of a latitude near a pole tells it badly; its tangent does not.
        return np.arctan(np.sinh(high + _E * np.arctanh(_E * sine)))


class Ellipses(NamedTuple):
    """Sections of the ellipsoid by planes through its centre."""

    start: Floats
    """On the sphere that the ellipsoid becomes if its axis is drawn out; (n, 3)."""
    ahead: Floats
    angle: Floats
    across: Floats
    """The plane's normal, on the ellipsoid itself; (n, 3)."""

    @staticmethod
    def between(ends: Ends) -> Ellipses:
        """Return the sections from one end to the other."""
        start, end = _on_sphere(ends.lat_a, ends.lon_a), _on_sphere(ends.lat_b, ends.lon_b)
        cross = np.cross(start, end)
        sines = np.linalg.norm(cross, axis=1, keepdims=True)
        angle = np.arctan2(sines[:, 0], np.sum(start * end, axis=1))
        ahead = _over(np.cross(cross, start), sines)
        # The plane's normal changes as covectors do where space is drawn out along the axis.
        normal = cross * np.array([1.0, 1.0, 1 / _FLAT])
        across = _over(normal, np.linalg.norm(normal, axis=1, keepdims=True))
        return Ellipses(start, ahead, angle, across)

    def take(self, index: Whole) -> Ellipses:
        """Return these of the sections, as columns: for t of shape (n, parts)."""
        return Ellipses(
            self.start[index, None], self.ahead[index, None],
            self.angle[index, None], self.across[index, None],
        )  # fmt: skip

    def at(self, t: Floats) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes in degrees."""
        x, y, z = np.moveaxis(self._on(t), -1, 0)
        # On the drawn-out sphere the tangent of latitude is shorter by the flattening.
        return np.degrees(np.arctan2(z, _FLAT * np.hypot(x, y))), np.degrees(np.arctan2(y, x))

    def pace(self, t: Floats) -> tuple[Floats, Floats]:
        """Return metres for each unit of t, and the most geodesic curvature for each metre."""
        lats, lons = (np.radians(each) for each in self.at(t))
        up = np.stack([np.cos(lats) * np.cos(lons), np.cos(lats) * np.sin(lons), np.sin(lats)], -1)
        tilt = np.abs(np.sum(up * self.across, axis=-1))
        turn = (self.angle * t)[..., None]
        going = self.ahead * np.cos(turn) - self.start * np.sin(turn)
        speed = np.linalg.norm(going * np.array([1.0, 1.0, _FLAT]), axis=-1) * WGS84_A_M
        return speed * self.angle, tilt / np.sqrt(1 - tilt**2) / LEAST_RADIUS_M

    def _on(self, t: Floats) -> Floats:
        turn = (self.angle * t)[..., None]
        return self.start * np.cos(turn) + self.ahead * np.sin(turn)


Curves = Straights | Rhumbs | Ellipses


def _radii(lat: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return sine, cosine, and the radii of curvature in the meridian and across it."""
    sine, cosine = np.sin(lat), np.cos(lat)
    square = 1 - WGS84_E2 * sine**2
    normal = WGS84_A_M / np.sqrt(square)
    return sine, cosine, normal * (1 - WGS84_E2) / square, normal


def _isometric(lat: Floats) -> Floats:
    """Return the isometric latitude: a rhumb is straight in it and longitude."""
    kept = np.clip(lat, -_POLE, _POLE)
    return np.arcsinh(np.tan(kept)) - _E * np.arctanh(_E * np.sin(kept))


def _on_sphere(lats: Floats, lons: Floats) -> Floats:
    """Return points (n, 3) on the unit sphere that the ellipsoid becomes, drawn out."""
    phi, lam = np.radians(lats), np.radians(lons)
    xyz = np.stack(
        [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), _FLAT * np.sin(phi)], axis=1
    )
    return xyz / np.linalg.norm(xyz, axis=1, keepdims=True)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Return the quotient; 0 where both are 0, in an edge of no length."""
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)
