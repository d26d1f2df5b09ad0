"""Rendering: a phrase or an interface word, in a reader's own language.

It decides how positions, lengths, spans, times and counts are written in each language. It
is exact: whatever a slot holds is written in full, never rounded, so a reader never sees
less than was signed. It never signs and is never signed, and it never leaves a reader
without text: a language that is not there is answered in English, marked as such.

ICU formats numbers and plurals, with Western digits in every language. It is never given a
time, because its time zone is that of the process; a time is taken apart here, in UTC.

Source: ICU User Guide, Formatting Messages; Unicode Standard Annex 9 for the isolates.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

from icu4py.messageformat import MessageFormat

from clearline.basis.faults import Broken
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM
from clearline.phrasebook.catalogue import WORDS, Catalogue, Direction, Status
from clearline.phrasebook.coded import DEGREE_E7, hemispheres
from clearline.phrasebook.languages import CATALOGUES
from clearline.phrasebook.phrase import Nature, Phrase, Slot, code, slots
from clearline.space import Position

__all__ = [
    "direction",
    "languages",
    "native_name",
    "render",
    "say",
    "say_length",
    "say_place",
    "say_slot",
    "say_span",
    "say_time",
    "status",
]

FALLBACK = "en"
_BY_LANGUAGE = {catalogue.language: catalogue for catalogue in CATALOGUES}
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}\Z")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"

Value = str | int | Decimal
"""What a placeholder is filled with."""


def languages() -> tuple[str, ...]:
    """Return the tag of every language there is; the one fallen back to first."""
    return tuple(_BY_LANGUAGE)


def native_name(language: str) -> str:
    """Return what readers of `language` call it; of English, if it is not there."""
    return _catalogue(language).native_name


def direction(language: str) -> Direction:
    """Return which way text said in `language` runs; English's, if it is not there."""
    return _catalogue(language).direction


def status(language: str) -> Status:
    """Return who vouches for the text of `language`; English's, if it is not there."""
    return _catalogue(language).status


def render(phrase: Phrase, language: str) -> str:
    """Return `phrase` as a sentence in `language`, marked if it had to be English."""
    catalogue = _catalogue(language)
    values: dict[str, Value] = {
        name: _slot(catalogue, name, value) for name, value in slots(phrase).items()
    }
    return _marked(language, _formatted(catalogue, catalogue.phrases[code(phrase)], values))


def say(key: str, language: str, /, **args: Value) -> str:
    """Return the interface word `key` in `language`, marked if it had to be English.

    `args` fill exactly the placeholders that `WORDS` gives the key; anything else, or a key
    that is not there, is our own fault and raises Broken.
    """
    return _marked(language, _word(_catalogue(language), key, **args))


def say_slot(name: str, value: Slot, language: str) -> str:
    """Return one slot's value as `language` writes it; the word for unknown, if it is absent."""
    catalogue = _catalogue(language)
    if value is None:
        return _word(catalogue, "persons.unknown" if name == "persons" else "unknown")
    return _slot(catalogue, name, value)


def say_place(place: Position, language: str) -> str:
    """Return `place` in degrees as `language` writes it, exactly."""
    return _place(_catalogue(language), place)


def say_length(length_cm: int, language: str) -> str:
    """Return a length of at least 0 in metres, or kilometres from 1 km on, exactly."""
    return _length(_catalogue(language), length_cm)


def say_span(span_ms: int, language: str) -> str:
    """Return a span of at least 0 in days, hours, minutes and seconds, exactly."""
    return _span(_catalogue(language), span_ms)


def say_time(at: Instant, language: str) -> str:
    """Return `at` in UTC as `language` writes it; milliseconds only if there are any."""
    return _time(_catalogue(language), at)


def _catalogue(language: str) -> Catalogue:
    """Return the catalogue of `language`, whatever its region; English's, if there is none."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _BY_LANGUAGE[FALLBACK])


def _marked(language: str, text: str) -> str:
    """Return `text`, after a mark if `language` is not there."""
    if language.partition("-")[0].lower() in _BY_LANGUAGE:
        return text
    # The tag may be anyone's; what does not look like one is not repeated on a screen.
    shown = language if _TAG.match(language) else "?"
    return _word(_BY_LANGUAGE[FALLBACK], "fallback", language=shown, text=text)


def _word(catalogue: Catalogue, key: str, **args: Value) -> str:
    """Return the word `key`, its placeholders filled."""
    if set(WORDS.get(key, ("?",))) != set(args):
        raise Broken(f"no interface word {key!r} with {sorted(args)}")
    return _formatted(catalogue, catalogue.words[key], args)


def _formatted(catalogue: Catalogue, pattern: str, values: dict[str, Value]) -> str:
    """Return `pattern` with its placeholders filled, by the rules of the catalogue's language."""
    return _formatter(pattern, catalogue.language).format(dict(values))


@lru_cache(maxsize=2_048)
def _formatter(pattern: str, language: str) -> MessageFormat:
    """Return the formatter of `pattern`; made once, as parsing costs more than formatting."""
    # Digits are asked for, not left to ICU: which ones a locale has by default changes with its
    # release and the region, and two crews who compare a number must see the same signs.
    return MessageFormat(pattern, f"{language}-u-nu-latn")


def _slot(catalogue: Catalogue, name: str, value: Slot) -> str:
    """Return one slot as text; `none` if it is absent, for a pattern's select to leave out."""
    match value:
        case None:
            return _word(catalogue, "persons.unknown") if name == "persons" else "none"
        case Position():
            return _place(catalogue, value)
        case Instant():
            return _time(catalogue, value)
        case Nature():
            return _word(catalogue, f"nature.{value}")
        case int():
            return _quantity(catalogue, name, value)
        case str():
            return _text(catalogue, name, value)
        case _:
            assert_never(value)


def _quantity(catalogue: Catalogue, name: str, value: int) -> str:
    """Return a whole number in the unit that its slot's name ends in."""
    if name.endswith("_cm"):
        return _length(catalogue, value)
    if name.endswith("_ms"):
        return _span(catalogue, value)
    return _word(catalogue, name, n=value)


def _text(catalogue: Catalogue, name: str, value: str) -> str:
    """Return a text slot: a reference by its last group, free text isolated, others as they are."""
    if name in {"reference", "which", "of"}:
        # Only the tail: the head of a UUIDv7 is a time that its maker could have chosen.
        return _word(catalogue, "reference", id=value[-12:])
    if name == "text":
        # FSI and PDI (UAX 9): text that runs the other way cannot reorder what is around it.
        return f"{_ISOLATE}{value}{_END_ISOLATE}"
    return value


def _place(catalogue: Catalogue, place: Position) -> str:
    """Return a position in degrees and hemispheres."""
    north, east = hemispheres(place)
    lat = _degrees(catalogue, abs(place.lat_e7))
    lon = _degrees(catalogue, abs(place.lon_e7))
    return _word(catalogue, "position", lat=lat, north=north, lon=lon, east=east)


def _degrees(catalogue: Catalogue, angle_e7: int) -> str:
    """Return an angle with four decimals, or as many as it takes."""
    exact = Decimal(angle_e7) / DEGREE_E7
    return _formatted(catalogue, "{n, number, ::.0000###}", {"n": exact})


def _length(catalogue: Catalogue, length_cm: int) -> str:
    """Return a length in metres, or in kilometres from one on."""
    far = length_cm >= KILOMETRE_CM
    exact = Decimal(length_cm) / (KILOMETRE_CM if far else METRE_CM)
    # Thousands are not grouped: 1.234 km is a thousand times more in Turkish than in English.
    number = _formatted(catalogue, "{n, number, ::.##### group-off}", {"n": exact})
    return _word(catalogue, "length.km" if far else "length.m", n=number)


def _span(catalogue: Catalogue, span_ms: int) -> str:
    """Return a span as days, hours, minutes and seconds, those that are not zero."""
    parts: list[str] = []
    rest = span_ms
    for key, unit_ms in (("days", DAY_MS), ("hours", HOUR_MS), ("minutes", MINUTE_MS)):
        count, rest = divmod(rest, unit_ms)
        if count:
            parts.append(_word(catalogue, f"span.{key}", n=count))
    if rest or not parts:
        parts.append(_word(catalogue, "span.seconds", n=_seconds(rest)))
    return " ".join(parts)


def _seconds(rest_ms: int) -> int | Decimal:
    """Return seconds as a whole number if they are, else exactly."""
    whole, rest = divmod(rest_ms, SECOND_MS)
    return Decimal(rest_ms) / SECOND_MS if rest else whole


def _time(catalogue: Catalogue, at: Instant) -> str:
    """Return an instant's one spelling, taken apart and put together as the language does."""
    text = str(at)
    second = text[17:19] if text[19:23] == ".000" else text[17:23]
    return _word(
        catalogue,
        "time",
        year=text[:4],
        month=text[5:7],
        day=text[8:10],
        hour=text[11:13],
        minute=text[14:16],
        second=second,
    )
