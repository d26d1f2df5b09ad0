"""Two real nodes, joined, for every test of this folder; none may ever print a traceback."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.line.station import Station, join


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, as a Unix socket's may have 100 bytes."""
    path = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def station(folder: Path) -> Iterator[Callable[[str], Station]]:
    """Make stations; each is ended afterwards, and held to have printed no traceback."""
    made: list[Station] = []

    def make(name: str) -> Station:
        made.append(Station(name, folder, officer=f"Maj. {name.title()}"))
        return made[-1]

    yield make
    for each in made:
        if each.process is not None and each.process.poll() is None:
            each.stop()
    for each in made:
        assert not each.log.exists() or "Traceback" not in each.said, each.said


@pytest.fixture
def pair(station: Callable[[str], Station], folder: Path) -> tuple[Station, Station]:
    """North and south, in force, both watches held."""
    north, south = (
        station("north").init().serve(wait=False),
        station("south").init().serve(wait=False),
    )
    north.await_up()
    south.await_up()
    join(north, south, folder)
    return north, south
