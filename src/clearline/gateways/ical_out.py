"""iCalendar (RFC 5545), written: when volumes are open, for a calendar; not where they are.

One VEVENT a volume, in UTC, and transparent: it makes nobody busy. A calendar has no place for an
outline, so where it is and how high is text. It is not read again: `ical` reads rosters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from clearline.basis.instants import SECOND_MS, Instant
from clearline.gateways.listed import OURS_ALONE, Listed, listed
from clearline.gateways.writing import Area, Losses, Written
from clearline.space import Form, show_position
from clearline.space.footprint import footprint
from clearline.space.position import from_degrees

__all__ = ["write"]


def write(areas: Sequence[Area]) -> Written:
    """Return the hours of areas as a calendar."""
    import icalendar  # noqa: PLC0415 - a tenth of a second that every other verb would wait

    losses = Losses()
    made = cast("Any", icalendar.Calendar())
    made.add("prodid", "-//Clearline//areas//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    if any(area.label for area in areas):
        made.add("x-wr-caldesc", OURS_ALONE)
    for each in listed(areas, losses):
        losses.add("outlines and bands: a calendar has them as text")
        made.add_component(_event(each))
    return Written(raw=made.to_ical(), lost=losses.told())


def _event(each: Listed) -> Any:
    import icalendar  # noqa: PLC0415 - as above

    event = cast("Any", icalendar.Event())
    shape = footprint(each.volume.outline)
    event.add("uid", f"{each.uid}@clearline")
    event.add("dtstamp", _moment(each.area.declared_at))
    event.add("sequence", each.area.revision)
    event.add("dtstart", _moment(each.volume.window.start))
    event.add("dtend", _moment(each.volume.window.end.after(SECOND_MS - 1)))
    event.add("summary", each.name)
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["EXERCISE" if each.area.drill else str(each.area.activity)])
    event.add("location", show_position(from_degrees(shape.lat, shape.lon), Form.DMS))
    event.add("geo", (round(shape.lat, 5), round(shape.lon, 5)))
    said = "\n".join(f"{name}: {value}" for name, value in each.fields().items())
    event.add("description", said)
    return event


def _moment(instant: Instant) -> datetime:
    """Return an instant to the second below it, which is what a calendar has."""
    return datetime.fromtimestamp(int(instant) // SECOND_MS, UTC)
