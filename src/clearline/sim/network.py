"""A simulated network: it loses, delays, doubles, reorders and cuts, and reads nothing.

An append is one request and one answer, as `transports.https` makes it: bytes out, a status
and bytes back, or nothing. Either way may fail apart from the other. A request may arrive
twice, the second time long after; an answer arrives at most once, and never at a process
that has been started since, because the connection died with the old one.

Chance comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251 - sim draws, from seeds alone
from typing import Protocol

from msgspec import Struct

from clearline.basis.instants import SECOND_MS
from clearline.node.outbox import GIVE_UP_MS
from clearline.sim.scheduler import Scheduler
from clearline.sim.trace import Trace

__all__ = ["CALM", "POOR", "Conditions", "Network"]


class Conditions(Struct, frozen=True, kw_only=True):
    """How a network treats messages; each way alike."""

    loss: float
    """The part of messages that never arrive."""
    loss_noticed: float
    """The part of the lost of which the sender's transport learns (a reset, a refusal)."""
    doubled: float
    """The part of requests that arrive a second time."""
    stalled: float
    """The part that arrive only after what is waited for, 10 s."""
    median_ms: int
    sigma: float
    """Of the logarithm of the delay."""
    most_ms: int
    """The longest delay of a message that is not stalled."""


CALM = Conditions(
    loss=0.0,
    loss_noticed=1.0,
    doubled=0.0,
    stalled=0.0,
    median_ms=60,
    sigma=0.3,
    most_ms=400,
)
"""A leased line on a good day."""

POOR = Conditions(
    loss=0.04,
    loss_noticed=0.5,
    doubled=0.05,
    stalled=0.005,
    median_ms=180,
    sigma=0.8,
    most_ms=3_000,
)
"""A satellite link in bad weather, with a proxy on the way that repeats requests."""

NOTICED_AFTER_MS = 1_500
LATE_COPY_MS = 20 * SECOND_MS
LONGEST_STALL_MS = 40 * SECOND_MS


class Receive(Protocol):
    """Hands a request to a node; returns its answer, None if nothing is there to answer."""

    def __call__(self, body: bytes, *, late: bool = False) -> tuple[int, bytes] | None:
        """Hand over a request; `late` if nobody waits for the answer any more."""
        ...


Answer = Callable[[tuple[int, bytes] | None], None]
"""Hands the sender an answer, or None where the transport noticed that there is none."""


class Network:
    """What lies between the parties."""

    def __init__(
        self, scheduler: Scheduler, conditions: Conditions, chance: Random, trace: Trace
    ) -> None:
        self.conditions = conditions
        self._scheduler = scheduler
        self._chance = chance
        self._trace = trace
        self._cut: set[tuple[str, str]] = set()

    def cut(self, from_party: str, to_party: str) -> None:
        """Let nothing more through from one party to another."""
        self._cut.add((from_party, to_party))

    def mend(self, from_party: str, to_party: str) -> None:
        """Let it through again."""
        self._cut.discard((from_party, to_party))

    def mend_all(self, conditions: Conditions) -> None:
        """Heal: from now on nothing is cut, and these are the conditions."""
        self._cut.clear()
        self.conditions = conditions

    def is_cut(self, from_party: str, to_party: str) -> bool:
        """Return whether nothing gets through that way."""
        return (from_party, to_party) in self._cut

    def request(
        self, from_party: str, to_party: str, body: bytes, receive: Receive, answer: Answer
    ) -> None:
        """Carry a request there and its answer back, as well as this network does."""
        body = self.altered(body)
        sent_at = self._scheduler.now

        def there() -> None:
            back(receive(body, late=self._scheduler.now.since(sent_at) >= GIVE_UP_MS))

        def back(got: tuple[int, bytes] | None) -> None:
            if got is None:
                # Nothing listens: the connection is refused, and the sender sees that.
                self._carry(to_party, from_party, lambda: answer(None), lambda: None)
            else:
                self._carry(to_party, from_party, lambda: answer(got), lambda: answer(None))

        self._carry(from_party, to_party, there, lambda: answer(None))
        if self._chance.random() < self.conditions.doubled:
            later_ms = self._chance.randrange(1, LATE_COPY_MS)
            self._scheduler.after(later_ms, lambda: self._copy(from_party, to_party, body, receive))

    def altered(self, body: bytes) -> bytes:
        """Return what arrives of a request's bytes: these. A planted network overrides it."""
        return body

    def _copy(self, from_party: str, to_party: str, body: bytes, receive: Receive) -> None:
        if not self.is_cut(from_party, to_party):
            receive(body, late=True)

    def _carry(
        self, from_party: str, to_party: str, arrive: Callable[[], None], lose: Callable[[], None]
    ) -> None:
        """Carry one message one way, or lose it, or lose it and let its sender know."""
        delay_ms = self._delay_ms()
        lost = self._chance.random() < self.conditions.loss
        noticed = self._chance.random() < self.conditions.loss_noticed

        def land() -> None:
            if not (lost or self.is_cut(from_party, to_party)):
                arrive()
                return
            self._trace.lost.append((self._scheduler.now, from_party))
            if noticed:
                self._scheduler.after(NOTICED_AFTER_MS, lose)

        self._scheduler.after(delay_ms, land)

    def _delay_ms(self) -> int:
        like = self.conditions
        if self._chance.random() < like.stalled:
            self._trace.lost.append((self._scheduler.now, "stalled"))
            return self._chance.randrange(10 * SECOND_MS, LONGEST_STALL_MS)
        drawn = like.median_ms * self._chance.lognormvariate(0.0, like.sigma)
        return max(1, min(int(drawn), like.most_ms))
