"""Screening two files: every pair that comes too near, in every form, without a node."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clearline.cli.app import root
from clearline.core.conflicts import meet
from clearline.space import Minima, Volume
from tests.kit import circle, volume

SOON = ("--from", "2030-12-01T06:00:00Z", "--to", "2030-12-01T09:00:00Z", "--band", "FL100-FL180")
OURS = [("near", 35.30, 40.10), ("far", 36.50, 41.50), ("=cmd", 34.80, 39.00)]
THEIRS = [("meets near", 35.31, 40.12), ("meets nobody", 34.20, 38.20), ("by cmd", 34.80, 39.05)]


def write(path: Path, areas: list[tuple[str, float, float]]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "radius_m": 2_000},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for name, lat, lon in areas
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, indent=1))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    ours, theirs = tmp_path / "ours.geojson", tmp_path / "theirs.geojson"
    return ("--ours", write(ours, OURS), "--theirs", write(theirs, THEIRS), *SOON)


def screen(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(root, ["--home", "/nonexistent", "screen", *words])
    assert result.exit_code == code, result.output
    return result.stdout


def found(*words: str) -> Any:
    return json.loads(screen(*words, "--json"))


def test_two_files_are_screened_without_a_node(files: tuple[str, ...]):
    shown = found(*files, "--minima", "5 km, 300 m, 15 min")
    pairs = {(each["ours"], each["theirs"]) for each in shown["pairs"]}
    assert pairs == {("near", "meets near"), ("=cmd", "by cmd")}
    assert (shown["ours"], shown["theirs"], shown["compared"]) == (3, 3, 3)
    assert shown["complete"] is True


def test_it_says_of_each_pair_what_a_claim_would_say(files: tuple[str, ...]):
    minima = Minima(horizontal_cm=500_000, vertical_cm=30_000, time_ms=900_000)
    (first, *_) = found(*files, "--minima", "5 km, 300 m, 15 min")["pairs"]
    spots = {name: (lat, lon) for name, lat, lon in (*OURS, *THEIRS)}
    ours, theirs = (
        Volume(outline=circle(*spots[first[side]], 2_000), band=volume().band,
               window=volume().window)
        for side in ("ours", "theirs")
    )  # fmt: skip
    claim = meet(ours, theirs, minima)
    assert claim is not None
    assert first["horizontal_cm"] == claim.closest.horizontal_cm
    assert first["vertical_cm"] == claim.closest.vertical_cm
    assert first["lat_deg"] == pytest.approx(claim.where.lat_deg)


def test_narrower_minima_find_less(files: tuple[str, ...]):
    (pair,) = found(*files, "--minima", "100 m, 300 m, 15 min")["pairs"]
    assert pair["ours"] == "near"


def test_the_same_pairs_come_as_a_table_as_csv_and_as_geojson(
    files: tuple[str, ...], tmp_path: Path
):
    table = screen(*files)
    assert "2 pairs closer than the minima" in table
    assert "meets near" in table
    rows = list(csv.DictReader(screen(*files, "--as", "csv").splitlines()))
    # A name that a spreadsheet would take for a formula is none there.
    assert {row["ours"] for row in rows} == {"near", "'=cmd"}
    target = tmp_path / "pairs.geojson"
    screen(*files, "--as", "geojson", "--out", str(target))
    features = json.loads(target.read_text())["features"]
    assert {each["properties"]["theirs"] for each in features} == {"meets near", "by cmd"}
    assert all(each["geometry"]["type"] == "Point" for each in features)


def test_what_a_file_refuses_is_told_and_the_rest_is_screened(tmp_path: Path):
    ours = write(tmp_path / "ours.geojson", [*OURS, ("beyond", 95.0, 40.0)])
    theirs = write(tmp_path / "theirs.geojson", THEIRS)
    shown = found("--ours", ours, "--theirs", theirs, *SOON)
    assert shown["refused_in_all"] == 1
    assert "beyond" in shown["refused"][0]["item"]
    assert len(shown["pairs"]) == 2


def test_names_that_come_twice_are_told_apart_by_their_line(tmp_path: Path):
    twice = [("same", 35.30, 40.10), ("same", 35.30, 40.11)]
    ours, theirs = write(tmp_path / "o.json", twice), write(tmp_path / "t.json", THEIRS)
    names = [each["ours"] for each in found("--ours", ours, "--theirs", theirs, *SOON)["pairs"]]
    assert len(set(names)) == 2
    assert all(name.startswith("same (line ") for name in names)


def test_one_file_alone_needs_a_link(tmp_path: Path):
    theirs = write(tmp_path / "t.json", THEIRS)
    assert '"half_screen"' in screen("--theirs", theirs, *SOON, "--json", code=3)


def test_a_file_beyond_its_limit_is_not_read(files: tuple[str, ...], tmp_path: Path):
    huge = tmp_path / "huge.geojson"
    with huge.open("wb") as file:
        file.truncate(1 << 40)  # It takes no space, and would take a terabyte of memory.
    result = CliRunner().invoke(
        root, ["--home", "/nonexistent", "screen", "--ours", str(huge), *files[2:], "--json"]
    )
    assert result.exit_code == 3
    error = json.loads(result.output)["error"]
    assert error["code"] == "file_too_large"
    assert "the file has 1,099,511,627,776 bytes; at most 100,000,000 are read" in error["phrase"]
