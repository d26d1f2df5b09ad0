"""Previewing: what would become of a notice, were it declared now.

The same checks, the same release and the same rule as declaring, and no effect at all: no
entry, no journal, nothing remembered. It also looks for what would clear the conflicts (a
later or an earlier window, a band above or below), and offers only what it has tried by
the same rule against everything that the counterpart has declared. Nothing of that is ever
sent by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.ids import derive
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.basis.quantities import ceil_to, floor_to
from clearline.core.conflicts import MAX_PER_NOTICE, ConflictFound, look
from clearline.core.declaring import is_late, released
from clearline.core.events import Place
from clearline.core.links import Link
from clearline.core.notices import Notice
from clearline.core.state import State
from clearline.space import Altitude, Band, Datum, Minima, Volume, Window

__all__ = ["MAX_COMPARED", "Foreseen", "Preview", "Way", "WayOut", "preview"]

MAX_COMPARED = 1_500
"""Notices of theirs that one preview is compared with. It runs in the node's one thread."""
MAX_TRIED = 600
"""Comparisons that may be spent on looking for ways out; each is some 50 to 150 µs."""
MAX_WAYS = 6
ROUND_MS = 5 * MINUTE_MS
"""A shifted window begins on a whole five minutes: people say and write it."""
STEPS_CM = {Datum.FL: 30_480, Datum.AMSL: 3_048, Datum.HEIGHT: 3_048}
"""A shifted band begins on a whole ten flight levels, or 100 ft."""


class Foreseen(Struct, frozen=True, kw_only=True):
    """A conflict that would be claimed."""

    theirs: str
    """Id of the counterpart's notice."""
    found: ConflictFound


class Way(StrEnum):
    """What would have to change."""

    LATER = "later"
    EARLIER = "earlier"
    ABOVE = "above"
    BELOW = "below"


class WayOut(Struct, frozen=True, kw_only=True):
    """A change of the whole notice that leaves it without any conflict."""

    way: Way
    volumes: tuple[Volume, ...]
    """As they would be declared, before release rounds them."""


class Preview(Struct, frozen=True, kw_only=True):
    """What would become of a notice on one link."""

    volumes: tuple[Volume, ...]
    """Exactly what the counterpart would see."""
    activity: str
    place: Place | None
    changes: tuple[str, ...]
    """What release did to it, in codes: `clipped`, `rounded`, `withheld:activity`."""
    late: bool
    conflicts: tuple[Foreseen, ...]
    """The closest first; as many as would be claimed."""
    more: int
    """Conflicts beyond these."""
    ways_out: tuple[WayOut, ...]
    """The one that changes least first; none if there is no conflict, or none was found."""


def preview(
    state: State,
    link: Link,
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    now: Instant,
) -> Preview:
    """Return what would become of a notice; Mistake for whatever `declare` would refuse.

    Mistake `too_dense` if it comes near more of their notices than can be compared at once.
    """
    out = released(volumes, activity, place, link, now)
    minima = link.terms.minima
    asked = _asked(link, out.volumes, now)
    near = state.notices.near(asked, minima)
    if len(near) > MAX_COMPARED:
        raise Mistake(
            "too_dense", f"It comes near {len(near)} of their notices: make it smaller or shorter."
        )
    found = [
        Foreseen(theirs=other.id, found=claim)
        for other in near
        if (claim := look(asked, other, minima)) is not None
    ]
    found.sort(key=lambda each: (each.found.closest.horizontal_cm, each.theirs))
    met = [state.notice(each.theirs) for each in found]
    search = _Search(state, link, activity, now)
    return Preview(
        volumes=out.volumes,
        activity=out.activity,
        place=out.place,
        changes=out.changes,
        late=is_late(out.volumes, activity, link.terms, now),
        conflicts=tuple(found[:MAX_PER_NOTICE]),
        more=max(0, len(found) - MAX_PER_NOTICE),
        ways_out=tuple(search.ways_out(volumes, met)) if met else (),
    )


class _Search:
    """Tries changes of a notice, within a budget."""

    def __init__(self, state: State, link: Link, activity: str, now: Instant) -> None:
        self._state = state
        self._link = link
        self._activity = activity
        self._now = now
        self._left = MAX_TRIED

    def ways_out(self, volumes: tuple[Volume, ...], met: list[Notice]) -> Iterator[WayOut]:
        minima = self._link.terms.minima
        offered = 0
        done: set[Way] = set()
        for way, changed in _candidates(volumes, met, minima, self._now):
            if way in done or offered >= MAX_WAYS or self._left <= 0:
                continue
            if self._is_clear(changed):
                done.add(way)
                offered += 1
                yield WayOut(way=way, volumes=changed)

    def _is_clear(self, volumes: tuple[Volume, ...]) -> bool:
        try:
            out = released(volumes, self._activity, None, self._link, self._now)
        except Mistake:
            return False
        asked = _asked(self._link, out.volumes, self._now)
        minima = self._link.terms.minima
        near = self._state.notices.near(asked, minima)
        self._left -= len(near) + 1
        if self._left < 0:
            return False
        return all(look(asked, other, minima) is None for other in near)


def _candidates(
    volumes: tuple[Volume, ...], met: list[Notice], minima: Minima, now: Instant
) -> Iterator[tuple[Way, tuple[Volume, ...]]]:
    """Yield changes worth trying, of each way the least first."""
    opens = min(each.window.start for each in volumes)
    closes = max(each.window.end for each in volumes)
    ends = sorted({notice.closes for notice in met})
    for end in _few(ends):
        start = ceil_to(int(end) + minima.time_ms + ROUND_MS, ROUND_MS)
        if start > opens:
            yield Way.LATER, _shifted(volumes, start - int(opens))
    for begin in _few(sorted({notice.opens for notice in met}, reverse=True)):
        last = floor_to(int(begin) - minima.time_ms - ROUND_MS, ROUND_MS)
        shift_ms = last - int(closes)
        if shift_ms < 0 and opens.after(shift_ms) >= now:
            yield Way.EARLIER, _shifted(volumes, shift_ms)
    bands = [volume.band for notice in met for volume in notice.volumes]
    datum = volumes[0].band.lower.datum
    if any(level.datum is not datum for each in volumes for level in _levels(each.band)):
        return  # Levels of two data cannot be moved by one step.
    yield from _moved(volumes, bands, datum, minima)


def _moved(
    volumes: tuple[Volume, ...], bands: list[Band], datum: Datum, minima: Minima
) -> Iterator[tuple[Way, tuple[Volume, ...]]]:
    """Yield the volumes with their bands above, and below, those of theirs."""
    step_cm = STEPS_CM.get(datum)
    if step_cm is None:
        return
    gap_cm = minima.vertical_cm + step_cm
    lowest = min(each.band.lower.value_cm for each in volumes)
    highest = max(each.band.upper.value_cm for each in volumes)
    tops = sorted({each.upper.value_cm for each in bands if each.upper.datum is datum})
    feet = sorted({each.lower.value_cm for each in bands if each.lower.datum is datum})
    for top in _few(tops):
        up_cm = ceil_to(top + gap_cm, step_cm) - lowest
        if up_cm > 0:
            yield Way.ABOVE, _raised(volumes, up_cm)
    for foot in _few(feet[::-1]):
        down_cm = floor_to(foot - gap_cm, step_cm) - highest
        if down_cm < 0 and lowest + down_cm >= 0:
            yield Way.BELOW, _raised(volumes, down_cm)


def _few(values: list[Any]) -> Iterable[Any]:
    """Return the nearest few and the furthest, which clears all of them if any does."""
    return dict.fromkeys((*values[:3], *values[-1:]))


def _shifted(volumes: tuple[Volume, ...], by_ms: int) -> tuple[Volume, ...]:
    return tuple(
        replace(
            each,
            window=Window(start=each.window.start.after(by_ms), end=each.window.end.after(by_ms)),
        )
        for each in volumes
    )


def _raised(volumes: tuple[Volume, ...], by_cm: int) -> tuple[Volume, ...]:
    return tuple(
        replace(
            each,
            band=Band(lower=_level(each.band.lower, by_cm), upper=_level(each.band.upper, by_cm)),
        )
        for each in volumes
    )


def _level(level: Altitude, by_cm: int) -> Altitude:
    return Altitude(datum=level.datum, value_cm=level.value_cm + by_cm)


def _levels(band: Band) -> tuple[Altitude, Altitude]:
    return band.lower, band.upper


def _asked(link: Link, volumes: tuple[Volume, ...], now: Instant) -> Notice:
    """Return the notice that these volumes would be, under a name that no notice has."""
    name = derive(now, 0, "preview", link.id)
    return Notice(
        id=name,
        link=link.id,
        mine=True,
        entry=name,
        revision=1,
        activity="",
        volumes=volumes,
        late=False,
        declared_at=now,
        index=0,
    )
