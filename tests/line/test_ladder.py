"""A ladder study of the terms that a running node has."""

from __future__ import annotations

from tests.line.station import Station


def test_a_study_without_a_ladder_is_of_the_terms_in_force(pair: tuple[Station, Station]):
    north, _ = pair
    found = north.json(
        "ladder", "study", "--nights", "10", "--no-advice", "--precedence", "routine"
    )
    (figures,) = found["ladders"]
    assert figures["name"] == "terms with south"
    rungs = [(each["echelon"], each["patience_ms"]) for each in figures["ladder"]["rungs"]]
    assert rungs[0] == ("duty-desk", 1_800_000)
    assert len(rungs) == 4
    named = north.json("ladder", "study", "--nights", "10", "--no-advice", "--link", "south")
    assert named["ladders"][0]["ladder"]["rungs"][0]["patience_ms"] == 1_000
    assert north.fails("ladder", "study", "--link", "nobody").error["code"] == "no_such_link"
