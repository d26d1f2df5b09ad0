"""A proposal for a notice to airmen: areas as an aeronautical information service takes them.

One notice a volume, in ICAO format. Only that service numbers and publishes a NOTAM, and only
it knows its region, series and codes: the places for these hold ZZZZ, A0000 and QXXXX, and the
file says so. What is written contains the area: corners are whole seconds, the Q line's centre
a whole minute, its radius whole miles, limits whole feet or levels, times whole minutes, each
moved outward before it is rounded.

Nothing is written of parties, links or activities: a NOTAM is public.
"""

from __future__ import annotations

import math
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING

from clearline.basis.instants import EPOCH, MINUTE_MS, Instant
from clearline.basis.quantities import METRE_CM, NAUTICAL_MILE_CM, ceil_to, floor_to
from clearline.gateways.coordinates import SECONDS, Grain, spell_seconds
from clearline.gateways.limits import UNLIMITED, plain_band, whole_feet, whole_levels
from clearline.gateways.writing import Losses, Written, each_drawn
from clearline.space import Altitude, Band, Circle, Datum, Outline, Polygon, Position
from clearline.space.arcs import drawn
from clearline.space.footprint import footprint
from clearline.space.plane import geodesic_inv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.gateways.writing import Area
    from clearline.space import Volume

__all__ = ["MAX_CORNERS", "write"]

MAX_CORNERS = 80
"""Corners of one area; with more, a notice is longer than telecommunication rules allow."""
_LINE = 69
"""Characters in a line of a teleprinter."""
_MOST_RADIUS_NM = 999
_MINUTE = Grain(60)
_HEADING = (
    "PROPOSAL FOR NOTAM. ONLY THE AERONAUTICAL INFORMATION SERVICE NUMBERS AND\n"
    "PUBLISHES IT. ZZZZ, A0000 AND QXXXX STAND FOR WHAT THAT SERVICE FILLS IN.\n"
)


def write(areas: Sequence[Area]) -> Written:
    """Return proposals for areas, one a volume, in their order."""
    losses = Losses()
    losses.add("whose an area is, its activity, its link and its name: a NOTAM is public")
    losses.add("region, number and subject: the aeronautical information service fills them in")
    parts = [_HEADING]
    for _, text in each_drawn(
        areas, losses, lambda area, volume: _notice(volume, area.declared_at, losses)
    ):
        parts.append(text)
    return Written(raw="\n".join(parts).encode("ascii"), lost=losses.told())


def _notice(volume: Volume, declared_at: Instant, losses: Losses) -> str | None:
    """Return one proposal; None if the format has no words for its band."""
    band = plain_band(volume.band, losses)
    if band is None:
        return None
    where, held = _where(volume.outline, losses)
    start = _stamp(floor_to(volume.window.start, MINUTE_MS))
    end = _stamp(ceil_to(volume.window.end, MINUTE_MS))
    lower, upper = _levels(band, losses)
    year = (EPOCH + timedelta(milliseconds=int(declared_at))).strftime("%y")
    return "\n".join(
        (
            f"(A0000/{year} NOTAMN",
            f"Q) ZZZZ/QXXXX/IV/BO/W/{lower:03d}/{upper:03d}/{_circle(held)}",
            f"A) ZZZZ B) {start} C) {end}",
            f"E) ACTIVITY WILL TAKE PLACE {where}",
            f"F) {_limit(band.lower, upward=False)} G) {_limit(band.upper, upward=True)})",
            "",
        )
    )


def _where(outline: Outline, losses: Losses) -> tuple[str, Outline]:
    """Return what item E says of the place, and the outline that it then is."""
    if isinstance(outline, Circle):
        # A tenth of a mile is as fine as a radius is written.
        tenth = NAUTICAL_MILE_CM // 10
        tenths = -(-(outline.radius_cm + SECONDS.slack_cm) // tenth)
        centre = SECONDS.snap(outline.centre)
        size = f"{tenths / 10:.1f}".removesuffix(".0")
        return (
            f"WI {size}NM RADIUS OF\n{spell_seconds(centre)}",
            Circle(centre=centre, radius_cm=tenths * tenth),
        )
    polygon = drawn(outline, SECONDS.snap, slack_cm=SECONDS.slack_cm, most=MAX_CORNERS)
    if polygon.holes:
        losses.add("holes in an area: they are covered too")
    corners = [spell_seconds(corner) for corner in polygon.exterior]
    ring = textwrap.wrap(" ".join(f"{corner}-" for corner in corners) + f" {corners[0]}", _LINE)
    lines = "\n".join(line.replace("- ", "-") for line in ring)
    return f"WI AREA BOUNDED BY\n{lines}", Polygon(exterior=polygon.exterior)


def _circle(outline: Outline) -> str:
    """Return the Q line's centre and radius, which hold the whole outline."""
    shape = footprint(outline)
    centre = _MINUTE.snap(_place(shape.lat, shape.lon))
    off_m, _ = geodesic_inv(shape.lat, shape.lon, centre.lat_deg, centre.lon_deg)
    radius = math.ceil((shape.reach_m + off_m) * METRE_CM / NAUTICAL_MILE_CM)
    lat, lon = round(abs(centre.lat_deg) * 60), round(abs(centre.lon_deg) * 60)
    return (
        f"{lat // 60:02d}{lat % 60:02d}{'S' if centre.lat_e7 < 0 else 'N'}"
        f"{lon // 60:03d}{lon % 60:02d}{'W' if centre.lon_e7 < 0 else 'E'}"
        f"{min(radius, _MOST_RADIUS_NM):03d}"
    )


def _place(lat_deg: float, lon_deg: float) -> Position:
    return Position(lat_e7=round(lat_deg * 1e7), lon_e7=round(lon_deg * 1e7))


def _levels(band: Band, losses: Losses) -> tuple[int, int]:
    """Return the Q line's levels; 000 and 999 where the terrain would have to be known."""
    lower, upper = 0, 999
    if band.lower.datum in (Datum.FL, Datum.AMSL):
        lower = max(0, min(999, whole_levels(band.lower.value_cm, upward=False)))
    if band.upper.datum in (Datum.FL, Datum.AMSL):
        upper = max(1, min(999, whole_levels(band.upper.value_cm, upward=True)))
    elif band.upper.datum is Datum.HEIGHT:
        losses.add(
            "the Q line's upper level above ground: it is 999, since the terrain is not known"
        )
    return min(lower, upper), upper


def _limit(altitude: Altitude, *, upward: bool) -> str:
    """Return a limit in whole feet or levels, away from the band."""
    match altitude.datum:
        case Datum.FL:
            return f"FL{max(0, whole_levels(altitude.value_cm, upward=upward)):03d}"
        case Datum.HEIGHT:
            return f"{whole_feet(altitude.value_cm, upward=upward)}FT AGL"
        case Datum.AMSL:
            if altitude.value_cm >= UNLIMITED.value_cm:
                return "UNL"
            return f"{whole_feet(altitude.value_cm, upward=upward)}FT AMSL"
        case _:
            return "SFC"


def _stamp(ms: int) -> str:
    return (EPOCH + timedelta(milliseconds=ms)).strftime("%y%m%d%H%M")
