"""The roster at the console: the plan of a week, and what is changed about it.

Everybody sees it. Who may plan a desk may change it: a change is tried first, with what it does
and what would be wrong after it, and the page shows that before anything is saved. What is
refused there is refused here: a first rung that would be left empty, with the gap named.
"""

from __future__ import annotations

from typing import Annotated, Protocol

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.node.rosteredits import Move, ShiftRef
from clearline.node.rostering import Rostering
from clearline.node.rosterlint import Finding
from clearline.node.rosterviews import MAX_DAYS, RosterView, Verdict
from clearline.web.endpoint import Asked, Endpoint

__all__ = ["HasRoster", "RosterEdit", "RosterQuery", "Swap", "rows"]


class HasRoster(Protocol):
    """A node with a roster."""

    roster: Rostering


class RosterQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days."""

    start: Annotated[str, Meta(max_length=24)] = ""
    """The first instant, as the node writes it; empty: the beginning of today, UTC."""
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = 7


class Swap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two shifts whose officers stand each other's watch."""

    one: ShiftRef
    other: ShiftRef


class RosterEdit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change: a move or a swap."""

    move: Move | None = None
    swap: Swap | None = None
    dry_run: bool = True
    """Whether only to say what it would do."""


class UndoBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which change to take back."""

    undo: Annotated[str, Meta(max_length=60)]


def rows(node: HasRoster) -> list[Endpoint]:
    """Return the rows of the roster."""

    async def view(asked: Asked) -> RosterView:
        return node.roster.view(_instant(asked.query.start), asked.query.days)

    async def lint(asked: Asked) -> tuple[Finding, ...]:
        del asked
        return node.roster.lint()

    async def edit(asked: Asked) -> Verdict:
        body: RosterEdit = asked.body
        if body.move is not None and body.swap is None:
            return await node.roster.move(body.move, asked.officer, dry_run=body.dry_run)
        if body.swap is not None and body.move is None:
            one, other = body.swap.one, body.swap.other
            return await node.roster.swap(one, other, asked.officer, dry_run=body.dry_run)
        raise Mistake("bad_request", "One change at a time: a move or a swap.")

    async def undo(asked: Asked) -> Verdict:
        return await node.roster.undo(asked.body.undo, asked.officer)

    return [
        Endpoint(
            method="GET", path="/roster", name="roster", needs="picture", query=RosterQuery,
            gives=RosterView, handler=view, tag="roster",
            summary="Who is planned at each desk, who is on now and who is next.",
        ),
        Endpoint(
            method="GET", path="/roster/lint", name="roster_lint", needs="picture",
            gives=tuple[Finding, ...], handler=lint, tag="roster",
            summary="What is wrong with the plan, errors first.",
        ),
        Endpoint(
            method="POST", path="/roster/edit", name="roster_edit", needs="plan-desk",
            takes=RosterEdit, gives=Verdict, handler=edit, tag="roster",
            summary="Try a change to the roster, or make it; what it does, and what is then wrong.",
        ),
        Endpoint(
            method="POST", path="/roster/undo", name="roster_undo", needs="plan-desk",
            takes=UndoBody, gives=Verdict, handler=undo, tag="roster",
            summary="Take a change back, while nobody has changed its desks since.",
        ),
    ]  # fmt: skip


def _instant(text: str) -> Instant | None:
    try:
        return Instant.parse(text) if text else None
    except ValueError as error:
        raise Mistake("bad_time", f"{error}.") from error
