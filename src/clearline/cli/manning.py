"""Verbs of the watch itself: watch, test, violation.

Who holds the watch, the scheduled check of the line, and coded breaches of the terms.
"""

from __future__ import annotations

from typing import Any

import click

from clearline.basis.faults import Mistake
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
from clearline.core.events import (
    AnswerTest,
    ExplainTest,
    HandOver,
    LeaveWatch,
    ReportViolation,
    SendTest,
    TakeWatch,
)
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.transports.local import LocalClient

__all__ = ["test", "violation", "watch"]

Things = list[dict[str, Any]]


@click.group()
def watch() -> None:
    """Take, hand over and leave the watch."""


@watch.command("take")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.option("--language", "languages", multiple=True, default=("en",), show_default=True)
@click.pass_obj
@verb
def take(session: Session, desk: str, languages: tuple[str, ...]) -> None:
    """Take the watch at a desk that nobody holds."""
    event = TakeWatch(by=acting_officer(), echelon=desk, languages=languages)
    done = run(lambda node: node.do(event), session)
    session.show(done, f"{plain(acting_officer())} holds the watch at {desk}.")


@watch.command("hand-over")
@click.argument("to")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.option("--language", "languages", multiple=True, default=("en",), show_default=True)
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
    """Hand the watch at a desk over TO another officer, who reads the open items first."""

    async def work(node: LocalClient) -> Any:
        status = await node.ask("status")
        if not yes:
            errors.print(
                f"Open: {status['open_calls']} calls, {status['conflicts']} conflicts, "
                f"{status['notices_theirs']} notices of theirs."
            )
            confirm(f"{to}, have you read them and do you take the watch?")
        return await node.do(
            HandOver(by=acting_officer(), echelon=desk, to=to, languages=languages)
        )

    session.show(run(work, session), f"{plain(to)} holds the watch at {desk}.")


@watch.command("leave")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.pass_obj
@verb
def leave(session: Session, desk: str) -> None:
    """Leave a desk unmanned; the counterpart is told."""
    done = run(lambda node: node.do(LeaveWatch(by=acting_officer(), echelon=desk)), session)
    session.show(done, f"{desk} is unmanned.")


@click.group()
def test() -> None:
    """Send, answer and explain test calls."""


@test.command("send")
@click.option("--link", "name")
@click.pass_obj
@verb
def send_test(session: Session, name: str | None) -> None:
    """Send a test call now, besides the schedule."""

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        return await node.do(SendTest(by=acting_officer(), link=link["id"]))

    session.show(run(work, session), "Test call sent: a human there has to answer it.")


@test.command("list")
@click.pass_obj
@verb
def list_tests(session: Session) -> None:
    """List the test calls of the last week, newest first."""
    found = run(lambda node: node.ask("tests"), session)
    lines = [
        f"{each['handle']}  {each['direction']:6}  {each['sent_at']}  {each['outcome']}"
        + (f", cause {each['cause']}" if each["cause"] else "")
        for each in found
    ]
    session.show(found, "\n".join(lines) or "No test calls in the last week.")


@test.command("answer")
@click.argument("test_id", metavar="TEST", required=False)
@click.pass_obj
@verb
def answer_test(session: Session, test_id: str | None) -> None:
    """Answer the counterpart's test call."""

    async def work(node: LocalClient) -> Any:
        waiting = [
            each
            for each in await node.ask("tests")
            if each["direction"] == "theirs" and each["outcome"] == "waiting"
        ]
        if test_id is None and len(waiting) == 1:
            found = waiting[0]
        elif test_id is None:
            raise Mistake("which_test", f"{len(waiting)} test calls wait for an answer.")
        else:
            found = pick(waiting, test_id, "test")
        return await node.do(AnswerTest(by=acting_officer(), test=found["id"]))

    session.show(run(work, session), "Answered.")


@test.command("explain")
@click.argument("test_id", metavar="TEST")
@click.argument("cause")
@click.pass_obj
@verb
def explain_test(session: Session, test_id: str, cause: str) -> None:
    """Give a missed test call the CAUSE that was found."""

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("tests"), test_id, "test")
        return await node.do(ExplainTest(by=acting_officer(), test=found["id"], cause=cause))

    session.show(run(work, session), f"Explained: {plain(cause)}.")


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
