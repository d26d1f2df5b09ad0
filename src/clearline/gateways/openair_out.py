"""OpenAir version 2, written: an airspace a volume, for what gliders and paragliders carry.

A circle is a circle; anything else is drawn as points that hold it. OpenAir has no holes, no
depths: what holds the rest is written, and that is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from clearline.basis.instants import SECOND_MS, Instant
from clearline.basis.quantities import CM_PER_FOOT_E2, FLIGHT_LEVEL_CM, NAUTICAL_MILE_CM
from clearline.gateways.drawn import draw_saying
from clearline.gateways.listed import OURS_ALONE, Listed, listed
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Altitude, Circle, Datum

__all__ = ["write"]

_FEET = {Datum.AMSL: "AMSL", Datum.HEIGHT: "AGL"}
_HEAD = "*VERSION: 2.0\r\n*WRITTEN_BY: Clearline\r\n"


def write(areas: Sequence[Area]) -> Written:
    """Return areas as OpenAir."""
    losses = Losses()
    blocks = [block for each in listed(areas, losses) for block in _blocks(each, losses)]
    return Written(raw=(_HEAD + "".join(blocks)).encode(), lost=losses.told())


def _blocks(each: Listed, losses: Losses) -> list[str]:
    """Return the airspaces of one volume: one, or one for each side of a pole."""
    fields = each.fields()
    head = ["", "AC UNC", "AY CUSTOM", f"AN {each.name}", f"AI {each.uid}"]
    if "label" in fields:
        head[1:1] = [f"*{OURS_ALONE}", f"*{fields['label']}"]
    window = each.volume.window
    head.append(f"AA {_time(window.start)}/{_time(window.end.after(SECOND_MS - 1))}")
    head += [f"AL {_lower(each, losses)}", f"AH {_upper(each, losses)}"]
    return ["\r\n".join([*head, *shape, ""]) for shape in _outlines(each, losses)]


def _outlines(each: Listed, losses: Losses) -> list[list[str]]:
    outline = each.volume.outline
    if isinstance(outline, Circle):
        miles = math.ceil((outline.radius_cm + 5) / NAUTICAL_MILE_CM * 1e6) / 1e6
        centre = outline.centre
        return [[f"V X={_point(centre.lon_deg, centre.lat_deg)}", f"DC {miles:.6f}"]]
    drawn = draw_saying(outline, losses)
    if drawn.has_holes:
        losses.add("holes: OpenAir has none, so they are covered")
    rings = [drawn.whole] if drawn.whole else [part.exterior for part in drawn.parts]
    return [[f"DP {_point(lon, lat)}" for lon, lat in (*ring, ring[0])] for ring in rings]


def _point(lon: float, lat: float) -> str:
    return f"{_angle(lat, 2)} {'S' if lat < 0 else 'N'} {_angle(lon, 3)} {'W' if lon < 0 else 'E'}"


def _angle(degrees: float, width: int) -> str:
    """Return an angle in degrees and decimal minutes; five decimals are less than 2 cm."""
    minutes = round(abs(degrees) * 60 * 100_000)
    whole, rest = divmod(minutes, 60 * 100_000)
    return f"{whole:0{width}d}:{rest / 100_000:08.5f}"


def _time(instant: Instant) -> str:
    """Return a time to the second below it; to the minute if it is a whole one."""
    text = str(instant)[:19]
    return f"{text[:16]}Z" if text.endswith(":00") else f"{text}Z"


def _lower(each: Listed, losses: Losses) -> str:
    lower = each.volume.band.lower
    if lower.datum is Datum.SURFACE:
        return "GND"
    if lower.datum is Datum.FL:
        return _level(lower.value_cm // FLIGHT_LEVEL_CM)
    if lower.datum in _FEET and lower.value_cm >= 0:
        return f"{lower.value_cm * 100 // CM_PER_FOOT_E2}ft {_FEET[lower.datum]}"
    return _unsaid("GND", lower, losses)


def _upper(each: Listed, losses: Losses) -> str:
    upper = each.volume.band.upper
    if upper.datum is Datum.SURFACE:
        return "0ft AGL"
    if upper.datum is Datum.FL:
        return _level(max(0, -(-upper.value_cm // FLIGHT_LEVEL_CM)))
    if upper.datum in _FEET and upper.value_cm >= 0:
        return f"{-(-upper.value_cm * 100 // CM_PER_FOOT_E2)}ft {_FEET[upper.datum]}"
    return _unsaid("0ft AGL" if upper.datum is Datum.DEPTH else "UNL", upper, losses)


def _level(level: int) -> str:
    return f"FL{level:03d}" if level >= 0 else "GND"


def _unsaid(instead: str, altitude: Altitude, losses: Losses) -> str:
    what = {
        Datum.DEPTH: "depths below the water: OpenAir has none, and they are written as the ground",
        Datum.AMSL: "altitudes below the sea: they are written as the ground",
    }.get(altitude.datum, f"altitudes of the datum {altitude.datum.value}: nothing is left out")
    losses.add(what)
    return instead
