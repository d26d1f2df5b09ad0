"""Home: a node's folder, as it is made and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.core.terms import Party
from clearline.node.settings import FILE, NodeSettings, Settings, load, show
from clearline.stores.keyfile import make_keys, read_keys, write_private
from clearline.transports.certificate import der_base64, make_certificate

__all__ = ["Home"]


class Home:
    """A node's folder: settings, keys, certificate, journal, socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = path / "keys.json"
        self.certificate = path / "certificate.pem"
        self.certificate_key = path / "certificate.key"
        self.journal = path / "journal.db"
        self.socket = path / "node.sock"
        self.address = path / "address"
        """Where the running node listens, once it does."""
        self.console = path / "console"
        """Where its console is, for a browser, once it is."""

    def forget(self) -> None:
        """Remove what says that a node runs here. Only whoever has the journal open may."""
        for each in (self.socket, self.address, self.console):
            each.unlink(missing_ok=True)

    def create(self, *, now: Instant, **values: Any) -> Party:
        """Make a node here; return its card. Mistake if there is one, or a value is wrong."""
        try:
            node = msgspec.convert(values, NodeSettings, strict=False)
        except msgspec.ValidationError as error:
            raise Mistake("bad_settings", str(error)) from error
        if (self.path / FILE).exists():
            raise Mistake("exists", f"There is a node in {self.path} already.")
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        make_keys(node.party, self.keys)
        hosts = [node.listen.rpartition(":")[0]]
        cert, key = make_certificate(node.party, hosts, now)
        write_private(self.certificate, cert)
        write_private(self.certificate_key, key)
        write_private(self.path / FILE, show(Settings(node=node)).encode())
        return self.card()

    def card(self) -> Party:
        """Return this party's card, as the counterpart needs it."""
        node = load(self.path).node
        return Party(
            party=node.party,
            title=node.title,
            keys=read_keys(self.keys).public,
            certificate=der_base64(self.certificate_pem()),
            urls=node.urls,
            contact=node.contact,
            languages=node.languages,
        )

    def certificate_pem(self) -> bytes:
        """Return the certificate that counterparts pin; Mistake if it cannot be read."""
        return _read(self.certificate)

    def certificate_key_pem(self) -> bytes:
        """Return the certificate's private key; Mistake if it cannot be read."""
        return _read(self.certificate_key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistake("cannot_read", f"{path}: {error.strerror}.") from error
