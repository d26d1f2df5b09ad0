"""Verbs of the console: who may sit at it, and where it is.

They write the node's own file of people, whether or not the node runs. What they print
once, a one-time code, is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import enc_hook
from clearline.cli.common import Session, acting_officer, plain, run, verb
from clearline.node.clock import SystemClock
from clearline.node.settings import load
from clearline.web.file import FILE
from clearline.web.people import CODE_LIVES_MS, People, PersonName
from clearline.web.roles import Role
from clearline.wiring import Home

__all__ = ["console"]

PATIENCE_S = 5.0
"""Here nothing waits for us: a running node that writes the file is waited for."""


@click.group()
def console() -> None:
    """Say who may sit at the console, and where it is.

    \b
    clearline console invite "Maj A. North" --role watch_officer
    """


@console.command()
@click.pass_obj
@verb
def address(session: Session) -> None:
    """Print where the running node serves its console."""
    if not load(session.home).console.listen:
        raise Mistake(
            "no_console",
            "This node serves no console: set `listen` in the table [console] of its settings.",
        )
    served = run(lambda node: node.ask("status"), session)["console"]
    if served is None:
        raise Mistake(
            "no_console", "The running node was started without a console: start it again."
        )
    if served["address"] is None:
        why = f": {served['code']}: {served['phrase']}" if served["code"] else " yet"
        raise Mistake("not_served", f"The node runs, but does not serve its console{why}")
    session.show({"address": served["address"]}, served["address"])


@console.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([each.value for each in Role]),
    default=Role.WATCH_OFFICER.value,
    show_default=True,
    help="What they may see and do.",
)
@click.option("--title", default="", help="Rank or post, for people to read.")
@click.pass_obj
@verb
def invite(session: Session, name: str, role: str, title: str) -> None:
    """Make a one-time code with which NAME enrols a passkey at the console.

    It is shown once, works once, and for a quarter of an hour. NAME goes into the journal
    with whatever they do; it never leaves this node. Somebody who has a passkey may be
    invited again: with a new role, or to enrol another key.
    """
    try:
        who = msgspec.convert(name, PersonName)
    except msgspec.ValidationError:
        raise Mistake(
            "bad_name",
            "A name has 1 to 60 characters that can be seen, no space at its ends, and is not "
            "`node`, which is the node's own.",
        ) from None
    with _people(session) as people:
        now = SystemClock().now()
        code = people.invite(who, title[:80], Role(role), now, by=acting_officer())
    minutes = CODE_LIVES_MS // 60_000
    where = _served_at(session)
    session.show(
        {"name": who, "role": role, "code": code, "minutes": minutes, "address": where},
        f"code for [bold]{plain(who)}[/], {role}: [bold]{code}[/]\n"
        f"It works once, within {minutes} minutes, at {where or 'the console, once it is served'}.",
    )


@console.command()
@click.pass_obj
@verb
def people(session: Session) -> None:
    """List who may sign in."""
    with _people(session) as held:
        found = held.all()
    lines = [
        f"{plain(each.name)}  {each.role.value}  "
        + (f"revoked {each.revoked}" if each.revoked else f"{each.passkeys} passkeys")
        for each in found
    ]
    session.show(_plain(found), "\n".join(lines) or "Nobody yet: `clearline console invite NAME`.")


@console.command()
@click.argument("name")
@click.pass_obj
@verb
def revoke(session: Session, name: str) -> None:
    """Let NAME in no more: their passkeys and codes are dropped, their sessions end at once."""
    with _people(session) as held:
        held.revoke(name, acting_officer(), SystemClock().now())
    session.show({"revoked": name}, f"{plain(name)} is let in no more.")


@console.command()
@click.pass_obj
@verb
def sessions(session: Session) -> None:
    """List who is signed in now."""
    with _people(session) as held:
        found = held.sessions(SystemClock().now())
    lines = [
        f"{each.id}  {plain(each.officer)}  {each.role.value}  since {each.created}"
        + ("  DEMO" if each.demo else "")
        for each in found
    ]
    session.show(_plain(found), "\n".join(lines) or "Nobody is signed in.")


@console.command(name="sign-out")
@click.argument("session_id", metavar="SESSION")
@click.pass_obj
@verb
def sign_out(session: Session, session_id: str) -> None:
    """End the session of that id, as `console sessions` lists it."""
    now = SystemClock().now()
    with _people(session) as held:
        whose = held.sign_out(session_id, now)
        held.wrote(acting_officer(), f"ended session {session_id} of {whose}", now)
    session.show({"ended": session_id}, "It has ended.")


def _served_at(session: Session) -> str:
    """Return where the running node serves its console; empty if it does not."""
    try:
        return Home(session.home).console.read_text().strip()
    except OSError:
        return ""


@contextmanager
def _people(session: Session) -> Generator[People]:
    load(session.home)  # Says so if there is no node here.
    held = People(session.home / FILE, PATIENCE_S)
    try:
        yield held
    finally:
        held.close()


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=enc_hook)
