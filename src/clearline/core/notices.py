"""Notices: where and when a party operates, and the life of that statement.

A notice is known by the id of the entry that declared it. It is revised or withdrawn by
the party that declared it, noted by the other, and lapses by itself when its last window
closes: a stale notice is never shown as a live one.

What is kept here is what left the node, after release; what a planner drew stays in the
journal. This room decides what a well-formed notice is. It never decides what it meets.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import Name
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.core.events import Place
from clearline.core.terms import Terms
from clearline.space import (
    Altitude,
    Band,
    Datum,
    GridIndex,
    Index,
    Minima,
    Outline,
    Volume,
    Window,
    check_heights,
    check_reference,
    check_volume,
)

__all__ = [
    "Disposition",
    "Noted",
    "Notice",
    "NoticeDeclared",
    "NoticeNoted",
    "NoticeRevised",
    "NoticeState",
    "NoticeWithdrawn",
    "Notices",
    "check_data",
    "check_place",
    "check_volumes",
    "declared",
    "lead_ms",
    "relay_due",
    "revised",
    "rounding_slack_cm",
]

UNSPECIFIED = "unspecified"
"""What stands for the activity where the terms do not let it leave."""

MAX_EARLIER = 8

RETAINED_MS = DAY_MS
"""A notice that has ended is still shown for so long; the record keeps it for ever."""

RELAY_BEFORE_MS = HOUR_MS
"""A notice that a desk has read is relayed to its units so long before its first window opens."""
RELAY_GRACE_MS = 5 * MINUTE_MS
"""Read later than that, it is relayed within so long of being read."""

SURFACE_BAND = Band(
    lower=Altitude(datum=Datum.SURFACE, value_cm=0),
    upper=Altitude(datum=Datum.SURFACE, value_cm=0),
)

Volumes = Annotated[tuple[Volume, ...], Meta(min_length=1, max_length=32)]


class Disposition(StrEnum):
    """What the receiving side says it did. Received is not agreed, and none of these is consent."""

    RECEIVED = "received"
    RELAYED = "relayed_to_units"
    UNDERSTOOD = "understood"
    WILL_COMPLY = "will_comply"
    CANNOT_COMPLY = "cannot_comply"

    @classmethod
    def parse(cls, text: str) -> Disposition:
        """Return the disposition `text` names; Mistake with the five that there are."""
        try:
            return cls(text.strip().lower().replace(" ", "_").replace("-", "_"))
        except ValueError:
            known = ", ".join(each.value for each in cls)
            raise Mistake("unknown_disposition", f"{text!r} is none of: {known}.") from None


class NoticeDeclared(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Body of `notice.declared`."""

    activity: Name
    volumes: Volumes
    late: bool
    """Declared later than its activity's lead time. Late notices are still delivered."""
    place: Place | None = None


class NoticeRevised(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Body of `notice.revised`; `re` names the declaration."""

    revision: Annotated[int, Meta(ge=2, le=1_000_000)]
    volumes: Volumes
    late: bool
    place: Place | None = None


class NoticeWithdrawn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `notice.withdrawn`; `re` names the declaration."""


class NoticeNoted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `notice.noted`: a human has it; `re` names the declaration or revision."""

    disposition: Disposition


class NoticeState(StrEnum):
    """Where a notice is in its life."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Noted(Struct, frozen=True, kw_only=True, gc=False):
    """One disposition with its clock and the revision that it is about."""

    disposition: Disposition
    at: Instant
    revision: int


class Notice(Struct, frozen=True, kw_only=True, gc=False):
    """A notice as both sides hold it."""

    id: str
    link: str
    mine: bool
    entry: str
    """The entry that stands: the declaration, or its latest revision."""
    revision: int
    activity: str
    volumes: tuple[Volume, ...]
    late: bool
    declared_at: Instant
    stated_at: Instant
    """When the entry that stands was said here, or arrived: the lead is counted from then."""
    index: int
    """Of the standing entry, in its feed: with the receipt's size it tells if it is stored."""
    place: Place | None = None
    earlier: tuple[str, ...] = ()
    """Its last few revisions' entries: what the counterpart says may cross a revision of ours."""
    state: NoticeState = NoticeState.ACTIVE
    ended_at: Instant | None = None
    noted: tuple[Noted, ...] = ()
    label: str = ""
    relay_alarmed: int = 0
    """The last revision of which our desks were alarmed that it was read and not relayed."""

    @property
    def lies_unrelayed(self) -> bool:
        """Return whether it was read and not relayed in time, and still is not."""
        return self.relay_alarmed == self.revision and not self.is_relayed

    @property
    def is_relayed(self) -> bool:
        """Return whether the revision that stands was said to have been relayed to units."""
        return any(
            each.disposition is Disposition.RELAYED and each.revision == self.revision
            for each in self.noted
        )

    @property
    def opens(self) -> Instant:
        """Return when the first of its windows opens."""
        return min(volume.window.start for volume in self.volumes)

    @property
    def closes(self) -> Instant:
        """Return when the last of its windows closes: the notice lapses then."""
        return max(volume.window.end for volume in self.volumes)

    def revision_of(self, entry: str) -> int:
        """Return which revision an entry of this notice is: its declaration is the first."""
        known = (*self.earlier, self.entry)
        return self.revision - len(known) + 1 + known.index(entry) if entry in known else 1


def declared(
    link: str, entry: str, index: int, body: NoticeDeclared, now: Instant, *, mine: bool
) -> Notice:
    """Return the notice that a declaration makes, on either side."""
    return Notice(
        id=entry,
        link=link,
        mine=mine,
        entry=entry,
        revision=1,
        activity=body.activity,
        volumes=body.volumes,
        late=body.late,
        declared_at=now,
        stated_at=now,
        index=index,
        place=body.place,
    )


def revised(notice: Notice, entry: str, index: int, body: NoticeRevised, now: Instant) -> Notice:
    """Return a notice as its next revision makes it."""
    return replace(
        notice,
        entry=entry,
        earlier=(*notice.earlier, notice.entry)[-MAX_EARLIER:],
        stated_at=now,
        index=index,
        revision=body.revision,
        volumes=body.volumes,
        late=body.late,
        place=body.place,
    )


def relay_due(notice: Notice) -> Instant | None:
    """Return when the desks are alarmed that a notice was read and not relayed; None for never.

    What counts was said of the revision that stands: units that were told of an earlier one
    know the wrong place. Only `relayed_to_units` says that it was relayed: a desk that has
    understood a notice is still only a desk.
    """
    said = [each for each in notice.noted if each.revision == notice.revision]
    alarmed = notice.relay_alarmed == notice.revision
    if notice.state is not NoticeState.ACTIVE or not said or notice.is_relayed or alarmed:
        return None
    return max(notice.opens.after(-RELAY_BEFORE_MS), said[0].at.after(RELAY_GRACE_MS))


def lead_ms(volumes: tuple[Volume, ...], now: Instant) -> int:
    """Return how long before its first window the notice is given; 0 if that has opened."""
    return max(0, min(volume.window.start for volume in volumes).since(now))


def check_volumes(volumes: tuple[Volume, ...], terms: Terms, now: Instant) -> Refusal | None:
    """Return why these volumes cannot be a notice under `terms` now, or None if they can."""
    if len(volumes) > terms.limits.volumes_per_notice:
        limit = terms.limits.volumes_per_notice
        return Refusal(reason=Reason.TOO_MANY, detail=f"More than {limit} volumes in one notice.")
    worst = terms.minima.worst
    for number, volume in enumerate(volumes, 1):
        try:
            check_volume(volume)
            if worst is not None:
                check_heights(volume.band, worst)
        except Mistake as mistake:
            detail = f"Volume {number}: {mistake.phrase}"[:200]
            return Refusal(reason=Reason.BAD_GEOMETRY, detail=detail)
    if max(volume.window.end for volume in volumes) <= now:
        return Refusal(reason=Reason.STALE, detail="Every window of it has already closed.")
    if min(volume.window.start for volume in volumes).since(now) > terms.limits.horizon_ms:
        days = terms.limits.horizon_ms // DAY_MS
        return Refusal(reason=Reason.FUTURE, detail=f"It opens more than {days} days from now.")
    return None


def check_data(volumes: tuple[Volume, ...], terms: Terms) -> None:
    """Raise Mistake if levels are measured from what the counterpart's node may not know."""
    bands = [each.band for each in volumes]
    data = {level.datum for band in bands for level in (band.lower, band.upper)}
    if Datum.ELLIPSOIDAL in data and terms.minima.worst is None:
        raise Mistake(
            "datum_not_agreed",
            "The terms state no worst case for heights, so nothing may be measured from the "
            "ellipsoid: say FL, AMSL, AGL or DEPTH.",
        )


def check_place(place: Place, terms: Terms, *, slack_cm: int = 0) -> str | None:
    """Return what is wrong if a place and the anchor it was stated from do not agree.

    They agree if they are within the terms' tolerance and `slack_cm`. This is the check
    that catches a swapped reference point, and it says which anchor would fit.
    """
    anchors = {anchor.name: anchor.position for anchor in terms.anchors}
    tolerance_cm = terms.anchor_tolerance_cm + slack_cm
    try:
        mismatch = check_reference(place.at, place.stated, anchors, tolerance_cm)
    except Mistake as mistake:
        return mistake.phrase
    return mismatch.phrase if mismatch is not None else None


def rounding_slack_cm(place: Place, terms: Terms) -> int:
    """Return how far release may have moved a place and how it was stated, at most.

    Half a grid step either way in latitude and in longitude, half a step of length, and
    half a degree of bearing.
    """
    grid = terms.release.grid
    return grid.position_e7 + grid.length_cm + place.stated.range_cm // 100


def _is_ours(notice: Notice) -> bool:
    return notice.mine and notice.state is NoticeState.ACTIVE


class Notices:
    """Every notice of one node that is active, or that ended less than a day ago."""

    def __init__(self, index: Callable[[], Index] = GridIndex) -> None:
        """Make an index of each side of each link by `index`."""
        self._index = index
        self.by_id: dict[str, Notice] = {}
        self._near: dict[tuple[str, bool], Index] = {}
        self._ends: list[tuple[int, str]] = []
        self._relays: list[tuple[int, str]] = []
        self._revised: dict[str, str] = {}
        """From the entry of a revision, standing or earlier, to its notice."""
        self._active: dict[tuple[str, bool], int] = {}
        self._walks: dict[str, tuple[str, list[str]]] = {}
        """Of each link, the ids that `next_mine` goes through; made anew where they are missing."""

    def put(self, notice: Notice) -> None:
        """Keep `notice`, in place of what had its id."""
        before = self.by_id.get(notice.id)
        self.by_id[notice.id] = notice
        if before is not None:
            for entry in (*before.earlier, before.entry):
                self._revised.pop(entry, None)
        for entry in (*notice.earlier, notice.entry):
            self._revised[entry] = notice.id
        relay = relay_due(notice)
        if relay is not None:
            heapq.heappush(self._relays, (relay, notice.id))
        if before is not None and before.volumes is notice.volumes and before.state is notice.state:
            return
        side = (notice.link, notice.mine)
        index = self._near.get(side)
        if index is None:
            index = self._near[side] = self._index()
        if before is not None and before.state is NoticeState.ACTIVE:
            index.remove(notice.id)
            self._active[side] -= 1
        if notice.state is NoticeState.ACTIVE:
            index.add(notice.id, notice.volumes)
            self._active[side] = self._active.get(side, 0) + 1
            heapq.heappush(self._ends, (notice.closes, notice.id))
        elif notice.ended_at is not None:
            heapq.heappush(self._ends, (notice.ended_at.after(RETAINED_MS), notice.id))

    def by_entry(self, entry: str) -> Notice | None:
        """Return the notice that this entry declared or revised, if it is still in sight."""
        return self.by_id.get(self._revised.get(entry, entry))

    def active(self, link: str, *, mine: bool) -> int:
        """Return how many active notices one side has on a link."""
        return self._active.get((link, mine), 0)

    def newest_mine(self, link: str) -> str | None:
        """Return the greatest id of our active notices on a link; None if there is none."""
        ids = (n.id for n in self.by_id.values() if n.link == link and _is_ours(n))
        return max(ids, default=None)

    def next_mine(self, link: str, after: str, upto: str) -> Notice | None:
        """Return our active notice whose id comes next after `after`, and not after `upto`.

        Ids of ours strictly increase, so that nothing new comes in between.
        """
        known, ids = self._walks.get(link, ("", []))
        if known != upto:
            ours = (n.id for n in self.by_id.values() if n.link == link and _is_ours(n))
            ids = sorted(each for each in ours if each <= upto)
            self._walks[link] = (upto, ids)
        for number in range(bisect_right(ids, after), len(ids)):
            notice = self.by_id.get(ids[number])
            if notice is not None and _is_ours(notice):
                return notice
        del self._walks[link]
        return None

    def indexed(self) -> tuple[int, int]:
        """Return how many active notices are indexed in memory, and how many elsewhere."""
        elsewhere = sum(index.elsewhere for index in self._near.values())
        return sum(map(len, self._near.values())) - elsewhere, elsewhere

    def near(self, notice: Notice, minima: Minima) -> list[Notice]:
        """Return the other side's active notices that could infringe `minima`, by id.

        No false negatives; false positives are for `conflicts` to sort out.
        """
        index = self._near.get((notice.link, not notice.mine))
        if index is None:
            return []
        keys: set[str] = set()
        for volume in notice.volumes:
            keys.update(index.near(volume, minima))
        return [self.by_id[key] for key in sorted(keys)]

    def around(self, link: str, outline: Outline, now: Instant, reach: Minima) -> list[Notice]:
        """Return both sides' active notices that may be within `reach` of a place now, by id."""
        here = Volume(outline=outline, band=SURFACE_BAND, window=Window(start=now, end=now))
        keys: set[str] = set()
        for mine in (True, False):
            index = self._near.get((link, mine))
            if index is not None:
                keys.update(index.near(here, reach))
        return [self.by_id[key] for key in sorted(keys)]

    def due(self) -> Instant | None:
        """Return when the next notice lapses, is forgotten, or should have been relayed."""
        times = (self._next_end(), self._next_relay())
        return min((at for at in times if at is not None), default=None)

    def unrelayed(self, now: Instant) -> list[Notice]:
        """Take out the notices that should have been relayed by now; put each again, alarmed."""
        found: dict[str, Notice] = {}
        while (at := self._next_relay()) is not None and at <= now:
            _, key = heapq.heappop(self._relays)
            found[key] = self.by_id[key]
        return list(found.values())

    def _next_relay(self) -> Instant | None:
        while self._relays:
            at, key = self._relays[0]
            notice = self.by_id.get(key)
            if notice is not None and relay_due(notice) == at:
                return Instant(at)
            heapq.heappop(self._relays)
        return None

    def _next_end(self) -> Instant | None:
        while self._ends:
            at, key = self._ends[0]
            if self._end_of(key) == at:
                return Instant(at)
            heapq.heappop(self._ends)
        return None

    def lapse(self, now: Instant) -> list[Notice]:
        """End what has closed by `now`, forget what ended long ago; return what lapsed."""
        lapsed: list[Notice] = []
        while (at := self._next_end()) is not None and at <= now:
            _, key = heapq.heappop(self._ends)
            notice = self.by_id[key]
            if notice.state is NoticeState.ACTIVE:
                ended = replace(notice, state=NoticeState.LAPSED, ended_at=at)
                self.put(ended)
                lapsed.append(ended)
            else:
                for entry in (*notice.earlier, notice.entry):
                    self._revised.pop(entry, None)
                del self.by_id[key]
        return lapsed

    def _end_of(self, key: str) -> Instant | None:
        notice = self.by_id.get(key)
        if notice is None:
            return None
        if notice.state is NoticeState.ACTIVE:
            return notice.closes
        return notice.ended_at.after(RETAINED_MS) if notice.ended_at is not None else None
