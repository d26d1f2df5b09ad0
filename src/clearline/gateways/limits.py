"""Vertical limits as aviation writes them: `SFC`, `FL245`, `3500FT AMSL`, `500FT AGL`, `UNL`.

In, each says its unit and what it is measured from, or is refused. Out, each is rounded away
from the band, and what a format cannot say is replaced by something wider, which is said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.basis.quantities import CM_PER_FOOT_E2, FLIGHT_LEVEL_CM, METRE_CM, feet_to_cm
from clearline.gateways.bulletin import words
from clearline.space import Altitude, Band, Datum, check_band, show_altitude
from clearline.space.altitude import MAX_ALTITUDE_CM

if TYPE_CHECKING:
    from clearline.gateways.bulletin import Bulletin
    from clearline.gateways.writing import Losses

__all__ = [
    "DATUMS",
    "SURFACE",
    "UNLIMITED",
    "band_of",
    "plain_band",
    "read_limit",
    "whole_feet",
    "whole_levels",
]

SURFACE = Altitude(datum=Datum.SURFACE, value_cm=0)
UNLIMITED = Altitude(datum=Datum.AMSL, value_cm=MAX_ALTITUDE_CM)
"""What `UNL` is read as: the highest that can be said, 100 km."""

DATUMS = {
    "AMSL": Datum.AMSL,
    "MSL": Datum.AMSL,
    "ALT": Datum.AMSL,
    "AGL": Datum.HEIGHT,
    "ASFC": Datum.HEIGHT,
    "SFC": Datum.HEIGHT,
    "GND": Datum.HEIGHT,
    "HGT": Datum.HEIGHT,
    "STD": Datum.FL,
    "W84": Datum.ELLIPSOIDAL,
}
"""Words for what a height is measured from."""

_LIMIT = re.compile(
    r"\s*(?:(?P<surface>SFC|GND|SURFACE|GROUND|SEA|WATER)\b|(?P<unlimited>UNL(?:TD|IM\w*)?)\b"
    r"|(?P<fl>FL)\s?(?P<level>\d{1,3})\b"
    r"|(?P<value>\d{1,6})\s?(?P<unit>FT|FEET|MET(?:ER|RE)S?|M)?\b\s*"
    r"(?P<datum>AMSL|MSL|AGL|ASFC|SFC|GND|STD|ALT|HGT|W84)?\b)"
)
_GEOID_CM = 110 * METRE_CM
"""The geoid lies nowhere further than this from the ellipsoid of WGS 84 (EGM2008: -107 to 86 m)."""


def read_limit(bulletin: Bulletin, start: int, end: int) -> Altitude:
    """Return the limit that a part of a bulletin begins with. Raises Hint."""
    match = _LIMIT.match(bulletin.text, start, end)
    shown = words(bulletin.text[start:end]) or "nothing"
    if match is None:
        raise bulletin.hint(
            "altitude_unreadable",
            f"{shown} is no limit; write SFC, FL100, 3500FT AMSL, 500FT AGL or UNL",
            start,
        )
    if match["surface"]:
        return SURFACE
    if match["unlimited"]:
        return UNLIMITED
    if match["fl"]:
        return Altitude(datum=Datum.FL, value_cm=int(match["level"]) * FLIGHT_LEVEL_CM)
    value, at = match["value"], match.start("value")
    if not match["unit"]:
        raise bulletin.hint(
            "altitude_unit_missing",
            f"{shown} is a height without its unit",
            at,
            f"{value}FT AMSL, or {value}FT AGL",
        )
    if not match["datum"]:
        raise bulletin.hint(
            "altitude_datum_missing",
            f"{shown} does not say what it is measured from",
            at,
            f"{value}{match['unit']} AMSL, or {value}{match['unit']} AGL",
        )
    feet = match["unit"].startswith("F")
    cm = feet_to_cm(int(value)) if feet else int(value) * METRE_CM
    if cm > MAX_ALTITUDE_CM:
        raise bulletin.hint("altitude_too_far", "a limit is at most 100 km", at)
    return Altitude(datum=DATUMS[match["datum"]], value_cm=cm)


def band_of(bulletin: Bulletin, lower: Altitude, upper: Altitude, at: int) -> Band:
    """Return the band between two limits; Hint if it is known to be upside down."""
    band = Band(lower=lower, upper=upper)
    try:
        check_band(band)
    except Mistake as mistake:
        raise bulletin.hint(
            mistake.code,
            mistake.phrase,
            at,
            f"from {show_altitude(upper)} to {show_altitude(lower)}",
        ) from mistake
    return band


def whole_feet(cm: int, *, upward: bool) -> int:
    """Return a height in whole feet, rounded up or down."""
    return -(-cm * 100 // CM_PER_FOOT_E2) if upward else cm * 100 // CM_PER_FOOT_E2


def whole_levels(cm: int, *, upward: bool) -> int:
    """Return a height in whole hundreds of feet, rounded up or down."""
    return -(-cm // FLIGHT_LEVEL_CM) if upward else cm // FLIGHT_LEVEL_CM


def plain_band(band: Band, losses: Losses) -> Band | None:
    """Return a band that contains this one, above ground, sea or pressure; None if all is deep.

    Depths are left out, levels below the sea's are brought up or down to the surface, and heights
    above the ellipsoid are said above the sea, wider by all that the two can differ.
    """
    if band.upper.datum is Datum.DEPTH and band.upper.value_cm > 0:
        losses.add("areas that are wholly under water: they are left out")
        return None
    return Band(
        lower=_plain(band.lower, losses, up=False), upper=_plain(band.upper, losses, up=True)
    )


def _plain(altitude: Altitude, losses: Losses, *, up: bool) -> Altitude:
    match altitude.datum:
        case Datum.DEPTH:
            if altitude.value_cm > 0:
                losses.add("depths below the water: the band begins at its surface")
            return SURFACE
        case Datum.ELLIPSOIDAL:
            losses.add("heights above the ellipsoid: they are above the sea, 110 m wider each way")
            cm = altitude.value_cm + (_GEOID_CM if up else -_GEOID_CM)
            kept = min(max(cm, -MAX_ALTITUDE_CM), MAX_ALTITUDE_CM)
            return _plain(Altitude(datum=Datum.AMSL, value_cm=kept), losses, up=up)
        case Datum.AMSL if altitude.value_cm < 0:
            return Altitude(datum=Datum.AMSL, value_cm=0) if up else SURFACE
        case _:
            return altitude
