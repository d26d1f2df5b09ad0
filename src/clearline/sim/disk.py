"""A simulated disk: the journal in memory, with a power cut at the worst moment.

The power can fail just before a commit is durable or just after it, before anything was
signed, sent or rung for it. What was committed stays and nothing else does.
"""

from __future__ import annotations

from enum import StrEnum

from clearline.node.ports import Batch
from clearline.stores.memory import MemoryJournal

__all__ = ["Cut", "PowerCut", "SimJournal"]


class Cut(StrEnum):
    """When, in a commit, the power fails."""

    BEFORE = "before"
    AFTER = "after"


class PowerCut(BaseException):
    """The process is gone. No handler of the node's may see it, as none would run."""


class SimJournal(MemoryJournal):
    """A journal that outlives its node, and that can be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.cut: Cut | None = None
        """When the power fails in the next commit; None if it does not."""
        self.commits = 0

    @property
    def events(self) -> int:
        """Return how many events it holds."""
        return len(self._records)

    def commit(self, batch: Batch) -> None:
        """Keep a batch whole, or fail as was asked."""
        cut, self.cut = self.cut, None
        if cut is Cut.BEFORE:
            raise PowerCut
        super().commit(batch)
        self.commits += 1
        if cut is Cut.AFTER:
            raise PowerCut
