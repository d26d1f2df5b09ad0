"""A station: one party's node in the simulation, with its disk, its clock and its people.

The node is the shipped runtime on a simulated journal. Around it is only what a shell does:
it hands in what arrives, sends what the runtime wants sent, wakes it when it asks to be
woken, and carries its effects to people. It says LINE NOT SAFE to whoever asks, once the
runtime has said so. It can be switched off and on; what then remains is the disk.
"""

from __future__ import annotations

from collections.abc import Callable

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.core import rechecking
from clearline.core.effects import Effect
from clearline.core.events import Event, Rechecking
from clearline.node.line import Trust
from clearline.node.outbox import Push
from clearline.node.ports import Keys
from clearline.node.runtime import Outcome, Runtime, open_runtime
from clearline.sim.clock import NodeClock
from clearline.sim.disk import PowerCut, SimJournal
from clearline.sim.network import Network
from clearline.sim.scheduler import Scheduler
from clearline.sim.trace import Act, Admission, Change, Life, Performed, Sending, Trace

__all__ = ["NOT_SAFE", "Station"]

NOT_SAFE = (503, b"line not safe\n")
"""What a node that cannot be sure that it is recording answers to everything."""

RECHECK_EVERY_MS = 400
RECHECK_US = 1
"""Standing notices are compared again one at a time and slowly, so that faults fall in between."""

Hear = Callable[[Effect], None]


class Station:
    """One simulated node and what stands around it."""

    def __init__(
        self,
        link: str,
        party: str,
        scheduler: Scheduler,
        network: Network,
        trace: Trace,
        clock: NodeClock,
        journal: SimJournal,
        keys: Keys,
        trust: Trust,
        *,
        snapshot_every: int,
    ) -> None:
        self.link = link
        self.party = party
        self.clock = clock
        self.journal = journal
        self.runtime: Runtime | None = None
        self.hear: Hear = _nobody
        self.peer: Station | None = None
        self.keys = keys
        self.trust = trust
        self._scheduler = scheduler
        self._network = network
        self._trace = trace
        self._snapshot_every = snapshot_every
        self._wakes = 0
        self._rechecks = 0
        self._life = 0

    @property
    def local(self) -> Instant:
        """Return what this node's clock shows."""
        return self.clock.show(self._scheduler.now)

    @property
    def is_up(self) -> bool:
        """Return whether the node runs and is sure that it is recording."""
        return self.runtime is not None and self.runtime.unsafe is None

    def start(self) -> None:
        """Start the node on what its disk holds."""
        assert self.runtime is None, self.party
        self._life += 1
        self._note(Life.STARTED, "")
        try:
            runtime = open_runtime(
                self.journal, self.keys, self._perform, self.local, version="sim", trust=self.trust
            )
        except PowerCut:
            self._note(Life.CRASHED, "cut")
            return
        except Broken as broken:
            self._note(Life.REFUSED_TO_START, str(broken))
            return
        runtime.snapshot_every = self._snapshot_every
        self.runtime = runtime
        self._guarded(self._pump)

    def stop(self, why: str) -> None:
        """Switch the node off: what its disk does not hold is gone."""
        if self.runtime is not None:
            self.runtime = None
            self._note(Life.CRASHED, why)

    def do(self, event: Event, *, human: bool = True) -> Outcome | None:
        """Hand in what somebody asks for; None if the node could not take it in."""
        outcomes: list[Outcome] = []
        waiting = self.is_waiting

        def act() -> None:
            assert self.runtime is not None
            outcomes.extend(self.runtime.submit([self.taken_in(event)], self.local))
            self._pump()

        if not self.is_up:
            return None
        self._guarded(act)
        outcome = outcomes[0] if outcomes else None
        self._trace.acts.append(
            Act(
                at=self._scheduler.now,
                party=self.party,
                event=event,
                human=human,
                entries=tuple(entry.id for entry in outcome.entries) if outcome else (),
                mistake=outcome.mistake.code if outcome and outcome.mistake else None,
                waiting=waiting,
            )
        )
        return outcome

    def taken_in(self, event: Event) -> Event:
        """Return what the node gets of what was asked: just that. A planted station overrides."""
        return event

    @property
    def is_waiting(self) -> bool:
        """Return whether an append of this node's is under way."""
        line = self.runtime.lines.get(self.link) if self.runtime is not None else None
        return line is not None and line.outbox.under_way is not None

    def receive(self, body: bytes, *, late: bool = False) -> tuple[int, bytes] | None:
        """Answer an append as the transport does; None if the node is off or dies of it."""
        if self.runtime is None:
            return None
        replies: list[tuple[int, bytes]] = []

        def admit() -> None:
            assert self.runtime is not None
            reply = self.runtime.admit(self.link, body, self.local)
            replies.append((reply.status, reply.body))
            self._admitted(body, reply.status, reply.body, late=late)
            self._pump()

        self._guarded(admit)
        if self._is_off():
            return None
        if not replies:
            replies.append(NOT_SAFE)
            self._admitted(body, *NOT_SAFE, late=late)
        return replies[0]

    def _is_off(self) -> bool:
        return self.runtime is None

    def wake(self) -> None:
        """Let the node do what it asked to be woken for."""
        if self.is_up:
            self._guarded(self._pump)

    def _pump(self) -> None:
        """Do what `node.loop` does in a turn: deadlines, appends, receipts, when to come back."""
        runtime = self.runtime
        if runtime is None or runtime.unsafe is not None:
            return
        runtime.tick(self.local)
        for push, body in runtime.pushes(self.local):
            self._send(push, body)
        runtime.settle(self.local)
        self._recheck_later(runtime)
        due = runtime.due()
        if due is not None:
            self._wakes += 1
            number = self._wakes
            at = self.clock.first(due, self._scheduler.now)
            self._scheduler.at(at, lambda: self._wake(number))

    def _recheck_later(self, runtime: Runtime) -> None:
        """Have the next notice compared under amended minima in a while, if one waits for it."""
        if rechecking.waiting(runtime.state) is None or self._rechecks == self._life:
            return
        self._rechecks = life = self._life

        def act() -> None:
            if life != self._life or not self.is_up:
                return
            self._rechecks = 0
            self._guarded(self._recheck)

        self._scheduler.after(RECHECK_EVERY_MS, act)

    def _recheck(self) -> None:
        assert self.runtime is not None
        link = rechecking.waiting(self.runtime.state)
        if link is not None:
            self.runtime.submit([Rechecking(link=link, budget_us=RECHECK_US)], self.local)
        self._pump()

    def _wake(self, number: int) -> None:
        if number == self._wakes:
            self.wake()

    def _send(self, push: Push, body: bytes) -> None:
        assert self.peer is not None, self.party
        life, peer = self._life, self.peer
        self._trace.sendings.append(
            Sending(
                at=self._scheduler.now,
                party=self.party,
                start=push.start,
                end=push.end,
                body=body,
            )
        )

        def answered(answer: tuple[int, bytes] | None) -> None:
            if life == self._life and self.is_up:
                self._guarded(lambda: self._answered(push, answer))

        self._network.request(self.party, peer.party, body, peer.receive, answered)

    def _answered(self, push: Push, answer: tuple[int, bytes] | None) -> None:
        assert self.runtime is not None
        if answer is None:
            self.runtime.unanswered(push, self.local)
        else:
            self.runtime.answered(push, *answer, self.local, later=True)
        self._pump()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something with the node, which may lose its power or its disk in the doing."""
        if self.runtime is None or self.runtime.unsafe is not None:
            return
        try:
            act()
        except PowerCut:
            self.stop("cut in a commit")
        except Broken as broken:
            self._note(Life.UNSAFE, str(broken))

    def _perform(self, effect: Effect) -> None:
        performed = Performed(
            at=self._scheduler.now, local=self.local, party=self.party, effect=effect
        )
        self._trace.performed.append(performed)
        self.hear(effect)

    def _admitted(self, body: bytes, status: int, answer: bytes, *, late: bool) -> None:
        peer = self.peer
        assert peer is not None, self.party
        self._trace.admissions.append(
            Admission(
                at=self._scheduler.now,
                party=self.party,
                body=body,
                status=status,
                answer=answer,
                late=late,
                durable=self.journal.feed_size(self.link, peer.party),
            )
        )

    def _note(self, life: Life, why: str) -> None:
        assert self.peer is not None, self.party
        self._trace.lives.append(
            Change(
                at=self._scheduler.now,
                local=self.local,
                party=self.party,
                life=life,
                why=why,
                journaled=self.journal.events,
                mirrored=self.journal.feed_size(self.link, self.peer.party),
            )
        )


def _nobody(_effect: Effect) -> None:
    pass
