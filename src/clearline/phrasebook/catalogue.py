"""A catalogue: everything that Clearline says, in one language.

It decides which words a rendering needs (`WORDS`, with the placeholders of each) and what a
language's file must state about itself. Every value is an ICU MessageFormat pattern. `lint`
holds each catalogue to it. It formats nothing (`render`), and it has no default: a word that
a language lacks is a fault, found before it is shipped.

Source: ICU User Guide, Formatting Messages; plural categories from Unicode CLDR 47.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["WORDS", "Catalogue", "Direction", "Status"]


class Direction(StrEnum):
    """Which way the script runs."""

    LEFT_TO_RIGHT = "ltr"
    RIGHT_TO_LEFT = "rtl"


class Status(StrEnum):
    """Who vouches for the text; shown wherever a language is chosen."""

    NATIVE = "native"
    AWAITING = "awaiting a native reader"


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language: what it is, a pattern for every phrase, a pattern for every word."""

    language: str
    """BCP 47, primary language: `en`."""
    native_name: str
    """What its readers call it: `Русский`."""
    direction: Direction
    status: Status
    plurals: tuple[str, ...]
    """The plural categories that CLDR gives the language; each plural must have them all."""
    phrases: dict[str, str]
    """A pattern for each phrase's code; its placeholders are the phrase's slots, all as text.

    An absent slot is the text `none`, for a `select` to leave out.
    """
    words: dict[str, str]
    """A pattern for each key of `WORDS`."""


_PLAIN = (
    "unknown",
    "nature.down_aircraft",
    "nature.vessel",
    "nature.convoy",
    "nature.medical",
    "nature.fire",
    "nature.stranded",
    "persons.unknown",
)

WORDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_PLAIN, ()),
    # Quantities, which `render` puts together.
    "position": ("lat", "north", "lon", "east"),
    "length.m": ("n",),
    "length.km": ("n",),
    "span.days": ("n",),
    "span.hours": ("n",),
    "span.minutes": ("n",),
    "span.seconds": ("n",),
    "time": ("year", "month", "day", "hour", "minute", "second"),
    "reference": ("id",),
    "persons": ("n",),
    "fallback": ("language", "text"),
    # What reaches a human beside the screen: by mail, on a lamp, from a loudspeaker.
    "page.drill": (),
    "page.call": ("precedence", "party", "desk"),
    "page.waits": ("precedence", "desk"),
    "page.test": ("desk",),
    "page.presence": ("desk",),
    "page.code": ("code",),
}
"""Every word that a rendering or a page needs: its key, and its placeholders in every language.
What a screen says around it is the screen's own (`console/words`).

`n` is a number, formatted or pluralised by ICU; every other placeholder is text.
"""
