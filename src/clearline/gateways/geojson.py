"""GeoJSON (RFC 7946): features into shapes, and volumes into features.

Polygons with holes, points with `radius_m`, lines with `width_m`, and the Multi- forms of
these, each part a shape of its own. Altitudes among the coordinates are left out, as they
have no datum; see `shape` for the properties. A feature that cannot be used is refused with
the line and column of what is wrong in it, and the others are kept.

RFC 7946 section 3.1.1: edges are straight in longitude and latitude, so outlines are grown to
hold them as geodesics. Section 4: coordinates are WGS 84, longitude first; another `crs` is
refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.gateways import shape as shapes
from clearline.gateways.drawn import Ring, draw_saying
from clearline.gateways.hint import Hint
from clearline.gateways.listed import OWN_FIELDS, OWN_LOST, Listed, listed
from clearline.gateways.place import Lines, offset_of
from clearline.gateways.reading import Begun, Collector, Origin, Reading
from clearline.gateways.shape import Shape
from clearline.gateways.writing import Area, Losses, Written
from clearline.space.edges import Edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clearline.space import Outline, Position

__all__ = ["begin", "looks", "read", "write"]

_BOM = b"\xef\xbb\xbf"
_WGS84 = ("CRS84", "4326")
_KNOWN = frozenset({"name", "lower", "upper", "start", "end", "radius_m", "width_m", "margin_m"})

_ABOUT = {
    "altitude": ("lower", "upper"),
    "band": ("lower", "upper"),
    "lower": ("lower", "upper"),
    "upper": ("upper",),
    "time": ("start", "end"),
    "window": ("start", "end"),
    "start": ("start", "end"),
    "end": ("end",),
}
"""Which properties a mistake is about, by the first word of its code."""

MAX_LOST = 50
"""Properties of a feature that are told as not carried."""

_Object = dict[str, Any]
_Path = tuple[str | int, ...]


class _Within(Exception):  # noqa: N818 - a mistake with its path, never seen outside
    """A mistake in one value of a feature."""

    def __init__(self, mistake: Mistake, path: _Path) -> None:
        super().__init__(mistake.phrase)
        self.mistake = mistake
        self.path = path


def looks(raw: bytes) -> bool:
    """Return whether a file looks like GeoJSON."""
    head = raw[:4096].removeprefix(_BOM).lstrip()
    return head.startswith(b"{") and (b'"type"' in head or b'"features"' in head)


def read(raw: bytes) -> Reading:
    """Return what a GeoJSON file gives, in its order. Raises Mistake for a file that is none."""
    return begin(raw).done()


def begin(raw: bytes) -> Begun:
    """Begin to read a GeoJSON file, a feature a step. Raises Mistake for a file that is none."""
    shapes.check_size(raw)
    features, made = _features(raw), Collector()
    if not features:
        made.done()
    return Begun(_most(raw, features), _each(raw, features, made), made.done)


def _each(
    raw: bytes, features: list[msgspec.Raw], made: Collector
) -> Iterator[tuple[Shape, Origin]]:
    lines = Lines(raw)
    for number, feature in enumerate(features, 1):
        called, taken = f"feature {number}", len(made)
        try:
            value = _object(_decode(feature, Any), "it")
            called += _name(value)
            found = list(_shapes(value, made))
            if not found:
                raise Mistake("geojson", "its geometry has no parts")
        except _Within as within:
            inner = bytes(feature).decode()
            before = len(inner[: offset_of(inner, within.path)].encode())
            made.refuse(called, within.mistake, lines.spot(_offset(raw, feature) + before))
        except Mistake as mistake:
            made.refuse(called, mistake, lines.spot(_offset(raw, feature)))
        else:
            for each in found:
                made.keep(each, called, lines.spot(_offset(raw, feature)))
        shapes.too_many(len(made))
        yield from made.since(taken)


def _most(raw: bytes, features: list[msgspec.Raw]) -> int:
    """Return how many shapes features have at most: one each, but for those of several parts."""
    # A key or a type may be spelled with escapes: then only decoding it says what it is.
    if b"Multi" not in raw and b"\\u" not in raw:
        return len(features)
    return sum(_parts(feature) for feature in features)


def _parts(feature: msgspec.Raw) -> int:
    try:
        value = _object(_decode(feature, Any), "it")
    except Mistake:
        return 1
    return max(_several(value), _several(value.get("geometry")))


def _several(geometry: Any) -> int:
    if not isinstance(geometry, dict):
        return 1
    kind, parts = (cast("_Object", geometry).get(key) for key in ("type", "coordinates"))
    if not isinstance(kind, str) or not kind.startswith("Multi") or not isinstance(parts, list):
        return 1
    return len(cast("list[Any]", parts))


def write(areas: Sequence[Area]) -> Written:
    """Return areas as a feature a volume, each a polygon that holds it; see `drawn`."""
    losses = Losses()
    features = [_written(each, losses) for each in listed(areas, losses)]
    whole = {"type": "FeatureCollection", "features": features}
    raw = msgspec.json.format(msgspec.json.encode(whole), indent=1)
    return Written(raw=raw + b"\n", lost=losses.told())


def _written(each: Listed, losses: Losses) -> _Object:
    drawn = draw_saying(each.volume.outline, losses)
    rings = [[_closed(ring) for ring in (part.exterior, *part.holes)] for part in drawn.parts]
    if len(rings) == 1:
        geometry: _Object = {"type": "Polygon", "coordinates": rings[0]}
    else:
        geometry = {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Feature", "id": each.uid, "properties": each.fields(), "geometry": geometry}


def _closed(ring: Ring) -> list[tuple[float, float]]:
    return [*ring, ring[0]]


def _offset(raw: bytes, part: msgspec.Raw) -> int:
    """Return where in a file a part of it begins, which the decoder has given as a view."""
    if not part:
        return 0
    return _address(memoryview(part)) - _address(memoryview(raw))


def _address(view: memoryview) -> int:
    return np.frombuffer(view, dtype=np.uint8).ctypes.data


def _decode(raw: bytes | msgspec.Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise Mistake("geojson", f"it is not a GeoJSON object: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistake("file_unreadable", f"the file is not JSON: {error}") from error


def _features(raw: bytes) -> list[msgspec.Raw]:
    """Return the features of a collection, of one feature, or of a bare geometry, as they are."""
    whole = memoryview(raw)[len(_BOM) :] if raw.startswith(_BOM) else memoryview(raw)
    root = cast("dict[str, msgspec.Raw]", _decode(cast("Any", whole), dict[str, msgspec.Raw]))
    if "crs" in root and not any(name.encode() in bytes(root["crs"]) for name in _WGS84):
        raise Hint(
            "crs",
            "coordinates must be WGS 84 (RFC 7946); the file names another crs: "
            f"{bytes(root['crs'])[:80].decode(errors='replace')}",
            suggestion="save the file with coordinates in WGS 84 (EPSG:4326)",
        )
    if "features" in root and _is_collection(root):
        features = cast("list[msgspec.Raw]", _decode(root["features"], list[msgspec.Raw]))
        shapes.too_many(len(features))
        return features
    return [_decode(cast("Any", whole), msgspec.Raw)]


def _is_collection(root: dict[str, msgspec.Raw]) -> bool:
    return "type" in root and bytes(root["type"]) == b'"FeatureCollection"'


def _name(feature: _Object) -> str:
    """Return what a feature is called, in brackets; empty if it has no name."""
    properties = feature.get("properties")
    name = cast("_Object", properties).get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not name.strip():
        return ""
    return f" ({name.strip()[: shapes.MAX_NAME]})"


def _object(value: Any, what: str) -> _Object:
    if not isinstance(value, dict):
        raise Mistake("geojson", f"{what} is not a JSON object")
    return cast("_Object", value)


def _list(value: Any, what: str, path: _Path) -> list[Any]:
    if not isinstance(value, list):
        raise _Within(Mistake("geojson", f"{what} is not a list"), path)
    return cast("list[Any]", value)


def _shapes(feature: _Object, made: Collector) -> Iterator[Shape]:
    """Yield the shapes of one feature, or of a bare geometry."""
    path: _Path = ("geometry",)
    if feature.get("type") != "Feature" and "coordinates" in feature:
        feature, path = {"type": "Feature", "geometry": feature}, ()
    if feature.get("type") != "Feature":
        raise Mistake("geojson", "its type is not Feature")
    properties = _object(feature.get("properties") or {}, "properties")
    geometry = _object(feature.get("geometry"), "geometry")
    outlines = list(_outlines(geometry, properties, path, made))
    for name in [each for each in properties if each not in _KNOWN][:MAX_LOST]:
        made.lose(OWN_LOST if name in OWN_FIELDS else f"the property {name[:40]}")
    for outline, at in outlines:
        try:
            yield shapes.shape(properties, outline, edges=Edges.STRAIGHT, grown=made.grown)
        except Mistake as mistake:
            raise _Within(mistake, _whence(mistake, properties) or at) from mistake


def _whence(mistake: Mistake, properties: _Object) -> _Path:
    """Return the path of the property that a mistake is about; empty if it is of none."""
    about = _ABOUT.get(mistake.code.partition("_")[0], ())
    name = next((each for each in about if each in properties), None)
    return () if name is None else ("properties", name)


def _outlines(
    geometry: _Object, properties: _Object, path: _Path, made: Collector
) -> Iterator[tuple[Outline, _Path]]:
    """Yield the outlines of one geometry, each with the path to it."""
    kind = geometry.get("type")
    path = (*path, "coordinates")
    coordinates = geometry.get("coordinates")
    match kind:
        case "Polygon" | "LineString" | "Point":
            yield _outline(kind, coordinates, properties, path, made), path
        case "MultiPolygon" | "MultiLineString" | "MultiPoint":
            for number, part in enumerate(_list(coordinates, "coordinates", path)):
                at = (*path, number)
                yield _outline(kind.removeprefix("Multi"), part, properties, at, made), at
        case _:
            raise Mistake(
                "geometry_unknown",
                "its geometry is not a Polygon, a Point with radius_m or a LineString with width_m",
            )


def _outline(
    kind: str, coordinates: Any, properties: _Object, path: _Path, made: Collector
) -> Outline:
    if kind == "Point":
        return shapes.circle(_position(coordinates, path, made), properties)
    if kind == "LineString":
        return shapes.corridor(_line(coordinates, path, made), properties)
    rings = [
        _line(ring, (*path, number), made)
        for number, ring in enumerate(_list(coordinates, "coordinates", path))
    ]
    try:
        polygon = shapes.polygon(rings)
        return replace(polygon, margin_cm=shapes.margin_cm(properties))
    except Mistake as mistake:
        raise _Within(mistake, path) from mistake


def _line(value: Any, path: _Path, made: Collector) -> list[Position]:
    return [
        _position(point, (*path, number), made)
        for number, point in enumerate(_list(value, "a line of coordinates", path))
    ]


def _position(value: Any, path: _Path, made: Collector) -> Position:
    """Return a position; a third number is left out (it has no datum), and that is said."""
    numbers = _list(value, "a position", path)
    if not 2 <= len(numbers) <= 4:
        raise _Within(Mistake("coordinate", "a position is a longitude and a latitude"), path)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _Within(Mistake("coordinate", "a coordinate is not a number"), path)
    if len(numbers) > 2 and numbers[2]:
        made.lose("altitudes among the coordinates: GeoJSON gives them no datum")
    try:
        return shapes.position(float(numbers[0]), float(numbers[1]))
    except OverflowError as error:
        raise _Within(Mistake("coordinate", "a coordinate is not a number"), path) from error
    except Mistake as mistake:
        raise _Within(mistake, path) from mistake
