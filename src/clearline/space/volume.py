"""A volume: an outline, a band of altitude, and a window of time.

It decides what a sane volume is (`check_volume`) and how far two windows are apart. It does
not decide what is too close; see `separation`.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant
from clearline.space.altitude import Band, check_band
from clearline.space.outline import Outline, check

__all__ = ["MAX_WINDOW_MS", "Volume", "Window", "check_volume", "check_window", "time_gap_ms"]

MAX_WINDOW_MS = 366 * DAY_MS
"""The longest window. A standing area is renewed, so that no notice outlives its author."""


# Values like these, here and in what they are made of, cannot be part of a cycle: the collector
# of cycles (gc) is not to walk millions of them in the middle of a call.


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """From `start` to `end`, both included."""

    start: Instant
    end: Instant


class Volume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Where, how high and when a party operates."""

    outline: Outline
    band: Band
    window: Window


def time_gap_ms(a: Window, b: Window) -> int:
    """Return the time between two windows, in ms; 0 if they meet."""
    return max(0, b.start - a.end, a.start - b.end)


def check_window(window: Window) -> None:
    """Raise a Mistake unless the window ends after it starts and is not too long."""
    span_ms = window.end.since(window.start)
    if span_ms <= 0:
        raise Mistake("window_inverted", "the end is not after the start")
    if span_ms > MAX_WINDOW_MS:
        raise Mistake("window_too_long", f"a window is at most {MAX_WINDOW_MS // DAY_MS} days")


def check_volume(volume: Volume) -> None:
    """Raise a Mistake unless outline, band and window are each sane."""
    check(volume.outline)
    check_band(volume.band)
    check_window(volume.window)
