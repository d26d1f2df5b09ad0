"""The roster at the console: tried before it is saved, refused where a call would fall through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearline.web.roles import Role
from tests.line.consoles import Line
from tests.line.test_roster import DAY_AND_NIGHT, OFFICERS
from tests.web.conftest import Client
from tests.web.door import Door

DAY = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
NEXT = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%d")


def at(hour: int, day: str = DAY) -> str:
    return f"{day}T{hour:02}:00:00.000Z" if hour < 24 else f"{NEXT}T00:00:00.000Z"


@pytest.fixture(scope="module", autouse=True)
def _planned(line: Line) -> None:
    (line.folder / "officers.toml").write_text(OFFICERS)
    (line.folder / "duty.ics").write_text(DAY_AND_NIGHT)
    line.north.run("roster", "officers", str(line.folder / "officers.toml"))
    line.north.run("roster", "import", "duty-desk", str(line.folder / "duty.ics"))


def shifts(client: Client, day: str = DAY) -> list[tuple[str, str, str]]:
    """Return the duty desk's watches that begin on a day."""
    desk = client.api(f"roster?start={at(0, day)}&days=1")["desks"][0]
    assert desk["echelon"] == "duty-desk"
    return [
        (each["officer"], each["start"][11:16], each["end"][11:16])
        for each in desk["shifts"]
        if each["start"].startswith(day)
    ]


def move(hours: tuple[int, int], officer: str = "ana", **more: Any) -> dict[str, Any]:
    """Return a move of ana's watch, which is from midnight until noon."""
    shift = {"echelon": "duty-desk", "start": at(0), "officer": "ana"}
    return {
        "move": {"shift": shift, "echelon": "duty-desk", "start": at(hours[0]),
                 "end": at(hours[1]), "officer": officer} | more
    }  # fmt: skip


def test_a_week_is_shown_with_who_is_on_and_who_is_next_and_no_address(north: Client) -> None:
    shown = north.api("roster")
    first = shown["desks"][0]
    assert (first["echelon"], first["rung"], first["holder"]) == ("duty-desk", 1, "Maj. North")
    assert first["on"] in (["ana"], ["ben"])
    assert first["next"]["officer"] in ("ana", "ben")
    assert shown["officers"][0] == {"name": "ana", "languages": ["en"], "channels": ["phone"]}
    assert "1001" not in str(shown)
    assert {each["code"] for each in north.api("roster/lint")} >= {"no_plan", "unreachable"}


def test_a_change_is_tried_and_then_saved_and_taken_back(north: Client) -> None:
    before = shifts(north)
    tried = north.post("roster/edit", move((0, 10)))
    assert tried.status == 200, tried.raw
    assert not tried.body["saved"]
    assert shifts(north) == before
    saved = north.post("roster/edit", move((0, 10)) | {"dry_run": False}).body
    assert saved["saved"]
    # What ana gives up is taken by ben, who meets her there.
    assert shifts(north) == [("ana", "00:00", "10:00"), ("ben", "10:00", "12:00"), before[1]]
    assert north.post("roster/undo", {"undo": saved["undo"]}).status == 200
    assert shifts(north) == before
    assert north.post("roster/undo", {"undo": saved["undo"]}).body["code"] == "no_such_edit"


def test_a_swap_makes_each_officer_stand_the_others_watch(north: Client) -> None:
    swap = {
        "swap": {
            "one": {"echelon": "duty-desk", "start": at(0), "officer": "ana"},
            "other": {"echelon": "duty-desk", "start": at(12), "officer": "ben"},
        },
        "dry_run": False,
    }
    saved = north.post("roster/edit", swap).body
    assert [each[0] for each in shifts(north)] == ["ben", "ana"]
    north.post("roster/undo", {"undo": saved["undo"]})


def test_what_would_leave_the_first_rung_empty_is_refused_with_the_gap(north: Client) -> None:
    before = shifts(north)
    away = move((0, 12), echelon="deputy") | {"dry_run": False}
    refused = north.post("roster/edit", away)
    assert (refused.status, refused.body["code"]) == (422, "first_rung_empty")
    assert at(0) in refused.body["phrase"]
    assert shifts(north) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_request"),
        (move((0, 12)), "nothing_changes"),
        (move((0, 12), officer="nobody"), "unknown_officer"),
        (move((12, 0)), "bad_shift"),
        ({"move": move((0, 12))["move"] | {"shift": {"echelon": "duty-desk", "start": at(1),
                                                     "officer": "ana"}}}, "no_such_shift"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(north: Client, body: dict[str, Any], code: str) -> None:
    assert north.post("roster/edit", body).body["code"] == code


def test_a_time_that_is_none_is_a_mistake(north: Client) -> None:
    answer = north.get("/api/v1/roster?start=yesterday")
    assert (answer.status, answer.body["code"]) == (422, "bad_time")


@pytest.mark.parametrize("role", list(Role))
def test_only_a_supervisor_changes_the_roster(tmp_path: Any, role: Role) -> None:
    answer = Door(tmp_path).enrolled("Maj. A", role).post("roster/edit", {})
    expected = (422, "bad_request") if role is Role.SUPERVISOR else (403, "not_your_role")
    assert (answer.status, answer.body["code"]) == expected
