"""A population of volumes to find conflicts among: what it is, so that figures mean something.

A tenth of them lie in one theatre of 12 by 10 degrees (31 to 41 N, 33 to 45 E), the others all
over the globe, as much about the poles and on the antimeridian as elsewhere. So of a million in
thirty days, 3,300 begin each day in the theatre, and there each meets several others.

Of ten, five are circles of 1 to 40 km, three are polygons of 4 to 12 corners and 4 to 60 km
across, many of them far from convex, and two are corridors of 2 to 6 points, 20 to 300 km long
and 2 to 9 km wide; small ones are more frequent, and one in a hundred is up to ten times as
large. Bands are of flight levels (6 in 10), of heights above the ground (2 in 10), above sea
level (1 in 10), or the surface (1 in 10). Windows last from 15 minutes to 12 hours, most of
them a few, and begin at any time of the thirty days.

All by a seed: the same numbers make the same volumes.
"""

from __future__ import annotations

import math

import numpy as np

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Corridor,
    Datum,
    Minima,
    Outline,
    Polygon,
    Position,
    Volume,
    Window,
    from_degrees,
    positions,
)

MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=10 * MINUTE_MS)
"""5 km, 1,000 ft and ten minutes."""
EPOCH = Instant(20_000 * DAY_MS)
SPAN_MS = 30 * DAY_MS
IN_THEATRE = 0.1
LATS, LONS = (31.0, 41.0), (33.0, 45.0)
_DEGREE_M = 111_195.0


def population(count: int, seed: int = 1, *, in_theatre: float = IN_THEATRE) -> list[Volume]:
    """Return so many volumes, such a share of them in the theatre."""
    chance = np.random.default_rng(seed)
    theatre = chance.random(count) < in_theatre
    lats = np.where(
        theatre, chance.uniform(*LATS, count), np.degrees(np.arcsin(chance.uniform(-1, 1, count)))
    ).tolist()
    lons = np.where(
        theatre, chance.uniform(*LONS, count), chance.uniform(-180, 180, count)
    ).tolist()
    kinds = chance.random(count).tolist()
    sizes = (chance.random(count) ** 2 * np.where(chance.random(count) < 0.01, 10, 1)).tolist()
    turns = chance.uniform(0, 2 * math.pi, count).tolist()
    corners = chance.integers(0, 1 << 30, count).tolist()
    lasting = (15 * MINUTE_MS + chance.random(count) ** 2 * (12 * HOUR_MS - 15 * MINUTE_MS)).astype(
        np.int64
    )
    starts = (int(EPOCH) + chance.uniform(0, SPAN_MS, count)).astype(np.int64)
    ends = (starts + lasting).tolist()
    bands = [_band(number) for number in range(400)]
    which = chance.integers(0, 400, count).tolist()
    return [
        Volume(
            outline=_outline(lat, lon, kind, size, turn, corner),
            band=bands[band],
            window=Window(start=Instant(start), end=Instant(end)),
        )
        for lat, lon, kind, size, turn, corner, band, start, end in zip(
            lats, lons, kinds, sizes, turns, corners, which, starts.tolist(), ends, strict=True
        )
    ]


def is_in_theatre(volume: Volume) -> bool:
    """Return whether a volume begins in the theatre."""
    first = positions(volume.outline)[0]
    return LATS[0] <= first.lat_deg <= LATS[1] and LONS[0] <= first.lon_deg <= LONS[1]


def _outline(lat: float, lon: float, kind: float, size: float, turn: float, many: int) -> Outline:
    if kind < 0.5:
        return Circle(centre=from_degrees(lat, lon), radius_cm=100_000 + int(3_900_000 * size))
    if kind < 0.8:
        half_m = 2_000 + 28_000 * size
        number = 4 + many % 9
        # Corners at uneven distances: some of these are far from convex.
        return Polygon(
            exterior=tuple(
                _from(lat, lon, turn + 2 * math.pi * i / number, half_m * (1 - (many >> i) % 4 / 8))
                for i in range(number)
            )
        )
    points = 2 + many % 5
    leg_m = min(20_000 + 280_000 * size, 1_500_000) / (points - 1)
    path = [from_degrees(lat, lon)]
    for i in range(points - 1):
        turn += ((many >> i) % 7 - 3) / 6
        last = path[-1]
        path.append(_from(last.lat_deg, last.lon_deg, turn, leg_m))
    return Corridor(points=tuple(path), width_cm=200_000 + many % 8 * 100_000)


def _from(lat: float, lon: float, turn: float, metres: float) -> Position:
    """Return about the point so far away; on a sphere, as it need only be somewhere."""
    phi, far = math.radians(lat), math.radians(metres / _DEGREE_M)
    there = math.asin(
        math.sin(phi) * math.cos(far) + math.cos(phi) * math.sin(far) * math.cos(turn)
    )
    east = math.atan2(
        math.sin(turn) * math.sin(far) * math.cos(phi),
        math.cos(far) - math.sin(phi) * math.sin(there),
    )
    return from_degrees(math.degrees(there), lon + math.degrees(east))


def _band(number: int) -> Band:
    kind, step = number % 10, number // 10
    if kind < 6:
        low = 10 * step
        return _between(Datum.FL, 3_048 * low, 3_048 * (low + 20 + step * 7 % 81))
    if kind < 8:
        return _between(Datum.HEIGHT, 3_000 * step, 3_000 * step + 30_000)
    if kind < 9:
        return _between(Datum.AMSL, 10_000 * step, 10_000 * step + 60_000)
    return _between(Datum.SURFACE, 0, 0)


def _between(datum: Datum, low_cm: int, high_cm: int) -> Band:
    return Band(
        lower=Altitude(datum=datum, value_cm=low_cm), upper=Altitude(datum=datum, value_cm=high_cm)
    )
