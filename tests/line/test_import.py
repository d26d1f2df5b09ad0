"""Imports against real nodes: what is refused is told by line; what is stopped goes on exactly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.line.station import DEADLINE_S, Station, join, until

COUNT = 1_200
ROOM = 2_000
"""Notices that the terms let be active."""
SOON = ("--from", "+3h", "--to", "+6h", "--band", "FL100-FL180")


def write(path: Path, count: int, *more: dict[str, Any]) -> Path:
    """Write so many small circles, and after them `more`, a feature a line."""
    made = [
        feature(34.5 + n % 50 * 0.03, 38.5 + n // 50 % 50 * 0.05, f"area {n}") for n in range(count)
    ]
    lines = ",\n".join(json.dumps(each) for each in (*made, *more))
    path.write_text('{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n")
    return path


def feature(lat: float, lon: float, name: str, **properties: Any) -> dict[str, Any]:
    said = {"name": name, "radius_m": 900} | properties
    point = {"type": "Point", "coordinates": [round(lon, 4), round(lat, 4)]}
    return {"type": "Feature", "properties": said, "geometry": point}


@pytest.fixture(scope="module")
def north() -> Iterator[Station]:
    """North, joined to a south, by terms that have less room than usual; for all tests here."""
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    stations = [Station(name, folder) for name in ("north", "south")]
    for each in stations:
        each.init().serve(wait=False)
    for each in stations:
        each.await_up()
    join(*stations, folder, {"limits": {"active_notices": ROOM}})
    yield stations[0]
    for each in stations:
        each.stop()
        assert "Traceback" not in each.said, each.said
    shutil.rmtree(folder, ignore_errors=True)


def active(north: Station) -> int:
    return north.ask("status")["notices_ours"]


def test_what_is_refused_is_told_by_line_and_by_whom_and_the_rest_is_declared(
    north: Station, folder: Path
):
    far, bad = feature(50, 10, "far away"), feature(35, 40, "no radius", radius_m="wide")
    source = write(folder / "some.geojson", 20, bad, far, feature(35.2, 40.2, "the last"))
    report = folder / "refused.txt"

    tried = north.json("import", str(source), *SOON, "--dry-run")
    assert (tried["declared"], tried["refused_in_all"]) == (0, 2)
    assert active(north) == 0, "it was a dry run, and the first of all"

    done = north.json("import", str(source), *SOON, "--report", str(report))
    assert (done["notices"], done["declared"], done["left"]) == (22, 21, 0)
    by_file, by_node = done["refused"]
    assert (by_file["by"], by_file["line"]) == ("file", 22)
    assert (by_node["by"], by_node["line"], by_node["code"]) == ("node", 23, "outside_area")
    assert [line.split(": ")[0] for line in report.read_text().splitlines()] == [
        f"{source}:22:{by_file['column']}",
        f"{source}:23:{by_node['column']}",
    ]
    labels = {each["label"] for each in north.json("notices")}
    assert len(labels) == 21
    assert "the last" in labels

    # The same again is a slip of the hand, unless it is asked for.
    again = north.fails("import", str(source), *SOON)
    assert again.error["code"] == "imported_before"
    assert north.json("import", str(source), *SOON, "--resume")["declared"] == 0
    assert active(north) == 21

    # Several in one notice, and one without a height.
    bare = write(folder / "bare.geojson", 7)
    together = north.json("import", str(bare), *SOON, "--together", "4")
    assert (together["areas"], together["declared"]) == (7, 2)
    assert active(north) == 23
    lacking = north.fails("import", str(bare), "--from", "+3h", "--to", "+6h")
    assert {each["code"] for each in json.loads(lacking.output)["refused"]} == {"no_band"}
    assert lacking.code == 1


def test_what_the_terms_have_no_room_for_is_said_before_anything_is_declared(
    north: Station, folder: Path
):
    before = active(north)
    source = write(folder / "many.geojson", ROOM + 1)
    failed = north.fails("import", str(source), *SOON)
    assert failed.error["code"] == "too_many_notices"
    assert f"{ROOM - before:,} more may be active" in failed.error["phrase"]
    assert "--together 8" in failed.error["phrase"]
    # What counts is what can be declared, and not what the file has at most.
    bad = [feature(35, 40, "bad", radius_m="wide")] * ROOM
    fits = north.json("import", str(write(folder / "fits.geojson", 3, *bad)), *SOON)
    assert (fits["declared"], fits["refused_in_all"]) == (3, ROOM)
    before += 3
    wide = north.fails("import", str(source), *SOON, "--together", "9")
    assert wide.error["code"] == "too_many_volumes"
    assert active(north) == before
    north.run("watch", "leave")
    few = str(write(folder / "few.geojson", 3))
    both = north.fails("import", few, *SOON, "--again", "--resume")
    assert both.error["code"] == "resume_or_again"
    empty = north.fails("import", few, *SOON, "--again")
    assert empty.code == 3
    ended = json.loads(empty.output)
    assert ended["stopped"].startswith("no_watch: ")
    assert (ended["declared"], ended["left"]) == (0, 3)
    # To go on is not to begin anew, though that was asked for the first time.
    assert "--again" not in ended["resume"]
    north.run("watch", "take")


def test_an_import_that_is_stopped_says_what_it_did_and_goes_on_exactly_there(
    north: Station, folder: Path
):
    before = active(north)
    source = write(folder / "areas.geojson", COUNT)
    process = subprocess.Popen(
        [sys.executable, "-m", "clearline.cli", "--home", str(north.home), "import", str(source),
         *SOON, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    until(lambda: active(north) > before + 150, "some to be declared")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE_S)
    ended = json.loads(output)
    assert process.returncode == 130
    assert 150 < ended["declared"] < COUNT
    assert ended["declared"] + ended["left"] == COUNT
    assert ended["resume"].endswith("--resume")
    assert str(source) in ended["resume"]
    assert active(north) == before + ended["declared"]

    went_on = north.json("import", str(source), *SOON, "--resume")
    assert went_on["before"] == ended["declared"]
    assert went_on["declared"] == ended["left"]
    assert active(north) == before + COUNT
    labels = [each["label"] for each in north.json("notices") if each["label"].startswith("area ")]
    assert set(labels) >= {f"area {n}" for n in range(COUNT)}


def test_what_stands_is_screened_against_a_plan(north: Station, folder: Path):
    plan = write(folder / "plan.geojson", 3)
    found = north.json("screen", "--link", "south", "--ours", str(plan), *SOON)
    assert (found["ours"], found["theirs"], found["complete"]) == (3, 0, True)
    standing = north.json("screen")
    assert standing["ours"] >= COUNT
    assert standing["pairs"] == []
