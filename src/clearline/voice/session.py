"""Session: the voice of one call on one side: our officers, a leg to the counterpart, a recording.

Our officers are at a console, at telephones, or both. What they say goes into the recording's
left channel and to the counterpart's node, and to one another; what comes from there goes into
the right one and to each of them. The two sides are never mixed where it is kept.

It decides when there is nothing to go on with: nobody of ours there for a minute, or four
hours of talk. A recording that fails ends alone: people go on talking, and are told that
nothing is recorded any more.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from clearline.basis.faults import Mistake
from clearline.voice.bounds import ALONE_S, MAX_SESSION_MS, MAX_TELEPHONES
from clearline.voice.legs import Leg
from clearline.voice.messages import Event, Gone, State
from clearline.voice.mix import Mix
from clearline.voice.recorder import Recorder, Samples
from clearline.voice.recording import Recorded
from clearline.voice.telephone import Telephone

__all__ = ["Session"]

TURN_S = 0.1
SYNC_S = 1.0
SILENT_S = 5.0
"""A browser sends all the time: one that has sent nothing for so long is gone."""

_CONSOLE = "console"
_THEIRS = "theirs"

_log = structlog.get_logger("voice")


class Session:
    """One session; `tell` is given what the node has to know."""

    def __init__(self, name: str, path: Path, title: str, tell: Callable[[Event], None]) -> None:
        self.name = name
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._console: Leg | None = None
        self._peer: Leg | None = None
        self._telephones: dict[str, Telephone] = {}
        """By a name that is drawn for each: what it is as a source."""
        self._numbers = itertools.count(1)
        self._said = Mix(self._say, self._loop.time)
        self._listening = {_CONSOLE: Mix(self._say_console, self._loop.time)}
        """What each of ours hears."""
        self._console_lost = False
        self._attended_at = self._began
        self._ever = False
        self._told: State | None = None
        self._fault = ""
        self._over = False
        self._recorder: Recorder | None = None
        self._recorded: Recorded | None = None
        try:
            self._recorder = Recorder(path, title)
        except OSError as error:
            self._fault = _phrase(error)
        self._work = asyncio.create_task(self._run())
        self._show()

    async def hear(self, sdp: str) -> str:
        """Take our console's offer, in place of an earlier one's; return the answer."""
        await self._drop_console()
        leg = self._console = Leg(partial(self._ours, _CONSOLE), self._show)
        self._console_lost = False
        self._show()
        return await leg.accept(sdp)

    async def connect(self) -> str:
        """Return an offer for the counterpart's node."""
        return await (await self._new_peer()).offer()

    async def accept(self, sdp: str) -> str:
        """Take the counterpart's offer; return the answer."""
        return await (await self._new_peer()).accept(sdp)

    async def answered(self, sdp: str) -> None:
        """Take the counterpart's answer."""
        if self._peer is not None:
            await self._peer.answered(sdp)

    def telephone(self, path: Path, officer: str) -> None:
        """Have a telephone of ours talk, as soon as its call is handed over at `path`."""
        if len(self._telephones) >= MAX_TELEPHONES:
            raise Mistake("too_many", "As many telephones talk in this call as may.")
        name = f"telephone {next(self._numbers)}"
        made = Telephone(path, officer, partial(self._ours, name), self._show)
        self._telephones[name] = made
        self._listening[name] = Mix(made.say, self._loop.time)

    async def leave(self) -> None:
        """Let the console go."""
        await self._drop_console()
        self._show()

    async def end(self) -> Recorded | None:
        """End it; return the recording."""
        self._over = True
        self._work.cancel()
        self._write(self._loop.time() - self._began)
        if self._recorder is not None:
            self._recorded = self._recorder.close()
            self._recorder = None
        for name in list(self._telephones):
            self._drop_telephone(name)
        await self._drop_console()
        if self._peer is not None:
            await self._peer.close()
        return self._recorded

    async def _new_peer(self) -> Leg:
        if self._peer is not None:
            await self._peer.close()
        self._peer = Leg(self._theirs, self._show)
        self._show()
        return self._peer

    async def _drop_console(self) -> None:
        if self._console is not None:
            leg, self._console = self._console, None
            await leg.close()
            self._forget(_CONSOLE)

    def _drop_telephone(self, name: str) -> None:
        self._telephones.pop(name).close()
        del self._listening[name]
        self._forget(name)

    def _forget(self, source: str) -> None:
        for mix in (self._said, *self._listening.values()):
            mix.forget(source)

    def _ours(self, source: str, samples: Samples) -> None:
        self._said.take(source, samples)
        for name, mix in self._listening.items():
            if name != source:
                mix.take(source, samples)

    def _say(self, samples: Samples) -> None:
        """Let the other side hear, and keep, what is said here."""
        if self._recorder is not None:
            self._recorder.ours(samples)
        if self._peer is not None:
            self._peer.say(samples)

    def _say_console(self, samples: Samples) -> None:
        if self._console is not None:
            self._console.say(samples)

    def _theirs(self, samples: Samples) -> None:
        self._ever = True
        if self._recorder is not None:
            self._recorder.theirs(samples)
        for mix in self._listening.values():
            mix.take(_THEIRS, samples)

    async def _run(self) -> None:
        synced = self._began
        while True:
            await asyncio.sleep(TURN_S)
            now = self._loop.time()
            self._write(now - self._began)
            if now - synced > SYNC_S and self._recorder is not None:
                synced = now
                await self._sync(self._recorder)
            await self._look(now)
            self._show()

    def _write(self, elapsed_s: float) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.write(elapsed_s)
        except OSError as error:
            self._cut(error)

    async def _sync(self, recorder: Recorder) -> None:
        try:
            await asyncio.to_thread(recorder.sync)
        except OSError as error:
            self._cut(error)

    def _cut(self, error: OSError) -> None:
        """End the recording; the talk goes on, and everybody is told that it is not recorded."""
        assert self._recorder is not None
        self._fault = _phrase(error)
        _log.error("not_recorded", session=self.name, error=self._fault)
        self._recorded = self._recorder.close(cut=True)
        self._recorder = None

    async def _look(self, now: float) -> None:
        console = self._console
        if console is not None and console.state == "on":
            console.heard_at = console.heard_at or now
            if now - console.heard_at > SILENT_S:
                await self._lose_console()
            self._attended_at = now
        elif console is not None and console.state == "lost":
            await self._lose_console()
        for name, telephone in list(self._telephones.items()):
            if telephone.state == "on":
                self._attended_at = now
            elif telephone.state == "lost":
                self._drop_telephone(name)
        if now - self._attended_at > ALONE_S:
            self._tell(Gone(session=self.name, why="nobody"))
            self._attended_at = now
        if (now - self._began) * 1_000 > MAX_SESSION_MS:
            self._tell(Gone(session=self.name, why="too_long"))

    async def _lose_console(self) -> None:
        await self._drop_console()
        self._console_lost = True

    def _show(self) -> None:
        """Tell the node where this stands, if that has changed."""
        peer = self._peer
        console = self._console.state if self._console else "lost" if self._console_lost else "off"
        state = State(
            session=self.name,
            console=console,
            peer=peer.state if peer is not None else "off",
            theirs=peer is not None and peer.state == "on" and peer.hears(),
            ever=self._ever,
            telephones=tuple(
                each.officer for each in self._telephones.values() if each.state == "on"
            ),
            recorded=self._recorder is not None,
            fault=self._fault,
        )
        if state != self._told and not self._over:
            self._told = state
            self._tell(state)


def _phrase(error: OSError) -> str:
    return error.strerror or str(error)
