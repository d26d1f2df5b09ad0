"""Testing: sending, answering and missing test calls.

The called side's watch is rung, gently, and answers by hand. If nobody does in time, both
sides write the miss, each by its own clock, with the cause UNKNOWN until a person knows;
until then each side's desks are asked once a day.

A test of theirs rings one way to a human, in turn (`rotation`). If that is not the desk's own
console, the desk rings at half the time, or as soon as the way has failed: a desk that rang
beside a telephone would answer first, and the telephone would never be proven.
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import DAY_MS, Instant
from clearline.core.effects import Demand, Ring
from clearline.core.events import AnswerTest, ExplainTest, Paged, PathFailed, SendTest, SetTestHours
from clearline.core.links import Link
from clearline.core.release import NODE, Door
from clearline.core.rotation import DESK, Way, ways
from clearline.core.state import State
from clearline.core.terms import Precedence
from clearline.core.testcalls import (
    RETAINED_MS,
    Cause,
    Outcome,
    TestAnswered,
    TestCall,
    TestSent,
    next_slot,
)
from clearline.phrasebook import LineTest, coded
from clearline.record import Entry

__all__ = [
    "answer",
    "arrived",
    "due",
    "explain",
    "paged",
    "path_failed",
    "ring_again",
    "send",
    "set_hours",
    "tick",
    "ways_of",
]

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


def set_hours(state: State, door: Door, event: SetTestHours) -> None:
    """Set when the rungs above the first may be tested."""
    state.rotation.hours = event.hours
    state.rotation.told_at = None
    hours = event.hours
    if hours is None:
        door.tell("test_hours_never", None, None, by=event.by)
    else:
        door.tell(
            "test_hours",
            None,
            None,
            by=event.by,
            start=_hhmm(hours.start_min),
            end=_hhmm(hours.end_min),
        )


def paged(state: State, door: Door, event: Paged) -> None:
    """The way that a test call tries may have failed: then the desk rings at once."""
    test = state.tests.by_id.get(event.what)
    way = test.way if test is not None else None
    if test is None or way is None or test.desk_at is None or event.result != "failed":
        return
    tried = (way.echelon, way.officer, way.channel)
    if (event.echelon, event.officer, event.channel) == tried:
        _ring_desk(state, door, test)


def path_failed(door: Door, event: PathFailed) -> None:
    """Tell our desks that a path to the counterpart did not carry a test call."""
    door.tell("path_failed", event.link, None, url=event.url)


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
    for test in state.tests.waiting():
        if test.desk_at is not None and test.desk_at <= door.now:
            _ring_desk(state, door, test)
    state.tests.forget(door.now)
    _ask_for_causes(state, door)
    for name in sorted(state.links):
        link = state.links[name]
        if link.next_test_at is not None and link.next_test_at <= door.now:
            first = link.terms.parties[0].party == link.us
            link.next_test_at = next_slot(link.terms.tests.every_ms, door.now, first=first)
            _send(state, door, link, NODE)


def due(state: State) -> Instant | None:
    """Return when a test call is next sent to the desk, missed, or asked about."""
    asked = _asks_at(state)
    waiting = state.tests.due()
    return min((at for at in (asked, waiting) if at is not None), default=None)


def ways_of(state: State, link: Link, at: Instant) -> tuple[Way, ...]:
    """Return every way by which a call of a link's counterpart could reach us at an instant."""
    held = {echelon: watch.officer for echelon, watch in state.roster.desks.items()}
    return ways(link.terms.ladders.flash, held, state.watchbill, at)


def ring_again(state: State, door: Door) -> None:
    """Ring for every test call that still waits for a human of ours."""
    for test in state.tests.waiting():
        if test.mine:
            continue
        desk = _desk(state.link(test.link))
        way = test.way or desk
        _ring(door, test, way, 0)
        if way != desk and test.desk_at is None:
            _ring(door, test, desk, 1)


def _send(state: State, door: Door, link: Link, by: str) -> None:
    entry = door.say(link, "test.sent", TestSent(), by=by)
    until = door.now.after(link.terms.tests.patience_ms + GRACE_MS)
    test = TestCall(id=entry.id, link=link.id, mine=True, sent_at=door.now, until=until)
    state.tests.put(test)


def _ring(door: Door, test: TestCall, way: Way, round_: int) -> None:
    door.ring(
        Ring(
            id=f"{test.id}:{way.rung}:{round_}",
            what=test.id,
            link=test.link,
            demand=Demand.TEST,
            precedence=Precedence.ROUTINE,
            echelon=way.echelon,
            rung=way.rung,
            coded=(coded(LineTest()),),
            drill=False,
            until=test.until,
            officers=(way.officer,) if way.officer else (),
            channel=way.channel,
        )
    )


def _ring_desk(state: State, door: Door, test: TestCall) -> None:
    """Ring the desk for a test call that has not been answered by its way."""
    state.tests.put(replace(test, desk_at=None))
    _ring(door, test, _desk(state.link(test.link)), 1)


def _desk(link: Link) -> Way:
    first = link.terms.ladders.flash.rungs[0]
    return Way(rung=1, echelon=first.echelon, officer="", channel=DESK)


def _choose(state: State, door: Door, link: Link) -> Way:
    """Return the way that is tried next; tell our desks if some are never tried."""
    rotation = state.rotation
    among = ways_of(state, link, door.now)
    way = rotation.choose(among, door.now)
    above = [each for each in among if each.rung > 1]
    told = rotation.told_at
    if above and rotation.hours is None and (told is None or told.after(DAY_MS) <= door.now):
        rotation.told_at = door.now
        door.alert("test_hours_unset", None, None, ways=len(above))
    rotation.put(way, door.now)
    return way


def _asks_at(state: State) -> Instant | None:
    """Return when our desks are next asked for causes: once a day, from a day after the miss."""
    unexplained = state.tests.unexplained()
    if not unexplained:
        return None
    first = min(test.ended_at or test.until for test in unexplained)
    return max(first, state.rotation.asked_at or first).after(DAY_MS)


def _ask_for_causes(state: State, door: Door) -> None:
    asks_at = _asks_at(state)
    if asks_at is not None and asks_at <= door.now:
        state.rotation.asked_at = door.now
        door.alert("tests_unexplained", None, None, tests=len(state.tests.unexplained()))


def _hhmm(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}Z"


def _sent_by_them(state: State, door: Door, link: Link, entry: Entry) -> Refusal | None:
    waiting = [t for t in state.tests.waiting() if t.link == link.id and not t.mine]
    if len(waiting) >= MAX_WAITING:
        detail = f"{MAX_WAITING} test calls wait for an answer."
        return Refusal(reason=Reason.TOO_MANY, detail=detail)
    week = door.now.after(-RETAINED_MS)
    kept = sum(
        1
        for t in state.tests.by_id.values()
        if t.link == link.id and not t.mine and t.sent_at > week
    )
    if kept >= MAX_KEPT:
        return Refusal(reason=Reason.TOO_MANY, detail=f"More than {MAX_KEPT} test calls in a week.")
    patience_ms = link.terms.tests.patience_ms
    way = _choose(state, door, link)
    test = TestCall(
        id=entry.id,
        link=link.id,
        mine=False,
        sent_at=door.now,
        until=door.now.after(patience_ms),
        way=way,
        desk_at=None if way == _desk(link) else door.now.after(patience_ms // 2),
    )
    state.tests.put(test)
    _ring(door, test, way, 0)
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
    # A cause is asked for on both sides: either may know that it was the weather.
    show = door.alert if body.cause is Cause.UNKNOWN else door.tell
    show(f"test_{body.outcome.value}", link.id, test.id)
    return None


def _ended(state: State, door: Door, test: TestCall, body: TestAnswered, by: str) -> None:
    door.say(state.link(test.link), "test.answered", body, re=(test.id,), by=by)
    if not test.mine:
        door.hush(test.id)
    state.tests.put(_with(test, body, door))


def _with(test: TestCall, body: TestAnswered, door: Door) -> TestCall:
    # A cause that is found later ends nothing again.
    ended_at = door.now if body.outcome is not test.outcome else test.ended_at
    return replace(test, outcome=body.outcome, cause=body.cause, ended_at=ended_at, desk_at=None)
