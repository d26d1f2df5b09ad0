"""Verbs of test calls: sending, answering and explaining them, and what a month of them proves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.basis.instants import SECOND_MS, dec_hook
from clearline.cli.common import (
    Session,
    acting_officer,
    out,
    pick,
    pick_link,
    plain,
    run,
    verb,
    write,
)
from clearline.core.events import AnswerTest, ExplainTest, SendTest, SetTestHours
from clearline.core.rotation import Hours
from clearline.core.testcalls import Cause
from clearline.node.paper import paper
from clearline.node.reliability import Reliability, Row, says
from clearline.transports.local import LocalClient

__all__ = ["test"]

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
CAUSES = ", ".join(each.value for each in Cause if each is not Cause.UNKNOWN)
SIDES = {"ours": "WE CALLED", "theirs": "THEY CALLED"}


@click.group()
def test() -> None:
    """Send, answer and explain test calls, and see what they prove."""


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
    """List the test calls of the last week, newest first, and misses without a cause."""
    found = run(lambda node: node.ask("tests"), session)
    lines = [
        f"{each['handle']}  {each['direction']:6}  {each['sent_at']}  {each['outcome']}"
        + (f", cause {each['cause']}" if each["cause"] else "")
        for each in found
    ]
    unexplained = len(_unexplained(found))
    if unexplained:
        lines.append(f"Without a cause: {unexplained}. Give each one: clearline test explain")
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
@click.argument("test_id", metavar="TEST", required=False)
@click.argument("cause", required=False)
@click.pass_obj
@verb
def explain_test(session: Session, test_id: str | None, cause: str | None) -> None:
    """Give a missed test call the CAUSE that was found; asks for what is not given."""
    known = run(lambda node: node.ask("tests"), session)
    found = pick(known, test_id, "test") if test_id else _next_unexplained(known)
    if cause is None:
        if session.json:
            raise Mistake("which_cause", f"Say the cause: one of {CAUSES}.")
        asked = f"{found['handle']}, missed {found['sent_at']}. Cause ({CAUSES})"
        cause = str(click.prompt(asked, err=True))
    given = Cause.parse(cause)
    event = ExplainTest(by=acting_officer(), test=found["id"], cause=given.value)
    done = run(lambda node: node.do(event), session)
    session.show(done, f"Explained: {given.value}.")


@test.command("hours")
@click.argument("hours", required=False)
@click.pass_obj
@verb
def test_hours(session: Session, hours: str | None) -> None:
    """Say when those above the first rung may be tested: 07:00-19:00 (UTC), always, or never."""
    if hours is not None:
        event = SetTestHours(by=acting_officer(), hours=_hours(hours))
        run(lambda node: node.do(event), session)
    found = run(lambda node: node.ask("test_hours"), session)
    session.show(found, _said(msgspec.convert(found, Hours | None)))


@test.command("report")
@click.option("--link", "name")
@click.option("--month", default="", help="Like 2026-11; default: this month.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a PDF.")
@click.pass_obj
@verb
def report(session: Session, name: str | None, month: str, pdf: Path | None) -> None:
    """Show what a month of test calls proves of a link, and how little."""

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        return await node.ask("reliability", link=link["id"], month=month)

    found = run(work, session)
    made = msgspec.convert(found, Reliability, dec_hook=dec_hook)
    if pdf is not None:
        write(pdf, paper(made))
    session.show(found, lambda: _show(made))


def _unexplained(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in tests if each["outcome"] == "missed" and each["cause"] == "unknown"]


def _next_unexplained(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the oldest miss that nobody has explained; Mistake if there is none."""
    missed = _unexplained(tests)
    if not missed:
        raise Mistake("no_such_test", "No missed test call is without a cause.")
    return missed[-1]


def _hours(text: str) -> Hours | None:
    """Return the hours that a text says; None for never."""
    if text == "never":
        return None
    if text == "always":
        return Hours(start_min=0, end_min=0)
    found = HOURS.fullmatch(text)
    if found is None:
        raise Mistake("bad_hours", f"{text!r} is neither hours like 07:00-19:00, always nor never.")
    start_h, start_min, end_h, end_min = (int(each) for each in found.groups())
    return Hours(start_min=start_h * 60 + start_min, end_min=end_h * 60 + end_min)


def _said(hours: Hours | None) -> str:
    if hours is None:
        return "Above the first rung nobody is ever tested."
    if hours.start_min == hours.end_min:
        return "Above the first rung each officer is tested once a day, at any hour."
    start, end = (f"{each // 60:02d}:{each % 60:02d}Z" for each in (hours.start_min, hours.end_min))
    return f"Above the first rung each officer is tested once a day, from {start} until {end}."


def _show(report: Reliability) -> None:
    out.print(f"[bold]{plain(report.us)} with {plain(report.counterpart)}, {report.month}[/]")
    if not report.over:
        out.print("The month is not over: this is what is known so far.")
    for side, title in SIDES.items():
        rows = [row for row in report.rows if row.side == side]
        table = Table(box=None, pad_edge=False, title=title, title_justify="left")
        for head in ("", "answered", "works, at 95 %", "half in", "9 of 10 in", "longest"):
            table.add_column(head)
        for row in rows:
            table.add_row(*_cells(row))
        out.print(table)
        for row in rows:
            out.print(f"{_name(row)}: {says(row)}", soft_wrap=True)
        for each in report.causes:
            if each.side == side:
                out.print(f"Missed, cause {each.cause}: {each.tests}")
    if report.never:
        out.print("NEVER TESTED, rung and channel: " + plain(", ".join(report.never)))


def _name(row: Row) -> str:
    return "all tests" if row.what == "all" else f"{row.what} {plain(row.name)}"


def _cells(row: Row) -> tuple[str, ...]:
    unclear = f" ({row.unclear} unclear)" if row.unclear else ""
    limits = f"{row.low_permille / 10:.1f} to {row.high_permille / 10:.1f} %"
    times = (
        "-" if each is None else f"{each / SECOND_MS:.1f} s"
        for each in (row.p50_ms, row.p90_ms, row.longest_ms)
    )
    return (_name(row), f"{row.answered} of {row.tests}{unclear}", limits, *times)
