"""Who may finish a handshake: exactly the pinned certificates, in TLS 1.3, and nobody else."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from clearline.basis.faults import Mistake
from clearline.transports.certificate import (
    _load_key,
    add_pin,
    client_context,
    der_base64,
    der_of,
    drop_pin,
    from_base64,
    make_certificate,
)
from clearline.transports.client import Client, Failure, Unreachable
from line import LINK, NOW, SmallGate, client, house, identity, pin, run


def authority() -> tuple[bytes, bytes]:
    """A self-signed certificate that says it may sign others."""
    return signed_by(None, "north")


def signed_by(
    issuer: tuple[bytes, bytes] | None, name: str, *, p256: bool = False, until: int = 2120
) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1()) if p256 else Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by = subject if issuer is None else x509.load_pem_x509_certificate(issuer[0]).subject
    signer = key if issuer is None else load_pem_private_key(issuer[1], None)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signer, SHA256() if p256 else None)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def test_a_certificate_is_self_signed_names_its_hosts_and_never_expires():
    cert, _ = make_certificate("north", ["line.example", "192.0.2.7"], NOW)
    made = x509.load_pem_x509_certificate(cert)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    made.verify_directly_issued_by(made)
    assert [str(name.value) for name in names] == ["line.example", "192.0.2.7"]
    assert made.not_valid_before_utc < datetime(2026, 11, 23, tzinfo=UTC)
    assert made.not_valid_after_utc.year == 9999


def test_a_certificate_goes_into_the_terms_and_comes_back_the_same():
    cert, _ = identity("north")
    assert b64decode(der_base64(cert)) == der_of(cert) == from_base64(der_base64(cert))


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!"])
def test_what_is_no_certificate_cannot_be_pinned(text: str):
    with pytest.raises(Mistake, match="certificate"):
        from_base64(text)


def test_a_certificate_that_another_key_signed_cannot_be_pinned():
    cert, _ = signed_by(authority(), "child")
    with pytest.raises(Mistake, match="self-signed"):
        add_pin(client_context(*identity("north"), pin("south")), der_of(cert))


def test_more_hosts_than_a_certificate_names_are_a_mistake():
    with pytest.raises(Mistake, match="16 hosts"):
        make_certificate("north", ["a.example"] * 17, NOW)


def test_a_server_with_another_certificate_than_the_pinned_one_is_not_spoken_to():
    async def scenario() -> None:
        async with house() as south, client() as north:
            with pytest.raises(Unreachable) as caught:
                await north.push(south.url, pin("east"), LINK, b"secret", 5)
            assert caught.value.reason is Failure.WRONG_CERTIFICATE
            assert south.gate.happened == []

    run(scenario)


def test_a_server_whose_certificate_the_pinned_key_merely_signed_is_not_spoken_to():
    async def scenario() -> None:
        root = authority()
        child = signed_by(root, "south")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        load(tls, child)

        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=tls)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, client() as north:
            with pytest.raises(Unreachable) as caught:
                await north.push(url, der_of(root[0]), LINK, b"secret", 5)
        assert caught.value.reason is Failure.WRONG_CERTIFICATE
        assert "not the pinned one" in caught.value.detail

    run(scenario)


def test_a_peer_whose_certificate_the_pinned_key_merely_signed_is_not_let_in():
    async def scenario() -> None:
        gate = SmallGate()
        root = authority()
        gate.pins[LINK] = der_of(root[0])
        async with house(gate) as south:
            async with Client(*root) as north:
                assert await north.push(south.url, pin("south"), LINK, b"mine", 5)
            gate.happened.clear()
            async with Client(*signed_by(root, "north")) as north:
                with pytest.raises(Unreachable):
                    await north.push(south.url, pin("south"), LINK, b"forged", 5)
            assert gate.happened == []

    run(scenario)


def test_a_peer_with_a_certificate_that_is_not_pinned_is_not_let_in():
    async def scenario() -> None:
        async with house() as south, client("stranger") as stranger:
            with pytest.raises(Unreachable) as caught:
                await stranger.push(south.url, pin("south"), LINK, b"hello", 5)
            assert caught.value.reason in {Failure.TLS, Failure.LOST}
            assert south.gate.happened == []

    run(scenario)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_peer_without_a_certificate_or_with_an_old_tls_gets_no_answer(version: ssl.TLSVersion):
    async def scenario() -> None:
        async with house() as south:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
            tls.maximum_version = version

            async def get() -> bytes:
                reader, writer = await south.dial(context=tls)
                writer.write(b"GET / HTTP/1.1\r\nHost: south\r\n\r\n")
                return await reader.readexactly(1)

            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await get()
            assert south.seen == []

    run(scenario)


def test_a_peer_with_its_own_certificate_is_refused_in_tls_1_2():
    async def scenario() -> None:
        async with house() as south:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
            load(tls, identity("north"))
            tls.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await south.dial(context=tls)
            tls.maximum_version = ssl.TLSVersion.TLSv1_3
            _, writer = await south.dial(context=tls)
            assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"

    run(scenario)


def test_a_pin_that_is_added_to_a_running_server_is_let_in_and_one_that_is_dropped_is_not():
    async def scenario() -> None:
        async with house() as south:
            south.gate.pins[LINK] = pin("west")
            async with client("west") as west:
                with pytest.raises(Unreachable):
                    await west.push(south.url, pin("south"), LINK, b"early", 5)
                add_pin(south.context, pin("west"))
                status, _ = await west.push(south.url, pin("south"), LINK, b"late", 5)
                assert status == 200
            drop_pin(south.context, pin("west"))
            async with client("west") as west:
                with pytest.raises(Unreachable):
                    await west.push(south.url, pin("south"), LINK, b"too late", 5)
            assert ("admit", b"late") in south.gate.happened
            assert len(south.gate.happened) == 2

    run(scenario)


def test_a_peer_with_a_p_256_certificate_is_let_in():
    async def scenario() -> None:
        theirs = signed_by(None, "north", p256=True)
        gate = SmallGate()
        gate.pins[LINK] = der_of(theirs[0])
        async with house(gate) as south, Client(*theirs) as north:
            assert (await north.push(south.url, pin("south"), LINK, b"", 5))[0] == 200

    run(scenario)


def test_a_peer_whose_certificate_is_past_its_dates_is_not_let_in():
    async def scenario() -> None:
        theirs = signed_by(None, "north", until=2021)
        gate = SmallGate()
        gate.pins[LINK] = der_of(theirs[0])
        async with house(gate) as south, Client(*theirs) as north:
            with pytest.raises(Unreachable):
                await north.push(south.url, pin("south"), LINK, b"", 5)

    run(scenario)


def test_two_pins_of_one_name_are_both_let_in():
    async def scenario() -> None:
        async with house() as south:
            renewed = make_certificate("north", [], NOW)
            add_pin(south.context, der_of(renewed[0]))
            async with client() as before, Client(*renewed) as after:
                assert (await before.push(south.url, pin("south"), LINK, b"", 5))[0] == 200
                south.gate.pins[LINK] = der_of(renewed[0])
                assert (await after.push(south.url, pin("south"), LINK, b"", 5))[0] == 200
                assert (await before.push(south.url, pin("south"), LINK, b"", 5))[0] == 404

    run(scenario)


def load(context: ssl.SSLContext, one: tuple[bytes, bytes]) -> None:
    _load_key(context, *one)
