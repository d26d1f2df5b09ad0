"""The desk: it rings once for each ringing, runs the owner's program, and never raises."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgspec
import pytest

from clearline.basis.instants import Instant
from clearline.channels.desk import Desk
from clearline.channels.program import MAX_PROGRAMS
from clearline.core.effects import Alert, Demand, Effect, Hush, Ring, Tell
from clearline.core.terms import Precedence

RING = Ring(
    id="c:1:1:0", what="c", link="l", demand=Demand.CALL, precedence=Precedence.FLASH,
    echelon="duty-desk", rung=1, coded=("STOP",), drill=False, until=Instant(1_000),
)  # fmt: skip


def test_an_effect_performed_twice_is_performed_once():
    heard: list[Effect] = []
    desk = Desk((), heard.append)
    others: list[Effect] = [
        Hush(id="h", what="c"),
        Tell(id="t", code="call_ringing", link="l", about="c", args={"rung": 1}),
        Alert(id="a", code="refused", link=None, about=None, args={"reason": "x"}),
    ]
    for effect in (RING, *others, RING, *others):
        desk.perform(effect)
    assert heard == [RING, *others]


def test_the_program_of_the_desk_reads_the_ring(tmp_path: Path):
    target = tmp_path / "ring"
    code = f"import sys; open({str(target)!r}, 'w').write(sys.stdin.read())"
    Desk((sys.executable, "-c", code), lambda _: None).perform(RING)
    deadline = time.monotonic() + 20
    while not (target.exists() and target.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ring = json.loads(target.read_text())
    assert (ring["type"], ring["precedence"], ring["coded"]) == ("Ring", "flash", ["STOP"])


@pytest.mark.parametrize("command", [("/nonexistent",), ("/",), ("true",), ("false",)])
def test_a_program_that_fails_or_does_not_listen_keeps_nothing_from_being_passed_on(command):
    heard: list[Effect] = []
    Desk(command, heard.append).perform(RING)
    assert heard == [RING]


def test_programs_that_hang_keep_no_flash_from_being_rung(tmp_path: Path):
    target = tmp_path / "rung"
    target.touch()
    code = f"import sys, time; open({str(target)!r}, 'a').write(sys.stdin.read()); time.sleep(60)"
    desk = Desk((sys.executable, "-S", "-c", code), lambda _: None)
    for number in range(MAX_PROGRAMS + 2):
        ring = msgspec.structs.replace(RING, id=f"c:1:{number}", precedence=Precedence.ROUTINE)
        desk.perform(ring)
    desk.perform(RING)
    try:
        deadline = time.monotonic() + 20
        while "flash" not in target.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert len(desk._program._running) == MAX_PROGRAMS + 1
    finally:
        for each in desk._program._running:
            each.kill()
            each.wait()
