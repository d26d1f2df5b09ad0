"""Verbs that act in a watch: declare, call, ack, say, readback, dispose, close, watch, test.

Each goes to the running node, which journals it before anything happens. What comes back
is what the node did, never what it hopes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook
from clearline.cli import words
from clearline.cli.common import NAME, Session, confirm, errors, pick, pick_link, plain, run, verb
from clearline.core.events import (
    Acknowledge,
    AnswerTest,
    Close,
    Declare,
    Dispose,
    ExplainTest,
    HandOver,
    LeaveWatch,
    Note,
    OpenCall,
    Place,
    ReadBack,
    ReportViolation,
    Revise,
    Say,
    SendTest,
    TakeWatch,
    Withdraw,
)
from clearline.core.terms import Precedence
from clearline.node.clock import SystemClock
from clearline.phrasebook import Phrase
from clearline.space import Band, Position, Reference, Volume, Window, parse_band, parse_position
from clearline.transports.local import LocalClient

__all__ = [
    "ack", "call", "close", "declare", "dispose", "readback", "revise", "say", "test",
    "violation", "watch", "withdraw",
]  # fmt: skip

RECEIVED = "Received is not agreed."
RING_WAIT_MS = 10_000

Things = list[dict[str, Any]]

_shape_options = [
    click.option("--circle", help='Centre: "35.2560N 040.1500E", MGRS, or "9 km 180 from X".'),
    click.option("--radius", help="Of the circle: 5 km, 12 NM."),
    click.option("--polygon", help='Corners, split by ";".'),
    click.option("--corridor", help='Points of the line, split by ";".'),
    click.option("--width", help="Of the corridor, edge to edge."),
    click.option("--file", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="GeoJSON or KML: one notice a feature."),
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
        anchors = await _anchors(node, links[0]["id"])
        ids = tuple(link["id"] for link in links)
        events = [
            Declare(
                by=_me(),
                links=ids,
                activity=activity,
                volumes=volumes,
                place=place,
                label=(label or name)[:60],
            )
            for name, volumes, place in _volumes(shape, anchors, now)
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
@click.pass_obj
@verb
def revise(session: Session, notice: str, **shape: Any) -> None:
    """Replace the volumes of NOTICE, one of ours."""
    now = SystemClock().now()

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("notices"), notice, "notice")
        made = list(_volumes(shape, await _anchors(node, found["link"]), now))
        if len(made) != 1:
            raise Mistake("one_shape", "A revision takes one shape, or a file of one feature.")
        _, volumes, place = made[0]
        return await node.do(Revise(by=_me(), notice=found["id"], volumes=volumes, place=place))

    session.show(run(work, session), "Revised.")


@click.command()
@click.argument("notice")
@click.pass_obj
@verb
def withdraw(session: Session, notice: str) -> None:
    """Withdraw NOTICE, one of ours."""

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("notices"), notice, "notice")
        return await node.do(Withdraw(by=_me(), notice=found["id"]))

    session.show(run(work, session), "Withdrawn.")


@click.command()
@click.argument("precedence", type=click.Choice([each.value for each in Precedence]))
@click.argument("phrase", nargs=-1, required=True)
@click.option("--link", "name", help="Counterpart.")
@click.option("--notice", "about", multiple=True, help="A notice that it is about.")
@click.option("--reopens", help="A closed call that has recurred.")
@click.option("--drill", is_flag=True, help="Mark it DRILL on both sides.")
@click.pass_obj
@verb
def call(
    session: Session,
    precedence: str,
    phrase: tuple[str, ...],
    name: str | None,
    about: tuple[str, ...],
    reopens: str | None,
    drill: bool,  # noqa: FBT001 - click's
) -> None:
    """Demand that a human on the other side answer.

    \b
    clearline call flash STOP place="35.2560N 040.1500E" radius=500m

    Waits up to 10 s for the counterpart's node to say that it rings. The call stands and
    climbs whether or not that is heard.
    """

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        said = await _phrased(node, phrase, link["id"])
        known: Things = await node.ask("notices", ended=True) if about else []
        calls: Things = await node.ask("calls") if reopens else []
        event = OpenCall(
            by=_me(),
            link=link["id"],
            precedence=Precedence(precedence),
            phrases=said,
            notices=tuple(pick(known, each, "notice")["id"] for each in about),
            reopens=pick(calls, reopens, "call")["id"] if reopens else None,
            drill=drill,
        )
        return await node.do(event, until="call_ringing", wait_ms=RING_WAIT_MS)

    done = run(work, session)
    handle = done["entries"][0]["id"][-6:]
    heard = done.get("heard")
    if heard:
        text = f"call [bold]{handle}[/] rings there: rung {heard['rung']}, {heard['echelon']}"
    else:
        text = (
            f"call [bold]{handle}[/] stands, but their node has not yet said that it rings.\n"
            "Use the next path or the contact card as well: `clearline link show`."
        )
    session.show(done, text)


@click.command()
@click.argument("call_id", metavar="CALL", required=False)
@click.option(
    "--desk", "echelon", type=NAME, help="The desk that has read it; default: the ringing one."
)
@click.pass_obj
@verb
def ack(session: Session, call_id: str | None, echelon: str | None) -> None:
    """Acknowledge CALL: a human here has read it. Received is not agreed."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id, direction="theirs", climbing=True)
        desk = echelon or found["echelon"]
        return await node.do(Acknowledge(by=_me(), call=found["id"], echelon=desk))

    session.show(run(work, session), f"Acknowledged. {RECEIVED}")


@click.command()
@click.argument("call_id", metavar="CALL")
@click.argument("phrase", nargs=-1, required=True)
@click.pass_obj
@verb
def say(session: Session, call_id: str, phrase: tuple[str, ...]) -> None:
    """Say more in CALL."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id)
        said = await _phrased(node, phrase, found["link"])
        return await node.do(Say(by=_me(), call=found["id"], phrases=said))

    session.show(run(work, session), "Said.")


@click.command()
@click.argument("call_id", metavar="CALL", required=False)
@click.argument("phrase", nargs=-1)
@click.option("--of", "entry", help="What is restated; default: the last thing they said.")
@click.pass_obj
@verb
def readback(
    session: Session, call_id: str | None, phrase: tuple[str, ...], entry: str | None
) -> None:
    """Restate the slots that matter. With no PHRASE, exactly what this node received."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id)
        theirs = [each for each in found["said"] if each["who"] != found["us"]]
        wanted = [each for each in theirs if entry is None or each["entry"].endswith(entry)]
        if not wanted:
            raise Mistake("nothing_to_read_back", "They have said nothing like that in this call.")
        restated = (
            await _phrased(node, phrase, found["link"])
            if phrase
            else _phrases(wanted[-1]["phrases"])
        )
        event = ReadBack(
            by=_me(), call=found["id"], of=wanted[-1]["entry"], phrases=tuple(restated)
        )
        return await node.do(event)

    session.show(run(work, session), "Read back.")


@click.command()
@click.argument("thing", metavar="CALL_OR_NOTICE")
@click.argument("disposition", nargs=-1, required=True)
@click.pass_obj
@verb
def dispose(session: Session, thing: str, disposition: tuple[str, ...]) -> None:
    """Say what we did: RECEIVED, RELAYED TO UNITS, UNDERSTOOD, WILL COMPLY, CANNOT COMPLY."""
    text = " ".join(disposition)

    async def work(node: LocalClient) -> Any:
        calls, notices = await node.ask("calls"), await node.ask("notices")
        found = pick([*calls, *notices], thing, "call or notice")
        if "precedence" in found:
            return await node.do(Dispose(by=_me(), call=found["id"], disposition=text))
        return await node.do(Note(by=_me(), notice=found["id"], disposition=text))

    session.show(run(work, session), f"{plain(text.upper())} said. {RECEIVED}")


@click.command()
@click.argument("call_id", metavar="CALL", required=False)
@click.pass_obj
@verb
def close(session: Session, call_id: str | None) -> None:
    """Say that CALL is over for us. It is closed when both sides have said so."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id)
        await node.do(Close(by=_me(), call=found["id"]))
        return pick(await node.ask("calls"), found["id"], "call")

    done = run(work, session)
    text = "Closed by both." if done["state"] == "closed" else "Closed by us; theirs is awaited."
    session.show(done, text)


@click.group()
def watch() -> None:
    """Take, hand over and leave the watch."""


@watch.command("take")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.option("--language", "languages", multiple=True, default=("en",), show_default=True)
@click.pass_obj
@verb
def take(session: Session, desk: str, languages: tuple[str, ...]) -> None:
    """Take the watch at a desk that nobody holds."""
    event = TakeWatch(by=_me(), echelon=desk, languages=languages)
    done = run(lambda node: node.do(event), session)
    session.show(done, f"{plain(_me())} holds the watch at {desk}.")


@watch.command("hand-over")
@click.argument("to")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.option("--language", "languages", multiple=True, default=("en",), show_default=True)
@click.option("--yes", is_flag=True, help="The open items were read; do not ask.")
@click.pass_obj
@verb
def hand_over(
    session: Session,
    to: str,
    desk: str,
    languages: tuple[str, ...],
    yes: bool,  # noqa: FBT001 - click's
) -> None:
    """Hand the watch at a desk over TO another officer, who reads the open items first."""

    async def work(node: LocalClient) -> Any:
        status = await node.ask("status")
        if not yes:
            errors.print(
                f"Open: {status['open_calls']} calls, {status['conflicts']} conflicts, "
                f"{status['notices_theirs']} notices of theirs."
            )
            confirm(f"{to}, have you read them and do you take the watch?")
        return await node.do(HandOver(by=_me(), echelon=desk, to=to, languages=languages))

    session.show(run(work, session), f"{plain(to)} holds the watch at {desk}.")


@watch.command("leave")
@click.option("--desk", type=NAME, default="duty-desk", show_default=True)
@click.pass_obj
@verb
def leave(session: Session, desk: str) -> None:
    """Leave a desk unmanned; the counterpart is told."""
    done = run(lambda node: node.do(LeaveWatch(by=_me(), echelon=desk)), session)
    session.show(done, f"{desk} is unmanned.")


@click.group()
def test() -> None:
    """Send, answer and explain test calls."""


@test.command("send")
@click.option("--link", "name")
@click.pass_obj
@verb
def send_test(session: Session, name: str | None) -> None:
    """Send a test call now, besides the schedule."""

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        return await node.do(SendTest(by=_me(), link=link["id"]))

    session.show(run(work, session), "Test call sent: a human there has to answer it.")


@test.command("answer")
@click.argument("test_id", metavar="TEST", required=False)
@click.pass_obj
@verb
def answer_test(session: Session, test_id: str | None) -> None:
    """Answer the counterpart's test call."""

    async def work(node: LocalClient) -> Any:
        waiting = [
            each
            for each in await node.ask("tests")
            if each["direction"] == "theirs" and each["outcome"] == "waiting"
        ]
        if test_id is None and len(waiting) == 1:
            found = waiting[0]
        elif test_id is None:
            raise Mistake("which_test", f"{len(waiting)} test calls wait for an answer.")
        else:
            found = pick(waiting, test_id, "test")
        return await node.do(AnswerTest(by=_me(), test=found["id"]))

    session.show(run(work, session), "Answered.")


@test.command("explain")
@click.argument("test_id", metavar="TEST")
@click.argument("cause")
@click.pass_obj
@verb
def explain_test(session: Session, test_id: str, cause: str) -> None:
    """Give a missed test call the CAUSE that was found."""

    async def work(node: LocalClient) -> Any:
        found = pick(await node.ask("tests"), test_id, "test")
        return await node.do(ExplainTest(by=_me(), test=found["id"], cause=cause))

    session.show(run(work, session), f"Explained: {plain(cause)}.")


@click.command()
@click.argument("rule", type=NAME)
@click.option("--at", required=True, help="Where it was seen.")
@click.option("--when", default="+0s", help="When it was seen; default: now.")
@click.option("--notice", help="The notice that it is about.")
@click.option("--link", "name")
@click.pass_obj
@verb
def violation(
    session: Session, rule: str, at: str, when: str, notice: str | None, name: str | None
) -> None:
    """Report a breach of RULE, one of the rules that the terms code."""
    seen = words.instant(when, SystemClock().now())

    async def work(node: LocalClient) -> Any:
        link = await pick_link(node, name)
        place = words.position(at, await _anchors(node, link["id"]))
        known: Things = await node.ask("notices", ended=True) if notice else []
        about = pick(known, notice, "notice")["id"] if notice else None
        event = ReportViolation(
            by=_me(), link=link["id"], rule=rule, place=place, seen=seen, notice=about
        )
        return await node.do(event)

    session.show(run(work, session), f"Reported: {rule}.")


async def _call(
    node: LocalClient, text: str | None, *, direction: str | None = None, climbing: bool = False
) -> dict[str, Any]:
    """Return the call that `text` names; with no text, the only open one that fits."""
    known: list[dict[str, Any]] = await node.ask("calls")
    if text is not None:
        return pick(known, text, "call")
    fitting = [
        each
        for each in known
        if each["state"] != "closed"
        and direction in (None, each["direction"])
        and (not climbing or each["acknowledged"] is None)
    ]
    if len(fitting) != 1:
        named = ", ".join(each["handle"] for each in fitting) or "none"
        raise Mistake("which_call", f"Say which call; open now: {named}.")
    return fitting[0]


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
    shape: dict[str, Any], anchors: dict[str, Position], now: Instant
) -> Iterator[tuple[str, tuple[Volume, ...], Place | None]]:
    """Yield name, volumes and place of each notice that the options make."""
    source: Path | None = shape.pop("source")
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
    for each in gateways.read(source.name, source.read_bytes()):
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


async def _phrased(node: LocalClient, typed: tuple[str, ...], link: str) -> tuple[Phrase, ...]:
    """Return the phrases that were typed, with their places and references looked up."""
    calls, notices = await node.ask("calls"), await node.ask("notices", ended=True)
    known = [each["id"] for each in (*calls, *notices)]
    known += [said["entry"] for each in calls for said in each["said"]]
    return words.phrases(typed, await _anchors(node, link), known, SystemClock().now())


async def _anchors(node: LocalClient, link: str) -> dict[str, Position]:
    document = (await node.ask("terms", link=link))["document"]
    return {
        each["name"]: msgspec.convert(each["position"], Position) for each in document["anchors"]
    }


def _phrases(raw: list[dict[str, Any]]) -> tuple[Phrase, ...]:
    return msgspec.convert(raw, tuple[Phrase, ...], dec_hook=dec_hook)


def _me() -> str:
    return click.get_current_context().find_root().params.get("officer") or "officer"
