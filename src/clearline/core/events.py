"""Events: all that can happen to a node. The journal is a list of these.

Three sorts: what a person of ours asks for (it carries `by`), what came over a link, and
what the runtime noticed. Each is checked whole before anything changes. None carries a
time: the instant at which the runtime journaled it is handed to the core beside it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.ids import Name, Uuid7
from clearline.basis.instants import Instant
from clearline.core.rotation import Hours
from clearline.core.terms import Language, Precedence, Terms
from clearline.core.watchbill import MAX_OFFICERS, MAX_SHIFTS, Methods, Shift
from clearline.core.watchbill import Officer as PlannedOfficer
from clearline.phrasebook import Phrase
from clearline.space import Position, Reference, Volume

__all__ = [
    "RULES",
    "AcceptWatch",
    "Acknowledge",
    "Agree",
    "Announce",
    "AnswerTest",
    "Arrived",
    "Bulk",
    "ChannelChecked",
    "Close",
    "Command",
    "ConfirmPresence",
    "Declare",
    "Dispose",
    "Event",
    "ExplainTest",
    "Forked",
    "HandOver",
    "HandOverByAnyone",
    "JumpToRung",
    "LeaveWatch",
    "Note",
    "OfferWatch",
    "OpenCall",
    "OpenLink",
    "Paged",
    "PathFailed",
    "PeerDisputes",
    "PeerUnsafe",
    "Place",
    "PlanDesk",
    "PlanOfficers",
    "Propose",
    "ReadBack",
    "RecallWatch",
    "Receipted",
    "Rechecking",
    "Recorded",
    "RelieveWatch",
    "ReportViolation",
    "Revise",
    "RosterChecked",
    "Say",
    "SendTest",
    "SetTestHours",
    "Settle",
    "StandDown",
    "Started",
    "TakeWatch",
    "Tick",
    "Wire",
    "Withdraw",
]

Officer = Annotated[str, Meta(min_length=1, max_length=60)]
"""Who asked. It stays in this node's journal and never leaves."""
RULES = 4
"""What a node that starts now keeps. 2: a real call pre-empts every drill (`core.drilling`).
3, 4: what crosses the close of a call, and whose clock closes it (`core.calling`)."""
Phrases = Annotated[tuple[Phrase, ...], Meta(min_length=1, max_length=8)]
Links = Annotated[tuple[Uuid7, ...], Meta(min_length=1, max_length=64)]
Languages = Annotated[tuple[Language, ...], Meta(min_length=1, max_length=8)]
ItemId = Annotated[str, Meta(min_length=1, max_length=80)]
"""Id of a call, or of a conflict: our notice's and theirs, joined by `+`."""


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A position together with how it was stated: so far, in this direction, from there."""

    at: Position
    stated: Reference


class _Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    by: Officer


class OpenLink(_Command, frozen=True):
    """Begin a link from a terms document that was carried by hand."""

    us: Name
    terms: Terms
    agree: bool
    """Whether to agree to the document at once, having compared the fingerprints."""


class Propose(_Command, frozen=True):
    """Propose amended terms, and agree to them ourselves."""

    terms: Terms


class Agree(_Command, frozen=True):
    """Agree to terms that were proposed."""

    link: Uuid7
    hash: str


class Declare(_Command, frozen=True):
    """Declare where and when we operate, to the parties of these links."""

    links: Links
    activity: Name
    volumes: Annotated[tuple[Volume, ...], Meta(min_length=1, max_length=32)]
    place: Place | None = None
    label: Annotated[str, Meta(max_length=60)] = ""
    """Our own name for it. It never leaves."""
    reason: Annotated[str, Meta(max_length=200)] = ""
    """Why it is sent although it could not be checked. It never leaves."""


class Revise(_Command, frozen=True):
    """Replace the volumes of a notice of ours."""

    notice: Uuid7
    volumes: Annotated[tuple[Volume, ...], Meta(min_length=1, max_length=32)]
    place: Place | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""
    """Why it is sent although it could not be checked. It never leaves."""


class Withdraw(_Command, frozen=True):
    """Withdraw a notice of ours."""

    notice: Uuid7


class Note(_Command, frozen=True):
    """Say that our desk has the counterpart's notice, and how far it has been passed on."""

    notice: Uuid7
    disposition: str


class OpenCall(_Command, frozen=True):
    """Demand that a human on the other side answer."""

    link: Uuid7
    precedence: Precedence
    phrases: Phrases
    notices: Annotated[tuple[Uuid7, ...], Meta(max_length=16)] = ()
    reopens: Uuid7 | None = None
    """A closed call that has recurred."""
    drill: bool = False


class Acknowledge(_Command, frozen=True):
    """A human has read the call."""

    call: Uuid7
    echelon: Name


class JumpToRung(_Command, frozen=True):
    """Ring another rung of a call of the counterpart's now, without waiting for it."""

    call: Uuid7
    rung: Annotated[int, Meta(ge=1, le=12)]


class StandDown(_Command, frozen=True):
    """Say that a call of ours needs no human any more: it was a mistake, or it is over."""

    call: Uuid7


class Say(_Command, frozen=True):
    """Say more in a call."""

    call: Uuid7
    phrases: Phrases


class ReadBack(_Command, frozen=True):
    """Restate the slots that matter of something said in a call."""

    call: Uuid7
    of: Uuid7
    phrases: Phrases


class Dispose(_Command, frozen=True):
    """Say what we did about a call."""

    call: Uuid7
    disposition: str


class Close(_Command, frozen=True):
    """Say that the call is over for us. It is closed when both have said so."""

    call: Uuid7


class TakeWatch(_Command, frozen=True):
    """Take the watch at a desk that nobody holds."""

    echelon: Name
    languages: Languages


class OfferWatch(_Command, frozen=True):
    """Offer the watch that one holds to another officer, who accepts it or does not."""

    echelon: Name
    to: Annotated[str, Meta(max_length=60)] = ""
    """Empty: to whoever takes it."""


class AcceptWatch(_Command, frozen=True):
    """Take a watch that is offered, having read everything that is open."""

    echelon: Name
    read: Annotated[tuple[ItemId, ...], Meta(max_length=10_000)]
    """Ids of the open calls and of the standing conflicts that the one who takes it has read."""
    languages: Annotated[tuple[Language, ...], Meta(max_length=8)] = ()
    """Spoken at the desk from now on; none: the same as before."""


class RecallWatch(_Command, frozen=True):
    """Take back an offer of one's own watch that nobody has accepted."""

    echelon: Name


class ConfirmPresence(_Command, frozen=True):
    """Say that one is there and awake, at a desk whose watch one holds."""

    echelon: Name


class RelieveWatch(_Command, frozen=True):
    """Take the watch from an officer who cannot hand it over. Every desk is told."""

    echelon: Name
    languages: Languages


class HandOver(_Command, frozen=True, tag="HandOver.2"):
    """Hand the watch that one holds to another officer, who has read the open items."""

    echelon: Name
    to: Officer
    languages: Languages


class HandOverByAnyone(_Command, frozen=True, tag="HandOver"):
    """`HandOver` as journals have it that are older than the rule that only the holder may.

    It is replayed, so that such a journal still makes the node that wrote it. It is no
    command: nobody can ask for it any more.
    """

    echelon: Name
    to: Officer
    languages: Languages


class LeaveWatch(_Command, frozen=True):
    """Leave a desk unmanned, and let the counterpart know."""

    echelon: Name


class PlanOfficers(_Command, frozen=True):
    """Replace the list of officers who stand watches. It never leaves."""

    officers: Annotated[tuple[PlannedOfficer, ...], Meta(max_length=MAX_OFFICERS)]


class PlanDesk(_Command, frozen=True):
    """Plan one desk from `start` until `end` anew. It never leaves.

    Neither shifts nor methods, for all of its time: the desk has no plan any more.
    """

    echelon: Name
    start: Instant
    end: Instant
    methods: Methods = ()
    """How the room itself is reached, whoever is on."""
    shifts: Annotated[tuple[Shift, ...], Meta(max_length=MAX_SHIFTS)] = ()


class SendTest(_Command, frozen=True):
    """Send a test call now, besides the schedule."""

    link: Uuid7


class AnswerTest(_Command, frozen=True):
    """A human answers the counterpart's test call."""

    test: Uuid7


class ExplainTest(_Command, frozen=True):
    """Give a missed test its cause."""

    test: Uuid7
    cause: str


class SetTestHours(_Command, frozen=True):
    """Say when test calls may ring the rungs above the first, once a day each. It never leaves."""

    hours: Hours | None
    """None: never."""


class Announce(_Command, frozen=True):
    """Announce the political state of a link. It changes nothing that the link can carry."""

    link: Uuid7
    status: str


class ReportViolation(_Command, frozen=True):
    """Report a breach of one of the terms' coded rules."""

    link: Uuid7
    rule: Name
    place: Position
    seen: Instant
    notice: Uuid7 | None = None


class Settle(_Command, frozen=True):
    """A person has looked at the evidence of a fork and lets the link carry entries again."""

    link: Uuid7


Bulk = Declare | Revise | Withdraw | Note
"""Commands that come by the thousand, and can wait for what people do in a watch."""

Command = (
    OpenLink
    | Propose
    | Agree
    | Declare
    | Revise
    | Withdraw
    | Note
    | OpenCall
    | Acknowledge
    | JumpToRung
    | StandDown
    | Say
    | ReadBack
    | Dispose
    | Close
    | TakeWatch
    | OfferWatch
    | AcceptWatch
    | RecallWatch
    | ConfirmPresence
    | RelieveWatch
    | HandOver
    | LeaveWatch
    | PlanOfficers
    | PlanDesk
    | SendTest
    | AnswerTest
    | ExplainTest
    | SetTestHours
    | Announce
    | ReportViolation
    | Settle
)


class Arrived(Struct, frozen=True, kw_only=True, tag=True):
    """Entries of the counterpart's feed that we now store, in its order."""

    link: str
    first: int
    """Index of the first of them in the counterpart's feed."""
    entries: tuple[bytes, ...]
    pulled: bool = False
    """Whether we read them ourselves, because the counterpart did not reach us."""


class Receipted(Struct, frozen=True, kw_only=True, tag=True):
    """The counterpart signed that it stores our feed up to a size."""

    link: str
    size: int
    theirs: Instant
    """The counterpart's clock in its signature; whole seconds."""
    live: bool = True
    """Whether it was signed just now: then it is the proof of life as well."""
    url: str = ""
    """The path by which entries went for which this is the receipt; empty if none were pushed."""


class Forked(Struct, frozen=True, kw_only=True, tag=True):
    """The counterpart signed two histories. The evidence itself is kept beside the journal."""

    link: str
    evidence: str
    """SHA-256 of the evidence, in hex."""
    detail: str


class PeerUnsafe(Struct, frozen=True, kw_only=True, tag=True):
    """The counterpart's node says LINE NOT SAFE."""

    link: str


class PeerDisputes(Struct, frozen=True, kw_only=True, tag=True):
    """The counterpart's node refuses our feed: it holds another history of it, signed by us."""

    link: str


class PathFailed(Struct, frozen=True, kw_only=True, tag=True):
    """A test call was sent by a path whose turn it was, and no answer came by it."""

    link: str
    url: str


class Paged(Struct, frozen=True, kw_only=True, tag=True):
    """What has become known of a page: how far one channel got with one officer, or a room."""

    what: str
    """Id of the call, conflict or test."""
    ring: str
    """Id of the ring that it was for."""
    echelon: str
    officer: str
    """Empty for the room's own telephone, mailbox or lamp."""
    channel: str
    result: str
    """As in `node.ports.PageResult`: handed, delivered, acknowledged, failed."""
    cause: str
    """As in `node.ports.PageCause`; `none` unless it failed."""
    detail: Annotated[str, Meta(max_length=200)] = ""


class ChannelChecked(Struct, frozen=True, kw_only=True, tag=True):
    """A channel was tried before it is needed. It never leaves."""

    channel: str
    cause: str
    """As in `node.ports.PageCause`; `none` if it works."""
    detail: Annotated[str, Meta(max_length=200)] = ""


class RosterChecked(Struct, frozen=True, kw_only=True, tag=True):
    """A desk's calendar, or the list of officers, was read. It never leaves."""

    file: Annotated[str, Meta(max_length=200)]
    fault: Annotated[str, Meta(max_length=400)] = ""
    """What is wrong with it, so that the plan stays as it was; empty if nothing is."""


class Recorded(Struct, frozen=True, kw_only=True, tag=True):
    """A recording of the voice of a call is whole, on our side."""

    call: str
    sha256: str
    duration_ms: int
    bytes: int
    cut: bool


class Rechecking(Struct, frozen=True, kw_only=True, tag=True):
    """There is time to compare more of a link's standing notices under the amended minima."""

    link: str
    budget_us: int
    """About how long it may take, as the core reckons it; one notice is compared at least."""


class Started(Struct, frozen=True, kw_only=True, tag=True):
    """The process started: whatever was ringing must ring again."""

    version: str
    rules: int = 1
    """Which of its rules the node keeps from here on, beside the protocol's: `RULES` when it was
    written. A journal that is older is replayed by the rules of its time."""


class Tick(Struct, frozen=True, kw_only=True, tag=True):
    """Nothing happened, but a deadline has come."""


Wire = Arrived | Receipted | Forked | PeerUnsafe | PeerDisputes
Event = (
    Command | HandOverByAnyone | Wire | PathFailed | Paged | ChannelChecked | RosterChecked
    | Recorded | Rechecking | Started | Tick
)  # fmt: skip
