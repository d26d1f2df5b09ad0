"""Verbs of a call: call, ack, say, readback, dispose, close.

Each goes to the running node, which journals it before anything happens. What comes back
is what the node did, never what it hopes.
"""

from __future__ import annotations

from typing import Any

import click
import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import dec_hook
from clearline.cli.common import (
    NAME,
    Session,
    acting_officer,
    anchors_of,
    pick,
    pick_link,
    plain,
    run,
    verb,
)
from clearline.core.events import (
    Acknowledge,
    Close,
    Dispose,
    JumpToRung,
    Note,
    OpenCall,
    ReadBack,
    Say,
    StandDown,
)
from clearline.core.terms import Precedence
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.phrasebook import Phrase
from clearline.transports.local import LocalClient

__all__ = ["ack", "call", "close", "dispose", "jump", "readback", "say", "standdown"]

RECEIVED = "Received is not agreed."
RING_WAIT_MS = 10_000
REFERRING = frozenset({"reference", "which", "of"})
"""Slots that name an entry."""

Things = list[dict[str, Any]]


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
            by=acting_officer(),
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
        return await node.do(Acknowledge(by=acting_officer(), call=found["id"], echelon=desk))

    session.show(run(work, session), f"Acknowledged. {RECEIVED}")


@click.command()
@click.argument("call_id", metavar="CALL")
@click.argument("rung", type=click.IntRange(1, 12))
@click.pass_obj
@verb
def jump(session: Session, call_id: str, rung: int) -> None:
    """Ring RUNG of CALL now, without waiting for it: of a call of theirs, by hand."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id, direction="theirs")
        return await node.do(JumpToRung(by=acting_officer(), call=found["id"], rung=rung))

    session.show(run(work, session), f"Rung {rung} rings. They are told.")


@click.command()
@click.argument("call_id", metavar="CALL")
@click.pass_obj
@verb
def standdown(session: Session, call_id: str) -> None:
    """Say that CALL, of ours, needs no human any more. They stop ringing, and are told."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id, direction="ours")
        return await node.do(StandDown(by=acting_officer(), call=found["id"]))

    session.show(run(work, session), "Stood down. It is over when they have closed it too.")


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
        return await node.do(Say(by=acting_officer(), call=found["id"], phrases=said))

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
            by=acting_officer(), call=found["id"], of=wanted[-1]["entry"], phrases=tuple(restated)
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
            return await node.do(Dispose(by=acting_officer(), call=found["id"], disposition=text))
        return await node.do(Note(by=acting_officer(), notice=found["id"], disposition=text))

    session.show(run(work, session), f"{plain(text.upper())} said. {RECEIVED}")


@click.command()
@click.argument("call_id", metavar="CALL", required=False)
@click.pass_obj
@verb
def close(session: Session, call_id: str | None) -> None:
    """Say that CALL is over for us. It is closed when both sides have said so."""

    async def work(node: LocalClient) -> Any:
        found = await _call(node, call_id)
        await node.do(Close(by=acting_officer(), call=found["id"]))
        return pick(await node.ask("calls"), found["id"], "call")

    done = run(work, session)
    text = "Closed by both." if done["state"] == "closed" else "Closed by us; theirs is awaited."
    session.show(done, text)


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


async def _phrased(node: LocalClient, typed: tuple[str, ...], link: str) -> tuple[Phrase, ...]:
    """Return the phrases that were typed, with their places and references looked up."""
    if not any(word.partition("=")[0] in REFERRING for word in typed):
        # A FLASH asks for nothing that it does not need: ten thousand notices are megabytes.
        return words.phrases(typed, await anchors_of(node, link), [], SystemClock().now())
    calls, notices = await node.ask("calls"), await node.ask("notices", ended=True)
    known = [each["id"] for each in (*calls, *notices)]
    known += [said["entry"] for each in calls for said in each["said"]]
    return words.phrases(typed, await anchors_of(node, link), known, SystemClock().now())


def _phrases(raw: list[dict[str, Any]]) -> tuple[Phrase, ...]:
    return msgspec.convert(raw, tuple[Phrase, ...], dec_hook=dec_hook)
