"""Levels: the vertical limits of AIXM, each a number, a unit and what it is measured from.

`FL` and `STD` are pressure, `MSL` the sea, `SFC` the ground, `W84` the ellipsoid. A limit in
feet or metres without its reference is refused. `UNL` is the highest that can be said.

Source: AIXM 5.1.1, ValDistanceVerticalType and CodeVerticalReferenceType.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearline.basis.faults import Mistake
from clearline.basis.quantities import FLIGHT_LEVEL_CM, METRE_CM
from clearline.gateways import bounds
from clearline.gateways.bulletin import words
from clearline.gateways.hint import Hint
from clearline.gateways.limits import SURFACE, UNLIMITED
from clearline.space import Altitude, Band, Datum

if TYPE_CHECKING:
    from clearline.gateways.element import Element

__all__ = ["band"]

_DATA = {
    "SFC": Datum.HEIGHT,
    "MSL": Datum.AMSL,
    "W84": Datum.ELLIPSOIDAL,
    "STD": Datum.FL,
}
_UNITS_CM = {"FT": 30.48, "M": METRE_CM * 1.0, "SM": 10.0 * METRE_CM, "FL": FLIGHT_LEVEL_CM * 1.0}
_VALUE = re.compile(r"[+-]?\d{1,6}(?:\.\d{1,2})?")
_MOST_CM = 10_000_000


def band(around: Element, own: Band | None = None) -> Band | None:
    """Return the band of an element with an upper and a lower limit; None if it has neither.

    `own` is that of the airspace around it, whose limits FLOOR and CEILING name. Raises Hint if
    it has one limit alone, or one that cannot be read.
    """
    upper, lower = around.child("upperLimit"), around.child("lowerLimit")
    given = [each for each in (upper, lower) if each is not None and not _is_nil(each)]
    if not given:
        return None
    if len(given) == 1 or upper is None or lower is None:
        raise Hint("limit_missing", "an upper and a lower limit come together", spot=given[0].spot)
    try:
        return bounds.band(
            _level(lower, around.child("lowerLimitReference"), own),
            _level(upper, around.child("upperLimitReference"), own),
        )
    except Hint as hint:
        spot = hint.spot or lower.spot
        raise Hint(hint.code, hint.phrase, spot=spot, suggestion=hint.suggestion) from hint


def _is_nil(element: Element) -> bool:
    return element.attributes.get("nil") == "true" or not element.text


def _level(element: Element, reference: Element | None, own: Band | None) -> Altitude:
    """Return a limit as an altitude."""
    text = element.text.upper()
    unit = element.attributes.get("uom", "").upper()
    measured = reference.text.upper() if reference is not None else ""
    if text == "UNL":
        return UNLIMITED
    if text == "GND":
        return SURFACE
    if text in ("FLOOR", "CEILING") and own is not None:
        return own.lower if text == "FLOOR" else own.upper
    if not _VALUE.fullmatch(text):
        raise Hint(
            "altitude_unreadable", f"{words(text)} is no limit; it is a number, GND or UNL",
            spot=element.spot,
        )  # fmt: skip
    if unit not in _UNITS_CM:
        raise Hint(
            "altitude_unit_missing",
            f"{text} is a limit without its unit",
            spot=element.spot,
            suggestion='uom="FT", uom="M" or uom="FL"',
        )
    if unit == "FL" and not measured:
        measured = "STD"
    datum = _DATA.get(measured)
    if datum is None:
        raise Hint(
            "altitude_datum_missing",
            f"{text} {unit} does not say what it is measured from",
            spot=element.spot,
            suggestion=f"a {element.tag}Reference of MSL, SFC or W84",
        )
    if unit in ("FL", "SM") and datum is not Datum.FL:
        raise Hint(
            "altitude_datum_unknown",
            f"{text} {unit} is a level of pressure, measured from STD and not {measured}",
            spot=element.spot,
            suggestion=f"STD as its {element.tag}Reference",
        )
    return _altitude(element, datum, round(float(text) * _UNITS_CM[unit]))


def _altitude(element: Element, datum: Datum, cm: int) -> Altitude:
    if abs(cm) > _MOST_CM:
        raise Hint("altitude_too_far", "a limit is at most 100 km", spot=element.spot)
    if datum is Datum.HEIGHT and cm == 0:
        return SURFACE
    try:
        return Altitude(datum=datum, value_cm=cm)
    except (ValueError, Mistake) as error:
        raise Hint("altitude_negative", f"{error}", spot=element.spot) from error
