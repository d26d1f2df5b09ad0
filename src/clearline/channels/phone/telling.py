"""What baresip says of a call, read: the names of its events are the same in both drivers.

Where SRTP is asked for, an answer without it is no answer. Both versions offer RTP/SAVP alone and
yet take up a call that was answered in the clear; so the call counts as answered only when
the keys for its sound are agreed, and nothing has been said before that.
"""

from __future__ import annotations

from clearline.channels.phone.line import Answered, Ended, Key, LineEvent, Rang

__all__ = ["IN_THE_CLEAR", "Telling", "ended"]

IN_THE_CLEAR = Ended(488, "the other end does not encrypt")


def ended(said: str) -> Ended:
    """Return how a call ended from what is said of it: `486 Busy Here`, or an error's text."""
    status, _, reason = said.partition(" ")
    if len(status) == 3 and status.isascii() and status.isdigit():
        return Ended(int(status), reason)
    return Ended(0, said)


class Telling:
    """One call's events, in order."""

    def __init__(self, *, srtp: bool) -> None:
        self._secure = not srtp

    def read(self, event: str, text: str) -> LineEvent | None:
        """Return what an event means; None if it is of no concern."""
        match event:
            case "CALL_RINGING" | "CALL_PROGRESS":
                return Rang()
            case "CALL_MENC":
                self._secure = True
                return None
            case "CALL_ESTABLISHED":
                return Answered() if self._secure else IN_THE_CLEAR
            case "CALL_DTMF_START" if text:
                return Key(text[:1])
            case "CALL_CLOSED":
                return ended(text)
            case _:
                return None
