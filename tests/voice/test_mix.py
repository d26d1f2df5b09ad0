"""A mix: several speak at once, and whoever listens hears each once, in time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clearline.voice.mix import MAX_HELD, STALE_S, Mix
from clearline.voice.recorder import FRAME


class Hearing:
    """A mix, what comes out of it, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.out: list[np.ndarray] = []
        self.mix = Mix(self.out.append, lambda: self.now)

    def say(self, source: str, value: int, size: int = FRAME) -> None:
        self.mix.take(source, np.full(size, value, np.int16))

    @property
    def heard(self) -> list[int]:
        return np.concatenate(self.out).tolist() if self.out else []


def test_one_source_passes_at_once_and_as_it_is():
    hearing = Hearing()
    hearing.say("console", 5)
    assert hearing.heard == [5] * FRAME


def test_two_that_speak_at_once_are_added_at_the_pace_of_one():
    hearing = Hearing()
    for turn in range(10):
        hearing.now = turn * 0.02
        hearing.say("console", 100)
        hearing.say("telephone", 7)
    # The first packet has nobody beside it yet.
    assert hearing.heard == [100] * FRAME + [107] * 9 * FRAME


def test_the_sum_of_two_loud_ones_is_loud_and_does_not_turn_over():
    hearing = Hearing()
    for _ in range(2):
        hearing.say("console", 30_000)
        hearing.say("telephone", 30_000)
    assert max(hearing.heard) == 32_767
    assert min(hearing.heard) == 30_000


def test_when_the_leader_stops_the_other_is_still_heard():
    hearing = Hearing()
    hearing.say("console", 1)
    hearing.say("telephone", 2)
    hearing.now = STALE_S + 0.01
    hearing.say("telephone", 3)
    assert hearing.heard == [1] * FRAME + [2] * FRAME + [3] * FRAME


def test_who_is_gone_leads_no_more():
    hearing = Hearing()
    hearing.say("console", 1)
    hearing.mix.forget("console")
    hearing.say("telephone", 2)
    assert hearing.heard == [1] * FRAME + [2] * FRAME


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3_000)), max_size=60))
def test_nothing_grows_however_they_speak(said: list[tuple[str, int]]):
    hearing = Hearing()
    for turn, (source, size) in enumerate(said):
        hearing.now = turn * 0.01
        hearing.say(source, 1, size)
    assert len(hearing.heard) <= sum(size for _, size in said)
    assert all(len(held) <= MAX_HELD for held in hearing.mix._held.values())
