"""Screening: all pairs that infringe, and no other, in order, wherever it is cut."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.space import Met, Minima, meet, screen, screened
from tests.space.test_index import volumes

MINIMA = Minima(horizontal_cm=500_000, vertical_cm=30_000, time_ms=600_000)


def named(side, made):
    """Return volumes under keys, two volumes to a key."""
    return [(f"{side}{number // 2}", volume) for number, volume in enumerate(made)]


@settings(max_examples=30)
@given(st.lists(volumes(), max_size=12), st.lists(volumes(), max_size=12))
def test_screening_says_what_comparing_every_pair_says(ours, theirs):
    one, other = named("a", ours), named("b", theirs)
    expected = [
        Met(key, against, apart)
        for key, volume in one
        for against, far in other
        if (apart := meet(volume, far, MINIMA)) is not None
    ]
    assert screened(one, other, MINIMA) == expected


@settings(max_examples=20)
@given(st.lists(volumes(), min_size=1, max_size=12), st.integers(1, 5))
def test_a_screening_that_is_cut_says_how_far_it_is_and_has_said_all_up_to_there(made, at_once):
    both = named("a", made)
    whole = screened(both, both, MINIMA)
    told = []
    for piece in screen(both, both, MINIMA, at_once=at_once):
        told.extend(piece.found)
        assert piece.of == len(both)
        assert told == whole[: len(told)]
        assert len(told) == len(screened(both[: piece.done], both, MINIMA))
    assert piece.done == piece.of
