"""Verbs of the auditor: auditor run, auditor check."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import click
import msgspec
import structlog

from clearline.auditing import Auditor, Finding
from clearline.basis.faults import Mistake
from clearline.basis.instants import enc_hook
from clearline.channels.program import Program
from clearline.cli.common import DOES_NOT_HOLD, Session, plain, verb
from clearline.cli.serving import set_up_log
from clearline.node.clock import SystemClock
from clearline.node.settings import load
from clearline.stores.sqlite import SqliteReader
from clearline.transports.local import LocalClient
from clearline.wiring import Home

__all__ = ["auditor"]

LOOK_S = 1.0
ANSWER_S = 3.0
"""A node that has not answered so long after it was asked has not answered."""

_encode = msgspec.json.Encoder(enc_hook=enc_hook).encode


@click.group()
def auditor() -> None:
    """Watch the node from beside it: alarm if it is late, or gone."""


@auditor.command("run")
@click.pass_obj
@verb
def auditor_run(session: Session) -> None:
    """Look each second, until told to stop; alarm if a deadline is over 5 s late.

    Run it as a process of its own, under another supervisor than the node's if you have one.
    It alarms by the program of `[auditor] command`, and in its log.
    """
    home = Home(session.home)
    settings = load(home.path)
    set_up_log(settings.log)
    program = Program(settings.auditor.command, "auditor")
    asyncio.run(_watch(home, program))


@auditor.command("check")
@click.pass_obj
@verb
def auditor_check(session: Session) -> None:
    """Look once. Ends with 1 if anything is late, gone, or cannot be read."""
    home = Home(session.home)
    load(home.path)
    found = asyncio.run(_twice(home))
    lines = [f"[bold red]{each.code}[/] {plain(each.phrase)}" for each in found]
    session.show(
        msgspec.to_builtins(found, enc_hook=enc_hook), "\n".join(lines) or "Nothing is late."
    )
    if found:
        sys.exit(DOES_NOT_HOLD)


async def _watch(home: Home, program: Program) -> None:
    log = structlog.stdlib.get_logger("auditor")
    clock = SystemClock()
    looking = Auditor(SqliteReader(home.journal))
    log.info("auditing", journal=str(home.journal))
    while True:
        for finding in looking.look(clock.now(), answers=await _answers(home)):
            log.error(finding.code, phrase=finding.phrase, since=str(finding.since))
            program.tell(_encode(finding))
        await asyncio.sleep(LOOK_S)


async def _twice(home: Home) -> Sequence[Finding]:
    """Look twice: a node is gone only if it has not answered two times."""
    looking = Auditor(SqliteReader(home.journal))
    clock = SystemClock()
    first = looking.look(clock.now(), answers=await _answers(home))
    return [*first, *looking.look(clock.now(), answers=await _answers(home))]


async def _answers(home: Home) -> bool:
    """Return whether the node answers on its socket, in time."""
    with contextlib.suppress(Mistake, OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_S), LocalClient(home.socket) as node:
            await node.ask("status")
            return True
    return False
