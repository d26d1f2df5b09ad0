"""The line comes up without its console, says why, and serves it as soon as it can be."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from clearline.node.settings import load
from clearline.wiring import Home, RunningNode
from tests.line.station import Station, until
from tests.loopback import free_port

AGAIN_S = 0.05
Make = Callable[[str], Station]


@contextmanager
def running(station: Station) -> Iterator[RunningNode]:
    """Run a node in a thread of this process, so that it can be told how soon to try again."""
    started = threading.Event()
    nodes: list[RunningNode] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def go() -> None:
        node = RunningNode(Home(station.home), console_again_s=AGAIN_S)
        await node.start()
        nodes.append(node)
        loops.append(asyncio.get_running_loop())
        started.set()
        await node.ended.wait()
        await node.stop()

    thread = threading.Thread(target=lambda: asyncio.run(go()))
    thread.start()
    try:
        assert started.wait(30)
        yield nodes[0]
    finally:
        for node, loop in zip(nodes, loops, strict=True):
            loop.call_soon_threadsafe(node.ended.set)
        thread.join(30)


def console_of(station: Station) -> dict[str, Any]:
    return station.ask("status")["console"]


def with_console(station: Station, **settings: str) -> Station:
    path = station.init().home / "clearline.toml"
    head = path.read_text().partition("[console]")[0]
    rows = [f'{name} = "{value}"' for name, value in settings.items()]
    path.write_text("\n".join([f"{head}[console]", *rows, ""]))
    return station


def listens(station: Station) -> bool:
    host, _, port = load(station.home).node.listen.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10):
        return True


def kept_from(north: Station, code: str, log: list[Any]) -> str:
    """Return how `status` says it, once it does; the line is up, and the log says it too."""
    until(lambda: console_of(north)["code"] == code, f"{code} to be said")
    assert listens(north)
    assert not (north.home / "console").exists()
    assert [(e["log_level"], e["code"]) for e in log if e["event"] == "console_not_served"] == [
        ("error", code)
    ]
    assert north.fails("console", "address").error["code"] == "not_served"
    return north.run("status")


def is_served_after_all(north: Station) -> None:
    until(lambda: console_of(north)["address"], "the console to be served")
    said = console_of(north)
    assert (said["code"], said["phrase"]) == (None, None)
    assert north.json("console", "address")["address"] == said["address"]
    assert (north.home / "console").read_text().strip() == said["address"]
    assert "NOT SERVED" not in north.run("status")


def test_the_line_is_up_while_another_has_the_consoles_port_and_the_console_once_it_is_free(
    station: Make,
):
    port = free_port()
    north = with_console(station("north"), listen=f"127.0.0.1:{port}")
    with (
        socket.create_server(("127.0.0.1", port)) as taken,
        capture_logs() as log,
        running(north),
    ):
        shown = kept_from(north, "cannot_listen", log)
        assert re.search(r"CONSOLE NOT SERVED.*cannot_listen: 127\.0\.0\.1", shown)
        taken.close()
        is_served_after_all(north)
    assert not [p for p in ("console", "address", "node.sock") if (north.home / p).exists()]


def test_the_line_is_up_with_a_certificate_that_does_not_hold(station: Make):
    north = station("north")
    pem, key = north.home / "console.pem", north.home / "console.key"
    with_console(
        north, listen="127.0.0.1:0", origin="https://north.example",
        certificate=str(pem), certificate_key=str(key),
    )  # fmt: skip
    pem.write_text("not a certificate")
    with capture_logs() as log, running(north):
        assert str(pem) in kept_from(north, "bad_certificate", log).replace("\n", "")
        pem.write_bytes((north.home / "certificate.pem").read_bytes())
        key.write_bytes((north.home / "certificate.key").read_bytes())
        is_served_after_all(north)


def test_the_line_is_up_with_a_spoilt_file_of_people(station: Make):
    north = with_console(station("north"), listen="127.0.0.1:0")
    people = north.home / "console.db"
    people.write_bytes(b"no database at all" * 100)
    with capture_logs() as log, running(north):
        assert "people_unusable" in kept_from(north, "people_unusable", log)
        people.unlink()
        is_served_after_all(north)
    with closing(sqlite3.connect(people)) as made:
        assert made.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_wrong_settings_of_the_console_still_end_the_start(station: Make):
    north = with_console(station("north"), listen="0.0.0.0:8443")
    done = north.by_process("serve")
    assert done.returncode == 3
    assert done.stderr.startswith("bad_settings: ")


@pytest.mark.parametrize("cause", ["metrics", "console"])
def test_a_start_that_fails_leaves_nothing_that_says_a_node_runs_here(station: Make, cause: str):
    north = station("north").init()
    left = [north.home / name for name in ("address", "console", "node.sock")]
    for each in left:
        each.write_text("of a node that was killed\n")
    port = free_port()
    env = {"CLEARLINE_METRICS_LISTEN": f"127.0.0.1:{port}"}
    if cause == "console":
        env["CLEARLINE_CONSOLE_LISTEN"] = "127.0.0.1:0"
    with socket.create_server(("127.0.0.1", port)):
        north.serve(wait=False, env=env)
        assert north.ended() == 3
    assert "cannot_listen" in north.said
    assert not [each.name for each in left if each.exists()]


def test_a_second_start_leaves_alone_what_the_running_node_has_written(station: Make, folder: Path):
    del folder
    north = station("north").init().serve()
    assert north.by_process("serve").returncode == 70
    assert (north.home / "address").exists()
    assert north.json("status")["party"] == "north"
