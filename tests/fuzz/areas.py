"""Files of areas: whatever bytes come in, each format refuses them or keeps what can be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import dec_hook, enc_hook
from clearline.gateways import Reading, Shape
from clearline.space import check
from tests.fuzz.parser import ROOT, Parser, literals


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


_TAGS = (
    "Placemark Polygon outerBoundaryIs innerBoundaryIs LinearRing coordinates Point LineString "
    "MultiGeometry ExtendedData Data SimpleData TimeSpan begin end name value radius_m width_m "
    "lower upper start extrude altitudeMode"
)

PARSERS = {
    "geojson": Parser(
        check=reads("geojson"),
        seeds=lambda: [*examples("geojson"), *literals("gateways/test_geojson.py")],
        words=("radius_m", "width_m", "MultiPolygon", "FeatureCollection", "coordinates", "crs"),
        is_json=True,
        max_bytes=20_000,
    ),
    "kml": Parser(
        check=reads("kml"),
        seeds=lambda: [*examples("kml"), *literals("gateways/test_kml.py")],
        words=tuple(f"<{tag}>" for tag in _TAGS.split())
        + tuple(f"</{tag}>" for tag in _TAGS.split()),
        max_bytes=20_000,
    ),
}
