"""Altitudes: no comparison that is not known, and a text form that reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.space import (
    Altitude,
    Band,
    Datum,
    check_band,
    gap_cm,
    parse_altitude,
    parse_band,
    show_altitude,
    show_band,
    vertical_gap_cm,
)
from tests.space.truth import outcome


def altitudes():
    def make(datum, value):
        if datum is Datum.SURFACE:
            value = 0
        elif datum is not Datum.AMSL:
            value = abs(value)
        return Altitude(datum=datum, value_cm=value)

    return st.builds(make, st.sampled_from(list(Datum)), st.integers(-500_000, 5_000_000))


@pytest.mark.parametrize(
    ("text", "datum", "cm"),
    [
        ("FL120", Datum.FL, 365_760),
        ("3500 ft AMSL", Datum.AMSL, 106_680),
        ("-30 m AMSL", Datum.AMSL, -3_000),
        ("120 m AGL", Datum.HEIGHT, 12_000),
        ("SFC", Datum.SURFACE, 0),
        (" gnd ", Datum.SURFACE, 0),
        ("30 m DEPTH", Datum.DEPTH, 3_000),
    ],
)
def test_an_altitude_is_read_with_its_datum(text, datum, cm):
    assert parse_altitude(text) == Altitude(datum=datum, value_cm=cm)


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("3500 ft", "altitude_datum_missing", 7),
        ("3500 ft QNH", "altitude_datum_unknown", 8),
        ("high", "altitude_unreadable", 0),
        ("-5 m DEPTH", "altitude_negative", 0),
        ("FL9999", "altitude_too_far", 0),
    ],
)
def test_a_bad_altitude_is_a_mistake_that_points(text, code, at):
    with pytest.raises(Mistake) as caught:
        parse_altitude(text)
    assert (caught.value.code, caught.value.at) == (code, at)


def test_altitudes_cannot_be_ordered_by_an_operator():
    with pytest.raises(TypeError):
        _ = parse_altitude("FL120") < parse_altitude("3500 ft AMSL")  # type: ignore[operator]


def test_a_pressure_altitude_and_a_true_one_have_no_known_gap():
    assert gap_cm(parse_altitude("FL120"), parse_altitude("9000 m AMSL")) is None
    assert gap_cm(parse_altitude("120 m AGL"), parse_altitude("9000 m AMSL")) is None


def test_the_surface_is_height_nought_and_depth_nought():
    surface = parse_altitude("SFC")
    assert gap_cm(surface, parse_altitude("0 m AGL")) == 0
    assert gap_cm(surface, parse_altitude("0 m DEPTH")) == 0
    assert gap_cm(parse_altitude("30 m DEPTH"), parse_altitude("20 m AGL")) == 5_000
    assert gap_cm(parse_altitude("30 m DEPTH"), parse_altitude("10 m DEPTH")) == 2_000


def test_bands_of_one_datum_are_apart_by_the_gap_between_them():
    low, high = parse_band("FL100-FL200"), parse_band("FL250-FL300")
    assert vertical_gap_cm(low, high) == vertical_gap_cm(high, low) == 50 * 3_048


def test_bands_that_share_the_surface_meet_whatever_is_above():
    assert vertical_gap_cm(parse_band("SFC-FL180"), parse_band("SFC-3000 ft AMSL")) == 0


def test_a_submarine_band_is_below_an_air_band_over_the_surface():
    assert vertical_gap_cm(parse_band("200 m DEPTH-30 m DEPTH"), parse_band("SFC-FL100")) == 3_000


def test_bands_of_two_data_that_share_nothing_are_unknown():
    assert vertical_gap_cm(parse_band("FL100-FL200"), parse_band("5000 m AMSL-6000 m AMSL")) is None


@given(altitudes(), altitudes())
def test_a_gap_is_the_same_seen_from_either_side(a, b):
    one, other = gap_cm(a, b), gap_cm(b, a)
    assert (one is None) == (other is None)
    assert one is None or one == -other


@given(st.tuples(altitudes(), altitudes(), altitudes(), altitudes()))
def test_a_vertical_gap_is_symmetric_and_never_negative(four):
    a, b = Band(lower=four[0], upper=four[1]), Band(lower=four[2], upper=four[3])
    for band in (a, b):
        gap = gap_cm(band.lower, band.upper)
        if gap is not None and gap < 0:
            return
    gap = vertical_gap_cm(a, b)
    assert gap == vertical_gap_cm(b, a)
    assert gap is None or gap >= 0


def test_an_inverted_band_is_a_mistake_and_an_incomparable_one_is_not():
    with pytest.raises(Mistake, match="swap"):
        parse_band("FL200-FL100")
    check_band(parse_band("FL200-1000 ft AMSL"))


def test_a_negative_limit_is_not_taken_for_the_dash():
    band = parse_band("-30 m AMSL - 100 m AMSL")
    assert (band.lower.value_cm, band.upper.value_cm) == (-3_000, 10_000)
    with pytest.raises(Mistake) as caught:
        parse_band("SFC-FLX")
    assert caught.value.at == 4


@given(altitudes())
def test_what_is_shown_reads_back_within_half_a_level(altitude):
    again = parse_altitude(show_altitude(altitude))
    assert again.datum is altitude.datum
    assert abs(again.value_cm - altitude.value_cm) <= (1_524 if altitude.datum is Datum.FL else 0)


def test_a_band_shows_as_it_was_written():
    for text in ("SFC-FL180", "30 m DEPTH-SFC", "3500 ft AMSL-FL065"):
        assert show_band(parse_band(text)) == text


@given(st.text(max_size=30))
def test_any_text_is_an_altitude_or_a_mistake(text):
    for parse in (parse_altitude, parse_band):
        found = outcome(parse, text)
        assert not isinstance(found, Mistake) or found.at is None or 0 <= found.at <= len(text)
