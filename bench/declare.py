"""Declare: notices checked, released, compared, journaled and in the feed, durably, sustained.

Two nodes' runtimes with real keys, joined by a wire without a network. One side has so many
notices active; the other one declares, on a journal on disk, in the groups that the node's own
loop makes and one by one. Nothing is left out of a declaration but sending it; the receipt
is the business of `bench.link`.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import common
from clearline.basis.instants import Instant
from clearline.cli.serving import calm_collector
from clearline.core.events import Declare, OpenLink, TakeWatch
from clearline.core.terms import Limits, Terms
from clearline.node.loop import MAX_BULK_BATCH
from clearline.node.runtime import Outcome, Runtime, open_runtime
from clearline.sim.keys import real_keys
from clearline.sim.scene import LINK, NORTH, PARTIES, SOUTH, terms_of
from clearline.space import Polygon, Position
from clearline.stores.memory import MemoryJournal
from clearline.stores.sqlite import SqliteJournal

_ROUNDS = 5
"""The figure is that of the median round, so that one pause of the machine is not the figure."""


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    with tempfile.TemporaryDirectory(prefix="clb-") as folder:
        now = common.now()
        journal = SqliteJournal(Path(folder) / "journal.db")
        south = open_runtime(journal, real_keys(SOUTH), _nobody, now, version="bench")
        _stand(south, asked.active, now)
        calm_collector()  # As a node that serves does.
        active = south.state.notices.active(LINK, mine=False)
        events = common.notices(LINK, asked.declare, side=0, seed=7)
        rounds = list(_cut(events, _ROUNDS))
        _declare(south, common.notices(LINK, 200, side=0, seed=8), MAX_BULK_BATCH)
        grouped = sorted(_declare(south, each, MAX_BULK_BATCH) for each in rounds)
        single = list(_cut(common.notices(LINK, asked.single, side=0, seed=9), _ROUNDS))
        alone = sorted(_declare(south, each, 1) for each in single)
        cpu = min(
            _cpu_us(south, common.notices(LINK, 1_000, side=0, seed=s)) for s in range(11, 16)
        )
        disk = {"group": _disk(Path(folder), MAX_BULK_BATCH), "one": _disk(Path(folder), 1)}
        where = _profiled(south, common.notices(LINK, asked.single, side=0, seed=10))
        conflicts = len(south.state.conflicts.by_key)
        journal.close()
    return {
        "benchmark": "declare",
        "active": active,
        "declared": asked.declare,
        "group": MAX_BULK_BATCH,
        "grouped_per_s": round(grouped[_ROUNDS // 2]),
        "one_by_one_per_s": round(alone[_ROUNDS // 2]),
        "grouped_rounds_per_s": [round(each) for each in grouped],
        "cpu_us_each": cpu,
        "disk_alone_per_s": disk,
        "conflicts_found": conflicts,
        "where_percent": where,
        "goal_per_s": {"grouped": 5_000, "one_by_one": 1_500},
    }


def _stand(south: Runtime, active: int, now: Instant) -> None:
    """Open the link between two nodes, and have the other one's notices stand here."""
    north = open_runtime(MemoryJournal(), real_keys(NORTH), _nobody, now, version="bench")
    terms = _terms(active)
    for runtime, party in ((north, NORTH), (south, SOUTH)):
        began = OpenLink(by="bench", us=party, terms=terms, agree=True)
        watch = TakeWatch(by="bench", echelon="duty-desk", languages=("en",))
        _held(runtime.submit([began, watch], now))
    _carry(north, south, now)
    _carry(south, north, now)
    for group in _cut(common.notices(LINK, active, side=1), max(1, active // 250)):
        _held(north.submit(group, now))
        _carry(north, south, now)
    _carry(south, north, now)


def _held(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.mistake is not None:
            raise outcome.mistake


def _carry(sender: Runtime, receiver: Runtime, now: Instant) -> None:
    while ready := sender.pushes(now):
        for push, body in ready:
            reply = receiver.admit(push.link, body, now)
            if reply.status != 200:
                raise RuntimeError(reply.body)
            sender.answered(push, reply.status, reply.body, now)


def _declare(runtime: Runtime, events: Sequence[Declare], group: int) -> float:
    """Return how many were declared in a second, in commits of so many."""
    now = common.now()
    began = time.perf_counter()
    for start in range(0, len(events), group):
        _held(runtime.submit(events[start : start + group], now))
    return len(events) / (time.perf_counter() - began)


def _cpu_us(runtime: Runtime, events: Sequence[Declare]) -> int:
    """Return how much of a processor one takes, in groups: what another's load hardly changes."""
    began = time.process_time()
    _declare(runtime, events, MAX_BULK_BATCH)
    return round((time.process_time() - began) / len(events) * 1e6)


def _disk(folder: Path, group: int) -> int:
    """Return how many entries a second the disk alone takes, in commits of so many: the ceiling."""
    rounds = max(20, 400 // group)
    with sqlite3.connect(folder / f"alone-{group}.db", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE entry (raw BLOB)")
        began = time.perf_counter()
        for _ in range(rounds):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO entry VALUES (?)", [(b"x" * 900,)] * group)
            db.execute("COMMIT")
    return round(rounds * group / (time.perf_counter() - began))


_PARTS = {
    "check": ("notices.py", "check_volumes"),
    "release": ("declaring.py", "released"),
    "compare": ("declaring.py", "find"),
    "keep": ("notices.py", "put"),
    "write": ("release.py", "say"),
    "feed": ("line.py", "grow"),
    "readable": ("journaled.py", "check_readable"),
    "commit": ("runtime.py", "_commit"),
}
"""Parts of a declaration, and the function whose time, with all that it calls, each is. What is
checked is part of what is released."""


def _profiled(runtime: Runtime, events: Sequence[Declare]) -> dict[str, float]:
    """Return what share of the time each part takes, by a profile of its own."""
    profile = cProfile.Profile()
    profile.runcall(_declare, runtime, events, MAX_BULK_BATCH)
    stats: Any = pstats.Stats(profile)
    whole = stats.total_tt
    shares: dict[str, float] = {}
    for part, (file, function) in _PARTS.items():
        for (path, _, name), (_, _, _, cumulated, _) in stats.stats.items():
            if name == function and path.endswith(file):
                shares[part] = round(100 * cumulated / whole, 1)
    return shares


def _terms(active: int) -> Terms:
    from msgspec.structs import replace  # noqa: PLC0415

    keys = tuple(real_keys(party).public for party in PARTIES)
    corners = ((29, 34), (29, 46), (41, 46), (41, 34))
    area = Polygon(
        exterior=tuple(Position(lat_e7=lat * 10**7, lon_e7=lon * 10**7) for lat, lon in corners)
    )
    limits = Limits(
        active_notices=min(2 * active + 100_000, 1_000_000), notices_per_hour=100_000_000
    )
    return replace(terms_of((keys[0], keys[1])), area=area, limits=limits)


def _cut(events: Sequence[Declare], pieces: int) -> Iterator[Sequence[Declare]]:
    size = -(-len(events) // pieces)
    for start in range(0, len(events), size):
        yield events[start : start + size]


def _nobody(_effect: object) -> None:
    pass


if __name__ == "__main__":
    common.main(measure, __doc__, active=100_000, declare=10_000, single=2_000)
