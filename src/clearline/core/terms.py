"""Terms: the agreement that both parties signed, and that every rule of a link reads.

A terms document names the two parties (keys, certificates, addresses, contact cards), the
area, the separation minima, the ladder of each precedence, what may be released and how
coarsely, the anchors that places may be stated from, and the limits and clocks of the link.

It is proposed by an entry and agreed by its hash: terms are in force when both feeds hold
the same hash. They are amended in the same way; what an amendment may not change are the
link, the parties and their keys, because the record is verified with them.

This room decides what well-formed terms are and which are in force. It never decides what
a rung or a notice does with them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.ids import Name, Uuid7
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.record import PublicKeys, canonical, has_key_twice
from clearline.space import (
    Anchor,
    GeoidRange,
    Grid,
    Minima,
    Outline,
    Polygon,
    PressureRange,
    WorstCase,
    check_worst_case,
)
from clearline.space import check as check_outline

__all__ = [
    "Activity",
    "Agreement",
    "Ladder",
    "Ladders",
    "Limits",
    "Party",
    "Precedence",
    "PresenceRule",
    "Pulse",
    "ReleaseField",
    "ReleaseRules",
    "Rung",
    "Terms",
    "TermsAgreed",
    "TermsProposed",
    "TestSchedule",
    "agreed_by_them",
    "agreed_by_us",
    "check_terms",
    "default_ladders",
    "hash_of",
    "propose",
]

Title = Annotated[str, Meta(min_length=1, max_length=80)]
ContactLine = Annotated[str, Meta(min_length=3, max_length=120)]
Url = Annotated[
    str, Meta(pattern=r"^https://[A-Za-z0-9.\-\[\]:]{1,200}(/[A-Za-z0-9._~/-]{0,200})?\Z")
]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")]
Patience = Annotated[int, Meta(ge=1_000, le=DAY_MS)]
Certificate = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{100,8000}={0,2}\Z")]


MAX_DESKS = 32
"""Of one party: desks that it mans, that it plans, and that the other one hears of."""


class Precedence(StrEnum):
    """How urgent a call is, the most urgent first."""

    FLASH = "flash"
    IMMEDIATE = "immediate"
    PRIORITY = "priority"
    ROUTINE = "routine"


class Party(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One party's card: how its node is known, reached and trusted."""

    party: Name
    title: Title
    keys: PublicKeys
    certificate: Certificate
    """The node's TLS certificate, DER in base64; the one that the counterpart pins."""
    urls: Annotated[tuple[Url, ...], Meta(max_length=8)]
    """Base addresses of the node, best first. None: only by hand, or the other side pulls."""
    contact: Annotated[tuple[ContactLine, ...], Meta(max_length=8)]
    """The contact card: how people reach people when nothing else works. Posts, no names."""
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=8)]


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One echelon to ring, and how long to wait for it."""

    echelon: Name
    patience_ms: Patience
    """How long this rung rings before the call climbs."""


class Ladder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rungs that a call climbs, lowest first. The last one repeats until a human acts."""

    rungs: Annotated[tuple[Rung, ...], Meta(min_length=1, max_length=12)]
    act_ms: Patience | UnsetType = UNSET
    """How long whoever acknowledges has to do something about it before the call climbs past
    them. Absent if nobody is climbed past; an absent one is not written."""


class Ladders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ladder for each precedence."""

    flash: Ladder
    immediate: Ladder
    priority: Ladder
    routine: Ladder

    def of(self, precedence: Precedence) -> Ladder:
        """Return the ladder that a call of `precedence` climbs."""
        ladder: Ladder = getattr(self, precedence.value)
        return ladder


class Activity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of activity that a notice may name, and how early it must be told."""

    name: Name
    lead_ms: Annotated[int, Meta(ge=0, le=30 * DAY_MS)]
    """A notice declared later than this before its window opens is marked LATE."""


class ReleaseField(StrEnum):
    """What the terms may allow to leave besides where and when."""

    ACTIVITY = "notice.activity"
    PLACE = "notice.place"
    CALL_NOTICES = "call.notices"
    FREE_TEXT = "call.free_text"
    LANGUAGES = "watch.languages"


class ReleaseRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may leave, and how coarsely: all of it outward, so that it contains what is real."""

    fields: Annotated[tuple[ReleaseField, ...], Meta(max_length=16)]
    grid: Grid
    """For notices."""
    call_grid: Grid
    """For places inside calls, where a kilometre may be a life."""


class TestSchedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When each side checks the whole way to a human on the other side."""

    __test__ = False

    every_ms: Annotated[int, Meta(ge=MINUTE_MS, le=7 * DAY_MS)]
    patience_ms: Patience
    """How long the other side's watch has to answer before the test counts as missed."""


class Pulse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The proof of life: how often it is given, and how old it may grow."""

    heartbeat_ms: Annotated[int, Meta(ge=200, le=10 * MINUTE_MS)] = 5 * SECOND_MS
    late_after_ms: Annotated[int, Meta(ge=400, le=HOUR_MS)] = 15 * SECOND_MS
    down_after_ms: Annotated[int, Meta(ge=600, le=DAY_MS)] = 60 * SECOND_MS
    clock_limit_ms: Annotated[int, Meta(ge=SECOND_MS, le=HOUR_MS)] = 5 * SECOND_MS
    """The two nodes' clocks may differ by so much before both desks are told."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one side may make the other carry. FLASH calls are outside all of them."""

    active_notices: Annotated[int, Meta(ge=1, le=1_000_000)] = 50_000
    notices_per_hour: Annotated[int, Meta(ge=1, le=100_000_000)] = 1_000_000
    open_calls: Annotated[int, Meta(ge=1, le=1_000)] = 64
    horizon_ms: Annotated[int, Meta(ge=HOUR_MS, le=366 * DAY_MS)] = 31 * DAY_MS
    """How far ahead a notice may open."""
    volumes_per_notice: Annotated[int, Meta(ge=1, le=32)] = 8


class PresenceRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often whoever holds a watch is asked whether they are there.

    Each side asks at its own desks. Neither learns how the other's officers answered.
    """

    every_ms: Annotated[int, Meta(ge=5 * MINUTE_MS, le=4 * HOUR_MS)]
    """Asked so long after the holder last did anything."""
    grace_ms: Annotated[int, Meta(ge=30 * SECOND_MS, le=15 * MINUTE_MS)]
    """Unanswered for so long, all desks of that side are alarmed."""


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole agreement of one link."""

    link: Uuid7
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    parties: tuple[Party, Party]
    area: Polygon
    minima: Minima
    ladders: Ladders
    activities: Annotated[tuple[Activity, ...], Meta(min_length=1, max_length=64)]
    release: ReleaseRules
    anchors: Annotated[tuple[Anchor, ...], Meta(max_length=1_000)]
    anchor_tolerance_cm: Annotated[int, Meta(ge=100, le=100_000_000)]
    tests: TestSchedule
    violations: Annotated[tuple[Name, ...], Meta(max_length=64)]
    """The coded rules whose breach may be reported, by name."""
    pulse: Pulse
    limits: Limits
    presence: PresenceRule | UnsetType = UNSET
    """Absent if nobody is asked. An absent rule is not written, and does not change the hash."""

    def side(self, party: str) -> Party:
        """Return the card of `party`; Mistake if it is neither of the two."""
        for card in self.parties:
            if card.party == party:
                return card
        raise Mistake("not_a_party", f"{party} is not a party to link {self.link}.")

    def other(self, party: str) -> Party:
        """Return the card of the party that is not `party`."""
        first, second = self.parties
        return second if first.party == party else first

    def activity(self, name: str) -> Activity | None:
        """Return the activity called `name`, if the terms know it."""
        return next((each for each in self.activities if each.name == name), None)

    def allows(self, field: ReleaseField) -> bool:
        """Return whether the terms let `field` leave."""
        return field in self.release.fields


class TermsProposed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `terms.proposed`: the whole document."""

    terms: Terms


class TermsAgreed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `terms.agreed`: the document's hash, in hex, and nothing that could vary."""

    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


def hash_of(terms: Terms) -> str:
    """Return the SHA-256 of the canonical document, in hex."""
    return canonical.sha256_hex(canonical.encode(terms))


def check_terms(terms: Terms) -> None:
    """Raise Mistake with what is wrong, if the document cannot be agreed by anyone."""
    first, second = terms.parties
    if first.party == second.party:
        raise Mistake("same_party", "A link needs two different parties.")
    if has_key_twice((first.keys, second.keys)):
        raise Mistake("shared_key", "Each role of each party needs a key of its own.")
    outline: Outline = terms.area
    check_outline(outline)
    if terms.area.margin_cm:
        raise Mistake("area_has_margin", "The agreed area is a polygon without a margin.")
    pulse = terms.pulse
    if not pulse.heartbeat_ms < pulse.late_after_ms < pulse.down_after_ms:
        raise Mistake("pulse_order", "A heartbeat must be shorter than LATE, and LATE than DOWN.")
    rule = terms.presence
    if isinstance(rule, PresenceRule) and rule.grace_ms >= rule.every_ms:
        raise Mistake("presence_order", "The grace must be shorter than the interval of asking.")
    if terms.minima.worst is not None:
        check_worst_case(terms.minima.worst)
    names = [each.name for each in terms.activities]
    if len(set(names)) != len(names):
        raise Mistake("activity_twice", "Two activities have one name.")
    anchors = [each.name for each in terms.anchors]
    if len(set(anchors)) != len(anchors):
        raise Mistake("anchor_twice", "Two anchors have one name.")


MAX_PENDING = 8
"""Proposals that may wait for agreement at once, from each side."""


class Agreement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which terms a link has: proposed, agreed by either side, and in force.

    In force is the highest version that both sides have agreed to (of two documents of one
    version, the one whose hash is greater). So two amendments that cross each other end the
    same on both sides, in whatever order each saw them.
    """

    documents: dict[str, Terms]
    """Every document proposed by either side that may still come into force, by hash."""
    ours: tuple[str, ...] = ()
    """The hashes we agreed to."""
    theirs: tuple[str, ...] = ()
    force: str | None = None

    @property
    def terms(self) -> Terms:
        """Return the terms to act by: those in force, else those of the first proposal.

        Before both have agreed, only the ladder and the clocks are read from them, so that
        a call for life is carried even then.
        """
        if self.force is not None:
            return self.documents[self.force]
        return next(iter(self.documents.values()))

    @property
    def in_force(self) -> bool:
        """Return whether both sides have agreed to one document."""
        return self.force is not None


def propose(agreement: Agreement, terms: Terms) -> Agreement | Refusal:
    """Return the agreement with one more document to agree to."""
    digest = hash_of(terms)
    if digest in agreement.documents:
        return agreement
    if (fault := _amendment_fault(agreement, terms)) is not None:
        return fault
    if len(agreement.documents) > 2 * MAX_PENDING:
        return Refusal(reason=Reason.TOO_MANY, detail="Too many terms are waiting for agreement.")
    return replace(agreement, documents={**agreement.documents, digest: terms})


def agreed_by_us(agreement: Agreement, digest: str) -> Agreement | Refusal:
    """Return the agreement after we agreed to the document with this hash."""
    if digest not in agreement.documents:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="No such terms were proposed.")
    return _settled(replace(agreement, ours=_with(agreement.ours, digest)))


def agreed_by_them(agreement: Agreement, digest: str) -> Agreement | Refusal:
    """Return the agreement after the counterpart agreed to the document with this hash."""
    if digest not in agreement.documents:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="No such terms were proposed.")
    return _settled(replace(agreement, theirs=_with(agreement.theirs, digest)))


def _with(hashes: tuple[str, ...], digest: str) -> tuple[str, ...]:
    return hashes if digest in hashes else (*hashes, digest)


def _amendment_fault(agreement: Agreement, terms: Terms) -> Refusal | None:
    """Return why `terms` cannot amend what is agreed, if they cannot."""
    now_agreed = agreement.terms
    try:
        check_terms(terms)
    except Mistake as mistake:
        return Refusal(reason=Reason.MALFORMED, detail=mistake.phrase[:200])
    if terms.link != now_agreed.link:
        return Refusal(reason=Reason.NOT_ALLOWED, detail="The terms are of another link.")
    known = {card.party: card.keys for card in now_agreed.parties}
    if {card.party: card.keys for card in terms.parties} != known:
        return Refusal(
            reason=Reason.NOT_ALLOWED,
            detail="An amendment cannot change the parties or their keys; make a new link.",
        )
    if agreement.in_force and terms.version <= now_agreed.version:
        return Refusal(
            reason=Reason.STALE,
            detail=f"Version {now_agreed.version} is in force; an amendment has a higher one.",
        )
    return None


def _settled(agreement: Agreement) -> Agreement:
    """Return the agreement with what follows of it: force, and what may be forgotten."""
    both = [digest for digest in agreement.ours if digest in agreement.theirs]
    if not both:
        return agreement
    documents = agreement.documents
    force = max(both, key=lambda digest: (documents[digest].version, digest))
    version = documents[force].version
    kept = {
        digest: terms
        for digest, terms in documents.items()
        # What is older than the terms in force can never come into force again.
        if digest == force or terms.version >= version
    }
    return Agreement(
        documents=kept,
        ours=tuple(digest for digest in agreement.ours if digest in kept),
        theirs=tuple(digest for digest in agreement.theirs if digest in kept),
        force=force,
    )


def default_ladders() -> Ladders:
    """Return the ladders that new terms start from: 20 s at the desk, then up, then for ever.

    Whoever acknowledges a FLASH has two minutes to do something about it.
    """
    return Ladders(
        flash=_ladder(20, 30, 30, 30, act_s=120),
        immediate=_ladder(60, 60, 60, 60, act_s=300),
        priority=_ladder(300, 300, 300, 300, act_s=1_800),
        routine=_ladder(1_800, 1_800, 3_600, 3_600, act_s=14_400),
    )


ECHELONS = ("duty-desk", "deputy", "flag-officer", "contact-card")


def _ladder(*patience_s: int, act_s: int) -> Ladder:
    rungs = zip(ECHELONS, patience_s, strict=True)
    return Ladder(
        rungs=tuple(Rung(echelon=e, patience_ms=s * SECOND_MS) for e, s in rungs),
        act_ms=act_s * SECOND_MS,
    )


DEFAULT_MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=15 * MINUTE_MS)
"""5 km, 1,000 ft and 15 minutes: where new terms start from."""

WORLDWIDE = WorstCase(
    pressure=PressureRange(lowest_hpa=870, highest_hpa=1_085, temperature_pct=30),
    geoid=GeoidRange(lowest_cm=-11_000, highest_cm=9_000),
)
"""What holds anywhere, and so in the area of new terms until people state what holds there.

The lowest and the highest pressure ever measured at sea level; an altimeter's error at
-50 degrees at the ground (PANS-OPS, ICAO Doc 8168); the geoid of EGM96 and EGM2008, -107 m to
+86 m. Terrain is not in it: from the Dead Sea to the Himalaya it would say nothing. People
state it, and until they do, heights above the ground meet whatever they are compared with.
"""
