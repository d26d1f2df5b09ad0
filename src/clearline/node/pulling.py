"""Pulling: reading the counterpart's feed ourselves, when it cannot reach us.

A push needs a way from them to us, a pull one from us to them; either alone suffices. What
is read is admitted exactly as if it had been pushed, and the receipt is brought to them.

It decides what to read and never how: `Reader` does the asking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from clearline.basis.faults import Refusal
from clearline.basis.instants import Instant
from clearline.node.line import Line
from clearline.node.runtime import Runtime
from clearline.record import AppendRequest, Receipt, open_signed, tiles

__all__ = ["MAX_PULL", "Reader", "pull"]

MAX_PULL = 16_384
"""Entries that one pull reads; a longer gap waits for a push or for a feed carried by hand."""
MAX_NOTE_BYTES = 64 * 1024
MAX_BUNDLE_BYTES = 256 * (65_535 + 2)


class Reader(Protocol):
    """How a counterpart's node is asked. Each raises loop.Unreachable if there is no answer."""

    async def get(self, link: str, url: str, path: str, limit: int) -> tuple[int, bytes]:
        """Return status and body of a checkpoint or a tile."""
        ...

    async def offer(self, link: str, url: str, note: bytes) -> int:
        """Bring a receipt; return the status."""
        ...


async def pull(
    runtime: Runtime, line: Line, url: str, reader: Reader, clock: Callable[[], Instant]
) -> int:
    """Read what the counterpart has that we do not; return how many entries were admitted.

    Nothing is believed: the checkpoint's signatures, the size, and the root over all that
    was read are checked as those of a push are.
    """
    link, party = line.link.id, line.link.them
    status, note = await reader.get(link, url, f"{party}/checkpoint", MAX_NOTE_BYTES)
    if status != 200:
        return 0
    signed = open_signed(note, line.their_origin, line.author)
    start = line.theirs.size
    if isinstance(signed, Refusal) or not start <= signed.size <= start + MAX_PULL:
        return 0
    # With nothing new it is a heartbeat, as an empty push is: the receipt is the proof of life.
    entries = await _entries(line, url, reader, start, signed.size)
    if entries is None or line.theirs.size != start:
        return 0  # Torn, or a push was quicker.
    now = clock()  # Read now: what was long on its way rings from now on.
    request = AppendRequest(old=start, checkpoint=note, entries=entries)
    reply = runtime.admit_pulled(link, request, now)
    if reply.status != 200:
        return 0
    receipt = Receipt(
        origin=line.their_origin, size=signed.size, root=signed.root, at=now, lines=reply.body
    )
    await reader.offer(link, url, receipt.note())
    return len(entries)


async def _entries(
    line: Line, url: str, reader: Reader, start: int, end: int
) -> tuple[bytes, ...] | None:
    """Return entries [start, end) of the counterpart's feed, by its bundles; None if torn."""
    link, party = line.link.id, line.link.them
    found: list[bytes] = []
    if start == end:
        return ()
    width = tiles.TILE_WIDTH
    for index in range(start // width, -(-end // width)):
        held = min(width, end - index * width)
        path = f"{party}/{tiles.bundle_path(index, held)}"
        status, raw = await reader.get(link, url, path, MAX_BUNDLE_BYTES)
        entries = tiles.parse_entries(raw, width) if status == 200 else None
        if entries is None or isinstance(entries, Refusal) or len(entries) != held:
            return None
        found.extend(entries)
    return tuple(found[start % width :])
