"""Calling: what a node does when a call is opened, rings, climbs, is answered and ends.

The walk of a FLASH: the caller's command becomes `call.opened`. On the other side that
entry rings every desk of rung 1 with its text at once, and `call.ringing` goes back by
itself. Until a human acknowledges, each deadline climbs to the next rung, on both sides,
each by its own clock; the calling side tells its own officer to use the next path or the
contact card for every rung from which it has not heard a ring.

No limit, suspension, dispute of ours or pending agreement stops a FLASH.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.core import calls, ladder, planning, telling
from clearline.core.calls import (
    Call,
    CallAcknowledged,
    CallClimbed,
    CallClosed,
    CallDisposition,
    CallOpened,
    CallReadback,
    CallRinging,
    CallSaid,
    CallState,
    CallStoodDown,
    Disposed,
    Said,
    Why,
)
from clearline.core.effects import Demand, Ring
from clearline.core.events import (
    Acknowledge,
    Close,
    Dispose,
    JumpToRung,
    OpenCall,
    ReadBack,
    Say,
    StandDown,
)
from clearline.core.ladder import Climb
from clearline.core.links import Link
from clearline.core.nearby import nearest_notices
from clearline.core.notices import Disposition
from clearline.core.release import NODE, Door, release_phrases
from clearline.core.state import State
from clearline.core.terms import Precedence, ReleaseField, Terms
from clearline.phrasebook import Phrase, coded
from clearline.record import Entry

__all__ = [
    "acknowledge",
    "arrived",
    "began",
    "climb_all",
    "close",
    "dispose",
    "jump",
    "open_call",
    "opened_unreadably",
    "read_back",
    "restated",
    "ring_again",
    "say",
    "stand_down",
]

MAX_OPEN_FLASH = 1_000
"""FLASH calls of one counterpart that ring at once. With a thousand ringing nobody is missing
a human for want of one more, and nothing on the line may make work without bound."""

TAKES_LATE_FROM = 3
"""The rules (`Started.rules`) from which on a closed call takes in what crossed its close."""
OWN_CLOCK_FROM = 4
"""The rules from which on their standing down closes a call by our clock, not by theirs."""

After = TypeVar("After")

UNREADABLE = "(a FLASH that this node cannot read: ask SAY AGAIN)"


def open_call(state: State, door: Door, event: OpenCall) -> None:
    """Open a call. The entry is on its way before anything else is done."""
    link = state.link(event.link)
    phrases, changes = release_phrases(event.phrases, link.terms)
    before = _recurring(state, event.reopens, event.link) if event.reopens else None
    for notice in event.notices:
        if state.notice(notice).link != link.id:
            raise Mistake("notice_of_other_link", f"Notice {notice} is not of this link.")
    attached = nearest_notices(state, link, phrases, event.notices, door.now)
    if not link.terms.allows(ReleaseField.CALL_NOTICES):
        changes = (*changes, "withheld:notices") if attached else changes
        attached = ()
    body = CallOpened(
        precedence=event.precedence, phrases=phrases, notices=attached, drill=event.drill
    )
    re = (before.id,) if before else ()
    entry = door.say(link, "call.opened", body, re=re, by=event.by, changes=changes)
    call = began(link, before, entry.id, body, door.now, mine=True)
    state.calls.put(call)
    if link.disputed or link.peer_unsafe:
        door.alert("use_contact_card", link.id, call.id)


def say(state: State, door: Door, event: Say) -> None:
    """Say more in a call."""
    call = state.call(event.call)
    link = state.link(call.link)
    phrases, changes = release_phrases(event.phrases, link.terms)
    utterance = Said(entry="", mine=True, phrases=phrases, at=door.now)
    _know(call, "call.said")
    _or_mistake(calls.said(call, utterance))
    entry = door.say(
        link, "call.said", CallSaid(phrases=phrases), re=(call.id,), by=event.by, changes=changes
    )
    after = _or_mistake(calls.said(call, replace(utterance, entry=entry.id)))
    state.calls.put(replace(after, act_by=None))


def read_back(state: State, door: Door, event: ReadBack) -> None:
    """Restate the slots of something that the counterpart said."""
    call = state.call(event.call)
    link = state.link(call.link)
    original = call.saying(event.of)
    if original is None or original.mine:
        raise Mistake("nothing_to_read_back", "Read back something that the counterpart said here.")
    phrases, changes = restated(event.phrases, original.phrases, link.terms)
    utterance = Said(entry="", mine=True, phrases=phrases, at=door.now, restates=event.of)
    _know(call, "call.readback")
    _or_mistake(calls.said(call, utterance))
    body = CallReadback(phrases=phrases)
    re = (call.id, event.of)
    entry = door.say(link, "call.readback", body, re=re, by=event.by, changes=changes)
    after = _or_mistake(calls.said(call, replace(utterance, entry=entry.id)))
    state.calls.put(replace(after, act_by=None))


def acknowledge(state: State, door: Door, event: Acknowledge) -> None:
    """A human here has read the call: stop ringing, and say so."""
    call = state.call(event.call)
    link = state.link(call.link)
    _know(call, "call.acknowledged")
    body = CallAcknowledged(rung=call.climb.rung, echelon=event.echelon)
    after = _or_mistake(calls.acknowledged(call, body, door.now, mine=True))
    if isinstance(call.ladder.act_ms, int) and after.state is CallState.ACKNOWLEDGED:
        after = replace(after, act_by=door.now.after(call.ladder.act_ms))
    door.hush(call.id)
    door.say(link, "call.acknowledged", body, re=(call.id,), by=event.by)
    state.calls.put(after)


def jump(state: State, door: Door, event: JumpToRung) -> None:
    """Ring another rung of a call of theirs now: whoever asks knows who is needed."""
    call = state.call(event.call)
    if call.mine:
        raise Mistake("own_call", "The called side climbs. Say more in the call, or stand down.")
    if call.preempted_at is not None:
        raise Mistake("preempted", "A real call has ended this drill: it rings nobody any more.")
    if event.rung > len(call.ladder.rungs):
        raise Mistake("no_such_rung", f"The ladder has {len(call.ladder.rungs)} rungs.")
    _know(call, "call.climbed")
    climb = ladder.start(call.ladder, door.now, event.rung, call.climb.round + 1)
    _or_mistake(calls.step(call, "call.climbed", mine=True))
    link = state.link(call.link)
    _climbed(state, door, link, replace(call, climb=climb), Why.BY_HAND, event.by)


def stand_down(state: State, door: Door, event: StandDown) -> None:
    """Say that a call of ours needs no human any more. The other side stops ringing."""
    call = state.call(event.call)
    _know(call, "call.stood_down")
    after = _or_mistake(calls.stood_down(call, door.now, mine=True))
    link = state.link(call.link)
    door.say(link, "call.stood_down", CallStoodDown(), re=(call.id,), by=event.by)
    state.calls.put(after)


def dispose(state: State, door: Door, event: Dispose) -> None:
    """Say what we did about a call."""
    call = state.call(event.call)
    disposition = Disposition.parse(event.disposition)
    what = Disposed(disposition=disposition, at=door.now)
    _know(call, "call.disposition")
    after = _or_mistake(calls.disposed(call, what, mine=True))
    body = CallDisposition(disposition=disposition)
    door.say(state.link(call.link), "call.disposition", body, re=(call.id,), by=event.by)
    state.calls.put(replace(after, act_by=None))


def close(state: State, door: Door, event: Close) -> None:
    """Say that the call is over for us."""
    call = state.call(event.call)
    _know(call, "call.closed")
    after = _or_mistake(calls.closed(call, door.now, mine=True))
    door.say(state.link(call.link), "call.closed", CallClosed(), re=(call.id,), by=event.by)
    state.calls.put(after)


def arrived(state: State, door: Door, link: Link, entry: Entry, body: object) -> Refusal | None:
    """Take in one entry of the counterpart's about a call; return why not, if it may not be."""
    if isinstance(body, CallOpened):
        return _opened_by_them(state, door, link, entry, body)
    call = state.calls.by_id.get(entry.re[0]) if entry.re else None
    if call is None or call.link != link.id:
        return Refusal(
            reason=Reason.UNKNOWN_REFERENCE, detail="There is no such call on this link."
        )
    if call.state is CallState.CLOSED and state.rules < TAKES_LATE_FROM:
        return Refusal(reason=Reason.OUT_OF_ORDER, detail="That call is closed.")
    after = _told(call, entry, body, door.now)
    if isinstance(after, Refusal):
        return after
    if after.closed_at is not None and state.rules >= OWN_CLOCK_FROM:
        # How long it is kept is a deadline, and an entry's own time is never one.
        after = replace(after, closed_at=call.closed_at or door.now)
    state.calls.put(after)
    telling.show(door, link, call, after, entry, body)
    return None


def climb_all(state: State, door: Door) -> None:
    """Climb every call whose rung has given way by now, on whichever side of it we are."""
    for call in state.calls.climbing():
        if call.climb.until > door.now:
            break
        link = state.link(call.link)
        if call.mine:
            after = replace(call, climb=ladder.climb(call.ladder, call.climb, door.now))
            state.calls.put(after)
            _own_rung_passed(door, link, call, after)
            continue
        passed = ladder.rung_of(call.ladder, call.climb.rung).echelon
        why = Why.UNANSWERED if planning.on_watch(state, passed, door.now) else Why.UNMANNED
        empty = planning.empty_rungs(state, call.ladder, door.now)
        climb = ladder.climb(call.ladder, call.climb, door.now, empty)
        _climbed(state, door, link, replace(call, climb=climb), why)
    for call in state.calls.idle(door.now):
        _climbed_past(state, door, call)
    state.calls.forget(door.now)


def ring_again(state: State, door: Door) -> None:
    """Ring whatever should be ringing: the process has started and every bell is silent."""
    for call in state.calls.climbing():
        if not call.mine:
            _ring(state, door, call)


def _opened_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: CallOpened
) -> Refusal | None:
    flash = body.precedence is Precedence.FLASH
    limit = MAX_OPEN_FLASH if flash else link.terms.limits.open_calls
    if state.calls.theirs_open(link.id, flash=flash) >= limit:
        return Refusal(reason=Reason.TOO_MANY, detail=f"{limit} calls are open already.")
    before = state.calls.by_id.get(entry.re[0]) if entry.re else None
    if before is not None and before.link != link.id:
        before = None
    rungs = link.terms.ladders.of(body.precedence)
    empty = planning.empty_rungs(state, rungs, door.now)
    call = began(link, before, entry.id, body, door.now, mine=False, empty=empty)
    state.calls.put(call)
    _ring(state, door, call)
    _say_ringing(state, door, link, call)
    mark = {"drill": "DRILL"} if body.drill else {}
    door.alert("call_incoming", link.id, call.id, precedence=body.precedence.value, **mark)
    return None


def opened_unreadably(state: State, door: Door, link: Link, entry: Entry) -> bool:
    """Ring for a FLASH whose body cannot be read whole; return whether it was one.

    The refusal that the sender is answered with delays nothing: a human here is rung, and
    asks what was meant.
    """
    try:
        found = _PRECEDENCE.decode(entry.body)
    except msgspec.MsgspecError:
        return False
    if found.precedence is not Precedence.FLASH:
        return False
    body = CallOpened(precedence=Precedence.FLASH, phrases=(), drill=found.drill)
    return _opened_by_them(state, door, link, entry, body) is None


class _OnlyPrecedence(Struct, frozen=True):
    precedence: Precedence
    drill: bool = False


_PRECEDENCE = msgspec.json.Decoder(_OnlyPrecedence)


def began(
    link: Link,
    before: Call | None,
    entry: str,
    body: CallOpened,
    now: Instant,
    *,
    mine: bool,
    empty: frozenset[int] = frozenset(),
) -> Call:
    """Return the call that `entry` opened.

    One that recurs (`before`) begins at the rung that answered then, not below it, and at no
    rung that is `empty`.
    """
    rungs = link.terms.ladders.of(body.precedence)
    answered = before.acknowledgement if before is not None else None
    return Call(
        id=entry,
        link=link.id,
        mine=mine,
        precedence=body.precedence,
        notices=body.notices,
        drill=body.drill,
        opened_at=now,
        ladder=rungs,
        climb=ladder.start(rungs, now, answered.rung if answered else 1, empty=empty),
        said=(Said(entry=entry, mine=mine, phrases=body.phrases, at=now),),
        reopens=before.id if before is not None else None,
        times_opened=before.times_opened + 1 if before is not None else 1,
    )


def _ring(state: State, door: Door, call: Call) -> None:
    """Ring our desks for a call, on the rung that it has climbed to."""
    echelon = ladder.rung_of(call.ladder, call.climb.rung).echelon
    door.ring(
        Ring(
            id=f"{call.id}:{call.climb.rung}:{call.climb.round}",
            what=call.id,
            link=call.link,
            demand=Demand.CALL,
            precedence=call.precedence,
            echelon=echelon,
            rung=call.climb.rung,
            coded=tuple(coded(phrase) for phrase in call.phrases) or (UNREADABLE,),
            drill=call.drill,
            until=call.climb.until,
            officers=planning.on_watch(state, echelon, door.now),
        )
    )


def _climbed(state: State, door: Door, link: Link, call: Call, why: Why, by: str = NODE) -> None:
    """Ring the rung that a call of theirs has climbed to, and say so."""
    echelon = ladder.rung_of(call.ladder, call.climb.rung).echelon
    body = CallClimbed(rung=call.climb.rung, echelon=echelon, round=call.climb.round, why=why)
    _ring(state, door, call)
    door.say(link, "call.climbed", body, re=(call.id,), by=by)
    after = calls.climbed(call, body, door.now, mine=True)
    assert isinstance(after, Call), after
    state.calls.put(after)


def _climbed_past(state: State, door: Door, call: Call) -> None:
    """Climb past an officer who acknowledged a call and then did nothing, and tell them so."""
    answer = call.acknowledgement
    assert answer is not None, call
    door.alert("acknowledged_idle", call.link, call.id, echelon=answer.echelon, rung=answer.rung)
    climb = _restarted(state, call, answer.rung + 1, door.now)
    _climbed(state, door, state.link(call.link), replace(call, climb=climb), Why.IDLE)


def _restarted(state: State, call: Call, rung: int, now: Instant) -> Climb:
    """Return the climb of a call of theirs that begins again at a rung, or above an empty one.

    Where the ladder has no such rung it is the last one, in its next round. No ring of it has
    rung before: its round counts on.
    """
    empty = planning.empty_rungs(state, call.ladder, now)
    return ladder.start(call.ladder, now, rung, call.climb.round + 1, empty)


def _say_ringing(state: State, door: Door, link: Link, call: Call) -> None:
    echelon = ladder.rung_of(call.ladder, call.climb.rung).echelon
    body = CallRinging(rung=call.climb.rung, echelon=echelon, since=call.climb.since)
    door.say(link, "call.ringing", body, re=(call.id,))
    after = calls.ringing(call, body, door.now, mine=True)
    assert isinstance(after, Call), after
    state.calls.put(after)


def _own_rung_passed(door: Door, link: Link, before: Call, call: Call) -> None:
    """Tell our officer what to do about a rung of theirs that did not answer."""
    heard = (
        call.told is not None
        and call.told_at is not None
        and call.told.rung >= before.climb.rung
        # A round of the last rung is a rung too: what was heard an hour ago rings nobody now.
        and door.now.since(call.told_at) <= 2 * before.climb.until.since(before.climb.since)
    )
    card = "; ".join(link.counterpart.contact) or "no contact card in the terms"
    echelon = ladder.rung_of(call.ladder, call.climb.rung).echelon
    if heard:
        door.tell("call_unanswered", link.id, call.id, rung=call.climb.rung, echelon=echelon)
    else:
        door.alert("use_next_path", link.id, call.id, rung=before.climb.rung, contact=card)


def _told(call: Call, entry: Entry, body: object, now: Instant) -> Call | Refusal:
    """Return the call after what the counterpart says of it."""
    match body:
        case CallRinging():
            return calls.ringing(call, body, now, mine=False)
        case CallClimbed():
            return _told_of_climb(call, body, entry, now)
        case CallStoodDown():
            return calls.stood_down(call, entry.at, mine=False)
        case CallAcknowledged():
            return calls.acknowledged(call, body, entry.at, mine=False)
        case CallSaid(phrases=phrases):
            return calls.said(call, Said(entry=entry.id, mine=False, phrases=phrases, at=entry.at))
        case CallReadback(phrases=phrases):
            if len(entry.re) != 2:
                detail = "A read-back names the call and what it restates."
                return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail=detail)
            what = Said(
                entry=entry.id, mine=False, phrases=phrases, at=entry.at, restates=entry.re[1]
            )
            return calls.said(call, what)
        case CallDisposition(disposition=disposition):
            return calls.disposed(call, Disposed(disposition=disposition, at=entry.at), mine=False)
        case CallClosed():
            return calls.closed(call, now, mine=False)
        case _:
            return Refusal(reason=Reason.UNKNOWN_KIND, detail=f"{entry.kind} is not understood.")


def _told_of_climb(call: Call, body: CallClimbed, entry: Entry, now: Instant) -> Call | Refusal:
    """Return a call of ours after the called side climbed; our own ladder starts again with it
    if theirs climbed past somebody who had acknowledged."""
    after = calls.climbed(call, body, entry.at, mine=False)
    if isinstance(after, Refusal):
        return after
    after = replace(after, told_at=now)
    if call.climbs or not after.climbs:
        return after
    return replace(after, climb=ladder.start(call.ladder, now, body.rung, call.climb.round + 1))


def _recurring(state: State, call: str, link: str) -> Call:
    before = state.call(call)
    if before.link != link:
        raise Mistake("call_of_other_link", f"Call {call} is not of this link.")
    if before.state is not CallState.CLOSED:
        raise Mistake("call_open", f"Call {call} is {before.state.value}: speak in it instead.")
    return before


def restated(
    phrases: tuple[Phrase, ...], original: tuple[Phrase, ...], terms: Terms
) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """Return a read-back as it may leave: the counterpart's words as they are, else released."""
    let_out: list[Phrase] = []
    changes: tuple[str, ...] = ()
    for phrase in phrases:
        if phrase in original:
            let_out.append(phrase)
            continue
        (released,), changed = release_phrases((phrase,), terms)
        let_out.append(released)
        changes = (*changes, *changed)
    return tuple(let_out), tuple(dict.fromkeys(changes))


def _know(call: Call, kind: str) -> None:
    """Raise Mistake for what a counterpart would take in, as if it had crossed something of
    theirs on its way, when our user knows how the call stands."""
    _or_mistake(calls.crossing(call, kind))


def _or_mistake(after: After | Refusal) -> After:
    """Return what comes after, or raise what the counterpart would have refused as our user's
    mistake."""
    if isinstance(after, Refusal):
        raise Mistake(after.reason.value, after.detail)
    return after
