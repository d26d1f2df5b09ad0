"""How much is too much now: buckets that fill with time and never with debt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearline.record import build_append
from clearline.transports.bounds import Bounds, Bucket, Meter, carries_flash
from line import FLASH, NOW


@given(
    per_s=st.integers(1, 10_000),
    steps=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 20_000)), max_size=40),
)
def test_a_bucket_lets_through_at_most_its_rate_and_one_second_more(per_s, steps):
    bucket, now, taken = Bucket(per_s), NOW, 0
    for wait_ms, asked in steps:
        now = now.after(wait_ms)
        amount = min(asked, per_s)
        if bucket.wait_ms(amount, now) == 0:
            bucket.take(amount, now)
            taken += amount
    assert taken * 1_000 <= per_s * (now.since(NOW) + 1_000)


@given(per_s=st.integers(1, 10_000), taken=st.integers(0, 10_000), asked=st.integers(0, 50_000))
def test_whoever_waits_as_long_as_he_was_told_is_let_through(per_s, taken, asked):
    bucket = Bucket(per_s)
    bucket.take(taken, NOW)
    wait_ms = bucket.wait_ms(asked, NOW)
    assert wait_ms == 0 or bucket.wait_ms(asked, NOW.after(wait_ms - 1)) == 1
    assert bucket.wait_ms(asked, NOW.after(wait_ms)) == 0


def test_a_clock_that_steps_back_gives_and_takes_nothing():
    bucket = Bucket(10)
    bucket.take(10, NOW)
    assert bucket.wait_ms(1, NOW.after(-5_000)) == 100
    assert bucket.wait_ms(1, NOW.after(-4_900)) == 0


def test_entries_and_requests_are_counted_as_well_as_bytes():
    entries = Meter(Bounds(entries_per_s=3))
    note = "o\n2\nAAAA\n\n\N{EM DASH} k AAAA\n".encode()
    two = build_append(0, note, [b"{}", b"x"])
    assert [entries.append_wait_ms(two, NOW) > 0 for _ in range(2)] == [False, True]
    requests = Meter(Bounds(requests_per_s=1))
    assert [requests.append_wait_ms(b"", NOW) for _ in range(2)] == [0, 1_000]


def test_a_flash_is_known_by_its_canonical_spelling():
    assert carries_flash(b"old 0\n\nnote\n" + FLASH)
    assert not carries_flash(FLASH.replace(b"flash", b"routine"))
    assert not carries_flash(FLASH.replace(b"opened", b"closed"))


def test_a_flash_never_waits_however_much_came_before():
    meter = Meter(Bounds(bytes_per_s=100, requests_per_s=1))
    assert [meter.append_wait_ms(FLASH * 10, NOW) for _ in range(20)] == [0] * 20
