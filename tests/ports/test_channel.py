"""Channel: what every way to a human keeps to, whichever it is, with real other ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from clearline.channels.apprise import Apprise
from clearline.channels.mail import Mail
from clearline.channels.mqtt import Mqtt
from clearline.channels.phone.channel import Phone
from clearline.channels.xmpp import Xmpp
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node import ways
from clearline.node.clock import SystemClock
from clearline.node.ports import Channel, ChannelError, Page, PageCause, PageResult
from tests.channels.ends import (
    PASSWORD,
    USER,
    Broker,
    ChatServer,
    MailServer,
    WebServer,
    certificate,
    secret,
)
from tests.channels.telephones import exchange
from tests.channels.telephones import settings as telephone
from tests.loopback import free_port

PAGE = Page(
    id="ab" * 16, what="c", who="Maj. A", address="", echelon="duty-desk", rung=1,
    demand=Demand.CALL, precedence=Precedence.FLASH, drill=False, language="en",
    text=("A FLASH call waits at duty-desk.",), code="42",
)  # fmt: skip
PATIENCE_S = 30


class End(NamedTuple):
    """A channel, by the port of its other end, and what is an address of it."""

    make: Callable[[int], Channel]
    address: str
    port: int
    stop: Callable[[], None]


def mail(folder: Path, files: tuple[Path, Path]) -> End:
    server = MailServer(files).start()

    def make(port: int) -> Channel:
        settings = ways.Mail(
            host="127.0.0.1", port=port, sender="line@north.example", user=USER,
            password_file="password", authority_file=str(files[0]), timeout_s=2,
        )  # fmt: skip
        return Mail(settings, folder, SystemClock().now)

    return End(make, "a@north.example", server.port, server.end)


def mqtt(folder: Path, files: tuple[Path, Path]) -> End:
    broker = Broker(folder, files).start()

    def make(port: int) -> Channel:
        settings = ways.Mqtt(
            host="localhost", port=port, user=USER, password_file="password",
            authority_file=str(files[0]), timeout_s=2,
        )  # fmt: skip
        return Mqtt(settings, folder, "north")

    return End(make, "belt-1", broker.port, broker.kill)


def xmpp(folder: Path, files: tuple[Path, Path]) -> End:
    server = ChatServer(folder, files).start()

    def make(port: int) -> Channel:
        settings = ways.Xmpp(
            host="127.0.0.1", port=port, account="line@localhost", password_file="password",
            authority_file=str(files[0]), timeout_s=2,
        )  # fmt: skip
        return Xmpp(settings, folder)

    return End(make, "officer@localhost", server.port, server.kill)


def apprise(folder: Path, files: tuple[Path, Path]) -> End:
    server = WebServer(files)

    def make(port: int) -> Channel:
        secret(folder / "services.toml", f'ops = "jsons://localhost:{port}/"\n')
        settings = ways.Apprise(
            services_file="services.toml", authority_file=str(files[0]), timeout_s=2
        )
        return Apprise(settings, folder)

    return End(make, "ops", server.port, server.end)


def phone(driver: str, folder: Path) -> End:
    stack = ExitStack()
    served = stack.enter_context(exchange(folder))

    def make(port: int) -> Channel:
        return Phone(telephone(driver, port, ring_s=2), folder)

    return End(make, "sip:rings@127.0.0.1", served, stack.close)


def native_phone(folder: Path, _: tuple[Path, Path]) -> End:
    return phone("baresip-python", folder)


def debian_phone(folder: Path, _: tuple[Path, Path]) -> End:
    return phone("baresip", folder)


ENDS = [mail, mqtt, xmpp, apprise, native_phone, debian_phone]


@pytest.fixture(params=ENDS, ids=lambda made: made.__name__)
def end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[End]:
    secret(tmp_path / "password", PASSWORD)
    made = request.param(tmp_path, certificate(tmp_path, "localhost", "127.0.0.1"))
    yield made
    made.stop()


class Heard:
    """What is heard of a page, in order."""

    def __init__(self) -> None:
        self.all: list[tuple[PageResult, PageCause]] = []
        self.first = asyncio.Event()

    def __call__(self, result: PageResult, cause: PageCause, detail: str) -> None:
        assert isinstance(detail, str)
        self.all.append((result, cause))
        self.first.set()


async def paged(channel: Channel, page: Page) -> Heard:
    """Page until the first is known; then nobody need be reached any more."""
    heard = Heard()
    task = asyncio.create_task(channel.page(page, heard))
    async with asyncio.timeout(PATIENCE_S):
        await heard.first.wait()
    task.cancel()
    done = await asyncio.gather(task, return_exceptions=True)
    assert not isinstance(done[0], Exception), done  # A cancellation is none.
    return heard


def test_a_page_is_handed_over(end: End):
    async def go() -> None:
        channel = end.make(end.port)
        await channel.start()
        await channel.check()
        heard = await paged(channel, replace(PAGE, address=end.address))
        assert heard.all == [(PageResult.HANDED, PageCause.NONE)]
        await channel.stop()

    asyncio.run(go())


def test_a_far_end_that_is_not_there_is_said_by_the_check_and_by_the_page_and_raised_by_no_start(
    end: End,
):
    async def go() -> None:
        channel = end.make(free_port())
        await channel.start()
        with pytest.raises(ChannelError) as caught:
            async with asyncio.timeout(PATIENCE_S):
                await channel.check()
        assert caught.value.cause is PageCause.UNREACHABLE, caught.value.phrase
        heard = await paged(channel, replace(PAGE, address=end.address))
        assert heard.all == [(PageResult.FAILED, PageCause.UNREACHABLE)]
        await channel.stop()

    asyncio.run(go())


def test_many_pages_at_once_are_all_handed_over(end: End):
    async def go() -> None:
        channel = end.make(end.port)
        await channel.start()
        pages = [replace(PAGE, id=f"{n:032x}", address=end.address) for n in range(30)]
        heard = await asyncio.gather(*(paged(channel, page) for page in pages))
        assert {each.all[0][0] for each in heard} == {PageResult.HANDED}
        await channel.stop()

    asyncio.run(go())


def test_a_page_that_is_cancelled_at_once_is_let_go_and_the_next_one_goes(end: End):
    async def go() -> None:
        channel = end.make(end.port)
        await channel.start()
        heard = Heard()
        task = asyncio.create_task(channel.page(replace(PAGE, address=end.address), heard))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert heard.all == []
        after = await paged(channel, replace(PAGE, id="cd" * 16, address=end.address))
        assert after.all == [(PageResult.HANDED, PageCause.NONE)]
        await channel.stop()

    asyncio.run(go())


def test_it_stops_with_pages_under_way_and_without_ever_having_been_used(end: End):
    async def go() -> BaseException | None:
        used, unused = end.make(end.port), end.make(end.port)
        await used.start()
        task = asyncio.create_task(used.page(replace(PAGE, address=end.address), Heard()))
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            await used.stop()
            await unused.stop()
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        return ended

    ended = asyncio.run(go())
    assert ended is None or isinstance(ended, asyncio.CancelledError), ended


def test_its_name_is_one_that_a_method_can_have_and_nonsense_is_no_address(end: End):
    channel = end.make(end.port)
    assert channel.name == type(channel).__name__.lower()
    assert channel.address_fault(end.address) is None
    for nonsense in ("", " ", "\x00", "a b", "x" * 300, "\r\nX: y"):
        fault = channel.address_fault(nonsense)
        assert fault is not None
        assert fault.endswith(".")
