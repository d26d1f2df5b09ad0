"""Two real nodes with consoles, whose officers are browsers of WebRTC's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line.consoles import Line


@pytest.fixture
def line() -> Iterator[Line]:
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    made = Line(folder)
    yield made
    made.end()
    for side in (made.north, made.south):
        assert "Traceback" not in side.station.said, side.station.said
    shutil.rmtree(folder, ignore_errors=True)
