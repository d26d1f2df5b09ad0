"""An approach: how near two movers come, and when.

Two questions. `approach` is of two **schedules**, each with one speed on each leg: the least
distance and its instant. `nearest` is of two **transits**, each with a range of speeds and
times: the least distance that any two movers within the ranges can have at one instant.

**Certified, not sampled.** On a stretch of time in which neither turns, each moves in space
(Earth-centred WGS 84) along a curve whose acceleration is at most v^2 / r, r being the least
radius of curvature of the ellipsoid. So what is between them departs from the straight line
between its two ends by at most (v1^2 + v2^2) / r * time^2 / 8, and cannot be shorter than the
nearest point of that line less so much. Stretches that cannot hold anything nearer than what
was found are left out; the others are halved. A chord c is turned into ground by the arc of
a circle of 6,400 km, which is flatter than any line on the ellipsoid, so that it is never
longer than the ground.

**Tolerance.** What `approach` gives is a distance that the two do have, and it is too long by
at most `within_cm`: 1 cm where they come within 50 km, 4 cm at 100 km, 60 cm at 300 km (that
circle is up to 1 % flatter than the ground), unless MAX_STRETCHES is reached first.

`nearest` works through corridors, as a chain of volumes does: it halves those pieces of the
two routes that can be occupied at once and are nearest, until they are shorter than the
grain. It is never more than the truth.
"""

from __future__ import annotations

import heapq
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM
from clearline.space.motion import MAX_WAYPOINTS, Timetable, Transit
from clearline.space.outline import Ring
from clearline.space.pieces import in_space
from clearline.space.plane import geodesic_fwds, geodesic_inv, geodesic_invs
from clearline.space.position import Position, from_degrees
from clearline.space.separation import closest, horizontal_cm
from clearline.space.volume import Window, time_gap_ms

if TYPE_CHECKING:
    from clearline.space.pieces import Indices
    from clearline.space.plane import Floats

__all__ = [
    "GRAIN_CM",
    "MAX_STRETCHES",
    "Approach",
    "Nearest",
    "Schedule",
    "approach",
    "nearest",
    "schedule",
]

GRAIN_CM = 10_000
"""Pieces of a route shorter than this are not halved again."""
MAX_STRETCHES = 200_000
"""Stretches of time that are looked at; beyond, `within_cm` says what is not known."""
MAX_PIECES = 20_000
"""Pairs of pieces of two routes that are looked at."""
_LEAST_RADIUS_M = 6_335_400.0
_FLATTEST_M = 6_400_000.0
_ENOUGH_M = 0.005
_FIRST_CM = 500 * KILOMETRE_CM


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mover that is at each point at one instant, and goes at one speed from each to the next."""

    points: Annotated[Ring, Meta(min_length=2, max_length=MAX_WAYPOINTS)]
    at: Annotated[tuple[Instant, ...], Meta(min_length=2, max_length=MAX_WAYPOINTS)]


class Approach(Struct, frozen=True, kw_only=True):
    """Where two schedules come nearest."""

    cm: int
    """Rounded down."""
    at: Instant
    on_a: Position
    on_b: Position
    within_cm: int
    """They come no nearer than `cm` less this."""


class Nearest(Struct, frozen=True, kw_only=True):
    """Where two transits may come nearest, whatever their speeds."""

    cm: int
    """Between the edges of their widths; never more than the truth."""
    on_a: Position
    on_b: Position
    window: Window
    """When both can be there."""
    within_cm: int
    """The pieces of the route in which that is are this long; longer, if the search was cut."""


def schedule(transit: Transit) -> Schedule:
    """Return a transit at the middle of its times."""
    table = Timetable(transit)
    at: list[int] = []
    for station in table.stations:
        middle = (table.early(station) + table.late(station)) // 2
        at.append(max(middle, at[-1] + 1) if at else middle)
    return Schedule(points=transit.points, at=tuple(Instant(each) for each in at))


class _Course:
    """A schedule made ready to be asked where it is."""

    def __init__(self, plan: Schedule, zero_ms: int) -> None:
        if len(plan.points) != len(plan.at) or any(b <= a for a, b in pairwise(plan.at)):
            raise Mistake("schedule", "a schedule has one instant for each point, in their order")
        self.times = np.array([int(each) - zero_ms for each in plan.at], dtype=float)
        self._lats = np.array([each.lat_deg for each in plan.points])
        self._lons = np.array([each.lon_deg for each in plan.points])
        legs = [
            geodesic_inv(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
            for a, b in pairwise(plan.points)
        ]
        self._lengths = np.array([metres for metres, _ in legs])
        self._azimuths = np.array([azimuth for _, azimuth in legs])
        self._speeds = self._lengths / np.diff(self.times)

    def legs(self, times: Floats) -> Indices:
        """Return the leg that it is on at each of these ms."""
        found = np.searchsorted(self.times, times, side="right") - 1
        return np.clip(found, 0, len(self._lengths) - 1)

    def places(self, times: Floats) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes at these ms."""
        return self.places_on(self.legs(times), times)

    def places_on(self, legs: Indices, times: Floats) -> tuple[Floats, Floats]:
        """Return them as if it went on along these legs."""
        gone = (times - self.times[legs]) * self._speeds[legs]
        return geodesic_fwds(self._lats[legs], self._lons[legs], self._azimuths[legs], gone)

    def position(self, time: Floats) -> Position:
        """Return where it is at one ms."""
        lats, lons = self.places(time)
        return from_degrees(float(lats[0]), float(lons[0]))

    def bends(self, times: Floats) -> Floats:
        """Return the most that it accelerates at these ms, in metres per ms^2."""
        return self._speeds[self.legs(times)] ** 2 / _LEAST_RADIUS_M


class _Nearer(NamedTuple):
    metres: float
    at: float


def approach(a: Schedule, b: Schedule) -> Approach | None:
    """Return the nearest that two schedules come while both are under way; None if they never are.

    Raises Mistake if a schedule's instants are not in order.
    """
    zero = int(a.at[0])
    one, other = _Course(a, zero), _Course(b, zero)
    first, last = max(one.times[0], other.times[0]), min(one.times[-1], other.times[-1])
    if first > last:
        return None
    turns = np.unique(np.concatenate([one.times, other.times]))
    edges = np.unique(np.concatenate([[first, last], turns[(turns > first) & (turns < last)]]))
    best = _nearest_of(one, other, edges, _Nearer(np.inf, first))
    starts, ends = edges[:-1], edges[1:]
    seen, unknown = 0, best.metres
    while len(starts):
        seen += len(starts)
        bounds, likely = _bounds(one, other, starts, ends)
        best = _nearest_of(one, other, likely, best)
        left = bounds < best.metres - _ENOUGH_M - _flatness_m(best.metres)
        if seen > MAX_STRETCHES or not left.any():
            unknown = float(np.min(bounds[left], initial=best.metres))
            break
        starts, ends = starts[left], ends[left]
        middles = (starts + ends) / 2
        starts, ends = np.concatenate([starts, middles]), np.concatenate([middles, ends])
    tolerance_m = min(best.metres, _ENOUGH_M + _flatness_m(best.metres))
    at = np.array([best.at])
    return Approach(
        cm=int(best.metres * METRE_CM),
        at=Instant(zero + round(best.at)),
        on_a=one.position(at),
        on_b=other.position(at),
        within_cm=int(max(best.metres - unknown, tolerance_m) * METRE_CM) + 1,
    )


def _nearest_of(one: _Course, other: _Course, times: Floats, best: _Nearer) -> _Nearer:
    """Return the nearest that the two are at one of these ms, or the best so far."""
    metres = geodesic_invs(*one.places(times), *other.places(times))
    least = int(np.argmin(metres))
    return min(best, _Nearer(float(metres[least]), float(times[least])))


def _bounds(one: _Course, other: _Course, starts: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Return, for each stretch, what its distance is never less than, and where it is likely."""
    # Neither turns within a stretch, so its middle says which legs they are on.
    middles = (starts + ends) / 2
    between = [
        in_space(*one.places_on(legs_a, times)) - in_space(*other.places_on(legs_b, times))
        for legs_a, legs_b in ((one.legs(middles), other.legs(middles)),)
        for times in (starts, ends)
    ]
    along = between[1] - between[0]
    lengths = np.maximum(np.sum(along**2, axis=1), 1e-18)
    parts = np.clip(-np.sum(between[0] * along, axis=1) / lengths, 0.0, 1.0)
    chords = np.linalg.norm(between[0] + parts[:, None] * along, axis=1)
    bend = one.bends(middles) + other.bends(middles)
    chords = np.maximum(chords - bend * (ends - starts) ** 2 / 8, 0.0)
    return _ground_m(chords), starts + parts * (ends - starts)


def _ground_m(chords: Floats) -> Floats:
    """Return the least length on the ground that can have such a chord."""
    return 2 * _FLATTEST_M * np.arcsin(np.minimum(chords / (2 * _FLATTEST_M), 1.0))


def _flatness_m(metres: float) -> float:
    """Return how much longer the ground may be than `_ground_m` says where it says so much."""
    chord = 2 * _FLATTEST_M * math.sin(min(metres / (2 * _FLATTEST_M), math.pi / 2))
    most = 2 * _LEAST_RADIUS_M * math.asin(min(chord / (2 * _LEAST_RADIUS_M), 1.0))
    return max(0.0, most - metres)


class _Piece(NamedTuple):
    """A part of a transit's route."""

    start: int
    end: int

    def halves(self, grain_cm: int) -> tuple[_Piece, ...]:
        """Return its two halves; itself if it is short enough."""
        if self.end - self.start <= grain_cm:
            return (self,)
        middle = (self.start + self.end) // 2
        return _Piece(self.start, middle), _Piece(middle, self.end)


def nearest(a: Transit, b: Transit, grain_cm: int = GRAIN_CM) -> Nearest | None:
    """Return the nearest that movers of two transits can be at one instant; None if never both are.

    Heights are not looked at. Raises Mistake if a transit cannot be made.
    """
    grain_cm = max(grain_cm, METRE_CM)
    tables = Timetable(a), Timetable(b)
    waiting: list[tuple[int, int, int, _Piece, _Piece]] = []
    pushed = 0

    def push(one: _Piece, other: _Piece) -> None:
        nonlocal pushed
        windows = [t.window(p.start, p.end) for t, p in zip(tables, (one, other), strict=True)]
        if time_gap_ms(*windows):
            return
        cm = horizontal_cm(tables[0].piece(*one), tables[1].piece(*other))
        pushed += 1
        # Of those that are as near, the shortest comes first: the answer needs one of them alone.
        size = one.end - one.start + other.end - other.start
        heapq.heappush(waiting, (cm, size, pushed, one, other))

    for one in _parts(tables[0]):
        for other in _parts(tables[1]):
            push(one, other)
    while waiting:
        cm, size, _, one, other = heapq.heappop(waiting)
        ones, others = one.halves(grain_cm), other.halves(grain_cm)
        if len(ones) == len(others) == 1 or pushed > MAX_PIECES:
            return _nearest(tables, one, other, cm, size)
        for half in ones:
            for its in others:
                push(half, its)
    return None


def _parts(table: Timetable) -> list[_Piece]:
    """Return a route in pieces that can be measured well."""
    count = -(-table.length_cm // _FIRST_CM)
    ends = [table.length_cm * part // count for part in range(count + 1)]
    return [_Piece(start, end) for start, end in pairwise(ends)]


def _nearest(
    tables: tuple[Timetable, Timetable], one: _Piece, other: _Piece, cm: int, size: int
) -> Nearest:
    where = closest(tables[0].piece(*one), tables[1].piece(*other))
    windows = tables[0].window(*one), tables[1].window(*other)
    return Nearest(
        cm=cm,
        on_a=where.on_a,
        on_b=where.on_b,
        window=Window(
            start=max(each.start for each in windows), end=min(each.end for each in windows)
        ),
        within_cm=size,
    )
