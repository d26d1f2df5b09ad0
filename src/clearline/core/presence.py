"""Presence: whether whoever holds a watch is there and awake.

The terms of a link may require that it is asked. Then the holder of each desk of ours is
rung, gently, so long after they last did anything on this node; any act of theirs is the
answer, and nobody is asked who has just acted. Unanswered, every desk of ours is alarmed,
and the holder is asked again, until somebody acts.

It never unmans a desk, never holds a call up and never says anything to the counterpart:
that an officer is tired is nobody's affair but ours (decision 0031).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.instants import Instant
from clearline.core.effects import Demand, Ring
from clearline.core.release import Door
from clearline.core.roster import Watch
from clearline.core.state import State
from clearline.core.terms import Precedence, PresenceRule

__all__ = ["Asking", "acted", "asking", "due", "end", "ring_again", "tick"]

ARE_YOU_THERE = "(are you there? confirm that the watch is kept)"


class Asking(Struct, frozen=True, kw_only=True):
    """What the terms of all links in force together require of our desks."""

    every_ms: int
    grace_ms: int
    """Shorter than `every_ms`."""
    link: str
    """The link whose terms ask first."""


def asking(state: State) -> Asking | None:
    """Return the strictest of the rules of all links in force; None if none has one.

    A desk is asked when the first of them asks, and the desks are alarmed when the first of
    them would alarm: so each rule is kept, whichever is the longer in what.
    """
    found: list[tuple[int, str]] = []
    alarmed: list[int] = []
    for name in sorted(state.links):
        link = state.links[name]
        rule = link.terms.presence
        if link.agreement.in_force and isinstance(rule, PresenceRule):
            found.append((rule.every_ms, name))
            alarmed.append(rule.every_ms + rule.grace_ms)
    if not found:
        return None
    every_ms, link_id = min(found)
    return Asking(every_ms=every_ms, grace_ms=min(alarmed) - every_ms, link=link_id)


def due(watch: Watch, rule: Asking | None) -> Instant | None:
    """Return when something is next done about the presence of a holder; None for never.

    Not being asked: when they are. Being asked: when the desks are alarmed; after that, when
    they are asked again. When the rule went while they were being asked: at once.
    """
    if rule is None:
        return watch.asked_at
    if watch.asked_at is None:
        return watch.confirmed_at.after(rule.every_ms)
    return watch.asked_at.after(rule.every_ms if watch.missed else rule.grace_ms)


def tick(state: State, door: Door) -> None:
    """Ask whom it is time to ask, and alarm the desks about who has not answered."""
    rule = asking(state)
    for echelon in sorted(state.roster.desks):
        watch = state.roster.desks[echelon]
        if rule is None:
            state.roster.desks[echelon] = _quiet(door, watch)
            continue
        watch = _missed(door, watch, rule)
        at = due(watch, rule)
        if at is not None and at <= door.now and (watch.asked_at is None or watch.missed):
            again = 0 if watch.asked_at is None else watch.round + 1
            watch = replace(watch, asked_at=door.now, round=again, missed=False)
            _ring(door, watch, rule)
        state.roster.desks[echelon] = watch


def acted(state: State, door: Door, officer: str) -> None:
    """Take an act of an officer's as the answer, at every desk whose watch they hold."""
    for echelon in sorted(state.roster.desks):
        watch = state.roster.desks[echelon]
        if watch.officer != officer or (watch.asked_at is None and watch.confirmed_at == door.now):
            continue
        if watch.missed or watch.round:
            # The alarm is over: those who are on their way to that desk are told.
            door.tell("presence_confirmed", None, None, echelon=echelon, officer=officer)
        state.roster.desks[echelon] = replace(_quiet(door, watch), acted_at=door.now)


def end(door: Door, watch: Watch) -> None:
    """Stop asking at a desk whose watch ends, or becomes another officer's."""
    _quiet(door, watch)


def ring_again(state: State, door: Door) -> None:
    """Ring for every holder who is being asked: the process has started, and all is silent."""
    rule = asking(state)
    for echelon in sorted(state.roster.desks):
        watch = state.roster.desks[echelon]
        if rule is not None and watch.asked_at is not None:
            _ring(door, watch, rule)


def _missed(door: Door, watch: Watch, rule: Asking) -> Watch:
    """Return the watch after its grace: every desk of ours is alarmed if it has passed."""
    if watch.asked_at is None or watch.missed:
        return watch
    if watch.asked_at.after(rule.grace_ms) > door.now:
        return watch
    door.alert(
        "presence_missed",
        None,
        None,
        echelon=watch.echelon,
        officer=watch.officer,
        asked_at=str(watch.asked_at),
    )
    return replace(watch, missed=True)


def _quiet(door: Door, watch: Watch) -> Watch:
    """Return the watch with nobody being asked; its bell is stopped."""
    if watch.asked_at is None:
        return watch
    door.hush(_what(watch))
    return replace(watch, asked_at=None, round=0, missed=False)


def _ring(door: Door, watch: Watch, rule: Asking) -> None:
    until = due(watch, rule)
    assert watch.asked_at is not None, watch
    assert until is not None, watch
    door.ring(
        Ring(
            id=f"{_what(watch)}:{int(watch.asked_at)}:{watch.round}",
            what=_what(watch),
            link=rule.link,
            demand=Demand.PRESENCE,
            precedence=Precedence.ROUTINE,
            echelon=watch.echelon,
            rung=0,
            coded=(ARE_YOU_THERE,),
            drill=False,
            until=until,
        )
    )


def _what(watch: Watch) -> str:
    return f"presence:{watch.echelon}"
