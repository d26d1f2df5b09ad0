"""A phrase: one structured message, made of a code and typed slots.

It decides which messages exist, what each may carry, the limit of every slot, and which
slots are critical: those that a read-back must restate. What is signed is the slots; a
rendering (`render`) is each side's own and is never signed.

It has, and can have, no slot for a target, a weapon, a unit, a mission, a source or a
person's name. No phrase is an order, and none reads as consent: received is not agreed.
It never says who sent a phrase, when, or in answer to which call; the entry around it does.

Source: `protocol/4-phrases.md`, which another implementer reads instead of this file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, get_args

import msgspec
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.ids import Uuid7
from clearline.basis.instants import DAY_MS, SECOND_MS, Instant, dec_hook, enc_hook
from clearline.space import Position

__all__ = [
    "MOST_DELAY_MS",
    "MOST_PERSONS",
    "MOST_RADIUS_CM",
    "MOST_TEXT_CHARACTERS",
    "MOST_WAIT_MS",
    "MOST_WINDOW_MS",
    "PHRASES",
    "Affirm",
    "AnchorQuery",
    "CallByVoice",
    "Clear",
    "Correction",
    "DelayRequest",
    "Distress",
    "FreeText",
    "LineTest",
    "LocationQuery",
    "Nature",
    "Negative",
    "NoPresence",
    "Phrase",
    "Presence",
    "SayAgain",
    "Slot",
    "Standby",
    "Stop",
    "Unable",
    "WrongPlace",
    "checked",
    "code",
    "critical",
    "slots",
]

LEAST_RADIUS_CM = 100
"""One metre: nothing smaller can be told apart on a map."""
MOST_RADIUS_CM = 10_000_000
"""100 km. A wider circle is vague geography, which the line refuses (Il-20, 2018)."""
MOST_APART_CM = 2_100_000_000
"""21,000 km: no two points of the Earth are further apart."""
MOST_DELAY_MS = 7 * DAY_MS
MOST_WAIT_MS = DAY_MS // 24
"""One hour. Who needs longer says so again, and is seen to."""
MOST_WINDOW_MS = 31 * DAY_MS
"""A statement of presence about more than a month says nothing."""
MOST_PERSONS = 100_000
MOST_TEXT_CHARACTERS = 500
"""Unicode code points."""

Reference = Annotated[Uuid7, Meta(min_length=36, max_length=36)]
"""The id of an entry or notice, in either feed."""
Label = Annotated[
    str,
    # As basis.ids.Name, but closed with \Z: `$` also matches before a last line break, which
    # would split the coded line in two.
    Meta(pattern=r"\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z"),
]
"""A name of the terms: a reference point, or a path of the contact card."""
Radius = Annotated[int, Meta(ge=LEAST_RADIUS_CM, le=MOST_RADIUS_CM)]
"""1 m to 100 km, in centimetres."""
Persons = Annotated[int, Meta(ge=1, le=MOST_PERSONS)]
# No control character, line break, surrogate or direction control: a text that could redraw
# the screen around it could also pass itself off as a phrase.
TEXT_PATTERN = (
    r"\A[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+\Z"
)
Text = Annotated[str, Meta(min_length=1, max_length=MOST_TEXT_CHARACTERS, pattern=TEXT_PATTERN)]
Language = Annotated[
    str,
    Meta(pattern=r"\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\Z"),
]
"""A BCP 47 tag of a language, with its script and region at most: `ru`, `zh-Hant`, `ar-SY`."""

Slot = Position | Instant | str | int | None
"""What a slot can hold."""


class _Phrase(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="phrase",
):
    """What all phrases share: a code, and the names of the slots a read-back must restate."""

    CRITICAL: ClassVar[tuple[str, ...]] = ()


class Stop(_Phrase, frozen=True, kw_only=True, tag="STOP"):
    """Our people are at this place: stop what you do within the radius."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("place", "radius_cm")

    place: Position
    radius_cm: Radius
    reference: Reference | None = None
    """The notice or entry that it concerns, if one is known."""


class Clear(_Phrase, frozen=True, kw_only=True, tag="CLEAR"):
    """The danger that we spoke of has passed for us. It allows nothing and agrees to nothing.

    It names a place and radius, or a reference, or both; never neither, and never a place
    without its radius.
    """

    CRITICAL: ClassVar[tuple[str, ...]] = ("place", "radius_cm", "reference")

    place: Position | None = None
    radius_cm: Radius | None = None
    reference: Reference | None = None

    def __post_init__(self) -> None:
        """Refuse a CLEAR that does not say what it clears."""
        if (self.place is None) != (self.radius_cm is None):
            raise ValueError("CLEAR: a place and its radius go together")
        if self.place is None and self.reference is None:
            raise ValueError("CLEAR: a place or a reference is required")


class DelayRequest(_Phrase, frozen=True, kw_only=True, tag="DELAY REQUEST"):
    """We ask that what this notice says begins later. Until it is answered, nothing has changed."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference", "delay_ms")

    reference: Reference
    delay_ms: Annotated[int, Meta(ge=SECOND_MS, le=MOST_DELAY_MS, multiple_of=SECOND_MS)]
    """Whole seconds, 1 s to 7 days."""


class LocationQuery(_Phrase, frozen=True, kw_only=True, tag="LOCATION QUERY"):
    """Do you operate within this radius of this place? PRESENCE or NO PRESENCE answers it."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("place", "radius_cm")

    place: Position
    radius_cm: Radius


class _Statement(_Phrase, frozen=True, kw_only=True):
    """A signed statement about a circle and a window of time."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("place", "radius_cm", "begins", "ends")

    place: Position
    radius_cm: Radius
    begins: Instant
    ends: Instant
    """Later than `begins`, by 31 days at most."""

    def __post_init__(self) -> None:
        """Refuse a window that is empty, backwards or longer than a month."""
        if not 0 < self.ends.since(self.begins) <= MOST_WINDOW_MS:
            raise ValueError("a window ends after it begins, within 31 days")


class Presence(_Statement, frozen=True, kw_only=True, tag="PRESENCE"):
    """We state that we operate within this radius of this place in this window."""


class NoPresence(_Statement, frozen=True, kw_only=True, tag="NO PRESENCE"):
    """We state that we do not operate within this radius of this place in this window."""


class Nature(StrEnum):
    """What sort of distress; how help is called, not who or what is in it."""

    DOWN_AIRCRAFT = "down_aircraft"
    VESSEL = "vessel"
    CONVOY = "convoy"
    MEDICAL = "medical"
    FIRE = "fire"
    STRANDED = "stranded"


class Distress(_Phrase, frozen=True, kw_only=True, tag="DISTRESS"):
    """People are in distress at this place. It asks that they not be endangered."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("place", "nature", "persons")

    place: Position
    nature: Nature
    persons: Persons | None = None
    """How many people; none, if it is not known."""


class LineTest(_Phrase, frozen=True, kw_only=True, tag="TEST"):
    """A test of the line, and nothing else. It says nothing of any operation."""


class SayAgain(_Phrase, frozen=True, kw_only=True, tag="SAY AGAIN"):
    """We did not understand that entry: say it again, in full."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("which",)

    which: Reference


class Correction(_Phrase, frozen=True, kw_only=True, tag="CORRECTION"):
    """We take back what that entry of ours said; the phrase that follows replaces it."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("of",)

    of: Reference


class WrongPlace(_Phrase, frozen=True, kw_only=True, tag="WRONG PLACE"):
    """The place in that entry of ours is wrong; this is the right one. Answers ANCHOR QUERY."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference", "place")

    reference: Reference
    place: Position


class AnchorQuery(_Phrase, frozen=True, kw_only=True, tag="ANCHOR QUERY"):
    """Your notice's place and the place its reference point gives differ: which do you mean?

    Answered by AFFIRM (the place stands), or by WRONG PLACE with the right one.
    """

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference", "place", "anchor", "anchored")

    reference: Reference
    """The notice asked about."""
    place: Position
    """The place that the notice states."""
    anchor: Label
    """The reference point that the notice names, as the terms name it."""
    anchored: Position
    """The place that the stated range and bearing give from that reference point."""
    apart_cm: Annotated[int, Meta(ge=1, le=MOST_APART_CM)]
    """How far `place` and `anchored` are from each other, as the asking side measures it."""


class Standby(_Phrase, frozen=True, kw_only=True, tag="STANDBY"):
    """We have read that and will answer within `wait_ms`. It stops no clock and no ladder."""

    reference: Reference
    wait_ms: Annotated[int, Meta(ge=SECOND_MS, le=MOST_WAIT_MS, multiple_of=SECOND_MS)]
    """Whole seconds, 1 s to 1 hour."""


class Unable(_Phrase, frozen=True, kw_only=True, tag="UNABLE"):
    """We cannot do what that entry asks."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference",)

    reference: Reference


class Affirm(_Phrase, frozen=True, kw_only=True, tag="AFFIRM"):
    """Yes, to the question in that entry. It agrees to no operation."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference",)

    reference: Reference


class Negative(_Phrase, frozen=True, kw_only=True, tag="NEGATIVE"):
    """No, to the question in that entry; or, that is not correct."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("reference",)

    reference: Reference


class CallByVoice(_Phrase, frozen=True, kw_only=True, tag="CALL BY VOICE"):
    """Speak to us by voice, on this path of the contact card."""

    CRITICAL: ClassVar[tuple[str, ...]] = ("path",)

    path: Label
    """The path's name on the contact card; never a number or an address."""


class FreeText(_Phrase, frozen=True, kw_only=True, tag="FREE TEXT"):
    """Text as its writer typed it: admitted only if the terms allow, always marked untranslated."""

    text: Text
    language: Language


Phrase = (
    Stop
    | Clear
    | DelayRequest
    | LocationQuery
    | Presence
    | NoPresence
    | Distress
    | LineTest
    | SayAgain
    | Correction
    | WrongPlace
    | AnchorQuery
    | Standby
    | Unable
    | Affirm
    | Negative
    | CallByVoice
    | FreeText
)
"""Every phrase; on the wire an object whose field `phrase` is the code."""

PHRASES: dict[str, type[Phrase]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Phrase)
}
"""Each code and its struct, in the order of the phrasebook."""


def code(phrase: Phrase) -> str:
    """Return the code of `phrase`, in capitals: `STOP`, `SAY AGAIN`."""
    return str(phrase.__struct_config__.tag)


def slots(phrase: Phrase) -> dict[str, Slot]:
    """Return every slot of `phrase` by name, in the order declared; none is left out."""
    return {name: getattr(phrase, name) for name in phrase.__struct_fields__}


def critical(phrase: Phrase) -> tuple[str, ...]:
    """Return the names of the slots that a read-back of `phrase` must restate."""
    return phrase.CRITICAL


def checked(phrase: Phrase) -> Phrase:
    """Return `phrase`, if every slot is within its limits.

    A struct made in Python is not checked by msgspec; one that was decoded already is.
    Raises Mistake `bad_phrase`.
    """
    try:
        plain = msgspec.to_builtins(phrase, enc_hook=enc_hook)
        return msgspec.convert(plain, Phrase, dec_hook=dec_hook)  # pyright: ignore[reportArgumentType, reportReturnType, reportCallIssue]
    except msgspec.ValidationError as error:
        raise Mistake("bad_phrase", f"{code(phrase)}: {error}") from error
