"""A node that measures wrongly on its machine never begins to serve."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from clearline.cli.app import root
from clearline.cli.serving import EXIT_NOT_SAFE, serve_forever
from clearline.space import Datum
from clearline.space import heights as room
from clearline.space.plane import Plane
from tests.space.test_heights import silent_zero


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Yield the home of a node that was made and never ran."""
    made = CliRunner().invoke(root, ["--home", str(tmp_path / "north"), "init", "north"])
    assert made.exit_code == 0, made.output
    mask = os.umask(0o022)
    yield tmp_path / "north"
    os.umask(mask)


def spherical(self: Plane, lat: float, lon: float) -> tuple[float, float]:
    """Return x and y as a gnomonic projection of a sphere has them."""
    phi, centre, across = (math.radians(each) for each in (lat, self.lat, lon - self.lon))
    depth = math.sin(centre) * math.sin(phi)
    depth += math.cos(centre) * math.cos(phi) * math.cos(across)
    north = math.cos(centre) * math.sin(phi) - math.sin(centre) * math.cos(phi) * math.cos(across)
    east = math.cos(phi) * math.sin(across)
    return 6_371_000 * east / depth, 6_371_000 * north / depth


def test_a_spherical_gnomonic_stops_the_node_before_it_serves(home, monkeypatch, capfd):
    monkeypatch.setattr(Plane, "project_one", spherical)
    assert serve_forever(home) == EXIT_NOT_SAFE
    assert "LINE NOT SAFE: the gnomonic plane bends a geodesic" in capfd.readouterr().err
    assert not (home / "address").exists()


def test_a_geoid_of_nought_stops_the_node_before_it_serves(home, monkeypatch, capfd):
    monkeypatch.setattr(room, "_shifts", silent_zero(Datum.ELLIPSOIDAL))
    assert serve_forever(home) == EXIT_NOT_SAFE
    assert "LINE NOT SAFE: ellipsoidal was compared with amsl" in capfd.readouterr().err
