"""MQTT: a device is paged, and nobody but the device answers for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clearline.channels import mqtt as room
from clearline.channels.mqtt import Mqtt
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, Page, PageCause, PageResult
from clearline.node.ways import Mqtt as Settings
from tests.channels.ends import PASSWORD, USER, Broker, Device, secret

KEY = bytes(range(32))
PAGE = Page(
    id="ab" * 16, what="c", who="Maj. A", address="belt-1", echelon="duty-desk", rung=1,
    demand=Demand.CALL, precedence=Precedence.FLASH, drill=True, language="en",
    text=("DRILL", "A FLASH call waits at duty-desk."), code="42",
)  # fmt: skip
HANDED = (PageResult.HANDED, PageCause.NONE, "")
DELIVERED = (PageResult.DELIVERED, PageCause.NONE, "")
ACKNOWLEDGED = (PageResult.ACKNOWLEDGED, PageCause.NONE, "")


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker, "belt-1", KEY)
    yield made
    made.end()


@pytest.fixture
def mqtt(broker: Broker, files: tuple[Path, Path], tmp_path: Path) -> Callable[..., Mqtt]:
    """Make the channel, with other settings if need be."""
    secret(tmp_path / "password", PASSWORD + "\n")
    secret(tmp_path / "devices.toml", f'belt-1 = "{KEY.hex()}"\n')

    def make(**other: Any) -> Mqtt:
        good = {
            "host": "localhost", "port": broker.port, "user": USER, "password_file": "password",
            "authority_file": str(files[0]), "devices_file": "devices.toml",
        }  # fmt: skip
        return Mqtt(Settings(**(good | other)), tmp_path, "north")

    return make


class Paging:
    """One page under way, and what is heard of it."""

    def __init__(self, mqtt: Mqtt, page: Page) -> None:
        self.heard: asyncio.Queue[tuple[PageResult, PageCause, str]] = asyncio.Queue()
        self.task = asyncio.create_task(mqtt.page(page, lambda *said: self.heard.put_nowait(said)))

    async def next(self) -> tuple[PageResult, PageCause, str]:
        async with asyncio.timeout(30):
            return await self.heard.get()


@asynccontextmanager
async def running(mqtt: Mqtt) -> AsyncIterator[Mqtt]:
    await mqtt.start()
    try:
        yield mqtt
    finally:
        await mqtt.stop()


async def aside(what: Callable[..., Any], *args: Any, **more: Any) -> Any:
    return await asyncio.to_thread(what, *args, **more)


def test_a_device_is_paged_and_its_signed_answer_acknowledges(mqtt, device: Device):
    async def go() -> None:
        async with running(mqtt()) as channel:
            paging = Paging(channel, PAGE)
            assert await paging.next() == HANDED
            page = await aside(device.next)
            assert page["text"] == ["DRILL", "A FLASH call waits at duty-desk."]
            assert (page["precedence"], page["desk"], page["drill"]) == ("flash", "duty-desk", True)
            await aside(device.reply, page, "delivered")
            assert await paging.next() == DELIVERED
            await aside(device.reply, page, "delivered")
            await aside(device.reply, page, "acknowledged")
            assert await paging.next() == ACKNOWLEDGED
            await paging.task
            assert await aside(device.next) == {"page": PAGE.id, "end": True}
            await aside(device.reply, page, "acknowledged")
            await channel.check()
            assert paging.heard.empty(), "said before: it changes nothing"

    asyncio.run(go())


def test_what_is_not_the_devices_own_word_changes_nothing(mqtt, device: Device):
    async def go() -> None:
        async with running(mqtt()) as channel:
            paging = Paging(channel, PAGE)
            assert await paging.next() == HANDED
            page = await aside(device.next)
            forger = dict(page)
            good = json.dumps({
                "page": page["page"], "result": "acknowledged", "code": "42",
                "mac": room.signature(KEY, "acknowledged", page["page"], "42"),
            })  # fmt: skip
            await aside(device.reply, page, "acknowledged", mac="0" * 64)
            await aside(device.reply, page, "acknowledged", code="43")
            await aside(device.reply, page, "acknowledged", page="cd" * 16)
            await aside(device.reply, page, "acknowledged", nonsense="1")
            await aside(device.reply, page, "delivered", result="acknowledged",
                        mac=room.signature(KEY, "delivered", page["page"], "42"))  # fmt: skip
            await aside(device.say, good, "belt-2")
            await aside(device.say, b"\xff{")
            await aside(device.say, good + " " * 2_000)
            await aside(device.say, "")
            device.key = bytes(32)
            await aside(device.reply, forger, "acknowledged")
            device.key = KEY
            await aside(device.reply, page, "delivered")
            assert await paging.next() == DELIVERED, "and the first that is signed is taken"
            paging.task.cancel()

    asyncio.run(go())


def test_a_page_that_is_hushed_ends_at_the_device(mqtt, device: Device):
    async def go() -> None:
        async with running(mqtt()) as channel:
            paging = Paging(channel, PAGE)
            await paging.next()
            await aside(device.next)
            paging.task.cancel()
            assert await aside(device.next) == {"page": PAGE.id, "end": True}

    asyncio.run(go())


def test_a_device_that_has_not_said_that_it_has_a_page_is_sent_it_again(
    mqtt, device: Device, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(room, "AGAIN_S", 0.05)

    async def go() -> None:
        async with running(mqtt()) as channel:
            paging = Paging(channel, PAGE)
            first = await aside(device.next)
            assert await aside(device.next) == first
            await aside(device.reply, first, "delivered")
            assert [await paging.next(), await paging.next()] == [HANDED, DELIVERED]
            paging.task.cancel()

    asyncio.run(go())


def test_a_device_without_a_key_is_paged_and_can_answer_nothing(mqtt, broker: Broker):
    lamp = Device(broker, "lamp", b"")
    try:

        async def go() -> None:
            async with running(mqtt()) as channel:
                paging = Paging(channel, replace(PAGE, address="lamp"))
                assert await paging.next() == HANDED
                page = await aside(lamp.next)
                await aside(lamp.reply, page, "acknowledged")
                await channel.check()
                assert paging.heard.empty()
                paging.task.cancel()

        asyncio.run(go())
    finally:
        lamp.end()


def test_nobody_who_answers_in_time_is_said(mqtt, device: Device):
    async def go() -> None:
        async with running(mqtt(reply_s=1)) as channel:
            paging = Paging(channel, PAGE)
            assert await paging.next() == HANDED
            result, cause, _ = await paging.next()
            assert (result, cause) == (PageResult.FAILED, PageCause.NO_ANSWER)

    asyncio.run(go())


def test_a_broker_that_is_killed_and_started_again_takes_the_page_that_waits(
    mqtt, broker: Broker, device: Device
):
    async def go() -> None:
        async with running(mqtt()) as channel:
            await channel.check()
            await aside(broker.kill)
            paging = Paging(channel, PAGE)
            with pytest.raises(ChannelError):
                await mqtt(timeout_s=1, port=1).check()
            await aside(broker.start)
            assert await paging.next() == HANDED
            await channel.check()
            paging.task.cancel()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("other", "cause", "says"),
    [
        ({"user": "someone"}, PageCause.CREDENTIALS, "name and password"),
        ({"user": ""}, PageCause.CREDENTIALS, "name and password"),
        ({"authority_file": ""}, PageCause.CREDENTIALS, "certificate"),
        ({"password_file": "none"}, PageCause.CREDENTIALS, "none"),
        ({"devices_file": "none"}, PageCause.CREDENTIALS, "none"),
        ({"port": 1, "timeout_s": 1}, PageCause.UNREACHABLE, "localhost:1"),
    ],
)
def test_what_keeps_it_from_working_is_said_before_and_when_it_is_needed(
    mqtt, other: dict[str, Any], cause: PageCause, says: str
):
    async def go() -> None:
        async with running(mqtt(**other)) as channel:
            with pytest.raises(ChannelError) as caught:
                await channel.check()
            assert (caught.value.cause, says in caught.value.phrase) == (cause, True), caught.value
            assert PASSWORD not in caught.value.phrase
            paging = Paging(channel, PAGE)
            result, found, phrase = await paging.next()
            assert (result, found, says in phrase) == (PageResult.FAILED, cause, True)
            await paging.task

    asyncio.run(go())


@pytest.mark.parametrize("text", ["belt-1 = 5\n", 'belt-1 = "short"\n', 'belt-1 = "00"\n', "["])
def test_keys_that_are_none_are_said_and_never_shown(mqtt, tmp_path: Path, text: str):
    (tmp_path / "devices.toml").write_text(text)
    with pytest.raises(ChannelError, match=r"devices\.toml") as caught:
        asyncio.run(mqtt().check())
    assert "short" not in caught.value.phrase


@pytest.mark.parametrize("address", ["", "a/b", "+", "#", "a b", "x" * 65, "ä"])
def test_what_is_no_device_is_refused(mqtt, address: str):
    assert mqtt().address_fault(address) is not None
    assert mqtt().address_fault("belt_1-a") is None
