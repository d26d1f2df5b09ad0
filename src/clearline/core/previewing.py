"""Previewing: what would become of a notice, were it declared now.

The same checks, the same release and the same rule as declaring, and no effect at all: no
entry, no journal, nothing remembered. It also looks for what would clear the conflicts (a
later or an earlier window, a band above or below), and offers only what it has tried by
the same rule against everything that the counterpart has declared. Nothing of that is ever
sent by itself.

It is done in steps: it runs in the node's one thread, where calls come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.ids import derive
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM, ceil_to, floor_to
from clearline.basis.steps import Steps, finish
from clearline.core.conflicts import MAX_PER_NOTICE, ConflictFound, meet, urgency, worse
from clearline.core.declaring import declarable, is_late, releasing, revisable
from clearline.core.events import Place
from clearline.core.links import Link
from clearline.core.notices import Notice
from clearline.core.release import ReleasedOutline
from clearline.core.state import State
from clearline.core.terms import Terms
from clearline.space import (
    Altitude,
    Band,
    Datum,
    Minima,
    Outline,
    Separation,
    Volume,
    Window,
    horizontal_cm,
    infringes,
    positions,
    time_gap_ms,
    vertical_range_cm,
)

__all__ = ["Foreseen", "Preview", "Way", "WayOut", "preview", "previewing"]

MOST_US = 1_500_000
"""About so much is spent on comparing; what comes near more than that is not checked whole."""
SEARCH_US = 250_000
"""About so much is spent on looking for ways out."""
GLANCE_US = 2
"""About how long it takes to see that two volumes are apart in time or height."""
PAIR_US = 60
"""About how long it takes to measure two volumes; and for each point of theirs: """
POINT_US = 4
MAX_TRIES = 6
"""Changes that are tried for each way out."""
PATIENCE = 4
"""So many tries go past the nearest obstacle; the rest go past the furthest."""
ROUND_MS = 5 * MINUTE_MS
"""A shifted window begins or ends on a whole five minutes: people say and write it."""
SHORTEST_MS = 15 * MINUTE_MS
"""A window is not cut shorter than this."""
STEPS_CM = {
    Datum.FL: 10 * FLIGHT_LEVEL_CM,
    Datum.AMSL: 3_048,
    Datum.HEIGHT: 3_048,
    Datum.ELLIPSOIDAL: 3_048,
}
"""A shifted band begins or ends on a whole ten flight levels, or 100 ft."""
HIGHEST_CM = 600 * FLIGHT_LEVEL_CM
"""Nobody is sent higher than that by a suggestion."""


class Foreseen(Struct, frozen=True, kw_only=True):
    """A conflict that would be claimed."""

    theirs: str
    """Id of the counterpart's notice."""
    found: ConflictFound


class Way(StrEnum):
    """What would have to change."""

    LATER = "later"
    EARLIER = "earlier"
    """Over before theirs begins: moved whole, or only ended sooner where there is no time."""
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
    complete: bool
    """Whether all that comes near was compared: if not, no conflict means nothing."""
    conflicts: tuple[Foreseen, ...]
    """The closest first; as many as would be claimed."""
    more: int
    """Conflicts beyond these."""
    ways_out: tuple[WayOut, ...]
    """One of each way that was found; none if there is no conflict."""


def preview(
    state: State,
    link: Link,
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    now: Instant,
    *,
    revises: str | None = None,
) -> Preview:
    """Return what would become of a notice, or of this revision of one of ours.

    Mistake for whatever `declare` or `revise` would refuse, but for a watch that nobody holds.
    """
    return finish(previewing(state, link, volumes, activity, place, now, revises=revises))


def previewing(
    state: State,
    link: Link,
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    now: Instant,
    *,
    revises: str | None = None,
) -> Steps[Preview]:
    """Do `preview` in steps. What it is compared with is all of one moment between two steps."""
    if revises is None:
        declarable(state, link.id, activity)
    else:
        notice, its_link = revisable(state, revises)
        if its_link is not link:
            raise Mistake("notice_of_other_link", f"Notice {revises} is not of this link.")
        activity = notice.activity
    terms = link.terms
    outlines: dict[Outline, ReleasedOutline] = {}
    out = yield from releasing(volumes, activity, place, terms, now, outlines)
    near = yield from _near(state, link.id, out.volumes, terms.minima, now)
    found, complete = yield from _foreseen(out.volumes, near, terms.minima)
    ways: tuple[WayOut, ...] = ()
    if found and complete:
        met = [other for _, other in found]
        search = _Search(state, link.id, terms, activity, outlines, now)
        ways = yield from search.ways_out(volumes, met)
    return Preview(
        volumes=out.volumes,
        activity=out.activity,
        place=out.place,
        changes=out.changes,
        late=is_late(out.volumes, activity, terms, now),
        complete=complete,
        conflicts=tuple(each for each, _ in found[:MAX_PER_NOTICE]),
        more=max(0, len(found) - MAX_PER_NOTICE),
        ways_out=ways,
    )


def _near(
    state: State, link: str, volumes: tuple[Volume, ...], minima: Minima, now: Instant
) -> Steps[list[Notice]]:
    """Return their notices that may come too near, by id, all as they stood at one moment."""
    for patient in (True, True, False):
        seq = state.seq
        found: dict[str, Notice] = {}
        for volume in volumes:
            here = state.notices.near(_asked(link, (volume,), now), minima)
            found |= {each.id: each for each in here}
            if patient:
                yield 100 + GLANCE_US * len(here)
        # If anything happened between two steps, what was found is not of one moment.
        if state.seq == seq:
            break
    return [found[key] for key in sorted(found)]


def _foreseen(
    volumes: tuple[Volume, ...], near: list[Notice], minima: Minima
) -> Steps[tuple[list[tuple[Foreseen, Notice]], bool]]:
    """Return the conflicts, the closest first, and whether all were looked at."""
    found: list[tuple[Foreseen, Notice]] = []
    spent_us = 0
    for number, other in enumerate(near, 1):
        worst: ConflictFound | None = None
        for ours, theirs in _pairs(volumes, other):
            cost_us = GLANCE_US
            if _at_once(ours, theirs, minima):
                worst = worse(worst, meet(ours, theirs, minima))
                cost_us = _cost_us(ours, theirs)
            spent_us += cost_us
            yield cost_us
        if worst is not None:
            found.append((Foreseen(theirs=other.id, found=worst), other))
        if spent_us > MOST_US and number < len(near):
            break
    else:
        number = len(near)
    found.sort(key=lambda each: (urgency(each[0].found), each[0].theirs))
    return found, number == len(near)


class _Search:
    """Tries changes of a notice, within a budget."""

    def __init__(
        self,
        state: State,
        link: str,
        terms: Terms,
        activity: str,
        outlines: dict[Outline, ReleasedOutline],
        now: Instant,
    ) -> None:
        self._state = state
        self._link = link
        self._terms = terms
        self._activity = activity
        self._outlines = outlines
        self._now = now
        self._left_us = SEARCH_US
        self._apart_cm: dict[tuple[int, str, int], int] = {}
        """Across the ground nothing changes: from a volume of ours to one of theirs."""

    def ways_out(self, volumes: tuple[Volume, ...], met: list[Notice]) -> Steps[tuple[WayOut, ...]]:
        """Return one change of each way that leaves no conflict at all, where there is one."""
        offered: dict[Way, WayOut] = {}
        for way, move in _moves(volumes, self._terms, self._now):
            in_the_way: list[Notice] | None = met
            before = volumes
            for tries in range(MAX_TRIES):
                if way in offered or not in_the_way:
                    break
                changed = move(in_the_way, tries >= PATIENCE)
                if changed is None or changed == before:
                    break
                before = changed
                in_the_way = yield from self._counted(self._met(changed))
                if in_the_way == []:
                    offered[way] = WayOut(way=way, volumes=changed)
        return tuple(offered.values())

    def _met(self, drawn: tuple[Volume, ...]) -> Steps[list[Notice] | None]:
        """Return the notices that a change would meet; None if it cannot be declared or tried."""
        try:
            out = yield from releasing(
                drawn, self._activity, None, self._terms, self._now, self._outlines
            )
        except Mistake:
            return None
        minima = self._terms.minima
        near = yield from _near(self._state, self._link, out.volumes, minima, self._now)
        found: list[Notice] = []
        for other in near:
            for ours_at, ours in enumerate(out.volumes):
                for theirs_at, theirs in enumerate(other.volumes):
                    if self._left_us < 0:
                        return None
                    yield GLANCE_US
                    if not _at_once(ours, theirs, minima):
                        continue
                    key = (ours_at, other.entry, theirs_at)
                    if key not in self._apart_cm:
                        self._apart_cm[key] = horizontal_cm(ours.outline, theirs.outline)
                        yield _cost_us(ours, theirs)
                    if infringes(_separation(self._apart_cm[key], ours, theirs, minima), minima):
                        found.append(other)
        return found

    def _counted(self, steps: Steps[list[Notice] | None]) -> Steps[list[Notice] | None]:
        """Take what the steps cost off the budget."""
        while True:
            try:
                cost_us = next(steps)
            except StopIteration as done:
                return done.value
            self._left_us -= cost_us
            yield cost_us


_Move = Callable[[list[Notice], bool], tuple[Volume, ...] | None]
"""Given what is in the way, the least change that passes the nearest of it, or the furthest."""


def _moves(volumes: tuple[Volume, ...], terms: Terms, now: Instant) -> Iterator[tuple[Way, _Move]]:
    """Yield how to look for each way out. Every change is one of the volumes as drawn."""
    minima, grid = terms.minima, terms.release.grid
    opens = min(each.window.start for each in volumes)
    closes = max(each.window.end for each in volumes)
    # A separation equal to the minimum is enough, unless that is nothing.
    time_ms = max(minima.time_ms, 1)

    def end_before(met: list[Notice], far: bool) -> int:  # noqa: FBT001
        begins = (min if far else max)(each.opens for each in met)
        return floor_to(floor_to(begins - time_ms, grid.time_ms), ROUND_MS)

    def later(met: list[Notice], far: bool) -> tuple[Volume, ...] | None:  # noqa: FBT001
        ends = (max if far else min)(each.closes for each in met)
        start = ceil_to(ceil_to(ends + time_ms, grid.time_ms), ROUND_MS)
        return _shifted(volumes, start - int(opens))

    def earlier(met: list[Notice], far: bool) -> tuple[Volume, ...] | None:  # noqa: FBT001
        shift_ms = end_before(met, far) - int(closes)
        return _shifted(volumes, shift_ms) if opens.after(shift_ms) >= now else None

    def sooner(met: list[Notice], far: bool) -> tuple[Volume, ...] | None:  # noqa: FBT001
        return _ended(volumes, end_before(met, far))

    yield Way.LATER, later
    yield Way.EARLIER, earlier
    yield Way.EARLIER, sooner
    levels = [level for each in volumes for level in (each.band.lower, each.band.upper)]
    step_cm = STEPS_CM.get(levels[0].datum)
    if step_cm is None or any(each.datum is not levels[0].datum for each in levels):
        return  # Levels of two data cannot be moved by one step.
    height = _Height(volumes, levels[0].datum, step_cm, terms)
    yield Way.ABOVE, height.above
    yield Way.BELOW, height.below


class _Height:
    """Moves volumes up or down, where theirs can be compared with ours at all."""

    def __init__(
        self, volumes: tuple[Volume, ...], datum: Datum, step_cm: int, terms: Terms
    ) -> None:
        self._volumes = volumes
        self._datum = datum
        self._step_cm = step_cm
        self._grid_cm = terms.release.grid.altitude_cm
        self._gap_cm = max(terms.minima.vertical_cm, 1)
        self._lowest = min(each.band.lower.value_cm for each in volumes)
        self._highest = max(each.band.upper.value_cm for each in volumes)

    def above(self, met: list[Notice], far: bool) -> tuple[Volume, ...] | None:  # noqa: FBT001
        """Return the volumes above the nearest of these, or the furthest."""
        tops = [max(known) for each in met if (known := self._known(each, upper=True))]
        if not tops:
            return None
        foot = (max if far else min)(tops) + self._gap_cm
        up_cm = ceil_to(ceil_to(foot, self._grid_cm), self._step_cm) - self._lowest
        return _raised(self._volumes, up_cm) if self._highest + up_cm <= HIGHEST_CM else None

    def below(self, met: list[Notice], far: bool) -> tuple[Volume, ...] | None:  # noqa: FBT001
        """Return the volumes below the nearest of these, or the furthest."""
        feet = [min(known) for each in met if (known := self._known(each, upper=False))]
        if not feet:
            return None
        top = (min if far else max)(feet) - self._gap_cm
        down_cm = floor_to(floor_to(top, self._grid_cm), self._step_cm) - self._highest
        return _raised(self._volumes, down_cm) if self._lowest + down_cm >= 0 else None

    def _known(self, notice: Notice, *, upper: bool) -> list[int]:
        """Return the limits of a notice, as far as they are of our datum."""
        bands = [each.band for each in notice.volumes]
        levels = [each.upper if upper else each.lower for each in bands]
        ground = (Datum.SURFACE,) if self._datum is Datum.HEIGHT else ()
        return [each.value_cm for each in levels if each.datum in (self._datum, *ground)]


def _shifted(volumes: tuple[Volume, ...], by_ms: int) -> tuple[Volume, ...]:
    return tuple(
        replace(
            each,
            window=Window(start=each.window.start.after(by_ms), end=each.window.end.after(by_ms)),
        )
        for each in volumes
    )


def _ended(volumes: tuple[Volume, ...], end_ms: int) -> tuple[Volume, ...] | None:
    """Return the volumes with no window open after an instant; None if too little is left."""
    if any(each.window.start.after(SHORTEST_MS) > end_ms for each in volumes):
        return None
    return tuple(
        replace(each, window=replace(each.window, end=min(each.window.end, Instant(end_ms))))
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


def _pairs(volumes: tuple[Volume, ...], other: Notice) -> Iterator[tuple[Volume, Volume]]:
    return ((ours, theirs) for ours in volumes for theirs in other.volumes)


def _separation(across_cm: int, ours: Volume, theirs: Volume, minima: Minima) -> Separation:
    return Separation(
        horizontal_cm=across_cm,
        vertical_cm=vertical_range_cm(ours.band, theirs.band, minima.worst)[0],
        time_ms=time_gap_ms(ours.window, theirs.window),
    )


def _at_once(ours: Volume, theirs: Volume, minima: Minima) -> bool:
    """Return whether two volumes would infringe the minima, were they in one place."""
    return infringes(_separation(0, ours, theirs, minima), minima)


def _cost_us(ours: Volume, theirs: Volume) -> int:
    return PAIR_US + POINT_US * (len(positions(ours.outline)) + len(positions(theirs.outline)))


def _asked(link: str, volumes: tuple[Volume, ...], now: Instant) -> Notice:
    """Return the notice that these volumes would be, under a name that no notice has."""
    name = derive(now, 0, "preview", link)
    return Notice(
        id=name,
        link=link,
        mine=True,
        entry=name,
        revision=1,
        activity="",
        volumes=volumes,
        late=False,
        declared_at=now,
        stated_at=now,
        index=0,
    )
