"""Missed: random pairs of outlines, the separation engine against brute force by geodesics.

python -m bench.missed --pairs N [--first SEED] --json

Pairs come in blocks of 500; a block is made from its number alone, so that a run may be cut,
resumed (`--first`, the first block) and shared by processes. Each pair is of one of the kinds
in `_KINDS`: beside, touching in a corner or along an edge, nested, in a hole, along each other,
far; of polygons up to the limits, slivers, polygons with holes, circles and corridors; at
poles, over the antimeridian, anywhere. The minimum that a pair is judged by is laid about its
true separation, mostly within centimetres.

The truth is `tests.space.brute`: no plane, no shapely. What is counted:

    missed   the truth is under the minimum by more than a centimetre, the unit of the rule, and the
             engine (or the index before it) says that there is no conflict
    false    the engine says that there is one, and the truth is over the minimum by more than
             the rule's tolerance
    batch    the same of `space.refine`, which measures many at once; and of how many pairs it
             says another separation than `space.separation`, which should be none
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import msgspec
import numpy as np
from pyproj import Geod

from bench.common import load_average, machine
from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, Instant
from clearline.space import (
    TOLERANCE_CM,
    TOLERANCE_PPM,
    Altitude,
    Band,
    Circle,
    Corridor,
    Datum,
    GridIndex,
    Minima,
    Outline,
    Polygon,
    Position,
    Volume,
    Window,
    check,
    from_degrees,
    horizontal_cm,
    meet,
)
from clearline.space.refine import refine
from tests.space.brute import Brute, apart

_GEOD = Geod(ellps="WGS84")
BLOCK = 500
_LIMIT_M = 950_000.0
"""Radii up to here, so that no corner is more than 2,000 km from the first one."""
_RULE_M = 1_000_000.0
"""The rule's tolerance is stated for outlines up to this across."""

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
_OFF_CM = (-100_000, -5_000, -500, -101, -50, -10, -5, -3, -2, -1, 0,
           1, 2, 3, 5, 10, 50, 99, 101, 500, 5_000, 100_000)  # fmt: skip
"""A pair's minimum is its true separation and one of these."""


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


def volume(shape: Outline) -> Volume:
    """Return a volume of which only the outline matters."""
    level = Altitude(datum=Datum.AMSL, value_cm=0)
    return Volume(
        outline=shape,
        band=Band(lower=level, upper=level),
        window=Window(start=Instant(0), end=Instant(HOUR_MS)),
    )


_ALL = Minima(horizontal_cm=100_000_000_000, vertical_cm=0, time_ms=0)
_BATCHES = 4


def batched(drawn: list[Drawn], truths: list[Brute], chance: np.random.Generator) -> Counter[str]:
    """Return how often a batch says other than `horizontal_cm`, and how often it misses.

    A batch has one minimum for all, so there are a few, each about one pair's separation: it is
    the short ways, by which a batch needs no measuring, that this is for.
    """
    pairs = [(volume(pair.a), volume(pair.b)) for pair in drawn]
    found: Counter[str] = Counter()
    for (a, b), said in zip(pairs, refine(pairs, _ALL), strict=True):
        found["batch_unlike"] += said is None or said.horizontal_cm != horizontal_cm(
            a.outline, b.outline
        )
    for _ in range(_BATCHES):
        true = truths[int(chance.integers(len(truths)))]
        least_cm = max(0, int(true.apart_m * 100) + int(chance.choice(_OFF_CM)))
        minima = Minima(horizontal_cm=least_cm, vertical_cm=0, time_ms=0)
        for each, said in zip(truths, refine(pairs, minima), strict=True):
            under = each.apart_m * 100 < least_cm - 1 or each.apart_m == 0
            over = each.apart_m * 100 > least_cm + tolerance_cm(each)
            found["batch_missed"] += under and said is None
            found["batch_false"] += over and said is not None
    return found


def tolerance_cm(true: Brute) -> float:
    """Return by how much two programs may differ about a pair."""
    return max(TOLERANCE_CM, true.core_m * 100 * TOLERANCE_PPM / 1e6)


def judge(block: int, count: int = BLOCK) -> dict[str, Any]:
    """Return what one block shows."""
    began = time.perf_counter()
    drawn = draw(block, count)
    made_s = time.perf_counter() - began
    truths = apart([(pair.a, pair.b) for pair in drawn])
    brute_s = time.perf_counter() - began - made_s
    rng = np.random.default_rng([20_161_010, block])
    found: Counter[str] = Counter()
    worst = {"over_cm": 0.0, "under_cm": 0.0, "large_over_cm": 0.0, "large_under_cm": 0.0}
    seeds: list[dict[str, Any]] = []
    engine_s = 0.0
    index = GridIndex()
    for number, pair in enumerate(drawn):
        index.add(str(number), [volume(pair.b)])
    for number, (pair, true) in enumerate(zip(drawn, truths, strict=True)):
        true_cm = true.apart_m * 100
        least_cm = max(0, int(true_cm) + int(rng.choice(_OFF_CM)))
        minima = Minima(horizontal_cm=least_cm, vertical_cm=0, time_ms=0)
        at = time.perf_counter()
        ours, theirs = volume(pair.a), volume(pair.b)
        said = meet(ours, theirs, minima) is not None
        cm = horizontal_cm(pair.a, pair.b)
        engine_s += time.perf_counter() - at
        near = str(number) in index.near(ours, minima)
        large = "large_" if true.span_m > _RULE_M else ""
        # The separation is told in whole centimetres, rounded down.
        over, under = cm - true_cm, true_cm - cm - 1
        worst[large + "over_cm"] = max(worst[large + "over_cm"], over)
        worst[large + "under_cm"] = max(worst[large + "under_cm"], under)
        conflict = true_cm < least_cm or true.apart_m == 0
        found["conflicts"] += conflict
        found[pair.kind] += 1
        wrong = ""
        if (true_cm < least_cm - 1 or true.apart_m == 0) and not (said and near):
            wrong = "missed"
        elif said and not conflict:
            outside = true_cm > least_cm + tolerance_cm(true)
            wrong = "false" if outside else "false_inside"
        elif conflict and not said:
            found["missed_by_a_centimetre"] += 1
        if wrong:
            found[wrong] += 1
        if over > tolerance_cm(true) or under > tolerance_cm(true):
            found["outside_tolerance"] += 1
            wrong = wrong or "tolerance"
        if wrong and wrong != "false_inside":
            seeds.append({"what": wrong, "block": block, "pair": number, "kind": pair.kind,
                          "true_cm": round(true_cm, 3), "cm": cm, "least_cm": least_cm,
                          "near": near, "span_km": round(true.span_m / 1e3, 1)})  # fmt: skip
    began = time.perf_counter()
    found += batched(drawn, truths, rng)
    batch_s = time.perf_counter() - began
    return {
        "found": found,
        "worst": worst,
        "seeds": seeds,
        "seconds": {"drawing": made_s, "brute": brute_s, "engine": engine_s, "batch": batch_s},
    }


def run(first: int, pairs: int, processes: int) -> dict[str, Any]:
    """Return what so many pairs from a block on show."""
    blocks = range(first, first + math.ceil(pairs / BLOCK))
    began = time.perf_counter()
    found: Counter[str] = Counter()
    worst: dict[str, float] = {}
    spent: Counter[str] = Counter()
    seeds: list[dict[str, Any]] = []
    with ProcessPoolExecutor(processes) as pool:
        for done, each in enumerate(pool.map(judge, blocks), 1):
            found += each["found"]
            spent.update(each["seconds"])
            worst = {k: max(worst.get(k, 0.0), v) for k, v in each["worst"].items()}
            seeds = (seeds + each["seeds"])[:20]
            if done % 100 == 0:
                print(f"{done * BLOCK:,} pairs: {dict(found)}", file=sys.stderr, flush=True)
    kinds = {kind: found.pop(kind, 0) for kind in sorted(set(found)) if kind in _NAMES}
    return {
        "pairs": len(blocks) * BLOCK,
        "blocks": [blocks.start, blocks.stop],
        "missed": found["missed"],
        "false": found["false"],
        "false_inside_tolerance": found["false_inside"],
        "missed_by_a_centimetre": found["missed_by_a_centimetre"],
        "outside_tolerance": found["outside_tolerance"],
        "batch": {k: found[f"batch_{k}"] for k in ("missed", "false", "unlike")},
        "conflicts": found["conflicts"],
        "worst_cm": {k.removesuffix("_cm"): round(v, 3) for k, v in worst.items()},
        "kinds": kinds,
        "wrong": seeds,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": {k: round(v, 1) for k, v in spent.items()},
        "processes": processes,
    }


_NAMES = ("beside", "touching", "sharing", "along", "nested", "in a hole", "far")


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first block of 500 pairs")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    before = load_average()
    found = run(asked.first, asked.pairs, asked.processes)
    found |= {"machine": machine(), "load_before": before}
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
