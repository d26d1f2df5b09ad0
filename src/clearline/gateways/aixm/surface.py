"""A surface: GML's curves and patches, as AIXM uses them, into outlines.

Geodesic strings are geodesics; line strings are straight in longitude and latitude, and are
held by geodesics (`space.edges`); arcs become chords, and the polygon's margin holds what they
cut off. In EPSG:4326 latitude comes first and bearings run clockwise from north; in CRS84 it is
longitude, and angles run back from east. Any other system is refused, and so is none.

Source: ISO 19136 (GML 3.2.1); OGC 12-028, Guidance on GML for aviation data.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM, NAUTICAL_MILE_CM
from clearline.gateways import shape as shapes
from clearline.gateways.bulletin import words
from clearline.gateways.hint import Hint
from clearline.gateways.ring import Ring
from clearline.gateways.shape import MAX_POINTS
from clearline.space import Circle, Corridor, Outline, Polygon, same_place
from clearline.space.arcs import arc
from clearline.space.edges import Edges, contain_path

if TYPE_CHECKING:
    from clearline.gateways.element import Element
    from clearline.space import Position

__all__ = ["corridor", "length_cm", "outlines"]

_LAT_FIRST = re.compile(r".*EPSG(?:::|:|/0/|[:/][\d.]+[:/])4326")
_LON_FIRST = re.compile(r".*CRS84")
_UNITS = {
    "NM": NAUTICAL_MILE_CM * 1.0,
    "[NMI_I]": NAUTICAL_MILE_CM * 1.0,
    "KM": KILOMETRE_CM * 1.0,
    "M": METRE_CM * 1.0,
    "FT": 30.48,
    "[FT_I]": 30.48,
}
_NUMBER = re.compile(r"\S+")
_CURVES = (
    "GeodesicString",
    "Geodesic",
    "LineStringSegment",
    "ArcByCenterPoint",
    "CircleByCenterPoint",
)
_NEAR_M = 1.0


class _System(NamedTuple):
    """How coordinates are written."""

    lat_first: bool


def outlines(surface: Element, inherited: str = "") -> list[Outline]:
    """Return the outlines of a surface, one a patch. Raises Hint for what is not read."""
    system = _system(surface, inherited)
    patches = [*surface.all("PolygonPatch")] or ([surface] if surface.tag == "Polygon" else [])
    if not patches:
        raise Hint("geometry_unknown", "a surface has polygon patches", spot=surface.spot)
    return [_patch(patch, system) for patch in patches]


def corridor(curve: Element, width_cm: int, inherited: str = "") -> Outline:
    """Return the corridor along a curve. Raises Hint."""
    ring = _ring(curve, _system(curve, inherited), closing=False)
    return Corridor(points=tuple(ring.points), width_cm=width_cm + 2 * ring.margin_cm)


def length_cm(element: Element) -> int:
    """Return a length with its unit, in cm, rounded up. Raises Hint without one."""
    unit = element.attributes.get("uom", "").upper()
    size = _UNITS.get(unit)
    if size is None:
        raise Hint(
            "unit_missing",
            f"{element.tag} has the unit {unit or 'of none'}; NM, KM, M and FT are read",
            spot=element.spot,
            suggestion='uom="NM"',
        )
    cm = _numbers(element)[0][1] * size
    if not METRE_CM <= cm <= 1e9:
        raise Hint("zero_size", f"{element.text} {unit} is no size", spot=element.spot)
    return math.ceil(round(cm, 3))


def _system(element: Element, inherited: str) -> _System:
    """Return the system that an element's `srsName` names, or else the one around it."""
    name = element.attributes.get("srsName") or inherited
    if not name:
        inner = next((e for e in element.all() if e.attributes.get("srsName")), None)
        name = inner.attributes["srsName"] if inner is not None else ""
    if not name:
        raise Hint(
            "crs_missing",
            "no srsName says whether latitude or longitude comes first",
            spot=element.spot,
            suggestion='srsName="urn:ogc:def:crs:EPSG::4326", if it is latitude in WGS 84',
        )
    if _LAT_FIRST.fullmatch(name):
        return _System(lat_first=True)
    if _LON_FIRST.fullmatch(name):
        return _System(lat_first=False)
    raise Hint(
        "datum_other",
        f"positions are in {words(name, 60)}; only WGS 84 is read",
        spot=element.spot,
        suggestion="positions converted to EPSG:4326",
    )


def _patch(patch: Element, system: _System) -> Outline:
    exterior = patch.child("exterior")
    if exterior is None:
        raise Hint("too_few_points", "a patch without its exterior", spot=patch.spot)
    interiors = [each for each in patch.children if each.tag == "interior"]
    whole = exterior.first("CircleByCenterPoint")
    if whole is not None and not interiors and len(list(exterior.all(*_CURVES))) == 1:
        centre, radius_cm = _centre(whole, system)
        return Circle(centre=centre, radius_cm=radius_cm)
    ring = _ring(exterior, system, closing=True)
    holes = [_ring(each, system, closing=True) for each in interiors]
    margin = max(each.margin_cm for each in (ring, *holes))
    return Polygon(
        exterior=tuple(ring.points),
        holes=tuple(tuple(hole.points) for hole in holes),
        margin_cm=margin,
    )


def _ring(around: Element, system: _System, *, closing: bool) -> Ring:
    """Return the positions of all segments in an element, in order."""
    ring = Ring([])
    linked = next((e for e in around.all("curveMember") if e.attributes.get("href")), None)
    if linked is not None:
        raise Hint(
            "geometry_elsewhere",
            "a part of the boundary is in another feature, which is not followed",
            spot=linked.spot,
            suggestion="the positions of that border in their place",
        )
    found = False
    for segment in around.all(*_CURVES, "LinearRing", "Arc", "ArcString", "Circle", "OffsetCurve"):
        found = True
        match segment.tag:
            case "GeodesicString" | "Geodesic":
                _join(ring, _positions(segment, system))
            case "LineStringSegment" | "LinearRing":
                _straight(ring, _positions(segment, system))
            case "ArcByCenterPoint" | "CircleByCenterPoint":
                _arc(ring, segment, system)
            case _:
                raise Hint("geometry_unknown", f"{segment.tag} is not read", spot=segment.spot)
    if not found:
        raise Hint("geometry_unknown", "no segments of a curve that are read", spot=around.spot)
    if closing and len(ring.points) > 1 and same_place(ring.points[0], ring.points[-1]):
        ring.points.pop()
        ring.closed = True
    if closing and not ring.closed:
        first = ring.points[0]
        raise Hint(
            "ring_open",
            "a ring ends where it began",
            spot=around.spot,
            suggestion=f"end the ring with its first position, {first.lat_deg:g} {first.lon_deg:g}",
        )
    return ring


def _join(ring: Ring, points: list[Position]) -> None:
    for point in points:
        if not ring.points or not same_place(point, ring.points[-1]):
            ring.points.append(point)
    if len(ring.points) > MAX_POINTS:
        raise Mistake("too_many_points", f"a ring has more than {MAX_POINTS:,} points")


def _straight(ring: Ring, points: list[Position]) -> None:
    """Add a line that is straight in longitude and latitude, as geodesics that hold it."""
    distinct = [p for n, p in enumerate(points) if n == 0 or not same_place(p, points[n - 1])]
    if len(distinct) < 2:
        _join(ring, distinct)
        return
    held = contain_path(Edges.STRAIGHT, tuple(distinct), width_cm=2 * METRE_CM)
    assert isinstance(held.outline, Corridor)
    ring.margin_cm = max(ring.margin_cm, held.grown_cm)
    _join(ring, list(held.outline.points))


def _arc(ring: Ring, segment: Element, system: _System) -> None:
    """Add an arc; from its start angle to its end angle, the way in which the number grows."""
    centre, radius_cm = _centre(segment, system)
    start, end = 0.0, 360.0
    if segment.tag == "ArcByCenterPoint":
        start, end = _angle(segment, "startAngle"), _angle(segment, "endAngle")
    if not system.lat_first:
        start, end = 90 - start, 90 - end
    if start == end:
        end = start + 360
    cut = arc(centre, radius_cm, start, end - start)
    ring.margin_cm = max(ring.margin_cm, cut.height_cm)
    points = list(cut.points)
    # Neighbours give the same end to fewer decimals: the corner that is there stays.
    if ring.points and _near(ring.points[-1], points[0]):
        points = points[1:]
    _join(ring, points)
    if abs(end - start) >= 360 or (len(ring.points) > 2 and _near(ring.points[0], points[-1])):
        ring.points[-1] = ring.points[0]


def _near(one: Position, other: Position) -> bool:
    lat = abs(one.lat_deg - other.lat_deg)
    lon = abs((one.lon_deg - other.lon_deg + 180) % 360 - 180)
    lon *= math.cos(math.radians(one.lat_deg))
    return math.hypot(lat, lon) * 111_320 <= _NEAR_M


def _centre(segment: Element, system: _System) -> tuple[Position, int]:
    """Return the centre and radius of an arc."""
    radius = segment.child("radius")
    if radius is None:
        raise Hint("radius_missing", "an arc without its radius", spot=segment.spot)
    places = _positions(segment, system)
    if len(places) != 1:
        raise Hint("arc_end", "an arc by its centre has one position", spot=segment.spot)
    return places[0], length_cm(radius)


def _angle(segment: Element, name: str) -> float:
    element = segment.child(name)
    if element is None:
        raise Hint("arc_end", f"an arc without its {name}", spot=segment.spot)
    unit = element.attributes.get("uom", "deg")
    if unit.lower() not in ("deg", "degree", "degrees"):
        raise Hint(
            "unit_missing", f"{name} is in {words(unit)}; degrees are read", spot=element.spot
        )
    value = _numbers(element)[0][1]
    if abs(value) > 720:
        raise Hint("bearing_range", f"{value:g} is no bearing", spot=element.spot)
    return value


def _positions(segment: Element, system: _System) -> list[Position]:
    """Return the positions in a segment: of `posList`, `pos` and points within it."""
    found: list[Position] = []
    for element in segment.all("posList", "pos", "pointProperty"):
        if element.tag == "pointProperty":
            if element.attributes.get("href"):
                raise Hint(
                    "geometry_elsewhere",
                    "a position is that of another feature, which is not followed",
                    spot=element.spot,
                    suggestion="the position itself in its place",
                )
            continue
        own = _system(element, "") if element.attributes.get("srsName") else system
        numbers = _numbers(element)
        if len(numbers) % 2:
            raise Hint("coordinate", f"{len(numbers)} numbers are not pairs", spot=element.spot)
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        found += [_position(element, one, other, own) for one, other in pairs]
    if not found:
        raise Hint("too_few_points", f"{segment.tag} has no positions", spot=segment.spot)
    return found


def _position(
    element: Element, one: tuple[int, float], other: tuple[int, float], system: _System
) -> Position:
    lat, lon = (one[1], other[1]) if system.lat_first else (other[1], one[1])
    try:
        return shapes.position(lon, lat)
    except Hint as hint:
        order = "latitude first" if system.lat_first else "longitude first"
        raise Hint(
            hint.code,
            f"{one[1]:g} {other[1]:g} is no position with {order}",
            spot=element.spot_in(one[0]),
            suggestion=f"{other[1]:g} {one[1]:g}" if hint.suggestion else "",
        ) from hint


def _numbers(element: Element) -> list[tuple[int, float]]:
    """Return the numbers of an element's text, each with its offset. Raises Hint."""
    found: list[tuple[int, float]] = []
    for match in _NUMBER.finditer(element.whole):
        try:
            number = float(match[0])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise Hint(
                "coordinate",
                f"{words(match[0])} is no number",
                spot=element.spot_in(match.start()),
            )
        found.append((match.start(), number))
    if not found:
        raise Hint("coordinate", f"{element.tag} is empty", spot=element.spot)
    return found
