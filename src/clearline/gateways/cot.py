"""CoT shapes, as TAK devices draw and send them: events into shapes, and volumes into events.

A file, or what a stream carried, is events one after another. Read are circles (`u-d-c-c`),
rectangles (`u-d-r`), freehand areas (`u-d-f`, closed); each event
has its hours from `start` to `stale`. A CoT point has one height, above the ellipsoid, and so no
band: a band is in our own `detail/band`, and in the remarks for a person.

The events' form is that of pytak's wire, protocol version 0: XML, one `event` after another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from clearline.basis.instants import Instant
from clearline.basis.quantities import METRE_CM
from clearline.gateways import bounds
from clearline.gateways import shape as shapes
from clearline.gateways.drawn import draw_saying
from clearline.gateways.element import Element, parse
from clearline.gateways.hint import Hint, Spot
from clearline.gateways.listed import Listed, listed
from clearline.gateways.reading import Collector, Reading
from clearline.gateways.shape import Shape
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Circle, Outline, Polygon, Position, Window, from_degrees, same_place
from clearline.space.footprint import footprint

__all__ = ["looks", "read", "write"]

_WRAP = b"<events>"
_PROLOG = re.compile(rb"<\?xml[^>]{0,200}\?>")
_UNKNOWN = 9_999_999
"""CoT's own number for an error, or a height, that is not known."""


def looks(raw: bytes) -> bool:
    """Return whether a file looks like CoT events."""
    return re.search(rb"<event\s[^>]{0,300}\buid=", raw[:65_536]) is not None


def read(raw: bytes) -> Reading:
    """Return what the events of a file give, in its order. Raises Mistake for what is none."""
    shapes.check_size(raw)
    made = Collector()
    for number, event in enumerate(_events(raw), 1):
        kind = event.attributes.get("type", "")
        name = _named(event)
        spot = _moved(event.spot)
        if not kind.startswith("u-d-"):
            made.lose(f"events of the type {kind[:40]}: they are no areas")
            continue
        with made.item(f"event {number}" + (f" ({name})" if name else ""), spot):
            try:
                made.keep(_shape(event, kind, name, made))
            except Hint as hint:
                at = None if hint.spot is None else _moved(hint.spot)
                raise Hint(hint.code, hint.phrase, spot=at, suggestion=hint.suggestion) from hint
        shapes.too_many(len(made))
    return made.done()


def _events(raw: bytes) -> Iterator[Element]:
    """Yield the events; each may have a declaration of its own, as they come one by one."""
    bare = _PROLOG.sub(lambda found: b" " * len(found[0]), raw.removeprefix(b"\xef\xbb\xbf"))
    try:
        root = parse(_WRAP + bare + b"</events>")
    except Hint as hint:
        at = None if hint.spot is None else _moved(hint.spot)
        raise Hint(hint.code, hint.phrase, spot=at) from hint
    yield from root.all("event")


def _moved(spot: Spot) -> Spot:
    """Return a place of the file, where a root element was put before its first line."""
    before = len(_WRAP) if spot.line == 1 else 0
    return Spot(line=spot.line, column=max(1, spot.column - before))


def _named(event: Element) -> str:
    contact = event.first("contact")
    name = contact.attributes.get("callsign", "") if contact is not None else ""
    return name.strip()[: shapes.MAX_NAME]


def _shape(event: Element, kind: str, name: str, made: Collector) -> Shape:
    outline = shapes.checked(_outline(event, kind)).outline
    band = None
    own = event.first("band")
    if own is not None:
        limits = (own.attributes.get(each, "") for each in ("lower", "upper"))
        band = bounds.band(*(bounds.altitude(each) for each in limits))
    else:
        made.lose("heights: a CoT shape has one, above the ellipsoid, and no band")
    return Shape(name=name, outline=outline, band=band, window=_window(event))


def _window(event: Element) -> Window:
    times: list[Instant] = []
    for name in ("start", "stale"):
        text = event.attributes.get(name)
        if text is None:
            raise Hint("cot", f"the event has no {name}", spot=event.spot)
        times.append(bounds.instant(text))
    return bounds.window(*times)


def _outline(event: Element, kind: str) -> Outline:
    ellipse = event.first("ellipse")
    if ellipse is not None and kind.startswith("u-d-c"):
        return _circle(event, ellipse)
    points = [_point(link) for link in event.all("link") if "point" in link.attributes]
    points += [_vertex(each) for each in event.all("vertex")]
    if not points:
        raise Hint("geometry_unknown", "the event draws no area", spot=event.spot)
    closed = len(points) > 2 and same_place(points[0], points[-1])
    if closed:
        points.pop()
    polyline = event.first("polyline")
    if kind == "u-d-r" or closed or _is_closed(polyline):
        return Polygon(exterior=tuple(points))
    raise Hint(
        "cot_open",
        "the line is not closed, and a line is no area",
        spot=event.spot,
        suggestion="close it, or draw it as a corridor of a width",
    )


def _is_closed(polyline: Element | None) -> bool:
    return polyline is not None and polyline.attributes.get("closed", "").lower() == "true"


def _circle(event: Element, ellipse: Element) -> Circle:
    """Return the circle of an ellipse; of one that is longer than wide, the circle around it."""
    place = event.child("point")
    if place is None:
        raise Hint("cot", "the event has no point", spot=event.spot)
    radii = [_number(ellipse, name) for name in ("major", "minor")]
    if max(radii) <= 0 or max(radii) > 10_000_000:
        raise Hint("radius_m_unreadable", "its radius is no length", spot=ellipse.spot)
    radius_cm = math.ceil(round(max(radii) * METRE_CM, 3))
    return Circle(centre=_vertex(place), radius_cm=radius_cm)


def _number(element: Element, name: str) -> float:
    text = element.attributes.get(name, "")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        phrase = f"{name} is {text[:40]!r}, which is no number"
        raise Hint("coordinate", phrase, spot=element.spot)
    return number


def _vertex(element: Element) -> Position:
    return _placed(element, _number(element, "lat"), _number(element, "lon"))


def _point(link: Element) -> Position:
    """Return the point of a link: `lat,lon` or `lat,lon,hae`."""
    words = link.attributes["point"].split(",")
    try:
        lat, lon = float(words[0]), float(words[1])
    except (ValueError, IndexError) as error:
        phrase = f"point is {link.attributes['point'][:40]!r}: write lat,lon"
        raise Hint("coordinate", phrase, spot=link.spot) from error
    return _placed(link, lat, lon)


def _placed(element: Element, lat: float, lon: float) -> Position:
    """Return a position; a Hint says where it stands, and that CoT has the latitude first."""
    try:
        return shapes.position(lon, lat)
    except Hint as hint:
        meant = hint.suggestion
        if meant and hint.code == "out_of_range":
            meant = f"longitude and latitude are swapped: {lon:g},{lat:g}"
        phrase = f"{lat:g},{lon:g} is not a latitude and a longitude, in this order"
        raise Hint(hint.code, phrase, spot=element.spot, suggestion=meant) from hint


def write(areas: Sequence[Area]) -> Written:
    """Return areas as CoT events, one for each shape of a volume."""
    losses = Losses()
    events = [event for each in listed(areas, losses) for event in _written(each, losses)]
    if events:
        losses.add("bands: a CoT shape has no ceiling, and they are in its remarks")
    return Written(raw="".join(events).encode(), lost=losses.told())


def _written(each: Listed, losses: Losses) -> Iterator[str]:
    outline = each.volume.outline
    if isinstance(outline, Circle):
        metres = outline.radius_cm / METRE_CM + 0.05
        size = f'<ellipse major="{metres:.2f}" minor="{metres:.2f}" angle="360"/>'
        yield _event(each, "u-d-c-c", outline.centre, f"<shape>{size}</shape>", 1)
        return
    drawn = draw_saying(outline, losses)
    if drawn.has_holes:
        losses.add("holes: a CoT shape has none, so they are covered")
    shape = footprint(outline)
    rings = [drawn.whole] if drawn.whole else [part.exterior for part in drawn.parts]
    for number, ring in enumerate(rings, 1):
        links = "".join(f'<link point="{lat:.7f},{lon:.7f}"/>' for lon, lat in (*ring, ring[0]))
        yield _event(each, "u-d-f", from_degrees(shape.lat, shape.lon), links, number)


def _event(each: Listed, kind: str, centre: Position, geometry: str, number: int) -> str:
    fields = each.fields()
    colour = {"ours": "-16744208", "theirs": "-3112928"}[str(fields["side"])]
    remarks = f"{each.lower} to {each.upper}, {each.start} to {each.end}"
    if "label" in fields:
        remarks = f"{fields['marking']}. {fields['label']}. {remarks}"
    made = str(each.area.declared_at)
    uid = f"clearline-{each.uid}" + (f"-{number}" if number > 1 else "")
    return (
        f'<event version="2.0" uid={quoteattr(uid)} type="{kind}" how="h-e" time="{made}" '
        f'start="{each.start}" stale="{each.end}">'
        f'<point lat="{centre.lat_deg:.7f}" lon="{centre.lon_deg:.7f}" hae="{_UNKNOWN}.0" '
        f'ce="{_UNKNOWN}.0" le="{_UNKNOWN}.0"/>'
        f"<detail><contact callsign={quoteattr(each.name)}/>{geometry}"
        f'<strokeColor value="{colour}"/><strokeWeight value="3.0"/>'
        f"<band lower={quoteattr(each.lower)} upper={quoteattr(each.upper)}/>"
        f"<remarks>{escape(remarks)}</remarks></detail></event>\n"
    )
