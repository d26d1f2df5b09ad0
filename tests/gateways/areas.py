"""Areas to write, and whether what was read again contains them."""

from __future__ import annotations

from hypothesis import strategies as st

from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.gateways.shape import Shape
from clearline.gateways.writing import Area
from clearline.space import (
    Altitude,
    Band,
    Corridor,
    Datum,
    Outline,
    Polygon,
    Volume,
    Window,
    covers,
    gap_cm,
)
from tests.space.truth import Make

START = Instant.parse("2026-11-27T12:00:00.000Z")
SEAS = [(35.0, 30.0), (0.0, 0.0), (10.0, 179.999), (69.0, -179.99), (-55.0, -70.0)]
"""Places where charts are in use."""
PLACES = [*SEAS, (89.9, 10.0)]


def area(*volumes: Volume) -> Area:
    """Return an area of ours."""
    return Area(
        id="01940000-0000-7000-8000-000000000001",
        party="NORTH",
        mine=True,
        link="north-south",
        activity="air_patrol",
        revision=1,
        volumes=volumes,
        declared_at=START,
        label="a name that stays with us",
    )


def volume(
    outline: Outline, lower: Altitude | None = None, upper: Altitude | None = None, hours: int = 3
) -> Volume:
    """Return a volume from the start on."""
    return Volume(
        outline=outline,
        band=Band(
            lower=lower or Altitude(datum=Datum.SURFACE, value_cm=0),
            upper=upper or Altitude(datum=Datum.FL, value_cm=3_048 * 100),
        ),
        window=Window(start=START, end=START.after(hours * HOUR_MS)),
    )


@st.composite
def outlines(draw, places=PLACES) -> Outline:
    """Return outlines as they are released: of every kind, most with a margin."""
    lat, lon = draw(st.sampled_from(places))
    size = draw(st.sampled_from([300.0, 5_000.0, 120_000.0]))
    turn = draw(st.floats(0, 360))
    kind = draw(st.sampled_from(["circle", "corridor", "polygon", "star", "holed"]))
    if kind == "circle":
        return Make.circle(lat, lon, size)
    ring = Make.ring(lat, lon, size, draw(st.integers(3, 8)), turn)
    if kind == "corridor":
        return Corridor(points=ring, width_cm=draw(st.integers(20_000, 2_000_001)))
    if kind == "star":
        inner = Make.ring(lat, lon, size / 3, len(ring), turn + 180 / len(ring))
        ring = tuple(p for pair in zip(ring, inner, strict=True) for p in pair)
    holes = (Make.ring(lat, lon, size / 3, 5, turn),) if kind == "holed" and len(ring) > 4 else ()
    return Polygon(exterior=ring, holes=holes, margin_cm=draw(st.sampled_from([0, 12_345])))


def altitudes(*data: Datum) -> st.SearchStrategy[Altitude]:
    """Return altitudes of these data."""
    return st.builds(
        lambda datum, cm: Altitude(datum=datum, value_cm=0 if datum is Datum.SURFACE else cm),
        st.sampled_from(data),
        st.integers(0, 2_000_000),
    )


AIR = (Datum.SURFACE, Datum.HEIGHT, Datum.AMSL, Datum.FL)


@st.composite
def volumes(draw, places=PLACES, data=AIR) -> Volume:
    """Return volumes; their bands are the right way up wherever that can be known."""
    lower, upper = draw(altitudes(*data)), draw(altitudes(*data))
    gap = gap_cm(lower, upper)
    if gap is not None and gap < 0:
        lower, upper = upper, lower
    start = START.after(draw(st.integers(0, 40 * 24 * HOUR_MS)))
    return Volume(
        outline=draw(outlines(places)),
        band=Band(lower=lower, upper=upper),
        window=Window(start=start, end=start.after(draw(st.integers(MINUTE_MS, 72 * HOUR_MS)))),
    )


def holds(shape: Shape, inner: Volume, *, bands: bool = True) -> bool:
    """Return whether a shape that was read contains a volume."""
    if not covers(shape.outline, inner.outline):
        return False
    if shape.window is None or shape.window.start > inner.window.start:
        return False
    if shape.window.end < inner.window.end:
        return False
    if not bands:
        return True
    assert shape.band is not None
    below = gap_cm(shape.band.lower, inner.band.lower)
    above = gap_cm(inner.band.upper, shape.band.upper)
    return below is not None and above is not None and below >= 0 and above >= 0
