"""Previewing: what would become of a notice, were it declared now.

The same checks, the same release and the same rule as declaring, and no effect at all: no
entry, no journal, nothing remembered. Beside the conflicts stands what would clear them, as
`clearing` finds it. Nothing of that is ever sent by itself.

It is done in steps: it runs in the node's one thread, where calls come first.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.steps import Steps, finish
from clearline.core.clearing import Clearing, clearing
from clearline.core.conflicts import MAX_PER_NOTICE, ConflictFound, meet, urgency, worse
from clearline.core.declaring import declarable, is_late, releasing, revisable
from clearline.core.events import Place
from clearline.core.field import GLANCE_US, cost_us, near
from clearline.core.links import Link
from clearline.core.notices import Notice
from clearline.core.release import ReleasedOutline
from clearline.core.state import State
from clearline.core.trial import WayOut
from clearline.space import (
    Minima,
    Outline,
    Separation,
    Volume,
    infringes,
    time_gap_ms,
    vertical_range_cm,
)

__all__ = ["Foreseen", "Preview", "preview", "previewing"]

MOST_US = 1_500_000
"""About so much is spent on comparing; what comes near more than that is not checked whole."""


class Foreseen(Struct, frozen=True, kw_only=True):
    """A conflict that would be claimed."""

    theirs: str
    """Id of the counterpart's notice."""
    found: ConflictFound


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
    """One of each way that was found, the smallest change first; none if there is no conflict."""
    ways_whole: bool
    """Whether they were looked for to the end: if not, there may be others, or smaller ones."""


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
    around = yield from near(state, link.id, out.volumes, terms.minima, now)
    found, complete = yield from _foreseen(out.volumes, around, terms.minima)
    cleared = Clearing(ways=(), whole=True)
    if found and complete:
        cleared = yield from clearing(state, link, volumes, activity, outlines, now)
    return Preview(
        volumes=out.volumes,
        activity=out.activity,
        place=out.place,
        changes=out.changes,
        late=is_late(out.volumes, activity, terms, now),
        complete=complete,
        conflicts=tuple(found[:MAX_PER_NOTICE]),
        more=max(0, len(found) - MAX_PER_NOTICE),
        ways_out=cleared.ways,
        ways_whole=cleared.whole,
    )


def _foreseen(
    volumes: tuple[Volume, ...], around: list[Notice], minima: Minima
) -> Steps[tuple[list[Foreseen], bool]]:
    """Return the conflicts, the closest first, and whether all were looked at."""
    found: list[Foreseen] = []
    spent_us = 0
    for number, other in enumerate(around, 1):
        worst: ConflictFound | None = None
        for ours, theirs in _pairs(volumes, other):
            took_us = GLANCE_US
            if _at_once(ours, theirs, minima):
                worst = worse(worst, meet(ours, theirs, minima))
                took_us = cost_us(ours.outline, theirs.outline)
            spent_us += took_us
            yield took_us
        if worst is not None:
            found.append(Foreseen(theirs=other.id, found=worst))
        if spent_us > MOST_US and number < len(around):
            break
    else:
        number = len(around)
    found.sort(key=lambda each: (urgency(each.found), each.theirs))
    return found, number == len(around)


def _pairs(volumes: tuple[Volume, ...], other: Notice) -> Iterator[tuple[Volume, Volume]]:
    return ((ours, theirs) for ours in volumes for theirs in other.volumes)


def _at_once(ours: Volume, theirs: Volume, minima: Minima) -> bool:
    """Return whether two volumes would infringe the minima, were they in one place."""
    apart = Separation(
        horizontal_cm=0,
        vertical_cm=vertical_range_cm(ours.band, theirs.band, minima.worst)[0],
        time_ms=time_gap_ms(ours.window, theirs.window),
    )
    return infringes(apart, minima)
