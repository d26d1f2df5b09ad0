"""Files of areas at a running node: faults are told by line, and what goes out is what is shown."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest

from clearline import gateways
from clearline.space import covers
from tests.line.consoles import Line
from tests.line.station import Failed
from tests.web.conftest import Client

GOOD = {
    "type": "Feature",
    "properties": {"name": "ferry", "lower": "SFC", "upper": "500 ft AMSL"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[40, 35], [40.1, 35], [40.1, 35.1], [40, 35.1], [40, 35]]],
    },
}
BAD = {"type": "Feature", "properties": {"name": "far"}, "geometry": {
    "type": "Polygon", "coordinates": [[[35, 140], [35, 141], [36, 141], [35, 140]]]}}  # fmt: skip


def collection(*features: dict) -> str:
    inner = ",\n".join(json.dumps(each) for each in features)
    return f'{{"type": "FeatureCollection", "features": [\n{inner}\n]}}\n'


def test_a_file_comes_in_with_its_faults_and_goes_out_as_every_format(
    line: Line, north: Client, tmp_path: Path
) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(collection(GOOD, BAD))
    window = ("--from", "+3h", "--to", "+6h")
    station = line.north.station
    with pytest.raises(Failed) as refused:
        station.run("declare", "--file", str(path), *window, "--json")
    assert refused.value.error["code"] == "refused_in_file"
    assert "line 3, column" in refused.value.error["phrase"]
    assert "swapped" in refused.value.error["phrase"]
    station.run("declare", "--file", str(path), "--keep-good", "--label", "OURNAME", *window)

    shown = json.loads(station.run("notices", "--json"))
    assert len(shown) == 1
    formats = north.api("formats")
    for each in formats:
        if not each["writes"]:
            continue
        made = north.api(f"export?format={each['name']}")
        assert made["notices"] == 1
        raw = base64.b64decode(made["raw"])
        assert b"OURNAME" not in raw
        if each["reads"]:
            reading = gateways.read(made["name"], raw)
            assert reading.shapes, each["name"]
            assert reading.refused == 0
    marked = north.api("export?format=geojson&labels=true")
    assert b"OURNAME" in base64.b64decode(marked["raw"])

    for name in ("taken.kml", "taken.csv", "taken.cap.xml"):
        out = tmp_path / name
        said = json.loads(station.run("export", "--out", str(out), "--json"))
        assert said["notices"] == 1
        assert out.stat().st_size == said["bytes"]
    (shape,) = gateways.read("taken.csv", (tmp_path / "taken.csv").read_bytes()).shapes
    drawn = gateways.read("a.geojson", collection(GOOD).encode()).shapes[0]
    assert covers(shape.outline, drawn.outline)
    with pytest.raises(Failed) as none:
        station.run("export", "--out", str(tmp_path / "x.kml"), "--side", "theirs", "--json")
    assert none.value.error["code"] == "nothing_to_export"


def test_a_file_that_is_no_text_is_sent_as_it_is(north: Client) -> None:
    kml = (
        "<kml><Placemark><name>zipped</name><Point><coordinates>40,35</coordinates></Point>"
        '<ExtendedData><Data name="radius_m"><value>500</value></Data></ExtendedData>'
        "</Placemark></kml>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("doc.kml", kml)
    raw = base64.b64encode(made.getvalue()).decode()
    answer = north.post("check/file", {"name": "a.kmz", "raw": raw})
    assert answer.status == 200, answer.raw
    assert [each["name"] for each in answer.body["shapes"]] == ["zipped"]
    assert answer.body["format"] == "kmz"


def test_a_file_with_swapped_axes_is_suspected_by_the_agreed_area(north: Client) -> None:
    """40 north and 35 east is a place too: only beside the agreed area does it look wrong."""
    swapped = {
        "type": "Feature",
        "properties": {"radius_m": 500},
        "geometry": {"type": "Point", "coordinates": [35.2, 40.1]},
    }
    answer = north.post("check/file", {"name": "a.geojson", "text": collection(swapped)})
    assert len(answer.body["shapes"]) == 1
    assert "swapped" in answer.body["notes"][0]


def test_a_format_that_there_is_not_is_the_askers_mistake(north: Client) -> None:
    assert north.get("/api/v1/export?format=dwg").body["code"] == "unknown_format"
    assert north.get("/api/v1/export?format=kml&side=nobody").status == 422
