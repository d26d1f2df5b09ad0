"""The reliability report at the console: what a month of test calls proves of one link.

The same as at the command line, read a slice at a time and one report at once, so that the
line goes first however many screens ask; the sheet of paper is made beside the line's thread.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec import Struct
from starlette.responses import Response

from clearline.node.paper import paper
from clearline.node.ports import Clock
from clearline.node.reliability import Reliability, reliability
from clearline.node.runtime import Runtime
from clearline.web.endpoint import Asked, Endpoint
from clearline.web.turns import unhurried

__all__ = ["HasRecord", "rows"]


class HasRecord(Protocol):
    """A node with a record."""

    runtime: Runtime
    clock: Clock


class ReliabilityQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which link and month."""

    link: str
    month: str = ""
    """Like `2026-11`; empty for the present one."""


def rows(node: HasRecord) -> list[Endpoint]:
    """Return the rows of the report."""
    reading = asyncio.Lock()

    async def report(asked: Asked) -> Reliability:
        runtime, wanted = node.runtime, asked.query
        async with reading:
            return await unhurried(
                reliability(runtime.state, runtime.journal, wanted.link, wanted.month, asked.now)
            )

    async def sheet(asked: Asked) -> Response:
        made = await report(asked)
        async with reading:
            raw = await asyncio.to_thread(paper, made)
        disposition = f'attachment; filename="clearline-{made.counterpart}-{made.month}.pdf"'
        return Response(
            raw, media_type="application/pdf", headers={"Content-Disposition": disposition}
        )

    return [
        Endpoint(
            method="GET", path="/reliability", name="reliability", needs="log",
            query=ReliabilityQuery, gives=Reliability, handler=report, tag="record",
            summary="What a month of test calls proves of a link, and how little.",
        ),
        Endpoint(
            method="GET", path="/reliability/paper", name="reliability_paper", needs="log",
            query=ReliabilityQuery, handler=sheet, media="application/pdf", tag="record",
            summary="The same as a PDF, in English.",
        ),
    ]  # fmt: skip
