"""GeoJSON (RFC 7946): a file of features into shapes.

Polygons with holes, points with `radius_m`, lines with `width_m`, and the Multi- forms of
these, each part a shape of its own. Altitudes among the coordinates are left out, as they
have no datum; see `shape` for the properties. A feature that cannot be used is a Mistake
that names it: nothing is skipped in silence.

RFC 7946 section 4: coordinates are WGS 84, longitude first; another `crs` is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from clearline.basis.faults import Mistake
from clearline.gateways import shape as shapes
from clearline.gateways.shape import MAX_FEATURES, MAX_FILE_BYTES, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearline.space import Outline, Position

__all__ = ["MAX_FEATURES", "MAX_FILE_BYTES", "read"]

_WGS84 = ("CRS84", "4326")

_Object = dict[str, Any]


def read(raw: bytes) -> tuple[Shape, ...]:
    """Return the shapes of a GeoJSON file, in its order. Raises Mistake for any bad file."""
    shapes.check_size(raw)
    found: list[Shape] = []
    wrong: list[Mistake] = []
    for number, feature in enumerate(_features(_decode(raw)), 1):
        try:
            found += _shapes(feature)
        except Mistake as mistake:
            wrong.append(shapes.numbered(number, mistake))
        if len(found) > MAX_FEATURES:
            raise Mistake("too_many_features", f"at most {MAX_FEATURES:,} shapes are read")
    if wrong:
        raise shapes.together(wrong)
    if not found:
        raise Mistake("file_empty", "the file has no features")
    return tuple(found)


def _decode(raw: bytes) -> _Object:
    try:
        decoded = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistake("file_unreadable", f"the file is not JSON: {error}") from error
    return _object(decoded, "the file")


def _object(value: Any, what: str) -> _Object:
    if not isinstance(value, dict):
        raise Mistake("geojson", f"{what} is not a JSON object")
    return cast("_Object", value)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Mistake("geojson", f"{what} is not a list")
    return cast("list[Any]", value)


def _features(root: _Object) -> list[Any]:
    """Return the features of a collection, of one feature, or of a bare geometry."""
    if "crs" in root and not any(name in str(root["crs"]) for name in _WGS84):
        raise Mistake("crs", "coordinates must be WGS 84 (RFC 7946); the file names another crs")
    kind = root.get("type")
    if kind == "FeatureCollection":
        features = _list(root.get("features"), "features")
        if len(features) > MAX_FEATURES:
            raise Mistake(
                "too_many_features",
                f"the file has {len(features):,} features; at most {MAX_FEATURES:,} are read",
            )
        return features
    if kind == "Feature":
        return [root]
    return [{"type": "Feature", "properties": None, "geometry": root}]


def _shapes(value: Any) -> list[Shape]:
    """Return the shapes of one feature."""
    feature = _object(value, "it")
    if feature.get("type") != "Feature":
        raise Mistake("geojson", "its type is not Feature")
    properties = _object(feature.get("properties") or {}, "properties")
    geometry = _object(feature.get("geometry"), "geometry")
    return [shapes.shape(properties, outline) for outline in _outlines(geometry, properties)]


def _outlines(geometry: _Object, properties: _Object) -> Iterator[Outline]:
    """Return the outlines of one geometry."""
    kind = geometry.get("type")
    coordinates = geometry.get("coordinates")
    match kind:
        case "Polygon" | "LineString" | "Point":
            yield _outline(kind, coordinates, properties)
        case "MultiPolygon" | "MultiLineString" | "MultiPoint":
            for part in _list(coordinates, "coordinates"):
                yield _outline(kind.removeprefix("Multi"), part, properties)
        case _:
            raise Mistake(
                "geometry_unknown",
                "its geometry is not a Polygon, a Point with radius_m or a LineString with width_m",
            )


def _outline(kind: str, coordinates: Any, properties: _Object) -> Outline:
    if kind == "Polygon":
        return shapes.polygon([_line(ring) for ring in _list(coordinates, "coordinates")])
    if kind == "Point":
        return shapes.circle(_position(coordinates), properties)
    return shapes.corridor(_line(coordinates), properties)


def _line(value: Any) -> list[Position]:
    return [_position(point) for point in _list(value, "a line of coordinates")]


def _position(value: Any) -> Position:
    """Return a position; a third number is left out (it has no datum)."""
    numbers = _list(value, "a position")
    if not 2 <= len(numbers) <= 4:
        raise Mistake("coordinate", "a position is a longitude and a latitude")
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise Mistake("coordinate", "a coordinate is not a number")
    try:
        return shapes.position(float(numbers[0]), float(numbers[1]))
    except OverflowError as error:
        raise Mistake("coordinate", "a coordinate is not a number") from error
