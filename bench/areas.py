"""Areas for the benchmarks, as the files that a planner would have them in."""

from __future__ import annotations

import json
from pathlib import Path

from clearline.basis.instants import HOUR_MS
from clearline.node.clock import SystemClock

__all__ = ["write"]

_CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.3, 0.4), (0.0, 1.2), (-1.2, 0.5))


def write(path: Path, count: int, *, side: int = 0, first: int = 0) -> None:
    """Write so many areas of one side as GeoJSON: half circles, half polygons of five corners.

    They lie in the area of `bench/area.geojson`, in the hours of the next day. The sides are at
    heights of their own, apart from one area in fifty.
    """
    now = SystemClock().now()
    with path.open("w") as out:
        out.write('{"type":"FeatureCollection","features":[\n')
        for number in range(first, first + count):
            key = (number * 2_654_435_761 + side * 40_503 + 977) % 2**32
            lat, lon = 30 + key % 99_991 / 9_999.1, 35 + key // 7 % 99_989 / 9_998.9
            level = 100 + 20 * (key % 4) + (0 if number % 50 == 0 else 150 * side)
            start = now.after(2 * HOUR_MS + (key >> 8) % (20 * HOUR_MS))
            properties = {
                "name": f"area {side}-{number}", "lower": f"FL{level}", "upper": f"FL{level + 15}",
                "start": str(start), "end": str(start.after(HOUR_MS)),
            }  # fmt: skip
            out.write("," if number > first else "")
            out.write(json.dumps(_feature(key, lat, lon, properties)) + "\n")
        out.write("]}\n")


def _feature(key: int, lat: float, lon: float, properties: dict[str, object]) -> dict[str, object]:
    geometry: dict[str, object]
    if key % 2:
        properties["radius_m"] = 3_000 + key % 9_000
        geometry = {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
    else:
        size = 0.02 + key % 80 / 1_000
        ring = [[round(lon + size * x, 6), round(lat + size * y, 6)] for x, y in _CORNERS]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
