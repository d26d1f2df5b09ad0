"""GeoPackage (OGC 12-128r18): a SQLite file of features into shapes, and volumes into features.

A GeoPackage is a database that somebody else made. It is opened in memory and never on disk,
read alone: nothing in it can write, attach, load or define a function, whatever a view says;
steps and sizes are limited. Every feature table is read; geometries are WGS 84, longitude first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import shapely

from clearline.basis.faults import Mistake
from clearline.gateways import shape as shapes
from clearline.gateways.drawn import draw_saying
from clearline.gateways.hint import Hint
from clearline.gateways.listed import OWN_FIELDS, OWN_LOST, listed
from clearline.gateways.reading import Collector, Reading
from clearline.gateways.table import outlines_of
from clearline.gateways.writing import Area, Losses, Written
from clearline.space.edges import Edges

__all__ = ["MAX_STEPS", "MAX_TABLES", "looks", "read", "write"]

MAX_TABLES = 100
MAX_STEPS = 20_000_000
"""Steps of SQLite's machine for one file: a hundred thousand features take a tenth of it."""
_EVERY_STEPS = 100_000
_MAX_VALUE_BYTES = 1_000_000
_MAX_COLUMNS = 200
_MAGIC = b"SQLite format 3\x00"
_APPLICATIONS = (b"GPKG", b"GP10", b"GP11")
_KNOWN = frozenset({"name", "lower", "upper", "start", "end", "radius_m", "width_m", "margin_m"})
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
"""Of a geometry's header, by its code of which bounds it has (table 5 of the standard)."""


def looks(raw: bytes) -> bool:
    """Return whether a file is a SQLite database."""
    return raw.startswith(_MAGIC)


def read(raw: bytes) -> Reading:
    """Return what a GeoPackage gives, table by table. Raises Mistake for a file that is none."""
    shapes.check_size(raw)
    if not looks(raw):
        raise Mistake("file_unreadable", "the file is no GeoPackage: it is not a SQLite database")
    made = Collector()
    if raw[68:72] not in _APPLICATIONS:
        made.note("the file is a SQLite database that does not say that it is a GeoPackage")
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            _lock(database, raw)
            for table, column, rows in _tables(database):
                _features(database, table, column, rows, made)
        except (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError) as error:
            raise Mistake("file_unreadable", f"the file cannot be read: {error}") from error
    return made.done()


def _lock(database: sqlite3.Connection, raw: bytes) -> None:
    """Open a file in memory, so that nothing but reading can be done with it."""
    database.deserialize(raw)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, _MAX_COLUMNS)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.setlimit(sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 5)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute("PRAGMA query_only = ON")
    database.text_factory = _readable
    spent = [0]

    def tired() -> int:
        spent[0] += _EVERY_STEPS
        return int(spent[0] > MAX_STEPS)

    database.set_progress_handler(tired, _EVERY_STEPS)
    database.set_authorizer(_allowed)


def _readable(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _allowed(action: int, one: str | None, *_: str | None) -> int:
    """Return whether SQLite may do something: read, and say which columns a table has."""
    if action in _ALLOWED or (action == sqlite3.SQLITE_PRAGMA and one == "table_info"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _tables(database: sqlite3.Connection) -> list[tuple[str, str, list[str]]]:
    """Return each table of features: its name, its geometry's column, and its other columns."""
    asked = "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns LIMIT ?"
    found = database.execute(asked, (MAX_TABLES + 1,)).fetchall()
    if len(found) > MAX_TABLES:
        raise Mistake("geopackage", f"the file has more than {MAX_TABLES} tables of features")
    tables: list[tuple[str, str, list[str]]] = []
    for table, column, srs in found:
        if srs != 4326:
            raise Hint(
                "crs",
                f"table {str(table)[:60]} has coordinates of EPSG:{srs}, and not WGS 84",
                suggestion="save the table with coordinates in WGS 84 (EPSG:4326)",
            )
        columns = database.execute(f"PRAGMA table_info({_quoted(str(table))})").fetchall()
        names = [str(each[1]) for each in columns if each[1] != column]
        tables.append((str(table), str(column), names))
    return tables


def _quoted(name: str) -> str:
    if "\x00" in name:
        raise Mistake("geopackage", "a table's name cannot be read")
    return '"' + name.replace('"', '""') + '"'


def _features(
    database: sqlite3.Connection, table: str, column: str, names: list[str], made: Collector
) -> None:
    for name in names:
        if name.lower() not in _KNOWN and name.lower() not in {"fid", "ogc_fid"}:
            made.lose(OWN_LOST if name in OWN_FIELDS else f"the column {name[:40]}")
    columns = ", ".join(_quoted(each) for each in (column, *names))
    rows = database.execute(f"SELECT {columns} FROM {_quoted(table)}")  # noqa: S608 - quoted
    for number, row in enumerate(rows, 1):
        properties = {
            name.lower(): value
            for name, value in zip(names, row[1:], strict=True)
            if value is not None
        }
        name = str(properties.get("name", "")).strip()[: shapes.MAX_NAME]
        called = f"{table[:60]}, feature {number}" + (f" ({name})" if name else "")
        with made.item(called):
            for outline in outlines_of(_geometry(row[0]), properties):
                shape = shapes.shape(properties, outline, edges=Edges.STRAIGHT, grown=made.grown)
                made.keep(shape)
        shapes.too_many(len(made))


def _geometry(blob: Any) -> Any:
    """Return the geometry of a blob: a header of the standard's, then well-known binary."""
    if not isinstance(blob, bytes) or not blob.startswith(b"GP") or len(blob) < 8:
        raise Mistake("geopackage", "it has no geometry")
    flags = blob[3]
    envelope = flags >> 1 & 7
    if flags & 0x20 or envelope >= len(_ENVELOPE_BYTES):
        raise Mistake("geopackage", "its geometry is of an extension, which is not read")
    try:
        return shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[envelope] :])
    except (shapely.errors.GEOSException, ValueError) as error:
        raise Mistake("geopackage", f"its geometry cannot be read: {str(error)[:100]}") from error


_SCHEMA = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL),
  ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
  ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
   || '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]', NULL);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE,
  max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name),
  column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL
    REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name));
INSERT INTO gpkg_geometry_columns VALUES ('areas', 'geom', 'MULTIPOLYGON', 4326, 0, 0);
"""
_CONTENTS = (
    "INSERT INTO gpkg_contents VALUES ('areas', 'features', 'areas', '', ?, ?, ?, ?, ?, 4326)"
)
_WHOLE_NUMBERS = frozenset({"revision", "volume", "volumes"})


def write(areas: Sequence[Area]) -> Written:
    """Return areas as a GeoPackage with one table, `areas`: a row a volume, which it holds."""
    losses = Losses()
    rows = [
        (each.fields(), draw_saying(each.volume.outline, losses)) for each in listed(areas, losses)
    ]
    names = list(dict.fromkeys(name for fields, _ in rows for name in fields)) or ["name"]
    shapes_of = [
        shapely.MultiPolygon([shapely.Polygon(part.exterior, part.holes) for part in drawn.parts])
        for _, drawn in rows
    ]
    changed = str(max((area.declared_at for area in areas), default="1970-01-01T00:00:00.000Z"))
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_SCHEMA)
        columns = ", ".join(
            f'"{name}" {"INTEGER" if name in _WHOLE_NUMBERS else "TEXT"}' for name in names
        )
        database.execute(f"CREATE TABLE areas (fid INTEGER PRIMARY KEY, geom BLOB, {columns})")
        bounds = shapely.GeometryCollection(shapes_of).bounds if rows else [None] * 4
        database.execute(_CONTENTS, (changed, *bounds))
        marks = ", ".join("?" * (len(names) + 2))
        database.executemany(
            f"INSERT INTO areas VALUES ({marks})",  # noqa: S608 - question marks alone
            [
                (number, _blob(shape), *(fields.get(name) for name in names))
                for number, ((fields, _), shape) in enumerate(zip(rows, shapes_of, strict=True), 1)
            ],
        )
        database.commit()
        return Written(raw=database.serialize(), lost=losses.told())


def _blob(shape: shapely.MultiPolygon) -> bytes:
    """Return a geometry as the standard has it: little-endian, without bounds, of EPSG:4326."""
    return b"GP\x00\x01" + (4326).to_bytes(4, "little") + shapely.to_wkb(shape, byte_order=1)
