"""The table of figures: every result as measured, beside its goal, met or missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def rows(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """Return what, measured, goal and whether it was met, for each result that there is."""
    made: list[tuple[str, str, str, bool]] = []
    if flash := found.get("flash"):
        for what, key in (
            ("an empty line", "ms"),
            ("10,000 notices and bulk under way", "busy_ms"),
        ):
            ms = flash[key]
            made += [
                (f"FLASH to ringing, {what}, p50", f"{ms['p50']} ms", "15 ms", ms["p50"] <= 15),
                (f"FLASH to ringing, {what}, p99", f"{ms['p99']} ms", "50 ms", ms["p99"] <= 50),
            ]
    if link := found.get("link"):
        for what, key in (("notices", "notices_per_s"), ("phrases in calls", "said_per_s")):
            rate = link[key]
            made.append((f"entries a second, {what}", f"{rate:,}", "2,000", rate >= 2_000))
    if restart := found.get("restart"):
        events, worst = restart["events"], restart["worst_s"]
        made.append((f"restart with {events:,} events", f"{worst} s", "3 s", worst <= 3))
    if verify := found.get("verify"):
        entries, worst = verify["entries"], verify["worst_s"]
        made.append((f"verifying {entries:,} entries", f"{worst} s", "5 s", worst <= 5))
    if drill := found.get("drill"):
        in_60_s = round(drill["nights_per_s"] * 60)
        reach, times = drill["reach_s"], drill["times_under_historic_at_p99"]
        made += [
            ("nights of the drill in 60 s", f"{in_60_s:,}", "1,000", in_60_s >= 1_000),
            ("never reached", str(drill["never_reached"]), "0", drill["never_reached"] == 0),
            (
                f"p99 of STOP to a human, {reach['p99']} s",
                f"{times} times under 1,620 s",
                "20 times",
                times >= 20,
            ),
        ]
    made += _preview(found.get("preview"))
    made += _roster(found.get("roster"))
    if study := found.get("study"):
        nights, wall_s = study["nights"], study["wall_s"]
        what = f"ladder study, {nights:,} nights, {study['ladders']} ladders"
        made.append((what, f"{wall_s} s", "30 s", wall_s <= 30))
    if memory := found.get("memory"):
        mb = memory["mb"]
        made.append(("memory with 10,000 active notices", f"{mb} MB", "300 MB", mb <= 300))
    if console := found.get("console"):
        ring, first = console["ring_ms"]["p99"], console["useful_ms"]["median"]
        step, kb = console["step_ms"]["median"], console["weight"]["whole_kb"]
        grown, preview = console["watch"]["growth"], console["preview_ms"]["max"]
        active = console["active"]
        made += [
            ("call arrived to banner and sound, p99", f"{ring} ms", "150 ms", ring <= 150),
            ("first useful paint, 1,000 notices", f"{first} ms", "1,500 ms", first <= 1_500),
            (f"time bar step, 10,000 areas, {active} active, median", f"{step} ms", "60 ms",
             step <= 60),
            ("page weight, all that can be opened, gzipped", f"{kb} kB", "350 kB", kb <= 350),
            ("growth of the tab over eight simulated hours", f"{grown:.1%}", "10 %", grown <= 0.10),
            ("preview, last key to conflict drawn, most", f"{preview} ms", "500 ms",
             preview <= 500),
        ]  # fmt: skip
    made += _bulk(found)
    made += _tracks(found.get("tracks"))
    made += _telephones(found)
    made += _reaching(found)
    made += _voice(found)
    made += _space(found)
    if nights := found.get("nights"):
        broken = nights["violations"]
        count = broken if isinstance(broken, int) else len(broken)
        made.append(
            (f"{nights['nights']:,} nights with faults, rules broken", str(count), "0", count == 0)
        )
    made += _missed(found.get("missed"))
    return made


def _bulk(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    made: list[tuple[str, str, str, bool]] = []
    if declare := found.get("declare"):
        active = declare["active"]
        for what, key, goal in (
            ("in groups", "grouped_per_s", 5_000),
            ("one by one", "one_by_one_per_s", 1_500),
        ):
            rate = declare[key]
            said = f"declarations a second, durable, {active:,} active, {what}"
            made.append((said, f"{rate:,}", f"{goal:,}", rate >= goal))
    if bulk := found.get("bulk"):
        seconds, mb = bulk["seconds"], max(bulk["node_mb"], bulk["cli_mb"])
        areas = f"{bulk['volumes']:,} areas in {bulk['notices']:,} notices"
        goal_s = 60 * bulk["volumes"] / 100_000
        made += [
            (f"import of {areas}", f"{seconds} s", f"{goal_s:g} s", seconds <= goal_s),
            (f"most memory, node or command line, importing {bulk['volumes']:,}", f"{mb} MB",
             "1,000 MB", mb <= 1_000),
        ]  # fmt: skip
    return made


def _tracks(tracks: dict[str, Any] | None) -> list[tuple[str, str, str, bool]]:
    if tracks is None:
        return []
    rate, cpu, late = tracks["tracks_per_s"], tracks["cpu_percent"], tracks["alert_p99_ms"]
    against = f"against {tracks['notices']:,} notices"
    return [
        (f"tracks a second {against}", f"{rate:,}", "2,000", rate >= 2_000),
        (f"CPU of {rate:,} tracks a second {against}", f"{cpu} %", "50 % of a core", cpu <= 50),
        ("a track's report to its alert, p99", f"{late} ms", "200 ms", late <= 200),
    ]


def _missed(missed: dict[str, Any] | None) -> list[tuple[str, str, str, bool]]:
    if missed is None:
        return []
    pairs, batch = f"{missed['pairs']:,}", missed["batch"]
    none = missed["missed"] == 0, batch["missed"] == 0
    return [
        (f"conflicts missed of {pairs} random pairs", str(missed["missed"]), "0 of 1,000,000",
         none[0] and missed["pairs"] >= 1_000_000),
        (f"the same of {batch['pairs']:,} measured in batches", str(batch["missed"]), "0", none[1]),
        ("conflicts that are none, outside the tolerance", str(missed["false"]), "0",
         missed["false"] == 0),
    ]  # fmt: skip


def _telephones(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    drivers = found.get("phone", {}).get("drivers", {})
    return [
        (
            f"FLASH received to SIP INVITE, {name}, p99",
            f"{ms['p99']} ms",
            "200 ms",
            ms["p99"] <= 200,
        )
        for name, ms in drivers.items()
    ]


def _preview(preview: dict[str, Any] | None) -> list[tuple[str, str, str, bool]]:
    """Return the rows of a preview with all that would clear it; the page has half a second."""
    if preview is None:
        return []
    among = f"{preview['notices']:,} of theirs"
    return [
        (f"preview and ways out, {what}, median", f"{ms['p50']} ms", "500 ms", ms["p50"] <= 500)
        for what, ms in (
            (f"{among} scattered", preview["scattered"]["preview_ms"]),
            (f"{among} near", preview["near"]["preview_ms"]),
            (f"a transit among {among}", preview["transit"]["preview_ms"]),
        )
    ]


def _roster(roster: dict[str, Any] | None) -> list[tuple[str, str, str, bool]]:
    made: list[tuple[str, str, str, bool]] = []
    if roster is None:
        return made
    for what, key in (("the core", "core_ms"), ("a node, over its socket", "node_ms")):
        p99 = roster[key]["p99"]
        said = f"who is on watch, {roster['officers']} officers a year, asked of {what}, p99"
        made.append((said, f"{p99} ms", "5 ms", p99 <= 5))
    return made


def _reaching(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """Return the rows of what reaches a human beside the screen."""
    made: list[tuple[str, str, str, bool]] = []
    if climbed := found.get("ladder"):
        calls, p99 = climbed["calls"], climbed["p99_ms"]
        what = f"rung's deadline to every channel of the next, {calls} calls climbing, p99"
        made.append((what, f"{p99} ms", "250 ms", p99 <= 250))
    return made


def _space(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """Return the rows of finding conflicts among many."""
    made: list[tuple[str, str, str, bool]] = []
    if conflict := found.get("conflict"):
        what = f"one notice against {conflict['volumes']:,} active, exact"
        for quantile, goal in (("p50", 100), ("p99", 1_000)):
            us = conflict[f"{quantile}_us"]
            made.append((f"{what}, {quantile}", f"{us} µs", f"{goal:,} µs", us <= goal))
        missed = conflict["missed"]
        made.append((f"{what}, missed by a sample", str(missed), "0", missed == 0))
        made += _ratios(conflict)
    if screen := found.get("screen"):
        side, seconds = screen["side"], screen["seconds"]
        what = f"all pairs of {side:,} by {side:,} notices, exact"
        made.append((what, f"{seconds} s", "20 s", seconds <= 20))
    return made


def _ratios(conflict: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Return the rows of the peers, at the largest population that each was asked of."""
    made: list[tuple[str, str, str, bool]] = []
    for peer, label, least in (("postgis", "PostGIS", 5), ("cells", "S2 cell arrays", 50)):
        rows = [each for each in conflict["growth"] if each.get(peer)]
        for quantile in ("p50", "p99") if rows else ():
            times = round(rows[-1][peer][quantile] / rows[-1]["ours"][quantile], 1)
            said = f"times faster than {label} at {rows[-1]['volumes']:,}, {quantile}"
            made.append((said, str(times), str(least), times >= least))
    return made


def _voice(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    voice = found.get("voice")
    if voice is None:
        return []
    soon, late, goal = voice["connect_ms"], voice["one_way_ms"], voice["goal"]
    cpu = max(voice["cpu_percent"].values())
    return [
        ("voice, click to both connected, median", f"{soon['median']} ms", "1,000 ms",
         soon["median"] <= goal["connect_ms"]),
        ("voice, desk to desk one way, median", f"{late['median']} ms", "400 ms",
         late["median"] <= goal["one_way_ms"]),
        ("CPU of a recorded two-way talk, one node", f"{cpu} %", "30 % of a core",
         cpu <= goal["cpu_percent"]),
    ]  # fmt: skip


def write() -> None:
    """Write bench/results/README.md from the results that there are."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    machine = next((each["machine"] for each in found.values() if "machine" in each), {})
    lines = [
        "# Figures, as measured",
        "",
        "Written by `make bench`. A figure that is missed is here as missed.",
        "",
        f"Machine: {machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('system')}, "
        f"Python {machine.get('python')}.",
        "",
        "| what | measured | goal | |",
        "|---|---|---|---|",
    ]
    for what, measured, goal, met in rows(found):
        lines.append(f"| {what} | {measured} | {goal} | {'met' if met else '**missed**'} |")
    notes = RESULTS / "NOTES.md"
    if notes.exists():
        lines += ["", notes.read_text().rstrip()]
    (RESULTS / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write()
