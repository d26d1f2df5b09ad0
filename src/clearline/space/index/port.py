"""The port of an index: what is asked of each, wherever it keeps things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.space.separation import Minima
    from clearline.space.volume import Volume

__all__ = ["Index"]


class Index(Protocol):
    """Volumes by place, height and time, under the keys of the notices they belong to."""

    def __len__(self) -> int:
        """Return how many keys there are."""
        ...

    def __contains__(self, key: str) -> bool:
        """Return whether there are volumes under `key`."""
        ...

    def add(self, key: str, volumes: Sequence[Volume]) -> None:
        """Put the volumes under `key`, in place of any that it had."""
        ...

    def remove(self, key: str) -> None:
        """Take out all volumes under `key`; nothing happens if there are none."""
        ...

    def near(self, volume: Volume, minima: Minima) -> list[str]:
        """Return, sorted, at least every key with a volume that could infringe the minima."""
        ...

    @property
    def elsewhere(self) -> int:
        """Return how many of the keys do not lie in memory."""
        ...
