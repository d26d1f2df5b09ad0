"""Talks: the rows by which an officer's browser joins the voice of a call, and leaves it.

The browser's offer and the node's answer are SDP; the media goes beside the API, and is
authenticated by the fingerprints in them. Everything else of a talk is in the picture.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from clearline.node.talking import Talking
from clearline.web.endpoint import Asked, Empty, Endpoint

__all__ = ["Answer", "Offer", "Talks"]


class Offer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser's offer: one section of audio."""

    sdp: Annotated[str, Meta(min_length=1)]
    """At most 8,192 bytes of ASCII."""


class Answer(Struct, frozen=True, kw_only=True):
    """The node's answer to it."""

    sdp: str


class Talks:
    """The rows of voice."""

    def __init__(self, talking: Talking) -> None:
        self._talking = talking

    def endpoints(self) -> list[Endpoint]:
        """Return the rows."""
        return [
            Endpoint(
                method="POST", path="/talks/{call}", name="talk", needs="talk", takes=Offer,
                gives=Answer, handler=self._join, tag="voice",
                summary="Talk in a call whose text the counterpart has: an offer and its answer.",
            ),
            Endpoint(
                method="DELETE", path="/talks/{call}", name="hang_up", needs="talk", takes=Empty,
                handler=self._hang_up, tag="voice",
                summary="End the voice of a call on both sides. The call itself goes on.",
            ),
        ]  # fmt: skip

    async def _join(self, asked: Asked) -> Answer:
        call = asked.path["call"]
        return Answer(sdp=await self._talking.join(call, asked.officer, asked.body.sdp))

    async def _hang_up(self, asked: Asked) -> None:
        await self._talking.hang_up(asked.path["call"])
