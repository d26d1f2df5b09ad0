"""Snapshots: the core's state and both feeds' edges at one event.

A snapshot is a view. One that is damaged, or of another format, is as good as none: the
journal is replayed from further back, and the outcome is the same to the byte.

It is written in parts, one with each commit, so that nothing waits until a hundred thousand
notices are packed. All parts tell of the event at which it was begun; until the last of them
is written there is no such snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec
from msgspec import Struct

from clearline.core.state import State
from clearline.node.line import Line
from clearline.node.ports import Snapshot, SnapshotPart
from clearline.space import GridIndex, Index

__all__ = ["Edges", "Taker", "pack", "unpack"]


class Edges(Struct, frozen=True, kw_only=True):
    """The right edges of both trees of one link."""

    own_size: int
    own_peaks: tuple[bytes, ...]
    their_size: int
    their_peaks: tuple[bytes, ...]


class _First(Struct, frozen=True, kw_only=True):
    """The first part: the first two of the core's, which are all of a small one, and the edges."""

    core: tuple[bytes, bytes]
    feeds: dict[str, Edges]


_decode = msgspec.msgpack.Decoder(_First).decode


def pack(state: State, lines: Iterable[Line]) -> Iterator[SnapshotPart]:
    """Return the parts of the snapshot of a state and its lines, each made when asked for.

    They tell of both as they are now.
    """
    feeds = {
        line.link.id: Edges(
            own_size=line.own.size,
            own_peaks=line.own.peaks,
            their_size=line.theirs.size,
            their_peaks=line.theirs.peaks,
        )
        for line in lines
    }
    seq = state.seq
    parts = state.parts()
    (head, _), (body, is_last) = next(parts), next(parts)
    first = msgspec.msgpack.encode(_First(core=(head, body), feeds=feeds))
    return (
        SnapshotPart(seq=seq, number=number, is_last=is_last, raw=raw)
        for number, (raw, is_last) in enumerate(chain([(first, is_last)], parts))
    )


def unpack(
    snapshot: Snapshot, index: Callable[[], Index] = GridIndex
) -> tuple[State, dict[str, Edges]] | None:
    """Return the state and edges of a snapshot; None if it is damaged or of another format.

    `index` makes the state's indexes of notices.
    """
    try:
        first = _decode(snapshot.parts[0])
    except (msgspec.MsgspecError, IndexError):
        return None
    state = State.of_parts((*first.core, *snapshot.parts[1:]), index)
    if state is None or state.seq != snapshot.seq:
        return None
    return state, first.feeds


class Taker:
    """What takes a snapshot every so many events, part by part."""

    def __init__(self, last: int = 0) -> None:
        """Go on from `last`, the event at which the last one was begun."""
        self.last = last
        self._parts: Iterator[SnapshotPart] | None = None

    @property
    def is_busy(self) -> bool:
        """Return whether one is under way."""
        return self._parts is not None

    def part(self, state: State, lines: Iterable[Line], every: int) -> SnapshotPart | None:
        """Return what the next commit adds to the one under way, or to one that is due now."""
        if self._parts is None and state.seq - self.last >= every:
            self._parts, self.last = pack(state, lines), state.seq
        if self._parts is None:
            return None
        part = next(self._parts)
        if part.is_last:
            self._parts = None
        return part
