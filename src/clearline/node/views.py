"""Views: what a shell may show of a node, as plain structs.

Each is made anew from the core's state and from the journal; none is stored. What a person
reads and what `--json` prints are these structs and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake, Refusal
from clearline.basis.instants import Instant
from clearline.core import presence
from clearline.core.calls import Call
from clearline.core.conflicts import Conflict
from clearline.core.ladder import rung_of
from clearline.core.links import Link
from clearline.core.notices import NoticeState
from clearline.core.pages import PageSeen
from clearline.core.roster import Watch
from clearline.core.state import State
from clearline.core.terms import hash_of
from clearline.node.runtime import Runtime
from clearline.phrasebook import Phrase, coded, render
from clearline.record import Entry, fingerprint
from clearline.record import decode as decode_entry
from clearline.space import Form, show_position

__all__ = [
    "CallView",
    "ConflictView",
    "ConsoleView",
    "DeskView",
    "EntryView",
    "LinkView",
    "Saying",
    "StatusView",
    "TermsView",
    "TestView",
    "calls",
    "conflicts",
    "entry_view",
    "find",
    "log",
    "status",
    "terms",
    "tests",
]

HANDLE_CHARS = 6
MAX_LOG = 10_000


class DeskView(Struct, frozen=True, kw_only=True):
    """A desk of ours or theirs."""

    echelon: str
    manned: bool
    languages: tuple[str, ...]
    officer: str = ""
    since: Instant | None = None
    confirmed_at: Instant | None = None
    """When the holder was last known to be there; this and what follows of our desks alone."""
    asked_at: Instant | None = None
    """Since when the holder is being asked to confirm presence."""
    due_at: Instant | None = None
    """When they are asked next, or, being asked, when every desk is alarmed."""
    offered_to: str | None = None
    """The officer whom the watch is offered to; empty: whoever takes it."""
    offered_at: Instant | None = None


class LinkView(Struct, frozen=True, kw_only=True):
    """One link, for a person who wants to know if the line is alive."""

    id: str
    us: str
    counterpart: str
    title: str
    state: str
    age_ms: int | None
    """Since the counterpart's last cosignature; None if there was none."""
    in_force: bool
    terms_version: int
    terms_hash: str
    announced_by_us: str
    announced_by_them: str
    peer_unsafe: bool
    own_size: int
    stored_by_them: int
    their_size: int
    clock_ahead_ms: int
    active_ours: int
    """Notices of ours that are active on it; the terms limit them."""
    waiting: tuple[str, ...]
    """Hashes of terms that wait for agreement."""
    desks: tuple[DeskView, ...]
    contact: tuple[str, ...]
    rechecked: int | None
    """How much of the standing notices, in per cent, is compared again under amended minima; None
    if there is nothing to compare again."""


class ConsoleView(Struct, frozen=True, kw_only=True):
    """Where a node serves its console, or why it does not; before the first try neither."""

    address: str | None = None
    """What people type into a browser."""
    code: str | None = None
    """The code of what kept it from being served; it is tried again by itself."""
    phrase: str | None = None


class IndexView(Struct, frozen=True, kw_only=True):
    """Where it is kept which notices are near which."""

    kind: str
    """`memory`, or `memory and R*Tree` while there are more than the settings keep in memory."""
    in_memory: int
    """Active notices that are indexed in memory."""
    in_rtree: int
    """Those that are indexed in the journal's database."""


class StatusView(Struct, frozen=True, kw_only=True):
    """The whole node at a glance."""

    party: str
    at: Instant
    unsafe: str | None
    links: tuple[LinkView, ...]
    watch: tuple[DeskView, ...]
    open_calls: int
    conflicts: int
    notices_ours: int
    notices_theirs: int
    index: IndexView
    journal_events: int
    journal_bytes: int
    console: ConsoleView | None
    """None if the settings have none."""


class ConflictView(Struct, frozen=True, kw_only=True):
    """Two notices that come closer than the minima."""

    link: str
    ours: str
    theirs: str
    claimed_by: tuple[str, ...]
    horizontal_cm: int
    vertical_cm: int | None
    time_ms: int
    certainty: str
    """`certain`, or `possible`: it hangs on weather, terrain or geoid, or on what nobody knows."""
    where: str
    starts: Instant
    ends: Instant
    rule: int


class Saying(Struct, frozen=True, kw_only=True):
    """One utterance in a call: coded as it was signed, and rendered."""

    entry: str
    who: str
    at: Instant
    coded: tuple[str, ...]
    text: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    restates: str | None
    differs: tuple[str, ...]
    """The slots in which a read-back differs from what it restates."""


class CallView(Struct, frozen=True, kw_only=True):
    """One call, with its ladder whole."""

    handle: str
    id: str
    link: str
    us: str
    direction: str
    precedence: str
    state: str
    drill: bool
    preempted_at: Instant | None
    """Of a drill: when a real call ended it on this side."""
    opened_at: Instant
    age_ms: int
    rung: int
    echelon: str
    next_at: Instant | None
    told_rung: int | None
    """The rung that the called side said is ringing."""
    acknowledged: str | None
    said: tuple[Saying, ...]
    dispositions: tuple[str, ...]
    notices: tuple[str, ...]
    closed_by_us: bool
    closed_by_them: bool
    ladder: tuple[str, ...]
    pages: tuple[PageSeen, ...]
    """How far each channel got with each officer, or with the room."""


class TestView(Struct, frozen=True, kw_only=True):
    """One test call."""

    __test__ = False

    handle: str
    id: str
    link: str
    direction: str
    sent_at: Instant
    outcome: str
    cause: str | None


class TermsView(Struct, frozen=True, kw_only=True):
    """The terms of a link, with the fingerprints that people compare."""

    link: str
    hash: str
    in_force: bool
    agreed_by: tuple[str, ...]
    """The parties that have agreed to it, by name."""
    fingerprints: dict[str, str]
    document: dict[str, Any]


class EntryView(Struct, frozen=True, kw_only=True):
    """One entry of the record."""

    link: str
    party: str
    index: int
    at: Instant | None
    kind: str
    id: str
    re: tuple[str, ...]
    receipted: bool
    body: dict[str, Any]


def find(keys: list[str], text: str, what: str) -> str:
    """Return the one id that `text` names: whole, or by its last characters.

    Mistake if none or several end so; fewer than four characters name nothing.
    """
    if text in keys:
        return text
    tail = text.lower().lstrip("#…")
    fitting = [key for key in keys if len(tail) >= 4 and key.endswith(tail)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Mistake("ambiguous", f"{len(fitting)} {what}s end in {tail!r}: give more of the id.")
    raise Mistake(f"no_such_{what}", f"There is no {what} {text!r}.")


def status(
    runtime: Runtime, party: str, now: Instant, console: ConsoleView | None = None
) -> StatusView:
    """Return the whole node at a glance."""
    state = runtime.state
    active = [n for n in state.notices.by_id.values() if n.state is NoticeState.ACTIVE]
    ours = sum(1 for notice in active if notice.mine)
    rule = presence.asking(state)
    return StatusView(
        party=party,
        at=now,
        unsafe=runtime.unsafe,
        links=tuple(
            _link(link, state.notices.active(link.id, mine=True), now)
            for link in state.links.values()
        ),
        watch=tuple(_desk(watch, rule) for watch in state.roster.desks.values()),
        open_calls=sum(1 for call in state.calls.by_id.values() if call.state.value != "closed"),
        conflicts=len(state.conflicts.by_key),
        notices_ours=ours,
        notices_theirs=len(active) - ours,
        index=_index(state),
        journal_events=state.seq,
        journal_bytes=runtime.journal.size_bytes(),
        console=console,
    )


def _index(state: State) -> IndexView:
    in_memory, elsewhere = state.notices.indexed()
    kind = "memory and R*Tree" if elsewhere else "memory"
    return IndexView(kind=kind, in_memory=in_memory, in_rtree=elsewhere)


def conflicts(runtime: Runtime) -> list[ConflictView]:
    """Return the conflicts that stand, soonest first."""
    shown = [_conflict(runtime, each) for each in runtime.state.conflicts.by_key.values()]
    return sorted(shown, key=lambda each: (each.starts, each.ours, each.theirs))


def calls(runtime: Runtime, language: str, now: Instant) -> list[CallView]:
    """Return the calls of the last day: open before closed, real before drill, then by urgency."""
    order = {"flash": 0, "immediate": 1, "priority": 2, "routine": 3}
    known = list(runtime.state.calls.by_id.values())
    known.sort(
        key=lambda c: (c.closed_at is not None, c.drill, order[c.precedence.value], c.opened_at)
    )
    return [_call(runtime, call, language, now) for call in known]


def tests(runtime: Runtime) -> list[TestView]:
    """Return the test calls of the last week, newest first."""
    known = sorted(runtime.state.tests.by_id.values(), key=lambda test: test.sent_at, reverse=True)
    return [
        TestView(
            handle=test.id[-HANDLE_CHARS:],
            id=test.id,
            link=test.link,
            direction="ours" if test.mine else "theirs",
            sent_at=test.sent_at,
            outcome=test.outcome.value if test.outcome else "waiting",
            cause=test.cause.value if test.cause else None,
        )
        for test in known
    ]


def terms(runtime: Runtime, link: str, *, of_hash: str = "") -> TermsView:
    """Return the terms of a link, or those of a hash that wait there to be agreed.

    Mistake if there is no such link, or no document of that hash may still come into force.
    """
    held = runtime.state.link(link)
    digest = of_hash or hash_of(held.terms)
    document = held.agreement.documents.get(digest) if of_hash else held.terms
    if document is None:
        raise Mistake("no_such_terms", "No terms of that hash wait on this link.")
    agreed = ((held.us, held.agreement.ours), (held.them, held.agreement.theirs))
    return TermsView(
        link=link,
        hash=digest,
        in_force=held.agreement.in_force and digest == held.agreement.force,
        agreed_by=tuple(party for party, hashes in agreed if digest in hashes),
        fingerprints={card.party: fingerprint(card.keys) for card in document.parties},
        document=msgspec.to_builtins(document),
    )


def log(runtime: Runtime, link: str, *, last: int) -> list[EntryView]:
    """Return the last entries of both feeds of a link, in the order of their times."""
    held = runtime.state.link(link)
    wanted = min(max(last, 1), MAX_LOG)
    shown: list[EntryView] = []
    for party, size in ((held.us, held.own_size), (held.them, held.their_size)):
        shown.extend(_entries(runtime, held, party, max(0, size - wanted), size))
    shown.sort(key=lambda entry: (entry.at or Instant(0), entry.party, entry.index))
    return shown[-wanted:]


def entry_view(link: Link, party: str, index: int, entry: Entry | Refusal) -> EntryView:
    """Return what a feed holds at an index, with whether the other side signed for it."""
    receipted = party == link.them or index < link.receipt_size
    if isinstance(entry, Refusal):
        return EntryView(
            link=link.id, party=party, index=index, at=None, kind="(not an entry)",
            id="", re=(), receipted=receipted, body={"refused": entry.detail},
        )  # fmt: skip
    return EntryView(
        link=link.id, party=party, index=index, at=entry.at, kind=entry.kind,
        id=entry.id, re=entry.re, receipted=receipted, body=msgspec.json.decode(entry.body),
    )  # fmt: skip


def _entries(runtime: Runtime, link: Link, party: str, start: int, end: int) -> Iterator[EntryView]:
    for row in runtime.journal.rows(link.id, party, start, end):
        yield entry_view(link, party, row.index, decode_entry(row.raw))


def _desk(watch: Watch, rule: presence.Asking | None) -> DeskView:
    return DeskView(
        echelon=watch.echelon, manned=True, languages=watch.languages,
        officer=watch.officer, since=watch.since, confirmed_at=watch.confirmed_at,
        asked_at=watch.asked_at, due_at=presence.due(watch, rule),
        offered_to=watch.offer.to if watch.offer else None,
        offered_at=watch.offer.at if watch.offer else None,
    )  # fmt: skip


def _link(link: Link, active_ours: int, now: Instant) -> LinkView:
    return LinkView(
        id=link.id,
        us=link.us,
        counterpart=link.them,
        title=link.counterpart.title,
        state=link.state_at(now).value,
        age_ms=None if link.receipt_at is None else now.since(link.receipt_at),
        in_force=link.agreement.in_force,
        terms_version=link.terms.version,
        terms_hash=hash_of(link.terms),
        announced_by_us=link.announced_by_us.value,
        announced_by_them=link.announced_by_them.value,
        peer_unsafe=link.peer_unsafe,
        own_size=link.own_size,
        stored_by_them=link.receipt_size,
        their_size=link.their_size,
        clock_ahead_ms=link.clock_ahead_ms,
        active_ours=active_ours,
        waiting=tuple(h for h in link.agreement.documents if h != link.agreement.force),
        desks=tuple(
            DeskView(echelon=desk.echelon, manned=desk.manned, languages=desk.languages)
            for _, desk in sorted(link.their_desks.items())
        ),
        contact=link.counterpart.contact,
        rechecked=link.recheck.percent if link.recheck else None,
    )


def _conflict(runtime: Runtime, conflict: Conflict) -> ConflictView:
    link = runtime.state.link(conflict.link)
    found = conflict.claim.found
    claimed = ((link.us, conflict.claimed_by_us), (link.them, conflict.claimed_by_them))
    return ConflictView(
        link=conflict.link,
        ours=conflict.ours,
        theirs=conflict.theirs,
        claimed_by=tuple(party for party, claim in claimed if claim is not None),
        horizontal_cm=found.closest.horizontal_cm,
        vertical_cm=found.closest.vertical_cm,
        time_ms=found.closest.time_ms,
        certainty=found.sure.value,
        where=show_position(found.where, Form.DECIMAL, 4),
        starts=found.window.start,
        ends=found.window.end,
        rule=found.rule,
    )


def _call(runtime: Runtime, call: Call, language: str, now: Instant) -> CallView:
    link = runtime.state.link(call.link)
    ladder = call.ladder
    answered = call.acknowledgement
    return CallView(
        handle=call.id[-HANDLE_CHARS:],
        id=call.id,
        link=call.link,
        us=link.us,
        direction="ours" if call.mine else "theirs",
        precedence=call.precedence.value,
        state=call.state.value,
        drill=call.drill,
        preempted_at=call.preempted_at,
        opened_at=call.opened_at,
        age_ms=now.since(call.opened_at),
        rung=call.climb.rung,
        echelon=rung_of(ladder, call.climb.rung).echelon,
        next_at=call.next_at,
        told_rung=call.told.rung if call.told else None,
        acknowledged=f"{answered.echelon} {answered.at}" if answered else None,
        said=tuple(
            Saying(
                entry=each.entry,
                who=link.us if each.mine else link.them,
                at=each.at,
                coded=tuple(coded(phrase) for phrase in each.phrases),
                text=tuple(render(phrase, language) for phrase in each.phrases),
                phrases=each.phrases,
                restates=each.restates,
                differs=call.differs(each),
            )
            for each in call.said
        ),
        dispositions=tuple(f"{each.disposition.value} {each.at}" for each in call.dispositions),
        notices=call.notices,
        closed_by_us=call.closed_by_us,
        closed_by_them=call.closed_by_them,
        ladder=tuple(f"{rung.echelon} {rung.patience_ms // 1000} s" for rung in ladder.rungs),
        pages=runtime.state.pages.of(call.id),
    )
