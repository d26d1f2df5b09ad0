"""Conflict: one notice compared with a million that are active, exactly, warm.

The population is that of `bench.population`. A query is another volume of the same kind; its
answer is every volume that infringes the minima with it, with its separation, as a node works
it out when a notice is declared: `GridIndex.near`, then `refine`. Each query is asked three
times, of a peer as well, and the median of the three is its time, so that a figure is of the
query and not of what else ran on the machine; `cpu_us` is the processor's time of the same.
`theatre_us` is of the queries that lie in the theatre alone, where most conflicts are.
`first_us` is when each was asked for the first time, as a declaration is: what is near it was
then seldom measured before.

`missed` is counted against brute force for a sample of the queries: every volume whose window
is near enough is measured by `meet`, one by one, without any index.

`growth` is the same at 10^3, 10^4 ... up to the population, for fewer queries, beside the R*Tree
and, with `--peers 1`, the peers of `bench.peers` on the very same queries, where they are
installed; each up to as many volumes as it takes in within minutes. With `--plot 1` it is drawn
into docs/images/conflict-growth.svg.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench import common
from bench.population import MINIMA, is_in_theatre, population
from clearline.space import GridIndex, Index, Volume, meet, refine
from clearline.stores.rtree import RTreeIndex

ROUNDS = 3
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "conflict-growth.svg"

Answer = set[str]
Ask = Callable[[Volume], Answer]


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    volumes = population(asked.volumes)
    queries = population(asked.queries, seed=2)
    process = psutil.Process()
    gc.collect()
    gc.freeze()  # As a node that serves does.
    before = process.memory_info().rss
    began = time.perf_counter()
    index = _index_of(volumes)
    added_s = time.perf_counter() - began
    grown = process.memory_info().rss - before
    found = _timed(_asker(index, volumes), queries)
    missed, false = _against_brute_force(_asker(index, volumes), volumes, queries, asked.sample)
    growth = [
        _growth(_index_of(volumes[:count]), volumes[:count], queries, asked)
        for count in (10**power for power in range(3, 10))
        if asked.growth and count < asked.volumes
    ]
    if asked.growth:
        growth.append(_growth(index, volumes, queries, asked))
    if asked.plot:
        draw(growth)
    us = found["us"]
    return {
        "benchmark": "conflict",
        "volumes": asked.volumes,
        "queries": asked.queries,
        "p50_us": us["p50"],
        "p99_us": us["p99"],
        "max_us": us["max"],
        "missed": missed,
        "false": false,
        **{name: each for name, each in found.items() if name != "us"},
        "brute_force_sample": min(asked.sample, asked.queries),
        "add_us": round(added_s / asked.volumes * 1e6, 1),
        "bytes_per_volume": round(grown / asked.volumes),
        "growth": growth,
        "goal": {"p50_us": 100, "p99_us": 1_000, "missed": 0},
    }


def _index_of(volumes: Sequence[Volume]) -> GridIndex:
    index = GridIndex()
    for number, volume in enumerate(volumes):
        index.add(_key(number), (volume,))
    return index


def _key(number: int) -> str:
    return f"{number:08d}"


def _asker(index: Index, volumes: Sequence[Volume]) -> Ask:
    """Return what finds the conflicts of a volume, as a node does."""

    def ask(volume: Volume) -> Answer:
        near = index.near(volume, MINIMA)
        apart = refine([(volume, volumes[int(key)]) for key in near], MINIMA)
        return {key for key, each in zip(near, apart, strict=True) if each is not None}

    return ask


def _timed(ask: Ask, queries: Sequence[Volume]) -> dict[str, Any]:
    first: list[float] = []
    for volume in queries:
        at = time.perf_counter()
        ask(volume)
        first.append(time.perf_counter() - at)
    wall: list[float] = []
    cpu: list[float] = []
    met: list[int] = []
    for volume in queries:
        walls: list[float] = []
        cpus: list[float] = []
        for _ in range(ROUNDS):
            at, spent = time.perf_counter(), time.thread_time()
            answer = ask(volume)
            cpus.append(time.thread_time() - spent)
            walls.append(time.perf_counter() - at)
        met.append(len(answer))
        wall.append(statistics.median(walls))
        cpu.append(statistics.median(cpus))
    there = [each for each, volume in zip(wall, queries, strict=True) if is_in_theatre(volume)]
    return {
        "us": _quantiles_us(wall),
        "cpu_us": _quantiles_us(cpu),
        "theatre_us": _quantiles_us(there),
        "first_us": _quantiles_us(first),
        "conflicts_a_query": {
            "mean": round(statistics.fmean(met), 2),
            "max": max(met),
            "none": round(sum(1 for each in met if not each) / len(met), 3),
        },
    }


def _quantiles_us(seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {}
    return {
        name: round(float(np.percentile(seconds, share, method="nearest")) * 1e6, 1)
        for name, share in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))
    }


def _against_brute_force(
    ask: Ask, volumes: Sequence[Volume], queries: Sequence[Volume], sample: int
) -> tuple[int, int]:
    """Return how many conflicts of a sample were missed, and how many were none."""
    starts = np.array([int(volume.window.start) for volume in volumes])
    ends = np.array([int(volume.window.end) for volume in volumes])
    missed = false = 0
    # Half of them where most conflicts are.
    there = [volume for volume in queries if is_in_theatre(volume)][: sample // 2]
    for volume in (
        there + [each for each in queries if not is_in_theatre(each)][: sample - len(there)]
    ):
        late = starts > int(volume.window.end) + MINIMA.time_ms
        early = ends < int(volume.window.start) - MINIMA.time_ms
        expected = {
            _key(int(number))
            for number in np.flatnonzero(~(late | early))
            if meet(volume, volumes[number], MINIMA) is not None
        }
        found = ask(volume)
        missed += len(expected - found)
        false += len(found - expected)
    return missed, false


def _growth(
    index: Index, volumes: Sequence[Volume], queries: Sequence[Volume], asked: argparse.Namespace
) -> dict[str, Any]:
    few = queries[: asked.peer_queries]
    row: dict[str, Any] = {
        "volumes": len(volumes),
        "ours": _timed(_asker(index, volumes), few)["us"],
    }
    if len(volumes) <= asked.rtree_most:
        row["rtree"] = _rtree(volumes, few)
    if asked.peers:
        row |= _peers(volumes, few, asked)
    return row


def _rtree(volumes: Sequence[Volume], queries: Sequence[Volume]) -> dict[str, Any]:
    """Return the figures of SQLite's R*Tree, refined as ours is."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    began = time.perf_counter()
    index = RTreeIndex(db, "near")
    for number, volume in enumerate(volumes):
        index.add(_key(number), (volume,))
    index.write()
    add_us = round((time.perf_counter() - began) / len(volumes) * 1e6, 1)
    figures = _timed(_asker(index, volumes), queries)["us"] | {"add_us": add_us}
    db.close()
    return figures


def _peers(
    volumes: Sequence[Volume], queries: Sequence[Volume], asked: argparse.Namespace
) -> dict[str, Any]:
    """Return the figures of each peer that is installed."""
    try:
        from bench import peers  # noqa: PLC0415 - optional
    except ImportError:
        return {}
    if not peers.installed():
        return {}
    found: dict[str, Any] = {}
    for name, make, most in (
        ("postgis", peers.PostGis, asked.postgis_most),
        ("cells", peers.CellArray, asked.cells_most),
    ):
        if len(volumes) > most:
            continue
        with make() as peer:
            peer.load(volumes)
            for volume in queries:
                peer.query(volume, MINIMA)
            # As ours: of each query the median of its rounds, by the clock and by the processor.
            wall: list[float] = []
            cpu: list[float] = []
            for volume in queries:
                rounds = [(peer.query(volume, MINIMA)[1], peer.cpu_s) for _ in range(ROUNDS)]
                walls, cpus = zip(*rounds, strict=True)
                wall.append(statistics.median(walls))
                cpu.append(statistics.median(cpus))
        found[name] = _quantiles_us(wall) | {"cpu": _quantiles_us(cpu)}
    return found


def draw(growth: Sequence[dict[str, Any]]) -> None:
    """Draw the growth, log-log, each in a colour, p50 whole and p99 dashed."""
    import matplotlib as mpl  # noqa: PLC0415 - only where a picture is wanted

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "clearline"
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    names = {
        "ours": "in memory",
        "rtree": "R*Tree",
        "postgis": "PostGIS",
        "cells": "S2 cell arrays",
    }
    colours = itertools.cycle(("#0b6e99", "#4d7c0f", "#b45309", "#9333ea"))
    for (name, label), colour in zip(names.items(), colours, strict=False):
        rows = [each for each in growth if each.get(name)]
        for quantile, line in (("p50", "-"), ("p99", "--")):
            axes.plot(
                [each["volumes"] for each in rows],
                [each[name][quantile] for each in rows],
                line,
                marker="o",
                markersize=3,
                color=colour,
                label=f"{label}, {quantile}" if rows else None,
            )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="active volumes",
        ylabel="one notice, exact (microseconds)",
    )
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(PICTURE, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    common.main(
        measure,
        __doc__,
        volumes=1_000_000,
        queries=2_000,
        sample=40,
        growth=1,
        rtree_most=100_000,
        peers=0,
        postgis_most=1_000_000,
        cells_most=1_000,
        peer_queries=500,
        plot=0,
    )
