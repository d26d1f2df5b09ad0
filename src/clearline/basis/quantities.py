"""Lengths and angles: whole numbers, in the unit that their name ends in.

Geometry on the wire is integers: 1e-7 degree, centimetre, millisecond. A float never
crosses a function boundary as a stored value, so two programs cannot differ in a last bit.
"""

from __future__ import annotations

__all__ = [
    "CM_PER_FOOT_E2",
    "FLIGHT_LEVEL_CM",
    "KILOMETRE_CM",
    "METRE_CM",
    "NAUTICAL_MILE_CM",
    "ceil_to",
    "feet_to_cm",
    "floor_to",
    "show_length",
]

METRE_CM = 100
KILOMETRE_CM = 100_000
NAUTICAL_MILE_CM = 185_200
CM_PER_FOOT_E2 = 3_048
"""A foot is 30.48 cm exactly: 3,048 hundredths of a centimetre."""
FLIGHT_LEVEL_CM = 3_048
"""One flight level is a hundred feet of pressure altitude: 3,048 cm."""


def feet_to_cm(feet: int) -> int:
    """Return `feet` in centimetres, rounded half up to a whole centimetre."""
    return (feet * CM_PER_FOOT_E2 + 50) // 100


def floor_to(value: int, step: int) -> int:
    """Return the largest multiple of `step` that is not above `value`."""
    return value // step * step


def ceil_to(value: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not below `value`."""
    return -(-value // step) * step


def show_length(cm: int) -> str:
    """Return a length for a person: `850 m`, `1.2 km`, `27 km`."""
    metres = cm / METRE_CM
    if abs(metres) < 1_000:
        return f"{metres:.0f} m"
    kilometres = metres / 1_000
    return f"{kilometres:.1f} km" if abs(kilometres) < 10 else f"{kilometres:,.0f} km"
