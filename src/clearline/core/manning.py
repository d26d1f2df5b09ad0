"""Manning: what a node does when a watch is taken, handed over or left.

Each change goes to every counterpart as `watch.status`: the desk, whether it is manned,
its rung and the languages spoken there now. Never who.
"""

from __future__ import annotations

from clearline.basis.faults import Reason, Refusal
from clearline.core.events import HandOver, LeaveWatch, TakeWatch
from clearline.core.links import Link
from clearline.core.release import NODE, Door
from clearline.core.roster import MAX_DESKS, Watch, WatchStatus
from clearline.core.state import State
from clearline.core.terms import ReleaseField

__all__ = ["arrived", "greet", "hand_over", "leave", "take"]


def take(state: State, door: Door, event: TakeWatch) -> None:
    """Man a desk that nobody holds."""
    watch = Watch(
        echelon=event.echelon, officer=event.by, languages=event.languages, since=door.now
    )
    state.roster.take(watch)
    _say_everywhere(state, door, event.echelon, event.by)


def hand_over(state: State, door: Door, event: HandOver) -> None:
    """Give a manned desk to another officer."""
    watch = Watch(
        echelon=event.echelon, officer=event.to, languages=event.languages, since=door.now
    )
    holder = state.roster.hand_over(watch)
    door.tell("watch_handed_over", None, None, echelon=event.echelon, by=holder.officer)
    _say_everywhere(state, door, event.echelon, event.by)


def leave(state: State, door: Door, event: LeaveWatch) -> None:
    """Leave a desk unmanned."""
    state.roster.leave(event.echelon)
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
