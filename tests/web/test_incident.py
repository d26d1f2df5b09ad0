"""An incident: what the node has in sight, and what only the record has of it any more."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS
from clearline.core.events import (
    Acknowledge,
    Close,
    Dispose,
    Note,
    OpenCall,
    ReadBack,
    Revise,
    Withdraw,
)
from clearline.core.notices import RETAINED_MS
from clearline.core.terms import Precedence, Pulse, TestSchedule
from clearline.phrasebook import Stop
from clearline.space import Altitude, Band, Datum
from clearline.web.incident import Incident, incident
from tests.kit import LINK, Node, Pair, declare, degrees, volume

ROOT = Path(__file__).parents[2]
STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
HIGHER = Band(
    lower=Altitude(datum=Datum.FL, value_cm=200 * 3_048),
    upper=Altitude(datum=Datum.FL, value_cm=240 * 3_048),
)


def slow() -> Pair:
    """Two nodes that seldom say that they are alive, for days to pass quickly."""
    pulse = Pulse(heartbeat_ms=10 * MINUTE_MS, late_after_ms=HOUR_MS, down_after_ms=8 * HOUR_MS)
    return Pair(pulse=pulse, tests=TestSchedule(every_ms=7 * DAY_MS, patience_ms=5 * MINUTE_MS))


def seen(node: Node, wanted: str) -> Incident:
    return asyncio.run(incident(node.runtime, wanted))


class Story:
    """North declares, South declares too near, North moves; South calls about it; all ends."""

    def __init__(self) -> None:
        self.pair = pair = slow()
        north, south = pair.north, pair.south
        self.ours = north.do(declare(label="Dawn"), pair.now)
        pair.settle()
        pair.wait(MINUTE_MS)
        self.theirs = south.do(declare(by="south planner"), pair.now)
        pair.settle()
        self.both = f"{self.ours}+{self.theirs}"
        pair.wait(MINUTE_MS)
        self.moved_at = pair.now
        north.do(Revise(by="n", notice=self.ours, volumes=(volume(band=HIGHER),)), pair.now)
        pair.settle()
        south.do(Note(by="s", notice=self.ours, disposition="received"), pair.now)
        self.call = south.do(
            OpenCall(
                by="s",
                link=LINK,
                precedence=Precedence.FLASH,
                phrases=(STOP,),
                notices=(self.ours, self.theirs),
            ),
            pair.now,
        )
        pair.settle()
        pair.wait(10_000)
        acts: tuple[tuple[Node, Any], ...] = (
            (north, Acknowledge(by="n", call=self.call, echelon="duty-desk")),
            (north, ReadBack(by="n", call=self.call, of=self.call, phrases=(STOP,))),
            (north, Dispose(by="n", call=self.call, disposition="will_comply")),
            (north, Close(by="n", call=self.call)),
            (south, Close(by="s", call=self.call)),
            (south, Withdraw(by="s", notice=self.theirs)),
        )
        for node, act in acts:
            pair.wait(1_000)
            node.do(act, pair.now)
            pair.settle()
        self.ended_at = pair.now


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def later() -> Story:
    """The same, so long afterwards that both nodes have forgotten all of it."""
    made = Story()
    made.pair.wait(2 * DAY_MS)
    for node in (made.pair.north, made.pair.south):
        assert not node.runtime.state.notices.by_id
        assert not node.runtime.state.calls.by_id
    return made


def test_each_revision_of_a_notice_is_given_with_the_time_that_it_stood(story: Story):
    found = seen(story.pair.north, story.ours)
    first, second = found.stood
    assert (first.revision, second.revision) == (1, 2)
    assert first.until == second.since == story.moved_at
    assert first.volumes[0].band != second.volumes[0].band == HIGHER
    assert second.until is None, "it stands until its window closes"
    assert found.notices[0].label == "Dawn"
    assert found.stands
    assert found.whole


def test_a_call_brings_the_notices_it_is_about_as_they_stood(story: Story):
    found = seen(story.pair.north, story.call)
    assert [each.notice for each in found.stood] == [story.ours, story.ours, story.theirs]
    assert found.stood[2].until == story.ended_at, "withdrawn"
    assert {each.kind.partition(".")[0] for each in found.entries} == {"call"}


def test_a_conflict_that_is_over_is_shown_as_it_was_claimed(story: Story):
    found = seen(story.pair.north, story.both)
    assert found.what == "conflict"
    assert not found.stands
    assert found.conflict is not None
    assert found.conflict.claimed_by_us is not None
    assert found.conflict.claimed_by_them is not None
    kinds = [each.kind for each in found.entries]
    assert kinds.index("conflict.found") < kinds.index("conflict.cleared")


@pytest.mark.parametrize("side", ["north", "south"])
def test_what_the_node_has_forgotten_is_made_again_from_the_record(
    story: Story, later: Story, side: str
):
    then, now = getattr(story.pair, side), getattr(later.pair, side)
    for wanted in (story.ours, story.call, story.both):
        before, after = seen(then, wanted), seen(now, wanted)
        assert not after.stands
        assert after.stood == before.stood
        assert [each.id for each in after.entries if not each.kind.startswith("conflict.")] == [
            each.id for each in before.entries if not each.kind.startswith("conflict.")
        ]
    call = seen(now, story.call).call
    kept = seen(then, story.call).call
    assert call is not None
    assert kept is not None
    assert (call.state, call.acknowledged, call.dispositions) == (
        kept.state,
        kept.acknowledged,
        kept.dispositions,
    )
    assert [each.text for each in call.said] == [each.text for each in kept.said]
    (ours,) = seen(now, story.ours).notices
    assert (ours.state, ours.revision, ours.label) == ("lapsed", 2, "")
    assert [each.revision for each in ours.noted] == [2]
    theirs = seen(now, story.theirs).notices[0]
    assert (theirs.state, theirs.ended_at) == ("withdrawn", story.ended_at)


def test_an_incident_is_found_however_much_was_written_since():
    pair = slow()
    first = pair.north.do(declare(), pair.now)
    pair.settle()
    for n in range(300):
        notice = pair.north.do(declare(volume(35.5, 40.5, radius_m=1_000 + n)), pair.now)
        pair.north.do(Withdraw(by="n", notice=notice), pair.now)
    pair.settle()
    pair.wait(DAY_MS + 6 * HOUR_MS)
    found = seen(pair.south, first)
    assert [each.kind for each in found.entries] == ["notice.declared"]
    assert [each.party for each in found.entries] == ["north"]


def test_the_page_knows_for_how_long_the_node_keeps_what_has_ended():
    source = (ROOT / "console/src/map/history.ts").read_text()
    (kept,) = re.findall(r"KEPT_MS = ([\d_]+);", source)
    assert int(kept) == RETAINED_MS


@pytest.mark.parametrize("wanted", ["", "nothing", "+", "a+b", LINK, f"{LINK}+{LINK}", "é"])
def test_what_is_no_incident_is_a_mistake(story: Story, wanted: str):
    with pytest.raises(Mistake, match="no call, conflict or notice"):
        seen(story.pair.north, wanted)
