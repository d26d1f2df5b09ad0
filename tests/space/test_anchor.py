"""Anchors: the wrong one with the right range and bearing is caught (Deir ez-Zor, 2016)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.space import (
    Reference,
    check_reference,
    from_degrees,
    parse_position,
    refer,
    resolve,
    show_reference,
)

CITY, AIRFIELD = "DEIR EZ-ZOR CITY", "DEIR EZ-ZOR AIRFIELD"
ANCHORS = {CITY: from_degrees(35.3333, 40.1500), AIRFIELD: from_degrees(35.2854, 40.1760)}
SOUTH = Reference(anchor=AIRFIELD, range_cm=900_000, bearing_mdeg=180_000)
STRIKE = from_degrees(35.2522, 40.1500)  # 9 km south of the city


def test_the_swapped_anchor_of_deir_ez_zor_is_caught_and_the_right_one_named():
    found = check_reference(STRIKE, SOUTH, ANCHORS, tolerance_cm=50_000)
    assert found is not None
    assert found.fits == (CITY,)
    assert 500_000 < found.off_by_cm < 700_000
    assert CITY in found.phrase
    assert "5.8 km" in found.phrase


def test_the_strike_area_lies_where_the_sources_put_it(make):
    assert make.apart_m(STRIKE, ANCHORS[AIRFIELD]) == pytest.approx(4_400, abs=50)
    reference = refer(STRIKE, ANCHORS)
    assert reference.anchor == AIRFIELD
    assert reference.bearing_mdeg == pytest.approx(213_000, abs=1_000)


def test_the_right_anchor_passes():
    right = Reference(anchor=CITY, range_cm=900_000, bearing_mdeg=180_000)
    assert check_reference(STRIKE, right, ANCHORS, tolerance_cm=50_000) is None


def test_a_mismatch_that_no_anchor_explains_says_so():
    found = check_reference(from_degrees(36, 41), SOUTH, ANCHORS, tolerance_cm=50_000)
    assert found is not None
    assert found.fits == ()
    assert "no agreed anchor fits" in found.phrase


def test_an_anchor_that_is_not_agreed_is_a_mistake():
    stranger = Reference(anchor="HOMS", range_cm=0, bearing_mdeg=0)
    with pytest.raises(Mistake, match="no agreed anchor"):
        check_reference(STRIKE, stranger, ANCHORS, tolerance_cm=1)
    with pytest.raises(Mistake):
        refer(STRIKE, {})


@given(st.floats(34.5, 36.0), st.floats(39.5, 41.0))
def test_a_read_back_leads_to_where_it_was_taken(make, lat, lon):
    here = from_degrees(lat, lon)
    reference = refer(here, ANCHORS)
    assert make.apart_m(resolve(reference, ANCHORS), here) < 3
    again = parse_position(show_reference(reference), ANCHORS)
    assert again.anchor == reference.anchor
    assert make.apart_m(again.position, here) < 5 + reference.range_cm / 100 * 0.001
