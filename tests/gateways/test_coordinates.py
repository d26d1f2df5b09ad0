"""Coordinates in running text: found where they stand, and written on a grid that is not far."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clearline.gateways import coordinates
from clearline.gateways.bulletin import Bulletin
from clearline.gateways.coordinates import MINUTES, SECONDS, spell_minutes, spell_seconds
from clearline.space import Form, Position, from_degrees
from tests.space.truth import WGS84

POSITIONS = st.builds(
    Position,
    lat_e7=st.integers(-900_000_000, 900_000_000),
    lon_e7=st.integers(-1_800_000_000, 1_800_000_000),
)


def find(text):
    bulletin = Bulletin(text)
    return coordinates.find(bulletin, 0, len(text))


@given(POSITIONS, st.sampled_from([SECONDS, MINUTES]))
@example(Position(lat_e7=1_389, lon_e7=1_389), SECONDS)
@example(Position(lat_e7=833, lon_e7=833), MINUTES)
@settings(max_examples=200, deadline=None)
def test_no_position_is_moved_further_than_its_grid_says(place, grain):
    moved = grain.snap(place)
    metres = WGS84.Inverse(place.lat_deg, place.lon_deg, moved.lat_deg, moved.lon_deg)["s12"]
    assert metres * 100 <= grain.slack_cm


def test_the_corner_of_a_cell_at_the_equator_is_almost_as_far_as_its_grid_says():
    corner = from_degrees(0.499 / 3_600, 0.499 / 3_600)
    moved = SECONDS.snap(corner)
    metres = WGS84.Inverse(corner.lat_deg, corner.lon_deg, moved.lat_deg, moved.lon_deg)["s12"]
    assert metres * 100 > 0.97 * SECONDS.slack_cm


@given(POSITIONS)
@settings(max_examples=200, deadline=None)
def test_what_is_spelt_on_a_grid_is_found_again_as_it_was(place):
    (one,) = find(spell_seconds(SECONDS.snap(place)))
    assert (one.position, one.form) == (SECONDS.snap(place), Form.DMS)
    (other,) = find(spell_minutes(MINUTES.snap(place)))
    assert (other.position, other.form) == (MINUTES.snap(place), Form.DM)


@pytest.mark.parametrize(
    "text",
    [
        "463253N0250514E",
        "463253N 0250514E",
        "463253.00N 0250514.00E",
        "N463253 E0250514",
        "N463253E0250514",
        "46-32-53N 025-05-14E",
        "46 32 53 N - 025 05 14 E",
        "46°32'53\"N 025°05'14\"E",
        "46\u00ba32\u203253\u2033N 025\u00ba05\u203214\u2033E",
    ],
)
def test_one_place_is_found_in_every_form_and_between_words(text):
    expected = from_degrees(46 + 32 / 60 + 53 / 3_600, 25 + 5 / 60 + 14 / 3_600)
    found = find(f"RWY 05 N OF HILL 5 E: PSN {text} - {text}. END")
    assert [fix.position for fix in found] == [expected, expected]


def test_a_fix_is_where_it_stands():
    text = "WI 2NM OF\n463253N0250514E AND 4632N 02505E"
    one, other = find(text)
    assert text[one.start : one.end] == "463253N0250514E"
    assert text[other.start : other.end] == "4632N 02505E"
    assert (one.form, other.form) == (Form.DMS, Form.DM)
