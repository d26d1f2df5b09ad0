"""A station: one real node in a process of its own, and the command line that drives it.

Everything is real: the process, TLS on 127.0.0.1, SQLite on disk, the verbs. Verbs run in
this process through click's own runner, as hundreds of interpreters would take minutes; those
of `by_process` do not.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from clearline.cli.app import root
from clearline.core.events import Command
from clearline.transports.local import LocalClient
from tests.loopback import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"
DEADLINE_S = 30.0
POLL_S = 0.02
ANCHOR = "Deir ez-Zor airfield=35.2854N 040.1760E"
QUICK = {
    "pulse": {"heartbeat_ms": 300, "late_after_ms": 1_200, "down_after_ms": 3_000},
    "tests": {"every_ms": 7 * 86_400_000, "patience_ms": 2_000},
    "ladders": {
        name: {
            "rungs": [
                {"echelon": "duty-desk", "patience_ms": 1_000},
                {"echelon": "deputy", "patience_ms": 1_000},
            ]
        }
        for name in ("flash", "immediate", "priority")
    },
}
"""Terms that a test can wait for."""


class Failed(Exception):  # noqa: N818 - an outcome that tests look at
    """A verb ended with another code than 0."""

    def __init__(self, code: int, output: str, errors: str) -> None:
        super().__init__(f"exit {code}: {output}{errors}")
        self.code = code
        self.output = output
        self.errors = errors

    @property
    def error(self) -> dict[str, Any]:
        """Return what `--json` says is wrong."""
        return json.loads(self.output)["error"]


class Station:
    """One party's node."""

    def __init__(self, name: str, folder: Path, officer: str = "Maj. A") -> None:
        self.name = name
        self.home = folder / name
        self.officer = officer
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._runner = CliRunner()

    # The command line.

    def run(self, *words: str, stdin: str = "") -> str:
        """Run a verb as a person would; return what it prints. Raises Failed."""
        line = ["--home", str(self.home), "--officer", self.officer, *words]
        result = self._runner.invoke(root, line, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if result.exit_code != 0:
            raise Failed(result.exit_code, result.stdout, result.stderr)
        return result.stdout

    def json(self, *words: str, stdin: str = "") -> Any:
        """Run a verb as a program would; return the value that it prints. Raises Failed."""
        return json.loads(self.run(*words, "--json", stdin=stdin))

    def fails(self, *words: str) -> Failed:
        """Run a verb with `--json` that must fail; return how."""
        try:
            done = self.run(*words, "--json")
        except Failed as failed:
            return failed
        raise AssertionError(f"{words} did not fail: {done}")

    def by_process(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a verb in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "clearline.cli", "--home", str(self.home), *words],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False, **more,
        )  # fmt: skip

    # The node.

    def init(self, *words: str) -> Station:
        """Make the node, to listen on a port of the system's choosing."""
        self.run("init", self.name, "--title", f"{self.name.title()} HQ", *words,
                 "--listen", f"127.0.0.1:{free_port()}")  # fmt: skip
        return self

    def serve(
        self, *, wait: bool = True, wrap: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> Station:
        """Start the node; with `wait`, return once it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*wrap, sys.executable, "-m", "clearline.cli", "--home", str(self.home), "serve"],
                stdout=log, stderr=log, env={**os.environ, **(env or {})},
            )  # fmt: skip
        if wait:
            self.await_up()
        return self

    def await_up(self) -> None:
        """Return once the node answers on its socket."""
        assert self.process is not None

        def up() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.process.returncode}: {self.said}"
                )
            try:
                self.ask("status")
            except Exception:  # noqa: BLE001 - not up yet, whatever it says
                return False
            return True

        until(up, f"{self.name} to come up")

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End the process as an operator would; return its exit code."""
        return self._end(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for the process to end by itself; return its exit code."""
        assert self.process is not None
        return self.process.wait(DEADLINE_S)

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.process = None
        return code

    @property
    def said(self) -> str:
        """Return what the node has written to its standard error."""
        return self.log.read_text(errors="replace")

    def ask(self, view: str, **args: Any) -> Any:
        """Return a view of the running node."""

        async def go() -> Any:
            async with LocalClient(self.home / "node.sock") as node:
                return await node.ask(view, **args)

        return asyncio.run(go())

    def do(self, *commands: Command) -> list[Any]:
        """Have the node handle commands over one connection."""

        async def go() -> list[Any]:
            async with LocalClient(self.home / "node.sock") as node:
                return await asyncio.gather(*(node.do(command) for command in commands))

        return asyncio.run(go())

    @property
    def link(self) -> dict[str, Any]:
        """Return the state of the only link."""
        (link,) = self.ask("status")["links"]
        return link

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls that the node knows."""
        return self.ask("calls")

    def refusals(self) -> list[str]:
        """Return the reasons of every `entry.refused` that this node wrote."""
        shown = self.ask("log", link=self.link["id"], last=10_000)
        return [
            each["body"]["reason"]
            for each in shown
            if each["kind"] == "entry.refused" and each["party"] == self.name
        ]


def until(holds: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Poll until `holds()` is true, and return it; AssertionError at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s:g} s for {what}")
        time.sleep(POLL_S)


def join(
    north: Station, south: Station, folder: Path, changes: dict[str, Any] | None = None
) -> None:
    """Begin a link between two running nodes, by hand as people do, and take both watches."""
    card, document, over = folder / "south.card", folder / "terms.json", folder / "changes.json"
    over.write_text(json.dumps({**QUICK, **(changes or {})}))
    south.run("party", "--out", str(card))
    north.run("link", "propose", str(card), "--area", str(EXAMPLES / "area.geojson"),
              "--out", str(document), "--anchor", ANCHOR, "--changes", str(over))  # fmt: skip
    south.run("link", "agree", str(document), "--yes")
    for station in (north, south):
        until(lambda s=station: s.link["in_force"] and s.link["state"] == "up", "terms in force")
    for station in (north, south):
        station.run("watch", "take")


def settled(north: Station, south: Station) -> None:
    """Return once each side has the other's receipt for all that it wrote."""

    def level() -> bool:
        ours, theirs = north.link, south.link
        return (
            ours["own_size"] == ours["stored_by_them"] == theirs["their_size"]
            and theirs["own_size"] == theirs["stored_by_them"] == ours["their_size"]
        )

    until(level, "both feeds to be stored by both")
