"""Lane: one channel, what waits for it, what it carries, and whether it works.

So many pages may wait for a channel to take them over; the rest queue, the most urgent
first. A FLASH is in no queue: it goes at once, however many are there.

A channel is tried on a schedule, without disturbing anybody, and whenever a page has failed
by it: one that fails is seen before it is needed. Whatever a channel does or fails to do, it
is only ever its own page that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Coroutine
from typing import Protocol

import structlog
from msgspec import Struct

from clearline.basis.instants import SECOND_MS, Instant
from clearline.core.terms import Precedence
from clearline.node.ports import Channel, ChannelError, Page, PageCause, PageResult

__all__ = ["ChannelView", "Driver", "Key", "Lane", "Said", "Way", "plain"]

MAX_WAITING = 2_000
"""Pages that may wait in one channel's lane."""
FIRST_WORD_S = 150.0
"""A channel that says nothing of a page for so long is taken to have failed. Each has a
shorter time-out of its own; this is for one that breaks its word."""
CHECK_S = 30.0
"""How long trying one channel may take."""
FAILING_CHECK_S = 30.0
"""A channel that fails is tried again so soon, for its recovery to be seen."""
SOON_S = 5.0
"""A channel with which a page has just failed is tried, unless it was so shortly ago."""
START_S = 15.0
"""How long a channel may take to get ready before pages are handed to it all the same."""
MAX_DETAIL = 200
"""Characters of a channel's own words that are kept."""

URGENCY = {
    Precedence.FLASH: 0,
    Precedence.IMMEDIATE: 1,
    Precedence.PRIORITY: 2,
    Precedence.ROUTINE: 3,
}
OF_THE_CHANNEL = frozenset(
    {PageCause.UNREACHABLE, PageCause.CREDENTIALS, PageCause.TIMEOUT, PageCause.OTHER}
)
"""Causes that may be the channel's own, and not the address's or the human's."""


class Way(Struct, frozen=True):
    """A channel as this node uses it."""

    channel: Channel
    full: bool
    """Whether what a call says may leave by it, or only that one waits."""


class ChannelView(Struct, frozen=True, kw_only=True):
    """One channel, for a person who wants to know whether it works."""

    name: str
    text: str
    """`full` or `summons`."""
    works: bool | None
    """None before it was first tried."""
    cause: str
    detail: str
    since: Instant | None
    checked_at: Instant | None
    next_at: Instant | None
    under_way: int
    """Pages that it is carrying now."""


class Key(Struct, frozen=True):
    """One way to one officer, for one thing: it is tried once at a time."""

    what: str
    echelon: str
    who: str
    channel: str
    address: str


class Said(Struct, frozen=True):
    """What has become known of a page."""

    result: PageResult
    cause: PageCause
    detail: str


class Driver(Protocol):
    """Whoever drives all channels: `node.paging`."""

    @property
    def check_every_s(self) -> int:
        """Return how often a channel that works is tried."""
        ...

    def now(self) -> Instant:
        """Return the present instant."""
        ...

    def health(self, name: str) -> tuple[str, str, Instant] | None:
        """Return what the core knows of a channel: cause, detail, since when."""
        ...

    async def checked(self, name: str, cause: PageCause, detail: str) -> None:
        """Make durable what trying a channel has shown."""
        ...

    def heard(self, ring: str, key: Key, page: Page, said: Said) -> None:
        """Take in what has become known of a page."""
        ...

    def carry(self, key: Key, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run one page, until it is done or hushed."""
        ...

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something beside all else, until the node stops."""
        ...


class Lane:
    """One channel: what waits for it, what it carries, and whether it works."""

    def __init__(self, way: Way, at_once: int, driver: Driver) -> None:
        self.way = way
        self.waiting_keys: dict[Key, None] = {}
        self._at_once = at_once
        self._driver = driver
        self._heap: list[tuple[int, int, str, Key, Page]] = []
        self._count = 0
        self._untaken = 0
        """Pages that the channel has not said anything of yet."""
        self._under_way = 0
        self._ready = asyncio.Event()
        self._checking: asyncio.Task[None] | None = None
        self._checked_at: Instant | None = None
        self._next_at: Instant | None = None
        self._fails = False
        self._look = asyncio.Event()
        self._log = structlog.stdlib.get_logger("paging")

    @property
    def name(self) -> str:
        """Return the channel's name."""
        return self.way.channel.name

    def offer(self, ring: str, key: Key, page: Page) -> bool:
        """Take a page; return whether there was room. A FLASH goes at once."""
        if page.precedence is Precedence.FLASH:
            self._begin(ring, key, page)
            return True
        if len(self._heap) >= MAX_WAITING:
            return False
        self._count += 1
        self.waiting_keys[key] = None
        heapq.heappush(self._heap, (URGENCY[page.precedence], self._count, ring, key, page))
        self._fill()
        return True

    def drop(self, what: str) -> None:
        """Let go of every page about one thing that has not begun."""
        kept = [each for each in self._heap if each[3].what != what]
        if len(kept) < len(self._heap):
            heapq.heapify(kept)
            self._heap = kept
            self.waiting_keys = {each[3]: None for each in kept}

    def close(self) -> None:
        """Let go of all that waits: nothing is begun any more."""
        self._heap.clear()
        self.waiting_keys.clear()

    async def run(self) -> None:
        """Get the channel ready, then try it on a schedule, for ever."""
        try:
            async with asyncio.timeout(START_S):
                await self.way.channel.start()
        except Exception as error:  # noqa: BLE001 - a channel's own fault must not end the others
            self._log.error("channel_start", channel=self.name, error=_fault(error))
        self._ready.set()
        while True:
            self._look.clear()
            await self.check()
            every_s = self._driver.check_every_s
            wait_s = min(every_s, FAILING_CHECK_S) if self._fails else every_s
            self._next_at = self._driver.now().after(int(wait_s * SECOND_MS))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._look.wait()

    async def stop(self) -> None:
        """Let the channel go."""
        try:
            async with asyncio.timeout(START_S):
                await self.way.channel.stop()
        except Exception as error:  # noqa: BLE001 - the node stops, whatever a channel does
            self._log.error("channel_stop", channel=self.name, error=_fault(error))

    async def check(self) -> None:
        """Try the channel, unless that is under way already; then wait for it."""
        if self._checking is None:
            self._checking = self._driver.spawn(self._check())
        await asyncio.shield(self._checking)

    async def _check(self) -> None:
        cause, detail = PageCause.NONE, ""
        try:
            async with asyncio.timeout(CHECK_S):
                await self.way.channel.check()
        except ChannelError as error:
            cause, detail = error.cause, error.phrase
        except TimeoutError:
            cause, detail = PageCause.TIMEOUT, f"It did not answer within {CHECK_S:g} s."
        except Exception as error:  # noqa: BLE001 - as above
            cause, detail = PageCause.OTHER, _fault(error)
        finally:
            self._checking = None
        self._fails = cause is not PageCause.NONE
        at = self._driver.now()
        known = self._driver.health(self.name)
        due_ms = self._driver.check_every_s * SECOND_MS
        same = known is not None and known[:2] == (cause.value, plain(detail))
        # While it goes on failing it is tried often, and journaled as often as any other.
        if not same or self._checked_at is None or at.since(self._checked_at) >= due_ms:
            await self._driver.checked(self.name, cause, detail)
        self._checked_at = at

    def view(self) -> ChannelView:
        """Return the channel as a person sees it."""
        known = self._driver.health(self.name)
        tried = self._checked_at is not None and known is not None
        return ChannelView(
            name=self.name,
            text="full" if self.way.full else "summons",
            works=known[0] == PageCause.NONE.value if tried and known else None,
            cause=known[0] if tried and known else "",
            detail=known[1] if tried and known else "",
            since=known[2] if tried and known else None,
            checked_at=self._checked_at,
            next_at=self._next_at,
            under_way=self._under_way,
        )

    def _fill(self) -> None:
        while self._heap and self._untaken < self._at_once:
            _, _, ring, key, page = heapq.heappop(self._heap)
            self.waiting_keys.pop(key, None)
            self._begin(ring, key, page)

    def _begin(self, ring: str, key: Key, page: Page) -> None:
        self._untaken += 1
        self._under_way += 1
        carried = _Carried()
        task = self._driver.carry(key, self._carry(ring, key, page, carried))
        late = asyncio.get_running_loop().call_later(FIRST_WORD_S, carried.give_up, task)

        def done(_: asyncio.Task[None]) -> None:
            # Not in the task itself: one that is hushed at once has never run.
            late.cancel()
            self._under_way -= 1
            if carried.silent:
                self._taken()

        task.add_done_callback(done)

    async def _carry(self, ring: str, key: Key, page: Page, carried: _Carried) -> None:
        """Have the channel carry one page, and see that something becomes known of it."""

        def heard(result: PageResult, cause: PageCause, detail: str) -> None:
            if carried.silent:
                carried.silent = False
                self._taken()
            self._driver.heard(ring, key, page, Said(result, cause, detail))
            if result is PageResult.FAILED and cause in OF_THE_CHANNEL:
                self._look_soon()

        try:
            await self._ready.wait()
            await self.way.channel.page(page, heard)
            if carried.silent:
                heard(PageResult.FAILED, PageCause.OTHER, "Nothing became known of it.")
        except asyncio.CancelledError:
            if not carried.given_up:
                raise
            heard(PageResult.FAILED, PageCause.TIMEOUT, f"No word within {FIRST_WORD_S:g} s.")
        except Exception as error:  # noqa: BLE001 - the ladder goes on, whatever a channel does
            heard(PageResult.FAILED, PageCause.OTHER, _fault(error))

    def _taken(self) -> None:
        self._untaken -= 1
        self._fill()

    def _look_soon(self) -> None:
        at = self._checked_at
        if at is None or self._driver.now().since(at) > SOON_S * SECOND_MS:
            self._look.set()


class _Carried:
    """One page on its way: whether anything is known of it yet."""

    def __init__(self) -> None:
        self.silent = True
        self.given_up = False

    def give_up(self, task: asyncio.Task[None]) -> None:
        """End a page of which nothing has become known for too long."""
        if self.silent:
            self.given_up = True
            task.cancel()


def plain(text: str) -> str:
    """Return a channel's words as the journal may hold them: printable, and of a length."""
    return "".join(each if each.isprintable() else " " for each in text)[:MAX_DETAIL]


def _fault(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
