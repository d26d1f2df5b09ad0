"""An anchor: an agreed, named place that ranges and bearings are stated from.

On 17 September 2016 a notice gave the right range and bearing from the wrong anchor, and
the place was nine kilometres off. `check_reference` catches that when a notice is written:
coordinates, anchor, range and bearing must agree, and if they do not it says which other
anchor would make them agree. It never corrects: a person decides what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM, show_length
from clearline.space.plane import geodesic_fwd, geodesic_inv
from clearline.space.position import Position, from_degrees
from clearline.space.text.rangebearing import MAX_RANGE_CM, find_anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Anchor",
    "AnchorMismatch",
    "Reference",
    "check_reference",
    "refer",
    "resolve",
    "show_reference",
]

_TURN_MDEG = 360_000


class Anchor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named place of the terms."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    position: Position


class Reference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So far, in that true direction, from that anchor."""

    anchor: Annotated[str, Meta(min_length=1, max_length=60)]
    range_cm: Annotated[int, Meta(ge=0, le=MAX_RANGE_CM)]
    bearing_mdeg: Annotated[int, Meta(ge=0, lt=_TURN_MDEG)]


class AnchorMismatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Coordinates and reference that do not name one place."""

    stated: Position
    """Where the reference leads."""
    off_by_cm: int
    """How far that is from the coordinates."""
    fits: tuple[str, ...]
    """The anchors from which the same range and bearing lead to the coordinates."""
    phrase: str


def resolve(reference: Reference, anchors: Mapping[str, Position]) -> Position:
    """Return where the reference leads. Raises Mistake if its anchor is not agreed."""
    return _reach(reference, anchors[find_anchor(reference.anchor, anchors)])


def _reach(reference: Reference, start: Position) -> Position:
    metres = reference.range_cm / METRE_CM
    bearing = reference.bearing_mdeg / 1_000
    return from_degrees(*geodesic_fwd(start.lat_deg, start.lon_deg, bearing, metres))


def check_reference(
    position: Position,
    reference: Reference,
    anchors: Mapping[str, Position],
    tolerance_cm: int,
) -> AnchorMismatch | None:
    """Return how coordinates and reference disagree, or None if they agree within tolerance.

    Raises Mistake if the anchor is not agreed.
    """
    stated = resolve(reference, anchors)
    off_by_cm = _apart_cm(stated, position)
    if off_by_cm <= tolerance_cm:
        return None
    fits = tuple(
        name
        for name in sorted(anchors)
        if _apart_cm(_reach(reference, anchors[name]), position) <= tolerance_cm
    )
    phrase = f"{show_reference(reference)} is {show_length(off_by_cm)} from the coordinates given"
    if fits:
        phrase += f"; the same range and bearing would fit from {' or '.join(fits)}"
    else:
        phrase += "; no agreed anchor fits, so range, bearing or coordinates are wrong"
    return AnchorMismatch(stated=stated, off_by_cm=off_by_cm, fits=fits, phrase=phrase)


def _apart_cm(a: Position, b: Position) -> int:
    metres, _ = geodesic_inv(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    return round(metres * METRE_CM)


def refer(position: Position, anchors: Mapping[str, Position]) -> Reference:
    """Return the position as range and bearing from the nearest anchor, for a read-back.

    Raises Mistake if there is none within the longest range.
    """
    near = min(anchors, key=lambda name: (_apart_cm(anchors[name], position), name), default=None)
    if near is None or _apart_cm(anchors[near], position) > MAX_RANGE_CM:
        raise Mistake("anchors_none", "no agreed anchor is near enough to refer to")
    start = anchors[near]
    metres, azimuth = geodesic_inv(start.lat_deg, start.lon_deg, position.lat_deg, position.lon_deg)
    return Reference(
        anchor=near,
        range_cm=round(metres * METRE_CM),
        bearing_mdeg=round(azimuth * 1_000) % _TURN_MDEG,
    )


def show_reference(reference: Reference) -> str:
    """Return the reference for a person, in a form that `parse_position` reads back.

    To 10 m and a tenth of a degree: `9.00 km 180.0 true from DEIR EZ-ZOR CITY`.
    """
    hundredths = (reference.range_cm + 500) // 1_000
    tenths = (reference.bearing_mdeg + 50) // 100 % 3_600
    return (
        f"{hundredths // 100}.{hundredths % 100:02d} km "
        f"{tenths // 10:03d}.{tenths % 10} true from {reference.anchor}"
    )
