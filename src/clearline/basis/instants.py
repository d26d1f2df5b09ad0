"""Instants and spans: the only way that Clearline states time.

An instant is a whole number of milliseconds since 1970-01-01T00:00:00Z, leap seconds
not counted (POSIX). On the wire and on paper it is RFC 3339 in UTC with exactly three
decimals, `2026-11-23T14:25:07.120Z`, and nothing else is accepted: one instant has one
spelling, so two encoders agree byte for byte.

This module never reads a clock. `now` is always an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Self

__all__ = [
    "DAY_MS",
    "EPOCH",
    "HOUR_MS",
    "MINUTE_MS",
    "SECOND_MS",
    "Instant",
    "Span",
    "dec_hook",
    "enc_hook",
]

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

Span = int
"""A length of time in milliseconds. Names that hold one end in `_ms`."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the last that RFC 3339 can spell
_SPELLING = "2026-11-23T14:25:07.120Z"


@lru_cache(maxsize=4_096)
def _second(second: int) -> str:
    """Return how a whole second is spelled, without a zone. Windows are on a grid: few differ."""
    return (EPOCH + timedelta(seconds=second)).isoformat()[: len("2026-11-23T14:25:07")]


@lru_cache(maxsize=4_096)
def _spelled(at_ms: int) -> str:
    """Return how an instant is spelled. One that is written is mostly written again soon."""
    second, ms = divmod(int(at_ms), SECOND_MS)
    return f"{_second(second)}.{ms:03d}Z"


class Instant(int):
    """A moment in UTC, as milliseconds since the epoch; 0 to the end of the year 9999."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the instant that `text` spells.

        Raises ValueError unless the text is RFC 3339, UTC, with three decimals and a
        capital `T` and `Z`, in the years 1970 to 9999.
        """
        if len(text) != len(_SPELLING) or text[10] != "T" or text[19] != "." or text[23] != "Z":
            raise ValueError(f"not an instant like {_SPELLING}: {text!r}")
        if not text.isascii():
            raise ValueError(f"not an instant like {_SPELLING}: {text!r}")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"not an instant like {_SPELLING}: {text!r}") from error
        since = moment - EPOCH
        ms = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
        if ms < 0:
            raise ValueError(f"before 1970: {text!r}")
        return cls(ms)

    @classmethod
    def of_ms(cls, ms: int) -> Self:
        """Return the instant so many ms after the epoch; ValueError if none of ours can be that."""
        if not 0 <= ms <= _LATEST_MS:
            raise ValueError(f"no instant: {ms} ms")
        return cls(ms)

    def __str__(self) -> str:
        """Return the one spelling of this instant."""
        return _spelled(self)

    def __repr__(self) -> str:
        return f"Instant.parse({str(self)!r})"

    def after(self, span_ms: int) -> Instant:
        """Return the instant `span_ms` later; earlier, if it is negative.

        The result is kept inside what RFC 3339 can spell.
        """
        return Instant(min(max(int(self) + span_ms, 0), _LATEST_MS))

    def again(self, every_ms: int, now: Instant) -> Instant:
        """Return the first instant after `now` of this one and those at each `every_ms` later.

        What was slept through comes once: nothing between this instant and `now` is made up for.
        `now` is not before this instant.
        """
        return self.after((1 + now.since(self) // every_ms) * every_ms)

    def since(self, earlier: Instant) -> int:
        """Return the span from `earlier` to this instant, in ms; negative if it is later."""
        return int(self) - int(earlier)


def enc_hook(value: Any) -> Any:
    """Return `value` as msgspec can encode it: an instant becomes its spelling."""
    if isinstance(value, Instant):
        return _spelled(value)
    raise NotImplementedError(f"no encoding for {type(value).__name__}")


def dec_hook(kind: type, value: Any) -> Any:
    """Return `value`, as decoded, as the `kind` a struct asks for; ValueError if it is none."""
    if kind is Instant:
        if not isinstance(value, str):
            raise ValueError(f"an instant is text like {_SPELLING}")
        return Instant.parse(value)
    raise NotImplementedError(f"no decoding for {kind.__name__}")
