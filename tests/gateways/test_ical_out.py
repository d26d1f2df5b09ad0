"""A calendar of areas has their hours, outward to the second, and says what it leaves out."""

from __future__ import annotations

import icalendar

from clearline import gateways
from clearline.space import Volume, Window
from tests.gateways.written import DOT, LATER, NOW, area, volume


def test_an_event_has_the_hours_of_its_volume_and_holds_their_milliseconds():
    base = volume(DOT)
    window = Window(start=NOW.after(250), end=LATER.after(250))
    odd = Volume(outline=base.outline, band=base.band, window=window)
    written = gateways.write("ical", (area(odd, drill=True),))
    (event,) = icalendar.Calendar.from_ical(written.raw).walk("VEVENT")
    assert event.decoded("dtstart").isoformat() == "2026-11-23T12:00:00+00:00"
    assert event.decoded("dtend").isoformat() == "2026-11-23T14:00:01+00:00"
    assert str(event["summary"]).startswith("EXERCISE north flight")
    assert str(event["transp"]) == "TRANSPARENT"
    assert "lower: SFC" in str(event["description"])
    assert written.lost == ("outlines and bands: a calendar has them as text",)


def test_a_revision_is_the_same_event_with_a_higher_sequence():
    first, second = (
        icalendar.Calendar.from_ical(gateways.write("ical", (each,)).raw).walk("VEVENT")[0]
        for each in (area(), area().__class__(**{**_fields(area()), "revision": 2}))
    )
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (1, 2)


def _fields(one) -> dict:
    return {name: getattr(one, name) for name in one.__struct_fields__}
