"""Heights: altitudes of different data, compared by the worst case that the terms state.

A flight level, an altitude above the sea, a height above the ground and one above the
ellipsoid are four different things. What lies between them is the weather, the terrain and
the geoid, and nobody at a desk knows them to the metre. But two parties can agree how far
each can be off in their area. Then the clear height between two bands is an interval: at
least so much, and at most so much. **Least decides** whether two volumes come too near, so
the wider claim holds; **most decides** whether they do for certain.

What the parties did not state stays unknown, and what is unknown meets. Nothing here is ever
taken as nought in silence. The rule is that of protocol/6-geometry.md, 6.3.2; it is whole
numbers throughout, so that two implementations agree.

Sources: the standard atmosphere of ICAO Doc 7488; for temperature PANS-OPS (ICAO Doc 8168):
an altimeter is off by about 4 % of the height for each 10 degrees between the air and the
standard one, and by more in great cold.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from clearline.basis.faults import Broken, Mistake
from clearline.space.altitude import (
    Altitude,
    Band,
    Datum,
    check_band,
    show_altitude,
    vertical_gap_cm,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

__all__ = [
    "FAR_CM",
    "MAX_GEOID_CM",
    "MAX_HPA",
    "MAX_TEMPERATURE_PCT",
    "MAX_TERRAIN_CM",
    "MIN_HPA",
    "MIN_TERRAIN_CM",
    "Certainty",
    "GeoidRange",
    "PressureRange",
    "TerrainRange",
    "WorstCase",
    "above_sea_cm",
    "certain",
    "check_heights",
    "check_worst_case",
    "level_rows",
    "pressure_altitude_cm",
    "rise_cm",
    "vertical_range_cm",
    "vertical_ranges_cm",
]

MIN_HPA = 850
MAX_HPA = 1_100
MIN_TERRAIN_CM = -100_000
MAX_TERRAIN_CM = 1_000_000
MAX_GEOID_CM = 20_000
MAX_TEMPERATURE_PCT = 50

FAR_CM = 10**12
"""Further than any level can be: stands for a bound that nobody knows."""
_UNKNOWN_CM = FAR_CM // 2
"""What is further than this came from a bound that nobody knows."""

Hpa = Annotated[int, Meta(ge=MIN_HPA, le=MAX_HPA)]
TerrainCm = Annotated[int, Meta(ge=MIN_TERRAIN_CM, le=MAX_TERRAIN_CM)]
GeoidCm = Annotated[int, Meta(ge=-MAX_GEOID_CM, le=MAX_GEOID_CM)]


class PressureRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pressures at mean sea level that the area has, and how far the air is off standard."""

    lowest_hpa: Hpa
    highest_hpa: Hpa
    temperature_pct: Annotated[int, Meta(ge=0, le=MAX_TEMPERATURE_PCT)]
    """An altitude by the altimeter is off the true one by at most so many per cent of itself."""


class TerrainRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the ground, or the water's surface, is in the area; above mean sea level."""

    lowest_cm: TerrainCm
    highest_cm: TerrainCm


class GeoidRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where mean sea level is in the area; above the ellipsoid of WGS 84."""

    lowest_cm: GeoidCm
    highest_cm: GeoidCm


class WorstCase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the data can be apart in the area. What is absent is unknown, never nought."""

    pressure: PressureRange | UnsetType = UNSET
    terrain: TerrainRange | UnsetType = UNSET
    geoid: GeoidRange | UnsetType = UNSET


class Certainty(StrEnum):
    """Whether two volumes come too near whatever weather, terrain and geoid are."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


_Level = tuple[int, int, int, int]
"""A level as it is compared: its family, its level in it, and between which two above the sea."""
_Rise = tuple[int, int]
"""At least, and at most."""


class _Shifts(NamedTuple):
    """What to add to a level, by its family, to come to mean sea level: at least, at most."""

    by_family: tuple[tuple[int, int], ...]
    temperature_pct: int


def _standard_cm(hpa: int) -> int:
    """Return the altitude at which the standard atmosphere has a pressure, in whole cm."""
    # T0 / L = 288.15 K / 0.0065 K/m; the exponent is R L / g0. No whole hPa of the range is
    # nearer than 0.001 cm to where rounding changes, so a last bit of the power cannot matter.
    exponent = 287.05287 * 0.0065 / 9.80665
    return round(100 * 288.15 / 0.0065 * (1 - (hpa / 1013.25) ** exponent))


_STANDARD_CM = {hpa: _standard_cm(hpa) for hpa in range(MIN_HPA, MAX_HPA + 1)}

_AIR, _SEA, _ELLIPSOID, _GROUND = range(4)
_FAMILY = {
    Datum.FL: _AIR,
    Datum.AMSL: _SEA,
    Datum.ELLIPSOIDAL: _ELLIPSOID,
    Datum.HEIGHT: _GROUND,
    Datum.SURFACE: _GROUND,
    Datum.DEPTH: _GROUND,
}
"""Levels of one family differ by value, whatever weather, terrain and geoid are."""


def pressure_altitude_cm(hpa: int) -> int:
    """Return the pressure altitude of a whole hPa within MIN_HPA to MAX_HPA, in cm.

    An altimeter that is set to this pressure shows so much less than its flight level.
    """
    return _STANDARD_CM[hpa]


def _level_cm(altitude: Altitude) -> int:
    """Return the level within its family: a depth counts downwards."""
    return -altitude.value_cm if altitude.datum is Datum.DEPTH else altitude.value_cm


@lru_cache(maxsize=256)
def _shifts(worst: WorstCase) -> _Shifts:
    air, sea, ground = worst.pressure, worst.geoid, worst.terrain
    unknown, percent = (-FAR_CM, FAR_CM), 0
    by_air = by_geoid = by_terrain = unknown
    if not isinstance(air, UnsetType):
        by_air = -_STANDARD_CM[air.lowest_hpa], -_STANDARD_CM[air.highest_hpa]
        percent = air.temperature_pct
    if not isinstance(sea, UnsetType):
        by_geoid = -sea.highest_cm, -sea.lowest_cm
    if not isinstance(ground, UnsetType):
        by_terrain = ground.lowest_cm, ground.highest_cm
    return _Shifts((by_air, (0, 0), by_geoid, by_terrain), percent)


def _level(altitude: Altitude, shifts: _Shifts) -> _Level:
    family, cm = _FAMILY[altitude.datum], _level_cm(altitude)
    least, most = shifts.by_family[family]
    if most == FAR_CM:
        return family, cm, -FAR_CM, FAR_CM
    low, high = cm + least, cm + most
    if family == _AIR:
        # An altimeter is off by so much of what it shows, rounded up to a whole cm.
        low -= -(-abs(low) * shifts.temperature_pct // 100)
        high += -(-abs(high) * shifts.temperature_pct // 100)
    return family, cm, low, high


def above_sea_cm(altitude: Altitude, worst: WorstCase) -> tuple[int, int]:
    """Return between which two levels above mean sea level an altitude is, in cm.

    (-FAR_CM, FAR_CM) if it needs what the terms do not state.
    """
    _, _, low, high = _level(altitude, _shifts(worst))
    return low, high


def _rise(lower: _Level, upper: _Level) -> _Rise:
    if lower[0] == upper[0]:
        exact = upper[1] - lower[1]
        return exact, exact
    return upper[2] - lower[3], upper[3] - lower[2]


def rise_cm(lower: Altitude, upper: Altitude, worst: WorstCase) -> tuple[int, int] | None:
    """Return how far `upper` is above `lower`, at least and at most; None if nobody knows."""
    shifts = _shifts(worst)
    rise = _rise(_level(lower, shifts), _level(upper, shifts))
    return None if rise[1] > _UNKNOWN_CM else rise


def vertical_range_cm(
    a: Band, b: Band, worst: WorstCase | None = None
) -> tuple[int | None, int | None]:
    """Return the clear height between two bands, at least and at most; None is unknown.

    Without a worst case it is rule version 1: one known gap, or none. With one it is version
    2. The caller takes an unknown least as 0, so that the wider claim holds. It is a gap of
    limits, so it is right for bands that are not upside down: in weather in which a band is,
    nobody can be in it.
    """
    datum = a.lower.datum
    if datum is a.upper.datum is b.lower.datum is b.upper.datum and datum is not Datum.DEPTH:
        # Most pairs are of one datum, and all that follows comes to this.
        up, down = b.lower.value_cm - a.upper.value_cm, a.lower.value_cm - b.upper.value_cm
        gap = max(up, down, 0)
        return gap, gap
    if worst is None:
        gap = vertical_gap_cm(a, b)
        return gap, gap
    shifts = _shifts(worst)
    a_foot, a_head = _level(a.lower, shifts), _level(a.upper, shifts)
    b_foot, b_head = _level(b.lower, shifts), _level(b.upper, shifts)
    # From the top of either up to the foot of the other. As no top is under its own foot,
    # neither is more than the rise from foot to foot, nor than that from top to top.
    up, up_most = _rise(a_head, b_foot)
    down, down_most = _rise(b_head, a_foot)
    foot, foot_most = _rise(a_foot, b_foot)
    head, head_most = _rise(a_head, b_head)
    above = min(up_most, foot_most, head_most)
    below = min(down_most, -foot, -head)
    least = max(up, down)
    if least > 0:
        # Where one is a gap for certain, the other says nothing of how wide it is.
        known = [most for gap, most in ((up, above), (down, below)) if gap > 0]
        return least, max(least, *known)
    most = max(above, below, 0)
    return (None, None) if most > _UNKNOWN_CM else (0, most)


def certain(a: Band, b: Band, minimum_cm: int, worst: WorstCase | None) -> Certainty:
    """Return whether two bands that may be nearer than a minimum are so for certain."""
    _, most = vertical_range_cm(a, b, worst)
    near = most is not None and (most == 0 or most < minimum_cm)
    return Certainty.CERTAIN if near else Certainty.POSSIBLE


# The same for many bands at once


def level_rows(bands: Iterable[Band], worst: WorstCase | None) -> Integers:
    """Return a row of eight whole numbers for each band, for `vertical_ranges_cm`.

    For the lower limit, then for the upper one: family, level, and between which levels above
    mean sea level it is (FAR_CM where unknown). No worst case is one that states nothing.
    """
    shifts = _shifts(worst or WorstCase())
    rows = [(*_level(each.lower, shifts), *_level(each.upper, shifts)) for each in bands]
    return np.array(rows, dtype=np.int64).reshape(-1, 8)


def vertical_ranges_cm(ones: Integers, others: Integers) -> tuple[Integers, Integers]:
    """Return least and most of each pair of rows: `vertical_range_cm`, for many at once.

    Either side may be one row, which is then compared with every row of the other. An unknown
    least is 0, as it counts; an unknown most is FAR_CM.
    """
    a_foot, a_head = ones[..., :4], ones[..., 4:]
    b_foot, b_head = others[..., :4], others[..., 4:]
    up, up_most = _rises(a_head, b_foot)
    down, down_most = _rises(b_head, a_foot)
    foot, foot_most = _rises(a_foot, b_foot)
    head, head_most = _rises(a_head, b_head)
    above = np.minimum(np.minimum(up_most, foot_most), head_most)
    below = np.minimum(np.minimum(down_most, -foot), -head)
    least = np.maximum(np.maximum(up, down), 0)
    above = np.where((least > 0) & (up <= 0), 0, above)
    below = np.where((least > 0) & (down <= 0), 0, below)
    most = np.maximum(np.maximum(above, below), least)
    return least, np.where(most > _UNKNOWN_CM, FAR_CM, most)


def _rises(lower: Integers, upper: Integers) -> tuple[Integers, Integers]:
    alike = lower[..., 0] == upper[..., 0]
    exact = upper[..., 1] - lower[..., 1]
    least = np.where(alike, exact, upper[..., 2] - lower[..., 3])
    return least, np.where(alike, exact, upper[..., 3] - lower[..., 2])


# What is sane


def check_worst_case(worst: WorstCase) -> None:
    """Raise a Mistake if a range that is stated is upside down."""
    for name, low, high in (
        ("pressure", "lowest_hpa", "highest_hpa"),
        ("terrain", "lowest_cm", "highest_cm"),
        ("geoid", "lowest_cm", "highest_cm"),
    ):
        stated = getattr(worst, name)
        if stated is not UNSET and getattr(stated, low) > getattr(stated, high):
            raise Mistake(
                "worst_case_inverted", f"The lowest {name} is above the highest; swap them."
            )


def check_heights(band: Band, worst: WorstCase | None) -> None:
    """Raise a Mistake if a band is upside down in all that the terms hold possible."""
    check_band(band)
    if worst is None:
        return
    rise = rise_cm(band.lower, band.upper, worst)
    if rise is not None and rise[1] < 0:
        raise Mistake(
            "band_inverted",
            f"whatever the weather, the lower limit {show_altitude(band.lower)} is above the "
            f"upper limit {show_altitude(band.upper)}; swap them",
        )


# Altitudes at which the standard atmosphere has these pressures, in whole metres, as its tables
# have them.
_PUBLISHED = ((850, 1_457), (900, 988), (1_000, 111))


def self_test() -> None:
    """Raise Broken if heights of two data are compared as if they were one.

    Run once at start, before any separation is trusted.
    """
    for hpa, metres in _PUBLISHED:
        if abs(pressure_altitude_cm(hpa) - 100 * metres) > 100:
            raise Broken(f"{hpa} hPa is put at {pressure_altitude_cm(hpa)} cm, not at {metres} m")
    sea = Altitude(datum=Datum.AMSL, value_cm=100_000)
    lake = TerrainRange(lowest_cm=37_000, highest_cm=37_000)
    low = GeoidRange(lowest_cm=-10_699, highest_cm=-10_600)
    air = PressureRange(lowest_hpa=1_000, highest_hpa=1_013, temperature_pct=0)
    for datum, worst, most in (
        (Datum.ELLIPSOIDAL, WorstCase(geoid=low), 10_699),
        (Datum.HEIGHT, WorstCase(terrain=lake), 37_000),
        (Datum.FL, WorstCase(pressure=air), pressure_altitude_cm(1_013) * -1),
    ):
        other = Altitude(datum=datum, value_cm=100_000)
        if rise_cm(sea, other, WorstCase()) is not None:
            raise Broken(f"{datum} was compared with amsl though nobody stated how")
        rise = rise_cm(sea, other, worst)
        if rise is None or rise[1] != most:
            raise Broken(f"{datum} was compared with amsl as {rise}")
