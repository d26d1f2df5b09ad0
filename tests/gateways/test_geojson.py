"""GeoJSON files: what is right becomes shapes, what is wrong is refused where it stands."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.gateways import geojson
from clearline.gateways.shape import MAX_FEATURES
from clearline.space import Circle, Corridor, Polygon, contains, from_degrees, parse_band
from tests.space.truth import outcome

BOX = [[40, 35], [41, 35], [41, 36], [40, 36], [40, 35]]
HOLE = [[40.4, 35.4], [40.6, 35.4], [40.6, 35.6], [40.4, 35.4]]


def feature(kind, coordinates, **properties):
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_polygons_points_and_lines_become_outlines():
    shapes = geojson.read(
        collection(
            feature("Polygon", [BOX, HOLE], name="box"),
            feature("Point", [40, 35, 900], radius_m=1500.5),
            feature("LineString", [[40, 35], [41, 35]], width_m="2000"),
        )
    ).shapes
    box, dot, line = (shape.outline for shape in shapes)
    assert shapes[0].name == "box"
    assert isinstance(box, Polygon)
    assert len(box.holes) == 1
    assert dot == Circle(centre=from_degrees(35, 40), radius_cm=150_050)
    assert isinstance(line, Corridor)
    assert 200_000 <= line.width_cm <= 202_000
    assert contains(line, from_degrees(35, 40.5))


def test_edges_that_are_straight_on_the_map_are_held_by_the_outline():
    """In latitude 60, the parallel of 800 km lies 12 km aside of the geodesic."""
    wide = [[10, 60], [24, 60], [24, 58], [10, 58], [10, 60]]
    reading = geojson.read(collection(feature("Polygon", [wide])))
    (shape,) = reading.shapes
    for lon in range(10, 25):
        for lat in (60, 58):
            assert contains(shape.outline, from_degrees(lat, lon))
    assert contains(shape.outline, from_degrees(59.9999, 17))
    assert not contains(shape.outline, from_degrees(60.001, 17))
    assert reading.notes == ("outlines reach up to 10 m further, to hold the edges as drawn",)


def test_a_hole_that_has_no_room_beside_the_true_edge_is_covered_and_said_to_be():
    wide = [[10, 60], [25, 60], [25, 65], [10, 65], [10, 60]]
    along = [[14, 60], [16, 60], [15, 61], [14, 60]]
    reading = geojson.read(collection(feature("Polygon", [wide, along])))
    (shape,) = reading.shapes
    assert contains(shape.outline, from_degrees(60.5, 15))
    assert reading.lost == ("1 hole, which is covered: too near an edge to hold it as drawn",)
    refused = geojson.read(collection(feature("Polygon", [wide, along], start="noon")))
    assert (refused.refused, refused.lost, refused.notes) == (1, (), ())


def test_altitudes_and_times_are_read_from_the_properties():
    (shape,) = geojson.read(
        json.dumps(
            feature(
                "Polygon",
                [BOX],
                lower="SFC",
                upper="FL180",
                start="2026-11-23T14:00:00Z",
                end="2026-11-23T16:00:00.500Z",
            )
        ).encode()
    ).shapes
    assert shape.band == parse_band("SFC-FL180")
    assert shape.window is not None
    assert shape.window.end == Instant.parse("2026-11-23T16:00:00.500Z")


def test_each_part_of_a_multi_geometry_is_a_shape():
    other = [[x + 2, y] for x, y in BOX]
    assert len(geojson.read(collection(feature("MultiPolygon", [[BOX], [other]]))).shapes) == 2


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (feature("Polygon", [BOX[:-1]]), "ring_open"),
        (feature("Polygon", []), "too_few_points"),
        (feature("Polygon", [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]), "self_crossing"),
        (feature("Point", [40, 35]), "radius_m_missing"),
        (feature("Point", [40, 35], radius_m="wide"), "radius_m_unreadable"),
        (feature("Point", [40, 35], radius_m=True), "radius_m_unreadable"),
        (feature("Point", [40, 95], radius_m=100), "out_of_range"),
        (feature("Point", ["40", 35], radius_m=100), "coordinate"),
        (feature("Point", 7, radius_m=100), "geojson"),
        (feature("LineString", [[40, 35], [41, 35]]), "width_m_missing"),
        (feature("Polygon", [BOX], lower="FL100"), "lower_upper"),
        (feature("Polygon", [BOX], lower="FL200", upper="FL100"), "band_inverted"),
        (feature("Polygon", [BOX], lower=1, upper=2), "altitude_unit_missing"),
        (feature("Polygon", [BOX], lower=[], upper="SFC"), "lower_unreadable"),
        (feature("Polygon", [BOX], start="now", end="later"), "time_unreadable"),
        (feature("Nonsense", []), "geometry_unknown"),
        ({"type": "Feature", "geometry": None}, "geojson"),
        (7, "geojson"),
    ],
)
def test_a_bad_feature_is_refused_by_its_number_and_the_rest_is_kept(bad, code):
    good = feature("Polygon", [BOX])
    reading = geojson.read(collection(good, bad, good))
    (fault,) = reading.faults
    assert (fault.item, fault.code) == ("feature 2", code)
    assert (len(reading.shapes), reading.refused) == (2, 1)


@pytest.mark.parametrize(
    ("bad", "there", "suggestion"),
    [
        (feature("Polygon", [BOX], name="é", lower=5000, upper="FL100"), "5000", "ft AMSL"),
        (feature("Point", [40, 95], radius_m=100), "[40, 95]", "swapped: 95, 40"),
        (feature("Point", [4456789.1, 4190000.5], radius_m=1), "[4456789.1", "EPSG:4326"),
        (feature("LineString", [[40, 35], [41, "x"]], width_m=5), '[41, "x"]', ""),
        (feature("Polygon", [BOX[:-1]]), "[[[40, 35]", "first position, 40, 35"),
        (
            feature("Polygon", [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]),
            "[[[0, 0]", "swap point 2, 1, 1, and point 3, 1, 0",
        ),
        (
            feature("Polygon", [BOX], lower="FL200", upper="FL100"),
            '"FL200"', "lower FL100, upper FL200",
        ),
        (
            feature("Polygon", [BOX], start="2026-11-23T14:00:00", end="2026-11-23T16:00:00Z"),
            '"2026-11-23T14', "2026-11-23T14:00:00Z, if it is in UTC",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_pointed_at_and_what_was_meant_is_said(bad, there, suggestion):
    text = '{"type": "FeatureCollection", "features": [\n  '
    text += f"{json.dumps(bad, ensure_ascii=False)}\n]}}"
    (fault,) = geojson.read(text.encode()).faults
    assert fault.spot is not None
    line = text.split("\n")[fault.spot.line - 1]
    assert line[fault.spot.column - 1 :].startswith(there)
    assert suggestion in fault.suggestion


def test_a_time_with_an_offset_is_the_instant_that_it_says():
    made = feature("Polygon", [BOX], start="2026-11-23T14:00:00+03:00", end="2026-11-23T14:00Z")
    (shape,) = geojson.read(collection(made)).shapes
    assert shape.window is not None
    assert str(shape.window.start) == "2026-11-23T11:00:00.000Z"


def test_what_a_shape_does_not_carry_is_said():
    made = feature("Polygon", [[[*point, 900] for point in BOX]], name="a", colour="red")
    assert geojson.read(collection(made)).lost == (
        "altitudes among the coordinates: GeoJSON gives them no datum",
        "the property colour",
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"{", "file_unreadable"),
        (b"\xff\xfe", "file_unreadable"),
        (b"[]", "geojson"),
        (b'{"type":"FeatureCollection","features":[]}', "file_empty"),
        (b'{"type":"FeatureCollection","features":[],"crs":{"name":"EPSG:3857"}}', "crs"),
        (
            b'{"type":"FeatureCollection","features":[' + b"1," * MAX_FEATURES + b"1]}",
            "too_many_features",
        ),
        (b"[" * 100_000, "geojson"),
        (b'{"features":' * 100_000, "file_unreadable"),
    ],
    ids=range(9),
)
def test_a_bad_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        geojson.read(raw)
    assert caught.value.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "features", "geometry", "coordinates", "properties", "radius_m"]
            ),
            inner
            | st.sampled_from(["Feature", "FeatureCollection", "Polygon", "Point", "LineString"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_shapes_or_a_mistake(value):
    found = outcome(geojson.read, json.dumps(value).encode())
    assert isinstance(found, Mistake) or found.shapes or found.refused


def test_a_file_that_is_begun_gives_each_shape_before_it_reads_the_next():
    bad = feature("Point", [10.0, 20.0], radius_m="wide")
    begun = geojson.begin(collection(feature("Polygon", [BOX]), bad, feature("Polygon", [BOX])))
    assert begun.most == 3
    shapes = iter(begun)
    _, origin = next(shapes)
    assert origin.item == "feature 1"
    assert len(list(shapes)) == 1
    whole = begun.done()
    assert (len(whole.shapes), whole.refused) == (2, 1)


@pytest.mark.parametrize("kind", ["MultiPolygon", "\\u004dultiPolygon"])
def test_what_a_file_has_at_most_is_known_with_all_the_parts_of_its_features(kind: str):
    made = json.loads(collection(feature("MultiPolygon", [[BOX], [BOX], [BOX]])))
    raw = json.dumps(made).replace("MultiPolygon", kind).encode()
    begun = geojson.begin(raw)
    assert begun.most == 3
    assert len(begun.done().shapes) == 3
    assert geojson.begin(raw.replace(b'"Feature"', b'"Nothing"')).most >= 1


def test_a_geometry_without_parts_is_refused_where_it_stands():
    found = geojson.read(
        collection(
            feature("Point", [40, 35], radius_m=100),
            feature("MultiPolygon", []),
            feature("Point", [41, 35], radius_m=100),
        )
    )
    assert len(found.shapes) == 2
    (fault,) = found.faults
    assert "no parts" in fault.phrase
