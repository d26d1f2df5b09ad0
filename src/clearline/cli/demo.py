"""The demo: two nodes, one link, with nothing pretended.

Two real processes, real TLS, real files. It opens two consoles, one for each party, and
goes on until it is interrupted: play both sides. With `--no-browser` it plays a script of
about a minute instead, with the very verbs that an officer types, each shown as it is run.
Either way it ends with 0 only if both records verify.

    python -m clearline.cli.demo [--keep DIR] [--svg FILE] [--no-browser]
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

__all__ = ["main"]

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PATIENCE_S = 30.0
"""How long the demo waits for anything before it says that it failed."""

LADDER = [
    {"echelon": "duty-desk", "patience_ms": 4_000},
    {"echelon": "deputy", "patience_ms": 20_000},
    {"echelon": "flag-officer", "patience_ms": 30_000},
    {"echelon": "contact-card", "patience_ms": 30_000},
]
"""The default's echelons with a first rung of 4 s, so that the climb can be watched."""

CITY = "Deir ez-Zor city=35.3333N 040.1500E"
AIRFIELD = "Deir ez-Zor airfield=35.2854N 040.1760E"
TERRAIN = "100 m to 1500 m"
"""From the Euphrates below the town to the hills in the north-east."""


class DemoFailed(Exception):  # noqa: N818 - what the last line then says
    """A step did not do what it must."""


class Side:
    """One party: a home, a process, and a follower that hears what its desk hears."""

    def __init__(self, console: Console, folder: Path, name: str, style: str) -> None:
        self.console = console
        self.name = name
        self.style = style
        self.home = folder / name
        self.process: subprocess.Popen[bytes] | None = None
        self.officer = ""
        """Who sits at the console, if there is one."""
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def run(self, *words: str, shown: bool = True, may_fail: bool = False) -> Any:
        """Run one verb as the officer would; return its JSON."""
        if shown:
            line = shlex.join(words).replace(f"{self.home.parent}/", "")
            line = line.replace(f"{EXAMPLES.parent}/", "")
            self.console.print(
                f"[{self.style}]{self.name:>5} ▸[/] [dim]clearline {escape(line)}[/]"
            )
        done = subprocess.run(  # noqa: S603 - our own command line
            [*_clearline(), "--home", str(self.home), *words, "--json"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S * 2,
            check=False,
        )
        try:
            value = json.loads(done.stdout.splitlines()[-1])
        except (ValueError, IndexError):
            raise DemoFailed(f"{shlex.join(words)}: {done.stderr.strip() or done.stdout}") from None
        if done.returncode != 0 and not may_fail:
            raise DemoFailed(f"{shlex.join(words)}: {value.get('error', value)}")
        return value

    def start(self) -> None:
        """Start the node as a process and wait until it hears its owner."""
        log = (self.home / "log.txt").open("ab")
        environment = dict(os.environ)
        if self.officer:
            environment["CLEARLINE_CONSOLE_LISTEN"] = "127.0.0.1:0"
            environment["CLEARLINE_CONSOLE_DEMO_OFFICER"] = self.officer
        self.process = subprocess.Popen(  # noqa: S603 - our own command line
            [*_clearline(), "--home", str(self.home), "serve"],
            stderr=log,
            stdout=log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the demo, which then asks both to end.
        )
        log.close()
        self._follow()

    def kill(self) -> None:
        """Kill the node where it stands, as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Let the node end in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def wait_for(self, what: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first thing heard from now on that is wanted."""
        while True:
            try:
                effect = self.heard.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise DemoFailed(f"{self.name} waited {PATIENCE_S:.0f} s for {what}") from None
            if wanted(effect):
                return effect

    def until(self, what: str, view: str, wanted: Callable[[Any], bool]) -> Any:
        """Return a view once it is as wanted; looked at anew each time something is heard."""
        while True:
            value = self.run(view, shown=False)
            if wanted(value):
                return value
            self.wait_for(what, lambda _: True)

    def served_at(self) -> str:
        """Return where the node serves its console, once it does."""
        while True:
            console = self.run("status", shown=False)["console"]
            if console["address"] is not None:
                return console["address"]
            if console["code"] is not None:
                raise DemoFailed(f"{self.name}'s console is not served: {console['phrase']}")

    def _follow(self) -> None:
        """Hear the desk's effects in a thread, from when the node answers until it ends."""
        ready = threading.Event()

        def listen() -> None:
            while self.process is not None and self.process.poll() is None:
                with subprocess.Popen(  # noqa: S603 - our own command line
                    [*_clearline(), "--home", str(self.home), "follow", "--json"],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                ) as follower:
                    assert follower.stdout is not None
                    for line in follower.stdout:
                        effect = json.loads(line)
                        if "type" not in effect:
                            break  # The node does not answer yet, or no longer: ask again.
                        if effect["type"] == "Following":
                            ready.set()
                        self.heard.put(effect)

        threading.Thread(target=listen, daemon=True).start()
        if not ready.wait(PATIENCE_S):
            raise DemoFailed(f"{self.name}'s node did not start: see {self.home / 'log.txt'}")


class Demo:
    """The script."""

    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self.folder = folder
        self.north = Side(console, folder, "north", "bold cyan")
        self.south = Side(console, folder, "south", "bold magenta")

    def play(self) -> str:
        """Play everything; return the last line."""
        try:
            self.begin()
            self.declare()
            self.swap()
            self.flash()
            return self.prove()
        finally:
            for side in (self.north, self.south):
                side.stop()

    def host(self) -> str:
        """Open two consoles and wait until interrupted; return the last line."""
        self.north.officer, self.south.officer = "Maj A. North", "Maj B. South"
        try:
            self.begin(manned=False)
            addresses = [(side, f"{side.served_at()}/demo") for side in (self.north, self.south)]
            self._title("Two consoles, one for each party")
            for side, address in addresses:
                self.console.print(f"[{side.style}]{side.name:>5} ▸[/] {address}")
            self._say("Take the watch on both. Declare on one; see it arrive on the other.")
            self._say("Press CALL, hear it ring, let it climb, acknowledge, read back, close.")
            self._say("These sessions were signed in for you; they work on this machine only.")
            self._say("Ctrl-C ends the demo, and verifies both records.")
            if os.environ.get("DISPLAY") or sys.platform == "darwin":
                for _, address in addresses:
                    webbrowser.open(address)
            self._wait()
            return self.prove()
        finally:
            for side in (self.north, self.south):
                side.stop()

    def _wait(self) -> None:
        """Return when somebody interrupts, or a node ends."""
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: over.set())
        nodes = [side.process for side in (self.north, self.south) if side.process is not None]
        while not over.wait(1.0):
            if any(node.poll() is not None for node in nodes):
                raise DemoFailed("a node ended by itself")

    def begin(self, *, manned: bool = True) -> None:
        """Two parties, two processes, one link."""
        self._title("Two parties, two nodes, one link")
        for side, title, language in (
            (self.north, "North headquarters", "en"),
            (self.south, "South headquarters", "ru"),
        ):
            side.run(
                "init", side.name, "--title", title, "--listen", "127.0.0.1:0",
                "--contact", f"{title}, operations desk", "--language", language,
            )  # fmt: skip
            side.start()
        for side in (self.north, self.south):
            address = (side.home / "address").read_text().strip()
            _set_url(side.home, f"https://{address}")
        card, terms = self.folder / "south.card.json", self.folder / "terms.json"
        changes = self.folder / "changes.json"
        changes.write_text(json.dumps({"ladders": {"flash": {"rungs": LADDER}}}))
        self.south.run("party", "--out", str(card))
        proposed = self.north.run(
            "link", "propose", str(card), "--area", str(EXAMPLES / "area.geojson"),
            "--anchor", CITY, "--anchor", AIRFIELD, "--terrain", TERRAIN,
            "--changes", str(changes), "--out", str(terms),
        )  # fmt: skip
        self.south.run("link", "agree", str(terms), "--yes")
        for side in (self.north, self.south):
            side.until("terms in force", "status", lambda s: s["links"][0]["in_force"])
            if manned:
                side.run("watch", "take")
        self._say(f"terms in force on both sides, hash {proposed['hash'][:16]}…")
        self._say("TLS 1.3, both certificates pinned; every entry will be signed for by both.")

    def declare(self) -> None:
        """Both declare from files; both find the conflict."""
        self._title("Where and when: two files, one conflict, found by both")
        window = ("--from", "+3h", "--to", "+6h")
        self.north.run("declare", "--file", str(EXAMPLES / "north-flights.geojson"), *window)
        self.south.run("declare", "--file", str(EXAMPLES / "south-flights.kml"), *window)
        table = Table(box=None, header_style="bold")
        for head in ("seen by", "ours x theirs", "across", "from", "claimed by"):
            table.add_column(head)
        for side in (self.north, self.south):
            (found,) = side.until(
                "the conflict",
                "conflicts",
                lambda found: len(found) == 1 and len(found[0]["claimed_by"]) == 2,
            )
            table.add_row(
                f"[{side.style}]{side.name}[/]",
                f"▲ {found['ours'][-6:]} x {found['theirs'][-6:]}",
                f"{found['horizontal_cm'] / 100_000:.1f} km",
                found["starts"][11:16] + "Z",
                " and ".join(found["claimed_by"]),
            )
        self.console.print(table)
        self._say("What was shared is rounded outward to the agreed grid, and nothing else left.")

    def swap(self) -> None:
        """The swapped reference point of 17 September 2016, caught."""
        self._title("The swapped reference point, caught before it is sent")
        common = (
            "declare", "--circle", "35.2523N 040.1500E", "--radius", "3 km", "--band", "SFC-FL200",
            "--from", "+2h", "--to", "+3h", "--at", "35.2523N 040.1500E", "--place",
        )  # fmt: skip
        wrong = self.north.run(*common, "9 km 180 from Deir ez-Zor airfield", may_fail=True)
        fault = wrong.get("error", {})
        if fault.get("code") != "anchor_mismatch":
            raise DemoFailed(f"the swapped anchor was not caught: {wrong}")
        self.console.print(Panel(escape(fault["phrase"]), title="refused", border_style="red"))
        self.north.run(*common, "9 km 180 from Deir ez-Zor city")
        self._say("with the right anchor it is declared.")

    def flash(self) -> None:
        """A FLASH that nobody answers at first, through a power cut, to its end."""
        self._title("FLASH: it rings, it climbs, and a power cut does not silence it")
        place = ("place=35.2560N 040.1500E", "radius=500m")
        done = self.south.run("call", "flash", "STOP", *place)
        call = done["entries"][0]["id"]
        ring = self.north.wait_for("the ring", lambda e: e["type"] == "Ring" and e["what"] == call)
        coded = escape(" / ".join(ring["coded"]))
        self.console.print(Panel(f"[bold]{coded}[/]", title="⚡ FLASH rings at north, rung 1"))
        second = self.north.wait_for("rung 2", lambda e: e["type"] == "Ring" and e["rung"] == 2)
        self._say(f"nobody answers; after 4 s it climbs to rung 2, {second['echelon']}.")
        self.north.kill()
        self._say("north's node is killed (SIGKILL) while it rings, and started again:")
        self.north.start()
        (again,) = self.north.run("calls", shown=False)
        if again["id"] != call or again["acknowledged"]:
            raise DemoFailed("the call did not survive the kill")
        self._say(f"it replayed its journal and rings again, rung {again['rung']}.")
        self.north.run("ack", call[-6:])
        self.north.run("readback", call[-6:])
        for disposition in ("received", "relayed to units", "understood"):
            self.north.run("dispose", call[-6:], *disposition.split())
        self.south.until(
            "the read-back and dispositions",
            "calls",
            lambda calls: len(calls[0]["dispositions"]) == 3 and len(calls[0]["said"]) == 2,
        )
        self.south.run("close", call[-6:])
        self.north.until("their closing", "calls", lambda calls: calls[0]["closed_by_them"])
        self.north.run("close", call[-6:])
        (closed,) = self.south.until("both closing", "calls", lambda c: c[0]["state"] == "closed")
        (theirs,) = self.north.run("calls", shown=False)
        for one, other in zip(closed["said"], theirs["said"], strict=True):
            who = "reads back" if one["restates"] else "says"
            self._say(f"{one['who']} {who}: {one['text'][0]}")
            self._say(f"  on the other screen: {other['text'][0]}")
        self._say("closed by both. Received is not agreed; silence would never have closed it.")

    def prove(self) -> str:
        """Each side exports its record; the offline verifier checks both."""
        self._title("The record: two exports, checked offline by a separate program")
        last = ""
        for side in (self.north, self.south):
            side.until(
                "the last receipts",
                "status",
                lambda s: s["links"][0]["own_size"] == s["links"][0]["stored_by_them"],
            )
        for side in (self.north, self.south):
            target = self.folder / f"{side.name}.zip"
            side.run("bundle", "--out", str(target))
            done = subprocess.run(  # noqa: S603 - our own verifier
                [sys.executable, "-m", "clearline.verifier", str(target)],
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            lines = done.stdout.strip().splitlines()
            if done.returncode != 0 or not lines:
                raise DemoFailed(f"{side.name}'s record does not verify: {done.stdout}")
            last = lines[-1]
            self._say(f"{side.name}: {last}")
        return last

    def _title(self, text: str) -> None:
        self.console.rule(f"[bold]{text}")

    def _say(self, text: str) -> None:
        self.console.print(f"      [green]✓[/] {escape(text)}")


def main(argv: list[str] | None = None) -> int:
    """Play the demo; return 0 only if both records verified."""
    parser = argparse.ArgumentParser(prog="make demo", description="Two nodes, one link.")
    parser.add_argument("--keep", type=Path, help="Play in this new folder, and keep it.")
    parser.add_argument("--svg", type=Path, help="Also write a picture of the run.")
    parser.add_argument("--no-browser", action="store_true", help="Play a script instead, and end.")
    asked = parser.parse_args(argv)
    console = Console(record=asked.svg is not None, width=100 if asked.svg else None)
    folder = _folder(asked.keep)
    try:
        demo = Demo(console, folder)
        last = demo.play() if asked.no_browser or asked.svg else demo.host()
    except DemoFailed as failed:
        console.print(f"[bold red]the demo failed[/]: {escape(str(failed))}")
        console.print(f"both nodes' logs: {folder}/*/log.txt")
        return 1
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130
    if asked.keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(last, style="bold green", highlight=False)
    if asked.svg is not None:
        drawn = console.export_svg(title="make demo")
        # The picture names no font server: whoever opens it uses the fonts that are there.
        asked.svg.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))
    return 0


def _folder(keep: Path | None) -> Path:
    if keep is not None:
        keep.mkdir(parents=True)
        return keep.resolve()
    # Short, because a Unix socket's path may have a hundred bytes.
    return Path(tempfile.mkdtemp(prefix="clearline-"))


def _clearline() -> list[str]:
    return [sys.executable, "-m", "clearline.cli"]


def _set_url(home: Path, url: str) -> None:
    """Put the address that the node was given by the system into its settings, for its card."""
    path = home / "clearline.toml"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f'urls = ["{url}"]' if line.startswith("urls = ") else line for line in lines)
    )
    listen = url.removeprefix("https://")
    text = path.read_text().replace('listen = "127.0.0.1:0"', f'listen = "{listen}"')
    path.write_text(text + "\n")


if __name__ == "__main__":
    os.environ.setdefault("CLEARLINE_OFFICER", "duty officer")
    sys.exit(main())
