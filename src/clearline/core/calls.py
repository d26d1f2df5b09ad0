"""Calls: a demand that a human on the other side answer, and what both sides know of it.

A call is known by the id of the entry that opened it. The side that was called rings its
ladder by its own clock and says so; the calling side runs the same ladder for itself. A
call ends only by what people say: acknowledged, disposed of, closed by both. Silence never
closes it. What recurs is opened again, as a call of its own that names the closed one and
begins at the rung that answered then.

The state machine is in `core.stages`. The functions below return the call as it then stands,
or the refusal, and touch nothing else. They take in what may have crossed something on its
way; whoever writes asks `crossing` first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from clearline.basis.faults import Reason, Refusal
from clearline.basis.ids import Name, Uuid7
from clearline.basis.instants import DAY_MS, Instant
from clearline.core.ladder import Climb
from clearline.core.notices import Disposition
from clearline.core.stages import (
    CALLED_SAYS,
    CALLED_SIDE_ONLY,
    CALLING_SAYS,
    CALLING_SIDE_ONLY,
    CLOSED_BY,
    CROSSED,
    SHOWN,
    CallState,
    Stage,
)
from clearline.core.terms import Ladder, Precedence
from clearline.phrasebook import Phrase, differing
from clearline.space import Position

__all__ = [
    "RETAINED_MS",
    "Acknowledgement",
    "Call",
    "CallAcknowledged",
    "CallClimbed",
    "CallClosed",
    "CallDisposition",
    "CallOpened",
    "CallReadback",
    "CallRecorded",
    "CallRinging",
    "CallSaid",
    "CallState",
    "CallStoodDown",
    "Disposed",
    "Recording",
    "Said",
    "Why",
    "acknowledged",
    "climbed",
    "closed",
    "crossing",
    "disposed",
    "recorded",
    "ringing",
    "said",
    "stage",
    "step",
    "stood_down",
]

Phrases = Annotated[tuple[Phrase, ...], Meta(min_length=1, max_length=8)]
RungNumber = Annotated[int, Meta(ge=1, le=12)]

_MAX_PASSED = 32
"""Acknowledgements kept in sight that nothing followed. The record keeps them all."""
MAX_RECORDING = 1 << 40
"""Bytes that a recording can have: far more than a day of voice."""
MAX_RECORDED = 64
"""Recordings of one call that each side may have."""
MAX_SAID = 512
"""Utterances of each side kept in sight for one call. The record keeps them all."""
RETAINED_MS = DAY_MS
"""A closed call can be opened again by name for so long; later, a new call is opened."""


class CallOpened(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of `call.opened`; `re` names the closed call that recurs, if one does."""

    precedence: Precedence
    phrases: Phrases
    notices: Annotated[tuple[Uuid7, ...], Meta(max_length=16)] = ()
    """Notices of either side that it is about; near ones are attached by themselves."""
    drill: bool = False


class CallRinging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.ringing`, which the called node says by itself; `re` names the call."""

    rung: RungNumber
    echelon: Name
    since: Instant


class Why(StrEnum):
    """Why a call climbed."""

    UNANSWERED = "unanswered"
    UNMANNED = "unmanned"
    IDLE = "idle"
    """A human acknowledged it, and then did nothing in time."""
    BY_HAND = "by_hand"
    """A human did not wait for the rung to give way."""


class CallClimbed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.climbed`; `re` names the call."""

    rung: RungNumber
    echelon: Name
    round: Annotated[int, Meta(ge=0)]
    """How often the last rung has come round again."""
    why: Why


class CallAcknowledged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.acknowledged`: a human at this desk has read it. Received is not agreed."""

    rung: RungNumber
    echelon: Name


class CallStoodDown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.stood_down`: the calling side needs no human any more."""


class CallSaid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.said`, either way; `re` names the call."""

    phrases: Phrases


class CallReadback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.readback`; `re` names the call, then the entry whose slots are restated."""

    phrases: Phrases


class CallDisposition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.disposition`; its time is the entry's."""

    disposition: Disposition


class CallClosed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.closed`: over for the writer. Closed when both have said so."""


class CallRecorded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `call.recorded`: its writer's node has a recording of the voice of the call."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """Of the file, whole. Who has the file can show that it is the one."""
    duration_ms: Annotated[int, Meta(ge=0, le=DAY_MS)]
    bytes: Annotated[int, Meta(ge=0, le=MAX_RECORDING)]
    cut: bool
    """Whether it ended before the talk did, or its node did not live to end it."""


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Which desk has read it, and when its side wrote so."""

    rung: int
    echelon: str
    at: Instant


class Said(Struct, frozen=True, kw_only=True):
    """One utterance in a call."""

    entry: str
    mine: bool
    phrases: tuple[Phrase, ...]
    at: Instant
    restates: str | None = None
    """The entry that this is a read-back of."""


class Disposed(Struct, frozen=True, kw_only=True):
    """One disposition with its clock."""

    disposition: Disposition
    at: Instant


class Recording(Struct, frozen=True, kw_only=True):
    """One recording that a side says it has."""

    mine: bool
    at: Instant
    sha256: str
    duration_ms: int
    bytes: int
    cut: bool


class Call(Struct, frozen=True, kw_only=True):
    """A call as this node holds it; the same type on both sides."""

    id: str
    link: str
    mine: bool
    """Whether we are calling. Otherwise we are called, and ring."""
    precedence: Precedence
    notices: tuple[str, ...]
    drill: bool
    opened_at: Instant
    """When it was opened, or opened again, by our clock."""
    ladder: Ladder
    """The ladder of the terms as they were when it was opened; no amendment changes it."""
    climb: Climb
    """Our own run of the ladder."""
    state: CallState = CallState.OPENED
    told: CallRinging | None = None
    """The last rung that the called side said is ringing."""
    told_at: Instant | None = None
    """When we last heard so, by our clock."""
    acknowledgement: Acknowledgement | None = None
    act_by: Instant | None = None
    """On the called side: until when whoever acknowledged has to do something about it."""
    passed: tuple[Acknowledgement, ...] = ()
    """Who acknowledged it and then did nothing, the first of them first."""
    said: tuple[Said, ...] = ()
    dispositions: tuple[Disposed, ...] = ()
    recordings: tuple[Recording, ...] = ()
    closed_by_us: bool = False
    closed_by_them: bool = False
    closed_at: Instant | None = None
    stood_down_at: Instant | None = None
    """When the calling side said that it needs no human any more."""
    preempted_at: Instant | None = None
    """Of a drill: when a real call ended it on this side. It rings nobody here any more."""
    reopens: str | None = None
    """The closed call that has recurred."""
    times_opened: int = 1

    @property
    def climbs(self) -> bool:
        """Return whether our ladder is still running: nobody has acknowledged."""
        running = self.state in (CallState.OPENED, CallState.RINGING)
        return running and self.preempted_at is None

    @property
    def next_at(self) -> Instant | None:
        """Return when it climbs next, if nobody does anything; None if it does not."""
        if self.preempted_at is not None:
            return None
        return self.climb.until if self.climbs else self.act_by

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Return what it was opened with."""
        return self.said[0].phrases if self.said else ()

    @property
    def place(self) -> Position | None:
        """Return the first place that it names."""
        for phrase in self.phrases:
            place: Position | None = getattr(phrase, "place", None)
            if place is not None:
                return place
        return None

    def saying(self, entry: str) -> Said | None:
        """Return what was said in this call by that entry; None if nothing was."""
        return next((each for each in self.said if each.entry == entry), None)

    def differs(self, readback: Said) -> tuple[str, ...]:
        """Return the slots in which a read-back differs from what it restates; () if in none."""
        original = self.saying(readback.restates) if readback.restates is not None else None
        return differing(original.phrases, readback.phrases) if original is not None else ()


def stage(call: Call) -> Stage:
    """Return where a call stands, with who has closed it."""
    if call.state is CallState.CLOSED:
        return Stage.CLOSED
    if call.stood_down_at is not None:
        return Stage.STOOD_DOWN
    left = call.closed_by_us if call.mine else call.closed_by_them
    match call.state:
        case CallState.CLOSING:
            return Stage.LEFT if left else Stage.CLOSING
        case CallState.RINGING:
            return Stage.RINGING_ON if left else Stage.RINGING
        case CallState.OPENED | CallState.ACKNOWLEDGED:
            return Stage(call.state)


def step(call: Call, kind: str, *, mine: bool) -> Stage | Refusal:
    """Return the stage that an entry of `kind` takes the call to, or why it may not."""
    calling = mine == call.mine
    if kind in CALLED_SIDE_ONLY and calling:
        return Refusal(reason=Reason.NOT_YOURS, detail=f"Only the called side says {kind}.")
    if kind in CALLING_SIDE_ONLY and not calling:
        return Refusal(reason=Reason.NOT_YOURS, detail=f"Only the calling side says {kind}.")
    now = stage(call)
    if kind == "call.closed" and now in CLOSED_BY[calling]:
        return Refusal(reason=Reason.DUPLICATE, detail="That side has closed it already.")
    after = (CALLING_SAYS if calling else CALLED_SAYS)[now].get(kind)
    return _out_of_order(call, kind) if after is None else after


def crossing(call: Call, kind: str) -> Refusal | None:
    """Return why whoever knows how a call stands may not say `kind`, though a reader takes it
    in; None if that is no reason."""
    return _out_of_order(call, kind) if (stage(call), kind) in CROSSED else None


def _out_of_order(call: Call, kind: str) -> Refusal:
    detail = f"{kind} cannot follow in a call that is {call.state.value}."
    return Refusal(reason=Reason.OUT_OF_ORDER, detail=detail)


def ringing(call: Call, body: CallRinging, at: Instant, *, mine: bool) -> Call | Refusal:
    """Return the call after its called side said which rung rings."""
    after = step(call, "call.ringing", mine=mine)
    if isinstance(after, Refusal):
        return after
    return replace(call, state=SHOWN[after], told=body, told_at=at)


def climbed(call: Call, body: CallClimbed, at: Instant, *, mine: bool) -> Call | Refusal:
    """Return the call after its called side climbed, or climbed past whoever acknowledged it."""
    after = step(call, "call.climbed", mine=mine)
    if isinstance(after, Refusal):
        return after
    told = CallRinging(rung=body.rung, echelon=body.echelon, since=at)
    call = replace(call, state=SHOWN[after], told=told, told_at=at)
    if call.acknowledgement is None:
        return call
    passed = (*call.passed, call.acknowledgement)[-_MAX_PASSED:]
    return replace(call, acknowledgement=None, act_by=None, passed=passed)


def stood_down(call: Call, at: Instant, *, mine: bool) -> Call | Refusal:
    """Return the call after its calling side said that it needs no human any more.

    It rings nobody, and is closed for the calling side; the called side closes it when one of
    its people has seen that it was.
    """
    after = step(call, "call.stood_down", mine=mine)
    if isinstance(after, Refusal):
        return after
    closed = {"closed_by_us": True} if mine else {"closed_by_them": True}
    closed_at = (call.closed_at or at) if after is Stage.CLOSED else None
    return replace(
        call,
        state=SHOWN[after],
        stood_down_at=at,
        act_by=None,
        closed_at=closed_at,
        **closed,
    )


def acknowledged(call: Call, body: CallAcknowledged, at: Instant, *, mine: bool) -> Call | Refusal:
    """Return the call after a human on the called side has read it."""
    after = step(call, "call.acknowledged", mine=mine)
    if isinstance(after, Refusal):
        return after
    found = Acknowledgement(rung=body.rung, echelon=body.echelon, at=at)
    return replace(call, state=SHOWN[after], acknowledgement=found)


def said(call: Call, utterance: Said) -> Call | Refusal:
    """Return the call after either side said or restated something."""
    kind = "call.said" if utterance.restates is None else "call.readback"
    after = step(call, kind, mine=utterance.mine)
    if isinstance(after, Refusal):
        return after
    if utterance.restates is not None:
        original = next((e for e in call.said if e.entry == utterance.restates), None)
        if original is None:
            detail = "Nothing with that id was said in this call."
            return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail=detail)
        if original.mine == utterance.mine:
            detail = "A read-back restates what the other side said."
            return Refusal(reason=Reason.NOT_YOURS, detail=detail)
    if sum(each.mine == utterance.mine for each in call.said) >= MAX_SAID:
        return Refusal(reason=Reason.TOO_MANY, detail=f"More than {MAX_SAID} utterances in a call.")
    return replace(call, state=SHOWN[after], said=(*call.said, utterance))


def disposed(call: Call, what: Disposed, *, mine: bool) -> Call | Refusal:
    """Return the call after its called side said what it did."""
    after = step(call, "call.disposition", mine=mine)
    if isinstance(after, Refusal):
        return after
    if len(call.dispositions) >= MAX_SAID:
        return Refusal(reason=Reason.TOO_MANY, detail="Too many dispositions of one call.")
    return replace(call, state=SHOWN[after], dispositions=(*call.dispositions, what))


def recorded(call: Call, what: Recording) -> Call | Refusal:
    """Return the call after a side said that it has a recording of its voice.

    It is not of the states: a recording is whole when the call may be closed long since.
    """
    own = [each for each in call.recordings if each.mine == what.mine]
    if any(each.sha256 == what.sha256 for each in own):
        return Refusal(reason=Reason.DUPLICATE, detail="That recording has been said already.")
    if len(own) >= MAX_RECORDED:
        detail = f"More than {MAX_RECORDED} recordings of a call."
        return Refusal(reason=Reason.TOO_MANY, detail=detail)
    return replace(call, recordings=(*call.recordings, what))


def closed(call: Call, at: Instant, *, mine: bool) -> Call | Refusal:
    """Return the call after one side closed it.

    A call is closed by a disposition: before there is one, neither side may close it.
    """
    after = step(call, "call.closed", mine=mine)
    if isinstance(after, Refusal):
        return after
    if not call.dispositions and call.stood_down_at is None:
        return Refusal(
            reason=Reason.OUT_OF_ORDER, detail="A call has its disposition before it is closed."
        )
    return replace(
        call,
        state=SHOWN[after],
        act_by=None,
        closed_by_us=call.closed_by_us or mine,
        closed_by_them=call.closed_by_them or not mine,
        closed_at=at if after is Stage.CLOSED else None,
    )
