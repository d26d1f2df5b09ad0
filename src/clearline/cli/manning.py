"""Verbs of the watch itself: watch, violation.

Who holds the watch and how it changes hands, and coded breaches of the terms.
"""

from __future__ import annotations

from typing import Any

import click

from clearline.cli.common import (
    NAME,
    Session,
    acting_officer,
    anchors_of,
    confirm,
    errors,
    pick,
    pick_link,
    plain,
    run,
    verb,
)
from clearline.core.conflicts import key_of
from clearline.core.events import (
    AcceptWatch,
    ConfirmPresence,
    HandOver,
    LeaveWatch,
    OfferWatch,
    RecallWatch,
    RelieveWatch,
    ReportViolation,
    TakeWatch,
)
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.node.settings import load
from clearline.transports.local import LocalClient

__all__ = ["violation", "watch"]

Things = list[dict[str, Any]]


MAX_READ = 10_000
"""Open items that one acceptance can name."""

_desk = click.option("--desk", type=NAME, default="duty-desk", show_default=True)
_language = click.option(
    "--language",
    "languages",
    multiple=True,
    show_default="the node's first",
    help="Spoken there; may be repeated.",
)


@click.group()
def watch() -> None:
    """Take, hand over and leave the watch."""


@watch.command("take")
@_desk
@_language
@click.pass_obj
@verb
def take(session: Session, desk: str, languages: tuple[str, ...]) -> None:
    """Take the watch at a desk that nobody holds."""

    async def work(node: LocalClient) -> Any:
        spoken = _spoken(session, languages)
        return await node.do(TakeWatch(by=acting_officer(), echelon=desk, languages=spoken))

    session.show(run(work, session), f"{plain(acting_officer())} holds the watch at {desk}.")


@watch.command("offer")
@click.argument("to", default="")
@_desk
@click.pass_obj
@verb
def offer(session: Session, to: str, desk: str) -> None:
    """Offer your watch TO another officer, or to whoever takes it.

    You hold it until it is accepted. If nobody accepts it within 5 minutes, every desk of ours
    is alarmed, and again each 5 minutes.
    """
    event = OfferWatch(by=acting_officer(), echelon=desk, to=to)
    done = run(lambda node: node.do(event), session)
    whom = plain(to) or "whoever takes it"
    session.show(done, f"The watch at {desk} is offered to {whom}. It is yours until then.")


@watch.command("accept")
@_desk
@_language
@click.option("--read-all", is_flag=True, help="All that is open was read; do not ask.")
@click.pass_obj
@verb
def accept(session: Session, desk: str, languages: tuple[str, ...], read_all: bool) -> None:  # noqa: FBT001 - click's
    """Take a watch that is offered, after reading what is open: each call and each conflict."""

    async def work(node: LocalClient) -> Any:
        items = await _open_items(node)
        held = {each["echelon"]: each for each in (await node.ask("status"))["watch"]}
        # Nobody reads all that is open to be told that nothing is on offer.
        if not read_all and held.get(desk, {}).get("offered_at"):
            _read_each(items)
        event = AcceptWatch(
            by=acting_officer(),
            echelon=desk,
            read=tuple(items)[:MAX_READ],
            languages=_spoken(session, languages),
        )
        return await node.do(event)

    session.show(run(work, session), f"{plain(acting_officer())} holds the watch at {desk}.")


@watch.command("recall")
@_desk
@click.pass_obj
@verb
def recall(session: Session, desk: str) -> None:
    """Take back an offer of your watch that nobody has accepted."""
    done = run(lambda node: node.do(RecallWatch(by=acting_officer(), echelon=desk)), session)
    session.show(done, f"Recalled: {plain(acting_officer())} holds the watch at {desk}.")


@watch.command("confirm")
@_desk
@click.pass_obj
@verb
def confirm_presence(session: Session, desk: str) -> None:
    """Say that you are there, at a desk whose watch you hold. Any act of yours says so too."""
    done = run(lambda node: node.do(ConfirmPresence(by=acting_officer(), echelon=desk)), session)
    session.show(done, f"{plain(acting_officer())} is at {desk}.")


@watch.command("relieve")
@_desk
@_language
@click.option("--yes", is_flag=True, help="The holder cannot hand over; do not ask.")
@click.pass_obj
@verb
def relieve(session: Session, desk: str, languages: tuple[str, ...], yes: bool) -> None:  # noqa: FBT001 - click's
    """Take the watch from an officer who cannot hand it over. Every desk of ours is told."""

    async def work(node: LocalClient) -> Any:
        held = {each["echelon"]: each for each in (await node.ask("status"))["watch"]}
        if desk in held and not yes:
            holder = held[desk]
            confirm(
                f"{plain(holder['officer'])} holds the watch at {desk} since {holder['since']}. "
                "Take it without a handover?"
            )
        spoken = _spoken(session, languages)
        return await node.do(RelieveWatch(by=acting_officer(), echelon=desk, languages=spoken))

    session.show(run(work, session), f"{plain(acting_officer())} holds the watch at {desk}.")


@watch.command("hand-over")
@click.argument("to")
@_desk
@_language
@click.option("--yes", is_flag=True, help="The open items were read; do not ask.")
@click.pass_obj
@verb
def hand_over(
    session: Session,
    to: str,
    desk: str,
    languages: tuple[str, ...],
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Hand your watch over TO an officer who stands beside you and has read the open items.

    Where two officers have two terminals, `watch offer` and `watch accept` leave the better record.
    """

    async def work(node: LocalClient) -> Any:
        status = await node.ask("status")
        if not yes:
            errors.print(
                f"Open: {status['open_calls']} calls, {status['conflicts']} conflicts, "
                f"{status['notices_theirs']} notices of theirs."
            )
            confirm(f"{plain(to)}, have you read them and do you take the watch?")
        spoken = _spoken(session, languages)
        return await node.do(HandOver(by=acting_officer(), echelon=desk, to=to, languages=spoken))

    session.show(run(work, session), f"{plain(to)} holds the watch at {desk}.")


@watch.command("leave")
@_desk
@click.pass_obj
@verb
def leave(session: Session, desk: str) -> None:
    """Leave a desk unmanned; the counterpart is told."""
    done = run(lambda node: node.do(LeaveWatch(by=acting_officer(), echelon=desk)), session)
    session.show(done, f"{desk} is unmanned.")


@click.command()
@click.argument("rule", type=NAME)
@click.option("--at", required=True, help="Where it was seen.")
@click.option("--when", default="+0s", help="When it was seen; default: now.")
@click.option("--notice", help="The notice that it is about.")
@click.option("--link", "name")
@click.pass_obj
@verb
def violation(
    session: Session, rule: str, at: str, when: str, notice: str | None, name: str | None
) -> None:
    """Report a breach of RULE, one of the rules that the terms code."""
    seen = words.instant(when, SystemClock().now())

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        place = words.position(at, await anchors_of(node, link["id"]))
        known: Things = await node.ask("notices", ended=True) if notice else []
        about = pick(known, notice, "notice")["id"] if notice else None
        event = ReportViolation(
            by=acting_officer(), link=link["id"], rule=rule, place=place, seen=seen, notice=about
        )
        return await node.do(event)

    session.show(run(work, session), f"Reported: {rule}.")


def _spoken(session: Session, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was said to be spoken, or else the first language of this node's settings."""
    return languages or load(session.home).node.languages[:1]


async def _open_items(node: LocalClient) -> dict[str, str]:
    """Return what has to be read before a watch is taken over: each id with a line about it.

    In the core's own order: open calls, the oldest first, then conflicts, the soonest first.
    """
    calls: Things = await node.ask("calls")
    conflicts: Things = await node.ask("conflicts")
    found: dict[str, str] = {}
    for each in sorted(calls, key=lambda call: (call["opened_at"], call["id"])):
        if each["state"] != "closed":
            said = "; ".join(text for saying in each["said"][:1] for text in saying["text"])
            mark = " DRILL" if each["drill"] else ""
            found[each["id"]] = (
                f"{each['precedence'].upper()}{mark} call {each['handle']} ({each['direction']}), "
                f"{each['state']} since {each['opened_at']}: {said}"
            )
    for each in conflicts:
        found[key_of(each["ours"], each["theirs"])] = (
            f"{each['certainty'].upper()} conflict {each['ours'][-6:]} x {each['theirs'][-6:]}, "
            f"{each['starts']} to {each['ends']}, near {each['where']}"
        )
    return found


def _read_each(items: dict[str, str]) -> None:
    """Show each open item and ask whether it was read; Mistake at the first that was not."""
    for number, line in enumerate(items.values(), 1):
        errors.print(f"{number} of {len(items)}  {plain(line)}", soft_wrap=True)
        confirm("Have you read it?")
    confirm(f"{len(items)} open. {plain(acting_officer())}, do you take the watch?")
