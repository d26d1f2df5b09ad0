"""The client: how this node reaches a counterpart's.

Connections are kept alive, one pool for each address and pinned certificate, so that a
FLASH costs one round trip and no handshake. Nothing is retried here and no redirect is
followed: when to try again, and by which path, is the outbox's.

It decides only whether an answer was had. What the answer means is the runtime's.

Source: protocol/3-transport.md.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from clearline.node import loop
from clearline.transports.certificate import PinnedContext, client_context

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["MAX_ANSWER_BYTES", "Client", "Failure", "Unreachable"]

MAX_ANSWER_BYTES = 64 * 1024
"""Of an answer to a push; a receipt has about 7,000."""
MAX_CONNECTIONS = 8
"""To one address under one pin; half of what a server grants one certificate."""
KEEP_ALIVE_S = 60.0
"""Half of the server's, so that a push does not meet a connection that is being closed."""
CONNECT_TIMEOUT_S = 5.0
UNACKNOWLEDGED_MS = 5_000
"""What the other end's kernel has not confirmed in this time went into a dead path."""
WORD_TIMEOUT_S = 3.0
"""For LINE NOT SAFE: it is said on the way down."""
VOICE_TIMEOUT_S = 10.0
"""For an offer of voice: people wait for it, and the text has gone before."""
READ_TIMEOUT_S = 30.0
"""For a checkpoint or a tile."""

_BINARY = {"Content-Type": "application/octet-stream"}


class Failure(StrEnum):
    """Why there was no answer."""

    REFUSED = "refused"
    """Nobody listens at that address, or it cannot be reached at all."""
    NO_NAME = "no_name"
    """The host's name leads to no address."""
    TIMEOUT = "timeout"
    WRONG_CERTIFICATE = "wrong_certificate"
    """Someone answers, but not with the certificate that is in the terms."""
    TLS = "tls"
    """No TLS 1.3 came about, or the other side says that it does not accept our certificate."""
    LOST = "lost"
    """The connection broke off before the answer was whole. Whether it was read is not known.

    Also where the other side hangs up on our certificate without a word: in TLS 1.3 the
    client has finished its handshake before the server looks at it.
    """
    TOO_LARGE = "too_large"
    """The answer is longer than it may be."""
    BAD_ANSWER = "bad_answer"
    """What came back is no HTTP."""
    BAD_ADDRESS = "bad_address"
    """The address is no HTTPS address."""


class Unreachable(loop.Unreachable):
    """No answer was had. `reason` says why in one word, `detail` in the system's own."""

    def __init__(self, reason: Failure, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Client:
    """Everything this node says to others. Made with its own certificate and key, in PEM."""

    def __init__(self, cert: bytes, key: bytes) -> None:
        self._cert = cert
        self._key = key
        self._contexts: dict[bytes, PinnedContext] = {}
        self._session: aiohttp.ClientSession | None = None

    async def push(
        self, url: str, pin_der: bytes, link: str, body: bytes, timeout_s: float
    ) -> tuple[int, bytes]:
        """Post an append to the node at base address `url`; return status and body.

        Raises Unreachable. Any status is an answer, also one that is not of this protocol.
        """
        address = _address(url, link, "append")
        return await self._ask("POST", address, pin_der, body, timeout_s, MAX_ANSWER_BYTES)

    async def get(
        self, url: str, pin_der: bytes, link: str, path: str, limit: int
    ) -> tuple[int, bytes]:
        """Return status and body, at most `limit` bytes, of `{party}/checkpoint` or a tile."""
        address = _address(url, link, path)
        return await self._ask("GET", address, pin_der, None, READ_TIMEOUT_S, limit)

    async def say_not_safe(self, url: str, pin_der: bytes, link: str) -> int:
        """Tell the counterpart's node LINE NOT SAFE; return the status. Raises Unreachable."""
        address = _address(url, link, "not-safe")
        status, _ = await self._ask("POST", address, pin_der, b"", WORD_TIMEOUT_S, MAX_ANSWER_BYTES)
        return status

    async def offer_receipt(self, url: str, pin_der: bytes, link: str, note: bytes) -> int:
        """Bring the counterpart our receipt for what we read of its feed; return the status."""
        address = _address(url, link, "receipt")
        status, _ = await self._ask(
            "POST", address, pin_der, note, READ_TIMEOUT_S, MAX_ANSWER_BYTES
        )
        return status

    async def voice(self, url: str, pin_der: bytes, link: str, body: bytes) -> tuple[int, bytes]:
        """Say something about voice; return status and body. Raises Unreachable."""
        address = _address(url, link, "voice")
        return await self._ask("POST", address, pin_der, body, VOICE_TIMEOUT_S, MAX_ANSWER_BYTES)

    async def close(self) -> None:
        """Close every connection. The client may be used again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _ask(
        self,
        method: str,
        address: URL,
        pin: bytes,
        body: bytes | None,
        timeout_s: float,
        limit: int,
    ) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._open_session().request(
                    method,
                    address,
                    data=body,
                    headers=_BINARY if body else None,
                    ssl=self._context(pin),
                    allow_redirects=False,
                ) as response,
            ):
                answer = await response.content.read(limit + 1)
                while len(answer) <= limit and not response.content.at_eof():
                    answer += await response.content.read(limit + 1 - len(answer))
                if len(answer) > limit:
                    response.close()
                    raise Unreachable(Failure.TOO_LARGE, f"an answer of more than {limit} bytes")
                return response.status, answer
        except TimeoutError as error:
            raise Unreachable(Failure.TIMEOUT, f"no answer in {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(_failure_of(error), str(error)) from error

    def _context(self, pin: bytes) -> PinnedContext:
        """Return the pin's context. The pool of connections goes by it: one pin, one pool."""
        context = self._contexts.get(pin)
        if context is None:
            context = self._contexts[pin] = client_context(self._cert, self._key, pin)
        return context

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    limit_per_host=MAX_CONNECTIONS,
                    keepalive_timeout=KEEP_ALIVE_S,
                    socket_factory=_socket,
                ),
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                auto_decompress=False,
            )
        return self._session


def _address(url: str, link: str, path: str) -> URL:
    try:
        address = URL(f"{url.rstrip('/')}/clearline/v1/{link}/{path}", encoded=True)
        whole = address.scheme == "https" and bool(address.host) and address.port is not None
    except ValueError as error:
        raise Unreachable(Failure.BAD_ADDRESS, url) from error
    if not whole:
        raise Unreachable(Failure.BAD_ADDRESS, url)
    return address


def _socket(address: tuple[Any, ...]) -> socket.socket:
    """Return a socket that does not gather small writes, and notices a dead path early."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    return made


def _failure_of(error: BaseException) -> Failure:
    """Return the one word for what went wrong, from the most telling class to the least."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return Failure.WRONG_CERTIFICATE
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return Failure.TLS
        case aiohttp.ClientConnectorDNSError():
            return Failure.NO_NAME
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return Failure.REFUSED
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError()):
            return Failure.LOST
        case aiohttp.ClientConnectorError():
            return Failure.REFUSED
        case aiohttp.InvalidURL():
            return Failure.BAD_ADDRESS
        case aiohttp.ClientResponseError() | ValueError():
            return Failure.BAD_ANSWER
        case _ if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            return Failure.TLS
        case _:
            return Failure.LOST
