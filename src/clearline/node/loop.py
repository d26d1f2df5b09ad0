"""Loop: the runtime on a real clock and a real network, in one thread.

Two lanes. What people do in a watch goes at once, before anything else. Bulk declarations
go in small batches, and only while the counterpart keeps up with receipts: a feed is one
sequence, so a FLASH can only be as quick as what was written before it. While anything is
said or rung in a call, the batches shrink to the least. That is how five thousand planned
notices and one STOP share a link.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.core import rechecking
from clearline.core.effects import Append, Demand, Effect, Ring, Tell
from clearline.core.events import Bulk, Event, Rechecking
from clearline.core.links import LinkState
from clearline.node.clock import STEP_LIMIT_MS
from clearline.node.line import Line
from clearline.node.outbox import MAX_PUSH, Push
from clearline.node.ports import Clock
from clearline.node.pulling import MAX_NOTE_BYTES, Reader, pull
from clearline.node.runtime import Outcome, Reply, Runtime

__all__ = ["Loop", "Send", "Unreachable"]

Send = Callable[[Push, bytes], Awaitable[tuple[int, bytes]]]

URGENT_BATCH = 64
"""Events of the urgent lane in one commit."""
BULK_BUDGET_S = 0.010
"""How long the work of one commit of bulk should take. With the time that the disk takes for any
commit, it is what a FLASH may have to wait for on this side."""
MIN_BULK_BATCH, MAX_BULK_BATCH = 8, 64
"""Below the least, the cost of the commit itself would eat the line."""
INCIDENT_BATCH = 4
"""Bulk events in one commit during an incident, and entries without a receipt at once."""
INCIDENT_MS = 10_000
"""An incident lasts for so long after anything was last said or rung in any call."""
MAX_BULK_PUSHES = 4
"""What so many bulk commits hold may be without a receipt: what a FLASH may have to wait for on
the other side. It does not hold while the link is not UP: then all is only stored here."""
assert MAX_BULK_BATCH * MAX_BULK_PUSHES <= MAX_PUSH, "a FLASH would have to wait for a second push"
STAND_ASIDE_MS = 1_000
"""While a call of ours waits for its first ring, bulk stands aside, at most for so long."""
MIN_RECHECK_US, MAX_RECHECK_US = 100, 100_000
"""What one event of re-checking may take, as the core reckons: a machine is slower, or faster."""
ASIDE_TURNS = 4
"""Turns of the event loop that bulk stands aside for the network: after a push, until its bytes
are with the kernel, so that the other side works while we work on what follows; and after a commit,
until what came in the meantime is read, as the answer that the next push waits for."""
SETTLE_S = 0.020
"""A receipt waits so long for a commit that takes it along, before it has one of its own: the next
is mostly that of what the other side says, which would otherwise wait for this one's disk."""
STOP_S = 2.0
"""How long a node that is stopped may take to end a snapshot."""
MAX_WAITING = 20_000
"""Events that may wait in the bulk lane; beyond it the caller is told to try again."""


class Unreachable(Exception):  # noqa: N818 - a state of the line, not an error of ours
    """The counterpart could not be reached by one path; the message says how."""


class Loop:
    """One running node."""

    def __init__(
        self, runtime: Runtime, clock: Clock, send: Send, reader: Reader | None = None
    ) -> None:
        self.runtime = runtime
        self.clock = clock
        self.on_unsafe: Callable[[str], None] = lambda _why: None
        """Told once, when the node can no longer be sure that it is recording."""
        self.on_answer: Callable[[Push, float], None] = lambda _push, _seconds: None
        """Told after each receipt, with how long it took; for the metrics."""
        self._send = send
        self._reader = reader
        self._pulled_at: dict[str, Instant] = {}
        self._reading: set[str] = set()
        self._urgent: deque[tuple[Event, asyncio.Future[Outcome]]] = deque()
        self._routine: deque[tuple[Event, asyncio.Future[Outcome]]] = deque()
        self._work_ended = 0.0
        runtime.before_commit = self._about_to_commit
        self._listeners: list[Callable[[Effect], None]] = []
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._settling: asyncio.Handle | None = None
        self._goes_on = False
        """Whether what was settled last has more to be settled at once."""
        self._pushing: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._announced = False
        self._bulk_batch = MIN_BULK_BATCH
        self._recheck_us = MIN_RECHECK_US
        self._rechecked_last = False
        self._aside = 0
        """For how many reasons bulk stands aside for the network."""
        self._incident_until = Instant(0)

    def start(self) -> None:
        """Begin to act on deadlines and to push."""
        self.kick()

    async def stop(self) -> None:
        """Act on nothing more; what was signed since the last commit is kept.

        A snapshot that is under way is ended first, if two seconds are enough for it.
        """
        self._stopped = True
        for timer in (self._timer, self._settling):
            if timer is not None:
                timer.cancel()
        for task in list(self._pushing):
            task.cancel()
        await asyncio.gather(*self._pushing, return_exceptions=True)
        if self.runtime.unsafe is None:
            loop = asyncio.get_running_loop()
            until = loop.time() + STOP_S
            while self.runtime.settle(self.clock.now()) and loop.time() < until:
                pass  # So that the next start is quick.
            self.runtime.flush()

    async def submit(self, event: Event) -> Outcome:
        """Handle one event, durably; return what became of it.

        Raises Broken if the node is not safe, BufferError if the bulk lane is full.
        """
        return await self._given(event)

    async def submit_all(self, events: Sequence[Bulk]) -> list[Outcome | BaseException]:
        """Handle events in their order, each for itself; return what became of each.

        What `submit` would raise of one stands in its place, and stops none of the others.
        """
        given = [self._given(event) for event in events]
        return await asyncio.gather(*given, return_exceptions=True)

    def _given(self, event: Event) -> asyncio.Future[Outcome]:
        """Put an event into its lane; return its outcome to be, or why there is none."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        lane = self._routine if isinstance(event, Bulk) else self._urgent
        if self.runtime.unsafe is not None:
            future.set_exception(Broken(self.runtime.unsafe))
        elif len(lane) >= MAX_WAITING:
            future.set_exception(BufferError(f"{MAX_WAITING} declarations are waiting already"))
        else:
            lane.append((event, future))
            self.kick()
        return future

    def admit(self, link: str, body: bytes) -> Reply:
        """Take in an append of the counterpart's, at once."""
        try:
            return self.runtime.admit(link, body, self.clock.now())
        except Exception as error:  # as in `_pump`: durable, perhaps, and not performed
            broken = _broken(error)
            self._break(broken)
            raise broken from error

    def listen(self, listener: Callable[[Effect], None]) -> Callable[[], None]:
        """Call `listener` with every effect that is performed; return how to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def heard(self, effect: Effect) -> None:
        """Pass an effect on to those who listen, and notice that an incident goes on."""
        match effect:
            case Append(kind=kind) if kind.startswith("call."):
                self._incident_until = self.clock.now().after(INCIDENT_MS)
            case Ring(demand=Demand.CALL) | Tell(code="call_ringing"):
                self._incident_until = self.clock.now().after(INCIDENT_MS)
            case _:
                pass
        for listener in list(self._listeners):
            listener(effect)

    def kick(self) -> None:
        """Look for work as soon as the thread is free."""
        if not self._scheduled and not self._stopped:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._scheduled = False
        if self._stopped:
            self._refuse_all()
            return
        if self.runtime.unsafe is not None:
            # Whoever found it out, by a query or a word of the counterpart's: it is said here.
            self._break(Broken(self.runtime.unsafe))
            return
        now = self.clock.now()
        try:
            self._watch_clock()
            if not self._urgent:
                # Before more bulk is taken, so that the other side works while we do.
                self._push_all(now)
            self._handle_waiting(now)
            self.runtime.tick(now)
            self._push_all(now)
            self._pull_stale(now)
        except Exception as error:  # noqa: BLE001 - the outermost loop
            # Anything that is raised here is a fault of ours. A loop that went on without
            # the rest of its turn would be alive to look at and deaf: no deadline, no push.
            self._break(_broken(error))
            return
        if self._urgent or self._may_take_routine(now) or self._may_recheck(now):
            self.kick()
        else:
            self._settle_soon()
        self._sleep_until(self._due(now), now)

    def _settle_soon(self) -> None:
        if self._settling is None and not self._stopped:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_S, self._settle)

    def _settle(self) -> None:
        """Make durable what waits for a commit, if none came meanwhile that took it along."""
        self._settling = None
        if self._stopped or self.runtime.unsafe is not None:
            return
        loop = asyncio.get_running_loop()
        if not self._goes_on and loop.time() < self._work_ended + SETTLE_S:
            self._settle_soon()
            return
        before = self.runtime.state.seq
        try:
            self._goes_on = self.runtime.settle(self.clock.now())
        except Exception as error:  # noqa: BLE001 - as in the loop that it ends
            self._break(_broken(error))
            return
        if self.runtime.state.seq != before:
            self.kick()
        if self._goes_on:
            # The rest of a snapshot, a part a turn, with what comes meanwhile in between; but
            # in an incident it crawls, as all that can wait does.
            now = self.clock.now()
            aside = now < self._incident_until or self._call_waits(now)
            self._settling = loop.call_later(SETTLE_S if aside else 0, self._settle)

    def _due(self, now: Instant) -> Instant | None:
        due = self.runtime.due()
        waits = self._routine or rechecking.waiting(self.runtime.state)
        if waits and self._call_waits(now):
            waited = now.after(STAND_ASIDE_MS)
            return waited if due is None else min(due, waited)
        return due

    def _watch_clock(self) -> None:
        stepped_ms = self.clock.stepped_ms()
        if abs(stepped_ms) > STEP_LIMIT_MS:
            raise Broken(f"the clock was moved by {stepped_ms} ms while the node ran")

    def _handle_waiting(self, now: Instant) -> None:
        if self._urgent:
            self._run(self._urgent, URGENT_BATCH, now)
            return
        # Of what can wait, one of the two a turn: a turn is what a FLASH may have to wait for.
        routine, recheck = self._may_take_routine(now), self._may_recheck(now)
        self._rechecked_last = recheck and not (routine and self._rechecked_last)
        if self._rechecked_last:
            self._recheck(now)
        elif routine:
            self._run_bulk(now)
        if routine or recheck:
            self._stand_aside()

    def _recheck(self, now: Instant) -> None:
        """Have the core compare more of the standing notices under amended minima."""
        link = rechecking.waiting(self.runtime.state)
        assert link is not None, "nothing is left to be compared"
        incident = now < self._incident_until
        budget_us = MIN_RECHECK_US if incident else self._recheck_us
        began = asyncio.get_running_loop().time()
        self.runtime.submit([Rechecking(link=link, budget_us=budget_us)], now)
        took_s = self._work_ended - began
        if not incident:
            fitting = int(budget_us * BULK_BUDGET_S / max(took_s, 1e-6))
            most = min(fitting, 2 * budget_us, MAX_RECHECK_US)
            self._recheck_us = max(most, MIN_RECHECK_US)

    def _run_bulk(self, now: Instant) -> None:
        """Take as many bulk events as the budget has time for, as the last ones took it."""
        began = asyncio.get_running_loop().time()
        if now < self._incident_until:
            self._run(self._routine, INCIDENT_BATCH, now)
            return
        most = self._bulk_batch
        self._run(self._routine, most, now)
        took_s = self._work_ended - began
        # Grow by a quarter, shrink at once: a batch that was too long must not come twice.
        fitting = int(most * BULK_BUDGET_S / max(took_s, 1e-6))
        self._bulk_batch = max(min(fitting, most + most // 4, MAX_BULK_BATCH), MIN_BULK_BATCH)

    def _about_to_commit(self) -> None:
        """Note when the work of a commit ended: how long the disk takes does not depend on it.

        Cut by both, a slow disk would get commits of the fewest, and be as slow for each.
        """
        self._work_ended = asyncio.get_running_loop().time()

    def _run(
        self, lane: deque[tuple[Event, asyncio.Future[Outcome]]], most: int, now: Instant
    ) -> None:
        taken = [lane.popleft() for _ in range(min(most, len(lane)))]
        try:
            outcomes = self.runtime.submit([event for event, _ in taken], now)
        except Exception as error:
            for _, future in taken:
                _fail(future, _broken(error))
            raise
        for (_, future), outcome in zip(taken, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    def _may_take_routine(self, now: Instant) -> bool:
        return bool(self._routine) and self._has_room(now)

    def _may_recheck(self, now: Instant) -> bool:
        return rechecking.waiting(self.runtime.state) is not None and self._has_room(now)

    def _has_room(self, now: Instant) -> bool:
        """Return whether anything that can wait may be done, and so be in the way of a FLASH."""
        incident = now < self._incident_until
        # With the next batch it is what so many hold, and all of it goes in one push with a FLASH.
        window = INCIDENT_BATCH if incident else self._bulk_batch * (MAX_BULK_PUSHES - 1) + 1
        return (
            not self._aside
            and not self._call_waits(now)
            and all(
                link.state is not LinkState.UP or self.runtime.backlog(link.id) < window
                for link in self.runtime.state.links.values()
            )
        )

    def _call_waits(self, now: Instant) -> bool:
        """Return whether a call of ours has not rung yet, and is young."""
        return any(
            call.mine and call.told is None and now.since(call.opened_at) < STAND_ASIDE_MS
            for call in self.runtime.state.calls.climbing()
        )

    def _push_all(self, now: Instant) -> None:
        for push, body in self.runtime.pushes(now):
            self._spawn(self._push(push, body))
            self._stand_aside()

    def _stand_aside(self) -> None:
        """Let the network go first, and go on with bulk then."""
        self._aside += 1
        self._count_aside(ASIDE_TURNS)

    def _count_aside(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._count_aside, turns - 1)
            return
        self._aside -= 1
        self.kick()

    def _pull_stale(self, now: Instant) -> None:
        """Read the feed of each counterpart that has not reached us for as long as LATE is."""
        for line in self.runtime.lines.values():
            pulse = line.link.terms.pulse
            heard = line.heard_at or Instant(0)
            pulled = self._pulled_at.get(line.link.id, Instant(0))
            if self._reader is None or not line.outbox.paths or line.link.id in self._reading:
                continue
            if now.since(heard) <= pulse.late_after_ms or now.since(pulled) < pulse.heartbeat_ms:
                continue
            self._pulled_at[line.link.id] = now
            self._spawn(self._pull(line, line.outbox.best_path().url, self._reader))

    async def _pull(self, line: Line, url: str, reader: Reader) -> None:
        self._reading.add(line.link.id)
        try:
            await pull(self.runtime, line, url, reader, self.clock.now)
        except Unreachable:
            return  # The link's state says so already.
        except Exception as error:  # noqa: BLE001 - the outermost of this task
            self._break(_broken(error))
            return
        finally:
            self._reading.discard(line.link.id)
        self.kick()

    async def _compare(self, link: str, url: str, reader: Reader) -> None:
        """The counterpart holds another feed of ours than we do: see what we signed ourselves."""
        line = self.runtime.lines[link]
        try:
            status, note = await reader.get(link, url, f"{line.link.us}/checkpoint", MAX_NOTE_BYTES)
            if status == 200:
                self.runtime.hold_against(link, note)
        except Unreachable:
            return
        except Exception as error:  # noqa: BLE001 - the outermost of this task
            self._break(_broken(error))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._pushing.add(task)
        task.add_done_callback(self._pushing.discard)

    async def _push(self, push: Push, body: bytes) -> None:
        began = asyncio.get_running_loop().time()
        try:
            status, answer = await self._send(push, body)
        except Unreachable:
            self.runtime.unanswered(push, self.clock.now())
            self.kick()
            return
        try:
            self.runtime.answered(push, status, answer, self.clock.now(), later=True)
        except Exception as error:  # noqa: BLE001 - the outermost of this task
            self._break(_broken(error))
            return
        if status in (403, 409, 422) and self._reader is not None:
            self._spawn(self._compare(push.link, push.url, self._reader))
        self.on_answer(push, asyncio.get_running_loop().time() - began)
        # Pump at once rather than in a turn's time: entries may be waiting for this answer.
        self._pump()

    def _sleep_until(self, due: Instant | None, now: Instant) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            # Up to a millisecond late rather than early: an early wake would spin.
            delay_s = min(max(due.since(now), 1), 1_000) / 1_000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.kick)

    def _break(self, broken: Broken) -> None:
        self.runtime.break_off(str(broken))
        self._refuse_all()
        if not self._announced:
            self._announced = True
            self.on_unsafe(self.runtime.unsafe or str(broken))

    def _refuse_all(self) -> None:
        broken = Broken(self.runtime.unsafe or "the node is stopping")
        for lane in (self._urgent, self._routine):
            while lane:
                _fail(lane.popleft()[1], broken)


def _broken(error: Exception) -> Broken:
    """Return a fault of ours as what it is, whatever it was raised as."""
    return error if isinstance(error, Broken) else Broken(f"{type(error).__name__}: {error}")


def _fail(future: asyncio.Future[Outcome], broken: Broken) -> None:
    if not future.done():
        future.set_exception(broken)
