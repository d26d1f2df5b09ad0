"""Turns: however much is asked of the record at once, the line has the thread between slices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from clearline.node import evidence
from clearline.node.runtime import Runtime
from clearline.record.audit import verify
from clearline.record.bundle import pack
from clearline.stores.memory import MemoryJournal
from clearline.web.api import Api
from clearline.web.endpoint import Asked
from clearline.web.record import BLOCK, LogQuery
from tests.kit import LINK, Node, Pair, declare, volume

ASKED = 12


class Counting(MemoryJournal):
    """A journal that counts what is read of the record."""

    reads = 0
    read = 0
    """Entries."""

    def rows(self, link: str, party: str, start: int, end: int) -> Iterable[Any]:
        rows = list(super().rows(link, party, start, end))
        self.reads += 1
        self.read += len(rows)
        return rows


class Here:
    """What the console needs of a node, without one running."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime


def long_record() -> tuple[Pair, Counting]:
    """Return two nodes, of which north has a record of several slices."""
    pair = Pair(opened=False)
    journal = Counting()
    pair.north = Node("north", journal)
    pair.open()
    notice = declare(volume())
    for _ in range(4 * BLOCK):
        pair.north.do(notice, pair.now)
    pair.settle()
    journal.reads = 0
    return pair, journal


@pytest.mark.parametrize("what", ["log", "about"])
def test_however_many_look_the_record_through_one_slice_is_read_between_two_turns(
    what: str,
) -> None:
    pair, journal = long_record()
    none = cast("Any", None)
    api = Api(cast("Any", Here(pair.north.runtime)), none, Path(), none, none, none)
    row = next(each for each in api.endpoints() if each.name == what)
    oldest = next(iter(pair.north.runtime.state.notices.by_id))
    request: Any = type("Request", (), {"path_params": {"id": oldest}})()
    query = LogQuery(link=LINK, text="nobody says this")
    asked = Asked(request=request, officer="x", session=None, now=pair.now, query=query)
    in_one_turn: list[int] = []

    async def line() -> None:
        while True:
            before = journal.read
            await asyncio.sleep(0)
            in_one_turn.append(journal.read - before)

    async def everybody() -> None:
        beside = asyncio.create_task(line())
        await asyncio.gather(*(row.handler(asked) for _ in range(ASKED)))
        beside.cancel()

    asyncio.run(everybody())
    assert journal.reads >= 4 * ASKED, "each has looked the whole record through"
    few = 2 * len(f"{4 * BLOCK:b}")
    blocks = 3 * BLOCK + few
    assert max(in_one_turn) <= blocks, "a block of either feed, one that another begins, halvings"


def test_a_bundle_that_is_gathered_while_the_record_grows_is_of_one_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "_ROWS_AT_ONCE", 2)
    pair = Pair()
    for _ in range(8):
        pair.north.do(declare(), pair.now)
        pair.south.do(declare(), pair.now)
    pair.settle()
    runtime = pair.north.runtime
    sizes = (runtime.state.link(LINK).own_size, runtime.state.link(LINK).their_size)
    steps = evidence.gathering(runtime, LINK, pair.now)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            contents = done.value
            break
        pair.north.do(declare(), pair.now)
        pair.south.do(declare(), pair.now)
        pair.settle()
    assert tuple(len(feed.entries) for feed in contents.feeds) == sizes
    assert runtime.state.link(LINK).own_size > sizes[0], "it has grown meanwhile"
    assert verify(pack(contents)).faults == ()
