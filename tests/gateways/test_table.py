"""Tables: a row is a volume, however its columns stand; what is wrong has its line."""

from __future__ import annotations

import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.gateways import Spot, table
from clearline.space import Circle, Corridor, Polygon, contains, from_degrees, parse_band
from tests.gateways.written import BOX, area, volume

WKT = '"POLYGON ((40 35, 41 35, 41 36, 40 36, 40 35))"'


def csv(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def test_points_lines_and_polygons_become_outlines():
    reading = table.read(
        csv(
            "name,wkt,radius_m,width_m,margin_m,lower,upper",
            f"a,{WKT},,,500,SFC,FL180",
            "b,POINT (40 35),1500.5,,,,",
            'c,"LINESTRING (40 35, 40.1 35)",,2000,,,',
        )
    )
    box, dot, path = (each.outline for each in reading.shapes)
    assert isinstance(box, Polygon)
    assert box.margin_cm >= 50_000
    assert reading.shapes[0].band == parse_band("SFC-FL180")
    assert dot == Circle(centre=from_degrees(35, 40), radius_cm=150_050)
    assert isinstance(path, Corridor)


@pytest.mark.parametrize("parter", [",", ";", "\t"])
def test_a_circle_may_be_a_latitude_and_a_longitude(parter: str):
    head = parter.join(("Lon", "name", "LAT", "radius_m"))
    reading = table.read(csv("\ufeff" + head, parter.join(("40.15", "x", "35.2", "3000"))))
    assert reading.shapes[0].outline == Circle(centre=from_degrees(35.2, 40.15), radius_cm=300_000)


def test_edges_are_what_the_row_says():
    rows = [f'{edges},"LINESTRING (10 60, 24 60)",2000' for edges in ("geodesic", "rhumb")]
    geodesic, rhumb = table.read(csv("edges,wkt,width_m", *rows)).shapes
    assert not contains(geodesic.outline, from_degrees(60, 17))
    assert contains(rhumb.outline, from_degrees(60, 17))


@pytest.mark.parametrize(
    ("row", "code", "suggestion"),
    [
        ("x,POINT (40),5,,", "wkt", ""),
        ("x,POINT (40 95),5,,", "out_of_range", "swapped: 95, 40"),
        ("x,POINT (40 35),,,", "radius_m_missing", ""),
        ("x,POINT (40 35),5,3500,FL100", "altitude_unit_missing", "3500 ft AMSL"),
        ("x,POINT (40 35),5,9 ft,FL100", "altitude_datum_missing", "9 ft AMSL or 9 ft AGL"),
        ("x,POINT (40 35),5,FL200,FL100", "band_inverted", "lower FL100, upper FL200"),
        ("x,POINT EMPTY,5,,", "too_few_points", ""),
        ("x,CIRCLE (40 35),5,,", "wkt", ""),
        ("x,POINT (40 35)", "table_row", ""),
        ('x,"POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",,,', "self_crossing", "swap point 2"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_by_its_line_and_the_rest_is_kept(row, code, suggestion):
    head = "name,wkt,radius_m,lower,upper"
    reading = table.read(csv(head, f"a,{WKT},,,", "", row, f"b,{WKT},,,"))
    (fault,) = reading.faults
    assert (fault.code, fault.spot) == (code, Spot(line=4, column=1))
    assert suggestion in fault.suggestion
    assert len(reading.shapes) == 2


@pytest.mark.parametrize(
    ("raw", "code", "suggestion"),
    [
        (b"", "file_empty", ""),
        (b"wkt,name\n", "file_empty", ""),
        (b"latitude,longitude\n1,2", "table_columns", "lat and lon"),
        (b"geom\nPOINT (1 2)", "table_columns", "wkt"),
        (b"wkt,wkt\n,", "table_columns", ""),
        (b"wkt," + b",".join(b"%d" % n for n in range(300)), "table_columns", ""),
        ("wkt\né".encode("latin-1"), "file_unreadable", "UTF-8"),
        (b'wkt\n"POINT (1 2)', "file_unreadable", ""),
        (b'wkt\n"' + b"1" * 600_000 + b'"', "file_unreadable", ""),
    ],
    ids=range(9),
)
def test_a_bad_table_is_a_mistake(raw, code, suggestion):
    with pytest.raises(Mistake) as caught:
        table.read(raw)
    assert caught.value.code == code
    assert suggestion in getattr(caught.value, "suggestion", "")


def test_a_decimal_comma_is_guessed_and_not_applied():
    (fault,) = table.read(csv("lat;lon;radius_m", "35,25;40,15;500")).faults
    assert fault.suggestion == "40.15"


def test_a_written_table_has_no_formula_and_says_how_its_edges_run():
    raw = gateways.write("csv", (area(volume(BOX), label="=cmd|' /C calc'!A0"),)).raw.decode()
    assert ",'=cmd|" in raw
    assert ",geodesic," in raw
    assert '"POLYGON ((40 35, 41 35, 41 36, 40 36, 40 35), (40.4 35.4' in raw
