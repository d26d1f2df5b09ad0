"""Track asks: what the node's owner may ask about tracks, and say of one, by name.

They come over the local socket, which is the owner's alone; arguments are plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clearline.node.tracks.track import MAX_TRACKS, Tracking, TracksView

__all__ = ["asks"]


def asks(tracks: Tracking) -> Mapping[str, Callable[..., Any]]:
    """Return each question about tracks, by its name."""

    def view(*, most: int = 200) -> TracksView:
        return tracks.view(min(max(most, 0), MAX_TRACKS))

    def belong(*, track: str, notice: str = "") -> None:
        tracks.belong(track, notice)

    return {"tracks": view, "track_belong": belong}
