"""Motion: a transit (convoy, sailing, flight) as a chain of volumes that moves with it.

Whoever goes along a route closes only where they can be, while they can be there. A transit
is a route with a width, a band, a range of speeds, and when some of its points are passed.
From these follow the earliest and the latest instant at which each point of the route can be
passed (`Timetable`); `chain` cuts the route into corridors, each open from the earliest
instant of its beginning to the latest of its end. They are volumes like any other: whoever
reads them needs to know nothing of transits.

**What the chain contains.** Every place within half the width of the route that a mover can
be at, at any instant of the transit, if its speed is always within the range and it passes
the points when it says. Positions are rounded by less than a centimetre and times to the
millisecond, so the width grows by WIDER_CM and the windows by the time that the rounding of
the route can take at the slowest speed.

**How many pieces.** Closed is ground times time. The least that can be closed is what the
mover may be on at each instant, over all instants. A chain of fewer pieces closes more; the
fewest are taken that close at most ENOUGH_PERMILLE of the least, or as many as are allowed.
For a number of pieces the cuts are the best of CANDIDATES along the route (dynamic
programming, in whole numbers, so that it is the same everywhere).
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, Instant
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM
from clearline.space.altitude import Band
from clearline.space.outline import MAX_EXTENT_KM, MAX_RADIUS_CM, MIN_RADIUS_CM, Corridor, Ring
from clearline.space.plane import geodesic_fwd, geodesic_inv
from clearline.space.position import Position, from_degrees, same_place
from clearline.space.volume import Volume, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Wholes = NDArray[np.int64]

__all__ = [
    "ENOUGH_PERMILLE",
    "MAX_PASSES",
    "MAX_ROUTE_KM",
    "MAX_SPEED_CM_H",
    "MAX_TRANSIT_MS",
    "MAX_WAYPOINTS",
    "MIN_SPEED_CM_H",
    "Chain",
    "Passing",
    "Timetable",
    "Transit",
    "chain",
]

MAX_WAYPOINTS = 200
MAX_PASSES = 32
"""Points whose times are fixed."""
MAX_ROUTE_KM = 20_000
MAX_TRANSIT_MS = 31 * DAY_MS
MIN_LEG_CM = METRE_CM
MIN_SPEED_CM_H = 10_000
"""100 m an hour: what is slower stays where it is."""
MAX_SPEED_CM_H = 1_000_000_000
"""10,000 km an hour."""
ENOUGH_PERMILLE = 2_000
"""A chain that closes at most twice the least is not cut finer."""
CANDIDATES = 128
"""About so many places along the route at which it may be cut."""
WIDER_CM = 10
"""The width grows by so much: it covers the rounding of positions many times over."""
_PIECE_CM = (MAX_EXTENT_KM - 100) * KILOMETRE_CM
"""No piece is longer: no outline may reach further."""
_NEVER = 1 << 61
_PI_E6 = 3_141_593
_LATEST_MS = 253_402_300_799_999

Speed = Annotated[int, Meta(ge=MIN_SPEED_CM_H, le=MAX_SPEED_CM_H)]
"""cm in an hour: a knot is 185,200 and a km/h 100,000, exactly."""


class Passing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a point of the route is passed: not before the earliest, nor after the latest."""

    point: Annotated[int, Meta(ge=0, lt=MAX_WAYPOINTS)]
    """From 0; the departure is the passing of point 0."""
    earliest: Instant
    latest: Instant


class Transit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mover along a route, as it was planned."""

    points: Annotated[Ring, Meta(min_length=2, max_length=MAX_WAYPOINTS)]
    """The route's waypoints; between them it goes along geodesics."""
    width_cm: int
    """The whole width, both sides together, within which it keeps to the route."""
    bands: Annotated[tuple[Band, ...], Meta(min_length=1, max_length=MAX_WAYPOINTS)]
    """One for the whole route, or one for each leg."""
    slowest_cm_h: Speed
    fastest_cm_h: Speed
    passes: Annotated[tuple[Passing, ...], Meta(min_length=1, max_length=MAX_PASSES)]
    tolerance_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 0
    """How far each time may be off, either way."""


class Chain(Struct, frozen=True, kw_only=True):
    """A transit as volumes, in the order in which they are passed."""

    volumes: tuple[Volume, ...]
    closed_permille: int
    """What they close, of the least that could be; ground times time."""
    single_permille: int
    """What one volume of the whole route and the whole time would close, beside the least."""


class Timetable:
    """When each point of a transit's route can be passed. Lengths are cm from its beginning."""

    def __init__(self, transit: Transit) -> None:
        """Raise a Mistake unless the transit is sane, and can be made at its speeds."""
        _check_parts(transit)
        self.transit = transit
        self.stations = _stations(transit.points)
        """How far along the route each waypoint is."""
        self.length_cm = self.stations[-1]
        # The length of each leg is rounded once; so far may a station be from where it is.
        off_cm = len(self.stations)
        self.slack_ms = -(-off_cm * HOUR_MS // transit.slowest_cm_h) + 1
        self._check_passes()
        if self.early(0) < 0 or self.late(self.length_cm) > _LATEST_MS:
            raise Mistake("transit_too_long", "it would begin before 1970, or end after 9999")
        span_ms = self.late(self.length_cm) - self.early(0)
        if span_ms > MAX_TRANSIT_MS:
            days = MAX_TRANSIT_MS // DAY_MS
            raise Mistake("transit_too_long", f"the transit may last more than {days} days")

    def early(self, along_cm: int) -> int:
        """Return the earliest ms since the epoch at which it can be there."""
        return self._early(along_cm, self.transit.passes) - self.slack_ms

    def late(self, along_cm: int) -> int:
        """Return the latest ms since the epoch at which it can be there."""
        return self._late(along_cm, self.transit.passes) + self.slack_ms

    def at(self, along_cm: int) -> Position:
        """Return the position so far along the route."""
        leg = min(bisect_right(self.stations, along_cm), len(self.stations) - 1) - 1
        here, there = self.transit.points[leg], self.transit.points[leg + 1]
        ends = (here.lat_deg, here.lon_deg, there.lat_deg, there.lon_deg)
        metres, azimuth = geodesic_inv(*ends)
        part = (along_cm - self.stations[leg]) / (self.stations[leg + 1] - self.stations[leg])
        if part in (0.0, 1.0):
            return there if part else here
        return from_degrees(*geodesic_fwd(ends[0], ends[1], azimuth, metres * part))

    def path(self, start_cm: int, end_cm: int) -> Ring:
        """Return the route from so far along it to so far."""
        inner = [
            point
            for point, station in zip(self.transit.points, self.stations, strict=True)
            if start_cm < station < end_cm
        ]
        path = [self.at(start_cm)]
        for point in (*inner, self.at(end_cm)):
            if not same_place(path[-1], point):
                path.append(point)
        return tuple(path)

    def piece(self, start_cm: int, end_cm: int) -> Corridor:
        """Return the ground within half the width of that part of the route."""
        width_cm = self.transit.width_cm + WIDER_CM
        return Corridor(points=self.path(start_cm, end_cm), width_cm=width_cm)

    def window(self, start_cm: int, end_cm: int) -> Window:
        """Return when the mover can be on that part of the route."""
        return Window(start=Instant(self.early(start_cm)), end=Instant(self.late(end_cm)))

    def band(self, along_cm: int) -> Band:
        """Return the band of the leg that begins at or before so far along the route."""
        bands = self.transit.bands
        if len(bands) == 1:
            return bands[0]
        return bands[min(bisect_right(self.stations, along_cm), len(bands)) - 1]

    def _early(self, along_cm: int, passes: tuple[Passing, ...]) -> int:
        # It cannot have come faster than the fastest, nor go slower than the slowest to where
        # it must not be yet.
        return max(
            int(each.earliest)
            - self.transit.tolerance_ms
            + _duration_ms(
                along_cm - self.stations[each.point],
                self.transit.fastest_cm_h,
                self.transit.slowest_cm_h,
            )
            for each in passes
        )

    def _late(self, along_cm: int, passes: tuple[Passing, ...]) -> int:
        return min(
            int(each.latest)
            + self.transit.tolerance_ms
            - _duration_ms(
                self.stations[each.point] - along_cm,
                self.transit.fastest_cm_h,
                self.transit.slowest_cm_h,
            )
            for each in passes
        )

    def _check_passes(self) -> None:
        """Raise unless each point can be passed when it is said, given when the others are."""
        passes = self.transit.passes
        for number, each in enumerate(passes):
            others = (*passes[:number], *passes[number + 1 :])
            if not others:
                return
            here = self.stations[each.point]
            opens, closes = self._early(here, others), self._late(here, others)
            # What only the rounding of the route forbids is not forbidden.
            leeway_ms = self.transit.tolerance_ms + 2 * self.slack_ms
            if each.earliest - leeway_ms > closes or each.latest + leeway_ms < opens:
                least, most = sorted((opens, closes))
                raise Mistake(
                    "transit_impossible",
                    f"point {each.point + 1} cannot be passed then at these speeds: given the "
                    f"other times it is passed between {Instant(least)} and {Instant(most)}",
                )


def chain(transit: Transit, most: int, enough_permille: int = ENOUGH_PERMILLE) -> Chain:
    """Return the transit as at most `most` volumes; Mistake if it cannot be made of so few."""
    table = Timetable(transit)
    marks = _marks(table)
    opens = np.array([table.early(mark) for mark in marks], dtype=np.int64)
    closes = np.array([table.late(mark) for mark in marks], dtype=np.int64)
    span_ms = int(closes[-1] - opens[0])
    width_m = max(1, transit.width_cm // METRE_CM)
    # The two round ends are wherever the mover is: the same in the least and in every chain.
    ends = _PI_E6 * width_m * width_m // 4 // 1_000_000 * span_ms
    least = _least(marks, closes - opens) * width_m + ends
    enough = (least * enough_permille // 1_000 - ends) // width_m
    cuts, closed = _cut(_costs(table, marks, opens, closes), most, enough)
    if not cuts:
        raise Mistake(
            "transit_too_many",
            f"the transit cannot be said in {most} areas: shorten it, or give it fewer bands",
        )
    single = _up_to_m(table.length_cm) * span_ms
    return Chain(
        volumes=tuple(
            Volume(
                outline=table.piece(marks[one], marks[other]),
                band=table.band(marks[one]),
                window=table.window(marks[one], marks[other]),
            )
            for one, other in pairwise(cuts)
        ),
        closed_permille=(closed * width_m + ends) * 1_000 // least,
        single_permille=(single * width_m + ends) * 1_000 // least,
    )


def _check_parts(transit: Transit) -> None:
    """Raise unless each part of a transit is sane by itself."""
    legs = len(transit.points) - 1
    if not 1 <= legs < MAX_WAYPOINTS:
        raise Mistake("too_few_points", f"a transit has 2 to {MAX_WAYPOINTS} points")
    if len(transit.bands) not in (1, legs):
        raise Mistake(
            "transit_bands",
            f"give one band for all, or one for each of the {legs} legs: here are "
            f"{len(transit.bands)}",
        )
    if not 2 * MIN_RADIUS_CM <= transit.width_cm <= 2 * MAX_RADIUS_CM:
        raise Mistake(
            "zero_size" if transit.width_cm < 2 * MIN_RADIUS_CM else "too_large",
            "a width is 2 m to 2,000 km",
        )
    if transit.slowest_cm_h > transit.fastest_cm_h:
        raise Mistake("speeds_inverted", "the slowest is faster than the fastest: swap them")
    if not 1 <= len(transit.passes) <= MAX_PASSES:
        raise Mistake("transit_passes", f"1 to {MAX_PASSES} points have a time")
    numbers = [each.point for each in transit.passes]
    if numbers != sorted(set(numbers)) or numbers[-1] > legs:
        raise Mistake(
            "transit_passes",
            f"each of the {legs + 1} points has one time at most, and times are in their order",
        )
    for each in transit.passes:
        if each.earliest > each.latest:
            raise Mistake("window_inverted", f"point {each.point + 1}: the latest is the earlier")


def _stations(points: Ring) -> list[int]:
    """Return how far along the route each point is, in cm."""
    along = [0]
    for number, (one, other) in enumerate(pairwise(points), 1):
        metres, _ = geodesic_inv(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
        leg_cm = round(metres * METRE_CM)
        if leg_cm < MIN_LEG_CM:
            raise Mistake(
                "repeated_point", f"point {number} and the next one are the same: leave one out"
            )
        along.append(along[-1] + leg_cm)
    if along[-1] > MAX_ROUTE_KM * KILOMETRE_CM:
        raise Mistake("too_large", f"a route is at most {MAX_ROUTE_KM:,} km long")
    return along


def _duration_ms(along_cm: int, ahead_cm_h: int, behind_cm_h: int) -> int:
    """Return how long so far takes, rounded down; behind it is negative, at its own speed."""
    return along_cm * HOUR_MS // (ahead_cm_h if along_cm >= 0 else behind_cm_h)


def _up_to_m(length_cm: int) -> int:
    return -(-length_cm // METRE_CM)


def _marks(table: Timetable) -> list[int]:
    """Return where the route may be cut: at its points, and at equal parts of it."""
    equal = {table.length_cm * part // CANDIDATES for part in range(1, CANDIDATES)}
    marks: list[int] = []
    stations = set(table.stations)
    for mark in sorted(equal | stations):
        if mark in stations:
            while marks and mark - marks[-1] < MIN_LEG_CM and marks[-1] not in stations:
                marks.pop()
        elif mark - marks[-1] < MIN_LEG_CM:
            continue
        marks.append(mark)
    return marks


def _least(marks: list[int], spans: Wholes) -> int:
    """Return the least that can be closed: metres of the route, times how long it is on each."""
    lengths = np.diff(np.array(marks, dtype=np.int64))
    # Between two marks the span changes nearly evenly.
    return int(np.sum(lengths * (spans[:-1] + spans[1:]) // 2 // METRE_CM))


def _costs(table: Timetable, marks: list[int], opens: Wholes, closes: Wholes) -> Wholes:
    """Return what one piece from each mark to each other closes, or _NEVER."""
    at = np.array(marks, dtype=np.int64)
    lengths = at[None, :] - at[:, None]
    costs = -(-lengths // METRE_CM) * (closes[None, :] - opens[:, None])
    costs[(lengths <= 0) | (lengths > _PIECE_CM)] = _NEVER
    bands = table.transit.bands
    for number in range(1, len(bands)):
        if bands[number] != bands[number - 1]:
            change = table.stations[number]
            costs[np.ix_(at < change, at > change)] = _NEVER
    return costs


def _cut(costs: Wholes, most: int, enough: int) -> tuple[list[int], int]:
    """Return the marks of the fewest pieces that close no more than enough, and what they close.

    If at most `most` pieces cannot, those that close the least; no marks if there are none.
    """
    last = len(costs) - 1
    best = np.full(len(costs), _NEVER, dtype=np.int64)
    best[0] = 0
    came: list[Wholes] = []
    taken, closed = 0, _NEVER
    for number in range(1, most + 1):
        total = best[:, None] + costs
        came.append(np.argmin(total, axis=0))
        best = np.minimum(np.min(total, axis=0), _NEVER)
        if best[last] < closed:
            taken, closed = number, int(best[last])
        if closed <= enough:
            break
    if not taken:
        return [], closed
    cuts = [last]
    for number in range(taken, 0, -1):
        cuts.append(int(came[number - 1][cuts[-1]]))
    return cuts[::-1], closed
