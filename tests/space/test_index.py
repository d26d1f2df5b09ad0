"""The index: nothing that infringes is missed, anywhere, and the order is always the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import DAY_MS, Instant
from clearline.space import Circle, Index, Minima, Volume, Window, from_degrees, meet, parse_band

BAND = parse_band("SFC-FL100")
DAY = 20_000 * DAY_MS


def volume(lat, lon, radius_cm, start=0, span=3_600_000):
    return Volume(
        outline=Circle(centre=from_degrees(lat, lon), radius_cm=radius_cm),
        band=BAND,
        window=Window(start=Instant(DAY + start), end=Instant(DAY + start + span)),
    )


NEIGHBOURHOODS = st.sampled_from(
    [(35, 40), (0, 179.9), (0, -179.9), (89.5, 0), (-89.9, 90), (65, 180)]
)


@st.composite
def volumes(draw):
    lat, lon = draw(NEIGHBOURHOODS)
    lat = min(90.0, max(-90.0, lat + draw(st.floats(-1, 1))))
    return volume(
        lat,
        lon + draw(st.floats(-2, 2)) * (90 if abs(lat) > 88 else 1),
        draw(st.sampled_from([100, 50_000, 2_000_000, 60_000_000])),
        draw(st.integers(0, 3 * DAY_MS)),
        draw(st.sampled_from([60_000, 3_600_000, 2 * DAY_MS, 90 * DAY_MS])),
    )


@settings(max_examples=80)
@given(
    st.lists(volumes(), max_size=25),
    volumes(),
    st.sampled_from([0, 500_000, 20_000_000]),
    st.sampled_from([0, 600_000, 2 * DAY_MS]),
)
def test_nothing_that_infringes_is_missed(entries, ours, horizontal_cm, time_ms):
    minima = Minima(horizontal_cm=horizontal_cm, vertical_cm=30_000, time_ms=time_ms)
    index = Index()
    for number, entry in enumerate(entries):
        index.add(f"{number:03d}", [entry])
    near = index.near(ours, minima)
    assert near == sorted(set(near))
    for number, entry in enumerate(entries):
        if meet(ours, entry, minima) is not None:
            assert f"{number:03d}" in near


@settings(max_examples=30)
@given(st.lists(volumes(), min_size=1, max_size=15), volumes(), st.randoms(use_true_random=False))
def test_the_order_of_insertion_and_what_was_removed_leave_no_trace(entries, ours, chance):
    minima = Minima(horizontal_cm=500_000, vertical_cm=0, time_ms=0)
    one, other = Index(), Index()
    named = [(f"{number:03d}", entry) for number, entry in enumerate(entries)]
    for key, entry in named:
        one.add(key, [entry])
    chance.shuffle(named)
    for key, entry in named:
        other.add(key, [ours, entry])
        other.add(key, [entry])
        other.add(f"gone-{key}", [entry, ours])
    for key, _ in named:
        other.remove(f"gone-{key}")
    assert one.near(ours, minima) == other.near(ours, minima)
    assert len(one) == len(other) == len(named)


def test_what_is_far_or_long_past_is_not_returned():
    index = Index()
    index.add("here", [volume(35, 40, 1_000_000)])
    index.add("far", [volume(36, 41, 1_000_000)])
    index.add("later", [volume(35, 40, 1_000_000, start=7_200_000)])
    minima = Minima(horizontal_cm=1_000_000, vertical_cm=0, time_ms=60_000)
    assert index.near(volume(35, 40, 1_000_000), minima) == ["here"]


def test_a_key_is_found_by_any_of_its_volumes_and_gone_when_removed():
    index = Index()
    index.add("two", [volume(10, 10, 1_000), volume(35, 40, 1_000)])
    minima = Minima(horizontal_cm=1_000, vertical_cm=0, time_ms=0)
    assert index.near(volume(35, 40, 1_000), minima) == ["two"]
    assert "two" in index
    index.remove("two")
    index.remove("never there")
    assert index.near(volume(35, 40, 1_000), minima) == []
    assert len(index) == 0
