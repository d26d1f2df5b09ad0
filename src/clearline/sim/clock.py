"""A clock of one simulated node: true time seen with an offset and a drift.

Virtual time is true time, in whole milliseconds. A node never sees it: it sees its own
clock, which is ahead or behind by an offset and gains or loses so many parts in a million.
Between two settings the clock is steady. It is set anew only when a node starts, as a real
one is stepped only where no deadline is running by it.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant

__all__ = ["MOST_DRIFT_PPM", "NodeClock"]

MOST_DRIFT_PPM = 200
"""Twice what a poor crystal does; a figure beyond it is a broken clock, not a drifting one."""

_MILLION = 1_000_000


class _Setting(Struct, frozen=True, kw_only=True):
    since: int
    offset_ms: int
    drift_ppm: int


class NodeClock:
    """What one node's clock shows at each true instant."""

    def __init__(self, start: Instant, offset_ms: int = 0, drift_ppm: int = 0) -> None:
        assert abs(drift_ppm) <= MOST_DRIFT_PPM, drift_ppm
        self._settings = [_Setting(since=int(start), offset_ms=offset_ms, drift_ppm=drift_ppm)]

    def set(self, at: Instant, offset_ms: int, drift_ppm: int) -> None:
        """Set the clock anew, at a true instant not before the last setting."""
        assert abs(drift_ppm) <= MOST_DRIFT_PPM, drift_ppm
        assert int(at) >= self._settings[-1].since, at
        setting = _Setting(since=int(at), offset_ms=offset_ms, drift_ppm=drift_ppm)
        self._settings.append(setting)

    def show(self, true: Instant) -> Instant:
        """Return what the clock shows at a true instant."""
        for setting in reversed(self._settings):
            if int(true) >= setting.since:
                return Instant(_shown(setting, int(true)))
        return Instant(_shown(self._settings[0], int(true)))

    def first(self, local: Instant, at: Instant) -> Instant:
        """Return the first true instant, from `at` on, at which the clock shows `local` or later.

        A fast clock skips a millisecond now and then; what it skips counts as shown with
        the next. Settings made so far are taken into account, and no other.
        """
        for number, setting in enumerate(self._settings):
            last = number + 1 == len(self._settings)
            until = None if last else self._settings[number + 1].since
            if until is not None and until <= at:
                continue
            true = max(_reached(setting, int(local)), setting.since, int(at))
            if until is None or true < until:
                return Instant(true)
        raise AssertionError("the last setting has no end")


def _reached(setting: _Setting, local: int) -> int:
    """Return the first true instant at which a setting shows `local` or later."""
    ahead_ms = local - setting.since - setting.offset_ms
    true = setting.since + ahead_ms * _MILLION // (_MILLION + setting.drift_ppm)
    while _shown(setting, true) >= local:
        true -= 1
    while _shown(setting, true) < local:
        true += 1
    return true


def _shown(setting: _Setting, true: int) -> int:
    gained = (true - setting.since) * setting.drift_ppm // _MILLION
    return true + setting.offset_ms + gained
