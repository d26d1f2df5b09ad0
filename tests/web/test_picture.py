"""The picture: a call is shown again when it has become known how far a channel got."""

from __future__ import annotations

import json

from clearline.core.events import Agree, Paged, Propose, Rechecking
from clearline.core.terms import hash_of
from clearline.space import Minima
from clearline.web.picture import Picture
from tests.core.counterpart import FLASH, Counterpart
from tests.kit import LINK, Pair, declare, terms, volume


def test_a_call_is_shown_again_with_each_page_that_becomes_known():
    line = Counterpart()
    picture = Picture(line.node.runtime, "south", "South", "1", line.now)
    call = line.says("call.opened", FLASH)
    picture.refresh(line.now)
    before = picture.number
    picture.refresh(line.now)
    assert picture.number == before, "nothing has changed"
    for result in ("handed", "acknowledged"):
        event = Paged(what=call, ring=f"{call}:1:0", echelon="duty-desk", officer="ana",
                      channel="mqtt", result=result, cause="none")  # fmt: skip
        line.node.effects.clear()
        line.node.do(event, line.now)
        for effect in line.node.effects:
            picture.heard(effect, line.now)
        assert picture.refresh(line.now)
        (shown,) = json.loads(picture.frames[-1].raw)["put"]["calls"]
        assert "lines" not in json.loads(picture.frames[-1].raw)["put"]
        assert [(p["officer"], p["channel"], p["result"]) for p in shown["pages"]] == [
            ("ana", "mqtt", result)
        ]


def test_a_link_says_how_far_its_standing_notices_are_compared_again():
    pair = Pair()
    for node in (pair.north, pair.south):
        for number in range(2):
            node.do(declare(volume(35.3 + number, 40.1)), pair.now)
        pair.settle()
    picture = Picture(pair.north.runtime, "north", "North", "test", pair.now)
    shown = []
    wider = terms(version=2, minima=Minima(horizontal_cm=900_000, vertical_cm=0, time_ms=0))
    pair.north.do(Propose(by="o", terms=wider), pair.now)
    pair.settle()
    pair.south.do(Agree(by="o", link=LINK, hash=hash_of(wider)), pair.now)
    pair.settle()
    for _ in range(4):
        picture.refresh(pair.now)
        (link,) = json.loads(b"".join(picture.whole(pair.now)))["links"]
        shown.append(link["rechecked"])
        pair.north.do(Rechecking(link=LINK, budget_us=1), pair.now)
    assert shown == [0, 50, 99, None]
