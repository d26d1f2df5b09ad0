"""Snapshots: the core's state and both feeds' edges at one event, as one value.

A snapshot is a view. One that is damaged, or of another format, is as good as none: the
journal is replayed from further back, and the outcome is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from clearline.core.state import State
from clearline.node.line import Line
from clearline.node.ports import Snapshot
from clearline.space import GridIndex, Index

__all__ = ["Edges", "pack", "unpack"]


class Edges(Struct, frozen=True, kw_only=True):
    """The right edges of both trees of one link."""

    own_size: int
    own_peaks: tuple[bytes, ...]
    their_size: int
    their_peaks: tuple[bytes, ...]


class _Kept(Struct, frozen=True, kw_only=True):
    core: bytes
    feeds: dict[str, Edges]


_decode = msgspec.msgpack.Decoder(_Kept).decode


def pack(state: State, lines: Iterable[Line]) -> Snapshot:
    """Return the snapshot of a state and its lines."""
    feeds = {
        line.link.id: Edges(
            own_size=line.own.size,
            own_peaks=line.own.peaks,
            their_size=line.theirs.size,
            their_peaks=line.theirs.peaks,
        )
        for line in lines
    }
    kept = _Kept(core=state.pack(), feeds=feeds)
    return Snapshot(seq=state.seq, state=msgspec.msgpack.encode(kept))


def unpack(
    snapshot: Snapshot, index: Callable[[], Index] = GridIndex
) -> tuple[State, dict[str, Edges]] | None:
    """Return the state and edges of a snapshot; None if it is damaged or of another format.

    `index` makes the state's indexes of notices.
    """
    try:
        kept = _decode(snapshot.state)
    except msgspec.MsgspecError:
        return None
    state = State.unpack(kept.core, index)
    if state is None or state.seq != snapshot.seq:
        return None
    return state, kept.feeds
