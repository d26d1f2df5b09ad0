"""The loop: whatever breaks, and whoever finds it, the node says LINE NOT SAFE exactly once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import Instant
from clearline.core import rechecking
from clearline.core import state as states
from clearline.core.effects import Tell
from clearline.core.events import Agree, OpenCall, Propose, TakeWatch
from clearline.core.terms import Precedence, hash_of
from clearline.node import loop as loops
from clearline.node.loop import Loop, Send, Unreachable
from clearline.node.outbox import MAX_PUSH, Push
from clearline.node.queries import Queries
from clearline.node.runtime import Outcome
from clearline.node.settings import NodeSettings
from clearline.phrasebook import Stop
from clearline.space import Minima
from tests.kit import LINK, START, Pair, declare, degrees, terms, volume

STOP = Stop(place=degrees(35.2, 40.2), radius_cm=50_000)
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


def looped(
    work: Callable[[Loop, HandClock, Pair], Any],
    sending: Callable[[Pair], Send] = lambda _: nowhere,
) -> list[str]:
    """Run `work` against a loop on north's runtime; return what on_unsafe was told."""
    told: list[str] = []

    async def go() -> None:
        pair, clock = Pair(), HandClock()
        loop = Loop(pair.north.runtime, clock, sending(pair))
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


def test_each_of_a_group_has_its_own_outcome():
    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        there, away = declare(volume(35.1, 40.1)), declare(volume(-60.0, 40.1))
        found = await loop.submit_all([there, away, there])
        outcomes = [each for each in found if isinstance(each, Outcome)]
        assert [len(each.entries) for each in outcomes] == [1, 0, 1]
        assert [each.mistake and each.mistake.code for each in outcomes][1] == "outside_area"
        loop.runtime.break_off("disk full")
        assert [type(each) for each in await loop.submit_all([there, there])] == [Broken] * 2
        loop.kick()

    assert looped(work) == ["disk full"]


def test_of_a_group_what_has_no_room_is_told_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "MAX_WAITING", 2)

    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        found = await loop.submit_all([declare(volume(35.1, 40.1))] * 3)
        assert [type(each) for each in found] == [Outcome, Outcome, BufferError]

    assert looped(work) == []


def test_a_push_is_on_its_way_before_more_bulk_is_taken():
    written: list[tuple[int, int]] = []

    def sending(pair: Pair) -> Send:
        async def send(push: Push, body: bytes) -> tuple[int, bytes]:
            await asyncio.sleep(0)  # A client hands its bytes on in another turn than it is asked.
            written.append((push.end, pair.north.runtime.state.links[LINK].own_size))
            reply = pair.south.runtime.admit(LINK, body, pair.now)
            return reply.status, reply.body

        return send

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        events = [declare(volume(35 + n / 100, 40.1), label=str(n)) for n in range(40)]
        async with asyncio.TaskGroup() as group:
            for event in events:
                group.create_task(loop.submit(event))
        for _ in range(200):
            await asyncio.sleep(0)

    assert looped(work, sending) == []
    declared = [(end, size) for end, size in written if end > written[0][0]]
    assert len(declared) > 2
    assert all(end == size for end, size in declared), "bulk was taken while a push waited"


def test_a_flash_goes_in_the_push_after_the_one_that_is_under_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "BULK_BUDGET_S", 10.0)  # So that each batch is as large as any.
    pushes: list[tuple[int, int]] = []
    answers = asyncio.Event()

    def sending(pair: Pair) -> Send:
        async def send(push: Push, body: bytes) -> tuple[int, bytes]:
            pushes.append((push.start, push.end))
            if len(pushes) > 1:
                await answers.wait()
            reply = pair.south.runtime.admit(LINK, body, pair.now)
            return reply.status, reply.body

        return send

    async def work(loop: Loop, _clock: HandClock, _pair: Pair) -> None:
        loop._bulk_batch = 40  # It grows to the most while these are taken.
        events = [declare(volume(35 + n / 1000, 40.1), label=str(n)) for n in range(600)]
        tasks = [asyncio.create_task(loop.submit(event)) for event in events]
        for _ in range(1_500):
            await asyncio.sleep(0)
        assert 3 * loops.MAX_BULK_BATCH < loop.runtime.backlog(LINK) <= MAX_PUSH
        before = len(pushes)
        call = OpenCall(by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,))
        (opened,) = (await loop.submit(call)).entries
        answers.set()
        while len(pushes) == before:  # noqa: ASYNC110 - the loop under test is plain
            await asyncio.sleep(0)
        assert pushes[before][1] > opened.index
        for task in tasks:
            task.cancel()

    assert looped(work, sending) == []


@pytest.mark.parametrize("incident", [False, True])
def test_the_network_goes_first_after_each_commit_of_bulk(
    incident: bool, monkeypatch: pytest.MonkeyPatch
):
    turn, commits = itertools.count(), []

    async def work(loop: Loop, clock: HandClock, pair: Pair) -> None:
        monkeypatch.setattr(loop.runtime, "backlog", lambda _link: 0)  # As while it is not UP.
        if incident:
            loop.heard(Tell(id="a", link=LINK, about="a", code="call_ringing", args={}))
        events = [declare(volume(35 + n / 1000, 40.1), label=str(n)) for n in range(60)]
        tasks = [asyncio.create_task(loop.submit(event)) for event in events]
        loop.runtime.before_commit = lambda: commits.append(at)
        while not all(task.done() for task in tasks):
            at = next(turn)
            await asyncio.sleep(0)

    assert looped(work) == []
    _stand_apart(commits)


def test_the_network_goes_first_after_each_commit_of_rechecking(monkeypatch: pytest.MonkeyPatch):
    turn, commits = itertools.count(), []

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        monkeypatch.setattr(loops, "MAX_RECHECK_US", 1)  # So that it takes many commits.
        monkeypatch.setattr(loops, "MIN_RECHECK_US", 1)
        loop._recheck_us = 1
        monkeypatch.setattr(loop, "_push_all", lambda _now: None)
        _amended(pair)
        assert rechecking.waiting(loop.runtime.state)
        recheck = loop._recheck
        monkeypatch.setattr(loop, "_recheck", lambda now: (commits.append(at), recheck(now)))
        loop.kick()
        while rechecking.waiting(loop.runtime.state):
            at = next(turn)
            await asyncio.sleep(0)

    assert looped(work) == []
    _stand_apart(commits)


def test_a_receipt_goes_with_the_next_commit_and_none_is_lost_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(loops, "SETTLE_S", 60)
    commits: list[int] = []
    nodes: list[Pair] = []

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        nodes.append(pair)
        loop.runtime.before_commit = lambda: commits.append(len(loop._routine))
        found = await loop.submit_all([declare(volume(35.1, 40.1))] * 64)
        assert all(isinstance(each, Outcome) and each.entries for each in found)
        # The first batch has eight events, and each may have a quarter more than the one before.
        assert len(commits) <= 8
        while loop.runtime.backlog(LINK):  # noqa: ASYNC110 - the runtime is plain
            await asyncio.sleep(0)

    assert looped(work, _answered_by_south) == []
    (pair,) = nodes
    assert pair.north.runtime.state.links[LINK].receipt_size > 64


def test_a_receipt_that_no_commit_takes_along_has_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "SETTLE_S", 0.0)

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        await loop.submit(declare(volume(35.1, 40.1)))
        link = pair.north.runtime.state.links[LINK]
        async with asyncio.timeout(10):
            while link.receipt_size < link.own_size:
                await asyncio.sleep(0)
                link = pair.north.runtime.state.links[LINK]

    assert looped(work, _answered_by_south) == []


async def _taking_a_snapshot(loop: Loop, pair: Pair) -> None:
    """Leave the node with a snapshot that was begun, of some ten parts."""
    for n in range(20):
        await loop.submit(declare(volume(35 + n / 50, 40.1)))
    loop.runtime.snapshot_every = 1
    await loop.submit(declare(volume(35.5, 40.2)))
    loop.runtime.snapshot_every = 1_000
    assert pair.north.journal.snapshot() is None


def test_a_node_with_nothing_to_do_ends_its_snapshot(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "PART", 2)
    monkeypatch.setattr(loops, "SETTLE_S", 0.0)

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        await _taking_a_snapshot(loop, pair)
        async with asyncio.timeout(10):
            while pair.north.journal.snapshot() is None:  # noqa: ASYNC110 - the journal is plain
                await asyncio.sleep(0)

    assert looped(work) == []


def test_a_node_that_is_stopped_ends_its_snapshot_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "PART", 2)
    monkeypatch.setattr(loops, "SETTLE_S", 60)
    nodes: list[Pair] = []

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        nodes.append(pair)
        await _taking_a_snapshot(loop, pair)

    assert looped(work) == []
    assert nodes[0].north.journal.snapshot() is not None


def test_the_rest_of_a_snapshot_crawls_while_a_call_has_not_rung(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "PART", 2)
    monkeypatch.setattr(loops, "SETTLE_S", 0.0)

    async def work(loop: Loop, _clock: HandClock, pair: Pair) -> None:
        await _taking_a_snapshot(loop, pair)
        commits: list[int] = []
        await loop.submit(OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)))
        monkeypatch.setattr(loops, "SETTLE_S", 60.0)
        loop.runtime.before_commit = lambda: commits.append(1)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(commits) <= 1
        assert pair.north.journal.snapshot() is None

    assert looped(work) == []


def _stand_apart(commits: list[int]) -> None:
    """Hold that between any two of several commits were the turns that are the network's."""
    gaps = [later - before for before, later in itertools.pairwise(commits)]
    assert len(gaps) > 2
    assert min(gaps) >= loops.ASIDE_TURNS


def _answered_by_south(pair: Pair) -> Send:
    async def send(_push: Push, body: bytes) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        reply = pair.south.runtime.admit(LINK, body, pair.now)
        return reply.status, reply.body

    return send


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
