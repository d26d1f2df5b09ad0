"""A drone under an airliner: POSSIBLE until the terms say how high the ground is, then nothing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.line.station import settled, until
from tests.line.test_watch import Pair

HERE = ("--circle", "35.2520N 040.1500E", "--radius", "3 km", "--from", "+3h", "--to", "+5h")


def test_stating_the_terrain_clears_what_only_might_have_been_a_conflict(pair: Pair, folder: Path):
    north, south = pair
    north.run("declare", *HERE, "--band", "SFC-120 m AGL")
    south.run("declare", *HERE, "--band", "FL250-FL300")
    settled(north, south)
    for each in pair:
        (found,) = each.json("conflicts")
        assert (found["certainty"], found["vertical_cm"], found["rule"]) == ("possible", None, 2)
        assert "POSSIBLE" in each.run("conflicts")
    assert "heights: terrain not stated" in north.run("link", "show")

    document = json.loads(north.run("link", "show", "--document"))
    document["version"] = 2
    document["minima"]["heights"]["terrain"] = {"lowest_cm": 10_000, "highest_cm": 150_000}
    amended = folder / "amended.json"
    amended.write_text(json.dumps(document))
    north.run("link", "amend", str(amended))
    until(lambda: south.link["waiting"], "the proposal to arrive")
    south.run("link", "agree", str(amended), "--yes")

    for each in pair:
        until(lambda s=each: s.json("conflicts") == [], "the conflict to be taken back")
        assert "heights: terrain 100 m to 1500 m" in each.run("link", "show")
    south.run("declare", *HERE, "--band", "SFC-3000 m AMSL")
    settled(north, south)
    for each in pair:
        (found,) = each.json("conflicts")
        assert found["certainty"] == "certain"
        assert "≥ 0 m" in each.run("conflicts")
