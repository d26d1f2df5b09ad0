"""The verb `screen`: all of ours against all of theirs, and which pairs come too near.

On two files it needs no node, so that planners can ask before anything is declared; on a link
it takes what stands on both sides, as it left. It declares nothing and claims nothing: what it
finds is what the rule says of these volumes, as `conflicts` would of the same two notices.
"""

from __future__ import annotations

import csv
import io
import signal
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.basis.quantities import show_length
from clearline.cli.areas import Item, Refused, read_items
from clearline.cli.common import (
    CANNOT,
    INTERRUPTED,
    Session,
    errors,
    out,
    pick_link,
    plain,
    run,
    verb,
    whole,
    write,
)
from clearline.cli.importing import window_of
from clearline.cli.progress import bar
from clearline.cli.setup import minima_of
from clearline.core.conflicts import ConflictFound, meet
from clearline.core.terms import Terms
from clearline.gateways.shape import MAX_FILE_BYTES
from clearline.node.clock import SystemClock
from clearline.space import Minima, Volume, parse_band
from clearline.space.screen import screen as slices
from clearline.transports.local import LocalClient

__all__ = ["screen"]

MAX_PAIRS = 100_000
"""Pairs that one screening lists; with more it stops, and says how far it came."""
MAX_TOLD = 50
"""Pairs in the table at a terminal."""
FORMATS = ("table", "json", "geojson", "csv")

_Side = Sequence[tuple[str, Volume]]


class Pair(Struct, frozen=True, kw_only=True):
    """Two areas that come closer than the minima."""

    ours: str
    theirs: str
    certainty: str
    """`certain`, or `possible` where heights cannot be compared for sure."""
    horizontal_cm: int
    vertical_cm: int | None
    """None if the heights cannot be compared."""
    time_ms: int
    lat_deg: float
    lon_deg: float
    """Where, on our area, it comes closest."""
    starts: Instant
    ends: Instant
    """When both are open, or the gap between them."""


class Screened(Struct, kw_only=True):
    """What came of a screening."""

    ours: int
    theirs: int
    compared: int
    """Volumes of ours that were compared with all of theirs."""
    complete: bool
    """Whether that is all of them: if not, there may be more pairs."""
    pairs: list[Pair]
    minima: Minima
    refused: list[Refused]
    refused_in_all: int


@click.command()
@click.option("--ours", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file of our areas, in any format that is read.")  # fmt: skip
@click.option("--theirs", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file of theirs; then no node is needed.")  # fmt: skip
@click.option("--link", "name", help="Counterpart: what stands, where a side has no file.")
@click.option("--minima", "text", help='Separation: "5 km, 300 m, 15 min"; else that of the link.')
@click.option("--terms", "document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A terms document, for its minima and its worst case of heights.")  # fmt: skip
@click.option("--band", help="Of areas whose file says none: SFC-FL180.")
@click.option("--from", "start", help="Of areas whose file says none: +3h, 1430Z or RFC 3339.")
@click.option("--to", "end", help="The same.")
@click.option("--as", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path),
              help="Write it into this file.")  # fmt: skip
@click.pass_obj
@verb
def screen(session: Session, **asked: Any) -> None:
    """Find every pair of ours and theirs that comes closer than the minima.

    \b
    clearline screen --ours plan.geojson --theirs told.kml --minima "5 km, 300 m, 15 min"
    clearline screen --link south
    clearline screen --link south --ours plan.geojson
    """
    if asked["ours"] is None and asked["theirs"] is not None:
        raise Mistake("half_screen", "Give --ours FILE as well, or --link and --ours alone.")
    offline = asked["theirs"] is not None and asked["name"] is None
    told = _Told(asked, SystemClock().now())
    sides: tuple[_Side, _Side]
    if offline:
        sides, minima = (told.read("ours"), told.read("theirs")), told.minima(None)
    else:
        sides, minima = run(lambda node: _standing(node, told), session)
    found = _screened(sides[0], sides[1], minima, told)
    _show(session, found, asked["form"], asked["target"])
    if not found.complete:
        sys.exit(CANNOT if len(found.pairs) > MAX_PAIRS else INTERRUPTED)


class _Told:
    """What the options say, and what was refused of the files that they name."""

    def __init__(self, asked: dict[str, Any], now: Instant) -> None:
        self.asked = asked
        self.refused: list[Refused] = []
        self.refused_in_all = 0
        self._band = parse_band(asked["band"]) if asked["band"] else None
        self._window = window_of(asked["start"], asked["end"], now)

    def read(self, side: str) -> _Side:
        """Return the volumes of one side's file, by what the file calls them."""
        path: Path = self.asked[side]
        raws = [(path, whole(path, MAX_FILE_BYTES))]
        items, (refused, count) = read_items(raws, self._band, self._window)
        self.refused += refused
        self.refused_in_all += count
        names = Counter(item.name for item in items)
        return [(_called(item, alone=names[item.name] == 1), item.volume) for item in items]

    def minima(self, terms: Terms | None) -> Minima:
        """Return the minima: as typed, of a document, of the link, or what new terms begin with."""
        if self.asked["text"]:
            return minima_of(self.asked["text"])
        if self.asked["document"]:
            raw = whole(self.asked["document"])
            try:
                return msgspec.json.decode(raw, type=Terms, dec_hook=dec_hook).minima
            except (msgspec.MsgspecError, ValueError) as error:
                path = self.asked["document"]
                raise Mistake("bad_document", f"{path} is no terms document: {error}") from error
        return terms.minima if terms is not None else minima_of(None)


def _called(item: Item, *, alone: bool) -> str:
    """Return the name of an area; with its line, if others have the same."""
    return item.name if alone or item.line is None else f"{item.name} (line {item.line})"


async def _standing(node: LocalClient, told: _Told) -> tuple[tuple[_Side, _Side], Minima]:
    """Return both sides of a link, a file's in place of what stands where one is given."""
    link = await pick_link(node, told.asked["name"])
    view = await node.ask("terms", link=link["id"])
    terms = msgspec.convert(view["document"], Terms, dec_hook=dec_hook)
    sides: dict[str, list[tuple[str, Volume]]] = {link["us"]: [], link["counterpart"]: []}
    for each in await node.ask("notices"):
        if each["link"] == link["id"]:
            volumes = msgspec.convert(each["volumes"], tuple[Volume, ...], dec_hook=dec_hook)
            label = f"{each['label']} " if each["label"] else ""
            sides[each["whose"]] += [(f"{label}{each['handle']}", volume) for volume in volumes]
    ours: _Side = told.read("ours") if told.asked["ours"] else sides[link["us"]]
    theirs: _Side = told.read("theirs") if told.asked["theirs"] else sides[link["counterpart"]]
    return (ours, theirs), told.minima(terms)


def _screened(ours: _Side, theirs: _Side, minima: Minima, told: _Told) -> Screened:
    """Return every pair, or as many as there were when somebody stopped it."""
    found = Screened(
        ours=len(ours), theirs=len(theirs), compared=0, complete=False, pairs=[], minima=minima,
        refused=told.refused, refused_in_all=told.refused_in_all,
    )  # fmt: skip
    # Numbers for keys: names of a file need not differ.
    numbered = [(str(number), volume) for number, (_, volume) in enumerate(ours)]
    against = [(str(number), volume) for number, (_, volume) in enumerate(theirs)]
    with bar("comparing", len(ours)) as advance, _stoppable() as stopped:
        for piece in slices(numbered, against, minima):
            for met in piece.found:
                one, other = ours[int(met.ours)], theirs[int(met.theirs)]
                claim = meet(one[1], other[1], minima)
                if claim is not None:
                    found.pairs.append(_pair(one[0], other[0], claim))
            for _ in range(piece.done - found.compared):
                advance()
            found.compared = piece.done
            if stopped() or len(found.pairs) > MAX_PAIRS:
                break
    found.complete = found.compared == len(ours)
    found.pairs.sort(key=lambda each: (each.certainty, each.horizontal_cm, each.ours, each.theirs))
    return found


def _pair(ours: str, theirs: str, claim: ConflictFound) -> Pair:
    return Pair(
        ours=ours,
        theirs=theirs,
        certainty=claim.sure.value,
        horizontal_cm=claim.closest.horizontal_cm,
        vertical_cm=claim.closest.vertical_cm,
        time_ms=claim.closest.time_ms,
        lat_deg=claim.where.lat_deg,
        lon_deg=claim.where.lon_deg,
        starts=claim.window.start,
        ends=claim.window.end,
    )


@contextmanager
def _stoppable() -> Generator[Callable[[], bool]]:
    """Let Ctrl-C end it between two slices, with what was found by then."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, before)


def _show(session: Session, found: Screened, form: str, target: Path | None) -> None:
    for each in found.refused[:MAX_TOLD]:
        errors.print(f"refused: {plain(each.line_of())}", soft_wrap=True)
    if not found.complete:
        errors.print(
            f"[bold yellow]Stopped[/]: {found.compared:,} of {found.ours:,} were compared; there "
            "may be more than is listed."
        )
    form = "json" if session.json else form
    if form == "table" and target is None:
        _table(found)
        return
    made = {"json": _json, "geojson": _geojson, "csv": _csv, "table": _csv}[form](found)
    if target is not None:
        write(target, made.encode())
        errors.print(f"{len(found.pairs):,} pairs written to {plain(str(target))}")
    else:
        sys.stdout.write(made if made.endswith("\n") else f"{made}\n")


def _table(found: Screened) -> None:
    out.print(
        f"{found.ours:,} of ours against {found.theirs:,} of theirs: "
        f"[bold]{len(found.pairs):,} pairs[/] closer than the minima"
    )
    if not found.pairs:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("ours", "theirs", "", "across", "up", "when"):
        table.add_column(head, overflow="fold")
    for each in found.pairs[:MAX_TOLD]:
        up = "not known" if each.vertical_cm is None else show_length(each.vertical_cm)
        when = f"{str(each.starts)[5:16].replace('T', ' ')}Z to {str(each.ends)[11:16]}Z"
        cells = (each.ours, each.theirs, each.certainty.upper(), show_length(each.horizontal_cm),
                 up, when)  # fmt: skip
        table.add_row(*(plain(cell) for cell in cells))
    out.print(table)
    if len(found.pairs) > MAX_TOLD:
        out.print(
            f"... and {len(found.pairs) - MAX_TOLD:,} more: --as csv, geojson or json has all"
        )


def _json(found: Screened) -> str:
    return msgspec.json.encode(found, enc_hook=enc_hook).decode()


def _geojson(found: Screened) -> str:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [each.lon_deg, each.lat_deg]},
            "properties": msgspec.to_builtins(each, enc_hook=enc_hook),
        }
        for each in found.pairs
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features}).decode()


def _csv(found: Screened) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(Pair.__struct_fields__)
    rows.writerows(_cells(each) for each in found.pairs)
    return text.getvalue()


def _cells(pair: Pair) -> Iterator[str]:
    """Yield the cells of a row; no name is taken for a formula by who opens it in a spreadsheet."""
    for name in Pair.__struct_fields__:
        value = getattr(pair, name)
        cell = "" if value is None else str(value)
        risky = isinstance(value, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        yield f"'{cell}" if risky else cell
