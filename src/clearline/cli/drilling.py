"""Verbs that rehearse: drill list and drill run, in simulation; drill start and stop, live."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clearline import drills
from clearline.basis.faults import Mistake
from clearline.cli.common import (
    DOES_NOT_HOLD,
    Session,
    acting_officer,
    anchors_of,
    errors,
    out,
    pick_link,
    plain,
    run,
    verb,
)
from clearline.drills import Criterion, DrillReport, LiveReport
from clearline.drills.exercise import Exercise, end_all
from clearline.drills.live import Ended, Milestone, Step
from clearline.node import words
from clearline.space import Position
from clearline.transports.local import LocalClient

__all__ = ["drill"]


@click.group()
def drill() -> None:
    """Replay incidents on the shipped code, in simulation or on two live nodes."""


@drill.command("list")
@click.pass_obj
@verb
def drill_list(session: Session) -> None:
    """List the drills, each with the first line of its narrative."""
    found = {name: drills.describe(name) for name in drills.names()}
    lines = [
        f"[bold]{name}[/]  {escape(said.partition(chr(10))[0])}" for name, said in found.items()
    ]
    session.show(found, "\n".join(lines))


@drill.command("run")
@click.argument("name")
@click.option("--nights", default=1, show_default=True, help="How many nights, each by its seed.")
@click.option("--seed", default=0, show_default=True, help="The first night's; the rest follow.")
@click.option("--workers", default=os.cpu_count() or 1, help="Processes; the result is the same.")
@click.option("--plot", "target", type=click.Path(path_type=Path), help="Draw it: .png or .svg.")
@click.pass_obj
@verb
def drill_run(
    session: Session, name: str, nights: int, seed: int, workers: int, target: Path | None
) -> None:
    """Run the drill NAME on the shipped core and runtime, under a virtual clock.

    With one night: the reconstructed timeline beside the historic one. With more: the
    distribution of the times to a human as well. Ends with 1 if any criterion failed.
    """
    columns = (TextColumn("nights"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("nights", total=nights)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        report = drills.run(name, seed, nights, workers, progress)
    if target is not None:
        drills.plot(report, str(target))
    session.show(report.to_json(), lambda: _report(report, target))
    if not report.passed:
        sys.exit(DOES_NOT_HOLD)


@drill.command("start")
@click.argument("name")
@click.option("--link", "link_name", help="Counterpart.")
@click.option("--place", help="Where it is said to be; default: the terms' first anchor.")
@click.option("--patience", help="Wait no longer for each call than this, such as 5 min.")
@click.pass_obj
@verb
def drill_start(
    session: Session, name: str, link_name: str | None, place: str | None, patience: str | None
) -> None:
    """Play the caller's part of the drill NAME on the running node; people answer it there.

    Every call of it is marked DRILL on both sides. It ends with its script; with the first
    real call on this side (DRILL PRE-EMPTED); with Ctrl-C or `drill stop`, which end its calls
    on both sides. It is scored from the record. Ends with 1 if a criterion failed or it did
    not come to its end.
    """
    script = drills.live(name)
    patience_ms = words.span_ms(patience) if patience is not None else None

    async def work(node: LocalClient) -> LiveReport:
        link = await pick_link(node, link_name)
        at = await _place(node, link["id"], place)
        errors.print(f"[bold magenta]DRILL[/] {plain(name)}: {escape(script.briefing)}")
        exercise = Exercise(
            node, name, script, link, acting_officer(), _seen, patience_ms=patience_ms
        )
        return await exercise.run(at)

    try:
        report: LiveReport = run(work, session)
    except KeyboardInterrupt:
        errors.print("[bold magenta]DRILL[/] stopped here, and there")
        raise
    session.show(report.to_json(), lambda: _live_report(report))
    if not report.passed:
        sys.exit(DOES_NOT_HOLD)


@drill.command("stop")
@click.option("--link", "link_name", help="Counterpart; default: every link.")
@click.pass_obj
@verb
def drill_stop(session: Session, link_name: str | None) -> None:
    """End every drill of ours: its calls are stood down, or closed, and the other side told."""

    async def work(node: LocalClient) -> Any:
        link = (await pick_link(node, link_name))["id"] if link_name else None
        found = await end_all(node, acting_officer(), link)
        if not found:
            raise Mistake("no_drill", "No drill of ours is open.")
        return [each["id"] for each in found]

    ended: list[str] = run(work, session)
    handles = ", ".join(each[-6:] for each in ended)
    session.show({"ended": ended}, f"[bold magenta]DRILL[/] stopped, here and there: {handles}")


async def _place(node: LocalClient, link: str, text: str | None) -> Position:
    """Return where a live drill is said to be."""
    anchors = await anchors_of(node, link)
    if text is not None:
        return words.position(text, anchors)
    if not anchors:
        raise Mistake("no_place", "The terms have no anchor: say --place.")
    return next(iter(anchors.values()))


def _seen(step: Step, milestone: Milestone | None, after_ms: int) -> None:
    """Print what a live drill has come to, on standard error."""
    if milestone is None:
        text = f"{step.precedence.value.upper()} sent: {step.what}"
    else:
        text = f"{milestone.value.replace('_', ' ').upper()} after {after_ms / 1_000:.1f} s"
    errors.print(f"[bold magenta]DRILL[/] {escape(text)}")


_ENDED = {
    Ended.DONE: "came to its end",
    Ended.TIMED_OUT: "[bold red]was not answered in time[/]",
    Ended.PREEMPTED: "[bold red]PRE-EMPTED[/] by a real call: go to it (`clearline calls`)",
    Ended.STOPPED: "was stopped",
}


def _live_report(report: LiveReport) -> None:
    out.print(
        f"[bold magenta]DRILL[/] {plain(report.name)} with {plain(report.counterpart)} "
        f"{_ENDED[report.ended]}"
    )
    for each in report.calls:
        reached = ", ".join(
            f"{name.replace('_', ' ')} {after_ms / 1_000:.1f} s"
            for name, after_ms in each.after_ms.items()
        )
        out.print(f"  {each.call[-6:]} {escape(each.what)}: {reached or 'nothing'}")
    if report.clock_ahead_ms:
        out.print(f"  their clock: {report.clock_ahead_ms / 1_000:+.1f} s", style="dim")
    criteria(report.criteria)


def criteria(found: Iterable[Criterion]) -> None:
    """Print what a drill had to show, and whether it did."""
    for each in found:
        mark = "[green]PASSED[/]" if each.passed else "[bold red]FAILED[/]"
        out.print(f"{mark} {each.name}: {escape(each.evidence)}")


def _report(report: DrillReport, target: Path | None) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("history (DTG)", "what happened", "", "on the line", "what it does"):
        table.add_column(head, overflow="fold")
    for row in report.timeline.rows:
        table.add_row(
            row.dtg_historic,
            escape(row.what),
            row.status,
            row.line_at[11:19] + "Z" if row.line_at else "",
            escape(row.line_what),
        )
    out.print(table)
    for mark, meaning in report.timeline.labels.items():
        out.print(f"[bold]{mark}[/] {escape(meaning)}")
    reach = report.reach
    out.print(
        f"\n{report.nights:,} nights from seed {report.seed}: {escape(report.measured)} "
        f"p50 {reach.p50:.1f} s, p99 {reach.p99:.1f} s, at most {reach.max:.1f} s (S); "
        f"{escape(report.historic)}."
    )
    criteria(report.criteria)
    for who, count in report.answered_by.items():
        out.print(f"  {who}: {count:,}", style="dim")
    if target is not None:
        out.print(f"drawn: {target}")
