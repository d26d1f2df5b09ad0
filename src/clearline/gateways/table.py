"""Table: comma-separated values (RFC 4180), a volume a row, for spreadsheets and scripts.

A file has a first row of column names, in any order; commas, semicolons or tabs part them.

    wkt                     POLYGON, MULTIPOLYGON, POINT or LINESTRING, longitude first; or
    lat, lon                degrees, of a circle's centre
    radius_m, width_m       of a point and of a line, as in `shape`
    margin_m                how far a polygon reaches beyond its rings
    edges                   geodesic, straight, rhumb or great_ellipse; straight if it is empty
    name, lower, upper, start, end      as in `shape`

What is written is exact: core, radius and edges as they are, so it reads back as the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import shapely
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.gateways import shape as shapes
from clearline.gateways.hint import Hint, Spot
from clearline.gateways.listed import OWN_FIELDS, OWN_LOST, Listed, listed
from clearline.gateways.reading import Collector, Reading
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import E7, Circle, Corridor, Outline, Polygon, Position
from clearline.space.edges import Edges

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["MAX_COLUMNS", "MAX_FIELD_CHARS", "looks", "outlines_of", "read", "write"]

MAX_COLUMNS = 200
MAX_FIELD_CHARS = 500_000
"""The longest value: the widest polygon that an outline may have takes a tenth of it."""
_TOLD = {"name", "lower", "upper", "start", "end"}
_COLUMNS = _TOLD | {"wkt", "lat", "lon", "radius_m", "width_m", "margin_m", "edges"}
_PARTERS = ",;\t"
_FORMULA = tuple("=+-@\t\r")
"""OWASP: a spreadsheet takes what begins so for a formula."""


def looks(raw: bytes) -> bool:
    """Return whether a file's first line names columns of ours."""
    first = raw[:8192].removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode(errors="replace")
    parted = first.replace(";", ",").replace("\t", ",").split(",")
    names = {name.strip().strip('"').lower() for name in parted}
    return "wkt" in names or {"lat", "lon"} <= names


def read(raw: bytes) -> Reading:
    """Return what a table gives, in its order. Raises Mistake for a file that is none."""
    shapes.check_size(raw)
    made = Collector()
    for line, row in _rows(raw, made):
        name = (row.get("name") or "").strip()[: shapes.MAX_NAME]
        called = f"row {line} ({name})" if name else f"row {line}"
        with made.item(called, Spot(line=line, column=1)):
            edges = _edges(row.get("edges"))
            for outline in _outlines(row):
                shape = shapes.shape(row, outline, edges=edges, grown=made.grown)
                made.keep(shape)
        shapes.too_many(len(made))
    return made.done()


def _rows(raw: bytes, made: Collector) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row by the names of its columns, with the line where it begins."""
    text = _text(raw)
    first = text.partition("\n")[0]
    parter = max(_PARTERS, key=first.count)
    csv.field_size_limit(MAX_FIELD_CHARS)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=parter, strict=True)
    names: list[str] | None = None
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            spot = Spot(line=max(line, rows.line_num), column=1)
            raise Hint("file_unreadable", f"the file is no table: {error}", spot=spot) from error
        if not any(field.strip() for field in row):
            continue
        if names is None:
            names = _names(row, made)
        elif len(row) != len(names):
            phrase = f"it has {len(row)} values, and there are {len(names)} columns"
            made.refuse(f"row {line}", Mistake("table_row", phrase), Spot(line=line, column=1))
        else:
            yield line, dict(zip(names, row, strict=True))


def _text(raw: bytes) -> str:
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise Hint(
            "file_unreadable",
            "the file is not UTF-8 text",
            suggestion="save it as CSV in UTF-8",
        ) from error


def _names(row: list[str], made: Collector) -> list[str]:
    names = [name.strip().lower() for name in row]
    if len(names) > MAX_COLUMNS:
        raise Mistake("table_columns", f"the table has more than {MAX_COLUMNS} columns")
    if "wkt" not in names and not {"lat", "lon"} <= set(names):
        raise Hint(
            "table_columns",
            "the first row names no column wkt, and no columns lat and lon",
            suggestion=_meant(names),
        )
    if len(set(names)) < len(names):
        raise Mistake("table_columns", "two columns have one name")
    for name in names:
        if name and name not in _COLUMNS:
            made.lose(OWN_LOST if name in OWN_FIELDS else f"the column {name[:40]}")
    return names


def _meant(names: list[str]) -> str:
    for lat, lon in (("latitude", "longitude"), ("y", "x"), ("lat", "lng"), ("lat", "long")):
        if {lat, lon} <= set(names):
            return f"call the columns {lat} and {lon} lat and lon"
    for wkt in ("geometry", "geom", "the_geom", "shape"):
        if wkt in names:
            return f"call the column {wkt} wkt"
    return ""


def _edges(text: str | None) -> Edges:
    word = (text or "").strip().lower()
    if not word:
        return Edges.STRAIGHT
    try:
        return Edges(word)
    except ValueError as error:
        known = ", ".join(Edges)
        raise Hint("edges_unknown", f"{word[:40]!r} are no edges; there are {known}") from error


def _outlines(row: dict[str, str]) -> Iterator[Outline]:
    wkt = row.get("wkt", "").strip()
    if not wkt:
        centre = shapes.position(_degrees(row, "lon"), _degrees(row, "lat"))
        yield shapes.circle(centre, _filled(row))
        return
    try:
        geometry = shapely.from_wkt(wkt)
    except shapely.errors.GEOSException as error:
        raise Hint("wkt", f"wkt is no geometry: {str(error)[:100]}") from error
    yield from outlines_of(geometry, _filled(row))


def _filled(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value.strip()}


def _degrees(row: dict[str, str], name: str) -> float:
    text = row.get(name, "").strip()
    try:
        return float(text)
    except ValueError as error:
        meant = text.replace(",", ".") if text.count(",") == 1 else ""
        phrase = f"{name} is {text[:40]!r}, which is no number of degrees"
        raise Hint("coordinate", phrase, suggestion=meant) from error


def outlines_of(geometry: BaseGeometry, properties: dict[str, Any]) -> Iterator[Outline]:
    """Yield the outlines of a geometry of shapely's, each of its parts one. Raises Mistake."""
    for part in cast("list[BaseGeometry]", shapely.get_parts(geometry).tolist()):
        match part:
            case shapely.Polygon():
                rings = (part.exterior, *part.interiors)
                made = shapes.polygon([_positions(ring) for ring in rings])
                yield replace(made, margin_cm=shapes.margin_cm(properties))
            case shapely.LineString():
                yield shapes.corridor(_positions(part), properties)
            case shapely.Point():
                yield shapes.circle(_positions(part)[0], properties)
            case shapely.GeometryCollection():
                yield from outlines_of(part, properties)
            case _:
                raise Mistake("geometry_unknown", f"a {part.geom_type} is no area")


def _positions(part: Any) -> list[Position]:
    points = shapely.get_coordinates(part).tolist()
    if not points:
        raise Mistake("too_few_points", "its geometry is empty")
    return [shapes.position(lon, lat) for lon, lat in points]


def write(areas: Sequence[Area]) -> Written:
    """Return areas as a table, each volume exactly as it is."""
    losses = Losses()
    rows = [_row(each) for each in listed(areas, losses)]
    names = list(dict.fromkeys(name for row in rows for name in row)) or [*_ALWAYS]
    made = io.StringIO(newline="")
    table = csv.DictWriter(made, names, restval="")
    table.writeheader()
    table.writerows(rows)
    return Written(raw=made.getvalue().encode(), lost=losses.told())


_ALWAYS = ("name", "lower", "upper", "start", "end", "wkt")


def _row(each: Listed) -> dict[str, str | int]:
    row = {name: _harmless(value) for name, value in each.fields().items()}
    outline = each.volume.outline
    sizes = {"radius_m": "", "width_m": "", "margin_m": ""}
    match outline:
        case Circle():
            sizes["radius_m"] = _metres(outline.radius_cm)
        case Corridor():
            sizes["width_m"] = _metres(outline.width_cm)
        case Polygon():
            sizes["margin_m"] = _metres(outline.margin_cm) if outline.margin_cm else ""
    return row | sizes | {"edges": Edges.GEODESIC.value, "wkt": _wkt(outline)}


def _harmless(value: str | int) -> str | int:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _metres(cm: int) -> str:
    metres, rest = divmod(cm, METRE_CM)
    return f"{metres}.{rest:02d}" if rest else f"{metres}"


def _wkt(outline: Outline) -> str:
    match outline:
        case Circle():
            return f"POINT ({_point(outline.centre)})"
        case Corridor():
            return f"LINESTRING ({', '.join(_point(each) for each in outline.points)})"
        case Polygon():
            rings = (outline.exterior, *outline.holes)
            closed = (", ".join(_point(each) for each in (*ring, ring[0])) for ring in rings)
            return f"POLYGON ({', '.join(f'({ring})' for ring in closed)})"


def _point(position: Position) -> str:
    return f"{_exact(position.lon_e7)} {_exact(position.lat_e7)}"


def _exact(e7: int) -> str:
    whole, rest = divmod(abs(e7), E7)
    text = f"{whole}.{rest:07d}".rstrip("0").rstrip(".")
    return f"-{text}" if e7 < 0 else text
