"""Either push or pull alone suffices; and an old copy of a journal is found out."""

from __future__ import annotations

import asyncio

import pytest

from clearline.basis.faults import Broken
from clearline.node.pulling import pull
from clearline.record import tiles
from tests.kit import LINK, Node, Pair, declare, volume


class Reach:
    """One node's runtime, read as its server would let a counterpart read it."""

    def __init__(self, node: Node, pair: Pair) -> None:
        self._node = node
        self._pair = pair

    async def get(self, link: str, url: str, path: str, limit: int) -> tuple[int, bytes]:
        party, _, what = path.partition("/")
        if what == "checkpoint":
            return 200, self._node.runtime.checkpoint(link)[1]
        index, width = tiles.parse_bundle_path(what)
        start = index * tiles.TILE_WIDTH
        rows = self._node.journal.rows(link, party, start, start + width)
        raw = tiles.entry_bundle([row.raw for row in rows])
        return 200, raw[:limit]

    async def offer(self, link: str, url: str, note: bytes) -> int:
        self._node.runtime.carried_receipt(link, note, self._pair.now)
        return 200


def pulled(pair: Pair) -> int:
    """North reads south's feed."""
    line = pair.north.runtime.lines[LINK]
    reach = Reach(pair.south, pair)
    return asyncio.run(
        pull(pair.north.runtime, line, "https://south.invalid", reach, lambda: pair.now)
    )


def test_a_pull_brings_what_no_push_brought_and_the_receipt_goes_back():
    pair = Pair()
    south = pair.south.runtime.state.links[LINK]
    for number in range(300):
        pair.south.do(declare(volume(34.5 + number / 200, 39.0)), pair.now)
    behind = south.own_size - pair.north.runtime.state.links[LINK].their_size

    assert pulled(pair) == behind

    assert pair.north.runtime.state.links[LINK].their_size == south.own_size
    assert south.receipt_size == south.own_size
    assert pulled(pair) == 0


def test_a_pull_and_a_push_of_the_same_entries_do_no_harm_to_each_other():
    pair = Pair()
    pair.south.do(declare(), pair.now)
    pulled(pair)
    pair.settle()
    assert pair.north.runtime.backlog(LINK) == 0
    assert pair.south.runtime.backlog(LINK) == 0


def test_a_node_that_has_lost_entries_it_signed_says_line_not_safe():
    pair = Pair()
    early = Pair()
    for number in range(3):
        pair.south.do(declare(volume(35 + number / 10, 39.0)), pair.now)
    pair.settle()
    note = pair.south.runtime.checkpoint(LINK)[1]

    with pytest.raises(Broken, match="is not the one that was written"):
        early.south.runtime.hold_against(LINK, note)
    assert early.south.runtime.unsafe is not None


def test_a_node_is_not_stopped_by_a_checkpoint_that_it_did_not_sign():
    pair = Pair()
    note = pair.south.runtime.checkpoint(LINK)[1]
    pair.north.runtime.hold_against(LINK, note)
    assert pair.north.runtime.unsafe is None


def test_a_damaged_feed_carried_by_hand_is_refused_and_disputes_nothing():
    pair = Pair()
    pair.south.do(declare(), pair.now)
    start = pair.south.runtime.state.links[LINK].receipt_size
    (body,) = pair.south.runtime.carry(LINK, start)
    damaged = body.replace(b'"late":', b'"lame":')
    assert damaged != body

    reply = pair.north.runtime.admit(LINK, damaged, pair.now, carried=True)

    assert (reply.status, reply.reason) == (400, "damaged")
    assert not pair.north.runtime.state.links[LINK].disputed
    assert pair.north.runtime.admit(LINK, body, pair.now, carried=True).status == 200


def test_the_release_log_says_what_left_who_asked_and_what_was_done_to_it():
    pair = Pair()
    pair.north.do(declare(by="Maj A.K."), pair.now)
    last = pair.north.journal.releases(LINK, 1)[0]
    assert (last.kind, last.by, last.changes) == ("notice.declared", "Maj A.K.", ("rounded",))
