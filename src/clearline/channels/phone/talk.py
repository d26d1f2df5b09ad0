"""One answered call: the message, again and again, until the code is keyed.

A bell first, if the message is not spoken yet: whoever took the telephone up must not hear
nothing. Keys are read while it speaks.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from clearline.channels.phone.keypad import MAX_WRONG, Keyed, Keypad
from clearline.channels.phone.line import Answered, Ended, Key, Line, LineEvent, Lost, Parted, Rang
from clearline.channels.phone.outcome import ACKNOWLEDGED, Next, Outcome
from clearline.channels.phone.speech import Sound, Spoken
from clearline.node.ports import Heard, Page, PageCause, PageResult

__all__ = ["Talk"]

PAUSE_S = 1.5
"""Silence between two times that the message is said."""
FAREWELL_S = 6.0
"""How long the last sentence may take before the call is ended."""
MAX_KEYS = 64
"""Keys of one call after which the rest is ignored."""


class Talk:
    """A call from its being answered to its end."""

    def __init__(
        self, line: Line, page: Page, spoken: asyncio.Task[Spoken], bell: Sound, heard: Heard
    ) -> None:
        self._line = line
        self._page = page
        self._spoken = spoken
        self._bell = bell
        self._heard = heard
        self._keypad = Keypad(page.code)
        self._keys = 0
        self._again_at = 0.0
        self._log = structlog.stdlib.get_logger("phone")

    async def run(self, within_s: float) -> Outcome:
        """Speak and listen; return how it ended, at the latest after so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while (now := loop.time()) < until:
            if now >= self._again_at:
                await self._say_all()
            event = await self._next(min(self._again_at, until))
            if event is not None and (outcome := await self._take(event)) is not None:
                return outcome
        return Outcome(PageCause.NO_CODE, self._in_vain("nobody keyed the code"))

    async def _next(self, until: float) -> LineEvent | None:
        """Return what the call tells next; None when it is time to speak again."""
        try:
            async with asyncio.timeout_at(until):
                return await self._line.inbox.next()
        except TimeoutError:
            return None

    async def _take(self, event: LineEvent) -> Outcome | None:
        match event:
            case Key(digit):
                return await self._key(digit)
            case Ended():
                return Outcome(PageCause.NO_CODE, self._in_vain("hung up without the code"))
            case Lost(reason):
                return Outcome(PageCause.OTHER, reason, Next.AT_ONCE)
            case Rang() | Answered() | Parted():
                return None

    async def _key(self, digit: str) -> Outcome | None:
        self._keys += 1
        if self._keys > MAX_KEYS:
            if self._keys == MAX_KEYS + 1:
                self._note("the telephone floods keys; they are ignored")
            return None
        match self._keypad.press(digit, asyncio.get_running_loop().time()):
            case Keyed.CODE:
                self._heard(PageResult.ACKNOWLEDGED, PageCause.NONE, ACKNOWLEDGED.phrase)
                return ACKNOWLEDGED
            case Keyed.WRONG:
                await self._say("wrong")
            case Keyed.LAST_WRONG:
                self._note(f"{MAX_WRONG} wrong codes; keys are ignored")
                await self._say("enough")
            case Keyed.NOTHING | Keyed.IGNORED:
                pass
        return None

    def _note(self, phrase: str) -> None:
        self._log.warning("phone_keys_ignored", page=self._page.id, phrase=phrase)
        self._heard(PageResult.DELIVERED, PageCause.NONE, phrase)

    def _in_vain(self, phrase: str) -> str:
        wrong, ignored = self._keypad.wrong, self._line.inbox.ignored_keys
        parts = [phrase]
        if wrong:
            parts.append(f"{wrong} wrong")
        if ignored or self._keys > MAX_KEYS:
            parts.append(f"{ignored + max(0, self._keys - MAX_KEYS)} keys ignored")
        return "; ".join(parts)

    async def _say_all(self) -> None:
        sound = self._bell
        if self._spoken.done():
            sound = self._spoken.result().message or self._bell
            await self._play(sound, PAUSE_S)
        else:
            await self._play(sound, 0.0)

    async def _say(self, name: str) -> None:
        if self._spoken.done() and (sound := getattr(self._spoken.result(), name)):
            await self._play(sound, PAUSE_S)

    async def _play(self, sound: Sound, pause_s: float) -> None:
        self._again_at = asyncio.get_running_loop().time() + sound.length_s + pause_s
        await self._line.play(sound.path)

    async def farewell(self, *, stays: bool) -> bool:
        """Say that the code was taken, so that nobody doubts it; then the call may end.

        If the officer `stays`, they are told that they may talk. Returns whether they are there.
        """
        said = self._last_words(stays=stays)
        if said is None:
            return True
        await self._line.play(said.path)
        until = asyncio.get_running_loop().time() + min(said.length_s, FAREWELL_S)
        while (event := await self._next(until)) is not None:
            if isinstance(event, Ended | Lost):
                return False
        return True

    async def on_the_line(self, path: Path) -> None:
        """Let the officer talk, until they hang up or the voice of the call is over."""
        await self._line.join(path)
        while not isinstance(await self._line.inbox.next(), Parted | Ended | Lost):
            pass

    def _last_words(self, *, stays: bool) -> Sound | None:
        if not self._spoken.done() or self._spoken.cancelled():
            return None
        spoken = self._spoken.result()
        return (spoken.stay if stays else None) or spoken.noted
