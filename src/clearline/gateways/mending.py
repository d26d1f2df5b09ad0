"""Mending: what would put an outline right that is not sane, as a sentence for whoever drew it.

It tries small changes and says the first one that helps. It never applies one.
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.space import Outline, Polygon, Position, check, same_place

__all__ = ["mended"]

_MOST_TRIED = 40
"""Points of a ring whose order is tried: each try is a check of the whole outline."""


def mended(outline: Outline, mistake: Mistake) -> str:
    """Return what would mend an outline that `check` refused; empty if nothing small would."""
    match mistake.code:
        case "self_crossing" if isinstance(outline, Polygon) and not outline.holes:
            return _reordered(outline)
        case "repeated_point" if isinstance(outline, Polygon):
            return _without_repeats(outline)
        case "too_many_points":
            return "simplify it, or split it into several areas"
        case _:
            return ""


def _reordered(polygon: Polygon) -> str:
    """Return which two points that follow each other are in the wrong order, if two are."""
    ring = polygon.exterior
    if len(ring) > _MOST_TRIED:
        return ""
    for number in range(len(ring) - 1):
        swapped = (*ring[:number], ring[number + 1], ring[number], *ring[number + 2 :])
        if _is_sane(replace(polygon, exterior=swapped)):
            return (
                f"swap point {number + 1}, {_shown(ring[number])}, "
                f"and point {number + 2}, {_shown(ring[number + 1])}"
            )
    return ""


def _without_repeats(polygon: Polygon) -> str:
    """Return that each repeated point is to be left out, if that is all there is to mend."""
    rings = [_once(ring) for ring in (polygon.exterior, *polygon.holes)]
    mended = replace(polygon, exterior=rings[0], holes=tuple(rings[1:]))
    left_out = sum(
        len(before) - len(after)
        for before, after in zip((polygon.exterior, *polygon.holes), rings, strict=True)
    )
    if left_out == 0 or not _is_sane(mended):
        return ""
    return f"leave out the {left_out} points that repeat the one before"


def _once(ring: tuple[Position, ...]) -> tuple[Position, ...]:
    """Return a ring without positions that repeat the one before, the last and first included."""
    return tuple(each for at, each in enumerate(ring) if not same_place(each, ring[at - 1]))


def _is_sane(polygon: Polygon) -> bool:
    try:
        check(polygon)
    except Mistake:
        return False
    return True


def _shown(position: Position) -> str:
    return f"{position.lon_deg:g}, {position.lat_deg:g}"
