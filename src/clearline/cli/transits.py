"""Verbs about transits: a convoy, a sailing or a flight that moves along a route.

It is declared as a chain of areas, each open only while the mover can be there. They leave
as any notice does; the counterpart needs nothing to read them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.basis.quantities import show_length
from clearline.cli.common import (
    NAME,
    Session,
    acting_officer,
    anchors_of,
    out,
    pick_link,
    plain,
    run,
    verb,
    whole,
    write,
)
from clearline.cli.ways import show_ways
from clearline.core.events import Declare
from clearline.core.terms import Limits
from clearline.node import transits, words
from clearline.node.clock import SystemClock
from clearline.space import (
    Chain,
    Form,
    Position,
    Timetable,
    Transit,
    approach,
    chain,
    nearest,
    parse_band,
    schedule,
    show_band,
    show_position,
)
from clearline.transports.local import LocalClient

__all__ = ["transit"]

USUAL = Limits().volumes_per_notice
"""What terms that say nothing of it allow."""

_options = [
    click.argument("points"),
    click.option("--width", required=True, help="Of its way, edge to edge: 4 km, 2 NM."),
    click.option("--speed", required=True, help="Slowest to fastest: 8-12 kt, 40-60 km/h."),
    click.option("--band", "bands", multiple=True, required=True,
                 help="SFC-SFC, FL100-FL140; once, or once for each leg."),
    click.option("--depart", help="+3h, 1430Z, RFC 3339, or 1430Z..1500Z."),
    click.option("--pass", "passes", multiple=True,
                 help='When a point is passed: "3 1530Z"; may be repeated.'),
    click.option("--tolerance", default="0 s", show_default=True,
                 help="How far each time may be off, either way: 10 min."),
    click.option("--link", "names", multiple=True, help="Counterpart; may be repeated."),
    click.option("--activity", type=NAME, default="flight", show_default=True,
                 help="From the terms' list."),
    click.option("--at-most", type=click.IntRange(1, 32),
                 help="Areas; the terms' own limit holds all the same."),
]  # fmt: skip


def routed(function: Any) -> Any:
    """Return a command that takes a transit."""
    for option in reversed(_options):
        function = option(function)
    return function


@click.group()
def transit() -> None:
    """Declare what moves: a convoy, a sailing, a flight along a route.

    POINTS are the route's, split by ";", in any form. The route is cut into areas, each open
    only while it can be there at these speeds; together they are one notice.
    """


@transit.command("declare")
@routed
@click.option("--label", default="", help="Our own name for it. It never leaves this node.")
@click.pass_obj
@verb
def declare(session: Session, label: str, **typed: Any) -> None:
    """Declare a transit: its areas leave as one notice."""

    async def work(node: LocalClient) -> tuple[Chain, Any]:
        links, _, made = await _planned(node, typed)
        event = Declare(
            by=acting_officer(),
            links=tuple(link["id"] for link in links),
            activity=typed["activity"],
            volumes=made.volumes,
            label=label[:60],
        )
        return made, await node.do(event)

    made, done = run(work, session)
    entries = [each for each in done["entries"] if each["kind"] == "notice.declared"]
    found = sum(each["kind"] == "conflict.found" for each in done["entries"])

    def show() -> None:
        for entry in entries:
            out.print(f"notice [bold]{entry['id'][-6:]}[/] declared, {_closes(made)}")
        if found:
            out.print(f"[bold red]▲ CONFLICT[/] with {found} of theirs: `clearline conflicts`")

    session.show({"declared": entries, "conflicts": found, "chain": made}, show)


@transit.command("plan")
@routed
@click.option("--out", "target", type=click.Path(path_type=Path),
              help="Keep the plan in a file, for `transit meet`.")  # fmt: skip
@click.pass_obj
@verb
def plan(session: Session, target: Path | None, **typed: Any) -> None:
    """Show what a transit would close and meet. Nothing is declared."""

    async def work(node: LocalClient) -> tuple[Transit, Chain, list[Any]]:
        links, planned, made = await _planned(node, typed)
        volumes = msgspec.json.decode(msgspec.json.encode(made.volumes, enc_hook=enc_hook))
        seen = [
            await node.ask("preview", link=link["id"], activity=typed["activity"], volumes=volumes)
            for link in links
        ]
        return (
            planned,
            made,
            [{"link": link["counterpart"], **each} for link, each in zip(links, seen, strict=True)],
        )

    planned, made, seen = run(work, session)
    if target is not None:
        write(target, msgspec.json.format(msgspec.json.encode(planned, enc_hook=enc_hook)))

    def show() -> None:
        _route(planned)
        _areas(made)
        for each in seen:
            late = " [yellow]LATE[/]" if each["late"] else ""
            out.print(
                f"[bold]{plain(each['link'])}[/] would see {len(each['volumes'])} areas{late}"
            )
            show_ways(each)

    session.show({"transit": planned, "chain": made, "links": seen}, show)


@transit.command("meet")
@click.argument("one", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("other", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
@verb
def meet(session: Session, one: Path, other: Path) -> None:
    """Show how near two planned transits come. Needs no node.

    ONE and OTHER are files that `transit plan --out` wrote. First as planned, each at the middle of
    its times; then the nearest that their speeds and times allow.
    """
    a, b = _read(one), _read(other)
    planned, worst = approach(schedule(a), schedule(b)), nearest(a, b)

    def show() -> None:
        if planned is None or worst is None:
            out.print("They are never under way at one time.")
        if planned is not None:
            out.print(
                f"as planned      {show_length(planned.cm)} at {planned.at} "
                f"(never nearer than {show_length(max(0, planned.cm - planned.within_cm))})"
            )
        if worst is not None:
            out.print(
                f"at the nearest  {show_length(worst.cm)} between their widths, near "
                f"{show_position(worst.on_a, Form.DECIMAL, 4)}, "
                f"{worst.window.start} to {worst.window.end}"
            )

    session.show({"as_planned": planned, "nearest": worst}, show)


async def _planned(
    node: LocalClient, typed: dict[str, Any]
) -> tuple[list[dict[str, Any]], Transit, Chain]:
    """Return the links, the transit that was typed, and its chain within the links' terms."""
    links = [await pick_link(node, name) for name in (typed["names"] or (None,))]
    terms = [(await node.ask("terms", link=link["id"]))["document"] for link in links]
    limits = [each["limits"].get("volumes_per_notice", USUAL) for each in terms]
    if typed["at_most"] is not None:
        limits.append(typed["at_most"])
    planned = _typed(typed, await anchors_of(node, links[0]["id"]), SystemClock().now())
    return links, planned, chain(planned, min(limits))


def _typed(typed: dict[str, Any], anchors: dict[str, Position], now: Instant) -> Transit:
    slowest, fastest = transits.speeds(typed["speed"])
    departs = transits.times(typed["depart"], now) if typed["depart"] else None
    return Transit(
        points=tuple(
            words.position(part, anchors) for part in typed["points"].split(";") if part.strip()
        ),
        width_cm=words.length_cm(typed["width"]),
        bands=tuple(parse_band(each) for each in typed["bands"]),
        slowest_cm_h=slowest,
        fastest_cm_h=fastest,
        passes=transits.passings(
            departs, [transits.passing(each, now) for each in typed["passes"]]
        ),
        tolerance_ms=words.span_ms(typed["tolerance"]),
    )


def _read(source: Path) -> Transit:
    try:
        return msgspec.json.decode(whole(source), type=Transit, dec_hook=dec_hook)
    except msgspec.MsgspecError as error:
        raise Mistake("bad_transit", f"{source} is no plan of a transit: {error}") from error


def _closes(made: Chain) -> str:
    """Return what a chain closes, beside the least and beside one area for all of it."""
    count = len(made.volumes)
    closed, single = made.closed_permille / 1_000, made.single_permille / 1_000
    areas = f"{count} areas, which close" if count > 1 else "1 area, which closes"
    return f"{areas} {closed:.1f} times the least (one for all of it: {single:.1f} times)"


def _route(planned: Transit) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("point", "position", "earliest", "latest"):
        table.add_column(head)
    rows = transits.stations(Timetable(planned), planned.points)
    for number, (point, earliest, latest) in enumerate(rows, 1):
        where = show_position(point, Form.DECIMAL, 4)
        table.add_row(str(number), where, _minute(earliest), _minute(latest))
    out.print(table)


def _areas(made: Chain) -> None:
    out.print(_closes(made))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("area", "from", "to", "band"):
        table.add_column(head)
    for number, each in enumerate(made.volumes, 1):
        table.add_row(
            str(number),
            _minute(each.window.start),
            _minute(each.window.end),
            show_band(each.band),
        )
    out.print(table)


def _minute(at: Instant) -> str:
    """Return a time to the minute, for a table."""
    return f"{str(at)[5:10]} {str(at)[11:16]}Z"
