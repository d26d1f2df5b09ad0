"""OPTIONS: whether the exchange is there and speaks SIP, without disturbing anybody.

RFC 3261, section 11: any final answer shows that it does. Over TLS the exchange's certificate
is checked as it is for calls. One small request needs no stack; what needs one, a
registration, is the driver's.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import ssl
from contextlib import suppress

from clearline.channels.tls import Trust
from clearline.node.ports import ChannelError, PageCause
from clearline.node.ways import Phone as Settings

__all__ = ["ask"]

ANSWER_S = 5.0
RESEND_S = 0.5
MAX_ANSWER_BYTES = 65_535
_STATUS = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2}) ([^\r\n]{0,80})")


async def ask(settings: Settings, trust: Trust) -> None:
    """Send OPTIONS; ChannelError unless the exchange answers that it serves."""
    named = f"The exchange {settings.host}:{settings.port}"
    try:
        async with asyncio.timeout(ANSWER_S):
            status, reason = await _asked(settings, trust)
    except TimeoutError:
        raise ChannelError(PageCause.UNREACHABLE, f"{named} does not answer.") from None
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        raise ChannelError(
            PageCause.UNREACHABLE,
            f"{named}: {settings.authority_file} does not vouch for its certificate: {why}.",
        ) from error
    except OSError as error:
        raise ChannelError(PageCause.UNREACHABLE, f"{named} cannot be reached: {error}.") from error
    if status in (500, 503):
        raise ChannelError(PageCause.UNREACHABLE, f"{named} says {status} {reason}.")


async def _asked(settings: Settings, trust: Trust) -> tuple[int, str]:
    host, port, by = settings.host.strip("[]"), settings.port, settings.transport
    if settings.security == "tls":
        reader, writer = await asyncio.open_connection(host, port, ssl=trust.context())
        by = "tls"
    elif by == "udp":
        return await _by_datagram(settings, host, port)
    else:
        reader, writer = await asyncio.open_connection(host, port)
    try:
        local = writer.get_extra_info("sockname")
        writer.write(_request(settings, by, local[0], local[1]))
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if (found := _final(head)) is not None:
                return found
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise OSError("it does not speak SIP") from error
    finally:
        writer.close()


class _Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        if (found := _final(data)) is not None and not self.answer.done():
            self.answer.set_result(found)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _by_datagram(settings: Settings, host: str, port: int) -> tuple[int, str]:
    loop = asyncio.get_running_loop()
    transport, answers = await loop.create_datagram_endpoint(_Answers, remote_addr=(host, port))
    try:
        local = transport.get_extra_info("sockname")
        request = _request(settings, "udp", local[0], local[1])
        while True:
            transport.sendto(request)
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(answers.answer), RESEND_S)
    finally:
        answers.answer.cancel()
        transport.close()


def _request(settings: Settings, by: str, host: str, port: int) -> bytes:
    host = f"[{host}]" if ":" in host else host
    lines = (
        f"OPTIONS sip:{settings.host}:{settings.port};transport={by} SIP/2.0",
        f"Via: SIP/2.0/{by.upper()} {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}",
        "Max-Forwards: 70",
        f"From: <sip:{settings.account}>;tag={secrets.token_hex(8)}",
        f"To: <sip:{settings.host}:{settings.port}>",
        f"Call-ID: {secrets.token_hex(16)}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:{settings.account.partition('@')[0]}@{host}:{port}>",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _final(raw: bytes) -> tuple[int, str] | None:
    found = _STATUS.match(raw[:MAX_ANSWER_BYTES].lstrip(b"\r\n"))
    if found is None or found[1].startswith(b"1"):
        return None
    return int(found[1]), found[2].decode(errors="replace")
