"""Rule 3 on the called side: what should ring of a call, and when, worked out from what happened.

From the terms' ladder, the node's clock, who is at the desks, what the called side's people
did and what of the caller's reached them; never from `core.ladder`. It is held against each
ring that people heard: nothing else rings, and nothing rings at another time.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.effects import Alert, Demand, Ring
from clearline.core.events import (
    Acknowledge,
    Close,
    Dispose,
    JumpToRung,
    ReadBack,
    Say,
)
from clearline.core.terms import Ladder, Precedence
from clearline.record import Entry
from clearline.sim.checkers.view import View, other
from clearline.sim.checkers.violation import Violation
from clearline.sim.checkers.watches import Watches
from clearline.sim.scene import PARTIES
from clearline.sim.trace import Act, Life

__all__ = ["climbs_by_the_called_clock", "idle_is_alarmed", "ladder_of", "opening_of"]

_OF_A_CALL = (Acknowledge, Close, Dispose, JumpToRung, ReadBack, Say)


class _Heard(Struct, frozen=True, kw_only=True):
    """One ring of a call, as people heard it."""

    at: Instant
    rung: int
    round: int
    until: Instant


class _Happened(Struct, frozen=True, kw_only=True):
    """Something that a climb depends on: an act of the called side, what reached it, a start."""

    at: Instant
    what: str
    act: Act | None = None


def climbs_by_the_called_clock(view: View) -> Iterator[Violation]:
    """Check rule 3 on the called side, and of rule 4 that the last rung repeats."""
    for party in PARTIES:
        for index, entry in enumerate(view.entries[party]):
            if entry.kind == "call.opened":
                yield from _Climb(view, party, index, entry).check()


def ladder_of(view: View, opened: Entry) -> Ladder:
    """Return the ladder of the call that an entry opened."""
    precedence = Precedence(msgspec.json.decode(opened.body)["precedence"])
    return view.night.world.terms.ladders.of(precedence)


def opening_of(view: View, opened: Entry) -> int:
    """Return the rung that a call begins at, if none is empty: where one that recurs ended."""
    rung = 1
    for each in (each for party in PARTIES for each in view.entries[party]):
        if opened.re and each.re and each.re[0] == opened.re[0]:
            if each.kind == "call.acknowledged":
                rung = int(msgspec.json.decode(each.body)["rung"])
            elif each.kind == "call.climbed":
                rung = 1
    return min(rung, len(ladder_of(view, opened).rungs))


class _Climb:
    """One call on its called side, followed from ring to ring."""

    def __init__(self, view: View, calling: str, index: int, opened: Entry) -> None:
        self._view = view
        self._party = other(calling)
        self._calling = calling
        self._call = opened.id
        self._opened = opened
        self._ladder = ladder_of(view, opened)
        self._last = len(self._ladder.rungs)
        self._clock = view.night.world.station(self._party).clock
        self._watches = Watches(view, self._party)
        self._entries = [
            each for each in view.entries[self._party] if each.re and each.re[0] == self._call
        ]
        self._heard = self._rings()
        self._expected: set[Instant] = set()
        self._left = False
        self._rung, self._round, self._until = 0, 0, Instant(0)
        self._act_by: Instant | None = None
        self._rings_now = True

    def check(self) -> Iterator[Violation]:
        """Return what rang that should not, and what should have rung and did not."""
        ringing = next((each for each in self._entries if each.kind == "call.ringing"), None)
        if not self._heard or ringing is None or not self._watches.certain:
            return
        at = self._heard[0].at
        body = msgspec.json.decode(ringing.body)
        self._rung, self._until = int(body["rung"]), self._after(ringing.at, int(body["rung"]))
        if at in self._view.starts(self._party):
            # It was stored just before the node fell, and what should ring rang on waking.
            at = at.after(-1)
        else:
            self._expected.add(at)
            first = self._watches.first_from(self._ladder, opening_of(self._view, self._opened), at)
            if self._heard[0].rung != first:
                yield self._wrong(at, f"began at rung {self._heard[0].rung}, not {first}")
                return
        for happened in self._happened(at):
            for wrong in self._deadlines(at, happened.at):
                yield wrong
                if wrong.what:
                    return
            at = max(at, happened.at)
            if happened.what == "uncertain":
                return
            for wrong in self._take(happened):
                yield wrong
                return
            if happened.what == "end":
                break
        stray = [each for each in self._heard if each.at not in self._expected]
        if stray:
            yield self._wrong(stray[0].at, f"rang rung {stray[0].rung}, and nothing should ring")

    def _deadlines(self, at: Instant, until: Instant) -> Iterator[Violation]:
        """Follow every deadline that the node keeps after `at` and before `until`."""
        while (deadline := self._until if self._rings_now else self._act_by) is not None:
            due = self._clock.first(deadline, at)
            if due >= until or not self._view.is_up(self._party, due):
                return
            self._climb(due)
            yield from self._rang(due)
            at = due

    def _climb(self, at: Instant) -> None:
        """Climb all that has given way by now."""
        local = self._clock.show(at)
        if not self._rings_now:
            rung = self._watches.first_from(self._ladder, self._rung + 1, at)
            self._begin(at, rung, self._climbed_past(local))
            return
        while self._until <= local:
            if self._rung < self._last:
                self._rung = self._watches.first_from(self._ladder, self._rung + 1, at)
            else:
                self._round += 1
            self._until = self._after(self._until, self._rung)

    def _climbed_past(self, local: Instant) -> Instant | None:
        """Return when the node did, by its record, if it fell while it did, before now."""
        done = (
            each.at
            for each in self._entries
            if each.kind == "call.climbed"
            and msgspec.json.decode(each.body)["why"] == "idle"
            and self._act_by is not None
            and self._act_by <= each.at <= local
        )
        return next(done, None)

    def _begin(self, at: Instant, rung: int, local: Instant | None = None) -> None:
        """Begin again at a rung: the call rings, and waits for another answer."""
        self._rung, self._round = rung, self._round + 1
        self._until = self._after(local or self._clock.show(at), rung)
        self._rings_now, self._act_by = True, None

    def _take(self, happened: _Happened) -> Iterator[Violation]:
        """Take in what somebody did, or what reached the node, or that it started."""
        act = happened.act
        match happened.what:
            case "start":
                late = not self._rings_now and self._act_by is not None
                if late and self._act_by and self._act_by <= self._clock.show(happened.at):
                    self._climb(happened.at)
                if self._rings_now:
                    self._climb(happened.at)
                    yield from self._rang(happened.at)
            case "stood_down":
                self._rings_now, self._act_by = False, None
            case "left":
                self._left, self._act_by = True, None
            case "act" if act is not None:
                yield from self._acted(act)
            case _:
                pass

    def _acted(self, act: Act) -> Iterator[Violation]:
        said = next((each for each in self._entries if each.id in act.entries), None)
        if said is None:
            return
        match act.event:
            case Acknowledge():
                may = isinstance(self._ladder.act_ms, int) and not self._left
                self._rings_now = False
                self._act_by = said.at.after(int(self._ladder.act_ms or 0)) if may else None
            case JumpToRung(rung=rung):
                # By hand, a rung rings though nobody should be there.
                self._begin(act.at, rung, said.at)
                yield from self._rang(act.at)
            case _:
                self._act_by = None

    def _rang(self, at: Instant) -> Iterator[Violation]:
        """Hold what rang now against what should."""
        self._expected.add(at)
        heard = [each for each in self._heard if each.at == at]
        should = (self._rung, self._round, self._until)
        if heard and (heard[-1].rung, heard[-1].round, heard[-1].until) == should:
            return
        rang = f"{heard[-1].rung}/{heard[-1].round}" if heard else "nothing"
        rule = 4 if self._rung == self._last and self._round and not heard else 3
        what = f"should ring rung {self._rung}/{self._round} now, rang {rang}"
        yield self._wrong(at, what, rule)

    def _wrong(self, at: Instant, what: str, rule: int = 3) -> Violation:
        return self._view.violation(rule, at, f"{self._party}: call {self._call} {what}")

    def _after(self, local: Instant, rung: int) -> Instant:
        return local.after(self._ladder.rungs[rung - 1].patience_ms)

    def _rings(self) -> list[_Heard]:
        found: list[_Heard] = []
        for each in self._view.performed[self._party]:
            ring = each.effect
            if isinstance(ring, Ring) and ring.demand is Demand.CALL and ring.what == self._call:
                _, _, again = ring.id.rsplit(":", 2)
                assert ring.rung is not None, ring
                found.append(_Heard(at=each.at, rung=ring.rung, round=int(again), until=ring.until))
        return found

    def _happened(self, after: Instant) -> list[_Happened]:
        """Return all that the climb depends on, in its order, and the end of the night."""
        view, party = self._view, self._party
        found = [_Happened(at=view.night.ended_at, what="end")]
        for change in view.trace.lives:
            if change.party == party and change.life is Life.STARTED and change.at > after:
                stays = view.is_up(party, change.at)
                found.append(_Happened(at=change.at, what="start" if stays else "nothing"))
        for act in view.trace.acts:
            event = act.event
            if act.party != party or act.at < after or not isinstance(event, _OF_A_CALL):
                continue
            if event.call != self._call or act.mistake is not None or not act.human:
                continue
            sure = bool(act.entries) or not view.fell(party, act.at)
            found.append(_Happened(at=act.at, what="act" if sure else "uncertain", act=act))
        for index, entry in enumerate(view.entries[self._calling]):
            names = {"call.stood_down": "stood_down", "call.closed": "left"}
            if entry.kind in names and entry.re[:1] == (self._call,):
                at = view.reached(party, index)
                if at is not None:
                    found.append(_Happened(at=at, what=names[entry.kind]))
        return sorted(found, key=lambda each: (each.at, each.what == "end"))


def idle_is_alarmed(view: View) -> Iterator[Violation]:
    """Check that both sides' desks are alarmed when a call climbs past whoever acknowledged."""
    for party in PARTIES:
        for index, entry in enumerate(view.entries[party]):
            if entry.kind != "call.climbed":
                continue
            if msgspec.json.decode(entry.body)["why"] != "idle":
                continue
            call, caller = entry.re[0], other(party)
            steady = len(view.up[party]) == 1
            if steady and not _alarmed(view, party, call, "acknowledged_idle", None):
                yield view.violation(3, entry.at, f"{party} was not told who was idle in {call}")
            at = view.reached(caller, index)
            over = _stood_down(view, caller, call)
            if at is None or over or view.fell(caller, at):
                continue
            if not _alarmed(view, caller, call, "call_climbed_past", at):
                yield view.violation(3, at, f"{caller} was not told of an idle one in {call}")


def _alarmed(view: View, party: str, call: str, code: str, at: Instant | None) -> bool:
    return any(
        isinstance(each.effect, Alert)
        and (each.effect.code, each.effect.about) == (code, call)
        and at in (None, each.at)
        for each in view.performed[party]
    )


def _stood_down(view: View, party: str, call: str) -> bool:
    return any(
        each.kind == "call.stood_down" and each.re[:1] == (call,) for each in view.entries[party]
    )
