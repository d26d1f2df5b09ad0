"""Meeting: which tracks are in, near or about to enter which volumes, many at once.

Volumes are rows of arrays. A track looks up its cell of the globe for those that it could reach
at all, all of a batch's pairs are thinned by height, time and bounding circles in one go, and
what is left is measured exactly (`rays`). Nothing that meets is left out on the way: each step
lets through too much, never too little.

It decides what *inside*, *near* and *ahead* are; what is alarmed, and when it has cleared, is
`watching`'s. Thresholds come twice: to raise, and wider ones to keep, so that a track that
runs along a border is one alarm and not a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from clearline.basis.instants import Instant
from clearline.basis.quantities import METRE_CM
from clearline.node.tracks.cells import Cells
from clearline.node.tracks.levels import band_rows, gaps_cm, level_rows
from clearline.node.tracks.rays import Core, core_of, lay
from clearline.node.tracks.track import Track, Watched, What
from clearline.space.footprint import footprint
from clearline.space.position import E7

if TYPE_CHECKING:
    from clearline.node.tracks.rays import Floats, Integers, Truths

__all__ = ["MAX_REACH_M", "Batch", "Found", "Volumes", "batch_of"]

MAX_REACH_M = 1_200_000.0
"""No course is followed further than this, however fast the track and long the look ahead."""
LEAST_SPEED_CM_S = 50
"""Slower than this a course is noise: nothing is said of where it leads."""
SOON_MS = 10_000
"""So often it is looked which windows open soon."""
KEPT_ACROSS, KEPT_ACROSS_M = 1.1, 300.0
"""An alarm is kept out to so many times the horizontal minimum, and so many metres more."""
KEPT_UP_CM = 10_000.0
"""And so far beyond the vertical minimum,"""
KEPT_AHEAD = 1.25
"""and as long as the way leads in within so many times the look ahead."""
_LEAST_CURVATURE_M = 6_335_439.0
_BEND = 0.005
"""By less than this share of its length a course bends away from a great circle of normals."""
_SLACK = 2e-7


class Batch(NamedTuple):
    """Tracks as arrays; lengths in metres, times in ms since the epoch."""

    lats: Floats
    lons: Floats
    normal: Floats
    """(n, 3): the direction of the ellipsoid's normal at each."""
    ahead: Floats
    """(n, 3): the direction of its course."""
    course: Floats
    speed_m_s: Floats
    """0 where the course or the speed is not known, or is noise."""
    climb_cm_s: Floats
    level: Floats
    reported: Floats


class Found(NamedTuple):
    """What one track does to one notice of theirs."""

    track: int
    """Which of the batch."""
    notice: str
    what: What | None
    """None: not enough to raise an alarm, but one that stands is kept."""
    certain: bool
    gap_cm: int
    enters_at: Instant | None


def batch_of(tracks: Sequence[Track]) -> Batch:
    """Return tracks as arrays."""
    lats = np.array([track.at.lat_e7 for track in tracks], dtype=np.float64) / E7
    lons = np.array([track.at.lon_e7 for track in tracks], dtype=np.float64) / E7
    course = np.radians(np.array([(track.course_cdeg or 0) / 100 for track in tracks]))
    speed = np.array([_speed_m_s(track) for track in tracks], dtype=np.float64)
    phi, lam = np.radians(lats), np.radians(lons)
    north, east = np.cos(course), np.sin(course)
    normal = np.stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)), 1)
    ahead = np.stack(
        (
            -north * np.sin(phi) * np.cos(lam) - east * np.sin(lam),
            -north * np.sin(phi) * np.sin(lam) + east * np.cos(lam),
            north * np.cos(phi),
        ),
        1,
    )
    return Batch(
        lats, lons, normal, ahead, course, speed,
        np.array([track.climb_cm_s or 0 for track in tracks], dtype=np.float64),
        level_rows([track.level for track in tracks]),
        np.array([int(track.reported_at) for track in tracks], dtype=np.float64),
    )  # fmt: skip


def _speed_m_s(track: Track) -> float:
    known = track.course_cdeg is not None and track.speed_cm_s is not None
    speed = track.speed_cm_s or 0
    return speed / METRE_CM if known and speed >= LEAST_SPEED_CM_S else 0.0


class _Pairs(NamedTuple):
    t: Integers
    v: Integers


class Volumes:
    """Every volume of every notice that tracks are compared with."""

    def __init__(self, ahead_ms: int) -> None:
        """`ahead_ms`: how far ahead a course is followed."""
        self._ahead_ms = ahead_ms
        self._cells = Cells()
        self._rows: dict[str, tuple[Watched, list[int]]] = {}
        """Each notice with its rows."""
        self._cores: list[Core] = []
        self._notices: list[str] = []
        self._numbers: Floats = np.empty((0, 12))
        """Of each row: normal, reach in radians, window, minima, whether it stands, whose, and how
        near a way must come to it, in radians, to count at all."""
        self._bands: Floats = np.empty((0, 8))
        self._dead = 0
        self._soon: Truths = np.empty(0, dtype=np.bool_)
        self._soon_until = Instant(0)

    def __len__(self) -> int:
        return len(self._cores) - self._dead

    def __contains__(self, notice: str) -> bool:
        return notice in self._rows

    @property
    def rows(self) -> int:
        """Return how many rows are held, those of notices that are gone among them."""
        return len(self._cores)

    def notice(self, notice: str) -> Watched | None:
        """Return a notice that is kept here."""
        found = self._rows.get(notice)
        return found[0] if found is not None else None

    def put(self, notices: Iterable[Watched]) -> None:
        """Keep notices, each in place of any that had its id."""
        notices = list(notices)
        self.drop(each.id for each in notices)
        made: list[tuple[float, ...]] = []
        bands: list[Any] = []
        for each in notices:
            rows = range(len(self._cores), len(self._cores) + len(each.volumes))
            self._rows[each.id] = each, list(rows)
            for volume in each.volumes:
                made.append(_row(each, volume))
                bands.append(volume.band)
                self._cores.append(core_of(volume.outline))
                self._notices.append(each.id)
        if made:
            self._numbers = np.concatenate((self._numbers, np.array(made)))
            self._bands = np.concatenate((self._bands, band_rows(bands)))

    def drop(self, notices: Iterable[str]) -> None:
        """Keep these no more."""
        for notice in notices:
            kept = self._rows.pop(notice, None)
            rows = kept[1] if kept is not None else []
            self._numbers[rows, _STANDS] = 0.0
            self._dead += len(rows)
        if self._dead > 1_000 and self._dead > len(self._cores) // 2:
            self._compact()

    def _compact(self) -> None:
        """Let go of the rows of what is kept no more."""
        stands = np.flatnonzero(self._numbers[:, _STANDS])
        self._cores = [self._cores[row] for row in stands]
        self._notices = [self._notices[row] for row in stands]
        self._numbers, self._bands = self._numbers[stands], self._bands[stands]
        self._dead = 0
        # What is known by row is of other rows now, even if as many come again.
        self._cells.forget()
        self._soon = np.empty(0, dtype=np.bool_)
        for notice, (watched, _) in self._rows.items():
            self._rows[notice] = watched, []
        for row, notice in enumerate(self._notices):
            self._rows[notice][1].append(row)

    # Theirs

    def meet(
        self, batch: Batch, alarmed: Sequence[tuple[int, str]], now: Instant
    ) -> dict[tuple[int, str], Found]:
        """Return what each track does to notices of theirs, by its place and the notice.

        `alarmed` are pairs that an alarm stands for: they are looked at wherever they are. A
        pair that is not in the answer is out of all that keeps an alarm.
        """
        pairs = self._close(batch, self._candidates(batch, alarmed, now), now)
        if not len(pairs.t):
            return {}
        laid = lay(batch.lats[pairs.t], batch.lons[pairs.t], self._cores_of(pairs.v))
        gap_m = laid.gap_m()
        numbers = self._numbers[pairs.v]
        below, above, most = gaps_cm(batch.level[pairs.t], self._bands[pairs.v])
        apart = np.maximum(below, above)
        across_m, up_cm, wide_ms = numbers[:, _ACROSS_M], numbers[:, _UP_CM], numbers[:, _TIME_MS]
        start, end = numbers[:, _START], numbers[:, _END]
        open_now = (start <= now) & (now <= end)
        open_wide = (start - wide_ms < now) & (now < end + wide_ms) | open_now
        inside = (gap_m == 0) & (apart <= 0) & open_now
        near = _under(gap_m, across_m) & _under(apart, up_cm) & open_wide
        kept = _under(gap_m, across_m * KEPT_ACROSS + KEPT_ACROSS_M) & open_wide
        kept &= apart < up_cm + KEPT_UP_CM

        def ways(which: Integers, up_cm: Floats, ahead_ms: float) -> Floats:
            """Return when each of these pairs is inside on its course, in ms; inf for never."""
            t = pairs.t[which]
            speed, reported = batch.speed_m_s[t], batch.reported[t]
            first, last = _while_level(
                below[which], above[which], up_cm[which], batch.climb_cm_s[t]
            )
            opens = (start[which] - wide_ms[which] - reported) / 1_000
            closes = (end[which] + wide_ms[which] - reported) / 1_000
            until = (float(now) + ahead_ms - reported) / 1_000
            first = np.maximum(np.maximum(first, opens), 0.0)
            last = np.minimum(np.minimum(last, closes), until)
            far = np.minimum(np.maximum(last, 0.0) * speed, MAX_REACH_M)
            entry = _part(laid, which).entry_m(batch.course[t], first * speed, far)
            moving = (speed > 0) & np.isfinite(entry)
            at = reported + np.where(moving, entry, 0.0) / np.where(speed > 0, speed, 1.0) * 1_000
            return np.where(moving & (last >= first), at, np.inf)

        every = np.flatnonzero(batch.speed_m_s[pairs.t] > 0)
        enters = np.full(len(pairs.t), np.inf)
        if len(every):
            held = ways(every, up_cm + KEPT_UP_CM, self._ahead_ms * KEPT_AHEAD)
            kept[every] |= np.isfinite(held)
            some = every[np.isfinite(held)]
            if len(some):
                enters[some] = ways(some, up_cm, self._ahead_ms)
        return self._worst(
            pairs, inside, near | np.isfinite(enters), kept, _under(most, up_cm), gap_m, enters
        )

    def _cores_of(self, rows: Integers) -> list[Core]:
        return [self._cores[row] for row in cast("list[int]", rows.tolist())]

    def _worst(
        self, pairs: _Pairs, inside: Truths, near: Truths, kept: Truths, certain: Truths,
        gap_m: Floats, enters: Floats,
    ) -> dict[tuple[int, str], Found]:  # fmt: skip
        """Return for each track and notice the gravest of its volumes, the nearest of these."""
        found: dict[tuple[int, str], Found] = {}
        for at in np.flatnonzero(inside | near | kept):
            what = What.INSIDE if inside[at] else What.NEAR if near[at] else None
            soon = float(enters[at])
            one = Found(
                int(pairs.t[at]), self._notices[pairs.v[at]], what, bool(certain[at]),
                int(gap_m[at] * METRE_CM),
                Instant(int(soon)) if math.isfinite(soon) and what is What.NEAR else None,
            )  # fmt: skip
            key = one.track, one.notice
            before = found.get(key)
            if before is None or _gravity(one) < _gravity(before):
                found[key] = one
        return found

    def _candidates(self, batch: Batch, alarmed: Sequence[tuple[int, str]], now: Instant) -> _Pairs:
        """Return the pairs of a track and a volume of theirs that its cell has."""
        reach, soon = self._reach_m(batch, now), self._open_soon(now)
        parts = [
            self._cells.some(float(lat), float(lon), float(far), self._numbers, soon)
            for lat, lon, far in zip(batch.lats, batch.lons, reach, strict=True)
        ]
        t = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        v = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        more = [
            (track, row)
            for track, notice in alarmed
            if notice in self._rows
            for row in self._rows[notice][1]
        ]
        if more:
            extra = np.array(more, dtype=np.int64)
            joined = np.unique(
                np.concatenate((t, extra[:, 0])) * len(self._cores)
                + np.concatenate((v, extra[:, 1]))
            )
            t, v = np.divmod(joined, len(self._cores))
        return _Pairs(t, v)

    def _open_soon(self, now: Instant) -> Truths:
        """Return of each row whether it is theirs, and open now or before it is asked for anew."""
        if len(self._soon) != len(self._numbers) or now >= self._soon_until:
            numbers = self._numbers
            until = float(now) + self._ahead_ms * KEPT_AHEAD + SOON_MS
            soon = (numbers[:, _STANDS] > 0) & (numbers[:, _MINE] == 0)
            soon &= numbers[:, _START] - numbers[:, _TIME_MS] <= until
            soon &= numbers[:, _END] + numbers[:, _TIME_MS] >= float(now)
            self._soon, self._soon_until = soon, now.after(SOON_MS)
        return self._soon

    def _reach_m(self, batch: Batch, now: Instant) -> Floats:
        aged = np.maximum(float(now) - batch.reported, 0.0)
        return np.minimum(
            batch.speed_m_s * (self._ahead_ms * KEPT_AHEAD + aged) / 1_000, MAX_REACH_M
        )

    def _close(self, batch: Batch, pairs: _Pairs, now: Instant) -> _Pairs:
        """Return the pairs that bounding circles, windows and heights do not part."""
        t, v = self._reached(batch, pairs, self._reach_m(batch, now))
        numbers = self._numbers[v]
        wide = numbers[:, _TIME_MS]
        fits = (numbers[:, _STANDS] > 0) & (numbers[:, _MINE] == 0)
        fits &= numbers[:, _START] - wide <= float(now) + self._ahead_ms * KEPT_AHEAD
        fits &= numbers[:, _END] + wide >= float(now)
        below, above, _ = gaps_cm(batch.level[t], self._bands[v])
        aged = np.maximum(float(now) - batch.reported[t], 0.0)
        climbed = np.abs(batch.climb_cm_s[t]) * (self._ahead_ms * KEPT_AHEAD + aged) / 1_000
        fits &= np.maximum(below, above) < numbers[:, _UP_CM] + KEPT_UP_CM + climbed
        return _Pairs(t[fits], v[fits])

    def _reached(self, batch: Batch, pairs: _Pairs, reach_m: Floats) -> tuple[Integers, Integers]:
        """Return the pairs of which the way of the track comes near the bounding circle.

        The first to be asked, of hundreds for each track, so it looks at little of each.
        """
        t, v = pairs
        turn = reach_m / _LEAST_CURVATURE_M
        bend = turn * _BEND + _SLACK
        cosines, sines = np.cos(turn), np.sin(turn)
        centre = self._numbers[v, :3]
        here = np.einsum("ij,ij->i", batch.normal[t], centre)
        along = np.einsum("ij,ij->i", batch.ahead[t], centre)
        least = np.cos(np.minimum(self._numbers[v, _LEAST_TURN] + bend[t], math.pi))
        there = here * cosines[t] + along * sines[t]
        between = (along > 0) & (along * cosines[t] <= here * sines[t])
        close = np.maximum(here, there) >= least
        close |= between & ((here * here + along * along >= least * least) | (least <= 0))
        return t[close], v[close]

    # Ours

    def first_in(self, batch: Batch, which: Sequence[int], now: Instant) -> dict[int, str]:
        """Return for these tracks of a batch the notice of ours that each is inside of, if any."""
        found: dict[int, str] = {}
        numbers = self._numbers
        ours = (numbers[:, _STANDS] > 0) & (numbers[:, _MINE] > 0)
        ours &= (numbers[:, _START] <= now) & (numbers[:, _END] >= now)
        for track in which:
            at = float(batch.lats[track]), float(batch.lons[track])
            rows = self._cells.around(*at, 0.0, numbers)
            rows = rows[ours[rows]]
            self._first_inside(batch, _Pairs(np.full(len(rows), track), rows), found)
        return found

    def inside_of(self, batch: Batch, notices: Sequence[str], now: Instant) -> dict[int, str]:
        """Return for each track of a batch the one of these that it is inside of, if any."""
        found: dict[int, str] = {}
        everyone = np.arange(len(batch.lats))
        for notice in notices:
            for row in self._open_rows(notice, now):
                self._first_inside(batch, _Pairs(everyone, np.full(len(everyone), row)), found)
        return found

    def _first_inside(self, batch: Batch, pairs: _Pairs, found: dict[int, str]) -> None:
        """Put down for each track of these pairs what it is inside of, if nothing is yet."""
        t, v = self._reached(batch, pairs, np.zeros(len(batch.lats)))
        if not len(t):
            return
        inside = self._out_m(batch, _Pairs(t, v)) == 0
        rows = cast("list[int]", v[inside].tolist())
        for track, row in zip(cast("list[int]", t[inside].tolist()), rows, strict=True):
            found.setdefault(track, self._notices[row])

    def outside_m(self, batch: Batch, track: int, notice: str, now: Instant) -> float | None:
        """Return how far a track is from a notice of ours along the ground; 0 inside.

        A track above or below is as far as infinity. None if no volume of it is open now.
        """
        open_now = self._open_rows(notice, now)
        if not open_now:
            return None
        pairs = _Pairs(np.full(len(open_now), track), np.array(open_now))
        return float(np.min(self._out_m(batch, pairs)))

    def _open_rows(self, notice: str, now: Instant) -> list[int]:
        kept = self._rows.get(notice)
        rows = kept[1] if kept is not None else []
        return [
            row for row in rows if self._numbers[row, _START] <= now <= self._numbers[row, _END]
        ]

    def _out_m(self, batch: Batch, pairs: _Pairs) -> Floats:
        """Return how far the track of each pair is out of its volume, as `outside_m` does."""
        t, v = pairs
        gap_m = lay(batch.lats[t], batch.lons[t], self._cores_of(v)).gap_m()
        below, above, _ = gaps_cm(batch.level[t], self._bands[v])
        return np.where(np.maximum(below, above) > 0, np.inf, gap_m)


(
    _REACH, _START, _END, _ACROSS_M, _UP_CM, _TIME_MS, _STANDS, _MINE, _LEAST_TURN,
) = range(3, 12)  # fmt: skip


def _row(watched: Watched, volume: Any) -> tuple[float, ...]:
    shape = footprint(volume.outline)
    phi, lam = math.radians(shape.lat), math.radians(shape.lon)
    reach = (shape.reach_m + 1.0) / _LEAST_CURVATURE_M
    across_m = watched.minima.horizontal_cm / METRE_CM
    kept = (across_m * KEPT_ACROSS + KEPT_ACROSS_M) / _LEAST_CURVATURE_M
    return (
        math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi),
        reach,
        float(volume.window.start), float(volume.window.end),
        across_m, float(watched.minima.vertical_cm),
        float(watched.minima.time_ms), 1.0, float(watched.mine), reach + kept,
    )  # fmt: skip


def _under(gap: Any, minimum: Any) -> Any:
    """A gap is under a minimum if there is none, or less than that (rule 5 of separation)."""
    return (gap <= 0) | (gap < minimum)


def _while_level(
    below: Floats, above: Floats, minimum: Floats, climb: Floats
) -> tuple[Floats, Floats]:
    """Return from when until when, in s, a climbing track is within a minimum of the band."""
    rate = np.where(climb == 0, 1.0, np.abs(climb))
    rising = climb > 0
    to_come = np.where(rising, below, above) - minimum
    to_pass = minimum - np.where(rising, above, below)
    level = np.where(_under(np.maximum(below, above), minimum), -np.inf, np.inf)
    first = np.where(climb == 0, level, to_come / rate)
    last = np.where(climb == 0, np.inf, to_pass / rate)
    return first, last


def _gravity(found: Found) -> tuple[int, int]:
    rank = 0 if found.what is What.INSIDE else 1 if found.what is What.NEAR else 2
    return rank, found.gap_cm


def _part(laid: Any, which: Integers) -> Any:
    """Return some of the pairs alone."""
    if len(which) == len(laid.root):
        return laid
    counts = np.diff(np.append(laid.first, len(laid.of)))
    kept = counts[which]
    starts = np.cumsum(kept) - kept
    edges = np.repeat(laid.first[which] - starts, kept) + np.arange(int(kept.sum()))
    return type(laid)(
        root=laid.root[which],
        ax=laid.ax[edges], ay=laid.ay[edges], bx=laid.bx[edges], by=laid.by[edges],
        first=starts, of=np.repeat(np.arange(len(which)), kept),
        polygon=laid.polygon[which], radius_m=laid.radius_m[which],
    )  # fmt: skip
