"""The picture: everything that a console shows, and what of it has changed.

A console takes the whole picture once and then frame after frame. A frame holds the items
that are new or different, and the ids of those that are gone; it can be applied twice, and
it needs no other frame to be understood. Frames are numbered without a gap. The last of
them are kept, so that a console which was cut off goes on where it was; one that comes too
late, or from before the node's start, takes the whole picture again.

Nothing here decides anything: it looks at the core's state after each change. The core's
nouns are frozen, so whatever is not the same object as last time has changed; nothing can
change unseen.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import structlog
from msgspec import Raw, Struct

from clearline.basis.instants import Instant
from clearline.core.effects import Alert, Effect, Hush, Ring, Tell
from clearline.core.links import LinkState
from clearline.node.runtime import Runtime
from clearline.node.talking import Talk
from clearline.node.tracks.track import Tracking
from clearline.web.calls import call_item
from clearline.web.endpoint import encode
from clearline.web.items import (
    LineItem,
    NodeItem,
    Seen,
    conflict_item,
    line_item,
    link_item,
    notice_item,
    terms_item,
    test_item,
    watch_item,
)

__all__ = ["KINDS", "Frame", "Picture"]

KINDS = (
    "node", "links", "terms", "watch", "notices", "conflicts", "calls", "tests", "lines", "talks",
    "receivers", "track_alarms", "seen",
)  # fmt: skip
"""The lists of a picture, in the order in which a frame gives them."""

MAX_FRAMES = 2_000
MAX_FRAME_BYTES = 32 << 20
"""So many frames, and bytes of them, are kept for a console that was cut off."""
MAX_LINES = 200
"""Lines that a console which has just been opened can look back on; the record keeps the rest."""
MAX_SEEN = 2_000
_WELL = frozenset({LinkState.UP, LinkState.LATE})

_log = structlog.get_logger("clearline.web")


class Frame(Struct, frozen=True, kw_only=True):
    """One numbered change of the picture, as it is sent."""

    number: int
    raw: bytes
    """JSON: `at`, `put` (kind to items), `gone` (kind to ids)."""


class Picture:
    """What the consoles of one running node show."""

    def __init__(
        self,
        runtime: Runtime,
        party: str,
        title: str,
        version: str,
        started: Instant,
        talks: Callable[[], Mapping[str, Talk]] = dict,
        tracks: Tracking | None = None,
    ) -> None:
        self._runtime = runtime
        self._party = party
        self._title = title
        self._version = version
        self._talks = talks
        self._tracks = tracks
        self.boot = f"{int(started):x}"
        """Tells frames of this run of the node from those of another."""
        self.number = 0
        self.frames: deque[Frame] = deque()
        self.listening: Counter[str] = Counter()
        """Consoles that listen, by officer."""
        self._bytes = 0
        self._known: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        """For each item the object that it was made from: what is compared."""
        self._raw: dict[str, dict[str, bytes]] = {kind: {} for kind in KINDS}
        self._lines: dict[str, LineItem] = {}
        self._seen: dict[str, Seen] = {}
        self._news = asyncio.Event()

    def heard(self, effect: Effect, now: Instant) -> bool:
        """Take in what the desks are told; return whether it cannot wait for the next frame."""
        match effect:
            case Tell(code="paged"):
                return False  # Shown in what it is about; two hundred would push all else out.
            case Tell() | Alert():
                self._lines[effect.id] = line_item(effect, now)
                while len(self._lines) > MAX_LINES:
                    del self._lines[next(iter(self._lines))]
                return isinstance(effect, Alert)
            case Ring() | Hush():
                return True
            case _:
                return False

    def see(self, item: str, officer: str, now: Instant) -> None:
        """Remember that an officer has seen an alarm. It is local, and ends with the node's run.

        It holds while the alarm does: a link that fails again, or a conflict that comes back,
        is another alarm.
        """
        self._seen[item] = Seen(id=item, officer=officer, at=now)
        while len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]

    def refresh(self, now: Instant) -> bool:
        """Look for what has changed; return whether there is a new frame."""
        self._forget_seen(now)
        put: dict[str, list[Raw]] = {}
        gone: dict[str, list[str]] = {}
        for kind, sources, make in self._lists(now):
            added, removed = self._compare(kind, sources, make)
            if added:
                put[kind] = added
            if removed:
                gone[kind] = removed
        if not put and not gone:
            return False
        self.number += 1
        raw = encode({"at": now, "put": put, "gone": gone})
        self.frames.append(Frame(number=self.number, raw=raw))
        self._bytes += len(raw)
        while len(self.frames) > MAX_FRAMES or (
            self._bytes > MAX_FRAME_BYTES and len(self.frames) > 1
        ):
            self._bytes -= len(self.frames.popleft().raw)
        self._news.set()
        self._news = asyncio.Event()
        return True

    def whole(self, now: Instant) -> list[bytes]:
        """Return the whole picture as pieces of one JSON document, with its place in the stream."""
        pieces = [b'{"seq":"%s","at":"%s"' % (self.seq.encode(), str(now).encode())]
        for kind in KINDS:
            pieces.append(b',"%s":[' % kind.encode())
            pieces.append(b",".join(self._raw[kind].values()))
            pieces.append(b"]")
        pieces.append(b"}")
        return pieces

    @property
    def seq(self) -> str:
        """Return the name of the newest frame: `<boot>-<number>`."""
        return f"{self.boot}-{self.number}"

    def after(self, seq: str, most: int = MAX_FRAMES) -> list[Frame] | None:
        """Return the frames after the one named, the first `most` of them.

        None if they cannot all be given.
        """
        boot, _, text = seq.partition("-")
        if boot != self.boot or not text.isdecimal() or len(text) > 15:
            return None
        number = int(text)
        if number > self.number:
            return None
        missed = self.number - number
        if missed > len(self.frames):
            return None
        first = len(self.frames) - missed
        return list(islice(self.frames, first, first + most))

    async def news(self) -> None:
        """Return when there is a frame that was not there when this was called."""
        await self._news.wait()

    def _forget_seen(self, now: Instant) -> None:
        state = self._runtime.state
        for item in [*self._seen]:
            link = state.links.get(item)
            if link is not None:
                over = link.state_at(now) in _WELL and not link.peer_unsafe
            else:  # A conflict's key joins two ids; whatever else was seen stays seen.
                over = "+" in item and item not in state.conflicts.by_key
            if over:
                del self._seen[item]

    def _lists(
        self, now: Instant
    ) -> Iterable[tuple[str, Mapping[str, Any], Callable[[Any], Struct]]]:
        state = self._runtime.state
        yield "node", {"node": self._node()}, _itself
        yield "links", {link.id: link_item(link, now) for link in state.links.values()}, _itself
        yield (
            "terms",
            {link.id: link.agreement for link in state.links.values()},
            lambda agreement: terms_item(self._link_of(agreement)),
        )
        yield "watch", state.roster.desks, watch_item
        yield "notices", state.notices.by_id, notice_item
        yield "conflicts", state.conflicts.by_key, conflict_item
        yield (
            "calls",
            {key: (call, state.pages.of(key)) for key, call in state.calls.by_id.items()},
            lambda source: call_item(state, source[0]),
        )
        yield "tests", state.tests.by_id, test_item
        yield "lines", self._lines, _itself
        yield "talks", self._talks(), _itself
        yield "receivers", self._tracks.receivers if self._tracks else {}, _itself
        yield "track_alarms", self._tracks.alarms if self._tracks else {}, _itself
        yield "seen", self._seen, _itself

    def _link_of(self, agreement: Any) -> Any:
        links = self._runtime.state.links.values()
        return next(link for link in links if link.agreement is agreement)

    def _node(self) -> NodeItem:
        return NodeItem(
            id="node",
            party=self._party,
            title=self._title,
            version=self._version,
            unsafe=self._runtime.unsafe,
            open=self.listening.total(),
            test_hours=self._runtime.state.rotation.hours,
        )

    def _compare(
        self, kind: str, sources: Mapping[str, Any], make: Callable[[Any], Struct]
    ) -> tuple[list[Raw], list[str]]:
        known, raw = self._known[kind], self._raw[kind]
        added: list[Raw] = []
        for key, source in sources.items():
            before = known.get(key)
            # Identity first: ten thousand notices are looked through in a millisecond.
            if before is source:
                continue
            known[key] = source
            if before is not None and before == source:
                continue
            try:
                raw[key] = encode(make(source))
            except Exception as error:  # noqa: BLE001
                # A fault of ours in one item: every other call has to be on the screens.
                _log.error("not_shown", kind=kind, id=key, error=f"{type(error).__name__}: {error}")
                continue
            added.append(Raw(raw[key]))
        removed: list[str] = []
        if len(known) > len(sources):
            removed = [key for key in known if key not in sources]
            for key in removed:
                del known[key]
                raw.pop(key, None)
        return added, removed


def _itself(item: Any) -> Struct:
    return item
