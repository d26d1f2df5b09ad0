"""Levels: how far a track is above or below a notice's band, at least and at most.

A track's height is a flight level, or is above the ellipsoid, or is not known; a notice's band
may be above the sea, or the ground. What lies between these is weather, terrain and geoid. Here
they are taken as the worst that there is anywhere on Earth, and never as nought: a track and a
band may meet unless no weather and no terrain could let them. What meets in the worst case
alone is POSSIBLE, and the alarm says so.

It decides nothing. Sources: the lowest and highest pressures at sea level on record are 870 and
1,085 hPa (World Meteorological Organization), the standard atmosphere (ICAO Doc 7488) puts those
at 1,259 m and -583 m; the geoid is from -107 m to +86 m (EGM96).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from clearline.node.tracks.track import Datum as TrackDatum
from clearline.node.tracks.track import Level
from clearline.space import Altitude, Band, Datum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["band_rows", "gaps_cm", "level_rows"]

FAR_CM = 1e12
"""Further than any level can be: a bound that nobody knows."""
LOW_PRESSURE_CM, HIGH_PRESSURE_CM = 125_900, -58_300
"""A flight level is above the true altitude by at most the first, and below it by the second."""
TEMPERATURE = 0.25
"""And besides by so much of itself, in the coldest and the hottest air."""
LOW_TERRAIN_CM, HIGH_TERRAIN_CM = -43_000.0, 884_900.0
LOW_GEOID_CM, HIGH_GEOID_CM = -10_700.0, 8_600.0
HIGH_LAKE_CM = 100_000.0
"""Ships that say by radio where they are sail no higher than this."""

_FAMILY = {
    Datum.FL: 0,
    Datum.AMSL: 1,
    Datum.HEIGHT: 3,
    Datum.SURFACE: 3,
    Datum.DEPTH: 3,
}
_TRACK_FAMILY = {
    TrackDatum.FL: 0,
    TrackDatum.ELLIPSOIDAL: 2,
    TrackDatum.SURFACE: 3,
    TrackDatum.UNKNOWN: 9,
}
"""Levels of one family differ by value, whatever weather, terrain and geoid are."""

_Limit = tuple[float, float, float, float]


def band_rows(bands: Iterable[Band]) -> Floats:
    """Return for each band a row: family, level and true altitudes of its foot, then its head."""
    rows = [(*_limit(band.lower), *_limit(band.upper)) for band in bands]
    return np.array(rows, dtype=np.float64).reshape(-1, 8)


def level_rows(levels: Iterable[Level]) -> Floats:
    """Return for each track's level a row: family, level, and between which true altitudes."""
    return np.array([_level(each) for each in levels], dtype=np.float64).reshape(-1, 4)


def gaps_cm(levels: Floats, bands: Floats) -> tuple[Floats, Floats, Floats]:
    """Return of each pair of rows how far the track is below the foot and above the head.

    Both at least, negative where it may be beyond them; then how far it is outside, at most.
    """
    below, below_most = _rises(levels, bands[:, :4])
    above, above_most = _rises(bands[:, 4:], levels)
    return below, above, np.maximum(np.maximum(below_most, above_most), 0.0)


def _rises(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    alike = lower[:, 0] == upper[:, 0]
    exact = upper[:, 1] - lower[:, 1]
    least = np.where(alike, exact, upper[:, 2] - lower[:, 3])
    return least, np.where(alike, exact, upper[:, 3] - lower[:, 2])


def _limit(altitude: Altitude) -> _Limit:
    value = float(altitude.value_cm)
    family = float(_FAMILY.get(altitude.datum, 8))
    match altitude.datum:
        case Datum.AMSL:
            return family, value, value, value
        case Datum.FL:
            return family, value, *_true_of_pressure(value)
        case Datum.HEIGHT | Datum.SURFACE:
            return family, value, value + LOW_TERRAIN_CM, value + HIGH_TERRAIN_CM
        case Datum.DEPTH:
            return family, -value, LOW_TERRAIN_CM - value, HIGH_TERRAIN_CM - value


def _level(level: Level) -> _Limit:
    value = float(level.value_cm or 0)
    family = float(_TRACK_FAMILY[level.datum])
    if level.value_cm is None:
        return 9.0, value, -FAR_CM, FAR_CM
    match level.datum:
        case TrackDatum.FL:
            return family, value, *_true_of_pressure(value)
        case TrackDatum.ELLIPSOIDAL:
            return family, value, value - HIGH_GEOID_CM, value - LOW_GEOID_CM
        case TrackDatum.SURFACE:
            # A ship: what it floats on is within the tide of the sea, or on a lake or a river.
            return family, value, LOW_TERRAIN_CM, HIGH_LAKE_CM
        case TrackDatum.UNKNOWN:
            return family, value, -FAR_CM, FAR_CM


def _true_of_pressure(level_cm: float) -> tuple[float, float]:
    low, high = level_cm - LOW_PRESSURE_CM, level_cm - HIGH_PRESSURE_CM
    return low - TEMPERATURE * abs(low), high + TEMPERATURE * abs(high)
