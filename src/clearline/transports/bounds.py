"""Bounds: how much a counterpart may make this node's server carry.

Every limit of the transport has its name and its figure here, and the same in
protocol/3-transport.md. A FLASH is outside those that delay: it is counted, never refused.

It decides whether a request is too much now, and when to come back. It reads no clock.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.faults import Refusal
from clearline.basis.instants import SECOND_MS, Instant
from clearline.record import MAX_APPEND_BYTES, parse_append

__all__ = ["MAX_BODY", "Bounds", "Bucket", "Meter", "carries_flash"]

MAX_BODY = MAX_APPEND_BYTES
"""Bytes in an append's body; counted as they come, whatever Content-Length says."""
MAX_HEAD_BYTES = 16 * 1024
"""Bytes in a request's line and header fields."""
MAX_RECEIPT_BYTES = 16 * 1024
"""A receipt: a checkpoint and two signature lines, about 5 kB."""
MAX_VOICE_BYTES = 16 * 1024
"""An offer or an end of voice: an SDP, and three short fields."""
MAX_WORD_BYTES = 1_024
"""Bytes in the body of `not-safe`; they are read and thrown away."""
MAX_CONCURRENT = 4
"""Requests under way at once for one link, appends and reads each; a FLASH is let through."""
MAX_CONNECTIONS = 512
"""Connections in all that have finished their handshake."""
MAX_PEER_CONNECTIONS = 16
"""Connections of one certificate. The newest is kept: old ones may be dead without knowing."""
MAX_HANDSHAKES = 128
"""Connections from anyone whose handshake is under way; the oldest gives way."""
HANDSHAKE_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
"""For a request's head; and again for its body. As long as a sender waits for its receipt."""
WRITE_TIMEOUT_S = 30.0
"""How long a peer may leave an answer unread before it is cut off."""
KEEP_ALIVE_S = 120
"""How long a connection may be idle; a client that gives up first never meets a closing door."""
STOP_GRACE_S = 2.0
"""How long a stopping server waits for requests under way."""
BYTES_PER_S = 64_000_000
"""Append bytes a second, for one link. A second's worth may come at once."""
ENTRIES_PER_S = 50_000
REQUESTS_PER_S = 1_000
"""Appends a second, for one link: each, a heartbeat too, costs a signature."""
READS_PER_S = 500
"""Checkpoints and tiles a second, for one link."""
VOICES_PER_S = 5
"""Offers and ends of voice a second, for one link: each offer makes a connection."""


class Bounds(Struct, frozen=True, kw_only=True):
    """The limits that one server holds to. The defaults are the protocol's."""

    head_bytes: int = MAX_HEAD_BYTES
    body_bytes: int = MAX_BODY
    concurrent: int = MAX_CONCURRENT
    connections: int = MAX_CONNECTIONS
    peer_connections: int = MAX_PEER_CONNECTIONS
    handshakes: int = MAX_HANDSHAKES
    handshake_s: float = HANDSHAKE_TIMEOUT_S
    read_s: float = READ_TIMEOUT_S
    write_s: float = WRITE_TIMEOUT_S
    keep_alive_s: int = KEEP_ALIVE_S
    bytes_per_s: int = BYTES_PER_S
    entries_per_s: int = ENTRIES_PER_S
    requests_per_s: int = REQUESTS_PER_S
    reads_per_s: int = READS_PER_S
    voices_per_s: int = VOICES_PER_S


class Bucket:
    """A token bucket that holds one second's worth, and is full to begin with."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._tokens_by_1000 = per_s * SECOND_MS
        """In thousandths, so that integers suffice."""
        self._filled_at: Instant | None = None

    def wait_ms(self, amount: int, now: Instant) -> int:
        """Return how long until `amount` can be taken; 0 if it can be now.

        More than a second's worth is let through once the bucket is full.
        """
        self._fill(now)
        missing = min(amount, self._per_s) * SECOND_MS - self._tokens_by_1000
        return max(-(-missing // self._per_s), 0)

    def take(self, amount: int, now: Instant) -> None:
        """Take `amount`, or what there is: there is no debt beyond an empty bucket."""
        self._fill(now)
        self._tokens_by_1000 = max(self._tokens_by_1000 - amount * SECOND_MS, 0)

    def _fill(self, now: Instant) -> None:
        if self._filled_at is not None and now > self._filled_at:
            grown = self._tokens_by_1000 + now.since(self._filled_at) * self._per_s
            self._tokens_by_1000 = min(grown, self._per_s * SECOND_MS)
        self._filled_at = now


class Meter:
    """What one link has lately been made to carry, and has under way."""

    def __init__(self, bounds: Bounds) -> None:
        self.appends = 0
        """Append requests under way."""
        self.reads = 0
        self._bytes = Bucket(bounds.bytes_per_s)
        self._entries = Bucket(bounds.entries_per_s)
        self._requests = Bucket(bounds.requests_per_s)
        self._reads = Bucket(bounds.reads_per_s)
        self._voices = Bucket(bounds.voices_per_s)

    def append_wait_ms(self, body: bytes, now: Instant) -> int:
        """Count an append; return how long it must wait, or 0 if it may be admitted now.

        One that must wait is not counted; one that carries a FLASH never waits.
        """
        request = parse_append(body)
        # What is no append is refused unread, and costs one.
        entries = 1 if isinstance(request, Refusal) else len(request.entries)
        costs = ((self._bytes, len(body)), (self._entries, entries), (self._requests, 1))
        wait_ms = max(bucket.wait_ms(cost, now) for bucket, cost in costs)
        if wait_ms > 0 and not carries_flash(body):
            return wait_ms
        for bucket, cost in costs:
            bucket.take(cost, now)
        return 0

    def read_wait_ms(self, now: Instant) -> int:
        """Count a read; return how long it must wait, or 0."""
        return _wait_ms(self._reads, now)

    def voice_wait_ms(self, now: Instant) -> int:
        """Count an offer or an end of voice; return how long it must wait, or 0."""
        return _wait_ms(self._voices, now)


def _wait_ms(bucket: Bucket, now: Instant) -> int:
    wait_ms = bucket.wait_ms(1, now)
    if wait_ms == 0:
        bucket.take(1, now)
    return wait_ms


def carries_flash(body: bytes) -> bool:
    """Return whether an append may carry a FLASH call. Sometimes yes when not, never no when so.

    Entries are canonical JSON, so both fields have one spelling.
    """
    return b'"precedence":"flash"' in body and b'"kind":"call.opened"' in body
