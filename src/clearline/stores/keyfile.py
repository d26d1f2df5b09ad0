"""The node's private keys, in one file that only its owner can read.

Four seeds of 32 bytes from the system's random source: Ed25519 and ML-DSA-44, for each of
the two roles. The key pairs are made from them and never written. A copy of this file on
paper or in a safe is the only thing that lets a party go on as itself after losing a disk.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.record import AuthorKey, MirrorKey, PublicKeys, public_keys

__all__ = ["FileKeys", "make_keys", "read_keys", "write_private"]

SEED_BYTES = 32


class _Seeds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    party: str
    author_ed25519: bytes
    author_ml_dsa_44: bytes
    mirror_ed25519: bytes
    mirror_ml_dsa_44: bytes


class FileKeys:
    """The two keys of one party."""

    def __init__(self, seeds: _Seeds) -> None:
        self.author = AuthorKey.from_seeds(
            seeds.party, seeds.author_ed25519, seeds.author_ml_dsa_44
        )
        self.mirror = MirrorKey.from_seeds(
            seeds.party, seeds.mirror_ed25519, seeds.mirror_ml_dsa_44
        )

    @property
    def public(self) -> PublicKeys:
        """Return what the counterpart may know of them."""
        return public_keys(self.author, self.mirror)


def make_keys(party: str, path: Path) -> FileKeys:
    """Make keys for a party and keep them in `path`; Mistake if the file exists."""
    seeds = _Seeds(
        party=party,
        author_ed25519=secrets.token_bytes(SEED_BYTES),
        author_ml_dsa_44=secrets.token_bytes(SEED_BYTES),
        mirror_ed25519=secrets.token_bytes(SEED_BYTES),
        mirror_ml_dsa_44=secrets.token_bytes(SEED_BYTES),
    )
    write_private(path, msgspec.json.encode(seeds) + b"\n")
    return FileKeys(seeds)


def read_keys(path: Path) -> FileKeys:
    """Return the keys in `path`; Mistake if it is missing, damaged, or readable by others."""
    try:
        if path.stat().st_mode & 0o077:
            raise Mistake("keys_exposed", f"{path} can be read by others: run `chmod 600 {path}`.")
        seeds = msgspec.json.decode(path.read_bytes(), type=_Seeds)
    except FileNotFoundError:
        raise Mistake("no_keys", f"{path} is missing: without it this party cannot sign.") from None
    except msgspec.MsgspecError as error:
        raise Mistake("bad_keys", f"{path} is not a key file: {error}") from error
    return FileKeys(seeds)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read; Mistake if there is one already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Mistake("exists", f"{path} exists already and is not overwritten.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
