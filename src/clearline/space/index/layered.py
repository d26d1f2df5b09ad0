"""Two indexes as one: the first holds so many keys, the other whatever is more.

A node has memory for so many; what is more goes to a slower index that lies elsewhere. A key
is in one of the two, so the answer is the same however they are filled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clearline.space.index.port import Index
    from clearline.space.separation import Minima
    from clearline.space.volume import Volume

__all__ = ["LayeredIndex"]


class LayeredIndex:
    """An index of two; the other is made when it is needed first."""

    __slots__ = ("_first", "_make", "_most", "_other")

    def __init__(self, first: Index, most: int, make: Callable[[], Index]) -> None:
        self._first = first
        self._most = most
        self._make = make
        self._other: Index | None = None

    def __len__(self) -> int:
        return len(self._first) + (len(self._other) if self._other is not None else 0)

    def __contains__(self, key: str) -> bool:
        return key in self._first or (self._other is not None and key in self._other)

    @property
    def elsewhere(self) -> int:
        """Return how many of the keys do not lie in memory."""
        return 0 if self._other is None else self._other.elsewhere

    def add(self, key: str, volumes: Sequence[Volume]) -> None:
        """Put the volumes under `key`, in place of any that it had."""
        self.remove(key)
        if len(self._first) < self._most:
            self._first.add(key, volumes)
            return
        if self._other is None:
            self._other = self._make()
        self._other.add(key, volumes)

    def remove(self, key: str) -> None:
        """Take out all volumes under `key`; nothing happens if there are none."""
        self._first.remove(key)
        if self._other is not None:
            self._other.remove(key)

    def near(self, volume: Volume, minima: Minima) -> list[str]:
        """Return, sorted, at least every key with a volume that could infringe the minima."""
        found = self._first.near(volume, minima)
        if not self.elsewhere:
            return found
        assert self._other is not None
        return sorted(found + self._other.near(volume, minima))
