"""Areas for the tests of what is written: anywhere, of every kind, each valid."""

from __future__ import annotations

from hypothesis import strategies as st

from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.gateways import Area, Reading
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Corridor,
    Datum,
    Outline,
    Polygon,
    Volume,
    Window,
    check,
    contains,
    covers,
    from_degrees,
    gap_cm,
    parse_band,
)
from clearline.space.footprint import footprint
from clearline.space.plane import geodesic_fwd, geodesic_points
from tests.space.truth import outcome

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
LATER = NOW.after(7_200_000)
BOX = Polygon(
    exterior=tuple(from_degrees(*p) for p in [(35, 40), (35, 41), (36, 41), (36, 40)]),
    holes=(tuple(from_degrees(*p) for p in [(35.4, 40.4), (35.4, 40.6), (35.6, 40.5)]),),
    margin_cm=150_000,
)
DOT = Circle(centre=from_degrees(35.2, 40.15), radius_cm=500_000)
PATH = Corridor(points=tuple(from_degrees(*p) for p in [(35, 39), (35.2, 39.6)]), width_cm=400_000)


def volume(outline: Outline = BOX, band: str = "SFC-FL180") -> Volume:
    return Volume(outline=outline, band=parse_band(band), window=Window(start=NOW, end=LATER))


def area(*volumes: Volume, mine: bool = True, number: int = 1, **more) -> Area:
    return Area(
        id=derive(NOW, number, "area"),
        party="north" if mine else "south",
        mine=mine,
        link=derive(NOW, 0, "link"),
        activity="flight",
        revision=1,
        volumes=volumes or (volume(),),
        declared_at=NOW,
        **more,
    )


@st.composite
def outlines(draw: st.DrawFn, *, poles: bool = True) -> Outline:
    """Outlines of any kind and size, anywhere; often about a pole or over the antimeridian."""
    lats = [0.0, 35.2, 60.0, -70.0, *([89.9, -89.0] if poles else [])]
    lat = draw(st.sampled_from(lats) | st.floats(-88 if poles else -75, 88 if poles else 75))
    lon = draw(st.sampled_from([40.1, 179.9, -179.99, 0.0]) | st.floats(-180, 180))
    size_m = 10 ** draw(st.floats(1.5, 5.7))
    radius_cm = int(size_m * 100 * draw(st.floats(0.02, 1)))
    kind = draw(st.sampled_from(["circle", "corridor", "polygon", "margin", "hole"]))
    made: Outline
    if kind == "circle":
        made = Circle(centre=from_degrees(lat, lon), radius_cm=max(radius_cm, 100))
    elif kind == "hole":
        ring, hole = (
            tuple(from_degrees(*geodesic_fwd(lat, lon, -turn, far)) for turn in range(0, 360, step))
            for far, step in ((size_m, 72), (size_m / 3, 60))
        )
        made = Polygon(exterior=ring, holes=(hole,))
    else:
        turns = sorted(draw(st.lists(st.integers(0, 359), min_size=3, max_size=9, unique=True)))
        ring = tuple(from_degrees(*geodesic_fwd(lat, lon, -turn, size_m)) for turn in turns)
        if kind == "corridor":
            made = Corridor(points=ring[:3], width_cm=max(radius_cm, 200))
        else:
            made = Polygon(exterior=ring, margin_cm=radius_cm if kind == "margin" else 0)
    return made if outcome(check, made) is None else DOT


@st.composite
def bands(draw: st.DrawFn) -> Band:
    """Bands of any data, each not upside down."""
    datum = st.sampled_from([Datum.AMSL, Datum.HEIGHT, Datum.FL, Datum.SURFACE, Datum.DEPTH])
    one, other = (
        Altitude(datum=d, value_cm=0 if d is Datum.SURFACE else draw(st.integers(0, 3_000_000)))
        for d in (draw(datum), draw(datum))
    )
    gap = gap_cm(one, other)
    return (
        Band(lower=other, upper=one)
        if gap is not None and gap < 0
        else Band(lower=one, upper=other)
    )


@st.composite
def areas(draw: st.DrawFn, *, poles: bool = True) -> Area:
    """One notice of one volume."""
    start = NOW.after(draw(st.integers(0, 10**9)))
    window = Window(start=start, end=start.after(draw(st.integers(1, 10**9))))
    made = Volume(outline=draw(outlines(poles=poles)), band=draw(bands()), window=window)
    return area(made, mine=draw(st.booleans()))


def edge_points(outline: Outline) -> list[tuple[float, float]]:
    """Return latitudes and longitudes on the edge of an outline."""
    shape = footprint(outline)
    found: list[tuple[float, float]] = []
    for start, end in shape.edges():
        ends = shape.lats[start], shape.lons[start], shape.lats[end], shape.lons[end]
        for lat, lon in zip(*geodesic_points(*ends, 4), strict=True):
            turns = range(0, 360, 45) if shape.radius_m else (0,)
            found += [geodesic_fwd(lat, lon, turn, shape.radius_m) for turn in turns]
    return found


def holds(reading: Reading, outline: Outline) -> bool:
    """Return whether the shapes of a reading, together, hold an outline."""
    read = [each.outline for each in reading.shapes]
    if len(read) == 1 and covers(read[0], outline):
        return True
    points = [from_degrees(*point) for point in edge_points(outline)]
    return all(any(contains(each, point) for each in read) for point in points)


def not_above(lower: Altitude, upper: Altitude) -> bool:
    """Return whether one altitude is known to be no higher than another."""
    gap = gap_cm(lower, upper)
    return gap is not None and gap >= 0


def band_holds(outer: Band | None, inner: Band) -> bool:
    """Return whether a band that was read holds the one that was written."""
    return (
        outer is not None
        and not_above(outer.lower, inner.lower)
        and not_above(inner.upper, outer.upper)
    )


def times_hold(outer: Window | None, inner: Window) -> bool:
    """Return whether a window that was read holds the one that was written."""
    return outer is not None and outer.start <= inner.start and inner.end <= outer.end
