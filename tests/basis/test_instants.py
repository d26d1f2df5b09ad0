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


@pytest.mark.parametrize("ms", [-1, 253_402_300_800_000, 1 << 56])
def test_a_number_that_is_no_instant_is_refused(ms):
    with pytest.raises(ValueError, match="no instant"):
        Instant.of_ms(ms)


@pytest.mark.parametrize("ms", [0, 253_402_300_799_999])
def test_a_number_that_can_be_spelled_is_an_instant(ms):
    assert Instant.parse(str(Instant.of_ms(ms))) == ms
