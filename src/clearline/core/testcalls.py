"""Test calls: the scheduled check of the whole way to a human on the other side.

Each side sends one by the terms' schedule; the other side's watch answers it by hand. A
test that nobody answers in time is a miss and carries a cause code, UNKNOWN first, until a
person finds another: a silent line in June 2022 was probably rain.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant
from clearline.core.rotation import Way

__all__ = ["Cause", "Outcome", "TestAnswered", "TestCall", "TestCalls", "TestSent", "next_slot"]

RETAINED_MS = 7 * DAY_MS
"""Test calls kept in sight. The record keeps them all."""
ASKED_MS = 31 * DAY_MS
"""Misses without a cause kept in sight, so that a cause can still be given."""


class Outcome(StrEnum):
    """What became of a test call."""

    ANSWERED = "answered"
    MISSED = "missed"


class Cause(StrEnum):
    """Why a test call was missed."""

    UNKNOWN = "unknown"
    DESK_UNMANNED = "desk_unmanned"
    LINE_DOWN = "line_down"
    POWER = "power"
    WEATHER = "weather"
    EQUIPMENT = "equipment"
    SOFTWARE = "software"
    DECLINED = "declined"

    @classmethod
    def parse(cls, text: str) -> Cause:
        """Return the cause that `text` names; Mistake with those that there are."""
        try:
            return cls(text.strip().lower().replace(" ", "_").replace("-", "_"))
        except ValueError:
            known = ", ".join(each.value for each in cls)
            raise Mistake("unknown_cause", f"{text!r} is none of: {known}.") from None


class TestSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `test.sent`."""

    __test__ = False


class TestAnswered(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Body of `test.answered`; `re` names the test. Either side may write that it was missed."""

    __test__ = False

    outcome: Outcome
    cause: Cause | None = None
    """Given if, and only if, it was missed."""


class TestCall(Struct, frozen=True, kw_only=True):
    """One test call as this node holds it."""

    __test__ = False

    id: str
    link: str
    mine: bool
    sent_at: Instant
    until: Instant
    """When it counts as missed, by our clock."""
    outcome: Outcome | None = None
    cause: Cause | None = None
    ended_at: Instant | None = None
    way: Way | None = None
    """Of one of theirs: the way by which it rings a human of ours. It never leaves."""
    desk_at: Instant | None = None
    """When the desk rings as well; None: it rings already, or the test is over."""

    @property
    def unexplained(self) -> bool:
        """Return whether a person still has to find out why it was missed."""
        return self.outcome is Outcome.MISSED and self.cause in (None, Cause.UNKNOWN)


class TestCalls:
    """Test calls that wait for a human, and those of the last week."""

    __test__ = False

    def __init__(self) -> None:
        self.by_id: dict[str, TestCall] = {}
        self._waiting: dict[str, TestCall] = {}
        self._unexplained: dict[str, TestCall] = {}

    def put(self, test: TestCall) -> None:
        """Keep a test call in place of what had its id."""
        self.by_id[test.id] = test
        if test.outcome is None:
            self._waiting[test.id] = test
        else:
            self._waiting.pop(test.id, None)
        if test.unexplained:
            self._unexplained[test.id] = test
        else:
            self._unexplained.pop(test.id, None)

    def waiting(self) -> list[TestCall]:
        """Return those that nobody has answered yet, the most urgent first."""
        return sorted(self._waiting.values(), key=lambda test: (test.until, test.id))

    def due(self) -> Instant | None:
        """Return when the next one counts as missed, or rings the desk as well."""
        times = [test.desk_at or test.until for test in self._waiting.values()]
        return min(times, default=None)

    def unexplained(self) -> list[TestCall]:
        """Return those that were missed and nobody knows why."""
        return list(self._unexplained.values())

    def forget(self, now: Instant) -> None:
        """Forget what ended long ago."""
        for test in list(self.by_id.values()):
            kept_ms = ASKED_MS if test.unexplained else RETAINED_MS
            if test.ended_at is not None and test.ended_at.after(kept_ms) <= now:
                del self.by_id[test.id]
                self._unexplained.pop(test.id, None)


def next_slot(every_ms: int, now: Instant, *, first: bool) -> Instant:
    """Return the next scheduled test after `now`.

    Slots are whole multiples of the interval since the epoch. The party named second in
    the terms sends half an interval later, so that the two never ring each other at once.
    """
    phase_ms = 0 if first else every_ms // 2
    return Instant(((int(now) - phase_ms) // every_ms + 1) * every_ms + phase_ms)
