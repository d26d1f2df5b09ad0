"""A difference: a critical slot that the other side restated as something else.

It decides whether a read-back matches. Codes must be equal, positions equal to 1e-7
degree, times to the millisecond: nothing is near enough. Only critical slots count, and
a read-back of another phrase than the one said differs in its code and in nothing else.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.phrasebook.coded import coded_slot
from clearline.phrasebook.phrase import Phrase, code, critical, slots

__all__ = ["Difference", "differences", "differing"]


class Difference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One slot, as it was said and as it was restated, both as the coded line writes them."""

    slot: str
    """The slot's name; `phrase`, if the codes differ."""
    said: str
    restated: str


def differences(said: Phrase, restated: Phrase) -> tuple[Difference, ...]:
    """Return where `restated` differs from `said` in a critical slot; () if nowhere."""
    if code(said) != code(restated):
        return (Difference(slot="phrase", said=code(said), restated=code(restated)),)
    ours, theirs = slots(said), slots(restated)
    return tuple(
        Difference(
            slot=name, said=coded_slot(name, ours[name]), restated=coded_slot(name, theirs[name])
        )
        for name in critical(said)
        if ours[name] != theirs[name]
    )


def differing(said: tuple[Phrase, ...], restated: tuple[Phrase, ...]) -> tuple[str, ...]:
    """Return the slots in which a read-back differs from what it restates; () if it agrees.

    `phrases` alone, if there are more of them than were said, or fewer.
    """
    if len(said) != len(restated):
        return ("phrases",)
    pairs = zip(said, restated, strict=True)
    return tuple(each.slot for one, other in pairs for each in differences(one, other))
