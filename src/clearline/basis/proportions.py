"""Proportions: what so many successes in so many trials prove of a chance, and what they do not.

The limits are exact (Clopper and Pearson, 1934): whatever the chance really is, an interval
made so holds it at least as often as it says. The usual approximations fail where they would
be read most: with few trials, and with no failure at all.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, floor, lgamma, log

__all__ = ["interval_permille"]

LEFT_OUT = 0.025
"""On each side: together the 5 % that are left out of 95 %."""
HALVINGS = 45
NEGLIGIBLE = 1e-17
ROUNDING = 1e-6
"""Of a thousandth: more than the arithmetic errs by, so that a whole number stays one."""


def interval_permille(successes: int, trials: int) -> tuple[int, int]:
    """Return the 95 % limits of a chance, in thousandths, rounded away from each other.

    Nothing tried proves nothing: 0 to 1000.
    """
    assert 0 <= successes <= trials, (successes, trials)
    low, high = 0.0, 1.0
    if successes:
        # The smallest chance that gives so many, or more, not too seldom.
        low = _solve(lambda chance: 1 - _at_most(successes - 1, trials, chance) < LEFT_OUT)
    if successes < trials:
        high = _solve(lambda chance: _at_most(successes, trials, chance) > LEFT_OUT)
    return floor(low * 1_000 + ROUNDING), ceil(high * 1_000 - ROUNDING)


def _solve(too_low: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return (low + high) / 2


def _at_most(most: int, trials: int, chance: float) -> float:
    """Return how likely `most` successes or fewer are; 0 < chance < 1."""
    if most >= trials:
        return 1.0
    if most > trials * chance:
        # Past the middle the other tail is the short one.
        return 1 - _tail(trials - most - 1, trials, 1 - chance)
    return _tail(most, trials, chance)


def _tail(most: int, trials: int, chance: float) -> float:
    """Sum the terms from `most` down to none; they only shrink, as `most` is below the mean."""
    term = exp(
        lgamma(trials + 1)
        - lgamma(most + 1)
        - lgamma(trials - most + 1)
        + most * log(chance)
        + (trials - most) * log(1 - chance)
    )
    total = term
    for number in range(most, 0, -1):
        term *= number * (1 - chance) / ((trials - number + 1) * chance)
        total += term
        if term < total * NEGLIGIBLE:
            break
    return total
