"""The node's end of tracks: what it tells its process, and in which order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clearline.gateways.tracks.child import MOST_AT_ONCE, Child
from clearline.gateways.tracks.messages import (
    LINE_BYTES,
    Begin,
    Command,
    Listen,
    Notices,
    decode_command,
)
from clearline.node import beside
from clearline.node.settings import TracksSettings
from tests import kit

ROOF = TracksSettings(receivers=("roof=sbs://127.0.0.1:1",), authority_file="ca.pem")


async def said(ours: socket.socket) -> AsyncIterator[Command]:
    """Yield what a process is told, each once it is."""
    reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
    while line := await reader.readline():
        yield decode_command(line)
    writer.close()


def test_a_process_is_told_every_notice_before_it_is_told_to_listen(
    monkeypatch: pytest.MonkeyPatch,
):
    """The test is the process here: what it is told comes over the socket that one would have."""
    pair = kit.Pair()
    many = 2 * MOST_AT_ONCE + 1
    for number in range(many):
        pair.north.do(kit.declare(kit.volume(lat=35 + number / 100)), pair.now)
    mine = {each.id for each in pair.north.runtime.state.notices.by_id.values()}
    assert len(mine) == many

    async def run() -> list[Command]:
        ours, theirs = socket.socketpair()

        async def begun(
            *_: object, **__: object
        ) -> tuple[asyncio.subprocess.Process, socket.socket]:
            return await asyncio.create_subprocess_exec("true"), ours

        monkeypatch.setattr(beside, "begun", begun)
        child = Child(ROOF, Path("/home"), lambda: pair.north.runtime.state, lambda: pair.now)
        child.start()
        heard: list[Command] = []
        async for command in said(theirs):
            heard.append(command)
            if isinstance(command, Listen):
                break
        await child.stop()
        return heard

    first, *between, last = asyncio.run(run())
    assert isinstance(first, Begin)
    told = [each for command in between if isinstance(command, Notices) for each in command.put]
    assert {each.id for each in told} == mine
    assert isinstance(last, Listen)
    assert [place.name for place in last.places] == ["roof"]
    assert last.authority == "/home/ca.pem"
