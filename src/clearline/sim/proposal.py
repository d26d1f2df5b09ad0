"""A proposed ladder, as people write it: one for all precedences, or one for each.

    [[rung]]                  # of every precedence that has none of its own
    echelon = "duty-desk"
    patience_s = 20

    [[flash.rung]]            # of FLASH
    echelon = "duty-desk"
    patience_s = 15

What is read is the ladder of the terms (`core.terms`), which decides what a rung may be.
"""

from __future__ import annotations

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import SECOND_MS
from clearline.core.terms import Ladder, Ladders, Precedence, Rung, Terms

__all__ = ["ladder_in", "ladder_of_terms"]


class _Rung(Struct, frozen=True, forbid_unknown_fields=True):
    echelon: str
    patience_s: float


_Rungs = Annotated[tuple[_Rung, ...], Meta(max_length=12)]


class _Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    rung: _Rungs = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    rung: _Rungs = ()
    flash: _Ladder = _Ladder()
    immediate: _Ladder = _Ladder()
    priority: _Ladder = _Ladder()
    routine: _Ladder = _Ladder()


def ladder_in(content: bytes, name: str, precedence: Precedence) -> Ladder:
    """Return the ladder of a precedence in a TOML file; Mistake with what is wrong in it."""
    try:
        file = msgspec.convert(tomllib.loads(content.decode()), _File)
    except (ValueError, msgspec.ValidationError) as error:
        raise Mistake("bad_ladder", f"{name} is no ladder: {error}.") from error
    own: _Ladder = getattr(file, precedence.value)
    rungs = own.rung or file.rung
    if not rungs:
        phrase = f"{name} has no rungs for {precedence.value}: write [[rung]] with its echelon."
        raise Mistake("bad_ladder", phrase)
    return Ladder(rungs=tuple(_rung(n, rung, name) for n, rung in enumerate(rungs, 1)))


def ladder_of_terms(content: bytes, name: str, precedence: Precedence) -> Ladder:
    """Return the ladder of a precedence in a terms document; Mistake if it is none."""
    try:
        ladders: Ladders = msgspec.json.decode(content, type=Terms).ladders
    except msgspec.MsgspecError as error:
        raise Mistake("bad_document", f"{name} is no terms document: {error}.") from error
    return ladders.of(precedence)


def _rung(number: int, rung: _Rung, name: str) -> Rung:
    if rung.patience_s <= 0:
        phrase = f"{name}: rung {number} waits {rung.patience_s:g} s; a timer is at least 1 s."
        raise Mistake("bad_ladder", phrase)
    try:
        return msgspec.convert(
            {"echelon": rung.echelon, "patience_ms": round(rung.patience_s * SECOND_MS)}, Rung
        )
    except (msgspec.ValidationError, OverflowError, ValueError) as error:
        phrase = (
            f"{name}: rung {number} cannot be {rung.echelon!r} for {rung.patience_s:g} s: "
            "an echelon is up to 40 of a-z, 0-9 and inner hyphens, a timer 1 s to a day."
        )
        raise Mistake("bad_ladder", phrase) from error
