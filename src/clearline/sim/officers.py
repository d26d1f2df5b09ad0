"""Officers: the humans of a simulation, as actors who hear a bell and act in their own time.

A person at a desk is there, away, asleep, or there and slow; which, and for how long, is
drawn from the distributions of a `Habit` (`sim.habits`), from the generator that is handed
in. Only a person acknowledges, reads back, says what was done, and closes. A node that does
not take in what a person asks for is asked again, as a person would.

A desk once rung goes on showing the call when the ladder has climbed past it: whoever
comes back to it can still answer. The first to answer speaks for the side.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec import Struct

from clearline.basis.instants import SECOND_MS
from clearline.core.calls import Call, CallState
from clearline.core.effects import Alert, Demand, Effect, Ring, Tell
from clearline.core.events import Acknowledge, AnswerTest, Close, Command, Dispose, ReadBack
from clearline.sim.habits import Answer, Habit, drawn
from clearline.sim.scheduler import Scheduler
from clearline.sim.station import Station

__all__ = ["Answer", "Habit", "Officers", "Procedure", "ask"]

TRY_AGAIN_MS = 2 * SECOND_MS
"""A person whose click was not taken in clicks again so much later."""
MOST_TRIES = 5_000


class Procedure(Struct, frozen=True, kw_only=True):
    """What people do once a call is answered, and how long each step takes."""

    step_ms: tuple[int, int] = (4 * SECOND_MS, 20 * SECOND_MS)
    dispositions: tuple[str, ...] = ("received", "relayed_to_units", "understood")
    reads_back: bool = True


class Officers:
    """The people of one party: they hear their node's effects and act on them."""

    def __init__(
        self,
        station: Station,
        scheduler: Scheduler,
        chance: Random,
        habits: dict[str, Habit],
        procedure: Procedure,
        *,
        by: str = "officer",
        person: Callable[[str, int], Random] | None = None,
        lapses: Callable[[], bool] | None = None,
    ) -> None:
        self._station = station
        self._scheduler = scheduler
        self._chance = chance
        self._habits = habits
        self._procedure = procedure
        self._by = by
        self._person = person
        """The generator of one person of one post; all share `chance`, if none is handed in."""
        self._lapses = lapses
        """Says of each answer whether nothing is to follow it; never, if None."""
        self._rung: set[tuple[str, str, int]] = set()
        self._closing: set[str] = set()
        self.reasons: dict[str, Answer] = {}
        """For each call, what had kept whoever answered it."""
        station.hear = self.hear

    def hear(self, effect: Effect) -> None:
        """Hear a bell or see a line on the screen."""
        match effect:
            case Ring(demand=Demand.CALL | Demand.TEST):
                self._hear_ring(effect)
            case Tell(code="call_disposed", about=str(call), args={"disposition": what}):
                if what == self._procedure.dispositions[-1]:
                    self._close_later(call)
            case Tell(code="call_closing", about=str(call)):
                self._close_later(call)
            case Alert(code="call_stood_down", about=str(call)):
                self._close_later(call)
            case _:
                pass

    def _hear_ring(self, ring: Ring) -> None:
        # A ring of the same desk for the same opening of a call is the one already heard, until
        # the call has been climbed past somebody.
        opening = ring.id.rsplit(":", 2)[0]
        call = self._call(ring.what)
        passed = len(call.passed) if call is not None else 0
        habit = self._habits.get(ring.echelon)
        if habit is None or (opening, ring.echelon, passed) in self._rung:
            return
        self._rung.add((opening, ring.echelon, passed))
        for number in range(habit.people):
            of = self._person
            person = drawn(habit, of(ring.echelon, number) if of else self._chance)
            if person is None:
                continue
            reason, span_ms = person
            if ring.demand is Demand.TEST:
                self._after(span_ms, lambda: AnswerTest(by=self._by, test=ring.what))
            else:
                self._after(span_ms, lambda r=reason: self._acknowledge(ring, r))

    def _acknowledge(self, ring: Ring, reason: Answer) -> Command | None:
        call = self._call(ring.what)
        if call is None or not call.climbs or call.mine:
            return None
        self.reasons.setdefault(call.id, reason)
        if self._lapses is None or not self._lapses():
            self._follow_up(call.id, call.times_opened)
        return Acknowledge(by=self._by, call=call.id, echelon=ring.echelon)

    def _follow_up(self, call: str, opening: int) -> None:
        """Plan what follows an answer: read back, say what was done, close."""
        at_ms = 0
        steps: list[Callable[[], Command | None]] = []
        if self._procedure.reads_back:
            steps.append(lambda: self._read_back(call))
        steps += [
            lambda d=disposition: Dispose(by=self._by, call=call, disposition=d)
            for disposition in self._procedure.dispositions
        ]
        for step in steps:
            at_ms += self._chance.randint(*self._procedure.step_ms)
            self._after(at_ms, lambda s=step: s() if self._is(call, opening) else None)
        if steps:
            self._close_later(f"{call}", after_ms=at_ms)

    def _is(self, call: str, opening: int) -> bool:
        known = self._call(call)
        return known is not None and known.times_opened == opening

    def _read_back(self, call: str) -> Command | None:
        known = self._call(call)
        theirs = [each for each in known.said if not each.mine] if known else []
        if known is None or not theirs:
            return None
        return ReadBack(by=self._by, call=call, of=theirs[0].entry, phrases=theirs[0].phrases)

    def _close_later(self, call: str, *, after_ms: int = 0) -> None:
        known = self._call(call)
        opening = f"{call}:{known.times_opened if known else 1}"
        if opening in self._closing:
            return
        self._closing.add(opening)
        span_ms = after_ms + self._chance.randint(*self._procedure.step_ms)
        self._after(span_ms, lambda: self._close(call))

    def _close(self, call: str) -> Command | None:
        known = self._call(call)
        if known is None or known.state is CallState.CLOSED or known.closed_by_us:
            return None
        return Close(by=self._by, call=call)

    def _call(self, call: str) -> Call | None:
        runtime = self._station.runtime
        return runtime.state.calls.by_id.get(call) if runtime is not None else None

    def _after(self, span_ms: int, wanted: Callable[[], Command | None]) -> None:
        self._scheduler.after(span_ms, lambda: ask(self._scheduler, self._station, wanted))


def ask(
    scheduler: Scheduler,
    station: Station,
    wanted: Callable[[], Command | None],
    tries: int = MOST_TRIES,
) -> None:
    """Ask a node for something, until it has taken it in or it is no longer wanted."""
    if station.is_up:
        command = wanted()
        if command is None or station.do(command) is not None:
            return
    if tries > 0:
        scheduler.after(TRY_AGAIN_MS, lambda: ask(scheduler, station, wanted, tries - 1))
