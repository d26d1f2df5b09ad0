"""Altitudes and bands: how high or how deep, and always above what.

A height without its datum is the oldest mix-up there is, so an altitude has no ordering
operators: altitudes are compared by `gap_cm`, which says None where the two data cannot be
compared without knowing the pressure, the geoid or the terrain. There is no conversion here
and never a silent one; `heights` compares by the worst case that two parties stated.

What is known without any of them, and nothing more:

- two altitudes of one datum compare by value;
- surface, height 0 and depth 0 are one level;
- everything deeper than the surface is below the surface, and so below any height that is
  not negative.

Source: ICAO Annex 2 and 5 for the terms; a flight level is referred to 1013.25 hPa.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import CM_PER_FOOT_E2, FLIGHT_LEVEL_CM, METRE_CM, feet_to_cm

__all__ = [
    "MAX_ALTITUDE_CM",
    "Altitude",
    "Band",
    "Datum",
    "check_band",
    "gap_cm",
    "parse_altitude",
    "parse_band",
    "show_altitude",
    "show_band",
    "vertical_gap_cm",
]

MAX_ALTITUDE_CM = 10_000_000
"""The highest and deepest that can be said: 100 km, the usual edge of space."""


class Datum(StrEnum):
    """What an altitude is measured from."""

    AMSL = "amsl"
    """Above mean sea level, as the party's own charts and altimeters have it."""
    HEIGHT = "height"
    """Above the ground or water directly below; negative is not meant for excavations."""
    FL = "fl"
    """Pressure altitude at 1013.25 hPa, in cm: one flight level is 3,048 cm."""
    SURFACE = "surface"
    """The ground or the water's surface itself; the value is 0."""
    DEPTH = "depth"
    """Below the water's surface, positive downwards."""
    ELLIPSOIDAL = "ellipsoidal"
    """Above the ellipsoid of WGS 84, as satellite receivers have it: not above the sea."""


_SURFACE, _HEIGHT, _DEPTH = Datum.SURFACE, Datum.HEIGHT, Datum.DEPTH
"""Asked for at every comparison of two bands, and quicker to find so."""

ValueCm = Annotated[int, Meta(ge=-MAX_ALTITUDE_CM, le=MAX_ALTITUDE_CM)]


class Altitude(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A level and what it is measured from. It cannot be ordered: use `gap_cm`."""

    datum: Datum
    value_cm: ValueCm

    def __post_init__(self) -> None:
        if self.datum is Datum.SURFACE and self.value_cm != 0:
            raise ValueError("the surface has the value 0")
        if self.datum in (Datum.DEPTH, Datum.HEIGHT) and self.value_cm < 0:
            raise ValueError(f"a {self.datum} is not negative")


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """From one level up to another, both included. `check_band` refuses an inverted one."""

    lower: Altitude
    upper: Altitude


def _from_surface_cm(altitude: Altitude) -> int | None:
    """Return the level above the surface, negative below it; None if it cannot be known."""
    datum = altitude.datum
    if datum is _HEIGHT or datum is _SURFACE:
        return altitude.value_cm
    return -altitude.value_cm if datum is _DEPTH else None


def gap_cm(lower: Altitude, upper: Altitude) -> int | None:
    """Return how far `upper` is above `lower`, negative if below; None if it cannot be known."""
    datum = lower.datum
    if datum is upper.datum and datum is not _DEPTH:
        return upper.value_cm - lower.value_cm
    low, high = _from_surface_cm(lower), _from_surface_cm(upper)
    if low is None or high is None:
        return None
    return high - low


def vertical_gap_cm(a: Band, b: Band) -> int | None:
    """Return the clear height between two bands: 0 if they meet, None if it cannot be known.

    The caller treats None as touching, so that the wider claim holds. A gap is known if the
    top of one band can be compared with the foot of the other and lies below it. That the
    bands meet is known only if both such comparisons are, or if they share a limit.
    """
    a_below_b = gap_cm(a.upper, b.lower)
    b_below_a = gap_cm(b.upper, a.lower)
    known = [gap for gap in (a_below_b, b_below_a) if gap is not None]
    widest = max(known, default=0)
    if widest > 0:
        return widest
    shared = gap_cm(a.lower, b.lower) == 0 or gap_cm(a.upper, b.upper) == 0
    return 0 if shared or len(known) == 2 else None


def check_band(band: Band) -> None:
    """Raise a Mistake if the band is known to be upside down."""
    gap = gap_cm(band.lower, band.upper)
    if gap is not None and gap < 0:
        raise Mistake(
            "band_inverted",
            f"the lower limit {show_altitude(band.lower)} is above the upper limit "
            f"{show_altitude(band.upper)}; swap them",
        )


_SURFACE_WORDS = frozenset({"SFC", "GND", "SURFACE"})
_LEVEL = re.compile(r"FL\s*(\d{1,4})", re.IGNORECASE)
_MEASURE = re.compile(
    r"(?P<sign>-?)(?P<value>\d{1,7}(?:\.\d{1,2})?)\s*(?P<unit>ft|m)\s*(?P<datum>[A-Za-z]+)?",
    re.IGNORECASE,
)
_DATA = {
    "AMSL": Datum.AMSL,
    "MSL": Datum.AMSL,
    "AGL": Datum.HEIGHT,
    "DEPTH": Datum.DEPTH,
    "HAE": Datum.ELLIPSOIDAL,
}


def parse_altitude(text: str, *, offset: int = 0) -> Altitude:
    """Return the altitude that `text` spells.

    The forms are `FL120`, `3500 ft AMSL`, `120 m AGL`, `SFC`, `30 m DEPTH` and, above the
    ellipsoid, `1200 m HAE`. A height without its datum is refused: which one was meant is not
    ours to guess. `offset` is where the text begins in what the user typed. Raises Mistake.
    """
    word = text.strip()
    at = offset + len(text) - len(text.lstrip())
    if word.upper() in _SURFACE_WORDS:
        return Altitude(datum=Datum.SURFACE, value_cm=0)
    if level := _LEVEL.fullmatch(word):
        return _altitude(Datum.FL, int(level[1]) * FLIGHT_LEVEL_CM, at)
    measure = _MEASURE.fullmatch(word)
    if measure is None:
        raise Mistake(
            "altitude_unreadable",
            "not an altitude; write FL120, 3500 ft AMSL, 120 m AGL, 30 m DEPTH, 1200 m HAE or SFC",
            at=at,
        )
    return _from_measure(measure, at)


def _from_measure(measure: re.Match[str], at: int) -> Altitude:
    """Return the altitude of a number, a unit and a datum."""
    word = measure["datum"]
    if word is None:
        raise Mistake(
            "altitude_datum_missing",
            "say what the altitude is measured from: AMSL, AGL, DEPTH or HAE",
            at=at + measure.end(),
        )
    datum = _DATA.get(word.upper())
    if datum is None:
        raise Mistake(
            "altitude_datum_unknown",
            f"{word} is not a datum; write AMSL, AGL, DEPTH or HAE",
            at=at + measure.start("datum"),
        )
    whole, _, decimals = measure["value"].partition(".")
    hundredths = int(whole) * 100 + int(decimals.ljust(2, "0") or "0")
    if measure["unit"].lower() == "m":
        value_cm = hundredths * METRE_CM // 100
    else:
        value_cm = (hundredths * CM_PER_FOOT_E2 + 5_000) // 10_000
    return _altitude(datum, -value_cm if measure["sign"] else value_cm, at)


def _altitude(datum: Datum, value_cm: int, at: int) -> Altitude:
    """Return the altitude, or raise the Mistake of one out of range."""
    if abs(value_cm) > MAX_ALTITUDE_CM:
        raise Mistake("altitude_too_far", "an altitude or depth is at most 100 km", at=at)
    try:
        return Altitude(datum=datum, value_cm=value_cm)
    except ValueError as error:
        raise Mistake("altitude_negative", f"{error}", at=at) from error


def parse_band(text: str) -> Band:
    """Return the band that `text` spells, lower first: `SFC-FL180`, `30 m DEPTH - SFC`.

    Raises Mistake if a limit is unreadable or the band is known to be upside down.
    """
    # A minus sign may begin a limit, so the dash between the two is sought after the first
    # character that is not blank.
    start = len(text) - len(text.lstrip())
    dash = text.find("-", start + 1)
    if dash < 0:
        raise Mistake(
            "band_unreadable",
            "a band is two limits with a dash between them, as in SFC-FL180",
            at=len(text),
        )
    lower = parse_altitude(text[:dash])
    upper = parse_altitude(text[dash + 1 :], offset=dash + 1)
    band = Band(lower=lower, upper=upper)
    check_band(band)
    return band


def show_altitude(altitude: Altitude) -> str:
    """Return the altitude for a person, in a form that `parse_altitude` reads back.

    Whole feet where it is whole feet of AMSL, metres to the centimetre otherwise.
    """
    cm = altitude.value_cm
    match altitude.datum:
        case Datum.SURFACE:
            return "SFC"
        case Datum.FL:
            level, rest = divmod(cm, FLIGHT_LEVEL_CM)
            # A pressure altitude that is no whole level is shown by the level nearest to it.
            level += 2 * rest >= FLIGHT_LEVEL_CM
            return f"FL{level:03d}"
        case Datum.AMSL:
            feet = abs(cm) * 100 // CM_PER_FOOT_E2
            for whole in (feet, feet + 1):
                if feet_to_cm(whole) == abs(cm) and abs(cm) % METRE_CM:
                    return f"{'-' if cm < 0 else ''}{whole} ft AMSL"
            return f"{_metres(cm)} m AMSL"
        case Datum.HEIGHT:
            return f"{_metres(cm)} m AGL"
        case Datum.DEPTH:
            return f"{_metres(cm)} m DEPTH"
        case Datum.ELLIPSOIDAL:
            return f"{_metres(cm)} m HAE"


def show_band(band: Band) -> str:
    """Return the band for a person: `SFC-FL180`."""
    return f"{show_altitude(band.lower)}-{show_altitude(band.upper)}"


def _metres(cm: int) -> str:
    """Return whole metres, or metres with two decimals where there is a rest."""
    sign = "-" if cm < 0 else ""
    metres, rest = divmod(abs(cm), METRE_CM)
    return f"{sign}{metres}" + (f".{rest:02d}" if rest else "")
