"""One door in and one door out: every format by its name, its ending or its content."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.gateways import CONSOLE, FORMATS, Limits

EXAMPLES = Path(__file__).parents[2] / "examples"
GEOJSON = (EXAMPLES / "north-flights.geojson").read_bytes()
KML = (EXAMPLES / "south-flights.kml").read_bytes()


def zipped(raw: bytes, name: str = "doc.kml") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "format"),
    [
        ("a.geojson", GEOJSON, "geojson"),
        ("A.JSON", GEOJSON, "geojson"),
        ("a.kml", KML, "kml"),
        ("a.kmz", zipped(KML), "kmz"),
    ],
)
def test_a_file_is_read_by_its_ending(name, raw, format):
    reading = gateways.read(name, raw)
    assert reading.format == format
    assert not any("by its content" in note for note in reading.notes)
    assert reading.shapes


@pytest.mark.parametrize(
    ("name", "raw", "format"),
    [
        ("areas", GEOJSON, "geojson"),
        ("areas.xml", KML, "kml"),
        ("areas.zip", zipped(KML), "kmz"),
        ("areas.kml", GEOJSON, "geojson"),
        ("areas.kml", zipped(KML), "kmz"),
    ],
)
def test_a_file_whose_ending_does_not_say_is_read_by_its_content_and_that_is_said(
    name, raw, format
):
    reading = gateways.read(name, raw)
    assert reading.format == format
    assert reading.notes[0] == f"read as {FORMATS[format].title}, by its content"


def test_a_file_that_looks_like_nothing_is_refused_with_the_endings_that_are_read():
    with pytest.raises(Mistake) as caught:
        gateways.read("areas.dwg", b"AC1027")
    assert caught.value.code == "unknown_file"
    assert ".geojson" in caught.value.phrase


@pytest.mark.parametrize(
    ("raw", "limits", "code"),
    [
        (GEOJSON, Limits(file_bytes=len(GEOJSON) - 1, tags=1), "file_too_large"),
        (KML, Limits(file_bytes=len(KML), tags=5), "too_many_features"),
        (b"<kml>" + b"<a/>" * CONSOLE.tags + b"</kml>", CONSOLE, "too_many_features"),
    ],
    ids=range(3),
)
def test_a_caller_may_read_less_than_a_format_can_bear(raw, limits, code):
    with pytest.raises(Mistake) as caught:
        gateways.read("a.kml", raw, limits)
    assert caught.value.code == code


def test_a_format_that_is_not_written_says_which_are():
    with pytest.raises(Mistake) as caught:
        gateways.write("dwg", ())
    assert caught.value.code == "unknown_format"
