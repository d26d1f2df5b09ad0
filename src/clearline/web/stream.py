"""Stream: frames of the picture, as server-sent events, one connection a console.

A frame's event id is its place in the stream. A console that comes back names the last one
it has (`Last-Event-ID`) and is given what followed, each frame once; if that is no longer
kept it is told `reset`, and takes the whole picture again. Each second there is a `beat`
with the node's clock, without an id: a console that hears none knows that it shows the past.

Source: the server-sent events of the HTML standard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from clearline.basis.instants import Instant
from clearline.web.picture import Frame, Picture
from clearline.web.tracks import AT_LEAST_S, EACH_S, Sight

__all__ = ["BEAT_S", "MAX_AT_ONCE", "MAX_CONSOLES", "MAX_CONSOLES_OF_ONE", "events"]

BEAT_S = 1.0
MAX_CONSOLES = 64
"""Consoles that one node serves at once."""
MAX_CONSOLES_OF_ONE = 16
"""Consoles of one officer at once: nobody takes all places."""
MAX_AT_ONCE = 16
"""Frames that a reader is given before it is asked again whether the session holds.

A slow reader holds on to no more than these while the picture lets older ones go.
"""


async def events(
    picture: Picture,
    since: str,
    now: Callable[[], Instant],
    still: Callable[[], bool],
    sight: Sight | None = None,
) -> AsyncIterator[bytes]:
    """Yield what follows frame `since`, without end; it ends when `still` says no.

    Once a second, and after every frame that there is, it tells what has moved of `sight`.

    One that reads more slowly than things happen is told `reset` as well, once what it has
    missed is no longer kept.
    """
    yield b"retry: 500\n\n"
    yield _beat(now())
    moved, due, told = 0, 0.0, 0.0
    loop = asyncio.get_running_loop()
    while still():
        missed = picture.after(since, MAX_AT_ONCE)
        if missed is None:
            yield b"event: reset\ndata: {}\n\n"
            return
        if missed:
            # What has just been alarmed is shown where it is.
            due = min(due, told + AT_LEAST_S)
        for frame in missed:
            yield _frame(picture.boot, frame)
            since = f"{picture.boot}-{frame.number}"
        if missed:
            continue  # More may have come while these were written.
        if sight is not None and sight.is_set_up and loop.time() >= due:
            told = loop.time()
            piece, moved = sight.after(moved, now())
            if piece is not None:
                yield b"event: tracks\ndata: %s\n\n" % piece
                continue  # A frame that has come meanwhile goes before the next piece.
            due = loop.time() + EACH_S
        try:
            async with asyncio.timeout(BEAT_S):
                await picture.news()
        except TimeoutError:
            yield _beat(now())
    yield b"event: signed_out\ndata: {}\n\n"


def _frame(boot: str, frame: Frame) -> bytes:
    return b"id: %s-%d\nevent: frame\ndata: %s\n\n" % (boot.encode(), frame.number, frame.raw)


def _beat(now: Instant) -> bytes:
    return b'event: beat\ndata: {"at":"%s"}\n\n' % str(now).encode()
