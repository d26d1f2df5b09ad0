"""Mix: what one listener hears of several who may speak at once, each sample once.

Whoever speaks steadily leads: what comes from the others waits until the leader's next samples
come and is added to them. So a mix has the pace of one voice, however many speak, and keeps it
when a clock is a little fast or a source stops. With one source it changes and delays nothing.

It decides who leads and what is dropped: the oldest, beyond a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clearline.voice.recorder import RATE, Samples

__all__ = ["Mix"]

MAX_HELD = RATE // 5
"""Samples of one source that wait for the leader's."""
STALE_S = 0.1
"""A leader from whom nothing has come for so long leads no more."""


class Mix:
    """What one listener hears."""

    def __init__(self, out: Callable[[Samples], None], clock: Callable[[], float]) -> None:
        self._out = out
        self._clock = clock
        self._leader = ""
        self._led_at = float("-inf")
        self._held: dict[str, Samples] = {}

    def take(self, source: str, samples: Samples) -> None:
        """Take in what a source has said, 48,000 samples a second."""
        now = self._clock()
        if source != self._leader and now - self._led_at > STALE_S:
            self._leader = source
        mine = np.concatenate((self._held.pop(source, samples[:0]), samples))
        if source != self._leader:
            self._held[source] = mine[-MAX_HELD:]
            return
        self._led_at = now
        if not self._held:
            self._out(mine)
            return
        added = mine.astype(np.int32)
        for other, held in list(self._held.items()):
            part = held[: len(added)]
            added[: len(part)] += part
            self._held[other] = held[len(part) :]
            if len(part) == len(held):
                del self._held[other]
        self._out(np.clip(added, -32_768, 32_767).astype(np.int16))

    def forget(self, source: str) -> None:
        """Take in that a source is gone."""
        self._held.pop(source, None)
        if source == self._leader:
            self._led_at = float("-inf")
