"""Verbs about where and when we operate: declare, revise, withdraw.

Shapes come from the options or from files; the node checks them, rounds them outward and
shares exactly that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.cli.common import (
    NAME,
    Session,
    acting_officer,
    anchors_of,
    area_of,
    errors,
    pick,
    pick_link,
    run,
    verb,
)
from clearline.cli.files import read_areas
from clearline.cli.ways import way_of
from clearline.core.events import (
    Declare,
    Place,
    Revise,
    Withdraw,
)
from clearline.core.trial import Way
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.space import (
    Band,
    Polygon,
    Position,
    Reference,
    Volume,
    Window,
    parse_band,
    parse_position,
)
from clearline.transports.local import LocalClient

__all__ = ["declare", "revise", "withdraw"]

Things = list[dict[str, Any]]

_shape_options = [
    click.option("--circle", help='Centre: "35.2560N 040.1500E", MGRS, or "9 km 180 from X".'),
    click.option("--radius", help="Of the circle: 5 km, 12 NM."),
    click.option("--polygon", help='Corners, split by ";".'),
    click.option("--corridor", help='Points of the line, split by ";".'),
    click.option("--width", help="Of the corridor, edge to edge."),
    click.option("--file", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="Areas in any format that is read: one notice an area."),
    click.option("--keep-good", is_flag=True,
                 help="Of a file in which something is refused, use the rest."),
    click.option("--band", help="SFC-FL180, FL100-FL240, 0 m DEPTH-30 m DEPTH."),
    click.option("--from", "start", help="+3h, 1430Z or RFC 3339."),
    click.option("--to", "end", help="The same."),
    click.option("--at", help="Coordinates of the place, to be held against --place."),
    click.option("--place", help='How the place was stated: "9 km 180 from Deir ez-Zor city".'),
]  # fmt: skip


_DRAWN = ("circle", "radius", "polygon", "corridor", "width")


def shaped(function: Any) -> Any:
    """Return a command that takes the options of a shape."""
    for option in reversed(_shape_options):
        function = option(function)
    return function


@click.command()
@click.option("--link", "names", multiple=True, help="Counterpart; may be repeated.")
@click.option(
    "--activity", type=NAME, default="flight", show_default=True, help="From the terms' list."
)
@click.option("--label", default="", help="Our own name for it. It never leaves this node.")
@shaped
@click.pass_obj
@verb
def declare(
    session: Session, names: tuple[str, ...], activity: str, label: str, **shape: Any
) -> None:
    """Declare where and when we operate.

    The node checks it, rounds it outward to the agreed grid, and shares exactly that.
    """
    now = SystemClock().now()

    async def work(node: LocalClient) -> list[Any]:
        links = [await pick_link(node, name) for name in (names or (None,))]
        anchors = await anchors_of(node, links[0]["id"])
        agreed = [await area_of(node, link["id"]) for link in links]
        ids = tuple(link["id"] for link in links)
        events = [
            Declare(
                by=acting_officer(),
                links=ids,
                activity=activity,
                volumes=volumes,
                place=place,
                label=(label or name)[:60],
            )
            for name, volumes, place in _volumes(session, shape, anchors, now, agreed)
        ]
        return await _all(node, events)

    done = run(work, session)
    entries = [e for each in done for e in each["entries"] if e["kind"] == "notice.declared"]
    found = sum(1 for each in done for e in each["entries"] if e["kind"] == "conflict.found")
    lines = [f"notice [bold]{entry['id'][-6:]}[/] declared" for entry in entries[:20]]
    if len(entries) > 20:
        lines.append(f"... and {len(entries) - 20} more")
    if found:
        lines.append(f"[bold red]▲ CONFLICT[/] with {found} of theirs: `clearline conflicts`")
    session.show({"declared": entries, "conflicts": found}, "\n".join(lines))


@click.command()
@click.argument("notice")
@shaped
@click.option(
    "--way",
    type=click.Choice([each.value for each in Way]),
    help="In place of a shape: what `conflicts NOTICE --ways` shows now.",
)
@click.pass_obj
@verb
def revise(session: Session, notice: str, way: str | None, **shape: Any) -> None:
    """Replace the volumes of NOTICE, one of ours."""
    now = SystemClock().now()
    if way is not None and any(shape.values()):
        raise Mistake("one_shape", "A way has its own shape and time: give it alone.")

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("notices"), notice, "notice")
        if way is not None:
            volumes = way_of(await node.ask("preview", notice=found["id"]), way)
            return await node.do(Revise(by=acting_officer(), notice=found["id"], volumes=volumes))
        anchors = await anchors_of(node, found["link"])
        agreed = [await area_of(node, found["link"])]
        made = list(_volumes(session, shape, anchors, now, agreed))
        if len(made) != 1:
            raise Mistake("one_shape", "A revision takes one shape, or a file of one feature.")
        _, volumes, place = made[0]
        return await node.do(
            Revise(by=acting_officer(), notice=found["id"], volumes=volumes, place=place)
        )

    session.show(run(work, session), "Revised.")


@click.command()
@click.argument("notice")
@click.pass_obj
@verb
def withdraw(session: Session, notice: str) -> None:
    """Withdraw NOTICE, one of ours."""

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("notices"), notice, "notice")
        return await node.do(Withdraw(by=acting_officer(), notice=found["id"]))

    session.show(run(work, session), "Withdrawn.")


async def _all(node: LocalClient, events: list[Declare]) -> list[Any]:
    """Return what the node did of each; a bar shows how far it is."""
    if len(events) == 1:
        return [await node.do(events[0])]
    done: list[Any] = []
    with _progress("declaring", len(events)) as advance:
        tasks = [asyncio.ensure_future(node.do(event)) for event in events]
        try:
            for number, task in enumerate(tasks, 1):
                try:
                    done.append(await task)
                except Mistake as mistake:
                    phrase = f"notice {number} of {len(events)}: {mistake.phrase}"
                    raise Mistake(mistake.code, phrase, at=mistake.at) from mistake
                advance()
        finally:
            for task in tasks:
                task.cancel()
    return done


@contextmanager
def _progress(what: str, total: int) -> Generator[Any]:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _volumes(
    session: Session,
    shape: dict[str, Any],
    anchors: dict[str, Position],
    now: Instant,
    agreed: list[Polygon],
) -> Iterator[tuple[str, tuple[Volume, ...], Place | None]]:
    """Yield name, volumes and place of each notice that the options make."""
    source: Path | None = shape.pop("source")
    keep_good: bool = shape.pop("keep_good")
    if source is not None and any(shape[name] for name in _DRAWN):
        raise Mistake("one_shape", "A file has its own shapes: give it alone.")
    band_text, start, end = shape.pop("band"), shape.pop("start"), shape.pop("end")
    at, place_text = shape.pop("at"), shape.pop("place")
    band = parse_band(band_text) if band_text else None
    window = _window(start, end, now)
    place = _place(at, place_text, anchors)
    if source is None:
        outline = words.outline(anchors, **shape)
        yield "", (_volume("The notice", outline, band, window),), place
        return
    for each in read_areas(session, source, keep_good=keep_good, agreed=agreed).shapes:
        volume = _volume(each.name, each.outline, band or each.band, window or each.window)
        yield each.name, (volume,), place


def _volume(name: str, outline: Any, band: Band | None, window: Window | None) -> Volume:
    if band is None:
        raise Mistake("no_band", f"{name} has no height band: give --band SFC-FL180.")
    if window is None:
        raise Mistake("no_window", f"{name} has no time: give --from and --to.")
    return Volume(outline=outline, band=band, window=window)


def _window(start: str | None, end: str | None, now: Instant) -> Window | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Mistake("half_window", "Give both --from and --to.")
    return Window(start=words.instant(start, now), end=words.instant(end, now))


def _place(at: str | None, text: str | None, anchors: dict[str, Position]) -> Place | None:
    """Return a stated place: its coordinates beside the range and bearing that it was given by."""
    if text is None and at is None:
        return None
    if text is None:
        raise Mistake("half_place", "--at is held against --place: give both.")
    parsed = parse_position(text, anchors)
    if parsed.anchor is None or parsed.range_cm is None or parsed.bearing_mdeg is None:
        raise Mistake("not_from_anchor", '--place is said from an anchor: "9 km 180 from NAME".')
    stated = Reference(
        anchor=parsed.anchor, range_cm=parsed.range_cm, bearing_mdeg=parsed.bearing_mdeg
    )
    where = words.position(at, anchors) if at is not None else parsed.position
    return Place(at=where, stated=stated)
