"""Recording: what a node says of a recording of a call's voice, its own or the counterpart's.

The file stays where it was made; its hash goes into the record, so that whoever is given the
file later can show that it is the one. It opens nothing, answers nothing and closes nothing.

Source: protocol/11-voice.md, "call.recorded".
"""

from __future__ import annotations

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.core import calls
from clearline.core.calls import CallRecorded, Recording
from clearline.core.events import Recorded
from clearline.core.links import Link
from clearline.core.release import Door
from clearline.core.state import State
from clearline.record import Entry

__all__ = ["arrived", "record", "recording_of"]


def record(state: State, door: Door, event: Recorded) -> None:
    """Say that we have a recording, by its hash."""
    call = state.call(event.call)
    body = CallRecorded(
        sha256=event.sha256, duration_ms=event.duration_ms, bytes=event.bytes, cut=event.cut
    )
    after = calls.recorded(call, recording_of(body, door.now, mine=True))
    if isinstance(after, Refusal):
        raise Mistake(after.reason.value, after.detail)
    door.say(state.link(call.link), "call.recorded", body, re=(call.id,))
    state.calls.put(after)


def arrived(
    state: State, door: Door, link: Link, entry: Entry, body: CallRecorded
) -> Refusal | None:
    """Take in that the counterpart has a recording; return why not, if it may not be."""
    call = state.calls.by_id.get(entry.re[0]) if entry.re else None
    if call is None or call.link != link.id:
        return Refusal(
            reason=Reason.UNKNOWN_REFERENCE, detail="There is no such call on this link."
        )
    after = calls.recorded(call, recording_of(body, entry.at, mine=False))
    if isinstance(after, Refusal):
        return after
    state.calls.put(after)
    door.tell("call_recorded", link.id, call.id, duration_ms=body.duration_ms)
    return None


def recording_of(body: CallRecorded, at: Instant, *, mine: bool) -> Recording:
    """Return what is kept of a recording that one side said at that instant."""
    return Recording(
        mine=mine,
        at=at,
        sha256=body.sha256,
        duration_ms=body.duration_ms,
        bytes=body.bytes,
        cut=body.cut,
    )
