"""What so many nights prove: intervals that hold as often as they say, and no figure from few."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.sim.estimate import (
    NEVER_SAID,
    TOO_FEW,
    Resamples,
    part_of,
    percentile_of,
    ranks,
)


@pytest.mark.parametrize(("part", "least"), [(0.5, 6), (0.99, 368), (0.999, 3_688)])
def test_a_percentile_needs_so_many_nights_that_its_greatest_bounds_it(part: float, least: int):
    # The greatest of n exceeds it with 1 - part ** n: at least 97.5 %, for a tail of 2.5 %.
    assert 1 - part ** (least - 1) < 0.975 <= 1 - part**least
    assert ranks(least - 1, part) is None
    assert ranks(least, part) is not None
    assert percentile_of([1_000] * (least - 1), part).said == TOO_FEW
    assert percentile_of([1_000] * (least - 1), part).value_s is None
    assert percentile_of([1_000] * least, part).value_s == 1.0


@pytest.mark.parametrize(("nights", "part"), [(60, 0.5), (900, 0.99), (4_000, 0.5), (12_000, 0.99)])
def test_an_interval_holds_the_true_percentile_as_often_as_it_says(nights: int, part: float):
    bounds = ranks(nights, part)
    assert bounds is not None
    chance = np.random.default_rng(7)
    below = chance.binomial(nights, part, size=20_000)
    held = float(np.mean((bounds[0] <= below) & (below <= bounds[1] - 1)))
    assert 0.945 <= held <= 0.985


@given(st.integers(1, 3_000), st.floats(0.01, 0.999))
def test_ranks_are_in_order_and_around_the_percentile(nights: int, part: float):
    bounds = ranks(nights, part)
    if bounds is not None:
        low, high = bounds
        assert 1 <= low < high <= nights
        assert low <= nights * part + 1
        assert high >= nights * part


def test_a_night_on_which_nobody_answered_is_later_than_every_other():
    nights: list[int | None] = [1_000] * 950 + [None] * 50
    assert percentile_of(nights, 0.5).value_s == 1.0
    last = percentile_of(nights, 0.99)
    assert (last.value_s, last.said) == (None, NEVER_SAID)
    # At 94 % the value is known, and its upper bound is not.
    assert percentile_of(nights, 0.94).value_s == 1.0
    assert percentile_of(nights, 0.94).high_s is None


def test_nothing_seen_in_many_nights_is_not_nothing_at_all():
    none = part_of(0, 10_000)
    assert (none.part, none.low) == (0.0, 0.0)
    assert 0.0003 < none.high < 0.0005
    assert part_of(10_000, 10_000).high == 1.0
    half = part_of(50, 100)
    assert half.low < 0.5 < half.high


def test_resamples_tell_chance_from_a_gain():
    chance = Random(3)
    now: list[int | None] = [int(chance.expovariate(1 / 10_000)) for _ in range(4_000)]
    sooner: list[int | None] = [ms - ms // 4 for ms in now if ms is not None]
    resamples = Resamples(len(now), seed=1)
    gains = resamples.percentiles(now, 0.99) - resamples.percentiles(sooner, 0.99)
    assert gains[0] > 3 * gains[1:].std(ddof=1)
    same = resamples.percentiles(now, 0.99) - resamples.percentiles(now, 0.99)
    assert not same.any()


def test_the_error_of_a_percentile_is_what_fresh_nights_show():
    """The bootstrap's error beside that of 200 fresh samples of the same distribution."""
    chance = np.random.default_rng(5)
    samples = chance.exponential(10_000, size=(200, 3_000)).astype(int)
    fresh = np.quantile(samples, 0.99, axis=1).std(ddof=1) / 1_000
    told = [
        Resamples(3_000, seed).percentiles([int(ms) for ms in sample], 0.99)[1:].std(ddof=1)
        for seed, sample in enumerate(samples[:10])
    ]
    assert 0.7 * fresh < float(np.mean(told)) < 1.4 * fresh
