"""Held: one talk as its node holds it, from when an officer begins it until it is over.

It says where the talk stands, to whoever shows it; it decides only whether the counterpart's
node has to be reached, for the first time or again.
"""

from __future__ import annotations

import asyncio
import secrets

from msgspec.structs import replace

from clearline.basis.instants import Instant
from clearline.core.calls import Call
from clearline.node.talking import Leg, Talk
from clearline.voice.messages import State
from clearline.voice.recording import Recorded

__all__ = ["Held"]


class Held:
    """One talk as the node holds it."""

    def __init__(self, call: Call, began: Instant, wire: str, *, mine: bool) -> None:
        self.name = secrets.token_hex(16)
        """What our own process knows it by."""
        self.call = call.id
        self.file = f"{call.id}-{self.name[:8]}"
        """The name of its recording, less what comes after the dot."""
        self.link = call.link
        self.began = began
        self.wire = wire
        """What both nodes know it by: drawn by the one whose offer was taken."""
        self.mine = mine
        self.officer = ""
        self.offering = False
        """Whether our offer is on its way and not answered."""
        self.taken = False
        """Whether their offer was taken, perhaps before our process has said so."""
        self.why = ""
        self.state: State | None = None
        self.over: asyncio.Future[Recorded | None] = asyncio.get_running_loop().create_future()

    def wants_peer(self) -> bool:
        """Return whether the counterpart's node has to be reached, for the first time or again."""
        state = self.state
        if state is None or state.peer == "off":
            return not self.taken
        if state.peer == "lost":
            return True
        return state.ever and not state.theirs

    def lost(self) -> Talk:
        """Return it as others see it once our own process has died."""
        return replace(
            self.talk(),
            console=Leg.LOST,
            peer=Leg.LOST,
            theirs=False,
            recorded=False,
            why="The voice process has ended.",
        )

    def talk(self) -> Talk:
        """Return it as others see it."""
        state = self.state
        return Talk(
            id=self.call,
            began=self.began,
            mine=self.mine,
            officer=self.officer,
            console=Leg(state.console) if state else Leg.OFF,
            peer=Leg.LOST if self.why else Leg(state.peer) if state else Leg.OFF,
            theirs=state is not None and state.theirs,
            ever=state is not None and state.ever,
            recorded=state is None or state.recorded,
            why=self.why or (state.fault if state else ""),
        )
