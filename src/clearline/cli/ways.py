"""Ways out, for a terminal: what would clear a notice of ours, the smallest change first."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.basis.instants import MINUTE_MS, dec_hook
from clearline.basis.quantities import show_length
from clearline.cli.session import out
from clearline.space import Volume, show_band

__all__ = ["show_ways", "way_of"]

_SAID = {
    "later": "later",
    "earlier": "earlier, or over sooner",
    "above": "higher",
    "below": "lower",
    "aside": "moved aside",
    "smaller": "cut back",
}


def show_ways(seen: dict[str, Any]) -> None:
    """Print the conflicts of a preview, and what would clear them."""
    if not seen["complete"]:
        out.print("[yellow]NOT CHECKED[/]: more of theirs is near than can be compared.")
    count = len(seen["conflicts"]) + seen["more"]
    if not count:
        if seen["complete"]:
            out.print("NO CONFLICT with the notices of theirs that we hold.")
        return
    out.print(f"[bold red]▲ CONFLICT[/] with {count} of theirs. Nothing below is sent by itself.")
    if not seen["ways_out"]:
        out.print("No one change was found that clears it.")
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("way", "by", "of its own", "then"):
            table.add_column(head)
        for way in seen["ways_out"]:
            table.add_row(way["way"], _by(way), f"{way['permille'] / 10:.1f} %", _then(way))
        out.print(table)
    if not seen["ways_whole"]:
        out.print("The search was cut short: there may be others, or smaller ones.")


def way_of(seen: dict[str, Any], name: str) -> tuple[Volume, ...]:
    """Return a notice as one of the ways would have it; Mistake with those that there are."""
    for way in seen["ways_out"]:
        if way["way"] == name:
            return msgspec.convert(way["volumes"], tuple[Volume, ...], dec_hook=dec_hook)
    known = ", ".join(way["way"] for way in seen["ways_out"]) or "none"
    raise Mistake(
        "no_such_way", f"Nothing {_SAID[name]} was found that clears it; there are: {known}."
    )


def _by(way: dict[str, Any]) -> str:
    """Return the size of a change."""
    if way["by_ms"]:
        minutes = way["by_ms"] // MINUTE_MS
        return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    on = f" on {way['bearing_deg']:03d}°" if way["bearing_deg"] is not None else ""
    return show_length(way["by_cm"]) + on


def _then(way: dict[str, Any]) -> str:
    """Return what the notice would be, as far as it changes."""
    volumes = msgspec.convert(way["volumes"], tuple[Volume, ...], dec_hook=dec_hook)
    match way["way"]:
        case "above" | "below":
            return show_band(volumes[0].band)
        case "later" | "earlier":
            opens = str(min(each.window.start for each in volumes))
            closes = str(max(each.window.end for each in volumes))
            return f"{opens[5:10]} {opens[11:16]}Z to {closes[5:10]} {closes[11:16]}Z"
        case _:
            return ""
