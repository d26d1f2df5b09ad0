"""Identifiers: UUIDv7 (RFC 9562), made without a clock and without chance.

An id must be unique and must sort by time; it need not be secret. So each is derived:
its time from `now`, its other 74 bits from a hash of whoever makes it and what it is
for. A replayed journal makes the same ids again, and an id tells the counterpart nothing
that the feed's own index and time do not.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

from msgspec import Meta

from clearline.basis.instants import Instant

__all__ = ["ID_PATTERN", "Name", "Uuid7", "derive", "is_uuid7", "time_of"]

ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
_SHAPE = re.compile(ID_PATTERN)

Uuid7 = Annotated[str, Meta(pattern=ID_PATTERN)]
"""A UUIDv7 in its canonical lower-case spelling, 36 characters."""

Name = Annotated[str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")]
"""A short machine name (party, desk, anchor): 1 to 40 of a-z, 0-9 and inner hyphens."""


def derive(at: Instant, counter: int, *parts: str | int | bytes) -> str:
    """Return the UUIDv7 of time `at` that the counter and `parts` alone determine.

    The counter (its low 12 bits, RFC 9562 section 6.2, method 1) orders ids of one
    millisecond, so that the ids of a feed strictly increase. The parts are hashed with
    their lengths: no two different lists of parts share a digest.
    """
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    bits = int.from_bytes(digest.digest()[:8], "big")
    high = (int(at) & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | counter & 0x0FFF
    low = 0x8000_0000_0000_0000 | bits & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_uuid7(text: str) -> bool:
    """Return whether `text` is a UUIDv7 in canonical spelling."""
    return _SHAPE.match(text) is not None


def time_of(uuid: str) -> Instant:
    """Return the instant inside a UUIDv7."""
    return Instant(int(uuid[:8] + uuid[9:13], 16))
