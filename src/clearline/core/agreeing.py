"""Agreeing: how a link begins, and how its terms are proposed, agreed and amended.

A link begins with a terms document that people carried by hand, because it holds the keys
that everything later is checked with. The party named first in it proposes it in its feed;
each side says that it agrees by the hash; when both feeds hold one hash, it is in force.
"""

from __future__ import annotations

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.core import rechecking
from clearline.core import terms as agreed
from clearline.core.events import Agree, OpenLink, Propose
from clearline.core.links import Link
from clearline.core.manning import greet
from clearline.core.release import Door
from clearline.core.state import State
from clearline.core.terms import Agreement, TermsAgreed, TermsProposed, check_terms, hash_of
from clearline.core.testcalls import next_slot

__all__ = ["agree", "arrived", "open_link", "propose"]

MAX_LINKS = 64


def open_link(state: State, door: Door, event: OpenLink) -> None:
    """Begin a link; Mistake if it is known already or the document is not well-formed."""
    terms = event.terms
    check_terms(terms)
    terms.side(event.us)
    if terms.link in state.links:
        raise Mistake("link_known", f"This node has link {terms.link} already.")
    if len(state.links) >= MAX_LINKS:
        raise Mistake("too_many_links", f"A node has at most {MAX_LINKS} links.")
    link = Link(
        id=terms.link,
        us=event.us,
        them=terms.other(event.us).party,
        agreement=Agreement(documents={hash_of(terms): terms}),
        opened_at=door.now,
        their_desks={},
    )
    if terms.parties[0].party == event.us:
        door.say(link, "terms.proposed", TermsProposed(terms=terms), by=event.by)
    state.links[link.id] = link
    if event.agree:
        _agree(state, door, link, hash_of(terms), event.by)


def propose(state: State, door: Door, event: Propose) -> None:
    """Propose amended terms, and agree to them ourselves."""
    link = state.link(event.terms.link)
    after = _or_mistake(agreed.propose(link.agreement, event.terms))
    door.say(link, "terms.proposed", TermsProposed(terms=event.terms), by=event.by)
    link.agreement = after
    _agree(state, door, link, hash_of(event.terms), event.by)


def agree(state: State, door: Door, event: Agree) -> None:
    """Agree to terms that either side proposed."""
    link = state.link(event.link)
    _or_mistake(agreed.agreed_by_us(link.agreement, event.hash))
    _agree(state, door, link, event.hash, event.by)


def arrived(state: State, door: Door, link: Link, body: object) -> Refusal | None:
    """Take in what the counterpart proposes or agrees to; return why not, if it may not be."""
    match body:
        case TermsProposed(terms=terms):
            after = agreed.propose(link.agreement, terms)
            if isinstance(after, Refusal):
                return after
            if after is not link.agreement:
                digest = hash_of(terms)
                door.alert("terms_proposed", link.id, None, hash=digest, version=terms.version)
            link.agreement = after
            return None
        case TermsAgreed(hash=digest):
            after = agreed.agreed_by_them(link.agreement, digest)
            if isinstance(after, Refusal):
                return after
            _settle(state, door, link, after)
            return None
        case _:
            return Refusal(reason=Reason.UNKNOWN_KIND, detail="Not about terms.")


def _agree(state: State, door: Door, link: Link, digest: str, by: str) -> None:
    after = _or_mistake(agreed.agreed_by_us(link.agreement, digest))
    door.say(link, "terms.agreed", TermsAgreed(hash=digest), by=by)
    _settle(state, door, link, after)


def _settle(state: State, door: Door, link: Link, after: Agreement) -> None:
    """Keep the agreement; if it brought new terms into force, begin to act by them."""
    minima = link.terms.minima
    before, link.agreement = link.agreement, after
    if after.force is None or after.force == before.force:
        return
    first = link.terms.parties[0].party == link.us
    link.next_test_at = next_slot(link.terms.tests.every_ms, door.now, first=first)
    door.tell("terms_in_force", link.id, None, hash=after.force, version=link.terms.version)
    greet(state, door, link)
    if before.in_force and link.terms.minima != minima:
        rechecking.begin(state, door, link)


def _or_mistake(after: Agreement | Refusal) -> Agreement:
    if isinstance(after, Refusal):
        raise Mistake(after.reason.value, after.detail)
    return after
