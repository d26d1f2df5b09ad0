"""Testing: sending, answering and missing test calls.

The called side's watch is rung, gently, and answers by hand. If nobody does in time, both
sides write the miss, each by its own clock, with the cause UNKNOWN until a person knows.
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.core.effects import Demand, Ring
from clearline.core.events import AnswerTest, ExplainTest, SendTest
from clearline.core.links import Link
from clearline.core.release import NODE, Door
from clearline.core.state import State
from clearline.core.terms import Precedence
from clearline.core.testcalls import Cause, Outcome, TestAnswered, TestCall, TestSent, next_slot
from clearline.phrasebook import LineTest, coded
from clearline.record import Entry

__all__ = ["answer", "arrived", "explain", "ring_again", "send", "tick"]

MAX_WAITING = 8
"""Test calls of one counterpart that may wait for a human at once."""

MAX_KEPT = 2_000
"""Test calls of one counterpart in a week: more than one every six minutes."""

GRACE_MS = 5_000
"""The sender waits so much longer than the called side before it writes a miss itself."""


def send(state: State, door: Door, event: SendTest) -> None:
    """Send a test call now."""
    _send(state, door, state.link(event.link), event.by)


def answer(state: State, door: Door, event: AnswerTest) -> None:
    """A human of ours answers a test call of the counterpart's."""
    test = state.test(event.test)
    if test.mine:
        raise Mistake("own_test", "This test call is ours: the counterpart answers it.")
    if test.outcome is Outcome.ANSWERED:
        raise Mistake("test_over", "This test call has been answered.")
    _ended(state, door, test, TestAnswered(outcome=Outcome.ANSWERED), event.by)


def explain(state: State, door: Door, event: ExplainTest) -> None:
    """Give a missed test the cause that a person has found."""
    test = state.test(event.test)
    if test.outcome is not Outcome.MISSED:
        raise Mistake("test_not_missed", "Only a missed test call has a cause.")
    cause = Cause.parse(event.cause)
    _ended(state, door, test, TestAnswered(outcome=Outcome.MISSED, cause=cause), event.by)


def arrived(state: State, door: Door, link: Link, entry: Entry, body: object) -> Refusal | None:
    """Take in the counterpart's test call, or what it says of one; or say why not."""
    match body:
        case TestSent():
            return _sent_by_them(state, door, link, entry)
        case TestAnswered():
            return _ended_by_them(state, door, link, entry, body)
        case _:
            return Refusal(reason=Reason.UNKNOWN_KIND, detail=f"{entry.kind} is not understood.")


def tick(state: State, door: Door) -> None:
    """Send what the schedule asks for by now, and write off what nobody answered."""
    for test in state.tests.waiting():
        if test.until > door.now:
            break
        missed = TestAnswered(outcome=Outcome.MISSED, cause=Cause.UNKNOWN)
        _ended(state, door, test, missed, NODE)
        door.alert("test_missed", test.link, test.id)
    state.tests.forget(door.now)
    for name in sorted(state.links):
        link = state.links[name]
        if link.next_test_at is not None and link.next_test_at <= door.now:
            first = link.terms.parties[0].party == link.us
            link.next_test_at = next_slot(link.terms.tests.every_ms, door.now, first=first)
            _send(state, door, link, NODE)


def ring_again(state: State, door: Door) -> None:
    """Ring for every test call that still waits for a human of ours."""
    for test in state.tests.waiting():
        if not test.mine:
            _ring(door, state.link(test.link), test)


def _send(state: State, door: Door, link: Link, by: str) -> None:
    entry = door.say(link, "test.sent", TestSent(), by=by)
    until = door.now.after(link.terms.tests.patience_ms + GRACE_MS)
    test = TestCall(id=entry.id, link=link.id, mine=True, sent_at=door.now, until=until)
    state.tests.put(test)


def _ring(door: Door, link: Link, test: TestCall) -> None:
    rung = link.terms.ladders.routine.rungs[0]
    door.ring(
        Ring(
            id=f"{test.id}:1:0",
            what=test.id,
            link=link.id,
            demand=Demand.TEST,
            precedence=Precedence.ROUTINE,
            echelon=rung.echelon,
            rung=1,
            coded=(coded(LineTest()),),
            drill=False,
            until=test.until,
        )
    )


def _sent_by_them(state: State, door: Door, link: Link, entry: Entry) -> Refusal | None:
    waiting = [t for t in state.tests.waiting() if t.link == link.id and not t.mine]
    if len(waiting) >= MAX_WAITING:
        detail = f"{MAX_WAITING} test calls wait for an answer."
        return Refusal(reason=Reason.TOO_MANY, detail=detail)
    kept = sum(1 for t in state.tests.by_id.values() if t.link == link.id and not t.mine)
    if kept >= MAX_KEPT:
        return Refusal(reason=Reason.TOO_MANY, detail=f"More than {MAX_KEPT} test calls in a week.")
    until = door.now.after(link.terms.tests.patience_ms)
    test = TestCall(id=entry.id, link=link.id, mine=False, sent_at=door.now, until=until)
    state.tests.put(test)
    _ring(door, link, test)
    return None


def _ended_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: TestAnswered
) -> Refusal | None:
    test = state.tests.by_id.get(entry.re[0]) if entry.re else None
    if test is None or test.link != link.id:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="There is no such test call.")
    if (body.cause is not None) != (body.outcome is Outcome.MISSED):
        detail = "A cause belongs to a missed test call, and only to one."
        return Refusal(reason=Reason.MALFORMED, detail=detail)
    if body.outcome is Outcome.ANSWERED and not test.mine:
        return Refusal(reason=Reason.NOT_YOURS, detail="A test call is answered by the other side.")
    if test.outcome is Outcome.ANSWERED:
        return None  # A human answered; a miss that was written meanwhile changes nothing.
    state.tests.put(_with(test, body, door))
    if not test.mine:
        door.hush(test.id)
    door.tell(f"test_{body.outcome.value}", link.id, test.id)
    return None


def _ended(state: State, door: Door, test: TestCall, body: TestAnswered, by: str) -> None:
    door.say(state.link(test.link), "test.answered", body, re=(test.id,), by=by)
    if not test.mine:
        door.hush(test.id)
    state.tests.put(_with(test, body, door))


def _with(test: TestCall, body: TestAnswered, door: Door) -> TestCall:
    return replace(test, outcome=body.outcome, cause=body.cause, ended_at=door.now)
