"""CoT: what a TAK device draws becomes shapes, and what is written is on pytak's wire."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytak
import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.gateways import Spot, cot
from clearline.space import Circle, Polygon, contains, from_degrees, parse_band
from tests.gateways.written import BOX, DOT, area, volume

HOURS = (
    'start="2026-11-23T12:00:00.12Z" stale="2026-11-24T12:00:00.12Z" time="2026-11-23T12:00:00Z"'
)
# As WinTAK and ATAK write them, typed from captures that users have published.
FREEFORM = f"""<event version="2.0" uid="2" type="u-d-f" {HOURS} how="h-e" access="Undefined">
  <point lat="50.105" lon="8.685" hae="83.14" ce="9999999" le="9999999" />
  <detail><contact callsign="AREA ONE" /><fillColor value="402718464" /><remarks />
    <link point="50.10000000,8.68000000,82,73679294" />
    <link point="50.11000000,8.68000000,81,92052089" />
    <link point="50.11000000,8.69000000,81,5" />
    <link point="50.10000000,8.68000000,82,73679294" />
  </detail></event>"""
CIRCLE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<event version="2.0" uid="3" type="u-d-c-c" {HOURS} how="h-g-i-g-o">
  <point lat="38.91531734" lon="-99.17975988" hae="9999999.0" ce="9999999.0" le="9999999.0" />
  <detail><shape><ellipse minor="346.23647" angle="360" major="346.23647" />
    <link uid="x.Style" type="b-x-KmlStyle" relation="p-c"><Style/></link></shape>
    <contact callsign="Circle 1" /></detail></event>"""
RECTANGLE = f"""<event version="2.0" uid="4" type="u-d-r" {HOURS} how="h-e">
  <point lat="38.90963393" lon="-99.20234887" hae="9999999.0" ce="9999999.0" le="9999999.0" />
  <detail><link point="38.91933019,-99.18464613" /><link point="38.91933019,-99.22005161" />
    <link point="38.89993498,-99.22004666" /><link point="38.89993498,-99.18465108" />
    <contact callsign="Rectangle 2" /></detail></event>"""
CONTACT = f'<event uid="1" type="a-f-G-U-C" {HOURS}><point lat="1" lon="1"/></event>'


def test_what_a_device_draws_becomes_shapes():
    reading = cot.read("\n".join((FREEFORM, CIRCLE, RECTANGLE, CONTACT)).encode())
    area_one, circle, rectangle = reading.shapes
    assert [each.name for each in reading.shapes] == ["AREA ONE", "Circle 1", "Rectangle 2"]
    assert isinstance(area_one.outline, Polygon)
    assert len(area_one.outline.exterior) == 3
    centre = from_degrees(38.91531734, -99.17975988)
    assert circle.outline == Circle(centre=centre, radius_cm=34_624)
    assert contains(rectangle.outline, from_degrees(38.91, -99.2))
    assert area_one.window is not None
    assert area_one.window.end == Instant.parse("2026-11-24T12:00:00.120Z")
    assert area_one.band is None
    assert any("a-f-G-U-C" in each for each in reading.lost)
    assert any("no band" in each for each in reading.lost)


@pytest.mark.parametrize(
    ("event", "code", "line", "suggestion"),
    [
        (FREEFORM.replace("50.11000000,8.69000000", "50.11000000,x"), "coordinate", 11, ""),
        (FREEFORM.replace("50.11000000,8.69000000", "118.6,50.1"), "out_of_range", 11, "swapped"),
        (FREEFORM.replace('stale="2026-11-24T12:00:00.12Z" ', ""), "cot", 6, ""),
        (FREEFORM.replace("24T12:00:00.12Z", "22T12:00:00Z"), "window_inverted", 6, "from 2026"),
        (FREEFORM.replace("24T12:00:00.12Z", "24T12:00:00"), "time_without_zone", 6, "UTC"),
        (
            FREEFORM.replace('    <link point="50.10000000,8.68000000,82,73679294" />\n  <', "  <"),
            "cot_open", 6, "close it",
        ),
        (CIRCLE.replace('major="346.23647"', 'major="wide"'), "coordinate", 9, ""),
        (CIRCLE.replace('346.23647"', '0"'), "radius_m_unreadable", 9, ""),
        (FREEFORM.replace("link", "lonk"), "geometry_unknown", 6, ""),
    ],
)  # fmt: skip
def test_a_bad_event_is_refused_where_it_is_wrong_and_the_others_are_kept(
    event, code, line, suggestion
):
    reading = cot.read("\n".join((RECTANGLE, event, RECTANGLE)).encode())
    (fault,) = reading.faults
    assert fault.code == code
    assert fault.spot is not None
    assert fault.spot.line == line
    assert suggestion in fault.suggestion
    assert len(reading.shapes) == 2


def test_a_fault_on_the_first_line_has_its_own_column():
    (fault,) = cot.read(b'<event uid="1" type="u-d-f"/>').faults
    assert fault.spot == Spot(line=1, column=1)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"<event", "file_unreadable"),
        (CONTACT.encode(), "file_empty"),
        (b'<!DOCTYPE e [<!ENTITY a "b">]><event/>', "xml_forbidden"),
    ],
)
def test_a_bad_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        cot.read(raw)
    assert caught.value.code in {code, "file_unreadable"}


def test_what_is_written_is_events_as_pytak_makes_them_and_keeps_its_band():
    written = gateways.write("cot", (area(volume(BOX), volume(DOT, "SFC-120 m AGL")),))
    events = [ET.fromstring(line) for line in written.raw.decode().splitlines()]
    own = ET.fromstring(pytak.gen_cot(lat=1, lon=2, uid="x", stale=60))
    for event in events:
        assert set(event.attrib) == set(own.attrib) - {
            "access",
            "qos",
            "opex",
            "caveat",
            "releasableTo",
        }
        point, want = event.find("point"), own.find("point")
        assert point is not None
        assert want is not None
        assert set(point.attrib) == set(want.attrib)
    assert [event.get("type") for event in events] == ["u-d-f", "u-d-c-c"]
    assert {event.get("uid", "")[:9] for event in events} == {"clearline"}
    assert cot.read(written.raw).shapes[1].band == parse_band("SFC-120 m AGL")
    assert any("holes" in each for each in written.lost)
