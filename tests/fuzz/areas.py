"""Files of areas: whatever bytes come in, each format refuses them or keeps what can be kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing

import msgspec

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import dec_hook, enc_hook
from clearline.gateways import Reading, Shape
from clearline.space import check
from tests.fuzz.parser import ROOT, Parser, literals
from tests.gateways import test_aixm
from tests.gateways.written import BOX, DOT, PATH, area, volume


def reads(name: str) -> Callable[[bytes], None]:
    """Return the check of a format: a file is a mistake, or is read and said whole."""
    read = gateways.FORMATS[name].read
    looks = gateways.FORMATS[name].looks
    assert read is not None
    assert looks is not None

    def check_file(raw: bytes) -> None:
        looks(raw)
        reading = _read(raw, read)
        if isinstance(reading, Mistake):
            assert reading.code
            assert reading.phrase
            return
        assert reading.shapes or reading.refused
        for shape in reading.shapes:
            check(shape.outline)
            again = msgspec.json.encode(shape, enc_hook=enc_hook)
            assert msgspec.json.decode(again, type=Shape, dec_hook=dec_hook) == shape
        for fault in reading.faults:
            assert fault.code
            assert fault.phrase
            assert fault.spot is None or min(fault.spot.line, fault.spot.column) >= 1

    return check_file


def _read(raw: bytes, read: Callable[[bytes], Reading]) -> Reading | Mistake:
    try:
        return read(raw)
    except Mistake as mistake:
        return mistake


def examples(*endings: str) -> Iterable[bytes]:
    """Return the examples that have one of the endings."""
    for ending in endings:
        yield from (path.read_bytes() for path in sorted((ROOT / "examples").glob(f"*.{ending}")))


def written(name: str) -> list[bytes]:
    """Return areas as a format writes them, each volume alone and all of them."""
    shown = [volume(BOX), volume(DOT, "1000 ft AMSL-120 m AGL"), volume(PATH, "SFC-3500 ft AMSL")]
    each = [gateways.write(name, (area(one),)).raw for one in shown]
    return [*each, gateways.write(name, (area(*shown),)).raw]


def seeds(name: str, *endings: str, test: str = "") -> Callable[[], Iterable[bytes]]:
    """Return what a format's fuzzing begins from: examples, what it writes, what its tests say."""
    texts = f"gateways/test_{test or name}.py"
    return lambda: [*examples(*endings), *written(name), *literals(texts)]


def aixm_messages() -> Iterable[bytes]:
    """Return the messages that AIXM's tests make, whole: their pieces alone are no files."""
    return [test_aixm.simple(), *(raw for raw, _, _ in test_aixm.WRONG)]


def small(database: bytes) -> bytes:
    """Return a database with pages of 512 bytes, so that a change of it is seldom of nothing."""
    with closing(sqlite3.connect(":memory:")) as old, closing(sqlite3.connect(":memory:")) as new:
        old.deserialize(database)
        new.execute("PRAGMA page_size = 512")
        new.execute("PRAGMA application_id = 0x47504B47")
        new.executescript("\n".join(old.iterdump()))
        return new.serialize()


def tags(*names: str) -> tuple[str, ...]:
    """Return the opening and closing tags of elements."""
    return tuple(f"<{name}>" for name in names) + tuple(f"</{name}>" for name in names)


_TAGS = (
    "Placemark Polygon outerBoundaryIs innerBoundaryIs LinearRing coordinates Point LineString "
    "MultiGeometry ExtendedData Data SimpleData TimeSpan begin end name value radius_m width_m "
    "lower upper start extrude altitudeMode"
)

PARSERS = {
    "geojson": Parser(
        check=reads("geojson"),
        seeds=seeds("geojson", "geojson"),
        words=("radius_m", "width_m", "MultiPolygon", "FeatureCollection", "coordinates", "crs"),
        is_json=True,
        max_bytes=20_000,
    ),
    "kml": Parser(
        check=reads("kml"), seeds=seeds("kml", "kml"), words=tags(*_TAGS.split()), max_bytes=20_000
    ),
    "kmz": Parser(
        check=reads("kmz"),
        seeds=lambda: written("kmz"),
        words=("PK\x03\x04", "PK\x01\x02", "doc.kml"),
        max_bytes=20_000,
    ),
    "openair": Parser(
        check=reads("openair"),
        seeds=seeds("openair"),
        words=("AC ", "AN ", "AL ", "AH ", "AA ", "DP ", "DA ", "DB ", "DC ", "DY ", "V X=",
               "V D=-", "V W=", "52:00:00 N 013:00:00 E", "UNL", "GND", "ft AMSL", "FL"),
        max_bytes=8_000,
    ),
    "csv": Parser(
        check=reads("csv"),
        seeds=seeds("csv", test="table"),
        words=("wkt", "lat", "lon", "radius_m", "POLYGON ((", "POINT (", "LINESTRING (", "edges",
               "MULTIPOLYGON (((", "GEOMETRYCOLLECTION ("),
        max_bytes=8_000,
    ),
    "geopackage": Parser(
        check=reads("geopackage"),
        seeds=lambda: [small(each) for each in written("geopackage")],
        words=("SQLite format 3\x00", "gpkg_geometry_columns", "areas", "GP\x00\x01"),
        max_bytes=80_000,
    ),
    "cot": Parser(
        check=reads("cot"),
        seeds=seeds("cot"),
        words=(*tags("event", "detail", "point", "link", "shape", "ellipse", "vertex", "band"),
               "u-d-f", "u-d-r", "u-d-c-c", ' point="1,2"', " stale="),
        max_bytes=20_000,
    ),
    "notam": Parser(
        check=reads("notam"),
        seeds=seeds("notam"),
        words=("NOTAMN", "NOTAMR A0001/26", "Q) ", "A) ", "B) 2601010000", "C) PERM", "D) ", "E) ",
               "F) SFC", "G) UNL", "WI 2NM RADIUS OF ", "BOUNDED BY ", " EITHER SIDE OF LINE ",
               "500000N0080000E", "5000N 00800E", "THENCE CLOCKWISE BY THE ARC OF RADIUS ",
               " CENTRED ON ", " TO ", "EXCLUDING ", "MON-FRI 0800-1600", "JAN 23 25 27-30", "H24",
               "22 2000-24 0400", "EXC HOL", "FT AMSL", "FT AGL", "FL130"),
        max_bytes=6_000,
    ),
    "navwarn": Parser(
        check=reads("navwarn"),
        seeds=seeds("navwarn"),
        words=("NAVAREA IV 1/26", "ZCZC", "NNNN", "CANCEL THIS MSG 010000Z JAN 27", "230400Z ",
               " TO ", " THRU ", "UTC", "NOV 26", "DAILY ", "0400Z TO 1400Z ", "01 THRU 05 MAR ",
               "UNTIL ", "28-38.47N 080-37.31W", "38 45.00 N - 025 21.00 E", "BOUND BY ",
               "WITHIN 2 MILES OF ", "LINE JOINING ", "A. ", "B. ", "ALTERNATE", "LOCAL"),
        max_bytes=6_000,
    ),
    "acm": Parser(
        check=reads("acm"),
        seeds=seeds("acm"),
        words=("ACMID/", "ACM:ROZ/", "NAME:", "CIRCLE/", "POLYGON/", "POLYARC/", "RADARC/",
               "CORRIDOR/", "AORBIT/", "EFFLEVEL/", "APERIOD/DISCRETE/", "APERIOD/INTERVAL/",
               "PERIOD/", "GEODATUM/W84", "LATS:151000N0590900E", "LATM:1510N05909E", "//", "330T",
               "10NM", "RAFL:070AMSL-FL280", "BRRA:GL-220AMSL", "141530ZFEB2026", "UFN",
               "DAILY/6HR"),
        max_bytes=6_000,
    ),
    "aixm": Parser(
        check=reads("aixm"),
        seeds=lambda: [*written("aixm"), *aixm_messages()],
        words=(*tags("aixm:Airspace", "aixm:AirspaceTimeSlice", "aixm:AirspaceVolume",
                     "gml:posList", "gml:pos", "gml:GeodesicString", "gml:LineStringSegment",
                     "gml:exterior", "gml:interior", "aixm:Timesheet",
                     "aixm:AirspaceActivation", "aixm:day"),
               "urn:ogc:def:crs:EPSG::4326", "BASELINE", "TEMPDELTA", "SUBTR", ' uom="FT"', "UNL"),
        max_bytes=20_000,
    ),
}  # fmt: skip
