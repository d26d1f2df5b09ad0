"""A plane: the ellipsoidal gnomonic projection of WGS 84 about one centre.

In it geodesics are straight (measured: to 0.2 mm within 100 km of the centre, 13 mm within
300 km, 10 cm within 500 km, 1.7 m within 1,000 km), so that what is asked of edges can be
asked of straight lines. Lengths in it are never shorter than on the ground, and true at the
centre.

A point at geodesic distance s and azimuth z from the centre is put at the same azimuth and
the radius m / M, where m is the reduced length and M the geodesic scale of that geodesic
(C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87 (2013), section 8). Both solve
y'' + K y = 0 for the Gaussian curvature K along the geodesic. The library gives neither,
but K depends on the latitude alone and changes by a fifth of a per cent in 1,000 km. With
K linear between the two ends, first-order perturbation gives m / M = tan(k s) / k with
k^2 = (3 K(centre) + K(point)) / 4, within 1 mm at 300 km, 13 mm at 500 km and
0.42 m at 1,000 km (measured against geographiclib).

PROJ's own `gnom` is not used: some builds have it spherical (Debian's PROJ 9.1), and to set
one up costs more than this whole projection. `self_test` measures the geodesics themselves
against published figures and the projection against its defining property.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pyproj import Geod

from clearline.basis.faults import Broken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = [
    "MAX_REACH_M",
    "WGS84_A_M",
    "WGS84_E2",
    "Plane",
    "geodesic_fwd",
    "geodesic_fwds",
    "geodesic_inv",
    "geodesic_invs",
    "geodesic_points",
    "geodesic_walks",
    "geodesics",
    "lay",
    "lift",
    "self_test",
    "stretch",
    "stretches",
]

_GEOD = Geod(ellps="WGS84")
WGS84_A_M = 6_378_137.0
_F = 1 / 298.257223563
_B_M = WGS84_A_M * (1 - _F)
WGS84_E2 = _F * (2 - _F)

MAX_REACH_M = 5_000_000.0
"""How far from its centre a plane is used; at a quarter of the globe it would be infinite."""

_LIFTS = 3
"""The curvature at a point is needed to find the point; three rounds leave nothing."""

_inv_any = cast("Callable[..., Any]", _GEOD.inv)
_fwd_any = cast("Callable[..., Any]", _GEOD.fwd)


def geodesic_inv(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> tuple[float, float]:
    """Return the distance in metres and the azimuth at A in degrees of the geodesic A to B."""
    azimuth, _, metres = _inv_any(lon_a, lat_a, lon_b, lat_b)
    return metres, azimuth


def geodesic_fwd(lat: float, lon: float, azimuth: float, metres: float) -> tuple[float, float]:
    """Return the latitude and longitude in degrees reached from a point."""
    lon_to, lat_to, _ = _fwd_any(lon, lat, azimuth, metres)
    return lat_to, lon_to


def geodesics(
    lats_a: Floats, lons_a: Floats, lats_b: Floats, lons_b: Floats
) -> tuple[Floats, Floats]:
    """Return what `geodesic_inv` does of many pairs."""
    azimuths, _, metres = _inv_any(lons_a, lats_a, lons_b, lats_b)
    return metres, azimuths


def geodesic_invs(lats_a: Floats, lons_a: Floats, lats_b: Floats, lons_b: Floats) -> Floats:
    """Return the distances in metres of many pairs of points."""
    return geodesics(lats_a, lons_a, lats_b, lons_b)[0]


def geodesic_fwds(
    lats: Floats, lons: Floats, azimuths: Floats, metres: Floats
) -> tuple[Floats, Floats]:
    """Return the latitudes and longitudes in degrees that are reached from many points."""
    lons_to, lats_to, _ = _fwd_any(lons, lats, azimuths, metres)
    return lats_to, lons_to


def geodesic_walks(
    lats: Floats, lons: Floats, azimuths: Floats, metres: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the latitudes and longitudes reached from many points, and the azimuths there."""
    lons_to, lats_to, back = _fwd_any(lons, lats, azimuths, metres)
    return lats_to, lons_to, back + 180.0


def geodesic_points(
    lat_a: float, lon_a: float, lat_b: float, lon_b: float, pieces: int
) -> tuple[list[float], list[float]]:
    """Return latitudes and longitudes of A and of the ends of `pieces` equal parts of AB but B."""
    metres, azimuth = geodesic_inv(lat_a, lon_a, lat_b, lon_b)
    lats, lons = [lat_a], [lon_a]
    for part in range(1, pieces):
        lat, lon = geodesic_fwd(lat_a, lon_a, azimuth, metres * part / pieces)
        lats.append(lat)
        lons.append(lon)
    return lats, lons


def _root_curvature(lat_deg: float) -> float:
    """Return the square root of the Gaussian curvature at a latitude, per metre."""
    sine = math.sin(math.radians(lat_deg))
    return (1 - WGS84_E2 * sine * sine) / _B_M


def stretch(reach_m: float) -> float:
    """Return the most that a length within `reach_m` of the centre is too long in the plane.

    The scale along the radius is 1 / cos^2; the polar curvature radius of the equator,
    6,335 km, is the smallest on the ellipsoid and so gives the bound.
    """
    return 1 / math.cos(min(reach_m, MAX_REACH_M) / 6_335_400.0) ** 2


def stretches(reaches_m: Floats) -> Floats:
    """Return what `stretch` does of many."""
    return 1 / np.cos(np.minimum(reaches_m, MAX_REACH_M) / 6_335_400.0) ** 2


class Plane:
    """The gnomonic plane about one centre; x is east and y is north, in metres."""

    __slots__ = ("k0_squared", "lat", "lon")

    def __init__(self, lat_deg: float, lon_deg: float) -> None:
        self.lat = lat_deg
        self.lon = lon_deg
        self.k0_squared = 3 * _root_curvature(lat_deg) ** 2

    def project(self, lats: Floats, lons: Floats) -> Floats:
        """Return an array (n, 2) of x and y of points within MAX_REACH_M of the centre."""
        size = len(lats)
        metres, azimuths = geodesics(np.full(size, self.lat), np.full(size, self.lon), lats, lons)
        return _placed(metres, azimuths, self.k0_squared, lats)

    def project_one(self, lat: float, lon: float) -> tuple[float, float]:
        """Return x and y of one point."""
        metres, azimuth = geodesic_inv(self.lat, self.lon, lat, lon)
        k = math.sqrt((self.k0_squared + _root_curvature(lat) ** 2) / 4)
        radius = math.tan(k * min(metres, MAX_REACH_M)) / k
        angle = math.radians(azimuth)
        return radius * math.sin(angle), radius * math.cos(angle)

    def unproject(self, x: float, y: float) -> tuple[float, float]:
        """Return the latitude and longitude in degrees of a point of the plane."""
        if x == 0.0 == y:
            return self.lat, self.lon
        radius = math.hypot(x, y)
        azimuth = math.degrees(math.atan2(x, y))
        lat, lon = self.lat, self.lon
        for _ in range(_LIFTS):
            k = math.sqrt((self.k0_squared + _root_curvature(lat) ** 2) / 4)
            lat, lon = geodesic_fwd(self.lat, self.lon, azimuth, math.atan(k * radius) / k)
        return lat, lon

    def unproject_all(self, xy: Floats) -> Floats:
        """Return longitudes and latitudes in degrees, an array (n, 2), of points of the plane."""
        lats, lons = lift([self], np.zeros(len(xy), dtype=np.intp), xy)
        return np.column_stack([lons, lats])


def lay(planes: Sequence[Plane], which: Indices, lats: Floats, lons: Floats) -> Floats:
    """Return what `project` does of many points, each by the plane of that number."""
    centre_lats, centre_lons, k0_squared = _centres(planes, which)
    metres, azimuths = geodesics(centre_lats, centre_lons, lats, lons)
    return _placed(metres, azimuths, k0_squared, lats)


def lift(planes: Sequence[Plane], which: Indices, xy: Floats) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes of points (n, 2), as `unproject` does but for a last bit."""
    centre_lats, centre_lons, k0_squared = _centres(planes, which)
    radii = np.hypot(xy[:, 0], xy[:, 1])
    azimuths = np.degrees(np.arctan2(xy[:, 0], xy[:, 1]))
    lats, lons = centre_lats, centre_lons
    for _ in range(_LIFTS):
        sines = np.sin(np.radians(lats))
        roots = (1 - WGS84_E2 * sines * sines) / _B_M
        k = np.sqrt((k0_squared + roots * roots) / 4)
        lats, lons = geodesic_fwds(centre_lats, centre_lons, azimuths, np.arctan(k * radii) / k)
    return lats, lons


def _centres(planes: Sequence[Plane], which: Indices) -> tuple[Floats, Floats, Floats]:
    found = np.array([(plane.lat, plane.lon, plane.k0_squared) for plane in planes])[which]
    return found[:, 0].copy(), found[:, 1].copy(), found[:, 2].copy()


def _placed(metres: Floats, azimuths: Floats, k0_squared: Floats | float, lats: Floats) -> Floats:
    """Return x and y of points so far and in such a direction from a centre."""
    sines = np.sin(np.radians(lats))
    roots = (1 - WGS84_E2 * sines * sines) / _B_M
    k = np.sqrt((k0_squared + roots * roots) / 4)
    radii = np.tan(k * np.minimum(metres, MAX_REACH_M)) / k
    angles = np.radians(azimuths)
    out = np.empty((len(lats), 2))
    np.multiply(radii, np.sin(angles), out=out[:, 0])
    np.multiply(radii, np.cos(angles), out=out[:, 1])
    return out


# JFK to LHR is the example of GeographicLib's GeodSolve page, 5551759.400 m; JFK to a place near
# Paris was computed with geographiclib 2.1. Latitudes, longitudes, metres.
_PUBLISHED = (
    (40.6, -73.8, 51.6, -0.5, 5_551_759.400),
    (40.6, -73.8, 49.0166667, 2.55, 5_853_226.256),
)


def self_test() -> None:
    """Raise Broken if geodesics or planes come out wrong on this machine's PROJ.

    Run once at start, before any separation is trusted. Takes under a millisecond.
    """
    for lat_a, lon_a, lat_b, lon_b, expected in _PUBLISHED:
        metres, _ = geodesic_inv(lat_a, lon_a, lat_b, lon_b)
        if abs(metres - expected) > 0.01:
            raise Broken(f"PROJ measures {metres:.3f} m where {expected:.3f} m is published")
    _test_straightness()


def _test_straightness() -> None:
    """Raise Broken if the middle of a geodesic is not on the straight line between its ends."""
    plane = Plane(35.0, 40.0)
    ends = ((37.0, 38.5), (36.5, 42.5))
    lats, lons = geodesic_points(*ends[0], *ends[1], 2)
    (ax, ay), (bx, by) = (plane.project_one(*end) for end in ends)
    mx, my = plane.project_one(lats[1], lons[1])
    off = abs((bx - ax) * (my - ay) - (by - ay) * (mx - ax)) / math.hypot(bx - ax, by - ay)
    # A spherical gnomonic bends this geodesic by metres; the ellipsoidal one by millimetres.
    if off > 0.05:
        raise Broken(f"the gnomonic plane bends a geodesic by {off:.3f} m: wrong projection")
