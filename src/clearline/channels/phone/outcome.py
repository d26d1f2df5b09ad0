"""What became of one call, in the words of a page.

The status codes are those of RFC 3261, section 21, and RFC 8197 (607); which of them means
that a human was reached in vain and which that nothing rang is decided here alone.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from clearline.channels.phone.line import Ended
from clearline.node.ports import PageCause

__all__ = ["ACKNOWLEDGED", "Next", "Outcome", "of_ended"]


class Next(Enum):
    """What is to be done after one call."""

    NOTHING = auto()
    REDIAL = auto()
    """After the pause, and counted."""
    AT_ONCE = auto()
    """The fault was ours, not the telephone's: at once, and counted apart."""


class Outcome(Struct, frozen=True):
    """How one call ended."""

    cause: PageCause
    phrase: str
    next: Next = Next.NOTHING


ACKNOWLEDGED = Outcome(PageCause.NONE, "keyed the code")

_BUSY = {486, 600}
_DECLINED = {603, 607, 608}
_CREDENTIALS = {401, 403, 407}
_ADDRESS = {414, 416, 484}
_IN_VAIN = {408, 480, 487}
"""What a telephone that has rung is given up with."""


def of_ended(ended: Ended, *, rang: bool) -> Outcome:
    """Return what it means that a call ended before it was answered."""
    status, said = ended.status, _said(ended)
    if status in _BUSY:
        return Outcome(PageCause.BUSY, "busy", Next.REDIAL)
    if status in _DECLINED:
        return Outcome(PageCause.DECLINED, f"declined ({said})")
    if status in _CREDENTIALS:
        return Outcome(PageCause.CREDENTIALS, f"the exchange refuses this account ({said})")
    if status in _ADDRESS:
        return Outcome(PageCause.ADDRESS, f"the exchange cannot dial that ({said})")
    # 408 and 480 come for a telephone that nobody takes up, and for one that is switched off.
    if rang and (status in _IN_VAIN or not status):
        return Outcome(PageCause.NO_ANSWER, "nobody answered", Next.REDIAL)
    return Outcome(PageCause.UNREACHABLE, f"cannot be reached ({said})")


def _said(ended: Ended) -> str:
    return " ".join(part for part in (str(ended.status or ""), ended.reason) if part) or "no answer"
