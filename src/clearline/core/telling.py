"""Telling: what our desks are shown and rung for, of what the counterpart did about a call.

It decides what rings (`alert`), what is only shown (`tell`) and what falls silent. It changes
no call.
"""

from __future__ import annotations

from clearline.core.calls import (
    Call,
    CallAcknowledged,
    CallClimbed,
    CallClosed,
    CallDisposition,
    CallReadback,
    CallRinging,
    CallSaid,
    CallState,
    CallStoodDown,
    Why,
)
from clearline.core.links import Link
from clearline.core.release import Door
from clearline.phrasebook import differing
from clearline.record import Entry

__all__ = ["show"]


def show(door: Door, link: Link, before: Call, call: Call, entry: Entry, body: object) -> None:
    """Show our desks what the counterpart did about a call."""
    match body:
        case CallClimbed(why=Why.IDLE) if call.climbs:
            door.alert("call_climbed_past", link.id, call.id, rung=body.rung, echelon=body.echelon)
        case CallRinging() | CallClimbed():
            door.tell("call_ringing", link.id, call.id, rung=body.rung, echelon=body.echelon)
        case CallStoodDown():
            door.hush(call.id)
            door.alert("call_stood_down", link.id, call.id)
        case CallAcknowledged():
            door.tell("call_acknowledged", link.id, call.id, rung=body.rung, echelon=body.echelon)
        case CallSaid():
            door.alert("call_said", link.id, call.id, entry=entry.id)
        case CallReadback():
            _show_readback(door, link, call, entry, body)
        case CallDisposition():
            door.tell("call_disposed", link.id, call.id, disposition=body.disposition.value)
        case CallClosed():
            both = call.state is CallState.CLOSED and before.state is not CallState.CLOSED
            door.tell("call_closed" if both else "call_closing", link.id, call.id)
        case _:
            pass


def _show_readback(door: Door, link: Link, call: Call, entry: Entry, body: CallReadback) -> None:
    original = call.saying(entry.re[1])
    wrong = differing(original.phrases if original else (), body.phrases)
    if wrong:
        door.alert("readback_differs", link.id, call.id, entry=entry.id, slots=", ".join(wrong))
    else:
        door.tell("readback_agrees", link.id, call.id, entry=entry.id)
