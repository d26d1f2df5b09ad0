"""Reading: what a file gave, what of it was refused and where, and what could not be carried.

Every gateway reads in the same manner: what is wrong is refused item by item, with the line
and column where it stands, and the rest is kept. What can be guessed is a suggestion, never
applied. What a format says that a shape cannot carry is said, not dropped in silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.gateways.hint import Hint, Spot
from clearline.gateways.shape import Shape

__all__ = [
    "MAX_FAULTS", "Begun", "Collector", "Fault", "Hint", "Origin", "Reading", "Spot", "spot_of",
]  # fmt: skip

MAX_FAULTS = 1_000
"""Refused items that are told one by one; of the rest, how many they are."""


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item that was refused."""

    item: str
    """What the file or its reader calls it: `feature 3`, `airspace CTR Sevastopol`."""
    spot: Spot | None
    """Where it is wrong, or where the item begins; None in a format without lines."""
    code: str
    phrase: str
    """What is wrong and what was expected, as one sentence."""
    suggestion: str = ""
    """What was probably meant. A person decides: it is never applied."""


class Origin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where in a file a shape came from, for whoever refuses it later."""

    item: str
    spot: Spot | None


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file gave."""

    shapes: tuple[Shape, ...]
    """In the file's order."""
    origins: tuple[Origin, ...] = ()
    """Of each shape, in the same order."""
    faults: tuple[Fault, ...] = ()
    """The first MAX_FAULTS of what was refused, in the file's order."""
    refused: int = 0
    """How many items were refused in all."""
    lost: tuple[str, ...] = ()
    """What the file says that a shape does not carry, each once: `lateral limits' names`."""
    notes: tuple[str, ...] = ()
    """What whoever brought the file should know of how it was read, each once."""
    format: str = ""
    """The name of the format that it was read as."""


class Collector:
    """A reading in the making: one `item` a time."""

    def __init__(self) -> None:
        self._shapes: list[Shape] = []
        self._origins: list[Origin] = []
        self._item = Origin(item="", spot=None)
        self._faults: list[Fault] = []
        self._refused = 0
        self._lost: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._grown_cm = 0
        self._covered = 0

    def __len__(self) -> int:
        return len(self._shapes)

    def since(self, start: int) -> list[tuple[Shape, Origin]]:
        """Return the shapes that were kept from that number on, each with where it came from."""
        return list(zip(self._shapes[start:], self._origins[start:], strict=True))

    def keep(self, shape: Shape, item: str = "", spot: Spot | None = None) -> None:
        """Keep a shape, of the item named or of the one that is being read."""
        self._shapes.append(shape)
        self._origins.append(Origin(item=item, spot=spot) if item else self._item)

    def lose(self, what: str) -> None:
        """Say that something of the file is not carried; again is the same as once."""
        self._lost.setdefault(what)

    def note(self, what: str) -> None:
        """Say something of how the file was read; again is the same as once."""
        self._notes.setdefault(what)

    def grown(self, by_cm: int, covered: int = 0) -> None:
        """Say that an outline grew to hold edges that are no geodesics, and covers some holes."""
        self._grown_cm = max(self._grown_cm, by_cm)
        self._covered += covered

    @contextmanager
    def item(self, name: str, spot: Spot | None = None) -> Generator[None]:
        """Refuse the item, with all its shapes, if a Mistake is raised within; else keep them."""
        before, around = len(self._shapes), self._item
        self._item = Origin(item=name, spot=spot)
        try:
            yield
        except Mistake as mistake:
            del self._shapes[before:], self._origins[before:]
            self.refuse(name, mistake, spot)
        finally:
            self._item = around

    def refuse(self, name: str, mistake: Mistake, spot: Spot | None = None) -> None:
        """Refuse one item."""
        self._refused += 1
        if len(self._faults) >= MAX_FAULTS:
            return
        hint = mistake if isinstance(mistake, Hint) else None
        self._faults.append(
            Fault(
                item=name,
                spot=(hint.spot if hint is not None else None) or spot,
                code=mistake.code,
                phrase=mistake.phrase,
                suggestion=hint.suggestion if hint is not None else "",
            )
        )

    def done(self) -> Reading:
        """Return what was read. Raises Mistake `file_empty` if there was no item at all."""
        if not self._shapes and not self._refused:
            raise Mistake("file_empty", "the file has no areas")
        if self._grown_cm:
            metres = math.ceil(self._grown_cm / METRE_CM)
            self.note(f"outlines reach up to {metres} m further, to hold the edges as drawn")
        if self._covered:
            holes = (
                "1 hole, which is" if self._covered == 1 else f"{self._covered:,} holes, which are"
            )
            self.lose(f"{holes} covered: too near an edge to hold it as drawn")
        return Reading(
            shapes=tuple(self._shapes),
            origins=tuple(self._origins),
            faults=tuple(self._faults),
            refused=self._refused,
            lost=tuple(self._lost),
            notes=tuple(self._notes),
        )


class Begun:
    """A file that is being read: its shapes come one after the other, and the reading in the end.

    `most` is how many shapes it can have, known before the first is made.
    """

    def __init__(
        self, most: int, found: Iterator[tuple[Shape, Origin]], done: Callable[[], Reading]
    ) -> None:
        """Keep what gives the shapes as they are read, and the reading once all are."""
        self.most = most
        self._found = found
        self._done = done
        self._format, self._note = "", ""

    @classmethod
    def of(cls, reading: Reading) -> Begun:
        """Return a file that has been read already."""
        found = zip(reading.shapes, reading.origins, strict=True)
        return cls(len(reading.shapes), found, lambda: reading)

    def known_as(self, format_name: str, note: str) -> Begun:
        """Say in the reading as what the file is read, and a note before others if it is one."""
        self._format, self._note = format_name, note
        return self

    def __iter__(self) -> Iterator[tuple[Shape, Origin]]:
        """Yield each shape as it is read. Raises what reading it whole would have raised."""
        yield from self._found

    def done(self) -> Reading:
        """Return the reading, of which what is left is read first."""
        for _ in self._found:
            pass
        whole = self._done()
        notes = (self._note, *whole.notes) if self._note else whole.notes
        return replace(whole, format=self._format, notes=notes)


def spot_of(text: str, offset: int) -> Spot:
    """Return the line and column of the character at `offset` of a text."""
    head = text[: max(0, offset)]
    return Spot(line=head.count("\n") + 1, column=len(head) - (head.rfind("\n") + 1) + 1)
