"""The telephone channel against SIPp: one suite, which both drivers pass."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearline.basis.faults import Mistake
from clearline.channels.phone.debian import DebianDriver
from clearline.channels.phone.line import LineEvent, Rang
from clearline.channels.phone.native import NativeDriver
from clearline.channels.phone.telling import IN_THE_CLEAR
from clearline.channels.phone.wire import Setup
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, PageCause, PageResult
from tests.channels.telephones import (
    Ear,
    exchange,
    handset,
    page,
    paging,
    phone,
    recorded,
    rung,
    saw,
    settings,
)
from tests.loopback import free_port

HANDED, DELIVERED = PageResult.HANDED, PageResult.DELIVERED
ACKNOWLEDGED, FAILED = PageResult.ACKNOWLEDGED, PageResult.FAILED
NONE = PageCause.NONE
ANSWERED = [(HANDED, NONE), (DELIVERED, NONE)]

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with exchange(folder) as port:
        yield port


@pytest.fixture(params=["baresip-python", "baresip"])
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_telephone_rings_is_answered_and_the_code_is_keyed(driver: str, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port)) as made, paging(made, page("keys")) as ear:
            await ear.until(ACKNOWLEDGED)
            return ear

    assert asyncio.run(run()).heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]


def test_where_there_is_no_voice_the_call_ends_all_the_same_and_is_acknowledged(
    driver: str, folder: Path, port: int
):
    asked: list[tuple[str, str]] = []

    async def put_through(call: str, officer: str) -> Path:
        asked.append((call, officer))
        raise Mistake("no_voice", "The voice process does not start.")

    async def run() -> Ear:
        async with phone(settings(driver, port), put_through) as made:
            ear = await rung(made, page("keys"))
            await saw(folder, b"BYE sip:")
            return ear

    assert asyncio.run(run()).heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]
    # Debian's program hands its sound to nobody, and nobody is asked to take it.
    assert asked == ([("call-1", "A. Officer")] if driver == "baresip-python" else [])


def test_a_flash_takes_the_line_of_a_flash_whose_officer_has_stayed_to_talk(
    folder: Path, port: int
):
    path = folder / "voice"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(0)

    async def put_through(call: str, officer: str) -> Path:
        if call == "call-1":
            return path
        raise Mistake("no_voice", "It is not asked for here.")

    async def over(voice: socket.socket) -> None:
        while await asyncio.get_running_loop().sock_recv(voice, 4_096):
            pass

    async def run() -> None:
        asked = settings("baresip-python", port, lines=1)
        flash = page("keys", precedence=Precedence.FLASH)
        other = page("keys", 2, precedence=Precedence.FLASH, what="call-2")
        async with phone(asked, put_through) as made:
            await rung(made, flash)
            voice, _ = await asyncio.get_running_loop().sock_accept(listener)
            talks = asyncio.create_task(over(voice))
            lesser = page("keys", 3, what="call-3")
            async with paging(made, lesser) as waits:
                assert (await rung(made, other)).results[-1] is ACKNOWLEDGED
                await asyncio.wait_for(talks, 10)
                await waits.until(ACKNOWLEDGED)
            voice.close()

    asyncio.run(run())
    listener.close()


def test_who_keys_the_code_of_a_test_is_not_put_through(port: int):
    async def put_through(call: str, officer: str) -> Path:
        raise AssertionError(call)

    async def run() -> Ear:
        async with phone(settings("baresip-python", port), put_through) as made:
            return await rung(made, page("keys", demand=Demand.TEST))

    assert asyncio.run(run()).heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]


def test_a_machine_that_answers_keys_no_code(driver: str, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port, talk_s=2)) as made:
            return await rung(made, page("silent"))

    assert asyncio.run(run()).heard == [*ANSWERED, (FAILED, PageCause.NO_CODE)]


def test_who_hangs_up_without_the_code_has_not_acknowledged(driver: str, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port)) as made:
            return await rung(made, page("hangs"))

    ear = asyncio.run(run())
    assert ear.heard == [*ANSWERED, (FAILED, PageCause.NO_CODE)]
    assert "hung up" in ear.phrases[-1]


def test_a_wrong_code_is_not_taken_and_the_right_one_still_is(driver: str, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port)) as made, paging(made, page("wrong")) as ear:
            await ear.until(ACKNOWLEDGED)
            return ear

    assert asyncio.run(run()).heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]


def test_a_telephone_that_floods_keys_is_ignored_and_that_is_noted(driver: str, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port, talk_s=3)) as made:
            return await rung(made, page("flood"))

    ear = asyncio.run(run())
    assert ear.heard[-1] == (FAILED, PageCause.NO_CODE)
    assert "5 wrong codes; keys are ignored" in ear.phrases
    assert "keys ignored" in ear.phrases[-1]
    assert ACKNOWLEDGED not in ear.results


def test_busy_declined_gone_and_overloaded_are_told_apart(driver: str, port: int):
    async def run() -> list[Ear]:
        async with phone(settings(driver, port)) as made:
            pages = (page(user) for user in ("busy", "declined", "gone", "full"))
            return await asyncio.gather(*(rung(made, each) for each in pages))

    assert [ear.heard for ear in asyncio.run(run())] == [
        [(FAILED, PageCause.BUSY)],
        [(FAILED, PageCause.DECLINED)],
        [(FAILED, PageCause.UNREACHABLE)],
        [(FAILED, PageCause.UNREACHABLE)],
    ]


def test_a_telephone_that_rings_for_ever_is_dialled_again_and_then_given_up(
    driver: str, folder: Path, port: int
):
    async def run() -> Ear:
        async with phone(settings(driver, port, ring_s=2, redials=1)) as made:
            ear = await rung(made, page("rings"))
            await saw(folder, b"\nCANCEL sip:rings@", 2)
            return ear

    assert asyncio.run(run()).heard == [
        (HANDED, NONE),
        (HANDED, PageCause.NO_ANSWER),
        (HANDED, NONE),
        (FAILED, PageCause.NO_ANSWER),
    ]


def test_a_busy_telephone_is_dialled_again(folder: Path, port: int):
    async def run() -> Ear:
        async with phone(settings("baresip-python", port, redials=1)) as made:
            return await rung(made, page("busy"))

    assert asyncio.run(run()).heard == [(FAILED, PageCause.BUSY)]
    assert (folder / "sipp.msg").read_bytes().count(b"\nINVITE sip:busy@") == 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_where_nobody_listens_is_unreachable_and_never_no_answer(driver: str, transport: str):
    async def run() -> Ear:
        asked = settings(driver, free_port(), ring_s=2, transport=transport)
        async with phone(asked) as made:
            return await rung(made, page("keys"))

    assert asyncio.run(run()).heard == [(FAILED, PageCause.UNREACHABLE)]


def test_what_is_called_off_stops_ringing(driver: str, folder: Path, port: int):
    async def run() -> None:
        async with phone(settings(driver, port)) as made:
            async with paging(made, page("rings")) as ear:
                await ear.until(HANDED)
            await saw(folder, b"\nCANCEL sip:rings@")
            async with paging(made, page("silent")) as ear:
                await ear.until(DELIVERED)
            await saw(folder, b"\nBYE sip:")

    asyncio.run(run())
    assert (folder / "sipp.msg").read_bytes().count(b"\nCANCEL ") == 1


def test_fifty_telephones_at_once_are_all_acknowledged(driver: str, port: int):
    async def run() -> list[Ear]:
        async with phone(settings(driver, port)) as made:

            async def one(number: int) -> Ear:
                async with paging(made, page("keys", number)) as ear:
                    await ear.until(ACKNOWLEDGED)
                    return ear

            return await asyncio.gather(*(one(number) for number in range(50)))

    assert [ear.heard for ear in asyncio.run(run())] == [[*ANSWERED, (ACKNOWLEDGED, NONE)]] * 50


def test_a_flash_takes_the_line_of_a_lesser_call_which_rings_again_afterwards(
    driver: str, folder: Path, port: int
):
    async def run() -> tuple[Ear, Ear]:
        async with phone(settings(driver, port, lines=1)) as made:
            async with paging(made, page("rings")) as lesser:
                await lesser.until(HANDED)
                async with paging(made, page("keys", precedence=Precedence.FLASH)) as flash:
                    await flash.until(ACKNOWLEDGED)
                    await saw(folder, b"\nCANCEL sip:rings@")
                await lesser.until(HANDED, 2)
            return lesser, flash

    lesser, flash = asyncio.run(run())
    assert lesser.heard == [(HANDED, NONE), (HANDED, NONE)]
    assert flash.heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]


def test_flashes_ring_past_the_limit_and_another_waits_for_a_line(driver: str, port: int):
    async def run() -> tuple[list[Ear], Ear]:
        flash = Precedence.FLASH
        async with phone(settings(driver, port, lines=1)) as made:
            async with (
                paging(made, page("rings", 1, precedence=flash)) as first,
                paging(made, page("rings", 2, precedence=flash)) as second,
                paging(made, page("rings", 3)) as waiting,
            ):
                await first.until(HANDED)
                await second.until(HANDED)
                while_waiting = list(waiting.heard)
            return [first, second], waiting if while_waiting else Ear()

    flashes, waiting = asyncio.run(run())
    assert [each.heard for each in flashes] == [[(HANDED, NONE)]] * 2
    assert waiting.heard == []


def test_a_call_whose_driver_is_killed_is_dialled_again(driver: str, folder: Path, port: int):
    async def run() -> Ear:
        async with phone(settings(driver, port)) as made, paging(made, page("silent")) as ear:
            await ear.until(DELIVERED)
            under = made._driver
            assert isinstance(under, NativeDriver | DebianDriver)
            pid = under.pid if isinstance(under, NativeDriver) else under._lines[-1].pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await ear.until(DELIVERED, 2)
            return ear

    assert asyncio.run(run()).heard == [*ANSWERED, *ANSWERED]


@pytest.mark.parametrize(
    ("user", "until", "said"), [("rings", HANDED, b"CANCEL"), ("silent", DELIVERED, b"BYE")]
)
def test_a_node_that_is_killed_leaves_no_telephone_ringing(
    driver: str, folder: Path, port: int, user: str, until: PageResult, said: bytes
):
    command = [sys.executable, "-m", "tests.channels.telephones", driver, str(port), user, until]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert node.stdout is not None
        assert node.stdout.readline() == b"there\n"
    finally:
        node.kill()
        node.wait()
    asyncio.run(saw(folder, b"\n" + said + b" sip:"))


def test_a_message_is_said_again_until_the_code_is_keyed(folder: Path):
    for name in ("opening", "priority", "press", "4", "7"):
        recorded(folder / "en" / f"{name}.wav", 0.2, 16_000)

    async def run() -> Ear:
        with handset(folder, hears=2) as (port, ca_file):
            trust = {"security": "tls", "authority_file": str(ca_file)}
            asked = settings("baresip", port, recordings=str(folder), **trust)
            async with phone(asked) as made, paging(made, page("handset", text=("Stop",))) as ear:
                await ear.until(ACKNOWLEDGED)
                return ear

    assert asyncio.run(run()).heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]
    assert (folder / "handset.log").read_text().count("heard") == 2


def test_over_tls_and_srtp_a_voice_is_heard_and_keys_are_rtp_events(driver: str, folder: Path):
    async def run() -> Ear:
        with handset(folder) as (port, ca_file):
            asked = settings(driver, port, security="tls", authority_file=str(ca_file))
            async with phone(asked) as made, paging(made, page("handset")) as ear:
                await ear.until(ACKNOWLEDGED)
                return ear

    ear = asyncio.run(run())
    assert ear.heard == [*ANSWERED, (ACKNOWLEDGED, NONE)]
    assert "heard" in (folder / "handset.log").read_text()


def test_an_exchange_with_a_certificate_of_another_authority_is_not_called(folder: Path):
    async def run() -> Ear:
        with handset(folder) as (port, _):
            other = str(folder / "other.pem")
            asked = settings("baresip-python", port, security="tls", authority_file=other)
            async with phone(asked) as made:
                with pytest.raises(
                    ChannelError, match="does not vouch for its certificate"
                ) as caught:
                    await made.check()
                assert caught.value.cause is PageCause.UNREACHABLE
                return await rung(made, page("handset"))

    assert asyncio.run(run()).heard == [(FAILED, PageCause.UNREACHABLE)]


def test_an_exchange_without_srtp_is_not_spoken_to(driver: str, port: int):
    asked = Setup(
        server=f"127.0.0.1:{port}",
        transport="udp",
        srtp=True,
        loopback="127.0.0.1",
        ca_file="",
        user="line",
        domain="127.0.0.1",
        auth_user="",
        password="",
    )

    async def run() -> list[LineEvent]:
        made = NativeDriver(asked) if driver == "baresip-python" else DebianDriver(asked)
        await made.start()
        try:
            line = await made.dial("sip:silent@127.0.0.1")
            return [await line.inbox.next(), await line.inbox.next()]
        finally:
            await made.stop()

    assert asyncio.run(run()) == [Rang(), IN_THE_CLEAR]


def test_a_check_asks_the_exchange_and_disturbs_nobody(driver: str, folder: Path, port: int):
    (folder / "good").write_text("of-the-tests\n")
    (folder / "bad").write_text("guessed")
    for name in ("good", "bad"):
        (folder / name).chmod(0o600)

    async def run() -> None:
        async with phone(settings(driver, port)) as made:
            await made.check()
        async with phone(settings(driver, port, password_file=str(folder / "good"))) as made:
            await made.check()
        async with phone(settings(driver, port, password_file=str(folder / "bad"))) as made:
            with pytest.raises(ChannelError, match="refuses the account: 403") as caught:
                await made.check()
            assert caught.value.cause is PageCause.CREDENTIALS

    asyncio.run(run())
    assert b"INVITE " not in (folder / "sipp.msg").read_bytes()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_check_of_an_exchange_that_is_not_there_says_so(transport: str):
    async def run() -> None:
        asked = settings("baresip-python", free_port(), transport=transport)
        async with phone(asked) as made:
            with pytest.raises(ChannelError, match="The exchange") as caught:
                await made.check()
            assert caught.value.cause is PageCause.UNREACHABLE

    asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("absent", None),
        ("empty", ""),
        ("quoted", 'a"b'),
        ("two", "a\nb"),
        ("long", "x" * 201),
        ("open", "x"),
    ],
)
def test_a_password_that_cannot_be_used_is_said_plainly(tmp_path: Path, name: str, text: str):
    if text is not None:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644 if name == "open" else 0o600)

    async def run() -> None:
        asked = settings("baresip-python", 5060, password_file=str(tmp_path / name))
        async with phone(asked) as made:
            with pytest.raises(ChannelError, match=name) as caught:
                await made.check()
            assert caught.value.cause is PageCause.CREDENTIALS
            assert (await rung(made, page("keys"))).heard == [(FAILED, PageCause.CREDENTIALS)]

    asyncio.run(run())
