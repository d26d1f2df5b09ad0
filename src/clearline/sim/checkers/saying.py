"""Rules 5 and 6: what leaves tells no secret and holds what is real, and receipt is not consent.

That a secret cannot be told from what was sent needs two nights that differ in nothing else:
`tells_no_secret` plays the second one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from clearline.basis.instants import dec_hook
from clearline.core.events import (
    Acknowledge,
    Agree,
    AnswerTest,
    Close,
    Declare,
    Dispose,
    Event,
    JumpToRung,
    Note,
    OpenCall,
    OpenLink,
    PlanDesk,
    PlanOfficers,
    Propose,
    ReadBack,
    Revise,
    Say,
    StandDown,
)
from clearline.core.notices import NoticeDeclared, NoticeRevised
from clearline.core.terms import hash_of
from clearline.phrasebook import Stop
from clearline.record import Entry
from clearline.sim.checkers.view import View
from clearline.sim.checkers.violation import Violation
from clearline.sim.night import Night, play
from clearline.sim.scene import LINK, NORTH, PARTIES, SOUTH
from clearline.sim.script import officer_of
from clearline.sim.trace import Act
from clearline.space import Circle, Volume, covers

__all__ = ["received_is_not_agreed", "shared_contains_real", "tells_no_secret"]

_Notice = TypeVar("_Notice", NoticeDeclared, NoticeRevised)

_OF_A_CALL = (Acknowledge, Close, Dispose, JumpToRung, ReadBack, Say, StandDown)

_PEOPLE_ONLY: dict[str, tuple[type[Event], ...]] = {
    "call.acknowledged": (Acknowledge,),
    "call.disposition": (Dispose,),
    "call.climbed": (JumpToRung,),
    "call.closed": (Close,),
    "call.said": (Say,),
    "call.readback": (ReadBack,),
    "call.opened": (OpenCall,),
    "call.stood_down": (StandDown,),
    "notice.noted": (Note,),
    "notice.declared": (Declare,),
    "notice.revised": (Revise,),
    "terms.agreed": (OpenLink, Agree, Propose),
}
"""What only a person may say, and what a person must have asked for."""


def shared_contains_real(view: View) -> Iterator[Violation]:
    """Check rule 5: all that was drawn lies inside what was sent, and no name or label left."""
    sent = {entry.id: entry for party in PARTIES for entry in view.entries[party]}
    for act in view.trace.acts:
        if act.entries and act.entries[0] in sent:
            yield from _contains(view, act, sent[act.entries[0]])
    secrets = _secrets(view)
    for sending in view.trace.sendings:
        for secret in secrets:
            if secret in sending.body:
                what = f"{sending.party} sent {secret.decode()!r}"
                yield view.violation(5, sending.at, what)


def _secrets(view: View) -> set[bytes]:
    night = view.night
    names = {officer_of(night.seed, night.settings.variant, party) for party in PARTIES}
    labels = {act.event.label for act in view.trace.acts if isinstance(act.event, Declare)}
    planned = {text for act in view.trace.acts for text in _planned(act.event)}
    return {text.encode() for text in names | labels | planned if text}


def _planned(event: Event) -> Iterator[str]:
    """Return the names and addresses of a plan, which never leave."""
    methods = event.methods if isinstance(event, PlanDesk) else ()
    if isinstance(event, PlanOfficers):
        yield from (each.name for each in event.officers)
        methods = tuple(method for each in event.officers for method in each.methods)
    yield from (each.address for each in methods)


def _contains(view: View, act: Act, entry: Entry) -> Iterator[Violation]:
    match act.event:
        case Declare(volumes=real):
            shared = _body(entry, NoticeDeclared).volumes
        case Revise(volumes=real):
            shared = _body(entry, NoticeRevised).volumes
        case OpenCall(phrases=(Stop() as said,)):
            yield from _circle_contains(view, act, entry, said)
            return
        case _:
            return
    for volume in real:
        if not any(_holds(outer, volume) for outer in shared):
            yield view.violation(5, act.at, f"{entry.id} does not contain what was drawn")


def _circle_contains(view: View, act: Act, entry: Entry, said: Stop) -> Iterator[Violation]:
    left = msgspec.convert(msgspec.json.decode(entry.body)["phrases"][0], type=Stop)
    real = Circle(centre=said.place, radius_cm=said.radius_cm)
    if not covers(Circle(centre=left.place, radius_cm=left.radius_cm), real):
        yield view.violation(5, act.at, f"call {entry.id} does not contain what was said")


def _holds(outer: Volume, inner: Volume) -> bool:
    return (
        outer.window.start <= inner.window.start
        and outer.window.end >= inner.window.end
        and outer.band.lower.value_cm <= inner.band.lower.value_cm
        and outer.band.upper.value_cm >= inner.band.upper.value_cm
        and covers(outer.outline, inner.outline)
    )


def _body(entry: Entry, kind: type[_Notice]) -> _Notice:
    return msgspec.json.decode(entry.body, type=kind, dec_hook=dec_hook)


def tells_no_secret(night: Night) -> Iterator[Violation]:
    """Check rule 5 by playing the night again with other secrets: each byte sent is the same."""
    again = play(night.seed, replace(night.settings, variant=night.settings.variant + 1))
    first, second = night.world.trace, again.world.trace
    for one, two in zip(first.sendings, second.sendings, strict=False):
        if one != two:
            what = f"{one.party} sends other bytes when only its secrets differ"
            yield Violation(rule=5, seed=night.seed, at=one.at, what=what)
            return
    if len(first.sendings) != len(second.sendings):
        what = "one of two nights that differ in secrets sends more than the other"
        yield Violation(rule=5, seed=night.seed, at=night.ended_at, what=what)


def received_is_not_agreed(view: View) -> Iterator[Violation]:
    """Check rule 6: whatever only a person may say, a person asked for, each time anew.

    And whatever became of any call, in force are terms that people of both sides agreed to.
    """
    for party in PARTIES:
        asked = _asked(view, party)
        for key, count in sorted(_said(view, party).items()):
            if count > asked[key]:
                what = f"{party} wrote {key[0]} {count} times; people asked {asked[key]} times"
                yield view.violation(6, view.night.ended_at, what)
    agreed = _agreed(view, NORTH) & _agreed(view, SOUTH)
    for station in view.night.world.stations:
        link = station.runtime.state.links.get(LINK) if station.runtime else None
        if link is not None and link.agreement.force not in agreed:
            what = f"{station.party} acts by other terms than were agreed"
            yield view.violation(6, view.night.ended_at, what)


def _agreed(view: View, party: str) -> set[str]:
    """Return the hashes of all terms that people of one side agreed to."""
    hashes: set[str] = set()
    for act in view.trace.acts:
        if act.party != party or act.mistake is not None:
            continue
        match act.event:
            case OpenLink(agree=True) | Propose():
                hashes.add(hash_of(act.event.terms))
            case Agree():
                hashes.add(act.event.hash)
            case _:
                pass
    return hashes


_Key = tuple[str, str]
"""A kind of entry, and the call or notice that it is about, where the command names it."""


def _said(view: View, party: str) -> Counter[_Key]:
    return Counter(
        (entry.kind, _about(entry)) for entry in view.entries[party] if _is_peoples(entry)
    )


def _about(entry: Entry) -> str:
    return entry.re[0] if entry.kind.startswith("call.") and entry.re else ""


def _is_peoples(entry: Entry) -> bool:
    if entry.kind == "test.answered":
        return msgspec.json.decode(entry.body)["outcome"] == "answered"
    if entry.kind == "call.climbed":
        return msgspec.json.decode(entry.body)["why"] == "by_hand"
    return entry.kind in _PEOPLE_ONLY


def _asked(view: View, party: str) -> Counter[_Key]:
    counted: Counter[_Key] = Counter()
    for act in view.trace.acts:
        if act.party != party or not act.human or act.mistake is not None:
            continue
        for kind, events in _PEOPLE_ONLY.items():
            if isinstance(act.event, events):
                counted[kind, _call_of(act.event)] += 1
        if isinstance(act.event, AnswerTest):
            counted["test.answered", ""] += 1
    return counted


def _call_of(event: Event) -> str:
    if isinstance(event, OpenCall):
        return event.reopens or ""
    return event.call if isinstance(event, _OF_A_CALL) else ""
