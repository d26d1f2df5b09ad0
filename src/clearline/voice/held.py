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
from clearline.voice.bounds import by_telephone, with_telephone
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
        self._told_telephone = False
        """Whether the last SDP of ours said that somebody of ours talks by telephone."""
        self.their_telephone = False
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

    def read(self, sdp: str) -> None:
        """Take in what an SDP of theirs says of who is there."""
        self.their_telephone = by_telephone(sdp)

    def marked(self, sdp: str) -> str:
        """Return an SDP of ours as it is sent: it says whether ours are at a telephone."""
        self._told_telephone = self._at_telephone()
        return with_telephone(sdp) if self._told_telephone else sdp

    def is_told(self) -> bool:
        """Return whether the last SDP of ours says what is so."""
        return self._told_telephone == self._at_telephone()

    def _at_telephone(self) -> bool:
        return self.state is not None and bool(self.state.telephones)

    def attended(self) -> bool:
        """Return whether anybody of ours is there, or comes."""
        state = self.state
        return state is not None and (
            state.console in ("on", "connecting") or bool(state.telephones)
        )

    def lost(self) -> Talk:
        """Return it as others see it once our own process has died."""
        return replace(
            self.talk(),
            console=Leg.LOST,
            peer=Leg.LOST,
            theirs=False,
            telephones=(),
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
            telephones=state.telephones if state is not None else (),
            their_telephone=self.their_telephone,
            recorded=state is None or state.recorded,
            why=self.why or (state.fault if state else ""),
        )
