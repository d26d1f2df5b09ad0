"""Talking: what the voice of calls is to the rest of a node, stated as types.

The console shows talks and has officers join them; what carries them is `voice`'s. Voice
comes after the text, and is never a way around it: it decides nothing and signs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.node.ports import Reply

__all__ = ["Leg", "PutThrough", "Talk", "Talking"]

PutThrough = Callable[[str, str], Awaitable[Path]]
"""Have an officer who was rung by telephone talk in the call that they have acknowledged.

Given the call and who it is; returns the local socket (`SOCK_SEQPACKET`) to which whatever holds
the telephone call connects once, within seconds: packets of 20 ms both ways, 160 samples of 16 bits
in the machine's order, 8,000 a second. When either end closes it, the talk is over for this
telephone. Raises Mistake: there may be no voice in that call, or it cannot be had now.
"""


class Leg(StrEnum):
    """Where one connection of a talk stands."""

    OFF = "off"
    CONNECTING = "connecting"
    ON = "on"
    LOST = "lost"


class Talk(Struct, frozen=True, kw_only=True):
    """The voice of one call as it stands on our side; it has the call's id."""

    id: str
    began: Instant
    mine: bool
    """Whether our side began it; otherwise the counterpart's officer asks ours to talk."""
    officer: str
    """Who of ours is on it, or was last; empty while nobody has joined."""
    console: Leg
    """To the officer's browser."""
    peer: Leg
    """To the counterpart's node."""
    theirs: bool
    """Whether the counterpart's officer is on it: something comes from there."""
    ever: bool
    """Whether anything has come from there at all."""
    telephones: tuple[str, ...]
    """Who of ours talks by telephone."""
    their_telephone: bool
    """Whether the counterpart's node says that somebody there talks by telephone."""
    recorded: bool
    """Whether this side records it now."""
    why: str
    """Why it is not recorded, or why their node cannot be reached: a sentence; or empty."""


class Talking(Protocol):
    """Whoever carries voice."""

    async def join(self, call: str, officer: str, sdp: str) -> str:
        """Have an officer talk in a call; return the SDP that answers the browser's.

        Raises Mistake: there is no such call, it is closed, its text is not with the counterpart
        yet, or voice cannot be had now.
        """
        ...

    async def telephone(self, call: str, officer: str) -> Path:
        """Have an officer talk by telephone: see PutThrough."""
        ...

    async def hang_up(self, call: str) -> None:
        """End the voice of a call on both sides. The call itself goes on."""
        ...

    async def asked(self, link: str, body: bytes) -> Reply:
        """Answer what the counterpart's node says about the voice of a call."""
        ...

    def on_change(self, told: Callable[[], None]) -> None:
        """Call `told` whenever a talk begins, changes or ends."""
        ...

    def talks(self) -> Mapping[str, Talk]:
        """Return every talk that is going on, by its call."""
        ...
