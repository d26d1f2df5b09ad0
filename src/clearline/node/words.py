"""Words: what people type for lengths, times, shapes and phrases, read into the core's types.

Positions, altitudes and anchors are read by `space`. Whatever cannot be read is a Mistake
that shows the character and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import (
    DAY_MS,
    EPOCH,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Instant,
    dec_hook,
    enc_hook,
)
from clearline.phrasebook import PHRASES, Phrase, checked
from clearline.space import (
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
    caret,
    parse_position,
)

__all__ = [
    "instant",
    "known_code",
    "length_cm",
    "outline",
    "phrase_of",
    "phrases",
    "position",
    "slot_kind",
    "slot_value",
    "span_ms",
]

_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|km|nm|ft)\s*", re.IGNORECASE)
_LENGTH_CM = {"m": 100, "km": 100_000, "nm": 185_200, "ft": 30.48}
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d)\s*", re.IGNORECASE)
_SPAN_MS = {"s": SECOND_MS, "min": MINUTE_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_LONGEST_CM = 4_100_000_000
"""41,000 km: once around the Earth."""
_LONGEST_MS = 100 * 366 * DAY_MS
_SLOT_KINDS = {
    "begins": "instant",
    "ends": "instant",
    "place": "position",
    "anchored": "position",
    "reference": "reference",
    "which": "reference",
    "of": "reference",
    "persons": "number",
}
_ZULU = re.compile(r"(\d{2})(\d{2})Z", re.IGNORECASE)


def length_cm(text: str) -> int:
    """Return a length such as `500 m`, `5km`, `12 NM` or `300 ft`, in cm."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise Mistake(
            "bad_length", f"{_short(text)} is no length: write 500 m, 5 km, 12 NM or 300 ft."
        )
    cm = float(found[1]) * _LENGTH_CM[found[2].lower()]
    if cm > _LONGEST_CM:
        raise Mistake("bad_length", f"{_short(text)} is longer than the way around the Earth.")
    return round(cm)


def span_ms(text: str) -> int:
    """Return a length of time such as `30 s`, `15 min`, `2h` or `3 d`, in ms."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Mistake(
            "bad_span", f"{_short(text)} is no length of time: write 30 s, 15 min, 2 h or 3 d."
        )
    ms = float(found[1]) * _SPAN_MS[found[2].lower()]
    if ms > _LONGEST_MS:
        raise Mistake("bad_span", f"{_short(text)} is longer than a hundred years.")
    return round(ms)


def instant(text: str, now: Instant) -> Instant:
    """Return a time: `+3h` from now, `-10min` ago, `1430Z` next, or RFC 3339 in UTC."""
    text = text.strip()
    if text.startswith(("+", "-")):
        away_ms = span_ms(text[1:])
        return now.after(away_ms if text[0] == "+" else -away_ms)
    zulu = _ZULU.fullmatch(text)
    if zulu is not None and int(zulu[1]) < 24 and int(zulu[2]) < 60:
        of_day_ms = int(zulu[1]) * HOUR_MS + int(zulu[2]) * MINUTE_MS
        today = Instant(int(now) // DAY_MS * DAY_MS + of_day_ms)
        return today if today >= now else today.after(DAY_MS)
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is not None and moment.astimezone(UTC) >= EPOCH:
            return Instant((moment - EPOCH) // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        pass
    raise Mistake(
        "bad_time",
        f"{_short(text)} is no time: write +3h, -10min, 1430Z or 2026-11-23T14:30:00Z, in UTC.",
    )


def position(text: str, anchors: Mapping[str, Position]) -> Position:
    """Return a position in any of the text forms; a Mistake draws where it goes wrong."""
    try:
        return parse_position(text, anchors).position
    except Mistake as mistake:
        drawn = f"{mistake.phrase}\n{caret(text, mistake)}" if mistake.at is not None else None
        raise Mistake(mistake.code, drawn or mistake.phrase, at=mistake.at) from None


def outline(
    anchors: Mapping[str, Position],
    *,
    circle: str | None,
    radius: str | None,
    polygon: str | None,
    corridor: str | None,
    width: str | None,
) -> Outline:
    """Return the one shape that was given; Mistake if there is none, or more than one."""
    given = [name for name in (circle, polygon, corridor) if name is not None]
    if len(given) != 1:
        raise Mistake("one_shape", "Give one shape: --circle, --polygon, --corridor or --file.")
    if (radius is not None and circle is None) or (width is not None and corridor is None):
        raise Mistake("one_shape", "--radius belongs to --circle, and --width to --corridor.")
    if circle is not None:
        if radius is None:
            raise Mistake("no_radius", "A circle needs its --radius, such as 5 km.")
        return Circle(centre=position(circle, anchors), radius_cm=length_cm(radius))
    points = tuple(position(part, anchors) for part in given[0].split(";") if part.strip())
    if polygon is not None:
        return Polygon(exterior=points)
    if width is None:
        raise Mistake("no_width", "A corridor needs its --width, such as 2 km.")
    return Corridor(points=points, width_cm=length_cm(width))


def phrases(
    words: Sequence[str], anchors: Mapping[str, Position], known: Sequence[str], now: Instant
) -> tuple[Phrase, ...]:
    """Return the phrases that `STOP place=... radius=500m` and the like spell.

    A phrase is its code, then `slot=value` for each slot; several may follow one another.
    A reference may be the end of one of the `known` ids, as people see them.
    """
    made: list[Phrase] = []
    code: str | None = None
    slots: dict[str, Any] = {}
    for word in (*words, None):
        name, is_slot, value = (word or "").partition("=")
        if word is not None and is_slot and code is not None:
            slot = _slot(code, name.strip())
            if slot in slots:
                raise Mistake("slot_twice", f"{code} is given {name.strip()!r} twice.")
            slots[slot] = slot_value(slot, value.strip(), anchors, known, now)
            continue
        if code is not None:
            made.append(phrase_of(code, slots))
        if word is not None:
            code, slots = known_code(word), {}
    if not made:
        raise Mistake("no_phrase", f"Say one of: {', '.join(PHRASES)}.")
    return tuple(made)


def known_code(word: str) -> str:
    """Return the code of the phrase that a word names; Mistake with those that there are."""
    code = word.strip().upper().replace("-", " ").replace("_", " ")
    if code not in PHRASES:
        raise Mistake(
            "unknown_phrase", f"{_short(word)} is no phrase; there are: {', '.join(PHRASES)}."
        )
    return code


def _slot(code: str, name: str) -> str:
    known = {each.name for each in msgspec.structs.fields(PHRASES[code])}  # pyright: ignore[reportArgumentType]
    for slot in (name, f"{name}_cm", f"{name}_ms"):
        if slot in known:
            return slot
    said = ", ".join(sorted(known)) if known else "none"
    raise Mistake("unknown_slot", f"{code} has no slot {_short(name)}; it has: {said}.")


def slot_kind(slot: str) -> str:
    """Return what is typed for a slot of this name.

    `position`, `length`, `span`, `instant`, `reference`, `number` or `text`.
    """
    if slot.endswith("_cm"):
        return "length"
    if slot.endswith("_ms"):
        return "span"
    return _SLOT_KINDS.get(slot, "text")


def slot_value(
    slot: str, value: str, anchors: Mapping[str, Position], known: Sequence[str], now: Instant
) -> Any:
    """Return what was typed for a slot, as the phrase's JSON has it; Mistake if it is none."""
    match slot_kind(slot):
        case "length":
            return length_cm(value)
        case "span":
            return span_ms(value)
        case "instant":
            return str(instant(value, now))
        case "position":
            return msgspec.to_builtins(position(value, anchors))
        case "reference":
            return _reference(value, known)
        case "number" if value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        case _:
            return value


def _reference(value: str, known: Sequence[str]) -> str:
    tail = value.strip("#…").lower()
    fitting = {each for each in known if each.endswith(tail)} if len(tail) >= 4 else set[str]()
    if len(fitting) > 1:
        raise Mistake("ambiguous", f"{len(fitting)} ids end in {tail!r}: give more of the id.")
    return fitting.pop() if fitting else value


def _short(text: str) -> str:
    """Return what was typed, quoted, and cut where nobody would read on."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def phrase_of(code: str, slots: dict[str, Any]) -> Phrase:
    """Return the phrase of a code and the values of its slots; Mistake `bad_phrase`."""
    try:
        raw = msgspec.json.encode({"phrase": code, **slots}, enc_hook=enc_hook)
        return checked(msgspec.json.decode(raw, type=Phrase, dec_hook=dec_hook))
    except msgspec.ValidationError as error:
        raise Mistake("bad_phrase", f"{code}: {error}.") from error
