"""Conflicts: a notice of ours and one of theirs that come closer than the minima.

A conflict is a claim of whoever found it. Both sides run the same versioned rule on the
same released shapes, and may still differ within its tolerance; then the wider claim holds:
a conflict stands while either side claims it. Each side clears only its own claim.

The rule itself is `space.separation`; the minima say which version of it. By version 2 a
claim says whether the two come too near for certain: whatever weather, terrain and geoid are.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise, product
from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from clearline import space
from clearline.basis.ids import Uuid7
from clearline.basis.instants import Instant
from clearline.core.notices import Notice
from clearline.space import (
    Certainty,
    Minima,
    Position,
    Separation,
    Volume,
    Window,
    certainty,
    closest,
)

__all__ = [
    "Claim",
    "Cleared",
    "Conflict",
    "ConflictCleared",
    "ConflictFound",
    "Conflicts",
    "key_of",
    "look",
    "look_at",
    "meet",
    "urgency",
    "worse",
]

MAX_PER_NOTICE = 32
"""So many conflicts of one notice are claimed, the closest first; the desk is told of the rest."""


class ConflictFound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Body of `conflict.found`; `re` names the writer's standing entry, then the reader's."""

    rule: Annotated[int, Meta(ge=1, le=1_000)]
    closest: Separation
    where: Position
    """On the writer's own shape, where it comes closest."""
    window: Window
    """When both are open, or the gap between them."""
    certainty: Certainty | UnsetType = UNSET
    """Absent by rule version 1."""

    @property
    def sure(self) -> Certainty:
        """Return how certain it is; by version 1, whether the bands could be compared at all."""
        if not isinstance(self.certainty, UnsetType):
            return self.certainty
        unknown = self.closest.vertical_cm is None
        return Certainty.POSSIBLE if unknown else Certainty.CERTAIN


class Cleared(StrEnum):
    """Why a claim no longer stands."""

    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    AMENDED = "amended"
    """The minima were: by those that are in force now, the two keep clear of each other."""


class ConflictCleared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `conflict.cleared`; `re` names the `conflict.found` that it takes back."""

    why: Cleared


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """One side's claim."""

    entry: Uuid7
    found: ConflictFound
    at: Instant


class Conflict(Struct, frozen=True, kw_only=True, gc=False):
    """Two notices that meet, with what each side claims of it."""

    link: str
    ours: str
    """Id of our notice."""
    theirs: str
    claimed_by_us: Claim | None = None
    claimed_by_them: Claim | None = None

    @property
    def claim(self) -> Claim:
        """Return the claim to show: a certain one, then the closer, as the wider holds."""
        claims = [each for each in (self.claimed_by_us, self.claimed_by_them) if each is not None]
        return min(claims, key=lambda each: urgency(each.found))


def key_of(ours: str, theirs: str) -> str:
    """Return the name under which a pair of notices is kept."""
    return f"{ours}+{theirs}"


class _Meeting(NamedTuple):
    """Two volumes that infringe the minima."""

    ours: Volume
    theirs: Volume
    apart: Separation
    sure: Certainty | UnsetType

    @property
    def rank(self) -> tuple[tuple[bool, int], int, int]:
        """Return what the worst of several is the least of."""
        return _rank(self.sure, self.apart)


def look(mine: Notice, theirs: Notice, minima: Minima) -> ConflictFound | None:
    """Return how two notices infringe the minima, at their worst; None if they do not."""
    return look_at(mine, (theirs,), minima)[0]


def look_at(notice: Notice, others: Sequence[Notice], minima: Minima) -> list[ConflictFound | None]:
    """Return how a notice and each of the other side's infringe the minima; all at once."""
    pairs: list[tuple[Volume, Volume]] = []
    counts: list[int] = []
    for other in others:
        mine, theirs = (notice, other) if notice.mine else (other, notice)
        pairs += product(mine.volumes, theirs.volumes)
        counts.append(len(pairs))
    measured = space.refine(pairs, minima)
    found: list[ConflictFound | None] = []
    for start, end in pairwise((0, *counts)):
        met = [
            _Meeting(ours, theirs, apart, _sure(ours, theirs, minima))
            for (ours, theirs), apart in zip(pairs[start:end], measured[start:end], strict=True)
            if apart is not None
        ]
        worst = min(met, key=lambda each: each.rank, default=None)
        found.append(None if worst is None else _claim(worst, minima))
    return found


def worse(one: ConflictFound | None, other: ConflictFound | None) -> ConflictFound | None:
    """Return whichever is certain, or comes closer; the first if alike, None if there is none."""
    if one is None or other is None:
        return one or other
    ranks = [_rank(each.certainty, each.closest) for each in (one, other)]
    return other if ranks[1] < ranks[0] else one


def meet(ours: Volume, other: Volume, minima: Minima) -> ConflictFound | None:
    """Return how two volumes infringe the minima, or None."""
    apart = space.meet(ours, other, minima)
    if apart is None:
        return None
    return _claim(_Meeting(ours, other, apart, _sure(ours, other, minima)), minima)


def _sure(ours: Volume, theirs: Volume, minima: Minima) -> Certainty | UnsetType:
    return UNSET if minima.worst is None else certainty(ours, theirs, minima)


def _claim(met: _Meeting, minima: Minima) -> ConflictFound:
    return ConflictFound(
        rule=minima.rule,
        closest=met.apart,
        where=closest(met.ours.outline, met.theirs.outline).on_a,
        window=_shared(met.ours.window, met.theirs.window),
        certainty=met.sure,
    )


class Conflicts:
    """Every conflict that stands on this node."""

    def __init__(self) -> None:
        self.by_key: dict[str, Conflict] = {}
        self._of_notice: dict[str, set[str]] = {}
        self._their_claims: dict[str, str] = {}
        """From the counterpart's standing claim to the pair that it is about."""

    def put(self, conflict: Conflict) -> None:
        """Keep a conflict in place of what its pair had; forget it if neither side claims it."""
        key = key_of(conflict.ours, conflict.theirs)
        before = self.by_key.get(key)
        if before is not None and before.claimed_by_them is not None:
            self._their_claims.pop(before.claimed_by_them.entry, None)
        if conflict.claimed_by_us is None and conflict.claimed_by_them is None:
            if before is not None:
                del self.by_key[key]
                self._of_notice[conflict.ours].discard(key)
                self._of_notice[conflict.theirs].discard(key)
            return
        self.by_key[key] = conflict
        if conflict.claimed_by_them is not None:
            self._their_claims[conflict.claimed_by_them.entry] = key
        self._of_notice.setdefault(conflict.ours, set()).add(key)
        self._of_notice.setdefault(conflict.theirs, set()).add(key)

    def of_notice(self, notice: str) -> list[Conflict]:
        """Return the conflicts that a notice is in, in a stable order."""
        return [self.by_key[key] for key in sorted(self._of_notice.get(notice, ()))]

    def by_their_claim(self, entry: str) -> Conflict | None:
        """Return the conflict whose counterpart's claim is this entry."""
        return self.by_key.get(self._their_claims.get(entry, ""))

    def drop(self, notice: str) -> None:
        """Forget every conflict of a notice that has ended."""
        for conflict in self.of_notice(notice):
            self.put(replace(conflict, claimed_by_us=None, claimed_by_them=None))
        self._of_notice.pop(notice, None)


def urgency(found: ConflictFound) -> tuple[bool, int]:
    """Return what conflicts are sorted by, the first to be dealt with first.

    By rule version 1 no conflict is put first because its heights are known.
    """
    return (found.certainty is Certainty.POSSIBLE, found.closest.horizontal_cm)


def _rank(sure: Certainty | UnsetType, apart: Separation) -> tuple[tuple[bool, int], int, int]:
    possible = sure is Certainty.POSSIBLE
    return ((possible, apart.horizontal_cm), apart.vertical_cm or 0, apart.time_ms)


def _shared(one: Window, other: Window) -> Window:
    """Return when both windows are open; if they never are, the gap from one to the other."""
    start = max(one.start, other.start)
    end = min(one.end, other.end)
    return Window(start=min(start, end), end=max(start, end))
