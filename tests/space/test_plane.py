"""The plane: geodesics are straight in it, and it is Karney's projection."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Broken
from clearline.space import plane as planes
from clearline.space import self_test
from clearline.space.plane import Plane, geodesic_inv


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 360), st.floats(1, 500_000))
def test_a_point_goes_where_reduced_length_over_scale_puts_it(lat, lon, azimuth, metres):
    to = Geodesic.WGS84.Direct(lat, lon, azimuth, metres, Geodesic.ALL)
    x, y = Plane(lat, lon).project_one(to["lat2"], to["lon2"])
    assert math.hypot(x, y) == pytest.approx(to["m12"] / to["M12"], abs=0.02)


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_to_the_ground_and_back_is_the_same_point(lat, lon, x, y):
    plane = Plane(lat, lon)
    assert plane.project_one(*plane.unproject(x, y)) == pytest.approx((x, y), abs=0.001)


@given(st.floats(-90, 90), st.floats(0, 360), st.floats(0, 360), st.floats(1e3, 1e6))
def test_a_length_of_the_plane_is_never_shorter_than_the_ground(lat, one, other, metres):
    plane = Plane(lat, 10.0)
    a = Geodesic.WGS84.Direct(lat, 10.0, one, metres)
    b = Geodesic.WGS84.Direct(lat, 10.0, other, metres / 3)
    ends = [(p["lat2"], p["lon2"]) for p in (a, b)]
    ground, _ = geodesic_inv(*ends[0], *ends[1])
    drawn = math.dist(plane.project_one(*ends[0]), plane.project_one(*ends[1]))
    assert ground <= drawn + 0.5
    assert drawn <= ground * planes.stretch(metres) + 0.5


def test_this_machine_passes_the_self_test():
    assert self_test() is None


def test_a_spherical_projection_is_found_out(monkeypatch):
    monkeypatch.setattr(planes, "geodesic_inv", lambda *line: (6_371_000.0 * 0.87, 0.0))
    with pytest.raises(Broken, match="published"):
        self_test()
