"""A transit on a real line: planned, declared, in conflict, and cleared by a way offered."""

from __future__ import annotations

from pathlib import Path

from tests.line.station import settled
from tests.line.test_watch import Pair

ROUTE = ("35.0N 040.0E; 35.2N 040.4E; 35.2N 040.9E", "--width", "4 km", "--speed", "30-40 km/h",
         "--band", "SFC-SFC", "--activity", "convoy", "--tolerance", "10 min")  # fmt: skip
ACROSS = ("--circle", "35.2N 040.65E", "--radius", "3 km", "--band", "SFC-FL050",
          "--from", "+26h", "--to", "+30h")  # fmt: skip


def test_a_convoy_is_planned_declared_and_cleared_of_a_conflict(pair: Pair, tmp_path: Path):
    north, south = pair
    south.run("declare", *ACROSS)
    settled(north, south)
    files = [str(tmp_path / name) for name in ("one", "other")]
    seen = north.json("transit", "plan", *ROUTE, "--depart", "+26h", "--out", files[0])
    assert 2 <= len(seen["chain"]["volumes"]) <= 8
    assert seen["links"][0]["conflicts"]
    assert {each["whose"] for each in north.json("notices")} == {"south"}, "nothing is declared"
    assert "CONFLICT" in north.run("transit", "plan", *ROUTE, "--depart", "+26h")
    done = north.json("transit", "declare", *ROUTE, "--depart", "+26h", "--label", "ours")
    (entry,) = done["declared"]
    assert done["conflicts"] == 1
    settled(north, south)
    theirs = next(e for e in south.json("notices") if e["whose"] == "north")
    assert len(theirs["where"]) == len(seen["chain"]["volumes"])

    ways = north.json("conflicts", entry["id"], "--ways")
    assert ways["ways_whole"]
    offered = {each["way"] for each in ways["ways_out"]}
    assert {"later", "earlier"} & offered
    assert "Nothing below is sent by itself" in north.run("conflicts", entry["id"], "--ways")
    assert north.json("conflicts", entry["id"])[0]["ours"] == entry["id"]
    assert north.fails("revise", entry["id"], "--way", "smaller").error["code"] == "no_such_way"
    north.run("revise", entry["id"], "--way", ways["ways_out"][0]["way"])
    settled(north, south)
    assert north.json("conflicts") == south.json("conflicts") == []
    assert north.fails("revise", entry["id"], "--way", "later").error["code"] == "no_conflict"

    north.run("transit", "plan", *ROUTE, "--depart", "+28h", "--out", files[1])
    met = north.json("transit", "meet", *files)
    assert met["as_planned"]["cm"] > met["nearest"]["cm"]
    assert "as planned" in north.run("transit", "meet", *files)
    assert north.fails("conflicts", "--ways").error["code"] == "which_notice"
    wrong = north.fails("transit", "declare", *ROUTE, "--depart", "+26h", "--pass", "3 +27h")
    assert wrong.error["code"] == "transit_impossible"
