"""Tracks on a screen: where things are now, sent beside the picture and never before it.

Tracks move all the time, and where one was a second ago is of no use to anybody. So nothing is
queued for a console: once a second it is given what has moved since it was last given anything,
in pieces so small that a frame never waits for more than one. A console that comes, or was cut
off, is told `reset`, and then where everything is.

None of this is in the picture's frames, nor in the record: it is for our own eyes (decision 0048).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Raw, Struct

from clearline.basis.instants import Instant
from clearline.node.tracks.track import MAX_TRACKS, Track, Tracking, TracksView
from clearline.web.endpoint import Asked, Endpoint, encode

__all__ = ["AT_LEAST_S", "EACH_S", "BelongBody", "Moved", "Sight", "TracksQuery", "rows"]

EACH_S = 1.0
"""A console is told so often what has moved."""
AT_LEAST_S = 0.2
"""After a frame it is told sooner, but not more often than this."""
MOST_AT_ONCE = 500
"""Tracks in one piece: about 150 kB, which a frame may have to wait for."""


class Moved(Struct, frozen=True, kw_only=True):
    """What a console is told of tracks, as the stream's event `tracks`."""

    at: Instant
    reset: bool
    """Whether everything that was told before is to be forgotten first."""
    put: tuple[Track, ...]
    gone: tuple[str, ...]


class TracksQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many tracks, those with the newest reports."""

    most: Annotated[int, Meta(ge=0, le=MAX_TRACKS)] = 1_000


class BelongBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which track belongs to which notice of ours."""

    track: Annotated[str, Meta(min_length=1, max_length=120)]
    notice: Annotated[str, Meta(max_length=36)] = ""
    """Empty: to none."""


class Sight:
    """What all consoles are told of tracks; each track is encoded once, however many there are."""

    def __init__(self, tracks: Callable[[], Tracking]) -> None:
        """`tracks` says who keeps them, once anybody asks."""
        self._tracks = tracks
        self._raw: dict[str, tuple[Track, bytes]] = {}

    @property
    def is_set_up(self) -> bool:
        """Return whether there is any receiver."""
        return bool(self._tracks().receivers)

    def after(self, version: int, now: Instant) -> tuple[bytes | None, int]:
        """Return the next piece for a console that was told until `version`, and where it is then.

        None if there is nothing to tell. A console that was told nothing says 0.
        """
        tracks = self._tracks()
        found = tracks.since(version, MOST_AT_ONCE) if version else None
        reset = found is None
        if found is None:
            found = tracks.since(tracks.floor, MOST_AT_ONCE)
            assert found is not None
        put, gone, until = found
        if not put and not gone and not reset:
            return None, until
        piece = {
            "at": now,
            "reset": reset,
            "put": [Raw(self._encoded(each)) for each in put],
            "gone": [] if reset else gone,
        }
        return encode(piece), until

    def _encoded(self, track: Track) -> bytes:
        known = self._raw.get(track.id)
        if known is not None and known[0] is track:
            return known[1]
        if len(self._raw) > 2 * MAX_TRACKS:
            self._raw.clear()
        raw = encode(track)
        self._raw[track.id] = track, raw
        return raw


def rows(tracks: Callable[[], Tracking]) -> list[Endpoint]:
    """Return the rows about tracks; `tracks` says who keeps them, once anybody asks."""

    async def view(asked: Asked) -> TracksView:
        return tracks().view(asked.query.most)

    async def belong(asked: Asked) -> None:
        tracks().belong(asked.body.track, asked.body.notice)

    return [
        Endpoint(
            method="GET", path="/tracks", name="tracks", needs="picture", query=TracksQuery,
            gives=TracksView, handler=view, tag="tracks",
            summary="What our own receivers see now. The stream's event `tracks` tells what moves.",
        ),
        Endpoint(
            method="POST", path="/tracks/belong", name="belong", needs="acknowledge",
            takes=BelongBody, handler=belong, tag="tracks",
            summary="Say that a track belongs to a notice of ours, or to none. It goes nowhere.",
        ),
    ]  # fmt: skip
