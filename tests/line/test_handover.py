"""The watch changes hands by the command line, on real nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.line.station import Failed, Station, settled, until

Pair = tuple[Station, Station]
AT = ("--band", "SFC-FL100", "--from", "+3h", "--to", "+5h")
SAME = ("--circle", "35.2520N 040.1500E", "--radius", "3 km", *AT)


def acting(station: Station, officer: str) -> Station:
    """Return the same node with another officer at its terminal."""
    other = Station(station.name, station.home.parent, officer=officer)
    other.log = station.log
    return other


def watch(station: Station) -> dict[str, object]:
    (desk,) = station.json("status")["watch"]
    return desk


def test_a_watch_is_offered_read_and_accepted(pair: Pair):
    north, south = pair
    other = acting(north, "Cpt. [/] B")
    north.run("declare", *SAME)
    south.run("declare", *SAME)
    until(lambda: north.json("conflicts"), "the conflict")
    south.run("call", "flash", "STOP", "place=35.2560N 040.1500E", "radius=500m")
    (call,) = north.calls()
    assert "yours until then" in north.run("watch", "offer", "Cpt. [/] B")
    assert "offered to Cpt. [/] B" in north.run("status")
    desk = watch(north)
    assert (desk["officer"], desk["offered_to"]) == ("Maj. North", "Cpt. [/] B")

    with pytest.raises(Failed) as failed:
        other.run("watch", "accept", stdin="y\nn\n")
    assert call["handle"] in failed.value.errors
    assert "conflict" in failed.value.errors
    assert "not_confirmed" in failed.value.errors
    assert watch(north)["officer"] == "Maj. North"

    shown = other.run("watch", "accept", "--language", "ru", stdin="y\ny\ny\n")
    assert "Cpt. [/] B holds the watch" in shown
    desk = watch(north)
    assert (desk["officer"], desk["languages"], desk["offered_at"]) == ("Cpt. [/] B", ["ru"], None)
    settled(north, south)
    (theirs,) = south.link["desks"]
    assert theirs["languages"] == ["ru"]
    assert theirs["officer"] == ""


def test_what_is_not_on_offer_is_not_read_through_first(pair: Pair):
    north, south = pair
    south.run("call", "flash", "STOP", "place=35.2560N 040.1500E", "radius=500m")
    failed = acting(north, "Cpt. B").fails("watch", "accept")
    assert (failed.code, failed.error["code"]) == (3, "not_offered")
    assert "Have you read it?" not in failed.errors


@pytest.fixture
def alone(station: Callable[[str], Station]) -> Station:
    """One node without a link, whose watch speaks Russian first."""
    return station("north").init("--language", "ru", "--language", "en").serve()


def test_each_verb_of_the_watch_does_what_it_says_and_refuses_who_does_not_hold_it(alone: Station):
    other = acting(alone, "Cpt. B")
    alone.run("watch", "take")
    for verb in ("offer", "recall", "confirm"):
        assert other.fails("watch", verb).error["code"] == "not_your_watch"
    assert other.fails("watch", "hand-over", "Cpt. B", "--yes").error["code"] == "not_your_watch"
    before = watch(alone)
    alone.run("watch", "confirm")
    assert str(watch(alone)["confirmed_at"]) > str(before["confirmed_at"])
    alone.run("watch", "offer")
    assert watch(alone)["offered_to"] == ""
    assert "whoever takes it" in alone.run("status")
    assert "Recalled" in alone.run("watch", "recall")
    assert alone.fails("watch", "recall").error["code"] == "not_offered"
    alone.run("watch", "offer", "Cpt. B")
    third = acting(alone, "Lt. C")
    assert third.fails("watch", "accept", "--read-all").error["code"] == "offered_to_another"
    other.json("watch", "accept", "--read-all")
    assert watch(alone)["officer"] == "Cpt. B"
    with pytest.raises(Failed, match="not_confirmed"):
        alone.run("watch", "relieve", stdin="n\n")
    assert watch(alone)["officer"] == "Cpt. B"
    alone.run("watch", "relieve", stdin="y\n")
    assert watch(alone)["officer"] == "Maj. North"
    until(lambda: "watch_relieved" in alone.said, "every desk to be told")
    assert alone.fails("watch", "relieve", "--yes").error["code"] == "own_watch"


def test_a_watch_speaks_the_first_language_of_the_node_if_none_is_given(alone: Station):
    other = acting(alone, "Cpt. B")
    alone.run("watch", "take")
    assert watch(alone)["languages"] == ["ru"]
    alone.run("watch", "hand-over", "Cpt. B", "--language", "en", "--yes")
    assert watch(alone)["languages"] == ["en"]
    other.run("watch", "hand-over", "Lt. C", "--yes")
    assert watch(alone)["languages"] == ["ru"]
    alone.run("watch", "relieve", "--yes", "--language", "en")
    assert watch(alone)["languages"] == ["en"]


def test_an_offer_outlives_the_process(alone: Station):
    alone.run("watch", "take")
    alone.run("watch", "offer", "Cpt. B")
    offered = watch(alone)["offered_at"]
    alone.kill()
    alone.serve()
    assert watch(alone)["offered_at"] == offered
    acting(alone, "Cpt. B").run("watch", "accept", "--read-all")
    assert watch(alone)["officer"] == "Cpt. B"


def test_terms_that_ask_for_presence_say_so_and_show_when(pair: Pair, folder: Path):
    north, south = pair
    assert watch(north)["due_at"] is None
    document = folder / "asked.json"
    text = north.run("link", "show", "--document").replace('"version": 1', '"version": 2')
    rule = '"presence": {"every_ms": 300000, "grace_ms": 30000}'
    document.write_text(text.rstrip()[:-1].rstrip() + f",\n{rule}\n}}\n")
    north.run("link", "amend", str(document))
    until(lambda: south.link["waiting"], "the proposal to arrive")
    south.run("link", "agree", str(document), "--yes")
    for each in pair:
        until(lambda s=each: watch(s)["due_at"], "the rule to be in force")
    assert '"every_ms": 300000' in north.run("link", "show", "--document").split('"presence"')[1]
