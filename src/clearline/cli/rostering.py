"""Verbs of the roster: who is on, who will be, and what is changed about it.

Everything is worked out by the running node and shown as a difference before it is done. Times
are typed as anywhere else, in UTC: `+3h`, `1430Z`, `2026-11-23T14:30:00Z`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant
from clearline.cli.common import (
    DOES_NOT_HOLD,
    NAME,
    Session,
    acting_officer,
    confirm,
    errors,
    out,
    plain,
    run,
    verb,
    write,
)
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.transports.local import LocalClient

__all__ = ["roster"]

Things = list[dict[str, Any]]
MAX_SHOWN = 40
"""Lines of a difference that are shown; `--json` has them all."""

_dry = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_over = click.option("--over", is_flag=True, help="Cut overrides that lie there already.")
_from = click.option("--from", "start", required=True, help="From when, such as +3h or 1430Z.")
_to = click.option("--to", "end", required=True, help="Until when.")


@click.group()
def roster() -> None:
    """Keep who is planned to be on watch, at which desk."""


@roster.command("show")
@click.option("--from", "start", default=None, help="First day; default: today.")
@click.option("--days", type=click.IntRange(1, 62), default=7, show_default=True)
@click.pass_obj
@verb
def show(session: Session, start: str | None, days: int) -> None:
    """Show who is on now, who is next, and the watches of a week."""
    begun = None
    if start is not None:
        at = words.instant(start, SystemClock().now())
        begun = str(Instant(int(at) // DAY_MS * DAY_MS))
    found = run(lambda node: node.ask("roster", start=begun, days=days), session)
    session.show(found, lambda: _show(found))


@roster.command("on")
@click.option("--at", default=None, help="When; default: now.")
@click.pass_obj
@verb
def on(session: Session, at: str | None) -> None:
    """Show whom a call would reach at a time, rung by rung."""
    when = None if at is None else str(words.instant(at, SystemClock().now()))
    found: Things = run(lambda node: node.ask("roster_on", at=when), session)
    lines = [
        f"{each['rung']:2}  {each['echelon']:20} "
        + (
            "✕ nobody: a call passes it over"
            if each["empty"]
            else ", ".join(plain(name) for name in each["rings"]) or "rings, nobody is planned"
        )
        + (f"  (holds the watch: {plain(each['holder'])})" if each["holder"] else "")
        for each in found
    ]
    session.show(found, "\n".join(lines) or "No link yet: no ladder rings any desk.")


@roster.command("import")
@click.argument("echelon", type=NAME)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_dry
@_yes
@click.pass_obj
@verb
def import_calendar(
    session: Session,
    echelon: str,
    file: Path,
    dry_run: bool,  # noqa: FBT001 - click's
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Make the iCalendar FILE the calendar of the desk ECHELON.

    Each event is a watch, and its summary the officer's name. What was changed here stays.
    """
    given = {"echelon": echelon, "path": str(file.resolve()), "by": acting_officer()}
    _change(session, "roster_import", given, dry_run=dry_run, ask=not yes)


@roster.command("officers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_dry
@_yes
@click.pass_obj
@verb
def officers(session: Session, file: Path, dry_run: bool, yes: bool) -> None:  # noqa: FBT001 - click's
    """Make the TOML FILE the list of officers: names, languages, and how they are reached."""
    given = {"path": str(file.resolve()), "by": acting_officer()}
    _change(session, "roster_officers", given, dry_run=dry_run, ask=not yes)


@roster.command("export")
@click.argument("echelon", type=NAME)
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
@verb
def export(session: Session, echelon: str, target: Path | None) -> None:
    """Export the plan of the desk ECHELON from now on as iCalendar."""
    text = run(lambda node: node.ask("roster_export", echelon=echelon), session)
    if target is not None:
        write(target, text.encode())
        session.show({"file": str(target)}, f"Written: {plain(str(target))}")
    else:
        session.show({"calendar": text}, lambda: click.echo(text, nl=False))


@roster.command("lint")
@click.pass_obj
@verb
def lint(session: Session) -> None:
    """Say what is wrong with the plan; exit code 1 if a call could fall through."""

    async def work(node: LocalClient) -> Any:
        return await node.ask("roster_lint"), (await node.ask("roster", days=1))["faults"]

    found, faults = run(work, session)
    lines = [f"[bold red]error[/]    {plain(name)}: {plain(why)}" for name, why in faults.items()]
    lines += [_finding(each) for each in found]
    session.show({"findings": found, "faults": faults}, "\n".join(lines) or "Nothing is wrong.")
    if faults or any(each["severity"] == "error" for each in found):
        click.get_current_context().exit(DOES_NOT_HOLD)


@roster.command("override")
@click.argument("echelon", type=NAME)
@click.argument("officer")
@_from
@_to
@_over
@_dry
@_yes
@click.pass_obj
@verb
def override(
    session: Session,
    echelon: str,
    officer: str,
    start: str,
    end: str,
    over: bool,  # noqa: FBT001 - click's
    dry_run: bool,  # noqa: FBT001 - click's
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Give OFFICER the watch at ECHELON for a while, instead of whoever has it."""
    change = _span(start, end) | {"officer": officer, "kind": "override"}
    given = {"edits": {echelon: [change]}, "over": over, "by": acting_officer()}
    _change(session, "roster_edit", given, dry_run=dry_run, ask=not yes)


@roster.command("absence")
@click.argument("officer")
@_from
@_to
@click.option("--desk", type=NAME, help="At this desk alone; default: wherever they are planned.")
@_over
@_dry
@_yes
@click.pass_obj
@verb
def absence(
    session: Session,
    officer: str,
    start: str,
    end: str,
    desk: str | None,
    over: bool,  # noqa: FBT001 - click's
    dry_run: bool,  # noqa: FBT001 - click's
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Take OFFICER off the watches of a while. Who stands them instead is an override."""
    change = _span(start, end) | {"officer": officer, "kind": "absence"}

    async def work(node: LocalClient) -> dict[str, Any]:
        days = (Instant.parse(change["end"]).since(Instant.parse(change["start"]))) // DAY_MS + 2
        shown = await node.ask("roster", start=change["start"], days=min(days, 62))
        desks = [each["echelon"] for each in shown["desks"] if _has(each, officer, change["end"])]
        return {"edits": {each: [change] for each in ([desk] if desk else desks)}, "over": over}

    given = run(work, session)
    if not given["edits"]:
        raise Mistake("nothing_changes", f"{officer} is not planned anywhere in that time.")
    _change(session, "roster_edit", given | {"by": acting_officer()}, dry_run=dry_run, ask=not yes)


@roster.command("swap")
@click.argument("echelon", type=NAME)
@click.argument("one")
@click.argument("other")
@click.option("--other-desk", type=NAME, help="Where the other watch is, if at another desk.")
@_dry
@_yes
@click.pass_obj
@verb
def swap(
    session: Session,
    echelon: str,
    one: str,
    other: str,
    other_desk: str | None,
    dry_run: bool,  # noqa: FBT001 - click's
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Swap the officers of two watches: those that the times ONE and OTHER lie in."""
    now = SystemClock().now()

    async def work(node: LocalClient) -> dict[str, Any]:
        return {
            name: await _shift(node, desk, words.instant(text, now))
            for name, desk, text in (("one", echelon, one), ("other", other_desk or echelon, other))
        }

    given = run(work, session) | {"by": acting_officer()}
    _change(session, "roster_swap", given, dry_run=dry_run, ask=not yes)


@roster.command("drop")
@click.argument("echelon", type=NAME)
@click.argument("change")
@_dry
@_yes
@click.pass_obj
@verb
def drop(
    session: Session,
    echelon: str,
    change: str,
    dry_run: bool,  # noqa: FBT001 - click's
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Drop an override or an absence that was made here; `roster show` names each."""

    async def work(node: LocalClient) -> list[str]:
        shown = await node.ask("roster", days=62)
        known = [c["uid"] for d in shown["desks"] if d["echelon"] == echelon for c in d["changes"]]
        return [uid for uid in known if uid.startswith(change)] or [change]

    given = {"drop": {echelon: run(work, session)}, "by": acting_officer()}
    _change(session, "roster_edit", given, dry_run=dry_run, ask=not yes)


def _change(
    session: Session, name: str, given: dict[str, Any], *, dry_run: bool, ask: bool
) -> None:
    """Show what would change, ask, and have it done."""

    def told(dry: bool) -> Callable[[LocalClient], Awaitable[Any]]:  # noqa: FBT001
        return lambda node: node.ask(name, dry_run=dry, **given)

    verdict = run(told(dry=True), session)
    if dry_run:
        session.show(verdict, lambda: _verdict(verdict, out.print))
        return
    if ask and not session.json:
        _verdict(verdict, errors.print)
        confirm("Plan it so?")
    done = run(told(dry=False), session)
    session.show(done, "Planned." if done["desks"] else "Taken in; no watch changes.")


def _span(start: str, end: str) -> dict[str, str]:
    now = SystemClock().now()
    spans = (words.instant(start, now), words.instant(end, now))
    whole = [str(Instant(int(at) // 1_000 * 1_000)) for at in spans]
    if whole[0] >= whole[1]:
        raise Mistake("bad_span", f"What is from {whole[0]} cannot end at {whole[1]}.")
    return {"start": whole[0], "end": whole[1]}


async def _shift(node: LocalClient, echelon: str, at: Instant) -> dict[str, str]:
    shown = await node.ask("roster", start=str(at), days=1)
    found = [
        shift
        for desk in shown["desks"]
        if desk["echelon"] == echelon
        for shift in desk["shifts"]
        if shift["start"] <= str(at) < shift["end"]
    ]
    if len(found) != 1:
        raise Mistake("which_shift", f"{len(found)} watches at {echelon} have {at} in them.")
    return {"echelon": echelon, "start": found[0]["start"], "officer": found[0]["officer"]}


def _has(desk: dict[str, Any], officer: str, end: str) -> bool:
    return any(s["officer"] == officer and s["start"] < end for s in desk["shifts"])


def _show(found: dict[str, Any]) -> None:
    if not any(desk["shifts"] or desk["has_room"] for desk in found["desks"]):
        out.print("No roster yet: `clearline roster officers FILE`, then `roster import`.")
    for desk in found["desks"]:
        rung = f", rung {desk['rung']}" if desk["rung"] else ""
        on_now = ", ".join(plain(name) for name in desk["on"]) or "✕ nobody"
        after = desk["next"]
        then = f"; then {plain(after['officer'])} {_short(after['start'])}" if after else ""
        out.print(f"[bold]{desk['echelon']}[/]{rung}: {on_now}{then}", soft_wrap=True)
        lines = [(s["start"], f"{plain(s['officer'])}", s["end"]) for s in desk["shifts"]]
        lines += [(g["start"], "[bold red]✕ GAP[/]", g["end"]) for g in desk["gaps"]]
        for start, text, end in sorted(lines):
            out.print(f"   {_short(start)} – {_short(end)}  {text}", soft_wrap=True)
        for change in desk["changes"]:
            out.print(
                f"   {change['kind']} {plain(change['officer'])} {_short(change['start'])} – "
                f"{_short(change['end'])}  {plain(change['uid'][:12])}",
                soft_wrap=True, style="dim",
            )  # fmt: skip
    for name, why in found["faults"].items():
        out.print(f"[bold red]✕ {plain(name)}[/]: {plain(why)}", soft_wrap=True)


def _verdict(verdict: dict[str, Any], say: Callable[..., None]) -> None:
    for desk in verdict["desks"]:
        say(f"{desk['echelon']}:")
        lines = sorted(
            (shift["start"], sign, shift["end"], shift["officer"])
            for sign, name in (("-", "removed"), ("+", "added"))
            for shift in desk[name]
        )
        for start, sign, end, officer in lines[:MAX_SHOWN]:
            say(f"  {sign} {_short(start)} – {_short(end)}  {plain(officer)}", soft_wrap=True)
        if len(lines) > MAX_SHOWN:
            say(f"  … and {len(lines) - MAX_SHOWN} more")
    if not verdict["desks"]:
        say("No watch changes.")
    for each in verdict["findings"]:
        say(_finding(each), soft_wrap=True)


def _finding(each: dict[str, Any]) -> str:
    mark = "[bold red]error[/]  " if each["severity"] == "error" else "warning"
    return f"{mark}  {plain(each['text'])}"


def _short(at: str) -> str:
    return f"{at[:10]} {at[11:16]}Z"
