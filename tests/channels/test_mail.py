"""Mail: handed over by TLS or not at all, and what goes wrong is said in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clearline.basis.instants import Instant
from clearline.channels.mail import Mail
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, Page, PageCause, PageResult
from clearline.node.ways import Mail as Settings
from tests.channels.ends import PASSWORD, USER, MailServer, secret

NOW = Instant(1_474_120_500_000)
PAGE = Page(
    id="ab" * 16, what="c", who="Maj. A", address="a@north.example", echelon="duty-desk", rung=1,
    demand=Demand.CALL, precedence=Precedence.FLASH, drill=False, language="en",
    text=("A FLASH call waits at duty-desk.", "Go."), code="42",
)  # fmt: skip
Heard = list[tuple[PageResult, PageCause, str]]


@pytest.fixture
def mail(server: MailServer, files: tuple[Path, Path], tmp_path: Path) -> Callable[..., Mail]:
    """Make mail through the server, with other settings if need be."""
    secret(tmp_path / "password", PASSWORD + "\n")

    def make(**other: Any) -> Mail:
        good = {
            "host": "127.0.0.1", "port": server.port, "sender": "line@north.example",
            "user": USER, "password_file": "password", "authority_file": str(files[0]),
        }  # fmt: skip
        return Mail(Settings(**(good | other)), tmp_path, lambda: NOW)

    return make


async def paged(mail: Mail, *pages: Page) -> Heard:
    heard: Heard = []
    await asyncio.gather(*(mail.page(page, lambda *said: heard.append(said)) for page in pages))
    return heard


def run(mail: Mail, *pages: Page) -> Heard:
    async def go() -> Heard:
        try:
            return await paged(mail, *pages)
        finally:
            await mail.stop()

    return asyncio.run(go())


def checked(mail: Mail) -> None:
    async def go() -> None:
        try:
            await mail.check()
        finally:
            await mail.stop()

    asyncio.run(go())


def test_a_page_is_one_message_that_says_what_it_is(server: MailServer, mail):
    assert run(mail(), PAGE) == [(PageResult.HANDED, PageCause.NONE, "")]
    message = server.next()
    assert message["To"] == "a@north.example"
    assert message["Subject"] == "A FLASH call waits at duty-desk."
    assert message["Message-ID"] == f"<{'ab' * 16}@north.example>"
    assert message["Date"] == "Sat, 17 Sep 2016 13:55:00 +0000"
    assert (message["Importance"], message["Auto-Submitted"]) == ("high", "auto-generated")
    assert message.get_content().splitlines() == list(PAGE.text)
    assert "42" not in message.as_string().replace(PAGE.id, ""), "nobody acknowledges by mail"


def test_what_others_wrote_adds_no_header(server: MailServer, mail):
    page = replace(PAGE, text=("A call\r\nBcc: x@y.example\r\n\r\nfrom us", "СТОП"), drill=False)
    run(mail(), page)
    message = server.next()
    assert message["Bcc"] is None
    assert message["Subject"].startswith("A call  Bcc:")
    assert "СТОП" in message.get_content()


def test_connections_are_kept_and_few(server: MailServer, mail):
    pages = [
        replace(PAGE, id=f"{n:032x}", address=f"a{n}@north.example", precedence=Precedence.ROUTINE)
        for n in range(40)
    ]
    assert len(run(mail(connections=2), *pages)) == 40
    assert len(server.clients) == 2
    assert server.taken.qsize() == 40


def test_what_waits_for_one_mailbox_goes_in_one_message_and_each_page_is_handed(
    server: MailServer, mail
):
    pages = [replace(PAGE, id=f"{n:032x}") for n in range(40)]
    pages += [replace(PAGE, id="cd" * 16, drill=True, text=("DRILL", "x"))]
    assert run(mail(connections=1), *pages) == [(PageResult.HANDED, PageCause.NONE, "")] * 41
    assert server.taken.qsize() < 10
    assert {page for _, page in server.arrivals} == {page.id for page in pages}
    subjects = {server.next()["Subject"] for _ in range(server.taken.qsize())}
    assert "DRILL x" in subjects, "a drill is never mixed with what is none"
    assert any(each.startswith("A FLASH call waits at duty-desk. (+") for each in subjects)


def test_a_flash_does_not_wait_for_connections_that_others_hold(server: MailServer, mail):
    """Every connection that routine pages may have is held; a FLASH has one of its own."""
    held = asyncio.Event()
    flash = asyncio.Event()
    answers: list[Callable[[], Any]] = []

    async def held_until_flash() -> str:
        loop.call_soon_threadsafe(held.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(flash.wait(), loop))
        return "250 OK"

    answers.append(held_until_flash)
    server.answer = lambda: answers.pop()() if answers else "250 OK"

    async def go() -> Heard:
        nonlocal loop
        loop = asyncio.get_running_loop()
        one = mail(connections=1)
        routine = asyncio.create_task(paged(one, replace(PAGE, precedence=Precedence.ROUTINE)))
        await held.wait()
        heard = await paged(one, replace(PAGE, id="cd" * 16))
        assert not routine.done()
        flash.set()
        await routine
        await one.stop()
        return heard

    loop: Any = None
    assert asyncio.run(go())[0][0] is PageResult.HANDED


def test_a_server_that_let_a_kept_connection_go_is_connected_to_again(server: MailServer, mail):
    async def go() -> Heard:
        one = mail()
        first = await paged(one, PAGE)
        server.stop()
        server.start()
        second = await paged(one, replace(PAGE, id="cd" * 16))
        await one.stop()
        return first + second

    assert [result for result, _, _ in asyncio.run(go())] == [PageResult.HANDED] * 2


@pytest.mark.parametrize(
    ("other", "cause", "says"),
    [
        ({"user": "someone"}, PageCause.CREDENTIALS, "name and password"),
        ({"authority_file": ""}, PageCause.CREDENTIALS, "certificate"),
        ({"authority_file": "none.pem"}, PageCause.CREDENTIALS, "none.pem"),
        ({"password_file": "none"}, PageCause.CREDENTIALS, "none"),
        ({"port": 1}, PageCause.UNREACHABLE, "127.0.0.1:1"),
        ({"security": "tls"}, PageCause.UNREACHABLE, "127.0.0.1"),
    ],
)
def test_what_keeps_it_from_working_is_said_before_and_when_it_is_needed(
    mail, other: dict[str, Any], cause: PageCause, says: str
):
    with pytest.raises(ChannelError) as caught:
        checked(mail(**other))
    assert (caught.value.cause, says in caught.value.phrase) == (cause, True), caught.value.phrase
    assert PASSWORD not in caught.value.phrase
    ((result, found, phrase),) = run(mail(**other), PAGE)
    assert (result, found, says in phrase) == (PageResult.FAILED, cause, True)


def test_a_server_that_works_is_found_to_without_a_message_and_the_line_to_it_kept(
    server: MailServer, mail
):
    async def go() -> None:
        one = mail()
        await one.check()
        await one.check()
        assert server.taken.empty()
        await paged(one, PAGE)
        await one.stop()

    asyncio.run(go())
    assert len(server.clients) == 2


def test_a_message_that_is_slow_holds_none_up_to_the_same_mailbox(server: MailServer, mail):
    """The first never ends; the second goes by another connection."""

    async def go() -> Heard:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def answer() -> Any:
            loop.call_soon_threadsafe(begun.set)
            server.answer = lambda: "250 OK"
            return asyncio.Event().wait()

        server.answer = answer
        one = mail(timeout_s=2)
        first = asyncio.create_task(paged(one, PAGE))
        await begun.wait()
        second = await paged(one, replace(PAGE, id="cd" * 16))
        assert not first.done()
        await one.stop()
        return second + await first

    assert [each[0] for each in asyncio.run(go())] == [PageResult.HANDED, PageResult.FAILED]


def test_a_password_that_others_can_read_is_not_used(server: MailServer, mail, tmp_path: Path):
    (tmp_path / "password").chmod(0o640)
    with pytest.raises(ChannelError, match="chmod 600"):
        checked(mail())
    assert server.clients == set()


def test_nothing_is_said_to_a_server_that_offers_no_tls(
    files: tuple[Path, Path], tmp_path: Path, mail
):
    bare = MailServer(files, tls=False).start()
    try:
        with pytest.raises(ChannelError) as caught:
            checked(mail(port=bare.port))
        assert "STARTTLS" in caught.value.phrase
        assert run(mail(port=bare.port), PAGE)[0][0] is PageResult.FAILED
        assert bare.taken.empty()
    finally:
        bare.end()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [("550 No such person", PageCause.ADDRESS), ("450 Mailbox is busy", PageCause.BUSY)],
)
def test_a_mailbox_that_is_refused_is_the_addresss_fault(
    server: MailServer, mail, answer: str, cause: PageCause
):
    server.refuses = answer
    ((result, found, phrase),) = run(mail(), PAGE)
    assert (result, found, answer[4:] in phrase) == (PageResult.FAILED, cause, True)


def test_a_server_that_refuses_the_message_is_said(server: MailServer, mail):
    server.answer = lambda: "554 Not today"
    ((result, found, phrase),) = run(mail(), PAGE)
    assert (result, found, "Not today" in phrase) == (PageResult.FAILED, PageCause.OTHER, True)


def test_a_server_that_hangs_is_given_up(server: MailServer, mail):
    server.answer = lambda: asyncio.Event().wait()
    ((result, cause, phrase),) = run(mail(timeout_s=1), PAGE)
    assert (result, cause, "within 1 s" in phrase) == (PageResult.FAILED, PageCause.TIMEOUT, True)


def test_a_server_that_dies_with_the_message_in_hand_is_said(server: MailServer, mail):
    async def die() -> str:
        for each in list(server._transports):
            each.abort()
        return "250 OK"

    server.answer = die
    ((result, cause, _),) = run(mail(), PAGE)
    assert (result, cause) == (PageResult.FAILED, PageCause.UNREACHABLE)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@b", "a b@c.example", "a@b\r\nRCPT TO:<x@y>", "ä@b.example"]
)
def test_what_is_no_mailbox_is_refused(mail, address: str):
    assert mail().address_fault(address) is not None
    assert mail().address_fault("maj.a+night@north.example") is None
