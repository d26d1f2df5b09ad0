"""Paging: every way to a human, driven at once, and what became of each of them.

A ring becomes pages (`node.composing`), each in a task of its own: no channel is tried after
another, and none can hold another up. A page goes on until its call is answered, whatever
rung rings by then; the same way to the same officer is never tried twice at a time. What
becomes known goes to the core in order, in small batches, so that it never stands between
an officer and the node. What a human acknowledges by a channel is the same command as at
the console.

Each channel has a lane (`node.lane`), in which a FLASH waits behind nothing.

It holds nothing that is not in the journal: after a restart what should ring rings again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import structlog

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.core.effects import Demand, Effect, Hush, Ring
from clearline.core.events import (
    Acknowledge,
    AnswerTest,
    ChannelChecked,
    Command,
    ConfirmPresence,
    Event,
    Paged,
)
from clearline.core.rotation import DESK
from clearline.core.state import State
from clearline.node.composing import Composer, room_of
from clearline.node.lane import ChannelView, Key, Lane, Said, Way, plain
from clearline.node.ports import Outcome, Page, PageCause, PageResult
from clearline.node.ways import Paging

__all__ = ["ChannelView", "Pager", "Way"]

MAX_REMEMBERED = 20_000
"""Rings that are known to have been paged for; the oldest go first."""
MAX_UNDER_WAY = 20_000
"""Pages under way at once, of all channels: a thousand FLASH calls by twenty ways each."""
MAX_UNTOLD = 40_000
"""Results that may wait for the core; beyond it only the log has them."""
BATCH = 64
"""Results that are handed to the core at once: what a command may have to wait behind."""
TOGETHER_S = 0.02
"""Results wait so long for others: a commit of its own for each would hold up what rings."""
Submit = Callable[[Event], Awaitable[Outcome]]


class Pager:
    """Drives every channel of one node."""

    def __init__(
        self,
        ways: Sequence[Way],
        settings: Paging,
        language: str,
        state: Callable[[], State],
        submit: Submit,
        now: Callable[[], Instant],
    ) -> None:
        """`state` and `submit` are asked for once `start` has been called, and not before."""
        self._settings = settings
        self._language = language
        self._state = state
        self._submit = submit
        self._now = now
        self._lanes = {way.channel.name: Lane(way, settings.at_once, self) for way in ways}
        self._early: OrderedDict[str, Effect] | None = OrderedDict()
        """What was to be performed before the start; None from then on."""
        self._rung: OrderedDict[str, None] = OrderedDict()
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._of_what: dict[str, set[Key]] = {}
        self._answered: set[Key] = set()
        """By these a human is speaking to us: whoever has acknowledged is not hung up on."""
        self._hushed: set[Key] = set()
        """Pages that are ending: what they were about needs nobody any more."""
        self._again: dict[Key, tuple[Ring, Page]] = {}
        """What rang anew by these while they were ending: paged for as soon as they have."""
        self._others: set[asyncio.Task[None]] = set()
        self._untold: deque[Paged] = deque()
        self._any_untold = asyncio.Event()
        self._log = structlog.stdlib.get_logger("paging")

    def perform(self, effect: Effect) -> None:
        """Page for a ring, or end it at a hush. It neither blocks nor raises."""
        if not isinstance(effect, Ring | Hush):
            return
        if self._early is not None:
            self._early[effect.id] = effect
        elif isinstance(effect, Ring):
            self._ring(effect)
        else:
            self._hush(effect.what)

    def start(self) -> None:
        """Get the channels ready, each by itself, and page for all that has rung so far."""
        self.spawn(self._tell_core())
        for lane in self._lanes.values():
            self.spawn(lane.run())
        early, self._early = self._early or OrderedDict(), None
        for effect in early.values():
            self.perform(effect)

    async def stop(self) -> None:
        """End every page that is under way, and let the channels go."""
        self._early = OrderedDict()
        self._again.clear()
        for lane in self._lanes.values():
            lane.close()
        ending = [*self._tasks.values(), *self._others]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await asyncio.gather(*(lane.stop() for lane in self._lanes.values()))

    async def check(self, name: str = "") -> list[ChannelView]:
        """Try one channel, or all, now; return what was found."""
        await asyncio.gather(
            *(lane.check() for lane in self._lanes.values() if name in ("", lane.name))
        )
        return [view for view in self.views() if name in ("", view.name)]

    def views(self) -> list[ChannelView]:
        """Return every channel, by name."""
        return [self._lanes[name].view() for name in sorted(self._lanes)]

    # What the lanes need of their pager.

    def now(self) -> Instant:
        """Return the present instant."""
        return self._now()

    @property
    def check_every_s(self) -> int:
        """Return how often a channel that works is tried."""
        return self._settings.check_every_s

    def health(self, name: str) -> tuple[str, str, Instant] | None:
        """Return what the core knows of a channel: cause, detail, since when."""
        known = self._state().pages.channels.get(name)
        return (known.cause, known.detail, known.since) if known is not None else None

    async def checked(self, name: str, cause: PageCause, detail: str) -> None:
        """Make durable what trying a channel has shown."""
        event = ChannelChecked(channel=name, cause=cause.value, detail=plain(detail))
        with contextlib.suppress(Broken, BufferError):  # Said by the node itself, everywhere.
            await self._submit(event)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something beside all else, until the pager is stopped."""
        task = asyncio.get_running_loop().create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)
        return task

    def carry(self, key: Key, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run one page, until it is done or hushed."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[key] = task
        self._of_what.setdefault(key.what, set()).add(key)
        task.add_done_callback(lambda _: self._carried(key))
        return task

    def heard(self, ring: str, key: Key, page: Page, said: Said) -> None:
        """Take in what has become known of a page."""
        channel = key.channel
        self._tell(ring, channel, page, said)
        if said.result is PageResult.ACKNOWLEDGED:
            if key in self._tasks:
                self._answered.add(key)
            command = _command(page)
            if command is not None:
                self.spawn(self._acknowledge(command, page, channel))

    # Rings.

    def _ring(self, ring: Ring) -> None:
        if ring.id in self._rung:
            return
        self._rung[ring.id] = None
        if len(self._rung) > MAX_REMEMBERED:
            self._rung.popitem(last=False)
        if ring.demand is Demand.TEST and ring.channel == DESK:
            self._record(_at_the_desk(ring))
        composer = Composer(self._state(), self._language, self._is_full)
        for channel, page in composer.pages(ring, self._now()):
            self._page(ring, channel, page)

    def _is_full(self, channel: str) -> bool:
        lane = self._lanes.get(channel)
        return lane is not None and lane.way.full

    def _page(self, ring: Ring, channel: str, page: Page) -> None:
        lane = self._lanes.get(channel)
        if lane is None:
            why = f"No channel {channel} is set up on this node."
            self._tell(ring.id, channel, page, Said(PageResult.FAILED, PageCause.OTHER, why))
            return
        fault = lane.way.channel.address_fault(page.address)
        if fault is not None:
            said = Said(PageResult.FAILED, PageCause.ADDRESS, fault)
            self._tell(ring.id, channel, page, said)
            return
        key = Key(page.what, page.echelon, page.who, channel, page.address)
        if key in self._hushed:
            self._again[key] = (ring, page)  # It is being hung up: that is not ringing.
            return
        if key in self._tasks or key in lane.waiting_keys:
            return  # It rings there already, since an earlier rung or round.
        if len(self._tasks) >= MAX_UNDER_WAY or not lane.offer(ring.id, key, page):
            why = "As many pages wait already as may."
            self._tell(ring.id, channel, page, Said(PageResult.FAILED, PageCause.TOO_MANY, why))

    def _hush(self, what: str) -> None:
        for lane in self._lanes.values():
            lane.drop(what)
        for key in self._of_what.get(what, set()):
            self._hushed.add(key)
            self._again.pop(key, None)
            if key not in self._answered:
                self._tasks[key].cancel()

    def _carried(self, key: Key) -> None:
        self._tasks.pop(key, None)
        self._answered.discard(key)
        self._hushed.discard(key)
        keys = self._of_what.get(key.what)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self._of_what[key.what]
        if key in self._again:
            ring, page = self._again.pop(key)
            self._page(ring, key.channel, page)

    # What the core is told.

    def _tell(self, ring: str, channel: str, page: Page, said: Said) -> None:
        self._log.info(
            "page",
            what=page.what,
            echelon=page.echelon,
            channel=channel,
            result=said.result.value,
            cause=said.cause.value,
        )
        event = Paged(
            what=page.what,
            ring=ring,
            echelon=page.echelon,
            officer=page.who,
            channel=channel,
            result=said.result.value,
            cause=said.cause.value,
            detail=plain(said.detail),
        )
        self._record(event)

    def _record(self, event: Paged) -> None:
        if len(self._untold) >= MAX_UNTOLD:
            self._log.error("page_not_recorded", what=event.what, channel=event.channel)
            return
        self._untold.append(event)
        self._any_untold.set()

    async def _tell_core(self) -> None:
        """Hand the core what is known, in order, a few at a time."""
        while True:
            await self._any_untold.wait()
            await asyncio.sleep(TOGETHER_S)
            batch = [self._untold.popleft() for _ in range(min(BATCH, len(self._untold)))]
            if not self._untold:
                self._any_untold.clear()
            done = await asyncio.gather(*map(self._submit, batch), return_exceptions=True)
            for each in done:
                if isinstance(each, Broken):
                    return  # LINE NOT SAFE: said already, and nothing is recorded any more.
                if isinstance(each, BaseException):
                    self._log.error("page_not_recorded", error=str(each))

    async def _acknowledge(self, command: Command, page: Page, channel: str) -> None:
        """Have done what a human has asked for by a channel."""
        with contextlib.suppress(Broken, BufferError):
            outcome = await self._submit(command)
            if outcome.mistake is not None:
                # Somebody else was quicker, as may be: all were rung at once.
                # Its phrase may name an officer, and a log is not where names belong.
                self._log.info(
                    "late_answer", what=page.what, channel=channel, why=outcome.mistake.code
                )


def _at_the_desk(ring: Ring) -> Paged:
    """Return that a test call rings at a console: of each test it is kept what was tried."""
    return Paged(
        what=ring.what,
        ring=ring.id,
        echelon=ring.echelon,
        officer="",
        channel=DESK,
        result=PageResult.HANDED.value,
        cause=PageCause.NONE.value,
    )


def _command(page: Page) -> Command | None:
    """Return what a human asks for who acknowledges a page; None if nothing can be."""
    by = page.who or room_of(page.echelon)
    match page.demand:
        case Demand.CALL:
            return Acknowledge(by=by, call=page.what, echelon=page.echelon)
        case Demand.TEST:
            return AnswerTest(by=by, test=page.what)
        case Demand.PRESENCE:
            return ConfirmPresence(by=by, echelon=page.echelon)
        case Demand.CONFLICT | Demand.LINE:
            return None
