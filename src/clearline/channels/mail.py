"""Mail: a page as a message, through the party's own mail server.

HANDED means that the server took it over (250 to the end of DATA), and it is the most that
is ever known: a note of delivery (RFC 3461) says where a message was put, not that anybody
read it, and many servers send none. Nobody acknowledges by mail: whoever can write to a
mailbox can write in another's name, and a signature that an officer makes by hand at night
is none. So a mail gives no code.

Connections are kept and used again, so many at most; a FLASH may open as many more, and the
most urgent waits for the next that is free. What waits for the same mailbox by then goes in
one message: when two hundred calls climb at once, nobody is helped by two hundred mails.

Outside loopback there is no mail without TLS: a server that does not offer it is given
nothing, not even a name to sign in with.

Sources: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 3834 (Auto-Submitted), 2076 (Importance).
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import re
import ssl
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

import aiosmtplib
from aiosmtplib import SMTP
from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.channels.tls import Trust
from clearline.core.terms import Precedence
from clearline.node.lane import URGENCY
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.ways import Mail as Settings
from clearline.node.ways import read_password

__all__ = ["Mail"]

MAX_SUBJECT = 120
MAX_TOGETHER = 50
"""Pages in one message."""
MAX_LINE = 990
"""A subject is one line: where it is broken, some readers show a space before it."""
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
_POLICY = SMTP_POLICY.clone(max_line_length=MAX_LINE)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SLOW_S = 0.25
"""A message that takes longer has others to its mailbox go by another connection."""
_Group = tuple[str, Precedence, bool]
STALE = (aiosmtplib.SMTPServerDisconnected, ConnectionError)
"""What a kept connection says that the server has let go meanwhile."""


class Mail:
    """Mail through one server."""

    name = "mail"

    def __init__(self, settings: Settings, home: Path, now: Callable[[], Instant]) -> None:
        """`home`: where the settings' files are looked for."""
        self._settings = settings
        self._password = home / settings.password_file if settings.password_file else None
        self._trust = Trust(home / settings.authority_file if settings.authority_file else None)
        self._now = now
        self._idle: list[SMTP] = []
        self._waiting: list[tuple[int, int, _Waiting]] = []
        self._count = 0
        self._carriers: set[asyncio.Task[None]] = set()
        self._carried: Counter[_Group] = Counter()
        """Whose messages are on their way now."""

    async def start(self) -> None:
        """Do nothing: a connection is made when it is first needed."""

    async def stop(self) -> None:
        """Close what is kept."""
        self._waiting.clear()
        carriers = list(self._carriers)
        for each in carriers:
            each.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
        while self._idle:
            await _close(self._idle.pop())

    def address_fault(self, address: str) -> str | None:
        """Return why that is no mailbox; None if it may be one."""
        if _ADDRESS.match(address):
            return None
        return f"{address!r} is no mailbox: write name@domain."

    async def page(self, page: Page, heard: Heard) -> None:
        """Hand one page to the server, with whatever else waits for its mailbox."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (URGENCY[page.precedence], self._count, _Waiting(page, done)))
        self._carry(flash=page.precedence is Precedence.FLASH)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await done
        except ChannelError as error:
            heard(PageResult.FAILED, error.cause, error.phrase)
        except TimeoutError as error:
            found = self._said(error)
            heard(PageResult.FAILED, found.cause, found.phrase)
        else:
            heard(PageResult.HANDED, PageCause.NONE, "")

    async def check(self) -> None:
        """Connect and sign in; the connection is kept for the next page."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                server = await self._connect()
                try:
                    await server.noop()
                except BaseException:
                    server.close()
                    raise
        except (OSError, aiosmtplib.SMTPException) as error:
            raise self._said(error) from error
        while self._idle:
            await _close(self._idle.pop())
        self._keep(server)

    # Connections.

    def _carry(self, flash: bool) -> None:  # noqa: FBT001 - a timer gives no names
        """Have one more connection carry what waits, if there may be one more."""
        most = self._settings.connections * (2 if flash else 1)
        if self._waiting and len(self._carriers) < most:
            carrier = asyncio.get_running_loop().create_task(self._carry_all())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _carry_all(self) -> None:
        """Carry what waits, the most urgent first, until nothing does; keep the connection."""
        server: SMTP | None = None
        try:
            while together := self._next():
                group = together[0].group
                self._carried[group] += 1
                try:
                    server = server or await self._lent()
                    await self._send(server, [each.page for each in together])
                except ChannelError as error:
                    found = error
                except (OSError, aiosmtplib.SMTPException) as error:
                    found = self._said(error)
                else:
                    found = None
                finally:
                    self._carried -= Counter((group,))
                for each in together:
                    each.end(found)
                if found is not None and server is not None:
                    server.close()
                    server = None
        finally:
            if server is not None:
                self._keep(server)

    def _next(self) -> list[_Waiting]:
        """Take what waits most urgently, and all that waits as urgently for its mailbox."""
        together: list[_Waiting] = []
        rest: list[tuple[int, int, _Waiting]] = []
        while self._waiting and len(together) < MAX_TOGETHER:
            item = heapq.heappop(self._waiting)
            if item[2].done.done():
                continue  # Nobody waits for it any more.
            if not together or together[0].group == item[2].group:
                together.append(item[2])
            else:
                rest.append(item)
        for item in rest:
            heapq.heappush(self._waiting, item)
        return together

    async def _lent(self) -> SMTP:
        """Return a connection that was kept, or a new one."""
        while self._idle:
            server = self._idle.pop()
            if server.is_connected:
                return server
        return await self._connect()

    def _keep(self, server: SMTP) -> None:
        if server.is_connected and len(self._idle) < self._settings.connections:
            self._idle.append(server)
        else:
            server.close()

    async def _connect(self) -> SMTP:
        settings = self._settings
        password = None
        if self._password is not None:
            password = read_password(self._password, "[mail]")
        secure = settings.security
        server = SMTP(
            hostname=settings.host.strip("[]"),
            port=settings.port,
            username=settings.user or None,
            password=password,
            # Not looked up: that may take long, and this machine's name is nobody's affair.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=settings.timeout_s,
            use_tls=secure == "tls",
            start_tls=secure == "starttls",
            tls_context=self._trust.context() if secure != "none" else None,
        )
        await server.connect()
        return server

    # Messages.

    async def _send(self, server: SMTP, pages: list[Page]) -> None:
        raw = bytes(self._message(pages))
        address = pages[0].address
        try:
            await server.sendmail(self._settings.sender, address, raw)
        except STALE:
            # It had been let go since it was last used. Should the message have been taken
            # over all the same, its id is the same.
            await server.connect()
            await server.sendmail(self._settings.sender, address, raw)

    def _message(self, pages: list[Page]) -> EmailMessage:
        """Return the message of pages that go together."""
        page = pages[0]
        message = EmailMessage(policy=_POLICY)
        domain = self._settings.sender.rpartition("@")[2]
        message["Message-ID"] = f"<{page.id}@{domain}>"
        message["Date"] = _date(self._now())
        message["From"] = self._settings.sender
        message["To"] = page.address
        subject = _line(" ".join(page.text[: 2 if page.drill else 1]))[:MAX_SUBJECT]
        more = len(pages) - 1
        message["Subject"] = f"{subject} (+{more})" if more else subject
        message["Auto-Submitted"] = "auto-generated"
        message["X-Clearline-Pages"] = " ".join(each.id for each in pages)
        if URGENCY[page.precedence] <= URGENCY[Precedence.IMMEDIATE]:
            message["Importance"] = "high"
        message.set_content(_body(pages))
        return message

    def _said(self, error: Exception) -> ChannelError:
        """Return what went wrong, so that a person can put it right."""
        where = f"{self._settings.host}:{self._settings.port}"
        match error:
            case aiosmtplib.SMTPAuthenticationError():
                why = f"{where} does not take the name and password of [mail]: {error.message}"
                return ChannelError(PageCause.CREDENTIALS, why)
            case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
                return _refused(where, refused)
            case aiosmtplib.SMTPResponseException():
                why = f"{where} did not take it: {error.code} {error.message}"
                return ChannelError(PageCause.OTHER, why)
            case _ if (broken := _certificate(error)) is not None:
                why = f"The certificate of {where} does not hold: {broken.verify_message}."
                return ChannelError(PageCause.CREDENTIALS, why)
            case TimeoutError():
                why = f"{where} did not answer within {self._settings.timeout_s} s."
                return ChannelError(PageCause.TIMEOUT, why)
            case OSError():
                return ChannelError(PageCause.UNREACHABLE, f"{where} is not there: {error}")
            case _:
                return ChannelError(PageCause.OTHER, f"{where}: {error}")


class _Waiting(Struct, eq=False):
    """A page that no connection has carried yet."""

    page: Page
    done: asyncio.Future[None]

    @property
    def group(self) -> _Group:
        """Return what a page has in common with those that may be in one message with it."""
        return (self.page.address, self.page.precedence, self.page.drill)

    def end(self, error: ChannelError | None) -> None:
        """Say what has become of it to whoever still waits."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


def _body(pages: list[Page]) -> str:
    """Return the text of pages that go together; what is said alike is said once, and counted."""
    texts = Counter("\n".join(_line(each) for each in page.text) for page in pages)
    return (
        "\n\n".join(f"{text}\n(x {times})" if times > 1 else text for text, times in texts.items())
        + "\n"
    )


def _refused(where: str, refused: list[aiosmtplib.SMTPRecipientRefused]) -> ChannelError:
    """Return why a mailbox was refused: for good, or for now (RFC 5321, 4.2.1)."""
    first = refused[0]
    cause = PageCause.ADDRESS if first.code >= 500 else PageCause.BUSY
    return ChannelError(cause, f"{where} refuses the mailbox: {first.code} {first.message}")


def _certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return what was wrong with a certificate, if that is why it failed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _line(text: str) -> str:
    """Return a text as one line: what others wrote may add no header and no line."""
    return "".join(each if each.isprintable() or each == "\u2068" else " " for each in text)


def _date(at: Instant) -> str:
    """Return an instant as RFC 5322 writes it."""
    text = str(at)
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    # Days since 1970-01-01, which was a Thursday.
    weekday = _DAYS[(int(at) // 86_400_000 + 3) % 7]
    return f"{weekday}, {day:02} {_MONTHS[month - 1]} {year} {text[11:19]} +0000"


async def _close(server: SMTP) -> None:
    with contextlib.suppress(OSError, aiosmtplib.SMTPException):
        async with asyncio.timeout(2):
            await server.quit()
    server.close()
