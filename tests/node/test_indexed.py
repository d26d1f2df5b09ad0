"""Where a node keeps its index changes nothing that it says, only what its status tells."""

from __future__ import annotations

import pytest

from clearline.core.events import Revise, Withdraw
from clearline.node import views
from clearline.node.runtime import Runtime, open_runtime
from clearline.space import GridIndex, LayeredIndex
from clearline.stores.sqlite import SqliteJournal
from tests.kit import LINK, START, Node, Pair, declare, volume


class OnDisk(Node):
    """A node that indexes one notice of a side in memory and the rest in its journal's database."""

    def _open(self, at) -> Runtime:
        return open_runtime(
            self.journal,
            self.keys,
            self.effects.append,
            at,
            version="test",
            index=lambda: LayeredIndex(GridIndex(), 1, self.journal.index),
        )


@pytest.fixture
def on_disk(tmp_path) -> Pair:
    pair = Pair(opened=False)
    pair.north = OnDisk("north", SqliteJournal(tmp_path / "north.db"))
    pair.south = OnDisk("south", SqliteJournal(tmp_path / "south.db"))
    pair.open()
    yield pair
    for node in (pair.north, pair.south):
        node.journal.close()


def a_day(pair: Pair) -> None:
    """Declare, revise and withdraw on both sides, in batches and alone."""
    made = [pair.north.do(declare(volume(35.2 + i / 30)), pair.now) for i in range(6)]
    pair.settle()
    pair.south.runtime.submit([declare(volume(35.3 + i / 20)) for i in range(4)], pair.now)
    pair.settle()
    pair.north.do(Revise(by="planner", notice=made[0], volumes=(volume(35.45),)), pair.now)
    pair.north.do(Withdraw(by="planner", notice=made[3]), pair.now)
    pair.settle()


def feeds(node: Node) -> list[bytes]:
    return [
        row.raw
        for party in ("north", "south")
        for row in node.journal.rows(LINK, party, 0, node.journal.feed_size(LINK, party))
    ]


def test_a_node_says_the_same_wherever_its_index_lies(on_disk):
    plain = Pair()
    for pair in (on_disk, plain):
        a_day(pair)
    for one, other in ((on_disk.north, plain.north), (on_disk.south, plain.south)):
        assert feeds(one) == feeds(other)
        assert any(b"conflict.found" in raw for raw in feeds(one))
        assert any(b"conflict.cleared" in raw for raw in feeds(one))


def test_a_restart_fills_the_index_on_disk_again_from_the_journal(on_disk, tmp_path):
    a_day(on_disk)
    before = on_disk.north.runtime.state.notices.indexed()
    on_disk.north.journal.close()
    on_disk.north.journal = SqliteJournal(tmp_path / "north.db")
    on_disk.north.restart(START.after(60_000))
    assert on_disk.north.runtime.state.notices.indexed() == before == (2, 7)
    said = on_disk.north.do(declare(volume(35.3)), on_disk.north.runtime.state.last)
    assert on_disk.north.runtime.state.conflicts.of_notice(said)


def test_the_status_says_where_the_index_lies(on_disk):
    index = views.status(on_disk.north.runtime, "north", on_disk.now).index
    assert (index.kind, index.in_memory, index.in_rtree) == ("memory", 0, 0)
    a_day(on_disk)
    index = views.status(on_disk.north.runtime, "north", on_disk.now).index
    assert (index.kind, index.in_memory, index.in_rtree) == ("memory and R*Tree", 2, 7)
