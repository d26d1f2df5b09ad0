"""Exercise: a drill that is under way on two live nodes, driven from the caller's side.

It makes the calls of the script by real commands, in the name of the officer who began it,
waits for what people on the other side do about each, and closes them again. A real call on
this side ends it: the node itself has then stood its calls down. Whoever stops it, ends each
of its calls as a call in that state can be ended, so that the other side is told as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, Protocol

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.core.events import Close, Command, OpenCall, Say, StandDown
from clearline.drills.live import (
    CallScore,
    Ended,
    Live,
    LiveReport,
    Milestone,
    Step,
    score,
    times_of,
)
from clearline.phrasebook import Clear
from clearline.space import Position

__all__ = ["Exercise", "Node", "end_all", "open_drills"]

ENTRIES = 10_000
"""So far back the record is read for the score."""

View = dict[str, Any]


class Node(Protocol):
    """What an exercise needs of our running node; the local socket gives it."""

    async def do(self, command: Command, *, until: str = "", wait_ms: int = 0) -> Any:
        """Have the node handle a command; Mistake if it cannot be done."""
        ...

    async def ask(self, view: str, **args: Any) -> Any:
        """Return a view."""
        ...

    def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every effect of the node from now on."""
        ...


Seen = Callable[[Step, Milestone | None, int], None]
"""Told of each step as it begins (None), and of each milestone, with its ms since then."""


class Exercise:
    """One live drill on one link."""

    def __init__(
        self,
        node: Node,
        name: str,
        live: Live,
        link: View,
        by: str,
        seen: Seen,
        *,
        patience_ms: int | None = None,
    ) -> None:
        """`link` is the link as the node's status shows it; `patience_ms` shortens all waits."""
        self._node = node
        self._name = name
        self._live = live
        self._link = link
        self._by = by
        self._seen = seen
        self._patience_ms = patience_ms
        self._woken = asyncio.Event()
        self._calls: list[tuple[Step, str]] = []
        self._known: dict[str, set[Milestone]] = {}

    async def run(self, place: Position) -> LiveReport:
        """Play the script at a place; return the score. Mistake if it may not begin.

        Cancelled, it ends its calls and tells the other side before it goes.
        """
        await self._may_begin()
        ended = Ended.DONE
        async with self._following():
            try:
                for step in self._live.steps:
                    ended = await self._play(step, place)
                    if ended is not Ended.DONE:
                        break
            except asyncio.CancelledError:
                await end_all(self._node, self._by, self._link["id"])
                raise
        return await self._report(ended)

    async def _may_begin(self) -> None:
        if not self._link["in_force"] or self._link["state"] != "up":
            raise Mistake("link_not_up", "A drill needs a link that is UP, with terms in force.")
        for call in await self._node.ask("calls"):
            if call["state"] != "closed" and not call["drill"]:
                raise Mistake("real_call", f"Call {call['handle']} is real and open: no drill now.")
        if await open_drills(self._node, self._link["id"]):
            raise Mistake("drill_open", "A drill of ours is open on this link: `drill stop` first.")

    async def _play(self, step: Step, place: Position) -> Ended:
        """Make one call and wait for what is wanted of it."""
        now = Instant.parse((await self._node.ask("status"))["at"])
        done = await self._node.do(
            OpenCall(
                by=self._by,
                link=self._link["id"],
                precedence=step.precedence,
                phrases=step.phrases(place, now),
                drill=True,
            )
        )
        call = done["entries"][0]["id"]
        self._calls.append((step, call))
        self._seen(step, None, 0)
        patience_ms = min(step.patience_ms, self._patience_ms or step.patience_ms)
        try:
            async with asyncio.timeout(patience_ms / 1_000):
                ended = await self._settled(step, call)
        except TimeoutError:
            ended = Ended.TIMED_OUT
        view = await self._view(call)
        # Of a drill that gave way, what is left open is theirs: they have something real to do.
        if ended is not Ended.PREEMPTED or view["dispositions"]:
            await _end(self._node, self._by, view)
        return ended

    async def _settled(self, step: Step, call: str) -> Ended:
        """Wait until all that is wanted was done, or somebody ended the call."""
        while True:
            self._woken.clear()
            view = await self._view(call)
            if view["preempted_at"]:
                return Ended.PREEMPTED
            reached = self._reached(step, view)
            if all(each.milestone in reached for each in step.wants):
                return Ended.DONE
            ours = [said for said in view["said"] if said["who"] == view["us"]]
            if view["closed_by_us"] or len(ours) > 1:
                return Ended.STOPPED
            await self._woken.wait()

    def _reached(self, step: Step, view: View) -> set[Milestone]:
        """Return what was ever reached of a call, having shown what is new of it."""
        known = self._known.setdefault(view["id"], set())
        for milestone in _now(view):
            if milestone not in known:
                known.add(milestone)
                self._seen(step, milestone, view["age_ms"])
        return known

    async def _report(self, ended: Ended) -> LiveReport:
        entries, ahead_ms = await self._entries(), await self._ahead_ms()
        calls = tuple(
            CallScore(call=call, what=step.what, after_ms=times_of(entries, call, ahead_ms))
            for step, call in self._calls
        )
        criteria = [
            criterion
            for n, step in enumerate(self._live.steps)
            for criterion in score(step, calls[n].after_ms if n < len(calls) else {})
        ]
        return LiveReport(
            name=self._name,
            link=self._link["id"],
            counterpart=self._link["counterpart"],
            ended=ended,
            clock_ahead_ms=ahead_ms,
            calls=calls,
            criteria=tuple(criteria),
        )

    async def _view(self, call: str) -> View:
        return next(each for each in await self._node.ask("calls") if each["id"] == call)

    async def _entries(self) -> list[View]:
        found: list[View] = await self._node.ask("log", link=self._link["id"], last=ENTRIES)
        return found

    async def _ahead_ms(self) -> int:
        links: list[View] = (await self._node.ask("status"))["links"]
        return next(each["clock_ahead_ms"] for each in links if each["id"] == self._link["id"])

    @contextlib.asynccontextmanager
    async def _following(self) -> AsyncGenerator[None]:
        """Wake whoever waits when the node does anything; a node that is gone ends the drill."""
        begun = asyncio.Event()

        async def follow() -> None:
            async for _ in self._node.follow():
                begun.set()
                self._woken.set()

        async with _beside(follow()):
            await begun.wait()
            yield


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run something beside the body; its fault becomes the body's."""
    body = asyncio.current_task()
    assert body is not None
    fault: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            fault.append(error)
            body.cancel()

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if fault:
            body.uncancel()
            raise fault[0] from None
        raise
    finally:
        task.cancel()


def _now(call: View) -> list[Milestone]:
    """Return what the other side is seen to have done about a call, as our node shows it."""
    said = [each.partition(" ")[0] for each in call["dispositions"]]
    restated = [each for each in call["said"] if each["restates"] and not each["differs"]]
    holds = {
        Milestone.RINGS: call["told_rung"] is not None,
        Milestone.ACKNOWLEDGED: call["acknowledged"] is not None,
        Milestone.READ_BACK: any(each["who"] != call["us"] for each in restated),
        Milestone.RECEIVED: Milestone.RECEIVED.value in said,
        Milestone.RELAYED: Milestone.RELAYED.value in said,
        Milestone.UNDERSTOOD: Milestone.UNDERSTOOD.value in said,
    }
    return [milestone for milestone, reached in holds.items() if reached]


async def open_drills(node: Node, link: str | None) -> list[View]:
    """Return our own drill calls that we have not ended, on a link or on all."""
    return [
        call
        for call in await node.ask("calls")
        if call["drill"]
        and call["direction"] == "ours"
        and link in (None, call["link"])
        and not call["closed_by_us"]
    ]


async def end_all(node: Node, by: str, link: str | None) -> list[View]:
    """End every drill of ours, on a link or on all; return them as they were."""
    found = await open_drills(node, link)
    for call in found:
        await _end(node, by, call)
    return found


async def _end(node: Node, by: str, call: View) -> None:
    """End a drill call of ours as one in its state can be ended.

    Not acknowledged: it is stood down. Acknowledged and disposed of: we close it. Between the
    two only the other side can bring it on: it is told CLEAR, in the call.
    """
    if call["closed_by_us"]:
        return
    if call["acknowledged"] is None:
        await node.do(StandDown(by=by, call=call["id"]))
    elif call["dispositions"]:
        await node.do(Close(by=by, call=call["id"]))
    else:
        clear = Clear(reference=call["id"])
        await node.do(Say(by=by, call=call["id"], phrases=(clear,)))
