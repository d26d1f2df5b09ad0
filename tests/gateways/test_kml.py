"""KML files: placemarks become shapes; nothing is fetched, expanded or skipped in silence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.gateways import kml
from clearline.gateways.element import MAX_TAGS
from clearline.gateways.reading import Spot
from clearline.space import Circle, Corridor, Polygon, from_degrees, parse_band
from tests.space.truth import outcome

BOX = "40,35,0 41,35,0 41,36,0 40,36,0 40,35,0"
HOLE = "40.4,35.4 40.6,35.4 40.6,35.6 40.4,35.4"
RING = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
AREA = f"<Polygon><outerBoundaryIs>{RING.format(BOX)}</outerBoundaryIs></Polygon>"
HOLED = (
    f"<Polygon><outerBoundaryIs>{RING.format(BOX)}</outerBoundaryIs>"
    f"<innerBoundaryIs>{RING.format(HOLE)}</innerBoundaryIs></Polygon>"
)


def data(**values):
    parts = (f'<Data name="{k}"><value>{v}</value></Data>' for k, v in values.items())
    return f"<ExtendedData>{''.join(parts)}</ExtendedData>"


def document(*marks):
    body = "".join(f"<Placemark>{mark}</Placemark>" for mark in marks)
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{body}</Folder></Document></kml>'
    return text.encode()


def test_polygons_points_and_lines_become_outlines():
    shapes = kml.read(
        document(
            f"<name>box</name>{HOLED}",
            f"<Point><coordinates>40,35</coordinates></Point>{data(radius_m=1500)}",
            f"<LineString><coordinates>40,35 41,35</coordinates></LineString>{data(width_m=2000)}",
        )
    ).shapes
    box, dot, line = (shape.outline for shape in shapes)
    assert shapes[0].name == "box"
    assert isinstance(box, Polygon)
    assert len(box.holes) == 1
    assert dot == Circle(centre=from_degrees(35, 40), radius_cm=150_000)
    assert line == Corridor(points=(from_degrees(35, 40), from_degrees(35, 41)), width_cm=200_000)


def test_altitudes_and_times_are_read():
    span = "<TimeSpan><begin>2026-11-23T14:00:00Z</begin><end>2026-11-23T15:00:00Z</end></TimeSpan>"
    (shape,) = kml.read(document(span + data(lower="SFC", upper="FL180") + AREA)).shapes
    assert shape.band == parse_band("SFC-FL180")
    assert shape.window is not None
    assert shape.window.end - shape.window.start == 3_600_000


def test_each_part_of_a_multi_geometry_is_a_shape():
    assert len(kml.read(document(f"<MultiGeometry>{AREA}{HOLED}</MultiGeometry>")).shapes) == 2


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("<name>nothing</name>", "geometry_unknown"),
        ("<Point><coordinates>40,35</coordinates></Point>", "radius_m_missing"),
        ("<LineString><coordinates>40,x</coordinates></LineString>", "coordinate"),
        ("<LineString><coordinates>40</coordinates></LineString>", "coordinate"),
        ("<LineString/>", "kml"),
        ("<Polygon/>", "kml"),
        ("<Point><coordinates>nan,35</coordinates></Point>", "coordinate"),
        ("<Model/>", "geometry_unknown"),
        ("<MultiGeometry>" * 30 + AREA + "</MultiGeometry>" * 30, "too_deep"),
        (AREA + data(lower="3500 ft", upper="FL100"), "altitude_datum_missing"),
    ],
)
def test_a_bad_placemark_is_refused_by_its_number_and_the_rest_is_kept(mark, code):
    reading = kml.read(document(AREA, mark, AREA))
    (fault,) = reading.faults
    assert fault.item.startswith("placemark 2")
    assert (fault.code, len(reading.shapes)) == (code, 2)


def test_what_is_wrong_is_pointed_at_by_line_and_column():
    lines = "40,35\n      41,35\n      41,135\n      40,35"
    text = f"<Polygon><outerBoundaryIs>\n{RING.format(lines)}</outerBoundaryIs></Polygon>"
    (fault,) = kml.read(document(f"\n<name>é</name>{text}")).faults
    assert fault.item == "placemark 1 (é)"
    assert fault.spot == Spot(line=5, column=7)
    assert fault.suggestion == "latitude and longitude are swapped: 135, 41"


def solid(mode, heights, *, extrude=1):
    points = BOX.split()
    lifted = " ".join(f"{p.rpartition(',')[0]},{h}" for p, h in zip(points, heights, strict=True))
    return (
        f"<Polygon><extrude>{extrude}</extrude><altitudeMode>{mode}</altitudeMode>"
        f"<outerBoundaryIs>{RING.format(lifted)}</outerBoundaryIs></Polygon>"
    )


@pytest.mark.parametrize(
    ("mode", "upper"), [("absolute", "3000 m AMSL"), ("relativeToGround", "3000 m AGL")]
)
def test_a_band_is_taken_from_the_coordinates_only_where_kml_says_all_of_it(mode, upper):
    reading = kml.read(document(solid(mode, [3000] * 5)))
    assert reading.shapes[0].band == parse_band(f"SFC-{upper}")
    assert "extruded" in reading.notes[0]


@pytest.mark.parametrize(
    ("area", "lost"),
    [
        (solid("absolute", [3000] * 5, extrude=0), "extruded"),
        (solid("absolute", [3000, 3000, 2000, 3000, 3000]), "differ"),
        (solid("clampToGround", [3000] * 5), "clampToGround"),
        (solid("relativeToSeaFloor", [3000] * 5), "relativeToSeaFloor"),
    ],
)
def test_a_band_that_kml_does_not_say_whole_is_not_guessed(area, lost):
    reading = kml.read(document(area))
    assert reading.shapes[0].band is None
    assert lost in reading.lost[0]


def test_what_is_not_carried_and_what_is_not_fetched_is_said():
    reading = kml.read(
        document(f"<description>x</description>{AREA}").replace(
            b"</Document>", b"<NetworkLink><Link><href>x</href></Link></NetworkLink></Document>"
        )
    )
    assert reading.lost == ("descriptions", "network links: nothing is fetched")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"<kml>", "file_unreadable"),
        (b"<kml/>", "file_empty"),
        (b"PK\x03\x04", "kmz"),
        (b'<!DOCTYPE k [<!ENTITY a "aa">]><kml>&a;</kml>', "xml_forbidden"),
        (b'<!DOCTYPE k SYSTEM "file:///etc/passwd"><kml/>', "xml_forbidden"),
        (b'<?xml version="1.0" encoding="nonsense"?><kml/>', "file_unreadable"),
        (b"<kml>" + b"<a/>" * MAX_TAGS + b"</kml>", "too_many_features"),
        (b"<a>" * 200 + b"</a>" * 200, "too_deep"),
        (b"<kml " + b"".join(b'a%d="1" ' % n for n in range(50_000)) + b"/>", "file_unreadable"),
        (b"<kml><b>" + b"x" * 600_000 + b"</b></kml>", "file_unreadable"),
    ],
    ids=range(11),
)
def test_a_bad_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        kml.read(raw)
    assert caught.value.code == code


def test_a_file_of_many_pieces_is_read_whole():
    many = document(*[f"<name>{'x' * 400}</name>{AREA}" for _ in range(2_000)])
    assert len(many) > 1 << 20
    assert len(kml.read(many).shapes) == 2_000


PIECES = st.sampled_from(
    [
        "<Placemark>",
        "</Placemark>",
        "<Point>",
        "</Point>",
        "<coordinates>",
        "</coordinates>",
        "1,2",
        AREA,
        "&#0;",
        "é",
        data(radius_m=5),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_any_xml_is_shapes_or_a_mistake(pieces):
    found = outcome(kml.read, f"<kml>{''.join(pieces)}</kml>".encode())
    assert isinstance(found, Mistake) or found.shapes or found.refused
