"""Instants: when something that repeats comes next."""

from __future__ import annotations

import pytest

from clearline.basis.instants import Instant


@pytest.mark.parametrize(
    ("slept_ms", "next_ms"), [(0, 60_000), (59_999, 60_000), (60_000, 120_000), (600_001, 660_000)]
)
def test_what_comes_again_comes_once_for_all_that_was_slept_through(slept_ms, next_ms):
    first = Instant(1_000_000)
    assert first.again(60_000, first.after(slept_ms)) == first.after(next_ms)
