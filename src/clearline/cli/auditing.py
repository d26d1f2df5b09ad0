"""Verbs of the auditor: auditor run, auditor check."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import AsyncGenerator, Callable, Sequence

import click
import msgspec
import structlog

from clearline.auditing import Auditor, Finding
from clearline.basis.faults import Mistake
from clearline.basis.instants import enc_hook
from clearline.channels.program import Program
from clearline.cli.common import DOES_NOT_HOLD, Session, plain, verb
from clearline.cli.serving import set_up_log
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.clock import SystemClock
from clearline.node.ports import Page, PageCause, PageResult
from clearline.node.settings import Settings, load
from clearline.stores.sqlite import SqliteReader
from clearline.transports.local import LocalClient
from clearline.wiring import Home
from clearline.wiring.ways import ways_of

__all__ = ["auditor"]

LOOK_S = 1.0
MAX_PAGES = 64
"""Pages under way at once: each finding comes again in a minute."""
CODE = "11"
"""What is keyed at a telephone that read an alarm out; nothing waits for it."""
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
    It alarms by the program of `[auditor] command`, by the channels of `[auditor] page`, and in its
    log.
    """
    home = Home(session.home)
    settings = load(home.path)
    set_up_log(settings.log)
    asyncio.run(_watch(home, settings))


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


async def _watch(home: Home, settings: Settings) -> None:
    log = structlog.stdlib.get_logger("auditor")
    clock = SystemClock()
    program = Program(settings.auditor.command, "auditor")
    looking = Auditor(SqliteReader(home.journal))
    async with _pagers(home, settings, clock) as page:
        log.info("auditing", journal=str(home.journal))
        while True:
            for finding in looking.look(clock.now(), answers=await _answers(home)):
                log.error(finding.code, phrase=finding.phrase, since=str(finding.since))
                program.tell(_encode(finding), urgent=True)
                page(finding)
            await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def _pagers(
    home: Home, settings: Settings, clock: SystemClock
) -> AsyncGenerator[Callable[[Finding], None]]:
    """Give what pages everybody whom the settings name, by channels of this process alone.

    No page waits for another, and none holds up the next look.
    """
    log = structlog.stdlib.get_logger("auditor")
    ways = {way.channel.name: way.channel for way in ways_of(settings, home.path, clock.now)}
    methods = [each.split("=", 1) for each in settings.auditor.page]
    unknown = sorted({name for name, _ in methods} - set(ways))
    if unknown:
        raise Mistake("no_such_channel", f"[auditor] page: {', '.join(unknown)} is not set up.")
    for channel in ways.values():
        await channel.start()
    tasks: set[asyncio.Task[None]] = set()

    def page(finding: Finding) -> None:
        for name, address in methods:
            if len(tasks) >= MAX_PAGES:
                log.error("auditor_busy", channel=name)
                continue
            sent = _page_of(finding, address, settings)
            heard = functools.partial(_heard, name, address)
            task = asyncio.create_task(ways[name].page(sent, heard))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    try:
        yield page
    finally:
        for task in list(tasks):
            task.cancel()
        for channel in ways.values():
            await channel.stop()


def _page_of(finding: Finding, address: str, settings: Settings) -> Page:
    return Page(
        id=f"auditor:{finding.code}:{finding.since}:{address}",
        what=f"auditor:{finding.code}",
        who="",
        address=address,
        echelon="auditor",
        rung=0,
        demand=Demand.LINE,
        precedence=Precedence.FLASH,
        drill=False,
        language=settings.auditor.language,
        text=(f"{settings.node.title}: {finding.phrase}",),
        code=CODE,
    )


def _heard(channel: str, address: str, result: PageResult, cause: PageCause, detail: str) -> None:
    structlog.stdlib.get_logger("auditor").info(
        "paged", channel=channel, address=address, result=result, cause=cause, detail=detail
    )


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
