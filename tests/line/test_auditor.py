"""The auditor beside a real node: killed, frozen, and back again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line.station import DEADLINE_S, until
from tests.line.test_watch import Pair, flash


@pytest.fixture
def alarms(pair: Pair, folder: Path) -> Iterator[Path]:
    """Run north's auditor, whose program writes each alarm to a file; return the file."""
    north, _ = pair
    target = folder / "alarms"
    code = f"import sys; open({str(target)!r}, 'a').write(sys.stdin.read())"
    settings = north.home / "clearline.toml"
    command = json.dumps([sys.executable, "-c", code])
    settings.write_text(
        settings.read_text().replace("[auditor]\ncommand = []", f"[auditor]\ncommand = {command}")
    )
    assert command in settings.read_text()
    words = ["-m", "clearline.cli", "--home", str(north.home), "auditor", "run"]
    with (folder / "auditor.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log)
    until(lambda: "auditing" in (folder / "auditor.log").read_text(), "the auditor to begin")
    yield target
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 130


def codes(target: Path) -> list[str]:
    return [json.loads(line)["code"] for line in target.read_text().splitlines() if line]


def test_a_node_that_is_frozen_in_a_climbing_call_is_alarmed_about_by_another_process(
    pair: Pair, alarms: Path
):
    north, south = pair
    flash(south, north)
    assert north.process is not None
    north.process.send_signal(signal.SIGSTOP)
    until(lambda: alarms.exists() and "deadline_late" in codes(alarms), "the alarm")
    assert "node_gone" in codes(alarms) or until(lambda: "node_gone" in codes(alarms), "gone")
    north.process.send_signal(signal.SIGCONT)
    until(lambda: {"deadline_late_over", "node_gone_over"} <= set(codes(alarms)), "it to be over")


def test_a_check_ends_with_1_if_the_node_is_gone_and_with_0_if_all_is_well(pair: Pair):
    north, _ = pair
    assert north.json("auditor", "check") == []
    north.kill()
    found = north.fails("auditor", "check")
    assert found.code == 1
    assert [each["code"] for each in json.loads(found.output)] == ["node_gone"]
    north.serve()
