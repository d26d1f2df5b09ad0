"""A line with consoles: two stations, joined, each of which serves browsers on loopback."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.line.station import Station, join, until
from tests.loopback import free_port

T = TypeVar("T")

_aside = ThreadPoolExecutor(max_workers=4)


def aside(what: Callable[[], T]) -> T:
    """Return what `what` returns, run beside the browser's loop."""
    return _aside.submit(what).result(60)


def served_at(station: Station) -> str:
    """Return where the console is, once it is served: the line does not wait for it."""
    file = station.home / "console"
    return until(lambda: file.exists() and file.read_text().strip(), "the console to be served")


class Side:
    """One party: its station, and where its console is."""

    def __init__(self, station: Station) -> None:
        self.station = station

    @property
    def address(self) -> str:
        return served_at(self.station)

    def run(self, *words: str) -> Any:
        """Run a verb, as JSON."""
        return aside(lambda: self.station.json(*words))

    def ask(self, view: str, **args: Any) -> Any:
        return aside(lambda: self.station.ask(view, **args))

    def do(self, *commands: Any) -> Any:
        return aside(lambda: self.station.do(*commands))


LADDER = {
    "rungs": [
        {"echelon": "duty-desk", "patience_ms": 20_000},
        {"echelon": "deputy", "patience_ms": 30_000},
        {"echelon": "contact-card", "patience_ms": 30_000},
    ],
    "act_ms": 600_000,
}
TERMS = {
    "pulse": {"heartbeat_ms": 500, "late_after_ms": 4_000, "down_after_ms": 8_000},
    "tests": {"every_ms": 7 * 86_400_000, "patience_ms": 60_000},
    "ladders": dict.fromkeys(("flash", "immediate", "priority", "routine"), LADDER),
}


class Line:
    """North and south, joined, each with a console."""

    def __init__(self, folder: Path, changes: dict[str, Any] | None = None) -> None:
        self.folder = folder
        stations = [Station(name, folder, f"Maj. {name.title()}") for name in ("north", "south")]
        self.north, self.south = (Side(station) for station in stations)
        for station in stations:
            self._set_up(station)
            station.serve(wait=False)
        for station in stations:
            station.await_up()
        join(*stations, folder, TERMS | (changes or {}))

    def _set_up(self, station: Station) -> None:
        language = ("--language", "en", "--language", "ru")
        station.init(*language)
        path = station.home / "clearline.toml"
        text = path.read_text()
        start = text.index("[console]")
        officer = f"Maj. {station.name.title()}"
        # One that stays, so that a node that was killed comes back there, as a service would.
        address = f"127.0.0.1:{free_port()}"
        table = f'[console]\nlisten = "{address}"\ndemo_officer = "{officer}"\n'
        path.write_text(text[:start] + table)

    def end(self) -> None:
        for side in (self.north, self.south):
            process = side.station.process
            if process is not None and process.poll() is None:
                side.station.stop()
