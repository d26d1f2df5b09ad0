"""Levels: how far a track is above or below a notice's band, at least and at most.

A track's height is a flight level, or is above the ellipsoid, or is not known; a notice's band
may be above the sea, or the ground. What lies between these is weather, terrain and geoid
(`space.heights`). For tracks they are taken as the worst that there is anywhere on Earth,
whatever the terms state: a track and a band may meet unless no weather and no terrain could let
them. What meets in the worst case alone is POSSIBLE, and the alarm says so.

It decides nothing. Sources: the lowest and highest pressures at sea level on record are 870 and
1,085 hPa (World Meteorological Organization); the lowest shore is that of the Dead Sea; the geoid
is from -107 m to +86 m (EGM96).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from clearline.node.tracks.track import Datum as TrackDatum
from clearline.node.tracks.track import Level
from clearline.space import (
    Altitude,
    Band,
    Datum,
    GeoidRange,
    PressureRange,
    TerrainRange,
    WorstCase,
    heights,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["band_rows", "gaps_cm", "level_rows"]

EARTH = WorstCase(
    pressure=PressureRange(lowest_hpa=870, highest_hpa=1_085, temperature_pct=25),
    terrain=TerrainRange(lowest_cm=-43_500, highest_cm=884_900),
    geoid=GeoidRange(lowest_cm=-10_700, highest_cm=8_600),
)
"""No place on Earth and no day is worse."""
WATER = WorstCase(terrain=TerrainRange(lowest_cm=-43_500, highest_cm=100_000))
"""Ships that say by radio where they are sail no higher than this."""
_DATA = {
    TrackDatum.FL: Datum.FL,
    TrackDatum.ELLIPSOIDAL: Datum.ELLIPSOIDAL,
    TrackDatum.SURFACE: Datum.SURFACE,
}
_OF_NONE = 9.0
"""A family of levels that no band's is: all that is known is that nothing is."""


def band_rows(bands: Iterable[Band]) -> Floats:
    """Return for each band a row: family, level and true altitudes of its foot, then its head."""
    return heights.level_rows(bands, EARTH).astype(np.float64)


def level_rows(levels: Iterable[Level]) -> Floats:
    """Return for each track's level a row: family, level, and between which true altitudes."""
    return np.array([_row(each) for each in levels], dtype=np.float64).reshape(-1, 4)


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


def _row(level: Level) -> tuple[float, ...]:
    datum = _DATA.get(level.datum)
    if datum is None or level.value_cm is None:
        return _OF_NONE, 0.0, float(-heights.FAR_CM), float(heights.FAR_CM)
    altitude = Altitude(datum=datum, value_cm=level.value_cm)
    worst = WATER if datum is Datum.SURFACE else EARTH
    row = heights.level_rows([Band(lower=altitude, upper=altitude)], worst)[0, :4]
    return tuple(float(each) for each in row)
