"""Apprise: everything else, by the services that Apprise speaks to and by TLS alone.

A service is a URL with its secrets in a file of its owner's alone, under a name; an
officer's address is that name, so that no secret is in a roster or a journal. A service is
refused, in a sentence, if its URL is not of a TLS mode, if it asks for certificates not to
be verified, or if Clearline has a channel of its own for it, which knows more of its fate.

HANDED is the most that is ever known: a service said that it took the page. Each page is
sent in a thread, as Apprise waits for its services, and by a new instance, as one instance
holds every page back for seconds after the one before. FLASH has threads of its own.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from clearline.channels.tls import Trust
from clearline.core.terms import Precedence
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.ways import Apprise as Settings
from clearline.node.ways import read_secret

__all__ = ["Apprise"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_STATUS = re.compile(r"error=(\d{3})\b")
MAX_SERVICES = 200
THREADS = 8
"""Pages that are sent at once; as many more of FLASH."""
MAX_TOLD = 20
"""Lines that Apprise may say of one page."""
OURS = {"mailto": "mail", "mailtos": "mail", "mqtt": "mqtt", "mqtts": "mqtt",
        "xmpp": "xmpp", "xmpps": "xmpp"}  # fmt: skip
OF_ONES_OWN = {"jsons", "xmls", "forms", "gotifys", "apprises", "signals"}
"""Services that are reached at the host of their URL: what `check` may connect to."""
HTTPS = 443


class Apprise:
    """The services of one file."""

    name = "apprise"

    def __init__(self, settings: Settings, home: Path) -> None:
        """`home`: where the settings' files are looked for."""
        self._settings = settings
        self._path = home / settings.services_file
        authority = home / settings.authority_file if settings.authority_file else None
        self._authority = authority
        self._trust = Trust(authority)
        self._threads = {
            flash: ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")
            for flash in (False, True)
        }

    async def start(self) -> None:
        """Do nothing: Apprise is loaded when it is first needed, beside the node's own thread."""

    async def stop(self) -> None:
        """Begin nothing more; what waits for a service ends by its own time-out."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def address_fault(self, address: str) -> str | None:
        """Return why that can be no service's name; None if it can."""
        if _NAME.match(address):
            return None
        return f"{address!r} is no service: write its name in {self._path.name}."

    async def page(self, page: Page, heard: Heard) -> None:
        """Have one service take a page over."""
        flash = page.precedence is Precedence.FLASH
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._aside(flash, self._send, page)
        except ChannelError as error:
            heard(PageResult.FAILED, error.cause, error.phrase)
        except TimeoutError:
            why = f"{page.address} did not answer within {self._settings.timeout_s} s."
            heard(PageResult.FAILED, PageCause.TIMEOUT, why)
        else:
            heard(PageResult.HANDED, PageCause.NONE, "")

    async def check(self) -> None:
        """Read every service, and see that those with a host of their own are there.

        What a service is told, an officer would see: so nothing is. Whether it takes its
        secrets is known from the first page, or from a test call in its turn.
        """
        urls = self._services()
        for name, url in urls.items():
            service = await self._aside(False, self._service, name, url)  # noqa: FBT003
            if _scheme(url) in OF_ONES_OWN:
                await self._there(name, service.host, service.port or HTTPS)

    async def _aside(self, flash: bool, work: Any, *args: Any) -> Any:  # noqa: FBT001
        return await asyncio.get_running_loop().run_in_executor(self._threads[flash], work, *args)

    async def _there(self, name: str, host: str, port: int) -> None:
        """Connect to a host by TLS, and leave; ChannelError if that fails."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                _, writer = await asyncio.open_connection(host, port, ssl=self._trust.context())
                writer.close()
        except ssl.SSLCertVerificationError as error:
            why = f"{name}: the certificate of {host} does not hold: {error.verify_message}."
            raise ChannelError(PageCause.CREDENTIALS, why) from error
        except OSError as error:  # A TimeoutError is one.
            why = f"{name}: {host}:{port} is not there: {error}"
            raise ChannelError(PageCause.UNREACHABLE, why) from error

    def _services(self) -> dict[str, str]:
        raw = read_secret(self._path, "the services of [apprise]")
        try:
            found = msgspec.toml.decode(raw, type=dict[str, str])
        except msgspec.MsgspecError as error:
            # Never what it holds: only where.
            phrase = f'{self._path} is not lines of `name = "URL"`.'
            raise ChannelError(PageCause.CREDENTIALS, phrase) from error
        if len(found) > MAX_SERVICES:
            phrase = f"{self._path} has more than {MAX_SERVICES} services."
            raise ChannelError(PageCause.OTHER, phrase)
        return found

    # What follows runs in a thread.

    def _service(self, name: str, url: str) -> Any:
        """Return one service, ready; ChannelError with what to do if it may not be used."""
        import apprise  # noqa: PLC0415 - it takes a second, which the node does not have

        scheme = _scheme(url)
        if scheme in OURS:
            phrase = f"{name}: {scheme}:// is not for Apprise here: use [{OURS[scheme]}]."
            raise ChannelError(PageCause.ADDRESS, phrase)
        library: Any = apprise  # Typed in parts only.
        service = library.Apprise.instantiate(url)
        if service is None:
            raise ChannelError(PageCause.ADDRESS, f"{name}: its URL is none that Apprise knows.")
        by_tls = service.secure_protocol or ()
        if scheme not in ((by_tls,) if isinstance(by_tls, str) else by_tls):
            phrase = f"{name}: {scheme}:// is not by TLS. Use the service's secure form."
            raise ChannelError(PageCause.ADDRESS, phrase)
        if not service.verify_certificate:
            phrase = f"{name}: without verifying the certificate nothing is sent."
            raise ChannelError(PageCause.ADDRESS, phrase)
        if self._authority is not None:
            service.verify_certificate = str(self._authority)
        service.redirects = False  # One could lead to where nothing is by TLS.
        service.socket_connect_timeout = service.socket_read_timeout = self._settings.timeout_s
        return service

    def _send(self, page: Page) -> None:
        url = self._services().get(page.address)
        if url is None:
            phrase = f"{self._path} has no service {page.address}."
            raise ChannelError(PageCause.ADDRESS, phrase)
        service = self._service(page.address, url)
        with _Told() as told:
            taken = service.notify(body="\n".join(page.text), title=page.text[0])
        if not taken:
            raise _refused(page.address, " ".join(told.lines))


class _Told(logging.Handler):
    """What Apprise says in this thread: it gives no other reason."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def __enter__(self) -> _Told:
        log = logging.getLogger("apprise")
        log.propagate = False
        log.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.thread == self._thread and len(self.lines) < MAX_TOLD:
            self.lines.append(record.getMessage())


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _refused(name: str, told: str) -> ChannelError:
    """Return why a service did not take a page, as far as Apprise lets it be known.

    Its own words are not passed on: they may hold what is in the URL.
    """
    status = _STATUS.search(told)
    code = status[1] if status else ""
    if code in ("401", "403"):
        return ChannelError(PageCause.CREDENTIALS, f"{name} refuses our credentials ({code}).")
    if code:
        return ChannelError(PageCause.OTHER, f"{name} did not take it ({code}).")
    if "onnection error" in told:
        return ChannelError(PageCause.UNREACHABLE, f"{name} is not there, or its certificate "
                            "does not hold.")  # fmt: skip
    return ChannelError(PageCause.OTHER, f"{name} did not take it.")
