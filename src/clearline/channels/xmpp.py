"""XMPP: a page as a chat message, through the party's own chat server.

HANDED means that the server answered a ping that was sent after the message: a stream is in
order, so it has taken the message over (RFC 6120, 10.1). DELIVERED is the receipt of the
officer's own client (XEP-0184), where it sends one. Nobody acknowledges by chat: a line in
an account's name is no signature, so no code is sent.

TLS with a certificate that holds for the server's name, always; before that no mechanism of
signing in is tried, and no message is sent. Apprise speaks XMPP too, and is not used for it:
it trusts public authorities alone, and reports a message as sent when the certificate did
not hold and nothing was (decision 0037).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP
from slixmpp.exceptions import XMPPError

from clearline.channels.tls import Trust
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.ways import Xmpp as Settings
from clearline.node.ways import read_password

__all__ = ["Xmpp"]

Client = Any
"""A `slixmpp.ClientXMPP`, whose types are said in parts only."""

_JID = re.compile(r"[^\s@/<>\"'&:]{1,200}@[A-Za-z0-9.-]{1,253}\Z")
MECHANISMS = {f"unencrypted_{each}": False for each in ("plain", "digest", "cram", "scram")}
"""No way of signing in is tried before TLS is."""
RECEIPT_S = 60.0
"""How long the officer's client has to say that it has a message."""


class Xmpp:
    """Chat through one server, over one connection that is kept."""

    name = "xmpp"

    def __init__(self, settings: Settings, home: Path) -> None:
        """`home`: where the settings' files are looked for."""
        self._settings = settings
        self._home = home
        self._trust = Trust(home / settings.authority_file if settings.authority_file else None)
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self._receipts: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        """Do nothing: the connection is made when it is first needed."""

    async def stop(self) -> None:
        """Let the connection go."""
        self._drop()

    def address_fault(self, address: str) -> str | None:
        """Return why that can be no account; None if it can."""
        if _JID.match(address):
            return None
        return f"{address!r} is no chat account: write name@server."

    async def page(self, page: Page, heard: Heard) -> None:
        """Send one message; listen for its receipt."""
        receipt = self._receipts[page.id] = asyncio.Event()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._send(page)
        except ChannelError as error:
            heard(PageResult.FAILED, error.cause, error.phrase)
        except TimeoutError:
            self._drop()
            found = self._late()
            heard(PageResult.FAILED, found.cause, found.phrase)
        else:
            heard(PageResult.HANDED, PageCause.NONE, "")
            try:
                async with asyncio.timeout(RECEIPT_S):
                    await receipt.wait()
            except TimeoutError:
                return
            heard(PageResult.DELIVERED, PageCause.NONE, "")
        finally:
            if self._receipts.get(page.id) is receipt:
                del self._receipts[page.id]

    async def check(self) -> None:
        """Have the server answer a ping."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._pinged(await self._connected())
        except TimeoutError as error:
            self._drop()
            raise self._late() from error

    async def _send(self, page: Page) -> None:
        """Send one message and have the server take it over, by a new connection if need be."""
        for last in (False, True):
            client = await self._connected()
            message: Any = client.make_message(
                mto=page.address, mbody="\n".join(page.text), mtype="chat"
            )
            message["id"] = page.id
            message["request_receipt"] = True
            message.send()
            try:
                await self._pinged(client)
            except ChannelError:
                if last:
                    raise
                continue  # It had been let go since it was last used; the message's id is the same.
            return

    async def _pinged(self, client: Client) -> None:
        """Return once the server has answered what was sent last; ChannelError if it cannot."""
        gone: asyncio.Future[Any] = client.disconnected
        ping: Any = client.make_iq_get(ito=client.boundjid.host)
        ping["ping"]
        asked: asyncio.Future[Any] = asyncio.ensure_future(ping.send())
        try:
            await asyncio.wait((asked, gone), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ChannelError(PageCause.UNREACHABLE, f"{self._where} let the line go.")
            error = asked.exception()
            # A server that knows no ping answers that it does not: it has read it.
            if error is not None and not isinstance(error, XMPPError):
                raise ChannelError(PageCause.OTHER, f"{self._where}: {error}")
        finally:
            asked.cancel()
            if gone.done():
                self._drop()

    # The connection.

    async def _connected(self) -> Client:
        async with self._opening:
            client = self._client
            if client is not None and client.is_connected() and not client.disconnected.done():
                return client
            self._drop()
            client = self._client = self._made()
            try:
                await self._opened(client)
            except BaseException:
                self._drop()
                raise
            return client

    async def _opened(self, client: Client) -> None:
        """Connect and sign in; ChannelError if that fails."""
        ended: asyncio.Future[ChannelError | None] = asyncio.get_running_loop().create_future()

        def on(event: str, cause: PageCause | None, said: str = "") -> None:
            def happened(detail: object) -> None:
                if not ended.done():
                    ended.set_result(self._why(cause, said, detail) if cause else None)

            client.add_event_handler(event, happened)

        bare = "offers no TLS, or no way to sign in by it"
        on("session_start", None)
        on("failed_auth", PageCause.CREDENTIALS, "does not take the name and password of [xmpp]")
        on("failed_all_auth", PageCause.CREDENTIALS, bare)
        on("no_auth", PageCause.CREDENTIALS, bare)
        on("ssl_invalid_chain", PageCause.CREDENTIALS, "shows a certificate that does not hold")
        on("connection_failed", PageCause.UNREACHABLE, "is not there")
        on("disconnected", PageCause.UNREACHABLE, "let the line go")
        client.connect(self._settings.host.strip("[]"), self._settings.port)
        why = await ended
        if why is None and client.transport.get_extra_info("ssl_object") is None:
            why = self._why(PageCause.CREDENTIALS, bare, "")
        if why is not None:
            raise why

    def _why(self, cause: PageCause, said: str, detail: object) -> ChannelError:
        if isinstance(detail, ssl.SSLError):
            cause, said = PageCause.CREDENTIALS, "shows a certificate that does not hold"
        shown = f": {detail}" if isinstance(detail, OSError) else ""
        return ChannelError(cause, f"{self._where} {said}{shown}.")

    def _made(self) -> Client:
        settings = self._settings
        client: Client = ClientXMPP(
            settings.account,
            read_password(self._home / settings.password_file, "[xmpp]"),
            plugin_config={"feature_mechanisms": MECHANISMS},
            ssl_context=self._trust.context(),
        )
        client.enable_plaintext = False
        client.enable_direct_tls = settings.security == "tls"
        client.enable_starttls = settings.security == "starttls"
        client.register_plugin("xep_0184")
        client.register_plugin("xep_0199")
        client.add_event_handler("receipt_received", self._receipt)
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.cancel_connection_attempt()
            client.abort()

    def _receipt(self, message: Any) -> None:
        """Take in that an officer's client has a message."""
        receipt = self._receipts.get(str(message["receipt"]))
        if receipt is not None:
            receipt.set()

    def _late(self) -> ChannelError:
        why = f"{self._where} did not answer within {self._settings.timeout_s} s."
        return ChannelError(PageCause.TIMEOUT, why)

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"
