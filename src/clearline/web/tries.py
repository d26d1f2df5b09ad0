"""Tries: how often signing in has failed from one address, lately. In memory, and bounded.

It decides only whether one more failure is still worth an answer of its own. It never decides
who is let in: whoever can reach the console must not be able to lock the watch out of it.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from clearline.basis.instants import MINUTE_MS, Instant

__all__ = ["MAX_TRIES", "WITHIN_MS", "Tries"]

MAX_TRIES = 30
"""Failures from one address in WITHIN_MS that are answered and written down one by one."""
WITHIN_MS = MINUTE_MS
MAX_PEERS = 1_000
"""Addresses that are remembered; the one that failed longest ago gives way."""


class Tries:
    """Failures, by the address that they came from."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, deque[Instant]] = OrderedDict()

    def failed(self, peer: str, now: Instant) -> bool:
        """Count a failure; return whether it is within the limit."""
        lately = self._failed.setdefault(peer, deque(maxlen=MAX_TRIES))
        self._failed.move_to_end(peer)
        if len(self._failed) > MAX_PEERS:
            self._failed.popitem(last=False)
        while lately and now.since(lately[0]) >= WITHIN_MS:
            lately.popleft()
        if len(lately) == MAX_TRIES:
            return False
        lately.append(now)
        return True
