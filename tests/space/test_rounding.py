"""Rounding outward: what is shared contains what is real, and tells no more than the grid."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.space import (
    Band,
    Circle,
    Corridor,
    Grid,
    Polygon,
    Position,
    Volume,
    Window,
    check,
    contains,
    covers,
    from_degrees,
    gap_cm,
    parse_band,
    positions,
    radius_cm,
    round_band_out,
    round_out,
    round_volume_out,
    round_window_out,
)
from tests.space.truth import Make

GRID = Grid(position_e7=10_000, length_cm=10_000, altitude_cm=30_480, time_ms=60_000)
COARSE = Grid(position_e7=100_000, length_cm=100_000, altitude_cm=30_480, time_ms=3_600_000)
PLACES = [(35.0, 40.0), (0.0, 0.0), (0.0, 179.999), (70.0, -179.99), (89.99, 10.0), (-90.0, 0.0)]


@st.composite
def outlines(draw):
    """Return outlines from far larger than the grid to far smaller than it."""
    lat, lon = draw(st.sampled_from(PLACES))
    size = draw(st.sampled_from([30.0, 300.0, 3_000.0, 100_000.0]))
    turn = draw(st.floats(0, 360))
    kind = draw(st.sampled_from(["circle", "corridor", "polygon", "star", "holed"]))
    if kind == "circle":
        return Make.circle(lat, lon, size)
    ring = Make.ring(lat, lon, size, draw(st.integers(3, 9)), turn)
    if kind == "corridor":
        return Corridor(points=ring, width_cm=draw(st.integers(200, 100_001)))
    if kind == "star":
        inner = Make.ring(lat, lon, size / 4, len(ring), turn + 180 / len(ring))
        ring = tuple(p for pair in zip(ring, inner, strict=True) for p in pair)
    holes = (Make.ring(lat, lon, size / 3, 5, turn),) if kind == "holed" and len(ring) > 4 else ()
    return Polygon(exterior=ring, holes=holes, margin_cm=draw(st.sampled_from([0, 12_345])))


def samples(outline, parts):
    """Return positions of the outline: corners, points of edges, points at the very rim."""
    points = positions(outline)
    for number, point in enumerate(points):
        following = points[(number + 1) % len(points)]
        if following != point and number < len(points) - 1:
            yield from_degrees(*Make.along(point, following, parts[number % len(parts)]))
        azimuth = 360 * parts[(number + 1) % len(parts)]
        reach = max(0.0, radius_cm(outline) / 100 - 0.02)
        yield Make.reach(point.lat_deg, point.lon_deg, azimuth, reach)


@settings(max_examples=120)
@given(
    outlines(), st.lists(st.floats(0, 1), min_size=2, max_size=5), st.sampled_from([GRID, COARSE])
)
def test_every_point_of_the_original_is_in_the_rounded_outline(outline, parts, grid):
    check(outline)
    rounded = round_out(outline, grid)
    check(rounded)
    for point in samples(outline, parts):
        if contains(outline, point):
            assert contains(rounded, point)


@settings(max_examples=60)
@given(outlines(), st.sampled_from([GRID, COARSE]))
def test_the_rounded_outline_covers_the_original(outline, grid):
    assert covers(round_out(outline, grid), outline)


@settings(max_examples=60)
@given(outlines())
def test_everything_in_the_rounded_outline_is_on_the_grid(outline):
    rounded = round_out(outline, GRID)
    for point in positions(rounded):
        assert point.lat_e7 % GRID.position_e7 == point.lon_e7 % GRID.position_e7 == 0
    assert radius_cm(rounded) % GRID.length_cm == 0


@settings(max_examples=60)
@given(outlines(), st.randoms(use_true_random=False))
def test_outlines_that_snap_alike_come_out_alike(outline, chance):
    step = GRID.position_e7

    def moved(point):
        # Another point of the same cell, whatever the first one was.
        lat = (point.lat_e7 + step // 2) // step * step + chance.randint(-step // 2, step // 2 - 1)
        lon = (point.lon_e7 + step // 2) // step * step + chance.randint(-step // 2, step // 2 - 1)
        if abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
            return point
        return Position(lat_e7=lat, lon_e7=lon)

    match outline:
        case Circle():
            other = Circle(centre=moved(outline.centre), radius_cm=outline.radius_cm)
        case Corridor():
            other = Corridor(
                points=tuple(moved(p) for p in outline.points), width_cm=outline.width_cm
            )
        case Polygon():
            other = Polygon(
                exterior=tuple(moved(p) for p in outline.exterior),
                holes=tuple(tuple(moved(p) for p in h) for h in outline.holes),
                margin_cm=outline.margin_cm,
            )
    assert round_out(other, GRID) == round_out(outline, GRID)


def test_an_outline_that_is_on_the_grid_grows_like_any_other(make):
    on = Circle(centre=from_degrees(35, 40), radius_cm=1_000_000)
    off = Circle(centre=from_degrees(35.0004, 40.0004), radius_cm=999_999)
    assert round_out(on, GRID) == round_out(off, GRID)


def test_a_hole_shrinks_and_one_smaller_than_the_grid_is_gone(make):
    holed = Polygon(
        exterior=make.ring(35, 40, 50_000, 8),
        holes=(make.ring(35, 40, 20_000, 8), make.ring(35.3, 40, 20, 4)),
    )
    rounded = round_out(holed, GRID)
    assert len(rounded.holes) == 1
    rim = make.reach(35, 40, 0, 19_990)
    assert not contains(holed, make.reach(35, 40, 0, 10_000))
    assert not contains(rounded, make.reach(35, 40, 0, 10_000))
    assert contains(rounded, rim)


def test_a_polygon_smaller_than_a_cell_becomes_a_circle_or_a_corridor(make):
    assert isinstance(round_out(make.ngon(35, 40, 10, 3), COARSE), Circle)
    thin = Polygon(
        exterior=tuple(from_degrees(*p) for p in [(35, 40), (35.00001, 40.2), (35, 40.2)])
    )
    assert isinstance(round_out(thin, COARSE), Corridor)


def test_a_ring_that_snaps_across_itself_becomes_its_hull(make):
    # The notch reaches just short of the lower edge, and snaps onto it.
    comb = [(35, 40), (35, 40.05), (35, 40.1), (35.02, 40.1), (35.004, 40.05), (35.02, 40)]
    outline = Polygon(exterior=tuple(from_degrees(*p) for p in comb))
    check(outline)
    rounded = round_out(outline, COARSE)
    assert isinstance(rounded, Polygon)
    assert len(rounded.exterior) < len(comb)
    assert covers(rounded, outline)


def test_an_outline_that_would_grow_past_the_limit_is_a_mistake(make):
    with pytest.raises(Mistake):
        round_out(make.circle(35, 40, 1_000_000), GRID)


@pytest.mark.parametrize("step", [0, 7, 11_000_000])
def test_a_grid_that_misses_the_poles_is_refused(step):
    with pytest.raises(ValueError, match=r"step|divide"):
        Grid(position_e7=step, length_cm=1, altitude_cm=1, time_ms=1)


@given(st.integers(0, 10**13), st.integers(1, 10**9))
def test_a_rounded_window_contains_the_window(start, span):
    window = Window(start=Instant(start), end=Instant(start + span))
    rounded = round_window_out(window, GRID)
    assert rounded.start <= window.start < window.end <= rounded.end
    assert rounded.start % GRID.time_ms == rounded.end % GRID.time_ms == 0


@pytest.mark.parametrize(
    "text",
    [
        "FL123-FL181",
        "-13 m AMSL-77 ft AMSL",
        "31 m DEPTH-7 m DEPTH",
        "SFC-99 m AGL",
        "SFC-99999 m AGL",
        "-13 m HAE-77 m HAE",
    ],
)
def test_a_rounded_band_contains_the_band(text):
    band = parse_band(text)
    rounded = round_band_out(band, GRID)
    assert gap_cm(rounded.lower, band.lower) >= 0
    assert gap_cm(band.upper, rounded.upper) >= 0
    assert msgspec.convert(msgspec.to_builtins(rounded), Band) == rounded


def test_a_volume_is_rounded_in_all_its_parts(make):
    volume = Volume(
        outline=make.circle(35, 40, 1_000),
        band=parse_band("FL123-FL181"),
        window=Window(start=Instant(1), end=Instant(2)),
    )
    rounded = round_volume_out(volume, GRID)
    assert rounded.outline == round_out(volume.outline, GRID)
    assert rounded.window == Window(start=Instant(0), end=Instant(60_000))
