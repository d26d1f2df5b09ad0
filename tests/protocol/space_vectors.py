"""Vectors of space: outlines, bands, places, rounding, and pairs that do or do not conflict.

Distances are worked out here by geographiclib, heights and times by hand, never by the code
that the vectors are for.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from geographiclib.geodesic import Geodesic

from clearline.basis.instants import HOUR_MS
from tests.protocol.world import CITY, Json, circle, example_terms, place, volume

__all__ = ["MINIMA", "SFC", "bands", "make_band", "outlines", "pairs", "places", "rounding"]

WGS84 = Geodesic.WGS84


def _level(datum: str, cm: int) -> Json:
    return {"datum": datum, "value_cm": cm}


def make_band(lower: tuple[str, int], upper: tuple[str, int]) -> Json:
    return {"lower": _level(*lower), "upper": _level(*upper)}


SFC = ("surface", 0)


def bands() -> list[Json]:
    """Return pairs of bands and the clear height between them; null if it cannot be known."""
    cases: list[tuple[str, Json, Json, int | None]] = [
        (
            "flight levels, FL100 to FL140 under FL180",
            make_band(("fl", 304_800), ("fl", 426_720)),
            make_band(("fl", 548_640), ("fl", 609_600)),
            121_920,
        ),
        (
            "flight levels that overlap",
            make_band(("fl", 304_800), ("fl", 548_640)),
            make_band(("fl", 426_720), ("fl", 609_600)),
            0,
        ),
        (
            "flight levels that touch",
            make_band(("fl", 304_800), ("fl", 426_720)),
            make_band(("fl", 426_720), ("fl", 609_600)),
            0,
        ),
        (
            "a flight level and an altitude above the sea: nobody knows the pressure",
            make_band(("fl", 304_800), ("fl", 426_720)),
            make_band(("amsl", 0), ("amsl", 100_000)),
            None,
        ),
        (
            "a height and an altitude above the sea: nobody knows the terrain",
            make_band(("height", 0), ("height", 10_000)),
            make_band(("amsl", 900_000), ("amsl", 950_000)),
            None,
        ),
        (
            "the surface and a height of 120 m",
            make_band(SFC, SFC),
            make_band(("height", 12_000), ("height", 20_000)),
            12_000,
        ),
        (
            "a dive of 30 m to 20 m under a vessel",
            make_band(("depth", 3_000), ("depth", 2_000)),
            make_band(SFC, ("height", 5_000)),
            2_000,
        ),
        (
            "two depths: the deeper one has the greater value",
            make_band(("depth", 20_000), ("depth", 10_000)),
            make_band(("depth", 5_000), ("depth", 1_000)),
            5_000,
        ),
        (
            "both from the surface, up to unlike data: they share a limit",
            make_band(SFC, ("fl", 304_800)),
            make_band(SFC, ("amsl", 50_000)),
            0,
        ),
        (
            "from the surface to a flight level, beside a height: only one comparison is known",
            make_band(SFC, ("fl", 304_800)),
            make_band(("height", 10_000), ("height", 20_000)),
            None,
        ),
    ]
    return [{"note": note, "a": a, "b": b, "gap_cm": gap} for note, a, b, gap in cases]


def outlines() -> list[Json]:
    """Return outlines and volumes' parts that pass or fail what takes more than one field."""
    square = [place(35, 40), place(35, 41), place(36, 41), place(36, 40)]

    def polygon(ring: list[Json], *holes: list[Json], margin_cm: int = 0) -> Json:
        return {"shape": "polygon", "exterior": ring, "holes": [*holes], "margin_cm": margin_cm}

    def inner(lat: float, lon: float, size: float = 0.1) -> list[Json]:
        return [place(lat, lon), place(lat, lon + size), place(lat + size, lon)]

    path = {"shape": "corridor", "points": square[:2], "width_cm": 200_000}
    good: list[tuple[str, Json]] = [
        ("a circle", circle()),
        ("a square, anticlockwise", polygon(square)),
        ("the same, clockwise", polygon(square[::-1])),
        ("with a hole and a margin", polygon(square, inner(35.4, 40.4), margin_cm=100_000)),
        ("two holes that touch in a point", polygon(square, inner(35.4, 40.4), inner(35.4, 40.5))),
        ("a corridor", path),
        (
            "a corridor that crosses itself",
            path | {"points": [place(35, 40), place(36, 41), place(36, 40), place(35, 41)]},
        ),
        (
            "a polygon over the antimeridian",
            polygon([place(0, 179.5), place(0, -179.5), place(1, -179.5), place(1, 179.5)]),
        ),
        (
            "a polygon about the pole",
            polygon([place(89, 0), place(89, 90), place(89, 180), place(89, -90)]),
        ),
    ]
    bad: list[tuple[str, Json]] = [
        ("two points", polygon(square[:2])),
        ("edges that cross", polygon([square[0], square[2], square[1], square[3]])),
        ("the first point repeated at the end", polygon([*square, square[0]])),
        ("the same place under two longitudes", polygon([*square[:2], place(90, 0), place(90, 9)])),
        ("all points on one meridian", polygon([place(35, 40), place(36, 40), place(37, 40)])),
        ("a hole outside", polygon(square, inner(37, 40.4))),
        ("a hole over the edge", polygon(square, inner(35.95, 40.4))),
        ("holes that overlap", polygon(square, inner(35.4, 40.4), inner(35.42, 40.42))),
        ("a hole in a hole", polygon(square, inner(35.4, 40.4, 0.3), inner(35.45, 40.45, 0.05))),
        ("a hole of two points", polygon(square, inner(35.4, 40.4)[:2])),
        ("51 holes", polygon(square, *[inner(35.01 + n / 60, 40.4, 0.01) for n in range(51)])),
        ("further than 2,000 km", polygon([place(35, 40), place(35, 63), place(36, 50)])),
        ("1,001 points", path | {"points": [place(35, 40 + n / 1_000) for n in range(1_001)]}),
        ("a corridor of one point", path | {"points": square[:1]}),
        ("a corridor that stands still", path | {"points": [square[0], square[0]]}),
    ]
    return [{"note": note, "outline": each, "accepted": True} for note, each in good] + [
        {"note": note, "outline": each, "accepted": False, "reason": "bad_geometry"}
        for note, each in bad
    ]


def _reach(start: Json, bearing: float, metres: float) -> Json:
    found = WGS84.Direct(start["lat_e7"] / 1e7, start["lon_e7"] / 1e7, bearing, metres)
    return place(found["lat2"], found["lon2"])


def _apart_m(a: Json, b: Json) -> float:
    found = WGS84.Inverse(
        a["lat_e7"] / 1e7, a["lon_e7"] / 1e7, b["lat_e7"] / 1e7, b["lon_e7"] / 1e7
    )
    return float(found["s12"])


def places() -> list[Json]:
    """Return places with how they were stated, checked as a reader checks them."""
    terms = example_terms()
    grid = terms["release"]["grid"]

    def case(note: str, anchor: str, start: Json, km: float, bearing: float, off_m: float) -> Json:
        at = _reach(_reach(start, bearing, km * 1_000), 90, off_m)
        stated = {
            "anchor": anchor,
            "range_cm": round(km * 100_000),
            "bearing_mdeg": round(bearing * 1_000),
        }
        slack = grid["position_e7"] + grid["length_cm"] + stated["range_cm"] // 100
        return {
            "note": note,
            "place": {"at": at, "stated": stated},
            "tolerance_cm": terms["anchor_tolerance_cm"] + slack,
            "agrees": True,
        }

    swapped = case("", "Deir ez-Zor city", CITY, 9, 180, 0)
    swapped["place"]["stated"]["anchor"] = "Deir ez-Zor airfield"
    stranger = case("", "Deir ez-Zor city", CITY, 9, 180, 0)
    stranger["place"]["stated"]["anchor"] = "Palmyra"
    return [
        case("nine kilometres south of the city", "Deir ez-Zor city", CITY, 9, 180, 0),
        case("capitals do not matter", "DEIR EZ-ZOR  CITY", CITY, 9, 180, 0),
        case("off by 4 km, inside tolerance and slack", "Deir ez-Zor city", CITY, 9, 180, 4_000),
        case("off by 4.2 km, outside", "Deir ez-Zor city", CITY, 9, 180, 4_200)
        | {"agrees": False, "reason": "anchor_mismatch"},
        swapped
        | {
            "note": "the right range and bearing from the wrong anchor, as at Deir ez-Zor",
            "agrees": False,
            "reason": "anchor_mismatch",
        },
        stranger
        | {
            "note": "an anchor that the terms do not have",
            "agrees": False,
            "reason": "anchor_mismatch",
        },
    ]


GRID = {"position_e7": 100_000, "length_cm": 100_000, "altitude_cm": 15_240, "time_ms": 300_000}


def rounding() -> list[Json]:
    """Return bands and windows with the one right answer, and outlines with one right answer."""
    made: list[Json] = []

    def window(note: str, start: str, end: str, to_start: str, to_end: str) -> None:
        made.append(
            {
                "note": note,
                "grid": GRID,
                "window": {"start": f"2026-11-23T{start}Z", "end": f"2026-11-23T{end}Z"},
                "rounded": {"start": f"2026-11-23T{to_start}Z", "end": f"2026-11-23T{to_end}Z"},
            }
        )

    def band(note: str, given: Json, rounded: Json) -> None:
        made.append({"note": note, "grid": GRID, "band": given, "rounded": rounded})

    window("outward both ways", *("12:01:00.000", "13:59:59.999", "12:00:00.000", "14:00:00.000"))
    window("on the grid", *("12:05:00.000", "13:00:00.000", "12:05:00.000", "13:00:00.000"))
    window(
        "a millisecond too far each way",
        *("11:59:59.999", "13:00:00.001", "11:55:00.000", "13:05:00.000"),
    )
    band(
        "flight levels 95 to 172 in steps of five",
        make_band(("fl", 95 * 3_048), ("fl", 172 * 3_048)),
        make_band(("fl", 95 * 3_048), ("fl", 175 * 3_048)),
    )
    band(
        "above the sea, from below it",
        make_band(("amsl", -100), ("amsl", 100)),
        make_band(("amsl", -15_240), ("amsl", 15_240)),
    )
    band(
        "depths: the lower limit deeper, the upper one shallower",
        make_band(("depth", 20_000), ("depth", 16_000)),
        make_band(("depth", 30_480), ("depth", 15_240)),
    )
    band("the surface stays", make_band(SFC, ("height", 1)), make_band(SFC, ("height", 15_240)))
    for note, lat, lon, radius_m in (
        ("a circle near the equator", 0.004, 9.996, 2_300),
        ("a circle already on the grid grows as well", 35.3, 40.1, 5_000),
        ("a circle in the far north", 72.1234567, 25.7654321, 12_345),
    ):
        given = circle(lat, lon, radius_m)
        centre = place(round(lat, 2), round(lon, 2))
        made.append(
            {
                "note": f"{note}; another answer is right if it is on the grid and contains it",
                "grid": GRID,
                "outline": given,
                "rounded": {
                    "shape": "circle",
                    "centre": centre,
                    "radius_cm": _up(radius_m * 100) + _up(_moved_cm(centre) * 102 // 100 + 101),
                },
            }
        )
    return made


def _up(cm: int) -> int:
    return math.ceil(cm / GRID["length_cm"]) * GRID["length_cm"]


def _moved_cm(node: Json) -> int:
    """Return how far the corner of the grid cell that is nearest to the equator is from it."""
    lat = node["lat_e7"] / 1e7
    half = (GRID["position_e7"] + 1) / 2e7
    corners = [(lat + sign * half, half) for sign in (-1, 1)] + [(lat, half)]
    if abs(lat) < half:
        corners.append((0.0, half))
    return 1 + int(100 * max(WGS84.Inverse(lat, 0, *corner)["s12"] for corner in corners))


# Conflicts


def _along(a: Json, b: Json) -> Any:
    return WGS84.InverseLine(
        a["lat_e7"] / 1e7, a["lon_e7"] / 1e7, b["lat_e7"] / 1e7, b["lon_e7"] / 1e7
    )


def _to_edge_m(point: Json, a: Json, b: Json) -> float:
    """Return the distance from a point to an edge, by golden section on geographiclib."""
    line = _along(a, b)

    def far(s: float) -> float:
        at = line.Position(s)
        found = WGS84.Inverse(point["lat_e7"] / 1e7, point["lon_e7"] / 1e7, at["lat2"], at["lon2"])
        return float(found["s12"])

    low, high, ratio = 0.0, line.s13, (math.sqrt(5) - 1) / 2
    while high - low > 0.01:
        one, other = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, other) if far(one) < far(other) else (one, high)
    return min(far(0.0), far(line.s13), far((low + high) / 2))


def _core_m(a: Json, b: Json) -> float:
    """Return D of two cores that do not meet: the nearest of points to points or edges."""
    tips, edges = zip(_parts(a), _parts(b), strict=True)
    found = [_apart_m(p, q) for p in tips[0] for q in tips[1]]
    found += [_to_edge_m(p, *edge) for p in tips[0] for edge in edges[1]]
    found += [_to_edge_m(p, *edge) for p in tips[1] for edge in edges[0]]
    return min(found)


def _parts(outline: Json) -> tuple[list[Json], list[tuple[Json, Json]]]:
    match outline["shape"]:
        case "circle":
            return [outline["centre"]], []
        case "corridor":
            return outline["points"], list(pairwise(outline["points"]))
        case _:
            ring = outline["exterior"]
            return ring, [*pairwise(ring), (ring[-1], ring[0])]


def _radius_cm(outline: Json) -> int:
    match outline["shape"]:
        case "circle":
            return int(outline["radius_cm"])
        case "corridor":
            return (int(outline["width_cm"]) + 1) // 2
        case _:
            return int(outline["margin_cm"])


MINIMA = {"horizontal_cm": 500_000, "vertical_cm": 30_480, "time_ms": 900_000}
HIGH = make_band(("fl", 600_456), ("fl", 700_000))  # FL197: 51,816 cm above FL180
NEAR = make_band(("fl", 573_640), ("fl", 700_000))  # 25,000 cm above FL180
UNLIKE = make_band(("amsl", 0), ("amsl", 100))


def pairs() -> list[Json]:
    """Return pairs of volumes with their separations, and whether they infringe the minima."""
    here = circle(35.3, 40.1)
    made: list[Json] = []

    def case(
        note: str,
        a: Json,
        b: Json,
        infringes: bool | None,
        *,
        vertical: int | None = 0,
        time: int = 0,
        core_m: float | None = None,
        minima: Json = MINIMA,
    ) -> None:
        core = _core_m(a["outline"], b["outline"]) if core_m is None else core_m
        across = core * 100 - _radius_cm(a["outline"]) - _radius_cm(b["outline"])
        made.append(
            {
                "note": note,
                "minima": minima,
                "a": a,
                "b": b,
                "core_cm": round(core * 100),
                "within_cm": max(100, math.ceil(core / 10)),
                "horizontal_cm": max(0, math.floor(across)),
                "vertical_cm": vertical,
                "time_ms": time,
                "infringes": infringes,
            }
        )

    def east(km: float, radius_m: int = 5_000) -> Json:
        centre = _reach(place(35.3, 40.1), 90, km * 1_000)
        return {"shape": "circle", "centre": centre, "radius_cm": radius_m * 100}

    a = volume(here)
    case("two circles that overlap", a, volume(east(8)), True)
    case("circles 4 km apart, minimum 5 km", a, volume(east(14)), True)
    case("circles 6 km apart, minimum 5 km", a, volume(east(16)), False)
    case(
        "circles about 5 km apart: inside the tolerance either is right", a, volume(east(15)), None
    )
    case(
        "one place, but the bands are 51,816 cm apart",
        a,
        volume(east(1), band=HIGH),
        False,
        vertical=51_816,
    )
    case(
        "one place, and the bands are too near",
        a,
        volume(east(1), band=NEAR),
        True,
        vertical=25_000,
    )
    case(
        "bands that cannot be compared count as meeting",
        a,
        volume(east(1), band=UNLIKE),
        True,
        vertical=None,
    )
    case(
        "one place, 14 minutes later",
        a,
        volume(east(1), start_ms=5 * HOUR_MS + 840_000),
        True,
        time=840_000,
    )
    case(
        "one place, exactly 15 minutes later: enough",
        a,
        volume(east(1), start_ms=5 * HOUR_MS + 900_000),
        False,
        time=900_000,
    )
    case(
        "one place, 14 minutes earlier",
        a,
        volume(east(1), start_ms=HOUR_MS - 840_000),
        True,
        time=840_000,
    )
    zero = {"horizontal_cm": 0, "vertical_cm": 0, "time_ms": 0}
    case("minima of nothing: what overlaps still infringes", a, volume(east(8)), True, minima=zero)
    case(
        "minima of nothing: windows that share one instant meet",
        a,
        volume(east(1), start_ms=5 * HOUR_MS),
        True,
        minima=zero,
    )
    case(
        "minima of nothing: 1 ms apart is enough",
        a,
        volume(east(1), start_ms=5 * HOUR_MS + 1),
        False,
        minima=zero,
        time=1,
    )
    road = {"shape": "corridor", "points": [place(35, 40), place(35.6, 40.2)], "width_cm": 200_001}
    case(
        "a circle 2.8 km from a corridor of odd width",
        volume(circle(35.3, 40.2, 5_000)),
        volume(road),
        True,
    )
    case(
        "a long corridor is a geodesic, not a parallel: its middle lies 10.5 km north",
        volume(circle(60.0, 15.0, 1_000)),
        volume({"shape": "corridor", "points": [place(60, 10), place(60, 20)], "width_cm": 2_000}),
        False,
    )
    box = {
        "shape": "polygon",
        "exterior": [place(35, 40), place(35, 40.5), place(35.5, 40.5), place(35.5, 40)],
        "holes": [],
        "margin_cm": 0,
    }
    beside = {
        "shape": "polygon",
        "exterior": [place(35.1, 40.54), place(35.2, 40.9), place(35.4, 40.9)],
        "holes": [],
        "margin_cm": 0,
    }
    case("two polygons, corner to edge", volume(box), volume(beside), True)
    case(
        "the same with a margin of 2 km", volume(box | {"margin_cm": 200_000}), volume(beside), True
    )
    case(
        "a circle inside a polygon", volume(box), volume(circle(35.25, 40.25, 100)), True, core_m=0
    )
    hole = [place(35.1, 40.1), place(35.1, 40.4), place(35.4, 40.4), place(35.4, 40.1)]
    inside = _core_m(circle(35.25, 40.25, 100), box | {"exterior": hole})
    case(
        "a circle inside the polygon's hole is outside it",
        volume(box | {"holes": [hole]}),
        volume(circle(35.25, 40.25, 100)),
        False,
        core_m=inside,
    )
    case(
        "over the antimeridian",
        volume(circle(10, 179.99, 1_000)),
        volume(circle(10, -179.99, 1_000)),
        True,
    )
    case("about the pole", volume(circle(89.99, 0, 500)), volume(circle(89.99, 180, 500)), True)
    return made
