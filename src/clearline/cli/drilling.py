"""Verbs that rehearse: drill list, drill run. They need no node."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clearline import drills
from clearline.cli.common import DOES_NOT_HOLD, Session, errors, out, verb
from clearline.drills import Criterion, DrillReport

__all__ = ["drill"]


@click.group()
def drill() -> None:
    """Replay incidents and rehearse ladders on the shipped code, in simulation."""


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
