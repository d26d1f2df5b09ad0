"""Tracks never leave: a node with ten thousand of them writes the same bytes as one with none.

The same node is run twice, from the same folder, by the same clock, with the same events of its
officers and the same entries of its counterpart. One run has a receiver with 10,000 tracks, some of
them inside notices of theirs, alarmed, seen, and said to be ours. Then every feed, the journal with
its chain, and the log of releases are compared byte for byte.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import clearline
from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.core.effects import Effect
from clearline.core.events import (
    Acknowledge,
    Close,
    Declare,
    Dispose,
    Note,
    OpenCall,
    OpenLink,
    Revise,
    Say,
    TakeWatch,
    Withdraw,
)
from clearline.core.terms import Precedence
from clearline.gateways.tracks import messages
from clearline.node.clock import SystemClock
from clearline.node.runtime import Runtime, open_runtime
from clearline.phrasebook import Stop
from clearline.space import Volume, Window
from clearline.stores.keyfile import read_keys
from clearline.stores.memory import MemoryJournal
from clearline.wiring.home import Home
from clearline.wiring.running import RunningNode
from tests.gateways.tracks import air
from tests.gateways.tracks.senders import Sender
from tests.kit import AIR, LINK, circle, degrees, terms
from tests.line.station import Station

TRACKS = 10_000
PART = 5_000


class Still:
    """A clock that moves when it is told to."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def stepped_ms(self) -> int:
        return 0


class South:
    """The counterpart: a real runtime, whose appends are carried by hand."""

    def __init__(self, home: Home, at: Instant) -> None:
        effects: list[Effect] = []
        keys = read_keys(home.keys)
        self.runtime: Runtime = open_runtime(
            MemoryJournal(), keys, effects.append, at, version="test"
        )
        self._stored = 0

    def do(self, event: Any, at: Instant) -> str:
        (outcome,) = self.runtime.submit([event], at)
        if outcome.mistake is not None:
            raise outcome.mistake
        return outcome.entries[0].id if outcome.entries else ""

    def exchange(self, node: RunningNode, at: Instant) -> None:
        """Carry both feeds to where the other holds all of them."""
        for body in self.runtime.carry(LINK, node.runtime.lines[LINK].link.their_size):
            reply = node.admit(LINK, body)
            assert reply.status == 200, reply.body
        for body in node.runtime.carry(LINK, self._stored):
            assert self.runtime.admit(LINK, body, at, carried=True).status == 200
        self._stored = self.runtime.lines[LINK].link.their_size


def a_volume(lat: float, lon: float, now: Instant, radius_m: int = 30_000) -> Volume:
    window = Window(start=now.after(-MINUTE_MS), end=now.after(3 * HOUR_MS))
    return Volume(outline=circle(lat, lon, radius_m), band=AIR, window=window)


def flights(numbers: list[int]) -> bytes:
    """So many aircraft over the whole area, all on their way, a few of them in the notices."""
    return b"".join(
        air.sbs(
            f"{n + 1:06X}", 34.1 + (n * 7 % 280) / 100, 38.1 + (n * 13 % 380) / 100,
            10_000 + n % 8_000, course=n * 17 % 360, knots=300, name=f"F{n}",
        )
        for n in numbers
    )  # fmt: skip


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


async def watch(node: RunningNode, roof: Sender, ours: str) -> None:
    """Let ten thousand tracks be seen, alarmed, looked at, and one be said to be ours."""
    await until(lambda: node.tracks.receivers["roof"].state == "up")
    seen = node.tracks._tracks
    while len(seen) < TRACKS:
        # More than a receiver may say in a second is left out: what was is said again.
        missing = [n for n in range(TRACKS) if f"roof/{n + 1:06X}" not in seen][:PART]
        whole = len(seen) + len(missing)
        roof.send(flights(missing))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await until(lambda whole=whole: len(seen) >= whole)
    await until(lambda: len(node.tracks.alarms) >= 100)
    node.tracks.belong("roof/000001", ours)
    await until(lambda: any(each.what == "left" for each in node.tracks.alarms.values()))
    assert node._console is not None
    alarm = next(iter(node.tracks.alarms.values()))
    node._console._picture.see(f"{alarm.id}:{alarm.what}", "officer", node.clock.now())
    found = await node.ask("tracks", {"most": TRACKS})
    assert (found.count, len(found.tracks)) == (TRACKS, TRACKS)


async def story(home: Home, south_home: Home, at: Instant, roof: Sender | None) -> None:
    clock = Still(at)
    node, south = RunningNode(home, clock), South(south_home, at)
    await node.start()
    agreed = terms(parties=(home.card(), south_home.card()))
    await node.submit(OpenLink(by="liaison", us="north", terms=agreed, agree=True))
    south.do(OpenLink(by="liaison", us="south", terms=agreed, agree=True), at)
    south.exchange(node, at)
    south.exchange(node, at)
    await node.submit(TakeWatch(by="officer", echelon="duty-desk", languages=("en",)))
    south.do(TakeWatch(by="theirs", echelon="duty-desk", languages=("en",)), at)
    declared = Declare(
        by="theirs", links=(LINK,), activity="flight",
        volumes=(a_volume(35.3, 40.1, at), a_volume(36.0, 41.0, at)),
    )  # fmt: skip
    theirs = south.do(declared, at)
    outcome = await node.submit(
        Declare(
            by="officer", links=(LINK,), activity="flight", volumes=(a_volume(34.5, 38.5, at),),
            label="Dawn",
        )
    )  # fmt: skip
    ours = outcome.entries[0].id
    south.exchange(node, at)
    if roof is not None:
        await watch(node, roof, ours)
    clock.at = clock.at.after(MINUTE_MS)
    await node.submit(Note(by="officer", notice=theirs, disposition="received"))
    moved = a_volume(34.6, 38.6, clock.at)
    await node.submit(Revise(by="officer", notice=ours, volumes=(moved,)))
    stop = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
    called = await node.submit(
        OpenCall(by="officer", link=LINK, precedence=Precedence.FLASH, phrases=(stop,))
    )
    call = called.entries[0].id
    south.exchange(node, clock.at)
    south.do(Acknowledge(by="theirs", call=call, echelon="duty-desk"), clock.at)
    south.do(Dispose(by="theirs", call=call, disposition="will_comply"), clock.at)
    south.exchange(node, clock.at)
    await node.submit(Say(by="officer", call=call, phrases=(stop,)))
    clock.at = clock.at.after(MINUTE_MS)
    await node.submit(Close(by="officer", call=call))
    await node.submit(Withdraw(by="officer", notice=ours))
    south.exchange(node, clock.at)
    if roof is not None:
        await until(lambda: not any(a.notice == ours for a in node.tracks.alarms.values()))
    await node.stop()


def written(home: Home) -> dict[str, list[Any]]:
    """Everything that the node wrote that its feeds and its memory are made of."""
    database = sqlite3.connect(home.journal)
    rows = {
        name: database.execute(f"SELECT {columns} FROM {name} ORDER BY 1, 2, 3").fetchall()
        for name, columns in {
            "journal": "seq, at, event, chain",
            "feed": "link, party, idx, raw, leaf",
            "release": "id, link, entry, kind, at, by, changes",
        }.items()
    }
    database.close()
    return rows


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_feeds_and_journal_are_the_same_bytes_with_ten_thousand_tracks_and_with_none(folder: Path):
    for name in ("north", "south"):
        Station(name, folder).init("--language", "en")
    roof = Sender()
    shutil.copytree(folder / "north", folder / "seeing")
    settings = folder / "seeing" / "clearline.toml"
    text = settings.read_text()
    table = f'[tracks]\nreceivers = ["roof=sbs://127.0.0.1:{roof.port}"]\n'
    text = text[: text.index("[tracks]")] + table
    settings.write_text(text.replace('[console]\nlisten = ""', '[console]\nlisten = "127.0.0.1:0"'))
    at, south = SystemClock().now(), Home(folder / "south")
    asyncio.run(story(Home(folder / "north"), south, at, None))
    asyncio.run(story(Home(folder / "seeing"), south, at, roof))
    roof.end()
    without, with_them = written(Home(folder / "north")), written(Home(folder / "seeing"))
    assert len(without["journal"]) > 12
    assert len(without["feed"]) > 10
    assert with_them == without
    assert roof.heard == b""
    # Nor is anything of them on the disk at all.
    for path in (folder / "seeing").rglob("*"):
        if path.is_file():
            assert b"roof/0000" not in path.read_bytes(), path


def test_the_process_has_no_word_for_saying_anything_to_anybody():
    """What the node can hear from it is what is seen, what is alarmed, and how receivers are."""
    heard = {kind.__name__ for kind in messages.Event.__args__}
    assert heard == {"Seen", "Alarmed", "Heard"}


def test_only_the_node_that_is_put_together_and_its_screens_name_tracks():
    """As the import contracts say of modules, of every file that could reach a feed."""
    root = Path(clearline.__file__).parent
    may = {
        "gateways/tracks", "node/tracks", "node/settings.py", "web", "cli/tracks.py",
        "wiring/running.py",
    }  # fmt: skip
    found: list[str] = []
    for path in root.rglob("*.py"):
        name = str(path.relative_to(root))
        if any(name.startswith(each) for each in may):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [node.module or ""] if isinstance(node, ast.ImportFrom)
                else [each.name for each in node.names] if isinstance(node, ast.Import) else []
            )  # fmt: skip
            if any(".tracks" in each or each in {"pyais", "pyModeS"} for each in names):
                found.append(name)
    assert found == []
