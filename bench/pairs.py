"""Pairs: outlines at random, two by two, at places and to each other where measuring is hard.

A block of pairs is made from its number alone. Each pair is of one of `_KINDS`: beside, touching
in a corner or along an edge, nested, in a hole, along each other, far; of polygons up to the
limits, slivers, polygons with holes, circles and corridors; at poles, over the antimeridian,
anywhere. One in ten is laid on a grid, so that corners coincide and edges run along meridians.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pyproj import Geod

from clearline.basis.faults import Mistake
from clearline.space import Circle, Corridor, Outline, Polygon, Position, check, from_degrees

__all__ = ["BLOCK", "Drawn", "draw"]

_GEOD = Geod(ellps="WGS84")
BLOCK = 500
_LIMIT_M = 950_000.0
"""Radii up to here, so that no corner is more than 2,000 km from the first one."""

Spot = tuple[float, float]
"""Latitude and longitude in degrees."""


class Drawn(NamedTuple):
    """A pair and how it was made."""

    kind: str
    a: Outline
    b: Outline


class Chance:
    """One block's chance: what it draws depends on the block's number alone."""

    def __init__(self, block: int) -> None:
        self.rng = np.random.default_rng([20_161_009, block])

    def between(self, low: float, high: float) -> float:
        """Return a number of an even spread."""
        return float(self.rng.uniform(low, high))

    def spread(self, low: float, high: float) -> float:
        """Return a number whose logarithm is evenly spread."""
        return math.exp(self.between(math.log(low), math.log(high)))

    def one(self, *choices: Any, weights: tuple[float, ...] | None = None) -> Any:
        """Return one of the choices."""
        p = None if weights is None else np.array(weights) / sum(weights)
        return choices[int(self.rng.choice(len(choices), p=p))]

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def place(self) -> Spot:
        """Return a place: anywhere, or where measuring is hard."""
        lon = self.between(-180, 180)
        anywhere = math.degrees(math.asin(self.between(-1, 1)))
        match self.one("any", "pole", "near", "date", "equator", weights=(5, 1, 1.5, 2, 1)):
            case "pole":
                return self.one(90.0, -90.0), lon
            case "near":
                return self.one(1, -1) * (90 - self.spread(1e-5, 10)), lon
            case "date":
                return anywhere, self.one(1, -1) * (180 - self.spread(1e-6, 5))
            case "equator":
                return self.between(-3, 3), lon
            case _:
                return anywhere, lon


def reach(spot: Spot, azimuth: float, metres: float) -> Spot:
    """Return where a geodesic from a spot leads."""
    lon, lat, _ = _GEOD.fwd(spot[1], spot[0], azimuth, metres)
    return lat, lon


def toward(a: Spot, b: Spot) -> tuple[float, float]:
    """Return azimuth and distance from a to b."""
    azimuth, _, metres = _GEOD.inv(a[1], a[0], b[1], b[0])
    return azimuth, metres


def star(chance: Chance, centre: Spot, radius_m: float, least: float, corners: int) -> list[Spot]:
    """Return a ring about a centre: its corners as far as chance has it, from `least` to 1."""
    gaps = chance.rng.uniform(0.3, 1.0, corners)
    azimuths = np.cumsum(gaps / gaps.sum()) * 360 + chance.between(0, 360)
    metres = radius_m * chance.rng.uniform(least, 1.0, corners)
    lons, lats, _ = _GEOD.fwd(
        np.full(corners, centre[1]), np.full(corners, centre[0]), azimuths, metres
    )
    return list(zip(lats.tolist(), lons.tolist(), strict=True))


def ring(spots: list[Spot]) -> tuple[Any, ...]:
    """Return spots as positions."""
    return tuple(from_degrees(*spot) for spot in spots)


def sliver(chance: Chance, middle: Spot, half_m: float) -> list[Spot]:
    """Return a ring much longer than wide, at times to less than a metre."""
    azimuth, wide = chance.between(0, 360), chance.spread(0.3, max(1.0, half_m / 50))
    ends = [reach(middle, azimuth, half_m), reach(middle, azimuth + 180, half_m)]
    if chance.one(True, False):
        return [*ends, reach(middle, azimuth + 90, wide)]
    return [
        ends[0],
        reach(middle, azimuth + 90, wide),
        ends[1],
        reach(middle, azimuth - 90, wide * chance.between(0.2, 1)),
    ]


def path(chance: Chance, start: Spot, length_m: float) -> list[Spot]:
    """Return a way of several legs, of so much in all."""
    legs = chance.whole(1, 6)
    azimuth, spots = chance.between(0, 360), [start]
    for _ in range(legs):
        spots.append(reach(spots[-1], azimuth, length_m / legs))
        azimuth += chance.between(-120, 120)
    return spots


def outline(chance: Chance, centre: Spot, radius_m: float) -> Outline:
    """Return an outline of some kind about a centre, not much larger than the radius."""
    margin_cm = chance.one(0, 0, 0, chance.whole(1, 50_000))
    match chance.one(
        "polygon", "sliver", "holes", "many", "circle", "corridor", weights=(5, 2, 2, 0.3, 2, 3)
    ):
        case "circle":
            return Circle(centre=from_degrees(*centre), radius_cm=max(100, int(radius_m * 100)))
        case "corridor":
            width_m = chance.spread(2, max(4.0, radius_m / 5))
            points = ring(path(chance, centre, radius_m * 1.8))
            return Corridor(points=points, width_cm=int(width_m * 100))
        case "sliver":
            return Polygon(exterior=ring(sliver(chance, centre, radius_m)), margin_cm=margin_cm)
        case "holes":
            outer = star(chance, centre, radius_m, 0.8, chance.whole(5, 10))
            inner = star(chance, centre, radius_m * 0.5, 0.3, chance.whole(3, 8))
            return Polygon(exterior=ring(outer), holes=(ring(inner),), margin_cm=margin_cm)
        case "many":
            corners = chance.whole(30, 300)
            return Polygon(
                exterior=ring(star(chance, centre, radius_m, 0.7, corners)), margin_cm=margin_cm
            )
        case _:
            corners = chance.whole(3, 12)
            return Polygon(
                exterior=ring(star(chance, centre, radius_m, 0.2, corners)), margin_cm=margin_cm
            )


def _beside(chance: Chance) -> Drawn:
    centre, one, other = _place_and_sizes(chance)
    metres = (one + other) * chance.between(0.2, 2.5)
    there = reach(centre, chance.between(0, 360), metres)
    return Drawn("beside", outline(chance, centre, one), outline(chance, there, other))


def _far(chance: Chance) -> Drawn:
    centre, one, other = _place_and_sizes(chance)
    metres = one + other + chance.spread(100_000, 3_000_000)
    there = reach(centre, chance.between(0, 360), metres)
    return Drawn("far", outline(chance, centre, one), outline(chance, there, other))


def _place_and_sizes(chance: Chance) -> tuple[Spot, float, float]:
    size = chance.spread(30, _LIMIT_M)
    return chance.place(), size, min(_LIMIT_M, max(30.0, size * chance.spread(0.02, 50)))


def _on_edge(chance: Chance) -> tuple[list[Spot], Spot, float, float]:
    """Return a ring, a place on one of its edges, the way off it, and the ring's size."""
    size = chance.spread(100, _LIMIT_M)
    spots = star(chance, chance.place(), size, 0.6, chance.whole(3, 8))
    at = chance.whole(0, len(spots) - 1)
    a, b = spots[at], spots[(at + 1) % len(spots)]
    azimuth, metres = toward(a, b)
    spot = reach(a, azimuth, metres * chance.one(0.0, 1.0, chance.between(0, 1)))
    ahead, _ = toward(spot, b)
    # These rings run clockwise, so that off to the left is outside.
    return spots, spot, ahead - 90, size


def _touching(chance: Chance) -> Drawn:
    """Return a ring and another whose corner is on the edge of the first, or just off it."""
    spots, spot, off, size = _on_edge(chance)
    gap_m = chance.one(0.0, 0.0, chance.spread(0.01, 10_000), -chance.spread(0.01, 100))
    tip = reach(spot, off, gap_m)
    reach_m = size * chance.spread(0.01, 0.5)
    wedge = [
        tip,
        *(reach(tip, off + chance.between(*turn), reach_m) for turn in ((-70, -5), (5, 70))),
    ]
    b = chance.one(
        Polygon(exterior=ring(wedge)),
        Corridor(points=ring(wedge[:2]), width_cm=chance.whole(200, 20_000)),
        Circle(centre=from_degrees(*tip), radius_cm=max(100, int(abs(gap_m) * 100))),
    )
    return Drawn("touching", Polygon(exterior=ring(spots)), b)


def _sharing(chance: Chance) -> Drawn:
    """Return two rings with an edge in common, each on its own side of it."""
    spots, _, _, size = _on_edge(chance)
    a, b = spots[0], spots[1]
    azimuth, metres = toward(a, b)
    tip = reach(reach(a, azimuth, metres / 2), azimuth - 90, size * chance.spread(0.01, 0.5))
    return Drawn("sharing", Polygon(exterior=ring(spots)), Polygon(exterior=ring([a, tip, b])))


def _along(chance: Chance) -> Drawn:
    """Return a way and another beside all of it, so that the nearest place is hard to find."""
    length_m = chance.spread(1_000, 2 * _LIMIT_M)
    azimuth, start = chance.between(0, 360), chance.place()
    gap_m = chance.spread(1, 100_000)
    end = reach(start, azimuth, length_m)
    ahead, _ = toward(end, start)
    side = chance.one(90, -90)
    other = [
        reach(start, azimuth + side, gap_m * chance.between(0.98, 1.02)),
        reach(end, ahead - side, gap_m * chance.between(0.98, 1.02)),
    ]
    if chance.one(True, False):
        middle_azimuth, metres = toward(*other)
        other.insert(1, reach(other[0], middle_azimuth, metres * chance.between(0.1, 0.9)))
    width_cm = chance.whole(200, 10_000)
    return Drawn(
        "along",
        Corridor(points=ring([start, end]), width_cm=width_cm),
        Corridor(points=ring(other), width_cm=width_cm),
    )


def _nested(chance: Chance) -> Drawn:
    centre, one, _ = _place_and_sizes(chance)
    outer = star(chance, centre, one, 0.6, chance.whole(4, 10))
    return Drawn(
        "nested",
        Polygon(exterior=ring(outer)),
        outline(chance, centre, one * chance.spread(0.001, 0.6)),
    )


def _in_hole(chance: Chance) -> Drawn:
    centre, one, _ = _place_and_sizes(chance)
    outer = star(chance, centre, one, 0.8, chance.whole(6, 10))
    inner = star(chance, centre, one * 0.6, 0.7, chance.whole(5, 9))
    return Drawn(
        "in a hole",
        Polygon(exterior=ring(outer), holes=(ring(inner),)),
        outline(chance, centre, one * chance.spread(0.01, 0.6)),
    )


_KINDS = (_beside, _touching, _sharing, _along, _nested, _in_hole, _far)
_SHARES = (8.0, 3.0, 1.0, 3.0, 1.0, 1.5, 1.0)


def draw(block: int, count: int = BLOCK) -> list[Drawn]:
    """Return a block's pairs; what is not sane is drawn again."""
    chance = Chance(block)
    drawn: list[Drawn] = []
    while len(drawn) < count:
        pair = chance.one(*_KINDS, weights=_SHARES)(chance)
        if chance.between(0, 1) < 0.1:
            step_e7 = chance.one(10, 1_000, 100_000, 10_000_000)
            pair = Drawn(pair.kind, _snapped(pair.a, step_e7), _snapped(pair.b, step_e7))
        try:
            check(pair.a)
            check(pair.b)
        except Mistake:
            continue
        drawn.append(pair if chance.one(True, False) else Drawn(pair.kind, pair.b, pair.a))
    return drawn


def _snapped(shape: Outline, step_e7: int) -> Outline:
    """Return the outline with its positions on a grid: edges along meridians, shared corners."""

    def to(point: Position) -> Position:
        lat_e7, lon_e7 = (round(v / step_e7) * step_e7 for v in (point.lat_e7, point.lon_e7))
        return Position(lat_e7=lat_e7, lon_e7=lon_e7)

    match shape:
        case Circle():
            return msgspec.structs.replace(shape, centre=to(shape.centre))
        case Corridor():
            return msgspec.structs.replace(shape, points=tuple(to(p) for p in shape.points))
        case Polygon():
            return msgspec.structs.replace(
                shape,
                exterior=tuple(to(p) for p in shape.exterior),
                holes=tuple(tuple(to(p) for p in hole) for hole in shape.holes),
            )
