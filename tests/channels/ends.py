"""The other ends: a real mail server and its certificate, on loopback, started and stopped."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import queue
import ssl
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd import smtp
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "clearline", "correct horse"
PATIENCE_S = 30.0


def secret(path: Path, text: str) -> Path:
    """Write a file for its owner alone."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate that vouches for itself; return its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    also: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(each)) if each[0].isdigit() else x509.DNSName(each)
        for each in names
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(also), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


class MailServer:
    """A mail server that keeps what it takes over, in a thread of its own."""

    def __init__(self, files: tuple[Path, Path], *, tls: bool = True, offers: bool = True) -> None:
        """With `tls` it offers STARTTLS and requires it and a name; `offers` nothing if False."""
        self.taken: queue.Queue[EmailMessage] = queue.Queue()
        self.arrivals: list[tuple[float, str]] = []
        self.answer: Callable[[], Any] = lambda: "250 OK"
        """What DATA is answered with; called at its end."""
        self.refuses: str = ""
        """What each mailbox is answered with, if it is refused."""
        self.clients: set[Any] = set()
        """Addresses of all who have connected."""
        self.port = 0
        self._context: ssl.SSLContext | None = None
        if tls and offers:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*files)
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None

    def start(self, port: int = 0) -> MailServer:
        """Listen; on the port of before, or on any."""

        async def listen() -> None:
            self._server = await self._loop.create_server(
                self._made, "127.0.0.1", port or self.port
            )
            self.port = self._server.sockets[0].getsockname()[1]

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(PATIENCE_S)
        return self

    def stop(self) -> None:
        """Stop listening, and drop whoever is connected, as a crash would."""

        async def close() -> None:
            if self._server is not None:
                self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            for each in list(self._transports):
                each.abort()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(PATIENCE_S)

    def end(self) -> None:
        """Stop for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def next(self) -> EmailMessage:
        """Return the next message that comes."""
        return self.taken.get(timeout=PATIENCE_S)

    _transports: set[asyncio.Transport] = set()  # noqa: RUF012 - all servers of one test

    def _made(self) -> smtp.SMTP:
        server, ours = self, self._transports

        class Counted(smtp.SMTP):
            def connection_made(self, transport: Any) -> None:
                server.clients.add(transport.get_extra_info("peername"))
                ours.add(transport)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                ours.discard(self.transport)
                super().connection_lost(error)

        return Counted(
            self,
            hostname="mail",
            tls_context=self._context,
            require_starttls=self._context is not None,
            authenticator=self._authenticate,
            auth_required=self._context is not None,
            auth_require_tls=True,
            loop=self._loop,
            enable_SMTPUTF8=True,
        )

    def _authenticate(
        self, _server: Any, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        found = self.answer()
        said = await found if asyncio.iscoroutine(found) else found
        if said.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.put(message)
        return said
