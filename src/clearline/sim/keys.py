"""Keys for simulated nodes: a keyed hash for volume, real hybrid keys for a sample.

A stub signature is BLAKE2b under a key that both sides of the simulation know. It shows
every slip that a real one would (another text, another signer, another role) and costs a
thousandth. It protects nothing, and only `sim` can make one.
"""

from __future__ import annotations

import hashlib
from functools import cache

from clearline.basis.faults import Refusal
from clearline.node.line import Trust
from clearline.node.ports import Keys
from clearline.record import AuthorKey, MirrorKey, PublicKeys, Signer, Verifier, public_keys
from clearline.record.note import VerifierKey

__all__ = ["STUB_TRUST", "PartyKeys", "StubKey", "public_of", "real_keys", "stub_keys"]

_STUB_KIND = 0xFE
"""A signature type that C2SP leaves to private use."""


class _KeptId(VerifierKey, frozen=True):
    """A verifier key that looks its id up: it is asked for at every signature."""

    @property
    def key_id(self) -> bytes:
        return _id_of(self.name, self.key)


@cache
def _id_of(name: str, key: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + bytes([_STUB_KIND]) + key).digest()[:4]


class StubKey:
    """Signs and verifies for one role of one party, by a keyed hash."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._secrets = (_secret(name, "classical"), _secret(name, "lattice"))
        self._vkeys = (_vkey(name, self._secrets[0]), _vkey(name, self._secrets[1]))

    @property
    def name(self) -> str:
        """The key name in signature lines."""
        return self._name

    @property
    def vkeys(self) -> tuple[VerifierKey, VerifierKey]:
        """What stands for the public halves."""
        return self._vkeys

    def sign(self, classical: bytes, lattice: bytes) -> tuple[bytes, bytes]:
        """Return the two keyed hashes."""
        return _tag(self._secrets[0], classical), _tag(self._secrets[1], lattice)

    def verify(self, classical: bytes, lattice: bytes, signatures: tuple[bytes, bytes]) -> bool:
        """Return whether both are the keyed hashes of their messages."""
        return self.sign(classical, lattice) == signatures


class PartyKeys:
    """A party's two keys, one for each role."""

    def __init__(self, author: Signer, mirror: Signer, public: PublicKeys) -> None:
        self._author = author
        self._mirror = mirror
        self.public = public

    @property
    def author(self) -> Signer:
        """Return the key that signs our own feeds' checkpoints."""
        return self._author

    @property
    def mirror(self) -> Signer:
        """Return the key that cosigns what we store of the counterpart's."""
        return self._mirror


@cache
def stub_keys(party: str) -> PartyKeys:
    """Return the cheap keys of a party."""
    author, mirror = StubKey(f"sim/{party}/author"), StubKey(f"sim/{party}/mirror")
    public = PublicKeys(author=_texts(author), mirror=_texts(mirror))
    return PartyKeys(author, mirror, public)


@cache
def real_keys(party: str) -> PartyKeys:
    """Return real hybrid keys of a party, from seeds that its name makes."""
    author = AuthorKey.from_seeds(party, _secret(party, "ae"), _secret(party, "am"))
    mirror = MirrorKey.from_seeds(party, _secret(party, "me"), _secret(party, "mm"))
    return PartyKeys(author, mirror, public_keys(author, mirror))


def public_of(keys: Keys) -> PublicKeys:
    """Return what the terms state of a party's keys."""
    assert isinstance(keys, PartyKeys), keys
    return keys.public


@cache
def _stub_author(_texts: tuple[str, str], party: str) -> Verifier | Refusal:
    return StubKey(f"sim/{party}/author")


@cache
def _stub_mirror(_texts: tuple[str, str], party: str) -> Verifier | Refusal:
    return StubKey(f"sim/{party}/mirror")


STUB_TRUST = Trust(author=_stub_author, mirror=_stub_mirror)
"""How a simulated runtime gets its counterpart's cheap keys."""


def _secret(name: str, what: str) -> bytes:
    return hashlib.sha256(f"simulated/{name}/{what}".encode()).digest()


def _tag(secret: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=32, key=secret).digest()


def _vkey(name: str, secret: bytes) -> VerifierKey:
    return _KeptId(name=name, kind=_STUB_KIND, key=hashlib.sha256(secret).digest())


def _texts(key: StubKey) -> tuple[str, str]:
    first, second = key.vkeys
    return str(first), str(second)
