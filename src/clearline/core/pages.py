"""Pages: how far each channel got with each officer, and which channels work.

Kept in sight for what was rung lately; the journal has all of it.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant

__all__ = ["ChannelHealth", "PageSeen", "Pages"]

MAX_ABOUT = 2_000
"""Calls, conflicts and tests of which pages are kept in sight; the oldest go first."""
MAX_PAGES = 64
"""Pages kept in sight of each of them: an officer's ways, in the rungs that have rung."""


class PageSeen(Struct, frozen=True, kw_only=True):
    """The last that is known of one officer's, or one room's, one way."""

    echelon: str
    officer: str
    channel: str
    result: str
    cause: str
    detail: str
    at: Instant


class ChannelHealth(Struct, frozen=True, kw_only=True):
    """Whether a channel worked when it was last tried."""

    cause: str
    """`none` if it works."""
    detail: str
    since: Instant
    """Since when it has been so."""
    checked_at: Instant


class Pages(Struct, kw_only=True):
    """What is known of pages, by what they are about, and of channels, by name."""

    about: dict[str, dict[str, PageSeen]] = {}
    channels: dict[str, ChannelHealth] = {}

    def put(self, what: str, page: PageSeen) -> None:
        """Keep the last that is known of one way to one officer."""
        seen = self.about.setdefault(what, {})
        key = f"{page.echelon}/{page.officer}/{page.channel}"
        if key in seen or len(seen) < MAX_PAGES:
            seen[key] = page
        if len(self.about) > MAX_ABOUT:
            del self.about[next(iter(self.about))]

    def of(self, what: str) -> tuple[PageSeen, ...]:
        """Return what is known of the pages about one thing, the first tried first."""
        return tuple(self.about.get(what, {}).values())
