"""Items: each thing on the screen, as plain structs, one kind a list.

They say what is, never how old it is: ages, countdowns and the words for them are made by
the page from the node's clock. So an item changes only when something has happened, and
whoever compares two of them knows that something has.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.conflicts import Conflict, key_of
from clearline.core.effects import Alert, Tell
from clearline.core.links import Link
from clearline.core.notices import Noted, Notice
from clearline.core.roster import Watch
from clearline.core.rotation import Hours
from clearline.core.terms import Activity, Ladders, Limits, ReleaseRules, hash_of
from clearline.core.testcalls import TestCall
from clearline.node.views import HANDLE_CHARS
from clearline.space import Anchor, Certainty, Minima, Polygon, Position, Volume

__all__ = [
    "ConflictItem",
    "LineItem",
    "LinkItem",
    "NodeItem",
    "NoticeItem",
    "Seen",
    "TermsItem",
    "TestItem",
    "TheirDesk",
    "WatchItem",
    "conflict_item",
    "line_item",
    "link_item",
    "notice_item",
    "terms_item",
    "test_item",
    "watch_item",
]


class NodeItem(Struct, frozen=True, kw_only=True):
    """The node itself."""

    id: str
    """Always `node`."""
    party: str
    title: str
    version: str
    unsafe: str | None
    """Why nothing can be recorded any more; None while all is well."""
    open: int
    """Consoles that hear this node now."""
    test_hours: Hours | None
    """When the rungs above the first are tested; None: never."""


class WatchItem(Struct, frozen=True, kw_only=True):
    """One of our desks that is manned."""

    id: str
    """The echelon."""
    officer: str
    languages: tuple[str, ...]
    since: Instant
    asked_at: Instant | None
    """Since when the holder is being asked to confirm presence."""
    missed: bool
    """Whether they did not answer, and every desk was told."""
    offered_to: str | None
    """Whom the watch is offered to; empty: whoever takes it."""
    offered_at: Instant | None


class TheirDesk(Struct, frozen=True, kw_only=True):
    """One of the counterpart's desks, as it last said. No names."""

    echelon: str
    manned: bool
    rung: int
    languages: tuple[str, ...]


class LinkItem(Struct, frozen=True, kw_only=True):
    """One link: is the line alive, and how much does each side hold."""

    id: str
    us: str
    counterpart: str
    title: str
    """The counterpart's name as people say it."""
    state: str
    """`up`, `late`, `down` or `disputed`, by the node's clock."""
    heard_at: Instant | None
    """When the counterpart's last cosignature came, by our clock."""
    late_after_ms: int
    down_after_ms: int
    in_force: bool
    terms_version: int
    terms_hash: str
    waiting: tuple[str, ...]
    """Hashes of terms that wait for agreement."""
    announced_by_us: str
    announced_by_them: str
    peer_unsafe: bool
    peer_disputes: bool
    own_size: int
    stored_by_them: int
    their_size: int
    clock_ahead_ms: int
    next_test_at: Instant | None
    rechecked: int | None
    """How much of the standing notices, in per cent, is compared again under amended minima; None
    if there is nothing to compare again."""
    desks: tuple[TheirDesk, ...]


class TermsItem(Struct, frozen=True, kw_only=True):
    """What was agreed on a link, as far as a screen needs it."""

    id: str
    """The link's."""
    hash: str
    version: int
    area: Polygon
    minima: Minima
    ladders: Ladders
    activities: tuple[Activity, ...]
    anchors: tuple[Anchor, ...]
    release: ReleaseRules
    limits: Limits
    violations: tuple[str, ...]
    contact: tuple[str, ...]
    """The counterpart's contact card: how people reach people when nothing else works."""
    our_languages: tuple[str, ...]
    their_languages: tuple[str, ...]


class NoticeItem(Struct, frozen=True, kw_only=True):
    """One notice of either side."""

    id: str
    handle: str
    """The last of the id: how people name it."""
    link: str
    mine: bool
    state: str
    """`active`, `withdrawn` or `lapsed`."""
    revision: int
    activity: str
    label: str
    """Our own name for it; empty for theirs. It never left."""
    late: bool
    entry: str
    """The entry that stands: the declaration or its latest revision."""
    index: int
    """Of the standing entry in its feed: stored by the other side if less than what it stores."""
    declared_at: Instant
    stated_at: Instant
    """When the standing entry was said here, or arrived: the lead is counted from then."""
    opens: Instant
    closes: Instant
    ended_at: Instant | None
    volumes: tuple[Volume, ...]
    noted: tuple[Noted, ...]
    """What the other side's desk said of ours, or ours of theirs."""
    lies_unrelayed: bool
    """Whether it was read and not relayed to units in time, and still is not."""


class ConflictItem(Struct, frozen=True, kw_only=True):
    """Two notices that come closer than the minima."""

    id: str
    """Both ids, ours first, joined by `+`."""
    link: str
    ours: str
    theirs: str
    claimed_by_us: Instant | None
    claimed_by_them: Instant | None
    horizontal_cm: int
    vertical_cm: int | None
    """At least so much; None where nobody knows."""
    time_ms: int
    certainty: Certainty
    where: Position
    starts: Instant
    ends: Instant
    rule: int


class TestItem(Struct, frozen=True, kw_only=True):
    """One test call."""

    __test__ = False

    id: str
    handle: str
    link: str
    mine: bool
    sent_at: Instant
    until: Instant
    """When it counts as missed."""
    outcome: str | None
    """None while it waits for a human."""
    cause: str | None
    rung: int
    """Of theirs: the rung, echelon and channel that it tries; 0 if none is."""
    echelon: str
    channel: str
    desk_at: Instant | None
    """When the desk rings as well; None: it rings already."""


class LineItem(Struct, frozen=True, kw_only=True):
    """A line that every desk is told; an alert is one that a human must act on."""

    id: str
    at: Instant
    code: str
    alert: bool
    link: str | None
    about: str | None
    args: dict[str, str | int]


class Seen(Struct, frozen=True, kw_only=True):
    """An alarm that an officer of ours has seen. Seen is local, and not an acknowledgement."""

    id: str
    """Of the conflict or line that was seen."""
    officer: str
    at: Instant


def watch_item(watch: Watch) -> WatchItem:
    """Return a desk of ours as the screen shows it."""
    return WatchItem(
        id=watch.echelon,
        officer=watch.officer,
        languages=watch.languages,
        since=watch.since,
        asked_at=watch.asked_at,
        missed=watch.missed,
        offered_to=watch.offer.to if watch.offer else None,
        offered_at=watch.offer.at if watch.offer else None,
    )


def link_item(link: Link, now: Instant) -> LinkItem:
    """Return a link as the screen shows it at `now`."""
    return LinkItem(
        id=link.id,
        us=link.us,
        counterpart=link.them,
        title=link.counterpart.title,
        state=link.state_at(now).value,
        heard_at=link.receipt_at,
        late_after_ms=link.terms.pulse.late_after_ms,
        down_after_ms=link.terms.pulse.down_after_ms,
        in_force=link.agreement.in_force,
        terms_version=link.terms.version,
        terms_hash=_hash(link),
        waiting=tuple(h for h in link.agreement.documents if h != link.agreement.force),
        announced_by_us=link.announced_by_us.value,
        announced_by_them=link.announced_by_them.value,
        peer_unsafe=link.peer_unsafe,
        peer_disputes=link.peer_disputes,
        own_size=link.own_size,
        stored_by_them=link.receipt_size,
        their_size=link.their_size,
        clock_ahead_ms=link.clock_ahead_ms,
        next_test_at=link.next_test_at,
        rechecked=link.recheck.percent if link.recheck else None,
        desks=tuple(
            TheirDesk(
                echelon=desk.echelon,
                manned=desk.manned,
                rung=desk.rung,
                languages=desk.languages,
            )
            for _, desk in sorted(link.their_desks.items())
        ),
    )


def terms_item(link: Link) -> TermsItem:
    """Return what was agreed on a link; before there is agreement, what was first proposed."""
    terms = link.terms
    return TermsItem(
        id=link.id,
        hash=_hash(link),
        version=terms.version,
        area=terms.area,
        minima=terms.minima,
        ladders=terms.ladders,
        activities=terms.activities,
        anchors=terms.anchors,
        release=terms.release,
        limits=terms.limits,
        violations=terms.violations,
        contact=link.counterpart.contact,
        our_languages=terms.side(link.us).languages,
        their_languages=link.counterpart.languages,
    )


def notice_item(notice: Notice) -> NoticeItem:
    """Return a notice as the screen shows it."""
    return NoticeItem(
        id=notice.id,
        handle=notice.id[-HANDLE_CHARS:],
        link=notice.link,
        mine=notice.mine,
        state=notice.state.value,
        revision=notice.revision,
        activity=notice.activity,
        label=notice.label,
        late=notice.late,
        entry=notice.entry,
        index=notice.index,
        declared_at=notice.declared_at,
        stated_at=notice.stated_at,
        opens=notice.opens,
        closes=notice.closes,
        ended_at=notice.ended_at,
        volumes=notice.volumes,
        noted=notice.noted,
        lies_unrelayed=notice.lies_unrelayed,
    )


def conflict_item(conflict: Conflict) -> ConflictItem:
    """Return a conflict as the screen shows it: the closer of the two claims."""
    found = conflict.claim.found
    ours, theirs = conflict.claimed_by_us, conflict.claimed_by_them
    return ConflictItem(
        id=key_of(conflict.ours, conflict.theirs),
        link=conflict.link,
        ours=conflict.ours,
        theirs=conflict.theirs,
        claimed_by_us=ours.at if ours else None,
        claimed_by_them=theirs.at if theirs else None,
        horizontal_cm=found.closest.horizontal_cm,
        vertical_cm=found.closest.vertical_cm,
        time_ms=found.closest.time_ms,
        certainty=found.sure,
        where=found.where,
        starts=found.window.start,
        ends=found.window.end,
        rule=found.rule,
    )


def test_item(test: TestCall) -> TestItem:
    """Return a test call as the screen shows it."""
    return TestItem(
        id=test.id,
        handle=test.id[-HANDLE_CHARS:],
        link=test.link,
        mine=test.mine,
        sent_at=test.sent_at,
        until=test.until,
        outcome=test.outcome.value if test.outcome else None,
        cause=test.cause.value if test.cause else None,
        rung=test.way.rung if test.way else 0,
        echelon=test.way.echelon if test.way else "",
        channel=test.way.channel if test.way else "",
        desk_at=test.desk_at,
    )


def line_item(effect: Tell | Alert, at: Instant) -> LineItem:
    """Return a line that the desks were told at `at`."""
    return LineItem(
        id=effect.id,
        at=at,
        code=effect.code,
        alert=isinstance(effect, Alert),
        link=effect.link,
        about=effect.about,
        args=effect.args,
    )


def _hash(link: Link) -> str:
    # Hashing a thousand anchors each second would be felt; what is in force is known by its hash.
    return link.agreement.force or hash_of(link.terms)
