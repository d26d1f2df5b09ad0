"""Stages: where a call stands, and what either side may say of it from there.

Two sides write at the same time, and what they say crosses on its way. So the stage of a call
is made of what each has said in its own order, and of nothing else: whether the called side
has it ring or has acknowledged it, who has closed it, and whether the calling side has stood
it down. Whatever the order in which the two feeds meet, both sides come to the same stage.

The tables are the state machine, whole; documentation and tests read them.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "CALLED_SAYS",
    "CALLED_SIDE_ONLY",
    "CALLING_SAYS",
    "CALLING_SIDE_ONLY",
    "CLOSED_BY",
    "CROSSED",
    "SHOWN",
    "CallState",
    "Stage",
]


class CallState(StrEnum):
    """Where a call stands, as people are told it."""

    OPENED = "opened"
    """Said, but the other side has not yet said that it rings."""
    RINGING = "ringing"
    ACKNOWLEDGED = "acknowledged"
    CLOSING = "closing"
    """One side has closed."""
    CLOSED = "closed"


class Stage(StrEnum):
    """Where a call stands, with who has closed it: what the next entry is read by.

    It follows from what each side has said in its own order, in whatever order the two met:
    so both sides come to the same one, though what they say crosses on its way.
    """

    OPENED = "opened"
    RINGING = "ringing"
    ACKNOWLEDGED = "acknowledged"
    CLOSING = "closing"
    """The called side has closed it."""
    LEFT = "left"
    """The calling side has closed it."""
    RINGING_ON = "ringing_on"
    """The calling side has closed it, and the called side has it ring all the same."""
    STOOD_DOWN = "stood_down"
    """The calling side needs no human any more; the called side has still to close it."""
    CLOSED = "closed"


SHOWN: dict[Stage, CallState] = {
    Stage.OPENED: CallState.OPENED,
    Stage.RINGING: CallState.RINGING,
    Stage.ACKNOWLEDGED: CallState.ACKNOWLEDGED,
    Stage.CLOSING: CallState.CLOSING,
    Stage.LEFT: CallState.CLOSING,
    Stage.RINGING_ON: CallState.RINGING,
    Stage.STOOD_DOWN: CallState.CLOSING,
    Stage.CLOSED: CallState.CLOSED,
}
"""What people are told of each stage."""

CALLED_SAYS: dict[Stage, dict[str, Stage]] = {
    Stage.OPENED: {
        "call.ringing": Stage.RINGING,
        "call.climbed": Stage.RINGING,
        "call.acknowledged": Stage.ACKNOWLEDGED,
        "call.said": Stage.OPENED,
    },
    Stage.RINGING: {
        "call.ringing": Stage.RINGING,
        "call.climbed": Stage.RINGING,
        "call.acknowledged": Stage.ACKNOWLEDGED,
        "call.said": Stage.RINGING,
    },
    Stage.ACKNOWLEDGED: {
        "call.climbed": Stage.RINGING,
        "call.said": Stage.ACKNOWLEDGED,
        "call.readback": Stage.ACKNOWLEDGED,
        "call.disposition": Stage.ACKNOWLEDGED,
        "call.closed": Stage.CLOSING,
    },
    Stage.CLOSING: {
        "call.said": Stage.CLOSING,
        "call.readback": Stage.CLOSING,
        "call.disposition": Stage.CLOSING,
    },
    Stage.LEFT: {
        "call.climbed": Stage.RINGING_ON,
        "call.said": Stage.LEFT,
        "call.readback": Stage.LEFT,
        "call.disposition": Stage.LEFT,
        "call.closed": Stage.CLOSED,
    },
    Stage.RINGING_ON: {
        "call.ringing": Stage.RINGING_ON,
        "call.climbed": Stage.RINGING_ON,
        "call.acknowledged": Stage.LEFT,
        "call.said": Stage.RINGING_ON,
    },
    Stage.STOOD_DOWN: {
        "call.ringing": Stage.STOOD_DOWN,
        "call.climbed": Stage.STOOD_DOWN,
        "call.acknowledged": Stage.STOOD_DOWN,
        "call.said": Stage.STOOD_DOWN,
        "call.readback": Stage.STOOD_DOWN,
        "call.disposition": Stage.STOOD_DOWN,
        "call.closed": Stage.CLOSED,
    },
    Stage.CLOSED: {
        "call.said": Stage.CLOSED,
        "call.readback": Stage.CLOSED,
        "call.disposition": Stage.CLOSED,
    },
}
"""From each stage, by each kind of entry of the called side, to the next."""

CALLING_SAYS: dict[Stage, dict[str, Stage]] = {
    Stage.OPENED: {"call.said": Stage.OPENED, "call.stood_down": Stage.STOOD_DOWN},
    Stage.RINGING: {
        "call.said": Stage.RINGING,
        "call.readback": Stage.RINGING,
        "call.stood_down": Stage.STOOD_DOWN,
        "call.closed": Stage.RINGING_ON,
    },
    Stage.ACKNOWLEDGED: {
        "call.said": Stage.ACKNOWLEDGED,
        "call.readback": Stage.ACKNOWLEDGED,
        "call.stood_down": Stage.STOOD_DOWN,
        "call.closed": Stage.LEFT,
    },
    Stage.CLOSING: {
        "call.said": Stage.CLOSING,
        "call.readback": Stage.CLOSING,
        "call.stood_down": Stage.CLOSED,
        "call.closed": Stage.CLOSED,
    },
    Stage.LEFT: {
        "call.said": Stage.LEFT,
        "call.readback": Stage.LEFT,
        "call.stood_down": Stage.STOOD_DOWN,
    },
    Stage.RINGING_ON: {
        "call.said": Stage.RINGING_ON,
        "call.readback": Stage.RINGING_ON,
        "call.stood_down": Stage.STOOD_DOWN,
    },
    Stage.STOOD_DOWN: {"call.said": Stage.STOOD_DOWN, "call.readback": Stage.STOOD_DOWN},
    Stage.CLOSED: {
        "call.said": Stage.CLOSED,
        "call.readback": Stage.CLOSED,
        "call.stood_down": Stage.CLOSED,
    },
}
"""The same of the calling side. What is in neither is out of order."""

CROSSED: frozenset[tuple[Stage, str]] = frozenset(
    {
        (Stage.LEFT, "call.climbed"),
        (Stage.STOOD_DOWN, "call.ringing"),
        (Stage.STOOD_DOWN, "call.climbed"),
        (Stage.STOOD_DOWN, "call.acknowledged"),
        (Stage.RINGING, "call.readback"),
        (Stage.RINGING, "call.closed"),
        (Stage.RINGING_ON, "call.readback"),
        (Stage.ACKNOWLEDGED, "call.stood_down"),
        (Stage.CLOSING, "call.stood_down"),
        (Stage.LEFT, "call.stood_down"),
        (Stage.CLOSED, "call.said"),
        (Stage.CLOSED, "call.readback"),
        (Stage.CLOSED, "call.disposition"),
        (Stage.CLOSED, "call.stood_down"),
    }
)
"""What is taken in, as its writer may not have known yet how the call stood, and is never
written by who does know."""

CALLED_SIDE_ONLY = frozenset(
    {"call.ringing", "call.climbed", "call.acknowledged", "call.disposition"}
)
"""What only the side that was called may say."""
CALLING_SIDE_ONLY = frozenset({"call.stood_down"})
"""What only the side that calls may say."""
CLOSED_BY: dict[bool, frozenset[Stage]] = {
    True: frozenset({Stage.LEFT, Stage.RINGING_ON, Stage.STOOD_DOWN}),
    False: frozenset({Stage.CLOSING}),
}
"""The stages in which the calling side, or the called side, has closed a call already."""
