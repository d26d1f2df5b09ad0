"""Heights of different data: an interval that holds whatever the weather is, and never less."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearline.basis.faults import Broken, Mistake
from clearline.space import (
    Altitude,
    Band,
    Certainty,
    Circle,
    Datum,
    GeoidRange,
    Grid,
    Minima,
    PressureRange,
    TerrainRange,
    WorstCase,
    certainty,
    check_heights,
    check_worst_case,
    from_degrees,
    meet,
    parse_altitude,
    parse_band,
    round_band_out,
    self_test,
    vertical_gap_cm,
    vertical_range_cm,
)
from clearline.space import heights as room
from clearline.space.heights import (
    FAR_CM,
    MAX_HPA,
    MIN_HPA,
    above_sea_cm,
    level_rows,
    pressure_altitude_cm,
    rise_cm,
    vertical_ranges_cm,
)
from tests.space.test_altitude import altitudes
from tests.space.test_separation import volume

HERE = Circle(centre=from_degrees(35.0, 40.0), radius_cm=100_000)
AIR = PressureRange(lowest_hpa=980, highest_hpa=1_040, temperature_pct=10)
HILLS = TerrainRange(lowest_cm=20_000, highest_cm=150_000)
SEA = GeoidRange(lowest_cm=1_500, highest_cm=2_500)
ALL = WorstCase(pressure=AIR, terrain=HILLS, geoid=SEA)
NONE = WorstCase()


@st.composite
def ranges(draw, kind, low, high, least, most, **more):
    one, other = sorted(draw(st.tuples(st.integers(least, most), st.integers(least, most))))
    return kind(**{low: one, high: other}, **{name: draw(each) for name, each in more.items()})


def worst_cases():
    return st.builds(
        WorstCase,
        pressure=ranges(
            PressureRange,
            *("lowest_hpa", "highest_hpa", MIN_HPA, MAX_HPA),
            temperature_pct=st.integers(0, 50),
        ),
        terrain=ranges(TerrainRange, "lowest_cm", "highest_cm", -50_000, 900_000),
        geoid=ranges(GeoidRange, "lowest_cm", "highest_cm", -11_000, 9_000),
    )


bands = st.builds(lambda one, other: Band(lower=one, upper=other), altitudes(), altitudes())
partly = st.one_of(
    worst_cases(),
    st.just(NONE),
    st.builds(lambda worst: WorstCase(terrain=worst.terrain), worst_cases()),
    st.builds(lambda worst: WorstCase(pressure=worst.pressure), worst_cases()),
)


def test_the_standard_atmosphere_is_that_of_icao_and_no_rounding_of_it_is_close():
    with localcontext() as exact:
        exact.prec = 40
        power = Decimal("287.05287") * Decimal("0.0065") / Decimal("9.80665")
        for hpa in range(MIN_HPA, MAX_HPA + 1):
            ratio = ((Decimal(hpa) / Decimal("1013.25")).ln() * power).exp()
            cm = 100 * Decimal("288.15") / Decimal("0.0065") * (1 - ratio)
            assert pressure_altitude_cm(hpa) == round(cm)
            assert abs(abs(cm) % 1 - Decimal("0.5")) > Decimal("0.003")


def test_a_flight_level_is_put_between_the_lowest_and_the_highest_pressure():
    low, high = above_sea_cm(parse_altitude("FL100"), ALL)
    # 980 hPa is 280.53 m of pressure altitude, 1040 hPa is -220.33 m; then 10 % for temperature.
    assert low == 304_800 - 28_053 - 27_675
    assert high == 304_800 + 22_033 + 32_684


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1000 m AMSL", 100_000, 100_000),
        ("1000 m HAE", 97_500, 98_500),
        ("100 m AGL", 30_000, 160_000),
        ("SFC", 20_000, 150_000),
        ("30 m DEPTH", 17_000, 147_000),
    ],
)
def test_each_datum_is_put_above_the_sea_by_its_own_range(text, low, high):
    assert above_sea_cm(parse_altitude(text), ALL) == (low, high)


@pytest.mark.parametrize("text", ["FL100", "1000 m HAE", "100 m AGL", "SFC", "30 m DEPTH"])
def test_what_is_not_stated_is_unknown_and_never_nought(text):
    sea = parse_altitude("1000 m AMSL")
    assert rise_cm(parse_altitude(text), sea, NONE) is None
    assert rise_cm(sea, parse_altitude(text), NONE) is None
    assert rise_cm(parse_altitude(text), sea, ALL) is not None


@pytest.mark.parametrize(
    ("a", "b", "least", "most"),
    [
        ("FL100-FL140", "FL180-FL200", 121_920, 121_920),
        ("FL100-FL140", "FL140-FL200", 0, 0),
        ("FL200-FL240", "0 m AMSL-1000 m AMSL", 423_392, 594_797),
        ("FL040-FL060", "0 m AMSL-1000 m AMSL", 0, 58_349),
        ("SFC-FL180", "SFC-3000 ft AMSL", 0, 0),
        ("SFC-FL180", "100 m AGL-200 m AGL", 0, 0),
        ("120 m AGL-150 m AGL", "2000 m AMSL-3000 m AMSL", 35_000, 165_000),
        ("1000 m HAE-1100 m HAE", "1200 m AMSL-1300 m AMSL", 11_500, 12_500),
    ],
)
def test_the_clear_height_is_an_interval(a, b, least, most):
    one, other = parse_band(a), parse_band(b)
    assert vertical_range_cm(one, other, ALL) == (least, most)
    assert vertical_range_cm(other, one, ALL) == (least, most)


def test_nothing_stated_is_unknown_beyond_what_the_limits_share():
    one, other = parse_band("FL100-FL200"), parse_band("5000 m AMSL-6000 m AMSL")
    assert above_sea_cm(one.lower, NONE) == (-FAR_CM, FAR_CM)
    assert vertical_range_cm(one, other, NONE) == (None, None)
    over, ground = parse_band("SFC-FL180"), parse_band("100 m AGL-200 m AGL")
    assert vertical_range_cm(over, ground, NONE) == (0, 10_000)


MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=600_000, heights=ALL)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("FL100-FL140", "FL145-FL200", Certainty.CERTAIN),
        ("FL080-FL140", "2500 m AMSL-3500 m AMSL", Certainty.CERTAIN),
        ("FL040-FL060", "0 m AMSL-1000 m AMSL", Certainty.POSSIBLE),
        ("FL200-FL240", "0 m AMSL-1000 m AMSL", None),
    ],
)
def test_two_volumes_meet_by_the_least_and_for_certain_by_the_most(a, b, said):
    one, other = volume(HERE, band=a), volume(HERE, band=b)
    assert (meet(one, other, MINIMA) is None) == (said is None)
    if said is not None:
        assert certainty(one, other, MINIMA) is said


def test_without_a_worst_case_the_rule_is_version_1_and_what_is_unknown_is_possible():
    old = Minima(horizontal_cm=500_000, vertical_cm=30_480, time_ms=600_000)
    one, other = volume(HERE, band="FL200-FL240"), volume(HERE, band="SFC-10 m AMSL")
    met = meet(one, other, old)
    assert (old.rule, MINIMA.rule) == (1, 2)
    assert met is not None
    assert met.vertical_cm is None
    assert certainty(one, other, old) is Certainty.POSSIBLE
    assert certainty(one, one, old) is Certainty.CERTAIN


# Properties: a world is one pressure, one temperature, one elevation, one undulation.


@st.composite
def worlds(draw):
    worst = draw(worst_cases())
    air, ground, sea = worst.pressure, worst.terrain, worst.geoid
    hpa = draw(st.integers(air.lowest_hpa, air.highest_hpa))
    off = draw(st.integers(-air.temperature_pct, air.temperature_pct))
    elevation = draw(st.integers(ground.lowest_cm, ground.highest_cm))
    undulation = draw(st.integers(sea.lowest_cm, sea.highest_cm))

    def true(altitude):
        value = altitude.value_cm
        match altitude.datum:
            case Datum.AMSL:
                return value
            case Datum.FL:
                return (value - pressure_altitude_cm(hpa)) * (100 + off) / 100
            case Datum.ELLIPSOIDAL:
                return value - undulation
            case Datum.DEPTH:
                return elevation - value
            case _:
                return elevation + value

    return worst, true, off


@given(worlds(), bands, bands)
def test_in_no_world_that_the_terms_hold_possible_are_bands_nearer_or_further(world, a, b):
    worst, true, off = world
    levels = [true(each) for each in (a.lower, a.upper, b.lower, b.upper)]
    assume(levels[0] <= levels[1] and levels[2] <= levels[3])
    gap = max(0, levels[2] - levels[1], levels[0] - levels[3])
    least, most = vertical_range_cm(a, b, worst)
    # Two flight levels are apart by pressure, as everyone is who flies by them.
    flown = any(each.datum is Datum.FL for band in (a, b) for each in (band.lower, band.upper))
    slack = gap * abs(off) / (100 - abs(off)) + 1 if flown else 0
    assert (least or 0) - slack <= gap
    assert most is None or gap <= most + slack


@given(bands, bands, partly)
def test_it_is_the_same_from_either_side_and_most_is_never_under_least(a, b, worst):
    least, most = vertical_range_cm(a, b, worst)
    assert vertical_range_cm(b, a, worst) == (least, most)
    assert (least is None) == (most is None)
    assert least is None or 0 <= least <= most


@given(bands, bands)
def test_both_versions_find_the_same_gaps_where_nothing_is_stated(a, b):
    assert (vertical_gap_cm(a, b) or 0) == (vertical_range_cm(a, b, NONE)[0] or 0)


@given(bands, bands, worst_cases(), worst_cases())
def test_a_wider_worst_case_never_finds_a_wider_least(a, b, one, other):
    wide = WorstCase(
        pressure=PressureRange(
            lowest_hpa=min(one.pressure.lowest_hpa, other.pressure.lowest_hpa),
            highest_hpa=max(one.pressure.highest_hpa, other.pressure.highest_hpa),
            temperature_pct=max(one.pressure.temperature_pct, other.pressure.temperature_pct),
        ),
        terrain=TerrainRange(
            lowest_cm=min(one.terrain.lowest_cm, other.terrain.lowest_cm),
            highest_cm=max(one.terrain.highest_cm, other.terrain.highest_cm),
        ),
        geoid=GeoidRange(
            lowest_cm=min(one.geoid.lowest_cm, other.geoid.lowest_cm),
            highest_cm=max(one.geoid.highest_cm, other.geoid.highest_cm),
        ),
    )
    narrow = vertical_range_cm(a, b, one)[0] or 0
    assert (vertical_range_cm(a, b, wide)[0] or 0) <= narrow


@given(bands, bands, partly, st.sampled_from([3_048, 15_240, 50_000]))
def test_what_is_rounded_outward_to_be_shared_is_never_further_apart(a, b, worst, step_cm):
    grid = Grid(position_e7=100_000, length_cm=100_000, altitude_cm=step_cm, time_ms=60_000)
    shared = vertical_range_cm(round_band_out(a, grid), round_band_out(b, grid), worst)
    assert (shared[0] or 0) <= (vertical_range_cm(a, b, worst)[0] or 0)


@given(st.lists(bands, min_size=1, max_size=6), st.lists(bands, min_size=1, max_size=6), partly)
def test_many_at_once_are_compared_as_each_alone(ours, theirs, worst):
    mine, others = level_rows(ours, worst), level_rows(theirs, worst)
    for number, one in enumerate(ours):
        least, most = vertical_ranges_cm(mine[number], others)
        alone = [vertical_range_cm(one, other, worst) for other in theirs]
        assert least.tolist() == [low or 0 for low, _ in alone]
        assert most.tolist() == [FAR_CM if high is None else high for _, high in alone]
    every = vertical_ranges_cm(mine[:, None, :], others[None, :, :])
    assert np.array_equal(every[0][-1], least)


# What is sane


def test_a_band_that_no_weather_makes_sane_is_refused_and_one_that_some_does_is_not():
    with pytest.raises(Mistake, match="whatever the weather") as caught:
        check_heights(parse_band("FL200-1000 ft AMSL"), ALL)
    assert caught.value.code == "band_inverted"
    assert check_heights(parse_band("FL060-1800 m AMSL"), ALL) is None
    assert check_heights(parse_band("FL200-1000 ft AMSL"), NONE) is None
    assert check_heights(parse_band("FL200-1000 ft AMSL"), None) is None


def test_an_inverted_range_is_a_mistake():
    upside = WorstCase(terrain=TerrainRange(lowest_cm=1, highest_cm=0))
    with pytest.raises(Mistake, match="terrain"):
        check_worst_case(upside)
    assert check_worst_case(ALL) is None


def test_a_height_above_the_ellipsoid_is_read_and_shown_as_such():
    assert parse_altitude("1200 m HAE") == Altitude(datum=Datum.ELLIPSOIDAL, value_cm=120_000)
    assert vertical_gap_cm(parse_band("1 m HAE-2 m HAE"), parse_band("1 m AMSL-2 m AMSL")) is None


# The test at start


def silent_zero(datum):
    """Return shifts to the sea of which one is nought, whatever is stated."""
    honest, family = room._shifts, room._FAMILY[datum]

    def wrong(worst):
        shifts = honest(worst)
        flat = [(0, 0) if n == family else each for n, each in enumerate(shifts.by_family)]
        return shifts._replace(by_family=tuple(flat))

    return wrong


@pytest.mark.parametrize("silent", [Datum.ELLIPSOIDAL, Datum.HEIGHT, Datum.FL])
def test_a_silent_zero_is_found_out_at_start(monkeypatch, silent):
    monkeypatch.setattr(room, "_shifts", silent_zero(silent))
    with pytest.raises(Broken, match=silent.value):
        self_test()


def test_another_atmosphere_is_found_out_at_start(monkeypatch):
    monkeypatch.setitem(room._STANDARD_CM, 850, 0)
    with pytest.raises(Broken, match="850 hPa"):
        self_test()
