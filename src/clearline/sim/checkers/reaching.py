"""Rules 2, 3 and 4: a FLASH rings at once, a call climbs by the called side's clock, and for ever.

What should ring, and when, is worked out here from the terms' ladder and the node's clock
alone, and held against what did. A node that is down rings nothing; on waking it rings what
should be ringing then.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from clearline.basis.instants import Instant, dec_hook
from clearline.core.calls import CallOpened, CallState
from clearline.core.effects import Alert, Demand, Ring, Tell
from clearline.core.events import Acknowledge, Close, OpenCall
from clearline.core.terms import Ladder, Precedence
from clearline.node.outbox import GIVE_UP_MS
from clearline.phrasebook import coded
from clearline.record import Entry, parse_append
from clearline.sim.checkers.view import View, other
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import PARTIES

__all__ = ["climbs_by_the_called_clock", "flash_rings_at_once", "silence_never_closes"]


class _Ringing(Struct, frozen=True, kw_only=True):
    """One ring of one opening of a call, as people heard it."""

    at: Instant
    local: Instant
    rung: int
    round: int
    until: Instant


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


def climbs_by_the_called_clock(view: View) -> Iterator[Violation]:
    """Check rule 3, and of rule 4 that the last rung repeats.

    On the called side each rung gives way exactly at its deadline by that side's clock. On
    the calling side each passed rung tells its own officer, exactly by its own.
    """
    for party in PARTIES:
        for call, rings in _ringings(view, party).items():
            yield from _climb(view, party, call, rings)
        yield from _caller_told(view, party)


def _ringings(view: View, party: str) -> dict[str, list[_Ringing]]:
    found: dict[str, list[_Ringing]] = {}
    for each in view.performed[party]:
        ring = each.effect
        if isinstance(ring, Ring) and ring.demand is Demand.CALL:
            call, rung, again = ring.id.rsplit(":", 2)
            found.setdefault(call, []).append(
                _Ringing(
                    at=each.at,
                    local=each.local,
                    rung=int(rung),
                    round=int(again),
                    until=ring.until,
                )
            )
    return found


def _climb(view: View, party: str, call: str, rings: list[_Ringing]) -> Iterator[Violation]:
    station = view.night.world.station(party)
    ladder = _ladder_of(view, call)
    end = _answered_at(view, call)
    at, rung, again, until = rings[0].at, rings[0].rung, rings[0].round, rings[0].until
    while True:
        due = station.clock.first(until, at.after(1))
        if not view.is_up(party, due):
            woken = view.next_start(party, due)
            if woken is None:
                return
            due = max(woken, station.clock.first(until, woken))
            if not view.is_up(party, due):
                at = due
                continue
        if due >= end:
            return
        while until <= station.clock.show(due):
            if rung < len(ladder.rungs):
                rung += 1
            else:
                again += 1
            until = until.after(ladder.rungs[rung - 1].patience_ms)
        heard = [each for each in rings if each.at == due]
        if not heard or (heard[-1].rung, heard[-1].round, heard[-1].until) != (rung, again, until):
            rule = 4 if again else 3
            rang = f"{heard[-1].rung}/{heard[-1].round}" if heard else "nothing"
            what = f"{party}: call {call} should ring rung {rung}/{again} now, rang {rang}"
            yield view.violation(rule, due, what)
            return
        at = due


def _ladder_of(view: View, call: str) -> Ladder:
    opened = next(entry for party in PARTIES for entry in view.entries[party] if entry.id == call)
    return view.night.world.terms.ladders.of(_precedence(opened))


def _answered_at(view: View, call: str) -> Instant:
    """Return when a human acknowledged a call; the night's end if nobody did.

    A click that the node died of may have been recorded: nothing is certain after it.
    """
    answers = (
        act.at
        for act in view.trace.acts
        if isinstance(act.event, Acknowledge)
        and act.event.call == call
        and (act.entries or act.mistake is None)
    )
    return next(answers, view.night.ended_at)


def _caller_told(view: View, party: str) -> Iterator[Violation]:
    station = view.night.world.station(party)
    for act in view.trace.acts:
        if act.party != party or not isinstance(act.event, OpenCall) or not act.entries:
            continue
        if act.event.reopens is not None:
            continue
        call = act.entries[0]
        ladder = view.night.world.terms.ladders.of(act.event.precedence)
        end = _caller_heard(view, party, call)
        opened = next(each.at for each in view.entries[party] if each.id == call)
        at, rung, until = act.at, 1, opened.after(ladder.rungs[0].patience_ms)
        while True:
            due = station.clock.first(until, at)
            if not view.is_up(party, due):
                break
            if due >= end:
                break
            code = _told_at(view, party, call, due)
            patience_ms = ladder.rungs[rung - 1].patience_ms
            heard = _heard_rung(view, party, call, due, 2 * patience_ms)
            if code is None:
                yield view.violation(3, due, f"{party} was not told that rung {rung} passed")
                break
            steady = not any(
                act.at <= change.at <= due and change.party == party for change in view.trace.lives
            )
            if steady and (code == "use_next_path") is not (heard < rung):
                what = f"{party} had heard of rung {heard}, rung {rung} passed, told {code}"
                yield view.violation(3, due, what)
            rung = min(rung + 1, len(ladder.rungs))
            at, until = due, until.after(ladder.rungs[rung - 1].patience_ms)


def _caller_heard(view: View, party: str, call: str) -> Instant:
    """Return when the caller's node knew that a human has it, or it may have known."""
    journal = [
        each.at
        for each in view.performed[party]
        if isinstance(each.effect, Tell)
        and each.effect.about == call
        and each.effect.code == "call_acknowledged"
    ]
    answered = [
        each.at
        for each in view.trace.acts
        if isinstance(each.event, Acknowledge) and each.event.call == call
    ]
    crashed = [change.at for change in view.trace.lives if change.party == party]
    uncertain = [at for at in crashed if answered and at >= answered[0]]
    return min([*journal, *uncertain], default=view.night.ended_at)


def _told_at(view: View, party: str, call: str, at: Instant) -> str | None:
    for each in view.performed[party]:
        effect = each.effect
        if each.at != at or not isinstance(effect, (Tell, Alert)) or effect.about != call:
            continue
        if effect.code in ("use_next_path", "call_unanswered"):
            return effect.code
    return None


def _heard_rung(view: View, party: str, call: str, at: Instant, within_ms: int) -> int:
    """Return which rung the caller last heard ring, if it heard it lately; else 0."""
    now = view.night.world.station(party).clock.show(at)
    rung = 0
    for each in view.performed[party]:
        effect = each.effect
        if each.at > at:
            break
        if isinstance(effect, Tell) and effect.code == "call_ringing" and effect.about == call:
            rung = int(effect.args["rung"]) if now.since(each.local) <= within_ms else 0
    return rung


def silence_never_closes(view: View) -> Iterator[Violation]:
    """Check rule 4: no call stops climbing, and none is closed, but by what people did."""
    end = view.night.ended_at
    for party in PARTIES:
        runtime = view.night.world.station(party).runtime
        if runtime is None:
            continue
        for call in runtime.state.calls.by_id.values():
            answered = sum(_asked(view, side, Acknowledge, call.id) for side in PARTIES)
            if not call.climbs and not answered:
                yield view.violation(4, end, f"call {call.id} is {call.state}, unanswered")
            if call.state is CallState.CLOSED and not all(
                _asked(view, side, Close, call.id) for side in PARTIES
            ):
                yield view.violation(4, end, f"call {call.id} closed without both sides' people")


def _asked(view: View, party: str, kind: type[Acknowledge | Close], call: str) -> int:
    """Return how often people of one side asked for something of one call."""
    return sum(
        1
        for act in view.trace.acts
        if act.human
        and act.party == party
        and isinstance(act.event, kind)
        and act.event.call == call
    )
