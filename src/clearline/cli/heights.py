"""Heights: the worst case of new terms, as people type it, and as it is shown.

What the parties do not state is what holds anywhere on the globe, where anything does: of
pressure and of the geoid, never of terrain. A geoid can also be read from a grid that PROJ has
on this machine, for the area alone. PROJ takes the geoid for nought without a word if the grid
is missing, so the grid is asked for by name, and tried where the undulation is published.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
import numpy as np
import pyproj
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from clearline.basis.faults import Mistake
from clearline.core.terms import WORLDWIDE
from clearline.node import words
from clearline.space import (
    GeoidRange,
    Polygon,
    PressureRange,
    TerrainRange,
    WorstCase,
    check_worst_case,
)
from clearline.space.footprint import footprint

T = TypeVar("T")
Floats = NDArray[np.float64]

__all__ = ["geoid_of", "show", "worst_case"]

_PRESSURE = re.compile(r"\s*(\d{3,4})\s*to\s*(\d{3,4})\s*hPa\s*,\s*(\d{1,2})\s*%\s*", re.IGNORECASE)
_RANGE = re.compile(r"\s*(-?)\s*(.+?)\s+to\s+(-?)\s*(.+)", re.IGNORECASE)

NOT_STATED = "not stated: such levels meet whatever they are compared with"
GRID = "grid"
GRIDS = ("us_nga_egm08_25.tif", "us_nga_egm96_15.tif", "egm08_25.gtx", "egm96_15.gtx")
"""Geoids by the names that PROJ's own data has them under, the finest first."""
STEP_DEG = 0.25
MARGIN_CM = 500
"""Between two places that are looked up it may be so much higher or lower."""

# Undulations of EGM96 that its makers publish with their programs: degrees and metres. Other
# models of the Earth are within two metres of them; nought is not.
_PUBLISHED = (
    (38.6281550, 269.7791550, -31.628),
    (-14.6212170, 305.0211140, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, 359.9995000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
)
_WITHIN_M = 2.0


def worst_case(
    pressure: str | None, terrain: str | None, geoid: str | None, area: Polygon
) -> WorstCase:
    """Return the worst case that these say, and what holds anywhere where they say nothing."""
    found = WorstCase(
        pressure=WORLDWIDE.pressure if pressure is None else _pressure(pressure),
        terrain=UNSET if terrain is None else _terrain(terrain),
        geoid=WORLDWIDE.geoid if geoid is None else _geoid(geoid, area),
    )
    check_worst_case(found)
    return found


def _pressure(text: str) -> PressureRange:
    example = "980 to 1040 hPa, 10 %"
    found = _PRESSURE.fullmatch(text)
    if found is None:
        raise _unreadable(text, example)
    low, high, percent = (int(each) for each in found.groups())
    fields = {"lowest_hpa": low, "highest_hpa": high, "temperature_pct": percent}
    return _stated(PressureRange, fields, text, example)


def _terrain(text: str) -> TerrainRange:
    example = "-10 m to 2800 m"
    return _stated(TerrainRange, _range_cm(text, example), text, example)


def _geoid(text: str, area: Polygon) -> GeoidRange:
    if text == GRID or text.endswith((".tif", ".gtx")):
        return geoid_of(area, GRIDS if text == GRID else (text,))
    example = "15 m to 30 m"
    return _stated(GeoidRange, _range_cm(text, example), text, example)


def _range_cm(text: str, example: str) -> dict[str, int]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise _unreadable(text, example)
    low, high = words.length_cm(found[2]), words.length_cm(found[4])
    return {"lowest_cm": -low if found[1] else low, "highest_cm": -high if found[3] else high}


def _stated(kind: type[T], fields: dict[str, int], text: str, example: str) -> T:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise _unreadable(f"{text}: {error}", example) from error


def _unreadable(text: str, example: str) -> Mistake:
    return Mistake("bad_worst_case", f"{text!r}: write lowest and highest, as in {example!r}.")


def geoid_of(area: Polygon, grids: tuple[str, ...]) -> GeoidRange:
    """Return how high the geoid is in the area, by the first of these grids that is here.

    With a margin, in whole metres outward. Mistake if none is here, or if the one that is does
    not say what is published: it is not taken for nought.
    """
    for name in grids:
        undulation_m = _grid(name)
        if undulation_m is None:
            continue
        for lat, lon, published in _PUBLISHED:
            (there,) = undulation_m(np.array([lat]), np.array([lon]))
            if not abs(there - published) <= _WITHIN_M:
                raise Mistake(
                    "geoid_wrong",
                    f"The grid {name} puts the geoid at {there:.1f} m at {lat} {lon}, where "
                    f"{published} m is published: it is no geoid of WGS 84.",
                )
        found = undulation_m(*_places(area))
        if not np.isfinite(found).all():
            raise Mistake("geoid_wrong", f"The grid {name} does not cover the whole area.")
        low, high = 100 * math.floor(found.min()), 100 * math.ceil(found.max())
        return GeoidRange(lowest_cm=low - MARGIN_CM, highest_cm=high + MARGIN_CM)
    raise Mistake(
        "geoid_missing",
        f"PROJ has none of {', '.join(grids)} here: get one with projsync, or state the geoid "
        "as '15 m to 30 m'; without either what holds anywhere is stated.",
    )


def _grid(name: str) -> Callable[[Floats, Floats], Floats] | None:
    """Return what looks up undulations in a grid, in metres; None if PROJ does not have it."""
    try:
        grid = pyproj.Transformer.from_pipeline(f"+proj=vgridshift +grids={name} +multiplier=1")
    except ProjError:
        return None
    transform = cast("Callable[..., Any]", grid.transform)

    def undulation_m(lats: Floats, lons: Floats) -> Floats:
        east = (lons + 180) % 360 - 180
        return transform(east, lats, np.zeros_like(lats))[2]

    return undulation_m


def _places(area: Polygon) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes that lie close together all over a circle about the area."""
    circle = footprint(area)
    reach_deg = math.degrees(circle.reach_m / 6_335_400) + STEP_DEG
    south, north = max(-90.0, circle.lat - reach_deg), min(90.0, circle.lat + reach_deg)
    widest = math.cos(math.radians(max(abs(south), abs(north))))
    across_deg = min(180.0, reach_deg / widest) if widest > 0.01 else 180.0
    lats = np.append(np.arange(south, north, STEP_DEG), north)
    lons = np.arange(circle.lon - across_deg, circle.lon + across_deg + STEP_DEG, STEP_DEG)
    grid = np.meshgrid(lats, lons)
    return grid[0].ravel(), grid[1].ravel()


def show(worst: WorstCase | None) -> list[str]:
    """Return lines that tell a person by what worst case heights are compared."""
    if worst is None:
        return ["heights: levels of different data are not compared (rule version 1)"]
    air, ground, sea = worst.pressure, worst.terrain, worst.geoid
    lines = [
        "pressure "
        + (
            NOT_STATED
            if isinstance(air, UnsetType)
            else f"{air.lowest_hpa} to {air.highest_hpa} hPa, {air.temperature_pct} %"
        )
    ]
    for name, stated in (("terrain", ground), ("geoid", sea)):
        if isinstance(stated, UnsetType):
            lines.append(f"{name} {NOT_STATED}")
        else:
            lines.append(f"{name} {stated.lowest_cm / 100:g} m to {stated.highest_cm / 100:g} m")
    return [f"heights: {line}" for line in lines]
