"""Turns: long work for a screen, done in slices, one piece of work at a time.

The console runs in the node's one thread, where calls come first. A slice is short, and
however many screens ask for long work at once, between two slices of it the line has the
thread: what waits for its turn costs nothing.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from clearline.basis.steps import Steps

__all__ = ["SLICE_US", "unhurried"]

SLICE_US = 10_000
"""About so long a piece of work holds the node's thread before it lets others have it."""

T = TypeVar("T")


async def unhurried(steps: Steps[T]) -> T:
    """Do all the steps, letting the node's other work come first after each slice."""
    spent_us = 0
    while True:
        try:
            spent_us += next(steps)
        except StopIteration as done:
            return done.value
        if spent_us >= SLICE_US:
            spent_us = 0
            await asyncio.sleep(0)
