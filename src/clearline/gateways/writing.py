"""Writing: what a gateway is given to write, and what it gives back.

It is given what a party may already see: its own notices and the counterpart's, as they were
released. A format that cannot carry something of them says so; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.space import Volume

__all__ = ["Area", "Losses", "Written", "each_drawn"]


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One notice, to be written into a file."""

    id: str
    """The entry that declared it."""
    party: str
    """Whose it is."""
    mine: bool
    link: str
    activity: str
    revision: int
    volumes: tuple[Volume, ...]
    declared_at: Instant
    label: str = ""
    """Our own name for it, which only a file that stays with us may carry; else empty."""
    drill: bool = False
    """Whether it is written as an exercise, and nothing real."""


class Written(Struct, frozen=True, kw_only=True):
    """A file, and what of the areas it does not carry."""

    raw: bytes
    lost: tuple[str, ...] = ()
    """Each a whole phrase, once: `depths below the water: KML has no mode for them`."""


class Losses:
    """What a file does not carry, each said once and in the order it was met."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, phrase: str) -> None:
        """Say one thing that is not carried."""
        self._said.setdefault(phrase)

    def told(self) -> tuple[str, ...]:
        """Return all that was said."""
        return tuple(self._said)


def each_drawn(
    areas: Sequence[Area], losses: Losses, draw: Callable[[Area, Volume], str | None]
) -> Iterator[tuple[Volume, str]]:
    """Yield every volume of some areas with its text, in order.

    One of which `draw` raises Mistake is said to be lost; one of which it returns None, for which
    it has said why itself, is left out.
    """
    for area in areas:
        for volume in area.volumes:
            try:
                text = draw(area, volume)
            except Mistake as mistake:
                losses.add(f"an area that cannot be drawn: {mistake.phrase}")
                continue
            if text is not None:
                yield volume, text
