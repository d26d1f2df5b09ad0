"""Airspace control means: what public guides show is read; what is written holds what it must."""

import pytest
from hypothesis import given, settings

from clearline import gateways
from clearline.gateways import acm
from clearline.space import (
    Altitude,
    Circle,
    Corridor,
    Datum,
    Polygon,
    contains,
    from_degrees,
    parse_band,
)
from tests.gateways.areas import area, holds, volume, volumes
from tests.space.truth import Make

NM_CM = 185_200
# The header is the example of a public guide to orders, the shapes those of openly published
# tools; times have been given their zone.
HEAD = """OPER/COBRA GOLD 07/C2WS/ATOTRNG/-//
MSGID/ACO/C2WS/705401/FEB/CHG/02//
ACOID/COBRA GOLD AO/23B//
GEODATUM/WGS 1984//
PERIOD/230600ZFEB2007/240559ZFEB2007//
"""


def means(
    shape="CIRCLE/LATS:151000N0590900E/150KM//",
    level="EFFLEVEL/FLFL:FL100-FL230//",
    period="APERIOD/DISCRETE/231530ZFEB/231730ZFEB//",
    name="RP1",
):
    kind = shape.split("/")[0]
    return f"ACMID/ACM:ROZ/NAME:{name}/{kind}/USE:ROZ//\n{shape}\n{level}\n{period}\n"


def read(text, head=HEAD):
    return acm.read((head + text).encode())


def only(text, head=HEAD):
    """Return the only shape of a text."""
    reading = read(text, head)
    assert reading.refused == 0, reading.faults
    (shape,) = reading.shapes
    return shape


def test_a_circle_with_levels_and_a_period_takes_the_order_s_year():
    shape = only(means())
    assert shape.name == "RP1"
    assert shape.outline == Circle(centre=from_degrees(15 + 1 / 6, 59.15), radius_cm=15_000_000)
    assert shape.band == parse_band("FL100-FL230")
    assert shape.window is not None
    assert str(shape.window.start) == "2007-02-23T15:30:00.000Z"
    assert str(shape.window.end) == "2007-02-23T17:30:00.000Z"


def test_minutes_and_seconds_may_be_mixed_where_each_position_says_which_it_is():
    shape = only(
        means("POLYGON/LATM:2037N05943E/LATS:204400N0594300E/LATM:2048N05952E/LATM:2037N05943E//")
    )
    assert isinstance(shape.outline, Polygon)
    assert len(shape.outline.exterior) == 3


def test_a_corridor_is_as_wide_as_its_first_field():
    shape = only(means("CORRIDOR/5NM/LATS:151000N0590900E/LATM:1610N06010E//"))
    assert isinstance(shape.outline, Corridor)
    assert shape.outline.width_cm == 5 * NM_CM


def test_an_arc_and_corners_hold_all_that_they_bound():
    shape = only(
        means("POLYARC/LATM:1510N05901E/160T/30NM/330T/LATS:155000N0591343E/LATS:155000N0594815E//")
    )
    for azimuth in range(160, 331, 7):
        rim = Make.reach(15 + 10 / 60, 59 + 1 / 60, azimuth, 55_559)
        assert contains(shape.outline, rim)
    assert not contains(shape.outline, Make.reach(15 + 10 / 60, 59 + 1 / 60, 245, 55_700))
    assert contains(shape.outline, from_degrees(15 + 50 / 60, 59.5))
    assert not contains(shape.outline, Make.reach(15 + 10 / 60, 59 + 1 / 60, 110, 54_000))


@pytest.mark.parametrize("inner", ["150KM", "0KM", "-"])
def test_a_sector_runs_clockwise_between_its_bearings_and_radii(inner):
    shape = only(means(f"RADARC/151000N0590900E/170T/050T/{inner}/350KM//"))
    for azimuth in (171, 270, 49):
        assert contains(shape.outline, Make.reach(15 + 1 / 6, 59.15, azimuth, 349_900))
    assert not contains(shape.outline, Make.reach(15 + 1 / 6, 59.15, 110, 250_000))
    near = Make.reach(15 + 1 / 6, 59.15, 270, 100_000)
    assert contains(shape.outline, near) is (inner != "150KM")


def test_a_race_track_to_one_side_is_held_on_both_and_that_is_said():
    centred = only(means("AORBIT/LATS:151000N0590900E/LATM:1610N06010E/40NM/C//"))
    assert isinstance(centred.outline, Corridor)
    assert centred.outline.width_cm == 40 * NM_CM
    reading = read(means("AORBIT/LATS:151000N0590900E/LATM:1610N06010E/40NM/L//"))
    outline = reading.shapes[0].outline
    assert isinstance(outline, Corridor)
    assert outline.width_cm == 80 * NM_CM
    assert any("both sides" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("RAFL:070AMSL-FL280", "7000 ft AMSL-FL280"),
        ("BRRA:GL-220AMSL", "SFC-22000 ft AMSL"),
        ("RARA:005AGL-015AMSL", "152.4 m AGL-1500 ft AMSL"),
        ("RAFL:100AGL-FL600", "3048 m AGL-FL600"),
        ("RARA:500FTAMSL-2500FTAMSL", "500 ft AMSL-2500 ft AMSL"),
    ],
)
def test_heights_are_hundreds_of_feet_unless_they_say_feet(text, band):
    assert only(means(level=f"EFFLEVEL/{text}//")).band == parse_band(band)


@pytest.mark.parametrize(
    ("period", "count"),
    [
        ("APERIOD/INTERVAL/230800ZFEB2007/270800ZFEB2007/DAILY/6HR//", 4),
        ("APERIOD/INTERVAL/230800ZFEB2007/020800ZMAR2007/WEEKDAYS/90MIN//", 5),
        ("APERIOD/INTERVAL/230800ZFEB2007/020800ZMAR2007/MON WED FRI/6HR//", 3),
        ("APERIOD/DISCRETE/230800ZFEB/230900ZFEB//APERIOD/DISCRETE/231000ZFEB/231100ZFEB//", 2),
    ],
)
def test_intervals_are_written_out(period, count):
    assert len(read(means(period=period)).shapes) == count


def test_a_period_over_the_turn_of_the_year_needs_no_year():
    head = HEAD.replace("230600ZFEB2007/240559ZFEB2007", "310600ZDEC2026/010559ZJAN2027")
    window = only(means(period="APERIOD/DISCRETE/312200ZDEC/010200ZJAN//"), head).window
    assert window is not None
    assert (str(window.start)[:16], str(window.end)[:16]) == (
        "2026-12-31T22:00",
        "2027-01-01T02:00",
    )


def test_a_military_zone_is_converted():
    window = only(means(period="APERIOD/DISCRETE/231530BFEB/231730BFEB//")).window
    assert window is not None
    assert str(window.start)[:16] == "2007-02-23T13:30"


def test_without_a_period_of_its_own_the_order_s_is_taken_and_that_is_said():
    reading = read(means(period=""))
    assert str(reading.shapes[0].window.start)[:16] == "2007-02-23T06:00"  # type: ignore[union-attr]
    assert any("PERIOD is taken" in note for note in reading.notes)


def test_until_further_notice_is_no_window():
    reading = read(means(period="APERIOD/DISCRETE/270001ZFEB/UFN//"))
    assert reading.shapes[0].window is None
    assert any("no end" in note for note in reading.notes)


WRONG = [
    (means("CIRCLE/LATS:151000N0590900E/150//"), "unit_missing", 7, "150NM"),
    (means("CIRCLE/LATS:1510N05909E/150KM//"), "coordinate_forms", 7, "cut off"),
    (means("CIRCLE/LATS:15100N0590900E/150KM//"), "digits", 7, "digit"),
    (means("CIRCLE/LATS:0590900E151000N/150KM//"), "position_unreadable", 7, ""),
    (means("CIRCLE/HILL 42/150KM//"), "position_unreadable", 7, ""),
    (means("CIRCLE/LATS:151000N0590900E//"), "set_short", 7, ""),
    (means("CIRCLE/LATS:151000N0590900E/150KM/LATS:151000N0600900E//"), "set_long", 7, ""),
    (means("APOINT/LATS:151000N0590900E//"), "geometry_unknown", 7, ""),
    (means("RADARC/151000N0590900E/170M/050T/1KM/350KM//"), "bearing_not_true", 7, "170T"),
    (means("RADARC/151000N0590900E/170T/050T/400KM/350KM//"), "radii_inverted", 7, ""),
    (means("POLYGON/LATM:2037N05943E/LATM:2038N05944E/LATM:2038N05943E/LATM:2037N05944E//"),
     "self_crossing", 7, "swap"),
    (means("POLYARC/LATM:1510N05901E/330T/30NM/160T/LATS:155000N0594815E/LATS:155000N0591343E//"),
     "self_crossing", 7, "bearings swapped"),
    (means(level="EFFLEVEL/RARA:100-200//"), "altitude_datum_missing", 8, "100AMSL"),
    (means(level="EFFLEVEL/RARA:5000AMSL-6000AMSL//"), "altitude_unreadable", 8, "5000FTAMSL"),
    (means(level="EFFLEVEL/FLFL:FL230-FL100//"), "band_inverted", 8, "FL100 to FL230"),
    (means(level="EFFLEVEL/FL100//"), "band_unreadable", 8, ""),
    (means(period="APERIOD/DISCRETE/231530FEB/231730ZFEB//"), "time_without_zone", 9, "231530ZFEB"),
    (means(period="APERIOD/DISCRETE/231530ZFEB/231430ZFEB//"), "window_inverted", 9, "14:30"),
    (means(period="APERIOD/DISCRETE/301530ZFEB/301730ZFEB//"), "time_unreadable", 9, ""),
    (means(period="APERIOD/INTERVAL/230800ZFEB/270800ZFEB/YEARLY/6HR//"),
     "schedule_unreadable", 9, "DISCRETE"),
    ("ACMID/ACM:ROZ/NAME:RP1/CIRCLE/USE:ROZ//\n", "area_missing", 6, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "suggestion"), WRONG, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRONG)]
)
def test_what_is_wrong_has_its_own_message_its_line_and_what_was_meant(
    text, code, line, suggestion
):
    reading = read(means(name="GOOD") + text)
    assert {shape.name for shape in reading.shapes} == {"GOOD"}
    (fault,) = reading.faults
    assert (fault.item, fault.code) == ("RP1", code)
    assert fault.spot is not None
    assert fault.spot.line == line + 4  # behind a good one
    assert suggestion in fault.suggestion


def test_another_datum_and_a_message_without_a_year_are_refused():
    other = read(means(), HEAD.replace("WGS 1984", "ED50"))
    assert [fault.code for fault in other.faults] == ["datum_other"]
    undated = read(means(), "MSGID/ACO/C2WS//\n")
    assert [fault.code for fault in undated.faults] == ["year_missing"]


@given(volumes())
@settings(max_examples=50, deadline=None)
def test_a_request_read_again_contains_what_was_declared(one):
    written = acm.write([area(one)])
    (shape,) = acm.read(written.raw).shapes
    assert holds(shape, one)


def test_a_request_says_whose_business_ordering_is_and_nothing_of_parties():
    one = area(volume(Make.circle(36.8, 126.8, 5_000)))
    text = acm.write([one]).raw.decode()
    assert text == (
        "MSGID/ACMREQ/PROPOSAL//\n"
        "GEODATUM/W84//\n"
        "PERIOD/271200ZNOV2026/271500ZNOV2026//\n"
        "AMPN/PROPOSAL ONLY. THE AIRSPACE CONTROL AUTHORITY ORDERS AND NAMES MEANS//\n"
        "ACMID/ACM:ROZ/NAME:AREA 1/CIRCLE/USE:ROZ//\n"
        "CIRCLE/LATS:364800N1264800E/5022M//\n"
        "EFFLEVEL/BRFL:GL-FL100//\n"
        "APERIOD/DISCRETE/271200ZNOV2026/271500ZNOV2026//\n"
    )


def test_what_a_request_cannot_say_is_said():
    deep = Altitude(datum=Datum.DEPTH, value_cm=5_000)
    high = Altitude(datum=Datum.AMSL, value_cm=4_000_000)
    circle = Make.circle(36.8, 126.8, 5_000)
    written = acm.write([area(volume(circle, deep, deep), volume(circle, None, high))])
    assert any("wholly under water" in loss for loss in written.lost)
    assert any("99,900 ft" in loss for loss in written.lost)


@pytest.mark.parametrize("name", ["x.aco", "x.acm", "x.txt", "x"])
def test_a_file_is_known_by_its_ending_or_its_content(name):
    assert gateways.read(name, (HEAD + means()).encode()).format == "acm"
