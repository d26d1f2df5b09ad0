"""The reliability report by the API: as JSON, as a PDF, and of months that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.line.station import until
from tests.web.conftest import Client


def test_a_month_of_tests_is_had_as_a_report_and_as_paper(north: Client, south: Client):
    (link,) = north.api("picture")["links"]
    asked = f"reliability?link={link['id']}"
    before = north.api(asked)["rows"][0]["answered"]
    assert north.post("commands/send-test", {"link": link["id"]}).status == 200

    def answered() -> Any:
        for test in south.api("picture")["tests"]:
            if not test["mine"] and test["outcome"] is None:
                assert (test["rung"], test["channel"], test["desk_at"]) == (1, "desk", None)
                assert south.post("commands/answer-test", {"test": test["id"]}).status == 200
        found = north.api(asked)
        return found if found["rows"][0]["answered"] > before else None

    found = until(answered, "the test to be answered")
    assert found["rows"][0]["side"] == "ours"
    sheet = north.get(f"/api/v1/reliability/paper?link={link['id']}&month={found['month']}")
    assert (sheet.status, sheet.raw[:5]) == (200, b"%PDF-")
    assert f"{found['month']}.pdf" in sheet.headers["content-disposition"]


def test_what_is_no_month_or_no_link_is_said(north: Client):
    (link,) = north.api("picture")["links"]
    wrong = north.get(f"/api/v1/reliability?link={link['id']}&month=2026-13")
    assert (wrong.status, wrong.body["code"]) == (422, "bad_month")
    nowhere = north.get("/api/v1/reliability?link=nowhere")
    assert nowhere.body["code"] == "no_such_link"


def test_nobody_has_it_without_signing_in(stranger: Callable[..., Client]):
    assert stranger().get("/api/v1/reliability?link=x").status == 401
