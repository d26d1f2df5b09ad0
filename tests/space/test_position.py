"""A position: ranges, and one place under several names."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.space import Position, from_degrees, same_place


@pytest.mark.parametrize(("lat", "lon"), [(900_000_001, 0), (-900_000_001, 0), (0, 1_800_000_001)])
def test_a_position_off_the_globe_cannot_be_decoded_nor_made(lat, lon):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"lat_e7": lat, "lon_e7": lon}, Position)
    with pytest.raises(ValueError, match="outside"):
        Position(lat_e7=lat, lon_e7=lon)


def test_a_float_and_an_unknown_field_are_refused():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"lat_e7": 1.5, "lon_e7": 0}, Position)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"lat_e7": 1, "lon_e7": 0, "datum": "ED50"}, Position)


def test_the_antimeridian_and_a_pole_are_one_place_under_several_names():
    assert same_place(from_degrees(10, 180), from_degrees(10, -180))
    assert same_place(from_degrees(90, 12), from_degrees(90, -100))
    assert not same_place(from_degrees(10, 179), from_degrees(10, -179))


@given(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000))
def test_degrees_and_back_lose_nothing(lat, lon):
    here = Position(lat_e7=lat, lon_e7=lon)
    assert from_degrees(here.lat_deg, here.lon_deg) == here
