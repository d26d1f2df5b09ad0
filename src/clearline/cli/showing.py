"""Verbs that show: status, notices, conflicts, calls, log, follow, bundle, verify."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.basis.quantities import show_length
from clearline.cli.common import (
    DOES_NOT_HOLD,
    Session,
    errors,
    out,
    pick,
    pick_link,
    plain,
    run,
    verb,
)
from clearline.cli.ways import show_ways
from clearline.record import verify_bundle
from clearline.space import OLD_RULE_VERSION
from clearline.verifier import summary

__all__ = ["bundle", "calls", "conflicts", "follow", "log", "notices", "status", "verify"]

_STATE = {"up": "green", "late": "yellow", "down": "bold red", "disputed": "bold red"}
NOTHING = {
    "notices": "No notices are active.",
    "conflicts": "NO CONFLICT stands between the notices that both sides hold.",
    "calls": "No calls in the last day.",
    "log": "The record of this link is empty.",
    "released": "Nothing has left this node on this link.",
}


@click.command()
@click.pass_obj
@verb
def status(session: Session) -> None:
    """Show at a glance whether the line is alive, who holds the watch, and what is open."""
    found = run(lambda node: node.ask("status"), session)
    session.show(found, lambda: _status(found))


@click.command()
@click.option("--all", "ended", is_flag=True, help="Also those that ended in the last day.")
@click.pass_obj
@verb
def notices(session: Session, ended: bool) -> None:  # noqa: FBT001 - click's
    """List notices, ours and theirs, soonest first."""
    found = run(lambda node: node.ask("notices", ended=ended), session)
    session.show(found, lambda: _notices(found))


@click.command()
@click.argument("notice", required=False)
@click.option("--ways", is_flag=True, help="What would clear NOTICE, the smallest change first.")
@click.pass_obj
@verb
def conflicts(session: Session, notice: str | None, ways: bool) -> None:  # noqa: FBT001 - click's
    """List the conflicts that stand. A conflict stands while either side claims it.

    Of one notice, if it is named. With --ways, for one of ours, each change that is shown was tried
    against everything of theirs; take one with `revise NOTICE --way`.
    """

    async def work(node: Any) -> Any:
        if notice is None:
            return await node.ask("conflicts")
        named = pick(await node.ask("notices"), notice, "notice")["id"]
        if ways:
            return await node.ask("preview", notice=named)
        return [e for e in await node.ask("conflicts") if named in (e["ours"], e["theirs"])]

    if ways and notice is None:
        raise Mistake("which_notice", "Say which notice of ours: `conflicts NOTICE --ways`.")
    found = run(work, session)
    session.show(found, lambda: show_ways(found) if ways else _conflicts(found))


@click.command()
@click.pass_obj
@verb
def calls(session: Session) -> None:
    """Show the calls of the last day, the most urgent open one first, each with its ladder."""
    found = run(lambda node: node.ask("calls"), session)
    session.show(found, lambda: _calls(found))


@click.command()
@click.option("--link", "name")
@click.option(
    "--last",
    type=click.IntRange(1, 10_000),
    default=40,
    show_default=True,
    help="How many entries.",
)
@click.option("--released", is_flag=True, help="What left this node, by whom, and what did not.")
@click.pass_obj
@verb
def log(session: Session, name: str | None, last: int, released: bool) -> None:  # noqa: FBT001 - click's
    """Show the record of a link: both feeds, in the order of their times.

    With --released, the release log instead: each entry of ours, who asked for it, and what
    was withheld, clipped or rounded before it left.
    """
    view = "released" if released else "log"

    async def work(node: Any) -> Any:
        link = await pick_link(node, name)
        return await node.ask(view, link=link["id"], last=last)

    found = run(work, session)
    session.show(found, lambda: _released(found) if released else _log(found))


@click.command()
@click.pass_obj
@verb
def follow(session: Session) -> None:
    """Show everything that this node rings, tells and alarms, as it happens. Ends with Ctrl-C."""

    async def work(node: Any) -> None:
        async for effect in node.follow():
            if session.json:
                sys.stdout.write(msgspec.json.encode(effect).decode() + "\n")
                sys.stdout.flush()
            elif effect["type"] in ("Ring", "Alert", "Tell", "Hush"):
                out.print(_effect(effect), markup=False)

    run(work, session)


@click.command()
@click.option("--link", "name")
@click.option("--out", "target", required=True, type=click.Path(path_type=Path))
@click.pass_obj
@verb
def bundle(session: Session, name: str | None, target: Path) -> None:
    """Export the record of a link as a proof bundle that verifies offline."""

    path = str(target.absolute())

    async def work(node: Any) -> Any:
        link = await pick_link(node, name)
        return await node.ask("bundle", link=link["id"], path=path)

    with errors.status("gathering the record"):
        done = run(work, session)
    text = f"{done['entries']:,} entries, {done['receipts']:,} receipts: {plain(str(target))}"
    session.show(done, text)


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pin", "pins", multiple=True, help="A party's fingerprint, known from elsewhere.")
@click.pass_obj
@verb
def verify(session: Session, source: Path, pins: tuple[str, ...]) -> None:
    """Verify a proof bundle, offline. Needs no node. Ends with 1 if anything does not hold."""
    columns = (TextColumn("verifying"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("verify")

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        report = verify_bundle(source.read_bytes(), progress, pins)
    lines = [f"fingerprint of {who}: {mark}" for who, mark in sorted(report.fingerprints.items())]
    lines += [f"note {each.code} {each.where}: {each.text}" for each in report.notes[:20]]
    lines += [f"FAULT {each.code} {each.where}: {each.text}" for each in report.faults[:50]]
    shown = msgspec.to_builtins(report) | {"verified": report.is_verified}
    session.show(shown, "\n".join(plain(line) for line in [*lines, *summary(report).split("\n")]))
    if not report.is_verified:
        sys.exit(DOES_NOT_HOLD)


def _link(link: dict[str, Any]) -> None:
    state = link["state"]
    age = "never heard" if link["age_ms"] is None else f"{link['age_ms'] / 1000:.1f} s"
    terms = "terms in force" if link["in_force"] else "[yellow]terms NOT in force[/]"
    out.print(
        f"LINK {plain(link['title'])} ({link['counterpart']}) "
        f"[{_STATE[state]}]● {state.upper()}[/] {age}  {terms}"
    )
    out.print(
        f"  record: ours {link['own_size']}, stored by them {link['stored_by_them']}; "
        f"theirs {link['their_size']}"
    )
    if link["rechecked"] is not None:
        done = f"{link['rechecked']} %"
        out.print(f"  minima amended: [yellow]re-checking {done}[/] of what stands")
    if link["announced_by_them"] == "suspended" or link["announced_by_us"] == "suspended":
        out.print("  announced SUSPENDED; the line itself carries everything")
    for desk in link["desks"]:
        manned = f"manned, {' '.join(desk['languages'])}" if desk["manned"] else "UNMANNED"
        out.print(f"  their {desk['echelon']}: {manned}")
    if link["peer_unsafe"]:
        out.print("  [bold red]their node says LINE NOT SAFE: use the contact card[/]")


def _status(found: dict[str, Any]) -> None:
    if found["unsafe"]:
        out.print(f"[bold white on red] LINE NOT SAFE [/] {plain(found['unsafe'])}")
    out.print(f"[bold]{found['party']}[/]  {found['at']}")
    served = found["console"]
    if served and served["code"]:
        why = f"{served['code']}: {served['phrase']}"
        out.print(f"[bold red]CONSOLE NOT SERVED[/], tried again by itself: {plain(why)}")
    for link in found["links"]:
        _link(link)
    if not found["links"]:
        out.print("No link yet: `clearline link propose` begins one.")
    for desk in found["watch"]:
        out.print(f"WATCH {desk['echelon']}: {plain(desk['officer'])} since {desk['since']}")
        if desk["offered_at"]:
            whom = plain(desk["offered_to"]) or "whoever takes it"
            out.print(f"  offered to {whom} since {desk['offered_at']}")
        if desk["asked_at"]:
            out.print(f"  [yellow]asked to confirm presence[/] since {desk['asked_at']}")
    if not found["watch"]:
        out.print("[yellow]WATCH: nobody holds it[/] (`clearline watch take`)")
    out.print(
        f"{found['open_calls']} calls open, {found['conflicts']} conflicts, "
        f"{found['notices_ours']} notices ours, {found['notices_theirs']} theirs, "
        f"indexed in {found['index']['kind']}"
    )


def _notices(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            each["handle"],
            each["whose"],
            f"{each['activity']} r{each['revision']}" + _late(each),
            f"{_clock(each['opens'])} to {_clock(each['closes'])}",
            "; ".join(each["where"]),
            each["state"] if each["state"] != "active" else _stored(each),
            "▲" * min(each["conflicts"], 3),
        )
        for each in found
    ]
    _table("notices", ("id", "whose", "what", "when", "where", "state", ""), rows)


def _late(notice: dict[str, Any]) -> str:
    """Return how late a late notice is, beside what was agreed."""
    if not notice["late"]:
        return ""
    agreed = notice["agreed_ms"]
    beside = "" if agreed is None else f", agreed {agreed // 60_000} min"
    return f" LATE ({notice['lead_ms'] // 60_000} min ahead{beside})"


def _stored(notice: dict[str, Any]) -> str:
    if notice["lies_unrelayed"]:
        return "READ, NOT RELAYED"
    if notice["noted"]:
        return str(notice["noted"][-1]).split(" ", maxsplit=1)[0].replace("_", " ")
    return "stored" if notice["stored"] else "on its way"


def _conflicts(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            f"▲ {each['ours'][-6:]} × {each['theirs'][-6:]}",
            each["certainty"].upper(),
            show_length(each["horizontal_cm"]),
            _up(each["vertical_cm"], each["rule"]),
            f"{_clock(each['starts'])} to {_clock(each['ends'])}",
            each["where"],
            " and ".join(each["claimed_by"]),
        )
        for each in found
    ]
    heads = ("ours × theirs", "", "across", "up", "when", "near", "claimed by")
    _table("conflicts", heads, rows)


def _up(vertical_cm: int | None, rule: int) -> str:
    """Return how far the bands are apart; by version 2 of the rule it is the least."""
    if vertical_cm is None:
        return "unknown"
    return ("" if rule == OLD_RULE_VERSION else "≥ ") + show_length(vertical_cm)


def _calls(found: list[dict[str, Any]]) -> None:
    if not found:
        out.print(NOTHING["calls"])
    for each in found:
        mark = " DRILL" if each["drill"] else ""
        mark += " PRE-EMPTED" if each["preempted_at"] else ""
        out.print(
            f"[bold]{each['precedence'].upper()}{mark}[/] {each['handle']} "
            f"({each['direction']}) {each['state'].upper()} {each['age_ms'] / 1000:.0f} s"
        )
        for said in each["said"]:
            verb_said = "reads back" if said["restates"] else "says"
            if said["differs"]:
                out.print(f"  [bold red]READ-BACK DIFFERS[/] in {', '.join(said['differs'])}:")
            for coded, text in zip(said["coded"], said["text"], strict=True):
                out.print(f"  {said['who']} {verb_said}: {plain(text)}")
                out.print(f"    as signed: {plain(coded)}", style="dim")
        here = each["rung"]
        rungs = [f"[reverse]▶ {n} {r}[/]" if n == here and each["next_at"] else f"{n} {r}"
                 for n, r in enumerate(each["ladder"], 1)]  # fmt: skip
        out.print("  ladder " + " → ".join(rungs) + ", repeats")
        if each["acknowledged"]:
            out.print(f"  acknowledged by {each['acknowledged']}. Received is not agreed.")
        for disposition in each["dispositions"]:
            out.print(f"  {disposition.replace('_', ' ').upper()}")


def _released(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            str(each["at"]),
            each["kind"],
            each["entry"][-6:],
            each["by"],
            ", ".join(each["changes"]) or "as it was",
        )
        for each in found
    ]
    _table("released", ("at", "what left", "id", "asked by", "done to it"), rows)


def _log(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            str(each["at"]),
            f"{each['party']} #{each['index']}",
            each["kind"],
            each["id"][-6:],
            " ".join(ref[-6:] for ref in each["re"]),
            "receipt" if each["receipted"] else "no receipt yet",
        )
        for each in found
    ]
    _table("log", ("at", "feed", "kind", "id", "answers", "stored"), rows)


def _effect(effect: dict[str, Any]) -> str:
    match effect["type"]:
        case "Ring":
            coded = ("DRILL " if effect["drill"] else "") + " / ".join(effect["coded"])
            if effect["demand"] == "presence":
                return f"RING {effect['precedence'].upper()} {effect['echelon']}: {coded}"
            rung = f"rung {effect['rung']} {effect['echelon']}"
            return f"RING {effect['precedence'].upper()} {effect['what'][-6:]} {rung}: {coded}"
        case "Hush":
            return f"HUSH {effect['what'][-6:]}"
        case kind:
            about = (effect["about"] or "")[-6:]
            args = " ".join(f"{k}={v}" for k, v in effect["args"].items())
            return f"{kind.upper()} {effect['code']} {about} {args}".rstrip()


def _table(what: str, heads: Iterable[str], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        out.print(NOTHING[what])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    out.print(table)


def _clock(at: str) -> str:
    return f"{at[5:10]} {at[11:16]}Z"
