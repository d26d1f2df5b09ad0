"""Hybrid keys: one Ed25519 and one ML-DSA-44 key, always both, for each role of a party.

A feed's author signs its checkpoints; a mirror cosigns what it stores. Both signatures are
required everywhere, so the record stands if either algorithm falls. A private key is made
from seeds that are handed in; nothing here draws chance or reads a file.

It decides which keys may speak for a party. It never decides what is signed: `checkpoint`
states the messages.

Source: C2SP signed-note and tlog-cosignature (types 0x01, 0x04, 0x06); RFC 8032; FIPS 204.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from msgspec import Meta, Struct

from clearline.basis.faults import Refusal
from clearline.record import canonical
from clearline.record.note import VerifierKey, parse_vkey, refuse

__all__ = [
    "MAX_VKEY_CHARS",
    "AuthorKey",
    "AuthorVerifier",
    "MirrorKey",
    "MirrorVerifier",
    "PublicKeys",
    "check_keys",
    "fingerprint",
    "has_key_twice",
    "public_keys",
]

ED25519 = 0x01
ED25519_COSIGNATURE = 0x04
ML_DSA_44 = 0x06

SEED_BYTES = 32
"""The length of a seed of either algorithm."""

MAX_VKEY_CHARS = 2_048
"""The longest vkey accepted in PublicKeys; an ML-DSA-44 one takes about 1,830."""

Vkey = Annotated[str, Meta(min_length=16, max_length=MAX_VKEY_CHARS)]

_ED25519_BYTES = 32
_ML_DSA_BYTES = 1_312

# The encodings of the eight points of small order, canonical or not, without the sign bit.
# Under such a key one signature fits many messages, so it could be denied.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class PublicKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party's public keys, as the terms state them: Ed25519 first, then ML-DSA-44."""

    author: tuple[Vkey, Vkey]
    mirror: tuple[Vkey, Vkey]


class _Key:
    """A private pair. Its subclass says for which role."""

    __slots__ = ("_ed25519", "_ml_dsa", "vkeys")

    role: ClassVar[str]
    kinds: ClassVar[tuple[int, int]]

    vkeys: tuple[VerifierKey, VerifierKey]
    """The public halves, Ed25519 first."""

    def __init__(self, name: str, ed25519: Ed25519PrivateKey, ml_dsa: MLDSA44PrivateKey) -> None:
        self._ed25519 = ed25519
        self._ml_dsa = ml_dsa
        classical, lattice = ed25519.public_key(), ml_dsa.public_key()
        self.vkeys = (
            VerifierKey(name=name, kind=self.kinds[0], key=classical.public_bytes_raw()),
            VerifierKey(name=name, kind=self.kinds[1], key=lattice.public_bytes_raw()),
        )

    @classmethod
    def from_seeds(cls, party: str, ed25519_seed: bytes, ml_dsa_seed: bytes) -> Self:
        """Return the key of `party` in this role that two seeds of 32 secret bytes make.

        Each role and each algorithm needs a seed of its own. Raises ValueError for a seed
        of another length.
        """
        if len(ed25519_seed) != SEED_BYTES or len(ml_dsa_seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes")
        return cls(
            key_name(party, cls.role),
            Ed25519PrivateKey.from_private_bytes(ed25519_seed),
            MLDSA44PrivateKey.from_seed_bytes(ml_dsa_seed),
        )

    @property
    def name(self) -> str:
        """The key name in signature lines."""
        return self.vkeys[0].name

    def sign(self, classical: bytes, lattice: bytes) -> tuple[bytes, bytes]:
        """Return the Ed25519 signature of one message and the ML-DSA-44 one of the other."""
        return self._ed25519.sign(classical), self._ml_dsa.sign(lattice)


class _Verifier:
    """A public pair. Its subclass says for which role."""

    __slots__ = ("_ed25519", "_ml_dsa", "vkeys")

    role: ClassVar[str]
    kinds: ClassVar[tuple[int, int]]

    def __init__(self, vkeys: tuple[VerifierKey, VerifierKey]) -> None:
        """Make the verifier of two checked keys; `of` is the way in from text."""
        self.vkeys = vkeys
        self._ed25519 = Ed25519PublicKey.from_public_bytes(vkeys[0].key)
        self._ml_dsa = MLDSA44PublicKey.from_public_bytes(vkeys[1].key)

    @classmethod
    def of(cls, vkeys: tuple[str, str], party: str) -> Self | Refusal:
        """Return the verifier of `party` in this role, or why the vkeys cannot be its keys."""
        parsed: list[VerifierKey] = []
        for text, kind in zip(vkeys, cls.kinds, strict=True):
            key = parse_vkey(text)
            if isinstance(key, Refusal):
                return key
            fault = _key_fault(key, kind, key_name(party, cls.role))
            if fault:
                return refuse(fault)
            parsed.append(key)
        try:
            return cls((parsed[0], parsed[1]))
        except ValueError:
            return refuse("a verifier key is not a point of its algorithm")

    @property
    def name(self) -> str:
        """The key name in signature lines."""
        return self.vkeys[0].name

    def verify(self, classical: bytes, lattice: bytes, signatures: tuple[bytes, bytes]) -> bool:
        """Return whether both signatures hold: Ed25519 of one message, ML-DSA-44 of the other."""
        try:
            self._ed25519.verify(signatures[0], classical)
            self._ml_dsa.verify(signatures[1], lattice)
        except (InvalidSignature, ValueError):
            return False
        return True


class AuthorKey(_Key):
    """The private pair that a party signs the checkpoints of its own feeds with."""

    __slots__ = ()
    role = "author"
    kinds = (ED25519, ML_DSA_44)


class MirrorKey(_Key):
    """The private pair that a party cosigns what it stores of others' feeds with."""

    __slots__ = ()
    role = "mirror"
    kinds = (ED25519_COSIGNATURE, ML_DSA_44)


class AuthorVerifier(_Verifier):
    """The public pair that a party's checkpoints are verified with."""

    __slots__ = ()
    role = "author"
    kinds = (ED25519, ML_DSA_44)


class MirrorVerifier(_Verifier):
    """The public pair that a party's receipts are verified with."""

    __slots__ = ()
    role = "mirror"
    kinds = (ED25519_COSIGNATURE, ML_DSA_44)


def key_name(party: str, role: str) -> str:
    """Return the name that a party's keys sign under in a role, on every link."""
    return f"clearline/{party}/{role}"


def public_keys(author: AuthorKey, mirror: MirrorKey) -> PublicKeys:
    """Return the public material of a party's two private pairs."""
    return PublicKeys(
        author=(str(author.vkeys[0]), str(author.vkeys[1])),
        mirror=(str(mirror.vkeys[0]), str(mirror.vkeys[1])),
    )


def check_keys(keys: PublicKeys, party: str) -> Refusal | None:
    """Return why `keys` cannot be the four keys of `party`, or None if they can."""
    author = AuthorVerifier.of(keys.author, party)
    mirror = MirrorVerifier.of(keys.mirror, party)
    if isinstance(author, Refusal):
        return author
    if isinstance(mirror, Refusal):
        return mirror
    # "The same public key SHOULD NOT be reused for different signature types": here never,
    # nor for two roles, since a receipt must not pass for an author's statement.
    if len({key.key for key in author.vkeys + mirror.vkeys}) != 4:
        return refuse("one key is used in two roles")
    return None


def has_key_twice(parties: Iterable[PublicKeys]) -> bool:
    """Return whether one key serves twice among these, whatever names and ids it goes by.

    Whoever had another's key could speak for it. A vkey that cannot be read has no key.
    """
    vkeys = (parse_vkey(text) for each in parties for text in (*each.author, *each.mirror))
    keys = [vkey.key for vkey in vkeys if not isinstance(vkey, Refusal)]
    return len(set(keys)) != len(keys)


def fingerprint(keys: PublicKeys) -> str:
    """Return what two people read to each other to compare keys: 16 groups of 4 hex digits.

    It is the SHA-256 of the canonical JSON of `keys`, whole: a shortened one could be made
    to fit two sets of keys by the party that chooses them.
    """
    digest = hashlib.sha256(canonical.encode(keys)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _key_fault(key: VerifierKey, kind: int, name: str) -> str | None:
    length = _ML_DSA_BYTES if kind == ML_DSA_44 else _ED25519_BYTES
    if key.name != name:
        return f"a verifier key is not named {name}"
    if key.kind != kind or len(key.key) != length:
        return f"a verifier key is not of type 0x{kind:02x}"
    if kind != ML_DSA_44 and key.key[:-1] + bytes([key.key[-1] & 0x7F]) in _SMALL_ORDER:
        return "an Ed25519 key is of small order"
    return None
