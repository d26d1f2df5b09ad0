"""Paging: what is known of how far each channel got, and of which channels work.

A page is one channel's try to reach one officer, or one room, for one ring. What becomes of
it is journaled as it becomes known, shown with what it is about, and never leaves. That a
page failed stops nothing: the ladder goes on with what works.
"""

from __future__ import annotations

from clearline.basis.instants import Instant
from clearline.core.events import ChannelChecked, Paged
from clearline.core.pages import ChannelHealth, PageSeen
from clearline.core.release import Door
from clearline.core.state import State

__all__ = ["channel_checked", "paged"]

WORKS = "none"
BAD_SETTING = frozenset({"credentials", "address"})
"""Causes that a person of ours has to put right: nothing will change by itself."""


def paged(state: State, door: Door, event: Paged) -> None:
    """Take in what has become known of a page, and show it."""
    state.pages.put(
        event.what,
        PageSeen(
            echelon=event.echelon,
            officer=event.officer,
            channel=event.channel,
            result=event.result,
            cause=event.cause,
            detail=event.detail,
            at=door.now,
        ),
    )
    show = door.alert if event.cause in BAD_SETTING else door.tell
    show(
        "paged",
        None,
        event.what,
        echelon=event.echelon,
        officer=event.officer,
        channel=event.channel,
        result=event.result,
        cause=event.cause,
        detail=event.detail,
    )


def channel_checked(state: State, door: Door, event: ChannelChecked) -> None:
    """Take in whether a channel works; every desk is alarmed when one begins to fail."""
    before = state.pages.channels.get(event.channel)
    changed = before is None or before.cause != event.cause
    since: Instant = door.now if before is None or changed else before.since
    state.pages.channels[event.channel] = ChannelHealth(
        cause=event.cause, detail=event.detail, since=since, checked_at=door.now
    )
    if not changed:
        return
    if event.cause != WORKS:
        door.alert(
            "channel_failing",
            None,
            None,
            channel=event.channel,
            cause=event.cause,
            detail=event.detail,
        )
    elif before is not None:
        door.tell("channel_works", None, None, channel=event.channel)
