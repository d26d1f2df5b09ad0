"""Verbs of the channels: whether each way to a human works, seen before it is needed."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from clearline.cli.common import Session, out, plain, run, verb

__all__ = ["channels"]


@click.group()
def channels() -> None:
    """Show and try the ways to reach a human beside the desk."""


@channels.command("show")
@click.pass_obj
@verb
def show(session: Session) -> None:
    """Show each channel: whether it works, since when, when it was last tried and will be next."""
    found = run(lambda node: node.ask("channels"), session)
    session.show(found, lambda: _table(found))


@channels.command("test")
@click.argument("name", default="")
@click.pass_obj
@verb
def test(session: Session, name: str) -> None:
    """Try the channel NAME now, or all: connect and sign in, without disturbing anybody."""
    found = run(lambda node: node.ask("check_channels", name=name), session)
    session.show(found, lambda: _table(found))


def _table(found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("No channel is set up: only the desk itself is rung.")
        return
    table = Table(box=None, pad_edge=False)
    for head in ("channel", "works", "since", "last tried", "next", "text"):
        table.add_column(head, no_wrap=True)
    for each in found:
        table.add_row(
            each["name"],
            {True: "yes", False: "[red]NO[/red]", None: "not tried yet"}[each["works"]],
            *(_hour(each[key]) for key in ("since", "checked_at", "next_at")),
            each["text"],
        )
    out.print(table)
    for each in found:
        if each["works"] is False:
            # Below the table, whole: the sentence says what to do.
            out.print(f"{each['name']}: {each['cause']}: {plain(each['detail'])}", soft_wrap=True)


def _hour(at: str | None) -> str:
    return f"{at[11:19]}Z" if at else "-"
