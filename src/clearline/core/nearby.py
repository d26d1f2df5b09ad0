"""Nearby: which notices a call is about, besides those that its officer names.

Whoever answers a call should see at once what was declared near the place that it is about,
by either side. What may leave of it is decided by the terms, elsewhere.
"""

from __future__ import annotations

from clearline.basis.instants import DAY_MS, Instant
from clearline.core.links import Link
from clearline.core.state import State
from clearline.phrasebook import Phrase
from clearline.space import Circle, Minima, Position, horizontal_cm

__all__ = ["nearest_notices"]

NEARBY = Minima(horizontal_cm=2_000_000, vertical_cm=10_000_000, time_ms=DAY_MS)
"""A notice within 20 km and a day of what a call is about is attached to it by itself."""
MAX_ATTACHED = 8


def nearest_notices(
    state: State, link: Link, phrases: tuple[Phrase, ...], named: tuple[str, ...], now: Instant
) -> tuple[str, ...]:
    """Return the notices of a call: those named, then the nearest open ones, nearest first."""
    found: set[tuple[int, str]] = set()
    for phrase in phrases:
        place: Position | None = getattr(phrase, "place", None)
        if place is None:
            continue
        radius_cm: int = getattr(phrase, "radius_cm", None) or 100
        here = Circle(centre=place, radius_cm=radius_cm)
        for notice in state.notices.around(link.id, here, now, NEARBY):
            apart = min(horizontal_cm(here, volume.outline) for volume in notice.volumes)
            if apart <= NEARBY.horizontal_cm:
                found.add((apart, notice.id))
    nearest = [key for _, key in sorted(found)]
    return tuple(dict.fromkeys((*named, *nearest)))[: max(MAX_ATTACHED, len(named))]
