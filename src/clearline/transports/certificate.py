"""Certificates: how two nodes know each other's machines on the wire.

Each node has one self-signed certificate; the terms carry it, and the counterpart pins it.
No authority is asked and no name is looked at: a peer is whoever holds the private key of
exactly the certificate in the terms. What is said over the connection is signed again by
the feeds' own keys, so a lost TLS key reads and delays, but forges nothing.

It decides who may finish a handshake. It never decides which link a peer may touch: that is
asked anew for each request (`https`).

Source: protocol/3-transport.md, "TLS"; RFC 8446; RFC 8410 (Ed25519 in certificates).
"""

from __future__ import annotations

import secrets
import ssl
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clearline.basis.faults import Mistake
from clearline.basis.instants import EPOCH, Instant

__all__ = [
    "MAX_HOSTS",
    "PinnedContext",
    "add_pin",
    "client_context",
    "der_base64",
    "der_of",
    "drop_pin",
    "from_base64",
    "make_certificate",
    "server_context",
]

MAX_HOSTS = 16
"""Names and addresses in one certificate; they are for people to read, nothing checks them."""

_BACKDATED = timedelta(days=1)
"""A counterpart whose clock is slow must not be kept out by it."""

# RFC 5280, 4.1.2.5: "To indicate that a certificate has no well-defined expiration date, the
# notAfter SHOULD be assigned the GeneralizedTime value of 99991231235959Z." What ends its
# use is new terms with another certificate; a line that dies on a forgotten date is a hazard.
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class PinnedContext(ssl.SSLContext):
    """TLS 1.3, both sides with certificates, and only exactly pinned ones pass."""

    pins: set[bytes]
    """The DER of every certificate that may be at the other end."""


class _PinnedObject(ssl.SSLObject):
    """A TLS connection whose handshake fails unless the peer's certificate is a pin, byte for byte.

    The trust store alone does not say so: where a pinned certificate is marked as an
    authority, anything that it signed would pass.
    """

    def do_handshake(self) -> None:
        """Finish the handshake; SSLCertVerificationError if the peer is not a pinned one."""
        super().do_handshake()
        context = self.context
        assert isinstance(context, PinnedContext), context
        if self.getpeercert(binary_form=True) not in context.pins:
            raise ssl.SSLCertVerificationError("the peer's certificate is not the pinned one")


def make_certificate(party: str, hosts: Sequence[str], now: Instant) -> tuple[bytes, bytes]:
    """Return a new self-signed certificate and its Ed25519 private key, both in PEM.

    It never expires: the pin in the terms is what counts. `hosts` are names or addresses,
    at most MAX_HOSTS; Mistake `too_many` beyond. The key is not encrypted.
    """
    if len(hosts) > MAX_HOSTS:
        raise Mistake("too_many", f"A certificate names at most {MAX_HOSTS} hosts.")
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
    begins = max(EPOCH + timedelta(milliseconds=int(now)) - _BACKDATED, EPOCH)
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(_NEVER)
        # Not an authority: whatever this key signs is no certificate.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(key, None)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def der_of(cert_pem: bytes) -> bytes:
    """Return the DER of a certificate in PEM; Mistake `bad_certificate` if it is none."""
    try:
        return x509.load_pem_x509_certificate(cert_pem).public_bytes(Encoding.DER)
    except ValueError as error:
        raise Mistake("bad_certificate", "This is not a certificate in PEM.") from error


def der_base64(cert_pem: bytes) -> str:
    """Return the certificate as the terms carry it: its DER in base64, on one line."""
    return b64encode(der_of(cert_pem)).decode()


def from_base64(certificate: str) -> bytes:
    """Return the DER of a certificate from the terms; Mistake `bad_certificate` if it is none."""
    try:
        return _checked(b64decode(certificate, validate=True))
    except ValueError as error:
        raise Mistake("bad_certificate", "This is not a certificate in base64.") from error


def server_context(cert: bytes, key: bytes, pins: Sequence[bytes]) -> PinnedContext:
    """Return the context of a server that lets in exactly the certificates in `pins` (DER)."""
    context = PinnedContext(ssl.PROTOCOL_TLS_SERVER)
    # No tickets: a resumed session would carry yesterday's certificate past today's pins.
    context.num_tickets = 0
    return _strict(context, cert, key, pins)


def client_context(cert: bytes, key: bytes, pin: bytes) -> PinnedContext:
    """Return the context of a client that speaks to exactly the certificate `pin` (DER)."""
    return _strict(PinnedContext(ssl.PROTOCOL_TLS_CLIENT), cert, key, [pin])


def add_pin(context: PinnedContext, der: bytes) -> None:
    """Let one more certificate in; also on a server that is running.

    Raises Mistake `bad_certificate`.
    """
    context.load_verify_locations(cadata=_checked(der))
    context.pins.add(der)


def drop_pin(context: PinnedContext, der: bytes) -> None:
    """Let a certificate in no more. Connections that it already has are not cut."""
    # OpenSSL's trust store cannot forget; the exact comparison is what keeps it out.
    context.pins.discard(der)


def _strict(
    context: PinnedContext, cert: bytes, key: bytes, pins: Sequence[bytes]
) -> PinnedContext:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # Addresses change and are in the terms; the pin does not.
    context.verify_mode = ssl.CERT_REQUIRED
    # Else OpenSSL may take a pin of the same name (a party's former certificate) for this
    # one's issuer, and then refuse it. What passes is decided by the exact comparison.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.sslobject_class = _PinnedObject
    context.pins = set()
    for pin in pins:
        add_pin(context, pin)
    _load_key(context, cert, key)
    return context


def _load_key(context: ssl.SSLContext, cert: bytes, key: bytes) -> None:
    """Give the context its own certificate.

    OpenSSL takes it only from a file, so the key goes through one under a password that
    exists in memory alone: it is never on a disk as it is.
    """
    password = secrets.token_bytes(32).hex().encode()
    sealed = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )
    with TemporaryDirectory(prefix="clearline-") as folder:
        path = Path(folder, "identity.pem")
        path.write_bytes(cert + sealed)
        context.load_cert_chain(path, password=password)


def _checked(der: bytes) -> bytes:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Mistake("bad_certificate", "This is not a certificate in DER.") from error
    if certificate.issuer != certificate.subject:
        raise Mistake("bad_certificate", "A certificate that is pinned must be self-signed.")
    return der


def _general_name(host: str) -> Any:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
