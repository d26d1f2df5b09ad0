"""Queries: everything that the node's owner may ask of it, by name.

The views, the proof bundle, and the feed that is carried by hand. A wrong name or argument
is a Mistake; a node that is NOT SAFE answers with its status alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clearline.basis.faults import Broken, Mistake
from clearline.core.effects import Release
from clearline.core.rotation import Hours
from clearline.node import evidence, views
from clearline.node.lane import ChannelView
from clearline.node.loop import Loop
from clearline.node.notice_views import NoticeView, notices
from clearline.node.settings import NodeSettings
from clearline.record import Receipt
from clearline.record.bundle import pack

__all__ = ["Queries", "settled"]


async def settled(found: Any) -> Any:
    """Return an answer; one that takes its time is waited for."""
    return await found if inspect.isawaitable(found) else found


class Queries:
    """What may be asked of one running node."""

    def __init__(
        self,
        loop: Loop,
        settings: NodeSettings,
        console: Callable[[], views.ConsoleView | None] = lambda: None,
        channels: Callable[[], list[ChannelView]] = list,
        more: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """`console` says where the node's console is served, or why it is not.

        `channels` says of each channel whether it works. `more` are questions that others of
        the node's shells answer, perhaps later.
        """
        self._loop = loop
        self._console = console
        self._runtime = loop.runtime
        self._settings = settings
        self._known: dict[str, Callable[..., Any]] = {
            "status": self._status,
            "notices": self._notices,
            "conflicts": self._conflicts,
            "calls": self._calls,
            "channels": channels,
            "tests": self._tests,
            "test_hours": self._test_hours,
            "terms": self._terms,
            "log": self._log,
            "bundle": self._bundle,
            "carry": self._carry,
            "admit": self._admit,
            "receipt": self._receipt,
            "released": self._released,
            **(more or {}),
        }

    def ask(self, name: str, args: dict[str, Any]) -> Any:
        """Return the answer to one question."""
        asked = self._known.get(name)
        if asked is None:
            raise Mistake("no_such_view", f"There is no view called {name!r}.")
        if self._runtime.unsafe is not None and name != "status":
            raise Broken(self._runtime.unsafe)
        try:
            return asked(**args)
        except (TypeError, ValueError) as error:
            raise Mistake("bad_arguments", f"{name}: {error}") from error

    def _status(self) -> views.StatusView:
        now = self._loop.clock.now()
        return views.status(self._runtime, self._settings.party, now, self._console())

    def _notices(self, *, ended: bool = False) -> list[NoticeView]:
        return notices(self._runtime, ended=ended)

    def _conflicts(self) -> list[views.ConflictView]:
        return views.conflicts(self._runtime)

    def _calls(self) -> list[views.CallView]:
        return views.calls(self._runtime, self._settings.languages[0], self._loop.clock.now())

    def _tests(self) -> list[views.TestView]:
        return views.tests(self._runtime)

    def _test_hours(self) -> Hours | None:
        return self._runtime.state.rotation.hours

    def _terms(self, *, link: str) -> views.TermsView:
        return views.terms(self._runtime, link)

    def _log(self, *, link: str, last: int = 100) -> list[views.EntryView]:
        return views.log(self._runtime, link, last=last)

    def _bundle(self, *, link: str, path: str) -> dict[str, Any]:
        """Write the proof bundle of a link; return what went into it."""
        contents = evidence.gather(self._runtime, link, self._loop.clock.now())
        raw = pack(contents)
        try:
            Path(path).write_bytes(raw)
        except OSError as error:
            raise Mistake("cannot_write", f"{path}: {error.strerror}.") from error
        return {
            "file": path,
            "bytes": len(raw),
            "entries": sum(len(feed.entries) for feed in contents.feeds),
            "receipts": sum(len(feed.receipts) for feed in contents.feeds),
        }

    def _carry(self, *, link: str, start: int) -> list[str]:
        """Return our feed from `start` on as appends, in hex."""
        if start < 0:
            raise Mistake("bad_arguments", "carry: a feed starts at entry 0.")
        return [body.hex() for body in self._runtime.carry(link, start)]

    def _admit(self, *, link: str, body: str) -> str:
        """Take in a carried append; return our receipt, a cosigned checkpoint, in hex."""
        now = self._loop.clock.now()
        reply = self._runtime.admit(link, bytes.fromhex(body), now, carried=True)
        self._loop.kick()
        if reply.status == 409:
            size = reply.body.decode().strip()
            raise Mistake("wrong_size", f"We store {size}: ask for `link export --from {size}`.")
        if reply.status != 200:
            raise Mistake(reply.reason or "refused", reply.body.decode().strip())
        head = self._runtime.lines[link].their_head
        assert head is not None, link
        receipt = Receipt(
            origin=head.checkpoint.origin,
            size=head.size,
            root=head.root,
            at=self._loop.clock.now(),
            lines=reply.body,
        )
        return receipt.note().hex()

    def _released(self, *, link: str, last: int = 100) -> list[Release]:
        """Return the last lines of the release log: everything that left, and what was withheld."""
        self._runtime.state.link(link)
        return list(self._runtime.journal.releases(link, min(max(last, 1), views.MAX_LOG)))

    def _receipt(self, *, link: str, note: str) -> int:
        """Take in a carried receipt; return the size that it is for."""
        return self._runtime.carried_receipt(link, bytes.fromhex(note), self._loop.clock.now())
