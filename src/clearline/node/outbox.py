"""Outbox: when to push which entries to a counterpart, and on which path.

One push at a time for each link: the feed is one sequence, and a receipt covers all of it.
No receipt means trying again, for ever, with back-off and jitter, over every path that the
link has. With nothing to say, an empty push is the heartbeat. A test call goes by the next
path in turn, even by one that failed: a path that nobody tries is none.

Sans-I/O: it is told the time and what became of a push, and says what to do next.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.instants import HOUR_MS, Instant

__all__ = ["MAX_PUSH", "Outbox", "Path", "Push"]

MAX_PUSH = 256
"""Entries in one push. A FLASH waits at most for the one that is under way."""
FIRST_BACKOFF_MS = 200
LONGEST_BACKOFF_MS = 10_000
HANGS_MS = 1_000
"""A push without an answer for so long is given up at once if something urgent is written."""
LINGER_MS = 50
"""What we find of the counterpart's notices waits so long for more of it: they find the same by
themselves, and each push costs both sides two signatures and a commit."""
GIVE_UP_MS = 10_000
"""A push that has had no answer for so long is taken for lost."""
TURN_MS = 3_000
"""The same, if it went by a path because it was its turn, and there is another."""


class Path(Struct, kw_only=True):
    """One way to the counterpart, and how it has done."""

    url: str
    failures: int = 0
    """In a row."""
    last_ok: Instant = Instant(0)
    turned_at: Instant = Instant(0)
    """When a test call was last sent by it because it was its turn."""


class Push(Struct, frozen=True, kw_only=True):
    """One append on its way."""

    link: str
    url: str
    start: int
    end: int
    """Entries [start, end) of our feed; none for a heartbeat."""
    sent_at: Instant
    number: int
    """Which push of this link it is; an answer to an older one is too late."""
    in_turn: bool = False
    """Whether its path was not the best one, but the next to be tested."""


class Outbox:
    """What one link still has to tell its counterpart."""

    def __init__(self, link: str, urls: tuple[str, ...], peer_size: int) -> None:
        self.link = link
        self.paths = [Path(url=url) for url in urls]
        self.peer_size = peer_size
        """How much of our feed the counterpart is known to hold."""
        self.under_way: Push | None = None
        self.lost: list[str] = []
        """Paths whose turn it was and that gave no answer, until somebody takes note of them."""
        self._turns = False
        self._hurried = False
        self._number = 0
        self._failures = 0
        self._not_before = Instant(0)
        self._lingers_until = Instant(0)
        """Until when what is not sent yet may wait for more; past if it may not."""
        self._last_ok: Instant | None = None

    def due(self, own_size: int, heartbeat_ms: int) -> Instant | None:
        """Return when `next_push` will have something; None while there is no path."""
        if not self.paths:
            return None
        if self.under_way is not None:
            return self.under_way.sent_at.after(self._gives_up_ms(self.under_way))
        if own_size > self.peer_size or self._last_ok is None:
            return max(self._not_before, self._lingers_until)
        return max(self._last_ok.after(heartbeat_ms), self._not_before)

    def next_push(self, own_size: int, heartbeat_ms: int, now: Instant) -> Push | None:
        """Return the push to send now, and count it as under way; None if none is due."""
        due = self.due(own_size, heartbeat_ms)
        if due is None or due > now:
            return None
        if self.under_way is not None:
            self.unanswered(self.under_way, now)
            if not self._hurried:
                return None
        path = self._path_in_turn(now) if self._turns else self.best_path()
        self._number += 1
        start = min(self.peer_size, own_size)
        in_turn, self._turns, self._hurried = self._turns, False, False
        self._lingers_until = Instant(0)
        self.under_way = Push(
            link=self.link,
            url=path.url,
            start=start,
            end=min(own_size, start + MAX_PUSH),
            sent_at=now,
            number=self._number,
            in_turn=in_turn,
        )
        return self.under_way

    def halved(self, push: Push) -> Push:
        """Return the push with half its entries: the first half made too large a request."""
        assert self.under_way is push, push
        half = push.start + max(1, (push.end - push.start) // 2)
        self.under_way = replace(push, end=half)
        return self.under_way

    def stored(self, push: Push, size: int, now: Instant) -> None:
        """A receipt came: the counterpart holds our feed up to `size`."""
        self.peer_size = max(self.peer_size, size)
        self._last_ok = now
        self._failures = 0
        self._not_before = now
        path = self._path(push.url)
        path.failures, path.last_ok = 0, now
        self._done(push)

    def behind(self, push: Push, size: int, now: Instant) -> None:
        """The counterpart says that it holds another size: go on from there.

        At once the first time; one that keeps saying so is asked less and less often.
        """
        self.peer_size = size
        self._not_before = now if self._failures == 0 else now.after(self._backoff_ms())
        self._lingers_until = Instant(0)  # What is to be sent again may be urgent.
        self._failures += 1
        self._done(push)

    def failed(self, push: Push, now: Instant) -> None:
        """No receipt came. Try again later, by the path that has done best."""
        if self.under_way is None or self.under_way.number != push.number:
            return
        self._path(push.url).failures += 1
        self._failures += 1
        self._not_before = now.after(self._backoff_ms())
        self._lingers_until = Instant(0)
        self._done(push)

    def unanswered(self, push: Push, now: Instant) -> None:
        """Nothing at all came back. If it was the path's turn, that is to be noted."""
        under_way = self.under_way
        if under_way is not None and under_way.number == push.number and push.in_turn:
            self.lost.append(push.url)
        self.failed(push, now)

    def wrote(self, now: Instant, before: int, *, can_wait: bool) -> None:
        """Take in that entries were written, of which there were `before`.

        If they can wait, it is for more like them; what cannot takes all with it.
        """
        sent = self.peer_size if self.under_way is None else self.under_way.end
        if not can_wait:
            self._lingers_until = Instant(0)
        elif before <= sent:
            self._lingers_until = now.after(LINGER_MS)

    def turn(self) -> None:
        """A test call was written: the next push goes by the path whose turn it is."""
        self._turns = True

    def hurry(self, now: Instant) -> None:
        """Something urgent was written: wait out neither a back-off nor a push that hangs."""
        self._turns = False
        if self.under_way is not None:
            self._hurried = True
            if now.since(self.under_way.sent_at) >= HANGS_MS:
                self.unanswered(self.under_way, now)
        self._not_before = min(self._not_before, now)

    def reroute(self, urls: tuple[str, ...]) -> None:
        """Use these paths, as the terms now have them."""
        if urls != tuple(path.url for path in self.paths):
            known = {path.url: path for path in self.paths}
            self.paths = [known.get(url) or Path(url=url) for url in urls]

    def _done(self, push: Push) -> None:
        if self.under_way is not None and self.under_way.number == push.number:
            self.under_way = None

    def best_path(self) -> Path:
        """Return the path that has failed least of late; there must be one."""
        return min(self.paths, key=lambda path: path.failures)

    def _path_in_turn(self, now: Instant) -> Path:
        """Return the path that was tested longest ago, and count it as tested."""
        # What is not known after a restart follows the clock: the first must not have it all.
        first, count = int(now) // HOUR_MS, len(self.paths)
        order = [self.paths[(first + n) % count] for n in range(count)]
        path = min(order, key=lambda each: each.turned_at)
        path.turned_at = now
        return path

    def _gives_up_ms(self, push: Push) -> int:
        if self._hurried:
            return HANGS_MS
        return TURN_MS if push.in_turn and len(self.paths) > 1 else GIVE_UP_MS

    def _path(self, url: str) -> Path:
        # A push may come back when the terms no longer have its path.
        return next((path for path in self.paths if path.url == url), Path(url=url))

    def _backoff_ms(self) -> int:
        # One quick try over each path, then back off: the line may be there by another way.
        rounds = self._failures // max(len(self.paths), 1)
        return self._jitter(min(FIRST_BACKOFF_MS << min(rounds, 16), LONGEST_BACKOFF_MS))

    def _jitter(self, longest_ms: int) -> int:
        """Return between half and all of a span: spread, yet the same in every replay."""
        digest = hashlib.sha256(f"{self.link}:{self._number}:{self._failures}".encode()).digest()
        return longest_ms // 2 + int.from_bytes(digest[:4], "big") % (longest_ms // 2 + 1)
