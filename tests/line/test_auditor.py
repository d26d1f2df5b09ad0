"""The auditor beside a real node: killed, frozen, and back again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.ends import PASSWORD, USER, MailServer, certificate, secret
from tests.line.station import DEADLINE_S, until
from tests.line.test_watch import Pair, flash


@pytest.fixture
def server(folder: Path) -> Iterator[MailServer]:
    made = MailServer(certificate(folder, "localhost")).start()
    yield made
    made.end()


@pytest.fixture
def alarms(pair: Pair, folder: Path, server: MailServer) -> Iterator[Path]:
    """Run north's auditor, which mails and whose program writes each alarm to a file; return it."""
    north, _ = pair
    target = folder / "alarms"
    code = f"import sys; open({str(target)!r}, 'a').write(sys.stdin.read())"
    settings = north.home / "clearline.toml"
    whole = tomllib.loads(settings.read_text())
    whole["auditor"] = {
        "command": [sys.executable, "-c", code], "page": ["mail=duty@north.example"],
    }  # fmt: skip
    secret(north.home / "mail.password", PASSWORD)
    whole["mail"] = {
        "host": "localhost", "port": server.port, "user": USER, "password_file": "mail.password",
        "authority_file": str(folder / "localhost.pem"), "sender": "line@north.example",
    }  # fmt: skip
    tables = (
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())])
        for name, table in whole.items()
    )
    settings.write_text("\n".join(tables) + "\n")
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
    pair: Pair, alarms: Path, server: MailServer
):
    north, south = pair
    flash(south, north)
    assert north.process is not None
    north.process.send_signal(signal.SIGSTOP)
    until(lambda: alarms.exists() and "deadline_late" in codes(alarms), "the alarm")
    assert "node_gone" in codes(alarms) or until(lambda: "node_gone" in codes(alarms), "gone")
    mail = server.taken.get(timeout=DEADLINE_S)
    assert mail["To"] == "duty@north.example"
    assert "North HQ" in mail.get_content()
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
