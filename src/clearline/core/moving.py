"""Moving: a notice later or earlier, higher or lower, by as little as clears it.

Whatever is in the way says up to where it will be: so the search goes from one to the next,
and passes over nothing that would be clear. What is found is the smallest, on the round
figures that people say: whole five minutes, ten flight levels, 100 ft.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM, ceil_to, floor_to
from clearline.basis.steps import Steps
from clearline.core.field import SWEEP_US, least, too_level
from clearline.core.trial import Trial, Way, WayOut
from clearline.space import (
    MAX_ALTITUDE_CM,
    Altitude,
    Band,
    Datum,
    Volume,
    Window,
    round_band_out,
    round_window_out,
)

__all__ = ["earlier", "later", "level", "sooner"]

ROUND_MS = 5 * MINUTE_MS
"""A shifted window begins or ends on a whole five minutes: people say and write it."""
SHORTEST_MS = 15 * MINUTE_MS
"""A window is not cut shorter than this."""
SLAB_MS = 6 * HOUR_MS
"""At least so much time is looked at beyond what is known, each time that is not enough."""
STEPS_CM = {
    Datum.FL: 10 * FLIGHT_LEVEL_CM,
    Datum.AMSL: 3_048,
    Datum.HEIGHT: 3_048,
    Datum.ELLIPSOIDAL: 3_048,
}
"""A shifted band begins or ends on a whole ten flight levels, or 100 ft."""
HIGHEST_CM = 600 * FLIGHT_LEVEL_CM
"""Nobody is sent higher than that by a suggestion."""


def later(trial: Trial) -> Steps[WayOut | None]:
    """Return the notice moved whole to later, by as little as clears it."""
    first = ceil_to(max(trial.opens + 1, trial.now), ROUND_MS) - trial.opens

    def past(window: Window, number: int) -> int:
        free = int(trial.field.ends[number]) + least(trial.minima.time_ms)
        # Rounding puts the beginning back to a step of the grid, and it is said on a round one.
        by_ms = ceil_to(free, trial.grid.time_ms) - window.start
        return ceil_to(trial.opens + by_ms, ROUND_MS) - trial.opens

    by_ms = yield from _first_clear(trial, first, past)
    return (yield from _in_time(trial, Way.LATER, by_ms))


def earlier(trial: Trial) -> Steps[WayOut | None]:
    """Return the notice moved whole to earlier, by as little as clears it."""
    first = floor_to(trial.closes - 1, ROUND_MS) - trial.closes

    def past(window: Window, number: int) -> int:
        free = int(trial.field.starts[number]) - least(trial.minima.time_ms)
        by_ms = floor_to(free, trial.grid.time_ms) - window.end
        return floor_to(trial.closes + by_ms, ROUND_MS) - trial.closes

    by_ms = yield from _first_clear(trial, first, past)
    return (yield from _in_time(trial, Way.EARLIER, by_ms))


def sooner(trial: Trial) -> Steps[WayOut | None]:
    """Return the notice with no window open after an instant, as late as can be."""
    end = floor_to(trial.closes - 1, ROUND_MS)
    while all(each.window.start.after(SHORTEST_MS) <= end for each in trial.volumes):
        volumes = _ended(trial.volumes, end)
        number = yield from _in_the_way(trial, volumes, lambda _: 0)
        if number is None:
            by_ms = trial.closes - end
            permille = by_ms * 1_000 // trial.lasts_ms
            way = WayOut(way=Way.EARLIER, volumes=volumes, by_ms=by_ms, permille=permille)
            return (yield from trial.tried(way))
        free = int(trial.field.starts[number[1]]) - least(trial.minima.time_ms)
        end = floor_to(floor_to(free, trial.grid.time_ms), ROUND_MS)
    return None


def _in_time(trial: Trial, way: Way, by_ms: int | None) -> Steps[WayOut | None]:
    if by_ms is None:
        return None
    volumes = _shifted(trial.volumes, by_ms)
    permille = abs(by_ms) * 1_000 // trial.lasts_ms
    made = WayOut(way=way, volumes=volumes, by_ms=abs(by_ms), permille=permille)
    return (yield from trial.tried(made))


def _first_clear(trial: Trial, by_ms: int, past: Callable[[Window, int], int]) -> Steps[int | None]:
    """Return the first shift from `by_ms` on, its way, with which nothing is in the way.

    `past` says of a window and one of theirs with which shift that is in the way no more.
    """
    ahead = by_ms > 0
    begins, ends = trial.opens, trial.closes
    latest = trial.now.after(trial.terms.limits.horizon_ms)
    while trial.now <= trial.opens.after(by_ms) <= latest:
        if ahead and trial.closes.after(by_ms) > ends:
            ends = trial.closes.after(by_ms + max(SLAB_MS, ends.since(begins)))
            yield from _extend(trial, Window(start=begins, end=ends))
        elif not ahead and trial.opens.after(by_ms) < begins:
            begins = trial.opens.after(by_ms - max(SLAB_MS, ends.since(begins)))
            yield from _extend(trial, Window(start=begins, end=ends))
        # Whoever is in the way the longest is asked first.
        longest = trial.field.ends if ahead else -trial.field.starts
        found = yield from _in_the_way(
            trial, _shifted(trial.volumes, by_ms), lambda n, by=longest: -int(by[n])
        )
        if found is None:
            return by_ms
        index, number = found
        by_ms = past(trial.volumes[index].window, number)
    return None


def _extend(trial: Trial, window: Window) -> Steps[None]:
    """Lay out what is around the notice in a longer time."""
    longer = tuple(
        Volume(outline=piece.pairs.outline, band=piece.drawn.band, window=window)
        for piece in trial.pieces()
    )
    yield from trial.field.load(longer, trial.minima)


def _in_the_way(
    trial: Trial, volumes: tuple[Volume, ...], first: Callable[[int], int]
) -> Steps[tuple[int, int] | None]:
    """Return which of these volumes meets which of theirs, looking first where `first` is least.

    Only the windows of the volumes may differ from what was drawn. None if they meet nothing.
    """
    for index, volume in enumerate(volumes):
        for outline in trial.outlines[volume.outline].rounded:
            pairs = trial.field.against(outline)
            numbers = yield from trial.worth_measuring(pairs, volume.band, volume.window)
            for number in sorted(numbers, key=first):
                if (yield from pairs.too_near(number)):
                    return index, number
    return None


def level(trial: Trial, *, up: bool) -> Steps[WayOut | None]:
    """Return the notice higher, or lower, by as little as clears it."""
    levels = [level for each in trial.volumes for level in (each.band.lower, each.band.upper)]
    datum = levels[0].datum
    step_cm = STEPS_CM.get(datum)
    if step_cm is None or any(each.datum is not datum for each in levels):
        return None  # Levels of two data cannot be moved by one step.
    lowest = min(each.band.lower.value_cm for each in trial.volumes)
    highest = max(each.band.upper.value_cm for each in trial.volumes)
    if up:
        by = range(ceil_to(lowest + 1, step_cm) - lowest, HIGHEST_CM - highest + 1, step_cm)
    else:
        by = range(floor_to(highest - 1, step_cm) - highest, -lowest - 1, -step_cm)
    # What is near in height to where it was says nothing of where it goes.
    reach = replace(trial.minima, vertical_cm=2 * MAX_ALTITUDE_CM + trial.minima.vertical_cm)
    released = yield from trial.released(trial.volumes)
    yield from trial.field.load(released.volumes if released is not None else (), reach)
    at = 0
    while at < len(by):
        further = yield from _level_let_through(trial, by, at)
        if further is None:
            way = WayOut(
                way=Way.ABOVE if up else Way.BELOW,
                volumes=tuple(
                    replace(each, band=_raised(each.band, by[at])) for each in trial.volumes
                ),
                by_cm=abs(by[at]),
                permille=abs(by[at]) * 1_000 // max(highest - lowest, trial.minima.vertical_cm, 1),
            )
            return (yield from trial.tried(way))
        at = further
    return None


def _level_let_through(trial: Trial, by: range, at: int) -> Steps[int | None]:
    """Return the first change that one of theirs, in the way at this one, lets through.

    None if none of theirs is in the way at this one.
    """
    field = trial.field
    for piece in trial.pieces():
        yield SWEEP_US
        window = round_window_out(piece.drawn.window, trial.grid)
        flags = piece.pairs.worth() & field.at_once(window)
        # A set: numpy's own `unique` loads a module at its first use, and holds the thread for it.
        bands: set[int] = set(field.band_of[flags].tolist())
        ends = {
            band: _apart_from(trial, piece.drawn.band, field.bands[band], by, at) for band in bands
        }
        # Whoever is in the way the longest is asked first.
        for band in sorted(ends, key=lambda each: (-ends[each], each)):
            if ends[band] == at:
                break
            for number in np.flatnonzero(flags & (field.band_of == band)).tolist():
                if (yield from piece.pairs.too_near(number)):
                    return ends[band]
    return None


def _apart_from(trial: Trial, ours: Band, theirs: Band, by: range, at: int) -> int:
    """Return the first change from `at` on with which two bands are apart; all of them, if none."""

    def apart(change_cm: int) -> bool:
        raised = round_band_out(_raised(ours, change_cm), trial.grid)
        return not too_level(raised, theirs, trial.minima)

    if apart(by[at]):
        return at
    # From where they are too near on, they come apart once and for all.
    return bisect_left(by, 1, lo=at, key=lambda change_cm: int(apart(change_cm)))


def _shifted(volumes: tuple[Volume, ...], by_ms: int) -> tuple[Volume, ...]:
    return tuple(
        replace(
            each,
            window=Window(start=each.window.start.after(by_ms), end=each.window.end.after(by_ms)),
        )
        for each in volumes
    )


def _ended(volumes: tuple[Volume, ...], end_ms: int) -> tuple[Volume, ...]:
    """Return the volumes with no window open after an instant."""
    return tuple(
        replace(each, window=replace(each.window, end=min(each.window.end, Instant(end_ms))))
        for each in volumes
    )


def _raised(band: Band, by_cm: int) -> Band:
    return Band(
        lower=Altitude(datum=band.lower.datum, value_cm=band.lower.value_cm + by_cm),
        upper=Altitude(datum=band.upper.datum, value_cm=band.upper.value_cm + by_cm),
    )
