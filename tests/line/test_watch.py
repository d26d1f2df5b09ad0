"""A whole watch by the command line, on two real nodes: what one side does, the other holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clearline.record import verify_bundle
from tests.line.station import EXAMPLES, Failed, Station, join, settled, until

Pair = tuple[Station, Station]
CIRCLE = ("--circle", "35.2520N 040.1500E", "--radius", "3 km", "--band", "SFC-FL100")
SOON = ("--from", "+3h", "--to", "+5h")
STOP = ("STOP", "place=35.2560N 040.1500E", "radius=500m")


def flash(caller: Station, called: Station, *more: str) -> str:
    """Open a FLASH that rings on the other side; return its id."""
    done = caller.json("call", "flash", *STOP, *more)
    assert done["heard"]["rung"] == 1
    (call,) = [each for each in called.calls() if each["state"] == "ringing"]
    return call["id"]


def verified(station: Station, folder: Path) -> dict[str, list[bytes]]:
    """Export the record and verify it offline; return each feed's entries."""
    target = folder / f"{station.name}.zip"
    station.run("bundle", "--out", str(target))
    assert station.json("verify", str(target))["verified"]
    assert verify_bundle(target.read_bytes()).is_verified
    link = station.link["id"]
    size = 10_000
    return {
        party: [e["id"] for e in station.ask("log", link=link, last=size) if e["party"] == party]
        for party in ("north", "south")
    }


def test_notices_of_both_sides_from_files_conflict_on_both_sides(pair: Pair):
    north, south = pair
    north.run("declare", "--file", str(EXAMPLES / "north-flights.geojson"), *SOON)
    south.run("declare", "--file", str(EXAMPLES / "south-flights.kml"), *SOON)
    settled(north, south)
    ours, theirs = north.json("conflicts"), south.json("conflicts")
    assert {(c["ours"], c["theirs"]) for c in ours} == {(c["theirs"], c["ours"]) for c in theirs}
    assert ours
    assert {each["whose"] for each in south.json("notices")} == {"north", "south"}
    assert "▲" in north.run("conflicts")
    assert "flight" in south.run("notices")


SHAPES = [
    ("--circle", "35.2520N 040.1500E", "--radius", "3 km"),
    ("--polygon", "35.2N 40.1E; 35.3N 40.1E; 35.3N 40.2E"),
    ("--corridor", "35.2N 40.1E; 35.3N 40.1E", "--width", "4 km"),
    ("--circle", "9 km 180 from Deir ez-Zor airfield", "--radius", "2 NM"),
]


def test_a_drawn_shape_reaches_the_other_side_then_a_revision_then_its_end(pair: Pair):
    north, south = pair
    for shape in SHAPES:
        north.run("declare", *shape, "--band", "SFC-FL100", *SOON, "--label", "[/] ours alone")
        (notice,) = north.json("notices")
        assert notice["label"] == "[/] ours alone"
        settled(north, south)
        south.run("dispose", notice["handle"], "relayed", "to", "units")
        settled(north, south)
        assert north.json("notices")[0]["noted"][0].startswith("relayed_to_units")
        north.run("revise", notice["handle"], *CIRCLE, *SOON)
        settled(north, south)
        (theirs,) = south.json("notices")
        assert (theirs["revision"], theirs["label"]) == (2, "")
        north.run("withdraw", notice["handle"])
        settled(north, south)
        assert south.json("notices") == []
    assert {each["state"] for each in south.json("notices", "--all")} == {"withdrawn"}


def test_a_place_that_its_coordinates_contradict_is_refused_before_it_leaves(pair: Pair):
    north, south = pair
    before = north.link["own_size"]
    failed = north.fails("declare", *CIRCLE, *SOON, "--at", "35.2520N 040.1500E",
                         "--place", "30 km 90 from Deir ez-Zor airfield")  # fmt: skip
    assert (failed.code, failed.error["code"]) == (3, "anchor_mismatch")
    assert north.link["own_size"] == before
    assert south.json("notices") == []


def test_a_flash_is_answered_read_back_wrong_then_right_disposed_and_closed_by_both(pair: Pair):
    north, south = pair
    call = flash(south, north)
    assert "RINGING" in north.run("calls")
    north.run("ack")
    north.run("readback", call, "STOP", "place=36.1N 040.1500E", "radius=500m")
    until(lambda: "readback_differs" in south.said, "south to be told of the difference")
    north.run("readback")
    until(lambda: "readback_agrees" in south.said, "south to be told that it agrees")
    north.run("say", call, "STANDBY", f"reference={call[-6:]}", "wait=5 min")
    north.run("dispose", call, "will", "comply")
    settled(north, south)
    assert south.calls()[0]["dispositions"]
    assert "awaited" in north.run("close")
    settled(north, south)
    assert "Closed by both" in south.run("close")
    settled(north, south)
    assert {each.calls()[0]["state"] for each in pair} == {"closed"}


def test_an_unanswered_call_climbs_on_both_sides_and_repeats_its_last_rung(pair: Pair):
    north, south = pair
    flash(south, north)
    until(lambda: north.calls()[0]["rung"] == 2, "the call to climb here")
    until(lambda: south.calls()[0]["rung"] == 2, "the call to climb at the caller")
    until(lambda: north.said.count("[warning  ] ring") >= 3, "the last rung to repeat")
    assert north.calls()[0]["state"] == "ringing"
    until(lambda: "call_unanswered" in south.said, "the caller to be told")


def test_a_closed_call_that_recurs_is_opened_again(pair: Pair):
    north, south = pair
    call = flash(south, north)
    north.run("ack")
    north.run("dispose", call, "understood")
    settled(north, south)
    north.run("close")
    settled(north, south)
    south.run("close")
    settled(north, south)
    again = flash(south, north, "--reopens", call[-8:])
    (opened,) = [e for e in north.json("log") if e["kind"] == "call.opened" and e["re"]]
    assert opened["re"] == [call]
    assert north.json("calls")[0]["id"] == again


def test_a_phrase_with_times_says_them_as_people_do(pair: Pair):
    north, south = pair
    north.run("call", "routine", "PRESENCE", "place=35.2560N 040.1500E", "radius=2 km",
              "begins=+1h", "ends=+3h", "--drill")  # fmt: skip
    settled(north, south)
    (call,) = south.calls()
    assert call["drill"]
    assert call["said"][0]["phrases"][0]["phrase"] == "PRESENCE"


def test_test_calls_are_answered_or_missed_and_explained(pair: Pair):
    north, south = pair
    north.run("test", "send")
    settled(north, south)
    south.run("test", "answer")
    settled(north, south)
    assert north.json("notices") == []
    assert north.ask("tests")[0]["outcome"] == "answered"
    north.run("test", "send")
    until(lambda: any(t["outcome"] == "missed" for t in north.ask("tests")), "a missed test")
    (missed,) = [each for each in north.ask("tests") if each["outcome"] == "missed"]
    failed = north.fails("test", "explain", missed["handle"], "the-moon")
    assert failed.error["code"] == "unknown_cause"
    north.run("test", "explain", missed["handle"], "power")
    assert {each["cause"] for each in north.ask("tests")} >= {"power"}


def test_what_is_announced_reported_and_handed_over_is_in_the_record_of_both(
    pair: Pair, folder: Path
):
    north, south = pair
    north.run("link", "announce", "suspended")
    north.run("violation", "not-notified", "--at", "35.2N 40.1E")
    north.run("watch", "hand-over", "Cpt. [/] B", "--yes")
    settled(north, south)
    assert "SUSPENDED" in south.run("status")
    assert "Cpt. [/] B" in north.run("status")
    kinds = [each["kind"] for each in south.json("log")]
    assert {"status.announced", "violation.reported", "watch.status"} <= set(kinds)
    # No base64 has a full stop, so no key looks like it.
    assert "Cpt." not in json.dumps(south.ask("log", link=south.link["id"], last=100))
    assert "violation.reported" in south.run("log")
    assert verified(north, folder) == verified(south, folder)
    assert "status.announced" in kinds


def test_terms_are_amended_while_the_link_runs(pair: Pair, folder: Path):
    north, south = pair
    document = json.loads(north.run("link", "show", "--document"))
    document |= {"version": 2, "violations": ["too-loud"]}
    amended = folder / "amended.json"
    amended.write_text(json.dumps(document))
    north.run("link", "amend", str(amended))
    until(lambda: south.link["waiting"], "the proposal to arrive")
    south.run("link", "agree", str(amended), "--yes")
    for each in pair:
        until(lambda s=each: s.link["terms_version"] == 2, "the amended terms in force")
    assert south.fails("violation", "not-notified", "--at", "35.2N 40.1E").code == 3
    south.run("violation", "too-loud", "--at", "35.2N 40.1E")


def test_an_address_that_the_terms_amend_is_used_at_once(pair: Pair, folder: Path):
    north, south = pair
    document = json.loads(north.run("link", "show", "--document"))
    document["version"] = 2
    (card,) = [each for each in document["parties"] if each["party"] == "south"]
    card["urls"] = ["https://127.0.0.1:9"]
    amended = folder / "amended.json"
    amended.write_text(json.dumps(document))
    north.run("link", "amend", str(amended))
    until(lambda: south.link["waiting"], "the proposal to arrive")
    south.run("link", "agree", str(amended), "--yes")
    until(lambda: "127.0.0.1:9" in north.said, "north to try the address that is now agreed")
    # Nobody answers there. South misses north, reads its feed, and the line holds all the same.
    north.run("declare", *CIRCLE, *SOON)
    (read,) = until(lambda: south.json("notices"), "what north declared to be read by south")
    until(lambda: north.json("notices")[0]["stored"], "the receipt that south brings")
    assert north.json("notices")[0]["id"] == read["id"]


def test_a_feed_and_its_receipt_are_carried_by_hand_when_no_network_is_there(station, folder: Path):
    north, south = station("north").init().serve(), station("south").init().serve()
    join(north, south, folder)
    settled(north, south)
    south.stop()
    north.run("declare", *CIRCLE, *SOON)
    carried, receipt = folder / "carried", folder / "receipt"
    north.run("link", "export", "--out", str(carried))
    north.stop()
    south.serve()
    south.run("link", "import", str(carried), "--receipt", str(receipt))
    assert len(south.json("notices")) == 1
    south.stop()
    north.serve()
    assert not north.json("notices")[0]["stored"]
    stored = north.json("link", "import", str(receipt))["stored_by_them"]
    assert stored == north.link["stored_by_them"]
    assert north.json("notices")[0]["stored"]
    carried.write_bytes(carried.read_bytes()[:-1])
    assert north.fails("link", "import", str(carried)).error["code"] == "torn"


def test_follow_shows_what_rings_and_ends_by_interrupt_with_130(pair: Pair):
    north, south = pair
    words = [sys.executable, "-m", "clearline.cli", "--home", str(north.home), "follow", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert json.loads(it.stdout.readline())["type"] == "Following"
        flash(south, north)
        seen = set()
        while "Ring" not in seen:
            seen.add(json.loads(it.stdout.readline())["type"])
        it.send_signal(2)
        assert it.wait(20) == 130
        assert "Traceback" not in it.stderr.read()


def test_both_sides_say_the_same_of_a_watch_and_both_bundles_verify(pair: Pair, folder: Path):
    north, south = pair
    north.run("declare", *CIRCLE, *SOON)
    flash(south, north)
    north.run("ack")
    settled(north, south)
    assert verified(north, folder) == verified(south, folder)
    broken = folder / "north.zip"
    raw = bytearray(broken.read_bytes())
    raw[len(raw) // 2] ^= 1
    broken.write_bytes(bytes(raw))
    with pytest.raises(Failed) as failed:
        north.run("verify", str(broken))
    assert failed.value.code == 1


def test_terms_without_real_keys_or_certificates_are_refused_and_the_node_goes_on(
    pair: Pair, folder: Path
):
    north, _ = pair
    document = json.loads(north.run("link", "show", "--document"))
    document["link"] = document["link"][:-2] + "a1"
    theirs = next(each for each in document["parties"] if each["party"] == "south")
    bad = folder / "bad.json"
    good = theirs["keys"]["author"][0]
    for code, change in (
        ("bad_keys", {"keys": {**theirs["keys"], "author": [good[:-8] + "AAAAAAA=", good]}}),
        ("bad_certificate", {"certificate": "A" * 400}),
    ):
        parties = [
            {**each, **change} if each["party"] == "south" else each for each in document["parties"]
        ]
        bad.write_text(json.dumps({**document, "parties": parties}))
        assert north.fails("link", "agree", str(bad), "--yes").error["code"] == code
    other = Station("north", folder / "other").init()
    card = other.json("party")["card"]
    parties = [card if each["party"] == "north" else each for each in document["parties"]]
    bad.write_text(json.dumps({**document, "parties": parties}))
    assert north.fails("link", "agree", str(bad), "--yes").error["code"] == "not_our_keys"
    assert len(north.json("status")["links"]) == 1
