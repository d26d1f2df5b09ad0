"""Notices to airmen: real ones are read as they are meant; what is written holds what it must.

The notices are public; each is typed from where its docstring or comment says, without remarks.
"""

import re

import pytest
from hypothesis import given, settings

from clearline import gateways
from clearline.basis.instants import HOUR_MS, Instant
from clearline.gateways import notam
from clearline.gateways.reading import Spot
from clearline.space import (
    Altitude,
    Circle,
    Corridor,
    Datum,
    Polygon,
    covers,
    from_degrees,
    horizontal_cm,
    parse_band,
    parse_position,
    positions,
)
from tests.gateways.areas import START, area, holds, volume, volumes
from tests.space.truth import WGS84, Make

NM_CM = 185_200

# Seoul, 10 June 2025, as the FAA's public NOTAM search gives it.
CIRCLE = """(E1816/25 NOTAMN
Q) RKRR/QRTCA/IV/BO/W/020/040/3649N12648E004
A) RKRR B) 2506301500 C) 2509301459
E) TEMPO RESTRICTED AREA ACT AS FLW
A CIRCLE RADIUS 3.5NM CENTERED ON 364844N1264748E
F) 2000FT AMSL G) 4000FT AMSL)
CREATED: 10 Jun 2025 11:24:00
SOURCE: RKRRYNYX
"""
# Bucharest; a corridor for military flights.
CORRIDOR = """A0001/26 NOTAMN
Q) LRBB/QRRCA/IV/BO/W/205/275/4514N02721E112
A) LRBB B) 2601100600 C) 2601101400
E) TEMPORARY RESERVED AREA. MIL FLT WI AREA BOUNDED BY 5NM EITHER SIDE OF
LINE: 460253N0250514E-442446N0293646E. FLT COOR BTN CIV AND MIL ATC.
F) FL205 G) FL275
"""
# Sapporo; two areas in one notice.
TWO = """A0002/26 NOTAMN
Q) RJJJ/QWMLW/IV/BO/W/000/030/4324N14235E005
A) RJJJ B) 2601100000 C) 2601122359 D) DAILY 0000-0800
E) WEAPON FIRING WI AREA BOUNDED BY: 432645N1423327E 432522N1423519E
432452N1423420E 432645N1423327E AND 432245N1423327E 432122N1423519E
432052N1423420E 432245N1423327E
F) SFC G) 3000FT AMSL
"""
# Cheju, May 2026: every corner has its number.
NUMBERED = """E0003/26 NOTAMN
Q) RKRR/QWULW/IV/BO/W/000/005/3459N12623E001
A) RKRR B) 2605040100 C) 2605040900
E) WIP IN AREA BOUNDED BY
 1. 345839.64N 1262251.89E
 2. 345839.64N 1262300.25E
 3. 345833.09N 1262300.25E
 4. 345833.09N 1262252.99E
 5. 345833.51N 1262252.24E
 6. 345839.64N 1262251.89E
F) SFC G) 500FT AGL
"""


def notice(e="WI 2NM RADIUS OF 500000N0080000E", **items):
    """Return a notice with some of its items changed; None leaves one out."""
    all_items = {
        "Q": "EDGG/QWPLW/IV/M/W/000/130/5000N00800E005",
        "A": "EDGG",
        "B": "2601010000",
        "C": "2602010000",
        "D": None,
        "E": e,
        "F": "SFC",
        "G": "FL130",
    } | items
    lines = [f"{letter}) {text}" for letter, text in all_items.items() if text is not None]
    return "B0001/26 NOTAMN\n" + "\n".join(lines)


def read(text):
    return notam.read(text.encode())


def said(reading):
    """Return all that a reading says beside its shapes, as one text."""
    return "; ".join((*reading.lost, *reading.notes))


def only(text):
    """Return the only fault of a text from which nothing is kept."""
    reading = read(text)
    assert reading.shapes == ()
    (fault,) = reading.faults
    return fault


def test_a_circle_is_read_with_its_limits_and_times():
    (shape,) = read(CIRCLE).shapes
    assert shape.name == "E1816/25"
    assert shape.outline == Circle(
        centre=from_degrees(36 + 48 / 60 + 44 / 3_600, 126 + 47 / 60 + 48 / 3_600),
        radius_cm=round(3.5 * NM_CM),
    )
    assert shape.band == parse_band("2000 ft AMSL-4000 ft AMSL")
    assert shape.window is not None
    assert str(shape.window.start) == "2025-06-30T15:00:00.000Z"
    assert str(shape.window.end) == "2025-09-30T14:59:00.000Z"


def test_a_corridor_is_as_wide_on_either_side_as_it_says():
    (shape,) = read(CORRIDOR).shapes
    assert isinstance(shape.outline, Corridor)
    assert shape.outline.width_cm == 10 * NM_CM
    assert len(shape.outline.points) == 2
    assert shape.band == parse_band("FL205-FL275")


def test_rings_that_close_are_areas_of_their_own_each_at_each_time():
    shapes = read(TWO).shapes
    assert [shape.name for shape in shapes] == ["A0002/26 area 1"] * 3 + ["A0002/26 area 2"] * 3
    assert all(len(positions(shape.outline)) == 3 for shape in shapes)
    assert horizontal_cm(shapes[0].outline, shapes[3].outline) > 100_000
    assert [str(shape.window.start)[:13] for shape in shapes[:3] if shape.window] == [
        "2026-01-10T00",
        "2026-01-11T00",
        "2026-01-12T00",
    ]


def test_a_number_before_every_position_numbers_corners():
    (shape,) = read(NUMBERED).shapes
    assert isinstance(shape.outline, Polygon)
    assert len(shape.outline.exterior) == 5


def test_an_arc_is_held_by_the_polygon_that_it_becomes():
    # Centre and ends are from geographiclib: 5 NM from 53N 002W, from due east to due south.
    e = (
        "AREA BOUNDED BY 530000N0020000W - 525959N0015141W THENCE CLOCKWISE BY THE ARC OF A "
        "CIRCLE RADIUS 5NM CENTRED ON 530000N0020000W TO 525500N0020000W"
    )
    reading = read(notice(e, Q="EGTT/QRTCA/IV/BO/W/000/130/5258N00156W010"))
    assert "up to 5 m further" in said(reading)
    (shape,) = reading.shapes
    assert isinstance(shape.outline, Polygon)
    for azimuth in range(95, 180, 5):
        rim = Make.reach(53.0, -2.0, azimuth, 9_259.9)
        assert covers(shape.outline, Circle(centre=rim, radius_cm=100)) or (
            horizontal_cm(shape.outline, Circle(centre=rim, radius_cm=100)) == 0
        )
    beyond = Circle(centre=Make.reach(53.0, -2.0, 135, 9_260 + 60), radius_cm=100)
    assert horizontal_cm(shape.outline, beyond) > 0


def test_a_notice_without_positions_is_the_circle_of_its_q_line_and_says_so():
    reading = read(notice("PJE WILL TAKE PLACE AT AIRFIELD"))
    (shape,) = reading.shapes
    assert shape.outline == Circle(centre=from_degrees(50, 8), radius_cm=5 * NM_CM)
    assert "circle of its Q line" in said(reading)


def test_levels_of_the_q_line_stand_in_for_f_and_g_and_that_is_said():
    reading = read(notice(F=None, G=None))
    assert reading.shapes[0].band == parse_band("SFC-FL130")
    assert "levels of its Q line" in said(reading)


def test_what_a_notice_replaces_and_an_estimated_end_are_said():
    text = notice(C="2602010000 EST").replace("NOTAMN", "NOTAMR B0009/25")
    reading = read(text)
    assert len(reading.shapes) == 1
    assert "replaces B0009/25" in said(reading)
    assert "EST" in said(reading)


@pytest.mark.parametrize("end", ["PERM", "UFN", "2912312359"])
def test_a_notice_without_an_end_or_with_one_years_away_has_no_window(end):
    reading = read(notice(C=end))
    assert reading.shapes[0].window is None
    assert "from when to when" in said(reading)


def test_what_is_excluded_is_covered_and_that_is_said():
    e = (
        "AREA BOUNDED BY 495500N0075000E 500500N0075000E 500500N0081000E 495500N0075000E "
        "EXCLUDING AREA WI 1NM RADIUS OF 500000N0080000E"
    )
    reading = read(notice(e))
    assert len(reading.shapes) == 1
    assert "excluded" in said(reading)


def test_items_may_be_named_within_the_text_of_item_e():
    e = "AREA A) WI 2NM RADIUS OF 500000N0080000E. SEE B) AND F) OF THE AIP"
    (shape,) = read(notice(e)).shapes
    assert shape.band == parse_band("SFC-FL130")


@pytest.mark.parametrize("name", ["x.notam", "x.txt", "x"])
def test_a_file_of_notices_is_known_by_its_ending_or_its_content(name):
    assert gateways.read(name, CIRCLE.encode()).format == "notam"


@pytest.mark.parametrize(
    "e",
    [
        "WI 1.5NM RADIUS 500000N 0080000E",
        "PSN 5000N00800E RADIUS 1.5NM",
        "FIREWORKS WILL TAKE PLACE AS FLW : A CIRCLE RADIUS 1.5NM CENTERED ON 500000N0080000E",
        "PJE WI 1.5NM OF N500000 E0080000",
        "1. PSN : 500000N0080000E\n2. RADIUS : 1.5NM",
        "UNMANNED ACFT WI A RADIUS OF 1.5 NAUTICAL MILES CENTRED ON 500000.0N 0080000.0E (XY)",
    ],
)
def test_a_circle_is_read_however_it_is_said(e):
    (shape,) = read(notice(e)).shapes
    assert shape.outline == Circle(centre=from_degrees(50, 8), radius_cm=277_800)


def test_notices_without_headings_are_told_apart_by_their_q_lines():
    text = CIRCLE.splitlines(keepends=True)
    reading = read("".join(text[1:]) + "".join(text[1:]))
    assert [shape.name for shape in reading.shapes] == ["notice 1", "notice 2"]


WRONG = [
    (notice("WI 2 RADIUS OF 500000N0080000E"), "unit_missing", 6, "NM"),
    (notice("WI 2 MILES OF 500000N0080000E"), "unit_unclear", 6, "NM"),
    (notice("WI 2NM RADIUS OF 50000N0080000E"), "digits", 6, "digit"),
    (notice("WI 2NM RADIUS OF 5000N0080000E"), "forms_mixed", 6, "cut off"),
    (notice("WI 2NM RADIUS OF 0080000E500000N"), "coordinate_swapped", 6, "500000N 0080000E"),
    (notice("WI 2NM RADIUS OF 50000\n0N0080000E"), "forms_mixed", 7, "500000N"),
    (notice("WI 2NM RADIUS OF 506000N0080000E"), "sixty", 6, ""),
    (notice("WI 2NM RADIUS OF 500000N"), "coordinate_half", 6, ""),
    (notice("WI 2NM RADIUS OF 510000N0080000E"), "notam_elsewhere", 6, "changed digit"),
    (notice("500000N0080000E 500100N0080000E 500000N0080100E"), "coordinates_unexplained", 6, "B"),
    (notice("ALONG LINE 500000N0080000E 500100N0080000E"), "width_missing", 6, "EITHER SIDE"),
    (
        notice("AREA BOUNDED BY 500000N0080000E 500100N0080000E 5000N00801E"),
        "coordinate_forms",
        6,
        "cut off",
    ),
    (
        notice("AREA BOUNDED BY 500000N0080000E 500200N0080300E 500200N0080000E 500000N0080300E"),
        "self_crossing",
        6,
        "",
    ),
    (
        notice("1. WI 2NM RADIUS OF XYZ VOR. 2. WI 2NM RADIUS OF 500000N0080000E"),
        "geometry_unread",
        6,
        "",
    ),
    (
        notice(
            "AREA BOUNDED BY 500000N0080000E 500500N0080000E THEN ARC RADIUS 5NM CENTRED ON "
            "500000N0080000E TO 500000N0080746E"
        ),
        "arc_direction",
        6,
        "",
    ),
    (
        notice(
            "AREA BOUNDED BY 500000N0080000E 500300N0080000E THEN CLOCKWISE ARC RADIUS 5NM "
            "CENTRED ON 500000N0080000E TO 500000N0080746E"
        ),
        "arc_radius",
        6,
        "",
    ),
    (notice(G="3000FT"), "altitude_datum_missing", 8, "AMSL"),
    (notice(G="3000 AMSL"), "altitude_unit_missing", 8, "3000FT"),
    (notice(F="FL200"), "band_inverted", 7, "FL130"),
    (notice(G=None), "limit_missing", 7, ""),
    (notice(G="THE SKY"), "altitude_unreadable", 8, ""),
    (notice(C="2512010000"), "window_inverted", 5, "from 2025-12-01"),
    (notice(C="260201"), "time_unreadable", 5, ""),
    (notice(C="2602300000"), "time_unreadable", 5, ""),
    (notice(C=None), "time_missing", 1, ""),
    (notice(D="SR-SS"), "schedule_sun", 6, "UTC"),
    (notice(D="0800-1600 LT"), "time_without_zone", 6, "UTC"),
    (notice(D="HOL 0800-1600"), "schedule_holidays", 6, "dates"),
    (notice(D="MAR 05 0800-1600"), "schedule_outside", 6, ""),
    (notice(D="WHENEVER"), "schedule_unreadable", 6, ""),
    (notice(Q="EDGG/QWPLW/IV/M/W/000/130/5000N00800E"), "notam_q", 2, ""),
    (notice(Q="EDGG/QWPLW/IV/M/W/130/000/5000N00800E005"), "band_inverted", 2, "000/130"),
    (notice("NO PLACE", Q="EDGG/QWPLW/IV/M/W/000/130/5000N00800E999"), "area_missing", 6, ""),
    (notice().replace("NOTAMN", "NOTAMC B0009/25"), "notice_cancels", 1, "B0009/25"),
]


@pytest.mark.parametrize(
    ("text", "code", "line", "suggestion"), WRONG, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRONG)]
)
def test_what_is_wrong_has_its_own_message_its_line_and_what_was_meant(
    text, code, line, suggestion
):
    fault = only(text)
    assert (fault.code, fault.item) == (code, "B0001/26")
    assert fault.spot is not None
    assert fault.spot.line == line
    assert suggestion in fault.suggestion
    assert not fault.phrase.endswith(".")


def test_a_bad_notice_is_refused_and_the_rest_are_kept():
    reading = read(CIRCLE + notice(G="3000FT") + "\n" + CORRIDOR)
    assert [shape.name for shape in reading.shapes] == ["E1816/25", "A0001/26"]
    (fault,) = reading.faults
    assert fault.spot == Spot(line=16, column=4)


SCHEDULES = [
    ("DAILY 0600-1800", 14, "2025-12-28T06:00", "2025-12-28T18:00"),
    ("MON-FRI 0700-1200 1300-1600", 20, "2025-12-29T07:00", "2025-12-29T12:00"),
    ("DEC 30 31 JAN 02 04-05 0800-1600", 5, "2025-12-30T08:00", "2025-12-30T16:00"),
    ("2200-0500", 13, "2025-12-28T22:00", "2025-12-29T05:00"),
    ("SAT SUN H24", 3, "2025-12-28T06:00", "2025-12-29T00:00"),
    ("FRI-MON 0000-2400", 3, "2025-12-28T06:00", "2025-12-30T00:00"),
    ("DEC 30-JAN 02 0800-1600", 4, "2025-12-30T08:00", "2025-12-30T16:00"),
    ("DEC 30 2000-JAN 02 0400", 1, "2025-12-30T20:00", "2026-01-02T04:00"),
    ("28 2000-30 0400", 1, "2025-12-28T20:00", "2025-12-30T04:00"),
    ("JAN 05 0800-1000, 07 0900-1000", 2, "2026-01-05T08:00", "2026-01-05T10:00"),
    ("MON-FRI 0800-0900 EXC HOL", 10, "2025-12-29T08:00", "2025-12-29T09:00"),
    ("H24", 1, "2025-12-28T06:00", "2026-01-10T18:00"),
]


@pytest.mark.parametrize(("text", "count", "start", "end"), SCHEDULES)
def test_a_schedule_is_written_out_over_the_turn_of_the_year(text, count, start, end):
    shapes = read(notice(B="2512280600", C="2601101800", D=text)).shapes
    assert len(shapes) == count
    window = shapes[0].window
    assert window is not None
    assert (str(window.start)[:16], str(window.end)[:16]) == (start, end)


@given(volumes())
@settings(max_examples=60, deadline=None)
def test_a_proposal_read_again_contains_what_was_declared(one):
    written = notam.write([area(one)])
    (shape,) = notam.read(written.raw).shapes
    assert holds(shape, one)


def test_a_proposal_is_well_formed_and_says_whose_business_publishing_is():
    text = notam.write([area(volume(Make.circle(36.8, 126.8, 5_000)))]).raw.decode()
    assert "ONLY THE AERONAUTICAL INFORMATION SERVICE" in text
    assert re.search(
        r"\(A0000/26 NOTAMN\n"
        r"Q\) ZZZZ/QXXXX/IV/BO/W/000/100/3648N12648E003\n"
        r"A\) ZZZZ B\) 2611271200 C\) 2611271500\n"
        r"E\) ACTIVITY WILL TAKE PLACE WI 2\.8NM RADIUS OF\n"
        r"364800N1264800E\n"
        r"F\) SFC G\) FL100\)\n",
        text,
    )
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_q_line_s_circle_holds_the_whole_area():
    for lat, lon in ((60.4, 5.3), (-33.99, 179.98), (0.004, 0.004)):
        outline = Make.ngon(lat, lon, 30_000, 5, 11.0)
        text = notam.write([area(volume(outline))]).raw.decode()
        found = re.search(r"(\d{4}[NS])(\d{5}[EW])(\d{3})\n", text)
        assert found is not None
        centre = parse_position(f"{found[1]} {found[2]}").position
        for corner in positions(outline):
            metres = WGS84.Inverse(centre.lat_deg, centre.lon_deg, corner.lat_deg, corner.lon_deg)[
                "s12"
            ]
            assert metres <= int(found[3]) * 1_852


def test_nothing_of_parties_links_or_labels_is_in_a_proposal():
    one = area(volume(Make.circle(36.8, 126.8, 5_000)))
    text = notam.write([one]).raw.decode().lower()
    for word in (one.party, one.link, one.activity, one.label, one.id):
        assert word.lower() not in text


def test_what_a_notam_cannot_say_is_said():
    deep = Altitude(datum=Datum.DEPTH, value_cm=5_000)
    written = notam.write(
        [
            area(volume(Make.circle(36.8, 126.8, 5_000), deep)),
            area(volume(Make.circle(36.8, 126.8, 5_000), deep, deep)),
        ]
    )
    assert any("wholly under water" in loss for loss in written.lost)
    assert any("begins at its surface" in loss for loss in written.lost)
    assert len(notam.read(written.raw).shapes) == 1


def test_a_long_notice_of_many_corners_stays_within_its_limit():
    outline = Make.ngon(40.0, 20.0, 200_000, 400)
    text = notam.write([area(volume(outline))]).raw.decode()
    assert len(re.findall(r"\d{6}N\d{7}E", text)) <= 81
    (shape,) = notam.read(text.encode()).shapes
    assert covers(shape.outline, outline)


def test_a_window_is_written_in_whole_minutes_outward():
    one = volume(Make.circle(36.8, 126.8, 5_000))
    odd = type(one.window)(start=START.after(1), end=START.after(HOUR_MS + 1))
    text = notam.write([area(type(one)(outline=one.outline, band=one.band, window=odd))]).raw
    assert b"B) 2611271200 C) 2611271301" in text
    assert Instant.parse("2026-11-27T12:00:00.000Z") == START
