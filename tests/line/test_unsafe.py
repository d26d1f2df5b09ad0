"""LINE NOT SAFE for real: a full disk, a damaged journal, a stepped clock, a stolen key file.

The node says so on its standard error, over its socket, and to the counterpart; then it ends
with 70.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.node.clock import SystemClock
from clearline.wiring import Home, RunningNode
from tests.line.station import Station, settled, until
from tests.line.test_watch import Pair, flash, verified


def fill_disk(station: Station, *, log_too: bool = False) -> None:
    """Let none of the process's files grow any more."""
    assert station.process is not None
    wal = station.home / "journal.db-wal"
    size = 1 if log_too else wal.stat().st_size
    resource.prlimit(station.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_said_everywhere_and_nothing_is_lost(pair: Pair, folder: Path):
    north, south = pair
    call = flash(south, north)
    settled(north, south)
    fill_disk(north)
    failed = north.fails("ack", call)
    assert (failed.code, failed.error["code"]) == (70, "line_not_safe")
    assert north.ended() == 70
    assert "LINE NOT SAFE: the journal could not be written" in north.said
    until(lambda: south.link["peer_unsafe"], "the counterpart to be told")
    assert "LINE NOT SAFE" in south.run("status")
    north.serve()
    north.run("ack", call)
    settled(north, south)
    until(lambda: not south.link["peer_unsafe"], "the counterpart to hear that it is back")
    assert verified(north, folder) == verified(south, folder)


def test_a_node_whose_log_is_on_the_full_disk_too_still_ends_with_70(pair: Pair):
    north, south = pair
    settled(north, south)
    fill_disk(north, log_too=True)
    assert north.fails("watch", "leave").code == 70
    assert north.ended() == 70
    until(lambda: south.link["peer_unsafe"], "the counterpart to be told")


def test_a_node_whose_log_nobody_reads_any_more_goes_on(station):
    north = station("north").init()
    north.serve(wait=False, wrap=["bash", "-c", 'exec "$@" 2> >(head -c 1 >/dev/null)', "-"])
    north.await_up()
    for _ in range(20):
        north.run("watch", "take")
        north.run("watch", "leave")
    assert north.json("status")["unsafe"] is None
    assert north.stop() == 0


DAMAGE = {
    "an event": "UPDATE journal SET event = zeroblob(20) WHERE seq = 3",
    "its time": "UPDATE journal SET at = at + 1 WHERE seq = 3",
    "a gap": "DELETE FROM journal WHERE seq = 3",
    "an entry": "UPDATE feed SET raw = zeroblob(50) WHERE idx = 1",
    "a leaf": "UPDATE feed SET leaf = zeroblob(32) WHERE idx = 1",
    "the file's head": "",
}


def test_a_journal_damaged_on_disk_is_never_served_from(pair: Pair, station, folder: Path):
    north, south = pair
    settled(north, south)
    north.stop()
    for number, (what, change) in enumerate(DAMAGE.items()):
        damaged = station(f"damaged-{number}")
        shutil.copytree(north.home, damaged.home)
        journal = damaged.home / "journal.db"
        if change:
            with closing(sqlite3.connect(journal)) as db, db:
                db.execute(change)
        else:
            journal.write_bytes(b"\0" * 100 + journal.read_bytes()[100:])
        damaged.serve(wait=False)
        # Much is found before it serves at all; an entry, at the latest when it would be sent.
        assert damaged.ended() == 70, what
        assert "LINE NOT SAFE" in damaged.said, what
        assert damaged.fails("status").code == 4


def test_a_second_process_on_one_home_is_refused_and_the_first_goes_on(pair: Pair):
    north, south = pair
    second = north.by_process("serve")
    assert second.returncode == 70
    assert "another process has journal.db open" in second.stderr
    assert "Traceback" not in second.stderr
    flash(south, north)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("keys.json", "no_keys"),
        ("certificate.pem", "cannot_read"),
        ("certificate.key", "cannot_read"),
        ("clearline.toml", "no_node"),
    ],
)
def test_a_node_that_lacks_a_file_says_which(station, name: str, code: str):
    north = station("north").init()
    (north.home / name).unlink()
    for words in (["serve"], ["party"]):
        if (name, words) == ("certificate.key", ["party"]):
            continue  # The card has no need of it.
        done = north.by_process(*words)
        assert done.returncode == 3
        assert done.stderr.startswith(f"{code}: ")
        assert "Traceback" not in done.stderr


def test_keys_that_others_can_read_are_not_used(station):
    north = station("north").init()
    (north.home / "keys.json").chmod(0o640)
    done = north.by_process("serve", "--json")
    assert done.returncode == 3
    assert '"code":"keys_exposed"' in done.stdout
    (north.home / "keys.json").chmod(0o600)
    (north.home / "keys.json").write_text("{}")
    assert north.by_process("serve").stderr.startswith("bad_keys: ")


def test_an_address_that_is_taken_is_said(pair: Pair, station, folder: Path):
    north, _ = pair
    taken = (north.home / "address").read_text().strip()
    other = Station("other", folder)
    other.run("init", "other", "--listen", taken)
    done = other.by_process("serve")
    assert done.returncode == 3
    assert "cannot_listen" in done.stderr
    assert "Traceback" not in done.stderr
    assert other.fails("init", "other", "--listen", "127.0.0.1:99999").error["code"] == (
        "bad_settings"
    )


class SteppedClock(SystemClock):
    """A clock whose wall can be moved by hand."""

    step_ms = 0

    def stepped_ms(self) -> int:
        return self.step_ms


def test_a_clock_that_was_stepped_ends_the_node_and_the_counterpart_is_told(pair: Pair):
    north, south = pair
    settled(north, south)
    north.stop()

    async def go() -> str | None:
        clock = SteppedClock()
        node = RunningNode(Home(north.home), clock)
        await node.start()
        clock.step_ms = 60_000
        async with asyncio.timeout(20):
            await node.ended.wait()
        await node.stop()
        return node.unsafe()

    assert "the clock was moved by 60000 ms" in (asyncio.run(go()) or "")
    until(lambda: south.link["peer_unsafe"], "the counterpart to be told")


def test_a_clock_that_stands_before_the_journal_is_not_begun_with(pair: Pair):
    north, _ = pair
    north.stop()

    class Yesterday(SystemClock):
        def now(self) -> Instant:
            return super().now().after(-86_400_000)

    with pytest.raises(Broken, match="the journal's last event"):
        RunningNode(Home(north.home), Yesterday())


def test_what_the_process_writes_is_its_owners_alone(pair: Pair):
    north, _ = pair
    assert north.home.stat().st_mode & 0o777 == 0o700
    open_to_others = [p.name for p in north.home.iterdir() if p.stat().st_mode & 0o077]
    assert open_to_others == []
