"""Relaying: a notice that a desk has read and that its own people were never told of.

Received, relayed to units and understood are three things. A human who says of a notice
that the desk has it, and does not say in time that the units have it too, has left it lying:
the desks of both sides are alarmed then, once for each revision, each side by its own clock
and by what both hold. Nothing is written: that it was not relayed is what the record shows.

When that is: `core.notices.relay_due`. A notice that no human has read is another matter,
and stays shown as stored (decision 0034).
"""

from __future__ import annotations

from msgspec.structs import replace

from clearline.core.release import Door
from clearline.core.state import State

__all__ = ["tick"]


def tick(state: State, door: Door) -> None:
    """Alarm the desks about every notice that should have been relayed by now, and was not."""
    for notice in state.notices.unrelayed(door.now):
        state.notices.put(replace(notice, relay_alarmed=notice.revision))
        door.alert(
            "relay_not_heard" if notice.mine else "notice_not_relayed",
            notice.link,
            notice.id,
            revision=notice.revision,
            opens=str(notice.opens),
        )
