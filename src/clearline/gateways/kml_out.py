"""KML 2.2 and KMZ, written: a placemark a volume, with its time span and what KML has of heights.

KML knows three altitude modes. A ceiling above the ground or the sea is drawn with its mode and
extruded to the ground, so the body that a globe shows holds the volume; any other band is in the
text alone, and that is said.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from clearline.basis.quantities import METRE_CM
from clearline.gateways.drawn import Part, Ring, draw_saying
from clearline.gateways.listed import Listed, listed
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Altitude, Datum

__all__ = ["write", "write_kmz"]

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n<name>Clearline</name>\n'
    '<Style id="ours"><LineStyle><color>ffd08020</color><width>2</width></LineStyle>'
    "<PolyStyle><color>40d08020</color></PolyStyle></Style>\n"
    '<Style id="theirs"><LineStyle><color>ff2080d0</color><width>2</width></LineStyle>'
    "<PolyStyle><color>402080d0</color></PolyStyle></Style>\n"
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""An archive's files have a time, and this is the first there is: the same areas make one file."""


def write(areas: Sequence[Area]) -> Written:
    """Return areas as KML."""
    losses = Losses()
    marks = [_placemark(each, losses) for each in listed(areas, losses)]
    text = f"{_HEAD}{''.join(marks)}</Document>\n</kml>\n"
    return Written(raw=text.encode(), lost=losses.told())


def write_kmz(areas: Sequence[Area]) -> Written:
    """Return areas as KMZ: the KML in an archive."""
    written = write(areas)
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        entry = zipfile.ZipInfo("doc.kml", _EPOCH)
        archive.writestr(entry, written.raw, zipfile.ZIP_DEFLATED)
    return Written(raw=made.getvalue(), lost=written.lost)


def _placemark(each: Listed, losses: Losses) -> str:
    fields = each.fields()
    data = "".join(
        f"<Data name={quoteattr(name)}><value>{escape(str(value))}</value></Data>"
        for name, value in fields.items()
        if name != "name"
    )
    mode, height_m = _ceiling(each, losses)
    drawn = draw_saying(each.volume.outline, losses)
    polygons = "".join(_polygon(part, mode, height_m) for part in drawn.parts)
    if len(drawn.parts) > 1:
        polygons = f"<MultiGeometry>{polygons}</MultiGeometry>"
    return (
        f"<Placemark id={quoteattr('v' + each.uid)}><name>{escape(each.name)}</name>"
        f"<TimeSpan><begin>{each.start}</begin><end>{each.end}</end></TimeSpan>"
        f"<styleUrl>#{fields['side']}</styleUrl>"
        f"<ExtendedData>{data}</ExtendedData>{polygons}</Placemark>\n"
    )


def _ceiling(each: Listed, losses: Losses) -> tuple[str, float]:
    """Return the altitude mode and height of a volume's ceiling, and say what it is not."""
    lower, upper = each.volume.band.lower, each.volume.band.upper
    mode = {Datum.AMSL: "absolute", Datum.HEIGHT: "relativeToGround"}.get(upper.datum)
    if upper.datum is Datum.SURFACE and lower.datum is Datum.SURFACE:
        return "clampToGround", 0.0
    if mode is None:
        losses.add("flight levels, depths and ellipsoidal heights: KML has no mode for them")
        return "clampToGround", 0.0
    if lower != Altitude(datum=Datum.SURFACE, value_cm=0):
        losses.add("floors above the ground: bodies are drawn down to it")
    return mode, upper.value_cm / METRE_CM


def _polygon(part: Part, mode: str, height_m: float) -> str:
    solid = mode != "clampToGround"
    inner = "".join(
        f"<innerBoundaryIs>{_ring(hole, height_m if solid else None)}</innerBoundaryIs>"
        for hole in part.holes
    )
    return (
        f"<Polygon><extrude>{int(solid)}</extrude><altitudeMode>{mode}</altitudeMode>"
        f"<outerBoundaryIs>{_ring(part.exterior, height_m if solid else None)}</outerBoundaryIs>"
        f"{inner}</Polygon>"
    )


def _ring(ring: Ring, height_m: float | None) -> str:
    high = "" if height_m is None else f",{height_m:.2f}"
    points = " ".join(f"{lon:.7f},{lat:.7f}{high}" for lon, lat in (*ring, ring[0]))
    return f"<LinearRing><coordinates>{points}</coordinates></LinearRing>"
