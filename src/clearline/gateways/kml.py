"""KML 2.2 (OGC 07-147r2): the placemarks of a file into shapes.

Polygons with inner boundaries, points with `radius_m`, lines with `width_m`, and
MultiGeometry of these. Properties come from `ExtendedData` (`Data` or `SimpleData`), times
also from `TimeSpan`; see `shape`. Altitudes among the coordinates are left out: KML's modes
say which surface, but a deconfliction band is stated, never inferred. Entities, document
types and external references are refused by `defusedxml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from defusedxml import DefusedXmlException, ElementTree

from clearline.basis.faults import Mistake
from clearline.gateways import shape as shapes
from clearline.gateways.shape import MAX_FEATURES, MAX_FILE_BYTES, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from clearline.space import Outline, Position

__all__ = ["MAX_FEATURES", "MAX_FILE_BYTES", "read"]

_MAX_DEPTH = 20
"""How deep MultiGeometry may be nested."""
_MAX_RUN_BYTES = 512 * 1024
"""From one tag to the next: more than the longest list of coordinates that is read."""
_MAX_TAGS = 200_000
"""Opening and closing: 10,000 shapes have about so many. A million take seconds."""
_FED_BYTES = 64 * 1024
"""The parser lets no other thread run until it has read what it was given."""


def read(raw: bytes) -> tuple[Shape, ...]:
    """Return the shapes of a KML file, in its order. Raises Mistake for any bad file."""
    shapes.check_size(raw)
    found: list[Shape] = []
    wrong: list[Mistake] = []
    for number, mark in enumerate(_named(_parse(raw), "Placemark"), 1):
        try:
            properties = _properties(mark)
            found += [shapes.shape(properties, o) for o in _outlines(mark, properties, 0)]
        except Mistake as mistake:
            wrong.append(shapes.numbered(number, mistake))
        if len(found) > MAX_FEATURES:
            raise Mistake("too_many_features", f"at most {MAX_FEATURES:,} shapes are read")
    if wrong:
        raise shapes.together(wrong)
    if not found:
        raise Mistake("file_empty", "the file has no placemarks with an area")
    return tuple(found)


def _parse(raw: bytes) -> Element:
    if raw.startswith(b"PK"):
        raise Mistake("kmz", "this is a KMZ archive; unpack it and give the .kml inside")
    _check_runs(raw)
    parser = cast("Any", ElementTree).DefusedXMLParser(forbid_dtd=True)
    try:
        for start in range(0, len(raw), _FED_BYTES):
            parser.feed(raw[start : start + _FED_BYTES])
        return cast("Element", parser.close())
    except DefusedXmlException as error:
        raise Mistake("xml_forbidden", "document types and entities are not read") from error
    except (SyntaxError, ValueError, LookupError, RecursionError) as error:
        raise Mistake("file_unreadable", f"the file is not XML: {error}") from error


def _check_runs(raw: bytes) -> None:
    """Raise a Mistake if there are more tags than in anything that is read, or longer ones.

    A tag with a hundred thousand attributes is read in one piece, which takes a second; it is
    looked at with the text that follows it.
    """
    tags = raw.count(b"<")
    if tags > _MAX_TAGS:
        raise Mistake("too_many_features", f"the file has {tags:,} tags; at most {_MAX_TAGS:,}")
    at = 0
    while at + _MAX_RUN_BYTES < len(raw):
        tag = raw.rfind(b"<", at + 1, at + _MAX_RUN_BYTES)
        if tag < 0:
            raise Mistake(
                "file_unreadable",
                f"there are more than {_MAX_RUN_BYTES:,} bytes from one tag to the next",
            )
        at = tag


def _tag(element: Element) -> str:
    """Return an element's name without its namespace; files use several of Google's and OGC's."""
    return element.tag.rpartition("}")[2]


def _named(element: Element, name: str) -> Iterator[Element]:
    """Return all elements of a name, at any depth, in order."""
    return (each for each in element.iter() if _tag(each) == name)


def _text(element: Element, name: str) -> str | None:
    """Return the text of the first element of a name, at any depth."""
    first = next(_named(element, name), None)
    return None if first is None else (first.text or "").strip()


def _properties(mark: Element) -> dict[str, object]:
    """Return the properties of a placemark."""
    found: dict[str, object] = {}
    for data in _named(mark, "Data"):
        found[data.get("name", "")] = _text(data, "value") or ""
    for data in _named(mark, "SimpleData"):
        found[data.get("name", "")] = (data.text or "").strip()
    span = next(_named(mark, "TimeSpan"), None)
    if span is not None:
        for name, element in (("start", "begin"), ("end", "end")):
            text = _text(span, element)
            if text:
                found.setdefault(name, text)
    for child in mark:
        if _tag(child) == "name":
            found["name"] = child.text or ""
    return found


def _outlines(element: Element, properties: dict[str, object], depth: int) -> Iterator[Outline]:
    """Return the outlines directly in a placemark or MultiGeometry."""
    if depth > _MAX_DEPTH:
        raise Mistake("too_deep", "geometries are nested too deep")
    seen = False
    for child in element:
        match _tag(child):
            case "Polygon":
                yield _polygon(child)
            case "Point":
                yield shapes.circle(_one(_coordinates(child)), properties)
            case "LineString":
                yield shapes.corridor(_coordinates(child), properties)
            case "MultiGeometry":
                yield from _outlines(child, properties, depth + 1)
            case "LinearRing" | "Model" | "Track" | "MultiTrack":
                raise _unusable()
            case _:
                continue
        seen = True
    if not seen:
        raise _unusable()


def _unusable() -> Mistake:
    return Mistake(
        "geometry_unknown",
        "it has no Polygon, Point with radius_m or LineString with width_m",
    )


def _polygon(element: Element) -> Outline:
    outer = [_coordinates(each) for each in _named(element, "outerBoundaryIs")]
    if len(outer) != 1:
        raise Mistake("kml", "a polygon has one outer boundary")
    inner = [
        _coordinates(ring)
        for each in _named(element, "innerBoundaryIs")
        for ring in _named(each, "LinearRing")
    ]
    return shapes.polygon([*outer, *inner])


def _one(points: list[Position]) -> Position:
    if len(points) != 1:
        raise Mistake("kml", "a point has one position")
    return points[0]


def _coordinates(element: Element) -> list[Position]:
    """Return the positions of a geometry: `lon,lat[,alt]`, parted by blanks."""
    text = _text(element, "coordinates")
    if not text:
        raise Mistake("kml", "coordinates are missing")
    return [_position(word) for word in text.split()]


def _position(word: str) -> Position:
    numbers = word.split(",")
    if not 2 <= len(numbers) <= 3:
        raise Mistake("coordinate", f"{word[:40]!r} is not a longitude and a latitude")
    try:
        return shapes.position(float(numbers[0]), float(numbers[1]))
    except ValueError as error:
        raise Mistake("coordinate", f"{word[:40]!r} is not a longitude and a latitude") from error
