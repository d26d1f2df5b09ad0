"""The other ends: real servers on loopback, each started and stopped by whoever needs it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import getpass
import hashlib
import hmac
import http.server
import ipaddress
import json
import queue
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from aiosmtpd import smtp
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.loopback import free_port

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
        """When each came, in seconds of the epoch, and its id."""
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
            for page in message["X-Clearline-Pages"].split():
                self.arrivals.append((time.time(), page))
            self.taken.put(message)
        return said


class Broker:
    """A real mosquitto, by TLS, with two who may sign in: the node, and a device."""

    def __init__(self, folder: Path, files: tuple[Path, Path]) -> None:
        self.folder = folder
        self.files = files
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._passwords = folder / "mosquitto.passwords"
        self._passwords.touch(mode=0o600)
        for name in (USER, "device"):
            subprocess.run(
                ["mosquitto_passwd", "-b", str(self._passwords), name, PASSWORD],
                check=True, capture_output=True,
            )  # fmt: skip

    def start(self) -> Broker:
        """Start it, on the port of before; return once it listens."""
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"certfile {self.files[0]}\nkeyfile {self.files[1]}\n"
            f"allow_anonymous false\npassword_file {self._passwords}\n"
            f"user {getpass.getuser()}\n"
        )
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await_port(self.port, self.process)
        return self

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
            self.process = None


class Device:
    """A pager on a belt, in a thread: it keeps what it is sent, and answers as it is told."""

    def __init__(self, broker: Broker, name: str, key: bytes) -> None:
        self.name = name
        self.key = key
        self.came: queue.Queue[dict[str, Any]] = queue.Queue()
        self.arrivals: list[tuple[float, str]] = []
        """When each page came, in seconds of the epoch, and its id."""
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
        self._client.username_pw_set("device", PASSWORD)
        self._client.tls_set(str(broker.files[0]))
        self._client.max_queued_messages_set(0)
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_connect = lambda *_: self._client.subscribe(f"clearline/page/{name}", 1)
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        assert ready.wait(PATIENCE_S)

    def next(self) -> dict[str, Any]:
        """Return the next page, or end of one, that comes."""
        return self.came.get(timeout=PATIENCE_S)

    def reply(self, page: dict[str, Any], result: str, /, **other: str) -> None:
        """Answer a page, signed; `other` is what is wrong with it."""
        said = {"page": page["page"], "result": result, "code": page["code"]} | other
        signed = "\n".join(("clearline-page-1", said["result"], said["page"], said["code"]))
        mac = hmac.new(self.key, signed.encode(), hashlib.sha256).hexdigest()
        self.say(json.dumps({"mac": mac} | said))

    def say(self, raw: str | bytes, device: str = "") -> None:
        """Say anything at all; return once the broker has it."""
        said = self._client.publish(f"clearline/reply/{device or self.name}", raw, qos=1)
        said.wait_for_publish(PATIENCE_S)

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        page = json.loads(message.payload)
        self.arrivals.append((time.time(), page["page"]))
        self.came.put(page)


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once somebody listens there."""
    end = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, f"ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < end
        time.sleep(0.02)


class ChatServer:
    """A real prosody, for `localhost`, with two accounts: the node's, and an officer's."""

    def __init__(self, folder: Path, files: tuple[Path, Path], *, tls: bool = True) -> None:
        self.folder = folder / "prosody"
        self.folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._config = self.folder / "prosody.cfg.lua"
        required, bare, starttls = ("true", "false", '"tls", ') if tls else ("false", "true", "")
        ssl_files = f'ssl = {{ certificate = "{files[0]}", key = "{files[1]}" }}\n' if tls else ""
        self._config.write_text(
            f'data_path = "{self.folder}"\n'
            f'interfaces = {{ "127.0.0.1" }}\nc2s_ports = {{ {self.port} }}\n'
            "s2s_ports = { }\nc2s_direct_tls_ports = { }\nlegacy_ssl_ports = { }\n"
            f'modules_enabled = {{ "saslauth", {starttls}"ping", "offline" }}\n'
            'modules_disabled = { "s2s", "posix" }\n'
            f'c2s_require_encryption = {required}\nauthentication = "internal_plain"\n'
            f"allow_unencrypted_plain_auth = {bare}\n"
            f'log = {{ info = "{self.folder}/log" }}\n{ssl_files}'
            f'VirtualHost "localhost"\n{ssl_files}'
        )
        accounts = self.folder / "localhost" / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        for name in ("line", "officer"):
            (accounts / f"{name}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}"; }};\n')

    def start(self) -> ChatServer:
        self.process = subprocess.Popen(
            ["prosody", "--config", str(self._config), "--root", "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        await_port(self.port, self.process)
        return self

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
            self.process = None

    @property
    def kept(self) -> str:
        """Return what is kept for the officer, who is not there."""
        path = self.folder / "localhost" / "offline" / "officer.list"
        return path.read_text() if path.exists() else ""


class WebServer:
    """An HTTPS server that keeps what is posted to it."""

    def __init__(self, files: tuple[Path, Path]) -> None:
        self.taken: queue.Queue[dict[str, Any]] = queue.Queue()
        self.status = 200
        self.location = ""
        self.go = threading.Event()
        self.go.set()
        """Cleared: it hangs."""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.go.wait(PATIENCE_S)
                if outer.status == 200:
                    outer.taken.put(json.loads(body))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Whoever does not trust us goes away in the middle."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)
