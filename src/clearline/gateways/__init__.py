"""Gateways: one file a system that Clearline speaks to; each turns its files into shapes.

`read` is the one door in and `write` the one door out; `FORMATS` says what goes through them.
Which format a file has is told by the ending of its name, and by its content where the ending
is not enough or belongs to several; that it was told by content is said.
"""

from collections.abc import Sequence

from clearline.basis.faults import Mistake
from clearline.gateways import (
    acm,
    aixm,
    cap,
    cot,
    czml,
    geojson,
    geopackage,
    ical_out,
    kml,
    kml_out,
    kmz,
    navwarn,
    notam,
    openair,
    openair_out,
    table,
)
from clearline.gateways.format import Format, Limits
from clearline.gateways.hint import Hint, Spot
from clearline.gateways.reading import Begun, Fault, Reading
from clearline.gateways.shape import MAX_FILE_BYTES, Shape
from clearline.gateways.writing import Area, Written

__all__ = [
    "CONSOLE",
    "FILES",
    "FORMATS",
    "Area",
    "Begun",
    "Fault",
    "Format",
    "Hint",
    "Limits",
    "Reading",
    "Shape",
    "Spot",
    "Written",
    "begin",
    "named_by",
    "read",
    "write",
    "written",
]

# In the order in which they are asked whether a file looks like them.
_ALL = (
    Format(
        name="geojson", title="GeoJSON (RFC 7946)", endings=(".geojson", ".json"),
        media="application/geo+json", looks=geojson.looks, read=geojson.read,
        begin=geojson.begin, write=geojson.write,
    ),
    Format(
        name="kml", title="KML 2.2", endings=(".kml",),
        media="application/vnd.google-earth.kml+xml", looks=kml.looks, read=kml.read,
        write=kml_out.write,
    ),
    Format(
        name="kmz", title="KMZ, an archive of KML", endings=(".kmz",),
        media="application/vnd.google-earth.kmz", looks=kmz.looks, read=kmz.read,
        unpacked=kmz.read, write=kml_out.write_kmz,
    ),
    Format(
        name="openair", title="OpenAir 2", endings=(".openair", ".air", ".txt"),
        media="text/plain", looks=openair.looks, read=openair.read, write=openair_out.write,
    ),
    Format(
        name="csv", title="CSV, a table", endings=(".csv", ".tsv"), media="text/csv",
        looks=table.looks, read=table.read, write=table.write,
    ),
    Format(
        name="geopackage", title="GeoPackage 1.3", endings=(".gpkg",),
        media="application/geopackage+sqlite3", looks=geopackage.looks,
        read=geopackage.read, write=geopackage.write,
    ),
    Format(
        name="cot", title="CoT shapes, for TAK", endings=(".cot", ".xml"),
        media="application/xml", looks=cot.looks, read=cot.read, write=cot.write,
    ),
    Format(
        name="czml", title="CZML 1.0, for a globe", endings=(".czml",),
        media="application/json", write=czml.write,
    ),
    Format(
        name="cap", title="CAP 1.2, one alert", endings=(".cap.xml",),
        media="application/cap+xml", write=cap.write,
    ),
    Format(
        name="ical", title="iCalendar, the hours alone", endings=(".ics",),
        media="text/calendar", write=ical_out.write,
    ),
    Format(
        name="notam", title="ICAO NOTAM text", endings=(".notam", ".txt"),
        media="text/plain", looks=notam.looks, read=notam.read, write=notam.write,
    ),
    Format(
        name="navwarn", title="navigational warning text", endings=(".navwarn", ".txt"),
        media="text/plain", looks=navwarn.looks, read=navwarn.read, write=navwarn.write,
    ),
    Format(
        name="acm", title="airspace control means text", endings=(".aco", ".acm", ".txt"),
        media="text/plain", looks=acm.looks, read=acm.read, write=acm.write,
    ),
    Format(
        name="aixm", title="AIXM 5.1.1", endings=(".aixm", ".xml"),
        media="application/xml", looks=aixm.looks, read=aixm.read, write=aixm.write,
    ),
)  # fmt: skip

FORMATS: dict[str, Format] = {each.name: each for each in _ALL}
"""Every format, by name."""

FILES = Limits(file_bytes=MAX_FILE_BYTES, tags=2_500_000)
"""What a program reads that has nothing else to do."""
CONSOLE = Limits(file_bytes=5_000_000, tags=200_000)
"""What a node reads beside its other work, so that nothing waits for a file."""


def read(name: str, raw: bytes, limits: Limits = FILES) -> Reading:
    """Return what a file gives, by the ending of its name or by its content.

    Raises Mistake for a file of no known format, or one that cannot be read at all.
    """
    return begin(name, raw, limits).done()


def begin(name: str, raw: bytes, limits: Limits = FILES) -> Begun:
    """Begin to read a file; where its format cannot be read by the shape, it is read already.

    Raises Mistake as `read` does, before the first shape.
    """
    limits.check(raw)
    chosen, note = _choose(name, raw)
    assert chosen.read is not None
    if chosen.begin is not None:
        begun = chosen.begin(raw)
    else:
        begun = Begun.of(chosen.unpacked(raw, limits) if chosen.unpacked else chosen.read(raw))
    return begun.known_as(chosen.name, note)


def _choose(name: str, raw: bytes) -> tuple[Format, str]:
    """Return the format of a file, and what to say of how that is known; empty by its ending."""
    readable = [each for each in FORMATS.values() if each.read is not None]
    named = [each for each in readable if name.lower().endswith(each.endings)]
    looking = [each for each in readable if each.looks is not None and each.looks(raw)]
    if len(named) == 1 and (not looking or named[0] in looking):
        return named[0], ""
    fitting = [each for each in looking if each in named] or looking
    if fitting:
        return fitting[0], f"read as {fitting[0].title}, by its content"
    if named:
        return named[0], ""
    endings = " ".join(ending for each in readable for ending in each.endings)
    raise Mistake("unknown_file", f"{name}: areas are read from files that end in {endings}")


def written() -> list[str]:
    """Return the names of the formats that are written."""
    return [each.name for each in FORMATS.values() if each.write is not None]


def named_by(file_name: str) -> str:
    """Return the format that a new file of this name is written in. Raises Mistake."""
    lower = file_name.lower()
    endings = [(e, each) for each in FORMATS.values() if each.write for e in each.endings]
    fitting = [(ending, each) for ending, each in endings if lower.endswith(ending)]
    longest = max((len(ending) for ending, _ in fitting), default=0)
    found = [each for ending, each in fitting if len(ending) == longest]
    if len(found) != 1:
        known = ", ".join(written())
        raise Mistake("unknown_format", f"{file_name} does not say its format; there are {known}")
    return found[0].name


def write(name: str, areas: Sequence[Area]) -> Written:
    """Return areas as a file of the format of a name. Raises Mistake if it is not written."""
    chosen = FORMATS.get(name)
    if chosen is None or chosen.write is None:
        known = ", ".join(written())
        raise Mistake("unknown_format", f"{name!r} is not written; the formats are {known}")
    return chosen.write(areas)
