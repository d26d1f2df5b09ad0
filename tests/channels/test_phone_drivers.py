"""The telephone's drivers when they fail: each is started again, and says so if it cannot be."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from clearline.channels.phone import native
from clearline.channels.phone.debian import DebianDriver
from clearline.channels.phone.native import NativeDriver
from clearline.channels.phone.wire import Setup
from clearline.node.ports import ChannelError, PageCause

SETUP = Setup(
    server="127.0.0.1:5060", transport="udp", srtp=False, loopback="127.0.0.1", ca_file="",
    user="line", domain="127.0.0.1", auth_user="", password="",
)  # fmt: skip


def test_a_child_that_cannot_start_is_told_to_whoever_dials(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(native, "READY_S", 0.5)

    async def run(command: tuple[str, ...]) -> None:
        driver = NativeDriver(SETUP, command)
        await driver.start()
        try:
            with pytest.raises(ChannelError, match="does not start") as caught:
                await driver.dial("sip:x@127.0.0.1")
            assert caught.value.cause is PageCause.OTHER
        finally:
            await driver.stop()

    asyncio.run(run(("false",)))
    asyncio.run(run(("/nonexistent/program",)))
    asyncio.run(run((sys.executable, "-c", "print('no JSON', flush=True); input(); input()")))


def test_a_child_that_hangs_is_ended_and_another_is_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(native, "PING_S", 0.3)

    async def run() -> None:
        driver = NativeDriver(SETUP)
        await driver.start()
        try:
            await driver.ready()
            first = driver.pid
            assert first is not None
            os.kill(first, signal.SIGSTOP)
            async with asyncio.timeout(20):
                while driver.pid in (first, None):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
            await driver.ready()
            with pytest.raises(ProcessLookupError):
                os.kill(first, 0)
        finally:
            await driver.stop()

    asyncio.run(run())


def test_a_child_that_had_lived_and_dies_is_started_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(native, "YOUNG_S", 0.0)
    log = tmp_path / "starts"

    async def run() -> None:
        code = f"import time; open({str(log)!r}, 'a').write('x'); time.sleep(0.2)"
        driver = NativeDriver(SETUP, (sys.executable, "-S", "-c", code))
        await driver.start()
        try:
            # Whoever waits to dial again waits no longer than this.
            async with asyncio.timeout(native.READY_S):
                while not log.exists() or len(log.read_text()) < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            await driver.stop()

    asyncio.run(run())
    assert len(log.read_text()) >= 3


def test_a_child_that_never_comes_up_is_ended_and_another_is_started(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(native, "START_S", 0.3)

    async def run() -> tuple[int | None, int | None]:
        driver = NativeDriver(SETUP, (sys.executable, "-S", "-c", "while True: input()"))
        await driver.start()
        try:
            async with asyncio.timeout(native.READY_S):
                while (first := driver.pid) is None:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
                while driver.pid in (first, None):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                return first, driver.pid
        finally:
            await driver.stop()

    first, other = asyncio.run(run())
    assert other not in (first, None)


def test_a_child_whose_report_has_no_end_counts_as_one_that_died(tmp_path: Path):
    log = tmp_path / "starts"

    async def run() -> None:
        code = f"open({str(log)!r}, 'a').write('x'); print('x' * 1_000_000); input(); input()"
        driver = NativeDriver(SETUP, (sys.executable, "-S", "-c", code))
        await driver.start()
        try:
            async with asyncio.timeout(native.READY_S):
                while not log.exists() or len(log.read_text()) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            async with asyncio.timeout(native.READY_S):
                await driver.stop()

    asyncio.run(run())
    assert len(log.read_text()) >= 2


def test_a_driver_that_is_stopped_while_its_child_ends_starts_no_other(tmp_path: Path):
    log = tmp_path / "starts"

    async def run() -> None:
        code = (
            f"import os, sys, time; os.close(1); open({str(log)!r}, 'a').write('x'); time.sleep(60)"
        )
        driver = NativeDriver(SETUP, (sys.executable, "-S", "-c", code))
        await driver.start()
        async with asyncio.timeout(native.READY_S):
            while not log.exists() or not log.read_text():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)
            # Its output has ended and it has not: the driver waits for it.
            await driver.stop()

    asyncio.run(run())
    assert log.read_text() == "x"


def test_a_child_that_dies_again_and_again_is_started_ever_less_often(tmp_path: Path):
    log = tmp_path / "starts"

    async def run() -> list[float]:
        code = f"import time; open({str(log)!r}, 'a').write(f'{{time.time()}}\\n')"
        driver = NativeDriver(SETUP, (sys.executable, "-S", "-c", code))
        await driver.start()
        try:
            async with asyncio.timeout(20):
                while not log.exists() or log.read_text().count("\n") < 4:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            await driver.stop()
        at = [float(line) for line in log.read_text().split()]
        return [later - before for before, later in pairwise(at)]

    _, second, third = asyncio.run(run())[:3]
    assert second >= native.BACK_OFF_S[1]
    assert third >= native.BACK_OFF_S[2]


def test_a_program_that_is_missing_or_does_not_start_is_told(tmp_path: Path):
    useless = tmp_path / "useless"
    useless.write_text("#!/bin/sh\nexit 1\n")
    useless.chmod(0o700)

    async def run(program: str, said: str) -> None:
        driver = DebianDriver(SETUP, program)
        await driver.start()
        try:
            for _ in range(2):
                with pytest.raises(ChannelError, match=said):
                    await driver.ready()
            with pytest.raises(ChannelError, match=said):
                await driver.dial("sip:x@127.0.0.1")
        finally:
            await driver.stop()

    asyncio.run(run("/nonexistent/baresip", "is not installed"))
    asyncio.run(run(str(useless), "does not start"))


def test_nothing_is_left_running_and_nothing_is_left_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def run() -> list[int]:
        driver = DebianDriver(SETUP)
        await driver.start()
        lines = [await driver.dial("sip:x@127.0.0.1:9") for _ in range(3)]
        await driver.stop()
        return [line.pid for line in lines]

    for pid in asyncio.run(run()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert list(tmp_path.iterdir()) == []
