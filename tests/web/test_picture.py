"""The picture: a call is shown again when it has become known how far a channel got."""

from __future__ import annotations

import json

from clearline.core.events import Paged
from clearline.web.picture import Picture
from tests.core.counterpart import FLASH, Counterpart


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
