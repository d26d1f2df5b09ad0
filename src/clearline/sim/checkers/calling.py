"""Rule 3 on the calling side: its own ladder, by its own clock, and what its officer is told.

Each rung that passes tells the caller's officer whether anybody there was heard to ring; who
stands a call down is told no more of it, and who is climbed past has it begin again.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.effects import Alert, Tell
from clearline.core.events import Close, OpenCall, StandDown
from clearline.record import Entry
from clearline.sim.checkers.climbing import ladder_of, opening_of
from clearline.sim.checkers.view import View, other
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import PARTIES
from clearline.sim.trace import Act

__all__ = ["the_caller_is_told"]


class _Happened(Struct, frozen=True, kw_only=True):
    """What stops the caller's ladder, has it begin again, or ends what can be known of it."""

    at: Instant
    what: str
    rung: int = 0


def the_caller_is_told(view: View) -> Iterator[Violation]:
    """Check rule 3 on the calling side."""
    for party in PARTIES:
        opened = {each.id: each for each in view.entries[party] if each.kind == "call.opened"}
        for act in view.trace.acts:
            if act.party == party and isinstance(act.event, OpenCall) and act.entries:
                yield from _told(view, party, act, opened[act.entries[0]])


def _told(view: View, party: str, act: Act, opened: Entry) -> Iterator[Violation]:
    station, ladder = view.night.world.station(party), ladder_of(view, opened)
    rung = opening_of(view, opened)
    at, until = act.at, opened.at.after(ladder.rungs[rung - 1].patience_ms)
    runs = True
    for happened in _happened(view, party, opened.id, act.at):
        while runs and (due := station.clock.first(until, at)) < happened.at:
            if not view.is_up(party, due):
                return
            patience_ms = ladder.rungs[rung - 1].patience_ms
            wrong = _wrong(view, party, opened.id, due, rung, 2 * patience_ms, act.at)
            if wrong is not None:
                yield wrong
                return
            rung = min(rung + 1, len(ladder.rungs))
            at, until = due, until.after(ladder.rungs[rung - 1].patience_ms)
        at = max(at, happened.at)
        match happened.what:
            case "stops":
                runs = False
            case "climbed" if not runs:
                runs, rung = True, happened.rung
                until = station.clock.show(at).after(ladder.rungs[rung - 1].patience_ms)
            case "ends":
                return
            case _:
                pass


def _happened(view: View, party: str, call: str, after: Instant) -> list[_Happened]:
    """Return what the caller's ladder depends on, in its order, and the end of the night."""
    found = [_Happened(at=view.night.ended_at, what="ends")]
    for act in view.trace.acts:
        event = act.event
        if act.party != party or act.at < after or not isinstance(event, (Close, StandDown)):
            continue
        if event.call == call and act.mistake is None:
            ends = isinstance(event, StandDown) or not act.entries
            found.append(_Happened(at=act.at, what="ends" if ends else "stops"))
    for index, entry in enumerate(view.entries[other(party)]):
        if entry.re[:1] != (call,) or entry.kind not in ("call.acknowledged", "call.climbed"):
            continue
        at = view.reached(party, index)
        if at is None:
            continue
        rung = int(msgspec.json.decode(entry.body)["rung"])
        what = "climbed" if entry.kind == "call.climbed" else "stops"
        # What it fell of on storing it, it knows when it wakes, and what it did is not known.
        what = "ends" if view.fell(party, at) else what
        found.append(_Happened(at=at, what=what, rung=rung))
    return sorted(found, key=lambda each: each.at)


def _wrong(
    view: View, party: str, call: str, due: Instant, rung: int, within_ms: int, since: Instant
) -> Violation | None:
    """Return what is wrong with what the caller was told when a rung passed."""
    code = _code(view, party, call, due)
    if code is None:
        return view.violation(3, due, f"{party} was not told that rung {rung} of {call} passed")
    heard = _heard_rung(view, party, call, due, within_ms)
    steady = not any(
        since <= change.at <= due and change.party == party for change in view.trace.lives
    )
    if steady and (code == "use_next_path") is not (heard < rung):
        what = f"{party} had heard of rung {heard}, rung {rung} passed, told {code}"
        return view.violation(3, due, what)
    return None


def _code(view: View, party: str, call: str, at: Instant) -> str | None:
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
        if not isinstance(effect, (Tell, Alert)) or effect.about != call:
            continue
        if effect.code in ("call_ringing", "call_climbed_past"):
            rung = int(effect.args["rung"]) if now.since(each.local) <= within_ms else 0
    return rung
