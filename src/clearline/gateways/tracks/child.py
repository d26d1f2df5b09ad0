"""Child: the node's end of its process of tracks: told which notices there are, and what is seen.

It looks at the node's notices and never touches them; what it holds is a copy of what the process
sees, for screens and the command line. When the process dies it is started again, every receiver
is LOST until then, and the node goes on as if nothing had been.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

import msgspec
import structlog

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.core.effects import Effect
from clearline.core.notices import Notice, NoticeState
from clearline.core.state import State
from clearline.gateways.tracks.messages import (
    LINE_BYTES,
    Alarmed,
    Begin,
    Belong,
    Command,
    Ended,
    Event,
    Heard,
    Listen,
    Notices,
    Seen,
    decode_event,
    encode,
)
from clearline.node import beside
from clearline.node.settings import TracksSettings
from clearline.node.tracks.track import (
    MAX_TRACKS,
    Alarm,
    Receiver,
    ReceiverState,
    Track,
    TracksView,
    Watched,
)
from clearline.node.tracks.watching import LOST_KEPT_MS
from clearline.space import Minima

__all__ = ["Child"]

STOP_S = 3.0
FIRST_AGAIN_S, LAST_AGAIN_S = 1.0, 30.0
"""A process that has died is started again after this, twice as long each time, up to the last."""
LOOK_S = 1.0
"""So often the notices are looked through even if nothing was told."""
SOON_S = 0.05
MOST_AT_ONCE = 100
"""Notices in one message: between two, the line has the thread."""
MAX_GONE = 2 * MAX_TRACKS
"""Ids of tracks that are gone, for screens that have not heard it yet."""

_log = structlog.get_logger("tracks")


class Child:
    """What one node sees of its tracks."""

    def __init__(
        self,
        settings: TracksSettings,
        home: Path,
        state: Callable[[], State],
        now: Callable[[], Instant],
    ) -> None:
        """`home` is where the files that the settings name are looked for."""
        self._settings = settings
        self._home = home
        self._state = state
        self._now = now
        self._told: Callable[[], None] = lambda: None
        self._receivers: dict[str, Receiver] = {}
        self._alarms: dict[str, Alarm] = {}
        self._alarms_left_out = 0
        self._orphans: dict[tuple[str, str], str] = {}
        """Alarms of a process that has died, by track and notice: none is known to be over."""
        self._orphaned_at = Instant(0)
        """When it died."""
        self._tracks: dict[str, tuple[int, Track]] = {}
        """In the order of their versions."""
        self._gone: deque[tuple[int, str]] = deque()
        self._left_out = 0
        self._floor = 0
        """Whoever has seen no more than this begins again."""
        self.version = 1
        self._known: dict[str, tuple[Notice, Minima]] = {}
        """The notices that the process was told of, as they were."""
        self._belongs: dict[str, str] = {}
        """What an officer said, for a process that has to be told again."""
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._work: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        if settings.places:
            self._lose("The process of tracks is starting.")

    @property
    def pid(self) -> int | None:
        """Return the process's id; None while there is none."""
        return self._process.pid if self._process is not None else None

    @property
    def receivers(self) -> Mapping[str, Receiver]:
        """Return every receiver, by its name."""
        return self._receivers

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """Return every alarm that stands, by its id."""
        return self._alarms

    def on_change(self, told: Callable[[], None]) -> None:
        """Call `told` whenever a receiver or an alarm changes."""
        self._told = told

    def start(self) -> None:
        """Begin, if a receiver is set up."""
        if self._settings.places:
            self._work = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End the process."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    def heard(self, effect: Effect) -> None:
        """Notice that the node has done something: its notices may be others now."""
        del effect
        if self._writer is not None:
            self._wanted.set()

    def view(self, most: int) -> TracksView:
        """Return what there is to see, with at most so many tracks: the newest reports first."""
        newest = islice((track for _, track in reversed(self._tracks.values())), most)
        return TracksView(
            receivers=tuple(self._receivers.values()),
            alarms=tuple(self._alarms.values()),
            alarms_left_out=self._alarms_left_out,
            tracks=tuple(newest),
            count=len(self._tracks),
            left_out=self._left_out,
        )

    @property
    def floor(self) -> int:
        """Return the version after which everything that there is can be told."""
        return self._floor

    def since(self, version: int, most: int) -> tuple[list[Track], list[str], int] | None:
        """Return tracks put and ids gone after a version, and the version that they make."""
        if version < self._floor:
            return None
        newer: list[tuple[int, Track]] = []
        for made, track in reversed(self._tracks.values()):
            if made <= version:
                break
            newer.append((made, track))
        part = newer[::-1][:most]
        until = part[-1][0] if len(part) < len(newer) else self.version
        gone = [name for made, name in self._gone if version < made <= until]
        return [track for _, track in part], gone, until

    def belong(self, track: str, notice: str) -> None:
        """Say that a track belongs to a notice of ours; to none, if it is empty."""
        if track not in self._tracks:
            raise Mistake("no_such_track", f"There is no track {track} now.")
        known = self._state().notices.by_id.get(notice) if notice else None
        if notice and (known is None or not known.mine or known.state is not NoticeState.ACTIVE):
            raise Mistake("no_notice_of_ours", f"{notice} is no active notice of ours.")
        if notice:
            self._belongs[track] = notice
        else:
            self._belongs.pop(track, None)
        self._say(Belong(track=track, notice=notice))

    # The process

    async def _run(self) -> None:
        again_s = FIRST_AGAIN_S
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._live()
                why = "The process of tracks has ended."
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                why = f"The process of tracks has failed: {type(error).__name__}: {error}"[:200]
            _log.error("tracks_process_ended", why=why)
            self._lose(why)
            if asyncio.get_running_loop().time() - began > LAST_AGAIN_S:
                again_s = FIRST_AGAIN_S
            await asyncio.sleep(again_s)
            again_s = min(again_s * 2, LAST_AGAIN_S)

    async def _live(self) -> None:
        """Run one process, from its start to its end."""
        # Its arrays are small: threads would only take the node's own core from it.
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process, ours = await beside.begun("clearline.gateways.tracks", env=env)
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
        telling = asyncio.create_task(self._tell_notices(self._writer))
        try:
            while line := await reader.readline():
                self._take(decode_event(line))
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            self._writer.close()
            self._writer = None
            await beside.ended(self._process, STOP_S)
            self._process = None

    async def _tell_notices(self, writer: asyncio.StreamWriter) -> None:
        """Tell the process which notices there are, as often as they may have changed."""
        self._known.clear()
        self._say(Begin(ahead_ms=self._settings.ahead_s * 1_000))
        await self._tell_differences(writer)
        # A notice that ended while there was no process has nothing that belongs to it.
        self._belongs = {t: n for t, n in self._belongs.items() if n in self._known}
        for track, notice in self._belongs.items():
            self._say(Belong(track=track, notice=notice))
        self._say(self._listen())
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wanted.wait()
            # What is declared in bulk comes a hundred times a second: it is told together.
            await asyncio.sleep(SOON_S)
            await self._tell_differences(writer)

    async def _tell_differences(self, writer: asyncio.StreamWriter) -> None:
        self._wanted.clear()
        put, gone = self._differences()
        self._forget_orphans()
        if gone:
            self._say(Ended(notices=tuple(gone)))
        for first in range(0, len(put), MOST_AT_ONCE):
            self._say(Notices(put=tuple(put[first : first + MOST_AT_ONCE])))
            await writer.drain()
            await asyncio.sleep(0)

    def _listen(self) -> Listen:
        settings = self._settings
        paths = (settings.authority_file, settings.certificate_file, settings.key_file)
        authority, certificate, key = (str(self._home / each) if each else "" for each in paths)
        return Listen(places=settings.places, authority=authority, certificate=certificate, key=key)

    def _differences(self) -> tuple[list[Watched], list[str]]:
        """Return what the process does not know yet, and what is no more."""
        state = self._state()
        minima = {link.id: link.terms.minima for link in state.links.values()}
        known, put = self._known, list[Watched]()
        active = 0
        for notice in state.notices.by_id.values():
            if notice.state is not NoticeState.ACTIVE or notice.link not in minima:
                continue
            active += 1
            before, wanted = known.get(notice.id), minima[notice.link]
            if before is not None and before[0] is notice and before[1] is wanted:
                continue
            known[notice.id] = notice, wanted
            same = before is not None and before[0].volumes == notice.volumes
            if not same or before is None or before[1] != wanted:
                put.append(_watched(notice, wanted))
        gone: list[str] = []
        if len(known) > active:
            gone = [name for name in known if not _stands(state, name, minima)]
            for name in gone:
                del known[name]
            ended = set(gone)
            self._belongs = {t: n for t, n in self._belongs.items() if n not in ended}
        return put, gone

    def _say(self, command: Command) -> None:
        if self._writer is not None:
            self._writer.write(encode(command))

    def _take(self, event: Event) -> None:
        match event:
            case Heard(receivers=receivers):
                self._receivers = {each.id: each for each in receivers}
                self._told()
            case Alarmed(put=put, over=over, left_out=left_out):
                again = [self._orphans.pop((each.track, each.notice), "") for each in put]
                self._alarms_left_out = left_out
                self._alarm({each.id: each for each in put}, [*over, *again])
            case Seen(put=put, gone=gone, left_out=left_out):
                self._left_out = left_out
                self._move(put, gone)

    def _alarm(self, put: dict[str, Alarm], over: Iterable[str]) -> None:
        changed = {**self._alarms, **put}
        for name in over:
            changed.pop(name, None)
        self._alarms = changed
        self._told()

    def _forget_orphans(self) -> None:
        kept = self._now().since(self._orphaned_at) < LOST_KEPT_MS
        over = {
            key: name
            for key, name in self._orphans.items()
            if not kept or key[1] not in self._known
        }
        if over:
            self._orphans = {k: v for k, v in self._orphans.items() if k not in over}
            self._alarm({}, over.values())

    def _move(self, put: tuple[Track, ...], gone: tuple[str, ...]) -> None:
        for name in gone:
            if self._tracks.pop(name, None) is not None:
                self.version += 1
                self._gone.append((self.version, name))
        for track in put:
            self._tracks.pop(track.id, None)
            self.version += 1
            self._tracks[track.id] = self.version, track
        while len(self._gone) > MAX_GONE:
            self._floor = self._gone.popleft()[0]

    def _lose(self, why: str) -> None:
        """Nothing is seen while there is no process; what was alarmed is not clear for that."""
        now = self._now()
        self._receivers = {
            place.name: Receiver(
                id=place.name,
                format=place.format.value,
                state=ReceiverState.LOST,
                since=now,
                last_at=known.last_at if (known := self._receivers.get(place.name)) else None,
                why=why,
                flooded=False,
            )
            for place in self._settings.places
        }
        self._alarms = {
            name: msgspec.structs.replace(each, lost=True, enters_at=None)
            for name, each in self._alarms.items()
        }
        self._orphaned_at = now
        self._orphans = {(each.track, each.notice): each.id for each in self._alarms.values()}
        self._tracks.clear()
        self._gone.clear()
        self.version += 1
        self._floor = self.version
        self._told()


def _watched(notice: Notice, minima: Minima) -> Watched:
    return Watched(
        id=notice.id, link=notice.link, mine=notice.mine, minima=minima, volumes=notice.volumes
    )


def _stands(state: State, name: str, minima: Mapping[str, Minima]) -> bool:
    notice = state.notices.by_id.get(name)
    return notice is not None and notice.state is NoticeState.ACTIVE and notice.link in minima
