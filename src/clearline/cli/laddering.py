"""Verbs that try ladders out: ladder study, ladder assumptions. They need no node."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.cli.common import Session, errors, out, pick_link, plain, run, verb, whole
from clearline.core.terms import Ladder, Precedence
from clearline.sim import assumptions as assumed
from clearline.sim import posts
from clearline.sim.advice import Trial
from clearline.sim.assumptions import Assumptions
from clearline.sim.estimate import Part, Percentile
from clearline.sim.proposal import ladder_in, ladder_of_terms
from clearline.sim.study_report import Difference, Figures, StudyReport, can_plot, plot
from clearline.sim.study_report import study as study_of

__all__ = ["ladder"]

MOST_TRIALS = 10
"""Changes that are shown; `--json` has them all."""
MOST_LOADS = 12
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def ladder() -> None:
    """Try out who is rung, and for how long, before it is agreed."""


@ladder.command("assumptions")
@click.pass_obj
@verb
def ladder_assumptions(session: Session) -> None:
    """Print what a study assumes of people, channels and calls, to be edited."""

    def written() -> None:
        sys.stdout.write(assumed.default_text())

    session.show(msgspec.to_builtins(assumed.read()), written)


@ladder.command("study")
@click.argument("proposed", required=False, type=FILE)
@click.option("--compare", type=FILE, help="A second ladder, on the same nights.")
@click.option("--terms", "document", type=FILE, help="Take the ladder of this terms document.")
@click.option("--link", help="Take that of the running node's link with this counterpart.")
@click.option("--roster", type=FILE, help="Who is on when; default: everybody, day and night.")
@click.option("--assumptions", type=FILE, help="TOML that takes the place of the defaults.")
@click.option(
    "--precedence", type=click.Choice([each.value for each in Precedence]), default="flash",
    show_default=True,
)  # fmt: skip
@click.option("--nights", default=10_000, show_default=True, help="How many, each by its seed.")
@click.option("--seed", default=0, show_default=True, help="The first night's; the rest follow.")
@click.option("--workers", default=os.cpu_count() or 1, help="Processes; the result is the same.")
@click.option("--no-advice", is_flag=True, help="Do not try out what to change.")
@click.option("--plot", "target", type=click.Path(path_type=Path), help="Draw it: .svg or .png.")
@click.pass_obj
@verb
def ladder_study(
    session: Session, proposed: Path | None, document: Path | None, link: str | None, **more: Any
) -> None:
    """Run the ladder in PROPOSED through thousands of simulated nights.

    Without PROPOSED and --terms it is the ladder that the running node's terms have now. Says
    how long it takes until a human answers, how far it climbs, how often each officer is rung,
    and which timer or rung to change for the most gain.
    """
    wanted = Precedence(more["precedence"])
    ladders = [_proposed(session, proposed, document, link, wanted)]
    compare: Path | None = more["compare"]
    if compare is not None:
        ladders.append((str(compare), ladder_in(whole(compare), str(compare), wanted)))
    assumptions = _assumptions(more["assumptions"])
    on = _posts(more["roster"], assumptions, [each for _, each in ladders])
    target: Path | None = more["target"]
    if target is not None:
        can_plot(target)
    columns = (TextColumn("nights"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("nights", total=more["nights"])
        report = study_of(
            ladders, on, assumptions, wanted,
            seed=more["seed"], nights=more["nights"], workers=max(1, more["workers"]),
            advise=not more["no_advice"],
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    if target is not None:
        plot(report, target)
    session.show(report.to_json(), lambda: _report(report, target))


def _proposed(
    session: Session, proposed: Path | None, document: Path | None, link: str | None, of: Precedence
) -> tuple[str, Ladder]:
    if sum(each is not None for each in (proposed, document, link)) > 1:
        raise click.UsageError("Give one of PROPOSED, --terms and --link.")
    if proposed is not None:
        return str(proposed), ladder_in(whole(proposed), str(proposed), of)
    if document is not None:
        return str(document), ladder_of_terms(whole(document), str(document), of)

    async def ask(node: Any) -> Any:
        found = await pick_link(node, link)
        return found["counterpart"], (await node.ask("terms", link=found["id"]))["document"]

    counterpart, terms = run(ask, session)
    return f"terms with {counterpart}", ladder_of_terms(msgspec.json.encode(terms), "terms", of)


def _assumptions(file: Path | None) -> Assumptions:
    if file is None:
        return assumed.read()
    return assumed.read(file.read_text("utf-8"), str(file))


def _posts(file: Path | None, assumptions: Assumptions, ladders: list[Ladder]) -> posts.Posts:
    """Return who is on, by a roster; else everybody of every echelon that a ladder rings."""
    crews = {echelon: post.people for echelon, post in assumptions.post.items()}
    if file is not None:
        return posts.from_watchbill(posts.read(whole(file), str(file)), crews)
    rung = dict.fromkeys(rung.echelon for each in ladders for rung in each.rungs)
    for echelon in rung:
        if echelon not in crews:
            phrase = f"Nothing is assumed of the people at {echelon}: add [post.{echelon}]."
            raise Mistake("unknown_echelon", phrase)
    return posts.from_watchbill(posts.usual({each: crews[each] for each in rung}), crews)


def _report(report: StudyReport, target: Path | None) -> None:
    calls = f"{report.nights:,} nights from seed {report.seed}, one {report.precedence.value}"
    out.print(f"{calls} call each; intervals of 95 %. What people do is assumed [R].\n")
    out.print(_figures(report))
    out.print()
    out.print(_loads(report))
    for each in report.differences:
        out.print(_difference(each))
    if report.trials:
        out.print()
        out.print(_trials(report.trials))
    if report.advice:
        out.print(f"\n[bold]{plain(report.advice)}[/]")
    if target is not None:
        out.print(f"drawn: {target}")


def _difference(each: Difference) -> str:
    at = f"at {_of(each.percentile)}"
    if not each.sure:
        return f"{at} chance explains the difference: {each.gain_s:+.1f} s (± {each.error_s:.1f} s)"
    how = "sooner" if each.gain_s > 0 else "later"
    return f"{at} the second is {abs(each.gain_s):.1f} s {how} (± {each.error_s:.1f} s)"


def _figures(report: StudyReport) -> Table:
    rows: list[tuple[str, list[str]]] = [
        ("rungs", [_rungs(each) for each in report.ladders]),
        ("time to a human, p50", [_percentile(each.p50) for each in report.ladders]),
        ("p99", [_percentile(each.p99) for each in report.ladders]),
        ("p99.9", [_percentile(each.p999) for each in report.ladders]),
        ("last rung reached", [_part(each.last_rung) for each in report.ladders]),
        ("nobody in a day", [_part(each.never) for each in report.ladders]),
        ("alarms per call", [f"{each.alarms_per_call:.2f}" for each in report.ladders]),
        ("answered by", [_answered(each, report.nights) for each in report.ladders]),
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for each in report.ladders:
        table.add_column(plain(each.name), overflow="fold")
    for head, cells in rows:
        table.add_row(head, *cells)
    return table


def _loads(report: StudyReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("alarms per watch")
    table.add_column("watches", justify="right")
    for each in report.ladders:
        table.add_column(plain(each.name), justify="right", overflow="fold")
    loads = [{one.who: one for one in each.load} for each in report.ladders]
    for one in report.ladders[0].load[:MOST_LOADS]:
        cells = [f"{each[one.who].alarms_per_watch:.3f}" for each in loads]
        table.add_row(plain(one.who), str(one.watches), *cells)
    if (left := len(report.ladders[0].load) - MOST_LOADS) > 0:
        table.add_row(f"and {left} more", "", *("" for _ in loads))
    return table


def _trials(found: tuple[Trial, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("what to change")
    for head in ("p99 sooner by", "± ", "alarms", "last rung"):
        table.add_column(head, justify="right")
    for each in found[:MOST_TRIALS]:
        style = None if each.sure else "dim"
        table.add_row(
            plain(each.what),
            f"{each.gain_s:+.1f} s",
            f"{each.error_s:.1f} s",
            f"{each.more_alarms:+.1%}",
            f"{each.last_rung:.2%}",
            style=style,
        )
    if len(found) > MOST_TRIALS:
        table.add_row(f"and {len(found) - MOST_TRIALS} that gain less", "", "", "", "")
    return table


def _rungs(each: Figures) -> str:
    return ", ".join(f"{r.echelon} {r.patience_ms / 1_000:g} s" for r in each.ladder.rungs)


def _answered(each: Figures, nights: int) -> str:
    return "; ".join(
        f"{plain(by)} {n / nights:.1%}" for by, n in list(each.answered_by.items())[:5]
    )


def _percentile(found: Percentile) -> str:
    if found.value_s is None:
        return found.said
    most = "never" if found.high_s is None else f"{found.high_s:.1f}"
    return f"{found.value_s:.1f} s ({found.low_s:.1f} to {most})"


def _part(found: Part) -> str:
    return f"{found.part:.2%} ({found.low:.2%} to {found.high:.2%})"


def _of(percentile: str) -> str:
    return "p99.9" if percentile == "p999" else percentile
