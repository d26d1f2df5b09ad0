"""The loop: whatever breaks, and whoever finds it, the node says LINE NOT SAFE exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import Instant
from clearline.core.events import Agree, OpenCall, Propose, TakeWatch
from clearline.core.terms import Precedence, hash_of
from clearline.node.loop import Loop, Unreachable
from clearline.node.queries import Queries
from clearline.node.settings import NodeSettings
from clearline.phrasebook import Stop
from clearline.space import Minima
from tests.kit import LINK, START, Pair, declare, degrees, terms, volume

WATCH = TakeWatch(by="north officer", echelon="deputy", languages=("en",))


class HandClock:
    """A clock that stands still, and steps when it is told to."""

    def __init__(self) -> None:
        self.step_ms = 0
        self.passed_ms = 60_000

    def now(self) -> Instant:
        return START.after(self.passed_ms)

    def stepped_ms(self) -> int:
        return self.step_ms


async def nowhere(*_: Any) -> tuple[int, bytes]:
    raise Unreachable("nobody is there")


def looped(work: Callable[[Loop, HandClock, Pair], Any]) -> list[str]:
    """Run `work` against a loop on north's runtime; return what on_unsafe was told."""
    told: list[str] = []

    async def go() -> None:
        pair, clock = Pair(), HandClock()
        loop = Loop(pair.north.runtime, clock, nowhere)
        loop.on_unsafe = told.append
        loop.start()
        await work(loop, clock, pair)
        for _ in range(5):
            await asyncio.sleep(0)
        await loop.stop()

    asyncio.run(go())
    return told


def test_a_command_is_handled_durably():
    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        before = pair.north.journal.check()[0]
        assert (await loop.submit(WATCH)).entries
        assert pair.north.journal.check()[0] > before

    assert looped(work) == []


def test_a_stepped_clock_is_said_once_and_refuses_what_waits():
    async def work(loop: Loop, clock: HandClock, _pair: Pair) -> None:
        clock.step_ms = 5_000
        for _ in range(2):
            with pytest.raises(Broken, match="the clock was moved by 5000 ms"):
                await loop.submit(WATCH)

    assert len(looped(work)) == 1


def test_a_fault_that_is_no_broken_is_one_all_the_same():
    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        def fault(*_: Any) -> None:
            raise Mistake("bad_keys", "a fault that nobody thought of")

        pair.north.runtime.submit = fault  # type: ignore[method-assign]
        with pytest.raises(Broken, match="a fault that nobody thought of"):
            await loop.submit(WATCH)

    (said,) = looped(work)
    assert "Mistake" in said


def test_what_a_query_finds_out_is_said_too():
    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        loop.runtime.break_off("the journal could not be written: disk full")
        loop.kick()

    assert looped(work) == ["the journal could not be written: disk full"]


def test_an_unsafe_node_answers_with_its_status_alone():
    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        queries = Queries(loop, NodeSettings(party="north", title="North"))
        loop.runtime.break_off("disk full")
        assert queries.ask("status", {}).unsafe == "disk full"
        for view, args in (("calls", {}), ("log", {"link": LINK}), ("notices", {})):
            with pytest.raises(Broken):
                queries.ask(view, args)

    looped(work)


@pytest.mark.parametrize(
    ("view", "args", "code"),
    [
        ("nope", {}, "no_such_view"),
        ("status", {"x": 1}, "bad_arguments"),
        ("log", {"link": "x"}, "no_such_link"),
        ("log", {"link": []}, "bad_arguments"),
        ("log", {"link": LINK, "last": "x"}, "bad_arguments"),
        ("carry", {"link": LINK, "start": -1}, "bad_arguments"),
        ("carry", {"link": LINK, "start": 10_000}, "beyond_feed"),
        ("admit", {"link": LINK, "body": "zz"}, "bad_arguments"),
        ("admit", {"link": LINK, "body": "00"}, "malformed"),
        ("receipt", {"link": LINK, "note": "00"}, "bad_receipt"),
        ("bundle", {"link": LINK, "path": "/nonexistent/x"}, "cannot_write"),
    ],
)
def test_a_wrong_question_is_a_mistake(view: str, args: dict[str, Any], code: str):
    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        queries = Queries(loop, NodeSettings(party="north", title="North"))
        with pytest.raises(Mistake) as caught:
            queries.ask(view, args)
        assert caught.value.code == code

    assert looped(work) == []


def test_standing_notices_are_compared_again_between_other_work():
    async def work(loop: Loop, clock: HandClock, pair: Pair) -> None:
        _amended(pair)
        loop.kick()
        link = pair.north.runtime.state.links[LINK]
        began = link.recheck
        assert began is not None
        # What a person asks for is done while the rest waits, and not after it.
        call = OpenCall(
            by="officer",
            link=LINK,
            precedence=Precedence.FLASH,
            phrases=(Stop(place=degrees(35.3, 40.1), radius_cm=50_000),),
        )
        assert (await loop.submit(call)).entries
        assert link.recheck is not None
        assert link.recheck.done <= began.done + 1
        # A call of ours waits for its first ring: until it does, nothing more is compared.
        done = link.recheck.done
        for _ in range(20):
            await asyncio.sleep(0)
        assert link.recheck.done == done
        clock.passed_ms += 1_000_000
        for _ in range(200):
            loop.kick()
            await asyncio.sleep(0)
        assert link.recheck is None
        assert pair.north.codes().count("recheck_done") == 1

    assert looped(work) == []


def _amended(pair: Pair) -> None:
    """Have both sides hold notices, and agree to other minima."""
    for node in (pair.north, pair.south):
        for number in range(6):
            node.do(declare(volume(35 + number / 10, 40.1)), pair.now)
        pair.settle()
    wider = terms(version=2, minima=Minima(horizontal_cm=900_000, vertical_cm=0, time_ms=0))
    pair.north.do(Propose(by="o", terms=wider), pair.now)
    pair.settle()
    pair.south.do(Agree(by="o", link=LINK, hash=hash_of(wider)), pair.now)
    pair.settle()
