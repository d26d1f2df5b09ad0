"""Steps: work that is done a piece at a time, so that others may use the thread in between.

A generator that yields, after each piece, about how many microseconds the piece takes, and
returns its result. The figure is reckoned from sizes and never measured: below the node
floor nobody reads a clock, and the same work must be cut in the same places everywhere.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

__all__ = ["Steps", "finish"]

T = TypeVar("T")

Steps = Generator[int, None, T]
"""Yields about how long each piece takes, in µs; returns the result."""


def finish(steps: Steps[T]) -> T:
    """Do all the steps at once and return their result; whatever they raise is passed on."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
