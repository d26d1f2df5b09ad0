"""The node's end of tracks: what it tells its process, and in which order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clearline.core.events import Withdraw
from clearline.gateways.tracks.child import MOST_AT_ONCE, Child
from clearline.gateways.tracks.messages import (
    LINE_BYTES,
    Begin,
    Belong,
    Command,
    Listen,
    Notices,
    Seen,
    decode_command,
)
from clearline.node import beside
from clearline.node.settings import TracksSettings
from tests import kit
from tests.node.tracks.sky import flight, track

ROOF = TracksSettings(receivers=("roof=sbs://127.0.0.1:1",), authority_file="ca.pem")


async def said(ours: socket.socket) -> AsyncIterator[Command]:
    """Yield what a process is told, each once it is."""
    reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
    while line := await reader.readline():
        yield decode_command(line)
    writer.close()


def told(child: Child, monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """Return what a process is told until it is told to listen.

    The test is the process here: what it is told comes over the socket that one would have.
    """

    async def run() -> list[Command]:
        ours, theirs = socket.socketpair()

        async def begun(
            *_: object, **__: object
        ) -> tuple[asyncio.subprocess.Process, socket.socket]:
            return await asyncio.create_subprocess_exec("true"), ours

        monkeypatch.setattr(beside, "begun", begun)
        child.start()
        heard: list[Command] = []
        async for command in said(theirs):
            heard.append(command)
            if isinstance(command, Listen):
                break
        await child.stop()
        return heard

    return asyncio.run(run())


def child_of(pair: kit.Pair) -> Child:
    return Child(ROOF, Path("/home"), lambda: pair.north.runtime.state, lambda: pair.now)


def test_a_process_is_told_every_notice_before_it_is_told_to_listen(
    monkeypatch: pytest.MonkeyPatch,
):
    pair = kit.Pair()
    many = 2 * MOST_AT_ONCE + 1
    for number in range(many):
        pair.north.do(kit.declare(kit.volume(lat=35 + number / 100)), pair.now)
    mine = set(pair.north.runtime.state.notices.by_id)
    assert len(mine) == many
    first, *between, last = told(child_of(pair), monkeypatch)
    assert isinstance(first, Begin)
    put = [each for command in between if isinstance(command, Notices) for each in command.put]
    assert {each.id for each in put} == mine
    assert isinstance(last, Listen)
    assert [place.name for place in last.places] == ["roof"]
    assert last.authority == "/home/ca.pem"


def test_a_process_is_told_what_belongs_to_a_notice_unless_that_has_ended(
    monkeypatch: pytest.MonkeyPatch,
):
    pair = kit.Pair()
    for lat in (35.0, 36.0):
        pair.north.do(kit.declare(kit.volume(lat=lat)), pair.now)
    stands, ends = pair.north.runtime.state.notices.by_id
    child = child_of(pair)
    child._take(Seen(put=(track(flight("A")), track(flight("B"))), gone=(), left_out=0))
    child.belong("roof/A", stands)
    child.belong("roof/B", ends)
    pair.north.do(Withdraw(by="planner", notice=ends), pair.now)
    _, notices, *belong, _ = told(child, monkeypatch)
    assert isinstance(notices, Notices)
    assert [each.id for each in notices.put] == [stands]
    assert belong == [Belong(track="roof/A", notice=stands)]
