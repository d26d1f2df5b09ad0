"""CZML 1.0, written: a packet a volume, for a globe that has a clock.

A body stands between a volume's limits while its window is open. A globe's heights are above
the ellipsoid or above the ground. Altitudes above the sea are drawn 110 m further each way,
which is more than sea and ellipsoid part anywhere; flight levels as if the air were standard,
which it is not, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from clearline.basis.quantities import METRE_CM
from clearline.gateways.drawn import Part, Ring, draw_saying
from clearline.gateways.listed import Listed, listed
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Altitude, Datum

__all__ = ["GEOID_M", "write"]

GEOID_M = 110
"""EGM96: the sea lies 107 m below the ellipsoid south of India, and 85 m above it at New Guinea."""

_COLOURS = {"ours": [32, 128, 208, 70], "theirs": [208, 128, 32, 70]}
_OUTLINES = {"ours": [32, 128, 208, 255], "theirs": [208, 128, 32, 255]}
_Json = dict[str, Any]


def write(areas: Sequence[Area]) -> Written:
    """Return areas as CZML."""
    losses = Losses()
    packets = [packet for each in listed(areas, losses) for packet in _packets(each, losses)]
    document = _document(areas)
    raw = msgspec.json.format(msgspec.json.encode([document, *packets]), indent=1)
    return Written(raw=raw + b"\n", lost=losses.told())


def _document(areas: Sequence[Area]) -> _Json:
    document: _Json = {"id": "document", "name": "Clearline", "version": "1.0"}
    windows = [volume.window for area in areas for volume in area.volumes]
    if windows:
        start, end = min(w.start for w in windows), max(w.end for w in windows)
        document["clock"] = {"interval": f"{start}/{end}", "currentTime": str(start)}
    return document


def _packets(each: Listed, losses: Losses) -> list[_Json]:
    side = str(each.fields()["side"])
    drawn = draw_saying(each.volume.outline, losses)
    body = _body(each, losses) | {
        "arcType": "GEODESIC",
        "fill": True,
        "material": {"solidColor": {"color": {"rgba": _COLOURS[side]}}},
        "outline": True,
        "outlineColor": {"rgba": _OUTLINES[side]},
    }
    said = "\n".join(f"{name}: {value}" for name, value in each.fields().items())
    return [
        {
            "id": each.uid + (f"-{number}" if number > 1 else ""),
            "name": each.name,
            "description": said,
            "availability": f"{each.start}/{each.end}",
            "polygon": _rings(part) | body,
        }
        for number, part in enumerate(drawn.parts, 1)
    ]


def _rings(part: Part) -> _Json:
    rings: _Json = {"positions": {"cartographicDegrees": _degrees(part.exterior)}}
    if part.holes:
        rings["holes"] = {"cartographicDegrees": [_degrees(hole) for hole in part.holes]}
    return rings


def _degrees(ring: Ring) -> list[float]:
    return [value for lon, lat in ring for value in (lon, lat, 0.0)]


def _body(each: Listed, losses: Losses) -> _Json:
    """Return a body's top and bottom: a polygon's height, and to where it is extruded."""
    band = each.volume.band
    top_m, top = _height(band.upper, GEOID_M, losses)
    bottom_m, bottom = _height(band.lower, -GEOID_M, losses)
    return {
        "height": top_m,
        "heightReference": {"heightReference": top},
        "extrudedHeight": bottom_m,
        "extrudedHeightReference": {"heightReference": bottom},
    }


def _height(altitude: Altitude, outward_m: int, losses: Losses) -> tuple[float, str]:
    metres = altitude.value_cm / METRE_CM
    if altitude.datum is Datum.SURFACE:
        return 0.0, "CLAMP_TO_GROUND"
    if altitude.datum is Datum.HEIGHT:
        return metres, "RELATIVE_TO_GROUND"
    if altitude.datum is Datum.AMSL:
        losses.add("altitudes above the sea: they are drawn 110 m further, above the ellipsoid")
        return metres + outward_m, "NONE"
    if altitude.datum is Datum.DEPTH:
        losses.add("depths below the water: they are drawn below the ellipsoid")
        return -metres + outward_m, "NONE"
    if altitude.datum is Datum.FL:
        losses.add("flight levels: they are drawn as if the air were standard")
    return metres, "NONE"
