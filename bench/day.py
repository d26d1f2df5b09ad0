"""One real day of flights screened against drawn areas: `python -m bench.day --json`.

The flights are those over Switzerland on 1 August 2018, 05:00 to 22:00 UTC, as received by
volunteers' ADS-B stations: a sample of the package `traffic` (MIT), fetched by
`scripts/samples.sh`. The areas are drawn, in `examples/day/areas.geojson`: nobody flew there.

Each flight becomes a notice as its operator would have given it: its path in pieces of five
minutes, a nautical mile wide to either side, a thousand feet below and above. That is compared
with the areas by the minima that new terms start with.

The areas state their limits as their authors would: by flight level, above the sea, above the
ground. The terms state how far these can be apart over Switzerland (lowest and highest ground,
pressure, geoid), so a conflict is certain or possible; without such a statement every flight over
an area with another kind of limit would have to be held for one, and is counted too.

The result is checked by the recorded positions themselves: every flight that was recorded
inside an area while it was open must be among the conflicts.

`--picture` draws the day into docs/images/day.png.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from io import BytesIO
from itertools import pairwise
from typing import Any, NamedTuple

import shapely
from msgspec.structs import replace

from bench.common import ROOT, main
from clearline import gateways
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.core.terms import DEFAULT_MINIMA
from clearline.space import (
    Altitude,
    Band,
    Certainty,
    Corridor,
    Datum,
    GeoidRange,
    PressureRange,
    TerrainRange,
    Volume,
    Window,
    WorstCase,
    certainty,
    contains,
    from_degrees,
    meet,
    same_place,
    vertical_range_cm,
)
from clearline.space.footprint import footprint
from clearline.space.plane import Plane
from clearline.space.screen import screened

AREAS = ROOT / "examples" / "day" / "areas.geojson"
SAMPLE = ROOT / ".venv/samples/traffic/data/samples/collections/switzerland.json.gz"
BORDERS = ROOT / "console" / "node_modules" / "world-atlas" / "countries-10m.json"
PICTURE = ROOT / "docs" / "images" / "day.png"

PIECE_MS = 5 * MINUTE_MS
PAUSE_MS = 10 * MINUTE_MS
"""Silent for longer than this, it is another flight."""
WIDTH_CM = 2 * 185_200
SPARE_LEVELS = 10
FEET_PER_LEVEL = 100


class Seen(NamedTuple):
    """One position of a flight, as it was received."""

    at: int
    lat: float
    lon: float
    feet: float


MINIMA = replace(
    DEFAULT_MINIMA,
    heights=WorstCase(
        # The ground from Lake Maggiore to the Dufourspitze; QNH of a year with some to spare.
        pressure=PressureRange(lowest_hpa=970, highest_hpa=1_050, temperature_pct=12),
        terrain=TerrainRange(lowest_cm=19_300, highest_cm=463_400),
        geoid=GeoidRange(lowest_cm=4_600, highest_cm=5_700),
    ),
)


def flights() -> dict[str, list[Seen]]:
    """Return the day's flights, in order of time, each under its callsign and number."""
    subprocess.run([ROOT / "scripts" / "samples.sh"], check=True)
    with gzip.open(SAMPLE) as file:
        rows = json.load(file)
    heard: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for row in rows:
        if None not in (row["latitude"], row["longitude"], row["altitude"]):
            seen = Seen(row["timestamp"], row["latitude"], row["longitude"], row["altitude"])
            heard[row["icao24"], row["callsign"] or "?"].append(seen)
    made: dict[str, list[Seen]] = {}
    for (_, callsign), all_seen in sorted(heard.items()):
        all_seen.sort()
        cuts = [n for n, (a, b) in enumerate(pairwise(all_seen), 1) if b.at - a.at > PAUSE_MS]
        for start, end in pairwise([0, *cuts, len(all_seen)]):
            made[f"{callsign} {len(made)}"] = all_seen[start:end]
    return made


def as_notice(path: list[Seen]) -> list[Volume]:
    """Return the volumes that a flight's operator would have declared."""
    volumes: list[Volume] = []
    times = [seen.at for seen in path]
    for start in range(0, max(1, times[-1] - times[0]), PIECE_MS):
        first = max(0, bisect_left(times, times[0] + start) - 1)
        last = min(len(path), bisect_left(times, times[0] + start + PIECE_MS) + 1)
        volume = _piece(path[first:last])
        if volume is not None:
            volumes.append(volume)
    return volumes


def _piece(seen: list[Seen]) -> Volume | None:
    points: list[Any] = []
    for each in seen:
        point = from_degrees(each.lat, each.lon)
        if not points or not same_place(points[-1], point):
            points.append(point)
    if len(points) < 2:
        return None
    levels = [each.feet / FEET_PER_LEVEL for each in seen]
    low = int(min(levels)) - SPARE_LEVELS
    high = int(max(levels)) + 1 + SPARE_LEVELS
    fl = lambda level: Altitude(datum=Datum.FL, value_cm=level * FLIGHT_LEVEL_CM)  # noqa: E731
    return Volume(
        outline=Corridor(points=tuple(points), width_cm=WIDTH_CM),
        band=Band(lower=fl(low), upper=fl(high)),
        window=Window(start=Instant(seen[0].at), end=Instant(seen[-1].at + 1)),
    )


def recorded_inside(path: list[Seen], area: Volume) -> bool:
    """Return whether a flight was received from inside an area while it was open.

    Where the heights cannot be compared it counts as inside, as the rule has it.
    """
    for seen in path:
        if not area.window.start <= seen.at <= area.window.end:
            continue
        level = Altitude(datum=Datum.FL, value_cm=int(seen.feet / 100 * FLIGHT_LEVEL_CM))
        if vertical_range_cm(Band(lower=level, upper=level), area.band, MINIMA.worst)[0]:
            continue
        if contains(area.outline, from_degrees(seen.lat, seen.lon)):
            return True
    return False


def certain_pairs(
    notices: list[tuple[str, Volume]],
    areas: list[tuple[str, Volume]],
    pairs: set[tuple[str, str]],
) -> set[tuple[str, str]]:
    """Return the pairs of which two volumes come too near whatever the heights are."""
    return {
        (flight, area)
        for area, other in areas
        for flight, volume in notices
        if (flight, area) in pairs
        and meet(volume, other, MINIMA) is not None
        and certainty(volume, other, MINIMA) is Certainty.CERTAIN
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what the day comes to."""
    day = flights()
    areas: list[tuple[str, Volume]] = []
    for shape in gateways.read(AREAS.name, AREAS.read_bytes()).shapes:
        assert shape.band is not None
        assert shape.window is not None
        volume = Volume(outline=shape.outline, band=shape.band, window=shape.window)
        areas.append((shape.name, volume))
    notices = [(name, volume) for name, path in day.items() for volume in as_notice(path)]
    began = time.perf_counter()
    met = screened(notices, areas, MINIMA)
    screen_s = time.perf_counter() - began
    pairs = {(each.ours, each.theirs) for each in met}
    unstated = {(each.ours, each.theirs) for each in screened(notices, areas, DEFAULT_MINIMA)}
    sure = certain_pairs(notices, areas, pairs)
    inside = {
        (name, area)
        for name, path in day.items()
        for area, volume in areas
        if recorded_inside(path, volume)
    }
    if asked.picture:
        draw(day, areas, pairs, sure)
    count = Counter(area for _, area in pairs)
    return {
        "flights": len(day),
        "positions": sum(len(path) for path in day.values()),
        "volumes": len(notices),
        "areas": len(areas),
        "screen_s": round(screen_s, 2),
        "conflicts": len(pairs),
        "certain": len(sure),
        "possible": len(pairs - sure),
        "without_worst_case": len(unstated),
        "by_area": {name: count[name] for name, _ in areas},
        "recorded_inside": len(inside),
        "missed": len(inside - pairs),
    }


def borders() -> list[list[tuple[float, float]]]:
    """Return Natural Earth's borders about Switzerland, as lines of longitude and latitude."""
    atlas = json.loads(BORDERS.read_bytes())
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    lines: list[list[tuple[float, float]]] = []
    for arc in atlas["arcs"]:
        x = y = 0
        line: list[tuple[float, float]] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        if any(5 < lon < 11.5 and 45 < lat < 48.5 for lon, lat in line):
            lines.append(line)
    return lines


def draw(
    day: dict[str, list[Seen]],
    areas: list[tuple[str, Volume]],
    pairs: set[tuple[str, str]],
    sure: set[tuple[str, str]],
) -> None:
    """Draw the day: the flights, the areas, and each flight that met one, in that one's colour.

    A line is whole for a conflict that is certain, and dotted for one that is possible.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only where a picture is wanted

    mpl.use("Agg")
    mpl.rcParams.update({"font.size": 8})
    from matplotlib import pyplot as plt  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib

    figure, (sheet, hours) = plt.subplots(
        2, 1, figsize=(9, 8.4), height_ratios=(4, 1), layout="constrained"
    )
    sheet.set_aspect(1.46)
    sheet.set(xlim=(5.8, 10.6), ylim=(45.75, 47.95), xlabel="longitude", ylabel="latitude")
    for line in borders():
        sheet.plot(*zip(*line, strict=True), color="#888888", lw=0.8, zorder=1)
    met = {flight for flight, _ in pairs}
    tones = dict(zip((name for name, _ in areas), plt.get_cmap("Dark2").colors, strict=False))
    for name, path in day.items():
        if name not in met:
            sheet.plot([s.lon for s in path], [s.lat for s in path], color="#d5dbe1", lw=0.3,
                       zorder=0)  # fmt: skip
    for flight, area in sorted(pairs):
        path = day[flight]
        sheet.plot([s.lon for s in path], [s.lat for s in path], color=tones[area], lw=0.5,
            linestyle="-" if (flight, area) in sure else ":",
                   alpha=0.8, zorder=2)  # fmt: skip
    count = Counter(area for _, area in pairs)
    for row, (name, volume) in enumerate(areas):
        edge = _edge(volume)
        sheet.fill(*zip(*edge, strict=True), color=tones[name], alpha=0.25, lw=0, zorder=3)
        sheet.plot(*zip(*edge, strict=True), color=tones[name], lw=1.5, zorder=4)
        start, end = (_hour(at) for at in (volume.window.start, volume.window.end))
        hours.barh(row, end - start, left=start, color=tones[name], alpha=0.85)
        late = end > 19
        label = f"{name}: {count[name]}"
        hours.text(
            start - 0.1 if late else end + 0.1, row, label, ha="right" if late else "left",
            va="center",
        )  # fmt: skip
    hours.set(
        xlim=(5, 22), xlabel="hour of 1 August 2018, UTC; flights that met each area", yticks=[]
    )
    hours.invert_yaxis()
    sheet.set_title(
        f"{len(day):,} flights of a day, {len(areas)} drawn areas, {len(pairs):,} conflicts"
    )
    PICTURE.parent.mkdir(exist_ok=True)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=110)
    # A palette makes the page a third as heavy, and no line is lost.
    Image.open(drawn).convert("RGB").quantize(64).save(PICTURE, optimize=True)
    plt.close(figure)


def _edge(volume: Volume) -> list[tuple[float, float]]:
    """Return the edge of an area, as longitudes and latitudes, closed."""
    made = footprint(volume.outline)
    plane = Plane(made.lat, made.lon)
    grown = shapely.buffer(made.core(plane), made.radius_m)
    return [plane.unproject(x, y)[::-1] for x, y in shapely.get_coordinates(grown.exterior)]


def _hour(at: Instant) -> float:
    return (int(at) % 86_400_000) / 3_600_000


if __name__ == "__main__":
    main(measure, __doc__, picture=0)
