"""Ringing one telephone: from a page to its end, in as many calls as it takes.

It is dialled first and spoken meanwhile. A telephone that is busy or not answered is dialled
again after a pause, as often as the settings say; one whose driver died, or whose line was
taken by a more urgent call, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from clearline.basis.faults import Mistake
from clearline.channels.phone.line import Answered, Driver, Ended, Line, Lost, Rang
from clearline.channels.phone.outcome import ACKNOWLEDGED, Next, Outcome, of_ended
from clearline.channels.phone.speech import Speech, Spoken
from clearline.channels.phone.switchboard import Seat, Switchboard
from clearline.channels.phone.talk import Talk
from clearline.core.effects import Demand
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.talking import PutThrough
from clearline.node.ways import Phone as Settings

__all__ = ["Exchange", "Ringing"]

MAX_LOST = 5
"""How often one page is dialled again because a driver died with its call."""
PUT_THROUGH_S = 4.0
"""How long who has keyed the code waits to be told so, if voice is slow."""
HEAD_START_S = 0.5
"""How long a page that waits for a line is not spoken yet."""


class Exchange(NamedTuple):
    """What every page is rung through."""

    settings: Settings
    driver: Callable[[], Awaitable[Driver]]
    """Returns the driver, started; ChannelError if it cannot be."""
    switchboard: Switchboard
    speech: Speech
    calls: set[asyncio.Task[None]]
    """Calls under way, also of pages that nobody waits for any more."""
    put_through: PutThrough | None
    """Has an officer talk in the call that they have acknowledged; None where none can."""


class Ringing:
    """One page, while somebody wants it carried."""

    def __init__(self, page: Page, heard: Heard, uri: str, exchange: Exchange) -> None:
        self._page = page
        self._heard = heard
        self._uri = uri
        self._exchange = exchange
        self._settings = exchange.settings
        self._dialled = asyncio.Event()
        self._spoken = asyncio.create_task(self._speak())
        self._log = structlog.stdlib.get_logger("phone")

    async def run(self) -> None:
        """Ring until the code is keyed, or as long as it makes sense; tell what became of it."""
        try:
            outcome = await self._until_known()
        finally:
            if not self._spoken.cancel() and not self._spoken.cancelled():
                self._exchange.speech.forget(self._spoken.result())
        if outcome is not ACKNOWLEDGED:
            self._heard(PageResult.FAILED, outcome.cause, outcome.phrase)

    async def _speak(self) -> Spoken:
        """Speak while the telephone rings, and not while it could be dialled."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._dialled.wait(), HEAD_START_S)
        return await self._exchange.speech.of(self._page)

    async def _until_known(self) -> Outcome:
        redials, lost = self._settings.redials, MAX_LOST
        while True:
            outcome = await self._once()
            if outcome is None:  # A more urgent call has the line.
                continue
            if outcome.next is Next.AT_ONCE and lost:
                lost -= 1
            elif outcome.next is Next.REDIAL and redials:
                redials -= 1
                if outcome.cause is PageCause.NO_ANSWER:
                    phrase = f"{outcome.phrase}; dialled again"
                    self._heard(PageResult.HANDED, outcome.cause, phrase)
                await asyncio.sleep(self._settings.redial_pause_s)
            else:
                return outcome

    async def _once(self) -> Outcome | None:
        """Place one call; None if its line was taken by a more urgent one.

        The call is a task of its own: whoever has keyed the code is told so to the end, though
        nobody waits for this page any more.
        """
        known: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        call = asyncio.create_task(self._seated(known))
        self._exchange.calls.add(call)
        call.add_done_callback(self._exchange.calls.discard)
        try:
            return await known
        finally:
            # A future that is awaited is cancelled with whoever waits.
            if known.cancelled():
                call.cancel()

    async def _seated(self, known: asyncio.Future[Outcome | None]) -> None:
        """Hold a line for one call, and hang up when a more urgent one takes it."""
        board, page = self._exchange.switchboard, self._page
        async with board.seat(page.precedence, drill=page.drill) as seat:
            call = asyncio.create_task(self._call(seat, known))
            taken = asyncio.create_task(seat.taken.wait())
            try:
                await asyncio.wait((call, taken), return_when=asyncio.FIRST_COMPLETED)
                if taken.done() and not known.done():
                    self._log.warning("phone_line_taken", page=page.id)
                    known.set_result(None)
            finally:
                taken.cancel()
                call.cancel()
                broken, _ = await asyncio.gather(call, taken, return_exceptions=True)
                # Nobody may wait for a call that ended otherwise than by its outcome.
                if not known.done() and isinstance(broken, Exception):
                    known.set_exception(broken)
                elif not known.done():
                    known.cancel()

    async def _call(self, seat: Seat, known: asyncio.Future[Outcome | None]) -> None:
        try:
            driver = await self._exchange.driver()
            line = await driver.dial(self._uri)
        except ChannelError as error:
            known.set_result(Outcome(error.cause, error.phrase))
            return
        self._dialled.set()
        try:
            if (outcome := await self._until_answered(line)) is not None:
                known.set_result(outcome)
                return
            seat.answered = True
            self._heard(PageResult.DELIVERED, PageCause.NONE, "answered")
            bell = self._exchange.speech.bell
            talk = Talk(line, self._page, self._spoken, bell, self._heard)
            outcome = await talk.run(self._settings.talk_s)
            known.set_result(outcome)
            if outcome is ACKNOWLEDGED:
                await self._after(line, seat, talk)
        finally:
            await line.hang_up()

    async def _after(self, line: Line, seat: Seat, talk: Talk) -> None:
        """Let who has keyed the code talk, if they may; it is acknowledged whatever comes of it."""
        path = await self._put_through(line)
        if await talk.farewell(stays=path is not None) and path is not None:
            seat.talks = True
            self._log.info("phone_talks", page=self._page.id)
            await talk.on_the_line(path)

    async def _put_through(self, line: Line) -> Path | None:
        page, put_through = self._page, self._exchange.put_through
        if put_through is None or page.demand is not Demand.CALL or not line.joins:
            return None
        try:
            async with asyncio.timeout(PUT_THROUGH_S):
                return await put_through(page.what, page.who or page.echelon)
        except (Mistake, TimeoutError) as error:
            self._log.warning("phone_no_voice", page=page.id, error=str(error))
            return None

    async def _until_answered(self, line: Line) -> Outcome | None:
        """Wait for the call to be answered; return how it ended, if it was not."""
        rang = False
        try:
            async with asyncio.timeout(self._settings.ring_s):
                while True:
                    match await line.inbox.next():
                        case Rang():
                            if not rang:
                                self._heard(PageResult.HANDED, PageCause.NONE, "rings")
                            rang = True
                        case Answered():
                            return None
                        case Ended() as ended:
                            return of_ended(ended, rang=rang)
                        case Lost(reason):
                            return Outcome(PageCause.OTHER, reason, Next.AT_ONCE)
                        case _:  # A key before the call is answered is nobody's.
                            pass
        except TimeoutError:
            return of_ended(Ended(), rang=rang)
