"""Redrawing: a notice moved aside, or cut back, by as little as clears it.

Aside, it goes along each of BEARINGS directions from what is in the way to what is in the way
next; the nearest of all is the one that is offered. What is shared is rounded to a grid, so
the last stretch is halved, down to STEP_CM. Cut back, it keeps the largest part that is left
of each outline, as one sane outline.
"""

from __future__ import annotations

import heapq
import math

import numpy as np
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM, ceil_to
from clearline.basis.steps import Steps
from clearline.core.field import SWEEP_US, Numbers, cost_us, least
from clearline.core.release import release_outline
from clearline.core.trial import Trial, Way, WayOut
from clearline.space import (
    MIN_RADIUS_CM,
    Circle,
    Corridor,
    CutBack,
    Disc,
    Minima,
    Moved,
    Outline,
    Volume,
    carried,
    cut_back,
    from_degrees,
    geodesic_inv,
    horizontal_cm,
    inner_disc,
    middle,
    positions,
    radius_cm,
)

__all__ = ["aside", "smaller"]

STEP_CM = 100 * METRE_CM
"""A notice is moved aside by whole hundreds of metres."""
BEARINGS = 36
"""Directions in which it is moved: every ten degrees."""
FARTHEST_CM = 200 * KILOMETRE_CM
"""Nobody is sent further aside by a suggestion."""
LARGEST_M = 500_000.0
"""What reaches further from its middle is not moved aside: its shape would change."""
MOST_LOST_PERMILLE = 750
"""Who is left with less than a quarter is not offered it."""
MAX_CUT = 64
"""Outlines of theirs that one of ours is cut back from."""
MOVE_US = 30
RELEASE_US = 60
"""About how long it takes to move an outline; to round it; and for each of its points: """
POINT_US = 25
CUT_US = 300
"""About how long it takes to cut an outline back from one of theirs."""


def aside(trial: Trial) -> Steps[WayOut | None]:
    """Return the notice moved whole on a bearing, by as little as clears it."""
    notice = _Aside([each.outline for each in trial.volumes])
    if not trial.is_whole or notice.reach_m > LARGEST_M:
        return None
    reach_cm = 2 * int(notice.reach_m * METRE_CM) + trial.minima.horizontal_cm
    farthest_cm = min(FARTHEST_CM, 4 * reach_cm)
    known_cm = 0
    # How far on which bearing nothing is clear, and how far was tried before that.
    waiting = [(STEP_CM, number * 360 // BEARINGS, 0) for number in range(BEARINGS)]
    while waiting and waiting[0][0] <= farthest_cm:
        by_cm, bearing, blocked_cm = heapq.heappop(waiting)
        if by_cm >= known_cm:
            known_cm = by_cm + reach_cm
            wider = replace(trial.minima, horizontal_cm=trial.minima.horizontal_cm + known_cm)
            yield from trial.field.load(trial.volumes, wider)
            notice.lay_out(trial)
        further = yield from _not_clear_to(trial, notice, bearing, by_cm)
        if further is None:
            continue
        if further > by_cm:
            heapq.heappush(waiting, (further, bearing, by_cm))
            continue
        by_cm = yield from _halved(trial, notice, bearing, blocked_cm, by_cm)
        there = notice.there(bearing, by_cm)
        way = WayOut(
            way=Way.ASIDE,
            volumes=tuple(
                replace(each, outline=part.moved(there))
                for each, part in zip(trial.volumes, notice.parts, strict=True)
            ),
            by_cm=by_cm,
            bearing_deg=bearing,
            permille=by_cm * 1_000 // max(reach_cm, 1),
        )
        tried = yield from trial.tried(way)
        if tried is not None:
            return tried
    return None


def _halved(trial: Trial, notice: _Aside, bearing: int, low_cm: int, high_cm: int) -> Steps[int]:
    """Return the least distance found to be clear, between one that is not and one that is."""
    while high_cm - low_cm > STEP_CM:
        middle_cm = ceil_to((low_cm + high_cm) // 2, STEP_CM)
        if middle_cm >= high_cm:
            break
        if (yield from _not_clear_to(trial, notice, bearing, middle_cm)) == middle_cm:
            high_cm = middle_cm
        else:
            low_cm = middle_cm
    return high_cm


def _not_clear_to(trial: Trial, notice: _Aside, bearing: int, by_cm: int) -> Steps[int | None]:
    """Return how far on a bearing nothing is clear, from `by_cm` on: so far, if it is clear there.

    None if it leaves the area, or can be drawn no more: then that way is not gone on with.
    """
    there = notice.there(bearing, by_cm)
    # What leaves contains what is drawn: if that is too near, nothing need be rounded. The part
    # that was in the way a moment ago most likely still is.
    for part in sorted(notice.parts, key=lambda each: each is not notice.last.get(bearing)):
        yield MOVE_US
        further = yield from _too_near_to(trial, part, part.moved(there), there, bearing, by_cm)
        if further is not None:
            notice.last[bearing] = part
            return further
    for part in notice.parts:
        moved = part.moved(there)
        yield RELEASE_US + POINT_US * len(positions(moved))
        try:
            out = release_outline(moved, trial.terms)
        except Mistake:
            return None
        if out.inside != (moved,):
            return None
        further = yield from _too_near_to(trial, part, out.rounded[0], there, bearing, by_cm)
        if further is not None:
            notice.last[bearing] = part
            return further
    return by_cm


def _too_near_to(
    trial: Trial, part: _Part, outline: Outline, there: _There, bearing: int, by_cm: int
) -> Steps[int | None]:
    """Return how far on a bearing a part, moved there and as this outline, is too near theirs.

    None if it is too near none of them.
    """
    field = trial.field
    yield SWEEP_US
    numbers = field.close_to(outline, part.alive)
    # What was in the way a moment ago most likely still is.
    before = part.last.get(bearing)
    for number in sorted(numbers, key=lambda each: each != before):
        theirs = field.seen[number].outline
        lacking_cm = least(trial.minima.horizontal_cm) - horizontal_cm(outline, theirs)
        yield cost_us(outline, theirs)
        if lacking_cm > 0:
            part.last[bearing] = number
            past_cm = _past_disc_cm(part.disc(there), inner_disc(theirs), bearing, trial.minima)
            return by_cm + ceil_to(max(lacking_cm, past_cm), STEP_CM)
    return None


def smaller(trial: Trial) -> Steps[WayOut | None]:
    """Return the notice cut back from what is too near, by as little as clears it."""
    several = len(trial.volumes) > 1
    made: list[Volume] = []
    lost, depth_cm = 0, 0
    for volume in trial.volumes:
        theirs = yield from _all_in_the_way(trial, volume)
        if not theirs:
            made.append(volume)
            continue
        # A route of several pieces that is cut is a route no more.
        if len(theirs) > MAX_CUT or (several and isinstance(volume.outline, Corridor)):
            return None
        cut = yield from _cut(trial, volume, theirs)
        if cut is None or cut.lost_permille > MOST_LOST_PERMILLE:
            return None
        made.append(replace(volume, outline=cut.outline))
        lost += cut.lost_permille
        depth_cm = max(depth_cm, cut.depth_cm)
    permille = lost // len(trial.volumes)
    way = WayOut(way=Way.SMALLER, volumes=tuple(made), by_cm=depth_cm, permille=permille)
    return (yield from trial.tried(way))


def _all_in_the_way(trial: Trial, volume: Volume) -> Steps[list[Outline]]:
    """Return every outline of theirs that a volume is too near to, or MAX_CUT and one more."""
    found: dict[Outline, None] = {}
    for outline in trial.outlines[volume.outline].rounded:
        pairs = trial.field.against(outline)
        for number in (yield from trial.worth_measuring(pairs, volume.band, volume.window)):
            if len(found) <= MAX_CUT and (yield from pairs.too_near(number)):
                found[trial.field.seen[number].outline] = None
    return list(found)


def _cut(trial: Trial, volume: Volume, theirs: list[Outline]) -> Steps[CutBack | None]:
    """Return a volume's ground cut back by as little as clears it once it is rounded."""
    grown_cm = radius_cm(trial.outlines[volume.outline].rounded[0]) - radius_cm(volume.outline)
    low_cm, high_cm = 0, ceil_to(3 * max(grown_cm, trial.grid.length_cm), STEP_CM)
    least_lost = yield from _cut_by(trial, volume, theirs, 0)
    if least_lost is None or least_lost.lost_permille > MOST_LOST_PERMILLE:
        return None
    best = yield from _cut_clear(trial, volume, theirs, high_cm)
    while best is not None:
        more_cm = ceil_to((low_cm + high_cm) // 2, STEP_CM)
        if more_cm >= high_cm:
            break
        cut = yield from _cut_clear(trial, volume, theirs, more_cm)
        if cut is None:
            low_cm = more_cm
        else:
            best, high_cm = cut, more_cm
    return best


def _cut_by(
    trial: Trial, volume: Volume, theirs: list[Outline], more_cm: int
) -> Steps[CutBack | None]:
    yield CUT_US * len(theirs)
    clear_m = (least(trial.minima.horizontal_cm) + more_cm) / METRE_CM
    return cut_back(volume.outline, theirs, clear_m)


def _cut_clear(
    trial: Trial, volume: Volume, theirs: list[Outline], more_cm: int
) -> Steps[CutBack | None]:
    """Return a volume's ground cut back by so much more than the minimum, if that clears it."""
    cut = yield from _cut_by(trial, volume, theirs, more_cm)
    if cut is None:
        return None
    clear = yield from trial.is_clear((replace(volume, outline=cut.outline),))
    return cut if clear else None


_There = tuple[float, float, float]
"""Where the middle of a notice comes to, and how its direction turns."""


class _Part:
    """One outline of a notice, and what is in its way wherever it is moved."""

    def __init__(self, outline: Outline, lat: float, lon: float) -> None:
        disc = inner_disc(outline)
        centre = Circle(centre=from_degrees(disc.lat, disc.lon), radius_cm=MIN_RADIUS_CM)
        self._moved = Moved(outline, lat, lon)
        self._centre = Moved(centre, lat, lon)
        self._radius_m = disc.radius_m
        self.alive: Numbers = np.empty(0, dtype=np.intp)
        """Which of theirs are too near to it in time and height: that does not change."""
        self.last: dict[int, int] = {}
        """Which of theirs was last in the way on each bearing."""

    def moved(self, there: _There) -> Outline:
        """Return it as it would be there."""
        return self._moved.to(*there)

    def disc(self, there: _There) -> Disc:
        """Return a circle within it there."""
        (centre,) = positions(self._centre.to(*there))
        return Disc(centre.lat_deg, centre.lon_deg, self._radius_m)


class _Aside:
    """The outlines of a notice, to be moved together."""

    def __init__(self, outlines: list[Outline]) -> None:
        everywhere = tuple(point for each in outlines for point in positions(each))
        self._lat, self._lon = middle(everywhere)
        self.parts = [_Part(each, self._lat, self._lon) for each in outlines]
        self.last: dict[int, _Part] = {}
        """What of it was last too near on each bearing."""
        self.reach_m = max(
            geodesic_inv(self._lat, self._lon, point.lat_deg, point.lon_deg)[0]
            + radius_cm(each) / METRE_CM
            for each in outlines
            for point in positions(each)
        )

    def lay_out(self, trial: Trial) -> None:
        """Take in what the field has come to hold."""
        for part, volume in zip(self.parts, trial.volumes, strict=True):
            part.alive = np.flatnonzero(trial.alive(volume.band, volume.window))

    def there(self, bearing_deg: int, by_cm: int) -> _There:
        """Return where it comes to, so far on a bearing."""
        return carried(self._lat, self._lon, bearing_deg, by_cm / METRE_CM)


def _past_disc_cm(ours: Disc, theirs: Disc, bearing_deg: int, minima: Minima) -> int:
    """Return how far one disc must go on a bearing, at the least, to be past another."""
    apart_m, azimuth_deg = geodesic_inv(ours.lat, ours.lon, theirs.lat, theirs.lon)
    clear_m = ours.radius_m + theirs.radius_m + minima.horizontal_cm / METRE_CM
    turn = math.radians(azimuth_deg - bearing_deg)
    across_m = apart_m * math.sin(turn)
    if apart_m >= clear_m or abs(across_m) >= clear_m:
        return 0
    along_m = apart_m * math.cos(turn) + math.sqrt(clear_m**2 - across_m**2)
    # The Earth is no plane: what is said here too long would pass over what is clear.
    return max(0, int(along_m * 0.99 * METRE_CM))
