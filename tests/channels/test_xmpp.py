"""XMPP: handed over by TLS or not at all, and delivered when the officer's client says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slixmpp import ClientXMPP

from clearline.channels.xmpp import Xmpp
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, Page, PageCause, PageResult
from clearline.node.ways import Xmpp as Settings
from tests.channels.ends import PASSWORD, ChatServer, secret

PAGE = Page(
    id="ab" * 16, what="c", who="Maj. A", address="officer@localhost", echelon="duty-desk", rung=1,
    demand=Demand.CALL, precedence=Precedence.FLASH, drill=False, language="en",
    text=("A FLASH call waits at <duty-desk> & you.", "Go."), code="42",
)  # fmt: skip
HANDED = (PageResult.HANDED, PageCause.NONE, "")
DELIVERED = (PageResult.DELIVERED, PageCause.NONE, "")


@pytest.fixture
def xmpp(chat: ChatServer, files: tuple[Path, Path], tmp_path: Path) -> Callable[..., Xmpp]:
    secret(tmp_path / "password", PASSWORD + "\n")
    secret(tmp_path / "wrong", "wrong")

    def make(**other: Any) -> Xmpp:
        good = {
            "host": "127.0.0.1", "port": chat.port, "account": "line@localhost",
            "password_file": "password", "authority_file": str(files[0]),
        }  # fmt: skip
        return Xmpp(Settings(**(good | other)), tmp_path)

    return make


class Paging:
    """One page under way, and what is heard of it."""

    def __init__(self, channel: Xmpp, page: Page = PAGE) -> None:
        self.heard: asyncio.Queue[tuple[PageResult, PageCause, str]] = asyncio.Queue()
        self.task = asyncio.create_task(channel.page(page, lambda *s: self.heard.put_nowait(s)))

    async def next(self) -> tuple[PageResult, PageCause, str]:
        async with asyncio.timeout(30):
            return await self.heard.get()


def test_a_page_is_taken_over_for_an_officer_who_is_not_there(xmpp, chat: ChatServer):
    async def go() -> None:
        channel = xmpp()
        paging = Paging(channel)
        assert await paging.next() == HANDED
        paging.task.cancel()
        await channel.stop()

    asyncio.run(go())
    assert "A FLASH call waits at <duty-desk> & you." in chat.kept
    assert "code" not in chat.kept, "nobody acknowledges by chat"


def test_a_page_is_delivered_when_the_officers_own_client_says_so(
    xmpp, chat: ChatServer, files: tuple[Path, Path]
):
    async def go() -> None:
        channel = xmpp()
        officer: Any = ClientXMPP("officer@localhost", PASSWORD)
        officer.ssl_context.load_verify_locations(files[0])
        officer.enable_direct_tls = False
        officer.register_plugin("xep_0184")
        there = asyncio.Event()
        got: asyncio.Queue[str] = asyncio.Queue()
        officer.add_event_handler("session_start", lambda _: (officer.send_presence(), there.set()))
        officer.add_event_handler("message", lambda said: got.put_nowait(said["body"]))
        officer.connect("127.0.0.1", chat.port)
        await there.wait()
        paging = Paging(channel)
        assert [await paging.next(), await paging.next()] == [HANDED, DELIVERED]
        assert await got.get() == "\n".join(PAGE.text)
        await paging.task
        await officer.disconnect()
        await channel.stop()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("other", "cause", "says"),
    [
        ({"password_file": "wrong"}, PageCause.CREDENTIALS, "name and password"),
        ({"authority_file": ""}, PageCause.CREDENTIALS, "certificate"),
        ({"password_file": "none"}, PageCause.CREDENTIALS, "none"),
        ({"port": 1}, PageCause.UNREACHABLE, "127.0.0.1:1"),
    ],
)
def test_what_keeps_it_from_working_is_said_before_and_when_it_is_needed(
    xmpp, chat: ChatServer, other: dict[str, Any], cause: PageCause, says: str
):
    async def go() -> None:
        channel = xmpp(**other)
        with pytest.raises(ChannelError) as caught:
            await channel.check()
        assert (caught.value.cause, says in caught.value.phrase) == (cause, True), caught.value
        assert PASSWORD not in caught.value.phrase
        paging = Paging(channel)
        result, found, phrase = await paging.next()
        assert (result, found, says in phrase) == (PageResult.FAILED, cause, True)
        await paging.task
        await channel.stop()

    asyncio.run(go())
    assert chat.kept == ""


def test_nothing_is_said_to_a_server_that_offers_no_tls(
    xmpp, files: tuple[Path, Path], tmp_path: Path
):
    bare = ChatServer(tmp_path / "..", files, tls=False).start()
    try:

        async def go() -> None:
            channel = xmpp(port=bare.port, timeout_s=3)
            with pytest.raises(ChannelError) as caught:
                await channel.check()
            assert "offers no TLS" in caught.value.phrase
            await channel.stop()

        asyncio.run(go())
        assert "Authenticated" not in (bare.folder / "log").read_text()
    finally:
        bare.kill()


def test_a_server_that_was_killed_and_started_again_is_connected_to_again(xmpp, chat: ChatServer):
    async def go() -> None:
        channel = xmpp()
        await channel.check()
        await asyncio.to_thread(chat.kill)
        with pytest.raises(ChannelError):
            await channel.check()
        await asyncio.to_thread(chat.start)
        paging = Paging(channel)
        assert await paging.next() == HANDED
        paging.task.cancel()
        await channel.stop()

    asyncio.run(go())


@pytest.mark.parametrize("address", ["", "a", "a@", "@b", "a@b/c", "a b@c", "a'@b", "<a@b>"])
def test_what_is_no_account_is_refused(xmpp, address: str):
    assert xmpp().address_fault(address) is not None
    assert xmpp().address_fault("officer@north.example") is None
