"""Screening: every pair of two sides' volumes that infringes the minima, all against all.

It says what `meet` says of each pair, and leaves out the pairs of which `meet` says None. It
is work for many seconds, so it comes in slices: whoever screens takes one after the other,
does something else in between, shows how far it is, and may stop at any.

The order is that of what was given: ours first, and theirs within each of ours. So the same
input has the same output on every machine, wherever it is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from clearline.space.index import GridIndex
from clearline.space.refine import refine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clearline.space.separation import Minima, Separation
    from clearline.space.volume import Volume

__all__ = ["Met", "Slice", "screen", "screened"]

SLICE = 64
"""Volumes of ours in one slice, unless the caller says otherwise."""
_ADDED = 4
"""So many of theirs are put in order in the time that one of ours is compared in."""


class Met(NamedTuple):
    """Two volumes that infringe the minima, under the keys that they were given with."""

    ours: str
    theirs: str
    apart: Separation


class Slice(NamedTuple):
    """A piece of a screening."""

    done: int
    """Volumes of ours that have been compared with all of theirs by now."""
    of: int
    """Volumes of ours in all."""
    found: tuple[Met, ...]
    """What this piece found, and no other did."""


def screen(
    ours: Sequence[tuple[str, Volume]],
    theirs: Sequence[tuple[str, Volume]],
    minima: Minima,
    *,
    at_once: int = SLICE,
) -> Iterator[Slice]:
    """Yield, slice by slice, every pair of ours and theirs that infringes the minima.

    A key may come more than once, as a notice has several volumes: each pair of volumes is
    told by itself. The volumes must be sane (`check_volume`). The first slices have compared
    nothing yet: they put theirs in order, which takes time too.
    """
    index = GridIndex()
    for number, (_, volume) in enumerate(theirs):
        if number % (at_once * _ADDED) == 0:
            yield Slice(0, len(ours), ())
        index.add(f"{number:09d}", (volume,))
    yield Slice(0, len(ours), ())
    for start in range(0, len(ours), at_once):
        piece = ours[start : start + at_once]
        pairs = [
            (key, volume, *theirs[int(near)])
            for key, volume in piece
            for near in index.near(volume, minima)
        ]
        measured = refine([(volume, against) for _, volume, _, against in pairs], minima)
        found = [
            Met(key, other, apart)
            for (key, _, other, _), apart in zip(pairs, measured, strict=True)
            if apart is not None
        ]
        yield Slice(start + len(piece), len(ours), tuple(found))


def screened(
    ours: Sequence[tuple[str, Volume]], theirs: Sequence[tuple[str, Volume]], minima: Minima
) -> list[Met]:
    """Return every pair that infringes the minima, all at once."""
    return [met for piece in screen(ours, theirs, minima) for met in piece.found]
