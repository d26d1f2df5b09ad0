"""Warnings to mariners: real ones are read as they are meant; what is written holds what it must.

The warnings are public; each comment says whose they are. Coordinates are shortened in number.
"""

import math
import re

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline import gateways
from clearline.gateways import navwarn
from clearline.space import (
    Circle,
    Corridor,
    Polygon,
    contains,
    covers,
    from_degrees,
    parse_position,
    positions,
)
from tests.gateways.areas import SEAS, area, holds, outlines, volume, volumes
from tests.space.test_rounding import samples
from tests.space.truth import Make

NM_CM = 185_200
BOX = "IN AREA BOUNDED BY\n28-38N 080-37W, 28-38N 080-32W,\n28-37N 080-23W."

# NGA, March 2026; two areas, hours past midnight on ten days.
NORWEGIAN_SEA = """HYDROARC 34/26(43).
NORWEGIAN SEA.
NORWAY.
DNC 21, DNC 22.
1. HAZARDOUS OPERATIONS, ROCKET LAUNCHING
   1930Z TO 0100Z DAILY 06 THRU 15 MAR
   IN AREAS BOUND BY:
   A. 71-01.00N 011-54.00E, 69-45.00N 014-19.00E,
      70-10.00N 016-21.00E, 70-40.00N 016-53.00E,
      71-21.00N 016-05.00E.
   B. 69-24.00N 015-47.00E, 69-16.00N 015-56.00E,
      69-17.00N 016-06.00E, 69-25.00N 016-05.00E.
2. CANCEL THIS MSG 160200Z MAR 26.
"""
# NGA, April 2023; alternates, of which only the last names the month.
FLORIDA = """NAVAREA IV 418/23(11,26).
WESTERN NORTH ATLANTIC.
FLORIDA.
1. HAZARDOUS OPERATIONS, ROCKET LAUNCHING
   191218Z TO 191647Z APR, ALTERNATE
   201153Z TO 201622Z, 211128Z TO 211556Z,
   221102Z TO 221531Z, 231037Z TO 231506Z,
   241012Z TO 241441Z AND 250947Z TO 251416Z APR
   IN AREAS BOUND BY:
   A. 28-38.47N 080-37.31W, 28-38.00N 080-32.00W,
      28-37.00N 080-23.00W, 28-20.00N 079-55.00W.
   B. 26-26.00N 076-00.00W, 25-40.00N 074-06.00W,
      25-24.00N 073-52.00W, 26-03.00N 076-00.00W.
2. CANCEL NAVAREA IV 414/23.
3. CANCEL THIS MSG 251516Z APR 23.
EASTERN RANGE 0/23 141502Z APR 23.
"""
# Turkish Naval Hydrographic Office, November 2025.
AEGEAN = """TURNHOS N/W : 0382/25
AEGEAN SEA
1. GUNNERY EXERCISE, ON 21 NOV 25 FROM 0500Z TO 0900Z IN AREA BOUNDED BY:
38 45.00 N - 025 21.00 E
38 45.00 N - 024 52.00 E
38 18.00 N - 024 52.00 E
38 18.00 N - 025 21.00 E
CAUTION ADVISED.
"""


def warning(when="FROM 230400 UTC TO 240400 UTC NOV", where=BOX, head="NAVAREA IX 88/26\n"):
    return f"{head}{when}\n{where}\n"


def read(text):
    return navwarn.read(text.encode())


def spans(text):
    """Return the windows of a text, as minutes."""
    reading = read(text)
    assert reading.refused == 0, reading.faults
    return [
        f"{shape.window.start!s:.16} {shape.window.end!s:.16}"
        for shape in reading.shapes
        if shape.window
    ]


def test_two_areas_on_ten_nights_are_twenty_shapes():
    reading = read(NORWEGIAN_SEA)
    assert len(reading.shapes) == 20
    assert {shape.name for shape in reading.shapes} == {
        "HYDROARC 34/26 area 1",
        "HYDROARC 34/26 area 2",
    }
    assert [str(shape.window.start)[:16] for shape in reading.shapes[:2] if shape.window] == [
        "2026-03-06T19:30",
        "2026-03-07T19:30",
    ]
    assert all(shape.band is None for shape in reading.shapes)
    assert any("no heights" in note for note in reading.notes)


def test_alternates_take_the_month_that_the_list_names_and_what_is_cancelled_is_said():
    reading = read(FLORIDA)
    assert len(reading.shapes) == 14
    starts = sorted({str(shape.window.start)[:16] for shape in reading.shapes if shape.window})
    assert (starts[0], starts[1], starts[-1]) == (
        "2023-04-19T12:18",
        "2023-04-20T11:53",
        "2023-04-25T09:47",
    )
    assert any("cancels NAVAREA IV 414/23" in note for note in reading.notes)


def test_blanks_between_degrees_minutes_and_letters_are_read():
    (shape,) = read(AEGEAN).shapes
    assert isinstance(shape.outline, Polygon)
    assert contains(shape.outline, from_degrees(38.5, 25.0))
    assert spans(AEGEAN) == ["2025-11-21T05:00 2025-11-21T09:00"]


def test_edges_are_rhumb_lines_and_the_outline_holds_them():
    # Along the parallel of 60 degrees; the geodesic between its ends bows 14 km to the north.
    where = "IN AREA BOUNDED BY 60-00.00N 010-00.00W, 60-00.00N 002-00.00W, 58-00.00N 006-00.00W."
    (shape,) = read(warning(where=where)).shapes
    assert contains(shape.outline, from_degrees(59.9999, -6.0))
    assert not contains(shape.outline, from_degrees(60.01, -6.0))
    south = where.replace("58-00.00N", "62-00.00N")
    (shape,) = read(warning(where=south)).shapes
    assert contains(shape.outline, from_degrees(60.0001, -6.0))


def test_miles_are_nautical_and_may_be_words():
    where = "WITHIN TWO MILES OF 28-38N 080-37W."
    (shape,) = read(warning(where=where)).shapes
    assert shape.outline == Circle(
        centre=parse_position("28 38N 080 37W").position, radius_cm=2 * NM_CM
    )
    where = "WITHIN 2 MILES OF LINE JOINING 28-38N 080-37W AND 28-38N 080-36W."
    (shape,) = read(warning(where=where)).shapes
    assert isinstance(shape.outline, Corridor)
    assert 4 * NM_CM <= shape.outline.width_cm <= 4 * NM_CM + 2_100


HOURS = [
    ("FROM 230400 UTC TO 240400 UTC NOV", ["2026-11-23T04:00 2026-11-24T04:00"]),
    ("230400Z NOV TO 240400Z NOV 27", ["2027-11-23T04:00 2027-11-24T04:00"]),
    ("300400Z DEC TO 020400Z JAN 27", ["2026-12-30T04:00 2027-01-02T04:00"]),
    ("300400Z TO 020400Z JAN 27", ["2026-12-30T04:00 2027-01-02T04:00"]),
    ("301600Z TO 302000Z, 311600Z TO 312000Z AND 011600Z TO 012000Z AUG", [
        "2026-07-30T16:00 2026-07-30T20:00",
        "2026-07-31T16:00 2026-07-31T20:00",
        "2026-08-01T16:00 2026-08-01T20:00",
    ]),
    ("011234 UTC DEC 21 THRU 100713 UTC MAR 22", ["2021-12-01T12:34 2022-03-10T07:13"]),
    ("0600 UTC 21 NOV TO 1800 UTC 23 NOV 25", ["2025-11-21T06:00 2025-11-23T18:00"]),
    ("ON 21 NOV 25 FROM 0500Z TO 0900Z", ["2025-11-21T05:00 2025-11-21T09:00"]),
    ("DAILY 0400Z TO 1400Z, 01 TO 02 MAR", [
        "2026-03-01T04:00 2026-03-01T14:00",
        "2026-03-02T04:00 2026-03-02T14:00",
    ]),
    ("0400Z TO 1400Z DAILY 31 DEC THRU 01 JAN 27", [
        "2026-12-31T04:00 2026-12-31T14:00",
        "2027-01-01T04:00 2027-01-01T14:00",
    ]),
    ("230400 UTC TO 241400 UTC NOV, DAILY 0400Z TO 1400Z", [
        "2026-11-23T04:00 2026-11-23T14:00",
        "2026-11-24T04:00 2026-11-24T14:00",
    ]),
    ("0400Z TO 1400Z 01 THRU 03 MAR", ["2026-03-01T04:00 2026-03-03T14:00"]),
    ("121606Z TO 121854Z NOV, ALTERNATE 131606Z TO 131854Z AND 1607Z TO 1854Z DAILY\n"
     "14 THRU 15 NOV", [
        "2026-11-12T16:06 2026-11-12T18:54",
        "2026-11-13T16:06 2026-11-13T18:54",
        "2026-11-14T16:07 2026-11-14T18:54",
        "2026-11-15T16:07 2026-11-15T18:54",
    ]),
    ("230400B TO 240400B NOV", ["2026-11-23T02:00 2026-11-24T02:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("when", "expected"), HOURS, ids=range(len(HOURS)))
def test_hours_are_read_in_every_form_and_over_the_turn_of_month_and_year(when, expected):
    assert spans(warning(when)) == expected


def test_a_day_without_its_year_is_nearest_to_the_date_on_which_the_message_ends():
    text = warning("280400Z DEC TO 030400Z JAN") + "CANCEL THIS MSG 030500Z JAN 27."
    assert spans(text) == ["2026-12-28T04:00 2027-01-03T04:00"]


@pytest.mark.parametrize("when", ["IN PROGRESS", "IN PROGRESS UNTIL 311200 UTC DEC 26"])
def test_a_warning_without_a_beginning_has_no_window_and_says_so(when):
    reading = read(warning(when))
    assert reading.shapes[0].window is None
    assert any("from when to when" in note for note in reading.notes)


WRONG = [
    (warning("FROM 230400 TO 240400 NOV"), "time_without_zone", 2, "Z"),
    (warning("DAILY 0400 TO 1400 LOCAL 01 THRU 02 MAR"), "time_without_zone", 2, "UTC"),
    (warning("DAILY 0400 TO 1400 01 THRU 02 MAR"), "time_without_zone", 2, "Z"),
    (warning("0400 TO 1400"), "time_without_zone", 2, "Z"),
    (warning("FROM 230400Z TO 240400Z NOV", head=""), "year_missing", 1, "NOV 26"),
    (warning("FROM 230400Z TO 240400Z"), "month_missing", 2, "NOV 26"),
    (warning("DAILY 0400Z TO 1400Z"), "days_missing", 1, "THRU"),
    (warning("AT 0400Z"), "times_unread", 2, "TO"),
    (warning("FROM 310400Z TO 310500Z NOV"), "time_unreadable", 2, ""),
    (warning("FROM 232500Z TO 240500Z NOV"), "time_unreadable", 2, ""),
    (warning("FROM 240400Z TO 240300Z NOV"), "window_inverted", 2, "from 2026-11-24T03"),
    (warning(where="WITHIN 2 MILES OF 28-38-10N 080-37W."), "forms_mixed", 3, "cut off"),
    (warning(where=BOX.replace("080-23W", "080-23-10W").replace("28-37N", "28-37-00N")),
     "coordinate_forms", 5, "cut off"),
    (warning(where="WITHIN 2 OF 28-38N 080-37W."), "unit_missing", 3, "NM"),
    (warning(where="ALONG TRACKLINE JOINING 28-38N 080-37W AND 28-37N 080-37W."),
     "width_missing", 3, "EITHER SIDE"),
    (warning(where="DERELICT ADRIFT IN 28-38N 080-37W."), "area_missing", 1, "BOUNDED BY"),
    (warning(where="CANCEL NAVAREA IX 12/26."), "notice_cancels", 1, "12/26"),
    (warning(where="WITHIN 5 MILES OF THE LIGHT. " + BOX), "geometry_unread", 3, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "suggestion"), WRONG, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRONG)]
)
def test_what_is_wrong_has_its_own_message_its_line_and_what_was_meant(
    text, code, line, suggestion
):
    reading = read(text)
    assert reading.shapes == ()
    (fault,) = reading.faults
    assert fault.code == code
    assert fault.spot is not None
    assert fault.spot.line == line
    assert suggestion in fault.suggestion


def test_messages_of_a_broadcast_are_told_apart_and_a_bad_one_leaves_the_rest():
    text = (
        "ZCZC LA88\n201000 UTC NOV 25\nLIMNOS RADIO NAVWARN 245/25\n"
        f"FROM 230400 UTC TO 240400 UTC NOV {BOX}\nNNNN\n"
        "ZCZC LA89\n201000 UTC NOV 25\nLIMNOS RADIO NAVWARN 246/25\nAT 0400Z WITHIN 5 MILES OF "
        "38-30N 025-20E\nNNNN\n" + AEGEAN
    )
    reading = read(text)
    assert [shape.name for shape in reading.shapes] == [
        "LIMNOS RADIO NAVWARN 245/25",
        "TURNHOS N/W : 0382/25",
    ]
    (fault,) = reading.faults
    assert (fault.item, fault.code) == ("LIMNOS RADIO NAVWARN 246/25", "times_unread")
    assert fault.spot is not None
    assert fault.spot.line == 11


@given(volumes(SEAS))
@settings(max_examples=60, deadline=None)
def test_a_proposal_read_again_contains_what_was_declared(one):
    written = navwarn.write([area(one)])
    (shape,) = navwarn.read(written.raw).shapes
    assert holds(shape, one, bands=False)


def mercator(place):
    """Return x and y on a chart of the ellipsoid on which rhumb lines are straight."""
    e = math.sqrt(0.0066943799901413165)
    sine = math.sin(math.radians(place.lat_deg))
    return place.lon_deg % 360, math.degrees(math.atanh(sine) - e * math.atanh(e * sine))


@given(
    outlines([(35.0, 30.0), (69.0, 20.0), (-55.0, 70.0)]),
    st.lists(st.floats(0, 1), min_size=3, max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_what_a_mariner_plots_from_a_proposal_holds_the_whole_area(outline, parts):
    text = navwarn.write([area(volume(outline))]).raw.decode()
    found = [
        parse_position(each.replace("-", " ")).position
        for each in re.findall(r"\d\d-\d\d\.\d\d[NS] \d{3}-\d\d\.\d\d[EW]", text)
    ]
    if len(found) == 1:
        return
    plotted = shapely.Polygon([mercator(place) for place in found])
    assert plotted.is_valid
    for point in samples(outline, parts):
        assert plotted.covers(shapely.Point(mercator(point)))


def test_a_proposal_is_phrased_as_mariners_read_it_and_says_whose_business_sending_is():
    text = navwarn.write([area(volume(Make.circle(12.575, 45.1117, 5_000)))]).raw.decode()
    assert "ONLY THE COORDINATOR" in text
    assert re.search(
        r"NAVIGATIONAL WARNING 0000/26\n"
        r"1\. HAZARDOUS OPERATIONS\n"
        r"   271200 UTC NOV 26 TO 271500 UTC NOV 26\n"
        r"   WITHIN 2\.8 MILES OF 12-34\.50N 045-06\.70E\.\n"
        r"2\. CANCEL THIS MSG 271500 UTC NOV 26\.\n",
        text,
    )


def test_a_large_area_is_drawn_with_few_corners_whose_rhumb_lines_hold_it():
    outline = Make.ngon(62.0, 5.0, 400_000, 5)
    text = navwarn.write([area(volume(outline))]).raw.decode()
    assert len(re.findall(r"\d\d-\d\d\.\d\dN", text)) <= 60
    (shape,) = navwarn.read(text.encode()).shapes
    assert covers(shape.outline, outline)
    assert len(positions(shape.outline)) >= 5


def test_nothing_of_parties_links_or_labels_is_in_a_proposal():
    one = area(volume(Make.circle(36.8, 126.8, 5_000)))
    text = navwarn.write([one]).raw.decode().lower()
    for word in (one.party, one.link, one.activity, one.label, one.id):
        assert word.lower() not in text


def test_what_a_warning_cannot_say_is_said():
    near_pole = area(volume(Make.ngon(86.0, 10.0, 50_000, 5)))
    written = navwarn.write([near_pole])
    assert any("no heights" in loss for loss in written.lost)
    assert any("near to a pole" in loss for loss in written.lost)
    assert b"WARNING 0000" not in written.raw


@pytest.mark.parametrize("name", ["x.navwarn", "x.txt", "x"])
def test_a_file_is_known_by_its_ending_or_its_content(name):
    assert gateways.read(name, AEGEAN.encode()).format == "navwarn"
