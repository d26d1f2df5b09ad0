"""AIXM messages: airspace is read as GML means it; what is written holds what it must.

The structures are those of AIXM's and Digital NOTAM's public samples; the places are made up.
"""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.gateways import aixm
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Corridor,
    Datum,
    Polygon,
    contains,
    covers,
    from_degrees,
    parse_band,
)
from tests.gateways.areas import AIR, area, holds, volume, volumes
from tests.space.truth import Make

NM_CM = 185_200
SRS = 'srsName="urn:ogc:def:crs:EPSG::4326"'
BOX = "52.0 5.0 52.0 6.0 53.0 6.0 53.0 5.0 52.0 5.0"
GEODESIC = f"<gml:GeodesicString><gml:posList>{BOX}</gml:posList></gml:GeodesicString>"


def ring(*segments, side="exterior"):
    body = "".join(segments)
    return (
        f"<gml:{side}><gml:Ring><gml:curveMember><gml:Curve><gml:segments>{body}"
        f"</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:{side}>"
    )


def surface(*rings, srs=SRS):
    body = "".join(rings)
    return (
        f"<aixm:Surface {srs}><gml:patches><gml:PolygonPatch>{body}</gml:PolygonPatch>"
        "</gml:patches></aixm:Surface>"
    )


def limits(
    upper='<aixm:upperLimit uom="FL">245</aixm:upperLimit>'
    "<aixm:upperLimitReference>STD</aixm:upperLimitReference>",
    lower='<aixm:lowerLimit uom="FT">3500</aixm:lowerLimit>'
    "<aixm:lowerLimitReference>MSL</aixm:lowerLimitReference>",
):
    return upper + lower


def component(shape=None, levels=None, operation="BASE", projection="horizontalProjection"):
    inside = surface(ring(GEODESIC)) if shape is None else shape
    return (
        "<aixm:geometryComponent><aixm:AirspaceGeometryComponent>"
        f"<aixm:operation>{operation}</aixm:operation><aixm:theAirspaceVolume>"
        f"<aixm:AirspaceVolume>{limits() if levels is None else levels}"
        f"<aixm:{projection}>{inside}</aixm:{projection}>"
        "</aixm:AirspaceVolume></aixm:theAirspaceVolume></aixm:AirspaceGeometryComponent>"
        "</aixm:geometryComponent>"
    )


def period(start="2026-03-01T00:00:00Z", end="2026-04-01T00:00:00Z"):
    return (
        f"<gml:TimePeriod><gml:beginPosition>{start}</gml:beginPosition>"
        f"<gml:endPosition>{end}</gml:endPosition></gml:TimePeriod>"
    )


def slice_(*parts, kind="BASELINE", valid=None, sequence=1, correction=0, name="DONLON EXERCISE"):
    inside = period() if valid is None else valid
    return (
        f"<aixm:timeSlice><aixm:AirspaceTimeSlice><gml:validTime>{inside}</gml:validTime>"
        f"<aixm:interpretation>{kind}</aixm:interpretation>"
        f"<aixm:sequenceNumber>{sequence}</aixm:sequenceNumber>"
        f"<aixm:correctionNumber>{correction}</aixm:correctionNumber>"
        f"<aixm:designator>EAD4</aixm:designator><aixm:name>{name}</aixm:name>{''.join(parts)}"
        "</aixm:AirspaceTimeSlice></aixm:timeSlice>"
    )


def airspace(*slices):
    return (
        f"<message:hasMember><aixm:Airspace>{''.join(slices)}</aixm:Airspace></message:hasMember>"
    )


def message(*members):
    return (
        '<message:AIXMBasicMessage xmlns:message="http://www.aixm.aero/schema/5.1.1/message" '
        'xmlns:aixm="http://www.aixm.aero/schema/5.1.1" xmlns:event="http://www.aixm.aero/'
        'schema/5.1.1/event" xmlns:gml="http://www.opengis.net/gml/3.2" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/'
        f'XMLSchema-instance">{"".join(members)}</message:AIXMBasicMessage>'
    ).encode()


def simple(shape=None, levels=None, **more):
    """Return a message of one airspace with a baseline."""
    return message(airspace(slice_(component(shape, levels), **more)))


def only(raw):
    reading = aixm.read(raw)
    assert reading.refused == 0, reading.faults
    (shape,) = reading.shapes
    return shape


def refused(raw):
    reading = aixm.read(raw)
    assert reading.shapes == ()
    (fault,) = reading.faults
    return fault


def test_a_baseline_is_an_area_with_its_limits_and_how_long_it_holds():
    shape = only(simple())
    assert shape.name == "EAD4 DONLON EXERCISE"
    assert isinstance(shape.outline, Polygon)
    assert shape.outline.exterior[0] == from_degrees(52.0, 5.0)
    assert shape.outline.margin_cm == 0
    assert shape.band == parse_band("3500 ft AMSL-FL245")
    assert shape.window is not None
    assert str(shape.window.start)[:10] == "2026-03-01"


def test_axes_are_those_of_the_system_that_is_named():
    lon_first = surface(
        ring(GEODESIC.replace(BOX, "5.0 52.0 6.0 52.0 6.0 53.0 5.0 53.0 5.0 52.0")),
        srs='srsName="urn:ogc:def:crs:OGC:1.3:CRS84"',
    )
    assert only(simple(lon_first)).outline == only(simple()).outline


def test_a_circle_stays_a_circle():
    segment = (
        '<gml:CircleByCenterPoint numArc="1"><gml:pos>52.5 5.5</gml:pos>'
        '<gml:radius uom="NM">10</gml:radius></gml:CircleByCenterPoint>'
    )
    shape = only(simple(surface(ring(segment))))
    assert shape.outline == Circle(centre=from_degrees(52.5, 5.5), radius_cm=10 * NM_CM)


def arc(start, end, radius=10):
    return (
        '<gml:ArcByCenterPoint numArc="1"><gml:pos>52.0 5.0</gml:pos>'
        f'<gml:radius uom="NM">{radius}</gml:radius><gml:startAngle uom="deg">{start}'
        f'</gml:startAngle><gml:endAngle uom="deg">{end}</gml:endAngle></gml:ArcByCenterPoint>'
    )


def line(*places):
    text = " ".join(f"{p.lat_deg:.7f} {p.lon_deg:.7f}" for p in places)
    return f"<gml:GeodesicString><gml:posList>{text}</gml:posList></gml:GeodesicString>"


@pytest.mark.parametrize(("start", "end"), [(300, 420), (60, -60)])
def test_an_arc_runs_the_way_in_which_its_bearing_grows_and_is_held(start, end):
    centre = from_degrees(52.0, 5.0)
    first, last = (Make.reach(52.0, 5.0, azimuth, 18_520) for azimuth in (start, end))
    outline = only(
        simple(surface(ring(line(centre, first), arc(start, end), line(last, centre))))
    ).outline
    for azimuth in range(-59, 60, 7):
        assert contains(outline, Make.reach(52.0, 5.0, azimuth, 18_519.9))
    assert not contains(outline, Make.reach(52.0, 5.0, 0, 18_560))
    assert not contains(outline, Make.reach(52.0, 5.0, 180, 1_000))


def test_a_line_string_is_straight_in_longitude_and_latitude_and_is_held():
    text = "60.0 0.0 60.0 10.0 62.0 10.0 62.0 0.0 60.0 0.0"
    straight = f"<gml:LineStringSegment><gml:posList>{text}</gml:posList></gml:LineStringSegment>"
    outline = only(simple(surface(ring(straight)))).outline
    # The geodesic along the southern edge bows 12 km to the north of the parallel.
    assert contains(outline, from_degrees(60.0, 5.0))
    assert not contains(outline, from_degrees(59.99, 5.0))
    geodesic = only(simple(surface(ring(straight.replace("LineStringSegment", "GeodesicString")))))
    assert not contains(geodesic.outline, from_degrees(60.0, 5.0))


def test_holes_are_holes_and_patches_are_areas_of_their_own():
    hole = GEODESIC.replace(BOX, "52.4 5.4 52.6 5.4 52.6 5.6 52.4 5.6 52.4 5.4")
    outline = only(simple(surface(ring(GEODESIC), ring(hole, side="interior")))).outline
    assert isinstance(outline, Polygon)
    assert len(outline.holes) == 1
    two = surface(ring(GEODESIC)).replace(
        "</gml:patches>",
        f"<gml:PolygonPatch>{ring(hole)}</gml:PolygonPatch></gml:patches>",
    )
    assert len(aixm.read(simple(two)).shapes) == 2


def test_a_centreline_with_its_width_is_a_corridor():
    curve = (
        f"<aixm:Curve {SRS}><gml:segments><gml:GeodesicString><gml:posList>52.0 5.0 53.0 6.0"
        "</gml:posList></gml:GeodesicString></gml:segments></aixm:Curve>"
    )
    levels = limits() + '<aixm:width uom="KM">10</aixm:width>'
    outline = only(simple(curve, levels, name="X").replace(
        b"horizontalProjection", b"centreline")).outline  # fmt: skip
    assert isinstance(outline, Corridor)
    assert outline.width_cm == 1_000_000


LEVELS = [
    ('uom="FT">UNL', "", 'uom="FT">GND', "", None),
    ('uom="FL">245', "", 'uom="FT">0', "SFC", "SFC-FL245"),
    ('uom="FT">2500', "SFC", 'uom="FT">500', "SFC", "152.4 m AGL-762 m AGL"),
    ('uom="M">3000', "STD", 'uom="SM">120', "STD", None),
    ('uom="M">900', "W84", 'uom="M">-50', "W84", "-50 m HAE-900 m HAE"),
]


@pytest.mark.parametrize(("high", "above", "low", "over", "band"), LEVELS, ids=range(len(LEVELS)))
def test_limits_say_what_they_are_measured_from(high, above, low, over, band):
    def one(which, text, reference):
        said = f"<aixm:{which}LimitReference>{reference}</aixm:{which}LimitReference>"
        return f"<aixm:{which}Limit {text}</aixm:{which}Limit>" + (said if reference else "")

    found = only(simple(None, one("upper", high, above) + one("lower", low, over))).band
    assert found is not None
    if band is not None:
        assert found == parse_band(band)
    elif "UNL" in high:
        assert (found.lower.datum, found.upper.value_cm) == (Datum.SURFACE, 10_000_000)
    else:
        assert found == Band(
            lower=Altitude(datum=Datum.FL, value_cm=120_000),
            upper=Altitude(datum=Datum.FL, value_cm=300_000),
        )


def sheet(**fields):
    body = "".join(
        f"<aixm:{name}>{text}</aixm:{name}>"
        for name, text in ({"timeReference": "UTC"} | fields).items()
    )
    return f"<aixm:timeInterval><aixm:Timesheet>{body}</aixm:Timesheet></aixm:timeInterval>"


def activation(*parts, status="ACTIVE"):
    return (
        f"<aixm:activation><aixm:AirspaceActivation>{''.join(parts)}"
        f"<aixm:status>{status}</aixm:status></aixm:AirspaceActivation></aixm:activation>"
    )


def test_a_temporary_activation_takes_the_baseline_s_geometry_and_its_own_hours_and_levels():
    levels = limits(lower=LOWER_SFC)
    layer = f"<aixm:levels><aixm:AirspaceLayer>{levels}</aixm:AirspaceLayer></aixm:levels>"
    active = slice_(
        activation(sheet(day="ANY", startTime="07:00", endTime="17:00"), layer),
        kind="TEMPDELTA",
        valid=period("2026-03-10T06:00:00Z", "2026-03-12T12:00:00Z"),
    )
    reading = aixm.read(message(airspace(slice_(component()), active)))
    assert [f"{s.window.start!s:.16} {s.window.end!s:.16}" for s in reading.shapes if s.window] == [
        "2026-03-10T07:00 2026-03-10T17:00",
        "2026-03-11T07:00 2026-03-11T17:00",
        "2026-03-12T07:00 2026-03-12T12:00",
    ]
    assert reading.shapes[0].band == parse_band("SFC-FL245")
    assert any("temporary changes are given" in note for note in reading.notes)


LOWER_SFC = (
    '<aixm:lowerLimit uom="FT">0</aixm:lowerLimit>'
    "<aixm:lowerLimitReference>SFC</aixm:lowerLimitReference>"
)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"day": "MON", "startTime": "08:00", "endTime": "16:00"}, 5),
        ({"day": "MON", "dayTil": "FRI", "startTime": "08:00", "endTime": "16:00"}, 5),
        ({"day": "ANY", "startDate": "03-03", "endDate": "07-03", "startTime": "08:00",
          "endTime": "09:00"}, 5),
        ({"day": "ANY", "startTime": "22:00", "endTime": "04:00"}, 32),
        ({}, 1),
    ],
)  # fmt: skip
def test_timesheets_are_written_out(fields, count):
    raw = message(airspace(slice_(component(), activation(sheet(**fields)))))
    assert len(aixm.read(raw).shapes) == count


def test_of_two_slices_of_one_number_the_later_correction_holds():
    first = slice_(component(), kind="TEMPDELTA")
    second = slice_(
        component(),
        kind="TEMPDELTA",
        correction=1,
        valid=period("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"),
    )
    window = only(message(airspace(second, first))).window
    assert window is not None
    assert str(window.start)[:10] == "2026-03-05"


def test_what_was_withdrawn_and_what_is_not_active_is_left_out_and_said():
    gone = "<aixm:timeSlice><aixm:AirspaceTimeSlice><gml:validTime nilReason=\"inapplicable\"/>" \
        "<aixm:interpretation>TEMPDELTA</aixm:interpretation></aixm:AirspaceTimeSlice>" \
        "</aixm:timeSlice>"  # fmt: skip
    reading = aixm.read(message(airspace(slice_(component()), gone)))
    assert len(reading.shapes) == 1
    assert any("withdrawn" in note for note in reading.notes)
    idle = slice_(component(), activation(status="INACTIVE"), kind="TEMPDELTA")
    fault = refused(message(airspace(idle)))
    assert fault.code == "area_missing"


def test_an_area_that_may_be_activated_is_brought_in_without_a_window():
    always = slice_(component(), activation(status="AVBL_FOR_ACTIVATION"))
    reading = aixm.read(message(airspace(always)))
    assert reading.shapes[0].window is None
    assert any("from when to when" in note for note in reading.notes)


def test_floor_and_ceiling_are_the_airspace_s_own():
    layer = (
        "<aixm:levels><aixm:AirspaceLayer><aixm:upperLimit>CEILING</aixm:upperLimit>"
        "<aixm:lowerLimit>FLOOR</aixm:lowerLimit></aixm:AirspaceLayer></aixm:levels>"
    )
    assert only(message(airspace(slice_(component(), activation(layer))))).band == parse_band(
        "3500 ft AMSL-FL245"
    )


def test_a_message_behind_its_data_set_is_of_the_same_airspace():
    identifier = '<gml:identifier codeSpace="urn:uuid:">89091a45</gml:identifier>'
    always = airspace(identifier, slice_(component(), activation(status="INACTIVE")))
    change = slice_(
        activation(),
        kind="TEMPDELTA",
        valid=period("2026-03-10T06:00:00Z", "2026-03-12T12:00:00Z"),
    )
    bare = change.replace("<aixm:designator>EAD4</aixm:designator>", "")
    shape = only(message(always, airspace(identifier, bare)))
    assert shape.name == "EAD4 DONLON EXERCISE"
    assert shape.window is not None
    assert str(shape.window.start)[:10] == "2026-03-10"
    alone = refused(message(airspace(identifier, bare)))
    assert (alone.code, "data set" in alone.suggestion) == ("area_missing", True)


def test_joined_volumes_are_areas_and_what_is_subtracted_is_covered_and_said():
    raw = message(
        airspace(slice_(component(), component(operation="UNION"), component(operation="SUBTR")))
    )
    reading = aixm.read(raw)
    assert len(reading.shapes) == 2
    assert any("subtracted" in loss for loss in reading.lost)


def test_events_are_said():
    event = (
        "<message:hasMember><event:Event><event:timeSlice><event:EventTimeSlice>"
        "<event:name>Activation of EAD4</event:name></event:EventTimeSlice></event:timeSlice>"
        "</event:Event></message:hasMember>"
    )
    reading = aixm.read(message(airspace(slice_(component())), event))
    assert any("Activation of EAD4" in note for note in reading.notes)


def test_an_open_validity_is_no_window():
    valid = period(end="").replace(
        "<gml:endPosition>", '<gml:endPosition indeterminatePosition="unknown">'
    )
    reading = aixm.read(simple(valid=valid))
    assert reading.shapes[0].window is None
    assert any("open" in note for note in reading.notes)


def geodesic(text):
    return surface(ring(GEODESIC.replace(BOX, text)))


WRONG = [
    (simple(surface(ring(GEODESIC), srs="")), "crs_missing", "EPSG::4326"),
    (simple(surface(ring(GEODESIC), srs='srsName="urn:ogc:def:crs:EPSG::4230"')),
     "datum_other", "converted"),
    (simple(geodesic("152.0 5.0 152.0 6.0 153.0 6.0 152.0 5.0")), "out_of_range", "5 152"),
    (simple(geodesic("52.0 5.0 52.0 6.0 53.0 6.0")), "ring_open", "52 5"),
    (simple(geodesic("52.0 5.0 53.0 6.0 52.0 6.0 53.0 5.0 52.0 5.0")), "self_crossing", "swap"),
    (simple(geodesic("52.0 5.0 52.0")), "coordinate", ""),
    (simple(geodesic("52.0 five")), "coordinate", ""),
    (simple(None, limits(upper='<aixm:upperLimit uom="FT">5000</aixm:upperLimit>')),
     "altitude_datum_missing", "MSL"),
    (simple(None, limits(upper='<aixm:upperLimit>5000</aixm:upperLimit>')),
     "altitude_unit_missing", "FT"),
    (simple(None, limits(upper="")), "limit_missing", ""),
    (simple(None, limits(upper='<aixm:upperLimit uom="FT">100</aixm:upperLimit>'
     "<aixm:upperLimitReference>MSL</aixm:upperLimitReference>")), "band_inverted", "lower 100"),
    (simple(valid=period("2026-03-01T00:00:00", "2026-04-01T00:00:00Z")),
     "time_without_zone", "Z"),
    (simple(valid=period("2026-05-01T00:00:00Z")), "window_inverted", "2026-04-01"),
    (simple("<aixm:Surface/>"), "crs_missing", "4326"),
    (message(airspace(slice_(component(), activation(sheet(day="HOL"))))),
     "schedule_holidays", "days"),
    (message(airspace(slice_(component(), activation(sheet(startEvent="SR"))))),
     "schedule_sun", "UTC"),
    (message(airspace(slice_(component(), activation(sheet(timeReference="UTC+2"))))),
     "time_without_zone", "UTC"),
    (message(airspace(slice_(component(), kind="WHATEVER"))), "aixm_interpretation", ""),
    (message(airspace(slice_())), "area_missing", ""),
    (simple().replace(b"<aixm:horizontalProjection>",
     b'<aixm:contributorAirspace xlink:href="#x"/><aixm:horizontalProjection>'),
     "geometry_elsewhere", "itself"),
    (simple().replace(b"<gml:curveMember>", b'<gml:curveMember xlink:href="#border">'),
     "geometry_elsewhere", "border"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "code", "suggestion"), WRONG, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRONG)]
)
def test_what_is_wrong_has_its_own_message_its_place_and_what_was_meant(raw, code, suggestion):
    fault = refused(raw)
    assert fault.code == code
    assert fault.spot is not None
    assert suggestion in fault.suggestion


def test_a_bad_airspace_is_refused_with_its_line_and_the_rest_are_kept():
    bad = airspace(slice_(component(geodesic("52.0 5.0\n152.0 6.0\n53.0 6.0\n52.0 5.0"))))
    raw = message(airspace(slice_(component())), "\n", bad, airspace(slice_(component())))
    reading = aixm.read(raw)
    assert len(reading.shapes) == 2
    (fault,) = reading.faults
    assert fault.item == "airspace EAD4 DONLON EXERCISE"
    assert fault.spot is not None
    assert (fault.spot.line, fault.spot.column) == (3, 1)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"<a>", "file_unreadable"),
        (message(), "file_empty"),
        (b'<!DOCTYPE k [<!ENTITY a "aa">]><k>&a;</k>', "xml_forbidden"),
    ],
)
def test_a_bad_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        aixm.read(raw)
    assert caught.value.code == code


@given(volumes(data=(*AIR, Datum.ELLIPSOIDAL)))
@settings(max_examples=50, deadline=None)
def test_a_message_read_again_contains_what_was_declared(one):
    written = aixm.write([area(one)])
    (shape,) = aixm.read(written.raw).shapes
    assert holds(shape, one)


def test_a_message_is_well_formed_with_ids_of_its_own_and_nothing_of_parties():
    circle = volume(Make.circle(36.8, 126.8, 5_000))
    one = area(circle, volume(Make.ngon(36.8, 126.8, 5_000, 5)))
    raw = aixm.write([one, one]).raw
    root = ET.fromstring(raw)
    ids = [e.get("{http://www.opengis.net/gml/3.2}id") for e in root.iter()]
    named = [each for each in ids if each is not None]
    assert len(named) == len(set(named))
    assert len(root.findall(".//{http://www.aixm.aero/schema/5.1.1}Airspace")) == 4
    for word in (one.party, one.link, one.activity, one.label, one.id):
        assert word.lower().encode() not in raw.lower()
    assert aixm.read(raw).shapes[0].outline == circle.outline


def test_what_a_message_cannot_say_is_said():
    deep = Altitude(datum=Datum.DEPTH, value_cm=5_000)
    circle = Make.circle(36.8, 126.8, 5_000)
    written = aixm.write([area(volume(circle, deep, deep), volume(circle, deep))])
    assert any("wholly under water" in loss for loss in written.lost)
    assert any("begins at its surface" in loss for loss in written.lost)
    (shape,) = aixm.read(written.raw).shapes
    assert covers(shape.outline, circle)


@pytest.mark.parametrize("name", ["x.aixm", "x.xml", "x"])
def test_a_file_is_known_by_its_ending_or_its_content(name):
    assert gateways.read(name, simple()).format == "aixm"
