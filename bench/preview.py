"""A preview among 10,000 notices of theirs: what it takes, in how long slices, and what it offers.

Three notices of ours: a circle among notices scattered over the agreed area; the same where all of
theirs are near, in place, height and time; a transit of eight areas among the scattered ones.
`longest_ms` is the longest that it held the node's thread at once: calls come between two slices.
`cpu_ms` is what it took of a core, which says more where the machine does other work as well.

python -m bench.preview --notices N --times N --json
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from bench.common import main, quantiles_ms
from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.basis.steps import Steps
from clearline.core.notices import Notice
from clearline.core.previewing import Preview, previewing
from clearline.core.state import State
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Datum,
    Passing,
    Transit,
    Volume,
    Window,
    chain,
    from_degrees,
)
from clearline.web.turns import SLICE_US
from tests.kit import LINK, START, Pair

NOW = START


def band(low: int, high: int) -> Band:
    """Return a band of flight levels."""
    lower, upper = (Altitude(datum=Datum.FL, value_cm=each * 3_048) for each in (low, high))
    return Band(lower=lower, upper=upper)


def circle(lat: float, lon: float, radius_m: int, of: Band, start_ms: int, long_ms: int) -> Volume:
    """Return a circle of a few hours."""
    start = NOW.after(start_ms)
    return Volume(
        outline=Circle(centre=from_degrees(lat, lon), radius_cm=radius_m * 100),
        band=of,
        window=Window(start=start, end=start.after(long_ms)),
    )


def scattered(n: int) -> Volume:
    """Return one of many, all over the area, at many heights and times of five days."""
    lat, lon = 34.1 + (n * 37 % 280) / 100, 38.1 + (n * 53 % 380) / 100
    low = n * 7 % 30 * 10
    return circle(
        lat, lon, 1_000 + n % 14_000, band(low, low + 60),
        (1 + n % 240) * HOUR_MS // 2, 2 * HOUR_MS,
    )  # fmt: skip


def near(n: int) -> Volume:
    """Return one of many within 60 km of a place, at its heights and within its hours."""
    lat, lon = 35.3 + (n * 37 % 100 - 50) / 100, 40.1 + (n * 53 % 120 - 60) / 100
    return circle(lat, lon, 500 + n % 1_000, band(100, 180), 2 * HOUR_MS + n % 90 * MINUTE_MS,
                  2 * HOUR_MS)  # fmt: skip


def state_of(count: int, make: Any) -> State:
    """Return the memory of a node to which so many notices of theirs have come."""
    state = Pair().north.runtime.state
    for n in range(count):
        name = derive(NOW, n & 0xFFF, "bench", n)
        state.notices.put(
            Notice(
                id=name, link=LINK, mine=False, entry=name, revision=1, activity="flight",
                volumes=(make(n),), late=False, declared_at=NOW, stated_at=NOW, index=n,
            )
        )  # fmt: skip
    return state


def timed(steps: Steps[Preview]) -> tuple[Preview, float, float, float]:
    """Do a preview as the console does, in slices; return it, the time, the core's, the longest."""
    began = held = time.perf_counter()
    core = time.process_time()
    longest, spent_us = 0.0, 0
    while True:
        try:
            spent_us += next(steps)
        except StopIteration as done:
            ended = time.perf_counter()
            spent = time.process_time() - core
            return done.value, ended - began, spent, max(longest, ended - held)
        if spent_us >= SLICE_US:
            ended = time.perf_counter()
            longest, held, spent_us = max(longest, ended - held), ended, 0


def ours(n: int) -> tuple[Volume, ...]:
    """Return a circle of ours, at another place each time."""
    return (circle(35.3 + n / 1_000, 40.1, 15_000, band(100, 180), 3 * HOUR_MS, 2 * HOUR_MS),)


def transit(n: int) -> tuple[Volume, ...]:
    """Return a transit of ours, leaving a little later each time."""
    leaves = NOW.after(3 * HOUR_MS + n * 5 * MINUTE_MS)
    route = Transit(
        points=(from_degrees(34.6, 39.2), from_degrees(35.2, 40.2), from_degrees(35.9, 41.3)),
        width_cm=400_000, bands=(band(100, 120),), slowest_cm_h=5_000_000, fastest_cm_h=5_600_000,
        passes=(Passing(point=0, earliest=leaves, latest=Instant(leaves + 10 * MINUTE_MS)),),
    )  # fmt: skip
    return chain(route, 8, 1_000).volumes


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of each notice of ours."""
    found: dict[str, Any] = {"notices": asked.notices, "times": asked.times}
    for name, make, mine in (
        ("scattered", scattered, ours), ("near", near, ours), ("transit", scattered, transit),
    ):  # fmt: skip
        state = state_of(asked.notices, make)
        took: list[float] = []
        cpu: list[float] = []
        longest: list[float] = []
        for n in range(asked.times):
            steps = previewing(state, state.link(LINK), mine(n), "flight", None, NOW)
            seen, whole_s, cpu_s, held_s = timed(steps)
            took.append(whole_s)
            cpu.append(cpu_s)
            longest.append(held_s)
        found[name] = {
            "preview_ms": quantiles_ms(took),
            "cpu_ms": quantiles_ms(cpu),
            "longest_ms": quantiles_ms(longest),
            "volumes": len(seen.volumes),
            "conflicts": len(seen.conflicts) + seen.more,
            "complete": seen.complete,
            "ways": {each.way.value: each.permille for each in seen.ways_out},
            "ways_whole": seen.ways_whole,
        }
    return found


if __name__ == "__main__":
    main(measure, __doc__, notices=10_000, times=20)
