"""Watching: the picture of tracks, and which of them our desks must see.

Reports come in and make tracks; tracks grow old, and are gone. Each is compared with the notices
of both sides whenever it has reported, and every few seconds besides. For one track and one
notice there is one alarm, from when it is first near until it has been out of all that keeps it
for a while. Of a track that is lost the alarm stays: nobody knows that it is clear.

It decides what is alarmed and when that is over. It never makes an entry, and nothing here can:
whatever has to be said to the counterpart, a person says. Time is an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.node.tracks.meeting import Batch, Found, Volumes, batch_of
from clearline.node.tracks.track import (
    GONE_MS,
    MAX_ALARMS,
    MAX_TRACKS,
    STALE_MS,
    Alarm,
    Report,
    Track,
    Watched,
    What,
)

__all__ = ["Eyes"]

MAX_BATCH = 512
"""Tracks that are compared in one go: a few milliseconds."""
AGAIN_MS = 5 * SECOND_MS
"""A track that does not report is compared so often all the same: windows open and close."""
CLEAR_AFTER_MS = 15 * SECOND_MS
"""An alarm is over when its track has been out of all that keeps it for so long."""
LOST_KEPT_MS = 15 * MINUTE_MS
"""The alarm of a track stands for so long from when it is lost, if its notice does."""
LEFT_M = 100.0
"""A track of ours has left when it is so far out: as far as a position may be wrong."""
STEADY_MS = 5 * SECOND_MS
"""When a track will be inside is said anew if it differs by so much."""
MOVED_MS = 10 * SECOND_MS
"""How far it is and where is told anew so often; that it is, or is graver, at once."""
NEW_MS = 5 * SECOND_MS
"""A track that was first seen in one of ours belongs to it, if that is told within this."""
AHEAD_OF_CLOCK_MS = 5 * SECOND_MS
"""A report may be so far in the future; one that is further is taken as of now."""


class _Standing(NamedTuple):
    alarm: Alarm
    out_since: Instant | None
    """Since when nothing keeps it, or its track is lost."""


class _First(NamedTuple):
    """How a track was when it was first seen, and when that was."""

    track: Track
    at: Instant


_Key = tuple[str, str]


class Eyes:
    """Every track of one node, and every alarm about them."""

    def __init__(self, ahead_ms: int, boot: str) -> None:
        """`ahead_ms`: how far ahead a course is followed. `boot` begins every alarm's id."""
        self.tracks: dict[str, Track] = {}
        self.left_out = 0
        """Reports of tracks beyond those that are kept."""
        self._volumes = Volumes(ahead_ms)
        self._boot = boot
        self._count = 0
        self._standing: dict[_Key, _Standing] = {}
        self._kinds: Counter[What] = Counter()
        """How many stand of each kind: a crowd that is near leaves room for what is inside."""
        self._about: dict[str, set[str]] = {}
        """For each track the notices that an alarm about it stands for."""
        self._over: dict[str, int] = {}
        """For each track its alarms beyond those that stand at once."""
        self._stated: dict[str, str] = {}
        """What an officer said: which track belongs to which notice of ours."""
        self._waiting: dict[str, None] = {}
        """Tracks to compare, in the order in which they came."""
        self._new: set[str] = set()
        """Tracks of which it has still to be asked whether they began in one of ours."""
        self._began: dict[str, _First] = {}
        """How the newest began, for notices of ours that are told a moment later: of so many as
        are compared in one go, in the order in which they came."""
        self._compared: dict[str, Instant] = {}
        self._put: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._alarms_put: dict[str, Alarm] = {}
        self._alarms_gone: dict[str, None] = {}
        self._alarms_moved: dict[_Key, Instant] = {}
        """Alarms of which only where and how far has changed, and since when."""

    @property
    def alarms(self) -> list[Alarm]:
        """Return every alarm that stands."""
        return [each.alarm for each in self._standing.values()]

    @property
    def alarms_left_out(self) -> int:
        """Return how many alarms there are beyond those that stand at once."""
        return sum(self._over.values())

    @property
    def waits(self) -> bool:
        """Return whether tracks wait to be compared."""
        return bool(self._waiting)

    # What is seen

    def take(self, receiver: str, reports: Iterable[Report], now: Instant) -> None:
        """Take in what a receiver has reported. `compare` looks at it."""
        for report in reports:
            track = f"{receiver}/{report.key}"
            before = self.tracks.get(track)
            at = min(report.reported_at, now) if _sane(report, now) else now
            if before is not None and at < before.reported_at:
                continue
            if now.since(at) >= GONE_MS[report.kind]:
                continue
            if before is None and len(self.tracks) >= MAX_TRACKS:
                self.left_out += 1
                continue
            stated = self._stated.get(track, "")
            made = _track(track, receiver, report, at, before, stated)
            if before is None and not stated:
                # One that was lost outside of ours and is seen again has not come back for that.
                made = replace(made, notice=self._left(track))
            if before is None:
                self._new.add(track)
                self._began[track] = _First(made, now)
                if len(self._began) > MAX_BATCH:
                    del self._began[next(iter(self._began))]
            self._see(made)
            self._waiting[track] = None

    def _left(self, track: str) -> str:
        """Return the notice of ours that a track is alarmed to have left; empty for none."""
        about = self._about.get(track, ())
        left = (each for each in about if self._standing[track, each].alarm.what is What.LEFT)
        return next(left, "")

    def _see(self, track: Track) -> None:
        self.tracks[track.id] = track
        self._put[track.id] = None
        self._gone.pop(track.id, None)

    def belong(self, track: str, notice: str) -> None:
        """Take in that an officer says a track belongs to a notice of ours; empty: to none."""
        if notice:
            self._stated[track] = notice
        else:
            self._stated.pop(track, None)
        self._not_new(track)
        known = self.tracks.get(track)
        if known is not None:
            self._see(replace(known, notice=notice, stated=bool(notice)))
            self._waiting[track] = None

    # What it is compared with

    def put_notices(self, notices: Iterable[Watched], now: Instant) -> None:
        """Compare with these, each in place of any that had its id."""
        notices = list(notices)
        self._volumes.put(notices)
        ours = [each.id for each in notices if each.mine]
        if ours:
            self._adopt_late(ours, now)
        self._waiting.update(dict.fromkeys(self.tracks))

    def drop_notices(self, notices: Iterable[str]) -> None:
        """Compare with these no more, and let go of every alarm about them."""
        ended = {notice for notice in notices if notice in self._volumes}
        if not ended:
            return
        self._volumes.drop(ended)
        for key in [key for key in self._standing if key[1] in ended]:
            self._clear(key)
        for track, notice in list(self._stated.items()):
            if notice in ended:
                del self._stated[track]
        for track in list(self.tracks.values()):
            if track.notice in ended:
                self._see(replace(track, notice="", stated=False))

    # What is alarmed

    def tick(self, now: Instant) -> None:
        """Let tracks grow old and go; have those compared that were not for a while."""
        for track in list(self.tracks.values()):
            age = now.since(track.reported_at)
            if age >= GONE_MS[track.kind]:
                self._lose(track, now)
            elif age >= STALE_MS[track.kind] and not track.stale:
                self._see(replace(track, stale=True))
            if (
                now.since(self._compared.get(track.id, now)) >= AGAIN_MS
                and age < GONE_MS[track.kind]
            ):
                self._waiting[track.id] = None
        for key, standing in list(self._standing.items()):
            since = standing.out_since
            if standing.alarm.lost and since is not None and now.since(since) >= LOST_KEPT_MS:
                self._clear(key)

    def compare(self, now: Instant) -> int:
        """Compare the tracks that have waited longest; return how many there were."""
        names = [each for each in _first(self._waiting, MAX_BATCH) if each in self.tracks]
        for each in _first(self._waiting, MAX_BATCH):
            del self._waiting[each]
        if not names:
            return 0
        batch = batch_of([self.tracks[name] for name in names])
        self._adopt(names, batch, now)
        alarmed = [
            (at, notice) for at, name in enumerate(names) for notice in self._about.get(name, ())
        ]
        found = self._volumes.meet(batch, alarmed, now)
        for name in names:
            self._compared[name] = now
            self._over.pop(name, None)
        for (at, notice), one in found.items():
            self._weigh((names[at], notice), one, now)
        for at, notice in alarmed:
            key = names[at], notice
            if (at, notice) not in found and self._standing[key].alarm.what is not What.LEFT:
                self._out(key, now)
        for at, name in enumerate(names):
            self._keep_in(at, name, batch, now)
        return len(names)

    def _adopt(self, names: list[str], batch: Batch, now: Instant) -> None:
        """A track that is first seen inside a notice of ours belongs to it."""
        new = [at for at, name in enumerate(names) if name in self._new]
        self._new.difference_update(names)
        free = [at for at in new if not self.tracks[names[at]].notice]
        if not free:
            return
        for at, notice in self._volumes.first_in(batch, free, now).items():
            self._see(replace(self.tracks[names[at]], notice=notice))

    def _adopt_late(self, ours: list[str], now: Instant) -> None:
        """So does one that was first seen a moment before the notice was told, inside of it.

        Those that wait for `_adopt` are left to that.
        """
        names = [
            name
            for name, first in self._began.items()
            if now.since(first.at) < NEW_MS
            and name not in self._new
            and not self.tracks[name].notice
        ]
        if not names:
            return
        began = batch_of([self._began[name].track for name in names])
        for at, notice in self._volumes.inside_of(began, ours, now).items():
            self._see(replace(self.tracks[names[at]], notice=notice))

    def _not_new(self, track: str) -> None:
        self._began.pop(track, None)
        self._new.discard(track)

    def _weigh(self, key: _Key, found: Found, now: Instant) -> None:
        standing = self._standing.get(key)
        if standing is not None:
            self._go_on(key, standing.alarm, found, now)
        elif found.what is not None:
            self._raise(key, found, now)

    def _keep_in(self, at: int, name: str, batch: Batch, now: Instant) -> None:
        """Alarm a track that has left the notice of ours that it belongs to."""
        notice = self.tracks[name].notice
        for left in [each for each in self._about.get(name, ()) if each != notice]:
            if self._standing[name, left].alarm.what is What.LEFT:
                self._clear((name, left))
        if not notice:
            return
        key = name, notice
        away_m = self._volumes.outside_m(batch, at, notice, now)
        if away_m is None:
            if key in self._standing:
                self._out(key, now)
            return
        gap_cm = 0 if away_m == float("inf") else int(away_m * 100)
        found = Found(at, notice, What.LEFT, certain=True, gap_cm=gap_cm, enters_at=None)
        if away_m >= LEFT_M or (key in self._standing and away_m > 0):
            self._weigh(key, found, now)
        elif key in self._standing:
            self._out(key, now)

    def _raise(self, key: _Key, found: Found, now: Instant) -> None:
        if not self._has_room(found.what or What.NEAR):
            self._over[key[0]] = self._over.get(key[0], 0) + 1
            return
        track, notice = self.tracks[key[0]], self._volumes.notice(key[1])
        assert found.what is not None
        assert notice is not None
        self._count += 1
        alarm = Alarm(
            id=f"{self._boot}-{self._count}",
            track=track.id, name=track.name or track.key, receiver=track.receiver,
            notice=notice.id, link=notice.link, what=found.what, certain=found.certain,
            since=now, graver_at=now, reported_at=track.reported_at, gap_cm=found.gap_cm,
            enters_at=found.enters_at, lost=False, where=track.at,
        )  # fmt: skip
        self._about.setdefault(key[0], set()).add(key[1])
        self._stand(key, alarm, None)

    def _has_room(self, what: What) -> bool:
        """Return whether one more may stand. One that is near may yet be inside, and stays."""
        near, inside = self._kinds[What.NEAR], self._kinds[What.INSIDE]
        crowded = what is What.NEAR and near + inside >= 2 * MAX_ALARMS
        return self._kinds[what] < MAX_ALARMS and not crowded

    def _go_on(self, key: _Key, alarm: Alarm, found: Found, now: Instant) -> None:
        track = self.tracks[key[0]]
        graver = alarm.what is What.NEAR and found.what is What.INSIDE
        surer = found.certain and not alarm.certain and found.what is not None
        changed = replace(
            alarm,
            what=What.INSIDE if graver else alarm.what,
            certain=alarm.certain or surer,
            graver_at=now if graver else alarm.graver_at,
            name=track.name or track.key,
            reported_at=track.reported_at,
            gap_cm=found.gap_cm,
            enters_at=_steady(alarm.enters_at, found.enters_at),
            lost=False,
            where=track.at,
        )
        self._stand(key, changed, None)

    def _out(self, key: _Key, now: Instant) -> None:
        """Nothing keeps an alarm any more: it is over if that has been so for a while."""
        alarm, since = self._standing[key]
        if alarm.lost:
            # It is seen again, so from now on it is known to be out.
            self._stand(key, replace(alarm, lost=False), now)
        elif since is None:
            self._standing[key] = _Standing(alarm, now)
        elif now.since(since) >= CLEAR_AFTER_MS:
            self._clear(key)

    def _stand(self, key: _Key, alarm: Alarm, out_since: Instant | None) -> None:
        before = self._standing.get(key)
        if before is not None:
            self._kinds[before.alarm.what] -= 1
        self._kinds[alarm.what] += 1
        self._standing[key] = _Standing(alarm, out_since)
        if before is None or _graver(before.alarm, alarm):
            self._alarms_put[alarm.id] = alarm
            self._alarms_moved.pop(key, None)
        elif alarm.id in self._alarms_put:
            self._alarms_put[alarm.id] = alarm
        elif before.alarm != alarm:
            self._alarms_moved.setdefault(key, alarm.reported_at)

    def _clear(self, key: _Key) -> None:
        alarm = self._standing.pop(key).alarm
        self._kinds[alarm.what] -= 1
        self._about[key[0]].discard(key[1])
        if not self._about[key[0]]:
            del self._about[key[0]]
        self._alarms_put.pop(alarm.id, None)
        self._alarms_moved.pop(key, None)
        self._alarms_gone[alarm.id] = None

    def _lose(self, track: Track, now: Instant) -> None:
        """A track is not seen any more; what was alarmed about it is not clear for that."""
        del self.tracks[track.id]
        self._put.pop(track.id, None)
        self._gone[track.id] = None
        for kept in (self._compared, self._over, self._waiting):
            kept.pop(track.id, None)
        self._not_new(track.id)
        for notice in self._about.get(track.id, ()):
            key = track.id, notice
            self._stand(key, replace(self._standing[key].alarm, lost=True, enters_at=None), now)

    def alarms_changed(self) -> tuple[list[Alarm], list[str]]:
        """Return the alarms that are new or different since this was last asked, and those over."""
        made = list(self._alarms_put.values()), list(self._alarms_gone)
        self._alarms_put.clear()
        self._alarms_gone.clear()
        return made

    def alarms_moved(self, now: Instant) -> list[Alarm]:
        """Return the alarms of which something less has changed for a while, each once."""
        due = [key for key, at in self._alarms_moved.items() if now.since(at) >= MOVED_MS]
        for key in due:
            del self._alarms_moved[key]
        return [self._standing[key].alarm for key in due]

    def tracks_changed(self) -> tuple[list[Track], list[str]]:
        """Return the tracks that are new or different since this was last asked, and those gone."""
        made = [self.tracks[each] for each in self._put], list(self._gone)
        self._put.clear()
        self._gone.clear()
        return made


def _first(waiting: dict[str, None], most: int) -> list[str]:
    return [name for name, _ in zip(waiting, range(most), strict=False)]


def _sane(report: Report, now: Instant) -> bool:
    return report.reported_at.since(now) <= AHEAD_OF_CLOCK_MS


def _graver(before: Alarm, now: Alarm) -> bool:
    """Return whether an alarm says something else now, and not the same of another place."""
    return (before.what, before.certain, before.lost, before.name) != (
        now.what, now.certain, now.lost, now.name,
    )  # fmt: skip


def _steady(before: Instant | None, now: Instant | None) -> Instant | None:
    """Return when it enters; a moment sooner or later is no news for the screens."""
    if before is None or now is None or abs(now.since(before)) >= STEADY_MS:
        return now
    return before


def _track(
    name: str, receiver: str, report: Report, at: Instant, before: Track | None, stated: str
) -> Track:
    known = before.name if before is not None else ""
    notice = stated or (before.notice if before is not None else "")
    return Track(
        id=name, receiver=receiver, kind=report.kind, key=report.key,
        name=report.name or known, at=report.at, level=report.level,
        course_cdeg=report.course_cdeg, speed_cm_s=report.speed_cm_s,
        climb_cm_s=report.climb_cm_s, reported_at=at, stale=False, notice=notice,
        stated=bool(stated),
    )  # fmt: skip
