"""A trial: a notice as it was drawn, and what would become of a change of it.

What every way of clearing a notice shares: the notice, the field around it, and the one test
that a change must pass before it is offered: that it can be declared, and that, released as
declaring releases it, it meets nothing that stands.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from enum import StrEnum

import numpy as np
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.steps import Steps
from clearline.core.declaring import releasing
from clearline.core.field import SWEEP_US, Against, Field, Flags
from clearline.core.links import Link
from clearline.core.release import Released, ReleasedOutline
from clearline.core.state import State
from clearline.space import Band, Outline, Volume, Window, round_band_out, round_window_out

__all__ = ["Piece", "Trial", "Way", "WayOut"]


class Way(StrEnum):
    """What would have to change."""

    LATER = "later"
    EARLIER = "earlier"
    """Over before theirs begins: moved whole, or only ended sooner where there is no time."""
    ABOVE = "above"
    BELOW = "below"
    ASIDE = "aside"
    """Moved whole, on a bearing."""
    SMALLER = "smaller"
    """Cut back from what is too near."""


class WayOut(Struct, frozen=True, kw_only=True):
    """A change of the whole notice that leaves it without any conflict."""

    way: Way
    volumes: tuple[Volume, ...]
    """As they would be declared, before release rounds them."""
    permille: int
    """The change beside what is changed: the notice's duration, its band's thickness, its
    width, or its ground."""
    by_ms: int = 0
    """How much in time, for LATER and EARLIER."""
    by_cm: int = 0
    """How far up, down or aside; for SMALLER how far it draws back at most."""
    bearing_deg: int | None = None
    """For ASIDE; true."""


class Piece(Struct, frozen=True, kw_only=True):
    """One outline that leaves of a volume."""

    drawn: Volume
    pairs: Against


class Trial:
    """A notice, to be changed in one way after the other."""

    def __init__(
        self,
        state: State,
        link: Link,
        volumes: tuple[Volume, ...],
        activity: str,
        outlines: MutableMapping[Outline, ReleasedOutline],
        now: Instant,
    ) -> None:
        """`outlines` is what release has made of some outlines already."""
        self.terms = link.terms
        self.minima = link.terms.minima
        self.grid = link.terms.release.grid
        self.volumes = volumes
        self.outlines = outlines
        self.now = now
        self.field = Field(state, link.id, link.terms.minima, now)
        self.opens = min(each.window.start for each in volumes)
        self.closes = max(each.window.end for each in volumes)
        self._activity = activity

    def begin(self) -> Steps[None]:
        """Lay out what is around the notice as it is."""
        out = yield from self.released(self.volumes)
        yield from self.field.load(out.volumes if out is not None else (), self.minima)

    @property
    def lasts_ms(self) -> int:
        """Return how long the notice lasts, or the least that counts: a change is beside this."""
        return max(self.closes.since(self.opens), self.minima.time_ms, 1)

    @property
    def is_whole(self) -> bool:
        """Return whether nothing of the notice is cut off by the edge of the agreed area."""
        return all(self.outlines[each.outline].inside == (each.outline,) for each in self.volumes)

    def pieces(self) -> list[Piece]:
        """Return each outline that leaves, with the volume that it is of."""
        return [
            Piece(drawn=volume, pairs=self.field.against(outline))
            for volume in self.volumes
            for outline in self.outlines[volume.outline].rounded
        ]

    def alive(self, band: Band, window: Window) -> Flags:
        """Return which of theirs are too near in time and height to what leaves of these."""
        return self.field.at_once(round_window_out(window, self.grid)) & self.field.level_with(
            round_band_out(band, self.grid)
        )

    def worth_measuring(self, pairs: Against, band: Band, window: Window) -> Steps[list[int]]:
        """Return which of theirs are too near in time and height, and may be across the ground."""
        yield SWEEP_US
        return np.flatnonzero(pairs.worth() & self.alive(band, window)).tolist()

    def released(self, volumes: tuple[Volume, ...]) -> Steps[Released | None]:
        """Return what would leave of volumes; None if they cannot be declared."""
        try:
            return (
                yield from releasing(
                    volumes, self._activity, None, self.terms, self.now, self.outlines
                )
            )
        except Mistake:
            return None

    def is_clear(self, volumes: tuple[Volume, ...]) -> Steps[bool]:
        """Return whether volumes can be declared, and meet nothing that stands now."""
        out = yield from self.released(volumes)
        return out is not None and not (yield from self.field.meets(out.volumes))

    def tried(self, way: WayOut) -> Steps[WayOut | None]:
        """Return a way out, if it is one."""
        return way if (yield from self.is_clear(way.volumes)) else None
