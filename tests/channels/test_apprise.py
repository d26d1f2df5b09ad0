"""Apprise: by TLS alone, with no secret where it could be read, and never beside our own ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clearline.channels.apprise import Apprise
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, Page, PageCause, PageResult
from clearline.node.ways import Apprise as Settings
from tests.channels.ends import WebServer, secret

PAGE = Page(
    id="ab" * 16, what="c", who="Maj. A", address="ops", echelon="duty-desk", rung=1,
    demand=Demand.CALL, precedence=Precedence.FLASH, drill=False, language="en",
    text=("A FLASH call waits at duty-desk.", "Go."), code="42",
)  # fmt: skip
HANDED = (PageResult.HANDED, PageCause.NONE, "")
Heard = list[tuple[PageResult, PageCause, str]]


@pytest.fixture
def apprise(files: tuple[Path, Path], tmp_path: Path) -> Callable[..., Apprise]:
    def make(url: str, **other: Any) -> Apprise:
        secret(tmp_path / "services.toml", f'ops = "{url}"\n')
        good = {"services_file": "services.toml", "authority_file": str(files[0])}
        return Apprise(Settings(**(good | other)), tmp_path)

    return make


def own(web: WebServer, query: str = "") -> str:
    return f"jsons://clearline:sesame@localhost:{web.port}/{query}"


def run(channel: Apprise, *pages: Page) -> Heard:
    async def go() -> Heard:
        heard: Heard = []
        await asyncio.gather(*(channel.page(page, lambda *s: heard.append(s)) for page in pages))
        await channel.stop()
        return heard

    return asyncio.run(go())


def test_a_service_takes_a_page_over(apprise, web: WebServer):
    channel = apprise(own(web))
    asyncio.run(channel.check())
    assert web.taken.empty(), "nobody is disturbed by a check"
    assert run(channel, PAGE) == [HANDED]
    said = web.taken.get(timeout=30)
    assert said["title"] == "A FLASH call waits at duty-desk."
    assert "42" not in said["message"]


def test_a_page_does_not_wait_seconds_for_the_one_before_it(apprise, web: WebServer):
    pages = [replace(PAGE, id=f"{n:032x}") for n in range(6)]
    assert run(apprise(own(web), timeout_s=4), *pages) == [HANDED] * 6


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, PageCause.CREDENTIALS), (403, PageCause.CREDENTIALS), (500, PageCause.OTHER)],
)
def test_a_service_that_refuses_is_said_without_its_secrets(
    apprise, web: WebServer, status: int, cause: PageCause
):
    web.status = status
    ((result, found, phrase),) = run(apprise(own(web)), PAGE)
    assert (result, found, str(status) in phrase) == (PageResult.FAILED, cause, True)
    assert "sesame" not in phrase


def test_a_service_that_leads_elsewhere_is_not_followed(apprise, web: WebServer):
    web.status, web.location = 307, "http://127.0.0.1:1/"
    ((result, _, phrase),) = run(apprise(own(web)), PAGE)
    assert (result, "307" in phrase) == (PageResult.FAILED, True)


def test_a_service_that_hangs_is_given_up(apprise, web: WebServer):
    web.go.clear()
    ((result, cause, _),) = run(apprise(own(web), timeout_s=1), PAGE)
    web.go.set()
    assert result is PageResult.FAILED
    assert cause in (PageCause.TIMEOUT, PageCause.UNREACHABLE)


def test_a_certificate_that_does_not_hold_is_said_and_nothing_is_sent(apprise, web: WebServer):
    channel = apprise(own(web), authority_file="")
    with pytest.raises(ChannelError) as caught:
        asyncio.run(channel.check())
    assert (caught.value.cause, "certificate" in caught.value.phrase) == (
        PageCause.CREDENTIALS, True,
    )  # fmt: skip
    ((result, cause, _),) = run(channel, PAGE)
    assert (result, cause) == (PageResult.FAILED, PageCause.UNREACHABLE)
    assert web.taken.empty()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("json://localhost/", "not by TLS"),
        ("ntfy://localhost/topic", "not by TLS"),
        ("syslog://", "not by TLS"),
        ("jsons://localhost/?verify=no", "without verifying"),
        ("mailtos://u:p@localhost", "use [mail]"),
        ("mqtts://localhost/topic", "use [mqtt]"),
        ("xmpps://u:p@localhost/x", "use [xmpp]"),
        ("http://localhost/", "none that Apprise knows"),
        ("nonsense", "none that Apprise knows"),
    ],
)
def test_what_is_not_by_tls_or_is_not_for_apprise_is_refused_in_a_sentence(
    apprise, url: str, says: str
):
    with pytest.raises(ChannelError) as caught:
        asyncio.run(apprise(url).check())
    assert says in caught.value.phrase
    ((result, _, phrase),) = run(apprise(url), PAGE)
    assert (result, says in phrase) == (PageResult.FAILED, True)


def test_a_service_that_is_not_in_the_file_is_said(apprise, web: WebServer):
    channel = apprise(own(web))
    assert channel.address_fault("ops") is None
    assert channel.address_fault("jsons://u:secret@h") is not None
    ((result, cause, _),) = run(channel, replace(PAGE, address="other"))
    assert (result, cause) == (PageResult.FAILED, PageCause.ADDRESS)


def test_a_file_that_others_can_read_is_not_used(apprise, web: WebServer, tmp_path: Path):
    channel = apprise(own(web))
    (tmp_path / "services.toml").chmod(0o644)
    with pytest.raises(ChannelError, match="chmod 600"):
        asyncio.run(channel.check())
    (tmp_path / "services.toml").chmod(0o600)
    (tmp_path / "services.toml").write_text("ops = sesame")
    with pytest.raises(ChannelError) as caught:
        asyncio.run(channel.check())
    assert "sesame" not in caught.value.phrase
