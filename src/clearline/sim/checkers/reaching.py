"""Rules 2 and 4: a FLASH rings at once, and no call ends but by what people did.

A node that is down rings nothing; on waking it rings what should be ringing then. What should
be is worked out in `climbing`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from clearline.basis.instants import Instant, dec_hook
from clearline.core.calls import CallOpened, CallState
from clearline.core.effects import Ring
from clearline.core.events import Acknowledge, Close, StandDown
from clearline.core.terms import Precedence
from clearline.node.outbox import GIVE_UP_MS
from clearline.phrasebook import coded
from clearline.record import Entry, parse_append
from clearline.sim.checkers.view import View, other
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import PARTIES

__all__ = ["flash_rings_at_once", "silence_never_closes"]


def flash_rings_at_once(view: View) -> Iterator[Violation]:
    """Check rule 2: a FLASH goes out at once, and rings in the instant in which it is stored.

    It waits for one append that is under way, and for nothing else of ours. What the network
    lets through without loss rings within that one answer's way and its own.
    """
    for party in PARTIES:
        for index, entry in enumerate(view.entries[party]):
            if entry.kind == "call.opened" and _precedence(entry) is Precedence.FLASH:
                yield from _flash_left(view, party, index, entry)
                yield from _flash_rang(view, party, index, entry)


def _flash_left(view: View, party: str, index: int, entry: Entry) -> Iterator[Violation]:
    act = next((each for each in view.trace.acts if entry.id in each.entries), None)
    if act is None or act.waiting or not view.is_up(party, act.at):
        return
    left = any(
        each.party == party and each.at == act.at and each.end > index
        for each in view.trace.sendings
    )
    if not left:
        yield view.violation(2, act.at, f"{party}'s FLASH {entry.id} did not leave at once")


def _flash_rang(view: View, party: str, index: int, entry: Entry) -> Iterator[Violation]:
    called = other(party)
    stored_at = _receipted_at(view, called, index)
    if stored_at is None:
        if view.night.at_rest:
            yield view.violation(2, view.night.ended_at, f"FLASH {entry.id} was never stored")
        return
    rung_at = _first_ring(view, called, entry)
    if rung_at is None or rung_at > stored_at:
        what = f"FLASH {entry.id} was stored by {called} at {stored_at} and rang at {rung_at}"
        yield view.violation(2, stored_at, what)
    elif rung_at < stored_at and rung_at not in view.starts(called):
        # Stored just before a crash: the node signed nothing, and rang on waking.
        yield view.violation(2, rung_at, f"FLASH {entry.id} rang before it was stored")
    else:
        yield from _in_time(view, party, entry, rung_at)


def _in_time(view: View, party: str, entry: Entry, rung_at: Instant) -> Iterator[Violation]:
    act = next((each for each in view.trace.acts if entry.id in each.entries), None)
    if act is None:
        return
    since = act.at.after(-GIVE_UP_MS)
    disturbed = any(since <= at <= rung_at for at, _ in view.trace.lost) or any(
        since <= change.at <= rung_at for change in view.trace.lives
    )
    most_ms = 3 * 3_000
    if not disturbed and rung_at.since(act.at) > most_ms:
        what = f"FLASH {entry.id} took {rung_at.since(act.at)} ms though nothing was lost"
        yield view.violation(2, rung_at, what)


def _receipted_at(view: View, called: str, index: int) -> Instant | None:
    for each in view.trace.admissions:
        if each.party == called and each.status == 200:
            request = parse_append(each.body)
            size = getattr(request, "old", 0) + len(getattr(request, "entries", ()))
            if size > index:
                return each.at
    return None


def _first_ring(view: View, called: str, entry: Entry) -> Instant | None:
    text = set(_coded(entry))
    for each in view.performed[called]:
        ring = each.effect
        if isinstance(ring, Ring) and ring.what == entry.id and text <= set(ring.coded):
            return each.at
    return None


def _coded(entry: Entry) -> tuple[str, ...]:
    body = msgspec.json.decode(entry.body, type=CallOpened, dec_hook=dec_hook)
    return tuple(coded(phrase) for phrase in body.phrases)


def _precedence(entry: Entry) -> Precedence:
    return Precedence(msgspec.json.decode(entry.body)["precedence"])


def silence_never_closes(view: View) -> Iterator[Violation]:
    """Check rule 4: no call stops climbing, and none is closed, but by what people did."""
    end = view.night.ended_at
    for party in PARTIES:
        runtime = view.night.world.station(party).runtime
        if runtime is None:
            continue
        for call in runtime.state.calls.by_id.values():
            answered = sum(_asked(view, side, Acknowledge, call.id) for side in PARTIES)
            caller = party if call.mine else other(party)
            over = _asked(view, caller, StandDown, call.id)
            if not call.climbs and not answered and not over:
                yield view.violation(4, end, f"call {call.id} is {call.state}, unanswered")
            if call.state is CallState.CLOSED and not all(
                _asked(view, side, Close, call.id) or (over and side == caller) for side in PARTIES
            ):
                yield view.violation(4, end, f"call {call.id} closed without both sides' people")


def _asked(view: View, party: str, kind: type[Acknowledge | Close | StandDown], call: str) -> int:
    """Return how often people of one side asked for something of one call."""
    return sum(
        1
        for act in view.trace.acts
        if act.human
        and act.party == party
        and isinstance(act.event, kind)
        and act.event.call == call
    )
