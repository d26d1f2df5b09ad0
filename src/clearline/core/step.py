"""Step: the core's one entrance. An event goes in, effects come out.

The core decides; it never reads a clock, chance, a file or a socket. Same events, same
instants: same effects, on any machine. An event is checked whole and then applied whole: a
`Mistake` leaves everything as it was, and so does a refusal, apart from the entry that says
so. If an assertion fails, the process stops, says LINE NOT SAFE, and replays its journal.
"""

from __future__ import annotations

from typing import assert_never

import msgspec
from msgspec import Struct

from clearline.basis.faults import Broken, Mistake, Reason, Refusal
from clearline.basis.instants import Instant, dec_hook
from clearline.core import (
    agreeing,
    calling,
    declaring,
    drilling,
    manning,
    paging,
    planning,
    presence,
    rechecking,
    recording,
    relaying,
    reporting,
    testing,
)
from clearline.core.calls import (
    CallAcknowledged,
    CallClimbed,
    CallClosed,
    CallDisposition,
    CallOpened,
    CallReadback,
    CallRecorded,
    CallRinging,
    CallSaid,
    CallStoodDown,
)
from clearline.core.conflicts import ConflictCleared, ConflictFound
from clearline.core.effects import Effect
from clearline.core.events import (
    AcceptWatch,
    Acknowledge,
    Agree,
    Announce,
    AnswerTest,
    Arrived,
    ChannelChecked,
    Close,
    Command,
    ConfirmPresence,
    Declare,
    Dispose,
    Event,
    ExplainTest,
    Forked,
    HandOver,
    HandOverByAnyone,
    JumpToRung,
    LeaveWatch,
    Note,
    OfferWatch,
    OpenCall,
    OpenLink,
    Paged,
    PathFailed,
    PeerDisputes,
    PeerUnsafe,
    PlanDesk,
    PlanOfficers,
    Propose,
    ReadBack,
    RecallWatch,
    Receipted,
    Rechecking,
    Recorded,
    RelieveWatch,
    ReportViolation,
    Revise,
    RosterChecked,
    Say,
    SendTest,
    SetTestHours,
    Settle,
    StandDown,
    Started,
    TakeWatch,
    Tick,
    Withdraw,
)
from clearline.core.links import Link, LinkState, StatusAnnounced
from clearline.core.notices import NoticeDeclared, NoticeNoted, NoticeRevised, NoticeWithdrawn
from clearline.core.release import Door
from clearline.core.reporting import EntryRefused, ViolationReported
from clearline.core.roster import WatchStatus
from clearline.core.state import State
from clearline.core.terms import TermsAgreed, TermsProposed
from clearline.core.testcalls import TestAnswered, TestSent
from clearline.record import Entry
from clearline.record import decode as decode_entry

__all__ = ["BODIES", "NEEDS_TERMS", "Core"]

BODIES: dict[str, type[Struct]] = {
    "terms.proposed": TermsProposed,
    "terms.agreed": TermsAgreed,
    "watch.status": WatchStatus,
    "notice.declared": NoticeDeclared,
    "notice.revised": NoticeRevised,
    "notice.withdrawn": NoticeWithdrawn,
    "notice.noted": NoticeNoted,
    "conflict.found": ConflictFound,
    "conflict.cleared": ConflictCleared,
    "call.opened": CallOpened,
    "call.ringing": CallRinging,
    "call.climbed": CallClimbed,
    "call.acknowledged": CallAcknowledged,
    "call.stood_down": CallStoodDown,
    "call.said": CallSaid,
    "call.readback": CallReadback,
    "call.disposition": CallDisposition,
    "call.closed": CallClosed,
    "call.recorded": CallRecorded,
    "test.sent": TestSent,
    "test.answered": TestAnswered,
    "violation.reported": ViolationReported,
    "status.announced": StatusAnnounced,
    "entry.refused": EntryRefused,
}
"""Every kind of entry that the protocol has, and its body."""

NEEDS_TERMS = ("notice.", "conflict.", "violation.")
"""Kinds that begin so are refused until terms are in force. A call never is."""

_DECODERS = {
    kind: msgspec.json.Decoder(body, dec_hook=dec_hook, strict=True)
    for kind, body in BODIES.items()
}


class Core:
    """One node's decisions. It holds the state; nothing else may change it."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()

    def handle(self, event: Event, now: Instant) -> tuple[Effect, ...]:
        """Return what is to be done about an event that the journal has at `now`.

        Raises Mistake, with nothing changed, if a person asked for what cannot be done;
        Broken if this core contradicts itself.
        """
        state = self.state
        now = now if now > state.last else state.last
        door = Door(now, state.seq, state.knows)
        try:
            _dispatch(state, door, event)
            if isinstance(event, Command):
                # Whoever has just acted is there: nobody need ask them.
                presence.acted(state, door, event.by)
        except Mistake as mistake:
            if door.effects:
                raise Broken(f"a mistake after the door was opened: {mistake.phrase}") from mistake
            raise
        state.seq += 1
        state.last = now
        return tuple(door.effects)

    def due(self) -> Instant | None:
        """Return when the core wants a Tick, if nothing else happens; None for never."""
        state = self.state
        times = [state.calls.due(), state.notices.due(), testing.due(state)]
        times += [manning.due(state), planning.due(state)]
        for link in state.links.values():
            times += [link.due(), link.next_test_at]
        return min((at for at in times if at is not None), default=None)


def _dispatch(state: State, door: Door, event: Event) -> None:
    match event:
        case Arrived():
            _arrived(state, door, event)
        case Receipted():
            _receipted(state, door, event)
        case Tick():
            _tick(state, door)
        case Declare():
            declaring.declare(state, door, event)
        case Revise():
            declaring.revise(state, door, event)
        case Withdraw():
            declaring.withdraw(state, door, event)
        case Note():
            declaring.note(state, door, event)
        case OpenCall():
            calling.open_call(state, door, event)
            drilling.preempt(state, door)
        case Acknowledge():
            calling.acknowledge(state, door, event)
        case JumpToRung():
            calling.jump(state, door, event)
        case StandDown():
            calling.stand_down(state, door, event)
        case Say():
            calling.say(state, door, event)
        case ReadBack():
            calling.read_back(state, door, event)
        case Dispose():
            calling.dispose(state, door, event)
        case Close():
            calling.close(state, door, event)
        case TakeWatch():
            manning.take(state, door, event)
        case OfferWatch():
            manning.offer(state, door, event)
        case AcceptWatch():
            manning.accept(state, door, event)
        case RecallWatch():
            manning.recall(state, door, event)
        case ConfirmPresence():
            manning.confirm(state, event)
        case RelieveWatch():
            manning.relieve(state, door, event)
        case HandOver():
            manning.hand_over(state, door, event)
        case HandOverByAnyone():
            manning.hand_over_by_anyone(state, door, event)
        case LeaveWatch():
            manning.leave(state, door, event)
        case PlanOfficers():
            planning.officers(state, door, event)
        case PlanDesk():
            planning.desk(state, door, event)
        case OpenLink():
            agreeing.open_link(state, door, event)
        case Propose():
            agreeing.propose(state, door, event)
        case Agree():
            agreeing.agree(state, door, event)
        case SendTest():
            testing.send(state, door, event)
        case AnswerTest():
            testing.answer(state, door, event)
        case ExplainTest():
            testing.explain(state, door, event)
        case SetTestHours():
            testing.set_hours(state, door, event)
        case Announce():
            reporting.announce(state, door, event)
        case ReportViolation():
            reporting.report(state, door, event)
        case Settle():
            reporting.settle(state, door, event)
        case Paged():
            paging.paged(state, door, event)
            testing.paged(state, door, event)
        case ChannelChecked():
            paging.channel_checked(state, door, event)
        case PathFailed():
            testing.path_failed(door, event)
        case RosterChecked():
            planning.roster_checked(state, door, event)
        case Recorded():
            recording.record(state, door, event)
        case Rechecking():
            rechecking.go_on(state, door, event)
        case Started():
            state.rules = event.rules
            # What was slept through is climbed first: no rung rings that should not ring now.
            _tick(state, door)
            calling.ring_again(state, door)
            testing.ring_again(state, door)
            presence.ring_again(state, door)
        case Forked():
            _forked(state, door, event)
        case PeerUnsafe():
            _peer_unsafe(state, door, event)
        case PeerDisputes():
            _peer_disputes(state, door, event)
        case _:
            assert_never(event)


def _arrived(state: State, door: Door, event: Arrived) -> None:
    """Take in entries that are stored. Each is accepted, shown, or refused with a reason."""
    link = state.links[event.link]
    assert event.first == link.their_size, (event.first, link.their_size)
    for raw in event.entries:
        index = link.their_size
        link.their_size += 1
        entry = decode_entry(raw)
        if isinstance(entry, Refusal):
            _refuse(door, link, index, None, entry)
            continue
        refusal = _entry(state, door, link, entry)
        if refusal is not None and entry.kind != "entry.refused":
            _refuse(door, link, index, entry.id, refusal)


def _entry(state: State, door: Door, link: Link, entry: Entry) -> Refusal | None:
    """Take in one well-formed entry; return why it is not accepted, if it is not."""
    if entry.kind not in BODIES:
        door.tell("not_understood", link.id, entry.id, kind=entry.kind)
        return None
    if entry.kind != "call.opened" and entry.id <= link.their_last_id:
        # A call is a demand for a human: it is let in even by a node whose ids run backwards.
        detail = "The ids of a feed strictly increase."
        return Refusal(reason=Reason.OUT_OF_ORDER, detail=detail)
    if state.knows(entry.id):
        detail = "That id names a notice, a call or a test call already."
        return Refusal(reason=Reason.DUPLICATE, detail=detail)
    link.their_last_id = max(link.their_last_id, entry.id)
    if entry.kind.startswith(NEEDS_TERMS) and not link.agreement.in_force:
        return Refusal(reason=Reason.NO_TERMS, detail="No terms are in force on this link.")
    body = _body(entry)
    if isinstance(body, Refusal):
        if entry.kind == "call.opened":
            calling.opened_unreadably(state, door, link, entry)
            drilling.preempt(state, door)
        return body
    room = entry.kind.partition(".")[0]
    match room:
        case "call" if isinstance(body, CallRecorded):
            return recording.arrived(state, door, link, entry, body)
        case "call":
            refusal = calling.arrived(state, door, link, entry, body)
            drilling.preempt(state, door)
            return refusal
        case "notice" | "conflict":
            return declaring.arrived(state, door, link, entry, body)
        case "terms":
            return agreeing.arrived(state, door, link, body)
        case "test":
            return testing.arrived(state, door, link, entry, body)
        case "watch":
            assert isinstance(body, WatchStatus), body
            return manning.arrived(door, link, body)
        case _:
            return reporting.arrived(door, link, body)


def _body(entry: Entry) -> Struct | Refusal:
    try:
        return _DECODERS[entry.kind].decode(entry.body)
    except msgspec.ValidationError as error:
        reason = Reason.UNKNOWN_FIELD if "unknown field" in str(error) else Reason.MALFORMED
        return Refusal(reason=reason, detail=str(error)[:200])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Refusal(reason=Reason.MALFORMED, detail=str(error)[:200])


def _refuse(door: Door, link: Link, index: int, entry: str | None, refusal: Refusal) -> None:
    body = EntryRefused(index=index, reason=refusal.reason, detail=refusal.detail[:200])
    door.say(link, "entry.refused", body, re=(entry,) if entry else ())
    door.tell("refused", link.id, entry, reason=refusal.reason.value, detail=refusal.detail)


def _receipted(state: State, door: Door, event: Receipted) -> None:
    """The counterpart holds what we said, and is alive."""
    link = state.links[event.link]
    assert event.size <= link.own_size, (event.size, link.own_size)
    link.receipt_size = max(link.receipt_size, event.size)
    if not event.live:
        return
    link.receipt_at = door.now
    link.peer_disputes = False
    if link.peer_unsafe:
        link.peer_unsafe = False
        door.tell("peer_safe_again", link.id, None)
    _compare_clocks(door, link, event.theirs)
    _show_state(door, link)


def _compare_clocks(door: Door, link: Link, theirs: Instant) -> None:
    """Show how far the clocks differ; their signature has whole seconds, rounded down."""
    apart_ms = theirs.since(door.now)
    link.clock_ahead_ms = apart_ms if apart_ms > 0 else min(0, apart_ms + 999)
    past = abs(link.clock_ahead_ms) > link.terms.pulse.clock_limit_ms
    if past and not link.clock_alarmed:
        door.alert("clocks_differ", link.id, None, ahead_ms=link.clock_ahead_ms)
    elif link.clock_alarmed and not past:
        door.tell("clocks_agree", link.id, None)
    link.clock_alarmed = past


def _show_state(door: Door, link: Link) -> None:
    """Tell our desks if silence, or its end, has changed the state of a link."""
    state = link.state_at(door.now)
    if state is link.state:
        return
    link.state = state
    if state in (LinkState.DOWN, LinkState.DISPUTED):
        door.alert(f"link_{state.value}", link.id, None)
    else:
        door.tell(f"link_{state.value}", link.id, None)


def _forked(state: State, door: Door, event: Forked) -> None:
    link = state.links[event.link]
    link.disputed = True
    link.state = LinkState.DISPUTED
    door.alert("link_disputed", link.id, None, evidence=event.evidence, detail=event.detail)


def _peer_unsafe(state: State, door: Door, event: PeerUnsafe) -> None:
    link = state.links[event.link]
    if not link.peer_unsafe:
        link.peer_unsafe = True
        door.alert("peer_not_safe", link.id, None)


def _peer_disputes(state: State, door: Door, event: PeerDisputes) -> None:
    link = state.links[event.link]
    if not link.peer_disputes:
        link.peer_disputes = True
        door.alert("peer_disputes", link.id, None)


def _tick(state: State, door: Door) -> None:
    calling.climb_all(state, door)
    declaring.lapse_all(state, door)
    relaying.tick(state, door)
    testing.tick(state, door)
    manning.tick(state, door)
    planning.tick(state, door)
    for link in state.links.values():
        _show_state(door, link)
