"""The coded line: a phrase as one line of ASCII that is the same in every language.

It decides how each slot is written: `STOP POS 35.2560N 040.1500E R 500 M`. Nothing is lost
on the way: two phrases with different slots never share a line, so two officers who read
the same line hold the same signed slots. It never rounds and never translates; only the
text of FREE TEXT is in a language, quoted and escaped.

Source: `protocol/4-phrases.md`, The coded line.
"""

from __future__ import annotations

import json
from typing import assert_never

from clearline.basis.instants import SECOND_MS, Instant
from clearline.basis.quantities import METRE_CM
from clearline.phrasebook.phrase import Phrase, Slot, code, slots
from clearline.space import Position

__all__ = ["coded", "coded_slot", "decimals", "hemispheres"]

DEGREE_E7 = 10_000_000
_LABELS = {
    "place": "POS",
    "radius_cm": "R",
    "reference": "REF",
    "delay_ms": "BY",
    "begins": "FROM",
    "ends": "TO",
    "nature": "NATURE",
    "persons": "PERSONS",
    "which": "REF",
    "of": "REF",
    "anchor": "ANCHOR",
    "anchored": "AT",
    "apart_cm": "APART",
    "wait_ms": "WITHIN",
    "path": "PATH",
    "text": "TEXT",
    "language": "LANG",
}


def coded(phrase: Phrase) -> str:
    """Return the coded line of `phrase`: its code, then each slot that is present, labelled."""
    parts = [code(phrase)]
    for name, value in slots(phrase).items():
        if value is not None:
            parts.append(f"{_LABELS[name]} {coded_slot(name, value)}")
    return " ".join(parts)


def coded_slot(name: str, value: Slot) -> str:
    """Return one slot as the coded line writes it, without its label; `-` if it is absent."""
    match value:
        case None:
            return "-"
        case Position():
            return _position(value)
        case Instant():
            return str(value)
        case int():
            return _quantity(name, value)
        case str():
            return json.dumps(value, ensure_ascii=True) if name == "text" else str(value)
        case _:
            assert_never(value)


def decimals(value: int, one: int, *, least: int) -> str:
    """Return `value / one` exactly, with a point and at least `least` decimals.

    `one` is a power of ten; `value` is not negative.
    """
    whole, rest = divmod(value, one)
    places = len(str(one)) - 1
    fraction = f"{rest:0{places}d}".rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def hemispheres(place: Position) -> tuple[str, str]:
    """Return the hemispheres of `place`, as `N` or `S` and `E` or `W`; zero is north and east."""
    return ("S" if place.lat_e7 < 0 else "N", "W" if place.lon_e7 < 0 else "E")


def _quantity(name: str, value: int) -> str:
    """Return a whole number in metres or seconds, if its slot's name ends in such a unit."""
    if name.endswith("_cm"):
        return f"{decimals(value, METRE_CM, least=0)} M"
    if name.endswith("_ms"):
        return f"{decimals(value, SECOND_MS, least=0)} S"
    return str(value)


def _position(place: Position) -> str:
    """Return `35.2560N 040.1500E`: four decimals (11 m), or as many as it takes, up to seven."""
    north, east = hemispheres(place)
    return f"{_angle(place.lat_e7, 2)}{north} {_angle(place.lon_e7, 3)}{east}"


def _angle(angle_e7: int, width: int) -> str:
    """Return an angle without its sign, padded so that a latitude is never read as a longitude."""
    whole, point, fraction = decimals(abs(angle_e7), DEGREE_E7, least=4).partition(".")
    return f"{whole:0>{width}}{point}{fraction}"
