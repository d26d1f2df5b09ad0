"""The telephone channel: a page becomes calls, until a human has keyed its code.

Each page is dialled at once and spoken meanwhile. A telephone that is busy or not answered is
dialled again after a pause, as often as the settings say, for as long as anybody need be
reached. Only a keyed code counts as a human: a machine that answers is told as such, and the
ladder goes on.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import structlog

from clearline.channels.phone.debian import DebianDriver
from clearline.channels.phone.line import Driver, Ended
from clearline.channels.phone.native import NativeDriver
from clearline.channels.phone.options import ask
from clearline.channels.phone.ringing import Exchange, Ringing
from clearline.channels.phone.speech import Speech
from clearline.channels.phone.switchboard import Switchboard
from clearline.channels.phone.wire import Setup
from clearline.channels.tls import Trust
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.talking import PutThrough
from clearline.node.ways import Phone as Settings
from clearline.node.ways import is_loopback, read_password

__all__ = ["Phone"]

NUMBER = re.compile(r"\+?[0-9*]{2,20}\Z")
URI = re.compile(
    r"sips?:[A-Za-z0-9._+*~%-]{1,64}@(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,200})"
    r"(:[0-9]{1,5})?(;[A-Za-z0-9-]{1,20}=[A-Za-z0-9.-]{1,40}){0,4}\Z"
)
MAX_PASSWORD = 200
_BETWEEN_DIGITS = str.maketrans("", "", " -./()\N{NO-BREAK SPACE}")


class Phone:
    """Rings telephones through one exchange."""

    def __init__(
        self, settings: Settings, home: Path, put_through: PutThrough | None = None
    ) -> None:
        """`home`: where the settings' files are looked for; `put_through`: who carries voice."""
        self._put_through = put_through
        self._settings = settings
        self._home = home
        self._trust = Trust(home / settings.authority_file if settings.authority_file else None)
        self._driver: Driver | None = None
        self._switchboard = Switchboard(settings.lines)
        self._recordings = home / settings.recordings if settings.recordings else None
        self._speech: Speech | None = None
        self._under_way: set[str] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._log = structlog.stdlib.get_logger("phone")

    @property
    def name(self) -> str:
        """Return `phone`."""
        return "phone"

    async def start(self) -> None:
        """Start the driver."""
        self._speech = Speech(self._recordings)
        try:
            await self._started()
        except ChannelError as error:
            self._log.error("phone_cannot_start", cause=error.cause.value, phrase=error.phrase)

    async def stop(self) -> None:
        """End the driver, and every call with it."""
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        if self._driver:
            await self._driver.stop()
        if self._speech:
            await self._speech.close()

    def address_fault(self, address: str) -> str | None:
        """Return why an address is neither a number nor a SIP URI."""
        number = address.translate(_BETWEEN_DIGITS)
        if NUMBER.match(number):
            if self._settings.sip_uri_template:
                return None
            return "A number needs `sip_uri_template` in [phone]; a SIP URI does without."
        if URI.match(address):
            return None
        return f"{address!r} is neither a telephone number nor a SIP URI, such as sip:200@exchange."

    def uri(self, address: str) -> str:
        """Return the SIP URI of an address that has no fault."""
        number = address.translate(_BETWEEN_DIGITS)
        if NUMBER.match(number):
            return self._settings.sip_uri_template.replace("{number}", number)
        return address

    async def page(self, page: Page, heard: Heard) -> None:
        """Ring one telephone until a human has keyed the code, or as long as it makes sense."""
        if fault := self.address_fault(page.address):
            heard(PageResult.FAILED, PageCause.ADDRESS, fault)
            return
        if page.id in self._under_way:
            return
        assert self._speech is not None
        self._under_way.add(page.id)
        ringing = Ringing(page, heard, self.uri(page.address), self._exchange())
        try:
            await ringing.run()
        finally:
            self._under_way.discard(page.id)

    async def check(self) -> None:
        """Ask the exchange whether it is there, and whether it knows the account."""
        assert self._speech is not None
        driver = await self._started()
        await driver.ready()
        await ask(self._settings, self._trust)
        if self._settings.password_file:
            _judge(await driver.register())
        if fault := self._speech.fault():
            raise ChannelError(PageCause.OTHER, fault)

    async def _started(self) -> Driver:
        """Return the driver, started; one that lacked its password is tried again."""
        if self._driver is None:
            setup = _setup(self._settings, self._home)
            native = self._settings.driver == "baresip-python"
            self._driver = NativeDriver(setup) if native else DebianDriver(setup)
            await self._driver.start()
        return self._driver

    def _exchange(self) -> Exchange:
        assert self._speech is not None
        return Exchange(
            self._settings,
            self._started,
            self._switchboard,
            self._speech,
            self._calls,
            self._put_through,
        )


def _setup(settings: Settings, home: Path) -> Setup:
    user, _, domain = settings.account.partition("@")
    loopback = ""
    if is_loopback(settings.host):
        loopback = "::1" if ":" in settings.host else "127.0.0.1"
    is_tls = settings.security == "tls"
    return Setup(
        server=f"{settings.host}:{settings.port}",
        transport="tls" if is_tls else settings.transport,
        srtp=is_tls,
        loopback=loopback,
        ca_file=str(home / settings.authority_file) if is_tls else "",
        user=user,
        domain=domain,
        auth_user=settings.user,
        password=_password(home, settings.password_file),
    )


def _password(home: Path, file: str) -> str:
    if not file:
        return ""
    password = read_password(home / file, "[phone]")
    # The stack's own notation has no way to write a quote or a backslash.
    if not 0 < len(password) <= MAX_PASSWORD or re.search(r'["\\\x00-\x1f\x7f\ufffd]', password):
        raise ChannelError(
            PageCause.CREDENTIALS,
            f"{file}: a password of one line, without quotes and backslashes, is needed.",
        )
    return password


def _judge(answer: Ended) -> None:
    """Raise ChannelError unless a registration says that a call could be placed."""
    if answer.status in (401, 403, 407):
        raise ChannelError(
            PageCause.CREDENTIALS,
            f"The exchange refuses the account: {answer.status} {answer.reason}. "
            "Check account, user and the password file.",
        )
    # An exchange that takes calls without registrations says so, and that is no fault.
    if answer.status not in (200, 404, 405, 501):
        said = f"{answer.status or ''} {answer.reason}".strip()
        raise ChannelError(PageCause.UNREACHABLE, f"The exchange does not register us: {said}.")
