"""What every benchmark shares: the machine, the quantiles, the printing, two real nodes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from clearline.basis.instants import DAY_MS, HOUR_MS, Instant, dec_hook
from clearline.core.events import Close, Declare, Dispose, OpenLink, TakeWatch
from clearline.core.terms import Terms
from clearline.node.clock import SystemClock
from clearline.space import Altitude, Band, Circle, Datum, Position, Volume, Window
from clearline.transports.local import LocalClient
from tests.loopback import free_port

ROOT = Path(__file__).resolve().parent.parent
PY = [sys.executable, "-m", "clearline.cli"]


def machine() -> dict[str, Any]:
    """Return what the figures were measured on; no name, no address."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p99 and the most, in milliseconds, by the nearest rank."""
    ranked = sorted(seconds)
    at = lambda q: ranked[min(len(ranked) - 1, int(q * len(ranked)))] * 1_000  # noqa: E731
    return {"p50": round(at(0.50), 2), "p99": round(at(0.99), 2), "max": round(ranked[-1] * 1e3, 2)}


def load_average() -> float:
    """Return the load of the last minute: these machines are noisy, and a figure should say so."""
    return round(os.getloadavg()[0], 2)


def main(
    measure: Callable[[argparse.Namespace], dict[str, Any]], doc: str | None, **options: int
) -> None:
    """Run one benchmark as a command; `options` become whole-number flags."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    for name, value in options.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    before = load_average()
    found = measure(asked)
    found |= {"machine": machine(), "load_before": before}
    if asked.json:
        print(json.dumps(found))
    else:
        print(json.dumps(found, indent=2))


class Party:
    """One real node in a process of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.home = folder / name
        self.process: subprocess.Popen[bytes] | None = None

    def cli(self, *words: str) -> Any:
        """Run one verb; return its JSON."""
        done = subprocess.run(
            [*PY, "--home", str(self.home), *words, "--json"], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())
        return json.loads(done.stdout)

    async def start(self) -> float:
        """Start the process; return the seconds until it answered its owner."""
        began = asyncio.get_running_loop().time()
        log = (self.home / "log.txt").open("ab")
        environment = {**os.environ, "CLEARLINE_LOG_LEVEL": "error"}
        self.process = subprocess.Popen(
            [*PY, "--home", str(self.home), "serve"], stdout=log, stderr=log, env=environment
        )
        log.close()
        while True:
            try:
                async with self.client() as node:
                    await node.ask("status")
                return asyncio.get_running_loop().time() - began
            except Exception:  # noqa: BLE001 - whatever it is, it is not up yet
                if self.process.poll() is not None:
                    raise RuntimeError((self.home / "log.txt").read_text()) from None
                await asyncio.sleep(0.005)

    def client(self) -> LocalClient:
        """Return a client of this node's socket."""
        return LocalClient(self.home / "node.sock")

    def stop(self) -> None:
        """End the process in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def cpu_s(self) -> float:
        """Return how much of a processor the process has used, in seconds (Linux alone)."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most_memory_mb(self) -> float:
        """Return the most resident memory that the process has had (Linux alone)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [each for each in status.splitlines() if each.startswith("VmHWM")]
        return round(int(line.split()[1]) / 1_000, 1)

    def memory_mb(self) -> float:
        """Return the resident memory of the process."""
        import psutil  # noqa: PLC0415 - only where it is measured

        assert self.process is not None
        return round(psutil.Process(self.process.pid).memory_info().rss / 1e6, 1)


@asynccontextmanager
async def pair(
    changes: dict[str, Any] | None = None, via: Callable[[int], Awaitable[int]] | None = None
) -> AsyncIterator[tuple[Party, Party, str]]:
    """Yield two nodes on loopback TLS, the watch taken, and their link's id.

    `via` is given the port of north, and returns the one at which south reaches it.
    """
    folder = Path(tempfile.mkdtemp(prefix="clb-"))
    north, south = Party(folder, "north"), Party(folder, "south")
    try:
        for party, port in ((north, free_port()), (south, free_port())):
            told = await via(port) if via and party is north else port
            party.cli("init", party.name, "--listen", f"127.0.0.1:{port}",
                      "--url", f"https://127.0.0.1:{told}")  # fmt: skip
            await party.start()
        card, document = folder / "card.json", folder / "terms.json"
        south.cli("party", "--out", str(card))
        (folder / "changes.json").write_text(json.dumps(_quiet() | (changes or {})))
        north.cli(
            "link",
            "propose",
            str(card),
            "--area",
            str(ROOT / "bench" / "area.geojson"),
            "--changes",
            str(folder / "changes.json"),
            "--out",
            str(document),
        )
        terms = msgspec.json.decode(document.read_bytes(), type=Terms, dec_hook=dec_hook)
        async with north.client() as ours, south.client() as theirs:
            await theirs.do(OpenLink(by="bench", us="south", terms=terms, agree=True))
            for node in (ours, theirs):
                while not (await node.ask("status"))["links"][0]["in_force"]:
                    await asyncio.sleep(0.01)
                await node.do(TakeWatch(by="bench", echelon="duty-desk", languages=("en",)))
        yield north, south, terms.link
    finally:
        north.stop()
        south.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Tap:
    """What runs from one node to another, and when it came: a relay of bytes that keeps time."""

    def __init__(self) -> None:
        self._came: list[float] = []

    async def to(self, port: int) -> int:
        """Relay to a port of this machine; return the port to connect to instead."""

        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            back, forth = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                self._relay(reader, forth, self._came), self._relay(back, writer, [])
            )

        server = await asyncio.start_server(joined, "127.0.0.1", 0)
        self._server = server
        return int(server.sockets[0].getsockname()[1])

    def first_after(self, at_ms: float) -> float:
        """Return when the first bytes since `at_ms` were handed to the node, in ms of the epoch."""
        return next(came for came in self._came if came >= at_ms)

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, came: list[float]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while raw := await reader.read(65_536):
                came.append(time.time() * 1_000)
                writer.write(raw)
                await writer.drain()
        writer.close()


def _quiet() -> dict[str, Any]:
    """No test calls in the middle of a measurement."""
    return {"tests": {"every_ms": 7 * DAY_MS, "patience_ms": HOUR_MS}}


def notices(link: str, count: int, *, side: int = 0, seed: int = 1) -> list[Declare]:
    """Return `count` declarations of small circles spread over ten degrees, mostly apart.

    Side 0 lies at other heights than side 1, so that a conflict is the exception.
    """
    now = SystemClock().now()
    made: list[Declare] = []
    for number in range(count):
        key = (number * 2_654_435_761 + seed * 40_503 + side * 97) % 2**32
        lat = 30_0000000 + (key % 100_000) * 1_000
        lon = 35_0000000 + (key // 100_000 % 100_000) % 100_000 * 1_000
        level = 100 + 20 * (key % 4) + 150 * side
        start = now.after(2 * HOUR_MS + (key >> 8) % (20 * HOUR_MS))
        made.append(
            Declare(
                by="bench",
                links=(link,),
                activity="flight",
                volumes=(
                    Volume(
                        outline=Circle(
                            centre=Position(lat_e7=lat, lon_e7=lon),
                            radius_cm=300_000 + key % 900_000,
                        ),
                        band=_band(level, level + 15),
                        window=Window(start=start, end=start.after(HOUR_MS)),
                    ),
                ),
            )
        )
    return made


def _band(lower: int, upper: int) -> Band:
    return Band(
        lower=Altitude(datum=Datum.FL, value_cm=lower * 3_048),
        upper=Altitude(datum=Datum.FL, value_cm=upper * 3_048),
    )


async def declare_all(node: LocalClient, events: Sequence[Declare], at_once: int = 200) -> None:
    """Declare everything, with so many requests under way."""
    room = asyncio.Semaphore(at_once)

    async def one(event: Declare) -> None:
        async with room:
            await node.do(event)

    await asyncio.gather(*(one(event) for event in events))


async def end_call(caller: LocalClient, called: LocalClient, call: str) -> None:
    """Dispose of an acknowledged call, and close it from both sides."""
    await called.do(Dispose(by="bench", call=call, disposition="understood"))
    while True:
        try:
            await caller.do(Close(by="bench", call=call))
            break
        except Exception:  # noqa: BLE001 - the disposition is not here yet
            await asyncio.sleep(0.002)
    await called.do(Close(by="bench", call=call))


async def settled(node: LocalClient) -> None:
    """Wait until the counterpart has signed for everything."""
    while True:
        link = (await node.ask("status"))["links"][0]
        if link["own_size"] == link["stored_by_them"]:
            return
        await asyncio.sleep(0.02)


def now() -> Instant:
    """Return the present instant."""
    return SystemClock().now()
