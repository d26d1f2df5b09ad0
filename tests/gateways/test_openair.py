"""OpenAir: airspaces become shapes that hold every arc; what is wrong has its line and column."""

from __future__ import annotations

import airportsdata
import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.gateways import Spot, openair
from clearline.space import (
    Circle,
    Corridor,
    Polygon,
    contains,
    covers,
    from_degrees,
    parse_altitude,
    parse_band,
)
from clearline.space.plane import geodesic_fwd
from tests.gateways.written import BOX, DOT, area, volume

HEAD = "AC R\nAN X\nAL GND\nAH FL 95\n"
SQUARE = "DP 52:00:00 N 013:00:00 E\nDP 52:00:00 N 014:00:00 E\nDP 53:00:00 N 013:30:00 E\n"

# Public airspace, typed from the AIP of Germany (ENR 5.1) as openAIP's readme quotes it, and
# from the French list of airspaces for gliding, as its repository's issue 30 quotes it.
TODENDORF = """AC R
AN ED-R10B Todendorf-Putlos MON-SAT+
AH 40000ft MSL
AL GND
DP 54:25:00 N 010:40:00 E
DP 54:25:00 N 010:50:00 E
DP 54:26:00 N 010:53:00 E
DP 54:19:30 N 010:53:00 E
DP 54:15:00 N 010:41:00 E
DP 54:15:19 N 010:40:00 E
DP 54:20:00 N 010:40:00 E
DP 54:25:00 N 010:40:00 E
"""
AGEN = """AC D
AY CTR
AN CTR Agen 121.3
AH 2000FT MSL
AL GND
AF 121.300
DP 44:16:44 N 000:28:29 E
DP 44:13:48 N 000:45:33 E
V X=44:10:29 N 000:35:26 E
DB 44:13:48 N 000:45:33 E,44:02:56 N 000:39:07 E
DP 44:02:56 N 000:39:07 E
DP 44:05:39 N 000:31:05 E
DP 44:08:31 N 000:24:40 E
V X=44:10:29 N 000:35:26 E
DB 44:08:31 N 000:24:40 E,44:16:44 N 000:28:29 E
DP 44:16:44 N 000:28:29 E
"""
FRETOY = """AC UNCLASSIFIED
AY AERIAL_SPORTING_RECREATIONAL
AN Para Fretois le Chateau
AH FL135
AL GND
V X=49:40:00 N 002:58:00 E
DC 1
"""


def read(text: str) -> gateways.Reading:
    return openair.read(text.encode())


def test_a_restricted_area_is_read_as_the_aip_has_it():
    (shape,) = read(TODENDORF).shapes
    assert shape.name == "ED-R10B Todendorf-Putlos MON-SAT+"
    assert shape.band is not None
    assert shape.band.upper == parse_altitude("40000 ft AMSL")
    assert isinstance(shape.outline, Polygon)
    assert len(shape.outline.exterior) == 7
    assert shape.outline.exterior[2] == from_degrees(54 + 26 / 60, 10 + 53 / 60)
    assert shape.outline.margin_cm == 0


def test_a_control_zone_with_arcs_holds_its_airfield_and_every_point_of_its_arcs():
    reading = read(AGEN)
    (shape,) = reading.shapes
    field = airportsdata.load("ICAO")["LFBA"]
    assert contains(shape.outline, from_degrees(field["lat"], field["lon"]))
    for bearing in range(70, 155, 5):  # the eastern arc, of 8 NM: its points are 14.8 km away
        where = geodesic_fwd(44 + 10 / 60 + 29 / 3600, 35 / 60 + 26 / 3600, bearing, 14_700)
        assert contains(shape.outline, from_degrees(*where)), bearing
    far = geodesic_fwd(44 + 10 / 60 + 29 / 3600, 35 / 60 + 26 / 3600, 100, 15_100)
    assert not contains(shape.outline, from_degrees(*far))
    assert reading.lost == ("airspace classes", "airspace types", "frequencies")
    (note,) = reading.notes
    assert note.startswith("outlines reach up to ")
    assert note.endswith(" m further, to hold the edges as drawn")


def test_a_circle_is_a_circle():
    (shape,) = read(FRETOY).shapes
    centre = from_degrees(49 + 40 / 60, 2 + 58 / 60)
    assert shape.outline == Circle(centre=centre, radius_cm=185_200)
    assert shape.band == parse_band("SFC-FL135")


def test_an_airway_is_a_corridor_of_its_width():
    way = "V W=10\nDY 52:00:00 N 013:00:00 E\nDY 52:30:00 N 013:30:00 E\n"
    (shape,) = read(HEAD + way).shapes
    assert isinstance(shape.outline, Corridor)
    assert shape.outline.width_cm == 1_852_000


@pytest.mark.parametrize(("direction", "west", "east"), [("+", False, True), ("-", True, False)])
def test_an_arc_runs_the_way_that_it_says(direction, west, east):
    half = f"V X=52:00:00 N 013:00:00 E\nV D={direction}\nDA 10, 360, 180\n"
    (shape,) = read(HEAD + half).shapes
    assert contains(shape.outline, from_degrees(52, 12.9)) is west
    assert contains(shape.outline, from_degrees(52, 13.1)) is east


def test_activation_times_make_a_shape_each():
    times = "AA 2026-11-23T12:00Z/2026-11-23T13:30Z\nAA 2026-11-24T12:00:30Z/2026-11-24T24:00Z\n"
    first, second = read(HEAD + times + SQUARE).shapes
    assert first.window is not None
    assert second.window is not None
    assert first.window.end == Instant.parse("2026-11-23T13:30:00.000Z")
    assert second.window.end == Instant.parse("2026-11-25T00:00:00.000Z")
    assert first.outline == second.outline


@pytest.mark.parametrize(
    ("limit", "band"),
    [
        ("AH FL95", "SFC-FL095"), ("AH FL 245", "SFC-FL245"),
        ("AH 3500 ft MSL", "SFC-3500 ft AMSL"),
        ("AH 1000M AMSL", "SFC-1000 m AMSL"), ("AH 2500FT AGL", "SFC-762 m AGL"),
        ("AH 10000ft STD", "SFC-FL100"), ("AH UNL", "SFC-100000 m AMSL"),
        ("AH 500ft GND", "SFC-152.40 m AGL"),
    ],
)  # fmt: skip
def test_limits_are_read_with_their_datum(limit, band):
    (shape,) = read(f"AC D\nAN X\nAL SFC\n{limit}\n{SQUARE}").shapes
    assert shape.band == parse_band(band)


@pytest.mark.parametrize(
    ("block", "code", "spot", "suggestion"),
    [
        ("AC D\nAN X\nAL GND\nAH 4500\n" + SQUARE, "altitude_unit_missing", (8, 4), "4500ft AMSL"),
        ("AC D\nAN X\nAL GND\nAH 45 ft\n" + SQUARE, "altitude_datum_missing", (8, 4), "45 FT AMSL"),
        ("AC D\nAL FL95\nAH FL65\n" + SQUARE, "band_inverted", (6, 4), "lower FL065, upper FL095"),
        ("AC D\nAL GND\n" + SQUARE, "openair_limit", (5, 4), ""),
        (HEAD, "openair_outline", (5, 4), ""),
        (HEAD + "DP 52:00:00 N 013:61:00 E", "out_of_range", (9, 4), ""),
        (HEAD + "DP 52.5 13.5", "coordinate", (9, 4), "52.5 N 13.5 E"),
        (HEAD + "DC 5", "openair_centre", (9, 4), ""),
        (HEAD + "DY 52:00 N 013:00 E\nDY 52:30 N 013:00 E", "openair_width", (5, 4), ""),
        (HEAD + "V X=52:00 N 013:00 E\nDC 5\n" + SQUARE, "openair_outline", (5, 4), ""),
        (HEAD + "V X=52:00 N 013:00 E\nDA 5,1", "openair", (10, 4), ""),
        (
            HEAD + "V X=52:00 N 013:00 E\nDB 52:10 N 013:00 E, 52:00 N 013:50 E",
            "openair_arc", (10, 4), "centre",
        ),
        (HEAD + "V Q=1", "openair", (9, 5), ""),
        (HEAD + "AA 2026-11-23T12:00/2026-11-23T13:00\n", "time_unreadable", (9, 4), "UTC"),
        (
            HEAD + "AA 2026-11-23T13:00Z/2026-11-23T12:00Z\n" + SQUARE,
            "window_inverted", (9, 4), "2026-11-23T12:00",
        ),
        (HEAD + "DP 0:0:0 N 0:0:0 E\nDP 1:0:0 N 1:0:0 E\nDP 0:0:0 N 1:0:0 E\nDP 1:0:0 N 0:0:0 E",
         "self_crossing", (5, 4), "swap point 2"),
    ],
)  # fmt: skip
def test_a_bad_airspace_is_refused_where_it_is_wrong_and_the_others_are_kept(
    block, code, spot, suggestion
):
    reading = read("* a file\n\n* of airspaces\n\n" + block + "\n" + FRETOY)
    (fault,) = reading.faults
    assert (fault.code, fault.spot) == (code, Spot(line=spot[0], column=spot[1]))
    assert suggestion in fault.suggestion
    assert [shape.name for shape in reading.shapes] == ["Para Fretois le Chateau"]


def test_what_stands_before_the_first_airspace_is_refused_by_its_line():
    reading = read("DP 52:00:00 N 013:00:00 E\n" + FRETOY)
    assert reading.faults[0].item == "line 1"
    assert len(reading.shapes) == 1


@pytest.mark.parametrize(("raw", "code"), [(b"", "file_empty"), (b"* nothing", "file_empty")])
def test_a_bad_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        openair.read(raw)
    assert caught.value.code == code


def test_names_that_are_not_utf8_are_read_and_that_is_said():
    reading = openair.read(FRETOY.replace("Fretois", "Frétoy").encode("cp1252"))
    assert reading.shapes[0].name == "Para Frétoy le Chateau"
    assert "Windows-1252" in reading.notes[0]


def test_a_written_circle_is_a_circle_and_what_is_left_out_is_said():
    written = gateways.write("openair", (area(volume(DOT), volume(BOX, "30 m DEPTH-SFC")),))
    text = written.raw.decode()
    assert text.startswith("*VERSION: 2.0\r\n")
    assert "V X=35:12.00000 N 040:09.00000 E\r\nDC 2.699" in text
    assert any("holes" in each for each in written.lost)
    assert any("depths" in each for each in written.lost)
    (dot, _) = openair.read(written.raw).shapes
    assert covers(dot.outline, DOT)
