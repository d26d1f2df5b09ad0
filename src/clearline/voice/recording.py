"""Recording: what one came to, and what is left of one whose process died.

It decides where a recording that was cut off ends: with its last whole page.

Source: RFC 3533, section 6 (the page).
"""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

__all__ = ["PART", "SUFFIX", "Recorded", "recover"]

SUFFIX = ".opus"
PART = ".part"
"""What the name of a recording ends with until it is whole."""
RATE = 48_000
"""Samples a second, which granule positions count."""


class Recorded(Struct, frozen=True, kw_only=True):
    """A recording that is over."""

    file: str
    """Its name, without the folder."""
    sha256: str
    bytes: int
    duration_ms: int
    cut: bool
    """Whether it ended before the talk did: a full disk, a limit, a process that died."""


def recover(path: Path) -> Recorded:
    """Return what an unfinished recording came to; drop half a page at its end, if there is one.

    Waits until the process that wrote it is gone.
    """
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        raw = file.read()
        end, duration = _whole_pages(raw)
        file.truncate(end)
        os.fsync(file.fileno())
    return Recorded(
        file=path.name.removesuffix(PART),
        sha256=sha256(raw[:end]).hexdigest(),
        bytes=end,
        duration_ms=duration,
        cut=True,
    )


def _whole_pages(raw: bytes) -> tuple[int, int]:
    """Return where the last whole page of an Ogg file ends, and up to which ms of the talk.

    RFC 3533, 6: a page is "OggS", 22 bytes of which 8 are the granule position, a count of
    segments, a byte for the length of each, and these.
    """
    at, granule = 0, 0
    while raw[at : at + 4] == b"OggS" and at + 27 <= len(raw):
        count = raw[at + 26]
        lengths = raw[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(lengths)
        if len(lengths) < count or end > len(raw):
            break
        position = int.from_bytes(raw[at + 6 : at + 14], "little", signed=True)
        granule = max(granule, position)
        at = end
    return at, granule * 1_000 // RATE
