"""Release: the one door out of a node.

Whatever leaves is an entry, and only `Door.say` here makes one. What people write passes
one of the `release_*` functions first: fields that the terms do not list are withheld,
notices are clipped to the agreed area, and every shape, band and window is rounded
**outward** to the agreed grid, so that what is shared always contains what is real and
tells no more of it than the grid.

Calls are for life: their places are rounded to the finer call grid and are not clipped.

What is secret (an officer's name, a label, the drawn shape) is not a parameter of anything
here that reaches an entry, and `tests/core/test_release.py` runs two nodes that differ in
nothing else and compares every byte that they send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Raw, Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.quantities import ceil_to, floor_to
from clearline.core.effects import Alert, Append, Effect, Hush, Release, Ring, Tell
from clearline.core.events import Place
from clearline.core.links import Link
from clearline.core.notices import UNSPECIFIED
from clearline.core.terms import ReleaseField, Terms
from clearline.phrasebook import AnchorQuery, Clear, FreeText, NoPresence, Phrase, Presence, checked
from clearline.record import MAX_ENTRY_BYTES, Entry, canonical
from clearline.record import encode as encode_entry
from clearline.space import (
    MIN_RADIUS_CM,
    Circle,
    Grid,
    Outline,
    Position,
    Reference,
    Volume,
    clip,
    positions,
    round_band_out,
    round_out,
    round_window_out,
)

__all__ = [
    "BEFORE_TERMS",
    "NODE",
    "Door",
    "Released",
    "ReleasedOutline",
    "release_notice",
    "release_outline",
    "release_phrases",
    "release_position",
]

NODE = "node"
"""Who asked, where nobody did: the node speaks by itself."""

BEFORE_TERMS = frozenset({"terms.proposed", "terms.agreed", "entry.refused"})
"""What may be said before terms are in force, besides calls."""

MAX_PIECES = 32
"""A notice that the area's edge cuts into more volumes than this is refused."""


_AROUND_BYTES = 1_000
"""What a notice's entry has around its volumes is never longer."""
_ALWAYS_FITS = 1_000
"""So few points fit in an entry, however they are spelled and in however many volumes."""


class Released(Struct, frozen=True, kw_only=True):
    """A notice as it may leave, and what was done to it."""

    volumes: tuple[Volume, ...]
    activity: str
    place: Place | None
    changes: tuple[str, ...]


class ReleasedOutline(Struct, frozen=True, kw_only=True):
    """What release makes of one outline, whatever its band and window."""

    inside: tuple[Outline, ...]
    """What of it lies in the agreed area: itself alone if all of it does."""
    rounded: tuple[Outline, ...]
    """The same, each on the grid."""


class Door:
    """The door of one event: it collects the effects, in the order in which they happened."""

    def __init__(self, now: Instant, seq: int, taken: Callable[[str], bool]) -> None:
        self.now = now
        self.effects: list[Effect] = []
        self._seq = seq
        self._taken = taken

    def say(
        self,
        link: Link,
        kind: str,
        body: Struct,
        *,
        re: tuple[str, ...] = (),
        by: str = NODE,
        changes: tuple[str, ...] = (),
    ) -> Append:
        """Let one entry out on `link`, and log that it left. Return it as it was written.

        The caller has checked everything. Mistake, with nothing changed, if the entry would
        be larger than an entry may be.
        """
        place = link.next_place(self.now, self._taken)
        at, entry_id = place.at, place.id
        entry = Entry(at=at, body=Raw(canonical.spell(body)), id=entry_id, kind=kind, re=re, v=1)
        raw = encode_entry(entry)
        link.written(place)
        append = Append(link=link.id, index=place.index, id=entry_id, kind=kind, raw=raw)
        self.effects.append(append)
        self.effects.append(
            Release(
                id=f"{entry_id}:release",
                link=link.id,
                entry=entry_id,
                kind=kind,
                at=at,
                by=by,
                changes=changes,
            )
        )
        return append

    def ring(self, ring: Ring) -> None:
        """Ring our own desks."""
        self.effects.append(ring)

    def hush(self, what: str) -> None:
        """Stop ringing for `what`."""
        self.effects.append(Hush(id=self._id("hush"), what=what))

    def tell(self, code: str, link: str | None, about: str | None, **args: str | int) -> None:
        """Show a line on every desk of ours."""
        self.effects.append(Tell(id=self._id(code), code=code, link=link, about=about, args=args))

    def alert(self, code: str, link: str | None, about: str | None, **args: str | int) -> None:
        """Show something on every desk of ours that a human must act on."""
        self.effects.append(Alert(id=self._id(code), code=code, link=link, about=about, args=args))

    def _id(self, code: str) -> str:
        return f"{self._seq}:{len(self.effects)}:{code}"


def release_outline(outline: Outline, terms: Terms) -> ReleasedOutline:
    """Return what may leave of an outline; Mistake if the area cuts it into too many pieces."""
    inside = clip(outline, terms.area)
    _check_pieces(len(inside), terms)
    return ReleasedOutline(
        inside=inside, rounded=tuple(round_out(each, terms.release.grid) for each in inside)
    )


def release_notice(
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    terms: Terms,
    known: Mapping[Outline, ReleasedOutline] | None = None,
) -> Released:
    """Return what may leave of a notice; Mistake if none of it lies in the agreed area.

    `known` is what `release_outline` has already made of some of the outlines.
    """
    known = known or {}
    changes: list[str] = []
    pieces: list[Volume] = []
    whole: list[Volume] = []
    for volume in volumes:
        out = known.get(volume.outline) or release_outline(volume.outline, terms)
        if out.inside != (volume.outline,):
            changes.append("clipped")
        band = round_band_out(volume.band, terms.release.grid)
        window = round_window_out(volume.window, terms.release.grid)
        pieces.extend(Volume(outline=each, band=band, window=window) for each in out.rounded)
        whole.extend(replace(volume, outline=each) for each in out.inside)
    if not pieces:
        raise Mistake(
            "outside_area",
            "Nothing of it lies inside the area that the terms agree on, so nothing is shared.",
        )
    _check_pieces(len(pieces), terms)
    rounded = tuple(pieces)
    if not _fits(rounded):
        raise Mistake("too_large", "It has more points than one notice can carry: simplify it.")
    if pieces != whole:
        changes.append("rounded")
    if not terms.allows(ReleaseField.ACTIVITY):
        activity = UNSPECIFIED
        changes.append("withheld:activity")
    if place is not None and not terms.allows(ReleaseField.PLACE):
        place = None
        changes.append("withheld:place")
    if place is not None:
        place = _release_place(place, terms.release.grid)
    return Released(
        volumes=rounded, activity=activity, place=place, changes=tuple(dict.fromkeys(changes))
    )


def _check_pieces(count: int, terms: Terms) -> None:
    if count > min(MAX_PIECES, terms.limits.volumes_per_notice):
        raise Mistake(
            "too_many_pieces", "The agreed area cuts it into too many pieces: simplify it."
        )


def _fits(volumes: tuple[Volume, ...]) -> bool:
    if sum(len(positions(each.outline)) for each in volumes) <= _ALWAYS_FITS:
        return True
    return len(canonical.encode(volumes)) + _AROUND_BYTES <= MAX_ENTRY_BYTES


def release_phrases(
    phrases: tuple[Phrase, ...], terms: Terms
) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """Return the phrases of a call as they may leave, and what was done to them.

    Mistake if one of them is free text and the terms do not allow it.
    """
    let_out: list[Phrase] = []
    changes: list[str] = []
    for phrase in phrases:
        if isinstance(phrase, FreeText) and not terms.allows(ReleaseField.FREE_TEXT):
            raise Mistake("no_free_text", "The terms do not allow free text: use a phrase.")
        # Rounded outward, a radius may pass the phrase's own limit: better said here than there.
        rounded = checked(_round_phrase(phrase, terms.release.call_grid))
        if rounded != phrase:
            changes.append("rounded")
        let_out.append(rounded)
    return tuple(let_out), tuple(dict.fromkeys(changes))


def release_position(position: Position, grid: Grid) -> Position:
    """Return the node of the grid nearest to a position."""
    step = grid.position_e7
    return Position(
        lat_e7=_nearest(position.lat_e7, step, 900_000_000),
        lon_e7=_nearest(position.lon_e7, step, 1_800_000_000),
    )


def _release_place(place: Place, grid: Grid) -> Place:
    """Return a stated place as coarse as the grid; its range and bearing as they were said.

    Range and bearing are how a person said it. They are kept only as finely as the
    grid's length, so that they tell no more than the shape does.
    """
    step_cm = max(grid.length_cm, 1)
    stated = Reference(
        anchor=place.stated.anchor,
        range_cm=(place.stated.range_cm + step_cm // 2) // step_cm * step_cm,
        bearing_mdeg=(place.stated.bearing_mdeg + 500) // 1_000 * 1_000 % 360_000,
    )
    return Place(at=release_position(place.at, grid), stated=stated)


def _round_phrase(phrase: Phrase, grid: Grid) -> Phrase:
    """Return a phrase with its place, radius and times as coarse as the grid.

    What says "here we are", "ask", or "stop" grows outward. What says "here we are not", or
    "clear", shrinks **inward**: rounded outward, it would sign for more than anybody said.
    """
    if isinstance(phrase, Presence | NoPresence):
        phrase = _round_times(phrase, grid.time_ms)
    place: Position | None = getattr(phrase, "place", None)
    radius_cm: int | None = getattr(phrase, "radius_cm", None)
    if isinstance(phrase, AnchorQuery):
        phrase = replace(phrase, anchored=release_position(phrase.anchored, grid))
    if place is None:
        return phrase
    if radius_cm is None:
        return replace(phrase, place=release_position(place, grid))
    outer = round_out(Circle(centre=place, radius_cm=max(radius_cm, 1)), grid)
    if not isinstance(outer, Circle):
        raise Mistake("bad_place", "The place cannot be rounded to the call grid.")
    if not isinstance(phrase, NoPresence | Clear):
        return replace(phrase, place=outer.centre, radius_cm=outer.radius_cm)
    # The centre moved by no more than the radius grew: so much less still lies inside.
    inner_cm = floor_to(2 * radius_cm - outer.radius_cm, max(grid.length_cm, 1))
    if inner_cm < MIN_RADIUS_CM:
        raise Mistake("too_small", "On the agreed grid nothing is left of so small a radius.")
    return replace(phrase, place=outer.centre, radius_cm=inner_cm)


def _round_times(phrase: Presence | NoPresence, step_ms: int) -> Phrase:
    """Return a statement whose window is on the grid: outward for presence, else inward."""
    step_ms = max(step_ms, 1)
    early = (floor_to(int(phrase.begins), step_ms), ceil_to(int(phrase.begins), step_ms))
    late = (floor_to(int(phrase.ends), step_ms), ceil_to(int(phrase.ends), step_ms))
    inward = isinstance(phrase, NoPresence)
    begins, ends = (early[1], late[0]) if inward else (early[0], late[1])
    if begins >= ends:
        raise Mistake("too_small", "On the agreed grid nothing is left of so short a time.")
    return replace(phrase, begins=Instant(begins), ends=Instant(ends))


def _nearest(value: int, step: int, limit: int) -> int:
    snapped = (value + step // 2) // step * step
    return min(max(snapped, -limit // step * step if limit % step else -limit), limit)
