"""Restoring: memory as the journal leaves it, from the newest whole snapshot on.

The core is run over the same events again, and each feed that it makes is held, byte for byte,
against the one that was kept: what was in memory and not in the journal is gone, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from clearline.basis.faults import Broken, Mistake
from clearline.core.effects import Append
from clearline.core.events import Arrived
from clearline.core.state import State
from clearline.core.step import Core
from clearline.node import snapshots
from clearline.node.journaled import decode_event
from clearline.node.line import Line, Trust, open_lines
from clearline.node.ports import Journal, Keys
from clearline.record import Frontier, leaf_hash
from clearline.space import GridIndex, Index

__all__ = ["Memory", "restore"]


class Memory(NamedTuple):
    """What the journal leaves in memory."""

    core: Core
    lines: dict[str, Line]
    snapshot_at: int
    """The event at which the newest snapshot was begun; 0 if there is none."""


def restore(
    journal: Journal,
    keys: Keys,
    trust: Trust,
    count: int,
    index: Callable[[], Index] = GridIndex,
) -> Memory:
    """Return memory as the journal's `count` events leave it; `index` makes indexes of notices.

    Raises Broken if an event cannot be handled again, or if a feed, made again, differs by a byte
    from the one that was kept.
    """
    memory = _from_snapshot(journal, keys, trust, count, index)
    core, lines, _ = memory
    for record in journal.replay(core.state.seq):
        try:
            event = decode_event(record.event)
            effects = core.handle(event, record.at)
        except msgspec.MsgspecError as error:
            raise Broken(f"event {record.seq} cannot be read: {error}") from error
        except Mistake as mistake:
            raise Broken(f"event {record.seq} was handled once and is refused now") from mistake
        open_lines(lines, core.state.links, trust, journal, keys)
        for effect in effects:
            if isinstance(effect, Append):
                lines[effect.link].grow(effect)
        if isinstance(event, Arrived):
            lines[event.link].theirs.extend(leaf_hash(raw) for raw in event.entries)
    for line in lines.values():
        line.hold()
        line.outbox.peer_size = line.link.receipt_size
    return memory


def _from_snapshot(
    journal: Journal, keys: Keys, trust: Trust, count: int, index: Callable[[], Index]
) -> Memory:
    """Return memory as the newest snapshot has it; empty if there is none that can be used."""
    kept = journal.snapshot()
    lines: dict[str, Line] = {}
    if kept is None or kept.seq > count or (found := snapshots.unpack(kept, index)) is None:
        return Memory(Core(State(index)), lines, 0)
    state, feeds = found
    open_lines(lines, state.links, trust, journal, keys)
    for name, edges in feeds.items():
        lines[name].own = Frontier(edges.own_size, edges.own_peaks)
        lines[name].theirs = Frontier(edges.their_size, edges.their_peaks)
    return Memory(Core(state), lines, kept.seq)
