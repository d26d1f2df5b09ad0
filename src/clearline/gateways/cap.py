"""CAP 1.2 (OASIS, 1 July 2010), written: one alert, with an `info` for each volume.

An alert is for those who subscribe to alerts: that somebody operates there and then, and no
more. It is `Actual`, or `Exercise` for what is written as one. Its area is a polygon or circle;
its altitudes are feet above the sea, so other data are parameters alone. It is made when the
newest of its notices was declared, and its identifier follows from what it says.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from clearline.basis.faults import Mistake
from clearline.basis.instants import SECOND_MS, Instant
from clearline.basis.quantities import CM_PER_FOOT_E2, KILOMETRE_CM
from clearline.gateways.drawn import draw_saying
from clearline.gateways.listed import OURS_ALONE, Listed, listed
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Circle, Datum

__all__ = ["write"]

_DEEPEST_FT = -1_500
"""What stands for the surface, which has no altitude: land lies at most 1,420 ft below the sea."""
_SPACE = "urn:oasis:names:tc:emergency:cap:1.2"


def write(areas: Sequence[Area]) -> Written:
    """Return areas as one alert. Raises Mistake if they are drills and real ones together."""
    losses = Losses()
    rows = list(listed(areas, losses))
    if len({area.drill for area in areas}) > 1:
        raise Mistake("cap_mixed", "an alert is an exercise or is none: write them apart")
    infos = "".join(_info(each, losses) for each in rows)
    sent = max((area.declared_at for area in areas), default=Instant(0))
    exercise = any(area.drill for area in areas)
    restricted = any(area.label for area in areas)
    parties = sorted({area.party for area in areas})
    head = (
        ("identifier", f"clearline-{hashlib.sha256(infos.encode()).hexdigest()[:24]}"),
        ("sender", _sender("+".join(parties) or "clearline")),
        ("sent", _time(sent)),
        ("status", "Exercise" if exercise else "Actual"),
        ("msgType", "Alert"),
        *((("scope", "Restricted"), ("restriction", OURS_ALONE)) if restricted else
          (("scope", "Public"),)),
    )  # fmt: skip
    if exercise:
        head += (("note", "EXERCISE EXERCISE EXERCISE"),)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<alert xmlns="{_SPACE}">\n{_elements(head)}{infos}</alert>\n'
    )
    return Written(raw=text.encode(), lost=losses.told())


def _sender(text: str) -> str:
    """Return a sender; the standard forbids spaces, commas, < and & in it."""
    return re.sub(r"[\s,<&]", "-", text)


def _time(instant: Instant) -> str:
    """Return a time as the standard has it: to the second, and with -00:00 for UTC."""
    return f"{str(instant)[:19]}-00:00"


def _elements(pairs: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>\n" for name, value in pairs)


def _info(each: Listed, losses: Losses) -> str:
    window = each.volume.window
    text = f"{each.lower} to {each.upper}, {each.start} to {each.end}"
    pairs = (
        ("language", "en-US"), ("category", "Safety"), ("event", str(each.area.activity)),
        ("urgency", "Future"), ("severity", "Unknown"), ("certainty", "Likely"),
        ("effective", _time(each.area.declared_at)), ("onset", _time(window.start)),
        ("expires", _time(window.end.after(SECOND_MS - 1))), ("senderName", each.area.party),
        ("headline", each.name[:160]), ("description", text),
    )  # fmt: skip
    told = "".join(
        f"<parameter>\n{_elements((('valueName', name), ('value', str(value))))}</parameter>\n"
        for name, value in each.fields().items()
    )
    return f"<info>\n{_elements(pairs)}{told}{_area(each, losses)}</info>\n"


def _area(each: Listed, losses: Losses) -> str:
    pairs = [("areaDesc", each.name), *_geometry(each, losses), *_heights(each, losses)]
    return f"<area>\n{_elements(pairs)}</area>\n"


def _geometry(each: Listed, losses: Losses) -> Iterator[tuple[str, str]]:
    outline = each.volume.outline
    if isinstance(outline, Circle):
        km = math.ceil((outline.radius_cm + 5) / KILOMETRE_CM * 10_000) / 10_000
        centre = outline.centre
        yield "circle", f"{centre.lat_deg:.7f},{centre.lon_deg:.7f} {km:.4f}"
        return
    drawn = draw_saying(outline, losses)
    if drawn.has_holes:
        losses.add("holes: a CAP area has none, so they are covered")
    for part in drawn.parts:
        ring = part.exterior
        yield "polygon", " ".join(f"{lat:.7f},{lon:.7f}" for lon, lat in (*ring, ring[0]))


def _heights(each: Listed, losses: Losses) -> Iterator[tuple[str, str]]:
    """Yield the limits that CAP can carry: a ceiling only with an altitude below it."""
    band = each.volume.band
    low, high = band.lower, band.upper
    if high.datum is Datum.AMSL and low.datum in (Datum.AMSL, Datum.SURFACE):
        # "The ceiling must not be used except in combination with the altitude."
        feet = low.value_cm * 100 // CM_PER_FOOT_E2 if low.datum is Datum.AMSL else _DEEPEST_FT
        yield "altitude", str(feet)
        yield "ceiling", str(-(-high.value_cm * 100 // CM_PER_FOOT_E2))
        return
    losses.add("limits that are not above the sea: they are parameters, and no ceiling")
