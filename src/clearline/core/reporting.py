"""Reporting: coded violations, announced status, and a dispute that a person settles.

A violation is one of the terms' coded rules, a place and a time, never free text: two sides
that count different things as violations have argued for years. Announced status is
political; it is shown, recorded, and changes nothing that the link can carry.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import Name
from clearline.basis.instants import Instant
from clearline.core.events import Announce, ReportViolation, Settle
from clearline.core.links import Announced, Link, StatusAnnounced
from clearline.core.release import Door, release_position
from clearline.core.state import State
from clearline.space import Position

__all__ = ["EntryRefused", "ViolationReported", "announce", "arrived", "report", "settle"]


class ViolationReported(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `violation.reported`; `re` may name the notice that it is about."""

    rule: Name
    place: Position
    seen: Instant


class EntryRefused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `entry.refused`; `re` names the entry, if it had an id."""

    index: Annotated[int, Meta(ge=0)]
    """Of the refused entry, in its own feed."""
    reason: Reason
    detail: Annotated[str, Meta(max_length=200)]


def report(state: State, door: Door, event: ReportViolation) -> None:
    """Report a breach of one of the terms' coded rules."""
    link = state.link(event.link)
    if event.rule not in link.terms.violations:
        known = ", ".join(link.terms.violations) or "none"
        raise Mistake("unknown_rule", f"The terms code these rules: {known}.")
    if not link.agreement.in_force:
        raise Mistake("no_terms", "No terms are in force on this link: none can be breached.")
    if event.notice is not None and state.notice(event.notice).link != link.id:
        raise Mistake("notice_of_other_link", f"Notice {event.notice} is not of this link.")
    place = release_position(event.place, link.terms.release.grid)
    body = ViolationReported(rule=event.rule, place=place, seen=event.seen)
    re = (event.notice,) if event.notice else ()
    door.say(link, "violation.reported", body, re=re, by=event.by, changes=("rounded",))


def announce(state: State, door: Door, event: Announce) -> None:
    """Announce the political state of a link."""
    link = state.link(event.link)
    try:
        status = Announced(event.status.strip().lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        known = ", ".join(each.value for each in Announced)
        raise Mistake("unknown_status", f"{event.status!r} is none of: {known}.") from None
    door.say(link, "status.announced", StatusAnnounced(status=status), by=event.by)
    link.announced_by_us = status


def settle(state: State, door: Door, event: Settle) -> None:
    """Let a disputed link carry entries again: a person has looked at the evidence."""
    link = state.link(event.link)
    if not link.disputed:
        raise Mistake("not_disputed", "This link is not in dispute.")
    link.disputed = False
    link.state = link.state_at(door.now)
    door.tell("dispute_settled", link.id, None, by=event.by)


def arrived(door: Door, link: Link, body: object) -> Refusal | None:
    """Take in a violation, a status, or a refusal of something that we said."""
    match body:
        case ViolationReported(rule=rule):
            if rule not in link.terms.violations:
                detail = f"The terms code no rule called {rule}."
                return Refusal(reason=Reason.NOT_ALLOWED, detail=detail)
            door.alert("violation_reported", link.id, None, rule=rule, seen=str(body.seen))
        case StatusAnnounced(status=status):
            link.announced_by_them = status
            door.tell("status_announced", link.id, None, status=status.value)
        case EntryRefused():
            # Never answered with a refusal: two nodes must not refuse each other for ever.
            door.alert(
                "entry_refused",
                link.id,
                None,
                index=body.index,
                reason=body.reason.value,
                detail=body.detail,
            )
        case _:
            return Refusal(reason=Reason.UNKNOWN_KIND, detail="Not understood.")
    return None
