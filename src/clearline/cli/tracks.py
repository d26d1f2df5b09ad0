"""Verbs of tracks: what our own receivers see, and what of it our desks must look at.

It is for our own eyes: none of it is journaled, and nothing of it ever leaves the node.
"""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from clearline.basis.faults import Mistake
from clearline.cli.common import Session, out, pick, plain, run, verb
from clearline.node.tracks.track import MAX_TRACKS
from clearline.transports.local import LocalClient

__all__ = ["tracks"]

MOST = 200


@click.group()
def tracks() -> None:
    """Show what our own receivers see, and say what is ours."""


@tracks.command("show")
@click.option(
    "--most", type=click.IntRange(0, MAX_TRACKS), default=MOST, show_default=True,
    help="So many tracks, those with the newest reports.",
)  # fmt: skip
@click.pass_obj
@verb
def show(session: Session, most: int) -> None:
    """Show each receiver, what is alarmed, and the tracks with the age of their reports."""
    found = run(lambda node: node.ask("tracks", most=most), session)
    session.show(found, lambda: _shown(found))


@tracks.command("belong")
@click.argument("track")
@click.argument("notice", default="")
@click.option("--none", "is_none", is_flag=True, help="It belongs to none of ours.")
@click.pass_obj
@verb
def belong(session: Session, track: str, notice: str, *, is_none: bool) -> None:
    """Say that TRACK belongs to NOTICE, one of ours: our desks are told when it leaves it."""
    if bool(notice) == is_none:
        raise Mistake("which_notice", "Say which notice of ours, or --none.")

    async def work(node: LocalClient) -> dict[str, str]:
        named = await _named(node, track)
        ours = pick(await node.ask("notices"), notice, "notice")["id"] if notice else ""
        await node.ask("track_belong", track=named, notice=ours)
        return {"track": named, "notice": ours}

    done = run(work, session)
    session.show(done, lambda: out.print("Taken in. It is held until the node stops."))


async def _named(node: LocalClient, text: str) -> str:
    """Return the id of the track that a text names: its id, its key or its name."""
    found = (await node.ask("tracks", most=MAX_TRACKS))["tracks"]
    fits = [each["id"] for each in found if text in (each["id"], each["key"], each["name"])]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise Mistake("ambiguous", f"{len(fits)} tracks are called {text!r}: give the id.")
    raise Mistake("no_such_track", f"There is no track {text!r} now.")


def _shown(found: dict[str, Any]) -> None:
    if not found["receivers"]:
        out.print("No receiver is set up: `receivers` in the table [tracks] of the settings.")
        return
    for each in found["receivers"]:
        state = each["state"].upper() if each["state"] in ("lost", "silent") else each["state"]
        last = f"last report {_hour(each['last_at'])}" if each["last_at"] else "no report yet"
        flooded = ", FLOODED: more comes than is taken" if each["flooded"] else ""
        line = f"receiver {each['id']}: {state} since {_hour(each['since'])}, {last}{flooded}"
        out.print(plain(f"{line}. {each['why']}" if each["why"] else line), soft_wrap=True)
    for each in found["alarms"]:
        out.print(plain(_alarm(each)), style="bold red", soft_wrap=True)
    if found["alarms_left_out"]:
        out.print(f"and {found['alarms_left_out']} alarms more than stand at once")
    _table(found)


def _alarm(each: dict[str, Any]) -> str:
    what = {
        "inside": "INSIDE their notice",
        "near": "NEAR their notice",
        "left": "has LEFT our notice",
    }[each["what"]]
    says = [f"▲ {each['name']} ({each['track']}) {what} …{each['notice'][-6:]}"]
    if each["gap_cm"]:
        says.append(f"{each['gap_cm'] / 100_000:.1f} km from it")
    if each["enters_at"]:
        says.append(f"inside at {_hour(each['enters_at'])}")
    if not each["certain"]:
        says.append("POSSIBLE: the heights cannot be compared")
    if each["lost"]:
        says.append(f"NOT SEEN since {_hour(each['reported_at'])}")
    return ", ".join(says)


def _table(found: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("track", "name", "position", "height", "course", "speed", "report", "notice"):
        table.add_column(head, no_wrap=True)
    for each in found["tracks"]:
        at, course, speed = each["at"], each["course_cdeg"], each["speed_cm_s"]
        table.add_row(
            plain(each["id"]), plain(each["name"]),
            f"{at['lat_e7'] / 1e7:.4f} {at['lon_e7'] / 1e7:.4f}",
            _height(each["level"]),
            f"{course / 100:.0f}°" if course is not None else "-",
            f"{speed * 3_600 / 185_200:.0f} kt" if speed is not None else "-",
            _hour(each["reported_at"]) + (" OLD" if each["stale"] else ""),
            f"…{each['notice'][-6:]}" if each["notice"] else "",
        )  # fmt: skip
    out.print(table)
    if found["count"] > len(found["tracks"]):
        out.print(f"{found['count']} tracks; {len(found['tracks'])} are shown.")
    if found["left_out"]:
        out.print(f"{found['left_out']} reports were of more tracks than are kept.")


def _height(level: dict[str, Any]) -> str:
    if level["value_cm"] is None:
        return "unknown"
    match level["datum"]:
        case "fl":
            return f"FL{round(level['value_cm'] / 3_048):03d}"
        case "surface":
            return "SFC"
        case "ellipsoidal":
            return f"{level['value_cm'] / 100:.0f} m HAE"
        case _:
            return f"{level['value_cm'] / 100:.0f} m, datum unknown"


def _hour(at: str | None) -> str:
    return f"{at[11:19]}Z" if at else "-"
