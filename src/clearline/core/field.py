"""A field: what the counterpart has declared around a place, laid out to be looked at many times.

The same volumes are asked about again and again while a change is looked for, so their bounding
circles and windows are kept as arrays, and what was once measured between two outlines is
not measured again. It decides nothing: what it leaves out cannot infringe the minima.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.basis.quantities import METRE_CM
from clearline.basis.steps import Steps
from clearline.core.notices import Notice
from clearline.core.state import State
from clearline.space import (
    Band,
    Minima,
    Outline,
    Volume,
    Window,
    bounding,
    horizontal_cm,
    positions,
    vertical_range_cm,
)

Flags = NDArray[np.bool_]
Wholes = NDArray[np.int64]
Numbers = NDArray[np.intp]

__all__ = [
    "GLANCE_US",
    "SWEEP_US",
    "Against",
    "Field",
    "Flags",
    "Numbers",
    "cost_us",
    "least",
    "near",
    "too_level",
]

GLANCE_US = 2
"""About how long it takes to see that two volumes are apart in time or height."""
PAIR_US = 60
"""About how long it takes to measure two volumes; and for each point of theirs: """
POINT_US = 4
SWEEP_US = 30
"""About how long it takes to look through a field once."""
LAY_US = 30
"""About how long it takes to lay one volume out."""
_LEAST_CURVATURE_M = 6_335_439.0
"""A way of length s on the ground turns its normal by at most s over this (see `space.index`)."""
_SLACK_M = 1.0


def least(minimum: int) -> int:
    """Return what a separation must reach: of no minimum, anything but nothing."""
    return max(minimum, 1)


def cost_us(ours: Outline, theirs: Outline) -> int:
    """Return about how long it takes to measure two outlines."""
    return PAIR_US + POINT_US * (len(positions(ours)) + len(positions(theirs)))


def _asked(link: str, volume: Volume, now: Instant) -> Notice:
    """Return the notice that a volume would be, under a name that no notice has."""
    name = derive(now, 0, "preview", link)
    return Notice(
        id=name,
        link=link,
        mine=True,
        entry=name,
        revision=1,
        activity="",
        volumes=(volume,),
        late=False,
        declared_at=now,
        stated_at=now,
        index=0,
    )


def near(
    state: State, link: str, volumes: tuple[Volume, ...], minima: Minima, now: Instant
) -> Steps[list[Notice]]:
    """Return their notices that may come too near, by id, all as they stood at one moment."""
    for patient in (True, True, False):
        seq = state.seq
        found: dict[str, Notice] = {}
        for volume in volumes:
            here = state.notices.near(_asked(link, volume, now), minima)
            found |= {each.id: each for each in here}
            if patient:
                yield 100 + GLANCE_US * len(here)
        # If anything happened between two steps, what was found is not of one moment.
        if state.seq == seq:
            break
    return [found[key] for key in sorted(found)]


class Field:
    """Their volumes near a few of ours."""

    def __init__(self, state: State, link: str, minima: Minima, now: Instant) -> None:
        self._state, self._link, self._now = state, link, now
        self.minima = minima
        self.seen: list[Volume] = []
        """Theirs, each with a number; what they withdraw meanwhile stays."""
        self.bands: list[Band] = []
        """Theirs, each once."""
        self.starts = self.ends = self.band_of = np.empty(0, dtype=np.int64)
        self.axes = np.empty((0, 3))
        self.angles = np.empty(0)
        self._known: set[str] = set()
        self._bands: dict[Band, int] = {}
        self._against: dict[Outline, Against] = {}
        self._levels: dict[Band, list[bool]] = {}

    def load(self, volumes: tuple[Volume, ...], reach: Minima) -> Steps[None]:
        """Lay out what stands within `reach` of these volumes now, beside what is laid out."""
        found = yield from near(self._state, self._link, volumes, reach, self._now)
        rows: list[tuple[float, float, float, float]] = []
        laid: list[Volume] = []
        for notice in found:
            # Another revision has another entry, and other volumes.
            if notice.entry in self._known:
                continue
            self._known.add(notice.entry)
            for volume in notice.volumes:
                laid.append(volume)
                rows.append(bounding(volume.outline))
                if volume.band not in self._bands:
                    self._bands[volume.band] = len(self.bands)
                    self.bands.append(volume.band)
                yield LAY_US
        if not laid:
            return
        new = np.array(rows)
        self.seen += laid
        self.axes = np.concatenate([self.axes, new[:, :3]])
        self.angles = np.concatenate([self.angles, new[:, 3] / _LEAST_CURVATURE_M])
        self.starts = _joined(self.starts, [int(each.window.start) for each in laid])
        self.ends = _joined(self.ends, [int(each.window.end) for each in laid])
        self.band_of = _joined(self.band_of, [self._bands[each.band] for each in laid])

    def against(self, outline: Outline) -> Against:
        """Return what is known between an outline of ours and theirs; it is kept."""
        found = self._against.get(outline)
        if found is None:
            found = self._against[outline] = Against(self, outline)
        return found

    def at_once(self, window: Window) -> Flags:
        """Return which of them come too near in time to a window."""
        time_ms = least(self.minima.time_ms)
        return (self.starts < window.end + time_ms) & (self.ends > window.start - time_ms)

    def level_with(self, band: Band) -> Flags:
        """Return which of them come too near in height to a band, or cannot be told from it."""
        wrong = self._levels.setdefault(band, [])
        wrong += [too_level(band, each, self.minima) for each in self.bands[len(wrong) :]]
        return np.array(wrong, dtype=np.bool_)[self.band_of]

    def close_to(self, outline: Outline, among: Numbers) -> list[int]:
        """Return which of some of them may be too near across the ground, the nearest first."""
        *axis, reach_m = bounding(outline)
        limits = self.angles[among] + self.limit(reach_m)
        apart = np.sum((self.axes[among] - np.array(axis)) ** 2, axis=1)
        close = np.flatnonzero(apart <= limits * limits)
        return among[close[np.argsort(apart[close])]].tolist()

    def limit(self, reach_m: float) -> float:
        """Return within what angle of a circle's middle another's rim may be too near to it."""
        margin_m = self.minima.horizontal_cm / METRE_CM + _SLACK_M
        return (reach_m + margin_m) / _LEAST_CURVATURE_M

    def meets(self, volumes: tuple[Volume, ...]) -> Steps[bool]:
        """Return whether volumes, as they leave, would be in conflict with anything of theirs."""
        yield from self.load(volumes, self.minima)
        for volume in volumes:
            pairs = self.against(volume.outline)
            yield SWEEP_US
            flags = pairs.worth() & self.at_once(volume.window) & self.level_with(volume.band)
            for number in np.flatnonzero(flags).tolist():
                if (yield from pairs.too_near(number)):
                    return True
        return False


class Against:
    """One outline of ours, as it leaves, against a field."""

    __slots__ = ("_across", "_around", "_axis", "_clear", "_field", "_limit", "outline")

    def __init__(self, field: Field, outline: Outline) -> None:
        self.outline = outline
        self._field = field
        *axis, reach_m = bounding(outline)
        self._axis = np.array(axis)
        self._limit = field.limit(reach_m)
        self._around = np.empty(0, dtype=np.bool_)
        self._clear: list[int] = []
        self._across: dict[int, int] = {}

    def worth(self) -> Flags:
        """Return which of theirs may be too near across the ground: not yet known to be clear."""
        field = self._field
        if len(self._around) < len(field.seen):
            new = slice(len(self._around), None)
            limits = field.angles[new] + self._limit
            apart = np.sum((field.axes[new] - self._axis) ** 2, axis=1)
            self._around = np.concatenate([self._around, apart <= limits * limits])
        self._around[self._clear] = False
        return self._around

    def across(self, number: int) -> Steps[int]:
        """Return how far one of theirs is across the ground, in cm."""
        known = self._across.get(number)
        if known is None:
            theirs = self._field.seen[number].outline
            known = self._across[number] = horizontal_cm(self.outline, theirs)
            if known >= least(self._field.minima.horizontal_cm):
                self._clear.append(number)
            yield cost_us(self.outline, theirs)
        return known

    def too_near(self, number: int) -> Steps[bool]:
        """Return whether one of theirs is too near across the ground."""
        return (yield from self.across(number)) < least(self._field.minima.horizontal_cm)


def too_level(ours: Band, theirs: Band, minima: Minima) -> bool:
    """Return whether two bands are too near in height, or cannot be told apart."""
    return (vertical_range_cm(ours, theirs, minima.worst)[0] or 0) < least(minima.vertical_cm)


def _joined(array: Wholes, more: list[int]) -> Wholes:
    return np.concatenate([array, np.array(more, dtype=np.int64)])
