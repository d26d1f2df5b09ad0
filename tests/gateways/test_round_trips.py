"""What is written and read again contains what it was; what a format cannot carry is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline import gateways
from clearline.gateways import FORMATS
from clearline.gateways.listed import OURS_ALONE
from tests.gateways.written import (
    DOT,
    PATH,
    area,
    areas,
    band_holds,
    holds,
    times_hold,
    volume,
)

BOTH = ["geojson", "kml", "kmz", "csv", "openair", "geopackage", "cot"]
WRITTEN = [*BOTH, "czml", "cap", "ical"]
EXACT = {"csv"}
NO_BAND = ("depths below", "levels below", "below the sea")
"""What a format says where it cannot carry a whole band."""


def again(name: str, *what: gateways.Area) -> gateways.Reading:
    return gateways.read(f"x{FORMATS[name].endings[0]}", gateways.write(name, what).raw)


@pytest.mark.parametrize("name", BOTH)
def test_a_notice_of_each_kind_comes_back(name: str):
    made = area(volume(), volume(DOT, "1000 ft AMSL-120 m AGL"), volume(PATH, "SFC-3500 ft AMSL"))
    reading = again(name, made)
    assert reading.refused == 0
    assert len(reading.shapes) == 3
    for shape, each in zip(reading.shapes, made.volumes, strict=True):
        assert holds(gateways.Reading(shapes=(shape,)), each.outline)
        assert band_holds(shape.band, each.band)
        assert times_hold(shape.window, each.window)
        assert shape.name.startswith("north flight")


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_whatever_is_written_is_read_as_what_contains_it(name: str, data: st.DataObject):
    made = data.draw(areas(poles=name in {"geojson", "csv", "geopackage"}))
    reading, written = again(name, made), gateways.write(name, (made,))
    (one,) = made.volumes
    assert reading.refused == 0
    assert holds(reading, one.outline)
    if not any(word in " ".join(written.lost) for word in NO_BAND):
        assert all(band_holds(each.band, one.band) for each in reading.shapes)
    assert all(times_hold(each.window, one.window) for each in reading.shapes)
    if name in EXACT:
        assert reading.shapes[0].outline == one.outline


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_areas_make_the_same_bytes(name: str):
    made = area(), area(mine=False, number=2)
    assert gateways.write(name, made) == gateways.write(name, made)


@pytest.mark.parametrize("name", WRITTEN)
def test_our_own_label_is_in_no_file_that_is_not_marked_as_ours(name: str):
    label = "SECRETLABEL"
    without = gateways.write(name, (area(),)).raw
    marked = gateways.write(name, (area(label=label),)).raw
    text, plain = _text(name, marked), _text(name, without)
    assert OURS_ALONE not in plain
    assert (label in text) == (OURS_ALONE in text)


def _text(name: str, raw: bytes) -> str:
    if name == "kmz":
        import io  # noqa: PLC0415 - for this one format
        import zipfile  # noqa: PLC0415

        raw = zipfile.ZipFile(io.BytesIO(raw)).read("doc.kml")
    return raw.decode(errors="replace").replace("\r\n ", "").replace("\\,", ",")


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_at_all_can_be_written(name: str):
    assert isinstance(gateways.write(name, ()).raw, bytes)
