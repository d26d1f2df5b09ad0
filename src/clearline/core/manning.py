"""Manning: what a node does when a watch is taken, offered, handed over, relieved or left.

A handover takes two people. The holder offers the watch and keeps it; the one who comes
reads what is open, and takes it. Until then the old watch stands, and an offer that nobody
accepts alarms every desk of ours. Only the holder gives a watch away; who cannot any more is
relieved, which every desk is told.

Each change of who holds a desk goes to every counterpart as `watch.status`: the desk,
whether it is manned, its rung and the languages spoken there now. Never who, and never an
offer.
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.core import presence
from clearline.core.calls import CallState
from clearline.core.events import (
    AcceptWatch,
    ConfirmPresence,
    HandOver,
    HandOverByAnyone,
    LeaveWatch,
    OfferWatch,
    RecallWatch,
    RelieveWatch,
    TakeWatch,
)
from clearline.core.links import Link
from clearline.core.release import NODE, Door
from clearline.core.roster import Offer, Watch, WatchStatus
from clearline.core.state import State
from clearline.core.terms import MAX_DESKS, ReleaseField

__all__ = [
    "accept",
    "arrived",
    "confirm",
    "due",
    "greet",
    "hand_over",
    "hand_over_by_anyone",
    "leave",
    "offer",
    "open_items",
    "recall",
    "relieve",
    "take",
    "tick",
]

OFFER_PATIENCE_MS = 5 * MINUTE_MS
"""An offer that nobody has accepted alarms every desk of ours after so long, and again."""

MAX_OPEN_ITEMS = 1_000
"""So many open items have to be read before a watch is taken over: calls, then conflicts."""

MAX_NAMED = 8
"""Unread items that a mistake names; it counts the rest."""


def take(state: State, door: Door, event: TakeWatch) -> None:
    """Man a desk that nobody holds."""
    watch = Watch(
        echelon=event.echelon, officer=event.by, languages=event.languages, since=door.now
    )
    state.roster.take(watch)
    _say_everywhere(state, door, event.echelon, event.by)


def offer(state: State, door: Door, event: OfferWatch) -> None:
    """Offer a watch; the holder keeps it until somebody accepts. A second offer replaces one."""
    watch = state.roster.held_by(event.echelon, event.by)
    if event.to == event.by:
        raise Mistake("own_watch", f"You hold the watch at {event.echelon} yourself.")
    made = Offer(to=event.to, at=door.now, alarm_at=door.now.after(OFFER_PATIENCE_MS))
    state.roster.desks[event.echelon] = replace(watch, offer=made)
    door.tell("watch_offered", None, None, echelon=event.echelon, by=event.by, to=event.to)


def accept(state: State, door: Door, event: AcceptWatch) -> None:
    """Take a watch that is offered, having read what is open; until now it was the holder's."""
    before = state.roster.holder(event.echelon)
    if before.officer == event.by:
        raise Mistake("own_watch", f"You hold the watch at {event.echelon} already.")
    if before.offer is None:
        raise Mistake(
            "not_offered", f"{before.officer} has not offered the watch at {event.echelon}."
        )
    if before.offer.to not in ("", event.by):
        raise Mistake(
            "offered_to_another",
            f"The watch at {event.echelon} is offered to {before.offer.to}.",
        )
    read = frozenset(event.read)
    unread = [item for item in open_items(state) if item not in read]
    if unread:
        raise Mistake("not_read", f"Read first what is open: {_named(unread)}.")
    languages = event.languages or before.languages
    _hand_over(state, door, event.echelon, event.by, languages, event.by)


def recall(state: State, door: Door, event: RecallWatch) -> None:
    """Take an offer back; the watch goes on as it was."""
    watch = state.roster.held_by(event.echelon, event.by)
    if watch.offer is None:
        raise Mistake("not_offered", f"You have not offered the watch at {event.echelon}.")
    state.roster.desks[event.echelon] = replace(watch, offer=None)
    door.tell("watch_recalled", None, None, echelon=event.echelon, by=event.by)


def confirm(state: State, event: ConfirmPresence) -> None:
    """Check that whoever confirms presence holds the watch; that they acted is the answer."""
    state.roster.held_by(event.echelon, event.by)


def relieve(state: State, door: Door, event: RelieveWatch) -> None:
    """Take a watch from its holder without their act: an officer can collapse."""
    before = state.roster.holder(event.echelon)
    if before.officer == event.by:
        raise Mistake("own_watch", f"You hold the watch at {event.echelon} already.")
    door.tell(
        "watch_relieved", None, None, echelon=event.echelon, by=event.by, officer=before.officer
    )
    _replace(state, door, event.echelon, event.by, event.languages, event.by)


def hand_over(state: State, door: Door, event: HandOver) -> None:
    """Give the watch that one holds to another officer, who is there and has read what is open."""
    state.roster.held_by(event.echelon, event.by)
    _hand_over(state, door, event.echelon, event.to, event.languages, event.by)


def hand_over_by_anyone(state: State, door: Door, event: HandOverByAnyone) -> None:
    """Give a watch to another officer, as a node did when anybody could ask for it."""
    _hand_over(state, door, event.echelon, event.to, event.languages, event.by)


def leave(state: State, door: Door, event: LeaveWatch) -> None:
    """Leave a desk unmanned. Every desk of ours is told by whom, as it need not be the holder."""
    before = state.roster.leave(event.echelon)
    door.tell("watch_left", None, None, echelon=event.echelon, by=event.by, officer=before.officer)
    presence.end(door, before)
    _say_everywhere(state, door, event.echelon, event.by)


def greet(state: State, door: Door, link: Link) -> None:
    """Tell a counterpart whose link has just come into force which desks are manned."""
    for echelon in sorted(state.roster.desks):
        _say(state, door, link, echelon, NODE)


def arrived(door: Door, link: Link, body: WatchStatus) -> Refusal | None:
    """Take in the state of one of the counterpart's desks; return why not, if it may not be."""
    if body.echelon not in link.their_desks and len(link.their_desks) >= MAX_DESKS:
        return Refusal(reason=Reason.TOO_MANY, detail=f"More than {MAX_DESKS} desks.")
    link.their_desks[body.echelon] = body
    code = "desk_manned" if body.manned else "desk_unmanned"
    door.tell(code, link.id, None, echelon=body.echelon)
    return None


def open_items(state: State) -> tuple[str, ...]:
    """Return the ids of what has to be read before a watch is taken over.

    Every call that is not closed, the oldest first, then every conflict that stands, the
    soonest first; the first MAX_OPEN_ITEMS of them, as nobody reads more.
    """
    calls = [each for each in state.calls.by_id.values() if each.state is not CallState.CLOSED]
    calls.sort(key=lambda call: (call.opened_at, call.id))
    known = state.conflicts.by_key
    conflicts = sorted(known, key=lambda key: (known[key].claim.found.window.start, key))
    return (*(call.id for call in calls), *conflicts)[:MAX_OPEN_ITEMS]


def due(state: State) -> Instant | None:
    """Return when something is next done about an offer, or about a holder's presence."""
    desks = state.roster.desks.values()
    rule = presence.asking(state)
    times = [watch.offer.alarm_at for watch in desks if watch.offer is not None]
    times += [at for watch in desks if (at := presence.due(watch, rule)) is not None]
    return min(times, default=None)


def tick(state: State, door: Door) -> None:
    """Alarm every desk about offers that nobody has accepted, and ask who is there."""
    for echelon in sorted(state.roster.desks):
        watch = state.roster.desks[echelon]
        made = watch.offer
        if made is None or made.alarm_at > door.now:
            continue
        door.alert(
            "handover_not_accepted",
            None,
            None,
            echelon=echelon,
            by=watch.officer,
            to=made.to,
            offered_at=str(made.at),
        )
        next_at = made.alarm_at.again(OFFER_PATIENCE_MS, door.now)
        state.roster.desks[echelon] = replace(watch, offer=replace(made, alarm_at=next_at))
    presence.tick(state, door)


def _hand_over(
    state: State, door: Door, echelon: str, to: str, languages: tuple[str, ...], by: str
) -> None:
    before = state.roster.holder(echelon)
    door.tell("watch_handed_over", None, None, echelon=echelon, by=before.officer, to=to)
    _replace(state, door, echelon, to, languages, by)


def _replace(
    state: State, door: Door, echelon: str, to: str, languages: tuple[str, ...], by: str
) -> None:
    """Make another officer the holder of a manned desk, from now on."""
    watch = Watch(echelon=echelon, officer=to, languages=languages, since=door.now)
    presence.end(door, state.roster.hand_over(watch))
    _say_everywhere(state, door, echelon, by)


def _named(items: list[str]) -> str:
    """Return what is open as people name it."""
    named = [
        f"conflict {' x '.join(half[-6:] for half in item.split('+'))}"
        if "+" in item
        else f"call {item[-6:]}"
        for item in items[:MAX_NAMED]
    ]
    if len(items) > MAX_NAMED:
        named.append(f"and {len(items) - MAX_NAMED} more")
    return ", ".join(named)


def _say_everywhere(state: State, door: Door, echelon: str, by: str) -> None:
    for name in sorted(state.links):
        link = state.links[name]
        if link.agreement.in_force:
            _say(state, door, link, echelon, by)


def _say(state: State, door: Door, link: Link, echelon: str, by: str) -> None:
    watch = state.roster.desks.get(echelon)
    spoken = watch.languages if watch and link.terms.allows(ReleaseField.LANGUAGES) else ()
    rungs = [rung.echelon for rung in link.terms.ladders.flash.rungs]
    body = WatchStatus(
        echelon=echelon,
        manned=watch is not None,
        rung=rungs.index(echelon) + 1 if echelon in rungs else 0,
        languages=spoken,
    )
    door.say(link, "watch.status", body, by=by)
