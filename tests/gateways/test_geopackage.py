"""GeoPackages: read in memory, whatever their makers put in; written so that GDAL reads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyogrio
import pytest
import shapely

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.gateways import geopackage
from clearline.space import Circle, Polygon, covers, from_degrees, parse_band
from tests.gateways.written import BOX, DOT, PATH, area, volume

SQUARE = shapely.box(40, 35, 40.1, 35.1)
WRITTEN = gateways.write("geopackage", (area(volume(BOX), volume(DOT, "SFC-120 m AGL")),)).raw


def changed(raw: bytes, *commands: str) -> bytes:
    """Return a GeoPackage after somebody has run commands on it."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(raw)
        database.executescript(";".join(commands))
        return database.serialize()


def made(tmp_path, geometries, crs="EPSG:4326", **fields) -> bytes:
    """Return a GeoPackage as GDAL writes it."""
    path = tmp_path / "made.gpkg"
    pyogrio.raw.write(
        path, shapely.to_wkb(geometries), list(fields.values()), list(fields), layer="zones",
        geometry_type="Unknown", crs=crs, driver="GPKG",
    )  # fmt: skip
    return path.read_bytes()


def test_what_is_written_is_what_gdal_reads(tmp_path):
    path = tmp_path / "areas.gpkg"
    path.write_bytes(gateways.write("geopackage", (area(volume(BOX)), area(volume(PATH)))).raw)
    meta, _, geometries, columns = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    assert meta["geometry_type"] == "MultiPolygon"
    fields = dict(zip(meta["fields"], columns, strict=True))
    assert fields["lower"].tolist() == ["SFC", "SFC"]
    assert fields["revision"].tolist() == [1, 1]
    first = shapely.from_wkb(geometries[0])
    assert first.is_valid
    assert shapely.contains(first, shapely.Point(40.9, 35.9))


def test_what_gdal_writes_is_read(tmp_path):
    import numpy as np  # noqa: PLC0415 - GDAL's own columns are arrays

    raw = made(
        tmp_path, [SQUARE, shapely.Point(40, 35)],
        name=np.array(["a", "b"], object), upper=np.array(["FL100", "FL50"], object),
        lower=np.array(["SFC", "SFC"], object), radius_m=np.array([0.0, 1500.0]),
        colour=np.array(["x", "y"], object),
    )  # fmt: skip
    reading = geopackage.read(raw)
    square, dot = reading.shapes
    assert square.name == "a"
    assert square.band == parse_band("SFC-FL100")
    corners = [(35, 40), (35, 40.1), (35.1, 40.1), (35.1, 40)]
    assert covers(square.outline, Polygon(exterior=tuple(from_degrees(*c) for c in corners)))
    assert dot.outline == Circle(centre=from_degrees(35, 40), radius_cm=150_000)
    assert "the column colour" in reading.lost


def test_coordinates_of_another_system_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(gateways.Hint) as caught:
        geopackage.read(made(tmp_path, [shapely.box(0, 0, 1000, 1000)], crs="EPSG:3857"))
    assert caught.value.code == "crs"
    assert "EPSG:4326" in caught.value.suggestion


def test_a_feature_without_a_geometry_is_refused_and_the_rest_is_kept():
    raw = changed(WRITTEN, "UPDATE areas SET geom = NULL WHERE fid = 1")
    reading = geopackage.read(raw)
    (fault,) = reading.faults
    assert fault.item.startswith("areas, feature 1")
    assert fault.code == "geopackage"
    assert len(reading.shapes) == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"nothing", "file_unreadable"),
        (b"SQLite format 3\x00", "file_unreadable"),
        (WRITTEN[:5_000], "file_unreadable"),
        (changed(WRITTEN, "DROP TABLE gpkg_geometry_columns"), "file_unreadable"),
        (changed(WRITTEN, "DELETE FROM areas"), "file_empty"),
        (
            # A view that never ends.
            changed(
                WRITTEN, "DROP TABLE areas",
                "CREATE VIEW areas AS WITH RECURSIVE n(fid, geom) AS "
                "(SELECT 1, x'00' UNION ALL SELECT fid + 1, geom FROM n) SELECT * FROM n",
            ),
            "file_unreadable",
        ),
        (
            # A view that counts for ever before it gives anything.
            changed(
                WRITTEN, "DROP TABLE areas",
                "CREATE VIEW areas AS SELECT 1 AS fid, a.srs_name AS geom FROM "
                + ", ".join(f"gpkg_spatial_ref_sys {name}" for name in "abcdefghijklmnopqrst")
                + " WHERE a.srs_id + b.srs_id + t.srs_id < -1000",
            ),
            "file_unreadable",
        ),
        (
            # A view that calls a function.
            changed(
                WRITTEN, "DROP TABLE areas",
                "CREATE VIEW areas AS SELECT 1 AS fid, zeroblob(900000000) AS geom",
            ),
            "file_unreadable",
        ),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_bad_or_hostile_file_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        geopackage.read(raw)
    assert caught.value.code == code


def test_a_trigger_or_an_index_of_a_file_changes_nothing():
    raw = changed(
        WRITTEN,
        "CREATE TRIGGER t AFTER UPDATE ON areas BEGIN DELETE FROM areas; END",
        'CREATE TABLE "x\'; DROP TABLE areas; --" (geom BLOB)',
        "INSERT INTO gpkg_geometry_columns VALUES "
        "('x''; DROP TABLE areas; --', 'geom', 'POLYGON', 4326, 0, 0)",
    )
    assert len(geopackage.read(raw).shapes) == 2
