"""Progress: what a file of it says is what was answered, however the answers came."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.cli.areas import Refused
from clearline.cli.importing import _Import
from clearline.cli.progress import MAX_KEPT, SAVE_EVERY, Kept, Progressed, read_kept


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(30)), st.integers(0, 30))
def test_in_whatever_order_answers_come_the_file_has_exactly_those(tmp_path_factory, order, upto):
    path = tmp_path_factory.mktemp("progress") / "imports" / "one.json"
    progress = Progressed(path, Kept(began=Instant(0)))
    for number in order[:upto]:
        progress.answered(number)
    progress.save(running=False)
    kept = read_kept(path)
    assert kept is not None
    again = Progressed(path, kept)
    assert {n for n in range(30) if n in again} == set(order[:upto])
    assert len(again) == upto
    assert not kept.running


def test_one_that_was_killed_lacks_a_few_hundred_at_most_and_says_that_it_was_running(tmp_path):
    path = tmp_path / "imports" / "one.json"
    progress = Progressed(path, Kept(began=Instant(0)))
    for number in range(3 * SAVE_EVERY + 7):
        progress.answered(number)
    kept = read_kept(path)
    assert kept is not None
    assert kept.running
    assert 3 * SAVE_EVERY + 7 - SAVE_EVERY <= kept.upto <= 3 * SAVE_EVERY + 7


def test_what_was_refused_is_counted_whole_and_kept_up_to_a_limit(tmp_path):
    path = tmp_path / "imports" / "one.json"
    progress = Progressed(path, Kept(began=Instant(0)))
    one = Refused(file="f", item="i", line=1, column=1, by="node", code="c", phrase="p")
    for _ in range(MAX_KEPT + 5):
        progress.refuse([one])
    progress.save(running=False)
    kept = read_kept(path)
    assert kept is not None
    assert (len(kept.refused), kept.refused_in_all) == (MAX_KEPT, MAX_KEPT + 5)


def test_a_file_that_is_something_else_is_not_gone_on_from(tmp_path: Path):
    path = tmp_path / "one.json"
    assert read_kept(path) is None
    path.write_bytes(b"\xff{")
    with pytest.raises(Mistake, match="no progress file"):
        read_kept(path)


def test_ctrl_c_is_in_order_once_and_at_once_the_second_time():
    async def interrupted_twice() -> str:
        nothing = cast("Any", None)
        one = _Import(nothing, nothing, (), {}, Instant(0))
        with one._stoppable():
            signal.raise_signal(signal.SIGINT)
            for _ in range(100):
                await asyncio.sleep(0)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        return one._stopped

    assert asyncio.run(interrupted_twice()) == "interrupted"
