"""Drafts: what an officer has typed so far, and what the node made of it, as plain structs.

The functions that turn the one into the other are in `checks`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.instants import Instant
from clearline.core.events import Place
from clearline.core.previewing import Foreseen
from clearline.core.trial import WayOut
from clearline.phrasebook import Phrase
from clearline.space import Band, Outline, Volume, Window

__all__ = [
    "MAX_READ_BACK",
    "MAX_SHAPES",
    "Difference",
    "DraftVolume",
    "FieldFault",
    "FileDraft",
    "FileFault",
    "FileRead",
    "FileShape",
    "Forms",
    "LinkCheck",
    "NoticeCheck",
    "NoticeDraft",
    "Passed",
    "PhraseCheck",
    "PhraseDraft",
    "PhraseForm",
    "PhrasesDraft",
    "ReadPosition",
    "SlotForm",
    "TransitCheck",
]

Typed = Annotated[str, Meta(max_length=200)]
MAX_READ_BACK = 40
"""Positions that are read back in every form; a shape may have a thousand."""
MAX_FILE_CHARS = 6_000_000
"""A little more than a file may have in bytes, so that who reads it can say what the limit is."""
MAX_SHAPES = 32
"""Shapes of one file, as one notice has so many volumes at most."""
MAX_FILE_FAULTS = 100
"""Refused items of a file that are told one by one; of the rest, how many they are."""


class DraftVolume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that was drawn, or read from a file; what it lacks is typed."""

    outline: Outline
    band: Band | None = None
    window: Window | None = None


class NoticeDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice as it was typed so far. Any field may be empty."""

    links: Annotated[tuple[str, ...], Meta(max_length=64)] = ()
    activity: Typed = ""
    shape: Annotated[str, Meta(pattern=r"^(circle|polygon|corridor|transit|drawn)\Z")] = "circle"
    centre: Typed = ""
    radius: Typed = ""
    points: Annotated[str, Meta(max_length=40_000)] = ""
    """Positions of a polygon, corridor or transit, one a line, in any of the text forms."""
    width: Typed = ""
    speed: Typed = ""
    """Of a transit, slowest to fastest: `8-12 kt`. It departs at `start`, and has no `end`."""
    tolerance: Typed = ""
    """How far each of its times may be off; empty for not at all."""
    passing: Annotated[str, Meta(max_length=4_000)] = ""
    """When its points are passed, one a line: `3 1530Z`."""
    lower: Typed = ""
    upper: Typed = ""
    start: Typed = ""
    end: Typed = ""
    place_at: Typed = ""
    """Where it is said to be, in coordinates, and ..."""
    place_from: Typed = ""
    """... as a range and bearing from an anchor: the two are held against each other."""
    volumes: Annotated[tuple[DraftVolume, ...], Meta(max_length=MAX_SHAPES)] = ()
    """For the shape `drawn`."""
    revises: str | None = None
    """A notice of ours that this replaces."""


class FieldFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one field, and what would be right."""

    field: str
    code: str
    phrase: str
    at: int | None = None
    """The character that is wrong."""


class ReadPosition(Struct, frozen=True, kw_only=True):
    """A position as the node read it, in three forms, so that a mix-up of forms is seen."""

    decimal: str
    dms: str
    mgrs: str


class LinkCheck(Struct, frozen=True, kw_only=True):
    """What would become of the notice on one link."""

    link: str
    verdict: str
    """`no_conflict`, `conflict` or `not_checked`."""
    why: FieldFault | None = None
    """Why it could not be checked, or would be refused."""
    refused: bool = False
    """Whether declaring it now would be refused: then `why` says why."""
    they_see: tuple[Volume, ...] = ()
    """Exactly what the counterpart would see, and nothing else."""
    place: Place | None = None
    """The stated place, as they would see it."""
    activity: str = ""
    changes: tuple[str, ...] = ()
    """What release would do, in codes: `clipped`, `rounded`, `withheld:activity`."""
    late: bool = False
    lead_ms: int = 0
    """How long before it opens the terms want this activity declared."""
    given_ms: int = 0
    """How long before it opens it would be."""
    conflicts: tuple[Foreseen, ...] = ()
    """The closest first. Without any, `verdict` alone says whether there are none."""
    more: int = 0
    """Conflicts beyond these."""
    ways_out: tuple[WayOut, ...] = ()
    """Changes that leave no conflict on this link, the smallest first, each tried against all of
    their notices."""
    ways_whole: bool = True
    """Whether they were looked for to the end: if not, there may be others, or smaller ones."""


class Difference(Struct, frozen=True, kw_only=True):
    """What a revision changes, of what the counterpart sees."""

    what: str
    """`volumes` (how many), `outline`, `band`, `start`, `end` or `place`."""
    before: str
    after: str


class Passed(Struct, frozen=True, kw_only=True):
    """When a point of a transit is passed."""

    earliest: Instant
    latest: Instant


class TransitCheck(Struct, frozen=True, kw_only=True):
    """A transit as it was cut into areas."""

    closed_permille: int
    """What they close, of the least that could be; ground times time."""
    single_permille: int
    """What one area for all of it would."""
    points: tuple[Passed, ...]


class NoticeCheck(Struct, frozen=True, kw_only=True):
    """What the node makes of a draft."""

    faults: tuple[FieldFault, ...]
    volumes: tuple[Volume, ...]
    """What was drawn, to be declared as it is; empty while anything is wrong."""
    place: Place | None
    read: tuple[ReadPosition, ...]
    links: tuple[LinkCheck, ...]
    differences: tuple[Difference, ...]
    transit: TransitCheck | None = None


class PhraseDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One phrase as it was typed so far."""

    phrase: Typed
    slots: Annotated[dict[Typed, Annotated[str, Meta(max_length=1_000)]], Meta(max_length=16)] = {}


class PhrasesDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is about to be said."""

    link: str
    phrases: Annotated[tuple[PhraseDraft, ...], Meta(min_length=1, max_length=8)]
    notices: Annotated[tuple[str, ...], Meta(max_length=16)] = ()
    call: str | None = None
    """For a read-back: the call, and ..."""
    restates: str | None = None
    """... the entry that is restated."""


class PhraseCheck(Struct, frozen=True, kw_only=True):
    """What the node makes of what is about to be said."""

    faults: tuple[FieldFault, ...]
    """Fields are named `<number>.<slot>`, from 0."""
    phrases: tuple[Phrase, ...]
    coded: tuple[str, ...]
    """As they would leave, and be signed."""
    text: dict[str, tuple[str, ...]]
    """As each language has it, one for each phrase."""
    changes: tuple[str, ...]
    """What release would do, in codes."""
    attaches: tuple[str, ...]
    """The nearest notices, which go with it by themselves."""
    leaves: tuple[Phrase, ...]
    """As release would let them out: a place or radius may have been rounded."""
    read: dict[str, ReadPosition]
    """Each place as it was read, by `<number>.<slot>`."""
    differs: tuple[str, ...]
    """Slots in which a read-back differs from what it restates."""


class FileDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of shapes, as text; or, if it is not text, as it is."""

    name: Typed
    text: Annotated[str, Meta(max_length=MAX_FILE_CHARS)] = ""
    raw: Annotated[bytes, Meta(max_length=MAX_FILE_CHARS)] = b""
    """In base64."""


class FileShape(Struct, frozen=True, kw_only=True):
    """One shape of a file."""

    name: str
    volume: DraftVolume


class FileFault(Struct, frozen=True, kw_only=True):
    """One item of a file that was refused."""

    item: str
    line: int | None
    """Where it stands, from 1; None in a format without lines."""
    column: int | None
    code: str
    phrase: str
    suggestion: str
    """What was probably meant; empty if that cannot be guessed. It is never applied."""


class FileRead(Struct, frozen=True, kw_only=True):
    """What a file holds, and what of it was refused."""

    format: str
    shapes: tuple[FileShape, ...]
    faults: tuple[FileFault, ...]
    """The first of what was refused, and ..."""
    refused: int
    """... how many items that is in all."""
    lost: tuple[str, ...]
    """What the file says that a notice does not carry."""
    notes: tuple[str, ...]
    """How it was read, where that is not plain."""


class SlotForm(Struct, frozen=True, kw_only=True):
    """One slot of a phrase."""

    name: str
    required: bool
    critical: bool
    """Whether a read-back must restate it."""
    kind: str
    """`position`, `length`, `span`, `instant`, `reference`, `number`, `choice` or `text`."""
    choices: tuple[str, ...] = ()
    """All that may be said, for a `choice`."""
    least: int | None = None
    """In cm, ms, or as it is counted; None for no limit."""
    most: int | None = None
    """The same; for a `text` its longest, in characters."""


class PhraseForm(Struct, frozen=True, kw_only=True):
    """One phrase, and the slots it has."""

    phrase: str
    slots: tuple[SlotForm, ...]


class Forms(Struct, frozen=True, kw_only=True):
    """Everything that can be said, so that no page has a list of its own."""

    phrases: tuple[PhraseForm, ...]
    dispositions: tuple[str, ...]
    languages: tuple[str, ...]
