"""An AIXM 5.1.1 message, written: each volume a temporary airspace.

The message is a draft for an aeronautical information service, which alone publishes airspace;
its type is D_OTHER and its designator a number, and a comment in the file says so. Circles stay
circles; all else is a surface of geodesic strings that contains it, holes included. Positions
have seven decimals, limits whole feet or levels, or metres above the ellipsoid; each goes
outward.

Nothing is written of parties, links or activities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from clearline.basis.instants import SECOND_MS, Instant
from clearline.basis.quantities import METRE_CM, ceil_to, floor_to
from clearline.gateways.limits import SURFACE, UNLIMITED, whole_feet, whole_levels
from clearline.gateways.writing import Losses, Written, each_drawn
from clearline.space import MAX_VERTICES, Altitude, Band, Circle, Datum, Outline, Position
from clearline.space.arcs import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.gateways.writing import Area
    from clearline.space import Volume

__all__ = ["MAX_CORNERS", "write"]

MAX_CORNERS = MAX_VERTICES
"""Corners of one airspace, holes included."""

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- A draft. Only the aeronautical information service names and publishes airspace. -->
<message:AIXMBasicMessage xmlns:message="http://www.aixm.aero/schema/5.1.1/message"
    xmlns:aixm="http://www.aixm.aero/schema/5.1.1" xmlns:gml="http://www.opengis.net/gml/3.2"
    gml:id="message">
"""
_FOOT = "</message:AIXMBasicMessage>\n"
_NAMESPACE = UUID("6f9a2c1e-5b0d-5c43-9a77-2f4e8d1b7c90")
_SRS = "urn:ogc:def:crs:EPSG::4326"


def write(areas: Sequence[Area]) -> Written:
    """Return areas as a message, one airspace a volume, in their order."""
    losses = Losses()
    losses.add("whose an area is, its activity, its link and its name")
    losses.add("type and designator: the aeronautical information service decides them")
    parts = [_HEAD]
    for _, text in each_drawn(
        areas, losses, lambda area, volume: _airspace(volume, len(parts), area.id, losses)
    ):
        parts.append(text)
    return Written(raw="".join([*parts, _FOOT]).encode(), lost=losses.told())


def _airspace(volume: Volume, number: int, of: str, losses: Losses) -> str | None:
    """Return one airspace; None if it is wholly under water."""
    band = _band(volume.band, losses)
    if band is None:
        return None
    key = f"a{number}"
    # A feature must have one. Nobody can tell from it which entry it came from.
    identifier = uuid5(_NAMESPACE, f"{of}/{number}")
    valid = _period(volume, key, "valid")
    life = _period(volume, key, "life")
    return f"""  <message:hasMember>
    <aixm:Airspace gml:id="{key}">
      <gml:identifier codeSpace="urn:uuid:">{identifier}</gml:identifier>
      <aixm:timeSlice>
        <aixm:AirspaceTimeSlice gml:id="{key}.slice">
          <gml:validTime>{valid}</gml:validTime>
          <aixm:interpretation>BASELINE</aixm:interpretation>
          <aixm:sequenceNumber>1</aixm:sequenceNumber>
          <aixm:correctionNumber>0</aixm:correctionNumber>
          <aixm:featureLifetime>{life}</aixm:featureLifetime>
          <aixm:type>D_OTHER</aixm:type>
          <aixm:designator>AREA{number}</aixm:designator>
          <aixm:name>AREA {number}</aixm:name>
          <aixm:geometryComponent>
            <aixm:AirspaceGeometryComponent gml:id="{key}.component">
              <aixm:theAirspaceVolume>
                <aixm:AirspaceVolume gml:id="{key}.volume">
                  {_limit("upper", band.upper, upward=True)}
                  {_limit("lower", band.lower, upward=False)}
                  <aixm:horizontalProjection>
                    <aixm:Surface gml:id="{key}.surface" srsName="{_SRS}" srsDimension="2">
                      <gml:patches>
                        <gml:PolygonPatch>
{_patch(volume.outline, key)}
                        </gml:PolygonPatch>
                      </gml:patches>
                    </aixm:Surface>
                  </aixm:horizontalProjection>
                </aixm:AirspaceVolume>
              </aixm:theAirspaceVolume>
            </aixm:AirspaceGeometryComponent>
          </aixm:geometryComponent>
        </aixm:AirspaceTimeSlice>
      </aixm:timeSlice>
    </aixm:Airspace>
  </message:hasMember>
"""


def _period(volume: Volume, key: str, what: str) -> str:
    """Return a window in whole seconds, outward."""
    start = Instant(floor_to(volume.window.start, SECOND_MS))
    end = Instant(ceil_to(volume.window.end, SECOND_MS))
    return (
        f'<gml:TimePeriod gml:id="{key}.{what}">'
        f"<gml:beginPosition>{str(start)[:19]}Z</gml:beginPosition>"
        f"<gml:endPosition>{str(end)[:19]}Z</gml:endPosition></gml:TimePeriod>"
    )


def _band(band: Band, losses: Losses) -> Band | None:
    """Return a band without depths; None if it is wholly under water."""
    if band.upper.datum is Datum.DEPTH and band.upper.value_cm > 0:
        losses.add("areas that are wholly under water: they are left out")
        return None
    lower, upper = band.lower, band.upper
    if lower.datum is Datum.DEPTH:
        if lower.value_cm > 0:
            losses.add("depths below the water: the band begins at its surface")
        lower = SURFACE
    return Band(lower=lower, upper=SURFACE if upper.datum is Datum.DEPTH else upper)


def _limit(which: str, altitude: Altitude, *, upward: bool) -> str:
    """Return a limit and what it is measured from."""
    cm = altitude.value_cm
    match altitude.datum:
        case Datum.FL:
            unit, value, reference = "FL", f"{whole_levels(cm, upward=upward)}", "STD"
        case Datum.AMSL if cm >= UNLIMITED.value_cm and upward:
            unit, value, reference = "FT", "UNL", "MSL"
        case Datum.AMSL:
            unit, value, reference = "FT", f"{whole_feet(cm, upward=upward)}", "MSL"
        case Datum.ELLIPSOIDAL:
            metres = -(-cm // METRE_CM) if upward else cm // METRE_CM
            unit, value, reference = "M", f"{metres}", "W84"
        case Datum.HEIGHT:
            unit, value, reference = "FT", f"{whole_feet(cm, upward=upward)}", "SFC"
        case Datum.SURFACE | Datum.DEPTH:
            unit, value, reference = "FT", "0", "SFC"
    return (
        f'<aixm:{which}Limit uom="{unit}">{value}</aixm:{which}Limit>'
        f"<aixm:{which}LimitReference>{reference}</aixm:{which}LimitReference>"
    )


def _patch(outline: Outline, key: str) -> str:
    """Return the rings of a patch."""
    if isinstance(outline, Circle):
        segment = (
            f'<gml:CircleByCenterPoint numArc="1"><gml:pos>{_pos(outline.centre)}</gml:pos>'
            f'<gml:radius uom="M">{_metres(outline.radius_cm)}</gml:radius>'
            "</gml:CircleByCenterPoint>"
        )
        return _ring("exterior", segment, f"{key}.ring")
    # A position has the decimals that it has here, so nothing moves.
    polygon = drawn(outline, lambda place: place, slack_cm=0, most=MAX_CORNERS)
    rings = [polygon.exterior, *polygon.holes]
    return "\n".join(
        _ring("interior" if number else "exterior", _geodesics(ring), f"{key}.ring{number}")
        for number, ring in enumerate(rings)
    )


def _geodesics(ring: tuple[Position, ...]) -> str:
    places = " ".join(_pos(place) for place in (*ring, ring[0]))
    return f"<gml:GeodesicString><gml:posList>{places}</gml:posList></gml:GeodesicString>"


def _ring(side: str, segment: str, key: str) -> str:
    return (
        f"<gml:{side}><gml:Ring><gml:curveMember>"
        f'<gml:Curve gml:id="{key}"><gml:segments>{segment}</gml:segments></gml:Curve>'
        f"</gml:curveMember></gml:Ring></gml:{side}>"
    )


def _pos(place: Position) -> str:
    return f"{place.lat_deg:.7f} {place.lon_deg:.7f}"


def _metres(cm: int) -> str:
    return f"{cm // METRE_CM}.{cm % METRE_CM:02d}"
