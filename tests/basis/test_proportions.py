"""Proportions: limits that are exact, and never narrower than they say."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.proportions import interval_permille

LEFT_OUT = Fraction(25, 1_000)


@pytest.mark.parametrize(
    ("successes", "trials", "limits"),
    [
        # Tabulated: 1 - 0.025 ** (1 / n) and its like, and the published table for ten trials.
        (0, 0, (0, 1000)),
        (1, 1, (25, 1000)),
        (0, 1, (0, 975)),
        (12, 12, (735, 1000)),
        (0, 10, (0, 309)),
        (1, 10, (2, 446)),
        (5, 10, (187, 813)),
        (9, 10, (554, 998)),
        (300, 300, (987, 1000)),
        (44_000, 44_640, (984, 987)),
    ],
)
def test_limits_are_those_of_the_tables(successes, trials, limits):
    assert interval_permille(successes, trials) == limits


def at_least(successes: int, trials: int, chance: Fraction) -> Fraction:
    return sum(
        (
            comb(trials, k) * chance**k * (1 - chance) ** (trials - k)
            for k in range(successes, trials + 1)
        ),
        Fraction(0),
    )


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_each_limit_is_the_last_thousandth_that_the_trials_do_not_rule_out(case):
    successes, trials = case
    low, high = interval_permille(successes, trials)
    assert low <= successes * 1_000 / trials <= high
    if successes:
        assert at_least(successes, trials, Fraction(low, 1_000)) <= LEFT_OUT
        assert at_least(successes, trials, Fraction(low + 1, 1_000)) > LEFT_OUT
    if successes < trials:
        assert 1 - at_least(successes + 1, trials, Fraction(high, 1_000)) <= LEFT_OUT
        assert 1 - at_least(successes + 1, trials, Fraction(high - 1, 1_000)) > LEFT_OUT


@given(st.integers(0, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_success_and_failure_are_each_other_s_mirror(case):
    successes, trials = case
    low, high = interval_permille(successes, trials)
    assert interval_permille(trials - successes, trials) == (1_000 - high, 1_000 - low)
