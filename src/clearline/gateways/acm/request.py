"""A request for airspace control means: areas as an airspace control authority takes them.

One means a volume, in an ACMREQ. Only that authority orders means, and only it knows what kind
they are: the kind is ROZ, and the file says so. Corners are whole seconds, limits hundreds of
feet, times whole minutes, each moved outward before it is rounded. A corridor is written as the
polygon around it, since a means' corridor has no round ends.

A name is a number; nothing is written of parties, links or activities.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clearline.basis.instants import EPOCH, MINUTE_MS
from clearline.basis.quantities import METRE_CM, ceil_to, floor_to
from clearline.gateways.coordinates import SECONDS, spell_seconds
from clearline.gateways.daytimes import MONTH_NAMES
from clearline.gateways.limits import plain_band, whole_levels
from clearline.gateways.writing import Losses, Written, each_drawn
from clearline.space import Altitude, Band, Circle, Datum, Outline
from clearline.space.arcs import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearline.gateways.writing import Area
    from clearline.space import Volume

__all__ = ["MAX_CORNERS", "write"]

MAX_CORNERS = 150
"""Corners of one means."""
_MOST_HUNDREDS = 999
"""The highest limit that three digits say."""
_MOST_METRES = 99_999
"""The longest radius that is written in metres; beyond it is in kilometres."""


def write(areas: Sequence[Area]) -> Written:
    """Return a request for areas, one means a volume, in their order."""
    losses = Losses()
    losses.add("whose an area is, its activity, its link and its name")
    losses.add("the kind and use of a means: the airspace control authority decides them")
    means: list[str] = []
    spans: list[tuple[int, int]] = []
    for volume, text in each_drawn(
        areas, losses, lambda _, volume: _means(volume, len(means) + 1, losses)
    ):
        means.append(text)
        spans.append(_span(volume))
    head = "MSGID/ACMREQ/PROPOSAL//\nGEODATUM/W84//\n"
    if spans:
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        head += f"PERIOD/{_stamp(start)}/{_stamp(end)}//\n"
    head += "AMPN/PROPOSAL ONLY. THE AIRSPACE CONTROL AUTHORITY ORDERS AND NAMES MEANS//\n"
    return Written(raw=(head + "".join(means)).encode("ascii"), lost=losses.told())


def _span(volume: Volume) -> tuple[int, int]:
    return floor_to(volume.window.start, MINUTE_MS), ceil_to(volume.window.end, MINUTE_MS)


def _means(volume: Volume, number: int, losses: Losses) -> str | None:
    """Return one means; None if the format has no words for its band."""
    band = plain_band(volume.band, losses)
    if band is None:
        return None
    shape, where = _where(volume.outline, losses)
    start, end = _span(volume)
    return (
        f"ACMID/ACM:ROZ/NAME:AREA {number}/{shape}/USE:ROZ//\n"
        f"{shape}/{where}//\n"
        f"EFFLEVEL/{_levels(band, losses)}//\n"
        f"APERIOD/DISCRETE/{_stamp(start)}/{_stamp(end)}//\n"
    )


def _where(outline: Outline, losses: Losses) -> tuple[str, str]:
    """Return the name of a shape and its fields."""
    if isinstance(outline, Circle):
        metres = -(-(outline.radius_cm + SECONDS.slack_cm) // METRE_CM)
        size = f"{metres}M" if metres <= _MOST_METRES else f"{-(-metres // 1_000)}KM"
        return "CIRCLE", f"LATS:{spell_seconds(SECONDS.snap(outline.centre))}/{size}"
    polygon = drawn(outline, SECONDS.snap, slack_cm=SECONDS.slack_cm, most=MAX_CORNERS)
    if polygon.holes:
        losses.add("holes in an area: they are covered too")
    corners = [f"LATS:{spell_seconds(corner)}" for corner in polygon.exterior]
    return "POLYGON", "/\n".join([*corners, corners[0]])


def _levels(band: Band, losses: Losses) -> str:
    """Return a band with what says of which kind its two limits are."""
    lower = _level(band.lower, losses, upward=False)
    upper = _level(band.upper, losses, upward=True)
    kinds = {Datum.FL: "FL", Datum.SURFACE: "BR"}
    one = kinds.get(band.lower.datum, "RA")
    other = "RA" if band.upper.datum is Datum.SURFACE else kinds.get(band.upper.datum, "RA")
    return f"{one}{other}:{lower}-{upper}"


def _level(altitude: Altitude, losses: Losses, *, upward: bool) -> str:
    if altitude.datum is Datum.SURFACE:
        return "000AGL" if upward else "GL"
    hundreds = whole_levels(altitude.value_cm, upward=upward)
    if hundreds > _MOST_HUNDREDS:
        losses.add("limits above 99,900 ft: they are written as 999")
        hundreds = _MOST_HUNDREDS
    if altitude.datum is Datum.FL:
        return f"FL{max(0, hundreds):03d}"
    return f"{hundreds:03d}{'AGL' if altitude.datum is Datum.HEIGHT else 'AMSL'}"


def _stamp(ms: int) -> str:
    """Return an instant as `271200ZNOV2026`."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return f"{moment:%d%H%M}Z{MONTH_NAMES[moment.month - 1]}{moment:%Y}"
