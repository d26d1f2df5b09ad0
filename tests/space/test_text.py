"""Positions as people write them: each form reads back, each mistake points at its character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.space import Form, Position, caret, from_degrees, parse_position, show_position
from tests.space.truth import outcome

ANCHORS = {
    "DEIR EZ-ZOR CITY": from_degrees(35.3333, 40.1500),
    "DEIR EZ-ZOR AIRFIELD": from_degrees(35.2854, 40.1760),
}

POSITIONS = st.builds(
    Position,
    lat_e7=st.integers(-900_000_000, 900_000_000),
    lon_e7=st.integers(-1_800_000_000, 1_800_000_000),
)


@pytest.mark.parametrize(
    ("text", "form", "lat", "lon"),
    [
        ("35.2560N 040.1500E", Form.DECIMAL, 35.256, 40.15),
        ("35.2560, 40.1500", Form.DECIMAL, 35.256, 40.15),
        ("-35.2 -40.1", Form.DECIMAL, -35.2, -40.1),
        ("3514.2N 03451.0E", Form.DM, 35 + 14.2 / 60, 34.85),
        ("36°14.2'N 034°51.0'E", Form.DM, 36 + 14.2 / 60, 34.85),
        ("36º14.2\u2032S, 034º51.0\u2019w", Form.DM, -36 - 14.2 / 60, -34.85),
        ("35 14.2 N 034 51.0 E", Form.DM, 35 + 14.2 / 60, 34.85),
        ("351236N 0401500E", Form.DMS, 35.21, 40.25),
        ("351236.5N 0401500.0E", Form.DMS, 35 + 12 / 60 + 36.5 / 3600, 40.25),
        ("35°12'36\"N 040°15'00\"E", Form.DMS, 35.21, 40.25),
    ],
)
def test_each_spelling_is_read(text, form, lat, lon):
    parsed = parse_position(text)
    assert parsed.form is form
    assert parsed.position == from_degrees(lat, lon)


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("", "position_missing", 0),
        ("near Aleppo", "place_vague", 0),
        ("north Syria", "place_vague", 0),
        ("3574.2N 03451.0E", "sixty", 2),
        ("351270N 0401500E", "sixty", 4),
        ("3514.2N 34.5E", "forms_mixed", 8),
        ("40E 35N", "latitude_first", 2),
        ("35N 36N", "longitude_second", 6),
        ("91N 10E", "out_of_range", 0),
        ("35.5, 190", "out_of_range", 6),
        ("N35.2 E40.1", "letter_first", 0),
        ("3514.2 03451.0", "hemisphere_missing", 14),
        ("35123N 0401500E", "digits", 0),
        ("35.2N 40.1E ok", "text_left_over", 12),
        ("35.2N", "half_missing", 5),
        ("35.5°14'N 34°10'E", "decimals_inside", 0),
        ("35.2N 40.1Ж", "character", 10),
        ("37SFV123", "grid_digits", 7),
        ("37S FV", "grid_digits", 5),
        ("9 km 180 from NOWHERE", "anchor_unknown", 14),
        ("9 mi 180 from DEIR EZ-ZOR CITY", "range_unit", 2),
        ("9 km up of DEIR EZ-ZOR CITY", "bearing_unreadable", 5),
        ("12 NM 045 magnetic from DEIR EZ-ZOR CITY", "bearing_not_true", 10),
        ("9 km 361 from DEIR EZ-ZOR CITY", "bearing_range", 5),
        ("9000 km 180 from DEIR EZ-ZOR CITY", "range_too_long", 0),
    ],
)
def test_a_mistake_has_its_code_and_points_at_the_character(text, code, at):
    with pytest.raises(Mistake) as caught:
        parse_position(text, ANCHORS)
    assert (caught.value.code, caught.value.at) == (code, at)


@settings(max_examples=200)
@given(POSITIONS, st.sampled_from([Form.DECIMAL, Form.DM, Form.DMS]))
def test_full_precision_reads_back_to_the_same_position(position, form):
    assert parse_position(show_position(position, form)).position == position


@settings(max_examples=200)
@given(POSITIONS, st.sampled_from([Form.DECIMAL, Form.DM, Form.DMS]), st.integers(0, 6))
def test_coarse_precision_reads_back_within_what_it_says(position, form, decimals):
    parsed = parse_position(show_position(position, form, decimals))
    # One more unit: half a step in each of two roundings.
    allowed_e7 = parsed.precision_cm / 111 / 100_000 * 1e7 / 2 + 1
    assert parsed.form is form
    assert abs(parsed.position.lat_e7 - position.lat_e7) <= allowed_e7
    assert abs(parsed.position.lon_e7 - position.lon_e7) <= allowed_e7


@settings(max_examples=200)
@given(POSITIONS, st.integers(1, 5))
def test_a_grid_square_reads_back_to_its_middle(make, position, pairs):
    text = show_position(position, Form.MGRS, pairs)
    parsed = parse_position(text)
    assert parsed.precision_cm == 100 * 10 ** (5 - pairs)
    # Half a diagonal, and the grid's scale of at most 1.001, polar 1.006.
    assert (
        make.apart_m(parsed.position, position) <= parsed.precision_cm / 100 * 0.7072 * 1.01 + 0.02
    )


@pytest.mark.parametrize("text", ["37TFV1234567890", "37RFV1234567890", "31CAB00"])
def test_a_grid_square_of_a_band_that_it_does_not_reach_is_refused(text):
    # Found by fuzzing: T for S was read 2,000 km further north, and R as if it were S.
    with pytest.raises(Mistake) as caught:
        parse_position(text)
    assert caught.value.code == "grid_nowhere"


@pytest.mark.parametrize("step_e7", [-7, -1, 0, 1, 7])
@pytest.mark.parametrize("lat", [*range(-80, 80, 8), 84])
@pytest.mark.parametrize("pairs", [1, 2, 3, 4, 5])
def test_a_grid_square_across_the_edge_of_its_band_is_read(make, lat, step_e7, pairs):
    for lon_e7 in (-1_800_000_000, 2_999_999, 30_000_001, 80_000_000, 401_500_000, 1_799_999_999):
        at = Position(lat_e7=lat * 10_000_000 + step_e7, lon_e7=lon_e7)
        parsed = parse_position(show_position(at, Form.MGRS, pairs))
        assert make.apart_m(parsed.position, at) <= parsed.precision_cm / 100 * 0.75


def test_a_grid_reference_agrees_with_the_published_example():
    # NGA's own: the Washington Monument.
    parsed = parse_position("18S UJ 23480 06470")
    assert abs(parsed.position.lat_deg - 38.88947) < 1e-4
    assert abs(parsed.position.lon_deg + 77.03524) < 1e-4


@settings(max_examples=100)
@given(st.integers(1, 999), st.integers(0, 360), st.sampled_from(sorted(ANCHORS)))
def test_a_range_and_bearing_leads_where_geographiclib_does(make, km, bearing, anchor):
    parsed = parse_position(f"{km} km {bearing:03d} from {anchor.lower()}", ANCHORS)
    start = ANCHORS[anchor]
    expected = make.reach(start.lat_deg, start.lon_deg, bearing, km * 1_000)
    assert make.apart_m(parsed.position, expected) < 0.02
    assert (parsed.anchor, parsed.range_cm) == (anchor, km * 100_000)
    assert parsed.bearing_mdeg == bearing % 360 * 1_000


@pytest.mark.parametrize(
    ("words", "bearing_mdeg"),
    [
        ("south", 180_000),
        ("due N", 0),
        ("south-west", 225_000),
        ("NNE", 22_500),
        ("bearing 045 true", 45_000),
        ("045.5T", 45_500),
    ],
)
def test_a_direction_may_be_words_or_degrees(words, bearing_mdeg):
    parsed = parse_position(f"12 NM {words} of DEIR EZ-ZOR CITY", ANCHORS)
    assert parsed.bearing_mdeg == bearing_mdeg
    assert parsed.range_cm == 12 * 185_200


def test_without_anchors_a_range_is_refused():
    with pytest.raises(Mistake) as caught:
        parse_position("9 km 180 from DEIR EZ-ZOR CITY")
    assert caught.value.code == "anchors_none"


def test_the_caret_stands_under_the_character():
    text = "3574.2N 03451.0E"
    with pytest.raises(Mistake) as caught:
        parse_position(text)
    assert caret(text, caught.value) == f"{text}\n  ^"
    assert caret("x", Mistake("code", "phrase")) == "x"


LIKE_POSITIONS = st.text(alphabet="0123456789.,°'\" NSEWnskmofrAZ-+\t\u0660\u2032", max_size=40)
GRIDS = st.from_regex(r"\d{0,2}[A-Z][A-Z]{2}\d{0,11}", fullmatch=True)
RANGES = st.builds("{} from {}".format, LIKE_POSITIONS, st.sampled_from(sorted(ANCHORS)))


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=60), LIKE_POSITIONS, GRIDS, RANGES))
def test_any_text_is_a_position_or_a_mistake_that_points_into_it(text):
    found = outcome(parse_position, text, ANCHORS)
    if isinstance(found, Mistake):
        assert found.at is not None
        assert 0 <= found.at <= len(text)
        assert caret(text, found)
    else:
        assert found.precision_cm >= 1
