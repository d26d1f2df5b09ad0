"""Conflicts: claims of either side, each taken back by its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from clearline.core.conflicts import (
    Claim,
    Conflict,
    ConflictFound,
    Conflicts,
    key_of,
    look,
    look_at,
    meet,
    worse,
)
from clearline.core.terms import DEFAULT_MINIMA, WORLDWIDE
from clearline.space import (
    RULE_VERSION,
    Certainty,
    Position,
    Separation,
    Window,
    parse_band,
)
from tests.core.test_notices import notice
from tests.kit import LINK, START, degrees, volume


def claim(entry: str, apart_cm: int = 0) -> Claim:
    found = ConflictFound(
        rule=RULE_VERSION,
        closest=Separation(horizontal_cm=apart_cm, vertical_cm=0, time_ms=0),
        where=Position(lat_e7=0, lon_e7=0),
        window=Window(start=START, end=START),
    )
    return Claim(entry=entry, found=found, at=START)


def conflict(ours: str, theirs: str, us: str | None = None, them: str | None = None) -> Conflict:
    return Conflict(
        link=LINK,
        ours=ours,
        theirs=theirs,
        claimed_by_us=claim(us) if us else None,
        claimed_by_them=claim(them) if them else None,
    )


def test_the_closer_of_two_claims_is_shown():
    both = Conflict(
        link=LINK,
        ours="a",
        theirs="b",
        claimed_by_us=claim("x", 300),
        claimed_by_them=claim("y", 200),
    )
    assert both.claim.entry == "y"


def test_the_worst_pair_of_volumes_is_what_is_claimed():
    mine = notice(1, volumes=(volume(35.38, 40.1), volume(35.3, 40.1)))
    theirs = notice(2, mine=False, volumes=(volume(35.3, 40.1),))
    found = look(mine, theirs, DEFAULT_MINIMA)
    assert found.closest.horizontal_cm == 0
    assert (found.rule, found.certainty) == (1, UNSET)


def test_many_looked_at_together_are_found_as_each_volume_by_itself():
    ours = notice(1, volumes=(volume(35.38, 40.1), volume(35.3, 40.1)))
    others = [
        notice(number, mine=False, volumes=(volume(35.3 + number / 30), volume(35.9, 40.3)))
        for number in range(2, 24)
    ]
    expected = []
    for other in others:
        worst = None
        for one in ours.volumes:
            for against in other.volumes:
                worst = worse(worst, meet(one, against, DEFAULT_MINIMA))
        expected.append(worst)
    assert look_at(ours, others, DEFAULT_MINIMA) == expected
    assert {each is None for each in expected} == {True, False}
    # Seen from theirs, a claim is still of our shape against theirs.
    assert look_at(others[0], [ours], DEFAULT_MINIMA) == expected[:1]


def test_volumes_that_keep_their_distance_do_not_meet():
    assert meet(volume(35.3), volume(36.5), DEFAULT_MINIMA) is None


def test_what_is_claimed_is_the_same_seen_from_either_side():
    one, other = volume(35.3, 40.1), volume(35.35, 40.15)
    ours, theirs = meet(one, other, DEFAULT_MINIMA), meet(other, one, DEFAULT_MINIMA)
    assert (ours.closest, ours.window) == (theirs.closest, theirs.window)
    assert degrees(35.3, 40.1) != ours.where


STATED = replace(DEFAULT_MINIMA, heights=WORLDWIDE)


@pytest.mark.parametrize(
    ("band", "said"),
    [
        ("FL150-FL200", Certainty.CERTAIN),
        ("0 m AMSL-1500 m AMSL", Certainty.POSSIBLE),
        ("0 m AGL-120 m AGL", Certainty.POSSIBLE),
    ],
)
def test_by_version_2_a_claim_says_how_certain_it_is(band, said):
    found = meet(volume(), volume(band=parse_band(band)), STATED)
    assert (found.rule, found.certainty, found.sure) == (2, said, said)


def test_what_no_weather_brings_too_near_is_no_conflict():
    assert meet(volume(), volume(band=parse_band("0 m AMSL-300 m AMSL")), STATED) is None
    assert meet(volume(), volume(band=parse_band("0 m AMSL-300 m AMSL")), DEFAULT_MINIMA)


def test_a_certain_pair_of_volumes_is_claimed_before_a_closer_one_that_is_possible():
    mine = notice(1, volumes=(volume(35.38, 40.1), volume(35.3, 40.1)))
    low = parse_band("0 m AMSL-1500 m AMSL")
    theirs = notice(2, mine=False, volumes=(volume(35.3, band=low), volume(35.49, 40.1)))
    found = look(mine, theirs, STATED)
    assert found.sure is Certainty.CERTAIN
    assert 200_000 < found.closest.horizontal_cm < 300_000
    assert look(notice(1, volumes=mine.volumes[1:]), theirs, STATED).sure is Certainty.POSSIBLE


def test_a_claim_of_version_1_is_as_certain_as_its_bands_could_be_compared():
    known = claim("x").found
    unknown = replace(known, closest=replace(known.closest, vertical_cm=None))
    assert (known.sure, unknown.sure) == (Certainty.CERTAIN, Certainty.POSSIBLE)


def test_of_two_claims_a_possible_one_gives_way():
    near, far = claim("x", 200), claim("y", 300)
    unsure = replace(near, found=replace(near.found, certainty=Certainty.POSSIBLE))
    sure = replace(far, found=replace(far.found, certainty=Certainty.CERTAIN))
    both = Conflict(link=LINK, ours="a", theirs="b", claimed_by_us=unsure, claimed_by_them=sure)
    assert both.claim.entry == "y"


NAMES = st.sampled_from("abcd")
CLAIMS = st.none() | st.sampled_from("pqrstuv")


@settings(deadline=None)
@given(
    st.lists(st.tuples(NAMES, NAMES, CLAIMS, st.booleans()), max_size=25),
    st.lists(st.integers(0, 25), max_size=3),
)
def test_the_indexes_always_say_what_the_conflicts_say(puts, drops):
    conflicts, serial = Conflicts(), 0
    for number, (ours, theirs, us, them) in enumerate(puts):
        serial += 1
        theirs_id = f"their-{theirs}"
        conflicts.put(conflict(f"our-{ours}", theirs_id, us, f"t{serial}" if them else None))
        if number in drops:
            conflicts.drop(theirs_id)
    for name in [f"our-{n}" for n in "abcd"] + [f"their-{n}" for n in "abcd"]:
        held = [each for each in conflicts.by_key.values() if name in (each.ours, each.theirs)]
        assert conflicts.of_notice(name) == sorted(held, key=lambda c: key_of(c.ours, c.theirs))
    for entry in (f"t{n}" for n in range(serial + 1)):
        held = [
            each
            for each in conflicts.by_key.values()
            if each.claimed_by_them is not None and each.claimed_by_them.entry == entry
        ]
        assert conflicts.by_their_claim(entry) == (held[0] if held else None)
    assert all(
        each.claimed_by_us is not None or each.claimed_by_them is not None
        for each in conflicts.by_key.values()
    )
