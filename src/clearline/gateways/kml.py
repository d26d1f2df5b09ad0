"""KML 2.2 (OGC 07-147r2): the placemarks of a file into shapes.

Polygons with inner boundaries, points with `radius_m`, lines with `width_m`, and
MultiGeometry of these. Properties come from `ExtendedData` (`Data` or `SimpleData`), times
also from `TimeSpan`; see `shape`. A band is taken from the coordinates only where KML says
all of it: an outline at one height, `extrude`d to the ground, whose `altitudeMode` names the
datum. Nothing is fetched; entities and document types are refused.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.gateways import bounds
from clearline.gateways import shape as shapes
from clearline.gateways.element import Element, parse
from clearline.gateways.hint import Hint
from clearline.gateways.reading import Collector, Reading
from clearline.space import Altitude, Datum, Polygon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearline.space import Band, Outline, Position

__all__ = ["looks", "read"]

_MAX_DEPTH = 20
"""How deep MultiGeometry may be nested."""
_GEOMETRIES = {"Polygon", "Point", "LineString", "MultiGeometry"}
_UNUSABLE = {"LinearRing", "Model", "Track", "MultiTrack"}
_LOST = {
    "description": "descriptions",
    "Style": "styles",
    "styleUrl": "styles",
    "TimeStamp": "time stamps: an area has a start and an end",
    "Region": "regions",
    "LookAt": "views",
    "Camera": "views",
}
_NEVER_READ = {
    "NetworkLink": "network links: nothing is fetched",
    "GroundOverlay": "overlays",
    "ScreenOverlay": "overlays",
    "PhotoOverlay": "overlays",
}
_DATA = {"relativeToGround": Datum.HEIGHT, "absolute": Datum.AMSL}
"""OGC 07-147r2, 9.20: above the ground; above the vertical datum, which is mean sea level."""


def looks(raw: bytes) -> bool:
    """Return whether a file looks like KML."""
    return b"<kml" in raw[:4096] or b":kml" in raw[:4096]


def read(raw: bytes) -> Reading:
    """Return what a KML file gives, in its order. Raises Mistake for a file that is none."""
    shapes.check_size(raw)
    if raw.startswith(b"PK"):
        raise Mistake("kmz", "this is a KMZ archive: give its name the ending .kmz")
    made = Collector()
    root = parse(raw)
    for number, mark in enumerate(root.all("Placemark"), 1):
        properties = _properties(mark)
        name = str(properties.get("name", "")).strip()[: shapes.MAX_NAME]
        called = f"placemark {number} ({name})" if name else f"placemark {number}"
        with made.item(called, mark.spot):
            for outline, band in _outlines(mark, properties, 0, made):
                shape = shapes.shape(properties, outline, band=band)
                made.keep(shape)
            _lose(mark, made)
        shapes.too_many(len(made))
    for each in root.all(*_NEVER_READ):
        made.lose(_NEVER_READ[each.tag])
    for each in root.all("Folder", "Document"):
        if each.child("TimeSpan") is not None:
            made.lose("time spans of folders and documents")
    return made.done()


def _lose(mark: Element, made: Collector) -> None:
    for child in mark.children:
        if child.tag in _LOST:
            made.lose(_LOST[child.tag])


def _properties(mark: Element) -> dict[str, object]:
    """Return the properties of a placemark."""
    found: dict[str, object] = {}
    for data in mark.all("Data"):
        found[data.attributes.get("name", "")] = data.words("value") or ""
    for data in mark.all("SimpleData"):
        found[data.attributes.get("name", "")] = data.text
    span = mark.child("TimeSpan")
    if span is not None:
        for name, element in (("start", "begin"), ("end", "end")):
            text = span.words(element)
            if text:
                found.setdefault(name, text)
    named = mark.child("name")
    if named is not None:
        found["name"] = named.text
    return found


def _outlines(
    element: Element, properties: dict[str, object], depth: int, made: Collector
) -> Iterator[tuple[Outline, Band | None]]:
    """Yield the outlines directly in a placemark or MultiGeometry, with what bands they have."""
    if depth > _MAX_DEPTH:
        raise Mistake("too_deep", "geometries are nested too deep")
    seen = False
    for child in element.children:
        if child.tag in _UNUSABLE:
            raise _unusable()
        if child.tag not in _GEOMETRIES:
            continue
        seen = True
        if child.tag == "MultiGeometry":
            yield from _outlines(child, properties, depth + 1, made)
        else:
            yield _outline(child, properties), _band(child, properties, made)
    if not seen:
        raise _unusable()


def _unusable() -> Mistake:
    return Mistake(
        "geometry_unknown",
        "it has no Polygon, Point with radius_m or LineString with width_m",
    )


def _outline(element: Element, properties: dict[str, object]) -> Outline:
    match element.tag:
        case "Polygon":
            return replace(_polygon(element), margin_cm=shapes.margin_cm(properties))
        case "Point":
            points = _coordinates(element)
            if len(points) != 1:
                raise Mistake("kml", "a point has one position")
            return shapes.circle(points[0], properties)
        case _:
            return shapes.corridor(_coordinates(element), properties)


def _polygon(element: Element) -> Polygon:
    outer = [_coordinates(each) for each in element.all("outerBoundaryIs")]
    if len(outer) != 1:
        raise Mistake("kml", "a polygon has one outer boundary")
    inner = [
        _coordinates(ring)
        for each in element.all("innerBoundaryIs")
        for ring in each.all("LinearRing")
    ]
    return shapes.polygon([*outer, *inner])


def _coordinates(element: Element) -> list[Position]:
    """Return the positions of a geometry: `lon,lat[,alt]`, parted by blanks."""
    found = element.first("coordinates")
    if found is None or not found.text:
        raise Hint("kml", "coordinates are missing", spot=element.spot)
    points: list[Position] = []
    for at, word in _words(found.whole):
        try:
            points.append(_position(word))
        except Hint as hint:
            raise Hint(
                hint.code, hint.phrase, spot=found.spot_in(at), suggestion=hint.suggestion
            ) from hint
    return points


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words of a text, each with where it begins."""
    at = 0
    for word in text.split():
        at = text.index(word, at)
        yield at, word
        at += len(word)


def _position(word: str) -> Position:
    numbers = word.split(",")
    if not 2 <= len(numbers) <= 3:
        raise Hint("coordinate", f"{word[:40]!r} is not a longitude and a latitude")
    try:
        lon_deg, lat_deg = float(numbers[0]), float(numbers[1])
    except ValueError as error:
        raise Hint("coordinate", f"{word[:40]!r} is not a longitude and a latitude") from error
    return shapes.position(lon_deg, lat_deg)


def _band(element: Element, properties: dict[str, object], made: Collector) -> Band | None:
    """Return the band that the coordinates of a geometry have, if KML says all of it."""
    heights = _heights(element)
    if properties.get("lower") or properties.get("upper") or not any(heights):
        return None
    mode = element.words("altitudeMode") or "clampToGround"
    if mode not in _DATA:
        made.lose(f"altitudes among the coordinates, where their mode is {mode[:40]}")
    elif len(heights) > 1:
        made.lose("altitudes among the coordinates, where they differ along one outline")
    elif element.words("extrude") not in ("1", "true"):
        made.lose("altitudes among the coordinates, where nothing is extruded to the ground")
    else:
        made.note(f"the band of what is extruded reaches from the ground to its height ({mode})")
        return _extruded(heights.pop(), _DATA[mode])
    return None


def _heights(element: Element) -> set[float]:
    """Return every altitude among the coordinates of a geometry, in metres."""
    found: set[float] = set()
    for each in element.all("coordinates"):
        for word in each.whole.split():
            numbers = word.split(",")
            try:
                found.add(float(numbers[2]) if len(numbers) > 2 else 0.0)
            except ValueError as error:
                raise Hint("coordinate", f"{word[:40]!r} has no altitude") from error
    return found


def _extruded(height_m: float, datum: Datum) -> Band:
    if not math.isfinite(height_m) or abs(height_m) > 100_000:
        raise Hint("altitude_too_far", "an altitude or depth is at most 100 km")
    value_cm = math.ceil(round(height_m * METRE_CM, 3))
    if datum is Datum.HEIGHT and value_cm < 0:
        raise Hint("altitude_negative", "a height above the ground is not negative")
    ground = Altitude(datum=Datum.SURFACE, value_cm=0)
    return bounds.band(ground, Altitude(datum=datum, value_cm=value_cm))
