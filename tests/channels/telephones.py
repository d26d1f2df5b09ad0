"""Telephones to call: SIPp as a whole exchange, and what a page hears of them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import struct
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clearline.channels.phone.channel import Phone
from clearline.core.effects import Demand
from clearline.core.terms import Precedence
from clearline.node.ports import Page, PageCause, PageResult
from clearline.node.talking import PutThrough
from clearline.node.ways import Phone as Settings
from tests.loopback import free_port, holds

EXCHANGE = Path(__file__).parent / "sipp" / "exchange.xml"
HANDSET = Path(__file__).parent / "handset.py"
START_S = 20.0
WITHIN_S = 40.0


@contextmanager
def exchange(folder: Path, transport: str = "udp") -> Iterator[int]:
    """Run SIPp until the block ends; yield its port on loopback."""
    port = free_port()
    log = folder / "sipp.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["sipp", "-sf", str(EXCHANGE), "-i", "127.0.0.1", "-p", str(port), "-nostdin",
             "-t", {"udp": "u1", "tcp": "t1"}[transport], "-trace_err",
             "-error_file", str(folder / "sipp.err"),
             "-trace_msg", "-message_file", str(folder / "sipp.msg")],
            stdout=out, stderr=out, cwd=folder,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while not holds(process.pid, port, transport):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def handset(folder: Path, hears: int = 1, says_hz: int = 0) -> Iterator[tuple[int, Path]]:
    """Run a telephone with TLS and SRTP; yield its port and the authority of its certificate."""
    certify(folder)
    port = free_port(2)
    log = folder / "handset.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(HANDSET), str(port), str(folder / "exchange.pem"), str(hears),
             str(says_hz)],
            stdin=subprocess.PIPE, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while b"ready\n" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield port + 1, folder / "ca.pem"
    finally:
        process.kill()
        process.wait()


def certify(folder: Path) -> None:
    """Write ca.pem, exchange.pem that it signed, and other.pem that has signed nothing."""
    authority, key = _certificate("an authority", None, None)
    other, _ = _certificate("another authority", None, None)
    signed, signed_key = _certificate("127.0.0.1", authority, key)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "other.pem").write_bytes(other.public_bytes(pem))
    secret = signed_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "exchange.pem").write_bytes(signed.public_bytes(pem) + secret)


def _certificate(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    here = [x509.IPAddress(ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
    )
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def recorded(path: Path, length_s: float, hertz: int, tone_hz: int = 440) -> None:
    """Write a loud recording in stereo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(hertz)
        levels = (
            int(12_000 * math.sin(2 * math.pi * tone_hz * at / hertz))
            for at in range(int(length_s * hertz))
        )
        sound.writeframes(b"".join(struct.pack("<hh", level, level) for level in levels))


async def saw(folder: Path, what: bytes, times: int = 1) -> None:
    """Wait until SIPp has sent or received a message with some text, so many times."""
    log = folder / "sipp.msg"
    async with asyncio.timeout(WITHIN_S):
        while not log.exists() or log.read_bytes().count(what) < times:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.02)


def settings(driver: str, port: int, **changes: Any) -> Settings:
    asked = {
        "driver": driver,
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "account": "line@127.0.0.1",
        "lines": 100,
        "ring_s": 20,
        "talk_s": 20,
        "redials": 0,
        "redial_pause_s": 1,
    }
    return msgspec.convert({**asked, **changes}, Settings)


def page(user: str, number: int = 0, **changes: Any) -> Page:
    made = Page(
        id=f"page-{user}-{number}",
        what="call-1",
        who="A. Officer",
        address=f"sip:{user}@127.0.0.1",
        echelon="duty-desk",
        rung=1,
        demand=Demand.CALL,
        precedence=Precedence.PRIORITY,
        drill=False,
        language="en",
        text=("Stop.",),
        code="47",
    )
    return msgspec.structs.replace(made, **changes)


class Ear:
    """What was heard of one page."""

    def __init__(self) -> None:
        self.heard: list[tuple[PageResult, PageCause]] = []
        self.phrases: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, result: PageResult, cause: PageCause, phrase: str) -> None:
        self.heard.append((result, cause))
        self.phrases.append(phrase)
        self._changed.set()

    @property
    def results(self) -> list[PageResult]:
        return [result for result, _ in self.heard]

    async def until(self, result: PageResult, times: int = 1) -> None:
        async with asyncio.timeout(WITHIN_S):
            while self.results.count(result) < times:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def phone(asked: Settings, put_through: PutThrough | None = None) -> AsyncIterator[Phone]:
    made = Phone(asked, Path("/"), put_through)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def rung(made: Phone, asked: Page) -> Ear:
    """Page once, to the end; return what was heard."""
    ear = Ear()
    async with asyncio.timeout(WITHIN_S):
        await made.page(asked, ear)
    return ear


@asynccontextmanager
async def paging(made: Phone, asked: Page) -> AsyncIterator[Ear]:
    """Page for as long as the block runs, then call it off."""
    ear = Ear()
    task = asyncio.create_task(made.page(asked, ear))
    try:
        yield ear
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _ring(driver: str, port: int, user: str, result: str) -> None:
    """Page until something is heard, say `there`, and go on until somebody ends this process."""
    async with phone(settings(driver, port)) as made, paging(made, page(user)) as ear:
        await ear.until(PageResult(result))
        print("there", flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(_ring(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
